"""Maximum likelihood: reference fits, the table of cases without a maximum, Tarone's test."""

import itertools
import math
from fractions import Fraction

import mpmath as mp
import numpy as np
import oracle
import pytest
from scipy import optimize, special, stats

import betabin
from betabin import BetaParams, Fit, OverdispersionTest, Trace
from betabin.mle import _derivatives
from betabin.model import _tabulate

FITS = {"mle": betabin.fit_mle, "em": lambda *rows, **k: betabin.fit_em(*rows, max_iter=500, **k)}
both_fits = pytest.mark.parametrize("fit_by", FITS.values(), ids=FITS)


@pytest.mark.parametrize("name", oracle.REFERENCES)
def test_fit_mle_finds_the_reference_fits(name):
    ref = oracle.reference(name)
    fit = betabin.fit_mle(ref.x, ref.n, counts=ref.counts)
    assert isinstance(fit, Fit)
    assert isinstance(fit.params, BetaParams)
    assert (fit.status, fit.converged) == ("interior", True)
    assert fit.message == f"Newton's method converged in {fit.n_iter} iterations."
    np.testing.assert_allclose(fit.params, (ref.alpha, ref.beta), rtol=1e-8)
    assert fit.log_likelihood == pytest.approx(ref.log_likelihood, rel=1e-12, abs=1e-9)
    assert fit.mean == pytest.approx(fit.params.mean, rel=1e-14)
    assert fit.concentration == pytest.approx(fit.params.concentration, rel=1e-14)
    relative = oracle.relative_score(fit.params, ref.x, ref.n, ref.counts)
    assert np.abs(relative).max() < 1e-10


@pytest.mark.parametrize("name", oracle.REFERENCES)
def test_the_trace_holds_newtons_iterates(name):
    ref = oracle.reference(name)
    fit = betabin.fit_mle(ref.x, ref.n, counts=ref.counts)
    assert isinstance(fit.trace, Trace)
    assert [len(part) for part in fit.trace] == [fit.n_iter + 1] * 3
    assert fit.n_iter <= 10
    np.testing.assert_allclose((fit.trace.alpha[-1], fit.trace.beta[-1]), fit.params, rtol=1e-14)
    for k in (0, -1):
        exact = oracle.log_likelihood((fit.trace.alpha[k], fit.trace.beta[k]), ref.x, ref.n, ref.counts)
        assert fit.trace.log_likelihood[k] == pytest.approx(float(exact), rel=1e-13)


def test_the_batters_of_2018_are_435():
    assert len(oracle.reference("mlb_2018").x) == 435


@pytest.mark.parametrize(("eta", "lam"), [(-1.0, 0.5), (2.5, -3.0), (-4.0, -9.0), (0.3, 3.0)])
def test_newtons_gradient_and_hessian(eta, lam):
    x, n, counts = [0, 3, 9, 40], [4, 5, 12, 90], [2, 1, 3, 1]

    def surface(eta, lam):
        mean, s = 1 / (1 + mp.exp(-eta)), mp.exp(-lam)
        return oracle.log_likelihood((mean * s, (1 - mean) * s), x, n, counts)

    gradient, hessian = _derivatives(_tabulate(x, n, counts), eta, lam)
    exact = [float(v) for v in oracle.gradient(surface, (eta, lam))]
    np.testing.assert_allclose(gradient, exact, rtol=0, atol=1e-12 * sum(n))
    exact = oracle.to_array(oracle.hessian(surface, (eta, lam)))
    np.testing.assert_allclose(hessian, exact, rtol=0, atol=1e-12 * sum(n))


@pytest.mark.parametrize("s", [1e-2, 0.1, 1.0, 10.0, 100.0, 1e3, 1e4])
@pytest.mark.parametrize("mean", [0.05, 0.27, 0.5])
def test_score_is_zero_at_the_maximum_of_simulated_data(s, mean):
    rng = np.random.default_rng(int(100 * s + 1000 * mean))
    for unequal in (False, True):
        n = rng.integers(5, 80, 300) if unequal else np.full(300, 50)
        x = rng.binomial(n, rng.beta(mean * s, (1 - mean) * s, 300))
        fit = betabin.fit_mle(x, n)
        if fit.status == "interior":
            assert fit.converged
            assert fit.n_iter <= 20
            assert np.abs(oracle.relative_score(fit.params, x, n)).max() < 1e-10
            exact = float(oracle.log_likelihood(fit.params, x, n))
            assert fit.log_likelihood == pytest.approx(exact, rel=1e-12)
        else:  # by chance, a sample spread no more than a binomial's
            assert s >= 1e3
            assert fit.status == "binomial_limit"


