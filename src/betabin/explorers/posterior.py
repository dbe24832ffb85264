"""How a record turns a prior into a posterior."""

from collections.abc import Sequence

import numpy as np
from scipy import special, stats

from betabin.explorers import frames
from betabin.explorers.rows import MOST_TRIALS
from betabin.model import BetaParams, _check_rows, posterior
from betabin.plots import density

__all__ = ["posterior_explorer"]

_MOST_RECORDS = 11
# Less and more of it, in tenths of a percent, are shown beside it.
_MEANS = 0.005, 0.995
_TIMES = (1, 5)
_PRIOR = {"color": "#505050", "linestyle": ":", "label": "prior"}
_LIKELIHOOD = {"color": "C1", "linestyle": "--", "label": "likelihood"}
_POSTERIOR = {"color": "C0", "linestyle": "-", "label": "posterior"}


def posterior_explorer(
    x: int = 8,
    n: int = 20,
    *,
    mean: float = 0.25,
    concentrations: Sequence[float] = (2, 8, 16, 32, 128),
) -> frames.Explorer:
    """Show prior, likelihood and posterior as hits and concentration are changed (eq-posterior).

    Parameters
    ----------
    x, n : int
        The record to start from: hits in at-bats, ten million at most. The sliders run over some twenty
        raw averages, of `n` at-bats and of five times as many.
    mean : float
        The prior's mean, between .005 and .995; a lower and a higher one are there to choose as well.
    concentrations : sequence of float
        The prior's concentrations to choose from, ascending, between .001 and a million.

    Returns
    -------
    Explorer
        To be displayed.

    Raises
    ------
    TypeError, ValueError
        Input that is not as described: the message names the argument, the element and the rule.
    """
    if np.ndim(x) or np.ndim(n):
        raise ValueError("x, n must be one player's record, two whole numbers")
    x, n = (int(value) for value in _check_rows(x, n))
    if n == 0:
        raise ValueError("n = 0 must be at least 1")
    if n > MOST_TRIALS:
        raise ValueError(f"n = {n} must be at most {MOST_TRIALS} to be drawn")
    mean = frames.real("mean", mean, *_MEANS)
    concentrations = frames.ascending("concentrations", concentrations, *frames.CONCENTRATIONS)
    # The same share of hits in the record as it is, and in longer ones.
    sizes = [n * times for times in _TIMES]
    records = sorted({*np.linspace(0, n, min(n + 1, _MOST_RECORDS)).round().astype(int).tolist(), x})
    means = [round(float(special.expit(special.logit(mean) + by)), 3) for by in (-0.7, 0, 0.7)]
    means[1] = mean
    priors = [[BetaParams(m * s, (1 - m) * s) for s in concentrations] for m in means]
    middle = len(concentrations) // 2
    first = priors[1][middle]
    # As high as the sharpest posterior of the record itself near the prior's mean.
    top = 1.2 * stats.beta.pdf(mean, *(1 + v for v in posterior(priors[1][-1], round(mean * n), n)))
    strip = -0.06 * top  # where the three means are marked

    def set_up(axes):
        (ax,) = axes
        ax.set(xlabel="true average z", ylabel="density", xlim=(0, 1), ylim=(2 * strip, top))
        ax.axhline(0, color="#333333", linewidth=0.8)
        for look in (_PRIOR, _LIKELIHOOD, _POSTERIOR):
            ax.plot([], [], **look)
        ax.legend(loc="upper right")

    def prior_curve(prior):
        def draw(axes):
            density(axes[0], prior, **_PRIOR)
            axes[0].plot(prior.mean, strip, "s", color="#505050")

        return draw

    def likelihood_curve(hits, trials):
        def draw(axes):
            # z^x (1-z)^(n-x), scaled to area one
            density(axes[0], BetaParams(1 + hits, 1 + trials - hits), **_LIKELIHOOD)
            axes[0].plot(hits / trials, strip, "x", color="C1", markeredgewidth=2)

        return draw

    def posterior_curve(prior, hits, trials):
        def draw(axes):
            own = posterior(prior, hits, trials)
            density(axes[0], own, **_POSTERIOR)
            axes[0].plot([prior.mean, hits / trials], [strip, strip], color="#8A8A8A", linewidth=1)
            axes[0].plot(own.mean, strip, "o", color="C0")

        return draw

    def tell(prior, hits, trials):
        own = posterior(prior, hits, trials)
        weight = trials / (trials + prior.concentration)
        return frames.words(
            [
                f"Record: <b>{hits} hit{'s' * (hits != 1)} in {trials}</b>, a raw average of "
                f"{hits / trials:.3f} (cross). Prior: mean "
                f"{prior.mean:.3f} (square), concentration <b>{prior.concentration:g}</b>.",
                f"Posterior: Beta({own.alpha:g}, {own.beta:g}), <b>mean {own.mean:.3f}</b> (dot), standard "
                f"deviation {stats.beta.std(*own):.3f}. The record has {weight:.0%} of the weight.",
            ]
        )

    canvas = frames.Canvas(set_up)

    def build():
        controls = [
            frames.choice("at-bats", [str(size) for size in sizes]),
            frames.choice("raw average", [f"{k / n:.3f}" for k in records], index=records.index(x)),
            frames.choice("prior's mean", [f"{m:.3f}" for m in means], index=1),
            frames.choice("concentration", [f"{s:g}" for s in concentrations], index=middle),
        ]
        everything = [[(k * size // n, size) for k in records] for size in sizes]
        picture = frames.layered(
            [
                canvas.base("Axes: true average from 0 to 1, and density."),
                frames.nested(
                    [
                        [
                            canvas.layer(
                                prior_curve(p), f"The prior's density, concentration {p.concentration:g}."
                            )
                            for p in row
                        ]
                        for row in priors
                    ],
                    *controls[2:],
                ),
                frames.nested(
                    [
                        [
                            canvas.layer(
                                likelihood_curve(*record),
                                f"The likelihood, highest at {record[0] / record[1]:.3f}.",
                            )
                            for record in row
                        ]
                        for row in everything
                    ],
                    *controls[:2],
                ),
                frames.nested(
                    _each(
                        lambda p, *record: canvas.layer(
                            posterior_curve(p, *record),
                            f"The posterior's density, with its mean at {posterior(p, *record).mean:.3f}.",
                        ),
                        everything,
                        priors,
                    ),
                    *controls,
                ),
            ]
        )
        return [*controls, picture, frames.told(frames.nested(_each(tell, everything, priors), *controls))]

    number = len(sizes) * len(records), len(means) * len(concentrations)
    return frames.Explorer(
        f"posterior_explorer: records of {sizes[0]} to {sizes[-1]} at-bats, {number[1]} priors",
        [canvas],
        frames.together(prior_curve(first), likelihood_curve(x, n), posterior_curve(first, x, n)),
        sum(number) + number[0] * number[1],
        build,
    )


def _each(make, records, priors):
    """Return what `make` makes of each prior and each record, in rows as the controls choose them."""
    return [[[[make(p, *record) for p in row] for row in priors] for record in some] for some in records]
