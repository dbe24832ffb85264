"""A second set of fresh wrong answers, written from the exercises' pages alone; read like `fresh`.

Here the right function of the catalogue does the work, and the slip is made around it.
"""

import importlib
import math

import numpy as np
from scipy import special, stats
from scipy.special import betaln, digamma, polygamma


def right(question, number=0):
    return importlib.import_module(f"catalogue.{question[:4]}").ANSWERS[question]["right"][number]


def then(question, change):
    """The right answer, and what is done with it at the end."""
    return lambda *case: change(np.asarray(right(question)(*case), float))


def on(question, change):
    """The right answer on arguments that have been changed."""
    return lambda *case: right(question)(*change(*case))


def fixed_point(mean_log_z, mean_log_one_minus_z):
    params = np.ones(2)
    averages = np.array([mean_log_z, mean_log_one_minus_z])
    for _ in range(300):
        goal = averages + digamma(params.sum())
        params = np.where(goal > -2.22, np.exp(goal) + 0.5, -1 / (goal - digamma(1)))
        for _ in range(6):
            params = params - (digamma(params) - goal) / polygamma(1, params)
    return params


def newton_in_the_plain(mean_log_z, mean_log_one_minus_z):
    """Newton's method without a bound; far below zero SciPy's sums would never end."""
    params, averages = np.ones(2), np.array([mean_log_z, mean_log_one_minus_z])
    for _ in range(50):
        slope = averages - digamma(params) + digamma(params.sum())
        matrix = np.diag(polygamma(1, params)) - polygamma(1, params.sum())
        params = params + np.linalg.solve(matrix, slope)
    return params


def with_small_numbers_for_zero(z, prior, x, n):
    with np.errstate(all="ignore"):
        logs = np.log(prior + 1e-12) + x * np.log(np.clip(z, 1e-12, 1))
        return special.softmax(logs + (n - x) * np.log(np.clip(1 - z, 1e-12, 1)))


def one_rate(points):
    steps = np.diff(points, axis=0)
    rate = np.linalg.norm(steps[2]) / np.linalg.norm(steps[1])
    return points[3] + steps[2] * rate / (1 - rate)


