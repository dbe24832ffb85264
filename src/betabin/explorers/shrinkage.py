"""Raw averages on their way to the mean, as the prior is believed more."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from betabin.explorers import frames
from betabin.explorers.rows import given_or, regulars, season_2018
from betabin.mle import fit_mle
from betabin.model import BetaParams, log_likelihood, posterior

__all__ = ["shrinkage_explorer"]

_SHOWN_2018 = (
    "Mookie Betts",
    "Jeff McNeil",
    "Christian Yelich",
    "Luke Voit",
    "Mike Trout",
    "Yandy Diaz",
    "Chris Davis",
    "Roberto Perez",
    "Chris Young",
    "Trayce Thompson",
)
_MOST = 12


def shrinkage_explorer(
    x: ArrayLike | None = None,
    n: ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> frames.Explorer:
    """Let raw averages slide to shrunken ones as the concentration grows (eq-shrunken-average).

    The prior's mean stays the fitted one, or the pooled share of successes where there is no maximum.

    Parameters
    ----------
    x, n : array_like of int, optional
        Successes and trials, ten million a row at most; by default the season of 2018, no pitchers, a
        hundred at-bats or more, of which ten are drawn. All rows determine the prior; of more than twelve,
        twelve are drawn, from the highest raw average to the lowest.
    names : sequence of str, optional
        What the rows are called; by default their numbers.

    Returns
    -------
    Explorer
        To be displayed.

    Raises
    ------
    TypeError, ValueError
        Input that is not as described: the message names the argument, the element and the rule.
    """
    if x is None and n is None and names is None:
        season = regulars()
        x, n, names = season.x, season.n, season.player.tolist()
        shown = [names.index(name) for name in _SHOWN_2018]
    else:
        if x is None or n is None:
            raise TypeError("x and n must be given together, and with names")
        x, n = given_or(season_2018, x, n)
        names = frames.named([f"row {i}" for i in range(x.size)] if names is None else names, x.size)
        order = np.argsort(-x / n, kind="stable")
        shown = order[
            np.unique(np.linspace(0, x.size - 1, min(x.size, _MOST)).round().astype(int))
        ].tolist()
    fit = fit_mle(x, n)
    mean = fit.mean if 0 < fit.mean < 1 else float((x.sum() + 0.5) / (n.sum() + 1))
    fitted = fit.concentration if fit.status == "interior" else None
    grid = [1.0, 5.0, 10.0, 25.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1600.0, 3200.0, 12_800.0]
    if fitted:
        grid = [s for s in grid if abs(np.log(s / fitted)) > 0.3] + [fitted]
    grid = sorted(grid)
    start = int(np.argmin(np.abs(np.log(np.array(grid) / 50))))  # where something has moved
    raw = x[shown] / n[shown]
    # As they stand before any shrinking, the highest on top.
    rows = np.argsort(np.argsort(raw, kind="stable"), kind="stable")

    def shrunken(s):
        return posterior(BetaParams(mean * s, (1 - mean) * s), x[shown], n[shown]).mean

    def climbed(s):
        """Return by how many places each has risen."""
        now = np.argsort(np.argsort(shrunken(s), kind="stable"), kind="stable")
        return now - rows

    def label(s):
        return f"{s:.0f} (fitted)" if s == fitted else f"{s:.0f}"

    def set_up(axes):
        (ax,) = axes
        low, high = min(raw.min(), mean), max(raw.max(), mean)
        margin = 0.08 * (high - low) + 0.005
        ax.plot(raw, rows, "o", color="C1", markerfacecolor="white", label="raw")
        ax.plot([], [], "o", color="C0", label="shrunken")
        ax.axvline(mean, color="#505050", linestyle=":", linewidth=1.5)
        # A dollar sign in a name is no formula.
        ax.set_yticks(rows, [f"{_short(names[i])}, {n[i]}" for i in shown], parse_math=False)
        ax.set(xlabel="average", xlim=(low - margin, high + 3 * margin), ylim=(-0.7, len(shown) - 0.3))
        ax.legend(
            loc="lower right", bbox_to_anchor=(0.88, 0), frameon=True, framealpha=0.85, edgecolor="none"
        )

    def slide(s):
        def draw(axes):
            axes[0].hlines(rows, raw, shrunken(s), color="#767676", linewidth=1.5)
            axes[0].plot(shrunken(s), rows, "o", color="C0")
            # At the right, who has passed how many, or been passed.
            for row, up in zip(rows, climbed(s), strict=True):
                if up:
                    axes[0].text(
                        0.99,
                        row,
                        f"{'▲' if up > 0 else '▼'} {abs(up)}",
                        transform=axes[0].get_yaxis_transform(),
                        color="C2" if up > 0 else "C1",
                        ha="right",
                        va="center",
                    )

        return draw

    def tell(s):
        after = shrunken(s)
        by_rank = np.argsort(-after, kind="stable")
        listed = ", ".join(f"{frames.escaped(names[shown[i]])} {after[i]:.3f}" for i in by_rank)
        lost = fit.log_likelihood - log_likelihood((mean * s, (1 - mean) * s), x, n)
        return frames.words(
            [
                f"The prior counts as much as <b>{s:.0f} at-bat{'s' * (s > 1)}</b> of a {mean:.3f} hitter"
                + (", as fitted" if s == fitted else "")
                + f". Log-likelihood of all {x.size} rows: <b>{lost:.2f} below</b> the supremum.",
                f"From the highest: {listed}. A triangle tells how many places a player has risen or "
                "fallen among these.",
            ]
        )

    canvas = frames.Canvas(set_up, height=1.2 + 0.36 * len(shown), left=0.36)

    def build():
        slider = frames.choice("concentration", [label(s) for s in grid], index=start)
        slides = [canvas.layer(slide(s), f"Shrunken averages at concentration {s:.0f}.") for s in grid]
        base = canvas.base(
            f"One row for each of {len(shown)} players, with the number of at-bats: the raw averages as "
            f"open circles; a dotted line at the mean, {mean:.3f}."
        )
        said = frames.stack([tell(s) for s in grid], slider)
        return [slider, frames.layered([base, frames.stack(slides, slider)]), frames.told(said)]

    return frames.Explorer(
        f"shrinkage_explorer: {len(shown)} of {x.size} rows shrink to {mean:.3f}; {fit.status}",
        [canvas],
        slide(fitted or grid[-1]),
        len(grid),
        build,
    )


def _short(name: str) -> str:
    return name if len(name) <= 22 else name[:21] + "…"
