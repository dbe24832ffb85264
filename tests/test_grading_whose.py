"""Grading: whose a submission is, in whatever export it lies, and one form of a name at every entrance."""

import shutil
import warnings
import zipfile
from pathlib import Path

import labfixture
import nbformat
import pytest
from grading import collect, lab, report
from grading.mark import Marks
from grading.names import guarded, same_name


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    labfixture.write(root)
    return lab.make(labfixture.NAME, tmp_path_factory.mktemp("ready"), root)


# Whose submission it is.


def notebook_of(student):
    cells = [nbformat.v4.new_code_cell(f"STUDENT_ID = {student!r}" if student else "pass")]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells))


def gathered(where):
    found = collect.collect(where, labfixture.NAME, labfixture.PLACEHOLDER)
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
    assert set(gathered(tmp_path / "export")) == set(EXPORTS.values())


def test_names_come_from_the_notebook_before_the_file(tmp_path):
    for number, file in enumerate(EXPORTS):
        path = tmp_path / "export" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(notebook_of(f"s{number}"), encoding="utf-8")
    assert set(gathered(tmp_path / "export")) == {f"s{number}" for number in range(len(EXPORTS))}


@pytest.mark.parametrize("top", ["", "all submissions/"])
def test_a_zip_is_read_as_a_folder_is(tmp_path, top):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in EXPORTS:
            archive.writestr(top + file, notebook_of(""))
        archive.writestr(f"__MACOSX/{top}._euler.ipynb", "junk")
    assert set(gathered(path)) == set(EXPORTS.values())
    inside = tmp_path / "folder"
    inside.mkdir()
    shutil.move(path, inside / "export.zip")
    assert set(gathered(inside)) == set(EXPORTS.values())


@pytest.mark.parametrize(
    "name", ["../../out.ipynb", "/tmp/out.ipynb", "a/../../out.ipynb", "..\\..\\out.ipynb", "C:\\out.ipynb"]
)
def test_a_zip_writes_nowhere_and_loses_nobody(tmp_path, name):
    path = tmp_path / "deep" / "export.zip"
    path.parent.mkdir()
    packed(path, (name, notebook_of("mallory")), ("honest.ipynb", notebook_of("honest")))
    found = gathered(path)
    assert {student: problem for student, (_, problem) in found.items()} == {"honest": "", "mallory": ""}
    assert list(tmp_path.rglob("*")) == [path.parent, path]
    assert not Path("/tmp/out.ipynb").exists()


def test_a_zips_links_are_not_followed_and_a_broken_zip_has_a_reason(tmp_path):
    link = zipfile.ZipInfo("link.ipynb")
    link.external_attr = 0o120777 << 16
    packed(tmp_path / "links.zip", (link, "/etc/passwd"))
    (tmp_path / "broken.zip").write_bytes(b"PK but no zip")
    found = gathered(tmp_path)
    assert "symbolic link" in found["links"][1]
    assert "not a zip" in found["broken"][1]


def test_of_several_notebooks_that_named_like_the_lab_counts_and_else_all(tmp_path):
    for who, files in {"a": ["x", "y"], "b": ["x", labfixture.NAME], "c": []}.items():
        for file in files:
            path = tmp_path / who / f"{file}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(notebook_of(""), encoding="utf-8")
        (tmp_path / who).mkdir(parents=True, exist_ok=True)
    found = collect.collect(tmp_path, labfixture.NAME, labfixture.PLACEHOLDER)
    assert [(item.student, item.file, item.problem) for item in found] == [
        ("a", "a/x.ipynb", ""),
        ("a", "a/y.ipynb", ""),
        ("b", f"b/{labfixture.NAME}.ipynb", ""),
        ("c", "c", "is a folder without a notebook (.ipynb)"),
    ]
    assert "also handed in, and not looked at: b/x.ipynb" in found[2].notes


def packed(path, *entries):
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
        warnings.simplefilter("ignore")  # zipfile's, of two entries of one name
        for name, content in entries:
            archive.writestr(name, content)
    return path


def test_two_entries_of_one_name_are_two_submissions(tmp_path):
    twice = [("euler.ipynb", notebook_of("")), ("euler.ipynb", notebook_of("two"))]
    found = gathered(packed(tmp_path / "export.zip", *twice))
    assert found == {"euler": ("euler.ipynb", ""), "two": ("euler (2).ipynb", "")}


