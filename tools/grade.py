"""Grade a folder of submissions of a lab: ``make grade LAB=name FROM=folder``."""

import argparse
import sys
from pathlib import Path

from grading import batch, collect, gradebook, lab, names, report, sandbox
from grading.lab import ROOT, LabError


def main(arguments: list[str] | None = None) -> int:
    """Grade, print a line for each submission, write the results; return 0, or 1 if something is wrong."""
    parser = argparse.ArgumentParser(prog="make grade", description=__doc__.splitlines()[0])
    parser.add_argument("lab", nargs="?", default="", help="the lab's name")
    parser.add_argument("--from", dest="where", default="", help="folder or zip of submissions")
    parser.add_argument("--roster", help="CSV with a column student: who should have handed in")
    parser.add_argument("--manual", help="CSV with student, question, points: points given by hand")
    parser.add_argument("--term", default="", help="the term that the lab was released for")
    parser.add_argument("--format", help="whose gradebook it is: canvas or moodle")
    parser.add_argument("--gradebook", help="the gradebook that the platform exported, to put points into")
    parser.add_argument("--column", default="", help="its column, where the lab's name doesn't tell")
    parser.add_argument("--partial", action="store_true", help="put in points while answers wait for more")
    parser.add_argument("--out", type=Path, help="where results go (_build/grading/LAB)")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder that holds solutions/")
    parser.add_argument("--jobs", type=int, default=2, help="submissions graded at a time (2)")
    defaults = sandbox.Limits()
    parser.add_argument(
        "--cell-seconds", type=float, default=defaults.cell_seconds, help="processor time per cell (60)"
    )
    parser.add_argument(
        "--total-seconds", type=float, default=defaults.total_seconds, help="and per notebook (600)"
    )
    parser.add_argument("--memory-mb", type=int, default=defaults.memory_mb, help="memory (2048)")
    parser.add_argument("--disk-mb", type=int, default=defaults.disk_mb, help="files (256)")
    parser.add_argument("--processes", type=int, default=defaults.processes, help="threads included (64)")
    options = parser.parse_args(arguments)
    try:
        return _grade(options)
    except (LabError, OSError, ValueError, RuntimeError) as error:
        print(f"make grade: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What is graded is kept: the same command goes on from there.", file=sys.stderr)
        return 1


def _grade(options: argparse.Namespace) -> int:
    if options.jobs < 1:
        raise LabError(f"JOBS must be 1 or more, got {options.jobs}")
    limits = sandbox.Limits(
        options.cell_seconds, options.total_seconds, options.memory_mb, options.disk_mb, options.processes
    )
    folder = lab.find(options.lab, options.root)
    if not options.where:
        raise LabError("say where the submissions are, as FROM=folder or FROM=export.zip")
    where = Path(options.where).expanduser().absolute()
    out = (options.out or options.root / "_build" / "grading" / options.lab).absolute()
    roster = report.read_roster(Path(options.roster).expanduser() if options.roster else None)
    book = _open_gradebook(options, out)
    batch.start_server()
    sources = folder.parent
    before = _hashes(sources)
    with sandbox.short_folder("lab-") as scratch:
        ready = lab.make(options.lab, Path(scratch), options.root, options.term)
        cells = [(cell.cell_type, cell.source) for cell in ready.release.cells]
        own = {path.name: (ready.folder / path).read_bytes() for path in ready.data_files}
        submissions = collect.collect(where, ready.name, lab.student_id(cells), own)
        students = [submission.student for submission in submissions]
        by_hand = report.read_manual(
            Path(options.manual).expanduser() if options.manual else None, ready, students
        )
        door = sandbox.choose(limits)
        print(f"{ready.name}: {len(submissions)} submissions, {options.jobs} at a time, each {door}")
        hidden = (sources, where, out)
        if warning := sandbox.closed_folder(door, hidden):
            print(f"make grade: {warning}", file=sys.stderr)
        out.mkdir(parents=True, exist_ok=True)
        fonts = out / "fonts"
        batch.make_fonts(fonts)
        job = batch.Job(ready, door, limits, Path(scratch), hidden=hidden, fonts=fonts)
        progress = _Progress(submissions)
        contents = {
            item.file: (item.content, item.given) for item in submissions if item.content is not None
        }
        for submission in submissions:
            if submission.content is None:
                progress(submission.file, batch.Marks(problem=submission.problem), True)
        marks = batch.remembered(contents, job, options.jobs, out / "results", progress)
        table = report.rows(submissions, marks, ready, roster, by_hand)
        report.write_grades(out / "grades.csv", table, ready)
        waiting = report.write_to_grade(out / "to_grade.csv", table, ready)
        unwritten = report.write_pages(out / "feedback", table, marks, ready, by_hand)
    print(f"Grades:   {out / 'grades.csv'}")
    print(f"Feedback: {out / 'feedback'}")
    if waiting:
        print(
            f"By hand:  {waiting} answer{'s wait' if waiting > 1 else ' waits'} in {out / 'to_grade.csv'}: "
            "copy it, fill in points, then MANUAL=that copy"
        )
    if book is not None:
        _fill(book, table, ready, out / "gradebook.csv", options.partial)
    for page in unwritten:
        print(f"make grade: no feedback page for {names.guarded(page)}", file=sys.stderr)
    changed = sorted(name for name, _ in before ^ _hashes(sources))
    if changed:
        print(
            f"make grade: FILES IN {sources} CHANGED WHILE GRADING: {', '.join(dict.fromkeys(changed))}. "
            "Restore them and grade again: a submission may have written there.",
            file=sys.stderr,
        )
        return 1
    return 1 if unwritten else 0


