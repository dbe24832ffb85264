"""Expectation-maximization for the beta-binomial model, one step at a time and run to the end."""

import math
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from betabin.existence import WHY, limit
from betabin.fit import Fit, Trace
from betabin.mle import Climb, starting_params, supremum
from betabin.model import (
    BetaParams,
    _as_pair,
    _check_params,
    _is_number,
    _mean_and_spread,
    _require,
    _Table,
    _tabulate,
    log_likelihood,
    posterior,
)

__all__ = ["ExpectedStats", "e_step", "fit_em", "lower_bound", "m_step"]

# Without a maximum inside there is nothing to converge to: a step that gains less ends the walk.
_LEAST_GAIN = 1e-8
# In the logarithms of the parameters: the longest Newton step and the longest extrapolation.
_MAX_STEP = 2.0
_MAX_LEAP = 5.0
# Rounds walked on, to see where a path that stopped early would have led.
_MAX_WALK = 2000
# Gauss-Legendre rule on (0, 1), for small increments of the digamma function.
_POINTS, _WEIGHTS = special.roots_sh_legendre(8)


class ExpectedStats(NamedTuple):
    """What the M-step needs to know of the E-step (eq-sufficient-statistics).

    Attributes
    ----------
    mean_log_z, mean_log_one_minus_z : float
        Averages over the rows of E[log Z] and E[log(1 - Z)] under each row's posterior.
    """

    mean_log_z: float
    mean_log_one_minus_z: float


def e_step(
    params: BetaParams, x: ArrayLike, n: ArrayLike, *, counts: ArrayLike | None = None
) -> ExpectedStats:
    """Average the expected log Z and log(1 - Z) over the rows' posteriors (eq-sufficient-statistics).

    With a large concentration s the posteriors hardly differ from the prior, and neither do these averages
    from its own: rounding them to floats leaves the step that EM takes next with an error of about
    ``1e-16 * s``. `fit_em` works with the differences and has no such loss.

    Parameters
    ----------
    params : BetaParams
        The current parameters.
    x, n : array_like of int
        Successes and trials, ``0 <= x <= n``; they broadcast. A row without trials counts, its
        posterior being the prior.
    counts : array_like of int, optional
        How often each row occurs; once each by default. Broadcasts with `x` and `n`.

    Returns
    -------
    ExpectedStats
        Two averages.

    Raises
    ------
    TypeError, ValueError
        Input that is not as described: the message names the argument, the element and the rule.
    """
    alpha, beta = _check_params(params)
    table = _tabulate(x, n, counts)
    hit, miss, trial = (
        values.count @ special.digamma(start + values.value) / table.size
        for values, start in ((table.x, alpha), (table.y, beta), (table.n, alpha + beta))
    )
    return ExpectedStats(float(hit - trial), float(miss - trial))


def m_step(
    stats: ExpectedStats,
    *,
    init: BetaParams | None = None,
    tol: float = 1e-12,
    max_iter: int = 100,
) -> BetaParams:
    """Find the Beta distribution with the given mean log Z and mean log(1 - Z) (eq-m-step).

    These are the parameters that maximise the expected complete-data log-likelihood. Newton's method
    in (log alpha, log beta) solves for them (eq-m-newton).

    Parameters
    ----------
    stats : ExpectedStats
        A pair of negative numbers, ``exp(mean_log_z) + exp(mean_log_one_minus_z) < 1``.
    init : BetaParams, optional
        Where to start; by default, and where Newton's method gets nowhere from it, an approximation from
        `stats`. The result does not depend on it.
    tol : float
        As the last Newton step tells, the next would change log alpha and log beta by no more than this,
        or by as little as rounding allows.
    max_iter : int
        Newton steps allowed from a start.

    Returns
    -------
    BetaParams
        The unique maximum. With concentration s it is determined by `stats`, as floats, to a
        relative accuracy of about ``1e-16 * s``.

    Raises
    ------
    ValueError
        No Beta distribution has such statistics; and for input that is not as described, where the
        message names the argument, the element and the rule.
    TypeError
        Input that does not hold numbers.
    RuntimeError
        Newton's method did not converge within `max_iter` steps; where rounding is to blame, it says so.
    """
    stats = np.array(_check_stats(stats))
    tol = _check_positive("tol", tol)
    max_iter = _check_positive_integer("max_iter", max_iter)
    shares = np.exp(stats)  # geometric means of Z and 1 - Z
    gap = max(1 - float(shares.sum()), 2.0**-54)
    starts = [BetaParams(*(0.5 + shares / (2 * gap)).tolist())]
    if init is not None:
        starts.insert(0, _check_params(init, "init"))
    for params in starts:
        # The second time it starts where rounding is that of the answer, not of a far-off start.
        for _ in range(2):
            with np.errstate(all="ignore"):  # from absurd starts it overflows, and is told to be None
                params = params and _move_prior(params, stats - _prior_stats(params), tol, max_iter)
        if params:
            return params
    why = ": floats hardly tell these stats from ones that no Beta distribution has" if gap < 1e-13 else ""
    raise RuntimeError(f"the M-step did not converge in max_iter = {max_iter} iterations{why}")


