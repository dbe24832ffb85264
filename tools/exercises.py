"""Make what students get from the solutions: ``python tools/exercises.py [NAME ...]``.

Each notebook of ``solutions/NAME/`` goes through nbgrader's release (no solution, no hidden test), is run
unanswered, and is stored in its normal form in ``exercises/NAME/``, with the files beside it. Worked
explanations, Markdown cells tagged "solution", are left out.
"""

import argparse
import logging
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import nbformat
import notebooks
from grading import lab
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import ComputeChecksums
from traitlets.config import Config, PyFileConfigLoader

ROOT = Path(__file__).parents[1]


def names(root: Path = ROOT) -> list[str]:
    """Return the names of all exercises and labs: the folders that hold a notebook of their name."""
    folder = root / _configuration(root).CourseDirectory.source_directory
    return sorted(path.parent.name for path in folder.glob("*/*.ipynb") if path.stem == path.parent.name)


def generate(only: Iterable[str] | None = None, into: Path | None = None, root: Path = ROOT) -> list[Path]:
    """Generate the students' notebooks and return where they are.

    Parameters
    ----------
    only : iterable of str, optional
        Names; all by default, and then what has no source any more is removed.
    into : Path, optional
        Folder to write to; nbgrader's release directory by default.
    root : Path
        The folder that holds nbgrader_config.py and the sources.
    """
    known = names(root)
    chosen = known if only is None else list(only)
    if unknown := [name for name in chosen if name not in known]:
        raise ValueError(f"no such exercise: {', '.join(unknown)}; there are {', '.join(known)}")
    into = into or root / _configuration(root).CourseDirectory.release_directory
    made = []
    for name in chosen:
        with tempfile.TemporaryDirectory(prefix="exercise-") as scratch:
            folder = release(name, Path(scratch), root)
            shutil.rmtree(into / name, ignore_errors=True)
            shutil.copytree(folder, into / name)
        made.append(into / name / f"{name}.ipynb")
    if only is None and into.is_dir():
        for folder in into.iterdir():
            if folder.is_dir() and folder.name not in known:
                shutil.rmtree(folder)
    return made


def release(name: str, scratch: Path, root: Path = ROOT, *, run: bool = True, term: str = "") -> Path:
    """Make the release of one exercise or lab below an empty folder; return the folder it is in.

    The notebook in it is in its normal form and, if `run`, has been run unanswered. A lab's data are those
    of the term, if one is named.
    """
    config = _configuration(root)
    source = root / config.CourseDirectory.source_directory / name
    shutil.copytree(source, scratch / "source" / name, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    notebook = nbformat.read(scratch / "source" / name / f"{name}.ipynb", as_version=4)
    notebook = lab.for_term(notebook, name, term)
    notebook.cells = [cell for cell in notebook.cells if not _explains(cell)]
    nbformat.write(notebook, scratch / "source" / name / f"{name}.ipynb")

    folder = _convert(name, scratch, config) / name
    notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        _drop_loose_stubs(cell)
    stored = folder / f"{name}.ipynb"
    if run:
        # In a copy of the folder: what the cells write is no part of the release.
        notebook = notebooks.execute(notebook, shutil.copytree(folder, scratch / "run" / name))
    notebook = notebooks.normalise(notebook)
    checksums = ComputeChecksums()
    for index, cell in enumerate(notebook.cells):
        checksums.preprocess_cell(cell, {}, index)
    stored.write_text(notebooks.write(notebook), encoding="utf-8")
    return folder


def _convert(name: str, scratch: Path, config: Config) -> Path:
    """Run nbgrader's own release, without its gradebook, and return the release directory."""
    config.CourseDirectory.root = str(scratch)
    config.CourseDirectory.source_directory = "source"
    config.CourseDirectory.release_directory = "release"
    config.CourseDirectory.assignment_id = name
    config.SaveCells.enabled = False
    config.GenerateAssignment.no_database = True
    converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
    converter.log.setLevel(logging.ERROR)
    converter.start()
    return scratch / "release"


def _explains(cell: nbformat.NotebookNode) -> bool:
    return cell.cell_type == "markdown" and "solution" in cell.metadata.get("tags", [])


def _drop_loose_stubs(cell: nbformat.NotebookNode) -> None:
    """Drop a stub that stands for whole statements, where there is other code: it would be displayed."""
    if cell.cell_type != "code" or not cell.metadata.get("nbgrader", {}).get("solution"):
        return
    lines = cell.source.splitlines()
    kept = [line for line in lines if line != "..."]
    if any(line.strip() and not line.startswith("#") for line in kept):
        cell.source = "\n".join(kept).rstrip()


def _configuration(root: Path) -> Config:
    return PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()


def main(arguments: list[str] | None = None) -> int:
    """Generate the exercises named on the command line, or all; return 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="all by default")
    options = parser.parse_args(arguments)
    for path in generate(options.names or None):
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
