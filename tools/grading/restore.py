"""Make a submission gradable: read it without trust, and put the lab's own cells back where they belong."""

import ast
import dataclasses
import json
import unicodedata

import nbformat
from nbgrader import utils

from grading.lab import Lab, parse


class UnreadableError(Exception):
    """The file is no notebook; the message says why."""


def read(content: bytes) -> nbformat.NotebookNode:
    """Return the cells of a notebook file of any version: type, text, nbgrader's mark, attachments.

    Tags and outputs stay behind: a student's tag must not keep a cell from running.
    """
    if not content.strip():
        raise UnreadableError("is an empty file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"is not UTF-8 text (byte {error.start})") from error
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"is not JSON: {error}") from error
    try:
        notebook = nbformat.from_dict(raw)
        if int(raw["nbformat"]) > 4:
            raise UnreadableError(f"is of notebook format {raw['nbformat']}, newer than this reads")
        if raw["nbformat"] < 4:
            notebook = nbformat.reads(text, as_version=4)
        cells = [_clean(cell) for cell in notebook["cells"]]
    except UnreadableError:
        raise
    except Exception as error:
        raise UnreadableError(f"is JSON but not a notebook: {type(error).__name__}: {error}") from error
    if not cells:
        raise UnreadableError("is a notebook without cells")
    return nbformat.v4.new_notebook(cells=cells)


def _clean(cell: dict) -> nbformat.NotebookNode:
    kind, source = cell["cell_type"], cell["source"]
    source = source if isinstance(source, str) else "".join(source)
    # Half of a surrogate pair is legal in JSON and cannot be sent or written.
    source = source.encode("utf-8", "replace").decode("utf-8")
    source = source.replace("\r\n", "\n").replace("\r", "\n")  # as Windows ends its lines
    make = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }.get(kind, nbformat.v4.new_raw_cell)  # another editor's kind of cell is text here
    clean = make(source)
    if isinstance(cell.get("id"), str):
        clean["id"] = cell["id"]
    mark = cell["metadata"].get("nbgrader") if isinstance(cell.get("metadata"), dict) else None
    if isinstance(mark, dict) and isinstance(mark.get("grade_id"), str):
        clean.metadata["nbgrader"] = nbformat.from_dict(mark)
    if kind == "markdown" and isinstance(cell.get("attachments"), dict):
        clean["attachments"] = cell["attachments"]
    return clean


@dataclasses.dataclass
class Restored:
    """What was done to make a notebook gradable, and what a person must look at."""

    said: list[str] = dataclasses.field(default_factory=list)
    # Questions for a person whose cell is as handed out, though there is text elsewhere.
    unseen: list[str] = dataclasses.field(default_factory=list)
    unanswered: list[str] = dataclasses.field(default_factory=list)
    # Graded questions with cells that were not found, and their points.
    doubtful: dict[str, float] = dataclasses.field(default_factory=dict)

    def notes(self, points: dict[str, float | None]) -> list[str]:
        """Return what the reason says of it, once the points are known."""
        waiting = [name for name in self.unseen if points[name] is None]
        said = [
            ("cell left empty, but there is text in cells of its own: read those for", waiting),
            ("not answered", self.unanswered),
        ]
        return [*self.said, *(f"{what}: {', '.join(names)}" for what, names in said if names)]


def restore(notebook: nbformat.NotebookNode, lab: Lab) -> Restored:
    """Give the lab's cells their marks again, restore locked ones, add missing ones; say what was done.

    nbgrader trusts a cell's mark to say what it is. Here the lab says, by the mark's name or, where an
    editor has dropped the marks, by the cell's identifier or its unchanged text.
    """
    masters = {cell.metadata.nbgrader.grade_id: cell for cell in lab.master.cells if _id(cell)}
    repeated, edited, added = [], [], []
    found = _matched(notebook, lab, repeated)
    by_other = [name for name, cell in found.items() if _id(cell) != name]
    index_of = {id(cell): name for name, cell in found.items()}
    for index, cell in enumerate(notebook.cells):
        name = index_of.get(id(cell))
        if name is None:
            cell.metadata.pop("nbgrader", None)
            continue
        master = masters[name]
        notebook.cells[index] = fixed = _typed(cell, master)
        fixed.metadata["nbgrader"] = _copy(master.metadata.nbgrader)
        if utils.is_locked(master):
            if not _same(cell.source, lab.released[name], master.source):
                edited.append(name)
            # A test runs out of reach of the student's code, and all else as handed out.
            fixed.source = master.source if utils.is_grade(master) else lab.released[name]
    for position, name in _places(masters, notebook):
        added.append(name)
        cell = _copy(masters[name])
        if utils.is_locked(cell) and not utils.is_grade(cell):
            cell.source = lab.released[name]
        notebook.cells.insert(position, cell)
    said = (
        ("repeated", repeated),
        ("without nbgrader's mark, found by number or text", by_other),
        ("restored, for their text differed", edited),
        ("missing and restored", added),
    )
    restored = Restored([f"{what}: {', '.join(dict.fromkeys(names))}" for what, names in said if names])
    _look_for_answers(notebook, lab, restored)
    restored.doubtful = _doubtful(masters, added)
    return restored


