"""Intervals: against SciPy's and mpmath's distributions, a brute-force profile, and simulation."""

import math

import mpmath as mp
import numpy as np
import pytest
from scipy import optimize, special, stats

import betabin as bb

INTERIOR = ([5, 9, 3, 10, 1, 0], [12, 12, 9, 12, 12, 4])
BINOMIAL = ([5, 5, 6], 10)
TWO_POINT = ([0, 7, 7], 7)
ZERO, FULL, SINGLE = ([0, 0], 7), ([7, 7], 7), ([0, 1, 1, 1], 1)
ALL = {
    "interior": INTERIOR,
    "binomial_limit": BINOMIAL,
    "two_point": TWO_POINT,
    "all_zero": ZERO,
    "all_full": FULL,
    "not_identified": SINGLE,
}


def test_inside_they_are_the_beta_s_and_the_beta_binomial_s():
    fit = bb.fit_mle(*INTERIOR)
    a, b = fit.params
    for x, n in [(0, 0), (0, 5), (3, 9), (40, 41)]:
        p, q = mp.mpf(a) + x, mp.mpf(b) + n - x
        assert bb.posterior_mean(fit, x, n) == pytest.approx(float(p / (p + q)), rel=1e-14)
        for level in (0.5, 0.95, 0.999):
            low, high = bb.posterior_interval(fit, x, n, level)
            for end, tail in ((low, (1 - level) / 2), (high, (1 + level) / 2)):
                below = mp.betainc(p, q, 0, mp.mpf(end), regularized=True)
                assert float(below) == pytest.approx(tail, rel=1e-9)
            for m in (0, 1, 2, 60):
                predicted = list(bb.predictive_interval(fit, x, n, m, level))
                assert (
                    predicted
                    == stats.betabinom.ppf([(1 - level) / 2, (1 + level) / 2], m, a + x, b + n - x).tolist()
                )


@pytest.mark.parametrize("status", ["binomial_limit", "two_point", "all_zero", "not_identified"])
def test_a_posterior_at_a_limit_says_what_to_use_instead(status):
    fit = bb.fit_mle(*ALL[status])
    with pytest.raises(ValueError, match=r"^params.alpha = .*: at the limits of a fit use posterior_mean"):
        bb.posterior(fit.params, 1, 2)


def test_they_broadcast_and_keep_the_shape():
    fit = bb.fit_mle(*INTERIOR)
    x, n = np.array([[1], [2], [3]]), np.array([4, 5])
    assert bb.posterior_mean(fit, x, n).shape == (3, 2)
    for found in (bb.posterior_interval(fit, x, n), bb.predictive_interval(fit, x, n, [7, 8])):
        assert found.low.shape == found.high.shape == (3, 2)
    low, high = bb.predictive_interval(fit, x, n, [7, 8])
    assert bb.predictive_interval(fit, 2, 5, 8) == (low[1, 1], high[1, 1])


def test_in_the_binomial_limit_all_are_at_the_pooled_share():
    fit = bb.fit_mle(*BINOMIAL)
    assert bb.posterior_mean(fit, [0, 10], 10).tolist() == [fit.mean] * 2
    low, high = bb.posterior_interval(fit, [0, 10], 10)
    assert low.tolist() == high.tolist() == [fit.mean] * 2
    expected = stats.binom.ppf([0.025, 0.975], 30, 16 / 30)
    assert list(bb.predictive_interval(fit, 3, 10, 30)) == expected.tolist()


def test_in_the_two_point_limit_a_row_is_0_or_1_and_one_without_trials_either():
    fit = bb.fit_mle(*TWO_POINT)
    assert bb.posterior_mean(fit, [0, 7, 0, 2], [7, 7, 0, 7]).tolist() == pytest.approx(
        [0, 1, 2 / 3, 2 / 7]
    )
    low, high = bb.posterior_interval(fit, [0, 7, 0], [7, 7, 0])
    assert (low.tolist(), high.tolist()) == ([0, 1, 0], [0, 1, 1])
    low, high = bb.predictive_interval(fit, [0, 7, 0], [7, 7, 0], 9)
    assert (low.tolist(), high.tolist()) == ([0, 9, 0], [0, 9, 9])
    # The limit of Beta posteriors as the concentration goes to 0.
    near = bb.BetaParams(2e-9, 1e-9)
    assert bb.posterior_mean(fit, 2, 7) == pytest.approx(bb.posterior(near, 2, 7).mean, abs=1e-8)
    ends = stats.beta.ppf([0.025, 0.975], 2, 5)
    assert bb.posterior_interval(fit, 2, 7) == pytest.approx(tuple(ends), rel=1e-12)


