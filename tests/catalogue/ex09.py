"""Chapter 9: right answers in many forms, and for each known slip an answer that makes it."""

from collections import Counter
from fractions import Fraction

import numpy as np
import sympy
from scipy import integrate, stats
from scipy.special import digamma, psi


def share_of_next(x, table):
    """By shares of all, with their factorials."""
    total = sum(table)
    p, q = Fraction(int(table[x]), int(total)), Fraction(int(table[x + 1]), int(total))
    return q * int(sympy.factorial(x + 1)) / (p * int(sympy.factorial(x)))


def by_kinds(alpha, hits, outs):
    """Average over how many of the hits may have been singles: beta-binomial, given the hits."""
    singles = np.arange(hits + 1)
    chance = stats.betabinom.pmf(singles, hits, alpha[0], alpha[1])
    total = digamma(alpha.sum() + hits + outs)
    first = chance @ digamma(alpha[0] + singles)
    second = chance @ digamma(alpha[1] + hits - singles)
    return [first - total, second - total, digamma(alpha[2] + outs) - total]


def by_factors(alpha, hits, outs):
    a, b, c = (float(part) for part in alpha)
    share, total = psi(a + b + hits) - psi(a + b), psi(a + b + c + hits + outs)
    return np.array([[psi(a) + share - total], [psi(b) + share - total], [psi(c + outs) - total]])


def by_integral(alpha, hits, outs):
    def mean_log(p, q):
        def integrand(z):
            return np.log(z) * stats.beta.pdf(z, p, q)

        middle = p / (p + q)
        parts = [(0, middle / 2), (middle / 2, middle), (middle, 1)]
        return sum(integrate.quad(integrand, *part, epsabs=1e-12, epsrel=1e-11)[0] for part in parts)

    a, b, c = alpha
    of_hits = mean_log(a + b + hits, c + outs)
    out = mean_log(c + outs, a + b + hits)
    return [of_hits + mean_log(a, b), of_hits + mean_log(b, a), out]


def expected(after):
    return digamma(after) - digamma(np.sum(after))


def filled_in(alpha, hits, outs):
    singles = hits * alpha[0] / (alpha[0] + alpha[1])
    return expected(np.add(alpha, [singles, hits - singles, outs]))


def log_of_mean(alpha, hits, outs):
    share = alpha[0] / (alpha[0] + alpha[1])
    of_hits = (alpha[0] + alpha[1] + hits) / (alpha.sum() + hits + outs)
    return np.log([of_hits * share, of_hits * (1 - share), 1 - of_hits])


def log_of_share(alpha, hits, outs):
    of_hits, out = expected([alpha[0] + alpha[1] + hits, alpha[2] + outs])
    share = alpha[0] / (alpha[0] + alpha[1])
    return [of_hits + np.log(share), of_hits + np.log(1 - share), out]


def all_hits(alpha, hits, outs):
    of_hits, out = expected([alpha[0] + alpha[1] + hits, alpha[2] + outs])
    return [of_hits, of_hits, out]


def totals(shards):
    """Hits and at-bats by player, in a dictionary, line by line."""
    found = {}
    for shard in shards:
        for player, at_bats, hits in np.transpose(shard).tolist():
            x, n = found.get(player, (0, 0))
            found[player] = x + hits, n + at_bats
    return found


def by_dictionary(shards):
    return [[*pair, count] for pair, count in sorted(Counter(totals(shards).values()).items())]


def by_space(shards):
    """Arrays with room for every key, and those that don't occur left out."""
    player, at_bats, hits = np.hstack(shards)
    x, n = np.bincount(player, hits), np.bincount(player, at_bats)
    rows, counts = np.unique(np.c_[x, n][np.bincount(player) > 0], axis=0, return_counts=True)
    return np.c_[rows, counts]


def by_adding_parts(shards):
    """Each shard sums its own players, and the sums are added."""
    found = Counter(), Counter()
    for shard in shards:
        for player, (x, n) in totals([shard]).items():
            found[0][player] += x
            found[1][player] += n
    rows = sorted((found[0][player], found[1][player]) for player in found[1])
    return tuple((*pair, rows.count(pair)) for pair in sorted(set(rows)))


