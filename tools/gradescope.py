"""Bundle a lab's grading for Gradescope's autograder: ``make gradescope LAB=name``.

The zip holds our grader, the lab with its hidden tests, the package, and the two scripts that Gradescope
runs: ``setup.sh`` once, and ``run_autograder`` for each submission. It is not for students.
"""

import argparse
import re
import sys
import tempfile
from pathlib import Path

import archive
import release
from grading import lab
from grading.lab import ROOT, LabError

_HERE = Path(__file__).parent
_SETUP = """\
#!/usr/bin/env bash
# Gradescope runs this once, as root, when the bundle is uploaded: it installs what grading needs.
set -euo pipefail
cd "$(dirname "${{BASH_SOURCE[0]}}")"
home=${{AUTOGRADER:-/autograder}}
apt-get update -qq
apt-get install -y -qq bubblewrap python3-venv
python3 -m venv "$home/installer"
"$home/installer/bin/python" -m pip install --quiet "{uv}"
export UV_PYTHON_INSTALL_DIR="$home/python" # where submissions, which run as another user, can read it
"$home/installer/bin/uv" venv --quiet --python 3.12 "$home/venv"
"$home/installer/bin/uv" pip install --quiet --python "$home/venv/bin/python" -r requirements.txt
"""
_RUN = """\
#!/usr/bin/env bash
# Gradescope runs this for each submission.
set -euo pipefail
home=${{AUTOGRADER:-/autograder}}
chmod 700 "$home/source" "$home/submission" "$home/results" # not for the submission's own code
exec "${{PYTHON:-$home/venv/bin/python}}" "$home/source/tools/autograder.py" {lab} "$home" "{term}"
"""


def bundle(name: str, out: Path | None = None, root: Path = ROOT, term: str = "") -> Path:
    """Write the zip for a lab and return its path; raise LabError if there is no such lab."""
    folder = lab.find(name, root)
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    uv = re.search(r"^uv==\S+", lock, re.MULTILINE)[0]
    files = {
        "setup.sh": _SETUP.format(uv=uv).encode(),
        "run_autograder": _RUN.format(lab=name, term=term).encode(),
        "constraints.txt": lock.encode(),
        "nbgrader_config.py": (root / "nbgrader_config.py").read_bytes(),
    }
    with tempfile.TemporaryDirectory(prefix="gradescope-") as scratch:
        ready = lab.make(name, Path(scratch), root, term)
        wheel = release.build_wheel(Path(scratch))
        files[wheel.name] = wheel.read_bytes()
        needed = release.requirements(ready.release, f"{wheel.name}[grading]")
        files["requirements.txt"] = needed.encode()
    for path in (_HERE / "grade.py", _HERE / "autograder.py", *sorted((_HERE / "grading").glob("*.py"))):
        files[f"tools/{path.relative_to(_HERE).as_posix()}"] = path.read_bytes()
    where = f"{lab.source_folder(root).relative_to(root).as_posix()}/{name}"
    for relative in (Path(f"{name}.ipynb"), *ready.data_files):
        files[f"{where}/{relative.as_posix()}"] = (folder / relative).read_bytes()
    path = (out or root / "_build" / "gradescope") / f"{name}.zip"
    archive.write(path, files)
    return path


def main(arguments: list[str] | None = None) -> int:
    """Write the bundle of the lab named on the command line; return 1 if it cannot be."""
    parser = argparse.ArgumentParser(prog="make gradescope", description=__doc__.splitlines()[0])
    parser.add_argument("lab", nargs="?", default="", help="the lab's name")
    parser.add_argument("--term", default="", help="the term that the lab is released for")
    parser.add_argument("--out", type=Path, help="folder for the zip (_build/gradescope)")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder that holds solutions/")
    options = parser.parse_args(arguments)
    try:
        print(
            f"To upload as the autograder: {bundle(options.lab, options.out, options.root, options.term)}"
        )
    except LabError as error:
        print(f"make gradescope: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
