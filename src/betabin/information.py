"""How much the data say of the parameters: score, information, rate of EM, standard errors.

All matrices are in (alpha, beta), symmetric unless said otherwise, and all but the rate add up over the
rows. Relative to their largest entry the informations are accurate to 1e-14 at every concentration up to
1e8; the rate matrix, a quotient, to 1e-11 at concentration 1e4 and 1e-9 at 1e6.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from betabin.fit import Fit
from betabin.mle import _derivatives
from betabin.model import BetaParams, _check_params, _Table, _tabulate

__all__ = [
    "StandardErrors",
    "complete_information",
    "missing_information",
    "observed_information",
    "rate_matrix",
    "score",
    "standard_errors",
]


class StandardErrors(NamedTuple):
    """Standard errors of four functions of the estimates; not the estimates.

    Attributes
    ----------
    mean, log_concentration, alpha, beta : float
        nan where the likelihood gives none. Those of `alpha` and `beta` alone mislead when the
        concentration is poorly determined: the two move together.
    """

    mean: float
    log_concentration: float
    alpha: float
    beta: float


def score(params: BetaParams, x: ArrayLike, n: ArrayLike, *, counts: ArrayLike | None = None) -> NDArray:
    """Gradient of the log-likelihood in (alpha, beta) (eq-score).

    By Fisher's identity also the gradient, at `params`, of the function that the M-step maximises.

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
    ndarray, shape (2,)

    Raises
    ------
    TypeError, ValueError
        Input that is not as described: the message names the argument, the element and the rule.
    """
    params = _check_params(params)
    return _tabulate(x, n, counts).score(params)


def observed_information(
    params: BetaParams, x: ArrayLike, n: ArrayLike, *, counts: ArrayLike | None = None
) -> NDArray:
    """Minus the Hessian of the log-likelihood in (alpha, beta) (eq-observed-information).

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
    ndarray, shape (2, 2)
        Positive definite at a maximum; not everywhere.

    Raises
    ------
    TypeError, ValueError
        Input that is not as described: the message names the argument, the element and the rule.
    """
    params = _check_params(params)
    table = _tabulate(x, n, counts)
    alpha, beta = params
    j, width, x, y, n = table.tails
    hit, miss, trial = 1 / (alpha + j) ** 2, 1 / (beta + j) ** 2, 1 / (alpha + beta + j) ** 2
    across = -(width @ (n * trial))
    return np.array([[width @ (x * hit - n * trial), across], [across, width @ (y * miss - n * trial)]])


def complete_information(
    params: BetaParams, x: ArrayLike, n: ArrayLike, *, counts: ArrayLike | None = None
) -> NDArray:
    """Information there would be if each latent probability were seen (eq-complete-information).

    It depends on the data through the number of rows alone: given z, x says nothing more.

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
    ndarray, shape (2, 2)
        Positive definite.

    Raises
    ------
    TypeError, ValueError
        Input that is not as described: the message names the argument, the element and the rule.
    """
    params = _check_params(params)
    return _complete(params, _tabulate(x, n, counts))


def missing_information(
    params: BetaParams, x: ArrayLike, n: ArrayLike, *, counts: ArrayLike | None = None
) -> NDArray:
    """Information that is lost because no latent probability is seen (eq-missing-information).

    The sum over the rows of the posterior covariance of (log Z, log(1 - Z)). Complete less missing is
    observed information (eq-louis).

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
    ndarray, shape (2, 2)
        Positive definite.

    Raises
    ------
    TypeError, ValueError
        Input that is not as described: the message names the argument, the element and the rule.
    """
    params = _check_params(params)
    return _missing(params, _tabulate(x, n, counts))


def rate_matrix(
    params: BetaParams, x: ArrayLike, n: ArrayLike, *, counts: ArrayLike | None = None
) -> NDArray:
    """Return the share of information that is missing, ``inv(complete) @ missing`` (eq-rate-matrix).

    At a maximum it is the derivative of the EM step: near the end each step multiplies the error by
    it, and its largest eigenvalue is the factor by which the error shrinks (Dempster, Laird & Rubin
    1977). There its eigenvalues lie between 0 and 1; it is not symmetric.

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
    ndarray, shape (2, 2)

    Raises
    ------
    TypeError, ValueError
        Input that is not as described: the message names the argument, the element and the rule.
    """
    params = _check_params(params)
    table = _tabulate(x, n, counts)
    return np.linalg.solve(_complete(params, table), _missing(params, table))


def standard_errors(
    fit: Fit, x: ArrayLike, n: ArrayLike, *, counts: ArrayLike | None = None
) -> StandardErrors:
    """Standard errors from the observed information at a fit (eq-standard-errors).

    The information is inverted in (logit mean, log concentration), where the log-likelihood is close
    to a parabola, and carried over to the others by the delta method.

    Parameters
    ----------
    fit : Fit
        From `fit_em` or `fit_mle`, on these data.
    x, n : array_like of int
        Successes and trials, ``0 <= x <= n``; they broadcast.
    counts : array_like of int, optional
        How often each row occurs; once each by default. Broadcasts with `x` and `n`.

    Returns
    -------
    StandardErrors
        Where there is no maximum inside, that of the mean alone, ``sqrt(p (1 - p) / size)``, as of `size`
        draws: in the binomial limit all trials, which is right if the data are binomial and too small if
        the rows differ; all rows where every row is one draw, with a trial each (not_identified) or always
        the same (two_point). All nan for all_zero and all_full, whose likelihood is steep at its end.

    Raises
    ------
    ValueError
        `fit` did not converge, or is not a maximum of the likelihood of these data; and for input
        that is not as described, where the message names the argument, the element and the rule.
    TypeError
        `fit` is no Fit, or input does not hold numbers.
    """
    if not isinstance(fit, Fit):
        raise TypeError(f"fit must be a Fit, not {type(fit).__name__}")
    table = _tabulate(x, n, counts).without_empty_rows()
    none = StandardErrors(math.nan, math.nan, math.nan, math.nan)
    draws = {"binomial_limit": table.trials, "not_identified": table.size, "two_point": table.size}
    if fit.status in draws:
        return none._replace(mean=math.sqrt(fit.mean * (1 - fit.mean) / draws[fit.status]))
    if fit.status != "interior":
        return none
    if not fit.converged:
        raise ValueError("fit must have converged: standard errors belong to a maximum")
    alpha, beta = fit.params
    gradient, hessian = _derivatives(table, math.log(alpha / beta), -math.log(alpha + beta))
    covariance = np.linalg.inv(-hessian) if np.linalg.det(hessian) > 0 else np.full((2, 2), math.nan)
    # At a maximum the surface is concave, and Newton's next step small beside the standard errors.
    if not (hessian[0, 0] < 0 and gradient @ covariance @ gradient < 0.01):
        raise ValueError("fit must be a maximum of the likelihood of x, n, counts: it is not")
    share_a, share_b = alpha / (alpha + beta), beta / (alpha + beta)
    # d alpha = alpha (share_b d eta - d lam), d beta = -beta (share_a d eta + d lam), lam = -log s.
    to_others = np.array(
        [
            [share_a * share_b, 0.0],
            [0.0, -1.0],
            [alpha * share_b, -alpha],
            [-beta * share_a, -beta],
        ]
    )
    variances = np.einsum("ij,jk,ik->i", to_others, covariance, to_others)
    return StandardErrors(*np.sqrt(variances).tolist())


def _complete(params: BetaParams, table: _Table) -> NDArray:
    # zeta(2, .) is the trigamma function.
    return table.size * _matrix(*special.zeta(2.0, (*params, params.concentration)))


def _missing(params: BetaParams, table: _Table) -> NDArray:
    starts = zip((table.x, table.y, table.n), (*params, params.concentration), strict=True)
    return _matrix(*(values.count @ special.zeta(2.0, start + values.value) for values, start in starts))


def _matrix(alpha: float, beta: float, both: float) -> NDArray:
    return np.array([[alpha - both, -both], [-both, beta - both]])
