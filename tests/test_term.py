"""Next year: a term gives other data to everybody, and last year's numbers earn nothing."""

import os
import re
import subprocess
import zipfile

import labfixture
import nbformat
import notebooks
import pytest
import release
from conftest import ROOT
from grading import lab
from grading.lab import LabError
from nbgrader.utils import determine_grade

import exercises

LABS = ["lab1_batting", "lab2_gamma_poisson", "lab3_convergence"]


def source(name, term):
    notebook = nbformat.read(ROOT / "solutions" / name / f"{name}.ipynb", as_version=4)
    return lab.for_term(notebook, name, term)


def grade_id(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


@pytest.mark.parametrize("name", LABS)
def test_last_year_s_numbers_earn_nothing_and_this_year_s_all(name):
    """Solve the lab for 2026, keep the numbers while data and tests are those of 2027, then solve anew."""
    last, this = source(name, "2026"), source(name, "2027")
    termed = [cell for cell in this.cells if f'f"{name[:4]}/2027/' in cell.source]
    (tests,) = [cell for cell in termed if "-tests" in grade_id(cell)]
    part = grade_id(tests).split("-")[0]
    solve = [cell for cell in last.cells if cell.cell_type == "code" and "-tests" not in grade_id(cell)]
    data = [cell for cell in this.cells if grade_id(cell).startswith(("data", "map"))]
    again = [cell for cell in this.cells if grade_id(cell) == part]
    made = [
        nbformat.from_dict({**cell, "id": f"c{k}"})
        for k, cell in enumerate([*solve, *data, tests, *again, tests])
    ]
    for cell in made:
        if grade_id(cell) == "student-id":
            cell.source = 'STUDENT_ID = "ada"'
        cell.outputs, cell.execution_count = [], None
    notebook = nbformat.v4.new_notebook(cells=made)
    folder = ROOT / "solutions" / name
    notebooks.execute(notebook, folder)
    old, new = [cell for cell in notebook.cells if grade_id(cell) == grade_id(tests)]
    assert determine_grade(old)[0] == 0, old.outputs
    assert determine_grade(new)[0] == tests.metadata.nbgrader.points


@pytest.mark.parametrize("name", LABS)
def test_a_release_is_that_of_its_term_in_all_locked_cells_and_nowhere_else(name, tmp_path):
    plain = exercises.release(name, tmp_path / "plain", run=False)
    termed = exercises.release(name, tmp_path / "termed", run=False, term="2027")
    pairs = [nbformat.read(folder / f"{name}.ipynb", as_version=4).cells for folder in (plain, termed)]
    changed = [(one, two) for one, two in zip(*pairs, strict=True) if one.source != two.source]
    assert [grade_id(one) for one, _ in changed] == ["data"]
    ((one, two),) = changed
    assert two.source == one.source.replace(f'f"{name[:4]}/', f'f"{name[:4]}/2027/')
    # What is graded against is changed with it, and a grade of one term is not taken for another's.
    ready = [
        lab.make(name, tmp_path / folder, term=term) for folder, term in (("plain", ""), ("termed", "2027"))
    ]
    assert ready[0].digest != ready[1].digest
    assert sum("/2027/" in cell.source for cell in ready[1].master.cells) == 2
    assert not any("/2027/" in cell.source for cell in ready[0].master.cells)


def test_the_zip_says_its_term(tmp_path):
    path = release.release("lab1_batting", tmp_path, term="2027")
    assert path.name == "lab1_batting-2027.zip"
    with zipfile.ZipFile(path) as archive:
        text = archive.read("lab1_batting/lab1_batting.ipynb").decode()
    assert len(re.findall("lab1/2027/", text)) == 1


def test_a_term_that_changes_nothing_or_is_no_word_is_refused(tmp_path):
    labfixture.write(tmp_path)
    with pytest.raises(LabError, match="TERM=2027 changes nothing: lab0_average does not draw"):
        lab.make(labfixture.NAME, tmp_path, tmp_path, "2027")
    for term in ("20 27", '"', "x" * 21, "{a}"):
        with pytest.raises(LabError, match="TERM must be a year or a word"):
            source("lab1_batting", term)


@pytest.mark.parametrize("target", ["release", "grade", "gradescope"])
def test_a_terminal_s_own_variable_is_no_term(target):
    def command(*given):
        environment = {**os.environ, "TERM": "xterm-256color"}
        arguments = ["make", "-n", "-o", ".venv/.installed", target, "LAB=lab1_batting", *given]
        done = subprocess.run(
            arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert "--term" not in command()
    assert '--term "2027"' in command("TERM=2027")
