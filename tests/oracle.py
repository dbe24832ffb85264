"""Independent oracles: definitions in 60-digit arithmetic, and published reference fits."""

from collections import Counter
from functools import cache
from typing import NamedTuple

import mpmath as mp
import numpy as np

import betabin

mp.mp.dps = 60


def rows(x, n, counts=None):
    """Distinct rows as Python integers (x, n, count), broadcast and flattened."""
    arrays = np.broadcast_arrays(x, n, 1 if counts is None else counts)
    total = Counter()
    for xi, ni, c in zip(*(a.ravel().tolist() for a in arrays), strict=True):
        total[int(xi), int(ni)] += int(c)
    return [(*row, c) for row, c in total.items()]


def log_choose(n, x):
    return mp.loggamma(n + 1) - mp.loggamma(x + 1) - mp.loggamma(n - x + 1)


def log_beta_function(a, b):
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def log_pmf(x, n, params):
    a, b = map(mp.mpf, params)
    return log_choose(n, x) + log_beta_function(a + x, b + n - x) - log_beta_function(a, b)


def log_likelihood(params, x, n, counts=None):
    return mp.fsum(c * log_pmf(xi, ni, params) for xi, ni, c in rows(x, n, counts))


def binomial_log_likelihood(p, x, n, counts=None):
    """Log-likelihood of the binomial with success probability p (a fraction or a float)."""
    p = mp.mpf(p.numerator) / p.denominator if hasattr(p, "numerator") else mp.mpf(p)
    return mp.fsum(
        c * (log_choose(ni, xi) + xi * mp.log(p) + (ni - xi) * mp.log(1 - p))
        for xi, ni, c in rows(x, n, counts)
    )


def log_z(a, b):
    """E[log Z] for Z ~ Beta(a, b)."""
    return mp.digamma(a) - mp.digamma(a + b)


def e_step(params, x, n, counts=None):
    a, b = map(mp.mpf, params)
    table = rows(x, n, counts)
    size = sum(c for *_, c in table)
    return (
        mp.fsum(c * log_z(a + xi, b + ni - xi) for xi, ni, c in table) / size,
        mp.fsum(c * log_z(b + ni - xi, a + xi) for xi, ni, c in table) / size,
    )


def m_step(stats, near):
    """Solve E[log Z], E[log(1 - Z)] = stats for (alpha, beta), in logarithms, starting from `near`."""
    goal = [mp.mpf(value) for value in stats]

    def equations(log_a, log_b):
        a, b = mp.exp(log_a), mp.exp(log_b)
        return [log_z(a, b) / goal[0] - 1, log_z(b, a) / goal[1] - 1]

    root = mp.findroot(equations, [mp.log(mp.mpf(value)) for value in near], tol=1e-60)
    return mp.exp(root[0]), mp.exp(root[1])


def lower_bound(params, q, x, n, counts=None):
    """Expected complete-data log-likelihood under q, plus the entropy of q."""
    alpha, beta = map(mp.mpf, params)
    total = mp.mpf(0)
    arrays = np.broadcast_arrays(x, n, 1 if counts is None else counts, *q)
    for xi, ni, c, a, b in zip(*(a.ravel().tolist() for a in arrays), strict=True):
        xi, ni, c, a, b = int(xi), int(ni), int(c), mp.mpf(a), mp.mpf(b)
        one, two = log_z(a, b), log_z(b, a)
        expected = log_choose(ni, xi) + (xi + alpha - 1) * one + (ni - xi + beta - 1) * two
        entropy = log_beta_function(a, b) - (a - 1) * one - (b - 1) * two
        total += c * (expected - log_beta_function(alpha, beta) + entropy)
    return total


def gradient(f, point):
    point = [mp.mpf(value) for value in point]
    return [mp.diff(f, tuple(point), order) for order in ((1, 0), (0, 1))]


def hessian(f, point):
    point = tuple(mp.mpf(value) for value in point)
    across = mp.diff(f, point, (1, 1))
    return mp.matrix([[mp.diff(f, point, (2, 0)), across], [across, mp.diff(f, point, (0, 2))]])


def score(params, x, n, counts=None):
    return gradient(lambda a, b: log_likelihood((a, b), x, n, counts), params)


def relative_score(params, x, n, counts=None):
    """Score from digammas, each component divided by the sum of its absolute terms."""
    a, b = map(mp.mpf, params)
    terms = [[], []]
    for xi, ni, c in rows(x, n, counts):
        trials = mp.digamma(a + b + ni) - mp.digamma(a + b)
        terms[0] += [c * (mp.digamma(a + xi) - mp.digamma(a)), -c * trials]
        terms[1] += [c * (mp.digamma(b + ni - xi) - mp.digamma(b)), -c * trials]
    return [float(mp.fsum(part) / mp.fsum(part, absolute=True)) for part in terms]


def observed_information(params, x, n, counts=None):
    return -hessian(lambda a, b: log_likelihood((a, b), x, n, counts), params)


def complete_information(params, x, n, counts=None):
    """Of one Beta variable it is the Hessian of log B(alpha, beta)."""
    return sum(c for *_, c in rows(x, n, counts)) * hessian(log_beta_function, params)


def missing_information(params, x, n, counts=None):
    """The posteriors' covariances, each the Hessian of log B at the posterior."""
    a, b = map(mp.mpf, params)
    total = mp.zeros(2, 2)
    for xi, ni, c in rows(x, n, counts):
        total += c * hessian(log_beta_function, (a + xi, b + ni - xi))
    return total


def to_array(matrix):
    return np.array(matrix.tolist(), dtype=float)


class Reference(NamedTuple):
    x: np.ndarray
    n: np.ndarray
    counts: np.ndarray | None
    alpha: float
    beta: float
    log_likelihood: float
    rate: float | None  # spectral radius of the EM map's derivative


@cache
def reference(name):
    """A data set with its published or 50-digit maximum."""
    if name == "efron_morris":
        x = np.array([18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7])
        return Reference(x, np.full(18, 45), None, 210.5508360, 582.6859851, -45.343896255, 0.997)
    if name == "saxony":
        counts = np.array([3, 24, 104, 286, 670, 1033, 1343, 1112, 829, 478, 181, 45, 7])
        where = np.arange(13), np.full(13, 12), counts
        return Reference(*where, 34.10285762, 31.57823416, -12492.871358552, None)
    if name == "rat_tumors":
        rats = betabin.load_rat_tumors()
        return Reference(rats.x, rats.n, None, 2.341614403, 14.114804298, -156.568929883, 0.783)
    if name == "mlb_2018":
        season = betabin.load_batting(2018)
        kept = (season.position != "P") & (season.n >= 100)
        where = season.x[kept], season.n[kept], None
        return Reference(*where, 100.6278528, 299.9275712, -1637.603501737, 0.804)
    rng = np.random.default_rng(0)
    x = rng.binomial(50, rng.beta(81, 219, 500))
    return Reference(x, np.full(500, 50), None, 81.35306257, 218.53285544, -1319.061229883, 0.980)


REFERENCES = ("efron_morris", "saxony", "rat_tumors", "mlb_2018", "simulated")
