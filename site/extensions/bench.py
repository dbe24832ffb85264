"""Sphinx extension: the bench, a page that computes EM in the browser.

It is given the data of the package, and the package's words for data without a maximum, as a script made at
the build: there is one source for each. Before scripts run, and in print, the page shows a picture, and so
does the PDF.
"""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

import betabin as bb
from betabin.existence import WHY
from betabin.explorers.rows import regulars
from betabin.model import _tabulate

_PAGE = "chapters/bench"
_PLACE = '<div id="bench"></div>'
_SCRIPTS = ("d3/d3.min.js", "em.js", "rows.js", "bench-data.js", "bench.js")
_INIT = "init=bb.BetaParams(ALPHA, BETA)"
_WIDTH, _HEIGHT = 640, 360
_START = bb.BetaParams(1.0, 1.0)
_MEANS, _CONCENTRATIONS = (0.15, 0.55), (0.5, 5000.0)
_BANDS = -np.array([3000.0, 1500, 700, 300, 100, 30, 10, 3])
_SAID = (
    "The picture shows what the bench draws: the log-likelihood of the season of 2018 as a hill, and EM's "
    "path up it from a mean of one half and a concentration of two. The bench computes in your browser, so "
    "it needs scripts: open {where} with scripts allowed."
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
    """Return the data sets that the bench offers, each with the Python that loads and fits it."""
    season, efron_morris = regulars(), bb.load_efron_morris()
    rats, saxony = bb.load_rat_tumors(), bb.load_saxony()
    coins = bb.simulate(bb.BetaParams(2.0, 2.0), np.full(40, 10), rng=np.random.default_rng(7))
    load = 'season = bb.load_batting(2018)\nkeep = (season.position != "P") & (season.n >= 100)\n'
    load += "x, n = season.x[keep], season.n[keep]"

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
            python=f"{load}\nfit = bb.fit_em(x, n, {_INIT})",
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
        one("pass", "Two players, with a pass beside the top", "player", *np.array([[0, 57], [4, 89]])),
    ]


def hill() -> tuple:
    """Return means, concentrations, heights below the top, and EM's path, of the season of 2018."""
    season = regulars()
    mean, s = np.linspace(*_MEANS, 70), np.geomspace(*_CONCENTRATIONS, 50)
    table = _tabulate(season.x, season.n, None)  # once, for thousands of points
    height = np.array([[table.log_likelihood(m, 1 - m, 1 / k) for m in mean] for k in s])
    trace = bb.fit_em(season.x, season.n, init=_START).trace
    path = bb.BetaParams(trace.alpha, trace.beta)
    return mean, s, height - height.max(), (path.mean, path.concentration)


def where(app: Sphinx) -> str:
    """Say where the bench is to be found."""
    site = app.config.html_baseurl
    return f"{site}{_PAGE}.html" if site else "the page of this name on the book's site"


def still(where: str) -> str:
    """Return the picture that stands for the bench, and the words on `where` it is."""
    mean, s, height, (path_mean, path_s) = hill()
    wide, high = _WIDTH / mean.size, _HEIGHT / s.size
    cells = [
        f'<rect x="{i * wide:.1f}" y="{_HEIGHT - (j + 1) * high:.1f}" width="{wide + 0.3:.1f}" '
        f'height="{high + 0.3:.1f}" opacity="{0.08 * band:.2f}"/>'
        for j, line in enumerate(height)
        for i, band in enumerate((line[:, None] > _BANDS).sum(1))
        if band
    ]
    floor, roof = np.log(_CONCENTRATIONS)
    x = (path_mean - _MEANS[0]) / (_MEANS[1] - _MEANS[0]) * _WIDTH
    y = _HEIGHT - (np.log(path_s) - floor) / (roof - floor) * _HEIGHT
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
        said=_SAID.format(where=where),
        label=_LABEL,
    )


def draw_still(path: Path) -> None:
    """Draw the same picture for paper."""
    mean, s, height, (path_mean, path_s) = hill()
    with plt.style.context("betabin.book"):
        figure, axes = plt.subplots(figsize=(6.4, 4.2))
        axes.contourf(mean, s, height, [*_BANDS, 0], cmap="Greens", alpha=0.7)
        axes.plot(path_mean, path_s, "o-", markersize=4)
        axes.set(xlabel="mean", ylabel="concentration", yscale="log", xlim=_MEANS, ylim=_CONCENTRATIONS)
        figure.savefig(path)
        plt.close(figure)


class Printed(SphinxPostTransform):
    """The bench on paper: a picture and where to find it, for LaTeX gets none of the HTML."""

    default_priority = 700
    formats = ("latex",)

    def run(self, **_) -> None:
        """Put the picture into the bench's place."""
        for raw in [node for node in self.document.findall(nodes.raw) if node.astext().strip() == _PLACE]:
            path = Path(self.env.doctreedir) / "bench.pdf"
            draw_still(path)
            self.env.images.add_file(self.env.docname, str(path))
            image = nodes.image(uri=str(path), candidates={"*": str(path)}, alt=_LABEL)
            said = nodes.caption("", _SAID.format(where=where(self.app)))
            raw.replace_self(nodes.figure("", image, said, align="center"))


def place(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Put the picture into the page, and its scripts beside it."""
    if pagename == _PAGE and _PLACE in context["body"]:
        context["body"] = context["body"].replace(_PLACE, still(where(app)))
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
    app.add_post_transform(Printed)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
