"""The public face: names, docstrings, what every function says of bad input, and shared invariances."""

import inspect
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import betabin
from betabin import BetaParams

RECORDS = {
    "Batting",
    "BetaParams",
    "EfronMorris",
    "ExpectedStats",
    "Fit",
    "Interval",
    "OverdispersionTest",
    "RatTumors",
    "Saxony",
    "Simulation",
    "StandardErrors",
    "Trace",
}
# Every function of rows, as f(x, n, counts); TAKES_COUNTS[name] tells whether it uses the counts.
PARAMS = BetaParams(1.3, 2.7)
OTHER = BetaParams(0.9, 0.4)
SOME_FIT = betabin.fit_mle([0, 3, 9, 2], [4, 5, 12, 8])
OF_ROWS = {
    "log_pmf": lambda x, n, counts=None: betabin.log_pmf(x, n, PARAMS),
    "posterior": lambda x, n, counts=None: betabin.posterior(PARAMS, x, n),
    "log_likelihood": lambda x, n, counts=None: betabin.log_likelihood(PARAMS, x, n, counts=counts),
    "method_of_moments": lambda x, n, counts=None: betabin.method_of_moments(x, n, counts=counts),
    "e_step": lambda x, n, counts=None: betabin.e_step(PARAMS, x, n, counts=counts),
    "lower_bound": lambda x, n, counts=None: betabin.lower_bound(PARAMS, OTHER, x, n, counts=counts),
    "fit_em": lambda x, n, counts=None: betabin.fit_em(x, n, counts=counts, max_iter=20),
    "fit_mle": lambda x, n, counts=None: betabin.fit_mle(x, n, counts=counts),
    "overdispersion_test": lambda x, n, counts=None: betabin.overdispersion_test(x, n, counts=counts),
    "score": lambda x, n, counts=None: betabin.score(PARAMS, x, n, counts=counts),
    "observed_information": lambda x, n, counts=None: betabin.observed_information(
        PARAMS, x, n, counts=counts
    ),
    "complete_information": lambda x, n, counts=None: betabin.complete_information(
        PARAMS, x, n, counts=counts
    ),
    "missing_information": lambda x, n, counts=None: betabin.missing_information(
        PARAMS, x, n, counts=counts
    ),
    "rate_matrix": lambda x, n, counts=None: betabin.rate_matrix(PARAMS, x, n, counts=counts),
    "standard_errors": lambda x, n, counts=None: betabin.standard_errors(
        betabin.fit_mle(x, n, counts=counts), x, n, counts=counts
    ),
    "posterior_mean": lambda x, n, counts=None: betabin.posterior_mean(SOME_FIT, x, n),
    "posterior_interval": lambda x, n, counts=None: betabin.posterior_interval(SOME_FIT, x, n),
    "predictive_interval": lambda x, n, counts=None: betabin.predictive_interval(SOME_FIT, x, n, 3),
    "profile_interval": lambda x, n, counts=None: betabin.profile_interval(
        x, n, "log_concentration", counts=counts
    ),
}
OF_EACH_ROW = ("log_pmf", "posterior", "posterior_mean", "posterior_interval", "predictive_interval")
WITH_COUNTS = [name for name in OF_ROWS if name not in OF_EACH_ROW]
# The same of functions that take parameters, as f(params); the name by which errors call them.
X, N = [0, 3, 9, 2], [4, 5, 12, 8]
OF_PARAMS = {
    "log_pmf": (lambda p: betabin.log_pmf(X, N, p), "params"),
    "posterior": (lambda p: betabin.posterior(p, X, N), "params"),
    "simulate": (lambda p: betabin.simulate(p, N, rng=np.random.default_rng(0)), "params"),
    "log_likelihood": (lambda p: betabin.log_likelihood(p, X, N), "params"),
    "e_step": (lambda p: betabin.e_step(p, X, N), "params"),
    "m_step": (lambda p: betabin.m_step((-1.0, -1.0), init=p), "init"),
    "lower_bound": (lambda p: betabin.lower_bound(p, OTHER, X, N), "params"),
    "fit_em": (lambda p: betabin.fit_em(X, N, init=p), "init"),
    "score": (lambda p: betabin.score(p, X, N), "params"),
    "observed_information": (lambda p: betabin.observed_information(p, X, N), "params"),
    "complete_information": (lambda p: betabin.complete_information(p, X, N), "params"),
    "missing_information": (lambda p: betabin.missing_information(p, X, N), "params"),
    "rate_matrix": (lambda p: betabin.rate_matrix(p, X, N), "params"),
}
LOADERS = {"load_batting", "load_efron_morris", "load_rat_tumors", "load_saxony"}


