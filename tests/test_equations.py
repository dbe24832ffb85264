"""Every numbered equation of the book, by its label: both sides evaluated independently."""

import functools
import json
import math
import re
import zlib
from pathlib import Path
from typing import NamedTuple

import mpmath as mp
import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

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


@functools.cache
def points(label):
    """The claims at three random points, the same in every run."""
    rng = np.random.default_rng(zlib.crc32(label.encode()))
    with mp.workdps(15):  # oracle.py asks for 60 digits of all that shares its process
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


def some_rows(rng, size=6):
    n = rng.integers(1, 60, size)
    return rng.integers(0, n + 1), n


def some_params(rng):
    return bb.BetaParams(*np.exp(rng.uniform(-1, 5, 2)))


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


# chapters/01_model.ipynb


def average_over_beta(log_g, alpha, beta):
    """E[exp(log_g(log z, log(1 - z)))] for Z ~ Beta(alpha, beta), from the density's kernel alone.

    In u = logit z the kernel is analytic and dies off on both sides: the plain sum is exact to rounding.
    """
    u = np.linspace(-300, 300, 120_001)
    log_z, log_rest = -np.logaddexp(0, -u), -np.logaddexp(0, u)
    kernel = alpha * log_z + beta * log_rest
    top = kernel.max()
    weight = np.exp(kernel - top)
    return np.sum(weight * np.exp(log_g(log_z, log_rest))) / np.sum(weight)


def pmf_by_quadrature(x, n, alpha, beta):
    """Probability of x in n: the binomial's, averaged over z."""
    log_ways = float(mp.log(mp.binomial(n, x)))
    return average_over_beta(lambda a, b: log_ways + x * a + (n - x) * b, alpha, beta)


def pmf_by_products(n, alpha, beta):
    """All n + 1 probabilities, from rising factorials with many digits."""
    alpha, beta = mp.mpf(alpha), mp.mpf(beta)
    return [
        mp.binomial(n, k) * mp.rf(alpha, k) * mp.rf(beta, n - k) / mp.rf(alpha + beta, n)
        for k in range(n + 1)
    ]


@equation("eq-beta-density")
def _(rng):
    alpha, beta = some_params(rng)
    low, high = stats.beta.ppf([0.3, 0.8], alpha, beta)
    normaliser = mp.gamma(alpha) * mp.gamma(beta) / mp.gamma(alpha + beta)
    area = mp.quad(lambda z: z ** (alpha - 1) * (1 - z) ** (beta - 1), [low, (low + high) / 2, high])
    return [Claim(area / normaliser, np.diff(stats.beta.cdf([low, high], alpha, beta))[0], rel=1e-8)]


@equation("eq-model")
def _(rng):
    # A recipe: many draws against the moments of z, and of x given z, within the draws' own error.
    params = some_params(rng)
    n = int(rng.integers(2, 60))
    made = bb.simulate(params, np.full(400_000, n), rng=rng)
    z, x = made.z, made.x
    return [
        Claim(z.mean(), stats.beta.mean(*params), rel=0.015),
        Claim(z.var(), stats.beta.var(*params), rel=0.03),
        Claim(np.mean(x / n * z), np.mean(z**2), rel=0.01),
        Claim(np.mean((x - n * z) ** 2), n * np.mean(z * (1 - z)), rel=0.02),
    ]


@equation("eq-marginal")
def _(rng):
    params = some_params(rng)
    n = int(rng.integers(1, 60))
    x = int(rng.integers(0, n + 1))
    alpha, beta = map(mp.mpf, params)
    formula = mp.binomial(n, x) * mp.beta(alpha + x, beta + n - x) / mp.beta(alpha, beta)
    by_quadrature = pmf_by_quadrature(x, n, *params)
    return [Claim(formula, by_quadrature), Claim(np.exp(bb.log_pmf(x, n, params)), by_quadrature)]


@equation("eq-mean-variance")
def _(rng):
    alpha, beta = some_params(rng)
    n = int(rng.integers(2, 60))
    chance = pmf_by_products(n, alpha, beta)
    mean = mp.fsum(k * c for k, c in enumerate(chance))
    variance = mp.fsum((k - mean) ** 2 * c for k, c in enumerate(chance))
    mu = alpha / (alpha + beta)
    return [
        Claim(mean, n * mu),
        Claim(variance, n * mu * (1 - mu) * (1 + (n - 1) / (alpha + beta + 1))),
    ]


@equation("eq-icc")
def _(rng):
    alpha, beta = some_params(rng)
    mean = average_over_beta(lambda a, b: a, alpha, beta)
    # The covariance of two trials is P(1, 1) P(0, 0) - P(1, 0) P(0, 1).
    both = average_over_beta(lambda a, b: 2 * a, alpha, beta)
    neither = average_over_beta(lambda a, b: 2 * b, alpha, beta)
    one = average_over_beta(lambda a, b: a + b, alpha, beta)
    return [Claim((both * neither - one**2) / (mean * (1 - mean)), 1 / (alpha + beta + 1), rel=1e-8)]


@equation("eq-log-likelihood")
def _(rng):
    x, n = some_rows(rng)
    params = some_params(rng)
    total = sum(
        np.log(pmf_by_quadrature(a, b, *params)) for a, b in zip(x.tolist(), n.tolist(), strict=True)
    )
    return [Claim(bb.log_likelihood(params, x, n), total)]


@equation("eq-tail-counts")
def _(rng):
    x, n = some_rows(rng)
    params = some_params(rng)
    mu, theta = params.mean, 1 / params.concentration
    by_counting = mp.fsum(mp.log(mp.binomial(b, a)) for a, b in zip(x.tolist(), n.tolist(), strict=True))
    for j in range(n.max()):
        u, v, w = (int(np.sum(values > j)) for values in (x, n - x, n))
        by_counting += (
            u * mp.log(mu + j * theta) + v * mp.log(1 - mu + j * theta) - w * mp.log(1 + j * theta)
        )
    return [Claim(by_counting, np.sum(stats.betabinom.logpmf(x, n, *params)))]


@equation("eq-moments")
def _(rng):
    alpha, beta = some_params(rng)
    n = int(rng.integers(2, 40))
    chance = pmf_by_products(n, alpha, beta)
    mu, rho = alpha / (alpha + beta), 1 / (alpha + beta + 1)
    expected = mp.fsum((k - n * mu) ** 2 * c for k, c in enumerate(chance))
    # The estimates, from data, solve both equations.
    x, n_rows = np.array([3, 9, 1, 12]), rng.integers(14, 17, 4)
    found = bb.method_of_moments(x, n_rows)
    share = np.repeat([1, 0], [x.sum(), (n_rows - x).sum()])
    found_rho = 1 / (found.concentration + 1)
    return [
        Claim(expected, mu * (1 - mu) * (n + rho * n * (n - 1))),
        Claim(found.mean, share.mean()),
        Claim(
            np.sum((x - n_rows * share.mean()) ** 2),
            share.var() * (n_rows.sum() + found_rho * np.sum(n_rows * (n_rows - 1))),
        ),
    ]


@equation("eq-tarone")
def _(rng):
    x, n = some_rows(rng)
    x[0], n[0] = 1, 9
    p = mp.mpf(int(x.sum())) / int(n.sum())
    # The formula, with its sums written out.
    above = mp.fsum((a - b * p) ** 2 for a, b in zip(x.tolist(), n.tolist(), strict=True)) / (p * (1 - p))
    pairs = int(np.sum(n * (n - 1)))
    formula = (above - int(n.sum())) / mp.sqrt(2 * pairs)
    # The score test: the slope of the log-likelihood in theta at 0, by its standard deviation, which is
    # that of a row's slope under the binomial, summed over the rows, once its slope in p is regressed out.
    with mp.workdps(40):

        def log_pmf(theta, p, a, b):
            return (
                mp.fsum(mp.log(p + j * theta) for j in range(a))
                + mp.fsum(mp.log(1 - p + j * theta) for j in range(b - a))
                - mp.fsum(mp.log(1 + j * theta) for j in range(b))
            )

        slope, var_theta, cov, var_p = mp.mpf(0), mp.mpf(0), mp.mpf(0), mp.mpf(0)
        for a, b in zip(x.tolist(), n.tolist(), strict=True):
            slopes = [mp.diff(lambda t, k=k, b=b: log_pmf(t, p, k, b), 0) for k in range(b + 1)]
            weight = [mp.binomial(b, k) * p**k * (1 - p) ** (b - k) for k in range(b + 1)]
            in_p = [k / p - (b - k) / (1 - p) for k in range(b + 1)]
            slope += slopes[a]
            var_theta += mp.fsum(w * s**2 for w, s in zip(weight, slopes, strict=True))
            cov += mp.fsum(w * s * d for w, s, d in zip(weight, slopes, in_p, strict=True))
            var_p += mp.fsum(w * d**2 for w, d in zip(weight, in_p, strict=True))
        by_score = slope / mp.sqrt(var_theta - cov**2 / var_p)
    return [Claim(formula, by_score), Claim(bb.overdispersion_test(x, n).statistic, by_score)]


@equation("eq-binomial-limit")
def _(rng):
    mu = rng.uniform(0.1, 0.9)
    n = int(rng.integers(1, 60))
    x = int(stats.binom.rvs(n, mu, random_state=rng))
    near = np.exp(bb.log_pmf(x, n, bb.BetaParams(1e11 * mu, 1e11 * (1 - mu))))
    return [Claim(near, stats.binom.pmf(x, n, mu), rel=1e-6)]


@equation("eq-two-point-limit")
def _(rng):
    mu = rng.uniform(0.1, 0.9)
    n = int(rng.integers(1, 60))
    chance = pmf_by_products(n, 1e-10 * mu, 1e-10 * (1 - mu))
    return [Claim(chance[0], 1 - mu, rel=1e-7), Claim(chance[-1], mu, rel=1e-7)]


