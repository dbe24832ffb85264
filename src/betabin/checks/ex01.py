"""Chapter 1, the model: what is asked, and which slips are known."""

import math
from functools import cache

import numpy as np
from scipy import special, stats

from betabin.checks._seasons import regulars
from betabin.checks.kinds import Choice, Function, Number, Option, Slip
from betabin.model import log_likelihood, log_pmf

_LEAGUE = (25, 75)
_TRUTH = (100, 300)


def _moments(n, params):
    """Mean and variance of X / n, by summing over all counts."""
    share = np.arange(n + 1) / n
    chance = np.exp(log_pmf(np.arange(n + 1), n, params))
    mean = chance @ share
    return mean, chance @ (share - mean) ** 2


# ex01.1: two heads in two flips


def _pairs(rng):
    return [
        (2.0, 2.0),
        (1.0, 3.0),
        (0.5, 4.5),
        (100.0, 300.0),
        *map(tuple, rng.uniform(0.2, 20, (3, 2)).tolist()),
    ]


_WITHOUT = ("betabin.log_pmf", "betabin.log_likelihood", "scipy.stats.betabinom")
# What a product of factors does without.
_SPECIAL = (
    *(f"scipy.special.{name}" for name in ("gamma", "gammaln", "loggamma", "beta", "betaln", "poch")),
    "math.gamma",
    "math.lgamma",
    "scipy.integrate.quad",
)


def _both_heads(a, b):
    return math.exp(log_pmf(2, 2, (a, b)))


# ex01.2: four times as many at-bats


def _shrinks():
    """By what factor the spread of raw averages changes from 100 to 400 at-bats."""
    return math.sqrt(_moments(400, _LEAGUE)[1] / _moments(100, _LEAGUE)[1])


# ex01.3: variance of a raw average


def _leagues(rng):
    drawn = zip(rng.integers(2, 60, 3).tolist(), rng.uniform(0.5, 30, (3, 2)).tolist(), strict=True)
    return [(10, 2.0, 2.0), (1, 3.0, 9.0), *((n, *params) for n, params in drawn)]


def _spread(n, a, b):
    return _moments(n, (a, b))[1]


def _talent(n, a, b):
    return _both_heads(a, b) - (a / (a + b)) ** 2


def _luck(n, a, b):
    return _spread(n, a, b) - _talent(n, a, b)


def _all_alike(n, a, b):
    return a * b / (a + b) ** 2 / n


# ex01.4: the log-probability


def _counts(rng):
    cases = [(3, 10, 2.0, 2.0), (0, 5, 0.5, 1.5), (7, 7, 3.0, 1.0), (0, 0, 2.0, 5.0)]
    for n in rng.integers(1, 80, 4).tolist():
        cases.append((int(rng.integers(0, n + 1)), n, *rng.uniform(0.3, 40, 2).tolist()))
    return [*cases, (700, 3000, 20.0, 60.0), (13, 50, 2e10, 6e10), (30, 100, 1e12, 3e12)]


def _log_probability(x, n, a, b):
    return log_pmf(x, n, (a, b))


def _log_ways(x, n):
    return math.log(math.comb(n, x))


def _not_divided(x, n, a, b):
    """Without the prior's Beta function."""
    return log_pmf(x, n, (a, b)) + special.betaln(a, b)


# ex01.6: how many players the model puts outside the funnel


@cache
def _season():
    """Hits and at-bats of the regulars of 2018, their pooled average, and the funnel's half-widths."""
    x, n = regulars(2018)
    p = x.sum() / n.sum()
    return x, n, p, 1.96 * np.sqrt(p * (1 - p) / n)


def _count_outside(chance_of):
    """Expected number of players outside, from a function that gives the chance of each count."""
    _, n, p, half = _season()
    trials, half = np.repeat(n, n + 1), np.repeat(half, n + 1)
    hits = np.concatenate([np.arange(k + 1) for k in n])
    outside = np.abs(hits / trials - p) > half
    return float(chance_of(hits[outside], trials[outside]).sum())


