"""Chapter 8: right answers in many forms, and for each known slip an answer that makes it."""

import math
from fractions import Fraction

import numpy as np
import sympy
from scipy import optimize, stats

r, k, rival, mean, s = sympy.symbols("raw n rival mean concentration", positive=True)
excess = k * (r - mean) / (s + k)


def shrunken(raw, n, mean, s):
    return (n * raw + s * mean) / (n + s)


def by_root(raw, n, rival, mean, s):
    """Find the at-bats by bisection on the two shrunken averages."""
    goal = shrunken(raw, n, mean, s)
    if goal >= rival:
        return math.inf
    return optimize.brentq(lambda m: shrunken(rival, m, mean, s) - goal, 0, 1e9, xtol=1e-9, rtol=1e-14)


def by_excess(raw, n, rival, mean, s):
    above = n * (raw - mean) / (s + n)
    return above * s / (rival - mean - above) if rival - mean > above else np.inf


def by_records(raw, n, rival, mean, s):
    goal = n / (s + n) * raw
    return goal * s / (rival - goal) if rival > goal else math.inf


def by_urn(x, n, rng):
    """Shuffle every player's own at-bats."""
    return [rng.permutation(np.arange(b) < a)[: b // 2].sum() for a, b in zip(x, n, strict=True)]


def by_ranks(x, n, rng):
    """All players at once: a hit is in the half if its random number is among the smallest."""
    at_bat = np.arange(n.max())
    luck = np.where(at_bat < n[:, None], rng.random((n.size, n.max())), 2)
    chosen = luck.argsort(axis=1).argsort(axis=1) < (n // 2)[:, None]
    return (chosen & (at_bat < x[:, None])).sum(axis=1)[:, None]


def by_other_half(x, n, rng):
    """Draw the outs instead, and take what is left."""
    return n // 2 - rng.hypergeometric(n - x, x, n // 2)


ANSWERS = {
    "ex08.1": {
        "right": [
            by_root,
            by_excess,
            lambda *case: np.array([by_excess(*case)]),
            sympy.Piecewise(
                (excess * s / (rival - mean - excess), rival - mean > excess), (sympy.oo, True)
            ),
        ],
        "wrong": {
            "exactly never": lambda *case: (
                by_excess(*case) if by_excess(*case) < np.inf or case[0] != 0.5 else 1 / 0
            ),
            "never enough": excess * s / (rival - mean - excess),
            "same hits above the mean": lambda raw, n, rival, mean, s: n * (raw - mean) / (rival - mean),
            "same hits": k * r / rival,
            "record alone": by_records,
            "weight": excess / (rival - mean),
            "same at-bats": k,
        },
    },
    "ex08.2": {
        "right": [
            lambda x, n, rng: rng.hypergeometric(x, n - x, n // 2),
            lambda x, n, rng: stats.hypergeom.rvs(n, x, n // 2, random_state=rng),
            by_urn,
            by_ranks,
            by_other_half,
        ],
        "wrong": {
            "same again": lambda x, n, rng: np.random.default_rng(0).hypergeometric(x, n - x, n // 2),
            "other half": lambda x, n, rng: rng.hypergeometric(x, n - x, n - n // 2),
            "first player": lambda x, n, rng: rng.hypergeometric(x[0], n[0] - x[0], n[0] // 2, x.size),
            "no luck": lambda x, n, rng: x // 2,
            "drawn anew": lambda x, n, rng: rng.binomial(n // 2, x / n),
            "coin for each hit": lambda x, n, rng: rng.binomial(x, 0.5),
            "a coin for each at-bat": lambda x, n, rng: rng.binomial(n, 0.5),
            "shares": lambda x, n, rng: rng.hypergeometric(x, n - x, n // 2) / (n // 2),
            "outs": lambda x, n, rng: rng.hypergeometric(n - x, x, n // 2),
        },
    },
    "ex08.3": {
        "right": ["b, d, e", "bde", ["e", "d", "b"], {"b", "d", "e"}, "B, D and E"],
        "wrong": {"ab": "ab", "bc": "b, c", "bd": "bd", "e": "e"},
    },
    "ex08.4": {
        "right": [
            [68.1, 95],
            (69, 94.6),
            np.array([[67.5], [95.3]]),
            [Fraction(681, 10), sympy.Integer(95)],
        ],
        "wrong": {
            "shares": [0.681, 0.95],
            "all players": [94.7, 95.0],
            "swapped": [95, 68.1],
            "misses": [31.9, 5],
            "the truly best": [95.3, 61.5],
            "by the estimate": [71.0, 95.2],
            "the ten worst": [52.6, 95],
            "one league": [80, 100],
        },
    },
    "ex08.5": {
        "right": ["a, c, d", "ACD", ["d", "a", "c"], {"a", "c", "d"}],
        "wrong": {"abc": "a, b, c", "ce": "c e", "ac": "a, c", "d": "d"},
    },
    "ex08.6": {
        "right": [0.1404, 0.14, np.float64(0.141), [0.14037], Fraction(7, 50), sympy.Rational(1404, 10000)],
        "wrong": {
            "per cent": 14.04,
            "plug-in": 0.0059,
            "flat on the grid": 0.0273,
            "the other prior": 0.2361,
            "averaged first": 0.00046,
            "some player": 0.0528,
            "luck alone": 0.0904,
            "no luck": 0.1145,
            "more than": 0.13098,
            "fewer": 0.8596,
        },
    },
}
