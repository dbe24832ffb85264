"""Every numbered equation of the book, by its label: both sides evaluated independently."""

import json
import re
import zlib
from pathlib import Path
from typing import NamedTuple

import mpmath as mp
import numpy as np
import pytest

import betabin as bb

ROOT = Path(__file__).parents[1]
EQUATIONS = {}


class Claim(NamedTuple):
    """One side, the other, how close they must be relative to the larger, and how they relate."""

    left: float
    right: float
    rel: float = 1e-9
    relation: str = "="

    def holds(self):
        left, right = mp.mpf(float(self.left)), mp.mpf(float(self.right))
        slack = self.rel * max(abs(left), abs(right))
        return abs(left - right) <= slack if self.relation == "=" else left <= right + slack

    def perturbed(self):
        """The same claim with one side made slightly wrong."""
        if self.relation == "=":
            return self._replace(right=float(self.right) * (1 + 10 * self.rel) + 1e-300)
        return self._replace(left=self.right, right=self.left)


def equation(label):
    """Register a function that draws a random point and returns the claims made there."""

    def register(function):
        assert label not in EQUATIONS, f"{label} has two tests"
        EQUATIONS[label] = function
        return function

    return register


def points(label):
    """The claims at three random points, the same in every run."""
    rng = np.random.default_rng(zlib.crc32(label.encode()))
    return [claim for _ in range(3) for claim in EQUATIONS[label](rng)]


def labels_in_the_book():
    """Where each label is defined."""
    found = {}
    for page in sorted([*ROOT.glob("chapters/*.ipynb"), *ROOT.glob("chapters/*.md"), ROOT / "intro.md"]):
        text = page.read_text(encoding="utf-8")
        if page.suffix == ".ipynb":
            cells = json.loads(text)["cells"]
            text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        for label in re.findall(r"\$\$ *\((eq-[a-z0-9-]+)\)", text):
            assert label not in found, f"{label} is defined in {found.get(label)} and {page.name}"
            found[label] = page.name
    return found


# chapters/04_em.ipynb


def some_rows(rng, size=6):
    n = rng.integers(1, 60, size)
    return rng.integers(0, n + 1), n


def some_params(rng):
    return bb.BetaParams(*np.exp(rng.uniform(-1, 5, 2)))


@equation("eq-em")
def _(rng):
    x, n = some_rows(rng)
    x[0], n[0] = 1, 9  # so that not every x is 0 or n
    old = some_params(rng)
    new = bb.m_step(bb.e_step(old, x, n))
    posteriors = [(old.alpha + a, old.beta + b - a) for a, b in zip(x.tolist(), n.tolist(), strict=True)]
    # E[log Z] by integrating over the posterior, against the new Beta's own.
    mean_log_z = mp.fsum(expected_log(a, b) for a, b in posteriors) / x.size
    mean_log_one_minus_z = mp.fsum(expected_log(b, a) for a, b in posteriors) / x.size
    return [
        Claim(mean_log_z, mp.digamma(new.alpha) - mp.digamma(new.alpha + new.beta)),
        Claim(mean_log_one_minus_z, mp.digamma(new.beta) - mp.digamma(new.alpha + new.beta)),
    ]


def expected_log(a, b):
    """E[log Z] for Z ~ Beta(a, b), by quadrature over log Z."""
    a, b = mp.mpf(a), mp.mpf(b)
    centre = mp.log(a / (a + b))
    width = mp.sqrt(b / a / (a + b + 1))
    # Substituting u = log z, the weight is exp(a u) (1 - exp(u))^(b - 1).
    cuts = sorted(
        {min(centre + k * width, mp.mpf(0)) for k in (-60, -12, -6, -3, 0, 3, 6, 12)} | {mp.mpf(0)}
    )
    log_beta = mp.log(mp.beta(a, b))

    def density(u):
        return mp.exp(a * u + (b - 1) * mp.log1p(-mp.exp(u)) - log_beta) if u < 0 else mp.mpf(0)

    return mp.quad(lambda u: u * density(u), [-200 / a + centre, *cuts])


@equation("eq-one-observation")
def _(rng):
    n = int(rng.integers(2, 60))
    x = int(rng.integers(1, n))
    start = some_params(rng)
    t = int(rng.integers(1, 20))
    params = start
    for _ in range(t):
        params = bb.m_step(bb.e_step(params, [x], [n]))
    return [Claim(params.alpha, start.alpha + t * x), Claim(params.beta, start.beta + t * (n - x))]


@equation("eq-one-observation-gap")
def _(rng):
    n = int(rng.integers(2, 60))
    x = int(rng.integers(1, n))
    start = some_params(rng)
    t = 10**6
    supremum = x * mp.log(mp.mpf(x) / n) + (n - x) * mp.log(mp.mpf(n - x) / n)
    a, b = start.alpha + mp.mpf(t) * x, start.beta + mp.mpf(t) * (n - x)
    at_t = mp.log(mp.rf(a, x)) + mp.log(mp.rf(b, n - x)) - mp.log(mp.rf(a + b, n))
    return [Claim(supremum - at_t, mp.mpf(1) / (2 * t), rel=1e-2)]


# What holds for all of them


@pytest.mark.parametrize("label", sorted(labels_in_the_book()))
def test_equation(label):
    assert label in EQUATIONS, f"{label} has no test"
    for claim in points(label):
        assert claim.holds(), claim


@pytest.mark.parametrize("label", sorted(EQUATIONS))
def test_a_perturbed_side_is_noticed(label):
    for claim in points(label):
        assert not claim.perturbed().holds(), claim


def test_every_test_has_an_equation():
    assert sorted(EQUATIONS) == sorted(labels_in_the_book())


def test_docstrings_cite_equations_that_exist():
    cited = {
        label
        for module in ROOT.glob("src/betabin/**/*.py")
        for label in re.findall(r"\(?(eq-[a-z0-9-]+)", module.read_text(encoding="utf-8"))
    }
    assert cited
    assert cited <= set(labels_in_the_book())
