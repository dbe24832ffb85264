"""Chapter 8, batting averages put to the test: what is asked, and which slips are known."""

import math
from functools import cache

import numpy as np
from scipy import special, stats

from betabin.checks._seasons import regulars
from betabin.checks.kinds import Array, Choice, Function, Number, Option, Slip
from betabin.data import load_efron_morris
from betabin.mle import fit_mle
from betabin.model import log_likelihood, log_pmf, posterior

_LEAGUE = (100, 300)


@cache
def _season():
    """Hits and at-bats of the regulars of 2018, and their fit."""
    x, n = regulars(2018)
    return x, n, fit_mle(x, n)


# ex08.1: when two shrunken averages are equal


def _rivals(rng):
    cases = [
        (0.33, 100, 0.29, 0.25, 400),
        (0.5, 100, 0.375, 0.25, 100),
        (0.35, 200, 0.27, 0.25, 400),
        (0.3, 50, 0.28, 0.2, 100),
    ]
    for _ in range(3):
        mean, concentration = rng.uniform(0.2, 0.3), float(rng.integers(50, 900))
        rival = mean + rng.uniform(0.01, 0.06)
        raw = rival + rng.uniform(0.005, 0.05)
        cases.append((float(raw), int(rng.integers(20, 300)), float(rival), float(mean), concentration))
    return cases


def _share(raw, n, rival, mean, concentration):
    """The weight that the rival's record must have; above 1, where none is enough."""
    return n / (concentration + n) * (raw - mean) / (rival - mean)


def _at_bats(weight, concentration):
    return concentration * weight / (1 - weight) if weight != 1 else math.inf


def _needed(*case):
    weight = _share(*case)
    return _at_bats(weight, case[-1]) if weight < 1 else math.inf


def _record_alone(raw, n, rival, mean, concentration):
    weight = n / (concentration + n) * raw / rival
    return _at_bats(weight, concentration) if weight < 1 else math.inf


# ex08.2: a random half of the at-bats


def _repeated(rng):
    """Players of four kinds, mixed, so that each kind's hits can be looked at."""
    records = np.repeat([(25, 100), (90, 300), (61, 151), (3, 5), (4, 7)], 4000, axis=0)
    x, n = rng.permutation(records).T
    return [(x, n, rng)]


def _groups(x, n):
    return np.unique(np.column_stack([x, n]), axis=0)


def _spread_of(calls, x, n, rng):
    """By kind of player: mean and spread of the hits, and how much two calls differ."""
    hits = np.reshape(calls, (2, x.size))
    kinds = [hits[:, (x == k) & (n == m)] for k, m in _groups(x, n)]
    return np.transpose([(one.mean(), one.std(), np.std(one[0] - one[1]) / math.sqrt(2)) for one in kinds])


def _table_of(x, n, distribution):
    """The same numbers if a player's hits have a distribution, given his hits and at-bats."""
    kinds = [distribution(int(k), int(m)) for k, m in _groups(x, n)]
    return np.transpose([(one.mean(), one.std(), one.std()) for one in kinds])