def _open_gradebook(options: argparse.Namespace, out: Path) -> gradebook.Gradebook | None:
    """Read the gradebook before anything is graded: what is wrong with it is said at once."""
    if not options.gradebook and not options.format:
        return None
    if not options.gradebook or not options.format:
        raise LabError("FORMAT=canvas or FORMAT=moodle, and GRADEBOOK=export.csv, are given together")
    path = Path(options.gradebook).expanduser().absolute()
    if path == out / "gradebook.csv":
        raise LabError(f"GRADEBOOK={path} is the file that is written: give the platform's own export")
    return gradebook.Gradebook(path, options.format, options.lab, options.column)


def _fill(
    book: gradebook.Gradebook, table: list[report.Row], ready: lab.Lab, path: Path, partial: bool
) -> None:
    entries = []
    for row in table:
        final = row.status == "graded" or (partial and row.status == "waiting")
        waiting = "written answers wait for points (PARTIAL=1 puts in what there is)"
        why = waiting if row.status == "waiting" else f"{row.status}: {'; '.join(row.reasons)}"
        entries.append(
            gradebook.Entry(row.student, row.total if final else None, "" if final else why, row.id)
        )
    content, said = book.fill(entries)
    path.write_bytes(content)
    print(f"Import:   {path} (column {book.column!r})")
    most = sum(question.points for question in ready.questions)
    if book.possible not in (None, most):
        said.append(f"Mind the scale: {book.column!r} is of {book.possible:g} points, the lab of {most:g}")
    for line in said:
        print(f"          {names.guarded(line)}")


class _Progress:
    """Prints a line for each submission as it is done."""

    def __init__(self, submissions: list[collect.Submission]) -> None:
        self._names = {item.file: item.student for item in submissions}
        self._done = 0

    def __call__(self, file: str, marks: batch.Marks, new: bool) -> None:
        self._done += 1
        total = len(self._names)
        if marks.problem:
            said = f"failed: {marks.problem}"
        else:
            said = f"{sum(value or 0 for value in marks.points.values()):g} points"
            said += "" if new else ", unchanged"
            said += "".join(f"; {note}" for note in marks.notes)
        count = f"[{self._done:{len(str(total))}}/{total}]"
        print(names.guarded(f"{count} {self._names[file]}: {said}"), flush=True)


def _hashes(folder: Path) -> set[tuple[str, str]]:
    return {
        (path.name, lab.digest(path)) if path.is_dir() else (path.name, str(path.stat().st_mtime_ns))
        for path in folder.iterdir()
        if not path.name.startswith(".")
    }


if __name__ == "__main__":
    sys.exit(main())
