"""Grade one submission, start to end, in a temporary workspace with a gradebook of its own."""

import contextlib
import dataclasses
import shutil
import tempfile
import warnings
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from nbgrader.preprocessors import CheckCellMetadata, DeduplicateIds, SaveAutoGrades

from grading import feedback
from grading.execute import GuardedExecute
from grading.lab import Lab
from grading.restore import UnreadableError, read, restore
from grading.sandbox import Cell, Door, Limits
from grading.trial import Trials

# Inside a workspace nobody has a name.
_STUDENT = "student"


@dataclasses.dataclass
class Marks:
    """What came of one submission: points by question (None: by hand), or a problem, and notes."""

    points: dict[str, float | None] = dataclasses.field(default_factory=dict)
    problem: str = ""
    notes: list[str] = dataclasses.field(default_factory=list)
    check: bool = False
    notebook: str = ""
    page: str = ""


def mark(
    content: bytes | nbformat.NotebookNode,
    lab: Lab,
    door: Door,
    limits: Limits,
    scratch: Path,
    *,
    given: object = None,
    slot: int = 0,
    hidden: tuple[Path, ...] = (),
    fonts: Path | None = None,
) -> Marks:
    """Return the marks of one submission, given as its file's bytes.

    It is graded in a folder below `scratch`, which goes afterwards.
    `given` is what the notebook says its STUDENT_ID is, on which the tests then insist.
    """
    try:
        notebook = read(content) if isinstance(content, bytes) else content
    except UnreadableError as error:
        return Marks(problem=str(error))
    with (
        _quiet(),
        tempfile.TemporaryDirectory(prefix="g", dir=scratch, ignore_cleanup_errors=True) as folder,
    ):
        workspace = Path(folder)
        restored = restore(notebook, lab)
        hidden = (*hidden, lab.folder)
        cell = Cell(workspace / "c", door, limits, slot=slot, hidden=hidden)
        for outer in (scratch, workspace):  # another user must come through, and see nothing
            outer.chmod(0o711)
        _lay_out(cell, lab, fonts)
        resources = _resources(lab, f"sqlite:///{workspace / 'books' / 'gradebook.db'}")
        for step in (DeduplicateIds(), CheckCellMetadata()):
            step.log.disabled = True
            notebook, resources = step.preprocess(notebook, resources)
        handed_out = [code.source for code in lab.release.cells if code.cell_type == "code"]
        trials = Trials(lab.folder, limits.cell_seconds, handed_out)
        if given is not None:
            trials.fix("STUDENT_ID", given)
        run = GuardedExecute(door=cell, limits=limits, trials=trials)
        resources["metadata"] = {"path": str(cell.folder)}
        notebook, resources = run.preprocess(notebook, resources)
        _open_books(workspace / "books", lab)
        notebook, resources = SaveAutoGrades().preprocess(notebook, resources)
        points = _points(resources["nbgrader"]["db_url"], lab)
        unseen = [name for name in restored.unseen if points[name] == 0]
        points |= dict.fromkeys(unseen)
        feedback.hide_tests(notebook, lab)
        stored = nbformat.writes(notebook)
        text = feedback.page(notebook, resources, unseen)
    lost = any(points[name] != question_points for name, question_points in restored.doubtful.items())
    return Marks(points, "", [*restored.notes(points), *run.told()], lost, stored, text)


def page_with_marks_by_hand(marks: Marks, lab: Lab, by_hand: dict[str, float]) -> str:
    """Return the feedback page of graded work once more, with the points a person gave."""
    with _quiet(), tempfile.TemporaryDirectory(prefix="grade-") as folder:
        resources = _resources(lab, _open_books(Path(folder) / "books", lab))
        known = {name: value for name, value in marks.points.items() if value is not None}
        feedback.set_by_hand(resources["nbgrader"]["db_url"], lab.name, _STUDENT, known | by_hand)
        waiting = [name for name, value in marks.points.items() if value is None and name not in by_hand]
        return feedback.page(nbformat.reads(marks.notebook, as_version=4), resources, waiting)


def _open_books(folder: Path, lab: Lab) -> str:
    """Lay out a gradebook for one submission; return where nbgrader finds it."""
    folder.mkdir(mode=0o700)
    (folder / "gradebook.db").write_bytes(lab.gradebook)
    url = f"sqlite:///{folder / 'gradebook.db'}"
    with Gradebook(url) as gradebook:
        gradebook.update_or_create_student(_STUDENT)
        gradebook.update_or_create_submission(lab.name, _STUDENT)
    return url


@contextlib.contextmanager
def _quiet():
    """Keep SQLAlchemy's warnings about how nbgrader uses it to ourselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _resources(lab: Lab, url: str) -> dict:
    about = {"student": _STUDENT, "assignment": lab.name, "notebook": lab.name, "db_url": url}
    return {"nbgrader": about}


def _lay_out(cell: Cell, lab: Lab, fonts: Path | None) -> None:
    for relative in lab.data_files:
        target = cell.folder / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(lab.folder / relative, target)
    if fonts is not None and fonts.is_dir():
        shutil.copytree(fonts, cell.home / "matplotlib")


def _points(url: str, lab: Lab) -> dict[str, float | None]:
    with Gradebook(url) as gradebook:
        grades = gradebook.find_submission_notebook(lab.name, lab.name, _STUDENT).grades
        found = {grade.name: (None if grade.needs_manual_grade else grade.auto_score) for grade in grades}
    return {question.name: found.get(question.name) for question in lab.questions}