def _matched(notebook, lab: Lab, repeated: list[str]) -> dict[str, nbformat.NotebookNode]:
    """Return the notebook's cell for each name of the lab, by mark, by identifier, by unchanged text."""
    released = {_id(cell): cell for cell in lab.release.cells if _id(cell)}
    marked: dict[str, list] = {}
    for cell in notebook.cells:
        if _id(cell) in released:
            marked.setdefault(_id(cell), []).append(cell)
    found = {}
    for name, cells in marked.items():
        # Of copies the last counts, as for nbgrader, but not one left as it was handed out.
        own = [cell for cell in cells if not _same(cell.source, released[name].source)]
        answered = own if utils.is_solution(released[name]) else []
        found[name] = (answered or cells)[-1]
        if len(cells) > 1:
            repeated.append(name)
    taken = {id(cell) for cells in marked.values() for cell in cells}
    for alike in (
        lambda cell, original: (
            cell.get("id") == original.get("id") and cell.cell_type == original.cell_type
        ),
        lambda cell, original: _same(cell.source, original.source),
    ):
        for name, original in released.items():
            if name not in found:
                for cell in notebook.cells:
                    if id(cell) not in taken and cell.source.strip() and alike(cell, original):
                        found[name] = cell
                        taken.add(id(cell))
                        break
    return found


def _places(masters: dict, notebook):
    """Yield where a missing cell goes: a test before what follows in the lab, all else after what precedes.

    So a test without its mark's cell comes after the answers, wherever they are.
    """
    names = list(masters)
    for number, name in enumerate(names):
        here = {_id(cell): index for index, cell in enumerate(notebook.cells) if _id(cell)}
        if name in here:
            continue
        if utils.is_grade(masters[name]):
            after = [here[later] for later in names[number:] if later in here]
            yield (after[0] if after else len(notebook.cells)), name
        else:
            before = [here[earlier] for earlier in names[:number] if earlier in here]
            yield (before[-1] + 1 if before else 0), name


def _look_for_answers(notebook, lab: Lab, restored: Restored) -> None:
    """Note written questions that are as handed out, and whether there is text that may answer them."""
    handed_out = {_squeezed(cell.source) for cell in lab.release.cells}
    own = [
        cell
        for cell in notebook.cells
        if not _id(cell) and _squeezed(cell.source) not in handed_out and _is_text(cell)
    ]
    for cell in notebook.cells:
        name = _id(cell)
        read = name and utils.is_grade(cell) and utils.is_solution(cell)
        if read and _same(cell.source, lab.released[name], ""):
            (restored.unseen if own else restored.unanswered).append(name)


def _is_text(cell: nbformat.NotebookNode) -> bool:
    """Tell cells with words in them: text, and code that is comments or quotes, or no code at all."""
    if not cell.source.strip():
        return False
    if cell.cell_type != "code":
        return True
    body = parse(cell.source).body
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in body)


def _doubtful(masters: dict, added: list[str]) -> dict[str, float]:
    """Return the points of the questions that have a missing cell: their own, or the answer before it."""
    doubtful, missing = {}, False
    for name, master in masters.items():
        if utils.is_solution(master) and not utils.is_grade(master):
            missing = missing or name in added
        elif utils.is_grade(master):
            if missing or (name in added and utils.is_solution(master)):
                doubtful[name] = float(master.metadata.nbgrader.points)
            missing = False
    return doubtful


def _id(cell: nbformat.NotebookNode) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _typed(cell: nbformat.NotebookNode, master: nbformat.NotebookNode) -> nbformat.NotebookNode:
    if cell.cell_type == master.cell_type:
        return cell
    new = _copy(master)
    new.source = cell.source
    return new


def _same(source: str, *originals: str) -> bool:
    return _squeezed(source) in map(_squeezed, originals)


def _squeezed(source: str) -> str:
    """Return text without its white space: an editor may have ended lines or indented in its own way."""
    return "".join(unicodedata.normalize("NFC", source).split())


def _copy(node: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return nbformat.from_dict(json.loads(json.dumps(node)))