def lower_bound(
    params: BetaParams,
    q: BetaParams,
    x: ArrayLike,
    n: ArrayLike,
    *,
    counts: ArrayLike | None = None,
) -> float:
    """Lower bound on the log-likelihood that the distributions `q` give (the ELBO) (eq-elbo).

    Expected complete-data log-likelihood plus entropy of q. It is computed as the log-likelihood less
    the Kullback-Leibler divergences from each q to its row's posterior (eq-elbo-gap), and so equals
    `log_likelihood` when q is the posterior.

    Parameters
    ----------
    params : BetaParams
        The model's parameters.
    q : BetaParams
        Arrays (or numbers) that broadcast to one Beta distribution per row of `x`.
    x, n : array_like of int
        Successes and trials, ``0 <= x <= n``; they broadcast.
    counts : array_like of int, optional
        How often each row occurs; once each by default. Broadcasts with `x` and `n`.

    Returns
    -------
    float
        The bound, ``log C(n, x)`` included.

    Raises
    ------
    TypeError, ValueError
        Input that is not as described: the message names the argument, the element and the rule.
    """
    total = log_likelihood(params, x, n, counts=counts)
    target = posterior(params, x, n)
    weights = np.ones(()) if counts is None else np.asarray(counts, dtype=float)
    shape = np.broadcast_shapes(target.alpha.shape, weights.shape)
    a, b = _check_q(q, shape)
    divergence = (
        special.betaln(*target)
        - special.betaln(a, b)
        + (a - target.alpha) * (special.digamma(a) - special.digamma(a + b))
        + (b - target.beta) * (special.digamma(b) - special.digamma(a + b))
    )
    # A divergence is never negative; rounding may make it so.
    return total - float(np.sum(weights * np.maximum(divergence, 0.0)))


def fit_em(
    x: ArrayLike,
    n: ArrayLike,
    *,
    counts: ArrayLike | None = None,
    init: BetaParams | None = None,
    accelerate: bool = False,
    tol: float = 1e-10,
    max_iter: int = 10_000,
) -> Fit:
    """Fit by expectation-maximization (eq-em).

    The log-likelihood never falls from one row of the trace to the next, beyond rounding. A step costs
    the same for a hundred rows as for ten million: the rows are counted once, at the door.

    Parameters
    ----------
    x, n : array_like of int
        Successes and trials, ``0 <= x <= n``; they broadcast.
    counts : array_like of int, optional
        How often each row occurs; once each by default. Broadcasts with `x` and `n`.
    init : BetaParams, optional
        Where to start; by default at the moment estimates, or at (p, 1 - p), p the pooled share of
        successes, where the data are not overdispersed.
    accelerate : bool
        Extrapolate after every two steps (SQUAREM, Varadhan & Roland 2008) and keep the
        extrapolation only if a step from it does not lower the log-likelihood. Where there is no maximum
        inside, extrapolations run off to the limit before the mean has settled, and the path may end
        farther below the supremum than without them.
    tol : float
        Converged when a step changes log alpha and log beta by no more than this.
    max_iter : int
        Steps allowed. Each is one E-step and one M-step, accelerated or not, and one row of the trace.

    Returns
    -------
    Fit
        Where the likelihood has no maximum inside, the trace is the path walked until a step gained
        less than 1e-8, and the reported parameters are their limits: see `Fit`.

    Raises
    ------
    TypeError, ValueError
        Input that is not as described: the message names the argument, the element and the rule.

    See Also
    --------
    betabin.fit_mle : the same maximum, by Newton's method.
    """
    tol = _check_positive("tol", tol)
    max_iter = _check_positive_integer("max_iter", max_iter)
    if init is not None:
        init = _check_params(init, "init")
    return _fit(_tabulate(x, n, counts).without_empty_rows(), init, accelerate, tol, max_iter)


