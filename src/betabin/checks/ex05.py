"""Chapter 5, why it works: what is asked, and which slips are known."""

import math
from functools import cache

import numpy as np
from scipy import optimize, special, stats
from scipy.special import digamma

from betabin.checks.kinds import Choice, Function, Number, Option, Slip
from betabin.data import load_rat_tumors
from betabin.em import ExpectedStats, e_step, lower_bound, m_step
from betabin.information import score
from betabin.model import BetaParams, log_likelihood, posterior


def _expected_logs(a, b):
    return digamma(a) - digamma(a + b), digamma(b) - digamma(a + b)


def _falls(values):
    return bool(np.any(np.diff(values) < -1e-9))


# ex05.1: a floor by hand


def _floors(rng):
    drawn = zip(rng.uniform(0.3, 9, 4).tolist(), rng.integers(1, 12, 4).tolist(), strict=True)
    return [(1.0, 1), (2.0, 1), (0.5, 3), *drawn]


def _floor(a, n):
    return lower_bound((1, 1), (a, 1), n, n)


def _roof(a, n):
    return log_likelihood((1, 1), n, n)


def _expected_log_joint(a, n):
    return n * _expected_logs(a, 1)[0]


def _entropy(a):
    return stats.beta.entropy(a, 1)


# ex05.2: the bound in general


def _players(rng):
    cases = [(8.0, 24.0, np.array([13.0]), np.array([37.0]), np.array([13]), np.array([50]))]
    for size in (2, 5, 9):
        n = rng.integers(2, 90, size)
        x = rng.binomial(n, 0.3)
        a, b = rng.uniform(0.6, 30, (2, size))
        cases.append((*rng.uniform(0.5, 40, 2).tolist(), a, b, x, n))
    alpha, beta, _, _, x, n = cases[-1]
    return [*cases, (alpha, beta, alpha + x, beta + n - x, x, n)]


def _bound(alpha, beta, a, b, x, n):
    return lower_bound((alpha, beta), (a, b), x, n)


def _entropies(a, b):
    return np.sum(stats.beta.entropy(a, b))


def _log_ways(x, n):
    return np.sum(special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1))


def _at_means(alpha, beta, a, b, x, n):
    """The logarithms of the means, where the means of the logarithms belong."""
    log_z, log_one_minus_z = np.log(a / (a + b)), np.log(b / (a + b))
    expected = (alpha + x - a) * log_z + (beta + n - x - b) * log_one_minus_z
    return np.sum(expected + special.betaln(a, b) - special.betaln(alpha, beta)) + _log_ways(x, n)


def _prior_once(alpha, beta, a, b, x, n):
    return _bound(alpha, beta, a, b, x, n) + (x.size - 1) * special.betaln(alpha, beta)


def _one_by_one(alpha, beta, a, b, x, n):
    players = zip(a, b, x, n, strict=True)
    return [lower_bound((alpha, beta), (q, r), k, m) for q, r, k, m in players]


# ex05.3: two programs that report a bound


@cache
def _reports():
    """By round: log-likelihood less the first program's report and less the second's, after each E-step."""
    rats = load_rat_tumors()
    params, gaps = BetaParams(1.0, 1.0), []
    for _ in range(5):
        q = posterior(params, *rats)
        gaps.append((_log_ways(*rats), _entropies(*q)))
        params = m_step(e_step(params, *rats))
    return np.array(gaps).T


def _constant(gaps):
    return bool(np.ptp(gaps) < 1e-6 * np.abs(gaps).max())


def _sharpening_pays():
    """Whether the second program's function rises as one q with the posterior's mean becomes a spike."""
    target = posterior(BetaParams(2.0, 14.0), 4, 20)
    reports = []
    for factor in (1, 10, 100, 1000):
        q = target.alpha * factor, target.beta * factor
        reports.append(lower_bound((2.0, 14.0), q, 4, 20) - _entropies(*q))
    return bool(np.all(np.diff(reports) > 0))


# ex05.4: which variants can fall

_PAIR = (np.array([0, 57]), np.array([4, 89]))


@cache
def _variant_falls(name):
    """Whether a variant of EM, run where it may be expected to, lowers the log-likelihood."""
    if name == "not the model":  # two kinds of players, and EM as it is
        n = np.full(60, 40)
        x = np.random.default_rng(5).binomial(n, np.repeat([0.1, 0.6], 30))
    else:
        x, n = load_rat_tumors() if name == "draws" else _PAIR
    step = _VARIANTS[name]
    params, state, values = BetaParams(1.0, 1.0), None, []
    for t in range(25):
        values.append(log_likelihood(params, x, n))
        params, state = step(params, state, t, x, n)
    return _falls(values)


