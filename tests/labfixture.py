"""A small lab for the tests of grading: its source notebook, and answers to put into it."""

import nbformat

CONFIG = """
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.ClearSolutions.code_stub = {"python": "..."}
"""
NAME = "lab0_average"
PLACEHOLDER = "your identifier"
QUESTIONS = {"average_test": 4, "shrink_test": 2, "essay": 3}
SECRET = "31337"  # stands in the hidden tests alone

AVERAGE = "def average(x, n):\n    return np.asarray(x) / np.asarray(n)"
SHRINK = "def shrink(x, n, alpha, beta):\n    return (x + alpha) / (n + alpha + beta)"
ESSAY_STUB = "YOUR ANSWER HERE"  # as nbgrader puts it
ESSAY = "Few at-bats say little, so we lean on the others."

_AVERAGE_TEST = f"""\
import numpy as np

points = 1
assert np.isclose(average(1, 4), 0.25), "average(1, 4) is not 0.25"
### BEGIN HIDDEN TESTS
secret = {SECRET}
points += np.isclose(average(secret, 2 * secret), 0.5)
points += 2 * bool(np.allclose(average([1, 2], [4, 4]), [0.25, 0.5]))
### END HIDDEN TESTS
int(points)"""
_SHRINK_TEST = f"""\
import numpy as np

assert np.isclose(shrink(1, 2, 1, 1), 0.5), "shrink(1, 2, 1, 1) is not 0.5"
### BEGIN HIDDEN TESTS
secret = {SECRET}
np.testing.assert_allclose(shrink(secret, 2 * secret, 3, 3), 0.5)
### END HIDDEN TESTS"""


def _mark(name, **what):
    mark = {"grade": False, "solution": False, "locked": False, "schema_version": 3, "task": False}
    return {"nbgrader": {**mark, "grade_id": name, **what}}


def source(average=AVERAGE, shrink=SHRINK, essay=ESSAY):
    """The lab's source notebook, with solutions and hidden tests."""
    code, text = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell

    def solution(answer):
        return f"### BEGIN SOLUTION\n{answer}\n### END SOLUTION"

    cells = [
        text("# Averages"),
        code(f'STUDENT_ID = "{PLACEHOLDER}"'),
        code("import numpy as np", metadata=_mark("imports", locked=True)),
        code(solution(average), metadata=_mark("average", solution=True)),
        code(_AVERAGE_TEST, metadata=_mark("average_test", grade=True, locked=True, points=4)),
        code(solution(shrink), metadata=_mark("shrink", solution=True)),
        code(_SHRINK_TEST, metadata=_mark("shrink_test", grade=True, locked=True, points=2)),
        text(
            f"### BEGIN SOLUTION\n{essay}\n### END SOLUTION",
            metadata=_mark("essay", grade=True, solution=True, points=3),
        ),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def write(root):
    """Write the lab's folder, with a data file, and its configuration below `root`."""
    folder = root / "solutions" / NAME
    folder.mkdir(parents=True)
    nbformat.write(source(), folder / f"{NAME}.ipynb")
    (folder / "season.csv").write_text("hits,at_bats\n1,4\n", encoding="utf-8")
    (root / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    return folder


def answered(release, student, **answers):
    """A released notebook with a STUDENT_ID and answers by grade_id; the right ones where none is given."""
    notebook = nbformat.reads(nbformat.writes(release), as_version=4)
    given = {"average": AVERAGE, "shrink": SHRINK, "essay": ESSAY, **answers}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in given:
            cell.source = given[name]
        elif "STUDENT_ID" in cell.source:
            cell.source = f"STUDENT_ID = {student!r}"
    return notebook
