"""Score and information against derivatives in 60-digit arithmetic; rates; standard errors."""

import math

import mpmath as mp
import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import betabin
from betabin import BetaParams, StandardErrors

DATA = {
    "small": ([0, 1, 3, 9], [4, 4, 5, 9], None),
    "equal": ([13, 7, 20], [50, 50, 50], None),
    "counted": ([120, 400, 0, 3, 7, 0], [1000, 800, 700, 9, 7, 0], [1, 1, 2, 30, 1, 4]),
    "long": ([9000, 100, 9999], [10_000, 9000, 10_000], [1, 2, 3]),
}
PARAMS = [BetaParams(s * mean, s * (1 - mean)) for s in (1e-2, 1.0, 50.0, 1e4) for mean in (0.27, 0.999)]
every_case = pytest.mark.parametrize("name", DATA)
all_params = pytest.mark.parametrize("params", PARAMS, ids=lambda p: f"{p.alpha:.3g}-{p.beta:.3g}")


def assert_close(got, exact, tolerance=1e-9):
    exact = oracle.to_array(exact)
    assert isinstance(got, np.ndarray)
    assert got.shape == (2, 2)
    np.testing.assert_allclose(got, exact, rtol=0, atol=tolerance * np.abs(exact).max())


@all_params
@every_case
def test_score_is_the_gradient(name, params):
    x, n, counts = DATA[name]
    exact = [float(v) for v in oracle.score(params, x, n, counts)]
    share = oracle.relative_score(params, x, n, counts)
    scale = [abs(v / r) for v, r in zip(exact, share, strict=True)]  # sums of the absolute terms
    got = betabin.score(params, x, n, counts=counts)
    assert got.shape == (2,)
    assert np.all(np.abs(got - exact) <= 1e-12 * np.array(scale))


@all_params
@every_case
def test_observed_information_is_minus_the_hessian(name, params):
    x, n, counts = DATA[name]
    got = betabin.observed_information(params, x, n, counts=counts)
    assert_close(got, oracle.observed_information(params, x, n, counts))


@all_params
@every_case
def test_complete_information_is_that_of_as_many_beta_variables(name, params):
    x, n, counts = DATA[name]
    got = betabin.complete_information(params, x, n, counts=counts)
    assert_close(got, oracle.complete_information(params, x, n, counts))
    assert np.linalg.eigvalsh(got).min() > 0


@all_params
@every_case
def test_missing_information_is_the_sum_of_posterior_covariances(name, params):
    x, n, counts = DATA[name]
    got = betabin.missing_information(params, x, n, counts=counts)
    assert_close(got, oracle.missing_information(params, x, n, counts))
    assert np.linalg.eigvalsh(got).min() > 0


@all_params
@every_case
def test_rate_matrix_is_the_share_that_is_missing(name, params):
    x, n, counts = DATA[name]
    complete = oracle.complete_information(params, x, n, counts)
    exact = complete**-1 * oracle.missing_information(params, x, n, counts)
    got = betabin.rate_matrix(params, x, n, counts=counts)
    assert_close(got, exact)
    assert np.linalg.eigvals(got).real.min() > 0


@pytest.mark.parametrize("function", ["observed", "complete", "missing"])
@pytest.mark.parametrize("s", [1e6, 1e10])
def test_information_at_large_concentrations(function, s):
    x, n, counts = DATA["counted"]
    params = BetaParams(0.27 * s, 0.73 * s)
    got = getattr(betabin, f"{function}_information")(params, x, n, counts=counts)
    assert_close(got, getattr(oracle, f"{function}_information")(params, x, n, counts), 1e-13)


def test_missing_information_by_quadrature():
    (a, b), x, n = (1.5, 2.0), 2, 5
    with mp.workdps(20):

        def mean(f):
            density = lambda z: z ** (a + x - 1) * (1 - z) ** (b + n - x - 1)  # noqa: E731
            return mp.quad(lambda z: f(z) * density(z), [0, 0.5, 1]) / mp.quad(density, [0, 0.5, 1])

        logs = (mp.log, lambda z: mp.log(1 - z))
        covariance = [[mean(lambda z: f(z) * g(z)) - mean(f) * mean(g) for g in logs] for f in logs]  # noqa: B023
    np.testing.assert_allclose(
        betabin.missing_information((a, b), x, n), np.array(covariance, dtype=float), rtol=1e-10
    )


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1
    ),
    log_alpha=st.floats(-2, 4),
    log_beta=st.floats(-2, 4),
)
def test_complete_less_missing_is_observed(rows, log_alpha, log_beta):
    x, n = np.array(rows).T
    params = BetaParams(10**log_alpha, 10**log_beta)
    complete, missing, observed = (
        getattr(betabin, f"{kind}_information")(params, x, n)
        for kind in ("complete", "missing", "observed")
    )
    np.testing.assert_allclose(complete - missing, observed, rtol=0, atol=1e-13 * np.abs(complete).max())


