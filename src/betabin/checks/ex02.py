"""Chapter 2, the E-step: what is asked, and which slips are known."""

import math
from functools import cache

import numpy as np
from scipy import special, stats

from betabin.checks._seasons import regulars
from betabin.checks.kinds import Array, Choice, Function, Number, Option, Slip
from betabin.model import log_likelihood, log_pmf, posterior

_LEAGUE = (100, 300)
_CANDIDATES = ((1, 3), (5, 15), (25, 75), (100, 300))

# ex02.1: a prior from two statements

_BEFORE, _AFTER, _HITLESS = 0.260, 0.208, 40


def _believed():
    """Where the mean falls by the right share: s / (s + n) is what is left of it."""
    return _of_weight(_HITLESS / (_BEFORE / _AFTER - 1))


def _of_weight(concentration):
    return np.array([_BEFORE, 1 - _BEFORE]) * concentration


# ex02.2: one at-bat more


def _spread(hits, outs):
    return stats.beta.var(*posterior(_LEAGUE, hits, hits + outs))


def _average_after(quantity):
    """Average over hit and out of what is then so, each as probable as the prior has it."""
    hit = math.exp(log_pmf(1, 1, _LEAGUE))
    return hit * quantity(1, 0) + (1 - hit) * quantity(0, 1)


def _mean(hits, outs):
    return posterior(_LEAGUE, hits, hits + outs).mean


# ex02.3: constants that were dropped


def _fit(prior, *, ways=True, norm=True):
    """Log-probability of the season's records, with or without two of its factors."""
    x, n = regulars(2018)
    value = log_likelihood(prior, x, n)
    if not norm:
        value += x.size * special.betaln(*prior)
    if not ways:
        value -= np.sum(special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1))
    return value


def _best(**kept):
    return max(_CANDIDATES, key=lambda prior: _fit(prior, **kept))


# ex02.4: posterior weights for a prior of any form


def _grids(rng):
    def weights(size):
        drawn = rng.uniform(0.2, 1.0, size)
        return drawn / drawn.sum()

    inner, ends = np.linspace(0.05, 0.95, 19), np.linspace(0, 1, 11)
    tent = np.minimum(ends, 1 - ends)
    return [
        (np.array([0.2, 0.3, 0.4]), np.array([0.5, 0.3, 0.2]), 3, 10),
        (inner, weights(inner.size), int(rng.integers(5, 15)), 20),
        (ends, tent / tent.sum(), 13, 50),
        (ends, weights(ends.size), 0, 4),
        (ends, weights(ends.size), 4, 4),
        (np.array([0.02, 0.9]), np.array([0.6, 0.4]), 740, 2000),
        # A long record in favour of what the prior excludes: a small number in the place of 0 would show.
        (np.array([0.1, 0.5, 0.8]), np.array([0.7, 0.0, 0.3]), 980, 2000),
    ]


def _log_weights(z, prior, x, n):
    return np.log(prior) + special.xlogy(x, z) + special.xlog1py(n - x, -z)


def _shares(logs):
    return np.exp(logs - special.logsumexp(logs))


def _weights(*case):
    return _shares(_log_weights(*case))


def _small(z, prior, x, n):
    return n < 1000


def _product(z, prior, x, n, ways=0):
    """Prior times likelihood, with the binomial coefficient or without."""
    return np.exp(_log_weights(z, prior, x, n) + ways * math.log(math.comb(n, x)))


def _at_an_end(z, x, n):
    """Whether a power of the likelihood is 0 to the 0."""
    return (x == 0 and 0 in z) or (x == n and 1 in z)


# ex02.5: at least one hit


def _seasons(rng):
    drawn = zip(rng.integers(2, 40, 3).tolist(), rng.uniform(0.5, 30, (3, 2)).tolist(), strict=True)
    return [(3, 2.0, 2.0), (1, 3.0, 9.0), (10, 25.0, 75.0), *((n, *params) for n, params in drawn)]


def _hitless(n, a, b):
    return math.exp(log_pmf(0, n, (a, b)))


