"""Chapter 9, beyond the beta-binomial: what is asked, and which slips are known."""

from functools import cache

import numpy as np
from scipy import optimize, stats
from scipy.special import digamma, expit

from betabin.checks.kinds import Choice, Example, Function, Option, Slip
from betabin.data import load_batting
from betabin.em import e_step
from betabin.mle import fit_mle
from betabin.model import BetaParams, log_pmf, posterior, simulate

# ex09.1: expected events without a prior


def _tables(rng):
    accidents = [447, 132, 42, 21, 3, 2]
    drawn = [(int(rng.integers(0, 5)), rng.integers(5, 300, 7).tolist()) for _ in range(3)]
    return [(0, accidents), (1, accidents), (3, accidents), *drawn]


def _next(x, table):
    return (x + 1) * table[x + 1] / table[x]


def _mean(x, table):
    return np.average(np.arange(len(table)), weights=table)


# ex09.2: E-step where the kind of hit is not known


def _records(rng):
    cases = [(np.array([2.0, 1.0, 6.0]), 3, 7), (np.array([68.0, 32.0, 300.0]), 90, 210)]
    cases.append((np.array([0.5, 4.0, 2.0]), 0, 5))
    for _ in range(3):
        cases.append((rng.uniform(0.3, 30, 3), int(rng.integers(1, 60)), int(rng.integers(0, 90))))
    return cases


def _logs(alpha, hits, outs):
    """Hits against outs as in the beta-binomial; singles among hits as in the prior, after no trial."""
    single, extra, out = alpha
    hit, last = e_step((single + extra, out), [hits], [hits + outs])
    first, second = e_step((single, extra), [0], [0])
    return [hit + first, hit + second, last]


def _filled_in(alpha, hits, outs):
    share = alpha[0] / (alpha[0] + alpha[1])
    after = np.add(alpha, [share * hits, (1 - share) * hits, outs])
    return digamma(after) - digamma(after.sum())


def _log_of_mean(alpha, hits, outs):
    share = alpha[:2] / alpha[:2].sum()
    mean = np.array([alpha[:2].sum() + hits, alpha[2] + outs]) / (alpha.sum() + hits + outs)
    return np.log([*(share * mean[0]), mean[1]])


def _all_to_each(alpha, hits, outs):
    return digamma(np.add(alpha, [hits, hits, outs])) - digamma(alpha.sum() + hits + outs)


def _to_neither(alpha, hits, outs):
    return digamma(np.add(alpha, [0, 0, outs])) - digamma(alpha.sum() + hits + outs)


def _all_hits(alpha, hits, outs):
    of_hits, of_outs = e_step((alpha[0] + alpha[1], alpha[2]), [hits], [hits + outs])
    return [of_hits, of_hits, of_outs]


def _log_of_share(alpha, hits, outs):
    share = alpha[:2] / alpha[:2].sum()
    return np.add(_all_hits(alpha, hits, outs), [*np.log(share), 0])


# ex09.3: a record that is not shrunken

_GROUPS = ((0.064, 83, 917), (0.936, 81, 249))


def _estimate(x, n):
    """Posterior mean under two groups, and the first one's responsibility."""
    log_p = np.array([np.log(w) + log_pmf(x, n, (a, b)) for w, a, b in _GROUPS])
    r = np.exp(log_p - np.logaddexp(*log_p))
    means = [posterior((a, b), x, n).mean for _, a, b in _GROUPS]
    return float(r @ means), float(r[0])


def _no_record(got):
    x, n = got
    return not (x == np.floor(x) and n == np.floor(n) and x >= 0 and x + 1 <= n and 20 <= n <= 700)


def _shrinks(got):
    x, n = map(int, got)
    return (_estimate(x + 1, n)[0] - _estimate(x, n)[0]) * n <= 1


def _responsible(got, more=0):
    return _estimate(int(got[0]) + more, int(got[1]))[1]


# ex09.4: covariates


