"""Exercises: generated from their solutions, unanswered they run, solved they earn every point."""

import re
from pathlib import Path

import nbformat
import notebooks
import pytest
from conftest import ROOT
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.converters.base import NbGraderException
from nbgrader.utils import compute_checksum, determine_grade

import exercises
from betabin import checks

NAMES = exercises.names()
SETS = [name for name in NAMES if name.startswith("ex")]
KINDS = {"Derive", "Implement", "Predict", "Diagnose", "Explore"}
HINT = re.compile(r"<details><summary>Hint (\d)</summary>\n\n(.+?)\n\n</details>", re.DOTALL)


def read(folder, name):
    return nbformat.read(ROOT / folder / name / f"{name}.ipynb", as_version=4)


def about(cell):
    return cell.metadata.get("nbgrader", {})


def graded(notebook):
    return [cell for cell in notebook.cells if about(cell).get("grade")]


def asked(notebook):
    """The questions' statements: title, kind, points and text."""
    pattern = r"## Question (\d+): (.+)\n\n\*(\w+), (\d+) points?\.\*\n\n"
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            found = re.match(pattern, cell.source)
            assert found, f"not the heading of a question: {cell.source[:80]!r}"
            yield int(found[1]), found[3], int(found[4]), cell.source[found.end() :]


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def not_run(data):
    notebook = nbformat.reads(data.decode(), as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


@pytest.mark.parametrize("name", NAMES)
def test_what_is_committed_is_what_is_generated(name, tmp_path):
    # But for the outputs: nbval runs what is committed, and compares them.
    made = files(exercises.release(name, tmp_path, run=False))
    stored = files(ROOT / "exercises" / name)
    stored = {path: data for path, data in stored.items() if ".ipynb_checkpoints" not in path.parts}
    assert set(made) == set(stored), "run `make exercises`"
    for path, data in made.items():
        same = not_run(data) == not_run(stored[path]) if path.suffix == ".ipynb" else data == stored[path]
        assert same, f"{path} differs: run `make exercises`"


def test_nothing_is_committed_that_has_no_source():
    assert sorted(path.name for path in (ROOT / "exercises").iterdir() if path.is_dir()) == NAMES


def test_every_set_belongs_to_a_chapter_and_has_its_checks():
    chapters = {path.stem for path in (ROOT / "chapters").glob("0*.ipynb")}
    modules = {path.stem for path in (ROOT / "src" / "betabin" / "checks").glob("ex*.py")}
    assert {name.removeprefix("ex") for name in SETS} <= chapters
    assert {name[:4] for name in SETS} == modules


@pytest.mark.parametrize("name", SETS)
def test_a_solution_earns_every_point(name):
    for cell in graded(read("solutions", name)):
        text, result = cell.outputs
        points = about(cell).points
        assert re.fullmatch(rf"ex\d\d\.\d: right\. {points} of {points} points?\.\n", text.text)
        assert result.data["text/plain"] == str(points)


@pytest.mark.parametrize("name", SETS)
def test_unanswered_every_check_says_so(name):
    notebook = read("exercises", name)
    for cell in graded(notebook):
        text, result = cell.outputs
        assert re.fullmatch(r"ex\d\d\.\d: not answered yet\.\n", text.text)
        assert result.data["text/plain"] == "0"
        assert result.data["text/html"] == ""
    answers = [cell for cell in notebook.cells if about(cell).get("solution")]
    assert all("..." in cell.source and cell.outputs == [] for cell in answers)


def test_nbgrader_reads_partial_points(tmp_path):
    notebook = read("exercises", "ex01_model")
    upto = next(i for i, cell in enumerate(notebook.cells) if about(cell).get("grade_id") == "ex01-1")
    notebook.cells = notebook.cells[: upto + 1]
    answer = notebook.cells[upto - 1]
    answer.source = answer.source.replace("...", "return alpha * (alpha + 1) / (alpha + beta) ** 2")
    run = notebooks.execute(notebook, tmp_path)
    assert determine_grade(run.cells[upto]) == (1, 2)


@pytest.mark.parametrize("name", SETS)
def test_points_are_those_of_the_checks(name):
    declared = {question: it.points for question, it in checks.questions(name[:4]).items()}
    for folder in ("solutions", "exercises"):
        notebook = read(folder, name)
        called = {}
        for cell in graded(notebook):
            found = re.fullmatch(r'check\("(ex\d\d\.\d)", \w+\)', cell.source)
            assert about(cell).grade_id == found[1].replace(".", "-")
            assert about(cell).locked
            called[found[1]] = about(cell).points
        assert called == declared
        stated = {f"{name[:4]}.{number}": points for number, _, points, _ in asked(notebook)}
        assert stated == declared


@pytest.mark.parametrize("name", SETS)
def test_a_set_has_three_to_six_questions_each_with_two_hints(name):
    questions = list(asked(read("exercises", name)))
    assert 3 <= len(questions) <= 6
    assert len({kind for _, kind, _, _ in questions}) >= 3
    for number, kind, _, text in questions:
        assert kind in KINDS, f"question {number}"
        hints = HINT.findall(text)
        assert [hint[0] for hint in hints] == ["1", "2"], f"question {number}"
        assert text.count("<details>") == text.count("</details>") == 2
        assert len(HINT.sub("", text).strip()) > 80


@pytest.mark.parametrize("name", SETS)
def test_every_question_is_explained_in_the_solution_alone(name):
    solution, exercise = read("solutions", name), read("exercises", name)
    explained = [cell for cell in solution.cells if "solution" in cell.metadata.get("tags", [])]
    assert len(explained) == len(list(asked(solution)))
    for cell in explained:
        assert cell.cell_type == "markdown"
        assert len(cell.source.split()) >= 30
    text = "\n".join(cell.source for cell in exercise.cells)
    for cell in explained:
        assert cell.source not in text
    assert "SOLUTION" not in text
    assert not any("solution" in cell.metadata.get("tags", []) for cell in exercise.cells)


@pytest.mark.parametrize("name", SETS)
def test_a_set_begins_with_its_card_and_its_imports(name):
    card, imports, *_ = read("exercises", name).cells
    assert card.source.startswith(f"# Exercises {int(name[2:4])}: ")
    for part in (f"**To chapter {int(name[2:4])}**", "**Time:**", "**You will**", "**How it works.**"):
        assert part in card.source
    assert "from betabin.checks import check" in imports.source
    assert about(imports).locked


@pytest.mark.parametrize("name", SETS)
def test_cells_are_short_and_outputs_are_text(name):
    for folder in ("solutions", "exercises"):
        for cell in read(folder, name).cells:
            if cell.cell_type == "code":
                assert len(cell.source.splitlines()) <= 25
                assert "Figure" not in str(cell.outputs)


def cell(source, grade_id, **what):
    meta = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    return new_code_cell(source, metadata={"nbgrader": {**meta, "grade_id": grade_id, **what}})


SOLVED = """answer = ...
### BEGIN SOLUTION
answer = 42
### END SOLUTION"""
FUNCTION = """def double(value):
    ### BEGIN SOLUTION
    return 2 * value
    ### END SOLUTION"""
TESTED = """assert callable(double)
### BEGIN HIDDEN TESTS
assert double(4) == 8
### END HIDDEN TESTS"""


@pytest.fixture
def course(tmp_path):
    """A course of one small lab, with a file beside its notebook."""
    (tmp_path / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text())
    folder = tmp_path / "solutions" / "lab0_toy"
    folder.mkdir(parents=True)
    (folder / "season.csv").write_text("x,n\n1,2\n")
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# A lab"),
            cell(SOLVED, "answer", solution=True),
            new_markdown_cell("Because.", metadata={"tags": ["solution"]}),
            cell(FUNCTION, "function", solution=True),
            cell(TESTED, "test", grade=True, locked=True, points=2),
            new_code_cell('open("season.csv").read().split()[0]\nopen("written", "w").close()'),
        ]
    )
    nbformat.write(notebook, folder / "lab0_toy.ipynb")
    (tmp_path / "exercises" / "gone").mkdir(parents=True)
    return tmp_path