# chapters/02_e_step.ipynb


def a_record(rng):
    """A player's hits and at-bats, and a true average where his posterior is not negligible."""
    (x,), (n,) = some_rows(rng, 1)
    return int(x), int(n), rng.uniform(0.05, 0.95)


def joint_density(z, x, n, params):
    """Binomial probability times Beta density, multiplied out in mpmath."""
    z, alpha, beta = map(mp.mpf, (z, *params))
    likelihood = mp.binomial(n, x) * z**x * (1 - z) ** (n - x)
    return likelihood * z ** (alpha - 1) * (1 - z) ** (beta - 1) / mp.beta(alpha, beta)


def over_z(function, params, x, n):
    """Integrate over 0 < z < 1 a function concentrated where the posterior is."""
    a, b = params.alpha + x, params.beta + n - x
    centre, width = a / (a + b), mp.sqrt(a * b / (a + b + 1)) / (a + b)
    cuts = {min(max(centre + k * width, 0), 1) for k in (-12, -6, -3, -1, 0, 1, 3, 6, 12)}
    return mp.quad(function, sorted({mp.mpf(0), mp.mpf(1), *cuts}))


@equation("eq-bayes")
def _(rng):
    x, n, z = a_record(rng)
    params = some_params(rng)
    # The conditional density as the slope of the conditional distribution function.
    a, b = params.alpha + x, params.beta + n - x
    with mp.workdps(30):
        density = mp.diff(lambda u: mp.betainc(a, b, 0, u, regularized=True), z)
    likelihood, prior = stats.binom.pmf(x, n, z), stats.beta.pdf(z, *params)
    return [Claim(density, likelihood * prior / stats.betabinom.pmf(x, n, *params))]


@equation("eq-joint")
def _(rng):
    x, n, z = a_record(rng)
    params = some_params(rng)
    either = mp.fsum(joint_density(z, k, n, params) for k in range(n + 1))
    return [
        Claim(stats.binom.pmf(x, n, z) * stats.beta.pdf(z, *params), joint_density(z, x, n, params)),
        # Summed over x it is the prior, integrated over z the probability of x.
        Claim(stats.beta.pdf(z, *params), either),
        Claim(
            stats.betabinom.pmf(x, n, *params),
            over_z(lambda u: joint_density(u, x, n, params), params, x, n),
            rel=1e-8,
        ),
    ]


@equation("eq-kernel")
def _(rng):
    x, n, z = a_record(rng)
    params = some_params(rng)
    other = rng.uniform(0.05, 0.95)

    def log_joint(u):
        return stats.binom.logpmf(x, n, u) + stats.beta.logpdf(u, *params)

    def log_kernel(u):
        return (params.alpha + x - 1) * mp.log(u) + (params.beta + n - x - 1) * mp.log(1 - mp.mpf(u))

    return [Claim(log_joint(z) - log_joint(other), log_kernel(z) - log_kernel(other))]


def test_the_joint_density_is_its_kernel_times_a_constant_in_z():
    sympy = pytest.importorskip("sympy")
    z, n, x, alpha, beta = sympy.symbols("z n x alpha beta", positive=True)
    likelihood = sympy.binomial(n, x) * z**x * (1 - z) ** (n - x)
    prior = z ** (alpha - 1) * (1 - z) ** (beta - 1) / sympy.beta(alpha, beta)
    kernel = z ** (alpha + x - 1) * (1 - z) ** (beta + n - x - 1)
    ratio = sympy.powsimp(likelihood * prior / kernel, force=True)
    assert sympy.simplify(ratio - sympy.binomial(n, x) / sympy.beta(alpha, beta)) == 0


@equation("eq-posterior")
def _(rng):
    x, n, z = a_record(rng)
    params = some_params(rng)
    q = bb.posterior(params, x, n)
    area = over_z(lambda u: joint_density(u, x, n, params), params, x, n)
    return [Claim(joint_density(z, x, n, params) / area, stats.beta.pdf(z, *q), rel=1e-8)]


@equation("eq-normaliser")
def _(rng):
    x, n, _ = a_record(rng)
    alpha, beta = params = some_params(rng)
    kernel = over_z(lambda u: u ** (alpha + x - 1) * (1 - u) ** (beta + n - x - 1), params, x, n)
    area = over_z(lambda u: joint_density(u, x, n, params), params, x, n)
    closed = mp.binomial(n, x) * mp.beta(alpha + x, beta + n - x) / mp.beta(alpha, beta)
    return [
        Claim(mp.beta(alpha + x, beta + n - x), kernel, rel=1e-8),
        Claim(area, closed, rel=1e-8),
        Claim(mp.exp(bb.log_pmf(x, n, params)), closed),
    ]


@equation("eq-shrinkage")
def _(rng):
    x, n, _ = a_record(rng)
    alpha, beta = params = some_params(rng)
    area = over_z(lambda u: joint_density(u, x, n, params), params, x, n)
    mean = over_z(lambda u: u * joint_density(u, x, n, params), params, x, n) / area
    weight = n / (alpha + beta + n)
    average = weight * (x / n) + (1 - weight) * (alpha / (alpha + beta))
    return [
        Claim(mean, (alpha + x) / (alpha + beta + n), rel=1e-8),
        Claim(mean, average, rel=1e-8),
    ]


# chapters/03_m_step.ipynb


def log_beta_density(z, a, b):
    return (a - 1) * mp.log(z) + (b - 1) * mp.log(1 - z) - mp.log(mp.beta(a, b))


def expected_joint(params, guess, x, n):
    """Q, player by player, with E[log Z] and E[log(1 - Z)] by quadrature."""
    total = mp.mpf(0)
    for a, b in zip(x.tolist(), n.tolist(), strict=True):
        q = guess.alpha + a, guess.beta + b - a
        total += (
            mp.log(mp.binomial(b, a))
            + (params.alpha + a - 1) * expected_log(*q)
            + (params.beta + b - a - 1) * expected_log(*q[::-1])
            - mp.log(mp.beta(*params))
        )
    return total


def q_of(averages, size):
    """Q up to its constant, as a function of alpha and beta, from the reduced form."""
    return lambda a, b: size * (a * averages[0] + b * averages[1] - mp.log(mp.beta(a, b)))


def moderate_params(rng):
    return bb.BetaParams(*np.exp(rng.uniform(-0.5, 4, 2)))


@equation("eq-complete-log-likelihood")
def _(rng):
    x, n = some_rows(rng)
    params = moderate_params(rng)
    z = rng.uniform(0.05, 0.95, x.size)
    left = mp.mpf(0)
    for a, b, v in zip(x.tolist(), n.tolist(), z.tolist(), strict=True):
        v = mp.mpf(v)
        left += mp.log(mp.binomial(b, a) * v**a * (1 - v) ** (b - a))
        left += log_beta_density(v, *params)
    a, b = params
    right = sum(
        mp.log(mp.binomial(m, k))
        + (a + k - 1) * mp.log(v)
        + (b + m - k - 1) * mp.log(1 - mp.mpf(v))
        - (mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b))
        for k, m, v in zip(x.tolist(), n.tolist(), z.tolist(), strict=True)
    )
    return [Claim(left, right)]


@equation("eq-q-function")
def _(rng):
    x, n = some_rows(rng, 2)
    params, guess = moderate_params(rng), moderate_params(rng)
    total = mp.mpf(0)
    # The expectation of the joint density's logarithm itself, by quadrature over logit Z.
    for k, m in zip(x.tolist(), n.tolist(), strict=True):
        a, b = guess.alpha + k, guess.beta + m - k
        log_norm = mp.log(mp.beta(a, b))

        def integrand(u, k=k, m=m, a=a, b=b, log_norm=log_norm):
            z, rest = 1 / (1 + mp.exp(-u)), 1 / (1 + mp.exp(u))
            joint = mp.binomial(m, k) * z**k * rest ** (m - k)
            joint *= z ** (params.alpha - 1) * rest ** (params.beta - 1) / mp.beta(*params)
            return mp.log(joint) * mp.exp(a * mp.log(z) + b * mp.log(rest) - log_norm)

        centre, width = mp.log(a / b), mp.sqrt(1 / a + 1 / b)
        cuts = [centre + width * j for j in (-60, -12, -5, 0, 5, 12, 60)]
        total += mp.quad(integrand, cuts)
    return [Claim(total, expected_joint(params, guess, x, n), rel=1e-8)]


@equation("eq-e-log-z")
def _(rng):
    a, b = some_params(rng)
    by_derivative = mp.diff(lambda v: mp.log(mp.beta(v, b)), a)
    by_digamma = mp.digamma(a) - mp.digamma(a + b)
    by_integral = expected_log(a, b)
    return [Claim(by_integral, by_digamma), Claim(by_integral, by_derivative)]


@equation("eq-e-log-one-minus-z")
def _(rng):
    a, b = moderate_params(rng)
    # Over logit Z, without exchanging a and b.
    centre, width = mp.log(a / b), mp.sqrt(mp.mpf(1) / a + mp.mpf(1) / b)
    log_norm = mp.log(mp.beta(a, b))

    def integrand(u):
        log_z, log_rest = -mp.log1p(mp.exp(-u)), -mp.log1p(mp.exp(u))
        return log_rest * mp.exp(a * log_z + b * log_rest - log_norm)

    cuts = [centre + width * j for j in (-60, -12, -5, 0, 5, 12, 60)]
    by_integral = mp.quad(integrand, cuts)
    return [Claim(by_integral, mp.digamma(b) - mp.digamma(a + b))]


