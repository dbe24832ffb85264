"""The table of contents without solutions, for a book that does not show them: ``python tools/toc.py``."""

import sys
from pathlib import Path

import yaml


def without_solutions(toc: dict) -> dict:
    """Return a table of contents without solutions, and without parts that are then empty."""
    parts = []
    for part in toc["parts"]:
        chapters = [page for page in part["chapters"] if not page["file"].startswith("solutions/")]
        if chapters:
            parts.append({**part, "chapters": chapters})
    return {**toc, "parts": parts}


if __name__ == "__main__":
    root = Path(__file__).parents[1]
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    yaml.safe_dump(without_solutions(toc), sys.stdout, sort_keys=False)
