"""What the M-step looks for: the top of a hill that the posteriors have made."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from betabin.em import e_step, m_step
from betabin.explorers import frames
from betabin.explorers.rows import given_or, pair, season_2018
from betabin.model import BetaParams

__all__ = ["m_step_explorer"]


def m_step_explorer(
    x: ArrayLike | None = None,
    n: ArrayLike | None = None,
    *,
    params: BetaParams = BetaParams(1.0, 1.0),  # noqa: B008 - a tuple, and never changed
) -> frames.Explorer:
    """Try parameters on the M-step's objective, the posteriors being fixed (eq-q-function).

    The objective is shown per row and without the terms that hold no parameter:
    ``(alpha - 1) mean_log_z + (beta - 1) mean_log_one_minus_z - log B(alpha, beta)``.

    Parameters
    ----------
    x, n : array_like of int, optional
        Successes and trials, ten million a row at most; by default the season of 2018, no pitchers, a
        hundred at-bats or more.
    params : BetaParams
        The parameters that the posteriors were taken under.

    Returns
    -------
    Explorer
        To be displayed.

    Raises
    ------
    TypeError, ValueError
        Input that is not as described: the message names the argument, the element and the rule.
    """
    x, n = given_or(season_2018, x, n)
    params = pair("params", params)
    log_z, log_one_minus_z = e_step(params, x, n)
    goal = m_step((log_z, log_one_minus_z))
    means, first_mean = _means(goal.mean, params.mean)
    totals, first_total = _concentrations(goal.concentration, params.concentration)

    def objective(alpha, beta):
        return (alpha - 1) * log_z + (beta - 1) * log_one_minus_z - special.betaln(alpha, beta)

    def slope(alpha, beta):
        both = special.digamma(alpha + beta)
        return log_z - special.digamma(alpha) + both, log_one_minus_z - special.digamma(beta) + both

    top = objective(*goal)

    def set_up(axes):
        (ax,) = axes
        margin = 0.04 * (means[-1] - means[0])
        ax.set(xlabel="mean", ylabel="concentration", yscale="log")
        ax.set(xlim=(means[0] - margin, means[-1] + margin), ylim=(totals[0] / 1.3, totals[-1] * 1.3))
        across = np.linspace(*ax.get_xlim(), 120)
        up = np.geomspace(*ax.get_ylim(), 100)[:, None]
        below = top - objective(across * up, (1 - across) * up)
        lines = np.geomspace(0.003, below.max() / 1.5, 14)
        ax.contour(across, up[:, 0], below, lines, colors="#8A8A8A", linewidths=0.8)
        ax.plot([], [], "o", color="C1", label="you, and uphill")
        ax.legend(loc="upper right", frameon=True, framealpha=0.9, edgecolor="none")

    def here(mean, s):
        def draw(axes):
            (ax,) = axes
            if top - objective(mean * s, (1 - mean) * s) < 1e-9:
                ax.plot(mean, s, "*", color="black", markersize=18)
            ax.plot(mean, s, "o", color="C1", markersize=9)
            by_alpha, by_beta = slope(mean * s, (1 - mean) * s)
            # In the picture's own coordinates, so that the arrow crosses the contour line at right angles.
            box = ax.get_window_extent()
            uphill = np.array(
                [
                    s * (by_alpha - by_beta) * np.ptp(ax.get_xlim()) / box.width,
                    s
                    * (mean * by_alpha + (1 - mean) * by_beta)
                    * np.ptp(np.log(ax.get_ylim()))
                    / box.height,
                ]
            )
            steep = np.hypot(*uphill) * box.width
            if steep < 1e-6:
                return
            # The steeper the longer, but never out of sight.
            length = box.width * (0.06 + 0.05 * np.clip(np.log10(steep), -1, 2))
            start = ax.transData.transform((mean, s))
            end = ax.transData.inverted().transform(start + uphill * box.width / steep * length)
            look = {"arrowstyle": "-|>", "color": "C1", "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
            ax.annotate("", end, (mean, s), arrowprops=look)

        return draw

    def tell(mean, s):
        alpha, beta = mean * s, (1 - mean) * s
        below = top - objective(alpha, beta)
        by_alpha, by_beta = slope(alpha, beta)
        where = "<b>This is the top.</b>" if below < 1e-9 else ""
        return frames.words(
            [
                f"Mean {mean:.4f}, concentration {frames.number(s)}: <b>α = "
                f"{frames.number(alpha)}, β = {frames.number(beta)}</b>. Objective per player "
                f"<b>{objective(alpha, beta):.4f}</b>, {below:.4f} below the top. {where}",
                f"Its slope: {by_alpha:+.4f} along α, {by_beta:+.4f} along β.",
            ]
        )

    canvas = frames.Canvas(set_up, height=4.4)

    def build():
        across = frames.choice("mean", [f"{m:.3f}" for m in means], index=first_mean)
        up = frames.choice("concentration", [f"{frames.number(s)}" for s in totals], index=first_total)
        base = canvas.base(
            "Contour lines of the objective over mean and concentration, a hill with one top."
        )
        dots = [
            [
                canvas.layer(
                    here(m, s),
                    f"A dot at mean {m:.3f}, concentration {frames.number(s)}, with an arrow uphill.",
                )
                for m in means
            ]
            for s in totals
        ]
        said = [[tell(m, s) for m in means] for s in totals]
        return [
            across,
            up,
            frames.layered([base, frames.nested(dots, up, across)]),
            frames.told(frames.nested(said, up, across)),
        ]

    return frames.Explorer(
        f"m_step_explorer: the top is at alpha = {frames.number(goal.alpha)}, beta = "
        f"{frames.number(goal.beta)}",
        [canvas],
        here(means[first_mean], totals[first_total]),
        len(means) * len(totals),
        build,
    )


def _means(goal: float, start: float) -> tuple[list[float], int]:
    """Fifteen means from beyond the one to beyond the other, both among them; where the start is."""
    low, high = sorted([goal, start])
    reach = max(high - low, 0.2 * min(low, 1 - high))
    grid = np.linspace(max(low - 0.2 * reach, low / 2), min(high + 0.15 * reach, (1 + high) / 2), 15)
    return _with(grid, goal, start)


def _concentrations(goal: float, start: float) -> tuple[list[float], int]:
    """Twelve concentrations from the lower to beyond the higher, both among them; where the start is."""
    low, high = sorted([goal, start])
    return _with(np.geomspace(low, high * 4, 12), goal, start)


def _with(grid: np.ndarray, goal: float, start: float) -> tuple[list[float], int]:
    for value in (start, goal):
        grid[np.argmin(np.abs(np.log(grid / value)))] = value
    return grid.tolist(), int(np.argmin(np.abs(grid - start)))