def test_public_names_are_those_of_the_contract():
    functions = OF_ROWS.keys() | OF_PARAMS.keys() | LOADERS
    assert sorted(betabin.__all__) == sorted(functions | RECORDS)
    assert len(set(betabin.__all__)) == len(betabin.__all__)
    assert all(hasattr(betabin, name) for name in betabin.__all__)


def names_before_colons(section):
    """What a section of a NumPy docstring describes, in order."""
    return [
        word for line in section.splitlines() if " : " in line for word in line.split(" : ")[0].split(", ")
    ]


@pytest.mark.parametrize("name", sorted(OF_ROWS.keys() | OF_PARAMS.keys() | LOADERS))
def test_functions_are_documented(name):
    function = getattr(betabin, name)
    text, arguments = inspect.getdoc(function), inspect.signature(function).parameters
    sections = {"Returns"} | ({"Parameters", "Raises"} if arguments else set())
    for section in sections:
        assert f"\n{section}\n{'-' * len(section)}\n" in text
    if arguments:
        described = text.split("\nParameters\n")[1].split("\nReturns\n")[0]
        assert names_before_colons(described) == list(arguments)


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_records_describe_their_fields(name):
    record = getattr(betabin, name)
    fields = getattr(record, "_fields", None) or record.__dataclass_fields__
    described = inspect.getdoc(record).split("\nAttributes\n")[1]
    assert names_before_colons(described) == list(fields)


@pytest.mark.parametrize("name", [name for name in WITH_COUNTS if name != "profile_interval"])
def test_counts_are_given_by_name_only(name):
    assert (
        inspect.signature(getattr(betabin, name)).parameters["counts"].kind
        is inspect.Parameter.KEYWORD_ONLY
    )


# What is said of bad input

every_function = pytest.mark.parametrize("function", OF_ROWS.values(), ids=OF_ROWS)
counting_functions = pytest.mark.parametrize(
    "function", [OF_ROWS[name] for name in WITH_COUNTS], ids=WITH_COUNTS
)

BAD_NUMBERS = {
    "nan": ([2.0, math.nan], ValueError, r"\[1\] = nan must be a finite number"),
    "infinite": ([math.inf, 2.0], ValueError, r"\[0\] = inf must be a finite number"),
    "fraction": ([2, 2.5], ValueError, r"\[1\] = 2\.5 must be a whole number"),
    "negative": ([2, -1], ValueError, r"\[1\] = -1 must not be negative"),
    "negative, 2-D": ([[2, 2], [2, -7]], ValueError, r"\[1, 1\] = -7 must not be negative"),
    "negative scalar": (-3, ValueError, r" = -3 must not be negative"),
    "beyond 2**53": ([2, 2**53 + 2], ValueError, r"\[1\] = 9007199254740994 must be at most 2\*\*53"),
    "unsigned": (
        np.array([2, 2**64 - 1], np.uint64),
        ValueError,
        r"\[1\] = 18446744073709551615 must be at most",
    ),
    "big float": ([2.0, 1e300], ValueError, r"\[1\] = 1e\+300 must be at most 2\*\*53"),
    "big Python int": ([2, 2**70], ValueError, r"\[1\] = 1180591620717411303424 must be from 0 to 2\*\*53"),
    "big negative int": ([-(2**70), 2], ValueError, r"\[0\] = -1180591620717411303424 must be from 0 to"),
    "objects": (np.array([2, 2], object), TypeError, r" must be an array of numbers, not of dtype object"),
    "string": ("2", TypeError, r" = .*2.* must be a whole number"),
    "strings": (["2", "1"], TypeError, r"\[0\] = .*2.* must be a whole number"),
    "complex": ([2, 1j], TypeError, r"\[0\] = .* must be a whole number"),
    "holds None": ([2, None], TypeError, r"\[1\] = None must be a whole number"),
    "ragged": ([[2, 2], [2]], TypeError, r" must be an array of numbers, all rows of one length"),
    "masked": (np.ma.array([2, 2], mask=[0, 1]), TypeError, r" must not be a masked array"),
    "dates": (np.array(["2020"], "M8[Y]"), TypeError, r"\[0\] = .* must be a whole number"),
}
every_bad_number = pytest.mark.parametrize(
    ("bad", "error", "message"), BAD_NUMBERS.values(), ids=BAD_NUMBERS
)