def _half(x, n, rng):
    return _table_of(x, n, lambda k, m: stats.hypergeom(m, k, m // 2))


# ex08.3: replays


@cache
def _spreads():
    """Standard deviations of the raw averages, the posteriors' means and the true averages."""
    x, n, fit = _season()
    return np.std(x / n), np.std(posterior(fit.params, x, n).mean), stats.beta.std(*fit.params)


@cache
def _replays_agree():
    """Whether replays with draws from the posteriors spread as the season did."""
    x, n, fit = _season()
    rng = np.random.default_rng(8)
    z = rng.beta(*posterior(fit.params, x, n), size=(1000, n.size))
    low, high = np.quantile(np.std(rng.binomial(n, z) / n, axis=1), [0.025, 0.975])
    return bool(low < np.std(x / n) < high)


# ex08.4: intervals of the ten best


@cache
def _held():
    """How many raw and posterior intervals are right, per cent.

    Rows: the ten best by raw average, all players, the ten truly best, the ten worst, the ten best by
    posterior mean.
    """
    _, n, _ = _season()
    rng = np.random.default_rng(435)
    held = np.zeros((5, 2))
    for _ in range(1000):
        z = rng.beta(*_LEAGUE, n.size)
        x = rng.binomial(n, z)
        order, truly, shrunken = (np.argsort(v) for v in (x / n, z, (_LEAGUE[0] + x) / (sum(_LEAGUE) + n)))
        # For all players, a fraction of them says it as well and is quicker.
        by_chance = np.arange(0, n.size, 40)[:10]
        some = np.concatenate([order[-10:], by_chance, truly[-10:], order[:10], shrunken[-10:]])
        hits, at_bats, truth = x[some], n[some], z[some]
        raw = hits / at_bats
        in_raw = np.abs(raw - truth) <= 1.96 * np.sqrt(raw * (1 - raw) / at_bats)
        below = special.betainc(_LEAGUE[0] + hits, _LEAGUE[1] + at_bats - hits, truth)
        both = np.array([in_raw, np.abs(below - 0.5) < 0.475])
        held += both.reshape(2, 5, 10).mean(axis=2).T
    return 100 * held / 1000


def _top_ten():
    return _held()[0]


def _one_league(got):
    tens = np.ravel(got) / 10
    return got.size == 2 and bool(np.all((tens == np.round(tens)) & (tens > 0) & (tens <= 10)))


# ex08.5: identical players, and a manager who looks at hits


@cache
def _benched():
    """The league's table: hits, at-bats and chance of each; all players alike."""
    p = 1 / 4
    first = np.arange(101)
    chance = stats.binom.pmf(first, 100, p)
    out, back = first[first < 25], first[first >= 25]
    more = np.arange(401)
    x = np.concatenate([out, np.add.outer(back, more).ravel()])
    n = np.concatenate([np.full(out.size, 100), np.full(back.size * more.size, 500)])
    w = np.concatenate([chance[out], np.outer(chance[back], stats.binom.pmf(more, 400, p)).ravel()])
    return x, n, w


def _mean_of_averages(some=slice(None)):
    x, n, w = (part[some] for part in _benched())
    return np.average(x / n, weights=w)


def _of_at_bats(at_bats):
    return _mean_of_averages(_benched()[1] == at_bats)


def _hits_over_at_bats():
    x, n, w = _benched()
    return (w @ x) / (w @ n)


@cache
def _alike_is_best():
    """Whether no league with another mean, or with players that differ, fits these data better."""
    x, n, w = _benched()

    def fit(mean, s):
        return w @ log_pmf(x, n, (mean * s, (1 - mean) * s))

    others = [(mean, s) for mean in (0.24, 0.25, 0.26) for s in (100, 1000)]
    return all(fit(0.25, 1e9) > fit(*other) for other in others)


# ex08.6: Clemente's rest of the season


@cache
def _clemente():
    """Grid of priors, log-likelihood on it, and what is left to compute a chance from."""
    spring = load_efron_morris()
    mu, s = np.meshgrid(np.linspace(0.15, 0.40, 30), np.exp(np.linspace(1, 18, 40)))
    mu, s = mu.ravel(), s.ravel()
    priors = zip(mu * s, (1 - mu) * s, strict=True)
    height = np.array([log_likelihood(prior, spring.x, spring.n) for prior in priors])
    hits = round(spring.rest_average[0] * spring.rest_n[0])
    return mu, s, height, int(spring.x[0]), int(spring.n[0]), hits, int(spring.rest_n[0])


def _inverse_root(s):
    return s**-0.5


def _correlation(s):
    return s / (1 + s) ** 2


def _weights(slope=_inverse_root):
    _, s, height, *_ = _clemente()
    return special.softmax(height + np.log(slope(s)))


@cache
def _by_grid(slope=_inverse_root, own=1, least=0):
    """Chance of as many hits, averaged over the grid."""
    mu, s, _, x, n, hits, m = _clemente()
    a, b = mu * s + own * x, (1 - mu) * s + own * (n - x)
    return _weights(slope) @ stats.betabinom.sf(hits + least - 1, m, a, b)


@cache
def _plug_in():
    *_, x, n, hits, m = _clemente()
    spring = load_efron_morris()
    after = posterior(fit_mle(spring.x, spring.n).params, x, n)
    return stats.betabinom.sf(hits - 1, m, *after)


@cache
def _averaged_first():
    """One prior from averages over the grid: of alpha and beta, or of the mean and log concentration."""
    mu, s, _, x, n, hits, m = _clemente()
    w = _weights()
    priors = [(w @ (mu * s), w @ ((1 - mu) * s))]
    for typical in (w @ s, math.exp(w @ np.log(s))):
        priors.append((w @ mu * typical, (1 - w @ mu) * typical))
    return [stats.betabinom.sf(hits - 1, m, a + x, b + n - x) for a, b in priors]


@cache
def _luck_alone():
    mu, s, _, x, n, hits, m = _clemente()
    each = (mu * s + x) / (s + n)
    w = _weights()
    return [w @ stats.binom.sf(hits - 1, m, each), stats.binom.sf(hits - 1, m, w @ each)]


@cache
def _no_luck():
    mu, s, _, x, n, hits, m = _clemente()
    return _weights() @ stats.beta.sf(hits / m, mu * s + x, (1 - mu) * s + n - x)


QUESTIONS = {
    "ex08.1": Function(
        points=2,
        name="at_bats_needed",
        arguments=("raw", "n", "rival", "mean", "concentration"),
        cases=_rivals,
        want=_needed,
        slips=(
            Slip(
                "never enough",
                "Right where a number is enough. Elsewhere this returns a number of at-bats below zero: "
                "think of what the rival's shrunken average tends to, and whether that suffices.",
                hint=2,
                gives=lambda *case: _at_bats(_share(*case), case[-1]),
                where=lambda *case: _share(*case) != 1,
                points=1,
            ),
            Slip(
                "exactly never",
                "Right but in one case: what if the rival would need a weight of exactly one?",
                hint=2,
                right_on=lambda *case: _share(*case) != 1,
                points=1,
            ),
            Slip(
                "same hits above the mean",
                "This makes the hits above expectation equal, n times (raw average - mean). A record "
                "counts by its weight, and the weight grows more slowly than n.",
                hint=1,
                gives=lambda raw, n, rival, mean, s: n * (raw - mean) / (rival - mean),
            ),
            Slip(
                "same hits",
                "This gives both the same number of hits. Is the one who needed more at-bats for them as "
                "good a batter?",
                hint=1,
                gives=lambda raw, n, rival, mean, s: n * raw / rival,
            ),
            Slip(
                "record alone",
                "This makes the first terms equal, weight times raw average. A shrunken average has a "
                "second term: what is not the record's weight is the mean's.",
                hint=1,
                gives=_record_alone,
            ),
            Slip(
                "weight",
                "This is the weight that the rival's record must have. How many at-bats give that weight?",
                hint=2,
                gives=_share,
                points=1,
            ),
            Slip(
                "same at-bats",
                "With as many at-bats as the first he has the same weight, and less to weigh.",
                hint=1,
                gives=lambda raw, n, rival, mean, s: n,
            ),
        ),
    ),
    "ex08.2": Function(
        points=3,
        name="split",
        arguments=("x", "n", "rng"),
        cases=_repeated,
        want=_half,
        summary=_spread_of,
        calls=2,
        rtol=0.06,
        atol=0.003,
        slips=(
            Slip(
                "no luck",
                "Every time the same: hits shared out evenly. A real half is lucky or unlucky. This one "
                "tells the fit exactly what the other half will be.",
                hint=1,
                when=lambda got, cases: all(
                    np.all(value[1:] < 1e-9) and np.all(np.abs(value[0] - _half(*case)[0]) < 1)
                    for value, case in zip(got, cases, strict=True)
                ),
            ),
            Slip(
                "same again",
                "Each call gives the same half: is there a generator with a seed of its own? Draw from the"
                " one that is given, and each call is another half.",
                gives=lambda x, n, rng: _half(x, n, rng) * np.array([[1], [1], [0]]),
                points=1,
            ),
            Slip(
                "other half",
                "Where the at-bats are odd this is the larger half. Half of five at-bats is two here, n //"
                " 2.",
                gives=lambda x, n, rng: _table_of(x, n, lambda k, m: stats.hypergeom(m, k, m - m // 2)),
                points=2,
            ),
            Slip(
                "first player",
                "All players get the first one's record: use each player's own.",
                hint=2,
                gives=lambda x, n, rng: _table_of(
                    x, n, lambda k, m: stats.hypergeom(n[0], x[0], n[0] // 2)
                ),
                points=1,
            ),
            Slip(
                "drawn anew",
                "These are hits drawn anew at the raw average, as if a hit could be chosen twice. What is "
                "left for the test half would then not be hits of at-bats that really took place.",
                hint=1,
                gives=lambda x, n, rng: _table_of(x, n, lambda k, m: stats.binom(m // 2, k / m)),
                points=1,
            ),
            Slip(
                "coin for each hit",
                "This tosses a coin for each hit, and forgets that the at-bats are halved exactly: a hit "
                "more in this half leaves room for one out fewer. The number of hits varies too much.",
                hint=1,
                gives=lambda x, n, rng: _table_of(x, n, lambda k, m: stats.binom(k, 1 / 2)),
                points=1,
            ),
            Slip(
                "a coin for each at-bat",
                "This is how many at-bats a coin would put into the half. We ask for the hits among them.",
                hint=1,
                gives=lambda x, n, rng: _table_of(x, n, lambda k, m: stats.binom(m, 1 / 2)),
            ),
            Slip(
                "shares",
                "These are averages. Return the number of hits.",
                gives=lambda x, n, rng: _half(x, n, rng) / (_groups(x, n)[:, 1] // 2),
                points=1,
            ),
            Slip(
                "outs",
                "These are the outs in the half: in which order does the sampler want its arguments?",
                hint=2,
                gives=lambda x, n, rng: _half(n - x, n, rng),
                points=1,
            ),
        ),
    ),
    "ex08.3": Choice(
        points=2,
        options=(
            Option(
                "a",
                lambda: not _replays_agree(),
                "The model has not replayed anything yet: in both rows somebody put one number in the "
                "place of each player's distribution. Try what the model really says.",
            ),
            Option("b", lambda: _spreads()[0] > 1.1 * _spreads()[2]),
            Option(
                "c",
                lambda: _spreads()[1] > 0.99 * _spreads()[2],
                "Best guesses are cautious: each is an average over what the true average might be. "
                "Compare np.std of the shrunken averages with the standard deviation of the fitted Beta.",
            ),
            Option("d", lambda: _spreads()[1] < 0.9 * _spreads()[2]),
            Option("e", lambda: _replays_agree()),
        ),
    ),
    "ex08.4": Array(
        points=3,
        want=_top_ten,
        percent=True,
        rtol=0.025,
        slips=(
            Slip(
                "shares",
                "These are shares; we ask for per cent.",
                gives=lambda: _top_ten() / 100,
                points=2,
            ),
            Slip(
                "all players",
                "So it is for all players, or some that were picked without a look at their hits. Take the "
                "ten with the highest raw averages in each league.",
                hint=1,
                gives=lambda: _held()[1],
                points=1,
            ),
            Slip(
                "swapped",
                "The right numbers in the other order: the raw interval comes first.",
                gives=lambda: _top_ten()[::-1],
                points=2,
            ),
            Slip(
                "misses",
                "These are the intervals that miss; we ask for those that hold the true average.",
                when=lambda got: (
                    got.size == 2 and bool(np.allclose(100 - np.ravel(got), _top_ten(), rtol=0.025))
                ),
                points=2,
            ),
            Slip(
                "the truly best",
                "These ten were picked by their *true* averages. Nobody sees them: a scout picks those "
                "with the highest raw averages.",
                hint=1,
                gives=lambda: _held()[2],
                points=1,
            ),
            Slip(
                "the ten worst",
                "These are the ten with the lowest raw averages: argsort puts the smallest first.",
                hint=1,
                gives=lambda: _held()[3],
                points=1,
            ),
            Slip(
                "by the estimate",
                "These ten have the highest posterior means. People look at raw averages: pick by these.",
                gives=lambda: _held()[4],
                points=2,
            ),
            Slip(
                "one league",
                "Tens of per cent are what ten players of a single league give. Average over many leagues.",
                hint=2,
                when=_one_league,
                points=1,
            ),
        ),
    ),
    "ex08.5": Choice(
        points=2,
        options=(
            Option("a", lambda: _mean_of_averages() < 0.249),
            Option(
                "b",
                lambda: _hits_over_at_bats() > 0.2501,
                "It looks so. But whatever a manager decides, the next at-bat of any of these players is "
                "a hit with the same chance as before. What does that say of all at-bats together?",
            ),
            Option("c", lambda: _of_at_bats(500) > _of_at_bats(100) + 0.01),
            Option("d", lambda: _alike_is_best()),
            Option(
                "e",
                lambda: (
                    max(abs(_of_at_bats(k) - 0.25) for k in (100, 500)) < abs(_mean_of_averages() - 0.25)
                ),
                "Those with few at-bats were put together *because* they had been unlucky. A fit of them "
                "alone takes this for their talent.",
            ),
        ),
    ),
    "ex08.6": Number(
        points=3,
        want=_by_grid,
        rtol=0.01,
        slips=(
            Slip(
                "plug-in",
                "This is the plug-in chance that the cell prints. Average over all priors of the grid "
                "instead.",
                hint=2,
                gives=_plug_in,
                rtol=0.1,
            ),
            Slip(
                "flat on the grid",
                "The grid is even in log s, and this gives all its points the same prior weight. That is "
                "another prior than the one asked for: multiply by its slope in log s.",
                hint=1,
                gives=lambda: _by_grid(np.ones_like),
                points=2,
            ),
            Slip(
                "the other prior",
                "This is the chance under the chapter's other prior, uniform in the correlation.",
                gives=lambda: _by_grid(_correlation),
                points=2,
            ),
            Slip(
                "averaged first",
                "This averages the priors, and forecasts once, from the average prior: the uncertainty is "
                "averaged away before it is used. Forecast from each prior, and average the chances.",
                hint=2,
                gives=[lambda k=k: _averaged_first()[k] for k in range(3)],
            ),
            Slip(
                "per cent",
                "This is in per cent. A chance between 0 and 1 is asked for.",
                gives=lambda: 100 * _by_grid(),
                points=2,
            ),
            Slip(
                "some player",
                "This is the chance of a player of whom we know nothing. Each prior must meet Clemente's "
                "own hits and outs before it forecasts.",
                hint=2,
                gives=lambda: _by_grid(own=0),
                points=1,
            ),
            Slip(
                "luck alone",
                "Here luck is added to an estimate of his true average, as if it were known under each "
                "prior. A forecast needs the whole posterior.",
                hint=2,
                gives=[lambda k=k: _luck_alone()[k] for k in (0, 1)],
                points=1,
            ),
            Slip(
                "no luck",
                "This is the chance that his *true* average is so high. His hits have their own luck.",
                hint=2,
                gives=_no_luck,
                points=1,
            ),
            Slip(
                "more than",
                "This is the chance of more hits than he made; we ask for as many, or more.",
                gives=lambda: _by_grid(least=1),
                points=2,
            ),
            Slip(
                "fewer",
                "This is the chance that he makes fewer: the other tail.",
                gives=lambda: 1 - _by_grid(),
                points=2,
            ),
        ),
    ),
}
