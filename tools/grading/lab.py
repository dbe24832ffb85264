"""A lab made ready: from its source notebook, what students get, what is graded, and an empty gradebook.

nbgrader's own preprocessors do the work, in the order of ``nbgrader generate_assignment``.
"""

import ast
import contextlib
import dataclasses
import hashlib
import re
import sqlite3
import unicodedata
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearOutput, SaveCells
from traitlets.config import Config, PyFileConfigLoader

ROOT = Path(__file__).parents[2]


class LabError(Exception):
    """Something an instructor can mend; the message says what."""


@dataclasses.dataclass(frozen=True)
class Question:
    """A graded cell: its name, its points, and whether a person grades it."""

    name: str
    points: float
    by_hand: bool


@dataclasses.dataclass(frozen=True)
class Lab:
    """A lab: `source` holds solutions and all tests, `master` all tests, `release` what students see."""

    name: str
    folder: Path
    source: nbformat.NotebookNode
    master: nbformat.NotebookNode
    release: nbformat.NotebookNode
    database: Path
    digest: str

    @property
    def questions(self) -> list[Question]:
        """The graded cells in the notebook's order."""
        return [
            Question(
                cell.metadata.nbgrader.grade_id,
                float(cell.metadata.nbgrader.points),
                utils.is_solution(cell) or utils.is_task(cell),
            )
            for cell in self.master.cells
            if utils.is_grade(cell) or utils.is_task(cell)
        ]

    @property
    def data_files(self) -> list[Path]:
        """The files beside the notebook, relative to the lab's folder."""
        return data_files(self.folder)

    @property
    def modules(self) -> tuple[str, ...]:
        """What the locked cells import: the libraries a student must not be able to replace for a test."""
        names = {"numpy", "math"}
        for cell in self.master.cells:
            if cell.cell_type == "code" and utils.is_locked(cell):
                for node in ast.walk(parse(cell.source)):
                    if isinstance(node, ast.Import):
                        names |= {alias.name for alias in node.names}
                    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                        names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        return tuple(sorted(names))


def parse(source: str) -> ast.Module:
    """Return the syntax tree of a cell, IPython's own syntax included; an empty one if it has none."""
    lines = [line for line in source.splitlines(keepends=True) if not line.startswith("%%")]
    try:
        return ast.parse(TransformerManager().transform_cell("".join(lines)))
    except SyntaxError:
        return ast.parse("")


def same_name(name: str) -> str:
    """Return the form in which names are compared: composed, without case and invisible letters."""
    composed = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    seen = (" " if letter.isspace() else letter for letter in composed)
    return " ".join("".join(letter for letter in seen if unicodedata.category(letter)[0] != "C").split())


def student_id(cells: list[tuple[str, str]]) -> str | None:
    """Return the last literal that (cell type, source) pairs assign to STUDENT_ID; nothing is run."""
    found = None
    for kind, source in cells:
        source = re.sub(r"^(STUDENT_ID\s*=\s*)(0\d+)\b", r"\1'\2'", source, flags=re.MULTILINE)
        if kind != "code" or "STUDENT_ID" not in source:
            continue
        try:
            body = parse(source).body
        except (ValueError, RecursionError, MemoryError):
            continue
        for node in body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            value = getattr(node, "value", None)
            if isinstance(value, ast.Call) and ast.unparse(value.func) == "str" and len(value.args) == 1:
                value = value.args[0]
            if (
                isinstance(node, ast.Assign | ast.AnnAssign)
                and any(isinstance(target, ast.Name) and target.id == "STUDENT_ID" for target in targets)
                and isinstance(value, ast.Constant)
                and isinstance(value.value, str | int)
                and not isinstance(value.value, bool)
            ):
                found = " ".join(str(value.value).split())[:100]
    return found


def data_files(folder: Path) -> list[Path]:
    """Return the files of a lab other than its notebook, relative to its folder, in order."""
    found = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        hidden = any(part.startswith((".", "__pycache__")) for part in relative.parts)
        if path.is_file() and not hidden and path.suffix != ".ipynb":
            found.append(relative)
    return found


def configuration(root: Path = ROOT) -> Config:
    """Return what nbgrader_config.py sets."""
    path = root / "nbgrader_config.py"
    return PyFileConfigLoader(path.name, path=str(path.parent)).load_config() if path.exists() else Config()


def source_folder(root: Path = ROOT) -> Path:
    """Return the folder of the labs' sources."""
    return root / configuration(root).CourseDirectory.get("source_directory", "solutions")


def labs(root: Path = ROOT) -> list[str]:
    """Return the names of the labs: the folders `lab…` that hold a notebook of that name."""
    found = source_folder(root).glob("lab*/*.ipynb")
    return sorted(path.stem for path in found if path.stem == path.parent.name)


def find(name: str, root: Path = ROOT) -> Path:
    """Return the folder of a lab; raise if there is none of that name."""
    known = labs(root)
    if name not in known:
        listed = ", ".join(known) or f"none: {source_folder(root)} holds no lab"
        what = f"there is no lab {name!r}" if name else "say which lab, as LAB=name"
        raise LabError(f"{what}; the labs are: {listed}")
    return source_folder(root) / name


def digest(folder: Path) -> str:
    """Return a hash over the names and contents of all files in a folder."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            total.update(f"{path.relative_to(folder).as_posix()}\0".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def make(name: str, workspace: Path, root: Path = ROOT) -> Lab:
    """Ready a lab; its empty gradebook goes into `workspace`."""
    folder = find(name, root)
    config = configuration(root)
    source = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    database = workspace / "gradebook.db"
    _begin(database)
    url = f"sqlite:///{database}"
    resources = {"nbgrader": {"student": ".", "assignment": name, "notebook": name, "db_url": url}}
    with Gradebook(url) as gradebook:
        gradebook.update_or_create_assignment(name)
    steps = GenerateAssignment(config=config).preprocessors
    notebook, master = nbformat.from_dict(source), None
    for step in steps:
        try:
            notebook, resources = step(config=config).preprocess(notebook, resources)
        except Exception as error:
            raise LabError(
                f"nbgrader cannot read {folder / name}.ipynb: {step.__name__}: {error}"
            ) from error
        if step is SaveCells:
            master = nbformat.from_dict(_copy(notebook))
    source, _ = ClearOutput(config=config).preprocess(source, resources)
    lab = Lab(name, folder, source, master, notebook, database, digest(folder))
    if not lab.questions:
        raise LabError(f"{folder / name}.ipynb has no graded cell")
    return lab


def _begin(database: Path) -> None:
    """Spare nbgrader the seconds of asking for a new database's version: this one is never migrated."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")


def _copy(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return nbformat.reads(nbformat.writes(notebook), as_version=4)
