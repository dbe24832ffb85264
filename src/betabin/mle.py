"""Maximum likelihood on the marginal: Newton's method, and what to do where there is no maximum.

The coordinates are ``eta = logit(mean)`` and ``lam = log(theta)``, ``theta = 1 / concentration``: in
them the log-likelihood is close to a parabola whatever the concentration, and a few Newton steps do.
"""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

from betabin.model import BetaParams, _Table, _tabulate

__all__ = ["Fit", "OverdispersionTest", "Trace", "fit_mle", "overdispersion_test"]

_MAX_NEWTON = 100
_MAX_STEP = 2.0  # in eta and lam: a factor of seven
_THETA_STARTS = (0.005, 0.1, 2.0)
# Below this theta no data within the limits of this package tell the model from a binomial.
_LEAST_LAM = -80.0


class Trace(NamedTuple):
    """The path of a fit, its start included.

    Attributes
    ----------
    alpha, beta, log_likelihood : ndarray, shape (n_iter + 1,)
        The parameters after each iteration, and the log-likelihood there.
    """

    alpha: NDArray
    beta: NDArray
    log_likelihood: NDArray

    @classmethod
    def of(cls, rows: list[tuple[float, float, float]]) -> "Trace":
        """Return the rows as columns that can't be overwritten."""
        columns = np.array(rows).T
        columns.setflags(write=False)
        return cls(*columns)


@dataclass(frozen=True)
class Fit:
    """What a fit found.

    Attributes
    ----------
    params : BetaParams
        The estimates. Where the likelihood has no maximum inside: (inf, inf) in the binomial limit,
        (0, 0) in the two-point limit, and nan where they are not determined.
    mean, concentration : float
        ``alpha / (alpha + beta)`` and ``alpha + beta``, or their limits.
    log_likelihood : float
        At `params`; the supremum where there is no maximum inside.
    status : str
        What the likelihood of the data looks like, whatever path the fit took: "interior" (it has a
        maximum), "binomial_limit" (it grows as the concentration goes to infinity), "two_point" (it
        grows as the concentration goes to 0: every x is 0 or n), "all_zero", "all_full" (the mean
        goes to 0 or to 1) or "not_identified" (every n is 1: only the mean matters).
    converged : bool
        Whether the tolerance was met; no more than that, and never true without a maximum inside.
    n_iter : int
        Iterations taken.
    message : str
        The same in words, with anything worth knowing.
    trace : Trace
        The path, start included.
    """

    params: BetaParams
    mean: float
    concentration: float
    log_likelihood: float
    status: str
    converged: bool
    n_iter: int
    message: str
    trace: Trace = field(repr=False)


class OverdispersionTest(NamedTuple):
    """Tarone's test of the binomial against the beta-binomial.

    Attributes
    ----------
    statistic : float
        Asymptotically standard normal if the data are binomial.
    pvalue : float
        One-sided: the probability of a statistic at least as large.
    """

    statistic: float
    pvalue: float


def fit_mle(x: ArrayLike, n: ArrayLike, *, counts: ArrayLike | None = None) -> Fit:
    """Fit by maximum likelihood, with Newton's method on the marginal (eq-newton).

    Where `n` is not the same for all rows the likelihood may have several maxima; the best of those
    reached from a spread of starts is returned.

    Parameters
    ----------
    x, n : array_like of int
        Successes and trials, ``0 <= x <= n``; they broadcast.
    counts : array_like of int, optional
        How often each row occurs; once each by default. Broadcasts with `x` and `n`.

    Returns
    -------
    Fit
        Its trace holds the Newton iterates.

    Raises
    ------
    TypeError, ValueError
        Input that is not as described: the message names the argument, the element and the rule.

    See Also
    --------
    betabin.fit_em : the same maximum, by expectation-maximization.
    """
    table = _tabulate(x, n, counts).without_empty_rows()
    supremum = _supremum(table)
    path = supremum.path
    n_iter = len(path) - 1
    if supremum.status != "interior":
        message = supremum.describe()
    elif supremum.converged:
        message = f"Newton's method converged in {n_iter} iterations."
    else:
        message = f"Newton's method did not converge in {n_iter} iterations."
    return Fit(
        *supremum.report(),
        converged=supremum.converged,
        n_iter=n_iter,
        message=message,
        trace=Trace.of([(*_params(eta, lam), value) for eta, lam, value in path]),
    )


