"""The printed book, as `make test-away` makes it: every chapter, numbered and linked, no page empty."""

import re
import shutil
import string
import subprocess

import nbformat
import pytest
import yaml
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


def title_of(page):
    path = ROOT / f"{page}.ipynb"
    if path.is_file():
        source = nbformat.read(path, as_version=4).cells[0].source
    else:
        source = path.with_suffix(".md").read_text(encoding="utf-8")
    title = re.search("^# (.+)", source, re.MULTILINE)[1]
    return title.replace("Exercises", "Solutions") if page.startswith("solutions/") else title


def test_it_has_every_page_of_the_book(text):
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    # The bibliography stands at the end, without a letter.
    heads = {
        numbered: [
            chapter["file"]
            for part in parts
            if part.get("numbered", False) is numbered
            for chapter in part["chapters"]
            if chapter["file"] != "chapters/bibliography"
        ]
        for numbered in (True, False)
    }
    whole = " ".join(" ".join(text).split())
    missing = [
        head
        for kind, marks, chapters in (
            ("Chapter", range(1, 99), heads[True]),
            ("Appendix", string.ascii_uppercase, heads[False]),
        )
        for mark, page in zip(marks, chapters, strict=False)
        if (head := f"{kind} {mark} {title_of(page)}") not in whole
    ]
    assert missing == []
    for number, page in enumerate((page for page in pages() if page.startswith("exercises/")), 1):
        assert f"Exercises {number}:" in title_of(page)
        assert title_of(page) in whole
    for title in ("Bibliography", "Index"):
        assert title in whole


def test_hints_folded_away_on_the_site_are_named(text):
    said = sum(len(re.findall(r"\bHint [12]\.", page)) for page in text)
    folded = sum(
        (ROOT / f"{page}.ipynb").read_text(encoding="utf-8").count("<summary>Hint")
        for page in pages()
        if page.startswith(("exercises/", "solutions/"))
    )
    assert said == folded > 100


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
