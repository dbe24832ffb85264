"""The model: probabilities against 60-digit arithmetic, simulation against its law, moments."""

import math
from fractions import Fraction

import mpmath as mp
import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import betabin
from betabin import BetaParams
from betabin.model import _tabulate
from betabin.sums import gauss_sum_rule, nodes

CONCENTRATIONS = (1e-5, 1e-2, 1.0, 37.0, 1e3, 1e4, 1e6, 1e8, 1e10, 1e12)
MEANS = (1e-6, 0.1, 0.5, 0.73, 0.999)


def worst_log_pmf_error(n, concentrations=CONCENTRATIONS, means=MEANS):
    rng = np.random.default_rng(n)
    worst = 0.0
    for s in concentrations:
        for mean in means:
            x = np.unique([0, 1, n // 2, int(mean * n), n - 1, n, *rng.integers(0, n + 1, 3)])
            params = BetaParams(s * mean, s * (1 - mean))
            for xi, value in zip(x, betabin.log_pmf(x, n, params), strict=True):
                exact = oracle.log_pmf(int(xi), n, params)
                worst = max(worst, float(abs(value - exact) / max(1, abs(exact))))
    return worst


@pytest.mark.parametrize("n", [1, 2, 13, 50, 333, 1000])
def test_log_pmf_is_exact_to_1e_12_up_to_a_thousand_trials(n):
    assert worst_log_pmf_error(n) < 1e-12


@pytest.mark.parametrize("n", [4096, 4097, 10_000])
def test_log_pmf_is_exact_to_1e_10_up_to_ten_thousand_trials(n):
    assert worst_log_pmf_error(n) < 1e-10


@pytest.mark.parametrize("n", [10**6, 10**9])
def test_log_pmf_of_very_many_trials(n):
    assert worst_log_pmf_error(n, (1e-5, 3.0, 1e4, 1e12), (1e-6, 0.3)) < 1e-7


@settings(max_examples=60, deadline=None)
@given(n=st.integers(0, 300), mean=st.floats(1e-6, 1 - 1e-6), log_s=st.floats(-5, 12))
def test_probabilities_sum_to_one(n, mean, log_s):
    params = BetaParams(mean * 10**log_s, (1 - mean) * 10**log_s)
    total = math.fsum(np.exp(betabin.log_pmf(np.arange(n + 1), n, params)))
    assert total == pytest.approx(1, abs=1e-11)


@pytest.mark.parametrize("params", [(0.5, 0.5), (2.0, 7.5), (81.0, 219.0)])
def test_log_pmf_agrees_with_scipy(params):
    x = np.arange(51)
    np.testing.assert_allclose(
        betabin.log_pmf(x, 50, params), stats.betabinom.logpmf(x, 50, *params), rtol=1e-10, atol=1e-10
    )


@pytest.mark.parametrize(
    ("x", "n"),
    [
        (1, 4),
        ([0, 2, 1], 4),
        (2, [3, 4, 5]),
        ([0, 1, 2], [2, 3, 4]),
        ([[0], [1], [2]], [2, 3, 4, 5]),
        ([1], [[2], [3]]),
        (np.zeros((2, 1, 3), int), np.full((4, 1), 6)),
        ([[0, 1], [2, 3]], [[3, 3], [4, 4]]),
    ],
)
def test_log_pmf_broadcasts(x, n):
    shape = np.broadcast_shapes(np.shape(x), np.shape(n))
    got = betabin.log_pmf(x, n, (1.5, 2.5))
    assert np.shape(got) == shape
    every = [a.ravel().tolist() for a in (*np.broadcast_arrays(x, n), np.asarray(got))]
    for xi, ni, value in zip(*every, strict=True):
        assert value == pytest.approx(float(oracle.log_pmf(xi, ni, (1.5, 2.5))), rel=1e-13)


def test_log_pmf_of_scalars_is_a_scalar():
    assert isinstance(betabin.log_pmf(1, 4, (1, 2)), np.float64)


@pytest.mark.parametrize(
    ("x", "n"),
    [
        ([0.0, 1.0, 1.0], [1.0, 1.0, 2.0]),
        ((False, True, True), (1, 1, 2)),
        (np.array([0, 1, 1], np.uint8), np.array([1, 1, 2], np.int32)),
        (np.array([0, 1, 1], np.uint64), np.array([1, 1, 2], np.float32)),
        (np.array([9, 0, 9, 1, 9, 1])[1::2], np.array([2, 1, 1])[::-1]),
    ],
)
def test_types_of_whole_numbers_make_no_difference(x, n):
    plain = np.array([0, 1, 1]), np.array([1, 1, 2])
    np.testing.assert_array_equal(betabin.log_pmf(x, n, (1, 2)), betabin.log_pmf(*plain, (1, 2)))
    assert betabin.log_likelihood((1, 2), x, n) == betabin.log_likelihood((1, 2), *plain)
    np.testing.assert_array_equal(betabin.posterior((1, 2), x, n).beta, [3, 2, 3])
    small = np.array([200, 255], np.uint8)
    assert betabin.log_likelihood((1, 2), 0, 255, counts=small) == betabin.log_likelihood(
        (1, 2), 0, 255, counts=455
    )


DATA = {
    "small": ([0, 1, 3, 9], [4, 4, 5, 9], None),
    "counted": ([0, 1, 3, 9], [4, 4, 5, 9], [1000, 1, 0, 7]),
    "with empty rows": ([0, 0, 3], [0, 2, 5], [10, 2, 3]),
    "thousands": ([12, 400, 999], [1000, 800, 1000], None),
    "broadcast": ([[0], [2]], [2, 3, 7], [[5], [6]]),
}


@pytest.mark.parametrize("s", [1e-5, 1.0, 1e4, 1e8, 1e12])
@pytest.mark.parametrize("name", DATA)
def test_log_likelihood_sums_the_rows(name, s):
    x, n, counts = DATA[name]
    params = BetaParams(0.27 * s, 0.73 * s)
    exact = float(oracle.log_likelihood(params, x, n, counts))
    got = betabin.log_likelihood(params, x, n, counts=counts)
    assert type(got) is float
    assert got == pytest.approx(exact, rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("s", [3.0, 3e6, 3e12])
@pytest.mark.parametrize(
    ("x", "n"),
    [([3 * 10**8], [10**9]), ([3 * 10**5], [10**6]), ([3 * 10**8, 10, 10**5], [10**9, 10**6, 10**5])],
)
def test_log_likelihood_of_very_long_rows(x, n, s):
    params = BetaParams(s / 3, 2 * s / 3)
    exact = float(oracle.log_likelihood(params, x, n))
    assert betabin.log_likelihood(params, x, n) == pytest.approx(exact, rel=1e-7)


@settings(max_examples=60, deadline=None)
@given(
    power=st.floats(1, 53),
    share=st.sampled_from([0, 1]) | st.floats(0, 1),
    mean=st.floats(1e-4, 1 - 1e-4),
    log_s=st.floats(-3, 4),
)
def test_log_likelihood_and_log_pmf_of_the_longest_rows(power, share, mean, log_s):
    n = int(2**power)
    x = round(n * share)
    params = BetaParams(10**log_s * mean, 10**log_s * (1 - mean))
    exact = float(oracle.log_pmf(x, n, params))
    assert betabin.log_likelihood(params, x, n) == pytest.approx(exact, rel=1e-10, abs=1e-10)
    assert betabin.log_pmf(x, n, params) == pytest.approx(exact, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("length", [33, 64, 1000, 10**6])
def test_gauss_rule_sums_polynomials_exactly(length):
    offset, width = gauss_sum_rule(length)
    assert offset.size == 12
    assert width.min() > 0
    middle = mp.mpf(length - 1) / 2
    for degree in range(24):  # the sum of (2 (j - middle) / length)^degree, by Faulhaber's formula
        above, below = (mp.bernpoly(degree + 1, at - middle) for at in (length, 0))
        exact = (above - below) / (degree + 1) * (mp.mpf(2) / length) ** degree
        got = width @ (2 * (offset - float(middle)) / length) ** degree
        assert got == pytest.approx(float(exact), rel=1e-12, abs=1e-12 * length)


@pytest.mark.parametrize("length", [1, 7, 32])
def test_short_sums_are_taken_term_by_term(length):
    offset, width = gauss_sum_rule(length)
    np.testing.assert_array_equal(offset, np.arange(length))
    np.testing.assert_array_equal(width, 1)


@pytest.mark.parametrize("a", [1e-5, 0.3, 40.0, 1e7])
@pytest.mark.parametrize("stops", [[3, 5, 4096], [0, 1, 33, 4097], [5000, 5001, 10**5], [70, 10**6, 10**9]])
def test_nodes_sum_smooth_functions_over_each_run(stops, a):
    j, width, run = nodes(np.array(stops))
    assert np.all(np.diff(run) >= 0)
    for k, (start, stop) in enumerate(zip([0, *stops[:-1]], stops, strict=True)):
        at, weight, low, high = j[run == k], width[run == k], mp.mpf(a) + start, mp.mpf(a) + stop
        logs = mp.loggamma(high) - mp.loggamma(low)
        squares = mp.psi(1, low) - mp.psi(1, high)
        assert weight.sum() == pytest.approx(stop - start, rel=1e-13)
        bulk = float(abs(logs)) + (stop - start)
        assert weight @ np.log(a + at) == pytest.approx(float(logs), abs=1e-13 * bulk)
        assert weight @ (1 / (a + at) ** 2) == pytest.approx(float(squares), rel=1e-12)


def test_a_billion_trials_take_fewnodes():
    assert nodes(np.array([10**9]))[0].size < 500


def test_totals_are_exact_integers_beyond_floats():
    x, n, counts = [3, 2**52 - 1, 10**6], [2**53 - 1, 2**53 - 5, 10**6 + 1], [1, 3, 10**9]
    table = _tabulate(x, n, counts)
    rows = list(zip(x, n, counts, strict=True))
    assert table.x.total() == sum(c * xi for xi, _, c in rows)
    assert table.n.total(2) == sum(c * ni * (ni - 1) for _, ni, c in rows)
    assert table.y.total(2) == sum(c * (ni - xi) * (ni - xi - 1) for xi, ni, c in rows)
    assert table.size == 10**9 + 4


def test_mean_and_concentration_of_params():
    params = BetaParams(1.0, 3.0)
    assert (params.mean, params.concentration) == (0.25, 4.0)
    many = BetaParams(np.array([1.0, 2.0]), np.array([3.0, 2.0]))
    np.testing.assert_array_equal(many.mean, [0.25, 0.5])


def test_posterior_adds_successes_and_failures():
    q = betabin.posterior((1.5, 2.5), [[0], [2]], [2, 5])
    assert isinstance(q, BetaParams)
    np.testing.assert_array_equal(q.alpha, [[1.5, 1.5], [3.5, 3.5]])
    np.testing.assert_array_equal(q.beta, [[4.5, 7.5], [2.5, 5.5]])


def test_posterior_is_prior_times_likelihood():
    x, n, params = 3, 7, (0.8, 2.0)
    q = betabin.posterior(params, x, n)
    z = np.linspace(0.05, 0.95, 19)
    product = stats.beta.logpdf(z, *params) + stats.binom.logpmf(x, n, z)
    difference = product - stats.beta.logpdf(z, *q)
    np.testing.assert_allclose(difference, betabin.log_pmf(x, n, params), rtol=1e-12)


@pytest.mark.parametrize("params", [(2.0, 5.0), (0.3, 0.4), (81.0, 219.0)])
def test_simulated_data_follow_the_model(params):
    size, n = 100_000, 20
    drawn = betabin.simulate(params, np.full(size, n), rng=np.random.default_rng(4))
    for sample, law in ((drawn.x, stats.betabinom(n, *params)), (drawn.z, stats.beta(*params))):
        mean, variance, kurtosis = (float(v) for v in law.stats("mvk"))
        assert abs(sample.mean() - mean) < 5 * math.sqrt(variance / size)
        assert abs(sample.var() - variance) < 5 * variance * math.sqrt((kurtosis + 2) / size)
    # Given z, x is binomial: the scaled residual has variance 1.
    residual = (drawn.x - n * drawn.z) / np.sqrt(n * drawn.z * (1 - drawn.z) + 1e-300)
    if min(params) > 1:
        assert abs((residual**2).mean() - 1) < 0.05
        assert abs(np.corrcoef(residual, drawn.z)[0, 1]) < 5 / math.sqrt(size)


def test_simulate_draws_z_first_then_x():
    rng = np.random.default_rng(0)
    z = rng.beta(81, 219, 500)
    x = rng.binomial(50, z)
    drawn = betabin.simulate((81, 219), np.full(500, 50), rng=np.random.default_rng(0))
    np.testing.assert_array_equal(drawn.z, z)
    np.testing.assert_array_equal(drawn.x, x)
    np.testing.assert_array_equal(drawn.n, 50)


@pytest.mark.parametrize("n", [7, [3], [[0, 4], [5, 6]]])
def test_simulate_returns_arrays_of_the_shape_of_n(n):
    drawn = betabin.simulate((1, 1), n, rng=np.random.default_rng(1))
    for part in drawn:
        assert isinstance(part, np.ndarray)
        assert part.shape == np.shape(n)
    assert np.all((drawn.x >= 0) & (drawn.x <= drawn.n))


@pytest.mark.parametrize("rng", [None, 0, np.random, np.random.RandomState(0)])
def test_simulate_wants_a_generator(rng):
    with pytest.raises(TypeError, match=r"^rng must be a numpy\.random\.Generator, not "):
        betabin.simulate((1, 1), [3], rng=rng)


@pytest.mark.parametrize(
    ("n", "error", "message"),
    [
        ([3, -1], ValueError, r"^n\[1\] = -1 must not be negative"),
        ([3, 1.5], ValueError, r"^n\[1\] = 1\.5 must be a whole number"),
        ([math.nan], ValueError, r"^n\[0\] = nan must be a finite number"),
        ("7", TypeError, r"^n = .*7.* must be a whole number"),
        (None, TypeError, r"^n = None must be a whole number"),
        ([2**53 + 2], ValueError, r"^n\[0\] = 9007199254740994 must be at most 2\*\*53"),
        (np.ma.array([3]), TypeError, r"^n must not be a masked array"),
        ([], ValueError, r"^n must hold at least one row"),
    ],
)
def test_simulate_checks_n(n, error, message):
    with pytest.raises(error, match=message):
        betabin.simulate((1, 1), n, rng=np.random.default_rng(0))


@pytest.mark.parametrize("seed", range(5))
def test_moments_for_equal_n_match_mean_and_variance(seed):
    rng = np.random.default_rng(seed)
    x = rng.binomial(30, rng.beta(2, 5, 40))
    law = stats.betabinom(30, *betabin.method_of_moments(x, 30))
    assert law.mean() == pytest.approx(x.mean(), rel=1e-12)
    assert law.var() == pytest.approx(x.var(), rel=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_moments_for_unequal_n_match_both_shares(seed):
    rng = np.random.default_rng(seed)
    n = rng.integers(0, 60, 50)
    x, counts = rng.binomial(n, rng.beta(2, 5, 50)), rng.integers(0, 9, 50)
    alpha, beta = betabin.method_of_moments(x, n, counts=counts)
    rows = oracle.rows(x, n, counts)
    trials = sum(c * ni for _, ni, c in rows)
    share = Fraction(sum(c * xi for xi, _, c in rows), trials)
    assert alpha / (alpha + beta) == pytest.approx(float(share), rel=1e-13)
    # The squared deviations sum to their expectation, n mu (1 - mu) (1 + (n - 1) rho) for each row.
    squares = sum(c * (xi - ni * share) ** 2 for xi, ni, c in rows)
    rho = 1 / (alpha + beta + 1)
    expected = sum(c * ni * float(share * (1 - share)) * (1 + (ni - 1) * rho) for _, ni, c in rows)
    assert float(squares) == pytest.approx(expected, rel=1e-12)


def test_moments_exist_where_regulars_do_better():
    season = betabin.load_batting(2018)
    keep = (season.position != "P") & (season.n >= 100)
    moments = betabin.method_of_moments(season.x[keep], season.n[keep])
    assert moments.concentration == pytest.approx(400, rel=0.1)


def test_moments_of_mirrored_data_are_mirrored():
    x, n = np.array([0, 5, 9, 2]), np.array([4, 8, 9, 20])
    there, back = betabin.method_of_moments(x, n), betabin.method_of_moments(n - x, n)
    np.testing.assert_allclose(there, back[::-1], rtol=1e-14)


@pytest.mark.parametrize(
    ("x", "n"),
    [
        (13, 50),
        ([5, 5, 5], 10),
        ([0, 0], [3, 4]),
        ([3, 4], [3, 4]),
        ([0, 4], 4),
        ([0, 1, 1], 1),
        ([0, 0], 0),
        ([1, 3], [4, 4]),
    ],
)
def test_moments_need_overdispersion(x, n):
    with pytest.raises(ValueError, match=r"^x, n must be overdispersed"):
        betabin.method_of_moments(x, n)


def test_moments_in_balance_count_as_not_overdispersed():
    # Σ(x - np)² = Σ np(1 - p) exactly: as spread as a binomial, no more.
    with pytest.raises(ValueError, match=r"^x, n must be overdispersed"):
        betabin.method_of_moments([1, 3], 4)
    slightly_more = betabin.method_of_moments([1, 3, 1, 3, 0, 4], 4, counts=[1000] * 4 + [1, 1])
    assert slightly_more.concentration > 100