def test_one_bad_entry_of_a_zip_is_named_and_costs_nobody_else(tmp_path):
    path = packed(tmp_path / "export.zip", *((f"{name}.ipynb", notebook_of("")) for name in "abc"))
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        bad = archive.getinfo("b.ipynb")
    content[bad.header_offset + 40 + len("b.ipynb")] ^= 0xFF  # the checksum tells
    path.write_bytes(content)
    found = gathered(path)
    assert {name: bool(problem) for name, (_, problem) in found.items()} == {
        "a": False,
        "b": True,
        "c": False,
    }
    assert "cannot be read" in found["b"][1]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        # Two students of one name, whom Moodle tells apart by number.
        (
            [
                "Jo Li_11_assignsubmission_file_/lab0_average.ipynb",
                "Jo Li_12_assignsubmission_file_/a.ipynb",
            ],
            {"Jo Li (11)": "11", "Jo Li (12)": "12"},
        ),
        # Moodle without folders, Canvas with two files of one student, Blackboard with its note.
        (["Jo Li_11_assignsubmission_file_lab0_average.ipynb"], {"Jo Li": "11"}),
        (
            ["lijo_67_1_lab0_average.ipynb", "lijo_67_2_notes.pdf", "k_68_3_x.ipynb"],
            {"lijo": "67", "k": "68"},
        ),
        (
            [
                "Lab 0_jli_attempt_2026-11-01-10-20-30_lab0_average.ipynb",
                "Lab 0_jli_attempt_2026-11-01-10-20-30.txt",
                "Lab 0_kim_attempt_2026-11-01-11-20-30_mine.ipynb",
            ],
            {"jli": "jli", "kim": "kim"},
        ),
        # One student alone, in a folder; a file zipped once more; a zip with two notebooks and with none.
        (["ada/lab0_average.ipynb", "ada/try.ipynb"], {"ada": ""}),
        (["e.ipynb.zip/e.ipynb", "f.ipynb"], {"e": "", "f": ""}),
        # A class in the only folder, each file with the lab's name in its own; more than one student keeps.
        (
            [f"lab/lab0_average {name}.ipynb" for name in "abcdef"],
            {f"lab0_average {name}": "" for name in "abcdef"},
        ),
        (
            ["g.zip/deep/lab0_average.ipynb", "g.zip/deep/other.ipynb", "h.zip/notes.pdf"],
            {"g": "", "h": ""},
        ),
    ],
)
def test_each_platform_s_students_keep_their_names_and_numbers(tmp_path, entries, expected):
    zips = {}
    for entry in entries:
        head, zipped, inside = entry.partition(".zip/")
        if zipped:
            zips.setdefault(f"{head}.zip", []).append((inside, notebook_of("")))
        else:
            path = tmp_path / "in" / entry
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(notebook_of(""), encoding="utf-8")
    for name, content in zips.items():
        (tmp_path / "in").mkdir(exist_ok=True)
        packed(tmp_path / "in" / name, *content)
    found = collect.collect(tmp_path / "in", labfixture.NAME, labfixture.PLACEHOLDER)
    assert {item.student: item.id for item in found} == expected
    assert len(found) == len(expected)
    # The same in one zip, in a folder of their own.
    folder = [
        (f"all/{path.relative_to(tmp_path / 'in')}", path.read_bytes())
        for path in (tmp_path / "in").rglob("*")
        if path.is_file()
    ]
    found = collect.collect(packed(tmp_path / "all.zip", *folder), labfixture.NAME, labfixture.PLACEHOLDER)
    assert {item.student: item.id for item in found} == expected