@equation("eq-sufficient-statistics")
def _(rng):
    x, n = some_rows(rng, 2)
    guess, one, other = (moderate_params(rng) for _ in range(3))
    a, b = guess
    rows = list(zip(x.tolist(), n.tolist(), strict=True))
    averages = (
        mp.fsum(mp.digamma(a + k) - mp.digamma(a + b + m) for k, m in rows) / x.size,
        mp.fsum(mp.digamma(b + m - k) - mp.digamma(a + b + m) for k, m in rows) / x.size,
    )
    reduced = q_of(averages, x.size)
    # The constant cancels in a difference.
    full = expected_joint(one, guess, x, n) - expected_joint(other, guess, x, n)
    return [
        Claim(full, reduced(*one) - reduced(*other), rel=1e-8),
        Claim(bb.e_step(guess, x, n).mean_log_z, averages[0]),
        Claim(bb.e_step(guess, x, n).mean_log_one_minus_z, averages[1]),
    ]


@equation("eq-m-gradient")
def _(rng):
    x, n = some_rows(rng, 2)
    guess, params = moderate_params(rng), moderate_params(rng)
    (a, b), averages = params, bb.e_step(guess, x, n)
    posteriors = [
        (guess.alpha + k, guess.beta + m - k) for k, m in zip(x.tolist(), n.tolist(), strict=True)
    ]
    means = [
        mp.fsum(expected_log(*q) for q in posteriors) / x.size,
        mp.fsum(expected_log(*q[::-1]) for q in posteriors) / x.size,
    ]
    q = q_of(means, x.size)
    both = mp.digamma(a + b)
    return [
        Claim(mp.diff(lambda v: q(v, b), a), x.size * (averages[0] - mp.digamma(a) + both), rel=1e-7),
        Claim(mp.diff(lambda v: q(a, v), b), x.size * (averages[1] - mp.digamma(b) + both), rel=1e-7),
    ]


@equation("eq-m-step")
def _(rng):
    x, n = some_rows(rng)
    x[0], n[0] = 1, 9  # so that not every x is 0 or n
    averages = bb.e_step(moderate_params(rng), x, n)
    top = bb.m_step(averages)
    # The package's maximum, and the Beta's own averages there by quadrature.
    return [
        Claim(expected_log(*top), averages.mean_log_z),
        Claim(expected_log(*top[::-1]), averages.mean_log_one_minus_z),
    ]


@equation("eq-m-hessian")
def _(rng):
    a, b = moderate_params(rng)
    size = int(rng.integers(1, 500))
    q = q_of((mp.mpf(-1), mp.mpf(-2)), size)
    t = mp.psi(1, a + b)
    return [
        Claim(mp.diff(q, (a, b), (2, 0)), -size * (mp.psi(1, a) - t), rel=1e-7),
        Claim(mp.diff(q, (a, b), (1, 1)), size * t, rel=1e-7),
        Claim(mp.diff(q, (a, b), (0, 2)), -size * (mp.psi(1, b) - t), rel=1e-7),
        # Minus a covariance: E[log Z log(1 - Z)] - E[log Z] E[log(1 - Z)] as a mixed derivative of B.
        Claim(
            mp.diff(lambda u, v: mp.beta(u, v), (a, b), (1, 1)) / mp.beta(a, b)
            - mp.diff(lambda u: mp.beta(u, b), a)
            * mp.diff(lambda v: mp.beta(a, v), b)
            / mp.beta(a, b) ** 2,
            -t,
            rel=1e-5,
        ),
    ]


@equation("eq-m-existence")
def _(rng):
    x, n = some_rows(rng)
    averages = bb.e_step(some_params(rng), x, n)
    a, b = moderate_params(rng)
    own = mp.exp(expected_log(a, b)) + mp.exp(expected_log(b, a))
    given = np.exp(averages).sum()
    return [Claim(own, 1, relation="<="), Claim(given, 1, relation="<=")]


@equation("eq-m-newton")
def _(rng):
    a, b = moderate_params(rng)
    r = rng.uniform(-1, 1, 2)
    c, d, t = float(mp.psi(1, a)), float(mp.psi(1, b)), float(mp.psi(1, a + b))
    determinant = c * d - t * (c + d)
    closed = [((d - t) * r[0] + t * r[1]) / determinant, (t * r[0] + (c - t) * r[1]) / determinant]
    # The Hessian by differencing Q, the system by Gaussian elimination.
    q = q_of((mp.mpf(-1), mp.mpf(-2)), 1)
    hessian = mp.matrix(2, 2)
    for i, j, order in [(0, 0, (2, 0)), (0, 1, (1, 1)), (1, 0, (1, 1)), (1, 1, (0, 2))]:
        hessian[i, j] = mp.diff(q, (a, b), order)
    solved = mp.lu_solve(-hessian, mp.matrix(r.tolist()))
    return [Claim(closed[0], solved[0], rel=1e-6), Claim(closed[1], solved[1], rel=1e-6)]


@equation("eq-m-fixed-point")
def _(rng):
    x, n = some_rows(rng)
    x[0], n[0] = 1, 9  # so that not every x is 0 or n
    averages = bb.e_step(moderate_params(rng), x, n)
    old = moderate_params(rng)
    new = [
        mp.findroot(lambda v, c=c: mp.digamma(mp.exp(v)) - c - mp.digamma(sum(old)), 0.0) for c in averages
    ]
    new = [mp.exp(v) for v in new]
    q = q_of([mp.mpf(c) for c in averages], 1)
    # The surrogate, log Gamma(alpha + beta) replaced by its tangent: its top, and Q no lower there.
    slope = mp.diff(mp.loggamma, sum(old))

    def derivative(v, c):
        return c + slope - mp.diff(mp.loggamma, v)

    top = [
        mp.exp(mp.findroot(lambda u, c=c: derivative(mp.exp(u), c), mp.log(v) + 0.1))
        for v, c in zip(new, averages, strict=True)
    ]
    return [
        Claim(new[0], top[0], rel=1e-8),
        Claim(new[1], top[1], rel=1e-8),
        Claim(q(*old), q(*new), relation="<="),
    ]


# chapters/04_em.ipynb


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


# chapters/05_why_it_works.ipynb


def one_row(rng):
    """A row and parameters whose integrals are quick to take."""
    n = int(rng.integers(2, 60))
    return int(rng.integers(1, n)), n, tuple(np.exp(rng.uniform(0.1, 3, 2)).tolist())


@functools.cache
def log_beta_function(a, b):
    return mp.log(mp.beta(a, b))


def log_beta_pdf(z, q):
    a, b = q
    return (a - 1) * mp.log(z) + (b - 1) * mp.log1p(-z) - log_beta_function(a, b)


def log_joint(z, x, n, params):
    chance = math.log(math.comb(n, x)) + x * mp.log(z) + (n - x) * mp.log1p(-z)
    return chance + log_beta_pdf(z, params)


def log_marginal(x, n, params):
    """log p(x) from rising factorials, not from an integral."""
    a, b = params
    return mp.log(mp.binomial(n, x) * mp.rf(a, x) * mp.rf(b, n - x) / mp.rf(a + b, n))


def mean_under(q, function):
    """E[function(Z)] for Z ~ Beta(*q): by the trapezoidal rule over its logit, all but exact here."""
    a, b = (float(part) for part in q)
    centre, width = math.log(a / b), math.sqrt(1 / a + 1 / b)
    step, reach = min(width / 2, 0.5), min(9 * width + 30 / min(a, b), 45.0)
    total = mp.mpf(0)
    with mp.workdps(30):
        for k in range(-int(reach / step), int(reach / step) + 1):
            z = 1 / (1 + mp.exp(-(centre + k * step)))
            # The density of the logit is z (1 - z) times that of Z.
            total += z * (1 - z) * mp.exp(log_beta_pdf(z, (a, b))) * function(z)
        return step * total


def bound(q, x, n, params):
    """The lower bound by quadrature of its definition."""
    return mean_under(q, lambda z: log_joint(z, x, n, params) - log_beta_pdf(z, q))


def divergence(q, r):
    return mean_under(q, lambda z: log_beta_pdf(z, q) - log_beta_pdf(z, r))


def posterior_of(x, n, params):
    return params[0] + x, params[1] + n - x


@equation("eq-jensen")
def _(rng):
    w, weights = np.exp(rng.normal(size=5)), rng.dirichlet(np.ones(5))
    constant = float(w[0])
    return [
        Claim(weights @ np.log(w), np.log(weights @ w), relation="<="),
        Claim(weights @ np.log(np.full(5, constant)), mp.log(constant)),
    ]


@equation("eq-elbo")
def _(rng):
    x, n, params = one_row(rng)
    q = tuple(np.exp(rng.uniform(0.5, 3, 2)).tolist())
    return [
        Claim(bound(q, x, n, params), log_marginal(x, n, params), relation="<="),
        Claim(bound(q, x, n, params), bb.lower_bound(bb.BetaParams(*params), bb.BetaParams(*q), x, n)),
    ]


@equation("eq-elbo-gap")
def _(rng):
    x, n, params = one_row(rng)
    q = tuple(np.exp(rng.uniform(0.5, 3, 2)).tolist())
    gap = divergence(q, posterior_of(x, n, params))
    return [Claim(log_marginal(x, n, params), bound(q, x, n, params) + gap)]


@equation("eq-half-steps")
def _(rng):
    x, n, params = one_row(rng)
    q = posterior_of(x, n, params)
    other_q = tuple((np.array(q) * np.exp(rng.choice([-1, 1], 2) * rng.uniform(0.05, 0.5, 2))).tolist())
    best = bb.m_step(bb.e_step(bb.BetaParams(*params), [x], [n]))
    other = tuple((np.array(best) * np.exp(rng.choice([-1, 1], 2) * rng.uniform(0.05, 0.5, 2))).tolist())
    return [
        Claim(bound(other_q, x, n, params), bound(q, x, n, params), relation="<="),
        Claim(bound(q, x, n, other), bound(q, x, n, tuple(best)), relation="<="),
    ]


