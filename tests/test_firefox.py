"""The same pages in another browser: Firefox, where there is one."""

import json
import os
import shutil

import numpy as np
import pytest
from conftest import pages
from firefox import Firefox
from test_bench import BAD, number

import betabin as bb

COME = """(async () => {
  document.querySelector(".explorer-place").scrollIntoView();
  for (let k = 0; k < 200 && !document.querySelector(".explorer-here .noUi-handle"); k++)
    await new Promise((done) => setTimeout(done, 100));
  return document.querySelectorAll(".explorer-here .noUi-handle").length;
})()"""
LOOKS = """({
  overflows: document.documentElement.scrollWidth > innerWidth,
  untypeset: document.querySelectorAll(".math:not(:has(mjx-container)), mjx-merror").length,
  fonts: [...document.fonts].filter((font) => font.status === "error").map((font) => font.family),
  theme: document.documentElement.dataset.theme,
  malformed: ["msub msup mfrac mroot munder mover", "msubsup munderover"].flatMap((names, i) =>
    [...document.querySelectorAll(names.replaceAll(" ", ","))].filter((e) => e.childElementCount !== i + 2)
  ).length,
})"""
# A font that the next page cut short is no fault of this one; nor is a formula of which Firefox, laying out
# what has arrived, has seen the first half: the whole is counted above.
NO_FAULTS = "status=2152398850", "Invalid markup: Incorrect number of children"


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    """Firefox without a window; skipped aloud where there is none."""
    names = (os.environ.get("FIREFOX_PATH", ""), "firefox-esr", "firefox")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("no Firefox found: install it, or name it in FIREFOX_PATH, to test the pages in it too")
    opened = Firefox(found, tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.mark.parametrize("page", [*pages(), "search", "genindex"])
def test_page_in_firefox(site, firefox, page):
    firefox.errors.clear()
    firefox.open((site / f"{page}.html").as_uri())
    looks = firefox.evaluate(LOOKS)
    assert looks == {"overflows": False, "untypeset": 0, "fonts": [], "theme": "light", "malformed": 0}
    if firefox.evaluate("document.querySelectorAll('.explorer-place').length"):
        sliders = firefox.evaluate(COME)
        assert sliders > 0
        for number in range(sliders):
            firefox.evaluate(f"document.querySelectorAll('.explorer-here .noUi-handle')[{number}].focus()")
            firefox.press("Home")
            seen = {firefox.evaluate("document.querySelector('.explorer-words').innerText")}
            for _ in range(2):
                firefox.press("ArrowRight")
                seen.add(firefox.evaluate("document.querySelector('.explorer-words').innerText"))
            handle = f"document.querySelectorAll('.explorer-here .noUi-handle')[{number}]"
            steps = min(2, int(float(firefox.evaluate(f"{handle}.getAttribute('aria-valuemax')"))))
            assert len(seen) == steps + 1, f"slider {number} moved {len(seen) - 1} of {steps} times"
    assert [error for error in firefox.errors if not any(part in error for part in NO_FAULTS)] == []


# Set a control as a reader would, and read a table of the bench.
SET = """(([id, value, event]) => {
  const control = document.getElementById(`bench-${id}`);
  control.value = value;
  control.dispatchEvent(new Event(event));
})(%s)"""
TABLE = """[...document.querySelectorAll('#bench-%s tbody tr')].map(row =>
  [...row.cells].map(cell => cell.innerText))"""
SETS = "BENCH.sets.map(({ key, x, n, counts }) => [key, x, n, counts])"


def test_the_bench_in_firefox(site, firefox, tmp_path):
    """Every control does what it says, and every number is the package's."""
    firefox.errors.clear()
    firefox.open((site / "chapters" / "bench.html").as_uri())

    def put(name, value, event="change"):
        firefox.evaluate(SET % json.dumps([name, value, event]))

    def click(*names):
        for name in names:
            firefox.evaluate(f"document.getElementById('bench-{name}').click()")

    def words(name):
        return firefox.evaluate(f"document.getElementById('bench-{name}').innerText")

    def wait(name, wanted):
        firefox.until(f"document.getElementById('bench-{name}').innerText.startsWith({json.dumps(wanted)})")

    def shows(trace, k):
        said = dict(firefox.evaluate(TABLE % "numbers"))
        alpha, beta, value = (column[k] for column in trace)
        names = ("α", "β", "mean", "concentration", "log-likelihood")
        expected = [alpha, beta, alpha / (alpha + beta), alpha + beta, value]
        np.testing.assert_allclose([number(said[name]) for name in names], expected, rtol=2e-7)

    for key, x, n, counts in firefox.evaluate(SETS):
        put("data", key)
        put("alpha", "2")
        put("beta", "3")
        fit = bb.fit_em(x, n, counts=counts, init=bb.BetaParams(2, 3))
        shows(fit.trace, 0)
        click("e")
        handed = [number(part) for part in firefox.evaluate(TABLE % "averages")[1][1:]]
        assert handed == pytest.approx(bb.e_step(bb.BetaParams(2, 3), x, n, counts=counts), rel=1e-7)
        click("m", "round")
        shows(fit.trace, 2)
        click("back")
        shows(fit.trace, 1)
        click("run")
        shows(fit.trace, -1)
        assert fit.status.replace("_", " ") in words("status")
        if fit.status == "interior" and fit.converged and "elsewhere" not in words("end"):
            se = bb.standard_errors(fit, x, n, counts=counts)
            found = [[number(part) for part in row[1:]] for row in firefox.evaluate(TABLE % "estimates")]
            wanted = [
                (fit.params.alpha, se.alpha),
                (fit.params.beta, se.beta),
                (fit.mean, se.mean),
                (np.log(fit.concentration), se.log_concentration),
            ]
            np.testing.assert_allclose(found, wanted, rtol=1e-4)
        shrunken = bb.posterior_mean(fit, x, n) if fit.status == "interior" else None
        if shrunken is not None:
            first = [row[5] for row in firefox.evaluate(TABLE.replace("tbody", "") % "shrink-rows")[:10]]
            np.testing.assert_allclose([float(part) for part in first], shrunken[: len(first)], atol=6e-5)
        click("clear", "methods")
        for row in firefox.evaluate(TABLE % "kept"):
            if fit.status == "interior" and "did not arrive" not in row[0] and key != "pass":
                assert number(row[6]) == pytest.approx(fit.log_likelihood, rel=1e-8)
        click("keep", "clear", "in", "out", "all", "reset")
        shows(fit.trace, 0)
        assert words("kept").startswith("No run is kept yet")
    # By keyboard: the focus stays, the point moves.
    firefox.evaluate("document.getElementById('bench-e').focus()")
    firefox.press("Enter")
    assert firefox.evaluate("document.activeElement.id") == "bench-e"
    before = number(dict(firefox.evaluate(TABLE % "numbers"))["concentration"])
    firefox.evaluate("document.getElementById('bench-point').focus()")
    firefox.press("ArrowUp")
    assert number(dict(firefox.evaluate(TABLE % "numbers"))["concentration"]) > before
    # Rows of one's own, wrong and right, and rows drawn.
    firefox.evaluate("document.querySelectorAll('#bench details').forEach(one => (one.open = true))")
    rows = words("rows")
    for text, wrong in BAD.items():
        put("own", text)
        click("use")
        assert wrong.replace("1e9 trials", "1000000000 trials") in words("errors")
        assert words("rows") == rows
    put("own", "AB2018,H2018\n50,13\n40,9")
    click("use")
    assert "2 rows, 22 successes in 90 trials" in words("rows")
    put("players", "12", "input")
    assert words("rows").startswith("12 rows, ")
    click("uncover")
    assert "The truth: mean 0.26" in words("truth")
    click("slow")
    assert words("slow") == "Stop"
    click("slow")
    # A file that is opened, the trace as it is saved, and the same in Python as it is copied.
    firefox.choose("#bench-file", tmp_path, "H\tAB\r\n13\t50\r\n4\t9\r\n".encode("utf-16"))
    wait("rows", "2 rows, 17 successes in 59 trials")
    click("round", "round")
    fit = bb.fit_em([13, 4], [50, 9], init=bb.BetaParams(1, 1), max_iter=2)
    saved = np.loadtxt(firefox.saved(lambda: click("trace")), delimiter=",", skiprows=1)
    np.testing.assert_allclose(saved[:, 1:], np.array(fit.trace).T, rtol=1e-9)
    click("copy-python")
    wait("said", "Python copied.")
    put("players", "12", "input")
    link = firefox.evaluate("document.getElementById('bench-link').value")
    put("data", "rats")
    firefox.evaluate(f"location.hash = {json.dumps(link)}.split('#')[1]")
    firefox.evaluate("new Promise(done => setTimeout(() => done(1), 300))")
    assert words("rows").startswith("12 rows, ")
    assert firefox.errors == []