def overdispersion_test(
    x: ArrayLike, n: ArrayLike, *, counts: ArrayLike | None = None
) -> OverdispersionTest:
    """Test whether one success probability explains all rows (Tarone 1979) (eq-tarone).

    The score test of the binomial against the beta-binomial, one-sided: large values speak for
    probabilities that vary from row to row.

    Parameters
    ----------
    x, n : array_like of int
        Successes and trials, ``0 <= x <= n``; they broadcast.
    counts : array_like of int, optional
        How often each row occurs; once each by default. Broadcasts with `x` and `n`.

    Returns
    -------
    OverdispersionTest
        Statistic and p-value.

    Raises
    ------
    ValueError
        No row has two trials, or the pooled share of successes is 0 or 1: the statistic is undefined.
        Also for input that is not as described: the message names the argument, the element and the
        rule.
    TypeError
        Input that does not hold numbers.
    """
    table = _tabulate(x, n, counts)
    if table.pairs == 0:
        raise ValueError("n must be at least 2 in some row: single trials show no overdispersion")
    if 0 in (table.successes, table.failures):
        raise ValueError("x must hold both successes and failures: here every trial ended alike")
    excess = table.excess_spread / (table.successes * table.failures)
    statistic = excess / math.sqrt(2 * table.pairs)
    return OverdispersionTest(statistic, float(stats.norm.sf(statistic)))


class _Supremum(NamedTuple):
    """Where the likelihood of a table is largest, as `Fit` reports it."""

    status: str
    mean: float
    log_likelihood: float
    path: list[tuple[float, float, float]]  # Newton's: (eta, lam, log-likelihood)
    converged: bool = False

    def report(self) -> tuple[BetaParams, float, float, float, str]:
        """Return the first five fields of a `Fit`."""
        params, concentration = BetaParams(math.nan, math.nan), math.nan
        if self.status == "interior":
            params = _params(*self.path[-1][:2])
            concentration = params.concentration
        elif self.status == "binomial_limit":
            params, concentration = BetaParams(math.inf, math.inf), math.inf
        elif self.status == "two_point":
            params, concentration = BetaParams(0.0, 0.0), 0.0
        return params, self.mean, concentration, self.log_likelihood, self.status

    def describe(self) -> str:
        """Say why there is no maximum inside."""
        return {
            "all_zero": "No maximum inside: there is no success, so the likelihood grows as the mean "
            "goes to 0, whatever the concentration.",
            "all_full": "No maximum inside: there is no failure, so the likelihood grows as the mean "
            "goes to 1, whatever the concentration.",
            "not_identified": "No single maximum: no row has two trials, so the data determine the "
            "mean and say nothing of the concentration.",
            "two_point": "No maximum inside: every x is 0 or n, so the likelihood grows as the "
            "concentration goes to 0, where each probability is 0 or 1.",
            "binomial_limit": "No maximum inside: the data vary no more than a binomial, so the "
            "likelihood grows as the concentration goes to infinity.",
        }[self.status]


def _supremum(table: _Table) -> _Supremum:
    """Classify the likelihood and find its supremum: the one judgement behind both fits.

    `table` has no empty rows. The tests and their order are those of the book's table of
    cases without a maximum.
    """
    successes, failures = table.successes, table.failures
    mean = successes / table.trials
    start = _start(table)
    eta, lam = math.log(start.alpha / start.beta), -math.log(start.concentration)
    here = [(eta, lam, table.log_likelihood(*_split(eta), math.exp(lam)))]

    if successes == 0 or failures == 0:
        return _Supremum("all_full" if successes else "all_zero", mean, 0.0, here)
    binomial = table.log_likelihood(mean, failures / table.trials, 0.0)
    if table.n.value[-1] == 1:
        return _Supremum("not_identified", mean, binomial, here)
    extremes = [float(tails.count[0]) * (tails.value[0] == 0) for tails in (table.y, table.x)]
    if sum(extremes) == table.size:
        mean = float(extremes[0] / table.size)
        value = float(sum(special.xlogy(k, k / table.size) for k in extremes))
        return _Supremum("two_point", mean, value, here)

    slope = table.excess_spread
    same_n = table.n.value.size == 1
    if same_n and slope <= 0:
        return _Supremum("binomial_limit", mean, binomial, here)
    runs = [_newton(table, eta, lam)]
    if not same_n:  # there may be several maxima, one of them perhaps at theta = 0
        runs += [_newton(table, *_ridge(table, theta)) for theta in _THETA_STARTS]
    # The highest, and among equals the one found soonest.
    path, converged = max(
        runs, key=lambda run: (run[1] or slope > 0, round(run[0][-1][2], 8), -len(run[0]))
    )
    eta, _, value = path[-1]
    if slope <= 0 and not (converged and value > binomial):
        return _Supremum("binomial_limit", mean, binomial, here)
    return _Supremum("interior", _split(eta)[0], value, path, converged)


