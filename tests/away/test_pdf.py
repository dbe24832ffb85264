"""The printed book, as `make test-away` makes it: every chapter, numbered and linked, no page empty."""

import re
import shutil
import subprocess

import nbformat
import pytest
from conftest import ROOT, pages

PDF = ROOT / "_build" / "em-at-bat.pdf"


@pytest.fixture(scope="module")
def text():
    """The words of each page, by poppler's pdftotext."""
    assert PDF.is_file(), "run `make pdf`, or `make test-away`, which does it first"
    if not shutil.which("pdftotext"):
        pytest.fail("pdftotext is missing: install poppler-utils")
    done = subprocess.run(["pdftotext", "-layout", str(PDF), "-"], capture_output=True, check=True)
    return done.stdout.decode().split("\f")[:-1]


def test_it_has_every_page_of_the_book(text):
    whole = " ".join(" ".join(text).split())
    for number, page in enumerate((page for page in pages() if page.startswith("chapters/0")), 1):
        cells = nbformat.read(ROOT / f"{page}.ipynb", as_version=4).cells
        title = cells[0].source.splitlines()[0].removeprefix("# ")
        assert f"Chapter {number} {title}" in whole
    for title in ("Appendix A Notation", "Glossary", "Bibliography", "Index"):
        assert title in whole


def test_equations_are_numbered_as_on_the_site(text, site):
    shown = re.findall(
        r'eqno">\((\d+\.\d+)\)', (site / "chapters" / "04_em.html").read_text(encoding="utf-8")
    )
    whole = "\n".join(text)
    assert len(shown) >= 3
    for number in shown:
        assert re.search(rf"\({re.escape(number)}\)\s*$", whole, re.MULTILINE), number


def test_no_reference_is_left_open(text):
    assert not re.search(r"\?\?", "\n".join(text))


def test_pages_have_something_on_them(text):
    words = [len(page.split()) for page in text]
    # Pages that hold a figure alone still have its caption.
    assert min(words) >= 4
    assert sorted(words)[len(words) // 2] > 100


def test_references_and_contents_are_links():
    done = subprocess.run(["pdfinfo", "-dests", str(PDF)], capture_output=True, text=True, check=True)
    assert done.stdout.count("equation.") > 60
    assert done.stdout.count("figure.") > 30
    assert done.stdout.count("cite.") + done.stdout.count("bibliography") > 20