def _fit(table: _Table, init: BetaParams | None, accelerate: bool, tol: float, max_iter: int) -> Fit:
    """Run EM on counted data: every round costs the same, however many rows were counted."""
    status, best = supremum(table)
    params = init or starting_params(table)
    value = _log_likelihood(table, params)
    trace = [(*params, value)]
    converged = False
    rounds = _squarem(table, params) if accelerate else _em(table, params)
    for params, change in islice(rounds, max_iter):
        before, value = value, table.log_likelihood(*_mean_and_spread(params))
        trace.append((*params, value))
        if change is None:
            continue
        converged = status == "interior" and change <= tol
        if converged or (status != "interior" and value - before < _LEAST_GAIN):
            break
    return _describe(table, status, best, converged, Trace.of(trace))


def _em(table: _Table, params: BetaParams) -> Iterator[tuple[BetaParams, float]]:
    """Yield the parameters after each round of EM, and by how much it changed their logarithms.

    It ends where floats can't tell the next round's parameters from these.
    """
    while (reached := _round(table, params)) is not None:
        yield reached, float(np.abs(np.log(reached) - np.log(params)).max())
        params = reached


def _squarem(table: _Table, params: BetaParams) -> Iterator[tuple[BetaParams, float | None]]:
    """Yield as `_em` does, but leap after every two rounds (eq-squarem).

    A leap is followed by a round of its own, and taken only if that doesn't end lower. Else the round is
    spent for nothing: the parameters are the last ones again, and no change is told.
    """
    while True:
        walked = [params]
        for reached, change in islice(_em(table, params), 2):
            yield reached, change
            walked.append(reached)
        if len(walked) < 3:
            return
        params = walked[-1]
        landed = next(_em(table, _extrapolate(*walked)), None)
        if landed and _log_likelihood(table, landed[0]) >= _log_likelihood(table, params):
            params = landed[0]
            yield landed
        else:
            yield params, None


def _round(table: _Table, params: BetaParams) -> BetaParams | None:
    """Return the parameters after an E-step and an M-step, or None where floats can't tell them.

    E[log Z] under Beta(alpha + x, beta + n - x) exceeds E[log Z] under Beta(alpha, beta) by
    the sum of 1/(alpha + j) over j < x less the sum of 1/(alpha + beta + j) over j < n; on average over the
    rows that is the score divided by their number, without a digamma to round (eq-excess).
    """
    return _move_prior(params, table.score(params) / table.size)


def _extrapolate(first: BetaParams, second: BetaParams, third: BetaParams) -> BetaParams:
    """Leap from three successive iterates towards where they are heading (eq-squarem).

    Squared extrapolation with the step length called S3 by Varadhan & Roland, in logarithms.
    """
    logs = np.log((first, second, third))
    change = logs[1] - logs[0]
    change_of_change = logs[2] - logs[1] - change
    bend = np.linalg.norm(change_of_change)
    length = max(1.0, np.linalg.norm(change) / bend) if bend > 0 else 1.0
    leap = logs[0] + 2 * length * change + length**2 * change_of_change
    if not np.abs(leap - logs[2]).max() < _MAX_LEAP:
        return third
    return BetaParams(*np.exp(leap).tolist())