@equation("eq-minorise")
def _(rng):
    x, n, params = one_row(rng)
    q = posterior_of(x, n, params)
    elsewhere = tuple((np.array(params) * np.exp(rng.choice([-1, 1], 2) * rng.uniform(0.2, 1, 2))).tolist())
    return [
        Claim(bound(q, x, n, elsewhere), log_marginal(x, n, elsewhere), relation="<="),
        Claim(bound(q, x, n, params), log_marginal(x, n, params)),
    ]


@equation("eq-monotone")
def _(rng):
    rows = [one_row(rng)[:2] for _ in range(2)]
    old = one_row(rng)[2]
    x, n = zip(*rows, strict=True)
    top = np.array(bb.m_step(bb.e_step(bb.BetaParams(*old), x, n)))
    # Not the M-step's answer but a point on the way to it: a generalised EM.
    new = tuple((old + rng.uniform(0.3, 0.9) * (top - old)).tolist())
    gain = mp.fsum(log_marginal(x, n, new) - log_marginal(x, n, old) for x, n in rows)
    parts = mp.fsum(
        bound(q, x, n, new) - bound(q, x, n, old) + divergence(q, posterior_of(x, n, new))
        for x, n in rows
        for q in [posterior_of(x, n, old)]
    )
    return [Claim(gain, parts), Claim(0, gain, relation="<=")]


@equation("eq-gain")
def _(rng):
    rows = [one_row(rng)[:2] for _ in range(2)]
    old = one_row(rng)[2]
    x, n = zip(*rows, strict=True)
    new = tuple(bb.m_step(bb.e_step(bb.BetaParams(*old), x, n)))
    gain = mp.fsum(
        bound(posterior_of(x, n, old), x, n, new) - bound(posterior_of(x, n, old), x, n, old)
        for x, n in rows
    )
    return [Claim(gain, len(rows) * divergence(new, old))]


@equation("eq-fisher-identity")
def _(rng):
    x, n, (a, b) = one_row(rng)
    q = posterior_of(x, n, (a, b))
    step = 1e-4

    def slope(z, da, db):
        """Of the log joint density, along one parameter, by central differences of fourth order."""
        near, far = (
            log_joint(z, x, n, (a + k * da, b + k * db)) - log_joint(z, x, n, (a - k * da, b - k * db))
            for k in (1, 2)
        )
        return (8 * near - far) / (12 * step)

    return [
        Claim(
            mp.diff(lambda t: log_marginal(x, n, (t, b)), a),
            mean_under(q, lambda z: slope(z, step, 0)),
            rel=1e-7,
        ),
        Claim(
            mp.diff(lambda t: log_marginal(x, n, (a, t)), b),
            mean_under(q, lambda z: slope(z, 0, step)),
            rel=1e-7,
        ),
    ]


@equation("eq-excess")
def _(rng):
    rows = [one_row(rng)[:2] for _ in range(3)]
    a, b = one_row(rng)[2]
    posteriors = [posterior_of(x, n, (a, b)) for x, n in rows]

    def log_likelihood(a, b):
        return mp.fsum(log_marginal(x, n, (a, b)) for x, n in rows)

    def average(function):
        return mp.fsum(mean_under(q, function) for q in posteriors) / len(rows)

    return [
        Claim(
            average(mp.log) - (mp.digamma(a) - mp.digamma(a + b)),
            mp.diff(lambda t: log_likelihood(t, b), a) / len(rows),
            rel=1e-8,
        ),
        Claim(
            average(lambda z: mp.log1p(-z)) - (mp.digamma(b) - mp.digamma(a + b)),
            mp.diff(lambda t: log_likelihood(a, t), b) / len(rows),
            rel=1e-8,
        ),
    ]


# chapters/06_convergence.ipynb


