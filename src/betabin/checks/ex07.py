"""Chapter 7, uncertainty: what is asked, and which slips are known."""

import itertools
import math
from functools import cache

import numpy as np
from scipy import optimize, special, stats

from betabin.checks.kinds import Choice, Function, Number, Option, Slip
from betabin.data import load_efron_morris
from betabin.information import complete_information, observed_information, standard_errors
from betabin.mle import fit_mle, overdispersion_test
from betabin.model import log_likelihood, posterior, simulate

# ex07.1: one perfect player


def _params(rng):
    return [(1.0, 1.0), (2.0, 6.0), *map(tuple, rng.uniform(0.3, 20, (3, 2)).tolist())]


def _information(a, b):
    return observed_information((a, b), 2, 2)


def _parts(a, b):
    """The sums of inverse squares for the hits and for the at-bats."""
    return 1 / a**2 + 1 / (a + 1) ** 2, 1 / (a + b) ** 2 + 1 / (a + b + 1) ** 2


def _matrix(hits, trials):
    return [[hits - trials, -trials], [-trials, -trials]]


# ex07.2: curvature from draws


def _draws(rng):
    cases = []
    for params, x, n in [
        ((2.0, 6.0), [1, 5, 9], [10, 12, 40]),
        ((8.0, 3.0), [15, 7, 3, 30], [20, 9, 8, 36]),
    ]:
        q = posterior(params, x, n)
        cases.append((*params, rng.beta(q.alpha, q.beta, size=(10_000, len(x)))))
    return cases


def _complete(a, b, z):
    return np.asarray(z).shape[1] * _of_one(a, b)


def _of_one(a, b):
    return complete_information((a, b), 0, 1)


def _logs(z):
    return np.log([z, 1 - z])


def _missing(a, b, z):
    return sum(np.cov(_logs(player)) for player in z.T)


def _observed(a, b, z):
    return _complete(a, b, z) - _missing(a, b, z)


def _linear(a, b, z):
    """With the true averages themselves in the place of their logarithms."""
    return _complete(a, b, z) - sum(np.cov([player, 1 - player]) for player in z.T)


def _pooled(a, b, z):
    return _complete(a, b, z) - z.shape[1] * np.cov(_logs(z.ravel()))


def _between(a, b, z):
    return _complete(a, b, z) - z.shape[1] * np.cov(_logs(z).mean(axis=1))


# ex07.3: what a table of errors is worth


@cache
def _fit_of_1970():
    batters = load_efron_morris()
    return fit_mle(batters.x, batters.n), batters.x, batters.n


def _error_of_mean(correlation=None):
    """By the delta method, with a correlation given or as it is."""
    fit, x, n = _fit_of_1970()
    covariance = np.linalg.inv(observed_information(fit.params, x, n))
    errors = np.sqrt(np.diag(covariance))
    if correlation is None:
        correlation = covariance[0, 1] / errors.prod()
    pulls = np.array([fit.params.beta, -fit.params.alpha]) / fit.concentration**2 * errors
    return math.sqrt(max(0, pulls @ pulls + 2 * correlation * pulls.prod()))


def _error_of_one_coin():
    fit, _, n = _fit_of_1970()
    return math.sqrt(fit.mean * (1 - fit.mean) / n.sum())


# ex07.4: one end of an interval


def _tables(rng):
    batters = load_efron_morris()
    middle = batters.x[2:-2], batters.n[2:-2]
    small = [([2, 9, 1, 14, 0], [9, 20, 11, 40, 12]), ([1, 3, 8], [10, 10, 10]), ([13], [50])]
    return [*((np.array(x), np.array(n)) for x, n in small), middle]


def _has_maximum(x, n):
    return fit_mle(x, n).status == "interior"


def _lower_end(x, n, twice_drop=None, mean_held=False):
    return _end(tuple(x.tolist()), tuple(n.tolist()), twice_drop, mean_held)


