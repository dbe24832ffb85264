"""The rows and parameters that an explorer is given, or the chapters' rows if it is given none."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from betabin.data import Batting, load_batting
from betabin.explorers import frames
from betabin.model import BetaParams, _check_params, _check_rows

__all__ = ["MOST_TRIALS", "given_or", "pair", "regulars", "season_2018"]

# A row of more trials is a point in every picture, and its curve narrower than a line.
MOST_TRIALS = 10_000_000


def regulars(season: int = 2018) -> Batting:
    """Return a season's batters: no pitchers, a hundred at-bats or more."""
    batting = load_batting(season)
    keep = (batting.position != "P") & (batting.n >= 100)
    return Batting(*(column[keep] for column in batting))


def season_2018() -> tuple[NDArray, NDArray]:
    """Return hits and at-bats of the season that the chapters fit."""
    batting = regulars()
    return batting.x, batting.n


def given_or(
    default: Callable[[], tuple[ArrayLike, ArrayLike]], x: ArrayLike | None, n: ArrayLike | None
) -> tuple[NDArray, NDArray]:
    """Return rows of one shape, checked, each with a trial: those given, or the default's.

    Raises
    ------
    TypeError, ValueError
        One of `x` and `n` is missing, or they are not successes and trials, or too many to be drawn.
    """
    if (x is None) != (n is None):
        raise TypeError("x and n must be given together, or neither of them")
    if x is None:
        x, n = default()
    x, n = (part.ravel() for part in np.broadcast_arrays(*_check_rows(x, n)))
    if np.any(n == 0):
        raise ValueError(f"n[{int(np.argmin(n))}] = 0 must be at least 1")
    if np.any(n > MOST_TRIALS):
        where = int(np.argmax(n > MOST_TRIALS))
        raise ValueError(f"n[{where}] = {n[where]} must be at most {MOST_TRIALS} to be drawn")
    return x, n


def pair(name: str, params: BetaParams) -> BetaParams:
    """Return parameters that a picture can show, or say what is wrong with them."""
    params = _check_params(params, name)
    for field, value in zip(params._fields, params, strict=True):
        frames.real(f"{name}.{field}", value, *frames.CONCENTRATIONS)
    return params
