"""Maximum likelihood on the marginal: Newton's method, and what to do where there is no maximum.

The coordinates are ``eta = logit(mean)`` and ``lam = log(theta)``, ``theta = 1 / concentration``: in
them the log-likelihood is close to a parabola whatever the concentration, and a few Newton steps do.
"""

import math
from typing import NamedTuple

import numpy as np
import scipy  # its stats and optimize take as long to import as all else here: SciPy loads them when used
from numpy.typing import ArrayLike, NDArray
from scipy import special

from betabin.existence import WHY, limit, status_by_signs
from betabin.fit import Fit, Trace
from betabin.model import BetaParams, _Table, _tabulate

__all__ = ["OverdispersionTest", "fit_mle", "overdispersion_test"]

_MAX_NEWTON = 100
_MAX_STEP = 2.0  # in eta and lam: a factor of seven
_THETA_STARTS = (0.005, 0.1, 2.0)
# Steps in a row that gain next to nothing: on the way to a limit all do, from some theta on.
_MAX_IDLE = 10


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
    status, best = supremum(table)
    n_iter = len(best.path) - 1
    if status == "interior":
        params = best.params
        found = params, _split(best.path[-1][0])[0], params.concentration, best.log_likelihood
        ended = "converged" if best.converged else "did not converge"
        message = f"Newton's method {ended} in {n_iter} iterations."
    else:
        found, message = limit(table, status), WHY[status]
    return Fit(
        *found,
        status=status,
        converged=status == "interior" and best.converged,
        n_iter=n_iter,
        message=message,
        trace=Trace.of([(*_params(eta, lam), value) for eta, lam, value in best.path]),
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
    return OverdispersionTest(statistic, float(scipy.stats.norm.sf(statistic)))


class Climb(NamedTuple):
    """A run of Newton's method: its iterates, and whether it ended at a maximum."""

    path: list[tuple[float, float, float]]  # (eta, lam, log-likelihood)
    converged: bool

    @property
    def log_likelihood(self) -> float:
        """Where it ended."""
        return self.path[-1][2]

    @property
    def params(self) -> BetaParams:
        """Where it ended."""
        return _params(*self.path[-1][:2])


def supremum(table: _Table) -> tuple[str, Climb]:
    """Return the status of the data and the climb to the top: the judgement behind both fits.

    `table` has no empty rows. Where there is no maximum inside the climb is its start alone.
    """
    status = status_by_signs(table)
    alpha, beta = starting_params(table)
    eta, lam = math.log(alpha) - math.log(beta), -math.log(alpha + beta)
    if status not in (None, "interior"):
        return status, Climb([(eta, lam, _height(table, eta, lam))], False)
    runs = [_newton(table, eta, lam)]
    if table.n.value.size > 1:  # there may be several maxima, one of them perhaps at theta = 0
        lams = [math.log(theta) for theta in _THETA_STARTS]
        runs += [_newton(table, _best_eta(table, lam, 1e-3), lam) for lam in lams]
    # The highest, and among equals the one found soonest.
    best = max(
        runs, key=lambda run: (run.converged or bool(status), round(run.log_likelihood, 8), -len(run.path))
    )
    if status is None:
        *_, binomial = limit(table, "binomial_limit")
        inside = best.converged and best.log_likelihood > binomial
        status = "interior" if inside else "binomial_limit"
        best = best if inside else Climb(runs[0].path[:1], False)
    return status, best


def starting_params(table: _Table) -> BetaParams:
    """Return moment estimates where they exist, else (p, 1 - p) for the pooled share p."""
    # A share of 0 or 1 is no start; half a success more or less is.
    shares = (max(part, 0.5) / table.trials for part in (table.successes, table.failures))
    return table.moments() or BetaParams(*shares)


def _newton(table: _Table, eta: float, lam: float) -> Climb:
    """Climb from (eta, lam)."""
    value = _height(table, eta, lam)
    path, last, idle = [(eta, lam, value)], math.inf, 0
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
            reached = _height(table, *trial)
            if trusted or reached >= value or np.abs(step).max() < 1e-6:
                break
            step /= 2
        idle = 0 if trusted or reached - value > 1e-12 * (1 + abs(value)) else idle + 1
        (eta, lam), value = trial, reached
        path.append((eta, lam, value))
        # Newton's steps shrink ever faster, until rounding stops them.
        if trusted and (size <= 1e-9 or (last / 2 <= size < 1e-6)):
            return Climb(path, True)
        if idle == _MAX_IDLE:
            break
        last = size
    return Climb(path, False)


def _best_eta(table: _Table, lam: float, xtol: float) -> float:
    """Return the eta that maximises the likelihood at `lam`.

    At a fixed concentration the log-likelihood is concave in the mean, so its slope has one zero.
    """
    x, y, _ = table.weights
    t = table.tails.j * math.exp(lam)

    def slope(eta):  # the first of `_derivatives`, which takes three times as long for the others
        mu, nu = _split(eta)
        return mu * nu * (x @ (1 / (mu + t)) - y @ (1 / (nu + t)))

    return scipy.optimize.brentq(slope, -100.0, 100.0, xtol=xtol)


def _height(table: _Table, eta: float, lam: float) -> float:
    return table.log_likelihood(*_split(eta), math.exp(lam))


def _derivatives(table: _Table, eta: float, lam: float) -> tuple[NDArray, NDArray]:
    """Gradient and Hessian of the log-likelihood in (eta, lam) (eq-newton)."""
    (mu, nu), theta = _split(eta), math.exp(lam)
    (x, y, n), d = table.weights, table.excess
    t = table.tails.j * theta
    hit, miss, trial = 1 / (mu + t), 1 / (nu + t), 1 / (1 + t)
    slope = mu * nu  # d mu / d eta
    # t/(mu + t) is t/(1 + t) and a rest; of what d is multiplied by 1 may be taken off, where less cancels.
    shared = min(t * trial, -trial, key=lambda part: np.abs(d) @ np.abs(part))
    x_1, y_1 = x * hit, y * miss
    x_2, y_2 = x_1 * hit, y_1 * miss
    uphill = x_1.sum() - y_1.sum()
    gradient = np.array([slope * uphill, d @ shared + (t * trial) @ (nu * x_1 + mu * y_1)])
    cross = slope * (t @ (y_2 - x_2))
    hessian = np.array(
        [
            [slope * ((nu - mu) * uphill - slope * (x_2.sum() + y_2.sum())), cross],
            [cross, t @ (mu * x_2 + nu * y_2 - n * trial**2)],
        ]
    )
    return gradient, hessian


def _split(eta: float) -> tuple[float, float]:
    """Return the mean and one minus the mean, both to full precision."""
    return float(special.expit(eta)), float(special.expit(-eta))


def _params(eta: float, lam: float) -> BetaParams:
    mu, nu = _split(eta)
    return BetaParams(mu * math.exp(-lam), nu * math.exp(-lam))
