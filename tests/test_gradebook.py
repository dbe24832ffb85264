"""Points in the gradebook that a platform exported: all else as it was, and nobody guessed."""

import csv
import io

import grade
import labfixture
import nbformat
import pytest
from grading import lab
from grading.gradebook import Entry, Gradebook
from grading.lab import LabError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# As Canvas exports: a mark, rows on posting and points, quoted names, a column that is computed.
CANVAS = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Lab 1: batting (2211),Lab 10 (2212),"
    "Final Score\r\n"
    ",,,,,Manual Posting,,(read only)\r\n"
    "    Points Possible,,,,,100,50,(read only)\r\n"
    '"Lovelace, Ada",101,s-1,ada,"A, ""early""",,7.50,80.1\r\n'
    '"Bernoulli, Jakob",102,s-2,jakob,B,55,,\r\n'
    '"Bernoulli, Jakob",103,s-3,jakob2,B,,,\r\n'
    '"Núñez, Zoë",104,s-4,zoe,B,EX,"1,5",\r\n'
    '"Student, Test",9,,test,B,,,\r\n'
)
MOODLE = (
    '"First name","Last name","ID number","Email address","Assignment: Lab 1 (Real)","Lab 1 (Percentage)",'
    '"Course total (Real)"\n'
    'Ada,Lovelace,0042,ada@example.org,-,-,"12,5"\n'
    "Jakob,Bernoulli,7,jakob@example.org,80.00,80 %,\n"
)
WORKSHEET = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed"\n'
    '"Participant 31","Ada Lovelace",ada@example.org,"Submitted for grading - Graded",,100.00,Yes\n'
    '"Participant 32","Jakob Bernoulli",jakob@example.org,Submitted,,100.00,No\n'
)


def opened(tmp_path, text, format="canvas", encoding="utf-8", **options):
    path = tmp_path / "export.csv"
    path.write_bytes(text.encode(encoding))
    return Gradebook(path, format, "lab1_batting", **options)


def read(content, sign=","):
    """What another reader sees."""
    return list(
        csv.reader(io.StringIO(content.decode().removeprefix("\ufeff"), newline=""), delimiter=sign)
    )


def test_canvas_gets_points_and_every_other_byte_stays(tmp_path):
    book = opened(tmp_path, CANVAS)
    assert book.column == "Lab 1: batting (2211)"
    assert book.possible == 100
    content, said = book.fill([Entry("ada", 91.25), Entry("102", 60.0)])
    expected = CANVAS.replace('early""",,', 'early""",91.25,').replace("jakob,B,55", "jakob,B,60")
    assert content == expected.encode()
    assert "Bernoulli, Jakob: 55 was replaced by 60" in said
    # Those without points are named, but for the row of points and Canvas's own test student.
    assert sum("handed in nothing" in line for line in said) == 2


@pytest.mark.parametrize(
    "student",
    [
        "ada",
        "ADA ",
        "s-1",
        "101",
        "Ada Lovelace",
        "Lovelace, Ada",
        "lovelaceada",
        "ada\u200b",
        "Ada\u00a0 lovelace",
    ],
)
def test_a_student_is_found_by_identifier_login_or_name_in_one_form(tmp_path, student):
    content, _ = opened(tmp_path, CANVAS).fill([Entry(student, 12.0)])
    assert read(content)[3][5] == "12"


def test_a_name_is_one_name_however_its_letters_are_composed(tmp_path):
    text = CANVAS.replace("EX", "")
    content, _ = opened(tmp_path, text).fill([Entry("Zoe\u0308 Nu\u0301n\u0303ez", 3.0)])
    assert read(content)[6][5] == "3"


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([Entry("Jakob Bernoulli", 5.0)], "Jakob Bernoulli: 2 rows of the gradebook could be meant"),
        ([Entry("eve", 5.0)], "eve: nobody in the gradebook has this identifier or name"),
        ([Entry("ada", 5.0), Entry("101", 6.0)], "Lovelace, Ada: has 2 submissions (ada and 101), so none"),
        ([Entry("zoe", 5.0)], "Núñez, Zoë: the gradebook says 'EX', which was kept"),
        ([Entry("ada", None, "failed: is an empty file")], "Lovelace, Ada: failed: is an empty file"),
        ([Entry("Points Possible", 5.0)], "Points Possible: nobody in the gradebook"),
        ([Entry("test", 5.0)], "test: nobody in the gradebook"),
    ],
)
def test_whoever_cannot_be_told_for_sure_is_named_and_nothing_is_put_in(tmp_path, entries, said):
    content, lines = opened(tmp_path, CANVAS).fill(entries)
    assert any(line.startswith(said) for line in lines), lines
    assert content == CANVAS.encode()


