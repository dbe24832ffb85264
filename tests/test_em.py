"""Expectation-maximization: each step against its definition, and the walk as a whole."""

import math
import warnings
from dataclasses import FrozenInstanceError

import mpmath as mp
import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import betabin
from betabin import BetaParams, ExpectedStats, Fit, Trace

DATA = {
    "small": ([0, 1, 3, 9], [4, 4, 5, 9], None),
    "counted": ([0, 1, 3, 9], [4, 4, 5, 9], [1000, 1, 0, 7]),
    "with empty rows": ([0, 0, 3], [0, 2, 5], [10, 2, 3]),
    "hundreds": ([120, 400, 0], [1000, 800, 700], None),
}
FAR = (0, 57), (4, 89)  # S < 0, and yet the maximum is interior


@pytest.mark.parametrize("params", [(1e-3, 1e-3), (0.4, 2.0), (81.0, 219.0), (3e5, 1e5)])
@pytest.mark.parametrize("name", DATA)
def test_e_step_averages_the_expected_logarithms(name, params):
    x, n, counts = DATA[name]
    got = betabin.e_step(params, x, n, counts=counts)
    assert isinstance(got, ExpectedStats)
    np.testing.assert_allclose(got, [float(v) for v in oracle.e_step(params, x, n, counts)], rtol=1e-12)


GRID = (1e-4, 1e-2, 0.5, 1.0, 5.0, 1e2, 1e4, 1e6)


@pytest.mark.parametrize("beta", GRID)
@pytest.mark.parametrize("alpha", GRID)
def test_m_step_inverts_the_expected_logarithms(alpha, beta):
    a, b = mp.mpf(alpha), mp.mpf(beta)
    stats = ExpectedStats(float(oracle.log_z(a, b)), float(oracle.log_z(b, a)))
    exact = [float(v) for v in oracle.m_step(stats, (alpha, beta))]
    for init in (None, (1, 1), (1e-4, 1e3), (1e4, 1e-3)):
        got = betabin.m_step(stats, init=init)
        assert isinstance(got, BetaParams)
        np.testing.assert_allclose(got, exact, rtol=1e-14 * (10 + alpha + beta), err_msg=f"{init=}")


def test_m_step_maximises_the_expected_complete_log_likelihood():
    x, n, old = np.array([0, 2, 7, 3]), np.array([4, 9, 9, 3]), (0.7, 1.9)
    stats = [mp.mpf(float(v)) for v in betabin.e_step(old, x, n)]
    a, b = betabin.m_step(betabin.e_step(old, x, n))

    def q_function(alpha, beta):
        return (alpha - 1) * stats[0] + (beta - 1) * stats[1] - oracle.log_beta_function(alpha, beta)

    best = q_function(mp.mpf(a), mp.mpf(b))
    for da, db in [(1.01, 1), (0.99, 1), (1, 1.01), (1, 0.99), (1.01, 1.01), (0.99, 0.99), (1.01, 0.99)]:
        assert q_function(mp.mpf(a * da), mp.mpf(b * db)) < best


@pytest.mark.parametrize(
    ("stats", "error", "message"),
    [
        ((-0.1, -0.2), ValueError, r"^stats = \(-0\.1, -0\.2\) must satisfy .* no Beta distribution"),
        ((math.log(0.5), math.log(0.5)), ValueError, r"^stats = .* no Beta distribution"),
        ((0.0, -1.0), ValueError, r"^stats\.mean_log_z = 0\.0 must be negative and finite"),
        ((-1.0, 0.5), ValueError, r"^stats\.mean_log_one_minus_z = 0\.5 must be negative and finite"),
        ((math.nan, -1.0), ValueError, r"^stats\.mean_log_z = nan must be negative and finite"),
        ((-1.0, -math.inf), ValueError, r"^stats\.mean_log_one_minus_z = -inf must be negative"),
        (
            None,
            TypeError,
            r"^stats must be a pair \(mean_log_z, mean_log_one_minus_z\) of numbers, not None",
        ),
        (
            (-1.0,),
            TypeError,
            r"^stats must be a pair \(mean_log_z, mean_log_one_minus_z\) of numbers, not \(-1\.0,\)",
        ),
        (
            (-1.0, -1.0, -1.0),
            TypeError,
            r"^stats must be a pair \(mean_log_z, mean_log_one_minus_z\) of numbers",
        ),
        ((-1.0, "a"), TypeError, r"^stats must be a pair \(mean_log_z, mean_log_one_minus_z\) of numbers"),
        (("-1", "-1"), TypeError, r"^stats must be a pair \(mean_log_z, mean_log_one_minus_z\) of numbers"),
        (
            ([-1.0, -2.0], -1.0),
            TypeError,
            r"^stats must be a pair \(mean_log_z, mean_log_one_minus_z\) of numbers",
        ),
    ],
)
def test_m_step_checks_its_statistics(stats, error, message):
    with pytest.raises(error, match=message):
        betabin.m_step(stats)