@cache
def _expected_outside():
    return _count_outside(lambda hits, trials: np.exp(log_pmf(hits, trials, _TRUTH)))


@cache
def _outside_by_luck():
    return _count_outside(lambda hits, trials: stats.binom.pmf(hits, trials, _season()[2]))


def _outside_really():
    x, n, p, half = _season()
    return np.sum(np.abs(x / n - p) > half)


def _share_outside():
    return _expected_outside() / _season()[1].size


def _inside():
    return _season()[1].size - _expected_outside()


def _true_averages_outside():
    _, _, p, half = _season()
    return np.sum(stats.beta.cdf(p - half, *_TRUTH) + stats.beta.sf(p + half, *_TRUTH))


QUESTIONS = {
    "ex01.1": Function(
        points=2,
        name="two_heads",
        arguments=("alpha", "beta"),
        cases=_pairs,
        want=_both_heads,
        forbidden=(*_WITHOUT, *_SPECIAL),
        slips=(
            Slip(
                "average coin",
                "This flips the average coin twice. The coin is drawn once, and a coin that showed heads "
                "is probably a better one than the average: its flips are not independent of each other.",
                hint=1,
                gives=lambda a, b: (a / (a + b)) ** 2,
            ),
            Slip(
                "one flip",
                "This is the chance of heads in one flip. A second flip can also fail, unless every coin "
                "always falls on the same side.",
                hint=1,
                gives=lambda a, b: a / (a + b),
            ),
            Slip(
                "variance",
                "This is the variance of Z. Look again at what the integral over z holds: nothing is "
                "subtracted.",
                hint=1,
                gives=lambda a, b: _talent(2, a, b),
            ),
            Slip(
                "same total",
                "Nearly: seeing a head raises alpha by one for the second flip. What happens to alpha + "
                "beta?",
                hint=2,
                gives=lambda a, b: a * (a + 1) / (a + b) ** 2,
                points=1,
            ),
            Slip(
                "at least one",
                "This is the chance of at least one head in two flips; we ask for heads in both.",
                hint=1,
                gives=lambda a, b: 1 - math.exp(log_pmf(0, 2, (a, b))),
            ),
            Slip(
                "one of each",
                "This is E[Z (1 - Z)] or twice that: one head and one tail. We ask for heads in both.",
                hint=1,
                gives=[lambda a, b, k=k: math.exp(log_pmf(1, 2, (a, b))) / k for k in (1, 2)],
            ),
            Slip(
                "two tails",
                "Heads and tails are exchanged: it is alpha that goes with heads.",
                gives=lambda a, b: _both_heads(b, a),
                points=1,
            ),
            Slip(
                "one less",
                "Nearly: this takes the head out of the bag. A head that was seen makes another one more "
                "probable: what does it do to alpha, and to the sum?",
                hint=2,
                gives=lambda a, b: a * (a - 1) / ((a + b) * (a + b - 1)),
                points=1,
            ),
            Slip(
                "overflow",
                "Right for a small bag. In the book's own, Beta(100, 300), a number on the way is too "
                "large for a float: cancel the gamma functions on paper.",
                hint=2,
                right_on=lambda a, b: a + b < 150,
                points=1,
            ),
        ),
    ),
    "ex01.2": Choice(
        points=1,
        options=(
            Option(
                "a",
                lambda: math.isclose(_shrinks(), 1 / math.sqrt(4), rel_tol=1e-3),
                "So it would be if all players had the same true average. Only luck fades like one over "
                "the square root of n; which part of the variance does not?",
            ),
            Option("b", lambda: 1 / math.sqrt(4) + 0.01 < _shrinks() < 1 - 0.01),
            Option(
                "c",
                lambda: math.isclose(_shrinks(), 1, rel_tol=1e-3),
                "The players' differences do stay, but they are not all that spreads raw averages. What do "
                "more at-bats do to luck?",
            ),
            Option(
                "d",
                lambda: _shrinks() > 1 + 1e-3,
                "The number of hits spreads more widely. A raw average is that number divided by n.",
            ),
        ),
    ),
    "ex01.3": Function(
        points=2,
        name="variance",
        arguments=("n", "alpha", "beta"),
        cases=_leagues,
        want=_spread,
        slips=(
            Slip(
                "of the count",
                "This is the variance of the number of hits X. Dividing X by n divides the variance by n "
                "twice.",
                hint=2,
                gives=lambda n, a, b: n**2 * _spread(n, a, b),
                points=1,
            ),
            Slip(
                "divided once",
                "A raw average is X / n, so its variance is that of X divided by n squared, not by n.",
                hint=2,
                gives=lambda n, a, b: n * _spread(n, a, b),
                points=1,
            ),
            Slip(
                "binomial",
                "This is a binomial's variance at the average player. It forgets that players differ.",
                hint=1,
                gives=_all_alike,
            ),
            Slip(
                "talent alone",
                "This is Var(Z), the variance of E[X / n | Z]. The law of total variance has a second "
                "part.",
                hint=1,
                gives=_talent,
                points=1,
            ),
            Slip(
                "luck alone",
                "This is the expectation of Var(X / n | Z). The law of total variance has a second part.",
                hint=1,
                gives=_luck,
                points=1,
            ),
            Slip(
                "luck twice",
                "Var(Z) is there, but the luck is that of the average player. It must be averaged over "
                "players: E[Z (1 - Z)] is not E[Z] (1 - E[Z]).",
                hint=2,
                gives=lambda n, a, b: _talent(n, a, b) + _all_alike(n, a, b),
                points=1,
            ),
            Slip(
                "standard deviation",
                "This is the standard deviation; we ask for its square.",
                gives=lambda n, a, b: math.sqrt(_spread(n, a, b)),
                points=1,
            ),
        ),
    ),
    "ex01.4": Function(
        points=3,
        name="log_probability",
        arguments=("x", "n", "alpha", "beta"),
        cases=_counts,
        want=_log_probability,
        forbidden=_WITHOUT,
        rtol=1e-9,
        atol=1e-12,
        slips=(
            Slip(
                "no logarithm",
                "This is the probability itself. For a season it is so small that a float can't hold it: "
                "take the logarithm, and take it early.",
                hint=1,
                gives=lambda *case: math.exp(_log_probability(*case)),
                points=1,
            ),
            Slip(
                "no ways",
                "The flips' order is fixed here: how many orders with x heads are there?",
                hint=1,
                gives=lambda x, n, a, b: _log_probability(x, n, a, b) - _log_ways(x, n),
                where=lambda x, n, a, b: n < 1000 and a + b < 1e6,
                rtol=1e-6,
                points=1,
            ),
            Slip(
                "not divided",
                "The bag's own Beta function is missing below the line: these don't add up to 1 over x.",
                hint=1,
                gives=_not_divided,
                where=lambda x, n, a, b: n < 1000 and a + b < 1e6,
                rtol=1e-6,
                atol=1e-6,
                points=1,
            ),
            Slip(
                "binomial",
                "This is the binomial at the average coin. Every coin has its own z: integrate it out.",
                hint=1,
                gives=lambda x, n, a, b: stats.binom.logpmf(x, n, a / (a + b)),
            ),
            Slip(
                "heads and tails",
                "Heads and tails are exchanged: it is alpha that goes with heads.",
                gives=lambda x, n, a, b: log_pmf(n - x, n, (a, b)),
                points=1,
            ),
            Slip(
                "density",
                "This inserts the raw average into a Beta density. We ask for the probability of a count, "
                "with z integrated out.",
                hint=1,
                gives=lambda x, n, a, b: stats.beta.logpdf(x / n if n else 0.5, a, b),
            ),
            Slip(
                "bits",
                "This is a logarithm to another base. The natural one is asked for.",
                gives=[
                    lambda *case, base=base: _log_probability(*case) / math.log(base) for base in (2, 10)
                ],
                points=2,
            ),
            Slip(
                "sign",
                "This is minus the logarithm. A probability is at most 1: which sign has its logarithm?",
                gives=lambda *case: -_log_probability(*case),
                points=2,
            ),
            Slip(
                "large numbers cancel",
                "Right for moderate parameters. At very large ones two huge logarithms are subtracted and "
                "their digits are lost: write the ratio of Beta functions as a product, and add up "
                "logarithms of ratios.",
                hint=2,
                right_on=lambda x, n, a, b: a + b < 1e6,
                points=2,
            ),
            Slip(
                "underflow",
                "Right for a few at-bats. With thousands, a number on the way is too large or too small "
                "for a float: take logarithms of the factors, not of their product.",
                hint=2,
                right_on=lambda x, n, a, b: n < 1000,
                points=2,
            ),
            Slip(
                "both extremes",
                "Right for moderate numbers. With thousands of at-bats, and with very large parameters, "
                "it loses its digits or overflows: add up logarithms of the factors' ratios.",
                hint=2,
                right_on=lambda x, n, a, b: n < 1000 and a + b < 1e6,
                points=2,
            ),
        ),
    ),
    "ex01.5": Choice(
        points=2,
        options=(
            Option(
                "a",
                False,
                "More rookies of this kind narrow down the mean. Try it: multiply the counts by a hundred "
                "and print the same table.",
            ),
            Option("b", lambda: _flat(1)),
            Option(
                "c",
                False,
                "The optimiser did what it could: compare the log-likelihoods that it was given to climb.",
            ),
            Option("d", lambda: not _flat(2)),
            Option(
                "e",
                lambda: not math.isclose(_single((0.1, 0.3)), _single((100, 300)), rel_tol=1e-12),
                "The table shows leagues of very different spread. Does any of them fit better than "
                "another?",
            ),
        ),
    ),
    "ex01.6": Number(
        points=3,
        want=_expected_outside,
        rtol=0.02,
        slips=(
            Slip(
                "real season",
                "So many real players of 2018 lie outside, and many a made-up season shows as many. We ask "
                "what the model expects on average: make players whose truth you know, in many seasons.",
                hint=1,
                gives=_outside_really,
                rtol=1e-3,
            ),
            Slip(
                "identical players",
                "This is what luck alone puts outside. Draw a true average for each player first, from "
                "the bag.",
                hint=1,
                gives=_outside_by_luck,
                rtol=0.04,
            ),
            Slip(
                "share",
                "This is a share of the players; we ask for their number.",
                gives=[_share_outside, lambda: 100 * _share_outside()],
                points=2,
            ),
            Slip(
                "true averages",
                "This counts true averages outside the funnel. The funnel is about raw averages: flip the "
                "coins.",
                hint=1,
                gives=_true_averages_outside,
                rtol=0.04,
                points=1,
            ),
            Slip(
                "inside",
                "This counts the players inside the funnel.",
                gives=_inside,
                rtol=0.004,
                points=2,
            ),
            Slip(
                "one season",
                "A single season may well give this whole number; the next one gives another. Average over "
                "many.",
                hint=1,
                when=lambda got: got == round(got) and abs(got / _expected_outside() - 1) < 0.25,
                points=1,
            ),
        ),
    ),
}


def _single(params):
    return log_likelihood(params, [1, 0], 1, counts=[500, 1500])


def _flat(n):
    """Whether data of n trials a row say nothing of the concentration."""
    values = [log_likelihood((s / 4, 3 * s / 4), [n, 0], n, counts=[500, 1500]) for s in (0.4, 4, 400)]
    return bool(np.ptp(values) < 1e-8 * abs(values[0]))
