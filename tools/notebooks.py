"""Run notebooks side by side, and keep them small and comparable: text outputs stay, pictures go.

``python tools/notebooks.py [--execute | --check | --cache FOLDER] NOTEBOOK ...`` rewrites each notebook
in its normal form, after running it from top to bottom if asked to. With ``--check`` it only names those
that differ. With ``--cache`` it changes none: outputs go into the folder where the build looks for them.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
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
    # Without timings in the cells' metadata, which the build's cache would take for another notebook's.
    about = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=300, record_timing=False, resources=about).execute()
    return notebook


def execute_all(paths: list[Path]) -> Iterator[tuple[Path, nbformat.NotebookNode]]:
    """Run notebooks, as many at a time as there are processors, and yield each when it is done.

    A line says which is done, and its seconds. When one fails, those that wait are not begun.
    """

    def run(path):
        start = time.monotonic()
        notebook = execute(nbformat.read(path, as_version=4), path.parent)
        return path, notebook, time.monotonic() - start

    # The later chapters take longest: they go first, so that no processor is left waiting for them.
    waiting = sorted(paths, reverse=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = [pool.submit(run, path) for path in waiting]
        try:
            for number, done in enumerate(as_completed(running), start=1):
                path, notebook, seconds = done.result()
                print(f"[{number}/{len(paths)}] {path}: {seconds:.0f} s", flush=True)
                yield path, notebook
        finally:
            pool.shutdown(cancel_futures=True)


def fill_cache(folder: Path, paths: list[Path]) -> None:
    """Run those notebooks whose code is not in the build's cache of outputs, and put them there."""
    cache = get_cache(folder)
    new = []
    for path in paths:
        try:
            cache.match_cache_notebook(nbformat.read(path, as_version=4))
        except KeyError:
            new.append(path)
    for path, notebook in execute_all(new):
        cache.cache_notebook_bundle(
            CacheBundleIn(notebook, str(path)), check_validity=False, overwrite=True
        )


def write(notebook: nbformat.NotebookNode) -> str:
    """Return the notebook as the text of its file."""
    return nbformat.writes(notebook).rstrip() + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Do with the notebooks what the command line says; return how many are not in order."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--execute", action="store_true", help="run each notebook first")
    how.add_argument("--check", action="store_true", help="change nothing, name what differs")
    how.add_argument(
        "--cache", type=Path, metavar="FOLDER", help="run what this cache lacks, for the build"
    )
    parser.add_argument("notebooks", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    if options.cache:
        fill_cache(options.cache, options.notebooks)
        return 0
    if options.execute:
        made = execute_all(options.notebooks)
    else:
        made = ((path, nbformat.read(path, as_version=4)) for path in options.notebooks)
    differing = 0
    for path, notebook in made:
        after = write(normalise(notebook))
        if path.read_text(encoding="utf-8") != after:
            if options.check:
                differing += 1
                print(f"{path} is not in its normal form: make notebooks", file=sys.stderr)
            else:
                path.write_text(after, encoding="utf-8")
    return differing


if __name__ == "__main__":
    sys.exit(main())
