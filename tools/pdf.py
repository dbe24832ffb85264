"""Make the book a PDF: run LaTeX on what Sphinx wrote to _build/latex, and see whether the result is whole.

LaTeX goes on after much that a reader would stumble over, so its log is read: references without a target,
letters that no font has, lines that run into the margin, chapters that are missing. Any of them fails.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).parents[1]
PROGRAMS = ("latexmk", "xelatex", "xindy", "make")
# A line may stick out by this much, in points: less than the width of a letter.
_SLACK = 6
_LEAST_PAGES_PER_CHAPTER = 5


def faults(log: str, table_of_contents: str, titles: list[str]) -> list[str]:
    """Return what is wrong with a run of LaTeX; nothing, if the book is whole.

    Parameters
    ----------
    log : str
        Of the last run, its lines not broken.
    table_of_contents : str
        The .toc file.
    titles : list of str
        Of the numbered chapters.
    """
    found = []
    for line in log.splitlines():
        wide = re.match(r"Overfull \\hbox \(([\d.]+)pt too wide\)", line)
        wrong = (
            line.startswith(("! ", "Missing character", "No pages of output"))
            or re.search(r"LaTeX Warning: .*(undefined|multiply defined)", line)
            or (wide and float(wide[1]) > _SLACK)
        )
        if wrong and line not in found:
            found.append(line)
    pages = re.search(r"Output written on \S+ \((\d+) pages?", log)
    least = _LEAST_PAGES_PER_CHAPTER * len(titles)
    if not pages or int(pages[1]) < least:
        found.append(f"{pages[1] if pages else 'no'} pages, where there should be {least} at least")
    listed = _letters(table_of_contents)
    found += [f"the chapter {title!r} is missing" for title in titles if _letters(title) not in listed]
    return found


def _letters(text: str) -> str:
    """Return the letters alone: what LaTeX and a notebook write alike."""
    text = re.sub(r"\\[A-Za-z]+", "", text)
    return "".join(letter for letter in text if letter.isalnum()).lower()


def chapter_titles(root: Path) -> list[str]:
    """Return the titles of the chapters that _toc.yml numbers."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    files = [
        chapter["file"] for part in toc["parts"] if part.get("numbered") for chapter in part["chapters"]
    ]
    first = [nbformat.read(root / f"{file}.ipynb", as_version=4).cells[0].source for file in files]
    return [re.match(r"# (.+)", source)[1] for source in first]


def main() -> int:
    """Run LaTeX, check, and return how many faults there are."""
    if missing := [program for program in PROGRAMS if not shutil.which(program)]:
        print(f"make pdf needs {', '.join(missing)}: CONTRIBUTING.md names the packages", file=sys.stderr)
        return 1
    folder = ROOT / "_build" / "latex"
    # An unbroken log can be read line by line.
    environment = {**os.environ, "max_print_line": "10000", "SOURCE_DATE_EPOCH": "1767225600"}
    latex = ["make", "all-pdf", "LATEXMKOPTS=-interaction=nonstopmode -halt-on-error -silent"]
    done = subprocess.run(latex, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=False)
    log = (folder / "em-at-bat.log").read_text(encoding="utf-8", errors="replace")
    contents = (folder / "em-at-bat.toc").read_text(encoding="utf-8")
    wrong = faults(log, contents, chapter_titles(ROOT))
    if done.returncode and not wrong:
        wrong = [f"LaTeX ended with code {done.returncode}: see {folder / 'em-at-bat.log'}"]
    for line in wrong:
        print(f"pdf: {line}", file=sys.stderr)
    if not wrong:
        shutil.copy(folder / "em-at-bat.pdf", ROOT / "_build" / "em-at-bat.pdf")
    return len(wrong)


if __name__ == "__main__":
    sys.exit(min(main(), 99))
