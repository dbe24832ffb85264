"""Chapter 5: right answers in many forms, and for each known slip an answer that makes it."""

import math

import numpy as np
import sympy
from scipy import integrate, optimize, stats
from scipy.special import betaln, comb, digamma, gammaln, log_expit, zeta

import betabin as bb

a, n = sympy.symbols("a n", positive=True)
z = sympy.symbols("z", positive=True)


def floor_by_integral(a, n):
    """The definition, with z = t^(1/a), t uniform: log z = log t / a."""
    return integrate.quad(lambda t: (n - a + 1) / a * math.log(t) - math.log(a), 0, 1, epsabs=1e-12)[0]


def log_means(a, b):
    return np.array([digamma(a) - digamma(a + b), digamma(b) - digamma(a + b)])


def by_divergence(alpha, beta, a, b, x, n):
    """Log-likelihood less divergences from the posteriors, by SciPy's betabinom and entropies."""
    c, d = alpha + x, beta + n - x
    log_z, log_one_minus_z = log_means(a, b)
    cross = betaln(c, d) - (c - 1) * log_z - (d - 1) * log_one_minus_z
    return np.sum(stats.betabinom.logpmf(x, n, alpha, beta) - cross + stats.beta.entropy(a, b))


def parts(alpha, beta, a, b, x, n, logs=log_means):
    """Log of the ways, expected log prior and likelihood without them, entropy: each by player."""
    log_z, log_one_minus_z = logs(a, b)
    ways = gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)
    joint = (alpha + x - 1) * log_z + (beta + n - x - 1) * log_one_minus_z - betaln(alpha, beta)
    log_q = (a - 1) * log_z + (b - 1) * log_one_minus_z - betaln(a, b)
    return ways, joint, -log_q


def by_loops(alpha, beta, a, b, x, n):
    total = 0.0
    for one in list(zip(a, b, x, n, strict=True))[::-1]:
        ways, joint, entropy = parts(alpha, beta, *map(float, one))
        total += entropy + joint + math.log(math.comb(int(one[3]), int(one[2]))) + 0 * ways
    return [total]


def by_quadrature(alpha, beta, a, b, x, n):
    """The definition, by the trapezoidal rule in the log odds of z."""
    u = np.linspace(-70, 70, 2001)
    log_z, log_one_minus_z = log_expit(u), log_expit(-u)
    total = 0.0
    for a_i, b_i, x_i, n_i in zip(a, b, x, n, strict=True):
        log_q = (a_i - 1) * log_z + (b_i - 1) * log_one_minus_z - betaln(a_i, b_i)
        log_joint = (alpha + x_i - 1) * log_z + (beta + n_i - x_i - 1) * log_one_minus_z
        log_joint = log_joint - betaln(alpha, beta) + math.log(math.comb(int(n_i), int(x_i)))
        density = np.exp(log_q + log_z + log_one_minus_z)  # of the log odds
        total += np.trapezoid(density * (log_joint - log_q), u)
    return total


def logs_of_means(a, b):
    return np.log(a / (a + b)), np.log(b / (a + b))


def prior_once(alpha, beta, a, b, x, n):
    ways, joint, entropy = parts(alpha, beta, a, b, x, n)
    return np.sum(ways + joint + betaln(alpha, beta) + entropy) - betaln(alpha, beta)


def entropy_subtracted(*case):
    ways, joint, entropy = parts(*case)
    return np.sum(ways + joint - entropy)


def log_likelihood(alpha, beta, x, n):
    return np.sum(stats.betabinom.logpmf(x, n, alpha, beta))


def uphill(alpha, beta, x, n):
    """The sums of reciprocals that the digammas' differences are."""
    total = 0.0
    for hits, trials in zip(x, n, strict=True):
        total += sum(alpha / (alpha + j) for j in range(hits))
        total += sum(beta / (beta + j) for j in range(trials - hits))
        total -= sum((alpha + beta) / (alpha + beta + j) for j in range(trials))
    return total


def by_excess(alpha, beta, x, n):
    report = log_means(alpha + x, beta + n - x).sum(axis=1)
    return np.array([alpha, beta]) @ (report - x.size * log_means(alpha, beta))


def by_differences(alpha, beta, x, n):
    """Central differences of SciPy's log-likelihood, extrapolated twice."""

    def slope(h):
        up, down = np.exp(h), np.exp(-h)
        difference = log_likelihood(alpha * up, beta * up, x, n) - log_likelihood(
            alpha * down, beta * down, x, n
        )
        return difference / (2 * h)

    once = [(4 * slope(h) - slope(2 * h)) / 3 for h in (0.01, 0.02)]
    return (16 * once[0] - once[1]) / 15


PAIR = np.array([0, 57]), np.array([4, 89])


