"""Chapter 6, convergence: what is asked, and which slips are known."""

import math
from functools import cache

import numpy as np

from betabin.checks.kinds import Choice, Function, Number, Option, Slip
from betabin.data import load_efron_morris
from betabin.em import fit_em
from betabin.information import observed_information, rate_matrix
from betabin.mle import fit_mle
from betabin.model import log_pmf, simulate


def _rounds_per_digit(rate):
    return -1 / math.log10(rate)


# ex06.1: what makes a digit cheaper


def _cost(params, n, players=1):
    """Rounds per digit at the truth, in a league that is as the model expects it."""
    x = np.arange(n + 1)
    counts = np.rint(1e9 * players * np.exp(log_pmf(x, n, params))).astype(int)
    return _rounds_per_digit(np.linalg.eigvals(rate_matrix(params, x, n, counts=counts)).max())


def _cheaper(*league):
    return _cost(*league) < 2 / 3 * _cost((100, 300), 50)


# ex06.2: what a stopping rule has left


def _late_rounds(rng):
    drawn = zip(rng.uniform(1e-9, 1e-3, 3).tolist(), rng.uniform(0.2, 0.999, 3).tolist(), strict=True)
    return [(1.0, 0.5), (1e-6, 0.9784), *drawn]


def _left(gain, rate):
    """Sum of the gains to come, each the square of the rate times the one before."""
    return gain * rate**2 / ((1 - rate) * (1 + rate))


# ex06.4: a leap for two rates


def _four_rounds(rng):
    cases = []
    for quick, slow in [(0.3, 0.8), (0.5, 0.95), (0.15, 0.6)]:
        axes = rng.normal(size=(2, 2)) + 2 * np.eye(2)
        matrix = axes @ np.diag([slow, quick]) @ np.linalg.inv(axes)
        end, error = rng.normal(size=2), axes @ rng.uniform(0.5, 1, 2)
        errors = [np.linalg.matrix_power(matrix, k) @ error for k in range(4)]
        cases.append((end + np.array(errors),))
    batters = load_efron_morris()
    trace = fit_em(batters.x, batters.n, init=(1, 1), max_iter=20).trace
    logs = np.log(np.column_stack([trace.alpha, trace.beta]))
    return [*cases, (logs[2:6],), (logs[17:21],)]


def _end(points):
    """By the polynomial that annihilates the steps: its coefficients weigh the points."""
    first, second, third = np.diff(points, axis=0)
    weights = np.append(np.linalg.solve(np.column_stack([first, second]), -third), 1)
    return weights @ points[:3] / weights.sum()


def _rate_of(points):
    first, second, third = np.diff(points, axis=0)
    return np.column_stack([second, third]) @ np.linalg.inv(np.column_stack([first, second]))


def _onwards(start, matrix, step):
    return start + np.linalg.solve(np.eye(2) - matrix, step)


def _aitken(points):
    first, second = np.diff(points, axis=0)
    return points[2] - second**2 / (second - first)


def _squarem(points, least):
    first, second = np.diff(points[:3], axis=0)
    a = -max(least, np.linalg.norm(first) / np.linalg.norm(second - first))
    return points[0] - 2 * a * first + a**2 * (second - first)


def _rows_for_columns(points):
    steps = np.diff(points, axis=0)
    matrix = steps[1:] @ np.linalg.inv(steps[:2])
    return _onwards(points[3], matrix, matrix @ steps[2])


def _backwards(points):
    matrix = np.linalg.inv(_rate_of(points))
    return _onwards(points[3], matrix, matrix @ np.diff(points, axis=0)[2])


# ex06.3: four climbers


@cache
def _rounds_for(digits):
    """Rounds EM needs on the league of the race."""
    league = simulate((10, 30), np.full(300, 40), rng=np.random.default_rng(3))
    best = np.array(fit_mle(league.x, league.n).params)
    trace = fit_em(league.x, league.n, init=(1, 1)).trace
    off = np.abs(np.log(np.column_stack([trace.alpha, trace.beta]) / best)).max(axis=1)
    return int(np.argmax(off < 10.0**-digits))


# ex06.5: the price of a cheap round


@cache
def _batters():
    batters = load_efron_morris()
    return fit_mle(batters.x, batters.n).params, batters.x, batters.n


