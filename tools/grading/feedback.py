"""The page a student gets: nbgrader's feedback, without the hidden tests."""

import html

import nbformat
from nbconvert import HTMLExporter
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import GetGrades
from traitlets.config import Config

from grading.lab import Lab

_MESSAGE = 300


def hide_tests(notebook: nbformat.NotebookNode, lab: Lab) -> None:
    """Show locked cells as students have them, and of an error in one its first line alone.

    A traceback would quote the hidden tests, and NumPy's long messages the values they expect.
    """
    released = {
        cell.metadata.nbgrader.grade_id: cell for cell in lab.release.cells if cell.metadata.get("nbgrader")
    }
    for cell in notebook.cells:
        if not (cell.metadata.get("nbgrader") and utils.is_locked(cell)):
            continue
        cell.source = released[cell.metadata.nbgrader.grade_id].source
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                lines = [line.strip() for line in output.evalue.splitlines() if line.strip()]
                first = lines[0][:_MESSAGE] if lines else "the test failed"
                output.evalue = first
                output.traceback = [f"{output.ename}: {first}"]


def page(notebook: nbformat.NotebookNode, resources: dict, unseen: list[str]) -> str:
    """Return nbgrader's feedback page for a graded notebook; nothing in it runs in the reader's browser."""
    notebook, resources = GetGrades().preprocess(notebook, resources)
    about = resources["nbgrader"]
    with Gradebook(about["db_url"]) as gradebook:
        work = gradebook.find_submission_notebook(about["notebook"], about["assignment"], about["student"])
        waiting = {grade.name for grade in work.grades if grade.needs_manual_grade} | set(unseen)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") in waiting:
            cell.metadata.nbgrader["comment"] = "Not graded yet: the points are still to come."
    config = GenerateFeedback(coursedir=CourseDirectory(), config=Config()).config
    exporter = HTMLExporter(config=config, sanitize_html=True, require_js_url="", jquery_url="")
    resources.setdefault("metadata", {})["name"] = resources["nbgrader"]["notebook"]
    text, _ = exporter.from_notebook_node(notebook, resources=resources)
    return text


def plain_page(lab: str, why: str) -> str:
    """Return the page of a submission that could not be graded."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(lab)}</title></head>\n<body><h1>{html.escape(lab)}</h1>\n"
        f"<p>This submission could not be graded: {html.escape(why)}.</p></body></html>\n"
    )


def set_by_hand(database: str, lab: str, student: str, points: dict[str, float]) -> None:
    """Enter points given by hand into the gradebook of one submission."""
    with Gradebook(database) as gradebook:
        for question, value in points.items():
            grade = gradebook.find_grade(question, lab, lab, student)
            grade.manual_score = value
            grade.needs_manual_grade = False
        gradebook.db.commit()
