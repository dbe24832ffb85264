"""Chapter 3, the M-step: what is asked, and which slips are known."""

import math
from functools import cache

import numpy as np
from scipy import special

from betabin.checks._seasons import regulars
from betabin.checks.kinds import Array, Choice, Example, Function, Option, Slip
from betabin.em import e_step, m_step
from betabin.mle import fit_mle
from betabin.model import posterior


def _own(a, b):
    """E[log Z] and E[log(1 - Z)] of a Beta distribution: what a player without at-bats reports."""
    return e_step((a, b), 0, 0)


# ex03.2: the average of z log z


def _pairs(rng):
    return [(2.0, 6.0), (1.0, 1.0), (0.5, 1.5), *map(tuple, rng.uniform(0.2, 20, (3, 2)).tolist())]


def _mean_z_log_z(a, b):
    """Z times the density is the mean times the density after one hit."""
    return a / (a + b) * e_step((a, b), 1, 1).mean_log_z


def _tilted(a, b):
    return e_step((a, b), 1, 1).mean_log_z


# ex03.1: one hit, one out


def _returned():
    return np.array(m_step(e_step((1, 1), [1, 0], [1, 1])))


def _is(a, b):
    return bool(np.allclose(_returned(), (a, b), rtol=1e-6))


# ex03.3: four programs


@cache
def _programs():
    """The statistics that each of the four programs hands on."""
    x, n = regulars(2018)
    q = posterior((1, 1), x, n)
    points = np.log(q.mean).mean(), np.log1p(-q.mean).mean()
    return (
        e_step((1, 1), x, n),
        points,
        e_step((1, 1), x, n, counts=n),
        e_step((1, 1), x.sum(), n.sum()),
    )


def _concentration(program):
    return m_step(_programs()[program - 1]).concentration


@cache
def _fitted():
    return fit_mle(*regulars(2018)).concentration


# ex03.4: a hill that bends down in x and in y


def _bend(got):
    """The mixed term against the others, as a ratio: squares of large numbers overflow."""
    a, b, c = got / np.abs(got).max()
    return math.inf if a * b == 0 else c**2 / (4 * a * b)


# ex03.5: the M-step itself

_MODERATE = 6


def _statistics(rng):
    """Pairs of statistics: of moderate distributions first, then of those that make solvers fail."""
    sizes, ratios = rng.uniform(2, 20, 3), rng.uniform(1, 2, 3)
    moderate = [
        (2.371912, 6.118445),
        (24.13746, 73.5911),
        (1.512367, 2.045719),
        *zip(sizes, sizes * ratios, strict=True),
    ]
    extreme = [
        (0.5, 0.5),
        (1.0, 5.0),
        (0.001, 0.001),
        (3.0, 0.02),
        (0.000512347, 0.0217391),
        (103.7, 300.0),
    ]
    return [tuple(map(float, _own(*params))) for params in [*moderate, *extreme]]


def _top(mean_log_z, mean_log_one_minus_z):
    return np.array(m_step((mean_log_z, mean_log_one_minus_z)))


def _approximation(mean_log_z, mean_log_one_minus_z):
    shares = np.exp([mean_log_z, mean_log_one_minus_z])
    return 0.5 + shares / (2 * (1 - shares.sum()))


def _mean_and_concentration(*stats):
    params = _top(*stats)
    return params[0] / params.sum(), params.sum()


def _at_zero(got, cases):
    return all(np.shape(pair) == (2,) and np.all(np.abs(pair) < 1e-4) for pair in got[:_MODERATE])


def _right(got, cases, rtol=1e-6):
    """Which of the results are right, those there are."""
    return [
        np.shape(pair) == (2,) and bool(np.allclose(pair, _top(*case), rtol=rtol, atol=0))
        for pair, case in zip(got, cases, strict=False)
    ]


def _left_the_domain(got, cases):
    lost = [not (np.all(np.isfinite(pair)) and np.all(np.greater(pair, 0))) for pair in got]
    return all(_right(got, cases)[:_MODERATE]) and any(lost)


def _loose(got, cases):
    """Whether the moderate ones are about right."""
    return all(_right(got[:_MODERATE], cases, 1e-2))


def _never_arrived(got, cases):
    return all(_right(got, cases)[:_MODERATE])


# ex03.6: what a digit costs

_ENDS = ((100, 300), (0.1, 0.3))


def _kept():
    """The share of the distance that a step of the fixed point keeps, near each of the ends."""
    return np.array(
        [
            special.polygamma(1, a + b) * (1 / special.polygamma(1, a) + 1 / special.polygamma(1, b))
            for a, b in _ENDS
        ]
    )


def _steps(per=10, kept=None):
    return math.log(per) / -np.log(_kept() if kept is None else kept)