@pytest.mark.parametrize("s", [1.0, 100.0])
@pytest.mark.parametrize("n", [10**4, 10**6, 10**9])
def test_score_is_zero_at_the_maximum_of_very_long_rows(n, s):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        trials = rng.integers(n // 2, n, 30)
        x = rng.binomial(trials, rng.beta(0.3 * s, 0.7 * s, 30))
        fit = betabin.fit_mle(x, trials)
        assert (fit.status, fit.converged) == ("interior", True)
        # Of a billion trials a float can't tell the last few hundred apart.
        limit = 1e-9 if n <= 10**6 else 1e-7
        assert np.abs(oracle.relative_score(fit.params, x, trials)).max() < limit


@pytest.mark.parametrize("s", [1.0, 100.0, 1e4])
@pytest.mark.parametrize("size", [10**6, 10**12])
def test_score_is_zero_at_the_maximum_of_very_many_rows(size, s):
    x = np.arange(51)
    counts = np.rint(size * stats.betabinom.pmf(x, 50, 0.27 * s, 0.73 * s))
    fit = betabin.fit_mle(x, 50, counts=counts)
    assert (fit.status, fit.converged) == ("interior", True)
    assert np.abs(oracle.relative_score(fit.params, x, 50, counts)).max() < 1e-10


# No maximum inside

NAN2, INF2, ZERO2 = (math.nan, math.nan), (math.inf, math.inf), (0.0, 0.0)


def binomial(x, n, counts=None):
    rows = oracle.rows(x, n, counts)
    p = Fraction(sum(c * xi for xi, _, c in rows), sum(c * ni for _, ni, c in rows))
    return float(p), float(oracle.binomial_log_likelihood(p, x, n, counts))


def two_points(full, size):
    """The mean, and the log-likelihood of `full` rows of `size` being full."""
    return full / size, full * math.log(full / size) + (size - full) * math.log(1 - full / size)


BOUNDARY = {
    "all zero": (([0, 0, 0], [3, 5, 1]), "all_zero", NAN2, (0.0, 0.0)),
    "all zero, one row": ((0, 7), "all_zero", NAN2, (0.0, 0.0)),
    "all zero before not identified": (([0, 0], [1, 1]), "all_zero", NAN2, (0.0, 0.0)),
    "all full": (([3, 5, 1], [3, 5, 1]), "all_full", NAN2, (1.0, 0.0)),
    "all full before not identified": (([1, 1], [1, 1]), "all_full", NAN2, (1.0, 0.0)),
    "single trials": (([0, 1, 1], 1), "not_identified", NAN2, two_points(2, 3)),
    "single trials, counted": (([0, 1], 1, [30, 10]), "not_identified", NAN2, two_points(10, 40)),
    "two points": (([0, 5, 0], [5, 5, 3]), "two_point", ZERO2, two_points(1, 3)),
    "two points with a single trial": (([0, 1], [2, 1]), "two_point", ZERO2, two_points(1, 2)),
    "two points, counted": (([0, 4, 1], [9, 4, 1], [7, 2, 1]), "two_point", ZERO2, two_points(3, 10)),
    "one row": ((13, 50), "binomial_limit", INF2, binomial(13, 50)),
    "identical rows": (([4, 4, 4], 9), "binomial_limit", INF2, binomial([4, 4, 4], 9)),
    "less spread than a binomial": (([2, 3, 4], 9), "binomial_limit", INF2, binomial([2, 3, 4], 9)),
    "exactly as spread": (([1, 3], 4), "binomial_limit", INF2, binomial([1, 3], 4)),
    "less spread, unequal": (
        ([2, 4, 9], [5, 9, 20]),
        "binomial_limit",
        INF2,
        binomial([2, 4, 9], [5, 9, 20]),
    ),
    "less spread, counted": (
        ([2, 4, 9], [5, 9, 20], [3, 100, 7]),
        "binomial_limit",
        INF2,
        binomial([2, 4, 9], [5, 9, 20], [3, 100, 7]),
    ),
}


def assert_boundary(fit, status, params, mean, log_likelihood):
    assert (fit.status, fit.converged) == (status, False)
    assert isinstance(fit.params, BetaParams)
    np.testing.assert_array_equal(fit.params, params)
    assert fit.mean == pytest.approx(mean, rel=1e-14, abs=0)
    np.testing.assert_equal(fit.concentration, params[0])
    assert fit.log_likelihood == pytest.approx(log_likelihood, rel=1e-12, abs=1e-12)
    assert "maximum" in fit.message
    assert [len(part) for part in fit.trace] == [fit.n_iter + 1] * 3
    assert np.all(np.isfinite(fit.trace))
    assert fit.trace.log_likelihood.max() <= fit.log_likelihood + 1e-10


@both_fits
@pytest.mark.parametrize("case", BOUNDARY)
def test_without_a_maximum_inside_the_supremum_is_reported(fit_by, case):
    (x, n, *rest), status, params, (mean, value) = BOUNDARY[case]
    fit = fit_by(x, n, counts=rest[0] if rest else None)
    assert_boundary(fit, status, params, mean, value)
    assert all(type(number) is float for number in (fit.mean, fit.concentration, fit.log_likelihood))


@both_fits
@pytest.mark.parametrize("case", BOUNDARY)
def test_empty_rows_and_counts_of_zero_are_dropped(fit_by, case):
    (x, n, *rest), status, params, (mean, value) = BOUNDARY[case]
    x, n, counts = (np.atleast_1d(a) for a in np.broadcast_arrays(x, n, rest[0] if rest else 1))
    more = [np.append(a, b) for a, b in ((x, [0, 3, 0, 8]), (n, [0, 7, 0, 8]), (counts, [40, 0, 1, 0]))]
    assert_boundary(fit_by(more[0], more[1], counts=more[2]), status, params, mean, value)


@both_fits
def test_dropped_rows_do_not_move_an_interior_maximum(fit_by):
    plain = fit_by([0, 3, 9, 2], [4, 5, 12, 8])
    more = fit_by([0, 3, 9, 2, 0, 1], [4, 5, 12, 8, 0, 1], counts=[1, 1, 1, 1, 9, 0])
    assert more.status == "interior"
    assert more.params == plain.params
    np.testing.assert_array_equal(more.trace, plain.trace)


@both_fits
@pytest.mark.parametrize(
    ("x", "n", "counts"), [(0, 0, None), ([0, 0], 0, [3, 4]), ([0, 3], [0, 5], [1, 0])]
)
def test_nothing_left_is_an_error(fit_by, x, n, counts):
    with pytest.raises(ValueError, match=r"^x, n, counts must hold a row with n >= 1 and count >= 1"):
        fit_by(x, n, counts=counts)


def in_exact_balance():
    """All small tables of equal n where Σ(x - np)² = Σ np(1 - p), not of single trials or all alike."""
    for n, size in itertools.product(range(2, 10), (2, 3, 4)):
        for x in itertools.combinations_with_replacement(range(n + 1), size):
            p = Fraction(sum(x), n * size)
            if 0 < p < 1 and sum((xi - n * p) ** 2 for xi in x) == n * size * p * (1 - p):
                yield x, n


def test_data_exactly_as_spread_as_a_binomial_have_no_maximum_inside():
    found = list(in_exact_balance())
    assert len(found) > 20
    noise = 0
    for x, n in found:
        fit = betabin.fit_mle(x, n)
        assert (fit.status, fit.params) == ("binomial_limit", INF2), (x, n)
        # One of very many more rows tips the balance.
        big = betabin.fit_mle([*x, 0, n], n, counts=[10**6] * len(x) + [1, 1])
        assert big.status == "interior", (x, n)
        p = sum(x) / (n * len(x))
        noise += sum((xi - n * p) ** 2 for xi in x) / (p * (1 - p)) - n * len(x) > 0
    assert noise > 0, "in floats some of these would come out overdispersed"


@both_fits
def test_exact_balance_is_recognised_by_both_fits(fit_by):
    x, n = max(in_exact_balance(), key=lambda row: (len(row[0]), row[1], len(set(row[0]))))
    assert_boundary(fit_by(x, n), "binomial_limit", INF2, *binomial(x, n))


def test_underdispersed_unequal_rows_may_have_an_interior_maximum():
    x, n = (0, 57), (4, 89)
    p = 57 / 93
    assert sum((xi - ni * p) ** 2 for xi, ni in zip(x, n, strict=True)) < p * (1 - p) * 93
    fit = betabin.fit_mle(x, n)
    assert (fit.status, fit.converged) == ("interior", True)
    assert fit.params == pytest.approx((0.59864, 1.21079), abs=1e-5)
    assert fit.log_likelihood == pytest.approx(-5.85729, abs=1e-5)
    assert np.abs(oracle.relative_score(fit.params, x, n)).max() < 1e-10


def grid_log_likelihood(x, n, mu, theta):
    """Sum over rows and trials, term by term, for arrays of mu and theta of one shape."""
    mu, theta = np.asarray(mu), np.asarray(theta)
    total = np.zeros(mu.shape)
    for xi, ni in zip(x, n, strict=True):
        j = np.arange(ni).reshape(-1, *(1,) * mu.ndim)
        total += np.log(mu + j[:xi] * theta).sum(0) + np.log(1 - mu + j[: ni - xi] * theta).sum(0)
        total += math.log(math.comb(ni, xi)) - np.log1p(j * theta).sum(0)
    return total


def test_no_search_finds_more_than_fit_mle():
    rng = np.random.default_rng(12)
    mu, theta = np.meshgrid(special.expit(np.linspace(-6, 6, 33)), [0, *np.exp(np.linspace(-8, 6, 29))])
    seen = set()
    for k in range(300):
        size, longest = rng.integers(2, 6), rng.choice([4, 12, 40, 90])
        n = rng.integers(1, longest + 1, size)
        s, mean = 10 ** rng.uniform(-1, 2), rng.uniform(0.1, 0.9)
        x = rng.binomial(n, rng.beta(mean * s, (1 - mean) * s, size))
        fit = betabin.fit_mle(x, n)
        seen.add(fit.status)
        values = grid_log_likelihood(x, n, mu, theta)
        best = np.unravel_index(values.argmax(), values.shape)

        def loss(point, x=x, n=n):
            return -float(grid_log_likelihood(x, n, special.expit(point[0]), math.exp(min(point[1], 50))))

        start = special.logit(mu[best]), math.log(theta[best] + 1e-5)
        search = optimize.minimize(loss, start, method="Nelder-Mead", options={"maxiter": 100})
        found = max(values[best], -search.fun)
        assert found <= fit.log_likelihood + 1e-7, (k, x, n, fit)
        if fit.status == "interior":
            assert fit.converged, (x, n)
            # And the reported value is that of the reported parameters.
            exact = grid_log_likelihood(x, n, np.array(fit.mean), np.array(1 / fit.concentration))
            assert fit.log_likelihood == pytest.approx(float(exact), abs=1e-9)
    assert seen >= {"interior", "binomial_limit", "two_point", "all_zero", "all_full"}


# Tarone's test


@pytest.mark.parametrize("seed", range(6))
def test_tarones_statistic(seed):
    rng = np.random.default_rng(seed)
    n = rng.integers(0, 30, 25)
    x, counts = rng.binomial(n, rng.beta(3, 4, 25) if seed % 2 else 0.3), rng.integers(0, 6, 25)
    x, n, counts = x.tolist(), n.tolist(), counts.tolist()
    p = Fraction(
        sum(c * xi for xi, c in zip(x, counts, strict=True)),
        sum(c * ni for ni, c in zip(n, counts, strict=True)),
    )
    rows = list(zip(x, n, counts, strict=True))
    spread = sum(c * (xi - ni * p) ** 2 for xi, ni, c in rows) / (p * (1 - p))
    pairs = sum(c * ni * (ni - 1) for _, ni, c in rows)
    z = float(spread - sum(c * ni for _, ni, c in rows)) / math.sqrt(2 * pairs)
    test = betabin.overdispersion_test(x, n, counts=counts)
    assert isinstance(test, OverdispersionTest)
    assert test.statistic == pytest.approx(z, rel=1e-12)
    assert test.pvalue == pytest.approx(float(mp.erfc(mp.mpf(z) / mp.sqrt(2)) / 2), rel=1e-10)


def test_tarones_statistic_is_standard_normal_for_binomial_data():
    rng = np.random.default_rng(8)
    z = [betabin.overdispersion_test(rng.binomial(40, 0.4, 300), 40).statistic for _ in range(400)]
    assert abs(np.mean(z)) < 5 / math.sqrt(400)
    assert abs(np.var(z) - 1) < 5 * math.sqrt(2 / 400)


def test_tarones_statistic_in_exact_balance_is_zero():
    test = betabin.overdispersion_test([1, 3], 4)
    assert test == (0.0, 0.5)


@pytest.mark.parametrize(
    ("x", "n", "message"),
    [
        ([0, 1, 1], 1, r"^n must be at least 2 in some row"),
        ([0, 0], [1, 0], r"^n must be at least 2 in some row"),
        ([0, 0], [3, 4], r"^x must hold both successes and failures"),
        ([3, 4], [3, 4], r"^x must hold both successes and failures"),
    ],
)
def test_tarones_statistic_may_be_undefined(x, n, message):
    with pytest.raises(ValueError, match=message):
        betabin.overdispersion_test(x, n)


@pytest.mark.parametrize(
    ("x", "n"),
    [
        ([1, 0], [1048, 684476481382387]),
        ([364822859949, 406738270351, 472084384040, 159256848957], 564985371311),
        ([1, 1, 1, 1], [46679, 1955, 1159631871012, 11]),
        ([34075673613, 604366938999, 400361405, 26], [53888812290, 1585692532528, 592532765, 132]),
        ([449577053, 431380502140, 1419445], [449577055, 431380502142, 1419447]),
    ],
)
def test_newton_arrives_where_rows_have_a_billion_trials_or_more(x, n):
    fit = betabin.fit_mle(x, n)
    assert (fit.status, fit.converged) == ("interior", True)
    relative = oracle.relative_score(fit.params, x, np.broadcast_to(n, len(x)))
    assert max(abs(float(part)) for part in relative) < 1e-6