def walk(alpha, beta, rounds=300):
    """EM on the pair from many starts at once; the M-step by Newton's method on SciPy's own functions."""
    players = list(zip(*PAIR, strict=True))
    for _ in range(rounds):
        hit = np.mean([digamma(alpha + x) - digamma(alpha + beta + n) for x, n in players], axis=0)
        out = np.mean([digamma(beta + n - x) - digamma(alpha + beta + n) for x, n in players], axis=0)
        for _ in range(4):
            shared, whole = zeta(2, alpha + beta), digamma(alpha + beta)
            down, across = zeta(2, alpha) - shared, zeta(2, beta) - shared
            short, long = hit - digamma(alpha) + whole, out - digamma(beta) + whole
            area = down * across - shared**2
            step_a, step_b = across * short + shared * long, shared * short + down * long
            alpha, beta = alpha * np.exp(step_a / area / alpha), beta * np.exp(step_b / area / beta)
    return alpha + beta


def watershed(mean):
    low, high = 10, 2000
    for _ in range(2):
        tried = np.geomspace(low, high, 80)
        first = np.argmax(walk(mean * tried, (1 - mean) * tried) > 100)
        low, high = tried[first - 1], tried[first]
    return (low + high) / 2


def height(concentration):
    return log_likelihood(0.55 * concentration, 0.45 * concentration, *PAIR)


found = watershed(0.55)
PASS = 56.59, -6.49121  # as the chapter prints them

ANSWERS = {
    "ex05.1": {
        "right": [
            lambda a, n: 1 - (n + 1) / a - math.log(a),
            floor_by_integral,
            lambda a, n: by_divergence(1.0, 1.0, np.array([a]), np.ones(1), np.array([n]), np.array([n])),
            1 - (n + 1) / a - sympy.log(a),
            (a - n - 1) / a + sympy.log(1 / a),
            sympy.integrate(a * z ** (a - 1) * sympy.log(z), (z, 0, 1), conds="none") * (n - a + 1)
            - sympy.log(a),
        ],
        "wrong": {
            "no entropy": -n / a,
            "entropy subtracted": -n / a + sympy.log(a) - (a - 1) / a,
            "logarithm outside": -sympy.log(n + 1),
            "gap": lambda a, n: (n + 1) / a - 1 - math.log((n + 1) / a),
            "log of the mean": (n - a + 1) * sympy.log(a / (a + 1)) - sympy.log(a),
            "factor forgotten": lambda a, n: -(n - a + 1) / a,
        },
    },
    "ex05.2": {
        "right": [
            by_divergence,
            by_loops,
            by_quadrature,
            lambda *case: np.sum(parts(*case)),
        ],
        "wrong": {
            "no ways": lambda *case: np.sum(parts(*case)[1:]),
            "no entropy": lambda *case: np.sum(parts(*case)[:2]),
            "entropy subtracted": entropy_subtracted,
            "prior once": prior_once,
            "logs of means": lambda *case: np.sum(parts(*case, logs=logs_of_means)),
            "posterior's": lambda alpha, beta, a, b, x, n: log_likelihood(alpha, beta, x, n),
            "gap": lambda alpha, beta, a, b, x, n: (
                log_likelihood(alpha, beta, x, n) - by_divergence(alpha, beta, a, b, x, n)
            ),
            "per player": lambda *case: np.mean(np.sum(parts(*case), axis=0)),
            "one by one": lambda *case: np.log(comb(case[5], case[4])) + np.sum(parts(*case)[1:], axis=0),
        },
    },
    "ex05.3": {
        "right": ["a, c", "ca", {"a", "c"}, "A and C"],
        "wrong": {"bc": "b, c", "ad": "da", "ae": ["a", "e"], "c": "c"},
    },
    "ex05.4": {
        "right": ["b, e", ["e", "b"], "B and E"],
        "wrong": {"ab": "a, b", "bc": "cb", "bde": "b, d, e", "e": "e"},
    },
    "ex05.5": {
        "right": [uphill, by_excess, by_differences, lambda *case: [by_excess(*case)]],
        "wrong": {
            "prior forgotten": lambda alpha, beta, x, n: (
                np.array([alpha, beta]) @ log_means(alpha + x, beta + n - x).sum(axis=1)
            ),
            "per player": lambda alpha, beta, x, n: uphill(alpha, beta, x, n) / len(x),
            "not in the logarithm": lambda alpha, beta, x, n: uphill(alpha, beta, x, n) / (alpha + beta),
            "no chain rule": lambda alpha, beta, x, n: bb.score((alpha, beta), x, n).sum(),
            "logs of means": lambda alpha, beta, x, n: (
                np.array([alpha, beta])
                @ np.sum(
                    np.array(logs_of_means(alpha + x, beta + n - x))
                    - np.array(logs_of_means(alpha, beta))[:, None],
                    axis=1,
                )
            ),
            "gradient": lambda alpha, beta, x, n: bb.score((alpha, beta), x, n),
            "downhill": lambda *case: -uphill(*case),
        },
    },
    "ex05.6": {
        "right": [found, round(found, 1), np.float32(found), [found], sympy.Float(found)],
        "wrong": {
            "alpha": 0.55 * found,
            "beta": 0.45 * found,
            "concentration of the pass": PASS[0],
            "promised": optimize.brentq(lambda s: height(s) + 6.37213, 3, 100),
            "height of the pass": optimize.brentq(lambda s: height(s) - PASS[1], 3, 100),
            "other line": watershed(0.5),
            "exchanged": watershed(0.45),
        },
    },
}