def test_m_step_says_when_it_did_not_converge_and_why():
    with pytest.raises(RuntimeError, match=r"^the M-step did not converge in max_iter = 2 iterations$"):
        betabin.m_step((-5.0, -0.01), init=(1e4, 1e-3), max_iter=2)
    with pytest.raises(RuntimeError, match=r"iterations: floats hardly tell these stats from ones that no"):
        betabin.m_step((math.log(0.449), math.log(0.551) - 1e-15))


@pytest.mark.parametrize("init", [(1.4e-130, 4.8e82), (1e60, 1e-60), (1e-160, 1e-160), (1e150, 1e150)])
def test_m_step_ends_at_the_one_maximum_from_any_start(init):
    stats = -(1 / 2 + 1 / 3 + 1 / 4), -(1 / 3 + 1 / 4)  # those of Beta(2, 3)
    with warnings.catch_warnings(action="error"):
        np.testing.assert_allclose(betabin.m_step(stats, init=init, tol=1e-300), (2.0, 3.0), rtol=1e-12)


BAD_TOL = [0, -1e-3, math.nan, math.inf, None, "a", [1e-3], 1j, True]
BAD_MAX_ITER = [0, -1, 1.5, 10.0, math.nan, None, "a", [3], True]


@pytest.mark.parametrize("tol", BAD_TOL)
@pytest.mark.parametrize(
    "call", [lambda **k: betabin.m_step((-1, -1), **k), lambda **k: betabin.fit_em([1, 5], 6, **k)]
)
def test_tol_must_be_a_positive_number(call, tol):
    with pytest.raises((ValueError, TypeError), match=r"^tol = .* must be a positive number"):
        call(tol=tol)


@pytest.mark.parametrize("max_iter", BAD_MAX_ITER)
@pytest.mark.parametrize(
    "call", [lambda **k: betabin.m_step((-1, -1), **k), lambda **k: betabin.fit_em([1, 5], 6, **k)]
)
def test_max_iter_must_be_a_whole_number(call, max_iter):
    with pytest.raises((ValueError, TypeError), match=r"^max_iter = .* must be a whole number from 1 up"):
        call(max_iter=max_iter)


def test_numpy_numbers_do_for_tol_and_max_iter():
    fit = betabin.fit_em([1, 5], 6, tol=np.float32(1e-3), max_iter=np.int16(4))
    assert fit.n_iter <= 4


# The lower bound


@pytest.mark.parametrize("params", [(0.4, 2.0), (81.0, 219.0)])
@pytest.mark.parametrize("name", DATA)
def test_lower_bound_is_expected_complete_log_likelihood_plus_entropy(name, params):
    x, n, counts = DATA[name]
    rng = np.random.default_rng(3)
    q = BetaParams(10 ** rng.uniform(-1, 3, len(x)), 10 ** rng.uniform(-1, 3, len(x)))
    exact = float(oracle.lower_bound(params, q, x, n, counts))
    got = betabin.lower_bound(params, q, x, n, counts=counts)
    assert type(got) is float
    assert got == pytest.approx(exact, rel=1e-10)


def test_lower_bound_by_quadrature():
    x, n, (alpha, beta), (a, b) = 2, 5, (1.5, 3.0), (4.0, 2.5)

    def integrand(z):
        q = z ** (a - 1) * (1 - z) ** (b - 1) / mp.beta(a, b)
        prior = z ** (alpha - 1) * (1 - z) ** (beta - 1) / mp.beta(alpha, beta)
        return q * (mp.log(mp.binomial(n, x) * z**x * (1 - z) ** (n - x) * prior) - mp.log(q))

    with mp.workdps(20):
        exact = float(mp.quad(integrand, [0, 0.5, 1]))
    got = betabin.lower_bound((alpha, beta), BetaParams(a, b), x, n)
    assert got == pytest.approx(exact, rel=1e-12)