def test_an_identifier_of_one_that_is_the_login_of_another_is_not_guessed(tmp_path):
    text = CANVAS.replace("s-2,jakob,", "s-2,101,")
    content, said = opened(tmp_path, text).fill([Entry("101", 5.0)])
    assert content == text.encode()
    assert said[0] == "101: 2 rows of the gradebook could be meant"


def test_moodle_s_gradebook(tmp_path):
    book = opened(tmp_path, MOODLE, "moodle")
    assert book.column == "Assignment: Lab 1 (Real)"
    content, said = book.fill([Entry("0042", 88.5), Entry("jakob@example.org", 80.0)])
    assert content == MOODLE.replace("org,-,-", "org,88.5,-").replace("80.00,", "80,").encode()
    assert said == []
    assert opened(tmp_path, MOODLE, "moodle").fill([Entry("42", 1.0)])[1][0].startswith("42: nobody")
    assert read(opened(tmp_path, MOODLE, "moodle").fill([Entry("ada lovelace", 1.0)])[0])[1][4] == "1"


def test_moodle_s_grading_worksheet(tmp_path):
    book = opened(tmp_path, WORKSHEET, "moodle")
    assert (book.column, book.possible) == ("Grade", 100)
    content, said = book.fill([Entry("Participant 31", 71.0), Entry("Jakob Bernoulli", 9.0)])
    assert content == WORKSHEET.replace('Graded",,', 'Graded",71,').encode()
    assert said == ["Jakob Bernoulli: the gradebook says that this grade cannot be changed"]


_BLIND = 'Identifier,Status,Grade,"Maximum Grade"\n"Participant 31",Submitted,,100.00\n'
_NAMESAKES = "Student,ID,SIS Login ID,Lab 1\nPoints Possible,,,9\n'Li, Jo',31,a,\n'Li, Jo',32,b,\n"
_APART = (
    "LastName,FirstName,ID,SIS Login ID,Lab 1\n    Points Possible,,,,9\nLovelace,Ada,31,ada,\n"
    "Student,Test,9,test,\n"
)


@pytest.mark.parametrize(
    ("format", "text", "student", "number", "filled", "said"),
    [
        # Nameless, as Moodle's blind marking has them, and by their addresses alone.
        ("moodle", _BLIND, "ada", "31", "Submitted,5,", "ada: taken for Participant 31, by the platform's"),
        (
            "moodle",
            _BLIND.replace("Participant ", "Teilnehmer/in"),
            "ada",
            "31",
            "Submitted,5,",
            "ada: taken",
        ),
        ("moodle", _BLIND, "Participant 31", "", "Submitted,5,", ""),
        ("moodle", _BLIND, "ada", "3", "", "ada: nobody"),
        ("moodle", "Email address,Lab 1 (Real)\na@b.c,-\n", "A@b.c", "", "a@b.c,5", ""),
        # Namesakes whom the platform's number tells apart.
        (
            "canvas",
            _NAMESAKES.replace("'", '"'),
            "Jo Li (32)",
            "32",
            "32,b,5",
            "Jo Li (32): taken for Li, Jo",
        ),
        # Canvas's names in two columns.
        ("canvas", _APART, "Ada Lovelace", "", "31,ada,5", ""),
        ("canvas", _APART, "lovelaceada", "", "31,ada,5", ""),
        ("canvas", _APART, "test", "", "", "test: nobody"),
        # The sign between fields, where names hold more of another.
        ("canvas", "Student,ID,Lab 1: a; b; c; d (2)\nA,1,\n", "1", "", "A,1,5", ""),
        ("moodle", "Full name\tLab 1, EM, MAP (Real)\nA B\t-\n", "a b", "", "A B\t5", ""),
        ("moodle", '"Full name":"Assignment: Lab 1 (Real)"\nA B:-\n', "a b", "", "A B:5", ""),
    ],
)
def test_each_way_of_a_platform_to_list_students_is_read(
    tmp_path, format, text, student, number, filled, said
):
    content, lines = opened(tmp_path, text, format).fill([Entry(student, 5.0, id=number)])
    after, before = content.decode().splitlines(), text.splitlines()
    changed = [line for line, old in zip(after, before, strict=True) if line != old]
    assert len(changed) == bool(filled)
    assert all(filled in line for line in changed)
    assert any(line.startswith(said) for line in lines) or not said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_semicolons_decimal_commas_and_other_encodings_stay_what_they_are(tmp_path, encoding):
    text = "\ufeffVollständiger Name;Full name;Lab 1 (Real);x\nA;Ada;61,5;\nB;Bob;;\n"
    book = opened(tmp_path, text, "moodle", encoding)
    content, _ = book.fill([Entry("ada", 70.25), Entry("bob", 8.0)])
    assert content == text.replace("61,5", "70,25").replace("Bob;;", "Bob;8;").encode(encoding)


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (CANVAS, {"format": "blackboard"}, "FORMAT must be canvas or moodle, got 'blackboard'"),
        (CANVAS.replace("Lab 10", "Lab-1 again"), {}, "has 2 columns with 'lab1' in its name: say COLUMN="),
        (CANVAS.replace("Lab 1:", "Lab 3:"), {}, "one of: Section; Lab 3: batting (2211); Lab 10 (2212)"),
        (CANVAS, {"column": "Lab 4"}, "has no column with COLUMN=Lab 4"),
        (CANVAS, {"column": "final score"}, "'Final Score' is read only in Canvas"),
        (CANVAS + "a,b\n", {}, "row 9 has 2 fields; its header has 8"),
        (CANVAS + '"a,b\n', {}, "is not a CSV that can be read without doubt"),
        ("Nachname,Lab 1\nA,1\n", {}, "is no export of Canvas in English"),
        ("", {}, "without doubt"),
    ],
)
def test_a_gradebook_or_column_that_is_not_sure_is_refused(tmp_path, text, options, said):
    with pytest.raises(LabError) as error:
        opened(tmp_path, text, **{"format": "canvas", **options})
    assert said in str(error.value)