def _alpha_alone(params, state, t, x, n):
    """Solve one of the M-step's two equations, alpha's and beta's by turns."""
    pair = list(params)
    own = t % 2
    average = e_step(params, x, n)[own]

    def missing(log_value):
        pair[own] = math.exp(log_value)
        return digamma(pair[own]) - digamma(sum(pair)) - average

    pair[own] = math.exp(optimize.brentq(missing, -8, 12, xtol=1e-13))
    return BetaParams(*pair), state


def _by_turns(params, state, t, x, n):
    """Renew every second player's posterior."""
    new = np.array(posterior(params, x, n))
    q = new if state is None else np.where(np.arange(x.size) % 2 == t % 2, state, new)
    averages = np.mean(_expected_logs(*q), axis=1)
    return m_step(ExpectedStats(*averages)), q


def _whole_numbers(params, state, t, x, n):
    """The best pair of whole numbers up to 60."""
    averages = e_step(params, x, n)
    a, b = np.meshgrid(np.arange(1, 61), np.arange(1, 61))
    height = a * averages[0] + b * averages[1] - special.betaln(a, b)
    best = np.unravel_index(np.argmax(height), height.shape)
    return BetaParams(float(a[best]), float(b[best])), state


def _draws(params, state, t, x, n):
    """One draw from each posterior in place of the averages."""
    z = np.random.default_rng(t).beta(*posterior(params, x, n))
    z = np.clip(z, 1e-12, 1 - 1e-12)
    return m_step(ExpectedStats(np.log(z).mean(), np.log1p(-z).mean())), state


def _exact(params, state, t, x, n):
    return m_step(e_step(params, x, n)), state


_VARIANTS = {
    "one parameter": _alpha_alone,
    "by turns": _by_turns,
    "whole numbers": _whole_numbers,
    "not the model": _exact,
    "draws": _draws,
}


# ex05.5: uphill at a fixed mean


def _places(rng):
    cases = [(1.0, 1.0, np.array([1]), np.array([1])), (8.0, 24.0, np.array([13]), np.array([50]))]
    for size in (3, 8, 20):
        n = rng.integers(1, 120, size)
        cases.append((*rng.uniform(0.4, 60, 2).tolist(), rng.binomial(n, 0.3), n))
    return cases


def _uphill(alpha, beta, x, n):
    """The log-likelihood's derivative in log concentration, the mean held fixed."""
    by_alpha, by_beta = score((alpha, beta), x, n)
    return alpha * by_alpha + beta * by_beta


def _prior_forgotten(alpha, beta, x, n):
    log_z, log_one_minus_z = e_step((alpha, beta), x, n)
    return x.size * (alpha * log_z + beta * log_one_minus_z)


def _logs_of_means(alpha, beta, x, n):
    mean, prior = posterior((alpha, beta), x, n).mean, alpha / (alpha + beta)
    excess = alpha * np.log(mean / prior) + beta * np.log((1 - mean) / (1 - prior))
    return np.sum(excess)


# ex05.6: the watershed

_RATIO = (0.55, 0.45)


@cache
def _pass():
    """Parameters of the pass, and the log-likelihood there."""

    def steepness(logs):
        return score(np.exp(logs), *_PAIR) * np.exp(logs)

    params = BetaParams(*np.exp(optimize.root(steepness, np.log([30, 25]), tol=1e-13).x))
    return params, log_likelihood(params, *_PAIR)


def _arrives(concentration, ratio):
    """Whether EM from here finds the maximum: decided when it stands above the pass, for it stays there."""
    at_pass, height = _pass()
    params = BetaParams(*(concentration * share for share in ratio))
    for _ in range(5000):
        if log_likelihood(params, *_PAIR) > height + 1e-4:
            return params.concentration < at_pass.concentration
        params = m_step(e_step(params, *_PAIR), init=params)
    return False


@cache
def _watershed(ratio=_RATIO):
    low, high = 5.0, 5000.0
    while high / low > 1.002:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if _arrives(middle, ratio) else (low, middle)
    return math.sqrt(low * high)


@cache
def _as_high_as(value):
    """The concentration on the line of starts where the log-likelihood is this high, above the top."""

    def above(concentration):
        return log_likelihood([concentration * share for share in _RATIO], *_PAIR) - value

    top = optimize.minimize_scalar(lambda c: -above(c), bounds=(0.1, 20), method="bounded").x
    return optimize.brentq(above, top, 500)


def _safe():
    x, n = _PAIR
    return _as_high_as(stats.binom.logpmf(x, n, x.sum() / n.sum()).sum())


