"""Chapter 4: right answers in many forms, and for each known slip an answer that makes it."""

from fractions import Fraction

import numpy as np
import sympy
from scipy import optimize
from scipy.special import betaln, digamma, polygamma

import betabin as bb


def logs(params, x, n):
    a, b = params
    both = digamma(a + b + n)
    return digamma(a + x) - both, digamma(b + n - x) - both


def newton(averages, start, steps=200):
    """Newton's method in logarithms, as in the chapter."""
    params = np.array(start, float)
    for _ in range(steps):
        missing = averages - (digamma(params) - digamma(params.sum()))
        slope = np.diag(polygamma(1, params)) - polygamma(1, params.sum())
        step = np.clip(np.linalg.solve(slope, missing) / params, -1, 1)
        params = params * np.exp(step)
        if np.abs(step).max() < 1e-12:
            break
    return params


def by_root(averages, start):
    """SciPy's solver on the two equations, in logarithms."""

    def missing(u):
        return digamma(np.exp(u)) - digamma(np.exp(u).sum()) - averages

    return np.exp(optimize.root(missing, np.log(start), tol=1e-13).x)


def by_search(averages, start):
    """Maximise Q without its derivatives' equations."""

    def down(u):
        a, b = np.exp(u)
        slope = digamma([a, b]) - digamma(a + b) - averages
        return betaln(a, b) - averages @ [a, b], slope * [a, b]

    found = optimize.minimize(down, np.log(newton(averages, start)) + 0.1, jac=True, tol=1e-14)
    return np.exp(found.x)


def program(e_step, m_step=newton):
    """EM from an E-step of the chapter's form and an M-step."""

    def em(x, n, start, rounds):
        path = [tuple(start)]
        for _ in range(rounds):
            path.append(m_step(np.array(e_step(path[-1], x, n)), path[-1]))
        return path

    return em


def average(params, x, n):
    log_z, log_one_minus_z = logs(params, x, n)
    return log_z.mean(), log_one_minus_z.mean()


def by_loops(params, x, n):
    """Player by player, from sums of fractions where digammas are differences."""
    a, b = params
    totals = [0.0, 0.0]
    for hits, trials in list(zip(x, n, strict=True))[::-1]:
        tail = sum(1 / (a + b + j) for j in range(trials))
        totals[0] += digamma(a) - digamma(a + b) + sum(1 / (a + j) for j in range(hits)) - tail
        totals[1] += digamma(b) - digamma(a + b) + sum(1 / (b + j) for j in range(trials - hits)) - tail
    return [total / len(x) for total in totals]


def filled_in(params, x, n):
    z = (params[0] + x) / (params[0] + params[1] + n)
    return np.log(z).mean(), np.log(1 - z).mean()


def weighted(params, x, n):
    return [np.sum(n * values) / np.sum(n) for values in logs(params, x, n)]


def remembers_the_start(x, n, start, rounds):
    averages = np.array(average(start, x, n))
    return np.array([start] + [newton(averages, start)] * rounds)


def pooled(x, n, start, rounds):
    t = np.arange(rounds + 1)
    return np.column_stack([start[0] + t * x.sum(), start[1] + t * (n - x).sum()])


right_em = program(average)
three = np.array([1, 1, 2]), np.array([5, 5, 5])
raw = three[0] / three[1]


def records(x, n, players):
    return np.full(players, x), np.full(players, n)


def round_by_round(t, players, x, n, a, b):
    return np.array(right_em(*records(x, n, players), (a, b), t)[-1])


def stopped(season=2019, pitchers=False, least=1, gain=0.01):
    """A program of our own: a, b and log-likelihood at each round until the gain is too small."""
    table = bb.load_batting(season)
    keep = (table.n >= least) & (pitchers | (table.position != "P"))
    x, n = table.x[keep], table.n[keep]
    params, path = np.ones(2), []
    while len(path) < 2 or path[-1][2] - path[-2][2] >= gain:
        path.append([*params, bb.log_likelihood(params, x, n)])
        params = newton(np.array(average(params, x, n)), params)
    return np.array(path), bb.fit_mle(x, n)