def first_hits_for_all(x, n, rng):
    return np.full(x.size, rng.hypergeometric(x[0], n[0] - x[0], n[0] // 2))


_VARIANCE, _LOG, _WEIGHTS, _MEAN = "ex01.3", "ex01.4", "ex02.4", "ex02.5"

LATER = {
    "ex01.1": [
        (lambda a, b: b * (b + 1) / (a + b) / (a + b + 1), {"two tails"}),
        (lambda a, b: a * (a + 1) / ((a + b) * (a + b + 2)), set()),
        (lambda a, b: (a + 1) / (a + b + 1), set()),
        (lambda a, b: 1 - b * (b + 1) / (a + b) / (a + b + 1), {"at least one"}),
    ],
    "ex01.3": [
        (then(_VARIANCE, lambda got: 2 * np.sqrt(got)), set()),
        (lambda n, a, b: a * b / (a + b) ** 2 / n * (a + b + n) / (a + b), set()),
        (on(_VARIANCE, lambda n, a, b: (b, a, n)), {"exchanged arguments"}),
        (lambda n, a, b: a * b / ((a + b) * (a + b + 1)) / n, {"luck alone"}),
    ],
    "ex01.4": [
        (then(_LOG, lambda got: got / math.log(10)), {"bits"}),
        (then(_LOG, np.negative), {"sign"}),
        (on(_LOG, lambda x, n, a, b: (n - x, n, a, b)), {"heads and tails"}),
        (
            lambda x, n, a, b: math.log(math.comb(n, x)) + betaln(a + x, b + n) - betaln(a, b),
            set(),
        ),
        (then(_LOG, lambda got: np.round(got, 4)), {"rounded"}),
    ],
    "ex01.6": [(33.09, {"factor of two"}), (15.2, {"share"}), (369, {"inside"})],
    "ex02.1": [((41.6, 160), set()), ((42, 118), {"rounded"}), ((41.6, 158.4), {"after the streak"})],
    "ex02.4": [
        (with_small_numbers_for_zero, set()),
        (then(_WEIGHTS, np.cumsum), set()),
        (then(_WEIGHTS, np.square), {"its square"}),
        (lambda z, prior, x, n: right(_WEIGHTS)(z, np.full(len(z), 1 / len(z)), x, n), {"no prior"}),
    ],
    "ex02.5": [
        (then(_MEAN, np.reciprocal), {"its reciprocal"}),
        (on(_MEAN, lambda n, a, b: (n, b, a)), {"exchanged arguments"}),
        (lambda n, a, b: 1 - a / (a + b + n), set()),
    ],
    "ex02.6": [(0.63, {"better than the second"}), (0.5, set()), (24.8, {"percent"})],
    "ex03.2": [
        (then("ex03.2", lambda got: got / math.log(10)), {"another base"}),
        (
            lambda a, b: -right("ex03.2")(a, b) - right("ex03.2")(b, a),
            set(),
        ),
        (lambda a, b: None, {"no return", "unanswered"}),
    ],
    "ex03.5": [
        (newton_in_the_plain, {"left the domain"}),
        (fixed_point, {"loose", "never arrived"}),
        (then("ex03.5", lambda got: np.round(got, 3)), {"rounded"}),
        (then("ex03.5", np.sum), set()),
    ],
    "ex03.6": [((921, 2.83), {"factor of two"}), (1842.0, {"a part"})],
    "ex04.1": [((4, 8), {"factor of two"}), ((1 / 3, 6), set()), ((7 / 3, 14 / 3), {"mean posterior"})],
    "ex04.2": [
        (then("ex04.2", lambda got: got[1:]), {"start missing"}),
        (then("ex04.2", lambda got: got.T), {"another shape"}),
        (then("ex04.2", lambda got: got[:, 0]), {"a part"}),
        (lambda x, n, start, rounds: right("ex04.2")(x[n > 0], n[n > 0], start, rounds), set()),
    ],
    "ex04.5": [
        (lambda t, players, x, n, a, b: (t * (a + x), t * (b + n - x)), set()),
        (lambda t, players, x, n, a, b: (a + t * x, b + t * n), {"all at-bats are outs"}),
        (then("ex04.5", lambda got: got[0]), {"a part"}),
    ],
    "ex05.1": [
        (lambda a, n: 1 - (n + 1) / a + math.log(a), set()),
        (lambda a, n: 1 - (n + 1) / a - math.log10(a), set()),
    ],
    "ex05.5": [
        (then("ex05.5", lambda got: got / 2), {"factor of two"}),
        (on("ex05.5", lambda a, b, x, n: (a, b, x[:1], n[:1])), set()),
    ],
    "ex06.4": [(one_rate, set()), (then("ex06.4", lambda got: got[::-1]), {"another order"})],
    "ex06.5": [(-69_600, {"sign"}), (30_227, {"natural logarithm"})],
    "ex07.1": [
        (then("ex07.1", np.linalg.inv), {"its inverse"}),
        (then("ex07.1", lambda got: got * [[1, 1], [1, 0]]), set()),
        (then("ex07.1", lambda got: got[::-1, ::-1]), {"another order"}),
    ],
    "ex07.5": [(1340, {"halved again"}), (25, set()), (294, set())],
    "ex08.1": [
        (on("ex08.1", lambda r, n, v, m, s: (v, n, r, m, s)), {"exchanged arguments"}),
        (
            lambda *case: None if right("ex08.1")(*case) == math.inf else right("ex08.1")(*case),
            {"no branch"},
        ),
    ],
    "ex08.2": [(first_hits_for_all, {"first player"})],
    "ex08.4": [((33.8, 47.5), {"factor of two"}), ((32.4, 5.0), {"misses"})],
    "ex08.6": [(7.124, {"its reciprocal"}), (14.04, {"per cent"}), (0.0093, set())],
    "ex09.1": [
        (lambda x, table: math.factorial(x + 1) * table[x + 1] / table[x], set()),
        (lambda x, table: (x + 1) * table[x + 1] // table[x], {"rounded up"}),
    ],
    "ex09.2": [
        (then("ex09.2", np.exp), {"its exponential"}),
        (then("ex09.2", lambda got: got[::-1]), {"another order"}),
        (
            lambda alpha, hits, outs: stats.dirichlet(
                [alpha[0] + hits / 2, alpha[1] + hits / 2, alpha[2] + outs]
            ).mean(),
            set(),
        ),
    ],
    "ex09.5": [
        (then("ex09.5", lambda got: got[:, [2, 0, 1]]), {"another order"}),
        (lambda shards: right("ex09.5")(shards[:1]), set()),
    ],
}
"""By question, as in `fresh`."""
