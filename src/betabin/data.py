"""The data of the book. Where they come from and under what licence: ``data/README.md`` beside them."""

import csv
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Batting",
    "EfronMorris",
    "RatTumors",
    "Saxony",
    "load_batting",
    "load_efron_morris",
    "load_rat_tumors",
    "load_saxony",
]

_SEASONS = (2018, 2019, 2020)


class Batting(NamedTuple):
    """A season of Major League Baseball: every player with at least one at-bat.

    Attributes
    ----------
    player_id : ndarray of str, shape (N,)
        The databank's key: the same player has the same key in every season.
    player : ndarray of str, shape (N,)
        Names, which two players may share.
    position : ndarray of str, shape (N,)
        Where the player fielded most games: "P", "C", "1B", "2B", "3B", "SS", "OF", or "DH" if nowhere.
    x, n : ndarray of int, shape (N,)
        Hits and at-bats, over all teams of the season.
    """

    player_id: NDArray
    player: NDArray
    position: NDArray
    x: NDArray
    n: NDArray


class EfronMorris(NamedTuple):
    """Eighteen batters of 1970, after 45 at-bats each, and how they went on (Efron & Morris 1975).

    Attributes
    ----------
    player : ndarray of str, shape (18,)
        Names.
    x, n : ndarray of int, shape (18,)
        Hits and at-bats at the start of the season.
    rest_average : ndarray of float, shape (18,)
        Batting average over the rest of the season, to three digits, as published.
    rest_n : ndarray of int, shape (18,)
        At-bats in the rest of the season.
    """

    player: NDArray
    x: NDArray
    n: NDArray
    rest_average: NDArray
    rest_n: NDArray


class RatTumors(NamedTuple):
    """Tumours in 71 control groups of rats (Tarone 1982).

    Attributes
    ----------
    x, n : ndarray of int, shape (71,)
        Rats with a tumour, and rats.
    """

    x: NDArray
    n: NDArray


class Saxony(NamedTuple):
    """Boys among the first twelve children of 6115 families of thirteen (Geissler 1889).

    Attributes
    ----------
    x, n : ndarray of int, shape (13,)
        Boys, 0 to 12, and children, always 12.
    counts : ndarray of int, shape (13,)
        Families.
    """

    x: NDArray
    n: NDArray
    counts: NDArray


def load_batting(season: int) -> Batting:
    """Hits and at-bats of a season, 2018, 2019 or 2020, which had 60 games instead of 162.

    Parameters
    ----------
    season : int
        The year.

    Returns
    -------
    Batting

    Raises
    ------
    ValueError
        The season is not among the data.
    """
    if not isinstance(season, int | np.integer) or season not in _SEASONS:
        raise ValueError(f"season = {season!r} must be one of {_SEASONS}")
    player_id, player, position, hits, at_bats = _columns(f"batting_{season}.csv")
    return Batting(
        np.array(player_id),
        np.array(player),
        np.array(position),
        _integers(hits),
        _integers(at_bats),
    )


def load_efron_morris() -> EfronMorris:
    """Eighteen batters of 1970.

    Returns
    -------
    EfronMorris
    """
    player, x, n, rest_average, rest_n = _columns("efron_morris.csv")
    return EfronMorris(
        np.array(player),
        _integers(x),
        _integers(n),
        np.array(rest_average, float),
        _integers(rest_n),
    )


def load_rat_tumors() -> RatTumors:
    """Tumours in 71 control groups of rats.

    Returns
    -------
    RatTumors
    """
    return RatTumors(*map(_integers, _columns("rat_tumors.csv")))


def load_saxony() -> Saxony:
    """Boys among twelve children, in 6115 families.

    Returns
    -------
    Saxony
    """
    return Saxony(*map(_integers, _columns("saxony.csv")))


def _columns(name: str) -> list[tuple[str, ...]]:
    text = resources.files("betabin").joinpath("data", name).read_text(encoding="utf-8")
    _, *rows = csv.reader(text.splitlines())
    return list(zip(*rows, strict=True))


def _integers(column: tuple[str, ...]) -> NDArray:
    return np.array(column, dtype=np.int64)
