"""Grading: hostile submissions in one batch with honest ones, and what an instructor does around it."""

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from pathlib import Path

import grade
import hostile
import labfixture
import nbformat
import psutil
import pytest
from conftest import ROOT
from grading import batch, collect, execute, lab, report, restore, sandbox
from grading.lab import LabError
from grading.mark import Marks

LINUX = sys.platform == "linux"
MARK_LEFT = "left-by-a-student"
FEW = ("ada", "bob", "=cmd|'/c calc'!A0")


LIMITS = ["--cell-seconds", "5", "--total-seconds", "60", "--memory-mb", "1536", "--disk-mb", "64"]


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
    command += ["--root", course, "--out", out, "--jobs", "2", *LIMITS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    found = {}
    for row in read(out / "grades.csv"):
        found.setdefault(row["student"], []).append(row)
    return found, out, done


def cases():
    sets = (hostile.CODE, hostile.ANSWERS, hostile.NOTEBOOKS, hostile.bytes_of(labfixture.source()))
    return [(name, *case[1:]) for one in sets for name, case in one.items()]


@pytest.mark.parametrize(
    ("name", "expected", "reason"), cases(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_hostile_submission_gets_a_grade_or_a_named_reason(graded, name, expected, reason):
    (row,) = graded[0][name]
    if name not in hostile.SLOW:
        assert reason in row["reason"]
    if row["status"] == "failed":
        assert expected is None
        assert row["reason"]
        assert row["total"] == ""
        return
    found = points(row)
    assert row["status"] in ("waiting", "graded")
    assert 0 <= float(row["total"]) <= 6
    if expected is not None and name in hostile.SLOW:
        assert all(found[question] <= expected[question] for question in expected)
    elif expected is not None:
        assert {question: found[question] for question in expected} == expected


def test_at_least_thirty_were_tried():
    assert len(cases()) >= 30


def test_honest_submissions_keep_their_marks_beside_them(graded):
    for name in ("aaa honest", "zzz honest"):
        (row,) = graded[0][name]
        assert points(row) == {"average_test": 4, "shrink_test": 2, "essay": None}
        assert row["status"] == "waiting"
        assert row["reason"] == ""


def test_sources_and_submissions_are_as_they_were(graded, ready, door):
    _, _, done = graded
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


def test_nothing_is_left_running_or_lying_about(graded):
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


@pytest.mark.skipif(not LINUX, reason="limits without namespaces are tried on Linux alone")
def test_limits_alone_hold_a_submission_too(ready, tmp_path):
    """The door of machines without namespaces: limits hold, and what a kernel leaves running is ended."""
    limits = sandbox.Limits(cell_seconds=5, memory_mb=1536)
    job = batch.Job(ready, sandbox.Door("limits", False), limits, tmp_path, frozenset({"average_test"}))
    chosen = ["process left", "memory hog", "os _exit", "kill parent", "habits"]
    handed_in = [
        (name, nbformat.writes(hostile.code(ready.release, name, hostile.CODE[name][0])).encode())
        for name in chosen
    ]
    found = dict(
        batch.run(
            [*handed_in, ("honest", nbformat.writes(labfixture.answered(ready.release, "a")).encode())],
            job,
            2,
        )
    )
    assert found["honest"].points == {"average_test": 4, "shrink_test": 2, "essay": None}
    assert found["process left"].points["average_test"] == 4
    assert found["habits"].points["average_test"] == 4
    assert found["memory hog"].points["average_test"] == 0
    assert found["os _exit"].notes == ["the kernel died in code cell 3"]
    assert "kill parent" in found
    test_nothing_is_left_running_or_lying_about(None)


# Whose submission it is.


def notebook_of(student):
    cells = [nbformat.v4.new_code_cell(f"STUDENT_ID = {student!r}" if student else "pass")]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells))


def gathered(where, tmp_path, placeholder=labfixture.PLACEHOLDER):
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    found, _ = collect.collect(where, labfixture.NAME, placeholder, scratch)
    return {item.student: (item.file, item.problem) for item in found}


EXPORTS = {
    "Ada Lovelace_12345_assignsubmission_file_/lab0_average.ipynb": "Ada Lovelace",
    "bernoullijakob_678_91011_lab0_average.ipynb": "bernoullijakob",
    "cantorgeorg_LATE_678_91011_lab0_average-1.ipynb": "cantorgeorg",
    "Dedekind/answers.ipynb": "Dedekind",
    "euler.ipynb": "euler",
}


def test_names_come_from_the_platforms_file_names(tmp_path):
    for file in EXPORTS:
        path = tmp_path / "export" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(notebook_of(labfixture.PLACEHOLDER), encoding="utf-8")
    assert set(gathered(tmp_path / "export", tmp_path)) == set(EXPORTS.values())


def test_names_come_from_the_notebook_before_the_file(tmp_path):
    for number, file in enumerate(EXPORTS):
        path = tmp_path / "export" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(notebook_of(f"s{number}"), encoding="utf-8")
    assert set(gathered(tmp_path / "export", tmp_path)) == {f"s{number}" for number in range(len(EXPORTS))}


@pytest.mark.parametrize("top", ["", "all submissions/"])
def test_a_zip_is_read_as_a_folder_is(tmp_path, top):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in EXPORTS:
            archive.writestr(top + file, notebook_of(""))
        archive.writestr(f"__MACOSX/{top}._euler.ipynb", "junk")
    assert set(gathered(path, tmp_path)) == set(EXPORTS.values())
    inside = tmp_path / "folder"
    inside.mkdir()
    shutil.move(path, inside / "export.zip")
    assert set(gathered(inside, tmp_path)) == set(EXPORTS.values())


@pytest.mark.parametrize(
    "name", ["../../out.ipynb", "/tmp/out.ipynb", "a/../../out.ipynb", "..\\..\\out.ipynb", "C:\\out.ipynb"]
)
def test_a_zip_cannot_write_outside(tmp_path, name):
    path = tmp_path / "deep" / "export.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, notebook_of("mallory"))
        archive.writestr("honest.ipynb", notebook_of("honest"))
    found = gathered(path, tmp_path)
    assert found["honest"][1] == ""
    assert "points outside the zip" in found["out"][1]
    assert [file.name for file in tmp_path.rglob("*.ipynb")] == ["honest.ipynb"]
    assert not Path("/tmp/out.ipynb").exists()


def test_a_zips_links_are_not_followed_and_a_broken_zip_has_a_reason(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    link = zipfile.ZipInfo("link.ipynb")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(folder / "links.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    (folder / "broken.zip").write_bytes(b"PK but no zip")
    found = gathered(folder, tmp_path)
    assert "symbolic link" in found["link"][1]
    assert "not a zip" in found["broken"][1]


def test_a_folder_with_several_notebooks_needs_one_named_like_the_lab(tmp_path):
    for who, files in {"a": ["x", "y"], "b": ["x", labfixture.NAME], "c": []}.items():
        for file in files:
            path = tmp_path / "in" / who / f"{file}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(notebook_of(""), encoding="utf-8")
        (tmp_path / "in" / who).mkdir(parents=True, exist_ok=True)
    found = gathered(tmp_path / "in", tmp_path)
    assert "holds 2 notebooks" in found["a"][1]
    assert found["b"] == (f"b/{labfixture.NAME}.ipynb", "")
    assert "without a notebook" in found["c"][1]


def packed(path, *entries):
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
        warnings.simplefilter("ignore")  # zipfile's, of two entries of one name
        for name, content in entries:
            archive.writestr(name, content)
    return path


def test_of_two_entries_of_one_name_the_second_is_listed_too(tmp_path):
    twice = [("euler.ipynb", notebook_of("one")), ("euler.ipynb", notebook_of("two"))]
    found = gathered(packed(tmp_path / "export.zip", *twice), tmp_path)
    assert set(found) == {"one", "euler"}
    assert "twice" in found["euler"][1]


@pytest.mark.parametrize(
    "name", ["Ada L_1_assignsubmission_file_/work.zip", "Ada L_1_assignsubmission_file_.zip"]
)
def test_a_students_zip_in_an_export_is_the_students(tmp_path, name):
    path = tmp_path / "export" / name
    path.parent.mkdir(parents=True)
    packed(path, ("deep/lab0_average.ipynb", notebook_of("")))
    (tmp_path / "export" / "bob.ipynb").write_text(notebook_of(""), encoding="utf-8")
    found = gathered(tmp_path / "export", tmp_path)
    assert {student: problem for student, (_, problem) in found.items()} == {"Ada L": "", "bob": ""}


def test_a_name_in_utf8_is_read_where_the_zip_forgot_to_say_so(tmp_path):
    path = packed(tmp_path / "export.zip", ("Zo__.ipynb", notebook_of("")))
    path.write_bytes(path.read_bytes().replace(b"Zo__", "Zoë".encode()))
    assert set(gathered(path, tmp_path)) == {"Zoë"}


def test_what_is_no_notebook_is_listed_and_an_ending_of_a_browser_hides_none(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for file in ("ada.ipynb", "bob.ipynb.txt", "cyn.rar", "dot.html"):
        (folder / file).write_text(notebook_of(""), encoding="utf-8")
    found = gathered(folder, tmp_path)
    assert {student: bool(problem) for student, (_, problem) in found.items()} == {
        "ada": False,
        "bob": False,
        "cyn": True,
        "dot": True,
    }


def test_an_online_text_beside_a_notebook_fails_nobody(tmp_path):
    for file in (
        "Ada_1_assignsubmission_file_/lab0_average.ipynb",
        "Ada_1_assignsubmission_onlinetext_/a.html",
    ):
        path = tmp_path / "in" / file
        path.parent.mkdir(parents=True)
        path.write_text(notebook_of(""), encoding="utf-8")
    (only,), _ = collect.collect(tmp_path / "in", labfixture.NAME, None, tmp_path)
    assert (only.student, only.problem) == ("Ada", "")
    assert "online text too" in only.notes[0]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("STUDENT_ID = 'ada'", "ada"),
        ("STUDENT_ID = 0042", "0042"),
        ("STUDENT_ID = str('ada')", "ada"),
        ("files = !ls\n?print\nSTUDENT_ID = 'ada'", "ada"),
        ("%%time\nSTUDENT_ID = 'ada'\nprint?", "ada"),
        ("%matplotlib inline\nSTUDENT_ID: str = ' a  b '", "a b"),
        ("STUDENT_ID = 1234", "1234"),
        ("STUDENT_ID = 'a' + 'b'", None),
        ("STUDENT_ID = open('/etc/passwd').read()", None),
        ("if True: STUDENT_ID = 'x'", None),
        ("STUDENT_ID = True", None),
        ("STUDENT_ID = 'old'\nSTUDENT_ID = 'new'", "new"),
        ("STUDENT_ID = (", None),
        ("STUDENT_ID = " + "(" * 5000 + "1" + ")" * 5000, None),
        ("STUDENT_ID = 'x'\0", None),
    ],
)
def test_student_id_is_read_and_never_run(source, expected):
    assert lab.student_id([("markdown", "STUDENT_ID = 'text'"), ("code", source)]) == expected


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


@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_table_is_read_as_spreadsheets_of_any_country_write_it(ready, tmp_path, sign, encoding):
    path = tmp_path / "manual.csv"
    points = "2.5" if sign == "," else "2,5"
    lines = [
        sign.join(line)
        for line in (("No", "Student ", "QUESTION", "Points"), ("1", "ada", "essay", points))
    ]
    path.write_text("\r\n".join(lines), encoding=encoding)
    assert report.read_manual(path, ready, ["ada"]) == {"ada": {"essay": 2.5}}


@pytest.mark.parametrize(
    "other",
    ["Zoe\u0308 A", "ZO\u00cb A", "Zo\u00eb\u00a0A", " Zo\u00eb  A", "Zo\u00eb\u200b A", "Zo\u00eb\tA"],
)
def test_one_person_s_name_is_one_name_at_every_entrance(ready, tmp_path, other):
    student = "Zo\u00eb A"
    manual = tmp_path / "manual.csv"
    manual.write_text(f'student,question,points\n"{other}",essay,3\n', encoding="utf-8")
    marks = {"a.ipynb": Marks({"average_test": 4.0, "shrink_test": 2.0, "essay": None}, page="page")}
    handed_in = [collect.Submission("a.ipynb", student, b"")]
    by_hand = report.read_manual(manual, ready, [student])
    (row,) = report.rows(handed_in, marks, ready, [other], by_hand)
    assert (row.student, row.status, row.total, row.reasons) == (student, "graded", 9.0, [])


def test_what_waits_is_read_back_whatever_the_name(ready, tmp_path):
    names = ["=1+1", "-x", "@y", "a\tb", "\u202eabc", "Zoe\u0308", "o'Neil", 'q"r, s']
    marks = {
        name: Marks({"average_test": 4.0, "shrink_test": 2.0, "essay": None}, page="p") for name in names
    }
    handed_in = [collect.Submission(name, name, b"") for name in names]
    path = tmp_path / "to_grade.csv"
    assert report.write_to_grade(path, report.rows(handed_in, marks, ready, None, {}), ready) == len(names)
    path.write_text(
        path.read_text(encoding="utf-8-sig").replace("essay,,", "essay,1,"), encoding="utf-8-sig"
    )
    by_hand = report.read_manual(path, ready, names)
    assert {row.total for row in report.rows(handed_in, marks, ready, None, by_hand)} == {7.0}


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
    assert restore.restore(read_back, ready) == []
    assert "\r" not in "".join(cell.source for cell in read_back.cells)


def test_a_long_temporary_folder_leaves_room_for_a_socket(tmp_path, monkeypatch):
    long = tmp_path / ("t" * 100)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with sandbox.short_folder("lab-") as folder:
        assert len(f"{folder}/g12345678/c/io/s-5".encode()) < 100


# Parts.


@pytest.mark.parametrize(
    "source",
    [
        "1 + 1",
        "a = 1\na",
        "a = 1; a",
        "(1 +\n 1)",
        "é = 'é'; é",
        "x = 1",
        "",
        "# note",
        "def f():\n    return 1\nf()",
    ],
)
def test_the_planted_secret_changes_no_result(source):
    code = execute.planted(source, "s3cret")
    before, after = {}, {}
    body = compile(code, "cell", "exec")
    exec(body, after)
    exec(compile(source, "cell", "exec"), before)
    assert after.pop("_grading_proof") == "s3cret"
    assert {name: value for name, value in before.items() if isinstance(value, int | str)} == {
        name: value for name, value in after.items() if isinstance(value, int | str)
    }
    last = source.strip().splitlines()[-1:] or [""]
    if last[0].startswith(("1 +", "a", "f()")) and source != "a = 1":
        assert code.rstrip().endswith(last[0].split("; ")[-1])


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", " =1"])
def test_no_text_is_a_formula(text):
    assert report.guarded(text)[0] == "'"
    assert "\n" not in report.guarded(f"{text}\nx")
