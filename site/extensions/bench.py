"""Sphinx extension: the bench, a page that computes EM in the browser.

It is given the data of the package, and the package's words for data without a maximum, as a script made at
the build: there is one source for each. Before scripts run, and in print, the page shows a picture.
"""

import json
from pathlib import Path

import numpy as np
from sphinx.application import Sphinx

import betabin as bb
from betabin.existence import WHY
from betabin.explorers.rows import regulars

_PAGE = "chapters/bench"
_PLACE = '<div id="bench"></div>'
_SCRIPTS = ("d3/d3.min.js", "em.js", "rows.js", "bench-data.js", "bench.js")
_INIT = "init=bb.BetaParams(ALPHA, BETA)"
_WIDTH, _HEIGHT = 640, 360
_START = bb.BetaParams(1.0, 1.0)
_SAID = (
    "The bench computes in your browser, so it needs scripts: open this page of the book's site with "
    "scripts allowed. The picture shows what it draws: the log-likelihood of the season of 2018 as a hill, "
    "and EM's path up it from a mean of one half and a concentration of two."
)
_LABEL = "EM's path up the log-likelihood of the season of 2018"
_STILL = """<div id="bench">
<figure class="bench-still">
<svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}">
{contours}
<path class="bench-path" d="{path}"/>
{points}
<text x="{middle}" y="{low}">mean, from 0.15 to 0.55</text>
</svg>
<figcaption>{said}</figcaption>
</figure>
</div>"""


def data_sets() -> list[dict]:
    """Return the data sets that the bench offers, each with the line of Python that loads it."""
    season, efron_morris, rats, saxony = (
        regulars(),
        bb.load_efron_morris(),
        bb.load_rat_tumors(),
        bb.load_saxony(),
    )
    coins = bb.simulate(bb.BetaParams(2.0, 2.0), np.full(40, 10), rng=np.random.default_rng(7))
    load = 'season = bb.load_batting(2018); keep = (season.position != "P") & (season.n >= 100)'

    def one(key, title, row, x, n, *, counts=None, labels=None, python=""):
        made = {"key": key, "title": title, "row": row, "x": x.tolist(), "n": n.tolist(), "python": python}
        made["counts"] = None if counts is None else counts.tolist()
        made["labels"] = None if labels is None else labels.tolist()
        return made

    return [
        one(
            "season",
            "The season of 2018: 100 at-bats or more",
            "player",
            season.x,
            season.n,
            labels=season.player,
            python=f"{load}\nfit = bb.fit_em(season.x[keep], season.n[keep], {_INIT})",
        ),
        one(
            "efron-morris",
            "Efron and Morris: 18 batters of 1970",
            "player",
            efron_morris.x,
            efron_morris.n,
            labels=efron_morris.player,
            python=f"data = bb.load_efron_morris()\nfit = bb.fit_em(data.x, data.n, {_INIT})",
        ),
        one(
            "rats",
            "Rat tumours: 71 groups",
            "group",
            rats.x,
            rats.n,
            python=f"data = bb.load_rat_tumors()\nfit = bb.fit_em(data.x, data.n, {_INIT})",
        ),
        one(
            "saxony",
            "Saxony: boys among twelve children",
            "families",
            saxony.x,
            saxony.n,
            counts=saxony.counts,
            python=f"data = bb.load_saxony()\nfit = bb.fit_em(data.x, data.n, counts=data.counts, {_INIT})",
        ),
        one("coins", "A bag of coins: 40 coins, ten flips each", "coin", coins.x, coins.n),
        one("one", "One player: 13 hits in 50 at-bats", "player", np.array([13]), np.array([50])),
        one(
            "pass",
            "Two players, with a pass between two tops",
            "player",
            np.array([0, 57]),
            np.array([4, 89]),
        ),
    ]


def still() -> str:
    """Return the picture that stands for the bench."""
    season = regulars()
    low, high, floor, top = 0.15, 0.55, np.log(0.5), np.log(5000)
    mean, s = np.linspace(low, high, 70), np.exp(np.linspace(floor, top, 50))
    height = np.array(
        [
            [bb.log_likelihood(bb.BetaParams(m * k, (1 - m) * k), season.x, season.n) for m in mean]
            for k in s
        ]
    )
    bands = height.max() - np.array([3000.0, 1500, 700, 300, 100, 30, 10, 3])
    wide, high_cell = _WIDTH / mean.size, _HEIGHT / s.size
    cells = [
        f'<rect x="{i * wide:.1f}" y="{_HEIGHT - (j + 1) * high_cell:.1f}" width="{wide + 0.3:.1f}" '
        f'height="{high_cell + 0.3:.1f}" opacity="{0.08 * band:.2f}"/>'
        for j, line in enumerate(height)
        for i, band in enumerate((line[:, None] > bands).sum(1))
        if band
    ]
    trace = bb.fit_em(season.x, season.n, init=_START).trace
    x = (trace.alpha / (trace.alpha + trace.beta) - low) / (high - low) * _WIDTH
    y = _HEIGHT - (np.log(trace.alpha + trace.beta) - floor) / (top - floor) * _HEIGHT
    places = [f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True)]
    points = "".join(
        f'<circle class="bench-dot" r="4" cx="{p.split()[0]}" cy="{p.split()[1]}"/>' for p in places[:12]
    )
    return _STILL.format(
        width=_WIDTH,
        height=_HEIGHT + 30,
        contours=f'<g class="bench-bands">{"".join(cells)}</g>',
        path="M" + "L".join(places),
        points=points,
        middle=_WIDTH / 2,
        low=_HEIGHT + 22,
        said=_SAID,
        label=_LABEL,
    )


def place(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Put the picture into the page, and its scripts beside it."""
    if pagename == _PAGE and _PLACE in context["body"]:
        context["body"] = context["body"].replace(_PLACE, still())
        app.add_css_file("bench.css")
        for script in _SCRIPTS:
            app.add_js_file(script, loading_method="defer")


def write_data(app: Sphinx, exception: Exception | None) -> None:
    """Write the data sets as a script: from disk a page can read nothing else."""
    if exception is None and app.builder.name == "html":
        made = json.dumps({"sets": data_sets(), "why": WHY}, separators=(",", ":"), ensure_ascii=False)
        path = Path(app.outdir) / "_static" / "bench-data.js"
        path.write_text(f"globalThis.BENCH = {made};\n", encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Register the above with Sphinx."""
    app.connect("html-page-context", place, priority=700)
    app.connect("build-finished", write_data)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
