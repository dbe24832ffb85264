"""Chapter 4, EM run: what is asked, and which slips are known."""

from functools import cache

import numpy as np
from scipy.special import digamma, polygamma

from betabin.checks._seasons import regulars
from betabin.checks.kinds import Array, Choice, Function, Number, Option, Slip
from betabin.data import load_batting
from betabin.em import ExpectedStats, e_step, fit_em, m_step
from betabin.mle import fit_mle
from betabin.model import BetaParams, log_likelihood


def _walk(step, start, rounds):
    """Start and parameters after each round of a step."""
    path = [BetaParams(*map(float, start))]
    for _ in range(rounds):
        path.append(BetaParams(*step(path[-1])))
    return np.array(path)


def _em(x, n, start, rounds):
    return _walk(lambda params: m_step(e_step(params, x, n)), start, rounds)


def _expected_logs(params, x, n):
    """Each player's expected log Z and log(1 - Z), as two rows."""
    alpha, beta = params
    x, n = np.asarray(x), np.asarray(n)
    both = digamma(alpha + beta + n)
    return np.array([digamma(alpha + x) - both, digamma(beta + n - x) - both])


def _matched(averages):
    return m_step(ExpectedStats(*averages))


# ex04.1: a round on paper

_THREE = ((1, 1, 2), (5, 5, 5))
_UNIFORM = BetaParams(1.0, 1.0)


def _one_round():
    return m_step(e_step(_UNIFORM, *_THREE))


def _of_means():
    return _filled_in(*_THREE, _UNIFORM, 1)[1]


def _of_raw_averages():
    raw = np.divide(*_THREE)
    return _matched((np.log(raw).mean(), np.log(1 - raw).mean()))


def _pooled_record():
    x, n = map(sum, _THREE)
    return _UNIFORM.alpha + x, _UNIFORM.beta + n - x


def _mean_posterior():
    x, n = map(np.mean, _THREE)
    return _UNIFORM.alpha + x, _UNIFORM.beta + n - x


def _of_sums():
    return _summed(*_THREE, _UNIFORM, 1)[1]


# ex04.2: EM in one function


def _leagues(rng):
    n = rng.integers(20, 300, 12)
    x = rng.binomial(n, rng.beta(8.0, 20.0, 12))
    few, seen = np.array([1, 1, 2]), np.array([5, 5, 5])
    # No league of equal records: a program that fills in means would look for a Beta that is a point.
    return [
        (few, seen, (1.0, 1.0), 2),
        (x, n, (1.0, 1.0), 4),
        (x, n, (150.0, 60.0), 3),
        (np.array([0, 9, 3, 0]), np.array([4, 12, 3, 0]), (0.3, 0.2), 3),
        (few, seen, (2.5, 4.0), 0),
    ]


def _filled_in(x, n, start, rounds):
    def step(params):
        z = (params.alpha + np.asarray(x)) / (params.concentration + np.asarray(n))
        return _matched((np.log(z).mean(), np.log(1 - z).mean()))

    return _walk(step, start, rounds)


def _summed(x, n, start, rounds):
    return _walk(lambda params: _matched(_expected_logs(params, x, n).sum(axis=1)), start, rounds)


def _weighted(x, n, start, rounds):
    return _walk(
        lambda params: _matched(np.average(_expected_logs(params, x, n), axis=1, weights=n)), start, rounds
    )


def _under_the_start(x, n, start, rounds):
    return _walk(lambda _: m_step(e_step(BetaParams(*start), x, n)), start, rounds)


def _pooled(x, n, start, rounds):
    hits, outs = np.sum(x), np.sum(n) - np.sum(x)
    return _walk(lambda params: (params.alpha + hits, params.beta + outs), start, rounds)


def _exchanged(x, n, start, rounds):
    return _em(np.asarray(n) - np.asarray(x), n, start, rounds)


def _one_newton_step(x, n, start, rounds):
    """One step of the chapter's Newton method for each M-step."""

    def step(params):
        params, total = np.array(params), sum(params)
        missing = _expected_logs(params, x, n).mean(axis=1) - (digamma(params) - digamma(total))
        slope = np.diag(polygamma(1, params)) - polygamma(1, total)
        return params * np.exp(np.clip(np.linalg.solve(slope, missing) / params, -1, 1))

    return _walk(step, start, rounds)


# ex04.3: players who never came to bat