@cache
def _end(x, n, twice_drop, mean_held):
    """Where the profile is so much below its supremum, or the slice at the estimated mean."""
    fit = fit_mle(x, n)
    limit = stats.chi2.ppf(0.95, 1) if twice_drop is None else twice_drop

    def minus(mean, s):
        return -log_likelihood((mean * s, (1 - mean) * s), x, n)

    def excess(log_s):
        s = math.exp(log_s)
        if mean_held:
            lowest = minus(fit.mean, s)
        else:
            lowest = optimize.minimize_scalar(
                minus, args=(s,), bounds=(1e-4, 1 - 1e-4), method="bounded", options={"xatol": 1e-8}
            ).fun
        return 2 * (fit.log_likelihood + lowest) - limit

    return math.exp(optimize.brentq(excess, -8, min(math.log(fit.concentration), 15)))


def _wald(x, n):
    fit = fit_mle(x, n)
    return fit.concentration * math.exp(-1.96 * standard_errors(fit, x, n).log_concentration)


# ex07.5: at-bats for a bootstrap with an upper end

_BATTERS = 18


@cache
def _share_lost(n):
    """Share of leagues like the fit of 1970, of n at-bats a batter, that have no maximum."""
    leagues = np.full((20_000, _BATTERS), n)
    x = simulate(_fit_of_1970()[0].params, leagues, rng=np.random.default_rng(45)).x
    p = x.mean(axis=1) / n
    return np.mean(np.sum((x - n * p[:, None]) ** 2, axis=1) <= _BATTERS * n * p * (1 - p))


@cache
def _at_bats(share):
    """For a share of leagues without a maximum: interpolated, the shares' probits being nearly straight."""
    grid = np.array([30, 60, 120, 240, 480, 800, 960, 1120, 1280, 1440])
    probits = special.ndtri([_share_lost(int(n)) for n in grid])
    return float(np.interp(-special.ndtri(share), -probits, grid))


# ex07.6: deal out the hits


def _leagues(rng):
    # The overall share of hits is a float without rounding, so that ties are exact in every form.
    tables = [
        ([0, 4, 2], [4, 4, 4]),
        ([1, 5, 2, 2], [6, 6, 3, 5]),
        ([0, 1, 3], [3, 5, 8]),
        ([2, 2, 2], [4, 4, 4]),
        ([1, 2, 1, 1, 7], [2, 2, 2, 2, 8]),
    ]
    return [(np.array(x), np.array(n), np.random.default_rng(int(rng.integers(2**32)))) for x, n in tables]


@cache
def _outcomes(n):
    """All that players with so many at-bats can do, and in how many ways."""
    hits = np.array(list(itertools.product(*(range(k + 1) for k in n))))
    return hits, special.comb(n, hits).prod(axis=1)


def _spread(hits, n, p):
    return np.sum((hits - n * p) ** 2, axis=1)


def _exceeds(x, n, compare):
    """Share of the deals whose spread compares so with that of the data."""
    hits, ways = _outcomes(tuple(n.tolist()))
    dealt = hits.sum(axis=1) == x.sum()
    p = x.sum() / n.sum()
    found = compare(_spread(hits[dealt], n, p) - _spread(x[np.newaxis], n, p)[0])
    return float(ways[dealt] @ found / ways[dealt].sum())


def _p_value(x, n, rng=None):
    return _exceeds(x, n, lambda more: more >= -1e-9)


def _shuffled(x, n, rng=None):
    """The players' hits handed to one another, without their at-bats."""
    p = x.sum() / n.sum()
    orders = np.array(list(itertools.permutations(x)))
    return np.mean(_spread(orders, n, p) >= _spread(x[np.newaxis], n, p) - 1e-9)


def _tossed(x, n, how):
    """With hits tossed anew at the pooled probability, so that their total varies."""
    hits, ways = _outcomes(tuple(n.tolist()))
    p, total = x.sum() / n.sum(), n.sum()
    chance = ways * p ** hits.sum(axis=1) * (1 - p) ** (total - hits.sum(axis=1))
    own = hits.sum(axis=1, keepdims=True) / total
    with np.errstate(all="ignore"):
        values, really = {
            "pooled": (_spread(hits, n, p), _spread(x[np.newaxis], n, p)),
            "own": (_spread(hits, n, own), _spread(x[np.newaxis], n, p)),
            "scaled": (
                np.nan_to_num(_spread(hits, n, own) / (own * (1 - own))[:, 0]),
                _spread(x[np.newaxis], n, p) / (p * (1 - p)),
            ),
        }[how]
    return float(chance @ (values >= really - 1e-9))