@every_function
@every_bad_number
def test_bad_x_is_named(function, bad, error, message):
    with pytest.raises(error, match="^x" + message):
        function(bad, [5, 6])


@every_function
@every_bad_number
def test_bad_n_is_named(function, bad, error, message):
    with pytest.raises(error, match="^n" + message):
        function([1, 0], bad)


@counting_functions
@every_bad_number
def test_bad_counts_are_named(function, bad, error, message):
    with pytest.raises(error, match="^counts" + message):
        function([1, 0], [5, 6], bad)


@every_function
def test_x_and_n_are_not_optional(function):
    with pytest.raises(TypeError, match=r"^x = None must be a whole number"):
        function(None, [5])
    with pytest.raises(TypeError, match=r"^n = None must be a whole number"):
        function([5], None)


@every_function
@pytest.mark.parametrize(
    ("x", "n", "words"),
    [
        (9, 5, r"^x = 9 must not exceed n = 5: "),
        ([1, 6, 7], 5, r"^x\[1\] = 6 must not exceed n\[1\] = 5: "),
        ([[1], [9]], [5, 20, 8], r"^x\[1, 0\] = 9 must not exceed n\[1, 0\] = 5: "),
        ([[1, 2], [9, 2]], [20, 1], r"^x\[0, 1\] = 2 must not exceed n\[0, 1\] = 1: "),
    ],
)
def test_more_successes_than_trials_are_named(function, x, n, words):
    with pytest.raises(ValueError, match=words + "there cannot be more successes than trials"):
        function(x, n)


@every_function
def test_x_and_n_must_broadcast(function):
    with pytest.raises(ValueError, match=r"^the shapes of x, n must broadcast: x \(3,\), n \(2,\)"):
        function([1, 2, 3], [5, 6])


@counting_functions
def test_counts_must_broadcast(function):
    message = r"^the shapes of x, n, counts must broadcast: x \(2,\), n \(\), counts \(3,\)"
    with pytest.raises(ValueError, match=message):
        function([1, 2], 5, [1, 2, 3])


@every_function
@pytest.mark.parametrize(("x", "n"), [([], []), ([], 5), (0, []), (np.zeros((0, 3)), [1, 2, 3])])
def test_empty_data_are_refused(function, x, n):
    with pytest.raises(ValueError, match=r"^x, n must hold at least one row"):
        function(x, n)


@counting_functions
@pytest.mark.parametrize("counts", [[0, 0], 0, False, np.zeros((0, 2))])
def test_counts_of_nothing_are_refused(function, counts):
    with pytest.raises(ValueError, match=r"^x, n, counts must hold at least one row"):
        function([1, 2], 5, counts)


@counting_functions
def test_counts_must_add_up_exactly(function):
    with pytest.raises(ValueError, match=r"^counts must sum to at most 2\*\*53"):
        function([1, 2], 5, [2**53, 2])
    with pytest.raises(ValueError, match=r"^counts must sum to at most 2\*\*53"):
        function(np.ones(2**11, int), 5, np.full(2**11, 2**53))


BAD_PARAMS = {
    "zero": ((0, 1.0), ValueError, r"\.alpha = 0\.0 must be positive and finite"),
    "negative": ((1.0, -2.0), ValueError, r"\.beta = -2\.0 must be positive and finite"),
    "nan": ((math.nan, 1.0), ValueError, r"\.alpha = nan must be positive and finite"),
    "infinite": ((1.0, math.inf), ValueError, r"\.beta = inf must be positive and finite"),
    "overflowing": ((1e308, 1e308), ValueError, r" = .* must have a mean strictly between 0 and 1"),
    "too far apart": ((1e-200, 1e150), ValueError, r" = .* must have a mean strictly between 0 and 1"),
    "too small": ((1e-310, 1e-310), ValueError, r" = .* must have a mean strictly between 0 and 1"),
    "one": ((1.0,), TypeError, r" must be a pair \(alpha, beta\) of numbers, not \(1\.0,\)"),
    "three": ((1.0, 2.0, 3.0), TypeError, r" must be a pair \(alpha, beta\) of numbers"),
    "a number": (3.0, TypeError, r" must be a pair \(alpha, beta\) of numbers, not 3\.0"),
    "arrays": (([1.0, 2.0], [3.0, 4.0]), TypeError, r" must be a pair \(alpha, beta\) of numbers"),
    "complex": ((1j, 1.0), TypeError, r" must be a pair \(alpha, beta\) of numbers"),
    "holds None": ((None, 1.0), TypeError, r" must be a pair \(alpha, beta\) of numbers"),
    "words": (("a", "b"), TypeError, r" must be a pair \(alpha, beta\) of numbers"),
    "digits": (("1", "2"), TypeError, r" must be a pair \(alpha, beta\) of numbers"),
    "a string": ("12", TypeError, r" must be a pair \(alpha, beta\) of numbers"),
}