@cache
def _away_from_raw():
    """How far estimates are from raw averages, in points, if these are the regression's covariate."""
    before, now = load_batting(2018), load_batting(2019)
    seen = dict(zip(before.player_id, before.n, strict=True))
    often = np.array([seen.get(key, 0) >= 100 for key in now.player_id])
    keep = (now.position != "P") & (now.n >= 100) & often
    x, n = now.x[keep], now.n[keep]
    v = 10 * (x / n - 0.25)

    def priors(params):
        mu, s = expit(params[0] + params[1] * v), np.exp(params[2])
        return mu * s, (1 - mu) * s

    def minus(params):
        return -stats.betabinom.logpmf(x, n, *priors(params)).sum()

    bounds = [(-5, 5), (-5, 5), (0, np.log(1e4))]
    a, b = priors(optimize.minimize(minus, (-1, 0, 6), bounds=bounds).x)
    return 1000 * np.mean(np.abs((a + x) / (a + b + n) - x / n))


# ex09.5: a table from shards


def _shards(rng):
    def lines(players, length):
        player = rng.choice(players, length)
        at_bats = rng.integers(0, 6, length)
        return np.array([player, at_bats, rng.binomial(at_bats, 0.3)])

    everybody = np.sort(rng.choice(60, 25, replace=False))
    # Player 5 never came to bat, but he has lines.
    small = [[[7, 4, 7, 5], [1, 2, 3, 0], [0, 2, 1, 0]], [[4, 9, 9, 5], [2, 2, 2, 0], [0, 1, 1, 0]]]
    apart = [lines(part, 40) for part in np.split(everybody[:24], 4)]
    return [
        ([np.array(shard) for shard in small],),
        ([lines(everybody, 50) for _ in range(3)],),
        (apart,),
        ([lines(everybody, 80) for _ in range(5)],),
    ]


def _players(lines):
    """Hits and at-bats of each player that occurs."""
    _, who = np.unique(lines[0], return_inverse=True)
    return np.column_stack([np.bincount(who, weights=lines[row]) for row in (2, 1)])


def _last_lines(shards):
    """With one line of each player: what ``totals[player] += hits`` keeps where players are repeated."""
    last = []
    for shard in shards:
        _, first = np.unique(shard[0, ::-1], return_index=True)
        last.append(shard[:, shard.shape[1] - 1 - first])
    return _table(last)


def _counted(rows):
    different, counts = np.unique(rows, axis=0, return_counts=True)
    return np.column_stack([different, counts])


def _table(shards):
    return _counted(_players(np.concatenate(shards, axis=1)))


def _by_shard(shards):
    return _counted(np.concatenate([_players(shard) for shard in shards]))


def _not_counted(shards):
    rows = _players(np.concatenate(shards, axis=1))
    return np.column_stack([rows, np.ones(len(rows))])


def _without_counts(shards):
    return _table(shards)[:, :2]


def _with_nobody(shards):
    """With players of whom there is no line, as bincount makes them."""
    lines = np.concatenate(shards, axis=1)
    return _counted(np.column_stack([np.bincount(lines[0], weights=lines[row]) for row in (2, 1)]))


def _same_rows(got, cases, table):
    """Whether all results hold the rows of a table, in whatever order."""
    for value, case in zip(got, cases, strict=True):
        want = table(*case)
        if value.shape != want.shape or not np.array_equal(_in_order(value), _in_order(want)):
            return False
    return True


def _in_order(rows):
    return rows[np.lexsort(rows.T[::-1])]


# ex09.6: eight fits or one


@cache
def _eight():
    """For some leagues: error of the mean and concentration, from eight fits and from one."""
    rng, found = np.random.default_rng(8), []
    for _ in range(6):
        x = simulate((100, 300), np.full(2000, 50), rng=rng).x
        fits = [_fit(part) for part in np.split(x, 8)]
        one = _fit(x)
        mean = np.mean([fit.mean for fit in fits])
        concentration = np.mean([fit.concentration for fit in fits])
        found.append([abs(mean - one.mean), concentration / one.concentration])
    return np.array(found)


def _fit(x):
    counts = np.bincount(x, minlength=51)
    return fit_mle(np.arange(51), 50, counts=counts)


@cache
def _told_in_parts():
    """Whether averages of eight parts, weighted by size, are the average of all rows."""
    x = simulate((100, 300), np.full(2000, 50), rng=np.random.default_rng(8)).x
    guess, parts = BetaParams(1, 3), np.split(x, [100, 600, 650, 1200])
    told = np.average(
        [e_step(guess, part, 50) for part in parts], axis=0, weights=[part.size for part in parts]
    )
    return bool(np.allclose(told, e_step(guess, x, 50), rtol=1e-12))