def _posterior_mean(x, n, a, b):
    return posterior((a, b), x, n).mean


def _over_counts(n, a, b):
    """Average of the posterior means of all counts but 0."""
    x = np.arange(1, n + 1)
    chance = np.exp(log_pmf(x, n, (a, b)))
    return chance @ posterior((a, b), x, n).mean / chance.sum()


def _without_the_hitless(none, n, a, b):
    """The prior's mean, less the part that the hitless have in it."""
    return a / (a + b) - none * _posterior_mean(0, n, a, b)


def _by_the_average_player(n, a, b):
    none = (b / (a + b)) ** n
    return _without_the_hitless(none, n, a, b) / (1 - none)


# ex02.6: is the best the best?


@cache
def _chance_of_best(prior):
    """Probability that the player of the highest posterior mean is above all others."""
    q = posterior(prior, *regulars(2018))
    best = int(np.argmax(posterior(_LEAGUE, *regulars(2018)).mean))
    z = np.linspace(0.26, 0.48, 200)
    others = np.delete(np.arange(q.alpha.size), best)
    # Who is far below is surely below: the rest alone have to be integrated.
    high = others[stats.beta.sf(z[0], q.alpha[others], q.beta[others]) > 1e-9]
    with np.errstate(divide="ignore"):
        below = np.log(special.betainc(q.alpha[high, None], q.beta[high, None], z)).sum(axis=0)
    density = stats.beta.pdf(z, q.alpha[best], q.beta[best])
    return float(np.trapezoid(density * np.exp(below), z))


@cache
def _better_than_second():
    q = posterior(_LEAGUE, *regulars(2018))
    second, first = np.argsort(q.mean)[-2:]
    z = np.linspace(0.2, 0.45, 500)
    density = stats.beta.pdf(z, q.alpha[first], q.beta[first])
    return float(np.trapezoid(density * stats.beta.cdf(z, q.alpha[second], q.beta[second]), z))


def _highest_mean():
    return float(posterior(_LEAGUE, *regulars(2018)).mean.max())


