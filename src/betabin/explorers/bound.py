"""The lower bound: lifted to the log-likelihood by the E-step, climbed by the M-step."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from betabin.em import lower_bound
from betabin.explorers import frames
from betabin.explorers.rows import given_or, season_2018
from betabin.model import BetaParams, log_likelihood, posterior

__all__ = ["bound_explorer"]


def bound_explorer(
    x: ArrayLike | None = None,
    n: ArrayLike | None = None,
    *,
    mean: float | None = None,
    start: float = 40.0,
    rounds: int = 20,
) -> frames.Explorer:
    """Show the bound and the log-likelihood over the concentration, half-step by half-step (eq-elbo-gap).

    The prior's mean is held, so that both are curves: EM for a model with one parameter.

    Parameters
    ----------
    x, n : array_like of int, optional
        Successes and trials, ten million a row at most; by default the season of 2018, no pitchers, a
        hundred at-bats or more.
    mean : float, optional
        The prior's mean, between 0 and 1; by default 0.25 for the season and the pooled share of
        successes for other data.
    start : float
        The concentration to start from. The first bound is that of the posteriors under a fifth of it.
    rounds : int
        How many rounds, 1 to 20; each is two half-steps.

    Returns
    -------
    Explorer
        To be displayed.

    Raises
    ------
    TypeError, ValueError
        Input that is not as described: the message names the argument, the element and the rule.
    """
    own = x is not None
    x, n = given_or(season_2018, x, n)
    if mean is None:
        mean = float(x.sum() / n.sum()) if own else 0.25
        if mean in (0, 1):
            raise ValueError("x must hold both successes and failures, or mean be given")
    mean = frames.real("mean", mean, 0, 1)
    start = frames.real("start", start, *frames.CONCENTRATIONS)
    rounds = frames.whole("rounds", rounds, 1, 20)

    def params(s):
        return BetaParams(mean * s, (1 - mean) * s)

    def height(s):
        return log_likelihood(params(s), x, n)

    def bound(s, q):
        return lower_bound(params(s), q, x, n)

    def top(q, s):
        """Return the concentration at which the bound is highest."""

        def down(log_s):
            return -bound(np.exp(log_s), q)

        # From q's own point uphill; the bound is concave in the concentration.
        found = optimize.minimize_scalar(down, bracket=(np.log(s), np.log(s) + 0.1), tol=1e-9)
        return float(np.exp(found.x))

    # After each half-step: whose posteriors q are, and where the prior stands.
    made_at, stands = [start / 5], [start]
    for _ in range(rounds):
        made_at += [stands[-1]] * 2
        stands += [stands[-1], top(posterior(params(stands[-1]), x, n), stands[-1])]
    line = np.geomspace(start / 4, 30 * max(stands), 150)
    hill = np.array([height(s) for s in line])
    peak = hill.max()
    span = peak - height(start)
    gaps = np.array(
        [height(s) - bound(s, posterior(params(at), x, n)) for s, at in zip(stands, made_at, strict=True)]
    )

    def set_up(axes):
        ax, own = axes
        ax.plot(line, hill, color="black", label="log-likelihood")
        ax.plot([], [], "--", color="C0", label="bound")
        ax.plot([], [], color="C1", linewidth=6, alpha=0.6, label="gap")
        ax.set(xscale="log", xlabel="concentration", ylabel="log-likelihood, bound")
        ax.set(xlim=(line[0], line[-1]), ylim=(height(start) - 0.45 * span, peak + 0.6 * span))
        ax.legend(loc="upper right", ncols=3, columnspacing=1.2)
        least = max(gaps[gaps > 0].min(), 1e-9) if (gaps > 0).any() else 1e-9
        own.set(yscale="log", xlabel="half-step", ylabel="gap")
        own.set(xlim=(-0.5, 2 * rounds + 0.5), ylim=(least / 4, 4 * max(gaps.max(), least)))

    def curve(s):
        def draw(axes):
            q = posterior(params(s), x, n)
            heights = np.array([bound(t, q) for t in line])
            seen = heights > axes[0].get_ylim()[0] - span
            axes[0].plot(line[seen], heights[seen], "--", color="C0")

        return draw

    def point(k):
        def draw(axes):
            s, q = stands[k], posterior(params(made_at[k]), x, n)
            axes[0].plot([s, s], [bound(s, q), height(s)], color="C1", linewidth=6, alpha=0.6)
            axes[0].plot(s, height(s), "o", color="black")
            axes[0].plot(s, bound(s, q), "^", color="C0", markersize=8)
            # After an E-step the gap is nothing, which no such scale can show.
            seen = [i for i in range(k + 1) if i % 2 == 0]
            axes[1].plot(seen, gaps[seen], "o-", color="C1", linewidth=1.2)
            axes[1].axvline(k, color="#767676", linewidth=1)

        return draw

    def tell(k):
        s, q = stands[k], posterior(params(made_at[k]), x, n)
        step = ["Start.", f"Round {(k + 1) // 2}, {'E' if k % 2 else 'M'}-step."][k > 0]
        what = [
            "The prior has moved to the top of the bound; the log-likelihood went along.",
            "The posteriors under this prior lift the bound until it touches.",
        ][k % 2]
        if k == 0:
            what = f"The bound is that of posteriors under concentration {frames.number(made_at[0])}."
        return frames.words(
            [
                f"<b>{step}</b> {what}",
                f"Concentration {s:.2f}: log-likelihood <b>{height(s):.3f}</b>, bound "
                f"<b>{bound(s, q):.3f}</b>. "
                "The gap, the divergence of the q's from the posteriors, is "
                f"<b>{max(height(s) - bound(s, q), 0):.6f}</b>.",
            ]
        )

    canvas = frames.Canvas(set_up, height=6.0, panels=(1.7, 1), left=0.17)

    def build():
        slider, row = frames.stepper("half-step", 2 * rounds)
        curves = {
            s: canvas.layer(curve(s), f"The bound of the posteriors under {frames.number(s)}.")
            for s in made_at
        }
        points = [
            canvas.layer(point(k), f"The prior at concentration {frames.number(s)}, and the gap there.")
            for k, s in enumerate(stands)
        ]
        base = canvas.base(
            "Above, the log-likelihood over the concentration, a hill. Below, axes for the gap."
        )
        picture = frames.layered(
            [
                base,
                frames.stack([curves[s] for s in made_at], slider),
                frames.stack(points, slider),
            ]
        )
        said = frames.stack([tell(k) for k in range(2 * rounds + 1)], slider)
        return [row, picture, frames.told(said)]

    return frames.Explorer(
        f"bound_explorer: {rounds} rounds at mean {mean:.3f}, from concentration {start:g} to "
        f"{stands[-1]:.0f}",
        [canvas],
        frames.together(curve(made_at[0]), point(0)),
        len(set(made_at)) + len(stands),
        build,
    )
