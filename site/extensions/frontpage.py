"""Sphinx extension: the picture on the first page, with one slider: what more at-bats do to our belief.

The explorers of the chapters need the widget runtime, which is too heavy for a first page. This one is
drawn from the package: its prior is that of the season of 2018, fitted by EM.
"""

import html
import json

import numpy as np
from scipy import special, stats
from sphinx.application import Sphinx

import betabin as bb
from betabin.explorers.rows import season_2018

_PLACE = '<div id="front-picture"></div>'
_AVERAGE = 0.26
_AT_BATS = (0, 50, 100, 150, 200, 300, 400, 500, 750, 1000, 1500, 2000, 3000, 5000)
_START = 1
_WIDTH, _HEIGHT, _FLOOR = 640, 230, 200
_LOW, _HIGH = 0.10, 0.42
_PICTURE = """
<figure id="front-picture">
<svg viewBox="0 0 {width} {height}" role="img" aria-labelledby="front-said">
{axis}
<path class="front-prior" d="{prior}"/>
<path class="front-data" d="{data}"/>
<path class="front-posterior" d="{posterior}"/>
<g transform="translate({legend_x:.0f})">
<path class="front-prior" d="M0 25h32"/><text class="front-prior" x="40" y="30">other batters</text>
<path class="front-data" d="M0 47h32"/><text class="front-data" x="40" y="52">his own record</text>
<path class="front-posterior" d="M0 69h32"/><text class="front-posterior" x="40" y="74">both together</text>
</g>
</svg>
<label class="front-control"><span>At-bats</span>
<input type="range" min="0" max="{last}" value="{start}" step="1" aria-valuetext="{start_text}"/></label>
<figcaption id="front-said" aria-live="polite">{said}</figcaption>
<script type="application/json">{states}</script>
</figure>"""


def prior() -> bb.BetaParams:
    """Return the prior that EM finds in the season of 2018."""
    return bb.fit_em(*season_2018()).params


def curve(a: float, b: float, scale: float) -> str:
    """Return the density of Beta(a, b) as the path of an SVG, `scale` pixels for each unit of density."""
    z = np.linspace(_LOW, _HIGH, 161)
    height = np.exp(stats.beta.logpdf(z, a, b))
    x = (z - _LOW) / (_HIGH - _LOW) * _WIDTH
    points = (f"{u:.0f} {_FLOOR - v:.1f}" for u, v in zip(x, height * scale, strict=True))
    return "M" + "L".join(points)


def state(params: bb.BetaParams, n: int) -> dict[str, str]:
    """Return what is drawn and said when `n` at-bats have been seen."""
    x = round(_AVERAGE * n)
    posterior = bb.posterior(params, [x], [n])
    a, b = float(posterior.alpha[0]), float(posterior.beta[0])
    low, high = special.betaincinv(a, b, [0.025, 0.975])
    # Each curve keeps its area; all shrink together where the sharpest would leave the picture.
    curves = [(a, b), params] + [(x + 1, n - x + 1)] * (n > 0)
    top = max(stats.beta.pdf((p - 1) / (p + q - 2), p, q) for p, q in curves)
    scale = (_FLOOR - 12) / top
    record = f"{x} hits in {n} at-bats" if n else "No at-bat yet"
    own = round(100 * n / (n + params.concentration))
    return {
        "said": (
            f"<strong>{record}.</strong> His true average is near <strong>{a / (a + b):.3f}</strong>, "
            f"and between {low:.3f} and {high:.3f} with a probability of 95&nbsp;%. "
            f"His own record has {own}&nbsp;% of the say, the other batters {100 - own}&nbsp;%."
        ),
        "text": f"{n} at-bats",
        "prior": curve(*params, scale),
        "data": curve(x + 1, n - x + 1, scale) if n else "",
        "posterior": curve(a, b, scale),
    }


def picture() -> str:
    """Return the figure, with all its states."""
    params = prior()
    states = [state(params, n) for n in _AT_BATS]
    start = states[_START]
    ticks = np.arange(0.15, 0.41, 0.05)
    x = (ticks - _LOW) / (_HIGH - _LOW) * _WIDTH
    axis = f'<path class="front-axis" d="M0 {_FLOOR}H{_WIDTH}"/>' + "".join(
        f'<text class="front-tick" x="{place:.0f}" y="{_FLOOR + 20}">{tick:.2f}</text>'
        for place, tick in zip(x, ticks, strict=True)
    )
    return _PICTURE.format(
        width=_WIDTH,
        height=_HEIGHT,
        axis=axis,
        prior=start["prior"],
        data=start["data"],
        posterior=start["posterior"],
        legend_x=_WIDTH * 0.6,
        last=len(states) - 1,
        start=_START,
        start_text=html.escape(start["text"]),
        said=start["said"],
        states=json.dumps(states).replace("<", "\\u003c"),
    )


def place(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Put the picture where the first page wants it."""
    if pagename == app.config.root_doc and _PLACE in context["body"]:
        context["body"] = context["body"].replace(_PLACE, picture())
        app.add_css_file("front.css")
        app.add_js_file("front.js", loading_method="defer")


def setup(app: Sphinx) -> dict:
    """Register the above with Sphinx."""
    app.connect("html-page-context", place, priority=700)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