_MOODLE, _BLACKBOARD = "_assignsubmission_file_", "_attempt_2026-11-01-10-20-30"


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        # One student's folder in two exports of a class, in a folder of their own.
        (
            [f"all/{part}/Ada_1{_MOODLE}/{labfixture.NAME}.ipynb" for part in ("a", "b")],
            ["Ada", "Ada"],
        ),
        ([f"all/{part}.zip/Ada_1{_MOODLE}/lab.ipynb" for part in ("a", "b")], ["Ada", "Ada"]),
        (["a.ipynb", "a.ipynb", "a (2).ipynb"], ["a", "a (2)", "a (2) (2)"]),
        # Nothing but what systems and editors leave; and a student's own file that looks like it.
        ([f"Ada_1{_MOODLE}/.DS_Store", "b.ipynb"], ["Ada: a folder", "b"]),
        (["Ada/", "Ada/.ipynb_checkpoints/lab-checkpoint.ipynb", "b.ipynb"], ["Ada: a folder", "b"]),
        (["ada.zip/__MACOSX/._lab.ipynb", "b.ipynb"], ["ada: a folder", "b"]),
        (["Thumbs.db", "b/lab.ipynb", "b/desktop.ini", "._c.ipynb", "c.ipynb"], ["b", "c"]),
        ([f".Ada_1{_MOODLE}/lab.ipynb", f"Bob_2{_MOODLE}/.ipynb", ".c.ipynb"], [".Ada", ".c", "Bob"]),
        # As Windows packs.
        ([f"Ada_1{_MOODLE}\\", f"Ada_1{_MOODLE}\\lab.ipynb", "Bob\\"], ["Ada", "Bob: a folder"]),
        # Canvas: texts and links, and students without names.
        (
            ["lijo_67_text.html", "kim_LATE_68_link.html", "c_69_1_lab.ipynb"],
            ["c", "kim: no notebook", "lijo: no notebook"],
        ),
        (
            ["anon_Ab3dE_670_lab.ipynb", "LATE_anon_Xy_671_lab.ipynb", "anon_Xy_672_notes.pdf"],
            ["anon_Ab3dE", "anon_Xy"],
        ),
        # A date is no number of Canvas's.
        (["Ada/lab_2026_11_26.ipynb", "Bob/lab_2026_11_26.ipynb"], ["Ada", "Bob"]),
        (
            ["lab_2026_11_26_ada.ipynb", "lab_2026_11_26_bob.ipynb"],
            [f"lab_2026_11_26_{x}" for x in ("ada", "bob")],
        ),
        ([f"all_2026_11_26.zip/{who}_1{_MOODLE}/lab.ipynb" for who in ("Ada", "Bob")], ["Ada", "Bob"]),
        # Logins that end alike, at Blackboard in one second.
        ([f"Lab 0_{who}_li{_BLACKBOARD}_lab.ipynb" for who in "ab"], ["li", "li"]),
        (
            [f"Lab 0_{who}_li{_BLACKBOARD}{end}" for who in "ab" for end in ("_lab.ipynb", ".txt")],
            ["a_li", "b_li"],
        ),
        # Names that cannot be seen, and a long one.
        (["\u200b.ipynb", "\u3000.ipynb"], ["unnamed", "unnamed"]),
        ([f"{'x' * 240}.ipynb"], ["x" * 240]),
        (
            ["Ada.ipynb", "ada.ipynb", "Zo\u00eb/a.ipynb", "Zoe\u0308/a.ipynb"],
            ["Ada", "ada", "Zoe\u0308", "Zo\u00eb"],
        ),
    ],
)
def test_no_hand_in_of_an_export_is_lost_renamed_or_merged(tmp_path, entries, expected):
    content, zips = [], {}
    for entry in entries:
        head, zipped, inside = entry.partition(".zip/")
        text = f"Name: Someone (else) ({entry[6:10]})\n" if entry.endswith(".txt") else notebook_of("")
        into = zips.setdefault(f"{head}.zip", []) if zipped else content
        into.append((inside or head, "" if entry.endswith(("/", "\\")) else text))
    for name, inner in zips.items():
        content.append((name, packed(tmp_path / "inner.zip", *inner).read_bytes()))
    path = packed(tmp_path / "export.zip", *content)
    found = collect.collect(path, labfixture.NAME, labfixture.PLACEHOLDER)
    said = [item.student + ": " * bool(item.problem) + item.problem for item in found]
    assert len(found) == len(expected) == len({item.file for item in found})
    for one, start in zip(sorted(said), sorted(expected), strict=True):
        assert one.replace("is a", "a").replace("is no", "no").startswith(start), said


@pytest.mark.parametrize(
    ("source", "student"),
    [
        ("STUDENT_ID = ' '", "file"),
        ("STUDENT_ID = '\u200b'", "file"),
        (f"STUDENT_ID = ' {labfixture.PLACEHOLDER.upper()}'", "file"),
        (f"STUDENT_ID = 0x{'f' * 5000}", "file"),  # more digits than Python writes
        (f"STUDENT_ID = {'x' * 200!r}", "x" * 200),
    ],
)
def test_one_odd_identifier_stops_nobody_and_renames_nobody(tmp_path, source, student):
    cells = [nbformat.v4.new_code_cell(source)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "file.ipynb")
    (tmp_path / "other.ipynb").write_text(notebook_of("ada"), encoding="utf-8")
    assert set(gathered(tmp_path)) == {student, "ada"}