def overdispersed_rows(rng, size=60, n=20):
    """Rows of unequal n whose likelihood has a maximum inside, and that maximum."""
    while True:
        trials = rng.integers(n // 2, 2 * n, size)
        x = bb.simulate(bb.BetaParams(*rng.uniform(1, 6, 2)), trials, rng=rng).x
        best = bb.fit_mle(x, trials)
        if best.status == "interior" and best.concentration < 100:
            return x, trials, best.params


def one_round(params, x, n):
    return np.array(bb.m_step(bb.e_step(bb.BetaParams(*params), x, n)))


def beta_information(a, b):
    """Minus the second derivatives of the log-density of Beta(a, b), in its parameters."""
    a, b = mp.mpf(float(a)), mp.mpf(float(b))
    both = mp.psi(1, a + b)
    return mp.matrix([[mp.psi(1, a) - both, -both], [-both, mp.psi(1, b) - both]])


def complete_and_missing(params, x, n):
    complete = len(x) * beta_information(*params)
    missing = mp.zeros(2)
    for hits, trials in zip(x.tolist(), n.tolist(), strict=True):
        missing += beta_information(params[0] + hits, params[1] + trials - hits)
    return complete, missing


def log_likelihood_at(alpha, beta, x, n):
    """From Beta functions, without the constant."""
    return mp.fsum(
        mp.log(mp.beta(alpha + a, beta + b - a)) - mp.log(mp.beta(alpha, beta))
        for a, b in zip(x.tolist(), n.tolist(), strict=True)
    )


def late_errors(x, n, best):
    """How far EM's rounds are from the maximum in log concentration, and the rate they should have."""
    complete, missing = complete_and_missing(best, x, n)
    rates, _ = mp.eig(mp.inverse(complete) * missing)
    trace = bb.fit_em(x, n, init=bb.BetaParams(1, 1), tol=1e-13).trace
    return np.log((trace.alpha + trace.beta) / best.concentration), max(mp.re(rate) for rate in rates)


@equation("eq-linear-rate")
def _(rng):
    x, n, best = overdispersed_rows(rng)
    error, rate = late_errors(x, n, best)
    error = np.abs(error)
    # Where the distance passes 1e-5 and 1e-6, between rounds.
    passes = [np.interp(goal, -np.log10(error), np.arange(error.size)) for goal in (5, 6)]
    t = int(np.argmax(error < 1e-5))
    return [
        Claim(passes[1] - passes[0], -1 / mp.log10(rate), rel=2e-3),
        Claim(error[t + 3], error[t] * rate**3, rel=1e-3),
    ]


@equation("eq-rate-matrix")
def _(rng):
    x, n, best = overdispersed_rows(rng)
    complete, missing = complete_and_missing(best, x, n)
    rate_matrix = np.array((mp.inverse(complete) * missing).tolist(), dtype=float)
    top, columns = np.array(best), []
    for step in np.diag(1e-4 * top):
        columns.append((one_round(top + step, x, n) - one_round(top - step, x, n)) / (2 * step.sum()))
    measured = np.array(columns).T
    return [
        Claim(np.trace(measured), np.trace(rate_matrix), rel=1e-6),
        Claim(np.linalg.det(measured), np.linalg.det(rate_matrix), rel=1e-6),
        *(Claim(a, b, rel=1e-6) for a, b in zip(measured @ top, rate_matrix @ top, strict=True)),
    ]


@equation("eq-missing-information-principle")
def _(rng):
    x, n = some_rows(rng)
    params = some_params(rng)
    with mp.workdps(40):
        complete, missing = complete_and_missing(params, x, n)
        claims = []
        for row, column, orders in [(0, 0, (2, 0)), (0, 1, (1, 1)), (1, 1, (0, 2))]:
            observed = -mp.diff(lambda a, b: log_likelihood_at(a, b, x, n), tuple(params), orders)
            claims.append(Claim(observed, complete[row, column] - missing[row, column]))
        return claims


@equation("eq-rate-rule")
def _(rng):
    s = rng.uniform(6000, 9000)
    n = int(rng.uniform(2000, 9000))
    mean = rng.uniform(0.2, 0.8)
    params = bb.BetaParams(mean * s, (1 - mean) * s)
    share = np.exp(bb.log_pmf(np.arange(n + 1), n, params))
    a, b, both = special.polygamma(1, [*params, s])
    complete = np.array([[a - both, -both], [-both, b - both]])
    x = np.arange(n + 1)
    a, b = (share @ special.polygamma(1, start) for start in (params.alpha + x, params.beta + n - x))
    both = special.polygamma(1, s + n)
    missing = np.array([[a - both, -both], [-both, b - both]])
    mean_rate, concentration_rate = np.sort(np.linalg.eigvals(np.linalg.solve(complete, missing)))
    return [
        Claim(mean_rate, s / (s + n), rel=1e-3),
        Claim(concentration_rate, 1 - (n / (s + n)) ** 2, rel=1e-3),
    ]


@equation("eq-remaining-error")
def _(rng):
    x, n, best = overdispersed_rows(rng)
    error, rate = late_errors(x, n, best)
    t = int(np.argmax(np.abs(error) < 1e-5))
    return [Claim(-error[t], (error[t] - error[t - 1]) * rate / (1 - rate), rel=1e-3)]


def leap(logs):
    """From three successive points."""
    step, bend = logs[1] - logs[0], logs[2] - 2 * logs[1] + logs[0]
    length = -np.sqrt(step @ step) / np.sqrt(bend @ bend)
    return logs[0] - 2 * length * step + length**2 * bend


@equation("eq-squarem")
def _(rng):
    # Errors with two rates: each is multiplied by a square of its own, and a single one vanishes.
    end = np.log(some_params(rng))
    axes, parts = rng.normal(size=(2, 2)), rng.uniform(0.05, 0.1, 2)
    rates = np.array([rng.uniform(0.5, 0.8), rng.uniform(0.1, 0.4)])
    step, bend = axes @ ((1 - rates) * parts), axes @ ((1 - rates) ** 2 * parts)
    length = -np.linalg.norm(step) / np.linalg.norm(bend)
    predicted = end + axes @ ((1 + length * (1 - rates)) ** 2 * parts)
    reached = leap([end + axes @ (rates**t * parts) for t in range(3)])
    alone = leap([end + axes[:, 0] * rates[0] ** t for t in range(3)])
    # The package's third round starts where the first two lead.
    x, n, _ = overdispersed_rows(rng)
    rows = np.column_stack(bb.fit_em(x, n, init=bb.BetaParams(1, 1), accelerate=True).trace[:2])
    third = one_round(np.exp(leap(np.log(rows[:3]))), x, n)
    return [
        *(Claim(a, b) for a, b in zip(reached, predicted, strict=True)),
        *(Claim(a, b) for a, b in zip(alone, end, strict=True)),
        *(Claim(a, b) for a, b in zip(rows[3], third, strict=True)),
    ]


@equation("eq-mm")
def _(rng):
    x, n, best = overdispersed_rows(rng, size=5, n=8)
    old = some_params(rng)
    rows = list(zip(x.tolist(), n.tolist(), strict=True))
    total = mp.fsum(mp.digamma(old.concentration + b) - mp.digamma(old.concentration) for _, b in rows)
    new = (
        old.alpha * mp.fsum(mp.digamma(old.alpha + a) - mp.digamma(old.alpha) for a, _ in rows) / total,
        old.beta * mp.fsum(mp.digamma(old.beta + b - a) - mp.digamma(old.beta) for a, b in rows) / total,
    )

    def bound(alpha, beta):
        """The log-likelihood with every logarithm replaced by its bound, term by term."""
        value = mp.mpf(0)
        for a, b in rows:
            for now, was, number in ((alpha, old.alpha, a), (beta, old.beta, b - a)):
                value += mp.fsum(
                    mp.log(was + j) + was / (was + j) * mp.log(now / was) for j in range(number)
                )
            was = old.concentration
            value -= mp.fsum(mp.log(was + j) + (alpha + beta - was) / (was + j) for j in range(b))
        return value

    def height(alpha, beta):
        return log_likelihood_at(mp.mpf(alpha), mp.mpf(beta), x, n)

    other = some_params(rng)
    fixed = best.alpha * mp.fsum(mp.digamma(best.alpha + a) - mp.digamma(best.alpha) for a, _ in rows)
    fixed /= mp.fsum(mp.digamma(best.concentration + b) - mp.digamma(best.concentration) for _, b in rows)
    return [
        # The update is where the bound is level, and a maximum is its fixed point.
        Claim(
            mp.findroot(lambda a: mp.diff(lambda u: bound(u, new[1]), a), new[0] * 1.01), new[0], rel=1e-7
        ),
        Claim(
            mp.findroot(lambda b: mp.diff(lambda u: bound(new[0], u), b), new[1] * 1.01), new[1], rel=1e-7
        ),
        Claim(fixed, best.alpha, rel=1e-8),
        # It touches at the old point, lies below elsewhere, and so the update climbs.
        Claim(bound(*map(mp.mpf, old)), height(*old), rel=1e-9),
        Claim(bound(*map(mp.mpf, other)), height(*other), relation="<="),
        Claim(height(*old), height(*new), relation="<="),
    ]


@equation("eq-newton")
def _(rng):
    x, n, _ = overdispersed_rows(rng, size=12)

    def height(eta, rho):
        mean, s = 1 / (1 + mp.exp(-eta)), mp.exp(-rho)
        return log_likelihood_at(mean * s, (1 - mean) * s, x, n)

    # The slopes, anywhere.
    alpha, beta = some_params(rng)
    s = alpha + beta
    rows = list(zip(x.tolist(), n.tolist(), strict=True))
    u = mp.fsum(1 / (mp.mpf(alpha) + j) for a, _ in rows for j in range(a))
    v = mp.fsum(1 / (mp.mpf(beta) + j) for a, b in rows for j in range(b - a))
    w = mp.fsum(1 / (mp.mpf(s) + j) for _, b in rows for j in range(b))
    here = mp.log(mp.mpf(alpha) / beta), -mp.log(mp.mpf(s))
    # The step, near the top.
    trace = bb.fit_mle(x, n).trace
    path = np.array([np.log(trace.alpha / trace.beta), -np.log(trace.alpha + trace.beta)]).T
    moved = np.diff(path, axis=0)
    k = int(np.argmax(np.abs(moved).max(axis=1) < 0.05))
    point = tuple(map(mp.mpf, path[k].tolist()))
    with mp.workdps(40):
        slopes = [mp.diff(height, here, order) for order in ((1, 0), (0, 1))]
        gradient = mp.matrix([mp.diff(height, point, order) for order in ((1, 0), (0, 1))])
        cross = mp.diff(height, point, (1, 1))
        hessian = mp.matrix(
            [[mp.diff(height, point, (2, 0)), cross], [cross, mp.diff(height, point, (0, 2))]]
        )
        step = -mp.lu_solve(hessian, gradient)
    return [
        Claim(slopes[0], alpha * beta / s * (u - v), rel=1e-8),
        Claim(slopes[1], s * w - alpha * u - beta * v, rel=1e-8),
        *(Claim(a, b, rel=1e-6) for a, b in zip(moved[k], step, strict=True)),
    ]


@equation("eq-boundary-slope")
def _(rng):
    x, n = some_rows(rng)
    x[0], n[0] = 1, 9  # so that the share of successes is neither 0 nor 1
    rows = list(zip(x.tolist(), n.tolist(), strict=True))
    hits, trials = int(x.sum()), int(n.sum())
    with mp.workdps(60):
        p, theta = mp.mpf(hits) / trials, mp.mpf("1e-20")
        binomial = hits * mp.log(p) + (trials - hits) * mp.log(1 - p)
        a, b, s = p / theta, (1 - p) / theta, 1 / theta
        at_theta = mp.fsum(
            mp.log(mp.rf(a, k)) + mp.log(mp.rf(b, m - k)) - mp.log(mp.rf(s, m)) for k, m in rows
        )
        slope = (at_theta - binomial) / theta
        first = mp.fsum(k * (k - 1) / p + (m - k) * (m - k - 1) / (1 - p) - m * (m - 1) for k, m in rows)
        second = mp.fsum((k - m * p) ** 2 / (p * (1 - p)) - m for k, m in rows)
    pairs = [sum(k * (k - 1) for k in value.tolist()) for value in (x, n - x, n)]
    failures = trials - hits
    whole = trials * (failures * pairs[0] + hits * pairs[1]) - hits * failures * pairs[2]
    return [
        Claim(slope, first / 2),
        Claim(slope, second / 2),
        Claim(slope, mp.mpf(whole) / (2 * hits * failures)),
    ]


@equation("eq-map")
def _(rng):
    x, n, best = overdispersed_rows(rng, size=12)
    old = rng.uniform(1, 5, 2)
    rows = list(zip(x.tolist(), n.tolist(), strict=True))
    a = mp.fsum(expected_log(old[0] + hits, old[1] + trials - hits) for hits, trials in rows) / len(rows)
    b = mp.fsum(expected_log(old[1] + trials - hits, old[0] + hits) for hits, trials in rows) / len(rows)

    def penalised(alpha, beta):
        log_beta = mp.log(mp.beta(alpha, beta))
        return len(rows) * (alpha * a + beta * b - log_beta) - mp.log(alpha + beta) / 2

    slopes = [lambda *at, k=k: mp.diff(penalised, at, (1 - k, k)) for k in range(2)]
    alpha, beta = mp.findroot(slopes, tuple(best), tol=1e-18)
    s = alpha + beta
    return [
        Claim(a, mp.psi(0, alpha) - mp.psi(0, s) + 1 / (2 * len(rows) * s)),
        Claim(b, mp.psi(0, beta) - mp.psi(0, s) + 1 / (2 * len(rows) * s)),
    ]


# chapters/07_uncertainty.ipynb


def log_likelihood_by_betas(alpha, beta, x, n):
    """Without the binomial coefficients, by gamma functions, to the working precision of mpmath."""
    return mp.fsum(
        mp.log(mp.beta(alpha + a, beta + b - a)) - mp.log(mp.beta(alpha, beta))
        for a, b in zip(x.tolist(), n.tolist(), strict=True)
    )


def minus_second_derivatives(function, alpha, beta):
    """Minus the three second derivatives of a function of two variables, by differences."""
    with mp.workdps(40):
        point = mp.mpf(alpha), mp.mpf(beta)
        return [-mp.diff(function, point, order) for order in ((2, 0), (1, 1), (0, 2))]


def covariance_by_quadrature(alpha, beta):
    """Var(log Z), Cov(log Z, log(1 - Z)) and Var(log(1 - Z)) for Z ~ Beta(alpha, beta), by quadrature."""
    with mp.workdps(20):
        alpha, beta = mp.mpf(alpha), mp.mpf(beta)
        norm = mp.log(mp.beta(alpha, beta))
        # Over the log odds t the weight is smooth, and falls off exponentially on both sides.
        centre, width = mp.log(alpha / beta), mp.sqrt(1 / alpha + 1 / beta)
        low = centre - 10 * width - 50 / alpha
        high = centre + 10 * width + 50 / beta
        step = width / 8
        t = [low + k * step for k in range(int((high - low) / step) + 1)]
        logs = [(-mp.log1p(mp.exp(-u)), -mp.log1p(mp.exp(u))) for u in t]
        weight = [step * mp.exp(alpha * a + beta * b - norm) for a, b in logs]  # the trapezium rule
        first, second = (mp.fdot(weight, [pair[k] for pair in logs]) for k in (0, 1))
        return [
            mp.fsum(w * (a - first) ** 2 for w, (a, b) in zip(weight, logs, strict=True)),
            mp.fsum(w * (a - first) * (b - second) for w, (a, b) in zip(weight, logs, strict=True)),
            mp.fsum(w * (b - second) ** 2 for w, (a, b) in zip(weight, logs, strict=True)),
        ]


def moderate_prior(rng):
    return bb.BetaParams(*np.exp(rng.uniform(0, 4, 2)))


@equation("eq-score")
def _(rng):
    x, n = some_rows(rng)
    x[0], n[0] = 7, 12  # so that both sums have terms
    alpha, beta = some_params(rng)
    claims = []
    for k in range(2):
        with mp.workdps(40):
            slope = mp.diff(
                lambda a, b: log_likelihood_by_betas(a, b, x, n),
                (mp.mpf(alpha), mp.mpf(beta)),
                (1 - k, k),
            )
        own, counts = (alpha, x) if k == 0 else (beta, n - x)
        digammas = mp.fsum(
            mp.digamma(own + int(a))
            - mp.digamma(own)
            - mp.digamma(alpha + beta + int(b))
            + mp.digamma(alpha + beta)
            for a, b in zip(counts, n, strict=True)
        )
        sums = mp.fsum(1 / (mp.mpf(own) + j) for a in counts.tolist() for j in range(a)) - mp.fsum(
            1 / (mp.mpf(alpha) + beta + j) for b in n.tolist() for j in range(b)
        )
        claims += [
            Claim(slope, digammas),
            Claim(slope, sums),
            Claim(bb.score((alpha, beta), x, n)[k], slope),
        ]
    return claims


@equation("eq-observed-information")
def _(rng):
    x, n = some_rows(rng)
    x[0], n[0] = 7, 12
    alpha, beta = some_params(rng)
    a = np.sum([1 / (alpha + j) ** 2 for hits in x for j in range(hits)])
    b = np.sum([1 / (beta + j) ** 2 for misses in n - x for j in range(misses)])
    t = np.sum([1 / (alpha + beta + j) ** 2 for trials in n for j in range(trials)])
    curvature = minus_second_derivatives(lambda p, q: log_likelihood_by_betas(p, q, x, n), alpha, beta)
    return [Claim(*pair) for pair in zip([a - t, -t, b - t], curvature, strict=True)]


@equation("eq-complete-information")
def _(rng):
    alpha, beta = moderate_prior(rng)
    players = int(rng.integers(2, 9))
    s = alpha + beta
    trigammas = [
        players * (mp.psi(1, alpha) - mp.psi(1, s)),
        -players * mp.psi(1, s),
        players * (mp.psi(1, beta) - mp.psi(1, s)),
    ]
    covariance = [players * c for c in covariance_by_quadrature(alpha, beta)]
    z = rng.uniform(0.05, 0.95, players).tolist()
    complete = minus_second_derivatives(
        lambda a, b: mp.fsum(
            (a - 1) * mp.log(v) + (b - 1) * mp.log1p(-v) - mp.log(mp.beta(a, b)) for v in z
        ),
        alpha,
        beta,
    )
    return [
        *(Claim(*pair) for pair in zip(trigammas, covariance, strict=True)),
        *(Claim(*pair) for pair in zip(trigammas, complete, strict=True)),
    ]


@equation("eq-missing-information")
def _(rng):
    x, n = some_rows(rng, 3)
    alpha, beta = moderate_prior(rng)
    rows = [
        covariance_by_quadrature(alpha + a, beta + b - a)
        for a, b in zip(x.tolist(), n.tolist(), strict=True)
    ]
    own, cross, other = (mp.fsum(row[k] for row in rows) for k in range(3))
    both = sum(mp.psi(1, alpha + beta + b) for b in n.tolist())
    hits = sum(mp.psi(1, alpha + a) for a in x.tolist())
    misses = sum(mp.psi(1, beta + b) for b in (n - x).tolist())
    return [Claim(own, hits - both), Claim(cross, -both), Claim(other, misses - both)]


@equation("eq-louis")
def _(rng):
    x, n = some_rows(rng, 3)
    alpha, beta = moderate_prior(rng)
    complete = covariance_by_quadrature(alpha, beta)
    rows = [
        covariance_by_quadrature(alpha + a, beta + b - a)
        for a, b in zip(x.tolist(), n.tolist(), strict=True)
    ]
    observed = minus_second_derivatives(lambda p, q: log_likelihood_by_betas(p, q, x, n), alpha, beta)
    # What the difference of the covariances cancels, the quadrature's spare digits make up for.
    return [Claim(observed[k], mp.fsum(complete[k] - row[k] for row in rows), rel=1e-8) for k in range(3)]


@equation("eq-standard-errors")
def _(rng):
    truth = bb.BetaParams(*rng.uniform(3, 20, 2))
    data = bb.simulate(truth, rng.integers(30, 60, 25), rng=rng)
    fit = bb.fit_mle(data.x, data.n)
    errors = bb.standard_errors(fit, data.x, data.n)

    def in_mean_and_log(mean, log_s):
        s = mp.exp(log_s)
        return log_likelihood_by_betas(mean * s, (1 - mean) * s, data.x, data.n)

    a, cross, b = minus_second_derivatives(in_mean_and_log, fit.mean, np.log(fit.concentration))
    own = np.linalg.inv(np.array([[a, cross], [cross, b]], float))
    s, (alpha, beta) = fit.concentration, fit.params
    jacobian = np.array([[s, alpha], [-s, beta]])
    information = bb.observed_information(fit.params, data.x, data.n)
    by_chain_rule = np.linalg.inv(jacobian.T @ information @ jacobian)
    return [
        Claim(by_chain_rule[0, 0], own[0, 0], rel=1e-7),
        Claim(by_chain_rule[1, 1], own[1, 1], rel=1e-7),
        Claim(errors.mean, np.sqrt(own[0, 0]), rel=1e-7),
        Claim(errors.log_concentration, np.sqrt(own[1, 1]), rel=1e-7),
    ]


@equation("eq-profile")
def _(rng):
    x, n = some_rows(rng)
    x[:2], n[:2] = (7, 1), (12, 9)
    s = mp.mpf(float(np.exp(rng.uniform(0, 6))))

    def at(mean):
        return log_likelihood_by_betas(mean * s, (1 - mean) * s, x, n)

    def slope(mean):  # hits pull one way, misses the other
        hits = mp.fsum(1 / (mean * s + j) for a in x.tolist() for j in range(a))
        return hits - mp.fsum(1 / ((1 - mean) * s + j) for a in (n - x).tolist() for j in range(a))

    best = mp.findroot(slope, (mp.mpf("1e-9"), 1 - mp.mpf("1e-9")), solver="anderson")
    searched = optimize.minimize_scalar(
        lambda m: -stats.betabinom.logpmf(x, n, m * float(s), (1 - m) * float(s)).sum(),
        bounds=(1e-6, 1 - 1e-6),
        method="bounded",
        options={"xatol": 1e-10},
    )
    ways = mp.fsum(mp.log(mp.binomial(b, a)) for a, b in zip(x.tolist(), n.tolist(), strict=True))
    elsewhere = mp.mpf(float(rng.uniform(0.01, 0.99)))
    chi_square_95 = mp.findroot(lambda c: mp.erf(mp.sqrt(c / 2)) - mp.mpf("0.95"), 4)
    return [
        Claim(at(best) + ways, -searched.fun),
        Claim(at(elsewhere), at(best), relation="<="),
        Claim(3.84, chi_square_95, rel=1e-3),
    ]


@equation("eq-boundary-test")
def _(rng):
    # With two trials each the model is three shares, and D is a formula: the test of Hardy and Weinberg's
    # law, one-sided. So its distribution is an exact sum over the tables (zeros, ones, twos).
    p, players = rng.uniform(0.3, 0.7), 20_000
    likely = players * np.array([(1 - p) ** 2, 2 * p * (1 - p), p**2])
    reach = (7 * np.sqrt(players) / 2 * np.array([1.0, 1.0])).astype(int)
    ones, twos = np.ogrid[
        int(likely[1]) - reach[0] : int(likely[1]) + reach[0],
        int(likely[2]) - reach[1] : int(likely[2]) + reach[1],
    ]
    zeros = players - ones - twos
    table = np.stack(np.broadcast_arrays(zeros, ones, twos))
    log_share = special.gammaln(players + 1) - special.gammaln(table + 1).sum(0)
    probability = np.exp(log_share + np.tensordot(np.log(likely / players), table, 1))
    pooled = (ones + 2 * twos) / (2 * players)
    binomial = np.stack([(1 - pooled) ** 2, 2 * pooled * (1 - pooled), pooled**2])
    gain = 2 * (table * np.log(table / (players * binomial))).sum(0)
    gain = np.where(table[1] < players * binomial[1], gain, 0.0)  # no fewer ones: D is 0

    some = tuple(rng.integers(0, size) for size in gain.shape)
    fit = bb.fit_mle([0, 1, 2], 2, counts=table[(slice(None), *some)])
    at_binomial = stats.binom.logpmf([0, 1, 2], 2, pooled[some]) @ table[(slice(None), *some)]
    c = rng.uniform(0.3, 4)
    return [
        # An absolute 1e-7, since D may be 0.
        Claim(1 + 2 * (fit.log_likelihood - at_binomial), 1 + gain[some], rel=1e-7),
        Claim(probability.sum(), 1, rel=1e-9),
        Claim(probability[gain > c].sum(), mp.erfc(mp.sqrt(c / 2)) / 2, rel=0.03),
        Claim(probability[gain == 0].sum(), 0.5, rel=0.02),
    ]


# chapters/08_batting.ipynb


def over_unit_interval(f):
    """Integral of f from 0 to 1, in pieces narrower than any peak met here."""
    return mp.quad(f, mp.linspace(0, 1, 33))


def beta_kernel(a, b):
    """The density of Beta(a, b) up to a constant, of a harmless size."""
    centre = a / (a + b)
    return lambda z: (z / centre) ** (a - 1) * ((1 - z) / (1 - centre)) ** (b - 1)


def beta_average(f, a, b):
    """E[f(Z)] for Z ~ Beta(a, b), by quadrature of the density up to a constant."""
    weight = beta_kernel(a, b)
    return over_unit_interval(lambda z: f(z) * weight(z)) / over_unit_interval(weight)


@equation("eq-shrunken-average")
def _(rng):
    prior = moderate_params(rng)
    n = int(rng.integers(1, 80))
    x = int(rng.integers(0, n + 1))
    weight = n / (prior.concentration + n)
    mixed = weight * x / n + (1 - weight) * prior.mean
    fraction = (prior.alpha + x) / (prior.concentration + n)
    # The likelihood enters as a factor under the integral, not as a change of the parameters.
    likelihood = beta_average(lambda z: z**x * (1 - z) ** (n - x), *prior)
    mean = beta_average(lambda z: z ** (x + 1) * (1 - z) ** (n - x), *prior) / likelihood
    return [Claim(mean, mixed), Claim(mean, fraction)]


@equation("eq-prediction-error")
def _(rng):
    z, guess = rng.uniform(0.1, 0.9, (2, 3))
    m = rng.integers(2, 40, 3)
    # The expectation of the estimate over all 2019s, by adding up every outcome.
    expected = 0
    for true, estimate, trials in zip(z, guess, m.tolist(), strict=True):
        for y in range(trials + 1):
            chance = mp.binomial(trials, y) * mp.mpf(true) ** y * (1 - mp.mpf(true)) ** (trials - y)
            r = mp.mpf(y) / trials
            expected += chance * ((r - estimate) ** 2 - r * (1 - r) / (trials - 1)) / 3
    return [Claim(expected, np.mean((z - guess) ** 2))]


@equation("eq-naive-interval")
def _(rng):
    prior = moderate_params(rng)
    n = int(rng.integers(1, 80))
    x = int(rng.integers(0, n + 1))
    a, b = prior.alpha + x, prior.beta + n - x
    low, high = (mp.mpf(float(end)) for end in stats.beta.ppf([0.025, 0.975], a, b))
    # How much of the posterior lies below the interval, in it and above, by adding up its density.
    parts = [
        mp.quad(beta_kernel(a, b), mp.linspace(start, stop, 17))
        for start, stop in ((0, low), (low, high), (high, 1))
    ]
    below, inside, above = (part / mp.fsum(parts) for part in parts)
    return [Claim(below, 0.025, rel=1e-8), Claim(inside, 0.95, rel=1e-8), Claim(above, 0.025, rel=1e-8)]


@equation("eq-predictive")
def _(rng):
    prior = moderate_params(rng)
    n, m = rng.integers(1, 60, 2).tolist()
    x, y = int(rng.integers(0, n + 1)), int(rng.integers(0, m + 1))
    a, b = prior.alpha + x, prior.beta + n - x
    integral = mp.binomial(m, y) * beta_average(lambda z: z**y * (1 - z) ** (m - y), a, b)
    formula = mp.binomial(m, y) * mp.beta(a + y, b + m - y) / mp.beta(a, b)
    # Also as a ratio of joint probabilities of both seasons, with the prior's own parameters.
    joint = mp.beta(prior.alpha + x + y, prior.beta + n - x + m - y)
    ratio = mp.binomial(m, y) * joint / mp.beta(prior.alpha + x, prior.beta + n - x)
    packaged = np.exp(bb.log_pmf(y, m, bb.posterior(prior, x, n)))
    return [Claim(integral, formula), Claim(integral, ratio), Claim(integral, packaged)]


@equation("eq-pit")
def _(rng):
    prior = moderate_params(rng)
    n = int(rng.integers(2, 30))
    x = int(rng.integers(0, n + 1))
    chance = [mp.binomial(n, k) * mp.beta(prior.alpha + k, prior.beta + n - k) for k in range(n + 1)]
    chance = [part / mp.fsum(chance) for part in chance]
    pit = [mp.fsum(chance[:k]) + chance[k] / 2 for k in range(n + 1)]
    claimed = stats.betabinom.cdf(x, n, *prior) - stats.betabinom.pmf(x, n, *prior) / 2
    return [
        Claim(claimed, pit[x]),
        # If the model is right, its mean is one half whatever n is.
        Claim(mp.fsum(p * u for p, u in zip(chance, pit, strict=True)), 0.5),
    ]


@equation("eq-hyper-posterior")
def _(rng):
    # Three players, and a prior on (mu, s) of a few points, so that every integral is a finite sum.
    n = rng.integers(2, 12, 3)
    x = np.array([int(rng.integers(0, k + 1)) for k in n])
    mu, s = rng.uniform(0.2, 0.8, 4), np.exp(rng.uniform(0.7, 3, 4))
    chance = rng.dirichlet(np.ones(4))
    a, b = mu * s, (1 - mu) * s
    z = float(rng.uniform(0.2, 0.8))
    # As in the equation: posterior of (mu, s), then player 0's posterior averaged over it.
    weight = chance * np.exp([bb.log_likelihood(p, x, n) for p in zip(a, b, strict=True)])
    weight /= weight.sum()
    density = weight @ stats.beta.pdf(z, a + x[0], b + n[0] - x[0])
    # Directly: the joint density of z_0 and all hits, over that of all hits; z_1, z_2 integrated out.
    t, w = np.polynomial.legendre.leggauss(400)
    t, w = (1 + np.sin(np.pi * t / 2)) / 2, w * np.pi / 4 * np.cos(np.pi * t / 2)

    def integrand(z, k, j):
        return stats.binom.pmf(x[k], n[k], z) * stats.beta.pdf(z, a[j], b[j])

    joint = evidence = 0
    for j in range(4):
        marginal = [w @ integrand(t, k, j) for k in range(3)]
        evidence += chance[j] * np.prod(marginal)
        joint += chance[j] * integrand(z, 0, j) * np.prod(marginal[1:])
    return [Claim(density, joint / evidence, rel=1e-7)]


# chapters/09_beyond.ipynb


def gamma_expectation(a, b, function):
    """E[function(Z)] for Z with density proportional to z^(a - 1) exp(-b z), by quadrature over log Z."""
    a, b = mp.mpf(a), mp.mpf(b)
    centre, width = mp.log(a / b), 1 / mp.sqrt(a)
    cuts = [centre + width * k for k in (-60, -25, -12, -6, -3, 0, 3, 6, 9)]

    def weight(u):
        return mp.exp(a * (u - centre) - b * (mp.exp(u) - mp.exp(centre)))

    total = mp.quad(weight, cuts)
    return mp.quad(lambda u: function(mp.exp(u)) * weight(u), cuts) / total, total


def on_the_simplex(density, size=160):
    """Normaliser of a density of three shares, and the means of their logarithms, by a product rule."""
    u, weights = np.polynomial.legendre.leggauss(size)
    u, weights = (u + 1) / 2, weights / 2
    first, rest = u[:, None], (1 - u)[:, None]
    z = np.array([first + 0 * u, rest * u, rest * (1 - u)])
    mass = density(z) * rest * weights[:, None] * weights
    return mass.sum(), [np.sum(mass * np.log(part)) / mass.sum() for part in z]


def dirichlet_q(averages):
    """Q of one row, up to a constant, as a function of the parameters."""
    return lambda *alpha: (
        mp.loggamma(mp.fsum(alpha))
        - mp.fsum(mp.loggamma(a) for a in alpha)
        + mp.fsum(c * a for c, a in zip(averages, alpha, strict=True))
    )


@equation("eq-gamma-poisson-posterior")
def _(rng):
    a, b, e = np.exp(rng.uniform(-0.5, 2, 3))
    x = int(rng.poisson(e * a / b)) + 1
    z = rng.uniform(0.2, 3)
    # Prior times likelihood, normalised by quadrature, against the Gamma density that is claimed.
    marginal = stats.nbinom.pmf(x, a, b / (b + e))
    by_bayes = stats.gamma.pdf(z, a, scale=1 / b) * stats.poisson.pmf(x, e * z) / marginal
    shape, rate = a + x, b + e
    return [
        Claim(by_bayes, stats.gamma.pdf(z, shape, scale=1 / rate)),
        Claim(gamma_expectation(shape, rate, lambda v: v)[0], (a + x) / (b + e)),
        Claim(gamma_expectation(shape, rate, mp.log)[0], mp.digamma(a + x) - mp.log(b + e)),
    ]


@equation("eq-gamma-poisson-m-step")
def _(rng):
    # Averages as the E-step makes them, of a few posteriors.
    shapes, rates = np.exp(rng.uniform(0, 2, (2, 4)))
    mean = float(np.mean(shapes / rates))
    mean_log = float(np.mean(special.digamma(shapes) - np.log(rates)))
    goal = np.log(mean) - mean_log
    a = np.exp(optimize.brentq(lambda u: u - special.digamma(np.exp(u)) - goal, -9, 15, xtol=1e-14))
    b = a / mean
    return [
        Claim(gamma_expectation(a, b, lambda v: v)[0], mean),
        Claim(gamma_expectation(a, b, mp.log)[0], mean_log, rel=1e-8),
    ]


@equation("eq-dirichlet-posterior")
def _(rng):
    alpha = rng.uniform(2.5, 9, 3)
    n = int(rng.integers(1, 20))
    x = rng.multinomial(n, [0.2, 0.3, 0.5])

    def joint(z):
        ways = special.gamma(n + 1) / special.gamma(x + 1).prod()
        prior = np.exp(special.gammaln(alpha.sum()) - special.gammaln(alpha).sum())
        return ways * prior * np.prod([v ** (a - 1) * v**k for v, a, k in zip(z, alpha, x, strict=True)], 0)

    marginal, logs = on_the_simplex(joint)
    z = rng.dirichlet([4, 4, 4])
    claimed = special.digamma(alpha + x) - special.digamma(alpha.sum() + n)
    return [
        Claim(joint(z) / marginal, stats.dirichlet.pdf(z, alpha + x), rel=1e-8),
        *(Claim(left, right, rel=1e-8) for left, right in zip(logs, claimed, strict=True)),
    ]


@equation("eq-dirichlet-m-step")
def _(rng):
    alpha = rng.uniform(2.5, 9, 3)
    own = on_the_simplex(lambda z: np.prod([v ** (a - 1) for v, a in zip(z, alpha, strict=True)], 0))[1]
    solved = special.digamma(alpha) - special.digamma(alpha.sum())
    q = dirichlet_q([float(value) for value in solved])
    beside = alpha * np.exp(rng.uniform(-0.3, 0.3, 3))
    return [
        *(Claim(left, right, rel=1e-8) for left, right in zip(own, solved, strict=True)),
        Claim(q(*beside), q(*alpha), relation="<="),
    ]


@equation("eq-dirichlet-newton")
def _(rng):
    alpha = rng.uniform(0.5, 9, 4)
    averages = special.digamma(alpha) - special.digamma(alpha.sum()) - rng.uniform(0.1, 1, 4)
    c, t = special.polygamma(1, alpha), special.polygamma(1, alpha.sum())
    missing = averages - special.digamma(alpha) + special.digamma(alpha.sum())
    u = (missing / c).sum() / (1 - t * (1 / c).sum())
    step = (missing + t * u) / c
    # Gradient and Hessian by differencing Q, the system by Gaussian elimination.
    q = dirichlet_q(averages.tolist())
    point = tuple(alpha.tolist())
    gradient, hessian = mp.matrix(4, 1), mp.matrix(4, 4)
    for i in range(4):
        orders = np.eye(4, dtype=int)[i]
        gradient[i] = mp.diff(q, point, tuple(orders.tolist()))
        for j in range(4):
            hessian[i, j] = mp.diff(q, point, tuple((orders + np.eye(4, dtype=int)[j]).tolist()))
    solved = mp.lu_solve(-hessian, gradient)
    return [Claim(step[k], solved[k], rel=1e-6) for k in range(4)]


@equation("eq-mixture-responsibility")
def _(rng):
    n = int(rng.integers(5, 60))
    x = int(rng.integers(1, n))
    share = rng.uniform(0.1, 0.9)
    groups = [(share, *rng.uniform(2, 40, 2)), (1 - share, *rng.uniform(2, 40, 2))]
    claimed = [w * np.exp(bb.log_pmf(x, n, (a, b))) for w, a, b in groups]
    # The joint probability of group and record, with z integrated out by quadrature.
    joint = [
        integrate.quad(
            lambda z, w=w, a=a, b=b: w * stats.beta.pdf(z, a, b) * stats.binom.pmf(x, n, z),
            0,
            1,
            points=[x / n],
            epsabs=0,
            epsrel=1e-11,
        )[0]
        for w, a, b in groups
    ]
    return [Claim(part / sum(joint), own / sum(claimed)) for part, own in zip(joint, claimed, strict=True)]


@equation("eq-regression-mean")
def _(rng):
    b0, b1, s = rng.uniform(-1.5, -0.8), rng.uniform(0.05, 0.2), rng.uniform(40, 400)
    n = int(rng.integers(100, 650))
    v = np.log2(n / 300)
    mu = special.expit(b0 + b1 * v)
    a, b = mu * s, (1 - mu) * s
    # The distribution's own mean and variance, by quadrature.
    sd = np.sqrt(mu * (1 - mu) / (s + 1))
    cuts = [0, *(mu + sd * k for k in (-2, 0, 2, 5)), 1]
    log_norm = mp.log(mp.beta(a, b))

    def density(z):
        return mp.exp((a - 1) * mp.log(z) + (b - 1) * mp.log1p(-z) - log_norm)

    mean = mp.quad(lambda z: z * density(z), cuts)
    variance = mp.quad(lambda z: (z - mean) ** 2 * density(z), cuts)
    return [
        Claim(mp.log(mean / (1 - mean)), b0 + b1 * v),
        Claim(variance, mean * (1 - mean) / (s + 1)),
    ]


# chapters/a1_functions.ipynb


def gamma_integral(a, power=0):
    """The integral of (log t)^power t^(a - 1) e^(-t), over u = log t."""
    a = mp.mpf(a)
    centre, width = mp.log(a + 1), 1 / mp.sqrt(a)
    cuts = [centre - width * j - (60 / a if j == 60 else 0) for j in (60, 12, 6, 3)]
    cuts += [centre, *(centre + j for j in (1, 2, 4, 6))]
    return mp.quad(lambda u: u**power * mp.exp(a * u - mp.exp(u)), cuts)


def beta_integral(a, b):
    """The integral of z^(a - 1) (1 - z)^(b - 1), over logit z."""
    a, b = mp.mpf(a), mp.mpf(b)
    centre, width = mp.log(a / b), mp.sqrt(1 / a + 1 / b)
    cuts = [centre + width * j for j in (-60, -12, -5, 0, 5, 12, 60)]
    return mp.quad(lambda u: mp.exp(-a * mp.log1p(mp.exp(-u)) - b * mp.log1p(mp.exp(u))), cuts)


def an_argument(rng):
    return float(np.exp(rng.uniform(-0.7, 4)))


@equation("eq-gamma")
def _(rng):
    a = an_argument(rng)
    # Over t itself, as it stands in the book.
    cuts = [0, a / 8, a / 2, a, 2 * a, 4 * a + 10, 8 * a + 40, 8 * a + 200]
    as_it_stands = mp.quad(lambda t: t ** (a - 1) * mp.exp(-t), cuts)
    return [Claim(as_it_stands, mp.gamma(a)), Claim(gamma_integral(a), mp.gamma(a))]


@equation("eq-gamma-recurrence")
def _(rng):
    a, n = an_argument(rng), int(rng.integers(1, 30))
    return [
        Claim(gamma_integral(a + 1), a * gamma_integral(a)),
        Claim(gamma_integral(n + 1), mp.fprod(range(1, n + 1))),
    ]


@equation("eq-beta-function")
def _(rng):
    a, b = an_argument(rng), an_argument(rng)
    # SciPy's, and for whole numbers one over (a + b - 1) binomials.
    k, m = (int(v) for v in rng.integers(1, 20, 2))
    return [
        Claim(beta_integral(a, b), np.exp(special.betaln(a, b))),
        Claim(beta_integral(k, m), 1 / ((k + m - 1) * mp.binomial(k + m - 2, k - 1))),
    ]


@equation("eq-beta-gamma")
def _(rng):
    a, b = an_argument(rng), an_argument(rng)
    gammas = gamma_integral(a) * gamma_integral(b) / gamma_integral(a + b)
    return [Claim(beta_integral(a, b), gammas)]


@equation("eq-digamma")
def _(rng):
    a = an_argument(rng)
    by_slope = mp.diff(mp.loggamma, a)
    # Gamma' by differentiating under the integral.
    by_ratio = gamma_integral(a, 1) / gamma_integral(a)
    return [Claim(mp.digamma(a), by_slope, rel=1e-8), Claim(mp.digamma(a), by_ratio)]


@equation("eq-digamma-recurrence")
def _(rng):
    a = an_argument(rng)
    here = gamma_integral(a, 1) / gamma_integral(a)
    above = gamma_integral(a + 1, 1) / gamma_integral(a + 1)
    return [Claim(above - here, 1 / a, rel=1e-8)]


@equation("eq-digamma-sum")
def _(rng):
    a, k = an_argument(rng), int(rng.integers(1, 60))
    left = mp.digamma(a + k) - mp.digamma(a)
    return [Claim(left, np.sum(1 / (a + np.arange(k))))]


@equation("eq-digamma-asymptotic")
def _(rng):
    terms = [(1, -2), (2, -12), (4, 120), (6, -252)]
    claims = []
    # Each term for itself: what the terms before it leave, at an argument so large that it is nearly all.
    with mp.workdps(60):
        a = mp.mpf(rng.uniform(1e4, 1e5))
        left = mp.digamma(a) - mp.log(a)
        for k, c in terms:
            claims.append(Claim(left * a**k, mp.mpf(1) / c, rel=1e-4 if k == 1 else 1e-7))
            left -= 1 / (c * a**k)
    # At a small one, the error has the sign of the first term left out and is smaller.
    a = mp.mpf(rng.uniform(1, 6))
    left = mp.digamma(a) - mp.log(a)
    for k, c in terms:
        if k > 1:
            share = left * c * a**k
            claims += [Claim(0, share, relation="<="), Claim(share, 1, relation="<=")]
        left -= 1 / (c * a**k)
    return claims


@equation("eq-trigamma")
def _(rng):
    a = an_argument(rng)
    mean, square = (gamma_integral(a, power) / gamma_integral(a) for power in (1, 2))
    return [
        Claim(mp.psi(1, a), mp.diff(mp.digamma, a), rel=1e-7),
        Claim(mp.psi(1, a), square - mean**2, rel=1e-8),
        Claim(0, mp.psi(1, a), relation="<="),
    ]


@equation("eq-trigamma-series")
def _(rng):
    a = an_argument(rng)
    by_series = mp.nsum(lambda j: 1 / (a + j) ** 2, [0, mp.inf])
    by_slope = mp.diff(mp.loggamma, a, 2)
    return [
        Claim(by_series, by_slope, rel=1e-7),
        Claim(1 / a, by_series, relation="<="),
        Claim(by_series, 1 / a + 1 / a**2, relation="<="),
    ]


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
