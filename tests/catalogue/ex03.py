"""Chapter 3: right answers in many forms, and for each known slip an answer that makes it."""

import math
from fractions import Fraction

import numpy as np
import sympy
from scipy import integrate, optimize, special

from betabin.model import BetaParams

a, b = sympy.symbols("alpha beta", positive=True)


def digamma(value):
    return float(special.digamma(value))


def by_integral(p, q):
    """With z = t**10, so that the integrand is smooth at 0."""

    def weighted(t):
        z = t**10
        return z * math.log(z) * z ** (p - 1) * (1 - z) ** (q - 1) * 10 * t**9 if z > 0 else 0.0

    area, _ = integrate.quad(weighted, 0, 1, epsabs=0, epsrel=1e-11, limit=500)
    return area / special.beta(p, q)


def by_difference(p, q):
    """The derivative of a moment, E[Z**k], at k = 1, by a complex step."""
    step = 1e-30j
    logs = special.loggamma(p + 1 + step) - special.loggamma(p + q + 1 + step)
    return np.imag(np.exp(logs - special.loggamma(p) + special.loggamma(p + q))) / 1e-30


def own(params):
    return special.digamma(params) - special.digamma(np.sum(params))


def newton_step(params, goal):
    r1, r2 = goal - own(params)
    p, q, s = special.polygamma(1, [*params, np.sum(params)])
    step = np.array([(q - s) * r1 + s * r2, s * r1 + (p - s) * r2])
    return step / (p * q - s * (p + q))


def in_logs(hit, miss):
    """As in the chapter, from (1, 1)."""
    params, step = np.ones(2), np.inf
    while np.abs(step).max() > 1e-9:
        step = np.clip(newton_step(params, [hit, miss]) / params, -1, 1)
        params = params * np.exp(step)
    return BetaParams(*params)


def from_below(hit, miss):
    """Newton's method in plain coordinates, from a start so small that it never overshoots."""
    params = np.array([1e-4, 1e-4])
    for _ in range(60):
        params = params + newton_step(params, [hit, miss])
    return params.tolist()


def by_library(hit, miss):
    """SciPy's solver for equations, in logarithms, from a start that suits both small and large."""
    shares = np.exp([hit, miss])
    large = 0.5 + shares / (2 * (1 - shares.sum()))
    start = np.where(np.array([hit, miss]) < -2.5, -1 / np.minimum([hit, miss], -1), large)
    found = optimize.root(lambda logs: own(np.exp(logs)) / [hit, miss] - 1, np.log(start), tol=1e-13)
    params = np.exp(found.x)
    for _ in range(20):
        params = params * np.exp(np.clip(newton_step(params, [hit, miss]) / params, -1, 1))
    return np.array([[params[0]], [params[1]]])


def in_plain_coordinates(hit, miss):
    """Newton's method from (1, 1), without more ado."""
    params = np.ones(2)
    for _ in range(100):
        params = params + newton_step(params, [hit, miss])
        if not np.all(params > 0):
            raise ValueError("a parameter is negative")
    return params


def impatient(hit, miss):
    """From (1, 1) in logarithms, with so few and short steps that far-off ends are not reached."""
    params = np.ones(2)
    for _ in range(16):
        step = newton_step(params, [hit, miss]) / params
        params = params * np.exp(np.clip(step, -0.4, 0.4))
    return params


def by_default_tolerance(hit, miss):
    def negative(logs):
        params = np.exp(logs)
        return special.betaln(*params) - params @ [hit, miss]

    return np.exp(optimize.minimize(negative, [0.0, 0.0]).x)


def without_beta_function(hit, miss):
    found = optimize.minimize(lambda p: -p @ [hit, miss], [1.0, 1.0], bounds=[(1e-9, None)] * 2)
    return found.x


def approximation(hit, miss):
    room = 1 - math.exp(hit) - math.exp(miss)
    return 0.5 + math.exp(hit) / 2 / room, 0.5 + math.exp(miss) / 2 / room


def kept(p, q):
    return special.polygamma(1, p + q) * (1 / special.polygamma(1, p) + 1 / special.polygamma(1, q))