def test_where_the_prior_is_open_so_are_they():
    zero, full, single = (bb.fit_mle(*data) for data in (ZERO, FULL, SINGLE))
    assert bb.posterior_mean(zero, 0, 5) == 0
    assert bb.predictive_interval(zero, 0, 5, 8) == (0, 0)
    assert bb.posterior_interval(full, 5, 5) == (1, 1)
    assert bb.predictive_interval(full, 5, 5, 8) == (8, 8)
    for fit, x, n in ((zero, 1, 5), (full, 4, 5), (single, 1, 1), (single, 0, 0)):
        assert math.isnan(bb.posterior_mean(fit, x, n))
        assert np.isnan(bb.posterior_interval(fit, x, n)).all()
        assert np.isnan(bb.predictive_interval(fit, x, n, 3)).all()


def profile(x, n, *, mean=None, log_s=None):
    """The largest log-likelihood with one of the two held, by brute force on SciPy's distribution."""
    x, n = np.broadcast_arrays(x, n)

    def value(mu, s):
        return stats.betabinom.logpmf(x, n, mu * s, (1 - mu) * s).sum()

    if mean is None:
        grid = special.expit(np.linspace(-8, 8, 400))
        start = grid[np.argmax([value(mu, math.exp(log_s)) for mu in grid])]
        best = optimize.minimize_scalar(
            lambda e: -value(special.expit(e), math.exp(log_s)),
            bounds=(special.logit(start) - 0.1, special.logit(start) + 0.1),
        )
        return -best.fun
    grid = np.linspace(-8, 12, 400)
    start = grid[np.argmax([value(mean, math.exp(at)) for at in grid])]
    best = optimize.minimize_scalar(
        lambda at: -value(mean, math.exp(at)), bounds=(start - 0.1, start + 0.1)
    )
    return max(-best.fun, stats.binom.logpmf(x, n, mean).sum())


@pytest.mark.parametrize("status", ["interior", "binomial_limit"])
def test_at_the_ends_of_a_profile_interval_the_fall_is_what_the_test_allows(status):
    x, n = ALL[status]
    top = bb.fit_mle(x, n).log_likelihood
    for level in (0.8, 0.95):
        allowed = stats.chi2.ppf(level, 1) / 2
        for end in bb.profile_interval(x, n, "mean", level):
            assert top - profile(x, n, mean=end) == pytest.approx(allowed, abs=1e-5)
        low, high = bb.profile_interval(x, n, "log_concentration", level)
        assert top - profile(x, n, log_s=low) == pytest.approx(allowed, abs=1e-5)
        if status == "interior" and math.isfinite(high):
            assert top - profile(x, n, log_s=high) == pytest.approx(allowed, abs=1e-5)
    assert bb.profile_interval(*BINOMIAL, "log_concentration").high == math.inf


def test_a_profile_interval_ends_at_infinity_just_where_the_binomial_is_not_rejected():
    x, n = [18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7], 45
    pooled = sum(x) / (18 * 45)
    fall = bb.fit_mle(x, n).log_likelihood - stats.binom.logpmf(x, n, pooled).sum()
    level = stats.chi2.cdf(2 * fall, 1)
    assert math.isfinite(bb.profile_interval(x, n, "log_concentration", level - 1e-3).high)
    assert bb.profile_interval(x, n, "log_concentration", level + 1e-3).high == math.inf


def test_profile_intervals_at_the_limits_have_closed_forms():
    allowed = stats.chi2.ppf(0.95, 1) / 2
    assert bb.profile_interval(*ZERO, "mean") == pytest.approx((0, 1 - math.exp(-allowed / 2)))
    assert bb.profile_interval(*FULL, "mean") == pytest.approx((math.exp(-allowed / 2), 1))
    for data, draws, full in ((TWO_POINT, 3, 2 / 3), (SINGLE, 4, 3 / 4)):
        for end in bb.profile_interval(*data, "mean"):
            fall = draws * (full * math.log(full / end) + (1 - full) * math.log((1 - full) / (1 - end)))
            assert fall == pytest.approx(allowed, rel=1e-8)
    for data in (ZERO, FULL, SINGLE):
        assert bb.profile_interval(*data, "log_concentration") == (-math.inf, math.inf)
    low, high = bb.profile_interval(*TWO_POINT, "log_concentration")
    assert low == -math.inf
    top = bb.fit_mle(*TWO_POINT).log_likelihood
    assert top - profile(*TWO_POINT, log_s=high) == pytest.approx(allowed, abs=1e-5)