def test_a_column_may_be_named_without_canvas_s_number(tmp_path):
    assert opened(tmp_path, CANVAS, column="lab 10").column == "Lab 10 (2212)"


# A gradebook with anything in its other columns.
_text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(st.tuples(_text, _text), max_size=5), ends=st.sampled_from(["\n", "\r\n"]))
def test_what_other_columns_hold_is_never_touched(tmp_path, rows, ends):
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator=ends)
    writer.writerow(["Student", "ID", "Comment", "Lab 1"])
    for number, (name, comment) in enumerate(rows):
        writer.writerow([f"{name}x", f"id{number}", comment, ""])
    text = stream.getvalue()
    try:
        book = opened(tmp_path, text)
    except LabError:
        return  # refused aloud, nothing written
    assert book.fill([])[0] == text.encode()
    content, said = book.fill([Entry(f"id{number}", float(number)) for number in range(len(rows))])
    after = read(content)
    assert [line[:3] for line in after] == [line[:3] for line in read(text.encode())]
    named = sum("could be meant" in line for line in said)
    assert sum(line[3] != "" for line in after[1:]) == len(rows) - named


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    labfixture.write(root)
    return root


def test_make_grade_fills_the_gradebook_and_waits_for_the_reader(course, tmp_path, capsys):
    ready = lab.make(labfixture.NAME, tmp_path, course)
    submissions = tmp_path / "submissions"
    submissions.mkdir()
    nbformat.write(labfixture.answered(ready.release, "ada"), submissions / "one.ipynb")
    nbformat.write(labfixture.answered(ready.release, "eve"), submissions / "two.ipynb")
    export, manual = tmp_path / "export.csv", tmp_path / "manual.csv"
    text = "Student,ID,Lab 0 (3)\n  Points Possible,,9\nAda,ada,\nBob,bob,\n"
    export.write_text(text, encoding="utf-8")
    command = [labfixture.NAME, "--from", str(submissions), "--root", str(course)]
    command += ["--format", "canvas", "--gradebook", str(export)]
    filled = course / "_build" / "grading" / labfixture.NAME / "gradebook.csv"

    assert grade.main(command) == 0
    assert filled.read_text(encoding="utf-8") == text
    assert "Ada: written answers wait for points" in capsys.readouterr().out
    assert grade.main([*command, "--partial"]) == 0
    assert filled.read_text(encoding="utf-8") == text.replace("ada,", "ada,6")
    manual.write_text("student,question,points\nada,essay,2.5\neve,essay,1\n", encoding="utf-8")
    assert grade.main([*command, "--manual", str(manual)]) == 0
    assert filled.read_text(encoding="utf-8") == text.replace("ada,", "ada,8.5")
    out = capsys.readouterr().out
    assert "eve: nobody in the gradebook" in out
    assert "Bob: is in the gradebook, and handed in nothing" in out
    assert export.read_text(encoding="utf-8") == text


def test_a_wrong_gradebook_is_said_before_anything_is_graded(course, tmp_path, capsys):
    command = [labfixture.NAME, "--from", str(tmp_path), "--root", str(course)]
    assert grade.main([*command, "--format", "canvas"]) == 1
    assert "are given together" in capsys.readouterr().err
    assert grade.main([*command, "--format", "canvas", "--gradebook", str(tmp_path / "none.csv")]) == 1
    assert "cannot be read as a CSV" in capsys.readouterr().err