@cache
def _until_still(benched):
    """Rounds from (1, 1) until one changes nothing to speak of, and the end; with as many again benched."""
    x, n = regulars(2018)
    if benched:
        x, n = (np.concatenate([values, 0 * values]) for values in (x, n))
    params, rounds, change = _UNIFORM, 0, np.inf
    while change > 1e-6:
        new = m_step(e_step(params, x, n), init=params)
        change = np.abs(np.log(new) - np.log(params)).max()
        params, rounds = new, rounds + 1
    return rounds, params


def _ends_together():
    return np.allclose(_until_still(True)[1], _until_still(False)[1], rtol=1e-4)


def _slower():
    return _until_still(True)[0] > _until_still(False)[0]


# ex04.4: weighed by at-bats


@cache
def _weighted_heights():
    """Log-likelihood after each round of the weighted program, and the one weighted by at-bats."""
    x, n = regulars(2018)
    path = _weighted(x, n, _UNIFORM, 40)
    return np.array([[log_likelihood(p, x, n), log_likelihood(p, x, n, counts=n)] for p in path]).T


def _falls(values, by):
    return bool(np.any(np.diff(values) < -by * np.abs(values[1:])))


# ex04.5: a league in which all have the same record


def _same_records(rng):
    cases = [(1, 1, 13, 50, 1.0, 1.0), (4, 100, 12, 40, 1.0, 1.0)]
    for t, players, n in zip(*rng.integers((2, 3, 10), (20, 60, 90), (3, 3)).T.tolist(), strict=True):
        cases.append((t, players, int(rng.integers(1, n)), n, *rng.uniform(0.5, 9, 2).tolist()))
    return cases


def _after(t, players, x, n, a, b):
    path = _walk(lambda params: m_step(e_step(params, [x], [n], counts=[players])), (a, b), t)
    return path[-1]


# ex04.6: a season, and a program that stops


@cache
def _where_it_stops(season=2019, least_gain=0.01, everybody=False):
    """The round whose gain is too small, concentrations along the path, and Newton's fit."""
    table = load_batting(season)
    x, n = (table.x, table.n) if everybody else regulars(season)
    trace = fit_em(x, n, init=_UNIFORM).trace
    stop = 1 + int(np.argmax(np.diff(trace.log_likelihood) < least_gain))
    return stop, trace.alpha + trace.beta, trace.log_likelihood, fit_mle(x, n)


def _short(before=0, **which):
    """How many percent the concentration is short of Newton's, where the program stops."""
    stop, concentration, _, best = _where_it_stops(**which)
    return 100 * (1 - concentration[stop - before] / best.concentration)


def _short_of_what_it_reached():
    stop, concentration, _, best = _where_it_stops()
    return 100 * (best.concentration / concentration[stop] - 1)


def _short_in_log_likelihood():
    stop, _, heights, best = _where_it_stops()
    return best.log_likelihood - heights[stop]


def _short_in_concentration():
    stop, concentration, _, best = _where_it_stops()
    return best.concentration - concentration[stop]


def _short_per_player():
    return _short(least_gain=0.01 * regulars(2019)[0].size)