def _start(table: _Table) -> BetaParams:
    """Return moment estimates where they exist, else (p, 1 - p) for the pooled share p."""
    pooled = table.successes / table.trials
    # A share of 0 or 1 is no start; half a success more or less is.
    least = 0.5 / (table.trials + 1)
    pooled = min(max(pooled, least), 1 - least)
    return table.moments() or BetaParams(pooled, 1 - pooled)


def _newton(table: _Table, eta: float, lam: float) -> tuple[list[tuple[float, float, float]], bool]:
    """Climb from (eta, lam); return the path and whether it ended at a maximum."""
    value = table.log_likelihood(*_split(eta), math.exp(lam))
    path, last = [(eta, lam, value)], math.inf
    for _ in range(_MAX_NEWTON):
        gradient, hessian = _derivatives(table, eta, lam)
        # Where the surface is not concave, the eigenvalues' sizes still give an uphill step.
        curvature, axes = np.linalg.eigh(-hessian)
        concave = curvature[0] > 0
        curvature = np.maximum(np.abs(curvature), 1e-12 * np.abs(curvature).max() + 1e-300)
        step = axes @ ((axes.T @ gradient) / curvature)
        size = np.abs(step).max()
        step *= min(1.0, _MAX_STEP / max(size, _MAX_STEP))
        # Close to the maximum the parabola knows better than the log-likelihood's last digits.
        trusted = concave and size < 1e-3
        while True:
            trial = eta + step[0], lam + step[1]
            reached = table.log_likelihood(*_split(trial[0]), math.exp(trial[1]))
            if trusted or reached >= value or np.abs(step).max() < 1e-6:
                break
            step /= 2
        (eta, lam), value = trial, reached
        path.append((eta, lam, value))
        # Newton's steps shrink ever faster, until rounding stops them.
        if trusted and (size <= 1e-9 or (last / 2 <= size < 1e-6)):
            return path, True
        if lam < _LEAST_LAM:
            break
        last = size
    return path, False


def _ridge(table: _Table, theta: float) -> tuple[float, float]:
    """Return the mean that maximises the likelihood at `theta`, with `theta`, in Newton's coordinates.

    At fixed theta the log-likelihood is concave in the mean, so its slope has one zero.
    """
    lam = math.log(theta)
    eta = optimize.brentq(lambda eta: _derivatives(table, eta, lam)[0][0], -60.0, 60.0, xtol=1e-3)
    return eta, lam


def _derivatives(table: _Table, eta: float, lam: float) -> tuple[NDArray, NDArray]:
    """Gradient and Hessian of the log-likelihood in (eta, lam) (eq-newton)."""
    (mu, nu), theta = _split(eta), math.exp(lam)
    x, y, n = table.x, table.y, table.n
    hit, miss, trial = 1 / (mu + x.j * theta), 1 / (nu + y.j * theta), 1 / (1 + n.j * theta)
    # In mu and theta first; f_mu is df/dmu, and so on.
    f_mu = x.weight @ hit - y.weight @ miss
    f_theta = x.weight @ (x.j * hit) + y.weight @ (y.j * miss) - n.weight @ (n.j * trial)
    f_mu_mu = -(x.weight @ hit**2) - y.weight @ miss**2
    f_mu_theta = y.weight @ (y.j * miss**2) - x.weight @ (x.j * hit**2)
    f_theta_theta = (
        n.weight @ (n.j * trial) ** 2 - x.weight @ (x.j * hit) ** 2 - y.weight @ (y.j * miss) ** 2
    )
    # dmu/deta = mu nu, dtheta/dlam = theta.
    slope = mu * nu
    cross = slope * theta * f_mu_theta
    gradient = np.array([slope * f_mu, theta * f_theta])
    hessian = np.array(
        [
            [slope**2 * f_mu_mu + slope * (nu - mu) * f_mu, cross],
            [cross, theta**2 * f_theta_theta + theta * f_theta],
        ]
    )
    return gradient, hessian


def _split(eta: float) -> tuple[float, float]:
    """Return the mean and one minus the mean, both to full precision."""
    return float(special.expit(eta)), float(special.expit(-eta))


def _params(eta: float, lam: float) -> BetaParams:
    mu, nu = _split(eta)
    return BetaParams(mu * math.exp(-lam), nu * math.exp(-lam))