QUESTIONS = {
    "ex09.1": Function(
        points=2,
        name="expected_next",
        arguments=("x", "table"),
        cases=_tables,
        want=_next,
        slips=(
            Slip(
                "so far",
                "This expects the same again. Those with many events were also unlucky: what does the "
                "average over z say?",
                hint=1,
                gives=lambda x, table: x,
            ),
            Slip(
                "everybody's mean",
                "This is everybody's mean. The woman's own count must say something about her rate.",
                hint=1,
                gives=_mean,
            ),
            Slip(
                "no factor",
                "Nearly: raising the exponent of z by one makes the probability of one event more, but "
                "for its factorial.",
                hint=2,
                gives=lambda x, table: table[x + 1] / table[x],
                points=1,
            ),
            Slip(
                "factor of x",
                "The factor is not quite that: compare x! with the factorial that belongs to z to the "
                "power of x + 1.",
                hint=2,
                gives=lambda x, table: x * table[x + 1] / table[x],
                points=1,
            ),
            Slip(
                "one down",
                "This goes from x to x - 1. Multiplying by z raises the exponent.",
                hint=1,
                gives=lambda x, table: x * table[x] / table[x - 1] if x else 0,
            ),
            Slip(
                "not given x",
                "This divides by all women. Given x, the posterior is normalised by p(x).",
                hint=1,
                gives=lambda x, table: (x + 1) * table[x + 1] / np.sum(table),
            ),
            Slip(
                "upside down",
                "The ratio is upside down: p(x) is what Bayes' rule divides by.",
                hint=1,
                gives=lambda x, table: 1 / _next(x, table),
            ),
        ),
    ),
    "ex09.2": Function(
        points=3,
        name="expected_logs",
        arguments=("alpha", "hits", "outs"),
        cases=_records,
        want=_logs,
        slips=(
            Slip(
                "filled in",
                "This fills in the missing kinds of hits, in the shares that the prior expects, and goes "
                "on as if they had been seen. Nobody saw them: singles among hits are as uncertain as "
                "before.",
                hint=1,
                gives=_filled_in,
                points=1,
            ),
            Slip(
                "log of the mean",
                "This is log E[Z], not E[log Z], for each of the three.",
                hint=2,
                gives=_log_of_mean,
                points=1,
            ),
            Slip(
                "log of a share",
                "Hits against outs are right. For singles among hits you took the logarithm of a mean, "
                "and the mean of a logarithm is asked for.",
                hint=1,
                gives=_log_of_share,
                points=2,
            ),
            Slip(
                "all hits",
                "The first two are E[log] of the share of *all* hits. A single is a hit, and a single "
                "among hits: the second factor is missing.",
                hint=1,
                gives=_all_hits,
                points=1,
            ),
            Slip(
                "all to each",
                "This counts every hit twice: as a single, and as an extra-base hit.",
                hint=1,
                gives=_all_to_each,
            ),
            Slip(
                "to neither",
                "This counts at-bats but no hits: they are neither singles nor extra-base hits here. That "
                "there was a hit has been seen.",
                hint=1,
                gives=_to_neither,
            ),
            Slip(
                "hits and outs",
                "Hits and outs are exchanged: the first two parameters are those of hits.",
                gives=lambda alpha, hits, outs: _logs(alpha, outs, hits),
                points=1,
            ),
            Slip(
                "prior alone",
                "These are the prior's averages. The E-step is given the hits and outs.",
                hint=2,
                gives=lambda alpha, hits, outs: digamma(alpha) - digamma(alpha.sum()),
            ),
        ),
    ),
    "ex09.3": Example(
        points=3,
        shape=(2,),
        slips=(
            Slip(
                "swapped",
                "There are more hits than at-bats here: hits come first.",
                when=lambda got: got[0] > got[1],
            ),
            Slip(
                "no record",
                "That is no record of the kind: whole numbers, and room for one more hit; from 20 at-bats "
                "to 700.",
                when=_no_record,
            ),
            Slip(
                "surely weak",
                "With this record he is in the weak group almost surely, and still is with one hit more. "
                "Inside one group it is the old shrinkage.",
                hint=1,
                when=lambda got: _shrinks(got) and _responsible(got, 1) > 0.8,
                points=1,
            ),
            Slip(
                "surely not weak",
                "With this record he hardly belongs to the weak group, and even less with one hit more. "
                "Inside one group it is the old shrinkage.",
                hint=1,
                when=lambda got: _shrinks(got) and _responsible(got) < 0.2,
                points=1,
            ),
            Slip(
                "falls short",
                "The group is in doubt, and the estimate does jump; but not by more than 1 / n. What "
                "happens to 1 / n, and to what a hit says of the group, in a longer record?",
                hint=2,
                when=_shrinks,
                points=1,
            ),
        ),
    ),
    "ex09.4": Choice(
        points=2,
        options=(
            Option(
                "a",
                False,
                "The log-likelihood says how well hits are predicted by a prior that has not seen them. "
                "What has the prior of that row seen?",
            ),
            Option("b", True),
            Option("c", lambda: _away_from_raw() < 2),
            Option(
                "d",
                False,
                "That he batted in both years is no objection. Which at-bats made the covariate, and "
                "which are in the likelihood?",
            ),
            Option(
                "e",
                False,
                "In empirical Bayes a player's hits are one among hundreds that fit a few parameters; "
                "leave him out, and his prior hardly moves. What becomes of his prior in that row if one "
                "hit of his is added?",
            ),
        ),
    ),
    "ex09.5": Function(
        points=3,
        name="pairs",
        arguments=("shards",),
        cases=_shards,
        want=_table,
        slips=(
            Slip(
                "lines",
                "These are pairs of single games. The model needs each player's totals first.",
                hint=1,
                gives=lambda shards: _counted(np.concatenate(shards, axis=1)[[2, 1]].T),
            ),
            Slip(
                "by shard",
                "A player with lines in two shards counts as two players here, each with few at-bats. Sum "
                "over all shards before you form pairs.",
                hint=1,
                gives=_by_shard,
                points=1,
            ),
            Slip(
                "lost lines",
                "Lines are lost: with a player repeated in an index, `totals[player] += hits` adds one of "
                "his lines and forgets the others. There is np.add.at, and np.bincount.",
                hint=2,
                gives=[_last_lines, lambda shards: _last_lines([np.concatenate(shards, axis=1)])],
                points=1,
            ),
            Slip(
                "never at bat",
                "Players whose lines hold no at-bat are missing. They have a line, so they count: no hits "
                "in no at-bats.",
                gives=lambda shards: _table(shards)[_table(shards)[:, 1] > 0],
                points=2,
            ),
            Slip(
                "nobody",
                "It counts players of whom there is no line at all: an array over all keys has room for "
                "keys that don't occur.",
                hint=2,
                gives=_with_nobody,
                points=2,
            ),
            Slip(
                "not counted",
                "This still has a row for each player, so it grows with the league. Equal pairs belong in "
                "one row, with their number.",
                hint=2,
                when=lambda got, cases: _same_rows(got, cases, _not_counted),
                points=1,
            ),
            Slip(
                "no counts",
                "The pairs are there; how many players each stands for is missing.",
                hint=2,
                gives=_without_counts,
                points=1,
            ),
            Slip(
                "columns",
                "Hits come first, then at-bats, then the number of players.",
                when=lambda got, cases: _same_rows(got, cases, lambda shards: _table(shards)[:, [1, 0, 2]]),
                points=2,
            ),
            Slip(
                "order",
                "The right rows in another order: sort by hits, and those with as many hits by at-bats.",
                hint=2,
                when=lambda got, cases: _same_rows(got, cases, _table),
                points=2,
            ),
        ),
    ),
    "ex09.6": Choice(
        points=2,
        options=(
            Option("a", lambda: bool(np.max(_eight()[:, 0]) < 1e-3)),
            Option(
                "b",
                lambda: bool(np.median(_eight()[:, 1]) < 1.1),
                "Errors cancel that go both ways and are of a size. How far can a concentration be too "
                "small, and how far too large? Look at eight of them.",
            ),
            Option(
                "c",
                False,
                "Each of the eight is at the maximum of its own likelihood. More rounds don't change that.",
            ),
            Option("d", lambda: bool(np.median(_eight()[:, 1]) > 1.25)),
            Option("e", _told_in_parts),
        ),
    ),
}