positive = st.floats(-2, 3).map(lambda log: 10.0**log)
row = st.integers(0, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@st.composite
def tables(draw, max_rows=6):
    x, n = np.array(draw(st.lists(row, min_size=1, max_size=max_rows))).T
    counts = draw(st.lists(st.integers(1, 5), min_size=len(x), max_size=len(x)))
    return x, n, np.array(counts)


@settings(max_examples=100, deadline=None)
@given(table=tables(), params=st.tuples(positive, positive), data=st.data())
def test_lower_bound_is_below_the_log_likelihood_and_touches_it_at_the_posterior(table, params, data):
    x, n, counts = table
    pairs = data.draw(st.lists(st.tuples(positive, positive), min_size=len(x), max_size=len(x)))
    exact = betabin.log_likelihood(params, x, n, counts=counts)
    q = BetaParams(*np.array(pairs).T)
    bound = betabin.lower_bound(params, q, x, n, counts=counts)
    assert bound <= exact
    assert bound == pytest.approx(float(oracle.lower_bound(params, q, x, n, counts)), rel=1e-9, abs=1e-9)
    best = betabin.lower_bound(params, betabin.posterior(params, x, n), x, n, counts=counts)
    assert best == pytest.approx(exact, rel=1e-13)


def test_lower_bound_broadcasts_q_and_counts():
    x, n, counts = [1, 2, 3], 5, [[1, 1, 1], [2, 0, 3]]
    one = betabin.lower_bound((1, 2), BetaParams(2.0, 3.0), x, n, counts=counts)
    each = betabin.lower_bound(
        (1, 2), BetaParams(np.full(3, 2.0), np.full((2, 3), 3.0)), x, n, counts=counts
    )
    flat = betabin.lower_bound((1, 2), BetaParams(2.0, 3.0), x, n, counts=[3, 1, 4])
    assert one == pytest.approx(each, rel=1e-14)
    assert one == pytest.approx(flat, rel=1e-14)
    assert betabin.lower_bound((1, 2), BetaParams(2.0, 3.0), x, n, counts=2) == pytest.approx(
        2 * betabin.lower_bound((1, 2), BetaParams(2.0, 3.0), x, n), rel=1e-14
    )


@pytest.mark.parametrize(
    ("q", "error", "message"),
    [
        (([1.0, 0.0], [1.0, 1.0]), ValueError, r"^q\.alpha\[1\] = 0\.0 must be positive and finite"),
        (([1.0, 1.0], [-2.0, 1.0]), ValueError, r"^q\.beta\[0\] = -2\.0 must be positive and finite"),
        (([1.0, math.nan], 1.0), ValueError, r"^q\.alpha\[1\] = nan must be positive and finite"),
        ((1.0, math.inf), ValueError, r"^q\.beta = inf must be positive and finite"),
        (([1.0, 1.0, 1.0], 1.0), ValueError, r"^q\.alpha has shape \(3,\): .* broadcast .* \(2,\)"),
        ((1.0, [[1.0, 1.0]] * 2), ValueError, r"^q\.beta has shape \(2, 2\): .* broadcast .* \(2,\)"),
        ((1.0,), TypeError, r"^q must be a pair \(alpha, beta\)"),
        (None, TypeError, r"^q must be a pair \(alpha, beta\)"),
        (("a", "b"), TypeError, r"^q must be a pair \(alpha, beta\)"),
        (("1", "2"), TypeError, r"^q must be a pair \(alpha, beta\)"),
    ],
)
def test_lower_bound_checks_q(q, error, message):
    with pytest.raises(error, match=message):
        betabin.lower_bound((1, 2), q, [1, 2], [3, 4])


# The walk


def assert_rising(trace, rounding=1e-13):
    slack = rounding * (1 + np.abs(trace.log_likelihood).max())
    assert np.diff(trace.log_likelihood).min() >= -slack


@pytest.mark.parametrize("accelerate", [False, True])
@pytest.mark.parametrize("name", oracle.REFERENCES)
def test_fit_em_finds_the_reference_fits(name, accelerate):
    ref = oracle.reference(name)
    fit = betabin.fit_em(ref.x, ref.n, counts=ref.counts, accelerate=accelerate)
    assert isinstance(fit, Fit)
    assert isinstance(fit.params, BetaParams)
    assert (fit.status, fit.converged) == ("interior", True)
    assert "converged" in fit.message
    assert "elsewhere" not in fit.message
    np.testing.assert_allclose(fit.params, (ref.alpha, ref.beta), rtol=1e-6)
    assert fit.log_likelihood == pytest.approx(ref.log_likelihood, rel=1e-11)
    assert (fit.mean, fit.concentration) == (fit.params.mean, fit.params.concentration)
    assert [len(part) for part in fit.trace] == [fit.n_iter + 1] * 3
    assert (fit.trace.alpha[-1], fit.trace.beta[-1]) == fit.params
    assert fit.trace.log_likelihood[-1] == fit.log_likelihood
    assert_rising(fit.trace)
    relative = oracle.relative_score(fit.params, ref.x, ref.n, ref.counts)
    assert np.abs(relative).max() < 1e-9


@pytest.mark.parametrize("name", oracle.REFERENCES)
def test_acceleration_reaches_the_same_maximum_in_fewer_steps(name):
    ref = oracle.reference(name)
    plain = betabin.fit_em(ref.x, ref.n, counts=ref.counts)
    fast = betabin.fit_em(ref.x, ref.n, counts=ref.counts, accelerate=True)
    assert fast.n_iter < plain.n_iter
    np.testing.assert_allclose(fast.params, plain.params, rtol=2e-6)
    assert fast.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)


