"""What the book's pictures show is what they are said to show."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import stats

import betabin as bb
from betabin import plots

mpl.use("agg")


@pytest.fixture
def ax():
    with plt.style.context("betabin.book"):
        figure, axes = plt.subplots()
        yield axes
        plt.close(figure)


def test_style_is_found_by_its_name_and_safe_for_the_colour_blind():
    with plt.style.context("betabin.book"):
        colors = [mpl.colors.to_hex(c).upper() for c in plt.rcParams["axes.prop_cycle"].by_key()["color"]]
    okabe_ito = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#F0E442", "#000000"}
    assert set(colors) <= okabe_ito
    assert len(set(colors)) == len(colors)


def test_density_is_drawn_over_the_present_width(ax):
    ax.set_xlim(0.1, 0.6)
    plots.density(ax, bb.BetaParams(3, 5), label="prior")
    (line,) = ax.lines
    z, height = line.get_data()
    assert (z[0], z[-1]) == (0.1, 0.6)
    assert height == pytest.approx(stats.beta.pdf(z, 3, 5))
    assert line.get_label() == "prior"


def test_density_stays_inside_the_unit_interval(ax):
    ax.set_xlim(-0.1, 1.1)
    plots.density(ax, bb.BetaParams(0.5, 0.5))
    assert np.all(np.isfinite(ax.lines[0].get_ydata()))


def test_contours_lie_as_far_below_the_supremum_as_asked(ax):
    x, n = bb.load_rat_tumors()
    below = [1.0, 3.0]
    plots.log_likelihood_contours(ax, x, n, mean=(0.08, 0.25), concentration=(3, 200), below=below)
    top = bb.fit_mle(x, n).log_likelihood
    (contours,) = ax.collections
    found = []
    for path in contours.get_paths():
        for mean, s in path.vertices[::5]:
            found.append(top - bb.log_likelihood((mean * s, (1 - mean) * s), x, n))
    assert len(found) > 20
    # Interpolated between the points of a grid.
    assert np.min(np.abs(np.subtract.outer(found, below)), axis=1).max() < 0.05
    assert ax.get_yscale() == "log"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("mean", "concentration")


def test_path_goes_through_the_trace(ax):
    fit = bb.fit_em(*bb.load_rat_tumors(), init=bb.BetaParams(1, 1))
    plots.path(ax, fit.trace, marker="o")
    mean, concentration = ax.lines[0].get_data()
    assert concentration == pytest.approx(fit.trace.alpha + fit.trace.beta)
    assert mean * concentration == pytest.approx(fit.trace.alpha)
    assert ax.lines[0].get_marker() == "o"


def test_shades_go_from_dark_to_light():
    colors = plots.shades(6)
    brightness = colors[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert colors.shape == (6, 4)
    assert np.all(np.diff(brightness) > 0.02)