@cache
def _rates_of_mm():
    """Eigenvalues of the derivative of MM's round: its bound's curvature is diagonal."""
    params, x, n = _batters()
    pressure = sum(np.sum(1 / (sum(params) + np.arange(trials))) for trials in n.tolist())
    gap = np.diag(params) / pressure @ observed_information(params, x, n)
    return tuple(np.sort(np.linalg.eigvals(np.eye(2) - gap).real).tolist())


def _price_of_mm():
    return _rounds_per_digit(_rates_of_mm()[1])


@cache
def _price_of_em():
    return _rounds_per_digit(np.linalg.eigvals(rate_matrix(*_batters())).max())


# ex06.6: a report that holds


def _tables(rng):
    chosen = [
        ([1, 3, 8], [10, 10, 10]),
        ([2, 5, 30, 4], [9, 20, 61, 8]),
        ([3, 2, 3, 2, 3, 3, 2], [9] * 7),
        ([2, 5], [9, 20]),
        ([0, 5, 5, 0, 0], [5] * 5),
        ([1, 0, 0, 1, 0], [1] * 5),
        ([0, 0, 0, 0], [4, 7, 3, 5]),
        ([6, 2], [6, 2]),
        ([0, 5, 3, 0], [4, 5, 3, 20]),
        ([0, 57], [4, 89]),
    ]
    return [(np.array(x), np.array(n)) for x, n in chosen]


@cache
def _fit(x, n):
    return fit_mle(x, n)


def _status(x, n):
    return _fit(tuple(x), tuple(n)).status


def _spread(x, n):
    fit = _fit(tuple(x), tuple(n))
    variance = fit.mean * (1 - fit.mean)
    if fit.status == "not_identified":
        return [0, math.sqrt(variance)]
    # Where the mean goes to 0 or 1, the variance is 0 whatever the concentration.
    s = fit.concentration if variance > 0 else 0
    return [math.sqrt(variance / (s + 1))] * 2


def _by_slope(x, n):
    """Whether the data vary more than a binomial."""
    p = x.sum() / n.sum()
    return np.sum((x - n * p) ** 2) > p * (1 - p) * n.sum()


def _stopped_somewhere(got, cases):
    """A single number each time, right where there is a maximum, and inside where there is none."""
    if any(np.shape(pair) != (2,) or not math.isclose(*pair, rel_tol=1e-6) for pair in got):
        return False
    results = {"interior": [], "binomial_limit": []}
    for pair, case in zip(got, cases, strict=True):
        results.setdefault(_status(*case), []).append((float(pair[0]), _spread(*case)[0]))
    inside = all(math.isclose(*pair, rel_tol=1e-2) for pair in results["interior"])
    return inside and all(0 < value < 0.2 for value, _ in results["binomial_limit"])


