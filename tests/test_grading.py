"""Grading: hostile submissions in one batch with honest ones, and what an instructor does around it."""

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import grade
import hostile
import labfixture
import nbformat
import psutil
import pytest
from conftest import ROOT
from grading import batch, collect, lab, report, restore, sandbox
from grading.lab import LabError
from grading.mark import Marks

LINUX = sys.platform == "linux"
MARK_LEFT = "left-by-a-student"
# Without namespaces these reach every process of the user who grades, the tests' own included.
UNSAFE_WITHOUT_NAMESPACES = {"fork bomb", "kill all"}
FEW = ("ada", "bob", "=cmd|'/c calc'!A0")


LIMITS = ["--cell-seconds", "3", "--total-seconds", "30", "--memory-mb", "1536", "--disk-mb", "64"]


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def points(row):
    found = {}
    for name, most in labfixture.QUESTIONS.items():
        column = f"{name} (by hand, of {most})" if name == "essay" else f"{name} (of {most})"
        found[name] = None if row[column] == "" else float(row[column])
    return found


def save(notebook, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook), encoding="utf-8")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A folder with one small lab."""
    root = tmp_path_factory.mktemp("course")
    labfixture.write(root)
    return root


@pytest.fixture(scope="module")
def ready(course, tmp_path_factory):
    return lab.make(labfixture.NAME, tmp_path_factory.mktemp("ready"), course)


@pytest.fixture(scope="module")
def door():
    return sandbox.choose(sandbox.Limits())


def open_door():
    """The door of machines without namespaces, as far as this one can open it."""
    return sandbox.Door("limits", False)


@pytest.fixture(scope="module")
def graded(course, ready, tmp_path_factory):
    """All hostile submissions and two honest ones, graded in one batch: rows, output folder, process."""
    folder = tmp_path_factory.mktemp("hostile")
    honest = [folder / "aaa honest.ipynb", folder / "zzz honest.ipynb"]
    for path in honest:
        save(labfixture.answered(ready.release, path.stem), path)
    out = tmp_path_factory.mktemp("out")
    for name, (before, *_) in hostile.CODE.items():
        save(hostile.code(ready.release, name, before), folder / f"{name}.ipynb")
    solution = ready.folder / f"{ready.name}.ipynb"
    targets = [
        solution,
        *honest,
        out / "grades.csv",
        out / "results",
        ROOT / "README.md",
        course / "gradebook.db",
    ]
    save(hostile.code(ready.release, "thief", hostile.attacks_on_files(targets)), folder / "thief.ipynb")
    for name, (answers, *_) in hostile.ANSWERS.items():
        save(labfixture.answered(ready.release, name, **answers), folder / f"{name}.ipynb")
    for name, (change, *_) in hostile.NOTEBOOKS.items():
        notebook = labfixture.answered(ready.release, name)
        change(notebook)
        save(notebook, folder / f"{name}.ipynb")
    for name, (content, *_) in hostile.bytes_of(ready.release).items():
        (folder / f"{name}.ipynb").write_bytes(content)
    (folder / "a folder.ipynb").mkdir()
    (folder / "a link.ipynb").symlink_to(solution)
    os.mkfifo(folder / "a pipe.ipynb")
    for name in FEW:
        save(labfixture.answered(ready.release, name), folder / f"{name[:3]}.ipynb")
    for number in (1, 2):
        save(labfixture.answered(ready.release, "twin"), folder / f"twin {number}.ipynb")
    command = [sys.executable, ROOT / "tools" / "grade.py", labfixture.NAME, "--from", folder]
    # More at a time than there are processors: many of these sleep until a limit ends them.
    command += ["--root", course, "--out", out, "--jobs", "4", *LIMITS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    found = {}
    for row in read(out / "grades.csv"):
        found.setdefault(row["student"], []).append(row)
    return found, out, done, folder


@pytest.fixture(scope="module")
def graded_under_limits(graded, ready, tmp_path_factory):
    """The same submissions once more, behind the door of machines without namespaces."""
    if not LINUX:
        pytest.skip("limits without namespaces are tried on Linux alone")
    out = tmp_path_factory.mktemp("limits")
    limits = sandbox.Limits(cell_seconds=3, total_seconds=30, memory_mb=1536, disk_mb=64)
    job = batch.Job(ready, open_door(), limits, out, hidden=(graded[3],))
    handed_in = collect.collect(graded[3], ready.name, labfixture.PLACEHOLDER)
    chosen = [
        (item.file, item.content, item.given)
        for item in handed_in
        if item.content is not None and item.student not in UNSAFE_WITHOUT_NAMESPACES
    ]
    marks = dict(batch.run(chosen, job, 4))
    report.write_grades(out / "grades.csv", report.rows(handed_in, marks, ready, None, {}), ready)
    return {row["student"]: row for row in read(out / "grades.csv")}


def cases():
    sets = (hostile.CODE, hostile.ANSWERS, hostile.NOTEBOOKS, hostile.bytes_of(labfixture.source()))
    return [(name, *case[1:]) for one in sets for name, case in one.items()]


@pytest.mark.parametrize(
    ("name", "expected", "reason"), cases(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_hostile_submission_gets_a_grade_or_a_named_reason(graded, name, expected, reason):
    (row,) = graded[0][name]
    check(row, name, expected, reason)


@pytest.mark.parametrize(
    ("name", "expected", "reason"),
    [case for case in cases() if case[0] not in UNSAFE_WITHOUT_NAMESPACES],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_gets_the_same_behind_limits_alone(graded_under_limits, name, expected, reason):
    check(graded_under_limits[name], name, expected, reason)


def check(row, name, expected, reason):
    if name not in hostile.SLOW:
        assert reason in row["reason"]
    if row["status"] == "failed":
        assert expected is None
        assert row["reason"]
        assert row["total"] == ""
        return
    found = points(row)
    assert row["status"] in ("waiting", "graded", "check")
    assert 0 <= float(row["total"]) <= 6
    if expected is not None and name in hostile.SLOW:
        assert all(found[question] <= expected[question] for question in expected)
    elif expected is not None:
        assert {question: found[question] for question in expected} == expected


def test_at_least_thirty_were_tried():
    assert len(cases()) >= 30


def test_honest_submissions_keep_their_marks_beside_them(graded, graded_under_limits):
    for name in ("aaa honest", "zzz honest"):
        for row in (*graded[0][name], graded_under_limits[name]):
            assert points(row) == {"average_test": 4, "shrink_test": 2, "essay": None}
            assert row["status"] == "waiting"
            assert row["reason"] == ""


def test_sources_and_submissions_are_as_they_were(graded, ready, door):
    done = graded[2]
    if door.kind == "limits" and not door.other_user:
        pytest.skip("this machine gives no namespaces: a submission can write where its grader can")
    assert done.returncode == 0, done.stderr
    assert lab.digest(ready.folder) == ready.digest
    (row,) = graded[0]["thief"]
    assert points(row)["average_test"] == 4


def test_a_submission_sees_no_file_but_its_own(graded, door):
    if door.kind != "bubblewrap":
        pytest.skip("this machine gives no namespaces: a submission can read what its grader can")
    page = (graded[1] / "feedback" / "thief.html").read_text(encoding="utf-8")
    assert "Path" in page
    assert "READ " not in page.replace("&#39;READ&#39;", "").replace("'READ'", "")


def test_nothing_is_left_running_or_lying_about(graded, graded_under_limits):
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        left = [
            process
            for process in psutil.process_iter(["cmdline"])
            if any(MARK_LEFT in part for part in process.info["cmdline"] or [])
        ]
        if not left:
            break
        time.sleep(0.2)
    assert left == []


def test_progress_names_everyone_and_the_count(graded):
    lines = [line for line in graded[2].stdout.splitlines() if line.startswith("[")]
    total = sum(map(len, graded[0].values()))
    assert len(lines) == total
    assert lines[-1].startswith(f"[{total}/{total}]")


def test_what_is_no_file_gets_a_reason(graded):
    for name, reason in (
        ("a folder", "without a notebook"),
        ("a link", "symbolic link"),
        ("a pipe", "regular file"),
    ):
        (row,) = graded[0][name]
        assert row["status"] == "failed"
        assert reason in row["reason"]


def test_duplicates_are_graded_and_flagged(graded):
    rows = graded[0]["twin"]
    assert [row["status"] for row in rows] == ["check", "check"]
    assert rows[0]["reason"] == "duplicate: the same student as twin 2.ipynb"
    assert [row["total"] for row in rows] == ["6", "6"]


def test_every_submission_has_a_page_and_none_shows_hidden_tests(graded):
    pages = sorted((graded[1] / "feedback").glob("*.html"))
    assert len(pages) == sum(map(len, graded[0].values()))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert labfixture.SECRET not in text, page
        assert "HIDDEN TESTS" not in text, page
        assert "assert_allclose(shrink" not in text, page
        assert "_grading_proof" not in text, page


def test_a_page_says_which_question_failed_and_how(graded):
    text = (graded[1] / "feedback" / "NaN_answer.html").read_text(encoding="utf-8")
    assert "average(1, 4) is not 0.25" in text
    assert "average_test" in text
    failed = (graded[1] / "feedback" / "not_JSON.html").read_text(encoding="utf-8")
    assert "not JSON" in failed


def test_grades_are_in_a_stable_order(graded):
    rows = read(graded[1] / "grades.csv")
    assert rows == sorted(rows, key=lambda row: (row["student"].casefold(), row["file"]))


# Around the grading: what is new, who, by hand.


@pytest.fixture
def few(ready, tmp_path):
    """A folder with three submissions, and a function that grades it."""
    folder = tmp_path / "handed in"
    for name in FEW:
        save(labfixture.answered(ready.release, name), folder / f"{name[:3]}.ipynb")
    return folder


def test_only_what_is_new_is_graded_again_and_all_are_listed(course, ready, few, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = [labfixture.NAME, "--from", str(few), "--root", str(course), "--out", str(out), *LIMITS]
    assert grade.main(arguments) == 0
    assert "unchanged" not in capsys.readouterr().out
    before = read(out / "grades.csv")
    assert [row["student"] for row in before] == ["'=cmd|'/c calc'!A0", "ada", "bob"]
    save(
        labfixture.answered(ready.release, "bob", average="def average(x, n): return 0.25"),
        few / "bob.ipynb",
    )
    save(labfixture.answered(ready.release, "cyn"), few / "cyn.ipynb")
    roster, manual = tmp_path / "roster.csv", tmp_path / "manual.csv"
    roster.write_text("student,section\nada,1\nBob,1\n'=cmd|'/c calc'!A0,2\ndot,2\n", encoding="utf-8")
    # The list of what waits, filled in, is the table of marks by hand.
    todo = read(out / "to_grade.csv")
    assert {(row["student"], row["question"], row["points"]) for row in todo} == {
        (name, "essay", "") for name in ("'=cmd|'/c calc'!A0", "ada", "bob")
    }
    with manual.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["student", "question", "points"])
        writer.writerows([row["student"], row["question"], 2.5] for row in todo if row["student"] != "bob")
        writer.writerow(["bob", "essay", ""])
        writer.writerow(["ada", "shrink_test", 1])
    assert grade.main([*arguments, "--roster", str(roster), "--manual", str(manual)]) == 0
    said = capsys.readouterr().out
    lines = {line.split(":")[0].split("] ")[1]: line for line in said.splitlines() if line.startswith("[")}
    assert "unchanged" in lines["ada"]
    assert "unchanged" not in lines["bob"]
    rows = {row["student"]: row for row in read(out / "grades.csv")}
    assert list(rows) == ["'=cmd|'/c calc'!A0", "ada", "bob", "cyn", "dot"]
    assert {name: (row["status"], row["total"]) for name, row in rows.items()} == {
        "'=cmd|'/c calc'!A0": ("graded", "8.5"),
        "ada": ("graded", "7.5"),
        "bob": ("waiting", "3"),
        "cyn": ("check", "6"),
        "dot": ("missing", ""),
    }
    assert rows["ada"]["reason"] == "by hand instead of by test: shrink_test"
    assert rows["cyn"]["reason"] == "not in the roster"
    assert all(row["max points"] == "9" for row in rows.values())
    page = (out / "feedback" / "ada.html").read_text(encoding="utf-8")
    assert "Score: 7.5 / 9.0" in page
    assert "still to come" not in page
    assert "still to come" in (out / "feedback" / "bob.html").read_text(encoding="utf-8")


def test_a_change_of_the_sources_is_reported_and_fails(course, ready, few, tmp_path, monkeypatch, capsys):
    """As if a submission had got out: something writes into the sources while the batch runs."""
    written = course / "solutions" / labfixture.NAME / "written.txt"

    def remembered(contents, *_):
        written.write_text("by a submission", encoding="utf-8")
        return {name: Marks(dict.fromkeys(labfixture.QUESTIONS, 0.0), page="page") for name in contents}

    monkeypatch.setattr(batch, "remembered", remembered)
    try:
        code = grade.main(
            [labfixture.NAME, "--from", str(few), "--root", str(course), "--out", str(tmp_path / "o")]
        )
    finally:
        written.unlink()
    assert code == 1
    assert "CHANGED WHILE GRADING: lab0_average" in capsys.readouterr().err


def test_the_key_of_a_grade_changes_with_all_it_depends_on(ready, door, tmp_path):
    job = batch.Job(ready, door, sandbox.Limits(), tmp_path)
    other_limits = batch.Job(ready, door, sandbox.Limits(cell_seconds=5), tmp_path)
    other_lab = batch.Job(lab.Lab(**{**vars(ready), "digest": "other"}), door, sandbox.Limits(), tmp_path)
    keys = [
        batch.key(b"a", job),
        batch.key(b"b", job),
        batch.key(b"a", other_limits),
        batch.key(b"a", other_lab),
    ]
    assert len(set(keys)) == 4
    assert batch.key(b"a", job) == keys[0]


def test_a_solution_that_fails_its_own_tests_stops_the_batch(course, few, tmp_path, capsys):
    root = tmp_path / "wrong"
    shutil.copytree(course / "solutions", root / "solutions")
    shutil.copy(course / "nbgrader_config.py", root)
    path = root / "solutions" / labfixture.NAME / f"{labfixture.NAME}.ipynb"
    nbformat.write(labfixture.source(average="def average(x, n): return 0.25"), path)
    assert grade.main([labfixture.NAME, "--from", str(few), "--root", str(root), *LIMITS]) == 1
    assert "the solution of lab0_average earns 1 of 4 points in average_test" in capsys.readouterr().err


# Errors an instructor can mend.


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say which lab, as LAB=name; the labs are: lab0_average"),
        (["lab9"], "there is no lab 'lab9'; the labs are: lab0_average"),
        ([labfixture.NAME], "say where the submissions are, as FROM=folder"),
        ([labfixture.NAME, "--from", "nowhere"], "there is no such folder or zip"),
        ([labfixture.NAME, "--from", "{empty}"], "holds no submission"),
        ([labfixture.NAME, "--from", "{empty}/notes.txt"], "neither a folder nor a zip"),
        ([labfixture.NAME, "--from", "{empty}", "--jobs", "0"], "JOBS must be 1 or more, got 0"),
        (
            [labfixture.NAME, "--from", "{empty}", "--cell-seconds", "0"],
            "cell_seconds must be above 0, got 0",
        ),
        (
            [labfixture.NAME, "--from", "{empty}", "--roster", "nowhere.csv"],
            "ROSTER=nowhere.csv cannot be read",
        ),
        (
            [labfixture.NAME, "--from", "{empty}", "--roster", "{empty}/notes.txt"],
            "lacks the column 'student'",
        ),
    ],
)
def test_a_wrong_call_gets_a_clear_error(course, tmp_path, capsys, arguments, said):
    (tmp_path / "notes.txt").write_text("a\nb\n", encoding="utf-8")
    filled = [argument.format(empty=tmp_path) for argument in arguments]
    assert grade.main([*filled, "--root", str(course), "--out", str(tmp_path / "out")]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("eve,essay,1", "line 2: nobody named 'eve' handed in"),
        ("ada,poem,1", "has no question 'poem'; it has average_test, shrink_test, essay"),
        ("ada,essay,4", "points must be a number from 0 to 3, got '4'"),
        ("ada,essay,nan", "points must be a number from 0 to 3, got 'nan'"),
        ("ada,essay,two", "points must be a number from 0 to 3, got 'two'"),
        ("ada,essay,1\nada,essay,2", "line 3: 'ada' has points in 'essay' already"),
    ],
)
def test_marks_by_hand_are_checked(ready, tmp_path, line, said):
    path = tmp_path / "manual.csv"
    path.write_text(f"student,question,points\n{line}\n", encoding="utf-8")
    with pytest.raises(LabError, match=said.replace("(", r"\(")):
        report.read_manual(path, ready, ["ada"])


def test_a_long_name_has_a_page_and_a_page_that_fails_stops_no_other(ready, tmp_path):
    names = ["\u6f22" * 100, "\u6f22" * 99, "broken", "zoe"]
    marks = {name: Marks({"average_test": 4.0}, page="page") for name in names}
    marks["broken"].page = "half a surrogate: \ud800"
    folder = tmp_path / "feedback"
    folder.mkdir()
    (folder / "old.html").write_text("old", encoding="utf-8")
    table = report.rows([collect.Submission(name, name, b"") for name in names], marks, ready, None, {})
    (said,) = report.write_pages(folder, table, marks, ready, {})
    assert said.startswith("broken: UnicodeEncodeError")
    written = {path.name for path in folder.glob("*.html") if path.read_text(encoding="utf-8") == "page"}
    assert len(written) == 3
    assert "zoe.html" in written
    assert not (folder / "old.html").exists()


def test_line_ends_of_windows_and_other_editors_cells_accuse_nobody(ready):
    notebook = labfixture.answered(ready.release, "ada")
    notebook.cells.append(nbformat.v4.new_raw_cell("select 1"))
    for cell in notebook.cells:
        cell.source = cell.source.replace("\n", "\r\n")
    text = json.loads(nbformat.writes(notebook))
    text["cells"][-1]["cell_type"] = "sql"
    read_back = restore.read(json.dumps(text).encode())
    assert restore.restore(read_back, ready).said == []
    assert "\r" not in "".join(cell.source for cell in read_back.cells)


def test_a_long_temporary_folder_leaves_room_for_a_socket(tmp_path, monkeypatch):
    long = tmp_path / ("t" * 100)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with sandbox.short_folder("lab-") as folder:
        assert len(f"{folder}/g12345678/c/io/s-5".encode()) < 100
