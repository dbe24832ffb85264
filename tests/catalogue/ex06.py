"""Chapter 6: right answers in many forms, and for each known slip an answer that makes it."""

import math
from fractions import Fraction

import numpy as np
import sympy
from scipy import special

import betabin as bb

gain, rate = sympy.symbols("gain rate", positive=True)


def by_summing(g, r):
    """The gains to come, one after the other, until they no longer count."""
    k = np.arange(1, 40_000)
    return g * np.sum(np.exp(2 * k * math.log(r)))


def steps_of(points):
    return np.diff(np.asarray(points), axis=0)


def matrix_of(points):
    r = steps_of(points).T
    return r[:, 1:] @ np.linalg.inv(r[:, :2])


def by_matrix(points):
    matrix = matrix_of(points)
    return points[-1] + np.linalg.inv(np.eye(2) - matrix) @ matrix @ steps_of(points)[-1]


def by_fixed_point(points):
    """The affine map through the four points, and where it stays: a linear system of its own."""
    matrix = matrix_of(points)
    return np.linalg.solve(np.eye(2) - matrix, points[1] - matrix @ points[0])


def by_iterating(points):
    matrix, step, end = matrix_of(points), steps_of(points)[-1], np.array(points[-1])
    for _ in range(5000):
        step = matrix @ step
        end = end + step
    return list(end)


def aitken(points):
    first, second = steps_of(points[-3:])
    return points[-1] - second**2 / (second - first)


def squarem(points):
    first, second = steps_of(points[:3])
    change = second - first
    a = -np.linalg.norm(first) / np.linalg.norm(change)
    return points[0] - 2 * a * first + a**2 * change


def transposed(points):
    r = steps_of(points)
    matrix = r[1:] @ np.linalg.inv(r[:2])
    return points[-1] + np.linalg.inv(np.eye(2) - matrix) @ matrix @ r[-1]


def inverted(points):
    matrix = np.linalg.inv(matrix_of(points))
    return points[-1] + np.linalg.inv(np.eye(2) - matrix) @ matrix @ steps_of(points)[-1]


def late_but_once(points):
    return points[-1] + np.linalg.inv(np.eye(2) - matrix_of(points)) @ steps_of(points)[-1]


def from_the_third(points):
    matrix = matrix_of(points)
    return points[2] + np.linalg.inv(np.eye(2) - matrix) @ matrix @ steps_of(points)[-1]


def mm_round(params, x, n):
    (a, b), s = params, np.sum(params)
    hit = np.sum(special.digamma(a + x) - special.digamma(a))
    miss = np.sum(special.digamma(b + n - x) - special.digamma(b))
    return np.array([a * hit, b * miss]) / np.sum(special.digamma(s + n) - special.digamma(s))


def beside_the_maximum():
    """The rate of MM, from a few rounds that begin near the end: no derivative."""
    batters = bb.load_efron_morris()
    top = np.array(bb.fit_mle(batters.x, batters.n).params)
    params, off = top * 1.001, []
    for _ in range(60):
        params = mm_round(params, batters.x, batters.n)
        off.append(math.log(params.sum() / top.sum()))
    return (off[-1] / off[29]) ** (1 / 30)


MM = beside_the_maximum()


def deviation(mean, concentration):
    return np.sqrt(mean * (1 - mean) / (concentration + 1))


def report(x, n, ridge=None, two_point=None, other=None):
    """By the status, without the package's mean and concentration where they are obvious."""
    fit, p = bb.fit_mle(x, n), np.sum(x) / np.sum(n)
    match fit.status:
        case "interior":
            a, b = fit.params
            value = np.sqrt(a * b / (a + b) ** 2 / (a + b + 1))
        case "two_point":
            full = np.mean(x > 0)
            value = np.sqrt(full * (1 - full)) if two_point is None else two_point
        case "not_identified":
            return (0.0, np.sqrt(p * (1 - p))) if ridge is None else ridge
        case _:
            value = 0.0
    if fit.status != "interior" and other is not None:
        value = other
    return value, value