def _log_likelihood(table: _Table, params: BetaParams) -> float:
    return table.log_likelihood(*_mean_and_spread(params))


def _describe(table: _Table, status: str, best: Climb, converged: bool, trace: Trace) -> Fit:
    """Put the end of the walk and the judgement on the data together."""
    n_iter = len(trace.alpha) - 1
    *params, value = (float(column[-1]) for column in trace)
    params = BetaParams(*params)
    if status != "interior":
        found = limit(table, status)
        message = (
            f"{WHY[status]} EM was stopped after {n_iter} iterations at alpha = {params.alpha:.6g}, "
            f"beta = {params.beta:.6g}, {found[-1] - value:.3g} below the supremum."
        )
    else:
        found = params, params.mean, params.concentration, value
        ended = "converged" if converged else "stopped early, before its tolerance was met,"
        message = f"EM {ended} in {n_iter} iterations."
        short = best.log_likelihood - value
        if short > _far(value):
            message += (
                f" Its log-likelihood is {short:.3g} below the maximum, near "
                f"alpha = {best.params.alpha:.6g}, beta = {best.params.beta:.6g}."
            )
            if _leads_elsewhere(table, params, best.log_likelihood):
                message += " From this start it was heading elsewhere."
    return Fit(*found, status=status, converged=converged, n_iter=n_iter, message=message, trace=trace)


def _leads_elsewhere(table: _Table, params: BetaParams, highest: float) -> bool:
    """Walk on from `params`, and return whether the path is known to end below the top."""
    if table.excess_spread > 0:
        return False  # it is uphill from infinity: a walk that stands still there is only slow
    value = _log_likelihood(table, params)
    for reached, change in islice(_squarem(table, params), _MAX_WALK):
        before, value = value, _log_likelihood(table, reached)
        if highest - value <= _far(value):
            return False
        if change is not None and value - before < 1e-6 * (highest - value):
            # Standing still: at a lower maximum, or on the way to one at infinity.
            return True
    return False


def _far(value: float) -> float:
    """Return a difference of log-likelihoods that no rounding makes."""
    return 1e-6 * (1 + abs(value))


def _move_prior(
    start: BetaParams, excess: NDArray, tol: float = 1e-13, max_iter: int = 100
) -> BetaParams | None:
    """Move the prior from `start` until its own statistics have grown by `excess` (eq-m-newton).

    Newton's step in (alpha, beta) is taken as a relative change, d(log alpha) = d(alpha) / alpha: the
    parameters stay positive and, the step being bounded, it converges from far off too. None is returned
    where it does not: floats don't determine the parameters (at concentrations near 1e13), or `start` is
    so far off that they overflow.
    """
    moved, last, stalled = np.zeros(2), math.inf, 0
    for _ in range(max_iter):
        alpha, beta = (np.array(start) * np.exp(moved)).tolist()
        by_alpha, by_beta = (np.array(start) * np.expm1(moved)).tolist()
        missing_a = excess[0] - _stat_growth(start.alpha, start.beta, by_alpha, by_beta)
        missing_b = excess[1] - _stat_growth(start.beta, start.alpha, by_beta, by_alpha)
        curve_a, curve_b = _trigamma_drop(alpha, beta), _trigamma_drop(beta, alpha)
        curve_s = _trigamma(alpha + beta)
        determinant = curve_a * curve_b - curve_s * curve_s
        if not determinant > 0:
            return None
        step = np.array(
            [
                (curve_b * missing_a + curve_s * missing_b) / (determinant * alpha),
                (curve_a * missing_b + curve_s * missing_a) / (determinant * beta),
            ]
        )
        size = np.abs(step).max()
        moved = moved + step * min(1.0, _MAX_STEP / max(size, _MAX_STEP))
        # Each of Newton's steps leaves about the square of its size, until rounding stops them.
        stalled = stalled + 1 if size >= last / 2 else 0
        if 10 * size**2 <= tol or (size < 1e-4 and stalled >= 1) or (size < 1e-2 and stalled >= 5):
            return BetaParams(*(np.array(start) * np.exp(moved)).tolist())
        last = min(size, last)
    return None


