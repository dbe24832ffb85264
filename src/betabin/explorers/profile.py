"""The ridge of the likelihood: how far along it the data let us go."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from betabin.data import load_efron_morris
from betabin.explorers import frames
from betabin.explorers.rows import given_or
from betabin.mle import _best_eta, _height, fit_mle
from betabin.model import BetaParams, _tabulate
from betabin.plots import log_likelihood_contours

__all__ = ["profile_explorer"]

_CUT = float(stats.chi2.ppf(0.95, 1)) / 2


def profile_explorer(x: ArrayLike | None = None, n: ArrayLike | None = None) -> frames.Explorer:
    """Walk along the ridge of the log-likelihood: for each concentration, the best mean (eq-profile).

    Parameters
    ----------
    x, n : array_like of int, optional
        Successes and trials, ten million a row at most; by default the eighteen batters of Efron and
        Morris.

    Returns
    -------
    Explorer
        To be displayed.

    Raises
    ------
    ValueError
        The mean has no best value inside: every x is 0, or every x is n. Also for input that is not as
        described: the message names the argument, the element and the rule.
    TypeError
        Input that does not hold whole numbers.
    """
    x, n = given_or(lambda: load_efron_morris()[1:3], x, n)
    if x.sum() in (0, n.sum()):
        raise ValueError("x must hold both successes and failures: here every trial ended alike")
    best = fit_mle(x, n)
    centre = best.concentration if best.status == "interior" else 4.0 * n.max()
    curve = centre * np.geomspace(1 / 40, 160, 97)
    grid = curve[::4]

    table = _tabulate(x, n, None)
    etas = [_best_eta(table, -np.log(s), 1e-12) for s in curve]
    ridge = special.expit(etas)
    profile = [
        _height(table, eta, -np.log(s)) - best.log_likelihood for eta, s in zip(etas, curve, strict=True)
    ]
    means, below = ridge[::4], [-height for height in profile[::4]]
    width = 3.2 * np.sqrt(means[0] * (1 - means[0]) / min(n.sum(), (1 + grid[0]) * n.size))
    start = grid.size // 6  # away from the answer

    def set_up(axes):
        upper, lower = axes
        log_likelihood_contours(
            upper,
            x,
            n,
            mean=(max(min(means) - width, 1e-3), min(max(means) + width, 1 - 1e-3)),
            concentration=(grid[0], grid[-1]),
            below=[0.1, 0.5, _CUT, 4, 8, 16],
        )
        upper.plot(ridge, curve, color="C0", linestyle="--", label="ridge")
        lower.semilogx(curve, profile, color="C0", label="profile")
        lower.axhline(-_CUT, color="#505050", linestyle=":", label="95 % cut")
        lower.set(
            xlabel="concentration", ylabel="below the supremum", xlim=(grid[0], grid[-1]), ylim=(-6, 0.4)
        )
        if best.status == "interior":
            upper.plot(best.mean, best.concentration, "k*", markersize=14, label="maximum")
        # Contour lines go everywhere: this legend stands over them.
        upper.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, borderaxespad=0, borderpad=0.1)
        lower.legend(loc="lower right")

    def here(k):
        def draw(axes):
            axes[0].plot(means[k], grid[k], "o", color="C1", markersize=10)
            axes[1].plot(grid[k], -below[k], "o", color="C1", markersize=10)

        return draw

    def tell(k):
        s, mean = grid[k], means[k]
        side = "inside" if below[k] <= _CUT else "outside"
        prior = BetaParams(mean * s, (1 - mean) * s)
        return frames.words(
            [
                f"Concentration <b>{frames.number(s)}</b>: the best mean is <b>{mean:.4f}</b>, so α = "
                f"{frames.number(prior.alpha)}, β = {frames.number(prior.beta)}, and true averages have "
                f"a standard deviation of {stats.beta.std(*prior):.4f}.",
                f"Log-likelihood <b>{best.log_likelihood - below[k]:.3f}</b>, {below[k]:.3f} below the "
                f"supremum: <b>{side}</b> the 95 % interval, which ends {_CUT:.2f} below.",
            ]
        )

    canvas = frames.Canvas(set_up, height=7.0, panels=(1, 1), left=0.16)

    def build():
        slider = frames.choice("concentration", [f"{frames.number(s)}" for s in grid], index=start)
        dots = [
            canvas.layer(
                here(k), f"Dots at concentration {frames.number(s)}: on the ridge, and on its profile."
            )
            for k, s in enumerate(grid)
        ]
        base = canvas.base(
            "Above, contour lines of the log-likelihood over mean and concentration, and the ridge along "
            "them. Below, the height of the ridge, with the cut of the 95 % interval."
        )
        said = frames.stack([tell(k) for k in range(grid.size)], slider)
        return [slider, frames.layered([base, frames.stack(dots, slider)]), frames.told(said)]

    return frames.Explorer(
        f"profile_explorer: the ridge of {x.size} rows, {best.status}",
        [canvas],
        here(start),
        grid.size,
        build,
    )
