"""The sheets for those who teach: whole, and as the checks and the labs' sources are."""

import re

import nbformat
import pytest
import teaching
from conftest import ROOT
from test_labs import BEGIN_TESTS

from betabin import checks

LABS = ["lab1_batting", "lab2_gamma_poisson", "lab3_convergence"]


@pytest.fixture(scope="module")
def sheets(tmp_path_factory):
    out = tmp_path_factory.mktemp("teaching")
    assert teaching.main(["--out", str(out)]) == 0
    return {path.name: path.read_text(encoding="utf-8") for path in out.iterdir()}


def test_every_slip_that_a_check_knows_is_on_the_sheet(sheets):
    text = sheets["slips.md"]
    for number in range(1, 10):
        for question in checks.questions(f"ex0{number}").values():
            for slip in question.slips:
                assert f"- **{slip.name}**: {slip.message}" in text
    assert text.count("\n### Question ") == sum(len(checks.questions(f"ex0{n}")) for n in range(1, 10))


def written(name):
    """The written cell of a lab, and its points."""
    notebook = nbformat.read(ROOT / "solutions" / name / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("grade"):
            return cell.source, cell.metadata.nbgrader.points
    raise AssertionError(name)


@pytest.mark.parametrize("name", LABS)
def test_each_written_question_has_two_samples_whose_points_the_rubric_has(sheets, name):
    source, points = written(name)
    text = sheets[f"rubric-{name}.md"]
    assert "model answer and rubric" in text
    worth = [int(value) for value in re.findall(r"\*\((\d+) points\)\*", source)]
    if not worth:  # "(4 points each)"
        worth = [int(re.search(r"\((\d+) points each", source)[1])] * len(re.findall(r"(?m)^\d\. ", source))
    assert sum(worth) == points
    samples = text.split("# Graded samples")[1]
    parts = re.split(r"(?m)^## Question \d: ", samples)[1:]
    assert len(parts) == len(worth)
    for part, most in zip(parts, worth, strict=True):
        marks = re.findall(r"(?m)^\*\*(\d) of (\d)\.\*\*", part)
        assert len(marks) == 2
        assert {int(of) for _, of in marks} == {most}
        # One good answer and one that loses half or more, each with its reasons.
        good, poor = (int(mark) for mark, _ in marks)
        assert good > poor
        assert poor <= most / 2
        assert len(re.findall(r"(?m)^\*[A-Z].*\*$", part)) == 2
    assert BEGIN_TESTS.strip() not in text


def test_the_sheets_are_no_pages_of_the_book(sheets):
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    config = (ROOT / "_config.yml").read_text(encoding="utf-8")
    assert "samples" not in toc
    assert (
        'include_patterns: [intro.md, "chapters/*", "exercises/ex*/*.ipynb", "solutions/ex*/*.ipynb"]'
        in config
    )