def test_counts_are_rows():
    x, n, counts = [5, 9, 3, 10], [12, 12, 9, 12], [2, 1, 3, 2]
    rows = np.repeat(x, counts), np.repeat(n, counts)
    for parameter in ("mean", "log_concentration"):
        assert bb.profile_interval(x, n, parameter, counts=counts) == pytest.approx(
            bb.profile_interval(*rows, parameter), rel=1e-9
        )


def test_exchanging_successes_and_failures_mirrors_them():
    x, n = (np.array(part) for part in INTERIOR)
    there, back = bb.fit_mle(x, n), bb.fit_mle(n - x, n)
    assert bb.posterior_mean(there, x, n) == pytest.approx(1 - bb.posterior_mean(back, n - x, n), rel=1e-7)
    for one, other, whole in (
        (bb.posterior_interval(there, x, n), bb.posterior_interval(back, n - x, n), 1),
        (bb.profile_interval(x, n, "mean"), bb.profile_interval(n - x, n, "mean"), 1),
    ):
        assert one.low == pytest.approx(whole - other.high, rel=1e-6)
        assert one.high == pytest.approx(whole - other.low, rel=1e-6)
    spread = (bb.profile_interval(part, n, "log_concentration") for part in (x, n - x))
    assert next(spread) == pytest.approx(next(spread), rel=1e-6)


def test_two_tops_lie_in_one_interval():
    low, high = bb.profile_interval((0, 57), (4, 89), "log_concentration")
    assert low < math.log(1.8)
    assert high == math.inf


def test_predictions_hold_what_they_promise_when_the_prior_is_right():
    rng = np.random.default_rng(3)
    truth = bb.BetaParams(8.0, 20.0)
    league = bb.simulate(truth, np.full(4000, 30), rng=rng)
    fit = bb.fit_mle(league.x, league.n)
    new = rng.binomial(25, league.z)
    low, high = bb.predictive_interval(fit, league.x, league.n, 25, 0.9)
    held = np.mean((low <= new) & (new <= high))
    assert 0.9 - 3 * math.sqrt(0.09 / 4000) < held < 0.99
    low, high = bb.posterior_interval(fit, league.x, league.n, 0.9)
    assert np.mean((low <= league.z) & (league.z <= high)) == pytest.approx(
        0.9, abs=4 * math.sqrt(0.09 / 4000)
    )


@pytest.mark.parametrize("level", [0, 1, -0.1, 1.5, 95, math.nan])
def test_a_level_is_a_probability(level):
    for call in (
        lambda: bb.posterior_interval(bb.fit_mle(*INTERIOR), 1, 2, level),
        lambda: bb.predictive_interval(bb.fit_mle(*INTERIOR), 1, 2, 3, level),
        lambda: bb.profile_interval(*INTERIOR, "mean", level),
    ):
        with pytest.raises(ValueError, match=r"^level = .* must be between 0 and 1"):
            call()


@pytest.mark.parametrize("level", ["0.95", None, True, 1j])
def test_a_level_is_a_number(level):
    with pytest.raises(TypeError, match=r"^level = .* must be a number between 0 and 1"):
        bb.profile_interval(*INTERIOR, "mean", level)


def test_other_bad_input_is_named():
    fit = bb.fit_mle(*INTERIOR)
    with pytest.raises(TypeError, match=r"^fit must be a Fit, not tuple"):
        bb.posterior_mean((1, 2), 1, 2)
    with pytest.raises(ValueError, match=r"^parameter = 'alpha' must be 'mean' or 'log_concentration'"):
        bb.profile_interval(*INTERIOR, "alpha")
    with pytest.raises(ValueError, match=r"^m\[1\] = -3 must not be negative"):
        bb.predictive_interval(fit, 1, 2, [1, -3])
    with pytest.raises(ValueError, match=r"^x = 3 must not exceed n = 2"):
        bb.posterior_interval(fit, 3, 2)
    with pytest.raises(ValueError, match=r"the shapes of x, n, m must broadcast"):
        bb.predictive_interval(fit, [1, 2], 3, [1, 2, 3])