QUESTIONS = {
    "ex02.1": Array(
        points=2,
        want=_believed,
        rtol=1e-3,
        slips=(
            Slip(
                "swapped",
                "The order is alpha, beta; it is alpha that counts hits.",
                gives=lambda: _believed()[::-1],
                points=1,
            ),
            Slip(
                "after the streak",
                "This is what he believes after the hitless at-bats. We ask for the prior: take them away "
                "again.",
                hint=2,
                gives=lambda: np.add(_believed(), [0, _HITLESS]),
                points=1,
            ),
            Slip(
                "mean and concentration",
                "These are the mean and the concentration. They determine alpha and beta: how?",
                hint=2,
                gives=(lambda: [_BEFORE, _believed().sum()], lambda: [_believed().sum(), _BEFORE]),
                points=1,
            ),
            Slip(
                "as heavy as the streak",
                "A prior as heavy as the streak would meet it halfway. Did his expectation fall halfway to "
                "zero?",
                hint=1,
                gives=lambda: _of_weight(_HITLESS),
            ),
            Slip(
                "weights exchanged",
                "The two weights are exchanged: what is left of his expectation is the share of the prior, "
                "what was lost is the share of the streak.",
                hint=2,
                gives=lambda: _of_weight(_HITLESS * (_BEFORE / _AFTER - 1)),
            ),
            Slip(
                "the streak as outs",
                "These are a record's counts with the streak as its outs. He believes in some hits and "
                "outs before the streak; the streak is added to them.",
                hint=1,
                gives=lambda: [_HITLESS * _BEFORE / (1 - _BEFORE), _HITLESS],
            ),
            Slip(
                "another weight",
                "With this prior the first statement holds; with this concentration the second doesn't. "
                "Compute the posterior mean after the streak.",
                hint=2,
                when=lambda got: (
                    got.size == 2
                    and got.min() > 0
                    and abs(got.flat[0] / got.sum() - _BEFORE) < 1e-3 * _BEFORE
                ),
            ),
        ),
    ),
    "ex02.2": Choice(
        points=2,
        options=(
            Option(
                "a",
                lambda: _spread(1, 0) < _spread(0, 0),
                "Data do narrow a posterior on the whole, but not each single time. Compute the variance "
                "before and after.",
            ),
            Option("b", lambda: _spread(1, 0) > _spread(0, 0)),
            Option(
                "c",
                lambda: _spread(0, 1) > _spread(0, 0),
                "After an out the mean moves away from one half, and the concentration has grown. What do "
                "these two do to the variance?",
            ),
            Option("d", lambda: _average_after(_spread) < _spread(0, 0)),
            Option(
                "e",
                lambda: not math.isclose(_average_after(_mean), _mean(0, 0), rel_tol=1e-12),
                "Weigh the two posterior means by the probabilities of hit and out. If we knew today in "
                "which direction we will change our mind, we would change it today.",
            ),
        ),
    ),
    "ex02.3": Choice(
        points=2,
        options=(
            Option("a", lambda: _best(norm=False) != _best()),
            Option(
                "b",
                lambda: _best(norm=False) != _best(norm=False, ways=False),
                "The number of orders depends on a player's record alone: it adds the same to each row of "
                "the table.",
            ),
            Option(
                "c",
                lambda: _best() == _CANDIDATES[0],
                "Put the factors back and look: bb.log_likelihood has all of them.",
            ),
            Option(
                "d",
                False,
                "A posterior's mean depends on its parameters alone, and a kernel shows them. No constant "
                "is missing there.",
            ),
            Option("e", True),
        ),
    ),
    "ex02.4": Function(
        points=3,
        name="weights",
        arguments=("z", "prior", "x", "n"),
        cases=_grids,
        want=_weights,
        rtol=1e-7,
        atol=1e-12,
        slips=(
            Slip(
                "no prior",
                "This is the likelihood, made to sum to one. What the prior says of each z is not in it.",
                hint=1,
                gives=lambda z, prior, x, n: _weights(z, np.ones_like(z), x, n),
                where=_small,
            ),
            Slip(
                "prior unchanged",
                "This is the prior: the record has not been used.",
                hint=1,
                gives=lambda z, prior, x, n: prior,
            ),
            Slip(
                "hits and outs",
                "Hits and outs are exchanged: it is x that goes with z.",
                gives=lambda z, prior, x, n: _weights(z, prior, n - x, n),
                points=1,
            ),
            Slip(
                "outs forgotten",
                "Outs are data too: the likelihood of a record has a second factor.",
                hint=1,
                gives=lambda z, prior, x, n: _shares(np.log(prior) + special.xlogy(x, z)),
            ),
            Slip(
                "not normalised",
                "This is prior times likelihood. As posterior weights they have to add up to one: the "
                "constant comes back at the end.",
                hint=1,
                gives=[lambda *case, ways=ways: _product(*case, ways) for ways in (0, 1)],
                where=_small,
                points=1,
            ),
            Slip(
                "density",
                "These average to one, as a density on a grid over (0, 1) does. We ask for weights that "
                "add up to one.",
                hint=1,
                gives=lambda *case: len(case[0]) * _weights(*case),
                points=1,
            ),
            Slip(
                "peak",
                "The largest of these is one. What has to be one is their sum.",
                hint=1,
                gives=lambda *case: _weights(*case) / _weights(*case).max(),
                points=1,
            ),
            Slip(
                "logarithms",
                "These are the logarithms of the weights: go back at the end.",
                hint=2,
                gives=lambda *case: np.log(_weights(*case)),
                points=2,
            ),
            Slip(
                "underflow",
                "Right for short records. In a long one the likelihood is too small for a float at every "
                "z, and 0 is divided by 0: add logarithms, and take the largest off before you go back.",
                hint=2,
                right_on=lambda z, prior, x, n: n < 1000,
                points=2,
            ),
            Slip(
                "ends",
                "Right inside. Where z is 0 and there are no hits, or z is 1 and there are no outs, zero "
                "times a logarithm of zero is no number: but to the power of nothing, anything is one.",
                hint=2,
                right_on=lambda z, prior, x, n: not _at_an_end(z, x, n),
                points=2,
            ),
        ),
    ),
    "ex02.5": Function(
        points=3,
        name="at_least_one",
        arguments=("n", "alpha", "beta"),
        cases=_seasons,
        want=_over_counts,
        slips=(
            Slip(
                "exactly one",
                "This takes 'at least one' for exactly one. Two hits are possible as well, and all others "
                "up to n.",
                hint=1,
                gives=lambda n, a, b: _posterior_mean(1, n, a, b),
            ),
            Slip(
                "one at-bat",
                "This is the posterior mean after one hit in a single at-bat. The hit is one of n at-bats, "
                "and we don't know which, nor whether it was the only one.",
                hint=1,
                gives=lambda n, a, b: _posterior_mean(1, 1, a, b),
            ),
            Slip(
                "hitless",
                "This is the mean of those without a hit: the ones that are ruled out.",
                hint=1,
                gives=lambda n, a, b: _posterior_mean(0, n, a, b),
            ),
            Slip(
                "constant lost",
                "Nearly: this is the integral of z times prior times likelihood. The constant is missing, "
                "the probability of what was seen.",
                hint=2,
                gives=lambda n, a, b: _without_the_hitless(_hitless(n, a, b), n, a, b),
                points=2,
            ),
            Slip(
                "average player",
                "The probability of no hit is that of the average player here. It has to be averaged over "
                "z: all the at-bats are of one and the same player.",
                hint=2,
                gives=_by_the_average_player,
                points=1,
            ),
            Slip(
                "prior's mean",
                "This is the prior's mean. Having a hit makes good players more probable than before.",
                hint=2,
                gives=lambda n, a, b: a / (a + b),
            ),
            Slip(
                "probability of the record",
                "This is the probability of at least one hit. It is part of the answer: what stands below "
                "the line.",
                hint=2,
                gives=lambda n, a, b: 1 - _hitless(n, a, b),
                points=1,
            ),
        ),
    ),
    "ex02.6": Number(
        points=3,
        want=lambda: _chance_of_best(_LEAGUE),
        rtol=0.0,
        atol=0.0125,
        slips=(
            Slip(
                "better than the second",
                "This compares him with one other player. He has to be better than all the others at once.",
                hint=1,
                when=lambda got: abs(got - _better_than_second()) < 0.0125,
            ),
            Slip(
                "no prior",
                "This is what the records say alone, as if any average from 0 to 1 were as likely as any "
                "other: draw from the posteriors under the league's prior.",
                hint=1,
                when=lambda got: abs(got - _chance_of_best((1, 1))) < 0.03,
                points=1,
            ),
            Slip(
                "somebody else",
                "This is the probability that he is not the best.",
                when=lambda got: abs(1 - got - _chance_of_best(_LEAGUE)) < 0.0125,
                points=2,
            ),
            Slip(
                "percent",
                "A probability lies between 0 and 1: is this in percent?",
                when=lambda got: abs(got / 100 - _chance_of_best(_LEAGUE)) < 0.0125,
                points=2,
            ),
            Slip(
                "certain",
                "His posterior mean is the highest, that is certain. His true average need not be.",
                hint=1,
                when=lambda got: got > 0.99 and got <= 1,
            ),
            Slip(
                "all alike",
                "That would be so if nobody had come to bat: before the season every player has the same "
                "chance.",
                hint=1,
                when=lambda got: abs(got * regulars(2018)[0].size - 1) < 0.1,
            ),
            Slip(
                "average",
                "This is his average, raw or shrunken. We ask how probable it is that his true one is the "
                "highest.",
                hint=1,
                when=lambda got: (
                    min(abs(got - _highest_mean()), abs(got - np.max(np.divide(*regulars(2018))))) < 0.002
                ),
            ),
        ),
    ),
}
