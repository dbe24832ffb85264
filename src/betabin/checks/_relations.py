"""How a wrong result may be related to the right one, whatever the question: what all of them share.

A relation counts only if it holds in every case, and tells what was done, never what is right.
"""

import copy
import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

_ALONE = 1e-3
_BASES = [1 / math.log(2), math.log(2), 1 / math.log(10), math.log(10), math.log10(2), math.log2(10)]


def _orders(want: NDArray) -> list[NDArray]:
    """Few numbers in all orders; of a table its columns."""
    few = itertools.permutations(range(want.shape[-1])) if want.ndim and want.shape[-1] < 5 else ()
    return [want[..., list(order)] for order in few]


def _parts(want: NDArray) -> list[NDArray]:
    """What is left of several numbers if some are left out at either end."""
    sides = [want, want.T] if want.ndim == 2 else [want]
    cut = [side[k:stop] for side in sides for k in range(len(side)) for stop in range(k + 1, len(side) + 1)]
    return [np.squeeze(part) for part in cut if part.size < want.size]


RELATIONS: dict[str, tuple[str, Sequence[Callable[[NDArray], object]]]] = {
    "sign": ("The size is right; look at the sign.", [np.negative]),
    "its logarithm": ("This is the logarithm of what is asked for.", [np.log]),
    "its exponential": ("This is the exponential of what is asked for.", [np.exp]),
    "its root": ("This is the square root of what is asked for.", [np.sqrt]),
    "its square": ("This is the square of what is asked for.", [np.square]),
    "its reciprocal": (
        "This is one divided by what is asked for: is a fraction upside down?",
        [np.reciprocal],
    ),
    "its inverse": ("This is the inverse of the matrix that is asked for.", [np.linalg.inv]),
    "its complement": (
        "This and what is asked for add up to one: it is the other part.",
        [lambda v: 1 - v if np.all((v >= 0) & (v <= 1)) else []],
    ),
    "in percent": (
        "This is in per cent, and a share is asked for; or the other way round.",
        [lambda v: 100 * v, lambda v: v / 100],
    ),
    "another base": (
        "This is right but for a factor: the one between logarithms to different bases.",
        [lambda v, factor=factor: factor * v for factor in _BASES],
    ),
    "factor of two": ("This is right but for a factor of two.", [lambda v: v / 2, lambda v: 2 * v]),
    "rounded up": ("This is rounded to a whole number: don't round.", [np.ceil, np.floor, np.rint]),
    "another order": (
        "The right numbers in another order.",
        [lambda v: v[::-1], lambda v: v[::-1, ::-1], _orders],
    ),
    "another shape": (
        "The right numbers in another shape: how many rows and columns are asked for?",
        [np.ravel, np.transpose, lambda v: np.ravel(v.T)],
    ),
    "a part": ("What is there is right. Not all that is asked for is there.", [_parts]),
}
"""By name: what is said, and what an answer is then, made from the right one."""


def related(
    got: Sequence[NDArray], want: Sequence[NDArray], rtol: float, atol: float
) -> tuple[str, str] | None:
    """Return the name and the words of the relation that holds in all cases, or None."""
    got = [np.squeeze(np.asarray(one, float)) for one in got]
    want = [np.asarray(one, float) for one in want]
    # Where both are the same infinity, whatever was done can't be seen.
    pairs = [
        pair
        for pair in zip(got, want, strict=True)
        if not (np.isinf(pair[1]).all() and np.array_equal(*pair))
    ]
    if not pairs:
        return None
    got, want = map(list, zip(*pairs, strict=True))
    if np.size(got[0]) == len(got) == 1:  # one number is soon near to another: only nearly the same will do
        rtol, atol = min(rtol, _ALONE), 0.0
    for name, (words, turns) in RELATIONS.items():
        for turn in turns:
            if all(_is_one_of(turn, *pair, rtol, atol) for pair in zip(got, want, strict=True)):
                return name, words
    if _summed(got, want, rtol, atol):
        return "not summed", "These are the single parts: add them up."
    return _constant(got, want, rtol)


