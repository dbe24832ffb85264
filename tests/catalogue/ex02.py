"""Chapter 2: right answers in many forms, and for each known slip an answer that makes it."""

import math
from fractions import Fraction

import numpy as np
import sympy
from scipy import integrate, special, stats

n, a, b = sympy.symbols("n alpha beta", positive=True)


def weights_in_logs(z, prior, x, n):
    with np.errstate(all="ignore"):
        logs = np.log(prior) + special.xlogy(x, z) + special.xlogy(n - x, 1 - z)
    scaled = np.exp(logs - logs.max())
    return scaled / scaled.sum()


def weights_one_by_one(z, prior, x, n):
    """Without arrays, with 0 to the power of 0 taken care of by hand."""
    logs = []
    for value, weight in zip(z, prior, strict=True):
        impossible = weight == 0 or (value == 0 and x > 0) or (value == 1 and n > x)
        hits = x * math.log(value) if value > 0 and not impossible else 0
        outs = (n - x) * math.log(1 - value) if value < 1 and not impossible else 0
        logs.append(-math.inf if impossible else math.log(weight) + hits + outs)
    top = max(logs)
    scaled = [math.exp(value - top) for value in logs]
    return tuple(value / sum(scaled) for value in scaled)


def weights_from_scipy(z, prior, x, n):
    logs = np.log(prior) + stats.binom.logpmf(x, n, z)
    return [np.exp(logs - special.logsumexp(logs))]


def weights_by_powers(z, prior, x, n):
    """Underflows in a long record."""
    product = prior * z**x * (1 - z) ** (n - x)
    return product / product.sum()


def weights_by_plain_logs(z, prior, x, n):
    """Multiplies 0 by the logarithm of 0."""
    logs = np.log(prior) + x * np.log(z) + (n - x) * np.log(1 - z)
    scaled = np.exp(logs - logs.max())
    return scaled / scaled.sum()


def likelihood_alone(z, prior, x, n):
    return weights_in_logs(z, np.ones_like(z), x, n)


def hits_alone(z, prior, x, n):
    return weights_in_logs(z, prior, x, x)


def product(z, prior, x, n):
    return prior * stats.binom.pmf(x, n, z)


def no_hit(n, a, b):
    chance = 1
    for j in range(n):
        chance = chance * (b + j) / (a + b + j)
    return chance


def at_least_one(n, a, b):
    none = no_hit(n, a, b)
    return (a / (a + b) - none * a / (a + b + n)) / (1 - none)


def at_least_one_exactly(n, a, b):
    return at_least_one(n, Fraction(a), Fraction(b))


def at_least_one_by_integrals(n, a, b):
    def integral(power):
        def product(z):
            return z**power * (1 - (1 - z) ** n) * stats.beta.pdf(z, a, b)

        return integrate.quad(product, 0, 1, epsabs=1e-13, epsrel=1e-12, limit=200)[0]

    return np.array([integral(1) / integral(0)])


def at_least_one_by_counts(n, a, b):
    x = np.arange(1, n + 1)
    chance = stats.betabinom.pmf(x, n, a, b)
    return np.average((a + x) / (a + b + n), weights=chance)


def by_the_average_player(n, a, b):
    none = (b / (a + b)) ** n
    return (a / (a + b) - none * a / (a + b + n)) / (1 - none)


none = sympy.gamma(b + n) * sympy.gamma(a + b) / sympy.gamma(b) / sympy.gamma(a + b + n)

ANSWERS = {
    "ex02.1": {
        "right": [
            (41.6, 118.4),
            np.array([[41.6], [118.4]]),
            [Fraction(208, 5), sympy.Rational(592, 5)],
            [0.26 * 160, 0.74 * 160],
        ],
        "wrong": {
            "swapped": (118.4, 41.6),
            "after the streak": (41.6, 158.4),
            "mean and concentration": (0.26, 160),
            "as heavy as the streak": (0.26 * 40, 0.74 * 40),
            "weights exchanged": (2.6, 7.4),
            "the streak as outs": (14.054, 40),
            "another weight": (26, 74),
        },
    },
    "ex02.2": {
        "right": ["b, d", "bd", ["d", "b"], {"b", "d"}, "B and D"],
        "wrong": {"ad": "a, d", "bc": "b, c", "be": "eb", "d": "d"},
    },
    "ex02.3": {
        "right": ["a, e", ("a", "e"), "E, A", "(a) and (e)"],
        "wrong": {"ab": "a, b", "ac": "a, c", "ade": "a, d, e", "e": "e"},
    },
    "ex02.4": {
        "right": [weights_in_logs, weights_one_by_one, weights_from_scipy],
        "wrong": {
            "hits and outs": lambda z, prior, x, n: weights_in_logs(z, prior, n - x, n),
            "no prior": likelihood_alone,
            "prior unchanged": lambda z, prior, x, n: prior,
            "outs forgotten": hits_alone,
            "not normalised": product,
            "density": lambda *case: weights_in_logs(*case) * len(case[0]),
            "peak": lambda *case: weights_in_logs(*case) / max(weights_in_logs(*case)),
            "logarithms": lambda *case: np.log(weights_in_logs(*case)),
            "underflow": weights_by_powers,
            "ends": weights_by_plain_logs,
        },
    },
    "ex02.5": {
        "right": [
            at_least_one,
            at_least_one_exactly,
            at_least_one_by_integrals,
            at_least_one_by_counts,
            (a / (a + b) - none * a / (a + b + n)) / (1 - none),
        ],
        "wrong": {
            "exactly one": (a + 1) / (a + b + n),
            "one at-bat": lambda n, a, b: (a + 1) / (a + b + 1),
            "hitless": lambda n, a, b: a / (a + b + n),
            "constant lost": lambda n, a, b: a / (a + b) - no_hit(n, a, b) * a / (a + b + n),
            "average player": by_the_average_player,
            "prior's mean": a / (a + b),
            "probability of the record": lambda n, a, b: 1 - no_hit(n, a, b),
        },
    },
    "ex02.6": {
        "right": [0.25, 0.2485, np.float64(0.245), [0.252], Fraction(1, 4), sympy.Rational(49, 200)],
        "wrong": {
            "better than the second": 0.63,
            "no prior": 0.145,
            "somebody else": 0.75,
            "percent": 24.7,
            "certain": 1,
            "all alike": 1 / 435,
            "average": 0.3043,
        },
    },
}
