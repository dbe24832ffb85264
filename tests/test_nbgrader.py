"""Stock nbgrader, by its own commands in a course folder of its own: the same points as `make grade`."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import grade
import nbformat
import pytest
from conftest import ROOT
from labattempts import SLIPS
from nbgrader.api import Gradebook

LAB = "lab1_batting"
_MARKERS = ("### BEGIN SOLUTION", "### END SOLUTION")


def nbgrader(course, *arguments):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(
        command, cwd=course, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def answered(release, source, student, **instead):
    """The release with the solution's answers in it, or others by grade_id."""
    solved = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell.source for cell in source.cells}
    notebook = nbformat.from_dict(release)
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("grade_id") == "student-id":
            cell.source = f"STUDENT_ID = {student!r}"
        elif about.get("solution") and cell.cell_type == "code":
            lines = instead.get(about.grade_id, solved[about.grade_id]).splitlines()
            cell.source = "\n".join(line for line in lines if line.strip() not in _MARKERS)
    return notebook


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A fresh course: our configuration and one lab's source, through all of nbgrader's commands."""
    course = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", course)
    shutil.copytree(ROOT / "solutions" / LAB, course / "solutions" / LAB)
    nbgrader(course, "generate_assignment", LAB)
    release = nbformat.read(course / "exercises" / LAB / f"{LAB}.ipynb", as_version=4)
    source = nbformat.read(course / "solutions" / LAB / f"{LAB}.ipynb", as_version=4)
    part, _, _, slip = SLIPS[LAB][0]
    handed_in = {
        "ada": answered(release, source, "ada"),
        "bob": answered(release, source, "bob", **{part: slip}),
    }
    for student, notebook in handed_in.items():
        folder = course / "_build" / "grading" / "submitted" / student / LAB
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{LAB}.ipynb")
        (course / "handed_in").mkdir(exist_ok=True)
        nbformat.write(notebook, course / "handed_in" / f"{student}.ipynb")
    nbgrader(course, "autograde", LAB)
    nbgrader(course, "generate_feedback", LAB)
    nbgrader(course, "export", "--to", "export.csv")
    return course


def test_its_commands_give_the_points_that_make_grade_gives(course):
    assert grade.main([LAB, "--from", str(course / "handed_in"), "--root", str(course)]) == 0
    table = course / "_build" / "grading" / LAB / "grades.csv"
    with table.open(encoding="utf-8-sig", newline="") as file:
        ours = {row["student"]: row for row in csv.DictReader(file)}
    with (course / "export.csv").open(encoding="utf-8", newline="") as file:
        exported = {row["student_id"]: row for row in csv.DictReader(file)}
    assert set(ours) == set(exported) == {"ada", "bob"}
    with Gradebook(f"sqlite:///{course / '_build' / 'grading' / 'gradebook.db'}") as book:
        for student, row in ours.items():
            grades = book.find_submission_notebook(LAB, LAB, student).grades
            mine = {
                name.split(" ")[0]: float(value)
                for name, value in row.items()
                if name.endswith(")") and "by hand" not in name
            }
            assert mine == {one.name: one.auto_score for one in grades if one.name in mine}
            assert float(exported[student]["score"]) == sum(mine.values()) == float(row["total"])
    assert len(mine) == 6
    assert float(ours["ada"]["total"]) == 88
    assert 0 < float(ours["bob"]["total"]) < 88


def test_it_writes_a_page_for_everyone(course):
    pages = course / "_build" / "grading" / "feedback"
    assert {path.parts[-3] for path in pages.rglob("*.html")} == {"ada", "bob"}
