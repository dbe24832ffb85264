"""The same pages in another browser: Firefox, where there is one."""

import os
import shutil

import pytest
from conftest import pages
from firefox import Firefox

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
})"""


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
    assert looks == {"overflows": False, "untypeset": 0, "fonts": [], "theme": "light"}
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
    # A font that the next page cut short is no fault of this one.
    assert [error for error in firefox.errors if "status=2152398850" not in error] == []
