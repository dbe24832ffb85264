"""The beta-binomial model: its probabilities, its posterior, and the tail counts all else stands on.

Everything is written in terms of ``mu = alpha / (alpha + beta)`` and ``theta = 1 / (alpha + beta)``,
where the log-likelihood is a finite sum of logarithms, without a difference of large gamma functions,
and is smooth at the binomial limit ``theta = 0`` (Sklar 2014, arXiv:1405.0099).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from betabin.sums import DENSE, nodes

__all__ = [
    "BetaParams",
    "Simulation",
    "log_likelihood",
    "log_pmf",
    "method_of_moments",
    "posterior",
    "simulate",
]

# Integers up to here are exact as floats, and so are sums of them: larger input is refused.
_LARGEST = 2**53


class BetaParams(NamedTuple):
    """The two parameters of a Beta distribution, or of many at once.

    Attributes
    ----------
    alpha, beta : float or ndarray
        Positive, of one shape. `alpha` counts prior successes, `beta` prior failures.
    """

    alpha: float | NDArray
    beta: float | NDArray

    @property
    def mean(self) -> float | NDArray:
        """Mean of the distribution, ``alpha / (alpha + beta)``."""
        return self.alpha / (self.alpha + self.beta)

    @property
    def concentration(self) -> float | NDArray:
        """Concentration, ``alpha + beta``; the larger it is, the narrower the distribution."""
        return self.alpha + self.beta


class Simulation(NamedTuple):
    """Data drawn from the model, with the latent probabilities that real data never show.

    Attributes
    ----------
    x, n : ndarray of int
        Successes and trials, of one shape.
    z : ndarray
        The latent probability behind each row, of the same shape.
    """

    x: NDArray
    n: NDArray
    z: NDArray


def log_pmf(x: ArrayLike, n: ArrayLike, params: BetaParams) -> NDArray:
    """Log-probability of `x` successes in `n` trials, elementwise (eq-marginal).

    Accurate to ``1e-12 * max(1, abs(result))`` for n up to 10³ and 1e-10 for n up to 10⁴, at every
    concentration from 1e-5 to 1e12; tested against 50-digit arithmetic.

    Parameters
    ----------
    x, n : array_like of int
        Successes and trials, ``0 <= x <= n``; they broadcast.
    params : BetaParams
        A pair of positive numbers.

    Returns
    -------
    ndarray
        ``log p(x | n, alpha, beta)``, of the broadcast shape; a NumPy scalar for scalars.

    Raises
    ------
    TypeError, ValueError
        Input that is not as described: the message names the argument, the element and the rule.
    """
    x, n = _check_rows(x, n)
    mu, nu, theta = _mean_and_spread(_check_params(params))
    y = n - x
    stops, where = np.unique(np.concatenate([x, y, n], axis=None), return_inverse=True)
    j, width, run = nodes(stops)

    def over_runs(terms):
        return np.bincount(run, width * terms, stops.size)

    def log_share(a, b):
        """Return log((a + j theta) / (1 + j theta)) for a = 1 - b, close to 0 as exact as elsewhere."""
        share, rest = (a + j * theta) / (1 + j * theta), b / (1 + j * theta)
        return np.where(share < 0.5, np.log(share), np.log1p(-np.minimum(rest, 0.5)))

    # log C(n, x) would cancel most of what it is added to, so it goes in term by term: as
    # f[n] - f[x] - f[y], where f[k] sums log((1 + j) / (1 + j theta)) over j < k. As n = x + y, taking
    # the mean off these terms changes nothing but keeps the sums small. They are summed as whole
    # multiples of a tiny unit: exactly, so that only the terms themselves are rounded.
    ways = -_log_factors(j, 1.0, 0.0, theta, stops[-1] / math.e)
    ways = over_runs(ways - (width @ ways) / max(stops[-1], 1))
    hit, miss = over_runs(log_share(mu, nu)), over_runs(log_share(nu, mu))
    bound = np.abs(hit).sum() + np.abs(miss).sum() + 3 * np.abs(ways).sum()
    unit = math.ldexp(1.0, math.frexp(bound)[1] - 62)
    hit, miss, ways = (np.rint(sums / unit).astype(np.int64) for sums in (hit, miss, ways))
    hit, miss, ways = np.cumsum(hit - ways), np.cumsum(miss - ways), np.cumsum(ways)
    at_x, at_y, at_n = np.split(where, np.cumsum([x.size, y.size]))
    exact = hit[at_x].reshape(x.shape) + miss[at_y].reshape(y.shape) + ways[at_n].reshape(n.shape)
    return (exact * unit)[()]


def log_likelihood(
    params: BetaParams, x: ArrayLike, n: ArrayLike, *, counts: ArrayLike | None = None
) -> float:
    """Log-likelihood of all rows, ``sum(counts * log_pmf(x, n, params))`` (eq-log-likelihood).

    Computed from tail counts (eq-tail-counts): the cost of an evaluation depends on the largest `n`,
    not on the number of rows.

    Parameters
    ----------
    params : BetaParams
        A pair of positive numbers.
    x, n : array_like of int
        Successes and trials, ``0 <= x <= n``; they broadcast.
    counts : array_like of int, optional
        How often each row occurs; once each by default. Broadcasts with `x` and `n`.

    Returns
    -------
    float
        The log-likelihood, ``log C(n, x)`` included.

    Raises
    ------
    TypeError, ValueError
        Input that is not as described: the message names the argument, the element and the rule.
    """
    params = _check_params(params)
    return _tabulate(x, n, counts).log_likelihood(*_mean_and_spread(params))


def posterior(params: BetaParams, x: ArrayLike, n: ArrayLike) -> BetaParams:
    """Posterior of each latent probability, ``Beta(alpha + x, beta + n - x)`` (eq-posterior).

    This is the E-step's distribution q, one per row.

    Parameters
    ----------
    params : BetaParams
        The prior: a pair of positive numbers.
    x, n : array_like of int
        Successes and trials, ``0 <= x <= n``; they broadcast.

    Returns
    -------
    BetaParams
        Two arrays of the broadcast shape.

    Raises
    ------
    TypeError, ValueError
        Input that is not as described: the message names the argument, the element and the rule. So are the
        limits that a fit without a maximum inside reports: see `posterior_mean` and `posterior_interval`.
    """
    x, n = np.broadcast_arrays(*_check_rows(x, n))
    try:
        alpha, beta = _check_params(params)
    except ValueError as error:
        if tuple(params) in ((0, 0), (math.inf, math.inf)) or math.isnan(params[0]):
            raise ValueError(
                f"{error}: at the limits of a fit use posterior_mean, posterior_interval "
                "or predictive_interval"
            ) from None
        raise
    return BetaParams(alpha + x, beta + (n - x))


def simulate(params: BetaParams, n: ArrayLike, *, rng: np.random.Generator) -> Simulation:
    """Draw ``z ~ Beta(alpha, beta)``, then ``x | z ~ Binomial(n, z)``, for each element of `n` (eq-model).

    Parameters
    ----------
    params : BetaParams
        A pair of positive numbers.
    n : array_like of int
        Trials of each row, not negative.
    rng : numpy.random.Generator
        Source of randomness, as ``numpy.random.default_rng(seed)`` makes it.

    Returns
    -------
    Simulation
        Arrays `x`, `n` and `z` of the shape of `n`.

    Raises
    ------
    TypeError, ValueError
        Input that is not as described: the message names the argument, the element and the rule.
    """
    alpha, beta = _check_params(params)
    n = _as_integers("n", n).copy()
    if n.size == 0:
        raise ValueError(f"n must hold at least one row: its shape is {n.shape}")
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, not {type(rng).__name__}")
    z = rng.beta(alpha, beta, n.shape)
    return Simulation(np.asarray(rng.binomial(n, z)), n, z)


def method_of_moments(x: ArrayLike, n: ArrayLike, *, counts: ArrayLike | None = None) -> BetaParams:
    """Parameters that match the pooled mean and the spread around it (eq-moments).

    In the model ``(x - n mu)**2`` has the expectation ``n mu (1 - mu) (1 + (n - 1) rho)``, where rho is the
    intraclass correlation ``1 / (alpha + beta + 1)``. Setting the sum of these squares equal to its
    expectation, with the pooled share of successes for mu, gives rho. For equal `n` these are the usual
    moment estimates (see Ridout, Demétrio & Firth 1999 for the family).

    Parameters
    ----------
    x, n : array_like of int
        Successes and trials, ``0 <= x <= n``; they broadcast.
    counts : array_like of int, optional
        How often each row occurs; once each by default. Broadcasts with `x` and `n`.

    Returns
    -------
    BetaParams
        The estimates.

    Raises
    ------
    ValueError
        The data are not overdispersed, or as much as can be, every x being 0 or n; and for input that is
        not as described, where the message names the argument, the element and the rule.
    TypeError
        Input that does not hold numbers.
    """
    params = _tabulate(x, n, counts).moments()
    if params is None:
        raise ValueError(
            "x, n must be overdispersed, yet less than if every x were 0 or n: "
            "no finite parameters match these moments"
        )
    return params


class _Values(NamedTuple):
    """The distinct values of x, n - x or n over all rows, ascending, and how often each occurs."""

    value: NDArray
    count: NDArray  # whole numbers, as floats

    def total(self, falling: int = 1) -> int:
        """Sum of the values, or with ``falling=2`` of ``value * (value - 1)``, exactly."""
        largest = int(self.value[-1])
        if self.count.sum() * float(largest) ** falling < 2**62:
            value, count = self.value, self.count.astype(np.int64)
        else:
            value, count = self.value.astype(object), self.count.astype(np.int64).astype(object)
        return int(count @ (value if falling == 1 else value * (value - 1)))

    def beyond(self, stops: NDArray) -> NDArray:
        """How many rows have a value of at least each of `stops`."""
        at_least = np.append(np.cumsum(self.count[::-1])[::-1], 0.0)
        return at_least[np.searchsorted(self.value, stops)]


class _Tails(NamedTuple):
    """Tail counts (eq-tail-counts) on the points of one grid: how many rows have x, n - x, n beyond j.

    ``width * x @ f(j)`` is the sum of f(i) over all i < x, over all rows, for any smooth f.
    """

    j: NDArray
    width: NDArray
    x: NDArray
    y: NDArray
    n: NDArray


@dataclass(frozen=True)
class _Table:
    """All rows of a data set, counted: what every likelihood, score and E-step is computed from."""

    x: _Values
    y: _Values
    n: _Values
    size: int  # number of rows

    @cached_property
    def tails(self) -> _Tails:
        """The tail counts."""
        stops = np.unique(np.concatenate([self.x.value, self.y.value, self.n.value]))
        j, width, run = nodes(stops)
        return _Tails(j, width, *(values.beyond(stops)[run] for values in (self.x, self.y, self.n)))

    @cached_property
    def successes(self) -> int:
        """All successes together."""
        return self.x.total()

    @cached_property
    def failures(self) -> int:
        """All failures together."""
        return self.y.total()

    @cached_property
    def trials(self) -> int:
        """All trials together."""
        return self.n.total()

    @cached_property
    def pairs(self) -> int:
        """Sum of n (n - 1) over the rows: ordered pairs of trials of one row."""
        return self.n.total(2)

    @cached_property
    def excess_spread(self) -> int:
        """How much the rows vary beyond a binomial: an exact integer, for its sign decides.

        With p the pooled share of successes, it is ``sum((x - n p)**2) - p (1 - p) sum(n)``, times the
        square of all trials; twice the slope of the log-likelihood in theta at 0, times successes times
        failures (eq-boundary-slope). In floats an exact 0 comes out as noise.
        """
        return (
            self.trials * (self.x.total(2) * self.failures + self.y.total(2) * self.successes)
            - self.successes * self.failures * self.pairs
        )

    @property
    def empty(self) -> int:
        """How many rows have no trial at all."""
        return int(self.n.count[0]) if self.n.value[0] == 0 else 0

    def without_empty_rows(self) -> "_Table":
        """Return the rows that have a trial; the others say nothing of the parameters."""
        if self.empty == self.size:
            raise ValueError("x, n, counts must hold a row with n >= 1 and count >= 1")
        if not self.empty:
            return self

        def fewer(values):
            count = values.count.copy()
            count[0] -= self.empty
            kept = count > 0
            return _Values(values.value[kept], count[kept])

        return replace(self, x=fewer(self.x), y=fewer(self.y), n=fewer(self.n), size=self.size - self.empty)

    @cached_property
    def weights(self) -> NDArray:
        """What a function of j is multiplied by to be summed over x, n - x and n: a row for each."""
        return self.tails.width * self.tails[2:]

    @cached_property
    def excess(self) -> NDArray:
        """Of the weights, those of x and n - x less that of n; they add up to 0."""
        _, width, x, y, n = self.tails
        return width * (x + y - n)

    def log_likelihood(self, mu: float, nu: float, theta: float) -> float:
        """Log-likelihood at mean `mu` = 1 - `nu` and `theta` >= 0 (eq-tail-counts)."""
        # log C(n, x) is shared out as -log(1 + j): there are as many factors above as below the line, so
        # any unit may be divided out of each. This one keeps the logarithms, and so the rounding, small.
        middle = self.trials / self.size / math.e
        start, rest = np.array([[mu], [nu], [1.0]]), np.array([[nu], [mu], [0.0]])
        with np.errstate(divide="ignore"):  # a term that no row has, whatever it is
            logs = _log_factors(self.tails.j, start, rest, theta, middle)
        logs[self.weights == 0] = 0.0
        x, y, n = map(np.dot, self.weights, logs)
        return float(x + y - n)

    def score(self, params: BetaParams) -> NDArray:
        """Gradient of the log-likelihood in (alpha, beta) (eq-score)."""
        alpha, beta = params
        j, width, x, y, n = self.tails
        # 1/(alpha + j) less 1/(alpha + beta + j) is beta / ((alpha + j) (alpha + beta + j)): a sum of such
        # differences has all its digits, where the difference of two sums has lost them.
        by_trial = width / (alpha + beta + j)
        return np.array(
            [
                by_trial @ (x * (beta / (alpha + j)) - (n - x)),
                by_trial @ (y * (alpha / (beta + j)) - (n - y)),
            ]
        )

    def moments(self) -> BetaParams | None:
        """See `method_of_moments`; None where no finite positive parameters match."""
        # The intraclass correlation, as a ratio of exact integers.
        above, below = self.excess_spread, self.successes * self.failures * self.pairs
        if not 0 < above < below:
            return None
        concentration = (below - above) / above
        return BetaParams(
            concentration * (self.successes / self.trials), concentration * (self.failures / self.trials)
        )


def _tabulate(x: ArrayLike, n: ArrayLike, counts: ArrayLike | None) -> _Table:
    """Check the data and count them, in time and memory of a few passes over the rows."""
    x, n = _check_rows(x, n)
    shape = np.broadcast_shapes(x.shape, n.shape)
    if counts is not None:
        counts = _as_integers("counts", counts)
        shape = _broadcast_shape(("x", "n", "counts"), (x, n, counts))
        counts = np.broadcast_to(counts, shape)
        if counts.sum(dtype=float) > 0.999 * _LARGEST and sum(counts.ravel().tolist()) > _LARGEST:
            raise ValueError("counts must sum to at most 2**53")
    if math.prod(shape) > DENSE:
        return _count(shape, x, n, counts)
    parts = [part if part is None else (part.shape, part.tobytes()) for part in (x, n, counts)]
    return _count_few(shape, *parts)


# A map of the likelihood, or an optimiser, asks thousands of times for the same few rows.
@lru_cache(maxsize=16)
def _count_few(shape: tuple[int, ...], *parts: tuple[tuple[int, ...], bytes] | None) -> _Table:
    return _count(shape, *(part and np.frombuffer(part[1], np.int64).reshape(part[0]) for part in parts))


def _count(shape: tuple[int, ...], x: NDArray, n: NDArray, counts: NDArray | None) -> _Table:
    rows = math.prod(shape)
    size = rows if counts is None else int(counts.sum())
    if size == 0:
        raise ValueError("x, n, counts must hold at least one row: all of it is empty")
    y = n - x
    parts = []
    for part in (x, y, n):
        if counts is None:  # what is broadcast need not be repeated to be counted
            value, count = _histogram(part, None)
            count = count * (rows // part.size)
        else:
            value, count = _histogram(np.broadcast_to(part, shape), counts)
        parts.append(_Values(value, count))
    return _Table(*parts, size)


def _histogram(values: NDArray, counts: NDArray | None) -> tuple[NDArray, NDArray]:
    """Distinct values, ascending, and how often each occurs."""
    values = values.reshape(-1)
    weights = None if counts is None else counts.reshape(-1)
    if values.max() <= 4 * values.size + DENSE:
        count = np.bincount(values, weights)
        (value,) = np.nonzero(count)
        return value, count[value].astype(float)
    value, where = np.unique(values, return_inverse=True)
    return value, np.bincount(where, weights).astype(float)


def _log_factors(
    j: NDArray, start: NDArray | float, rest: NDArray | float, theta: float, middle: float
) -> NDArray:
    """Return log((start + j theta) / (1 + j)) less its value at j = `middle` for a start of 1.

    `rest` is 1 - start. Far out the ratio is close to 1, and a billion logarithms of a rounded ratio would
    add up to noise: there it is taken by how much the ratio exceeds 1.
    """
    unit = (1 + middle * theta) / (1 + middle)
    excess = ((1 - theta) * ((middle - j) / (1 + middle)) - rest) / ((1 + j) * unit)
    near = np.abs(excess) < 0.5
    return np.where(
        near, np.log1p(np.where(near, excess, 0.0)), np.log((start + j * theta) / ((1 + j) * unit))
    )


def _mean_and_spread(params: BetaParams) -> tuple[float, float, float]:
    """Return mu, 1 - mu and theta, none of them by a subtraction."""
    alpha, beta = params
    return alpha / (alpha + beta), beta / (alpha + beta), 1 / (alpha + beta)


def _check_params(params: BetaParams, name: str = "params") -> BetaParams:
    """Return the pair as floats, or say what is wrong with it."""
    pair = BetaParams(*_as_pair(name, BetaParams._fields, params))
    for field, value in zip(pair._fields, pair, strict=True):
        if not (value > 0 and math.isfinite(value)):
            raise ValueError(f"{name}.{field} = {value} must be positive and finite")
    total = pair.alpha + pair.beta
    if not (math.isfinite(total) and math.isfinite(1 / total) and min(pair) / total > 1e-300):
        raise ValueError(
            f"{name} = {tuple(pair)} must have a mean strictly between 0 and 1 and a concentration "
            "that floats can hold"
        )
    return pair


def _is_number(value: object) -> bool:
    """Whether a value is one real number; True and False are none."""
    return isinstance(value, int | float | np.number) and not isinstance(value, bool | np.complexfloating)


def _as_pair(name: str, fields: Sequence[str], pair: Sequence[float]) -> tuple[float, float]:
    """Return two numbers as floats, or say that they are none."""
    try:
        first, second = (np.asarray(part) for part in pair)
    except (TypeError, ValueError):
        first = second = np.array("neither")
    if first.shape or second.shape or {first.dtype.kind, second.dtype.kind} - set("iuf"):
        raise TypeError(f"{name} must be a pair ({', '.join(fields)}) of numbers, not {pair!r}")
    return float(first), float(second)


def _check_rows(x: ArrayLike, n: ArrayLike) -> tuple[NDArray, NDArray]:
    """Return x and n as int64 arrays with 0 <= x <= n, not yet broadcast, or say what is wrong."""
    x, n = _as_integers("x", x), _as_integers("n", n)
    shape = _broadcast_shape(("x", "n"), (x, n))
    if math.prod(shape) == 0:
        raise ValueError(f"x, n must hold at least one row: their shape is {shape}")
    too_many = x > n
    if too_many.any():
        where = _first(too_many)
        x, n = (np.broadcast_to(a, shape)[where] for a in (x, n))
        raise ValueError(
            f"x{_index(where)} = {x} must not exceed n{_index(where)} = {n}: "
            "there cannot be more successes than trials"
        )
    return x, n


def _broadcast_shape(names: Sequence[str], arrays: Sequence[NDArray]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(*(a.shape for a in arrays))
    except ValueError:
        shapes = ", ".join(f"{name} {a.shape}" for name, a in zip(names, arrays, strict=True))
        raise ValueError(f"the shapes of {', '.join(names)} must broadcast: {shapes}") from None


def _as_integers(name: str, values: ArrayLike) -> NDArray:
    """Return whole numbers from 0 to 2**53 as an int64 array, or name the element that is none."""
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(f"{name} must not be a masked array: fill it or compress it first")
    try:
        array = np.asarray(values)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be an array of numbers, all rows of one length") from None
    if array.dtype == bool:
        return array.astype(np.int64)
    if array.dtype.kind not in "iuf":
        _reject_non_numbers(name, array)
    if array.dtype.kind == "f":
        _require(np.isfinite(array), name, array, "must be a finite number")
        _require(array == np.rint(array), name, array, "must be a whole number")
    if array.size and array.min() < 0:
        _require(array >= 0, name, array, "must not be negative")
    if array.size and array.max() > _LARGEST:
        _require(array <= _LARGEST, name, array, "must be at most 2**53")
    return array.astype(np.int64, copy=False)


def _reject_non_numbers(name: str, array: NDArray) -> None:
    """Name the first element that is no number from 0 to 2**53 (of an array NumPy takes for none)."""
    for where, value in np.ndenumerate(array):
        if isinstance(value, int | np.integer):
            if not 0 <= value <= _LARGEST:
                raise ValueError(f"{name}{_index(where)} = {value} must be from 0 to 2**53")
        elif not isinstance(value, float | np.floating):
            shown = value.item() if isinstance(value, np.generic) else value
            raise TypeError(f"{name}{_index(where)} = {shown!r} must be a whole number")
    raise TypeError(f"{name} must be an array of numbers, not of dtype {array.dtype}")


def _require(rule: NDArray, name: str, array: NDArray, words: str) -> None:
    if not np.all(rule):
        where = _first(~rule)
        raise ValueError(f"{name}{_index(where)} = {array[where]} {words}")


def _first(mask: NDArray) -> tuple[int, ...]:
    return np.unravel_index(np.argmax(mask), mask.shape)


def _index(where: tuple[int, ...]) -> str:
    return f"[{', '.join(str(i) for i in where)}]" if where else ""
