"""Keep notebooks small and comparable: text outputs stay, pictures and widget state go.

``python tools/notebooks.py [--execute | --check] NOTEBOOK ...`` rewrites each notebook in its normal form,
after running it from top to bottom if asked to; with ``--check`` it only names those that differ.
"""

import argparse
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

# What the build makes anew, and nbval does not compare.
_PICTURES = ("image/png", "image/jpeg", "image/svg+xml", "application/vnd.jupyter.widget-view+json")
_METADATA = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
# Cell metadata that says something about the cell, not about the program that edited it.
_KEPT = ("tags", "mystnb", "nbgrader", "deletable", "editable")


def normalise(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return the notebook in its normal form: the one that is committed.

    Code cells are numbered from 1, outputs hold text alone, and nothing tells who ran it, where, or when.
    """
    notebook = nbformat.from_dict(notebook)
    notebook.metadata = nbformat.from_dict(_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    number = 0
    for index, cell in enumerate(notebook.cells):
        cell.id = f"cell-{index:02d}"
        cell.metadata = nbformat.from_dict(
            {key: cell.metadata[key] for key in _KEPT if key in cell.metadata}
        )
        cell.source = cell.source.rstrip()
        if cell.cell_type != "code":
            cell.pop("attachments", None)
            continue
        run = cell.execution_count is not None
        number += 1
        cell.execution_count = number if run else None
        cell.outputs = _merge_streams(cell.outputs)
        for output in cell.outputs:
            if "data" in output:
                output.metadata = nbformat.NotebookNode()
                for kind in _PICTURES:
                    output.data.pop(kind, None)
            if "execution_count" in output:
                output.execution_count = cell.execution_count
    return notebook


def _merge_streams(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Join what a cell printed: a slow cell's lines arrive in several pieces, differently each time."""
    merged = []
    for output in outputs:
        last = merged[-1] if merged else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            merged.append(output)
    return merged


def execute(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """Run all cells in order on a fresh kernel that works in `folder`; raise if one fails."""
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def write(notebook: nbformat.NotebookNode) -> str:
    """Return the notebook as the text of its file."""
    return nbformat.writes(notebook).rstrip() + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Normalise the notebooks named on the command line; return the number of those not in order."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--execute", action="store_true", help="run each notebook first")
    how.add_argument("--check", action="store_true", help="change nothing, name what differs")
    parser.add_argument("notebooks", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    differing = 0
    for path in options.notebooks:
        before = path.read_text(encoding="utf-8")
        notebook = nbformat.reads(before, as_version=4)
        if options.execute:
            execute(notebook, path.parent)
        after = write(normalise(notebook))
        if before != after:
            if options.check:
                differing += 1
                print(f"{path} is not in its normal form: make notebooks", file=sys.stderr)
            else:
                path.write_text(after, encoding="utf-8")
    return differing


if __name__ == "__main__":
    sys.exit(main())