path, best = stopped(least=100)
ends = path[:, 0] + path[:, 1]
chapters, chapters_best = stopped(season=2018, least=100)
everybody, everybody_best = stopped(pitchers=True)
loose, _ = stopped(least=100, gain=4.42)
short = 100 * (1 - ends[-1] / best.concentration)


ANSWERS = {
    "ex04.1": {
        "right": [
            (2, 4),
            [Fraction(2), 4.0],
            bb.BetaParams(2, 4),
            newton(np.array([-77 / 60, -9 / 20]), (1, 1)),
            sympy.Matrix([2, 4]),
        ],
        "wrong": {
            "the averages": [Fraction(-77, 60), Fraction(-9, 20)],
            "means filled in": newton(np.array(filled_in((1, 1), *three)), (1, 1)),
            "raw averages": newton(np.array([np.log(raw).mean(), np.log(1 - raw).mean()]), (1, 1)),
            "pooled": (5, 12),
            "mean posterior": (Fraction(7, 3), Fraction(14, 3)),
            "summed": newton(np.array([-77 / 20, -27 / 20]), (1, 1)),
            "exchanged": (4, 2),
        },
    },
    "ex04.2": {
        "right": [
            right_em,
            program(by_loops),
            program(average, by_root),
            program(average, by_search),
            lambda *case: np.array(right_em(*case)),
        ],
        "wrong": {
            "same row": lambda *case: [right_em(*case)[-1]] * (case[-1] + 1),
            "columns exchanged": lambda *case: np.array(right_em(*case))[:, ::-1],
            "start missing": lambda *case: right_em(*case)[1:],
            "end alone": lambda *case: right_em(*case)[-1],
            "means filled in": program(filled_in),
            "summed": program(lambda *case: [values.sum() for values in logs(*case)]),
            "weighted": program(weighted),
            "under the start": remembers_the_start,
            "one Newton step": program(average, lambda averages, params: newton(averages, params, 1)),
            "pooled": pooled,
            "exchanged": program(lambda params, x, n: average(params, n - x, n)),
        },
    },
    "ex04.3": {
        "right": ["b", ["B"], "(b)"],
        "wrong": {"a": "a", "c": "c", "d": ["d"]},
    },
    "ex04.4": {
        "right": ["c, e", "ec", {"c", "e"}, "C and E"],
        "wrong": {"ac": "ac", "bc": "b, c", "de": ["d", "e"], "e": "e"},
    },
    "ex04.5": {
        "right": [
            lambda t, players, x, n, a, b: (a + t * x, b + t * (n - x)),
            lambda t, players, x, n, a, b: np.array([[a, b]]) + t * np.array([[x, n - x]]),
            lambda t, players, x, n, a, b: bb.BetaParams(a + x * t, b + n * t - x * t),
            round_by_round,
        ],
        "wrong": {
            "hits taken once": lambda t, players, x, n, a, b: (a + t * x, b + t * n - x),
            "exchanged": lambda t, players, x, n, a, b: (a + t * (n - x), b + t * x),
            "players counted": lambda t, players, x, n, a, b: pooled(*records(x, n, players), (a, b), t)[
                -1
            ],
            "posterior once": lambda t, players, x, n, a, b: bb.posterior((a, b), x, n),
            "pooled once": lambda t, players, x, n, a, b: bb.posterior((a, b), players * x, players * n),
            "all at-bats are outs": lambda t, players, x, n, a, b: (a + t * x, b + t * n),
            "start forgotten": lambda t, players, x, n, a, b: [t * x, t * (n - x)],
            "a round too many": lambda t, players, x, n, a, b: (a + x + t * x, b + (1 + t) * (n - x)),
        },
    },
    "ex04.6": {
        "right": [short, np.round(short, 2), [short], np.float32(short), Fraction(float(short))],
        "wrong": {
            "other season": 100 * (1 - chapters[-1, :2].sum() / chapters_best.concentration),
            "everybody": 100 * (1 - everybody[-1, :2].sum() / everybody_best.concentration),
            "share": short / 100,
            "of what was reached": 100 * (best.concentration / ends[-1] - 1),
            "round before": 100 * (1 - ends[-2] / best.concentration),
            "per player": 100 * (1 - loose[-1, :2].sum() / best.concentration),
            "log-likelihood": best.log_likelihood - path[-1, 2],
            "not in percent": best.concentration - ends[-1],
        },
    },
}
