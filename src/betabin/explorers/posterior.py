"""How a record turns a prior into a posterior."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from betabin.explorers import frames
from betabin.model import BetaParams, _check_rows, posterior
from betabin.plots import density

__all__ = ["posterior_explorer"]

_MOST_RECORDS = 41
_PRIOR = {"color": "#505050", "linestyle": ":", "label": "prior"}
_LIKELIHOOD = {"color": "C1", "linestyle": "--", "label": "likelihood"}
_POSTERIOR = {"color": "C0", "linestyle": "-", "label": "posterior"}


def posterior_explorer(
    x: int = 8,
    n: int = 20,
    *,
    mean: float = 0.25,
    concentrations: Sequence[float] = (2, 4, 8, 16, 32, 64, 128),
) -> frames.Explorer:
    """Show prior, likelihood and posterior as hits and concentration are changed (eq-posterior).

    Parameters
    ----------
    x, n : int
        The record to start from: hits in at-bats. The slider runs over the records of `n` at-bats, or
        over some forty of them if there are more.
    mean : float
        The prior's mean, between 0 and 1.
    concentrations : sequence of float
        The prior's concentrations to choose from, ascending.

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
    mean = frames.real("mean", mean, 0, 1)
    concentrations = frames.ascending("concentrations", concentrations)
    records = sorted({*np.linspace(0, n, min(n + 1, _MOST_RECORDS)).round().astype(int).tolist(), x})
    priors = [BetaParams(mean * s, (1 - mean) * s) for s in concentrations]
    first = priors[len(priors) // 2]
    # As high as the sharpest posterior near the prior's mean.
    top = 1.1 * stats.beta.pdf(mean, *(1 + v for v in posterior(priors[-1], round(mean * n), n)))
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
            axes[0].plot(mean, strip, "s", color="#505050")

        return draw

    def likelihood_curve(hits):
        def draw(axes):
            # z^x (1-z)^(n-x), scaled to area one
            density(axes[0], BetaParams(1 + hits, 1 + n - hits), **_LIKELIHOOD)
            axes[0].plot(hits / n, strip, "x", color="C1", markeredgewidth=2)

        return draw

    def posterior_curve(prior, hits):
        def draw(axes):
            own = posterior(prior, hits, n)
            density(axes[0], own, **_POSTERIOR)
            axes[0].plot([mean, hits / n], [strip, strip], color="#9A9A9A", linewidth=1)
            axes[0].plot(own.mean, strip, "o", color="C0")

        return draw

    def tell(prior, hits):
        own = posterior(prior, hits, n)
        weight = n / (n + prior.concentration)
        return frames.words(
            [
                f"Record: <b>{hits} hits in {n}</b>, a raw average of {hits / n:.3f} (cross). Prior: mean "
                f"{mean:.3f} (square), concentration <b>{prior.concentration:g}</b>.",
                f"Posterior: Beta({own.alpha:g}, {own.beta:g}), <b>mean {own.mean:.3f}</b> (dot), standard "
                f"deviation {stats.beta.std(*own):.3f}. The record has {weight:.0%} of the weight.",
            ]
        )

    canvas = frames.Canvas(set_up)

    def build():
        hits = frames.choice("hits", [str(record) for record in records], index=records.index(x))
        size = frames.choice("concentration", [f"{s:g}" for s in concentrations], index=priors.index(first))
        picture = frames.layered(
            [
                canvas.base(
                    f"Axes: true average from 0 to 1, and density. A mark at the prior's mean, {mean:.3f}."
                ),
                frames.stack(
                    [
                        canvas.layer(
                            prior_curve(p), f"The prior's density, concentration {p.concentration:g}."
                        )
                        for p in priors
                    ],
                    size,
                ),
                frames.stack(
                    [
                        canvas.layer(likelihood_curve(k), f"The likelihood, highest at {k / n:.3f}.")
                        for k in records
                    ],
                    hits,
                ),
                frames.nested(
                    [
                        [
                            canvas.layer(
                                posterior_curve(p, k),
                                f"The posterior's density, with its mean at {posterior(p, k, n).mean:.3f}.",
                            )
                            for k in records
                        ]
                        for p in priors
                    ],
                    size,
                    hits,
                ),
            ]
        )
        said = frames.nested([[tell(p, k) for k in records] for p in priors], size, hits)
        return [hits, size, picture, frames.told(said)]

    return frames.Explorer(
        f"posterior_explorer: the records of {n} at-bats, {len(priors)} priors with mean {mean:.3f}",
        [canvas],
        frames.together(prior_curve(first), likelihood_curve(x), posterior_curve(first, x)),
        len(priors) + len(records) + len(priors) * len(records),
        build,
    )