def exchanged(
    got: Sequence[NDArray],
    cases: Sequence[tuple],
    names: Sequence[str],
    right: Callable,
    rtol: float,
    atol: float,
) -> tuple[str, str] | None:
    """Tell which two arguments would have to be exchanged for the results to be right ones, if any."""
    for i, j in itertools.combinations(range(len(names)), 2):
        if all(isinstance(case[k], int | float) for case in cases for k in (i, j)):
            tells = 0
            for result, case in zip(got, cases, strict=True):
                swapped = list(copy.deepcopy(case))
                swapped[i], swapped[j] = swapped[j], swapped[i]
                try:
                    with np.errstate(all="ignore"):
                        turned = np.asarray(right(*swapped), float)
                except Exception:
                    continue
                if not np.all(np.isfinite(turned)):
                    continue
                if not _same(np.squeeze(np.asarray(result, float)), np.squeeze(turned), rtol, atol):
                    break
                tells += case[i] != case[j]
            else:
                if tells > 1:
                    return (
                        "exchanged arguments",
                        f"So it would be if {names[i]} and {names[j]} were exchanged.",
                    )
    return None


def relatives(want: NDArray, rtol: float, atol: float) -> list[tuple[str, str, NDArray, float, float]]:
    """Return the name, the words, the values and the tolerances of all that is related to a result."""
    if want.size == 1:
        rtol, atol = min(rtol, _ALONE), 0.0
    return [
        (name, words, np.squeeze(form), rtol, atol)
        for name, (words, turns) in RELATIONS.items()
        for turn in turns
        for form in _turned(turn, want)
    ]


def _is_one_of(turn: Callable, got: NDArray, want: NDArray, rtol: float, atol: float) -> bool:
    return any(_same(got, np.squeeze(one), rtol, atol) for one in _turned(turn, want))


def _turned(turn: Callable, want: NDArray) -> list[NDArray]:
    if not np.all(np.isfinite(want)):
        return []
    try:
        with np.errstate(all="ignore"):
            turned = turn(want)
    except (IndexError, TypeError, ValueError, np.linalg.LinAlgError):
        return []
    return turned if isinstance(turned, list) else [turned]


def _same(got: NDArray, want: NDArray, rtol: float, atol: float) -> bool:
    return (
        got.shape == want.shape
        and bool(np.all(np.isfinite(want)))
        and bool(np.all(np.abs(got - want) <= atol + rtol * np.abs(want)))
    )


def _summed(got: Sequence[NDArray], want: Sequence[NDArray], rtol: float, atol: float) -> bool:
    pairs = [(one, right) for one, right in zip(got, want, strict=True) if one.size > np.size(right)]
    return bool(pairs) and all(
        np.size(right) == 1 and one.ndim == 1 and _same(np.sum(one), np.squeeze(right), rtol, atol)
        for one, right in pairs
    )


def _constant(got: Sequence[NDArray], want: Sequence[NDArray], rtol: float) -> tuple[str, str] | None:
    """Whether all numbers of all cases are off by one factor, or by one number."""
    if len(got) < 3 or any(
        one.shape != np.squeeze(right).shape for one, right in zip(got, want, strict=True)
    ):
        return None
    one, right = (np.concatenate([np.ravel(part) for part in all_]) for all_ in (got, want))
    if not np.all(np.isfinite([one, right])) or np.ptp(right) <= 0.01 * np.abs(right).max():
        return None
    for name, words, off in (
        ("a factor", "This is right but for a factor, the same in all cases.", one / right),
        ("a number off", "This is off by the same number in all cases.", one - right),
    ):
        # Rounding in the right result must not count, nor what would be no more than that.
        if np.all(np.isfinite(off)) and np.ptp(off) <= max(rtol, 1e-9) * np.abs(off).mean() and off[0] != 0:
            return name, words
    return None