def pooled_deviation(x, n):
    p = x.sum() / n.sum()
    return math.sqrt(p * (1 - p))


def by_the_sign(x, n):
    p, hits = x.sum() / n.sum(), x @ (x - 1) / 2
    slope = hits / p + (n - x) @ (n - x - 1) / 2 / (1 - p) - n @ (n - 1) / 2 if 0 < p < 1 else 0
    return (0, 0) if n.max() > 1 and slope <= 0 else report(x, n)


def where_it_stopped(x, n):
    trace = bb.fit_em(x, n, init=(1, 1), max_iter=200).trace
    a, b = trace.alpha[-1], trace.beta[-1]
    return [deviation(a / (a + b), a + b)] * 2


def no_maximum_no_answer(x, n):
    value = report(x, n)
    return value if bb.fit_mle(x, n).status == "interior" else (math.nan, math.nan)


ANSWERS = {
    "ex06.1": {
        "right": ["b, d", "BD", ["d", "b"], {"b", "d"}],
        "wrong": {"abd": "a, b, d", "bc": "cb", "bde": ["b", "d", "e"], "d": "d"},
    },
    "ex06.2": {
        "right": [
            lambda g, r: g * r**2 / (1 - r**2),
            lambda g, r: g / (r**-2 - 1),
            by_summing,
            lambda g, r: [Fraction(g) * Fraction(r) ** 2 / (1 - Fraction(r) ** 2)],
            gain * rate**2 / (1 - rate**2),
            gain / (1 - rate**2) - gain,
        ],
        "wrong": {
            "distance": lambda g, r: g * r / (1 - r),
            "before the round": gain / (1 - rate**2),
            "before, distance": lambda g, r: g / (1 - r),
            "last gain": gain,
            "next gain": lambda g, r: g * r * r,
            "squared whole": gain * rate**2 / (1 - rate) ** 2,
            "squared above only": lambda g, r: g * r**2 / (1 - r),
        },
    },
    "ex06.3": {
        "right": ["a, b, e", "abe", ["e", "a", "b"], "a and b and e"],
        "wrong": {"abc": "a, b, c", "ad": "da", "abef": "a, b, e, f", "ab": "a, b", "e": "e"},
    },
    "ex06.4": {
        "right": [by_matrix, by_fixed_point, by_iterating, lambda p: by_matrix(p)[np.newaxis]],
        "wrong": {
            "last point": lambda p: p[-1],
            "one rate each": aitken,
            "one number for both": squarem,
            "last step twice": late_but_once,
            "one step short": from_the_third,
            "rows for columns": transposed,
            "backwards": inverted,
        },
    },
    "ex06.5": {
        "right": [
            -1 / math.log10(MM),
            70_000,
            np.float64(6.9e4),
            [Fraction(69_600)],
            sympy.Integer(69_500),
        ],
        "wrong": {
            "price of EM": 795,
            "quick direction": 0.634,
            "rate": MM,
            "ratio": 88,
            "natural logarithm": -1 / math.log(MM),
            "digit of log-likelihood": -1 / math.log10(MM**2),
            "inexact": 90_000,
        },
    },
    "ex06.6": {
        "right": [
            report,
            lambda x, n: [float(value) for value in report(x, n)],
            lambda x, n: np.array(report(x, n)).reshape(1, 2),
        ],
        "wrong": {
            "exchanged": lambda x, n: report(x, n)[::-1],
            "pooled": lambda x, n: report(x, n, two_point=pooled_deviation(x, n)),
            "one point of a ridge": lambda x, n: report(x, n, ridge=(0, 0)),
            "limits confused": lambda x, n: report(x, n, two_point=0.0),
            "sign of S": by_the_sign,
            "variance": lambda x, n: np.array(report(x, n)) ** 2,
            "raw averages": lambda x, n: (np.std(x / n), np.std(x / n)),
            "where it stopped": where_it_stopped,
            "only a maximum": no_maximum_no_answer,
        },
    },
}