def with_nobody(shards):
    player, at_bats, hits = np.hstack(shards)
    rows = np.c_[np.bincount(player, hits), np.bincount(player, at_bats)]
    rows, counts = np.unique(rows, axis=0, return_counts=True)
    return np.c_[rows, counts]


def with_repeated_index(shards):
    hits, at_bats, seen = np.zeros((3, 100), dtype=int)
    for player, trials, got in shards:
        at_bats[player] += trials
        hits[player] += got
        seen[player] = 1
    found = Counter(zip(hits[seen == 1].tolist(), at_bats[seen == 1].tolist(), strict=True))
    return [[*pair, count] for pair, count in sorted(found.items())]


def by_shard(shards):
    parts = [pair for shard in shards for pair in totals([shard]).values()]
    return [[*pair, count] for pair, count in sorted(Counter(parts).items())]


def by_lines(shards):
    lines = np.hstack(shards)[[2, 1]].T.tolist()
    return [[*pair, count] for pair, count in sorted(Counter(map(tuple, lines)).items())]


ANSWERS = {
    "ex09.1": {
        "right": [
            lambda x, table: (x + 1) * table[x + 1] / table[x],
            share_of_next,
            lambda x, table: [table[x + 1] / table[x] + x * np.divide(table[x + 1], table[x])],
        ],
        "wrong": {
            "so far": lambda x, table: x,
            "everybody's mean": lambda x, table: sum(k * w for k, w in enumerate(table)) / sum(table),
            "no factor": lambda x, table: table[x + 1] / table[x],
            "factor of x": lambda x, table: x * table[x + 1] / table[x],
            "one down": lambda x, table: x * table[x] / table[x - 1],
            "not given x": lambda x, table: (x + 1) * table[x + 1] / sum(table),
            "upside down": lambda x, table: table[x] / table[x + 1] / (x + 1),
        },
    },
    "ex09.2": {
        "right": [by_factors, by_kinds, by_integral],
        "wrong": {
            "hits and outs": lambda alpha, hits, outs: by_factors(alpha, outs, hits),
            "filled in": filled_in,
            "log of the mean": log_of_mean,
            "log of a share": log_of_share,
            "all hits": all_hits,
            "all to each": lambda alpha, h, o: psi(alpha + np.array([h, h, o])) - psi(alpha.sum() + h + o),
            "to neither": lambda alpha, h, o: psi(alpha + np.array([0, 0, o])) - psi(alpha.sum() + h + o),
            "prior alone": lambda alpha, h, o: expected(alpha),
        },
    },
    "ex09.3": {
        "right": [
            [9, 80],
            (4, 50),
            np.array([2, 30]),
            np.array([[19.0], [150.0]]),
            [sympy.Integer(10), 80],
        ],
        "wrong": {
            "swapped": [80, 9],
            "no record": [8.5, 80],
            "surely weak": [0, 50],
            "surely not weak": [75, 300],
            "falls short": [1, 20],
        },
    },
    "ex09.4": {
        "right": ["b, c", "BC", ["c", "b"], {"b", "c"}],
        "wrong": {"ab": "ab", "bd": "b, d", "be": "eb", "c": "c"},
    },
    "ex09.5": {
        "right": [by_dictionary, by_space, by_adding_parts],
        "wrong": {
            "lost lines": with_repeated_index,
            "never at bat": lambda shards: [row for row in by_dictionary(shards) if row[1]],
            "lines": by_lines,
            "by shard": by_shard,
            "nobody": with_nobody,
            "not counted": lambda shards: [(x, n, 1) for x, n in totals(shards).values()],
            "no counts": lambda shards: [row[:2] for row in by_dictionary(shards)],
            "columns": lambda shards: [(n, x, count) for x, n, count in by_dictionary(shards)],
            "order": lambda shards: sorted(by_dictionary(shards), key=lambda row: row[1]),
        },
    },
    "ex09.6": {
        "right": ["a, d, e", "ADE", ["e", "a", "d"], {"a", "d", "e"}],
        "wrong": {"ab": "a, b", "ce": "c, e", "ad": "ad", "e": "e"},
    },
}
