"""Make the zip of a lab that students get: ``make release LAB=name``.

It needs Python and pip alone, on Windows, macOS and Linux, and holds the notebook, its data, the package
as a wheel, pinned versions, and a page on how to start.
"""

import argparse
import ast
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import archive
import nbformat
from grading import lab
from grading.lab import ROOT, LabError

import exercises

# What a student needs beside what the notebook imports.
_ALWAYS = {"ipykernel", "jupyterlab", "matplotlib"}
_HOW_TO_START = """\
How to start: {lab}
{underline}

You need Python 3.11, 3.12, 3.13 or 3.14 ({python}).
Unpack this zip, open a terminal (on Windows: PowerShell) in the folder {lab}, and type:

  on Windows
      py -m venv .venv
      .venv\\Scripts\\python -m pip install -r requirements.txt
      .venv\\Scripts\\jupyter lab {lab}.ipynb

  on macOS and Linux
      python3 -m venv .venv
      .venv/bin/python -m pip install -r requirements.txt
      .venv/bin/jupyter lab {lab}.ipynb

If you have an environment of your own: pip install -r requirements.txt, then jupyter lab.

In the notebook
  1. Put your identifier, which your course gives you, between the quotes of STUDENT_ID.
  2. Replace each "..." by your answer. Leave the tests alone; they are put back for grading.
  3. Before you hand in: Kernel, Restart Kernel and Run All Cells. What runs then is what is graded.
  4. Save, and hand in {lab}.ipynb alone.

Grading runs the notebook from top to bottom, without network, beside the same files: read them by their
names alone, as in open("data.csv"), and use no package that requirements.txt does not name.
"""


def requirements(notebook: nbformat.NotebookNode, wheel: str, root: Path = ROOT) -> str:
    """Return the requirements file: the wheel, and what the notebook uses in the lock's versions."""
    pins = dict(re.findall(r"^([a-z0-9._-]+)(==\S+)", _lock(root), re.MULTILINE))
    imported = set()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for node in ast.walk(lab.parse(cell.source)):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    imported.add(node.module.split(".")[0])
    named = sorted((_ALWAYS | imported | {"numpy", "scipy"}) & pins.keys())
    lines = ["-c constraints.txt", f"./{wheel}", *(f"{name}{pins[name]}" for name in named)]
    return "\n".join(lines) + "\n"


def _lock(root: Path) -> str:
    return (root / "requirements.txt").read_text(encoding="utf-8")


def build_wheel(folder: Path) -> Path:
    """Build the package's wheel into a folder, the same to the byte each time, and return its path."""
    code = "import sys; from flit_core import buildapi; print(buildapi.build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=ROOT,
        env={**os.environ, "SOURCE_DATE_EPOCH": "315532800"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise LabError(f"the wheel could not be built: {done.stderr.strip()[-500:]}")
    return folder / done.stdout.split()[-1]


def release(name: str, out: Path | None = None, root: Path = ROOT, term: str = "") -> Path:
    """Write the zip of a lab and return its path; the same sources and term give the same bytes."""
    lab.find(name, root)
    out = out or root / "_build" / "release"
    with tempfile.TemporaryDirectory(prefix="release-") as scratch:
        ready = lab.make(name, Path(scratch), root, term)
        folder = exercises.release(name, Path(scratch) / "released", root, run=False, term=term)
        handed_out = nbformat.read(folder / f"{name}.ipynb", as_version=4)
        wheel = build_wheel(Path(scratch))
        start = _HOW_TO_START.format(
            lab=name, underline="=" * (14 + len(name)), python="python --version says which you have"
        )
        files = {
            "HOW_TO_START.txt": start.encode(),
            "requirements.txt": requirements(handed_out, wheel.name).encode(),
            "constraints.txt": _lock(ROOT).encode(),
            wheel.name: wheel.read_bytes(),
        }
        # No other notebook: it may be somebody's solution.
        for relative in (Path(f"{name}.ipynb"), *ready.data_files):
            if relative.as_posix() in files:
                raise LabError(f"{ready.folder / relative} has the name of a file that every release has")
            files[relative.as_posix()] = (folder / relative).read_bytes()
    path = out / (f"{name}-{term}.zip" if term else f"{name}.zip")
    archive.write(path, {f"{name}/{file}": content for file, content in files.items()})
    return path


def main(arguments: list[str] | None = None) -> int:
    """Write the zip of the lab named on the command line and say where it is; return 1 if it cannot be."""
    parser = argparse.ArgumentParser(prog="make release", description=__doc__.splitlines()[0])
    parser.add_argument("lab", nargs="?", default="", help="the lab's name")
    parser.add_argument("--term", default="", help="a year or word: other data for every student")
    parser.add_argument("--out", type=Path, help="folder for the zip (_build/release)")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder that holds solutions/")
    options = parser.parse_args(arguments)
    try:
        print(f"To hand out: {release(options.lab, options.out, options.root, options.term)}")
    except LabError as error:
        print(f"make release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