@pytest.mark.parametrize("accelerate", [False, True])
@pytest.mark.parametrize("init", [None, (1, 1), (1e-3, 50.0), (1e4, 1e3)])
def test_the_trace_tells_the_log_likelihood_of_its_params(init, accelerate):
    ref = oracle.reference("rat_tumors")
    trace = betabin.fit_em(ref.x, ref.n, init=init, accelerate=accelerate, max_iter=60).trace
    assert isinstance(trace, Trace)
    for k in range(0, len(trace.alpha), 7):
        exact = oracle.log_likelihood((trace.alpha[k], trace.beta[k]), ref.x, ref.n)
        assert trace.log_likelihood[k] == pytest.approx(float(exact), rel=1e-13)


@pytest.mark.parametrize("init", [None, (1, 1), (0.01, 40)])
def test_the_first_steps_are_an_e_step_and_an_m_step(init):
    x, n, counts = [0, 3, 9, 0], [4, 5, 12, 0], [2, 1, 3, 5]
    fit = betabin.fit_em(x, n, counts=counts, init=init, max_iter=4)
    start = betabin.method_of_moments(x, n, counts=counts) if init is None else BetaParams(*init)
    np.testing.assert_allclose((fit.trace.alpha[0], fit.trace.beta[0]), start, rtol=1e-15)
    for k in range(4):
        params = BetaParams(fit.trace.alpha[k], fit.trace.beta[k])
        # Rows without trials are dropped by the fit, and so they are here.
        step = betabin.m_step(betabin.e_step(params, x[:3], n[:3], counts=counts[:3]))
        np.testing.assert_allclose((fit.trace.alpha[k + 1], fit.trace.beta[k + 1]), step, rtol=1e-12)


def test_without_overdispersion_the_walk_starts_at_the_pooled_share():
    fit = betabin.fit_em([2, 2], [8, 8], max_iter=3)
    assert (fit.trace.alpha[0], fit.trace.beta[0]) == pytest.approx((0.25, 0.75), rel=1e-15)