@pytest.mark.parametrize("name", OF_PARAMS)
@pytest.mark.parametrize(("bad", "error", "message"), BAD_PARAMS.values(), ids=BAD_PARAMS)
def test_bad_params_are_named(name, bad, error, message):
    function, argument = OF_PARAMS[name]
    with pytest.raises(error, match=f"^{argument}{message}"):
        function(bad)


@pytest.mark.parametrize("name", sorted(OF_PARAMS.keys() - {"m_step", "fit_em"}))
def test_params_are_not_optional(name):
    with pytest.raises(TypeError, match=r"^params must be a pair \(alpha, beta\) of numbers, not None"):
        OF_PARAMS[name][0](None)


@pytest.mark.parametrize("name", OF_PARAMS)
def test_any_pair_of_numbers_does_for_params(name):
    function = OF_PARAMS[name][0]
    expected = str(function((1.0, 2.0)))
    for pair in ([1, 2], np.array([1.0, 2.0]), (np.float32(1), np.int8(2)), BetaParams(1, 2)):
        assert str(function(pair)) == expected


@every_function
def test_input_is_left_as_it_was(function):
    x, n, counts = (np.array(a, dtype) for a in (X, N, [1, 2, 3, 4]) for dtype in (np.int64,))
    copies = [a.copy() for a in (x, n, counts)]
    for a in (x, n, counts):
        a.flags.writeable = False  # writing would be an error
    result = function(x, n, counts)
    for a, copy in zip((x, n, counts), copies, strict=True):
        np.testing.assert_array_equal(a, copy)
        for part in numbers(result):
            assert not np.shares_memory(a, part)


def test_simulate_and_lower_bound_leave_their_input_as_it_was():
    n = np.array(N)
    n.flags.writeable = False
    q = BetaParams(np.array([1.0, 2.0, 3.0, 4.0]), np.array([4.0, 3.0, 2.0, 1.0]))
    for part in q:
        part.flags.writeable = False
    drawn = betabin.simulate(PARAMS, n, rng=np.random.default_rng(0))
    assert not np.shares_memory(drawn.n, n)
    betabin.lower_bound(PARAMS, q, X, n)
    np.testing.assert_array_equal(n, N)
    np.testing.assert_array_equal(q.alpha, [1, 2, 3, 4])


# Invariances


def numbers(result):
    """The numbers of any result, as a list of arrays."""
    if isinstance(result, betabin.Fit):
        fields = (result.params, result.mean, result.concentration, result.log_likelihood, result.trace)
        return [part for field in fields for part in numbers(field)]
    if isinstance(result, tuple):
        return [part for field in result for part in numbers(field)]
    return [np.asarray(result)]


def outcome(function, *rows):
    """The numbers of a result, or the message of the error."""
    try:
        return numbers(function(*rows))
    except ValueError as error:
        return str(error)


def assert_same(first, second, **tolerance):
    assert isinstance(first, str) == isinstance(second, str), (first, second)
    if isinstance(first, str):
        assert first == second
        return
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, **tolerance)


row = st.integers(0, 30).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n), st.integers(0, 4)))
tables = st.lists(row, min_size=1, max_size=7).map(lambda rows: np.array(rows).T)