def steps(factor=10):
    return [math.log(factor) / -math.log(kept(100, 300)), math.log(factor) / -math.log(kept(0.1, 0.3))]


def one_trigamma(end):
    return math.log(10) / -math.log(special.polygamma(1, sum(end)) / special.polygamma(1, end[0]))


ANSWERS = {
    "ex03.1": {
        "right": ["b", "B", ["b"], "(b)"],
        "wrong": {"a": "a", "c": ("c",), "d": "D"},
    },
    "ex03.2": {
        "right": [
            lambda p, q: p / (p + q) * (digamma(p + 1) - digamma(p + q + 1)),
            lambda p, q: [p / (p + q) * (digamma(p) + 1 / p - digamma(p + q) - 1 / (p + q))],
            by_integral,
            by_difference,
            a / (a + b) * (sympy.digamma(a + 1) - sympy.digamma(a + b + 1)),
            sympy.diff(sympy.gamma(a + 1) / sympy.gamma(a + b + 1), a)
            * sympy.gamma(a + b)
            / sympy.gamma(a),
        ],
        "wrong": {
            "bits": lambda a, b: (
                a / (a + b) * (special.digamma(a + 1) - special.digamma(a + b + 1)) / math.log(2)
            ),
            "other side": lambda a, b: b / (a + b) * (special.digamma(b + 1) - special.digamma(a + b + 1)),
            "minus": lambda a, b: a / (a + b) * (special.digamma(a + b + 1) - special.digamma(a + 1)),
            "product of averages": lambda p, q: p / (p + q) * (digamma(p) - digamma(p + q)),
            "at the mean": a / (a + b) * sympy.log(a / (a + b)),
            "logarithm for digamma": lambda p, q: p / (p + q) * math.log((p + 1) / (p + q + 1)),
            "total not raised": lambda p, q: p / (p + q) * (digamma(p + 1) - digamma(p + q)),
            "constant lost": sympy.digamma(a + 1) - sympy.digamma(a + b + 1),
            "constant not divided": lambda p, q: (
                special.beta(p + 1, q) * (digamma(p + 1) - digamma(p + q + 1))
            ),
            "log alone": lambda p, q: digamma(p) - digamma(p + q),
        },
    },
    "ex03.3": {
        "right": ["a, c, e", "ace", ["e", "c", "a"], {"a", "c", "e"}],
        "wrong": {"abc": "a, b, c", "acde": "a, c, d, e", "ac": "a, c", "e": "e"},
    },
    "ex03.4": {
        "right": [(-1, -1, 3), [-1, -1, -3], np.array([-0.5, -2, 2.001]), (Fraction(-1, 9), -1, 1)],
        "wrong": {
            "not finite": (-1, -1, math.inf),
            "not both negative": (-1, 1, 0),
            "no mixed term": (-1, -2, 0),
            "flat": (-1, -1, 2),
            "concave": (-1, -1, 1),
        },
    },
    "ex03.5": {
        "right": [in_logs, from_below, by_library],
        "wrong": {
            "exchanged": lambda hit, miss: in_logs(hit, miss)[::-1],
            "mean and concentration": lambda hit, miss: (
                in_logs(hit, miss).mean,
                in_logs(hit, miss).concentration,
            ),
            "logarithms": lambda hit, miss: np.log(in_logs(hit, miss)),
            "approximation": approximation,
            "constant dropped": without_beta_function,
            "left the domain": in_plain_coordinates,
            "never arrived": impatient,
            "loose": by_default_tolerance,
        },
    },
    "ex03.6": {
        "right": [
            steps(),
            np.array([steps()]),
            (1842, 5.66),
            [Fraction(1842), sympy.Rational(28, 5)],
        ],
        "wrong": {
            "share kept": [0.99875, 0.6659],
            "natural logarithm": steps(math.e),
            "halved": steps(2),
            "exchanged": steps()[::-1],
            "large concentrations": (1842, 1.842),
            "one parameter": [one_trigamma((100, 300)), one_trigamma((0.1, 0.3))],
            "first alone": (1842, 6.9),
            "second alone": (1200, 5.66),
        },
    },
}