@pytest.mark.parametrize("repeat", [1, 7])
@pytest.mark.parametrize(("x", "n"), [(13, 50), (1, 30), (49, 50), (3, 3)])
def test_identical_rows_add_their_successes_and_failures_each_step(x, n, repeat):
    fit = betabin.fit_em([x] * repeat, n, init=(1, 1), max_iter=800)
    t = np.arange(fit.n_iter + 1)
    while_small = np.flatnonzero((1 + t * x <= 1e4) & (1 + t * (n - x) <= 1e4))
    assert len(while_small) > (60 if x < n else 3)
    np.testing.assert_allclose(fit.trace.alpha[while_small], (1 + t * x)[while_small], rtol=1e-9)
    np.testing.assert_allclose(fit.trace.beta[while_small], (1 + t * (n - x))[while_small], rtol=1e-9)
    assert not fit.converged
    assert fit.status == ("binomial_limit" if x < n else "all_full")


@settings(max_examples=60, deadline=None)
@given(table=tables(), params=st.tuples(positive, positive), accelerate=st.booleans())
def test_no_step_lowers_the_log_likelihood(table, params, accelerate):
    x, n, counts = table
    if n.sum() == 0:
        n = n + 1
    fit = betabin.fit_em(x, n, counts=counts, init=params, accelerate=accelerate, max_iter=100)
    assert_rising(fit.trace)
    exact = [
        float(oracle.log_likelihood((fit.trace.alpha[k], fit.trace.beta[k]), x, n, counts)) for k in (0, -1)
    ]
    np.testing.assert_allclose(fit.trace.log_likelihood[[0, -1]], exact, rtol=1e-11, atol=1e-11)


def test_max_iter_ends_the_walk():
    ref = oracle.reference("efron_morris")
    for accelerate in (False, True):
        fit = betabin.fit_em(ref.x, ref.n, accelerate=accelerate, max_iter=5)
        assert (fit.n_iter, fit.converged, fit.status) == (5, False, "interior")
        assert "stopped early, before its tolerance was met, in 5 iterations" in fit.message
        assert "elsewhere" not in fit.message
        assert len(fit.trace.alpha) == 6


def test_tol_is_on_the_change_of_the_logarithms():
    ref = oracle.reference("rat_tumors")
    for tol in (1e-2, 1e-4, 1e-8):
        fit = betabin.fit_em(ref.x, ref.n, init=(1, 1), tol=tol)
        logs = np.log([fit.trace.alpha, fit.trace.beta])
        change = np.abs(np.diff(logs)).max(axis=0)
        assert fit.converged
        assert change[-1] <= tol
        assert change[:-1].min() > tol


def test_a_fit_is_frozen():
    fit = betabin.fit_em([1, 5], 6)
    with pytest.raises(FrozenInstanceError):
        fit.mean = 0.5
    with pytest.raises(AttributeError):
        fit.trace.alpha = np.zeros(3)
    with pytest.raises(AttributeError):
        fit.params.alpha = 1.0


@pytest.mark.parametrize("init", [(1e4, 1e4), (4e5, 1e5)])
def test_a_far_start_may_head_elsewhere_and_says_so(init):
    fit = betabin.fit_em(*FAR, init=init, max_iter=300)
    assert (fit.status, fit.converged) == ("interior", False)
    assert "heading elsewhere" in fit.message
    assert "0.59864" in fit.message
    assert "1.21079" in fit.message
    assert fit.log_likelihood < -5.9
    assert fit.params == (fit.trace.alpha[-1], fit.trace.beta[-1])


def test_a_walk_that_would_arrive_is_not_said_to_head_elsewhere():
    ref = oracle.reference("mlb_2018")
    far = {"init": (1e8, 3e8), "max_iter": 3}
    for options in ({"max_iter": 3}, {"tol": 1e9}, {"max_iter": 3, "accelerate": True}, far):
        fit = betabin.fit_em(ref.x, ref.n, **options)
        assert "below the maximum" in fit.message
        assert "elsewhere" not in fit.message
        assert ("converged" in fit.message) == fit.converged == ("tol" in options)
    # At a second maximum, or on the way to one at infinity, it is known.
    assert "elsewhere" in betabin.fit_em(*FAR, init=(4e5, 1e5), tol=1e9).message


LARGE = st.floats(0, 53).map(lambda power: min(2**53, max(1, int(2**power))))