QUESTIONS = {
    "ex05.1": Function(
        points=2,
        name="floor",
        arguments=("a", "n"),
        cases=_floors,
        want=_floor,
        slips=(
            Slip(
                "no entropy",
                "This is E_q[log p(x, Z)] alone. The bound has q in it twice: outside as the density to "
                "average over, and inside the logarithm.",
                hint=1,
                gives=_expected_log_joint,
                points=1,
            ),
            Slip(
                "entropy subtracted",
                "The part with log q has the wrong sign: q stands below the line in the ratio.",
                hint=1,
                gives=lambda a, n: _expected_log_joint(a, n) - _entropy(a),
                points=1,
            ),
            Slip(
                "logarithm outside",
                "This is log p(x): the mean was taken first, the logarithm afterwards. The bound takes "
                "the logarithm first, and depends on q.",
                hint=1,
                gives=_roof,
            ),
            Slip(
                "gap",
                "This is the gap, the divergence of q from the posterior. We ask for the bound itself.",
                hint=1,
                gives=lambda a, n: _roof(a, n) - _floor(a, n),
                points=1,
            ),
            Slip(
                "log of the mean",
                "This inserts the mean of Z into the logarithm. E[log Z] is not log E[Z].",
                hint=2,
                gives=lambda a, n: (n - a + 1) * math.log(a / (a + 1)) - math.log(a),
            ),
            Slip(
                "factor forgotten",
                "The power of z in q is there, but not the factor that makes its integral one.",
                hint=1,
                gives=lambda a, n: _floor(a, n) + math.log(a),
                points=1,
            ),
        ),
    ),
    "ex05.2": Function(
        points=3,
        name="bound",
        arguments=("alpha", "beta", "a", "b", "x", "n"),
        cases=_players,
        want=_bound,
        forbidden=("betabin.lower_bound", "betabin.log_likelihood"),
        rtol=1e-8,
        atol=1e-8,
        slips=(
            Slip(
                "no ways",
                "The binomial coefficients are missing. No step of EM notices, but this bound never "
                "touches the log-likelihood of the counts.",
                hint=1,
                gives=lambda *case: _bound(*case) - _log_ways(*case[-2:]),
                points=2,
            ),
            Slip(
                "no entropy",
                "This is Q, the expected complete-data log-likelihood. To be a bound it needs the "
                "entropy of each player's q.",
                hint=1,
                gives=lambda *case: _bound(*case) - _entropies(*case[2:4]),
                points=1,
            ),
            Slip(
                "entropy subtracted",
                "The entropies have the wrong sign: the bound has minus E_q[log q] in it.",
                hint=1,
                gives=lambda *case: _bound(*case) - 2 * _entropies(*case[2:4]),
                points=2,
            ),
            Slip(
                "prior once",
                "Right for one player. The prior's density, with its Beta function, comes in once for "
                "each player: here it was subtracted once for all.",
                hint=1,
                gives=_prior_once,
                points=2,
            ),
            Slip(
                "logs of means",
                "This takes the logarithm of q's mean. What is needed is the mean of the logarithm.",
                hint=1,
                gives=_at_means,
                points=1,
            ),
            Slip(
                "posterior's",
                "This is the log-likelihood, whatever q is: the averages must be taken under the q that "
                "is given, which need not be the posterior.",
                hint=2,
                gives=lambda alpha, beta, a, b, x, n: log_likelihood((alpha, beta), x, n),
                points=1,
            ),
            Slip(
                "gap",
                "This is the gap. Subtract it from the log-likelihood and you have the bound.",
                hint=2,
                gives=lambda alpha, beta, a, b, x, n: (
                    log_likelihood((alpha, beta), x, n) - _bound(alpha, beta, a, b, x, n)
                ),
                points=2,
            ),
            Slip(
                "per player",
                "This is an average over the players. Bounds add up, as log-likelihoods do.",
                gives=lambda *case: _bound(*case) / case[-1].size,
                points=2,
            ),
            Slip(
                "one by one",
                "There is one number for each player here. Add them up.",
                gives=_one_by_one,
                points=2,
            ),
        ),
    ),
    "ex05.3": Choice(
        points=2,
        options=(
            Option("a", lambda: _constant(_reports()[0])),
            Option(
                "b",
                False,
                "In the second program's M-step q is frozen. Does what is missing depend on the "
                "parameters that move there?",
            ),
            Option("c", lambda: not _constant(_reports()[1]) and _sharpening_pays()),
            Option(
                "d",
                False,
                "The bound is below the log-likelihood for every q, good or bad. A report that is above "
                "it is not a bound.",
            ),
            Option(
                "e",
                lambda: bool(np.all(_reports()[1] >= 0)),
                "That holds for probabilities of separate values. For a density it doesn't: a narrow one "
                "is larger than 1 nearly everywhere it counts. What sign has its mean logarithm?",
            ),
        ),
    ),
    "ex05.4": Choice(
        points=2,
        options=(
            Option(
                "a",
                lambda: _variant_falls("one parameter"),
                "With beta held, solving alpha's equation still raises the bound over where it was, and "
                "the E-step is exact. The theorem asks no more.",
            ),
            Option("b", lambda: _variant_falls("by turns")),
            Option(
                "c",
                lambda: _variant_falls("whole numbers"),
                "The present pair is itself among the pairs of whole numbers: the best of them is never "
                "worse for the bound than staying.",
            ),
            Option(
                "d",
                lambda: _variant_falls("not the model"),
                "Which line of the proof says where the data come from? It compares the values of two "
                "functions, and asks for nothing that the data should be like.",
            ),
            Option("e", lambda: _variant_falls("draws")),
        ),
    ),
    "ex05.5": Function(
        points=2,
        name="uphill",
        arguments=("alpha", "beta", "x", "n"),
        cases=_places,
        want=_uphill,
        rtol=1e-7,
        atol=1e-9,
        slips=(
            Slip(
                "prior forgotten",
                "What the posteriors report is there. Subtract what the prior expects: the score is the "
                "excess.",
                hint=2,
                gives=_prior_forgotten,
                points=1,
            ),
            Slip(
                "per player",
                "This is the average over the players; the log-likelihood's slope is their sum.",
                hint=2,
                gives=lambda alpha, beta, x, n: _uphill(alpha, beta, x, n) / x.size,
                points=1,
            ),
            Slip(
                "not in the logarithm",
                "This is the derivative in the concentration itself. We ask for the one in its logarithm.",
                hint=1,
                gives=lambda alpha, beta, x, n: _uphill(alpha, beta, x, n) / (alpha + beta),
                points=1,
            ),
            Slip(
                "no chain rule",
                "This adds the two components of the score. How fast do alpha and beta grow when the "
                "logarithm of the concentration does, and the mean stays?",
                hint=1,
                gives=lambda alpha, beta, x, n: np.sum(score((alpha, beta), x, n)),
                points=1,
            ),
            Slip(
                "logs of means",
                "This uses the posteriors' means of Z and takes logarithms afterwards. Fisher's identity "
                "averages the complete data's score, which has log Z in it.",
                hint=2,
                gives=_logs_of_means,
            ),
            Slip(
                "gradient",
                "This is the score, with its two components. We ask for the slope in one direction.",
                hint=1,
                gives=lambda alpha, beta, x, n: score((alpha, beta), x, n),
                points=1,
            ),
            Slip(
                "downhill",
                "The size is right, the sign is not: posterior less prior, not the other way round.",
                hint=2,
                gives=lambda alpha, beta, x, n: -_uphill(alpha, beta, x, n),
                points=1,
            ),
        ),
    ),
    "ex05.6": Number(
        points=3,
        want=_watershed,
        rtol=0.01,
        slips=(
            Slip(
                "alpha",
                "This is alpha at the watershed. We ask for the concentration, alpha + beta.",
                gives=lambda: _RATIO[0] * _watershed(),
                points=2,
            ),
            Slip(
                "beta",
                "This is beta at the watershed. We ask for the concentration, alpha + beta.",
                gives=lambda: _RATIO[1] * _watershed(),
                points=2,
            ),
            Slip(
                "concentration of the pass",
                "This is the concentration of the pass. A start on another line need not be decided by on "
                "which side of it it lies: EM moves the mean as well. Try.",
                hint=1,
                gives=lambda: _pass()[0].concentration,
            ),
            Slip(
                "promised",
                "Up to here the theory promises the maximum: these starts are as good as the binomial. "
                "But what is not promised may happen nevertheless. Try starts beyond.",
                hint=1,
                gives=_safe,
                points=1,
            ),
            Slip(
                "height of the pass",
                "Here the start is as high as the pass. A lower start can still come out on the right side "
                "of it: try some.",
                hint=1,
                gives=lambda: _as_high_as(_pass()[1]),
                points=1,
            ),
            Slip(
                "other line",
                "This is the watershed for starts with alpha = beta. Here the mean is 0.55.",
                gives=lambda: _watershed((1 / 2, 1 / 2)),
                points=1,
            ),
            Slip(
                "exchanged",
                "This is the watershed for a mean of 0.45. Are alpha and beta exchanged?",
                gives=lambda: _watershed(_RATIO[::-1]),
            ),
        ),
    ),
}
