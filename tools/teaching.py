"""Write the sheets for those who teach and grade: ``make teaching``.

``_build/teaching/slips.md`` says by question what goes wrong, from `betabin.checks`. ``rubric-LAB.md``
has a lab's written questions with the reader's rubric, from the lab's source, and graded samples, from
``solutions/samples/``. They are no pages of the book, for they give answers away.
"""

import argparse
import re
import sys
from pathlib import Path

import nbformat
from grading import lab
from grading.lab import ROOT, LabError

from betabin import checks
from exercises import names


def slips() -> str:
    """Return the sheet on the exercises: for each question what students are known to get wrong."""
    lines = ["# What goes wrong, question by question", ""]
    lines += ["Each line is a slip that the check recognises, and what it says. Ask before you tell."]
    lines += ["Where several letters are right, the check says none of this: it judges them together.", ""]
    for folder in names():
        if not folder.startswith("ex"):
            continue
        notebook = nbformat.read(ROOT / "solutions" / folder / f"{folder}.ipynb", as_version=4)
        text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        titles = dict(re.findall(r"^## Question (\d+): (.*)$", text, re.MULTILINE))
        lines += [f"## {notebook.cells[0].source.splitlines()[0].removeprefix('# ')}", ""]
        for name, question in checks.questions(folder[:4]).items():
            number = name.split(".")[1]
            lines += [f"### Question {number}: {titles[number]} ({question.points} points)", ""]
            lines += [f"- **{slip}**: {message}" for slip, message in question.messages.items()]
            lines.append("")
    return "\n".join(lines)


def rubric(name: str) -> str:
    """Return the sheet for the reader of a lab: questions, rubric and graded samples."""
    notebook = nbformat.read(lab.find(name) / f"{name}.ipynb", as_version=4)
    index, model = next(
        (index, cell)
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("grade")
    )
    asked = notebook.cells[index - 1].source
    answer = re.split(r"### (?:BEGIN|END) SOLUTION\n?", model.source)
    samples = (ROOT / "solutions" / "samples" / f"{name}.md").read_text(encoding="utf-8")
    return (
        f"# {name}: for the reader\n\n{asked}\n\n## Model answers and rubric\n\n"
        f"{max(answer, key=len).strip()}\n\n# Graded samples\n\n"
        "Two answers to each question, as students write them, with the points and why.\n\n"
        f"{samples}"
    )


def main(arguments: list[str] | None = None) -> int:
    """Write the sheets and say where they are; return 1 if something is missing."""
    parser = argparse.ArgumentParser(prog="make teaching", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "teaching", help="the folder")
    options = parser.parse_args(arguments)
    try:
        sheets = {"slips.md": slips()} | {f"rubric-{name}.md": rubric(name) for name in lab.labs()}
    except (LabError, OSError) as error:
        print(f"make teaching: {error}", file=sys.stderr)
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    for name, text in sheets.items():
        (options.out / name).write_text(text, encoding="utf-8")
        print(f"For those who teach: {options.out / name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