def test_an_online_text_alone_fails_with_its_reason(tmp_path):
    path = tmp_path / "Ada_1_assignsubmission_onlinetext_" / "onlinetext.html"
    path.parent.mkdir()
    path.write_text("<p>here it is</p>", encoding="utf-8")
    (tmp_path / "bob.ipynb").write_text(notebook_of(""), encoding="utf-8")
    found = gathered(tmp_path)
    assert found["Ada"][1].startswith("an online text, and no notebook")
    assert found["bob"][1] == ""


def test_other_files_are_named_but_not_the_lab_s_own(tmp_path):
    files = {"lab0_average.ipynb": notebook_of("ada"), "season.csv": "a\n1\n", "helper.py": "x = 1"}
    for name, text in files.items():
        (tmp_path / "ada").mkdir(exist_ok=True)
        (tmp_path / "ada" / name).write_text(text, encoding="utf-8")
    (only,) = collect.collect(tmp_path, labfixture.NAME, None, {"season.csv": b"a\n1\n"})
    assert only.notes == ["also handed in, and not looked at: ada/helper.py"]


@pytest.mark.parametrize(
    "name", ["Ada L_1_assignsubmission_file_/work.zip", "Ada L_1_assignsubmission_file_.zip"]
)
def test_a_students_zip_in_an_export_is_the_students(tmp_path, name):
    path = tmp_path / "export" / name
    path.parent.mkdir(parents=True)
    packed(path, ("deep/lab0_average.ipynb", notebook_of("")))
    (tmp_path / "export" / "bob.ipynb").write_text(notebook_of(""), encoding="utf-8")
    found = gathered(tmp_path / "export")
    assert {student: problem for student, (_, problem) in found.items()} == {"Ada L": "", "bob": ""}


def test_a_name_in_utf8_is_read_where_the_zip_forgot_to_say_so(tmp_path):
    path = packed(tmp_path / "export.zip", ("Zo__.ipynb", notebook_of("")))
    path.write_bytes(path.read_bytes().replace(b"Zo__", "Zoë".encode()))
    assert set(gathered(path)) == {"Zoë"}


def test_what_is_no_notebook_is_listed_and_an_ending_of_a_browser_hides_none(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for file in ("ada.ipynb", "bob.ipynb.txt", "cyn.rar", "dot.html"):
        (folder / file).write_text(notebook_of(""), encoding="utf-8")
    found = gathered(folder)
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
    (only,) = collect.collect(tmp_path / "in", labfixture.NAME, labfixture.PLACEHOLDER)
    assert (only.student, only.problem) == ("Ada", "")
    assert "not looked at: Ada_1_assignsubmission_onlinetext_/a.html" in only.notes[0]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("STUDENT_ID = 'ada'", "ada"),
        ("STUDENT_ID = 0042", "0042"),
        ("STUDENT_ID = str('ada')", "ada"),
        ("files = !ls\n?print\nSTUDENT_ID = 'ada'", "ada"),
        ("%%time\nSTUDENT_ID = 'ada'\nprint?", "ada"),
        ("%matplotlib inline\nSTUDENT_ID: str = ' a  b '", " a  b "),
        ("STUDENT_ID = 1234", 1234),
        ("STUDENT_ID = 'a' + 'b'", "ab"),
        ("STUDENT_ID = f'{42}-ada'", "42-ada"),
        ("me = 'Ada'\nSTUDENT_ID = f'{me}'.strip().lower()", "ada"),
        ("STUDENT_ID, GROUP = 'ada', 3", "ada"),
        ("name = STUDENT_ID = 'ada'", "ada"),
        ("%%bash\nSTUDENT_ID = 'shell'", None),
        ("%%writefile a.py\nSTUDENT_ID = 'file'", None),
        ("%%capture out\nSTUDENT_ID = 'ada'", "ada"),
        ("STUDENT_ID = 'x'.replace('x', 1)", None),
        ("STUDENT_ID = 'ada'.__class__('b')", None),
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
    ("text", "expected"),
    [
        # Signs in a header's names, lines of their own, and what Excel puts first.
        ("'Name, first, full';student\nx;ada\n", ["ada"]),
        ("student\tLab 1, a, b\nada\t\n", ["ada"]),
        ("\ufeffsep=;\r\n\r\nx;Student\r\n;\r\n'a\nb';ada\r\n", ["ada"]),
        ("student,x\rada,1\r", ["ada"]),
        # What would be read as something else.
        ("student\n\nLovelace, Ada\n", "line 3 has 2 fields, its header 1: put what holds ','"),
        ("student,Student\nada,7\n", "has twice the column 'student'"),
        ("student\n'ada\nbob\n", "cannot be read as a CSV"),
        ("student\0\nada\n", "holds bytes that no text does"),
    ],
)
def test_a_roster_says_who_or_what_is_wrong_with_it(tmp_path, text, expected):
    path = tmp_path / "roster.csv"
    path.write_bytes(text.replace("'", '"').encode())
    if isinstance(expected, list):
        assert report.read_roster(path) == expected
    else:
        with pytest.raises(lab.LabError) as error:
            report.read_roster(path)
        assert f"ROSTER={path}" in str(error.value)
        assert expected in str(error.value)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("ada,essay,2,5,3", "line 2 has 5 fields, its header 4"),  # not 2 points
        ("'ada',essay,,3\n\n'x\ny',essay,2,3", "line 5: nobody named"),
        ("ada,essay,=1+1,3", "line 2: points must be a number from 0 to 3, got '=1+1'"),
        ("42,essay,1,3", "line 2: nobody named '42'"),  # 0042, as a spreadsheet leaves it
    ],
)
def test_points_by_hand_that_are_not_sure_are_refused_by_line(ready, tmp_path, rows, said):
    path = tmp_path / "manual.csv"
    path.write_text(f"student,question,points,max points\n{rows}\n".replace("'", '"'), encoding="utf-8")
    with pytest.raises(lab.LabError) as error:
        report.read_manual(path, ready, ["ada", "0042"])
    assert f"MANUAL={path}, {said}" in str(error.value).replace('"', "'")


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


