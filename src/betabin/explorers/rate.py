"""Fewer trials, slower EM: what missing information costs, and what buys it back."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from betabin.em import fit_em
from betabin.explorers import frames
from betabin.explorers.rows import given_or, season_2018
from betabin.information import complete_information, rate_matrix
from betabin.mle import fit_mle
from betabin.model import BetaParams, log_pmf, posterior

__all__ = ["rate_explorer"]

_NEAR = 1e-6  # distance in log concentration at which a run has arrived
_MOST_ROUNDS = 20_000
_METHODS = {
    "EM": {"color": "C0", "linestyle": "-"},
    "SQUAREM": {"color": "C1", "linestyle": "--"},
    "Newton": {"color": "C2", "linestyle": ":", "marker": "o"},
}


def rate_explorer(
    x: ArrayLike | None = None,
    n: ArrayLike | None = None,
    *,
    trials: Sequence[int] = (25, 35, 50, 70, 100, 150, 200, 300, 400),
    seed: int = 3,
) -> frames.Explorer:
    """Change the trials per row, and race EM, SQUAREM and Newton's method (eq-rate-matrix).

    Of each row with enough trials, so many are drawn at random, without putting back: the season as it
    might have looked earlier. All three methods start from the moment estimates.

    Parameters
    ----------
    x, n : array_like of int, optional
        Successes and trials, ten million a row at most; by default the season of 2018, no pitchers.
    trials : sequence of int
        Trials per row to choose from, ascending, from 2 up. Rows with fewer than the last are left out.
    seed : int
        Of the draws.

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
    trials = frames.ascending("trials", trials, 0, math.inf)
    trials = [
        frames.whole(f"trials[{i}]", int(m) if m == int(m) else m, 2, 100_000) for i, m in enumerate(trials)
    ]
    seed = frames.whole("seed", seed, 0, 2**32 - 1)
    enough = n >= trials[-1]
    if enough.sum() < 2:
        raise ValueError(f"n must be at least trials[{len(trials) - 1}] = {trials[-1]} in two rows or more")
    x, n = x[enough], n[enough]
    races = [_Race(np.random.default_rng(seed).hypergeometric(x, n - x, m), m) for m in trials]
    first = len(races) // 2
    whole = races[-1].best
    longest = max([100, *(distance.size for race in races for distance in race.distance.values())])

    labelled = trials[:: -(-len(trials) // 5)]

    def set_up(axes):
        upper, lower = axes
        upper.set(xlabel="trials per player", ylabel="share missing", xscale="log")
        upper.set(xlim=(trials[0] / 1.3, trials[-1] * 1.3), ylim=(0, 1.05))
        upper.set_xticks(trials, [str(m) if m in labelled else "" for m in trials])
        upper.minorticks_off()
        if whole.status == "interior":
            grid = np.unique(np.geomspace(trials[0], trials[-1], 25).round().astype(int))
            expected = [_expected_share(whole.params, int(m)) for m in grid]
            upper.plot(
                grid, expected, color="black", label=f"expected, concentration {whole.concentration:.0f}"
            )
        upper.plot([], [], "o", color="C1", label="these players")
        for name, look in _METHODS.items():
            lower.plot([], [], label=name, **look)
        lower.set(xscale="log", yscale="log", xlabel="round, or Newton step", ylabel="distance left")
        lower.set(xlim=(0.9, 1.2 * longest), ylim=(1e-8, 3))
        for ax, where in zip(axes, ["lower left", "upper right"], strict=True):
            ax.legend(loc=where, frameon=True, framealpha=0.85, edgecolor="none")

    def result(race):
        def draw(axes):
            if race.share is None:
                axes[1].text(0.5, 0.6, "no maximum", transform=axes[1].transAxes, ha="center")
                return
            axes[0].plot(race.trials, race.share, "o", color="C1", markersize=10)
            for name, look in _METHODS.items():
                distance = race.distance[name][1:]
                some = np.unique(np.geomspace(1, distance.size, 100).astype(int)) - 1
                axes[1].plot(some + 1, np.maximum(distance[some], 1e-12), **look)

        return draw

    def tell(race):
        seen = f"<b>{race.trials} at-bats</b> of each of {x.size} players"
        if race.share is None:
            why = "They differ no more than by luck alone: there is no maximum, and EM walks for ever."
            return frames.words([f"{seen}. {why}"])
        arrived = ", ".join(f"{name} <b>{race.arrival(name)}</b>" for name in _METHODS)
        return frames.words(
            [
                f"{seen}: fitted concentration {race.best.concentration:.1f}, and "
                f"<b>{race.share:.4f}</b> of the information missing in the slow direction: what a round "
                "of EM leaves of the distance.",
                f"Rounds (Newton: steps) until the log concentration is within a millionth: {arrived}.",
            ]
        )

    canvas = frames.Canvas(set_up, height=7.0, panels=(0.85, 1), left=0.16)

    def build():
        slider = frames.choice("at-bats", [str(m) for m in trials], index=first)
        results = [
            canvas.layer(
                result(race), f"{race.trials} at-bats: the share missing, and three falling curves."
            )
            for race in races
        ]
        base = canvas.base(
            "Above, the share of missing information, falling as the trials per player grow. Below, axes "
            "for the distance to the maximum in log concentration against the round."
        )
        said = frames.stack([tell(race) for race in races], slider)
        return [slider, frames.layered([base, frames.stack(results, slider)]), frames.told(said)]

    return frames.Explorer(
        f"rate_explorer: {x.size} rows, {trials[0]} to {trials[-1]} trials each",
        [canvas],
        result(races[first]),
        len(races),
        build,
    )


class _Race:
    """Three methods on the same rows, from the same start."""

    def __init__(self, x: NDArray, trials: int):
        self.trials = trials
        self.best = fit_mle(x, trials)
        self.share, self.distance = None, {}
        if self.best.status != "interior":
            return
        self.share = float(np.linalg.eigvals(rate_matrix(self.best.params, x, trials)).real.max())
        traces = {
            "EM": fit_em(x, trials, tol=1e-9, max_iter=_MOST_ROUNDS).trace,
            "SQUAREM": fit_em(x, trials, tol=1e-9, max_iter=_MOST_ROUNDS, accelerate=True).trace,
            "Newton": self.best.trace,
        }
        for name, trace in traces.items():
            self.distance[name] = np.abs(np.log((trace.alpha + trace.beta) / self.best.concentration))

    def arrival(self, name: str) -> str:
        """Return after how many rounds a method stays near the maximum."""
        far = np.flatnonzero(self.distance[name] > _NEAR)
        arrived = far[-1] + 1 if far.size else 0
        return str(arrived) if arrived < self.distance[name].size else f"more than {_MOST_ROUNDS}"


def _expected_share(params: BetaParams, trials: int) -> float:
    """Return the largest share of missing information in a league without end."""
    x = np.arange(trials + 1)
    share = np.exp(log_pmf(x, trials, params))
    q = posterior(params, x, trials)
    missing = sum(
        p * complete_information(BetaParams(*pair), 0, 1) for p, *pair in zip(share, *q, strict=True)
    )
    complete = complete_information(params, 0, 1)
    return float(np.linalg.eigvals(np.linalg.solve(complete, missing)).real.max())