QUESTIONS = {
    "ex06.1": Choice(
        points=1,
        options=(
            Option(
                "a",
                lambda: _cost((100, 300), 50, players=10) < 2 / 3 * _cost((100, 300), 50),
                "More players raise the complete and the missing information alike. The rate is a share: "
                "more of the same leaves it as it is.",
            ),
            Option("b", lambda: _cheaper((100, 300), 100)),
            Option(
                "c",
                False,
                "A nearer start saves rounds once. It does not change by how much each round brings EM "
                "nearer, and so not what the next digit costs.",
            ),
            Option("d", lambda: _cheaper((25, 75), 50)),
            Option(
                "e",
                lambda: _cheaper((300, 100), 50),
                "Counting outs exchanges the names of alpha and beta. Does a player then tell us more?",
            ),
        ),
    ),
    "ex06.2": Function(
        points=2,
        name="left_to_gain",
        arguments=("gain", "rate"),
        cases=_late_rounds,
        want=_left,
        slips=(
            Slip(
                "distance",
                "This is the rule for the distance to the maximum. The log-likelihood is flat at the top: "
                "what is missing there shrinks faster than the distance does.",
                hint=1,
                gives=lambda gain, rate: gain * rate / (1 - rate),
                points=1,
            ),
            Slip(
                "before the round",
                "This is what was missing before the round that gained. That round's gain is already made.",
                hint=2,
                gives=lambda gain, rate: gain / (1 - rate**2),
                points=1,
            ),
            Slip(
                "before, distance",
                "Two slips: missing log-likelihood does not shrink like the distance, and the last gain is "
                "already made.",
                hint=1,
                gives=lambda gain, rate: gain / (1 - rate),
            ),
            Slip(
                "last gain",
                "A small last gain does not mean that as little is left. It only says how slow the climb "
                "is, or how near the top: which one, depends on the rate.",
                hint=2,
                gives=lambda gain, rate: gain,
            ),
            Slip(
                "next gain",
                "This is what the very next round will gain. Many more rounds follow it.",
                hint=2,
                gives=[lambda gain, rate: gain * rate**2, lambda gain, rate: gain * rate],
            ),
            Slip(
                "squared whole",
                "The distance rule is squared as a whole here. Square only the factor by which a round "
                "shrinks what is missing, then sum the geometric series anew.",
                hint=1,
                gives=lambda gain, rate: gain * (rate / (1 - rate)) ** 2,
            ),
            Slip(
                "squared above only",
                "One line of the fraction has the factor of the log-likelihood, the other that of the "
                "distance.",
                hint=1,
                gives=[lambda g, r: g * r**2 / (1 - r), lambda g, r: g * r / (1 - r**2)],
                points=1,
            ),
        ),
    ),
    "ex06.3": Choice(
        points=2,
        options=(
            Option("a", True),
            Option("b", True),
            Option(
                "c",
                False,
                "It does move, evenly, and towards the maximum. Slowness is no bug; which of the four has "
                "the shortest steps?",
            ),
            Option(
                "d",
                False,
                "What jumps is the distance. Whether the log-likelihood falls is another matter: what is a "
                "leap's condition for being kept?",
            ),
            Option("e", lambda: abs(_rounds_for(9) - 75) <= 3),
            Option(
                "f",
                False,
                "Rounds are not seconds, and this method needs something of the model that not every model "
                "has. What does it differentiate?",
            ),
        ),
    ),
    "ex06.4": Function(
        points=3,
        name="leap",
        arguments=("points",),
        cases=_four_rounds,
        want=_end,
        forbidden=("betabin.rate_matrix",),
        rtol=1e-5,
        slips=(
            Slip(
                "last point",
                "This is one of the points that were given. The end is still ahead of them.",
                hint=2,
                gives=[lambda p, k=k: p[k] for k in range(4)],
            ),
            Slip(
                "one rate each",
                "This extrapolates each coordinate by itself, as if it had a rate of its own. Both rates "
                "are in both coordinates, unless the slow direction happens to lie along an axis.",
                hint=1,
                gives=[lambda p, k=k: _aitken(p[k : k + 3]) for k in (0, 1)],
                points=1,
            ),
            Slip(
                "one number for both",
                "This is SQUAREM's leap: one number, made of lengths, for both rates. Here a matrix is "
                "asked for.",
                hint=1,
                gives=[
                    lambda p, k=k, least=least: _squarem(p[k : k + 3], least)
                    for k in (0, 1)
                    for least in (0, 1)
                ],
                points=1,
            ),
            Slip(
                "last step twice",
                "The matrix is right. But the last step has been taken when the last point is reached: the "
                "next one is already smaller by R.",
                hint=2,
                gives=lambda p: _onwards(p[3], _rate_of(p), p[3] - p[2]),
                points=2,
            ),
            Slip(
                "one step short",
                "The matrix is right, and what is added belongs to the last point: it is added to an "
                "earlier one.",
                hint=2,
                gives=lambda p: _onwards(p[2], _rate_of(p), _rate_of(p) @ (p[3] - p[2])),
                points=2,
            ),
            Slip(
                "rows for columns",
                "The steps stand in rows, and the matrix is multiplied as if they stood in columns. "
                "Transpose them first.",
                hint=1,
                gives=_rows_for_columns,
                points=2,
            ),
            Slip(
                "backwards",
                "This matrix leads from each step back to the one before. Which way round does R go?",
                hint=1,
                gives=_backwards,
                points=1,
            ),
        ),
    ),
    "ex06.5": Number(
        points=3,
        want=_price_of_mm,
        rtol=0.03,
        slips=(
            Slip(
                "price of EM",
                "This is what a digit costs EM. MM's round is another function: differentiate that one.",
                hint=1,
                gives=_price_of_em,
                points=1,
            ),
            Slip(
                "quick direction",
                "This is the price in MM's quick direction. After many rounds the other one is all that is "
                "left.",
                hint=1,
                gives=lambda: _rounds_per_digit(_rates_of_mm()[0]),
                points=1,
            ),
            Slip(
                "rate",
                "This is a rate: the share of the distance that a round keeps. How many rounds pass "
                "until a tenth is left?",
                hint=2,
                gives=[
                    *(lambda k=k: _rates_of_mm()[k] for k in (0, 1)),
                    lambda: 10 ** (-1 / _price_of_em()),
                ],
                rtol=1e-3,
                points=1,
            ),
            Slip(
                "ratio",
                "This says how many times as many rounds as EM. We ask for MM's own number.",
                gives=lambda: _price_of_mm() / _price_of_em(),
                points=2,
            ),
            Slip(
                "natural logarithm",
                "These rounds divide the distance by 2.718 and not by ten: mind the base of the logarithm.",
                hint=2,
                gives=lambda: _price_of_mm() / math.log(10),
                points=2,
            ),
            Slip(
                "digit of log-likelihood",
                "In so many rounds the log-likelihood gains a digit. We ask for one of the parameters.",
                gives=lambda: _price_of_mm() / 2,
                points=2,
            ),
            Slip(
                "inexact",
                "In this range, but not it: the rate is so near 1 that a little off moves the result a "
                "lot. Measure at the maximum, not on the way there, take a step to either side, not too "
                "small and not too large, and keep all digits.",
                hint=2,
                when=lambda got: 0.5 < got / _price_of_mm() < 2,
                points=1,
            ),
        ),
    ),
    "ex06.6": Function(
        points=3,
        name="spread",
        arguments=("x", "n"),
        cases=_tables,
        want=_spread,
        rtol=1e-3,
        atol=1e-9,
        slips=(
            Slip(
                "exchanged",
                "The smallest spread comes first, then the largest.",
                gives=lambda x, n: _spread(x, n)[::-1],
                points=2,
            ),
            Slip(
                "one point of a ridge",
                "Nearly: with single at-bats the likelihood is the same for many leagues of one mean. What "
                "spreads do they have?",
                hint=2,
                right_on=lambda x, n: _status(x, n) != "not_identified",
                points=2,
            ),
            Slip(
                "limits confused",
                "Where every row is all or nothing, alpha + beta goes to 0. That is not a league without "
                "differences: where does a Beta with tiny parameters put its players?",
                hint=1,
                right_on=lambda x, n: _status(x, n) != "two_point",
                points=2,
            ),
            Slip(
                "sign of S",
                "With unequal at-bats the slope S at the binomial does not decide: a hill that falls at "
                "first may rise again, and higher. One table here is of that kind.",
                hint=1,
                right_on=lambda x, n: _status(x, n) != "interior" or _by_slope(x, n),
                points=2,
            ),
            Slip(
                "pooled",
                "Right but where every row is all or nothing and the at-bats differ. With parameters near "
                "0 each row shows one draw of a coin, however long it is: do at-bats weigh then?",
                hint=1,
                right_on=lambda x, n: (
                    _status(x, n) != "two_point"
                    or np.ptp(n) == 0
                    or np.isclose(x.sum() / n.sum(), np.mean(x / n))
                ),
                points=2,
            ),
            Slip(
                "variance",
                "These are variances; we ask for standard deviations.",
                gives=lambda x, n: np.square(_spread(x, n)),
                points=2,
            ),
            Slip(
                "raw averages",
                "This is the standard deviation of the raw averages. It holds luck as well as talent.",
                hint=1,
                gives=[lambda x, n, ddof=ddof: [np.std(x / n, ddof=ddof)] * 2 for ddof in (0, 1)],
            ),
            Slip(
                "where it stopped",
                "Where there is no maximum this reports the place at which the program stopped: run it "
                "twice as long and the number is another. Ask for the status first.",
                hint=1,
                when=_stopped_somewhere,
                points=1,
            ),
            Slip(
                "only a maximum",
                "Right where the likelihood has a maximum. The other tables have a best league too, at the "
                "edge of what is allowed: look at what the status says of each.",
                hint=1,
                right_on=lambda x, n: _status(x, n) == "interior",
                points=1,
            ),
        ),
    ),
}
