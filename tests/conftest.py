"""What the book's own tests share: where it is, and a browser to look at it with."""

import os
import shutil
from pathlib import Path

import nbval.kernel
import pytest
import yaml
from jupyter_client.manager import KernelManager
from notebooks import MetAtFiles
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
# Chromium must not reach out by itself, and in a container it can't set up its sandbox as root.
BROWSER_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
BROWSERS = (
    "chromium-headless-shell",  # the same without windows, in half the time
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


class Kernel(MetAtFiles, KernelManager):
    """A kernel of nbval's; other programs' ports, of two workers and a browser, are not in its way."""


def pytest_configure():
    nbval.kernel.KernelManager = Kernel


def pages(toc=None):
    """The book's pages in the order in which a table of contents, by default _toc.yml, lists them."""
    toc = toc or yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    found = [toc["root"]]
    for part in toc["parts"]:
        for chapter in part["chapters"]:
            found += [chapter["file"], *(section["file"] for section in chapter.get("sections", ()))]
    return found


@pytest.fixture(scope="session")
def site():
    """The folder of the built book; `make test` builds it first."""
    folder = ROOT / "_build" / "html"
    if not (ROOT / "_build" / ".book").is_file():
        pytest.fail("the book is not built: run `make book`, or `make test`, which does it first")
    return folder


@pytest.fixture(scope="session")
def browser():
    """Chromium, without a window; skipped aloud where there is none, except in CI."""
    found = next(
        (path for path in map(shutil.which, (os.environ.get("BROWSER_PATH", ""), *BROWSERS)) if path), None
    )
    if found is None:
        message = (
            "no Chromium found: install it, or name it in BROWSER_PATH, to test the pages in a browser"
        )
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=BROWSER_OPTIONS)
        yield chromium
        chromium.close()