QUESTIONS = {
    "ex04.1": Array(
        points=2,
        want=_one_round,
        slips=(
            Slip(
                "the averages",
                "These are the averages that the E-step hands on, and they are right. Now the M-step: "
                "which Beta distribution has them as its own?",
                hint=2,
                gives=lambda: e_step(_UNIFORM, *_THREE),
                points=1,
            ),
            Slip(
                "means filled in",
                "This fills in each player's posterior mean and takes its logarithm. The E-step averages "
                "the logarithm: log E[Z] is not E[log Z].",
                hint=1,
                gives=_of_means,
            ),
            Slip(
                "raw averages",
                "This fits a Beta to the raw averages. They are no true averages: the E-step replaces "
                "their logarithms by averages over the posteriors.",
                hint=1,
                gives=_of_raw_averages,
            ),
            Slip(
                "pooled",
                "This adds all hits and all outs to the start: it is the posterior of one player who did "
                "it all. There are three players, each with a true average of his own.",
                hint=1,
                gives=_pooled_record,
            ),
            Slip(
                "mean posterior",
                "This averages the parameters of the three posteriors. What has to be averaged is the "
                "expected logarithms.",
                hint=1,
                gives=_mean_posterior,
            ),
            Slip(
                "summed",
                "The M-step was given sums over the players. A Beta's own mean of log Z is an average "
                "too: divide by the number of players.",
                hint=2,
                gives=_of_sums,
                points=1,
            ),
            Slip(
                "exchanged",
                "Alpha and beta are exchanged: alpha goes with hits, and these players make few.",
                gives=lambda: _one_round()[::-1],
                points=1,
            ),
        ),
    ),
    "ex04.2": Function(
        points=3,
        name="em",
        arguments=("x", "n", "start", "rounds"),
        cases=_leagues,
        want=_em,
        forbidden=("betabin.fit_em",),
        rtol=1e-5,
        slips=(
            Slip(
                "start missing",
                "The rounds are right, but the path has to begin with the start: one row more than there "
                "are rounds.",
                gives=lambda *case: _em(*case)[1:],
                where=lambda x, n, start, rounds: rounds > 0,
                points=2,
            ),
            Slip(
                "end alone",
                "This is where the last round ends. We ask for the whole path.",
                gives=lambda *case: _em(*case)[-1],
                points=2,
            ),
            Slip(
                "same row",
                "All rows are the same: each is the last round's. A list that holds one array many times, "
                "changed in place, looks like this: keep a copy of each round.",
                gives=lambda *case: np.tile(_em(*case)[-1], (case[-1] + 1, 1)),
                points=2,
            ),
            Slip(
                "columns exchanged",
                "The columns are exchanged: alpha first.",
                gives=lambda *case: _em(*case)[:, ::-1],
                points=2,
            ),
            Slip(
                "means filled in",
                "The E-step fills in posterior means and takes logarithms afterwards. Average log Z over "
                "the posterior, not Z.",
                hint=1,
                gives=_filled_in,
                points=1,
            ),
            Slip(
                "summed",
                "The E-step adds up over the players where it should average: the more players, the "
                "further from any single player's logarithms are the sums.",
                hint=1,
                gives=_summed,
                points=1,
            ),
            Slip(
                "weighted",
                "The E-step weighs the players by their at-bats. Each is one draw from the league, and "
                "what his at-bats say is in the width of his posterior already.",
                hint=1,
                gives=_weighted,
                points=1,
            ),
            Slip(
                "under the start",
                "From the second round on nothing moves: the expectation is taken under the start in "
                "every round. Take it under the parameters of the round before.",
                hint=1,
                gives=_under_the_start,
                points=1,
            ),
            Slip(
                "one Newton step",
                "The M-step takes a single Newton step. That climbs too, but it is not the maximum: "
                "repeat it until it no longer moves.",
                hint=2,
                gives=_one_newton_step,
                points=2,
            ),
            Slip(
                "pooled",
                "This adds all hits and outs to the parameters: right for a league of one. With several "
                "players, average the expected logarithms and solve for the Beta that has them.",
                hint=1,
                gives=_pooled,
                points=1,
            ),
            Slip(
                "exchanged",
                "Hits and outs are exchanged: x raises alpha, and n - x raises beta.",
                gives=_exchanged,
                points=2,
            ),
        ),
    ),
    "ex04.3": Choice(
        points=1,
        options=(
            Option(
                "a",
                lambda: _ends_together() and not _slower(),
                "The end is the same, but a round of EM does not know that the newcomers are empty: what "
                "is their posterior, and what do they report to the average?",
            ),
            Option("b", lambda: _ends_together() and _slower()),
            Option(
                "c",
                lambda: _until_still(True)[1].concentration > 1.01 * _until_still(False)[1].concentration,
                "A newcomer's posterior is the prior, whatever it is. That is no evidence that players "
                "are alike: which factor does he bring to the likelihood?",
            ),
            Option(
                "d",
                lambda: abs(_until_still(True)[1].mean - _until_still(False)[1].mean) > 0.01,
                "The newcomers' posteriors have the mean of the present prior, not of the start: the "
                "start is soon forgotten.",
            ),
        ),
    ),
    "ex04.4": Choice(
        points=2,
        options=(
            Option(
                "a",
                lambda: not _falls(_weighted_heights()[0], 1e-9),
                "Rounding errors of a log-likelihood of this size are a billion times smaller than these "
                "falls.",
            ),
            Option(
                "b",
                False,
                "EM never overshoots in log-likelihood: no round may lower it, first or late.",
            ),
            Option("c", lambda: _falls(_weighted_heights()[0], 1e-9)),
            Option(
                "d",
                False,
                "The M-step is the package's: it finds the Beta with the averages that it is given. Are "
                "they the averages that it should be given?",
            ),
            Option("e", lambda: not _falls(_weighted_heights()[1], 1e-9)),
        ),
    ),
    "ex04.5": Function(
        points=2,
        name="after",
        arguments=("t", "players", "x", "n", "alpha", "beta"),
        cases=_same_records,
        want=_after,
        rtol=1e-6,
        slips=(
            Slip(
                "players counted",
                "This adds every player's record in every round. The M-step matches averages over the "
                "players: what is the average of equal numbers?",
                hint=1,
                gives=lambda t, players, x, n, a, b: (a + t * players * x, b + t * players * (n - x)),
            ),
            Slip(
                "posterior once",
                "This is the posterior after one round. It becomes the next prior, and meets the same "
                "data again.",
                hint=2,
                gives=lambda t, players, x, n, a, b: (a + x, b + n - x),
            ),
            Slip(
                "pooled once",
                "This is Bayes' rule for one true average that all share, all data used once. EM does "
                "something else: follow one round with its averages.",
                hint=1,
                gives=lambda t, players, x, n, a, b: (a + players * x, b + players * (n - x)),
            ),
            Slip(
                "all at-bats are outs",
                "Nearly: what a round adds to beta is the outs, not the at-bats.",
                gives=lambda t, players, x, n, a, b: (a + t * x, b + t * n),
                points=1,
            ),
            Slip(
                "hits taken once",
                "Nearly: each round adds the outs, and the hits are taken away from the at-bats once only "
                "here.",
                gives=lambda t, players, x, n, a, b: (a + t * x, b + t * n - x),
                points=1,
            ),
            Slip(
                "exchanged",
                "Alpha and beta, or hits and outs, are exchanged.",
                gives=[
                    lambda t, players, x, n, a, b: (b + t * (n - x), a + t * x),
                    lambda t, players, x, n, a, b: (a + t * (n - x), b + t * x),
                ],
                points=1,
            ),
            Slip(
                "start forgotten",
                "The growth is right. The start does not vanish: what do you have for t = 0?",
                hint=2,
                gives=lambda t, players, x, n, a, b: (t * x, t * (n - x)),
                points=1,
            ),
            Slip(
                "a round too many",
                "The growth is right, but this is a round late or early: what do you have for t = 0?",
                hint=2,
                gives=[
                    lambda t, players, x, n, a, b, by=by: (a + (t + by) * x, b + (t + by) * (n - x))
                    for by in (-1, 1)
                ],
                points=1,
            ),
        ),
    ),
    "ex04.6": Number(
        points=3,
        want=_short,
        percent=True,
        rtol=0.005,
        slips=(
            Slip(
                "other season",
                "This is the chapter's season. We ask for the one after it.",
                gives=lambda: _short(season=2018),
                points=2,
            ),
            Slip(
                "everybody",
                "This takes everybody who came to bat. Keep those who are not pitchers and have at least "
                "a hundred at-bats, as the cell above does.",
                gives=lambda: _short(everybody=True),
                points=2,
            ),
            Slip(
                "share",
                "This is a share of one. We ask for percent.",
                gives=lambda: _short() / 100,
                points=2,
            ),
            Slip(
                "of what was reached",
                "This is by how much the concentration still has to grow, in percent of what was reached. "
                "We ask for percent of Newton's.",
                gives=_short_of_what_it_reached,
                points=2,
            ),
            Slip(
                "round before",
                "The program stops after the round whose gain is too small, not before it.",
                hint=2,
                gives=lambda: _short(before=1),
                points=2,
            ),
            Slip(
                "per player",
                "Here the gain was divided by the number of players before it was compared. The rule is "
                "about the log-likelihood of the whole season.",
                hint=2,
                gives=_short_per_player,
                points=1,
            ),
            Slip(
                "log-likelihood",
                "This is how far the log-likelihood is below the maximum. That it is so small is the trap: "
                "look at the concentration.",
                hint=1,
                gives=_short_in_log_likelihood,
                points=1,
            ),
            Slip(
                "not in percent",
                "This is the difference of the two concentrations itself. We ask for percent of Newton's.",
                gives=_short_in_concentration,
                points=2,
            ),
        ),
    ),
}
