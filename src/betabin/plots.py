"""Pictures that more than one page of the book draws: functions of data and axes.

They set no style and make no figure: a page says ``plt.style.use("betabin.book")`` and hands over its axes.
They need matplotlib, which the extra ``book`` brings.
"""

import matplotlib as mpl
import numpy as np
import scipy
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from betabin.fit import Trace
from betabin.mle import fit_mle
from betabin.model import BetaParams, _tabulate

__all__ = ["density", "log_likelihood_contours", "path", "shades"]


def shades(number: int) -> NDArray:
    """Colours for an ordered series, dark to light, told apart with any colour vision.

    Parameters
    ----------
    number : int
        How many.

    Returns
    -------
    ndarray, shape (number, 4)
        Red, green, blue and opacity.
    """
    return mpl.colormaps["viridis"](np.linspace(0.05, 0.58, number))


def density(ax: Axes, params: BetaParams, **style) -> None:
    """Draw the density of a Beta distribution over the axes' present width.

    Parameters
    ----------
    ax : Axes
        With its limits along x set.
    params : BetaParams
        The distribution.
    **style
        For ``Axes.plot``.
    """
    z = np.linspace(*np.clip(ax.get_xlim(), 1e-9, 1 - 1e-9), 300)
    ax.plot(z, scipy.stats.beta.pdf(z, *params), **style)


def log_likelihood_contours(
    ax: Axes,
    x: ArrayLike,
    n: ArrayLike,
    *,
    mean: tuple[float, float],
    concentration: tuple[float, float],
    below: ArrayLike,
    counts: ArrayLike | None = None,
) -> None:
    """Draw contour lines of the log-likelihood over mean and concentration, and name the axes.

    Parameters
    ----------
    ax : Axes
        Its scale along y becomes logarithmic.
    x, n : array_like of int
        Successes and trials.
    mean, concentration : pair of float
        From where to where.
    below : array_like of float
        How far below the supremum to draw a line.
    counts : array_like of int, optional
        How often each row occurs.
    """
    fit = fit_mle(x, n, counts=counts)
    means = _closer_at(fit.mean, *mean, 71)
    inside = concentration[0] < fit.concentration < concentration[1]
    centre = np.log(fit.concentration) if inside else np.inf
    concentrations = np.exp(_closer_at(centre, *np.log(concentration), 71))
    table = _tabulate(x, n, counts)  # once, for thousands of points
    height = [[table.log_likelihood(m, 1 - m, 1 / s) for m in means] for s in concentrations]
    levels = fit.log_likelihood - np.sort(np.ravel(below))[::-1]
    ax.contour(means, concentrations, height, levels, colors="#8A8A8A", linewidths=0.8, linestyles="solid")
    ax.set(xlabel="mean", ylabel="concentration", yscale="log", xlim=mean, ylim=concentration)


def _closer_at(centre: float, low: float, high: float, number: int) -> NDArray:
    """Return numbers from `low` to `high` that lie closer near `centre`, if that is inside."""
    if not low < centre < high:
        return np.linspace(low, high, number)
    # Smooth lines need points a hundredth as far apart at the top of a hill as far from it.
    side = np.linspace(-1, 1, number)
    reach = np.where(side < 0, centre - low, high - centre)
    return centre + reach * side * (0.01 + 0.99 * np.abs(side))


def path(ax: Axes, trace: Trace, **style) -> None:
    """Draw the path of a fit over mean and concentration.

    Parameters
    ----------
    ax : Axes
        As `log_likelihood_contours` leaves it.
    trace : Trace
        Of a fit.
    **style
        For ``Axes.plot``.
    """
    points = BetaParams(trace.alpha, trace.beta)
    ax.plot(points.mean, points.concentration, **{"linewidth": 1.2, "markersize": 4, **style})
