"""How long building and testing the book takes, as parts of a whole: in a fresh clone of the last commit.

Run by ``make bench``. The seconds are this machine's; what compares is the share.
"""

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
SLOWEST = 20
CHAPTER = "chapters/02_e_step.ipynb"


def timed(folder: Path, *command: str, env: dict | None = None) -> float:
    start = time.monotonic()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=env, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return time.monotonic() - start


def change(path: Path) -> None:
    """Change a chapter's code, so that it is run again: a rebuild as its author has it."""
    path.write_text(
        path.read_text(encoding="utf-8").replace('"import ', '"# Changed.\\n",\n    "import ', 1)
    )


def show(title: str, parts: dict[str, float]) -> None:
    total = sum(parts.values())
    print(f"{title}: {total:.0f} s")
    for name, seconds in parts.items():
        print(f"  {seconds:6.1f} s  {seconds / total:4.0%}  {name}")


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        book = Path(temporary) / "book"
        subprocess.run(["git", "clone", "--quiet", ROOT, book], check=True)
        parts = {"install": timed(book, "make", ".venv/.installed")}
        chapters = sorted(str(path.relative_to(book)) for path in book.glob("chapters/*.ipynb"))
        parts["run the chapters"] = timed(
            book, ".venv/bin/python", "tools/notebooks.py", "--cache", "_build/.jupyter_cache", *chapters
        )
        # In make's order, or it would take the outputs for those of another package.
        for mark in ("_build/.executed", "_build/.solutions-1"):
            (book / mark).touch()
        parts["make the pages"] = timed(book, "make", "book")
        show("make book, from nothing", parts)
        print(f"  {timed(book, 'make', 'book'):6.1f} s  again, without a change")
        change(book / CHAPTER)
        print(f"  {timed(book, 'make', 'book'):6.1f} s  again, with a chapter's code changed")
        subprocess.run(["git", "checkout", "--quiet", "."], cwd=book, check=True)
        timed(book, "make", "book")

        report = Path(temporary) / "tests.xml"
        whole = timed(
            book, "make", "test", env=os.environ | {"CI": "true", "PYTEST_ADDOPTS": f"--junitxml={report}"}
        )
        cases = list(ElementTree.parse(report).getroot().iter("testcase"))
        files, tests = Counter(), Counter()
        for case in cases:
            name = case.get("classname").replace(".", "/")
            files[name] += float(case.get("time"))
            tests[f"{name}: {case.get('name')}"] = float(case.get("time"))
        print(f"make test, after that: {whole:.0f} s, by two workers side by side")
        show("the tests' own time", dict(files.most_common(SLOWEST)))
        print(f"the {SLOWEST} slowest tests")
        for name, seconds in tests.most_common(SLOWEST):
            print(f"  {seconds:6.1f} s  {name}")


if __name__ == "__main__":
    main()