def _prior_stats(params: BetaParams) -> NDArray:
    """E[log Z] and E[log(1 - Z)] for Z ~ Beta(alpha, beta) (eq-e-log-z)."""
    alpha, beta = params
    return -np.array([_digamma_increment(alpha, beta), _digamma_increment(beta, alpha)])


def _stat_growth(own: float, other: float, by_own: float, by_other: float) -> float:
    """Return by how much digamma(own) - digamma(own + other) grows as the two grow.

    Of two ways to take this difference of differences, the one that cancels less.
    """
    if other < own / 4:
        return _digamma_increment(own, other) - _digamma_increment(own + by_own, other + by_other)
    return _digamma_increment(own, by_own) - _digamma_increment(own + other, by_own + by_other)


def _digamma_increment(start: float, by: float) -> float:
    """Return digamma(start + by) - digamma(start), to full precision also when `by` is small."""
    if abs(by) > start / 4:
        return float(special.digamma(start + by) - special.digamma(start))
    # The integral of the trigamma function over so short a stretch.
    return float(by * (_WEIGHTS @ special.zeta(2.0, start + by * _POINTS)))


def _trigamma_drop(start: float, by: float) -> float:
    """Return trigamma(start) - trigamma(start + by), to full precision also when `by` is small."""
    if by > start / 4:
        return _trigamma(start) - _trigamma(start + by)
    return float(2 * by * (_WEIGHTS @ special.zeta(3.0, start + by * _POINTS)))


def _trigamma(a: float) -> float:
    return float(special.zeta(2.0, a))


def _check_stats(stats: ExpectedStats) -> ExpectedStats:
    stats = ExpectedStats(*_as_pair("stats", ExpectedStats._fields, stats))
    for name, value in zip(stats._fields, stats, strict=True):
        if not (math.isfinite(value) and value < 0):
            raise ValueError(f"stats.{name} = {value} must be negative and finite")
    if math.exp(stats.mean_log_z) + math.exp(stats.mean_log_one_minus_z) >= 1:
        raise ValueError(
            f"stats = {tuple(stats)} must satisfy exp(mean_log_z) + exp(mean_log_one_minus_z) < 1: "
            "no Beta distribution has such statistics"
        )
    return stats


def _check_positive(name: str, value: float) -> float:
    if not _is_number(value) or not 0 < value < math.inf:
        raise (ValueError if _is_number(value) else TypeError)(
            f"{name} = {value!r} must be a positive number"
        )
    return float(value)


def _check_positive_integer(name: str, value: int) -> int:
    number = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not number or value < 1:
        raise (ValueError if number else TypeError)(f"{name} = {value!r} must be a whole number from 1 up")
    return int(value)


def _check_q(q: BetaParams, shape: tuple[int, ...]) -> tuple[NDArray, NDArray]:
    """Return q's parameters as positive arrays that broadcast to `shape`, or say what is wrong."""
    try:
        pair = [np.asarray(part) for part in q]
    except (TypeError, ValueError):
        pair = []
    if len(pair) != 2 or any(part.dtype.kind not in "iuf" for part in pair):
        raise TypeError("q must be a pair (alpha, beta) of arrays of numbers")
    for name, part in zip(BetaParams._fields, pair, strict=True):
        _require(np.isfinite(part) & (part > 0), f"q.{name}", part, "must be positive and finite")
        try:
            fits = np.broadcast_shapes(part.shape, shape) == shape
        except ValueError:
            fits = False
        if not fits:
            raise ValueError(f"q.{name} has shape {part.shape}: it must broadcast to the rows' {shape}")
    return pair[0], pair[1]