@pytest.mark.parametrize("name", WITH_COUNTS)
@settings(max_examples=40, deadline=None)
@given(table=tables)
def test_counting_a_row_is_repeating_it(name, table):
    x, n, counts = table
    if counts.sum() == 0:
        counts = counts + 1
    counted = outcome(OF_ROWS[name], x, n, counts)
    repeated = outcome(OF_ROWS[name], np.repeat(x, counts), np.repeat(n, counts))
    assert_same(counted, repeated, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", OF_ROWS)
@settings(max_examples=30, deadline=None)
@given(table=tables, data=st.data())
def test_the_order_of_the_rows_does_not_matter(name, table, data):
    order = data.draw(st.permutations(range(table.shape[1])))
    x, n, counts = table
    if counts.sum() == 0:
        counts = counts + 1
    first = outcome(OF_ROWS[name], x, n, counts)
    second = outcome(OF_ROWS[name], x[order], n[order], counts[order])
    if name in OF_EACH_ROW:
        first = [part[..., order] for part in first]
    assert_same(first, second, rtol=1e-9, atol=1e-12)


INTERVALS = {"posterior_mean", "posterior_interval", "predictive_interval", "profile_interval"}
MIRRORED_ELSEWHERE = {"fit_em", "fit_mle", "standard_errors"} | INTERVALS


def mirrored(name, x, n, counts):
    """The same function of successes and failures exchanged, told in the terms of the first."""
    y, params, other = n - x, BetaParams(*PARAMS[::-1]), BetaParams(*OTHER[::-1])
    keywords = {} if name in ("log_pmf", "posterior") else {"counts": counts}
    if name == "log_pmf":
        return betabin.log_pmf(y, n, params)
    if name == "lower_bound":
        return betabin.lower_bound(params, other, y, n, **keywords)
    if name in ("method_of_moments", "overdispersion_test"):
        result = getattr(betabin, name)(y, n, **keywords)
        return result[::-1] if name == "method_of_moments" else result
    result = getattr(betabin, name)(params, y, n, **keywords)
    if isinstance(result, tuple):
        return result[::-1]
    return result if np.ndim(result) == 0 else np.flip(result)  # all axes: both rows and columns


@pytest.mark.parametrize("name", sorted(OF_ROWS.keys() - MIRRORED_ELSEWHERE))
@settings(max_examples=30, deadline=None)
@given(table=tables)
def test_exchanging_successes_and_failures_exchanges_alpha_and_beta(name, table):
    x, n, counts = table
    if counts.sum() == 0:
        counts = counts + 1
    first = outcome(OF_ROWS[name], x, n, counts)
    assert_same(first, outcome(mirrored, name, x, n, counts), rtol=1e-9, atol=1e-11)


MIRROR = {"all_zero": "all_full", "all_full": "all_zero"}


@settings(max_examples=80, deadline=None)
@given(table=tables, by_em=st.booleans())
def test_exchanging_successes_and_failures_mirrors_a_fit(table, by_em):
    x, n, counts = table
    if (counts * n).sum() == 0:
        n, counts = n + 2, counts + 1
    fits = [
        betabin.fit_em(data, n, counts=counts, max_iter=30)
        if by_em
        else betabin.fit_mle(data, n, counts=counts)
        for data in (x, n - x)
    ]
    there, back = fits
    assert there.status == MIRROR.get(back.status, back.status)
    assert there.log_likelihood == pytest.approx(back.log_likelihood, rel=1e-9, abs=1e-9)
    assert there.mean == pytest.approx(1 - back.mean, rel=1e-6, abs=1e-9)
    if there.concentration > 0:
        assert 1 / there.concentration == pytest.approx(1 / back.concentration, rel=1e-5, abs=1e-7)
    np.testing.assert_array_equal(np.isnan(there.params), np.isnan(back.params))
    if by_em:
        start = (there.trace.alpha[0], there.trace.beta[0])
        assert start == pytest.approx((back.trace.beta[0], back.trace.alpha[0]), rel=1e-12)


def test_standard_errors_of_mirrored_data_are_mirrored():
    x, n = np.array(X), np.array(N)
    there = betabin.standard_errors(betabin.fit_mle(x, n), x, n)
    back = betabin.standard_errors(betabin.fit_mle(n - x, n), n - x, n)
    swapped = (back.mean, back.log_concentration, back.beta, back.alpha)
    np.testing.assert_allclose(there, swapped, rtol=1e-8)


@settings(max_examples=40, deadline=None)
@given(table=tables)
def test_a_fixed_point_of_em_has_no_score(table):
    x, n, counts = table
    fit = betabin.fit_mle(x, n, counts=counts) if (n * counts).sum() else SOME_FIT
    if fit.status != "interior" or fit.concentration > 1e4 or fit is SOME_FIT:
        x, n, counts, fit = np.array(X), np.array(N), np.ones(4), SOME_FIT
    stats = betabin.e_step(fit.params, x, n, counts=counts)
    step = betabin.m_step(stats, init=fit.params)
    np.testing.assert_allclose(step, fit.params, rtol=1e-13 * (1e3 + fit.concentration))
    score = betabin.score(fit.params, x, n, counts=counts)
    assert np.abs(score * fit.params).max() < 1e-9 * (n * counts).sum()