def _by_large_concentration():
    return np.array([math.log(10) * 2 * (a + b) for a, b in _ENDS])


def _one_trigamma(which):
    return np.array([special.polygamma(1, sum(end)) / special.polygamma(1, end[which]) for end in _ENDS])


def _only(which, got):
    return got.size == 2 and abs(got.flat[which] / _steps()[which] - 1) < 0.02


QUESTIONS = {
    "ex03.1": Choice(
        points=1,
        options=(
            Option(
                "a",
                lambda: _is(1.5, 1.5),
                "These are the averages of the posteriors' parameters. The M-step averages two other "
                "things: which?",
            ),
            Option("b", lambda: _is(1, 1)),
            Option(
                "c",
                lambda: _is(2, 2),
                "This adds all hits and outs to the prior, as if both at-bats were one player's. The "
                "M-step fits one distribution to two players.",
            ),
            Option(
                "d",
                lambda: bool(np.all(_returned() < 1 - 1e-6)),
                "The raw averages differ as much as they can, but the posteriors are wide and overlap. "
                "What does their mixture look like?",
            ),
        ),
    ),
    "ex03.2": Function(
        points=2,
        name="mean_z_log_z",
        arguments=("alpha", "beta"),
        cases=_pairs,
        want=_mean_z_log_z,
        slips=(
            Slip(
                "product of averages",
                "This is E[Z] times E[log Z]. The average of a product is not the product of the averages: "
                "a high Z has a high logarithm too.",
                hint=1,
                gives=lambda a, b: a / (a + b) * _own(a, b)[0],
            ),
            Slip(
                "at the mean",
                "This inserts E[Z] into z log z. The function bends, so its average is not its value at "
                "the average.",
                hint=1,
                gives=lambda a, b: a / (a + b) * math.log(a / (a + b)),
            ),
            Slip(
                "logarithm for digamma",
                "Where the derivative of log Gamma belongs there is a logarithm. The two are close for "
                "large arguments only.",
                hint=1,
                gives=lambda a, b: a / (a + b) * math.log((a + 1) / (a + b + 1)),
                points=1,
            ),
            Slip(
                "total not raised",
                "Nearly: the factor z raises an exponent by one. What does that do to the sum of the "
                "parameters?",
                hint=2,
                gives=lambda a, b: a / (a + b) * (_own(a, b)[0] + 1 / a),
                points=1,
            ),
            Slip(
                "constant lost",
                "This is the average of log z under the density that z times yours is proportional to. "
                "The factor of proportion is missing.",
                hint=2,
                gives=_tilted,
                points=1,
            ),
            Slip(
                "constant not divided",
                "The derivative of the Beta function is there, but it is not divided by the distribution's "
                "own constant.",
                hint=2,
                gives=lambda a, b: math.exp(special.betaln(a + 1, b)) * _tilted(a, b),
                points=1,
            ),
            Slip(
                "bits",
                "These are bits. Derive it with the natural logarithm: in nats.",
                gives=lambda a, b: _mean_z_log_z(a, b) / math.log(2),
                points=1,
            ),
            Slip(
                "other side",
                "This is E[(1 - Z) log(1 - Z)]: alpha and beta are exchanged.",
                gives=lambda a, b: _mean_z_log_z(b, a),
                points=1,
            ),
            Slip(
                "minus",
                "This is a surprise, minus log z. E[Z log Z] itself is asked for: which sign has log z?",
                gives=lambda a, b: -_mean_z_log_z(a, b),
                points=1,
            ),
            Slip(
                "log alone",
                "This is E[log Z], as in the chapter. Where has the factor z gone?",
                hint=1,
                gives=lambda a, b: _own(a, b)[0],
            ),
        ),
    ),
    "ex03.3": Choice(
        points=2,
        options=(
            Option("a", lambda: _concentration(2) > 1.2 * _concentration(1)),
            Option(
                "b",
                False,
                "Q has one term for each player. That a long record tells more is in his posterior "
                "already: how?",
            ),
            Option("c", lambda: _concentration(4) > 100 * _concentration(1)),
            Option(
                "d",
                lambda: math.isclose(_concentration(1), _fitted(), rel_tol=0.05),
                "One M-step does not make a fit. Its posteriors come from the uniform prior: what will the "
                "next round start from?",
            ),
            Option("e", lambda: all(np.exp(pair).sum() < 1 for pair in _programs())),
        ),
    ),
    "ex03.4": Example(
        points=2,
        shape=(3,),
        slips=(
            Slip(
                "not finite",
                "Three ordinary numbers are asked for.",
                when=lambda got: not np.all(np.isfinite(got)),
            ),
            Slip(
                "not both negative",
                "The second derivatives in x and in y are 2a and 2b here. The classmate's condition "
                "must hold for your function, or it shows nothing about his argument.",
                hint=1,
                when=lambda got: not (got[0] < 0 and got[1] < 0),
            ),
            Slip(
                "no mixed term",
                "Without the mixed term the function is a sum of one in x and one in y, and it does bend "
                "downwards everywhere. What can c add, on the line x = y?",
                hint=1,
                when=lambda got: got[2] == 0,
            ),
            Slip(
                "flat",
                "On one line through the origin this function is constant. It has not one top but "
                "infinitely many, and yet it doesn't rise: a little more is needed.",
                hint=2,
                when=lambda got: math.isclose(_bend(got), 1, rel_tol=1e-9),
                points=1,
            ),
            Slip(
                "concave",
                "This one bends downwards on every line: the mixed term is too weak. Compute the "
                "determinant of the second derivatives.",
                hint=2,
                when=lambda got: _bend(got) < 1,
            ),
        ),
    ),
    "ex03.5": Function(
        points=3,
        name="maximise",
        arguments=("mean_log_z", "mean_log_one_minus_z"),
        cases=_statistics,
        want=_top,
        forbidden=("betabin.m_step", "betabin.fit_em", "betabin.fit_mle"),
        rtol=1e-6,
        slips=(
            Slip(
                "exchanged",
                "The order is alpha, beta: alpha goes with the average of log Z.",
                gives=lambda *stats: _top(*stats)[::-1],
                points=2,
            ),
            Slip(
                "mean and concentration",
                "These are the mean and the concentration; alpha and beta are asked for.",
                gives=(_mean_and_concentration, lambda *averages: _mean_and_concentration(*averages)[::-1]),
                points=2,
            ),
            Slip(
                "logarithms",
                "These are the logarithms of the parameters: go back at the end.",
                hint=2,
                gives=lambda *stats: np.log(_top(*stats)),
                atol=1e-6,
                points=2,
            ),
            Slip(
                "approximation",
                "This is the approximate solution, made for large parameters. It is a good start: go on "
                "from it.",
                hint=1,
                gives=_approximation,
                points=1,
            ),
            Slip(
                "constant dropped",
                "It runs to zero. The Beta function doesn't contain z, but it does contain what you "
                "maximise over: has it been dropped?",
                hint=1,
                when=_at_zero,
            ),
            Slip(
                "left the domain",
                "Right for moderate parameters. Elsewhere a step leads out of the region where both are "
                "positive, or to no number, and there is no way back: take the unknowns on another scale, "
                "and bound the step.",
                hint=2,
                when=_left_the_domain,
                points=2,
            ),
            Slip(
                "never arrived",
                "Right for moderate parameters. Elsewhere it stops before it has arrived: a limit on the "
                "number of steps, or a test for the end that is too easily met.",
                hint=2,
                when=_never_arrived,
                points=2,
            ),
            Slip(
                "loose",
                "About right where parameters are moderate, but not to six digits. A library stops where "
                "its default tolerance is met: ask for a smaller one, or end with a step of Newton's.",
                hint=2,
                when=_loose,
                points=1,
            ),
        ),
    ),
    "ex03.6": Array(
        points=3,
        want=_steps,
        rtol=0.02,
        slips=(
            Slip(
                "share kept",
                "These are the shares of the distance that a step keeps. How many such steps make a tenth?",
                hint=2,
                gives=_kept,
                points=1,
            ),
            Slip(
                "natural logarithm",
                "After so many steps the distance is divided by e. A decimal digit is a factor of ten.",
                hint=2,
                gives=lambda: _steps(math.e),
                points=2,
            ),
            Slip(
                "halved",
                "After so many steps the distance is halved. A decimal digit is a factor of ten.",
                hint=2,
                gives=lambda: _steps(2),
                points=2,
            ),
            Slip(
                "exchanged",
                "The two are in the wrong order: the large concentration first.",
                gives=lambda: _steps()[::-1],
                points=2,
            ),
            Slip(
                "large concentrations",
                "The rule of thumb for large concentrations has been used for both. The small one isn't "
                "large: use the trigammas, or measure.",
                hint=2,
                gives=_by_large_concentration,
                points=2,
            ),
            Slip(
                "one parameter",
                "An error in the concentration is made up of one in alpha and one in beta: both bring "
                "their share.",
                hint=2,
                gives=[lambda k=k: _steps(kept=_one_trigamma(k)) for k in (0, 1)],
            ),
            Slip(
                "first alone",
                "The first is right, the second is not. Few steps are needed there: measure on the first "
                "dozens, before rounding is all that is left.",
                hint=1,
                when=lambda got: _only(0, got),
                points=2,
            ),
            Slip(
                "second alone",
                "The second is right, the first is not. Far from the end the share that a step keeps is "
                "another one: measure close to it.",
                hint=1,
                when=lambda got: _only(1, got),
                points=2,
            ),
        ),
    ),
}
