"""Run notebooks side by side, and keep them small and comparable: text outputs stay, pictures go.

``python tools/notebooks.py [--execute | --check | --cache FOLDER] NOTEBOOK ...`` rewrites each notebook
in its normal form, after running it from top to bottom if asked to. With ``--check`` it only names those
that differ. With ``--cache`` it changes none: outputs go into the folder where the build looks for them.
"""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import zmq
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_client.manager import AsyncKernelManager
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


class MetAtFiles:
    """A kernel's manager, of whatever class, that meets its kernel at sockets in a folder of their own.

    A port that is free when it is chosen may be another program's when the kernel takes it.
    """

    def __init__(self, **options) -> None:
        self._folder = tempfile.mkdtemp(prefix="kernel-")
        super().__init__(transport="ipc", ip=f"{self._folder}/s", **options)

    def client(self, **options):
        """Make a client that drops nothing: an explorer says thousands of things before nbval listens."""
        client = super().client(**options)
        client.context.setsockopt(zmq.RCVHWM, 0)
        return client

    def cleanup_ipc_files(self) -> None:
        """Remove the sockets with their folder."""
        shutil.rmtree(self._folder, ignore_errors=True)


class _Kernel(MetAtFiles, AsyncKernelManager):
    pass


def execute(notebook: nbformat.NotebookNode, folder: Path, **options) -> nbformat.NotebookNode:
    """Run all cells in order on a fresh kernel that works in `folder`; raise if one fails."""
    return _client(notebook, folder, **options).execute()


def _client(notebook: nbformat.NotebookNode, folder: Path, **options) -> NotebookClient:
    # Without timings in the cells' metadata, which the build's cache would take for another notebook's.
    return NotebookClient(
        notebook,
        timeout=300,
        record_timing=False,
        kernel_manager_class=_Kernel,
        resources={"metadata": {"path": str(folder)}},
        **options,
    )


def execute_all(paths: list[Path], store: Callable[[Path, nbformat.NotebookNode], None]) -> None:
    """Run notebooks, as many at a time as there are processors, and `store` each when it is done.

    A line says which is done, and its seconds. When one fails, that is raised, and no other is begun.
    """
    asyncio.run(_execute_all(paths, store))


async def _execute_all(paths, store):
    free = asyncio.Semaphore(os.cpu_count())

    async def run(path):
        notebook = nbformat.read(path, as_version=4)
        async with free:
            start = time.monotonic()
            await _client(notebook, path.parent).async_execute()
        print(f"{path}: {time.monotonic() - start:.0f} s", flush=True)
        store(path, notebook)

    # The later chapters take longest: they go first, so that no processor is left waiting for them.
    await asyncio.gather(*(run(path) for path in sorted(paths, reverse=True)))


def fill_cache(folder: Path, paths: list[Path]) -> None:
    """Run those notebooks whose code is not in the build's cache of outputs, and put them there."""
    cache = get_cache(folder)
    new = []
    for path in paths:
        try:
            cache.match_cache_notebook(nbformat.read(path, as_version=4))
        except KeyError:
            new.append(path)

    def store(path, notebook):
        bundle = CacheBundleIn(notebook, str(path))
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)

    execute_all(new, store)


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
    differing = 0

    def store(path, notebook):
        nonlocal differing
        after = write(normalise(notebook))
        if path.read_text(encoding="utf-8") != after:
            if options.check:
                differing += 1
                print(f"{path} is not in its normal form: make notebooks", file=sys.stderr)
            else:
                path.write_text(after, encoding="utf-8")

    if options.cache:
        fill_cache(options.cache, options.notebooks)
    elif options.execute:
        execute_all(options.notebooks, store)
    else:
        for path in options.notebooks:
            store(path, nbformat.read(path, as_version=4))
    return differing


if __name__ == "__main__":
    sys.exit(main())