# Rates


@pytest.mark.parametrize("name", ["simulated", "efron_morris", "rat_tumors", "mlb_2018"])
def test_spectral_radius_is_the_published_rate(name):
    ref = oracle.reference(name)
    rates = np.linalg.eigvals(betabin.rate_matrix((ref.alpha, ref.beta), ref.x, ref.n, counts=ref.counts))
    assert 0 < min(rates) < 1
    assert max(rates) == pytest.approx(ref.rate, abs=5e-4)


@pytest.mark.parametrize("name", ["rat_tumors", "saxony"])
def test_rate_matrix_is_the_derivative_of_the_em_step(name):
    ref = oracle.reference(name)
    params = betabin.fit_mle(ref.x, ref.n, counts=ref.counts).params

    def em_map(alpha, beta):
        return oracle.m_step(oracle.e_step((alpha, beta), ref.x, ref.n, ref.counts), (alpha, beta))

    columns = []
    for k, value in enumerate(params):
        step = mp.mpf(value) * mp.mpf(10) ** -12
        up, down = ([mp.mpf(v) for v in params] for _ in range(2))
        up[k], down[k] = up[k] + step, down[k] - step
        columns.append([(u - d) / (2 * step) for u, d in zip(em_map(*up), em_map(*down), strict=True)])
    jacobian = np.array(columns, dtype=float).T
    got = betabin.rate_matrix(params, ref.x, ref.n, counts=ref.counts)
    np.testing.assert_allclose(got, jacobian, rtol=0, atol=1e-8 * np.abs(jacobian).max())


def test_rate_matrix_is_the_derivative_of_the_package_s_own_steps():
    ref = oracle.reference("mlb_2018")
    params = np.array(betabin.fit_mle(ref.x, ref.n).params)

    def em_map(point):
        return np.array(betabin.m_step(betabin.e_step(BetaParams(*point), ref.x, ref.n)))

    steps = np.diag(1e-4 * params)
    jacobian = np.array([(em_map(params + h) - em_map(params - h)) / (2 * h.sum()) for h in steps]).T
    got = betabin.rate_matrix(params, ref.x, ref.n)
    np.testing.assert_allclose(got, jacobian, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["rat_tumors", "mlb_2018", "simulated"])
def test_the_error_of_em_shrinks_at_that_rate(name):
    ref = oracle.reference(name)
    best = betabin.fit_mle(ref.x, ref.n, counts=ref.counts).params
    trace = betabin.fit_em(ref.x, ref.n, counts=ref.counts, init=(1, 1), tol=1e-13).trace
    errors = np.hypot(trace.alpha - best.alpha, trace.beta - best.beta)
    late = np.flatnonzero((errors < 1e-3) & (errors > 1e-6))
    assert len(late) > 10
    observed = (errors[late[-1]] / errors[late[0]]) ** (1 / (late[-1] - late[0]))
    assert observed == pytest.approx(
        max(np.linalg.eigvals(betabin.rate_matrix(best, ref.x, ref.n))), abs=1e-4
    )


# Standard errors


