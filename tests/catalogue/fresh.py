"""Plausible wrong answers: at least half must be named, nine in ten of those rightly.

For each question, pairs of a wrong answer and the names of the slips that would be a right diagnosis of it;
none where we know no slip for it, so that any name would be a wrong one. ``"raised"``, ``"no return"`` and
the like are what all questions know.
"""

import math

import numpy as np
from scipy import special, stats
from scipy.special import betaln, digamma, polygamma

import betabin as bb

from . import ex01, ex02, ex03, ex05, ex06, ex07, ex08, ex09

_DI, _LN = digamma, np.log


def prints(function):
    def printing(*case):
        print(function(*case))

    return printing


def own(a, b):
    return _DI(a) - _DI(a + b)


def right(module, question):
    return module.ANSWERS[question]["right"][0]


def em(e_step, x, n, start, rounds):
    path = [np.array(start, float)]
    for _ in range(rounds):
        path.append(np.array(bb.m_step(bb.ExpectedStats(*e_step(*path[-1], np.array(x), np.array(n))))))
    return np.array(path)


def logs_of(a, b, x, n):
    return _DI(a + x) - _DI(a + b + n), _DI(b + n - x) - _DI(a + b + n)


def mean_logs(a, b, x, n):
    return [values.mean() for values in logs_of(a, b, x, n)]


def bound_parts(alpha, beta, a, b, x, n):
    hit, out = _DI(a) - _DI(a + b), _DI(b) - _DI(a + b)
    ways = special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)
    prior = (alpha - 1) * hit + (beta - 1) * out - betaln(alpha, beta)
    return ways, x * hit + (n - x) * out, prior, stats.beta(a, b).entropy()


def linear_leap(points):
    return points[3] + (points[3] - points[2])


def totals(shards, kept=lambda line: True):
    found = {}
    for shard in shards:
        for player, n, x in np.asarray(shard).T.tolist():
            if kept((player, n, x)):
                old = found.get(player, (0, 0))
                found[player] = (old[0] + x, old[1] + n)
    return found


def rows(pairs):
    different = sorted(set(pairs))
    return [[*pair, pairs.count(pair)] for pair in different]


def overwritten(shards):
    x, n, seen = {}, {}, set()
    for player, at_bats, hits in np.hstack(shards).T.tolist():
        x[player], n[player] = hits, at_bats
        seen.add(player)
    return rows([(x[k], n[k]) for k in seen])


def late_error(function, when):
    def failing(*case):
        if when(*case):
            raise ZeroDivisionError("division by zero")
        return function(*case)

    return failing


def _variance(n, a, b):
    return right(ex01, "ex01.3")(n, a, b)


