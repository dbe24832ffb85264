"""Chapter 7: right answers in many forms, and for each known slip an answer that makes it."""

import math
from fractions import Fraction
from functools import cache

import numpy as np
from scipy import optimize, stats
from scipy.special import digamma, polygamma

import betabin as bb


def by_fractions(a, b):
    a, b = Fraction(a), Fraction(b)
    t = 1 / (a + b) ** 2 + 1 / (a + b + 1) ** 2
    return [[1 / a**2 + 1 / (a + 1) ** 2 - t, -t], [-t, -t]]


def by_trigammas(a, b):
    hits, trials = (polygamma(1, v) - polygamma(1, v + 2) for v in (a, a + b))
    return np.array([[hits, 0], [0, 0]]) - trials


def by_complex_steps(a, b):
    """A derivative of the gradient without a difference: one step along the imaginary axis."""

    def gradient(a, b):
        trials = 1 / (a + b) + 1 / (a + b + 1)
        return np.array([1 / a + 1 / (a + 1) - trials, -trials])

    return -np.array([gradient(a + 1e-20j, b).imag, gradient(a, b + 1e-20j).imag]) / 1e-20


def entries(hits, trials):
    return np.array([[hits - trials, -trials], [-trials, -trials]])


def prior_part(a, b):
    return np.diag(polygamma(1, [a, b])) - polygamma(1, a + b)


def logs(z):
    return np.stack([np.log(z), np.log1p(-z)])


def covariances(values):
    """Of two arrays, draws by players, summed over players."""
    centred = values - values.mean(axis=1, keepdims=True)
    return np.einsum("kdp,ldp->kl", centred, centred) / values.shape[1]


def by_players(a, b, z):
    return z.shape[1] * prior_part(a, b) - covariances(logs(z))


def summed_first(a, b, z):
    """The complete-data slope of each draw, and how much it varies."""
    return z.shape[1] * prior_part(a, b) - np.cov(logs(z).sum(axis=2))


def by_moments(a, b, z):
    """In lists at the end, and without centring."""
    first, second = logs(z)
    pairs = [
        (u * v).mean(axis=0) - u.mean(axis=0) * v.mean(axis=0)
        for u in (first, second)
        for v in (first, second)
    ]
    return (z.shape[1] * prior_part(a, b) - np.sum(pairs, axis=1).reshape(2, 2)).tolist()


@cache
def where_the_drop_is(x, n, limit, mean_held):
    """The mean by the slope's root, the probabilities by SciPy."""
    x, n = np.array(x), np.array(n)
    fit = bb.fit_mle(x, n)

    def height(mean, s):
        return stats.betabinom.logpmf(x, n, mean * s, (1 - mean) * s).sum()

    def slope(mean, s):
        a, b = mean * s, (1 - mean) * s
        return np.sum(digamma(a + x) - digamma(a) - digamma(b + n - x) + digamma(b))

    def excess(log_s):
        s = math.exp(log_s)
        mean = fit.mean if mean_held else optimize.brentq(slope, 1e-6, 1 - 1e-6, args=(s,))
        return fit.log_likelihood - height(mean, s) - limit / 2

    return math.exp(optimize.brentq(excess, -7, min(math.log(fit.concentration), 12)))


def lower_end(x, n, limit=3.841459, mean_held=False):
    return where_the_drop_is(tuple(x.tolist()), tuple(n.tolist()), limit, mean_held)


def by_wald(x, n):
    fit = bb.fit_mle(x, n)
    return fit.concentration / math.exp(1.96 * bb.standard_errors(fit, x, n).log_concentration)


def inside_only(x, n):
    if bb.fit_mle(x, n).status != "interior":
        raise ValueError("f(a) and f(b) must have different signs")
    return lower_end(x, n)


def spread(hits, n, p):
    return np.sum((hits - n * p) ** 2, axis=-1)


def deal(x, n, rng, size=40_000):
    return rng.multivariate_hypergeometric(n, x.sum(), size=size)


def by_urn(x, n, rng, compare=np.greater_equal):
    p = x.sum() / n.sum()
    return np.mean(compare(spread(deal(x, n, rng), n, p), spread(x, n, p)))


def by_cards(x, n, rng):
    """A card for each at-bat, shuffled."""
    cards = np.tile(np.repeat([1, 0], [x.sum(), (n - x).sum()]), (30_000, 1))
    dealt = np.add.reduceat(rng.permuted(cards, axis=1), np.cumsum(n) - n, axis=1)
    p = x.sum() / n.sum()
    return [np.mean(spread(dealt, n, p) > spread(x, n, p) - 1e-6)]


def by_tarone(x, n, rng):
    """With the statistic itself, standardised as in the chapter."""
    p, q = x.sum() / n.sum(), 1 - x.sum() / n.sum()
    size = np.sqrt(2 * np.sum(n * (n - 1)))
    real, dealt = ((spread(h, n, p) / (p * q) - n.sum()) / size for h in (x, deal(x, n, rng)))
    return float(np.mean(dealt >= real - 1e-9))