@pytest.mark.parametrize("name", oracle.REFERENCES)
def test_standard_errors_are_those_of_the_inverse_hessian(name):
    ref = oracle.reference(name)
    fit = betabin.fit_mle(ref.x, ref.n, counts=ref.counts)
    rows = oracle.rows(ref.x, ref.n, ref.counts)

    def params_at(eta, log_s):
        mean = 1 / (1 + mp.exp(-eta))
        return mean * mp.exp(log_s), (1 - mean) * mp.exp(log_s)

    def surface(eta, log_s):
        return mp.fsum(c * oracle.log_pmf(xi, ni, params_at(eta, log_s)) for xi, ni, c in rows)

    alpha, beta = map(mp.mpf, fit.params)
    point = mp.log(alpha / beta), mp.log(alpha + beta)
    covariance = -(oracle.hessian(surface, point) ** -1)

    def error(function):
        slope = mp.matrix(oracle.gradient(function, point))
        return float(mp.sqrt((slope.T * covariance * slope)[0]))

    got = betabin.standard_errors(fit, ref.x, ref.n, counts=ref.counts)
    assert isinstance(got, StandardErrors)
    assert all(type(value) is float for value in got)
    exact = (
        error(lambda eta, log_s: 1 / (1 + mp.exp(-eta))),
        error(lambda eta, log_s: log_s),
        error(lambda eta, log_s: params_at(eta, log_s)[0]),
        error(lambda eta, log_s: params_at(eta, log_s)[1]),
    )
    np.testing.assert_allclose(got, exact, rtol=1e-9)
    by_em = betabin.fit_em(ref.x, ref.n, counts=ref.counts, accelerate=True)
    np.testing.assert_allclose(
        betabin.standard_errors(by_em, ref.x, ref.n, counts=ref.counts), exact, rtol=1e-5
    )


def test_efron_morris_is_nearly_flat():
    ref = oracle.reference("efron_morris")
    errors = betabin.standard_errors(betabin.fit_mle(ref.x, ref.n), ref.x, ref.n)
    assert errors.alpha == pytest.approx(1300, rel=0.05)


@pytest.mark.parametrize("fit_by", [betabin.fit_mle, lambda *a, **k: betabin.fit_em(*a, max_iter=50, **k)])
def test_in_the_binomial_limit_the_mean_alone_has_an_error(fit_by):
    x, n, counts = [2, 4, 9], [5, 9, 20], [1, 2, 3]
    errors = betabin.standard_errors(fit_by(x, n, counts=counts), x, n, counts=counts)
    p, trials = 37 / 83, 83
    assert errors.mean == pytest.approx(math.sqrt(p * (1 - p) / trials), rel=1e-13)
    assert np.isnan(errors[1:]).all()


@pytest.mark.parametrize(
    ("x", "n"),
    [([0, 0], 5), ([5, 5], 5)],
    ids=["zero", "full"],
)
def test_at_other_boundaries_there_are_no_errors(x, n):
    for fit in (betabin.fit_mle(x, n), betabin.fit_em(x, n, max_iter=20)):
        assert np.isnan(betabin.standard_errors(fit, x, n)).all()


@pytest.mark.parametrize("n", [1, 5])
def test_where_a_row_is_one_draw_the_mean_has_the_error_of_as_many_draws(n):
    # 3 rows of 0, 4 of n, and some without trials, which are no draws.
    x, trials, counts = [0, n, 0], [n, n, 0], [3, 4, 9]
    for fit in (
        betabin.fit_mle(x, trials, counts=counts),
        betabin.fit_em(x, trials, counts=counts, max_iter=20),
    ):
        assert fit.status == ("not_identified" if n == 1 else "two_point")
        errors = betabin.standard_errors(fit, x, trials, counts=counts)
        assert errors.mean == pytest.approx(math.sqrt(4 / 7 * 3 / 7 / 7), rel=1e-13)
        assert np.isnan(errors[1:]).all()


@pytest.mark.parametrize("fit", [None, (1.0, 2.0), BetaParams(1.0, 2.0), "fit", betabin.Fit])
def test_standard_errors_want_a_fit(fit):
    with pytest.raises(TypeError, match=r"^fit must be a Fit, not "):
        betabin.standard_errors(fit, [1, 5], 6)


def test_standard_errors_want_a_fit_that_converged():
    ref = oracle.reference("efron_morris")
    fit = betabin.fit_em(ref.x, ref.n, max_iter=3)
    with pytest.raises(ValueError, match=r"^fit must have converged"):
        betabin.standard_errors(fit, ref.x, ref.n)


@pytest.mark.parametrize(("x", "n"), [([0], 5), ([100], 100), ([50, 50, 50], 100), ([0, 50, 100], 100)])
def test_standard_errors_want_the_data_of_the_fit(x, n):
    fit = betabin.fit_mle([0, 3, 9, 2], [4, 5, 12, 8])
    with pytest.raises(ValueError, match=r"^fit must be a maximum of the likelihood of x, n, counts"):
        betabin.standard_errors(fit, x, n)