def _likelihood_ratio(x, n, rng=None):
    binomial = stats.binom.logpmf(x, n, x.sum() / n.sum()).sum()
    gain = 2 * (fit_mle(x, n).log_likelihood - binomial)
    return stats.chi2.sf(gain, 1) / 2


QUESTIONS = {
    "ex07.1": Function(
        points=2,
        name="information",
        arguments=("alpha", "beta"),
        cases=_params,
        want=_information,
        slips=(
            Slip(
                "second derivatives",
                "These are the second derivatives themselves. Information is how sharply the hill bends "
                "down: turn the sign of each.",
                hint=2,
                gives=lambda a, b: -_information(a, b),
                points=1,
            ),
            Slip(
                "first derivatives",
                "These are first powers. A slope has 1 / (alpha + j); what becomes of that when it is "
                "differentiated once more?",
                hint=2,
                gives=lambda a, b: _matrix(1 / a + 1 / (a + 1), 1 / (a + b) + 1 / (a + b + 1)),
            ),
            Slip(
                "same pull twice",
                "The second hit and the second at-bat count for less than the first: each has a j of its "
                "own.",
                hint=1,
                gives=lambda a, b: _matrix(2 / a**2, 2 / (a + b) ** 2),
                points=1,
            ),
            Slip(
                "no cross term",
                "The entries off the diagonal are not zero: alpha and beta meet in the terms of the "
                "at-bats.",
                hint=1,
                gives=lambda a, b: np.diag(np.diag(_information(a, b))),
                points=1,
            ),
            Slip(
                "sign of the cross term",
                "The sizes are right. The at-bats' part has the same sign in all four places.",
                hint=2,
                gives=lambda a, b: _information(a, b) * np.array([[1, -1], [-1, 1]]),
                points=1,
            ),
            Slip(
                "made positive",
                "One entry has been made positive, perhaps because an information ought to be. Trust the "
                "derivative: this player has no outs.",
                hint=2,
                gives=lambda a, b: _information(a, b) * np.array([[1, 1], [1, -1]]),
                points=1,
            ),
            Slip(
                "at-bats forgotten",
                "These are the hits alone. Each at-bat presses on both parameters, and its logarithms "
                "bend too.",
                hint=1,
                gives=lambda a, b: _matrix(_parts(a, b)[0], 0),
            ),
        ),
    ),
    "ex07.2": Function(
        points=3,
        name="observed",
        arguments=("alpha", "beta", "z"),
        cases=_draws,
        want=_observed,
        rtol=0.03,
        atol=3e-4,
        slips=(
            Slip(
                "missing alone",
                "This is the missing information: what the posteriors leave open. From what is it taken "
                "away?",
                hint=1,
                gives=_missing,
                points=1,
            ),
            Slip(
                "complete alone",
                "This is what we would know if the true averages were seen. The draws have not been used "
                "but for their number.",
                hint=1,
                gives=_complete,
                points=1,
            ),
            Slip(
                "other way round",
                "The difference is taken the other way round: what is observed is what is left when the "
                "missing part is gone.",
                hint=1,
                gives=lambda *case: -_observed(*case),
                points=2,
            ),
            Slip(
                "one player complete",
                "The complete information is that of one player here, the missing one that of all.",
                hint=2,
                gives=lambda a, b, z: _of_one(a, b) - _missing(a, b, z),
                points=2,
            ),
            Slip(
                "missing averaged",
                "The complete information is that of all players here, the missing one of an average "
                "player. Add up, do not average.",
                hint=2,
                gives=lambda a, b, z: _complete(a, b, z) - _missing(a, b, z) / z.shape[1],
                points=2,
            ),
            Slip(
                "no logarithms",
                "This takes the covariance of z and 1 - z. Which functions of z does the slope hold "
                "when z is seen?",
                hint=2,
                gives=_linear,
                points=1,
            ),
            Slip(
                "players pooled",
                "All draws are thrown into one heap. Then the covariance holds how players differ from one "
                "another, too, and that is not missing: the data have shown it.",
                hint=2,
                gives=_pooled,
                points=1,
            ),
            Slip(
                "log of mean draws",
                "This takes the logarithm of each player's mean draw. What scatters is the logarithm of "
                "each single draw: take logarithms first.",
                hint=2,
                gives=[
                    lambda a, b, z: _complete(a, b, z) - np.cov(_logs(z.mean(axis=0))),
                    lambda a, b, z: _complete(a, b, z) - z.shape[1] * np.cov(_logs(z.mean(axis=0))),
                ],
                points=1,
            ),
            Slip(
                "between players",
                "This is how the players' averages differ from one another. What is missing is how much "
                "each single player's own draws scatter.",
                hint=2,
                gives=_between,
                points=1,
            ),
        ),
    ),
    "ex07.3": Choice(
        points=2,
        options=(
            Option(
                "a",
                lambda: _error_of_mean() > 0.1,
                "Each error holds as long as the other parameter may follow. Along the ridge alpha and "
                "beta grow together: what is left unchanged there, and is it known?",
            ),
            Option("b", lambda: _error_of_mean(0) > 10 * _error_of_mean()),
            Option(
                "c",
                lambda: _error_of_mean(1) > 0.9 * _error_of_mean(),
                "Compare the second line with the last. What matters is not the correlation but how far it "
                "is from one.",
            ),
            Option("d", lambda: _error_of_mean(1) < _error_of_one_coin() / 2),
            Option("e", True),
            Option(
                "f",
                False,
                "Such an interval takes the hill for a parabola. Where it runs out of the allowed region, "
                "which of the two is to blame, the model or the parabola?",
            ),
        ),
    ),
    "ex07.4": Function(
        points=3,
        name="lower_end",
        arguments=("x", "n"),
        cases=_tables,
        want=_lower_end,
        rtol=3e-3,
        slips=(
            Slip(
                "a factor of two",
                "This lets the log-likelihood drop by the chi-square's point. It is twice the drop that is "
                "compared with it.",
                hint=1,
                gives=lambda x, n: _lower_end(x, n, 2 * stats.chi2.ppf(0.95, 1)),
                points=2,
            ),
            Slip(
                "one standard error",
                "A drop of one half belongs to one standard error. Which drop belongs to 95 %?",
                hint=1,
                gives=lambda x, n: _lower_end(x, n, 1.0),
                points=2,
            ),
            Slip(
                "another quantile",
                "This lets twice the log-likelihood drop by another number: of one side only, or not "
                "squared. The 95 % point of a chi-square with one degree of freedom is asked for.",
                hint=1,
                gives=[
                    lambda x, n, drop=drop: _lower_end(x, n, drop)
                    for drop in (stats.chi2.ppf(0.975, 1), 1.96)
                ],
                points=2,
            ),
            Slip(
                "level of the test",
                "This cuts where the test at the boundary does. The chapter's interval keeps the whole "
                "chi-square, to be on the safe side.",
                hint=1,
                gives=lambda x, n: _lower_end(x, n, stats.chi2.ppf(0.9, 1)),
                points=2,
            ),
            Slip(
                "mean held",
                "This holds the mean at its estimate: a slice of the hill, not its skyline. For each "
                "concentration the mean may move to where it is best.",
                hint=2,
                gives=lambda x, n: _lower_end(x, n, mean_held=True),
                points=2,
            ),
            Slip(
                "logarithm",
                "This is the logarithm of the concentration.",
                gives=lambda x, n: math.log(_lower_end(x, n)),
                points=2,
            ),
            Slip(
                "parabola",
                "This is the end of the Wald interval: estimate and standard error, as if the hill were a "
                "parabola. Ask the hill itself.",
                hint=1,
                gives=_wald,
                where=_has_maximum,
                rtol=0.02,
                points=1,
            ),
            Slip(
                "only with a maximum",
                "Right where there is a maximum. Where there is none the estimate is infinite: the profile "
                "still has a supremum, and a left-hand side. Where can the search begin?",
                hint=2,
                right_on=_has_maximum,
                points=2,
            ),
        ),
    ),
    "ex07.5": Number(
        points=3,
        want=lambda: _at_bats(0.025),
        rtol=0.1,
        slips=(
            Slip(
                "both tails",
                "At so many at-bats a twentieth of the leagues has no maximum. An interval of 95 % leaves "
                "less than that above its upper end.",
                gives=lambda: _at_bats(0.05),
                rtol=0.05,
                points=2,
            ),
            Slip(
                "halved again",
                "2.5 % is one half of 5 % already: this leaves a quarter of it above the upper end.",
                gives=lambda: _at_bats(0.0125),
                rtol=0.03,
                points=2,
            ),
            Slip(
                "all batters together",
                "This may be the number of at-bats of the whole league. We ask for those of one batter.",
                hint=1,
                gives=lambda: _BATTERS * _at_bats(0.025),
                points=2,
            ),
            Slip(
                "median",
                "With so many the median is about to become finite, and the upper end is not. Which "
                "quantile is the upper end?",
                gives=lambda: _at_bats(0.5),
                rtol=0.15,
                points=1,
            ),
            Slip(
                "a share",
                "This is a share of the leagues; we ask for a number of at-bats.",
                when=lambda got: 0 <= got < 1,
            ),
            Slip(
                "failures dropped",
                "With no more at-bats than in 1970 there is an upper end only if the leagues without a "
                "maximum are dropped. Count them.",
                hint=1,
                when=lambda got: 40 <= got <= 50,
            ),
            Slip(
                "as many as the concentration",
                "With so many at-bats talent and luck are equally large in raw averages. That is not "
                "what a bootstrap counts: make up leagues.",
                hint=1,
                gives=lambda: _fit_of_1970()[0].concentration,
                rtol=0.03,
            ),
            Slip(
                "too few leagues",
                "That is in the range. To tell so small a share you need many leagues: ten thousand, say.",
                hint=2,
                when=lambda got: 0.8 < got / _at_bats(0.025) < 1.25,
                points=2,
            ),
        ),
    ),
    "ex07.6": Function(
        points=3,
        name="p_value",
        arguments=("x", "n", "rng"),
        cases=_leagues,
        want=_p_value,
        rtol=0.0,
        atol=0.02,
        slips=(
            Slip(
                "ties lost",
                "Deals that come out exactly as different as the data are to be counted too. In small "
                "tables there are many of them; rounding may have parted some.",
                hint=2,
                gives=lambda x, n, rng: _exceeds(x, n, lambda more: more > 1e-9),
                points=2,
            ),
            Slip(
                "other tail",
                "This counts the deals in which players are at most as different as they are.",
                gives=lambda x, n, rng: _exceeds(x, n, lambda more: more <= 1e-9),
                points=2,
            ),
            Slip(
                "halved",
                "This is half of it. The statistic looks in one direction already: there is nothing to "
                "halve.",
                gives=lambda x, n, rng: _p_value(x, n) / 2,
                points=2,
            ),
            Slip(
                "players shuffled",
                "This hands whole players' hits to other players. With equal at-bats that changes nothing: "
                "it is single hits that are dealt out on at-bats.",
                hint=1,
                gives=_shuffled,
                points=1,
            ),
            Slip(
                "tossed anew",
                "This tosses coins of the pooled probability, so that the number of hits varies. A good "
                "test for large samples; here their total is given, and dealt out.",
                hint=1,
                gives=[
                    lambda x, n, rng, how=how: _tossed(x, n, how) for how in ("pooled", "own", "scaled")
                ],
                points=1,
            ),
            Slip(
                "large samples",
                "This is Tarone's p-value from the normal distribution. For a few at-bats the "
                "statistic is far from normal: deal.",
                hint=1,
                gives=lambda x, n, rng: overdispersion_test(x, n).pvalue,
            ),
            Slip(
                "likelihood ratio",
                "This is the p-value of the likelihood ratio, from half a chi-square. It is for large "
                "samples: deal.",
                hint=1,
                gives=_likelihood_ratio,
            ),
        ),
    ),
}
