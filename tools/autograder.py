"""Grade one submission where Gradescope put it, and write what it reads: run by ``run_autograder``.

``autograder.py LAB FOLDER TERM``: the folder, there ``/autograder``, holds ``source/``, ``submission/`` and
``results/``. If the grader itself fails, nothing is written, and Gradescope tells the instructor: no
student gets a zero for it.
"""

import csv
import json
import sys
import tempfile
from pathlib import Path

import grade
import nbformat

# When students see what a hidden test gave; the instructor sees it at once.
_VISIBILITY = "after_due_date"


def main(arguments: list[str]) -> int:
    """Grade and write ``results/results.json``; return 1, without it, if the grader failed."""
    name, home, term = arguments[0], Path(arguments[1]), arguments[2]
    with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
        out = Path(folder)
        command = [name, "--from", str(home / "submission"), "--root", str(home / "source"), "--term", term]
        if not any((home / "submission").rglob("*")):
            found = {"score": 0, "output": "Nothing was handed in.", "tests": []}
        elif grade.main([*command, "--out", folder, "--jobs", "1"]) != 0:
            return 1
        else:
            with (out / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
                found = results(list(csv.DictReader(file)), sorted((out / "results").glob("*.json")))
    (home / "results").mkdir(exist_ok=True)
    (home / "results" / "results.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    return 0


def results(rows: list[dict[str, str]], marks: list[Path]) -> dict:
    """Return what Gradescope reads, from the lines of grades.csv and the marks of what was graded."""
    if len(marks) != 1:
        said = "; ".join(f"{row['file']}: {row['reason'] or row['status']}" for row in rows)
        return {"score": 0, "output": f"Hand in one notebook that can be graded. {said}", "tests": []}
    told = json.loads(marks[0].read_text(encoding="utf-8"))
    notebook = nbformat.reads(told["notebook"], as_version=4)
    tests = []
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader", {})
        if mark.get("grade") and cell.cell_type == "code":
            tests.append(
                {
                    "name": mark["grade_id"],
                    "score": told["points"][mark["grade_id"]],
                    "max_score": mark["points"],
                    "output": _printed(cell),
                    "visibility": _VISIBILITY,
                }
            )
    said = ["Your notebook was read and run.", *told["notes"]]
    said += [f"{row['file']}: {row['reason']}" for row in rows if row["total"] == ""]
    student = next(row["student"] for row in rows if row["total"] != "")
    print(f"STUDENT_ID is {student!r}")  # for the instructor, who sees who handed it in
    score = sum(test["score"] for test in tests)
    return {"score": score, "output": "\n".join(said), "tests": tests, "stdout_visibility": "hidden"}


def _printed(cell: nbformat.NotebookNode) -> str:
    """Return what a test cell printed, and of errors the line that students may see."""
    lines = []
    for output in cell.outputs:
        if output.output_type == "stream":
            lines.append(output.text.rstrip())
        elif output.output_type == "error":
            lines += output.traceback
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
