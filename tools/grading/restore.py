"""Make a submission gradable: read it without trust, and put the lab's own cells back where they belong."""

import json

import nbformat
from nbgrader import utils

from grading.lab import Lab


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
    mark = cell["metadata"].get("nbgrader") if isinstance(cell.get("metadata"), dict) else None
    if isinstance(mark, dict) and isinstance(mark.get("grade_id"), str):
        clean.metadata["nbgrader"] = nbformat.from_dict(mark)
    if kind == "markdown" and isinstance(cell.get("attachments"), dict):
        clean["attachments"] = cell["attachments"]
    return clean


def restore(notebook: nbformat.NotebookNode, lab: Lab) -> list[str]:
    """Give the lab's cells their marks again, restore locked ones, add missing ones; return what was done.

    nbgrader's OverwriteCells, which runs afterwards, trusts a cell's mark to say what it is, and cannot
    add a cell that follows another missing one.
    """
    masters = {cell.metadata.nbgrader.grade_id: cell for cell in lab.master.cells if _id(cell)}
    released = {cell.metadata.nbgrader.grade_id: cell for cell in lab.release.cells if _id(cell)}
    repeated, edited, added = [], [], []
    last = {_id(cell): index for index, cell in enumerate(notebook.cells) if _id(cell) in masters}
    for index, cell in enumerate(notebook.cells):
        name = _id(cell)
        if name not in masters:
            cell.metadata.pop("nbgrader", None)
        elif last[name] != index:  # as nbgrader does: the last of several counts
            repeated.append(name)
            cell.metadata.pop("nbgrader")
        else:
            master = masters[name]
            notebook.cells[index] = fixed = _typed(cell, master)
            fixed.metadata["nbgrader"] = _copy(master.metadata.nbgrader)
            if utils.is_locked(master):
                if not _same(cell.source, released[name].source, master.source):
                    edited.append(name)
                fixed.source = master.source
    position = 0
    for name, master in masters.items():
        here = next((index for index, cell in enumerate(notebook.cells) if _id(cell) == name), None)
        if here is None:
            added.append(name)
            notebook.cells.insert(position, _copy(master))
            here = position
        position = here + 1
    said = (("repeated", repeated), ("changed and restored", edited), ("missing and restored", added))
    return [f"{what}: {', '.join(dict.fromkeys(names))}" for what, names in said if names]


def _id(cell: nbformat.NotebookNode) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _typed(cell: nbformat.NotebookNode, master: nbformat.NotebookNode) -> nbformat.NotebookNode:
    if cell.cell_type == master.cell_type:
        return cell
    new = _copy(master)
    new.source = cell.source
    return new


def _same(source: str, *originals: str) -> bool:
    return source.strip() in {original.strip() for original in originals}


def _copy(node: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return nbformat.from_dict(json.loads(json.dumps(node)))