FRESH = {
    "ex01.1": [
        (lambda a, b: (a / (a + b)) * (a / (a + b)), {"average coin"}),
        (lambda a, b: stats.beta.mean(a, b), {"one flip"}),
        (lambda a, b: a**2 / (a + b) / (a + b + 1), set()),
        (lambda a, b: (a + 1) / (a + b + 1), set()),
        (lambda a, b: b * (b + 1) / (a + b) / (a + b + 1), {"two tails"}),
        (lambda a, b: 2 * a * b / (a + b) / (a + b + 1), {"one of each"}),
        (lambda a, b: a * b / ((a + b) ** 2 * (a + b + 1)), {"variance"}),
        (
            lambda a, b: math.gamma(a + 2) * math.gamma(a + b) / math.gamma(a) / math.gamma(a + b + 2),
            {"overflow"},
        ),
        (prints(lambda a, b: a * (a + 1) / (a + b) / (a + b + 1)), {"no return"}),
        (lambda a, b: a * (a - 1) / (a + b) / (a + b - 1), {"one less"}),
        (lambda a, b: round(a * (a + 1) / (a + b) / (a + b + 1), 3), {"rounded"}),
    ],
    "ex01.2": [("a", {"a"}), ("C.", {"c"}), (["d"], {"d"})],
    "ex01.3": [
        (lambda n, a, b: a * b / ((a + b) ** 2 * (a + b + 1)), {"talent alone"}),
        (lambda n, a, b: (a / (a + b)) * (b / (a + b)) / n, {"binomial"}),
        (lambda n, a, b: n * a * b * (a + b + n) / ((a + b) ** 2 * (a + b + 1)), {"of the count"}),
        (lambda n, a, b: a * b * (a + b + n) / ((a + b) ** 2 * (a + b + 1)), {"divided once"}),
        (lambda n, a, b: _variance(n, a, b) ** 0.5, {"standard deviation"}),
        (lambda n, a, b: a * b / (n * (a + b) * (a + b + 1)), {"luck alone"}),
        (lambda n, a, b: a * b * (a + b + n) / (n * (a + b) ** 2), set()),
        (lambda n, a, b: a * b * (a + b + 1) / (n * (a + b) ** 2 * (a + b + n)), set()),
        (lambda n, a, b: -_variance(n, a, b), {"sign"}),
    ],
    "ex01.4": [
        (lambda x, n, a, b: betaln(a + x, b + n - x) - betaln(a, b), {"no ways"}),
        (lambda x, n, a, b: np.log2(np.exp(1)) * ex01.by_factors(x, n, a, b), {"bits"}),
        (lambda x, n, a, b: ex01.by_factors(n - x, n, a, b), {"heads and tails"}),
        (lambda x, n, a, b: stats.binom.logpmf(x, n, a / (a + b)), {"binomial"}),
        (lambda x, n, a, b: math.exp(ex01.by_factors(x, n, a, b)), {"no logarithm"}),
        (lambda x, n, a, b: math.log(math.comb(n, x)) + betaln(a + x, b + n - x) + betaln(a, b), set()),
        (lambda x, n, a, b: math.log(math.comb(n, x)) + betaln(a + x, b + n) - betaln(a, b), set()),
        (
            lambda x, n, a, b: (
                special.gammaln(n + 1)
                - special.gammaln(x + 1)
                - special.gammaln(n - x + 1)
                + special.gammaln(a + x)
                + special.gammaln(b + n - x)
                - special.gammaln(a + b + n)
                + special.gammaln(a + b)
                - special.gammaln(a)
                - special.gammaln(b)
            ),
            {"large numbers cancel"},
        ),
        (
            lambda x, n, a, b: np.log(stats.betabinom.pmf(x, n, a, b)),
            {"both extremes", "underflow", "large numbers cancel"},
        ),
        (prints(ex01.by_factors), {"no return"}),
    ],
    "ex01.6": [
        (71, {"real season"}),
        (72, {"one season"}),
        (58, {"one season"}),
        (21.75, {"identical players"}),
        (15.2, {"share"}),
        (0.1521, {"share"}),
        (435 - 66.2, {"inside"}),
        (103.7, set()),
        (5, set()),
        (19.5, {"true averages"}),
    ],
    "ex02.1": [
        ([118.4, 41.6], {"swapped"}),
        ([41.6, 158.4], {"after the streak"}),
        ([0.26, 160], {"mean and concentration"}),
        ([160, 0.26], {"mean and concentration"}),
        ([10.4, 29.6], {"as heavy as the streak", "another weight"}),
        ([26, 74], {"another weight"}),
        ([33.28, 126.72], set()),
        ([52, 148], {"another weight"}),
        ([8.32, 31.68], set()),
        ([42, 118], {"rounded"}),
    ],
    "ex02.4": [
        (lambda z, p, x, n: p * z**x * (1 - z) ** (n - x), {"not normalised"}),
        (
            lambda z, p, x, n: z**x * (1 - z) ** (n - x) / np.sum(z**x * (1 - z) ** (n - x)),
            {"no prior", "underflow"},
        ),
        (lambda z, p, x, n: ex02.weights_in_logs(z, p, n - x, n), {"hits and outs"}),
        (lambda z, p, x, n: ex02.weights_in_logs(z, p * p, x, n), set()),
        (
            lambda z, p, x, n: p * stats.binom.pmf(x, n, z) / sum(p * stats.binom.pmf(x, n, z)),
            {"underflow"},
        ),
        (lambda z, p, x, n: ex02.weights_in_logs(z, p, x, n)[::-1], set()),
        (lambda z, p, x, n: ex02.weights_in_logs(z, p, x, n + x), set()),
        (lambda z, p, x, n: np.cumsum(ex02.weights_in_logs(z, p, x, n)), set()),
    ],
    "ex03.2": [
        (lambda a, b: a / (a + b) * own(a, b), {"product of averages"}),
        (lambda a, b: a / (a + b) * _LN(a / (a + b)), {"at the mean"}),
        (lambda a, b: a / (a + b) * own(a + 1, b) / _LN(2), {"bits"}),
        (lambda a, b: own(a + 1, b), {"constant lost"}),
        (lambda a, b: b / (a + b) * own(b + 1, a), {"other side"}),
        (lambda a, b: own(a, b), {"log alone"}),
        (lambda a, b: a / (a + b) * (_DI(a + 1) - _DI(a + b)), {"total not raised"}),
        (lambda a, b: a / (a + b) * own(a + 1, b + 1), set()),
        (lambda a, b: a / (a + b) * own(a + 1, b) + b / (a + b) * own(b + 1, a), set()),
        (lambda a, b: -a / (a + b) * own(a + 1, b), {"minus"}),
    ],
    "ex03.1": [("a", {"a"}), ("(c)", {"c"}), ("d", {"d"})],
    "ex03.4": [
        ([-1, -1, 0], {"no mixed term"}),
        ([-1, -1, 2], {"flat"}),
        ([-1, -1, 1], {"concave"}),
        ([1, -1, 0], {"not both negative"}),
        ([1, 1, 3], {"not both negative"}),
        ([-2, -3, -1], {"concave"}),
    ],
    "ex03.5": [
        (lambda hit, out: ex03.in_logs(hit, out)[::-1], {"exchanged"}),
        (lambda hit, out: np.log(ex03.in_logs(hit, out)), {"logarithms"}),
        (lambda hit, out: np.round(ex03.in_logs(hit, out), 6), {"rounded", "never arrived"}),
        (lambda hit, out: np.exp([hit, out]), set()),
        (lambda hit, out: (sum(ex03.in_logs(hit, out)), ex03.in_logs(hit, out)[0]), set()),
        (lambda hit, out: bb.m_step((hit, out)), {"shortcut"}),
        (prints(ex03.in_logs), {"no return"}),
    ],
    "ex03.6": [
        ([799.9, 0.4], set()),
        ([1842, 6], {"rounded", "first alone"}),
        ([6, 1842], {"exchanged"}),
        ([0.99875, 0.69], {"share kept"}),
        ([800.1, 2.7], {"natural logarithm"}),
        ([1842, 0.92], {"large concentrations", "first alone"}),
    ],
    "ex04.1": [
        ([1.0, 2.0], set()),
        (np.array([11 / 3, 13 / 3]) - 1, set()),
        ([5, 12], {"pooled"}),
        ([7 / 3, 14 / 3], {"mean posterior"}),
        (np.array([2 + 1 / 3, 4 + 2 / 3])[::-1], set()),
        (np.array(bb.m_step(bb.e_step((1, 1), [1, 1, 2], [5, 5, 5])))[::-1], {"exchanged"}),
        (np.array(bb.e_step((1, 1), [1, 1, 2], [5, 5, 5])), {"the averages"}),
        (np.array(bb.m_step(bb.e_step((1, 1), [4, 4, 3], [5, 5, 5]))), {"exchanged"}),
    ],
    "ex04.2": [
        (lambda *case: em(mean_logs, *case)[1:], {"start missing"}),
        (lambda *case: em(mean_logs, *case)[-1], {"end alone"}),
        (lambda *case: em(mean_logs, *case)[::-1], set()),
        (lambda *case: [em(mean_logs, *case)[-1]] * (case[-1] + 1), {"same row"}),
        (lambda x, n, start, rounds: em(mean_logs, n - x, n, start, rounds), {"exchanged"}),
        (lambda *case: em(lambda a, b, x, n: [v.sum() for v in logs_of(a, b, x, n)], *case), {"summed"}),
        (
            lambda *case: em(
                lambda a, b, x, n: [np.average(v, weights=n) for v in logs_of(a, b, x, n)], *case
            ),
            {"weighted"},
        ),
        (lambda *case: em(mean_logs, *case).T, set()),
        (lambda *case: em(lambda a, b, x, n: [np.median(v) for v in logs_of(a, b, x, n)], *case), set()),
        (prints(lambda *case: em(mean_logs, *case)), {"no return"}),
    ],
    "ex04.5": [
        (lambda t, p, x, n, a, b: (a + t * x, b + t * n - x), {"hits taken once"}),
        (lambda t, p, x, n, a, b: (a + x, b + n - x), {"posterior once"}),
        (lambda t, p, x, n, a, b: (a + t * p * x, b + t * p * (n - x)), {"players counted"}),
        (lambda t, p, x, n, a, b: (a + t * x, b + t * n), {"all at-bats are outs"}),
        (lambda t, p, x, n, a, b: (b + t * (n - x), a + t * x), {"exchanged"}),
        (lambda t, p, x, n, a, b: (t * (a + x), t * (b + n - x)), set()),
        (lambda t, p, x, n, a, b: (a + (t - 1) * x, b + (t - 1) * (n - x)), {"a round too many"}),
        (lambda t, p, x, n, a, b: a + t * x, set()),
    ],
    "ex05.1": [
        (lambda a, n: n * (_DI(a) - _DI(a + 1)), {"no entropy"}),
        (lambda a, n: -math.log(n + 1), {"logarithm outside"}),
        (lambda a, n: (n - a + 1) * math.log(a / (a + 1)) - math.log(a), {"log of the mean"}),
        (lambda a, n: -(n - a + 1) / a, {"factor forgotten"}),
        (lambda a, n: (n - a + 1) / a + math.log(a), {"sign"}),
        (lambda a, n: -n / a + (a - 1) / a + math.log(a), set()),
        (lambda a, n: -n / (a + 1) - math.log(a), set()),
    ],
    "ex05.2": [
        (lambda *case: np.sum(sum(bound_parts(*case)[1:])), {"no ways"}),
        (lambda *case: np.sum(sum(bound_parts(*case)[:3])), {"no entropy"}),
        (
            lambda *case: np.sum(sum(bound_parts(*case))) - 2 * np.sum(bound_parts(*case)[3]),
            {"entropy subtracted"},
        ),
        (lambda *case: np.mean(sum(bound_parts(*case))), {"per player"}),
        (lambda *case: sum(bound_parts(*case)), {"one by one"}),
        (lambda *case: np.sum(sum(bound_parts(*case)[1:3])), set()),
        (lambda *case: bb.lower_bound(case[:2], case[2:4], *case[4:]), {"shortcut"}),
        (lambda *case: bb.log_likelihood(case[:2], *case[4:]), {"posterior's"}),
    ],
    "ex05.5": [
        (lambda a, b, x, n: right(ex05, "ex05.5")(a, b, x, n) / len(x), {"per player"}),
        (lambda a, b, x, n: right(ex05, "ex05.5")(a, b, x, n) / (a + b), {"not in the logarithm"}),
        (lambda a, b, x, n: -right(ex05, "ex05.5")(a, b, x, n), {"downhill"}),
        (
            lambda a, b, x, n: [
                np.sum(v) - len(x) * own(*p)
                for v, p in zip(logs_of(a, b, x, n), ((a, b), (b, a)), strict=True)
            ],
            {"gradient"},
        ),
        (
            lambda a, b, x, n: sum(
                np.sum(v) - len(x) * own(*p)
                for v, p in zip(logs_of(a, b, x, n), ((a, b), (b, a)), strict=True)
            ),
            {"no chain rule"},
        ),
        (lambda a, b, x, n: b * right(ex05, "ex05.5")(a, b, x, n), set()),
    ],
    "ex06.2": [
        (lambda g, r: g * r / (1 - r), {"distance"}),
        (lambda g, r: g / (1 - r**2), {"before the round"}),
        (lambda g, r: g / (1 - r), {"before, distance"}),
        (lambda g, r: g * r * r, {"next gain"}),
        (lambda g, r: g * r, {"next gain"}),
        (lambda g, r: g * r**2 / (1 - r), {"squared above only"}),
        (lambda g, r: g * (1 - r**2) / r**2, set()),
        (lambda g, r: g * r**2 / (1 + r**2), set()),
        (lambda g, r: g, {"last gain"}),
    ],
    "ex06.4": [
        (linear_leap, set()),
        (lambda p: p[-1], {"last point"}),
        (lambda p: ex06.aitken(p[1:]), {"one rate each"}),
        (lambda p: p.mean(axis=0), set()),
        (lambda p: ex06.by_matrix(p)[::-1], set()),
        (ex06.transposed, {"rows for columns"}),
        (prints(ex06.by_matrix), {"no return"}),
        (lambda p: ex06.squarem(p), {"one number for both"}),
    ],
    "ex06.5": [
        (795, {"price of EM"}),
        (0.999967, {"rate"}),
        (30_300, {"natural logarithm"}),
        (34_850, {"digit of log-likelihood"}),
        (55_000, {"inexact"}),
        (1000, set()),
        (1.2e6, set()),
        (0.5, set()),
        (0.025, set()),
        (87.6, {"ratio"}),
    ],
    "ex06.6": [
        (lambda x, n: ex06.report(x, n)[::-1], {"exchanged"}),
        (lambda x, n: [np.std(x / n)] * 2, {"raw averages"}),
        (lambda x, n: np.square(ex06.report(x, n)), {"variance"}),
        (lambda x, n: ex06.report(x, n, two_point=ex06.pooled_deviation(x, n)), {"pooled"}),
        (lambda x, n: ex06.report(x, n)[0], set()),
    ],
    "ex07.1": [
        (lambda a, b: -np.array(right(ex07, "ex07.1")(a, b), float), {"second derivatives"}),
        (lambda a, b: np.diag(np.diag(np.array(right(ex07, "ex07.1")(a, b), float))), {"no cross term"}),
        (lambda a, b: np.linalg.inv(np.array(right(ex07, "ex07.1")(a, b), float)), set()),
        (lambda a, b: np.abs(np.array(right(ex07, "ex07.1")(a, b), float)), set()),
        (lambda a, b: np.array(right(ex07, "ex07.1")(b, a), float), set()),
        (lambda a, b: np.array([[polygamma(1, a), 0], [0, polygamma(1, b)]]), set()),
    ],
    "ex07.2": [
        (lambda a, b, z: ex07.covariances(ex07.logs(z)), {"missing alone"}),
        (lambda a, b, z: -ex07.by_players(a, b, z), {"other way round"}),
        (lambda a, b, z: z.shape[1] * ex07.prior_part(a, b), {"complete alone"}),
        (
            lambda a, b, z: z.shape[1] * (ex07.prior_part(a, b) - np.cov(_LN([z.mean(0), 1 - z.mean(0)]))),
            {"log of mean draws"},
        ),
        (lambda a, b, z: z.shape[1] * ex07.prior_part(a, b) + ex07.covariances(ex07.logs(z)), set()),
    ],
    "ex07.4": [
        (lambda x, n: ex07.lower_end(x, n, 5.02), {"another quantile"}),
        (lambda x, n: ex07.lower_end(x, n, 1.96), {"another quantile"}),
        (lambda x, n: ex07.lower_end(x, n, 2.71), {"level of the test"}),
        (lambda x, n: ex07.lower_end(x, n, 7.68), {"a factor of two"}),
        (lambda x, n: 1 / ex07.lower_end(x, n), set()),
        (lambda x, n: ex07.lower_end(x, n, 5.99), set()),
        (lambda x, n: math.log(ex07.lower_end(x, n)), {"logarithm"}),
        (lambda x, n: ex07.lower_end(x, n, 1), {"one standard error"}),
    ],
    "ex07.6": [
        (lambda x, n, rng: right(ex07, "ex07.6")(x, n, rng) / 2, {"halved"}),
        (lambda x, n, rng: 1 - right(ex07, "ex07.6")(x, n, rng), set()),
        (lambda x, n, rng: right(ex07, "ex07.6")(x, n, np.random.default_rng(1)), {"own generator"}),
        (ex07.tossed, {"tossed anew"}),
        (lambda x, n, rng: bb.overdispersion_test(x, n).pvalue, {"large samples"}),
    ],
    "ex08.1": [
        (lambda raw, n, rival, mean, s: n, {"same at-bats"}),
        (lambda raw, n, rival, mean, s: n * raw / rival, {"same hits"}),
        (lambda raw, n, rival, mean, s: n / (n + s) * (raw - mean) / (rival - mean), {"weight"}),
        (lambda raw, n, rival, mean, s: n * (raw - mean) / (rival - mean), {"same hits above the mean"}),
        (late_error(ex08.by_excess, lambda raw, n, rival, mean, s: raw == 0.5), {"exactly never"}),
        (lambda raw, n, rival, mean, s: s * raw / (1 - raw), set()),
        (lambda *case: np.ceil(ex08.by_excess(*case)), {"rounded up"}),
        (lambda raw, n, rival, mean, s: (n + s) * raw / rival - s, set()),
    ],
    "ex08.2": [
        (lambda x, n, rng: x / 2, {"no luck"}),
        (lambda x, n, rng: rng.binomial(n // 2, x / n), {"drawn anew"}),
        (lambda x, n, rng: rng.hypergeometric(x, n - x, n - n // 2), {"other half"}),
        (lambda x, n, rng: rng.binomial(x, 0.5), {"coin for each hit"}),
        (lambda x, n, rng: np.random.default_rng(0).hypergeometric(x, n - x, n // 2), {"same again"}),
        (lambda x, n, rng: np.random.default_rng().hypergeometric(x, n - x, n // 2), {"own generator"}),
        (lambda x, n, rng: rng.hypergeometric(x[0], n[0] - x[0], n[0] // 2, len(x)), {"first player"}),
        (lambda x, n, rng: rng.hypergeometric(n - x, x, n // 2), {"outs"}),
        (lambda x, n, rng: np.rint(rng.normal(x * (n // 2) / n, np.sqrt(x / 4))), set()),
        (lambda x, n, rng: rng.permutation(x) // 2, set()),
    ],
    "ex08.4": [
        ([94.8, 61.1], {"the truly best"}),  # the ten truly worst
        ([95.4, 95.2], {"all players"}),  # those who came to bat most often
        ([70.6, 95.1], {"by the estimate"}),
        ([48.6, 89.8], set()),  # intervals of 90 %
        ("68.2 %, 5.1 %", set()),
    ],
    "ex08.6": [
        (14.04, {"per cent"}),
        (0.86, {"fewer"}),
        (0.131, {"more than"}),
        (0.0059, {"plug-in"}),
        (0.236, {"the other prior"}),
        (0.5, set()),
        (0.0527, {"some player"}),
    ],
    "ex09.1": [
        (lambda x, t: t[x + 1] / t[x], {"no factor"}),
        (lambda x, t: x, {"so far"}),
        (lambda x, t: t[x] / t[x + 1] / (x + 1), {"upside down"}),
        (lambda x, t: (x + 1) * t[x + 1] / sum(t), {"not given x"}),
        (lambda x, t: x * t[x + 1] / t[x], {"factor of x"}),
        (lambda x, t: (x + 1) * t[x] / t[x + 1], set()),
        (lambda x, t: x + 1, set()),
        (lambda x, t: (x + 2) * t[x + 1] / t[x], set()),
    ],
    "ex09.2": [
        (lambda alpha, h, o: ex09.by_factors(alpha, o, h), {"hits and outs"}),
        (lambda alpha, h, o: _DI(alpha) - _DI(alpha.sum()), {"prior alone"}),
        (lambda alpha, h, o: _DI(alpha + np.array([h / 2, h / 2, o])) - _DI(alpha.sum() + h + o), set()),
        (lambda alpha, h, o: _DI(alpha + np.array([h, h, o])) - _DI(alpha.sum() + h + o), {"all to each"}),
        (lambda alpha, h, o: np.exp(ex09.by_factors(alpha, h, o)), set()),
        (lambda alpha, h, o: ex09.by_factors(alpha, h, o)[:2], set()),
        (lambda alpha, h, o: np.asarray(ex09.by_factors(alpha, h, o))[[1, 0, 2]], {"another order"}),
    ],
    "ex09.3": [
        ([90, 80], {"swapped"}),
        ([2, 80], {"surely weak"}),
        ([30, 100], {"surely not weak"}),
        ([1, 10], {"no record"}),
        ([10.5, 80], {"no record"}),
    ],
    "ex09.5": [
        (lambda shards: rows([pair for pair in totals(shards).values() if pair[1]]), {"never at bat"}),
        (lambda shards: rows(list(totals(shards, lambda line: line[2] > 0).values())), set()),
        (
            lambda shards: rows([pair for shard in shards for pair in totals([shard]).values()]),
            {"by shard"},
        ),
        (lambda shards: [row[::-1] for row in rows(list(totals(shards).values()))], set()),
        (lambda shards: rows(list(totals(shards).values()))[::-1], {"order"}),
        (overwritten, {"lost lines"}),
        (lambda shards: [[x, n, 1] for x, n in sorted(totals(shards).values())], {"not counted"}),
        (lambda shards: rows(list(totals(shards[:1]).values())), set()),
    ],
}
