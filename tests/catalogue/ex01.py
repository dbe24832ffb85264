"""Chapter 1: right answers in many forms, and for each known slip an answer that makes it."""

import math
from fractions import Fraction

import numpy as np
import sympy
from scipy import integrate, special, stats

n, a, b = sympy.symbols("n alpha beta", positive=True)


def spread(n, a, b):
    return stats.betabinom.var(n, a, b) / n**2


def spread_by_integrals(n, a, b):
    def mean(f):
        return integrate.quad(lambda z: f(z) * stats.beta.pdf(z, a, b), 0, 1, epsabs=1e-13, epsrel=1e-12)[0]

    mu = mean(lambda z: z)
    return mean(lambda z: z * (1 - z)) / n + mean(lambda z: z * z) - mu**2


def talent(n, a, b):
    return stats.beta.var(a, b)


def luck(n, a, b):
    return spread(n, a, b) - talent(n, a, b)


def log_ways(x, n):
    return special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)


def by_factors(x, n, a, b):
    """Heads first, then tails: another order, without arrays."""
    total = math.log(math.comb(n, x))
    for j in range(x):
        total += math.log((a + j) / (a + b + j))
    for j in range(n - x):
        total += math.log((b + j) / (a + b + x + j))
    return total


def by_factors_backwards(x, n, a, b):
    """Tails first, as an array, and the ways by factors too."""
    tails = [np.log((b + j) / (a + b + j) * (n - j) / (n - x - j)) for j in range(n - x)]
    heads = [np.log((a + j) / (a + b + n - x + j)) for j in range(x)]
    return np.array(sum(heads[::-1]) + sum(tails[::-1]))


def by_betaln(x, n, a, b):
    return log_ways(x, n) + special.betaln(a + x, b + n - x) - special.betaln(a, b)


def by_product(x, n, a, b):
    """Multiplies the factors, and overflows with thousands of trials."""
    product = float(math.comb(n, x))
    for j in range(x):
        product *= (a + j) / (a + b + j)
    for j in range(n - x):
        product *= (b + j) / (a + b + x + j)
    return math.log(product)


def by_beta(x, n, a, b):
    return math.log(special.comb(n, x) * special.beta(a + x, b + n - x) / special.beta(a, b))


def by_gammas(a, b):
    above = product_of(a + 2) * product_of(a + b)
    return above / (product_of(a) * product_of(a + b + 2))


def product_of(value):
    """The gamma function by Stirling's series after a shift, overflowing as it does."""
    below = 1.0
    while value < 30:
        below *= value
        value += 1
    series = 1 / (12 * value) - 1 / (360 * value**3) + 1 / (1260 * value**5)
    return math.sqrt(2 * math.pi / value) * (value / math.e) ** value * math.exp(series) / below


def two_heads_exactly(alpha, beta):
    alpha, beta = Fraction(alpha), Fraction(beta)
    return alpha * (alpha + 1) / (alpha + beta) / (alpha + beta + 1)


ANSWERS = {
    "ex01.1": {
        "right": [
            lambda a, b: a * (a + 1) / ((a + b) * (a + b + 1)),
            lambda a, b: [a / (a + b) * (1 + a) / (1 + a + b)],
            lambda p, q: stats.beta.var(p, q) + stats.beta.mean(p, q) ** 2,
            two_heads_exactly,
            a * (a + 1) / ((a + b) * (a + b + 1)),
            sympy.Lambda((a, b), a * (a + 1) / ((a + b) * (a + b + 1))),
        ],
        "wrong": {
            "two tails": lambda a, b: b * (b + 1) / ((a + b) * (a + b + 1)),
            "one less": lambda a, b: a * (a - 1) / ((a + b) * (a + b - 1)),
            "overflow": lambda a, b: by_gammas(a, b),
            "average coin": a**2 / (a + b) ** 2,
            "one flip": lambda a, b: a / (a + b),
            "variance": stats.beta.var,
            "same total": lambda a, b: a * (a + 1) / (a + b) ** 2,
            "at least one": lambda a, b: 1 - stats.betabinom.pmf(0, 2, a, b),
            "one of each": lambda a, b: a * b / (a + b) / (a + b + 1),
        },
    },
    "ex01.2": {
        "right": ["b", " B ", ["b"], ("b",), {"b"}, "(b)"],
        "wrong": {"a": "a", "c": ["c"], "d": "D"},
    },
    "ex01.3": {
        "right": [
            spread,
            spread_by_integrals,
            lambda n, a, b: [a * b * (a + b + n) / (n * (a + b) ** 2 * (a + b + 1))],
            a * b * (a + b + n) / (n * (a + b) ** 2 * (a + b + 1)),
            (a * b / (a + b) ** 2) / n * (1 + (n - 1) / (a + b + 1)),
        ],
        "wrong": {
            "of the count": stats.betabinom.var,
            "divided once": lambda n, a, b: stats.betabinom.var(n, a, b) / n,
            "binomial": a * b / (a + b) ** 2 / n,
            "talent alone": talent,
            "luck alone": luck,
            "luck twice": lambda n, a, b: talent(n, a, b) + a * b / (a + b) ** 2 / n,
            "standard deviation": lambda n, a, b: math.sqrt(spread(n, a, b)),
        },
    },
    "ex01.4": {
        "right": [by_factors, by_factors_backwards, lambda *args: [by_factors(*args)]],
        "wrong": {
            "bits": lambda *case: by_factors(*case) / math.log(2),
            "sign": lambda *case: -by_factors(*case),
            "no logarithm": lambda *case: math.exp(by_factors(*case)),
            "no ways": lambda x, n, a, b: by_factors(x, n, a, b) - math.log(math.comb(n, x)),
            "not divided": lambda x, n, a, b: log_ways(x, n) + special.betaln(a + x, b + n - x),
            "binomial": lambda x, n, a, b: stats.binom.logpmf(x, n, a / (a + b)),
            "heads and tails": lambda x, n, a, b: by_factors(n - x, n, a, b),
            "density": lambda x, n, a, b: stats.beta.logpdf(x / n if n else 0.5, a, b),
            "large numbers cancel": by_betaln,
            "underflow": by_product,
            "both extremes": by_beta,
        },
    },
    "ex01.5": {
        "right": ["b, d", "bd", ["d", "b"], {"b", "d"}, "B and D"],
        "wrong": {"ab": "ab", "bc": "cb", "de": "e, d", "d": "d"},
    },
    "ex01.6": {
        "right": [66, 66.18, np.float64(65.9), np.array([66.5]), Fraction(331, 5), sympy.Rational(661, 10)],
        "wrong": {
            "real season": 71,
            "identical players": 0.05 * 435,
            "share": 0.152,
            "true averages": 19.6,
            "inside": 369,
            "one season": 60,
        },
    },
}
