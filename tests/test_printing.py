"""Printing: one source for the macros, the right boxes, and a log that is read as a reader would."""

import re

import pdf
import printing
import pytest
import yaml
from conftest import ROOT
from docutils import nodes
from docutils.utils import new_document
from sphinx.errors import ExtensionError

TITLES = ["The model: coins, then batters", "Expectation–maximization, run"]
CONTENTS = (
    r"\contentsline {chapter}{\numberline {1}The model: coins, then batters}{4}{chapter.1}"
    "\n"
    + r"\contentsline {chapter}{\numberline {4}Expectation\textendash {}maximization, run}{48}{chapter.4}"
)
GOOD = """This is XeTeX
Overfull \\hbox (3.1pt too wide) in paragraph
Output written on em-at-bat.xdv (184 pages, 9 bytes)."""


def test_macros_have_one_source():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]
    names = set(config["mathjax3_config"]["tex"]["macros"])
    defined = printing.macros(config["mathjax3_config"])
    assert set(re.findall(r"\\DeclareRobustCommand\{\\(\w+)\}", defined)) == names
    for name in names:
        assert rf"\{name}}}{{\math" in defined or rf"\{name}}}{{\operatorname" in defined


@pytest.mark.parametrize(
    ("value", "latex"),
    [
        ("\\mathrm{B}", r"\DeclareRobustCommand{\X}{\mathrm{B}}"),
        (["\\mathrm{B}"], r"\DeclareRobustCommand{\X}{\mathrm{B}}"),
        (["#1^#2", 2], r"\DeclareRobustCommand{\X}[2]{#1^#2}"),
        (["#1^#2", 2, "a"], r"\DeclareRobustCommand{\X}[2][a]{#1^#2}"),
    ],
)
def test_every_form_of_a_macro_has_its_latex(value, latex):
    assert printing.macros({"tex": {"macros": {"X": value}}}) == latex


@pytest.mark.parametrize("value", [["a", "b"], ["a", 1, "b", "c"], [1]])
def test_another_form_of_a_macro_is_refused(value):
    with pytest.raises(ExtensionError, match="the MathJax macro X"):
        printing.macros({"tex": {"macros": {"X": value}}})


@pytest.mark.parametrize(
    ("classes", "kind"), [(["tip"], "tip"), (["warning"], "warning"), (["note"], "note"), ([], "note")]
)
def test_boxes_have_the_colour_of_their_class(classes, kind):
    class Translator:
        body, no_latex_floats, table = [], 0, None

    translator, box = Translator(), nodes.admonition(classes=classes)
    printing.visit_admonition(translator, box)
    assert translator.body[-1].strip() == rf"\begin{{sphinxadmonition}}{{{kind}}}"
    printing.depart_admonition(translator, box)
    assert translator.no_latex_floats == 0


def test_the_title_of_what_is_folded_is_printed():
    fold = nodes.raw("", "<details><summary>Hint 1</summary>\n", format="html")
    before_formula = nodes.raw("", "<details><summary>Hint 2</summary>\n", format="html")
    end = nodes.raw("", "</details>", format="html")
    text = nodes.paragraph("", "Take logs.")
    formula = nodes.math_block("", "x")
    document = new_document("page")
    document += [fold, text, end, before_formula, formula, end.copy()]
    printing._unfold(document)
    assert text.astext() == "Hint 1. Take logs."
    assert isinstance(text[0], nodes.strong)
    assert document[3].astext() == "Hint 2."
    assert document[4] is formula


def test_a_good_run_has_no_faults():
    assert pdf.faults(GOOD, CONTENTS, TITLES) == []


@pytest.mark.parametrize(
    "line",
    [
        "! Undefined control sequence.",
        "LaTeX Warning: Hyper reference `chapters/notation::doc' on page 1 undefined on input line 148.",
        "LaTeX Warning: Reference `eq-em' on page 9 undefined on input line 3.",
        "LaTeX Warning: Citation `Tarone1979' on page 9 undefined on input line 3.",
        "LaTeX Warning: Label `eq-em' multiply defined.",
        "Missing character: There is no ψ (U+03C8) in font FreeMono/OT!",
        "Overfull \\hbox (23.13243pt too wide) in paragraph at lines 9312--9312",
        "No pages of output.",
    ],
)
def test_what_a_reader_would_stumble_over_is_found(line):
    assert pdf.faults(f"{GOOD}\n{line}", CONTENTS, TITLES) == [line]


def test_a_short_book_and_a_missing_chapter_are_found():
    short = GOOD.replace("184 pages", "9 pages")
    assert pdf.faults(short, CONTENTS, TITLES) == ["9 pages, where there should be 10 at least"]
    assert pdf.faults("", CONTENTS, TITLES) == ["no pages, where there should be 10 at least"]
    missing = pdf.faults(GOOD, CONTENTS.splitlines()[0], TITLES)
    assert missing == ["the chapter 'Expectation–maximization, run' is missing"]


def test_the_chapters_are_those_of_the_table_of_contents():
    titles = pdf.chapter_titles(ROOT)
    assert len(titles) == 9
    assert titles[3] == "Expectation–maximization, run"


def test_a_machine_without_latex_is_told_what_it_lacks(monkeypatch, capsys):
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None if name == "xindy" else name)
    assert pdf.main() == 1
    said = capsys.readouterr().err
    assert "xindy" in said
    assert "CONTRIBUTING" in said


def test_contributing_names_the_packages_that_are_installed():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    packages = (ROOT / "site" / "extensions" / "latex" / "packages.txt").read_text(encoding="utf-8").split()
    assert [package for package in packages if package not in text] == []