def tossed(x, n, rng):
    p = x.sum() / n.sum()
    return np.mean(spread(rng.binomial(n, p, (40_000, n.size)), n, p) >= spread(x, n, p))


def by_players_shuffled(x, n, rng):
    p = x.sum() / n.sum()
    hits = rng.permuted(np.tile(x, (20_000, 1)), axis=1)
    return np.mean(spread(hits, n, p) >= spread(x, n, p))


def by_likelihood_ratio(x, n, rng):
    null = stats.binom.logpmf(x, n, x.sum() / n.sum()).sum()
    return 0.5 * stats.chi2.sf(2 * max(0, bb.fit_mle(x, n).log_likelihood - null), 1)


ANSWERS = {
    "ex07.1": {
        "right": [by_fractions, by_trigammas, by_complex_steps],
        "wrong": {
            "second derivatives": lambda a, b: -by_trigammas(a, b),
            "first derivatives": lambda a, b: entries(1 / a + 1 / (a + 1), 1 / (a + b) + 1 / (a + b + 1)),
            "same pull twice": lambda a, b: entries(2 / a**2, 2 / (a + b) ** 2),
            "no cross term": lambda a, b: by_trigammas(a, b) * np.eye(2),
            "sign of the cross term": lambda a, b: by_trigammas(a, b) * [[1, -1], [-1, 1]],
            "made positive": lambda a, b: by_trigammas(a, b) * [[1, 1], [1, -1]],
            "at-bats forgotten": lambda a, b: [[1 / a**2 + 1 / (a + 1) ** 2, 0], [0, 0]],
        },
    },
    "ex07.2": {
        "right": [by_players, summed_first, by_moments],
        "wrong": {
            "log of mean draws": lambda a, b, z: (
                len(z.T) * (prior_part(a, b) - np.cov(logs(z.mean(axis=0))))
            ),
            "missing alone": lambda a, b, z: covariances(logs(z)),
            "complete alone": lambda a, b, z: len(z.T) * prior_part(a, b),
            "other way round": lambda a, b, z: -by_players(a, b, z),
            "one player complete": lambda a, b, z: prior_part(a, b) - covariances(logs(z)),
            "missing averaged": lambda a, b, z: (
                len(z.T) * prior_part(a, b) - covariances(logs(z)) / len(z.T)
            ),
            "no logarithms": lambda a, b, z: (
                len(z.T) * prior_part(a, b) - covariances(np.stack([z, 1 - z]))
            ),
            "players pooled": lambda a, b, z: (
                len(z.T) * (prior_part(a, b) - np.cov(logs(z).reshape(2, -1)))
            ),
            "between players": lambda a, b, z: len(z.T) * (prior_part(a, b) - np.cov(logs(z).mean(axis=1))),
        },
    },
    "ex07.3": {
        "right": ["b, d, e", "BDE", ["e", "b", "d"], {"b", "d", "e"}],
        "wrong": {"ab": "a, b", "bc": "cb", "bdef": "b, d, e, f", "bd": "b, d", "e": "e"},
    },
    "ex07.4": {
        "right": [
            lower_end,
            lambda x, n: np.array([lower_end(x, n, 3.84)]),
            lambda x, n: Fraction(lower_end(x, n)).limit_denominator(10**6),
        ],
        "wrong": {
            "another quantile": lambda x, n: lower_end(x, n, 5.0239),
            "a factor of two": lambda x, n: lower_end(x, n, 2 * 3.841),
            "one standard error": lambda x, n: lower_end(x, n, 1),
            "level of the test": lambda x, n: lower_end(x, n, 2.7055),
            "mean held": lambda x, n: lower_end(x, n, mean_held=True),
            "logarithm": lambda x, n: np.log(lower_end(x, n)),
            "parabola": by_wald,
            "only with a maximum": inside_only,
        },
    },
    "ex07.5": {
        "right": [1080, 1100, 1050.0, np.int64(1130), [Fraction(2150, 2)]],
        "wrong": {
            "both tails": 850,
            "all batters together": 18 * 1080,
            "median": 83,
            "failures dropped": 45,
            "as many as the concentration": 793,
            "a share": 0.55,
            "halved again": 1340,
            "too few leagues": 1250,
        },
    },
    "ex07.6": {
        "right": [by_urn, by_cards, by_tarone],
        "wrong": {
            "ties lost": lambda x, n, rng: by_urn(x, n, rng, np.greater),
            "other tail": lambda x, n, rng: by_urn(x, n, rng, np.less_equal),
            "halved": lambda x, n, rng: by_urn(x, n, rng) / 2,
            "players shuffled": by_players_shuffled,
            "tossed anew": tossed,
            "large samples": lambda x, n, rng: bb.overdispersion_test(x, n).pvalue,
            "likelihood ratio": by_likelihood_ratio,
        },
    },
}
