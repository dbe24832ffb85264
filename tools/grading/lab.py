"""A lab made ready: from its source notebook, what students get, what is graded, and an empty gradebook.

nbgrader's own preprocessors do the work, in the order of ``nbgrader generate_assignment``.
"""

import ast
import contextlib
import dataclasses
import hashlib
import re
import sqlite3
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearOutput, SaveCells
from traitlets.config import Config, PyFileConfigLoader

ROOT = Path(__file__).parents[2]
_TEXT_METHODS = (
    "strip",
    "lstrip",
    "rstrip",
    "lower",
    "upper",
    "casefold",
    "title",
    "capitalize",
    "replace",
)


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
    gradebook: bytes
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
    def released(self) -> dict[str, str]:
        """The sources of the cells that nbgrader marks, as students get them, by name."""
        marked = (cell for cell in self.release.cells if cell.metadata.get("nbgrader"))
        return {cell.metadata.nbgrader.grade_id: cell.source for cell in marked}

    @property
    def data_files(self) -> list[Path]:
        """The files beside the notebook, relative to the lab's folder."""
        return data_files(self.folder)


def parse(source: str) -> ast.Module:
    """Return the syntax tree of a cell, IPython's own syntax included; an empty one if it has none."""
    text = source.lstrip()
    if text.startswith("%%"):  # of these alone what follows is Python
        first, _, source = text.partition("\n")
        if first[2:].split()[:1] not in (["time"], ["capture"], ["prun"]):
            return ast.parse("")
    try:
        return ast.parse(TransformerManager().transform_cell(source))
    except SyntaxError:
        return ast.parse("")


def student_id(cells: list[tuple[str, str]]) -> str | int | None:
    """Return the last text or number that (cell type, source) pairs give STUDENT_ID; nothing is run."""
    known: dict[str, object] = {}
    for kind, source in cells:
        source = re.sub(r"^(STUDENT_ID\s*=\s*)(0\d+)\b", r"\1'\2'", source, flags=re.MULTILINE)
        if kind != "code":
            continue
        try:
            body = parse(source).body
        except (ValueError, RecursionError, MemoryError):
            continue
        for node in body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                value = _plain(node.value, known)
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    _assign(target, value, known)
    found = known.get("STUDENT_ID")
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None


def _assign(target: ast.expr, value: object, known: dict[str, object]) -> None:
    if isinstance(target, ast.Name):
        if value is not None or target.id != "STUDENT_ID":
            known[target.id] = value
    elif isinstance(target, ast.Tuple | ast.List):
        values = value if isinstance(value, tuple) and len(value) == len(target.elts) else ()
        for one, own in zip(target.elts, values, strict=False):
            _assign(one, own, known)


def _plain(node: ast.expr, known: dict[str, object]) -> object:
    """Return what an expression of texts comes to: literals, names of such, sums, f-strings; else None."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return known.get(name)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return tuple(_plain(part, known) for part in parts)
        case ast.JoinedStr(values=parts):
            texts = [_plain(part, known) for part in parts]
            return None if None in texts else "".join(map(str, texts))
        case ast.FormattedValue(value=value, format_spec=None):
            return _plain(value, known)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            texts = [_plain(left, known), _plain(right, known)]
            return "".join(texts) if all(isinstance(text, str) for text in texts) else None
        case ast.Call(func=ast.Name(id="str"), args=[value], keywords=[]):
            text = _plain(value, known)
            return None if text is None else str(text)
        case ast.Call(func=ast.Attribute(value=value, attr=name), args=parts, keywords=[]):
            text, given = _plain(value, known), [_plain(part, known) for part in parts]
            if isinstance(text, str) and name in _TEXT_METHODS and all(isinstance(g, str) for g in given):
                try:
                    return getattr(text, name)(*given)
                except TypeError:
                    return None
    return None


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


def for_term(notebook: nbformat.NotebookNode, name: str, term: str) -> nbformat.NotebookNode:
    """Return a lab's source with other data for every student: TERM goes into what they are drawn by.

    That is ``f"lab1/{STUDENT_ID}/…"``, in the locked cells that draw data and in those that test them.
    """
    if not term:
        return notebook
    if not re.fullmatch(r"[\w-]{1,20}", term):
        raise LabError(f"TERM must be a year or a word, of letters, digits and hyphens, got {term!r}")
    word, changed = name.split("_")[0], set()
    notebook = _copy(notebook)
    for cell in notebook.cells:
        source = cell.source.replace(f'f"{word}/{{', f'f"{word}/{term}/{{')
        if source != cell.source and utils.is_locked(cell):
            changed.add(utils.is_grade(cell))
            cell.source = source
    if changed != {True, False}:
        raise LabError(
            f'TERM={term} changes nothing: {name} does not draw and test its data by f"{word}/{{…"'
        )
    return notebook


def make(name: str, workspace: Path, root: Path = ROOT, term: str = "") -> Lab:
    """Ready a lab, for a term if one is named; its empty gradebook is made in `workspace`."""
    folder = find(name, root)
    config = configuration(root)
    source = for_term(nbformat.read(folder / f"{name}.ipynb", as_version=4), name, term)
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
    gradebook = database.read_bytes()
    database.unlink()  # it quotes the hidden tests
    lab = Lab(name, folder, source, master, notebook, gradebook, digest(folder) + term)
    if not lab.questions:
        raise LabError(f"{folder / name}.ipynb has no graded cell")
    return lab


def _begin(database: Path) -> None:
    """Spare nbgrader the seconds of asking for a new database's version: this one is never migrated."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")


def _copy(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return nbformat.reads(nbformat.writes(notebook), as_version=4)
