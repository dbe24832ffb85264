"""The picture of the book: EM's rounds on a season, for links to the site and for the title page.

``python tools/card.py FILE [--plain]`` writes it, with the book's name in it or without.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib import style
from matplotlib.figure import Figure

import betabin as bb
from betabin import plots
from betabin.explorers.rows import season_2018

_ROUNDS = (1, 2, 3, 5, 10, 50)
_NAVY = "#20435C"


def draw(path: Path, *, title: bool = True) -> None:
    """Write the picture as PNG, 1200 by 630 pixels: the size that links are shown with.

    Parameters
    ----------
    path : Path
        Where to; the folder is made if it is missing.
    title : bool
        With the book's name in it, or without.
    """
    x, n = season_2018()
    trace = bb.fit_em(x, n, init=bb.BetaParams(1, 1)).trace
    with style.context("betabin.book"):
        figure = Figure(figsize=(12, 6.3), dpi=100, layout="none")
        axes = figure.add_axes((0.04, 0.11, 0.92, 0.52 if title else 0.85))
        axes.hist(x / n, bins=30, density=True, color="#D0D0D0")
        axes.set_xlim(0.12, 0.38)
        for number, color in zip(_ROUNDS, plots.shades(len(_ROUNDS)), strict=True):
            params = trace.alpha[number], trace.beta[number]
            plots.density(axes, params, color=color, linewidth=3.5)
        axes.grid(visible=False)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xticks(np.arange(0.15, 0.36, 0.05))
        axes.tick_params(labelsize=18)
        if title:
            figure.text(0.04, 0.83, "EM at Bat", fontsize=60, weight="bold", color=_NAVY)
            subtitle = "Expectation–maximization on one model, step by step"
            figure.text(0.042, 0.73, subtitle, fontsize=27, color="#404040")
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=100, metadata={"Software": None})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--plain", action="store_true")
    arguments = parser.parse_args()
    draw(arguments.file, title=not arguments.plain)
