"""What comes of a batch: grades.csv, the list of what is to be graded by hand, and a page per student."""

import csv
import dataclasses
import math
import re
from pathlib import Path

from grading.collect import Submission
from grading.feedback import plain_page
from grading.lab import Lab, LabError, Question
from grading.mark import Marks, page_with_marks_by_hand
from grading.names import guarded, read_table, same_name

_LONGEST_NAME = 200


@dataclasses.dataclass
class Row:
    """A line of grades.csv."""

    student: str
    file: str
    status: str
    reasons: list[str]
    points: dict[str, float | None]
    total: float | None
    id: str = ""


def read_roster(path: Path | None) -> list[str] | None:
    """Return the students of a roster (a CSV with a column `student`), or None if there is none."""
    if path is None:
        return None
    return [row["student"] for _, row in read_table(path, ("student",), "ROSTER") if row["student"]]


def read_manual(path: Path | None, lab: Lab, students: list[str]) -> dict[str, dict[str, float]]:
    """Return points given by hand, by `same_name` of student and by question, from a CSV of the three.

    A line without points is still to be graded. Points may replace what a test gave.
    """
    if path is None:
        return {}
    known = {question.name: question for question in lab.questions}
    handed_in = {same_name(student) for student in students}
    found: dict[str, dict[str, float]] = {}
    for number, row in read_table(path, ("student", "question", "points"), "MANUAL"):
        where = f"MANUAL={path}, line {number}"
        if not row["points"]:
            continue
        who = same_name(row["student"])
        if who not in handed_in:
            raise LabError(f"{where}: nobody named {row['student']!r} handed in")
        if row["question"] not in known:
            raise LabError(
                f"{where}: {lab.name} has no question {row['question']!r}; it has {', '.join(known)}"
            )
        try:
            points = float(row["points"].replace(",", "."))
        except ValueError:
            points = math.nan
        most = known[row["question"]].points
        if not 0 <= points <= most:
            raise LabError(f"{where}: points must be a number from 0 to {most:g}, got {row['points']!r}")
        if row["question"] in found.setdefault(who, {}):
            raise LabError(f"{where}: {row['student']!r} has points in {row['question']!r} already")
        found[who][row["question"]] = points
    return found


def rows(
    submissions: list[Submission],
    marks: dict[str, Marks],
    lab: Lab,
    roster: list[str] | None,
    by_hand: dict[str, dict[str, float]],
) -> list[Row]:
    """Return the lines of grades.csv: each submission, then those of the roster who handed in nothing."""
    listed = None if roster is None else {same_name(name) for name in roster}
    files: dict[str, list[str]] = {}
    for submission in submissions:
        files.setdefault(same_name(submission.student), []).append(submission.file)
    empty = dict.fromkeys((question.name for question in lab.questions), None)
    found = []
    for submission in submissions:
        who = same_name(submission.student)
        others = [file for file in files[who] if file != submission.file]
        reasons = []
        if others:
            reasons.append(f"duplicate: the same student as {', '.join(others)}")
        if listed is not None and not listed & {who, _without_number(submission)}:
            reasons.append("not in the roster")
        mine = marks.get(submission.file, Marks(problem=submission.problem))
        points = dict(empty)
        if mine.problem:
            status, total = "failed", None
            reasons.insert(0, mine.problem)
        else:
            given = by_hand.get(who, {})
            points |= mine.points | given
            total = sum(value for value in points.values() if value is not None)
            status = "waiting" if None in points.values() else "graded"
            if reasons or submission.check or (mine.check and not given):
                status = "check"
            reasons += mine.notes
            changed = [name for name in given if mine.points[name] is not None]
            if changed:
                reasons.append(f"by hand instead of by test: {', '.join(changed)}")
        reasons += submission.notes
        found.append(
            Row(submission.student, submission.file, status, reasons, points, total, submission.id)
        )
    here = set(files) | {_without_number(submission) for submission in submissions}
    for name in roster or []:
        if same_name(name) not in here:
            found.append(Row(name, "", "missing", ["handed in nothing"], dict(empty), None))
    return found


def _without_number(submission: Submission) -> str:
    """Return a name for comparing, without the platform's number that told it from another student's."""
    return same_name(submission.student.removesuffix(f" ({submission.id})"))


def _column(question: Question) -> str:
    return (
        f"{question.name} (by hand, of {question.points:g})"
        if question.by_hand
        else (f"{question.name} (of {question.points:g})")
    )


def _written(value: float | None) -> str:
    return "" if value is None else f"{round(value, 4):g}"


def write_grades(path: Path, table: list[Row], lab: Lab) -> None:
    """Write grades.csv, for spreadsheets as for programs: UTF-8 with its mark."""
    most = sum(question.points for question in lab.questions)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        columns = [_column(question) for question in lab.questions]
        writer.writerow(["student", "id", "file", "status", "total", "max points", *columns, "reason"])
        for row in table:
            points = [_written(row.points[question.name]) for question in lab.questions]
            reason = guarded("; ".join(row.reasons))
            writer.writerow(
                [
                    *(guarded(row.student), guarded(row.id), guarded(row.file), row.status),
                    *(_written(row.total), f"{most:g}", *points, reason),
                ]
            )


def write_to_grade(path: Path, table: list[Row], lab: Lab) -> int:
    """Write the written answers that wait for points, ready to be filled in; return how many."""
    waiting = [
        (row.student, question)
        for row in table
        if row.status in ("waiting", "check") and row.total is not None
        for question in lab.questions
        if question.by_hand and row.points[question.name] is None
    ]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["student", "question", "points", "max points"])
        for student, question in dict.fromkeys(waiting):
            writer.writerow([guarded(student), question.name, "", f"{question.points:g}"])
    return len(waiting)


def write_pages(
    folder: Path,
    table: list[Row],
    marks: dict[str, Marks],
    lab: Lab,
    by_hand: dict[str, dict[str, float]],
) -> list[str]:
    """Write a page for each submission, named for the student; pages of an earlier run go.

    Return what could not be written, and why: one page stops no other.
    """
    folder.mkdir(exist_ok=True)
    taken: set[str] = set()
    failed = []
    for row in table:
        if not row.file:
            continue
        mine, given = marks.get(row.file), by_hand.get(same_name(row.student))
        name = _page_name(row.student, taken)
        try:
            if row.status == "failed":
                text = plain_page(lab.name, row.reasons[0])
            elif given:
                text = page_with_marks_by_hand(mine, lab, given)
            else:
                text = mine.page
            (folder / name).write_text(text, encoding="utf-8")
        except Exception as error:
            failed.append(f"{row.student}: {type(error).__name__}: {error}")
    for old in folder.glob("*.html"):
        if old.name.casefold() not in taken:
            old.unlink()
    return failed


def _page_name(student: str, taken: set[str]) -> str:
    """Return a file name of its own for a student's page, within the bytes a file's name may have."""
    base = re.sub(r"[^\w.-]+", "_", student)
    base = base if student[:1].isalnum() else f"student_{base}"
    base = base.encode()[:_LONGEST_NAME].decode(errors="ignore")
    name, number = f"{base}.html", 1
    while name.casefold() in taken:
        number += 1
        name = f"{base}-{number}.html"
    taken.add(name.casefold())
    return name
