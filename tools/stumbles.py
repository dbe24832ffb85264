"""Say over which questions and slips a class stumbles: ``make practice FROM=folder``.

The folder holds the files that students' ``betabin.checks.report()`` wrote. They hold no names, and of
answers only wrong letters. Each file counts as one student.
"""

import argparse
import collections
import dataclasses
import json
import sys
import textwrap
from pathlib import Path

from betabin import checks
from betabin.checks.kinds import GENERAL, Choice

_LARGEST = 2**20
_OTHERS = GENERAL | {
    "unreadable": "It could not be read as an answer of the kind that is asked for.",
    "too few": "All letters of a wrong answer were right; others were missing.",
}


@dataclasses.dataclass
class Tally:
    """What came of one question: who answered, who got there, who at once, and the slips that were made."""

    tried: int = 0
    right: int = 0
    at_once: int = 0
    slips: collections.Counter = dataclasses.field(default_factory=collections.Counter)

    @property
    def stumbled(self) -> int:
        """How many did not have it right at once."""
        return self.tried - self.at_once


def known() -> dict[str, dict[str, str]]:
    """Return what is said of each slip, by question and by the slip's name."""
    return {
        name: _OTHERS | question.messages
        for each in checks._sets()
        for name, question in checks.questions(each).items()
    }


def read(path: Path, messages: dict[str, dict[str, str]]) -> dict[str, dict]:
    """Return what a report says, by question.

    Raises
    ------
    ValueError
        The file is none that `betabin.checks.report` writes; the message says why.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("is larger than 1 MiB")
        told = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"cannot be read: {error}") from error
    if not isinstance(told, dict):
        raise ValueError("is no report: it holds no questions")
    for question, said in told.items():
        if question not in messages:
            raise ValueError(f"is no report: there is no question {question!r}")
        slips = said.get("slips") if isinstance(said, dict) else None
        if not isinstance(slips, list) or not all(isinstance(slip, str) for slip in slips):
            raise ValueError(f"is no report: {question} lacks its list of slips")
        for key in ("tries", "points", "of"):
            value = said.get(key)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
                raise ValueError(f"is no report: {question} has no number of {key}")
    return told


def tally(reports: list[dict[str, dict]]) -> dict[str, Tally]:
    """Return the tally of each question that somebody answered, in the questions' order.

    A slip counts once for each student, however often he made it.
    """
    found: dict[str, Tally] = {}
    for report in reports:
        for question, said in report.items():
            if said["tries"] >= 1:
                mine = found.setdefault(question, Tally())
                mine.tried += 1
                mine.right += said["points"] >= said["of"]
                mine.at_once += said["points"] >= said["of"] and not said["slips"]
                mine.slips.update(set().union(*(_slips(question, slip) for slip in said["slips"])))
    return dict(sorted(found.items()))


def _slips(question: str, slip: str) -> set[str]:
    """Return what a slip's name stands for: of a set of letters, each that is wrong."""
    asked = checks.questions(question.split(".")[0])[question]
    letters = {option.letter for option in asked.options} if isinstance(asked, Choice) else set()
    if slip and set(slip) <= letters:
        return set(slip) & asked.messages.keys() or {"too few"}
    return {slip}


def lines(found: dict[str, Tally], messages: dict[str, dict[str, str]], most: int = 3) -> list[str]:
    """Return what is to be read: a table of the questions, then their slips, the worst question first."""
    said = ["question  answered  right  at once"]
    for question, one in found.items():
        said.append(f"{question:8} {one.tried:9} {one.right:6} {one.at_once:8}")
    worst = sorted(found, key=lambda question: (-found[question].stumbled, question))
    for question in worst:
        one = found[question]
        if not one.slips:
            continue
        said += ["", f"{question}: {one.stumbled} of {one.tried} did not have it at once"]
        for slip, number in sorted(one.slips.items(), key=lambda pair: (-pair[1], pair[0]))[:most]:
            message = messages[question].get(slip, "This version of the checks does not know the slip.")
            said += textwrap.wrap(
                f"{slip}: {message}", 96, initial_indent=f"{number:5}  ", subsequent_indent=" " * 7
            )
    return said


def main(arguments: list[str] | None = None) -> int:
    """Print what the reports of a folder say; return 1 if there is none, or one that can't be read."""
    parser = argparse.ArgumentParser(prog="make practice", description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="where", default="", help="the folder of the students' files")
    options = parser.parse_args(arguments)
    folder = Path(options.where).expanduser()
    if not options.where or not folder.is_dir():
        print("make practice: say where the reports are, as FROM=folder", file=sys.stderr)
        return 1
    messages, reports, refused = known(), {}, []
    for path in sorted(folder.rglob("*.json")):
        name = str(path.relative_to(folder))
        try:
            reports[name] = read(path, messages)
        except ValueError as error:
            refused.append(f"make practice: {name} {error}")
    if reports:
        print(f"{len(reports)} report{'s' * (len(reports) > 1)}")
        print("\n".join(lines(tally(list(reports.values())), messages)))
        print(f"\nquestions tried, of {len(messages)}")
        for name, report in reports.items():
            print(f"{sum(said['tries'] >= 1 for said in report.values()):5}  {name}")
    for line in refused or ([] if reports else [f"make practice: {folder} holds no report (.json)"]):
        print(line, file=sys.stderr)
    return 1 if refused or not reports else 0


if __name__ == "__main__":
    sys.exit(main())