def test_a_release_has_no_solution_and_no_hidden_test(course):
    [path] = exercises.generate(root=course)
    assert {p.name for p in path.parent.iterdir()} == {"lab0_toy.ipynb", "season.csv"}
    assert not (course / "exercises" / "gone").exists()
    notebook = nbformat.read(path, as_version=4)
    assert [cell.source for cell in notebook.cells[:4]] == [
        "# A lab",
        "answer = ...",
        "def double(value):\n    ...",
        "assert callable(double)",
    ]
    assert [cell.execution_count for cell in notebook.cells[1:]] == [1, 2, 3, 4]
    test = notebook.cells[3]
    assert (test.metadata.editable, test.metadata.deletable) == (False, False)
    for cell in notebook.cells[1:4]:
        assert about(cell).checksum == compute_checksum(cell)


def test_what_is_not_in_nbgraders_format_is_refused(course, caplog):
    path = course / "solutions" / "lab0_toy" / "lab0_toy.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[3].metadata.nbgrader.grade_id = "answer"  # a name twice
    nbformat.write(notebook, path)
    with pytest.raises(NbGraderException):
        exercises.generate(root=course)
    assert "Duplicate grade id: answer" in caplog.text


def test_a_solution_outside_a_solution_cell_is_refused(course, caplog):
    path = course / "solutions" / "lab0_toy" / "lab0_toy.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(new_code_cell(SOLVED))
    nbformat.write(notebook, path)
    with pytest.raises(NbGraderException):
        exercises.generate(root=course)
    assert "Solution region detected in a non-solution cell" in caplog.text
    assert not (course / "exercises" / "lab0_toy").exists()


def test_an_unknown_name_is_named(tmp_path):
    with pytest.raises(ValueError, match="no such exercise: ex99_none; there are ex01_model"):
        exercises.generate(only=["ex99_none"], into=Path(tmp_path))