@pytest.mark.parametrize("start", [*"=+-@|%＝＋－＠｜％﹢﹣", "\t=", "\r=", " =", "\u200b=", "\u200d="])
def test_no_text_is_a_formula(start):
    assert guarded(f"{start}1")[0] == "'"
    assert "\n" not in guarded(f"{start}\nx")


@pytest.mark.parametrize("name", ["Zo\u200bë", "\ufeffZoë", "Zo\u00adë", "\u202eZoë"])
def test_what_cannot_be_seen_is_not_written(name):
    assert guarded(name) == "Zoë"
    assert same_name(guarded(name)) == same_name(name)


def test_a_letter_of_no_alphabet_is_seen_as_such():
    assert guarded("Zo\udceb") == "Zo?"  # a file's name in Latin-1


def test_what_joins_letters_is_written_and_makes_no_other_name():
    name = "می\u200cخواهم"
    assert guarded(name) == name
    assert same_name(name) == same_name(name.replace("\u200c", ""))


def test_a_table_from_windows_is_read(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_bytes("student\r\nJosé Müller\r\n".encode("cp1252"))
    assert report.read_roster(path) == ["José Müller"]


def test_namesakes_are_in_the_roster_and_apart(ready, tmp_path):
    for number in (11, 12):
        path = tmp_path / "in" / f"Jo Li_{number}_assignsubmission_file_" / "lab0_average.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(notebook_of(""), encoding="utf-8")
    handed_in = collect.collect(tmp_path / "in", labfixture.NAME, labfixture.PLACEHOLDER)
    marks = {item.file: Marks({"average_test": 4.0, "essay": None}) for item in handed_in}
    manual = tmp_path / "manual.csv"
    manual.write_text("student,question,points\nJo Li (12),essay,3\n", encoding="utf-8")
    by_hand = report.read_manual(manual, ready, [item.student for item in handed_in])
    table = report.rows(handed_in, marks, ready, ["Jo Li", "Ann"], by_hand)
    assert [(row.student, row.id, row.total) for row in table] == [
        ("Jo Li (11)", "11", 4.0),
        ("Jo Li (12)", "12", 7.0),
        ("Ann", "", None),
    ]
    assert not any("roster" in reason or "duplicate" in reason for row in table for reason in row.reasons)


def test_an_identifier_that_is_worked_out_is_for_a_person_to_look_at(tmp_path):
    for name, source in {
        "a": "STUDENT_ID = input()",
        "b": f"STUDENT_ID = {labfixture.PLACEHOLDER!r}",
    }.items():
        cells = [nbformat.v4.new_code_cell(source)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / f"{name}.ipynb")
    found = collect.collect(tmp_path, labfixture.NAME, labfixture.PLACEHOLDER)
    assert [(item.student, item.check) for item in found] == [("a", True), ("b", False)]
    assert all(len(item.notes) == 1 for item in found)