@st.composite
def edges(draw):
    """Data at the edges of what the door lets in: n to 2**53, few rows, nearly alike, heavy counts."""
    rows = draw(st.integers(1, 4))
    n = [draw(LARGE)] * rows if draw(st.booleans()) else draw(st.lists(LARGE, min_size=rows, max_size=rows))
    kind = draw(st.sampled_from(["zero", "full", "one hit", "one out", "two points", "half", "any"]))
    x = {
        "zero": [0] * rows,
        "full": n,
        "one hit": [1, *[0] * (rows - 1)],
        "one out": [n[0] - 1, *n[1:]],
        "two points": [value * (i % 2) for i, value in enumerate(n)],
        "half": [value // 2 for value in n],
        "any": [draw(st.integers(0, value)) for value in n],
    }[kind]
    heavy = st.floats(0, 50).map(lambda power: int(2**power))
    counts = draw(st.none() | st.lists(heavy, min_size=rows, max_size=rows))
    return x, n, counts


@settings(max_examples=150, deadline=None)
@given(edges())
def test_whatever_the_door_lets_in_gets_one_status_from_both_fits(data):
    x, n, counts = data
    expected = betabin.fit_mle(x, n, counts=counts)
    for accelerate in (False, True):
        fit = betabin.fit_em(x, n, counts=counts, accelerate=accelerate, max_iter=30)
        assert fit.status == expected.status
        assert fit.n_iter == len(fit.trace.alpha) - 1
        if fit.status != "interior":
            assert fit.params == pytest.approx(expected.params, nan_ok=True)
            assert fit.log_likelihood == expected.log_likelihood


@pytest.mark.parametrize(("x", "n"), [([0] * 695, 641469), ([0] * 1000, 10**7), ([10**9] * 3, 10**9)])
def test_a_boundary_with_many_trials_is_walked_as_one_with_few(x, n):
    few = betabin.fit_em([0] * 10 if x[0] == 0 else [7] * 10, 7)
    fit = betabin.fit_em(x, n)
    assert fit.status == few.status in ("all_zero", "all_full")
    assert fit.message[:60] == few.message[:60]
    assert fit.n_iter > 0
    rises = np.diff(fit.trace.log_likelihood)
    assert (rises > -1e-6).all()  # of sums of up to 1e10 terms


def test_a_near_start_finds_the_interior_maximum():
    fit = betabin.fit_em(*FAR, init=(0.5, 1.0))
    assert (fit.status, fit.converged) == ("interior", True)
    assert fit.params == pytest.approx((0.59864, 1.21079), abs=1e-5)
    assert fit.log_likelihood == pytest.approx(-5.85729, abs=1e-5)
    assert "elsewhere" not in fit.message


@pytest.mark.parametrize("accelerate", [False, True])
@pytest.mark.parametrize(
    ("x", "n", "counts"),
    [
        (0, 1000, 10**5),
        (0, 14, 10**10),
        (3, 3, 10**10),
        ([0, 3], [2, 3], 10**9),
        (7, 20, 10**9),
        (0, 1, 10**10),
    ],
)
def test_walks_to_a_boundary_of_large_tables_end_without_an_error(x, n, counts, accelerate):
    fit = betabin.fit_em(x, n, counts=counts, accelerate=accelerate, max_iter=300)
    assert fit.status != "interior"
    assert not fit.converged


@pytest.mark.parametrize("accelerate", [False, True])
@pytest.mark.parametrize("init", [(1e-5, 1e11), (1e11, 10.0), (1e10, 1e10), (1e-8, 1e-8), (1e12, 1e-3)])
@pytest.mark.parametrize(("x", "n"), [([7, 9], 90), ([11, 2, 5], [51, 33, 68]), ([0, 4, 9], 9)])
def test_extreme_starts_end_in_a_fit(x, n, init, accelerate):
    fit = betabin.fit_em(x, n, init=init, accelerate=accelerate, max_iter=100)
    assert np.all(np.isfinite(fit.trace.log_likelihood))
    assert_rising(fit.trace, 1e-11)


def test_boundary_walks_stop_when_a_step_gains_little():
    fit = betabin.fit_em([1, 1], 2, init=(9e3, 9e3))
    assert 10 < fit.n_iter < 10_000
    gains = np.diff(fit.trace.log_likelihood)
    assert gains[-1] < 1e-8
    assert gains[:-1].min() >= 1e-8
    assert np.all(np.isfinite(fit.trace.alpha))
