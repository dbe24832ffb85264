"""The labs: points that are earned, points that cannot be had otherwise, and nothing given away."""

import ast
import csv
import functools
import html
import itertools
import re
import shutil
import symtable
import textwrap
import warnings
import zipfile

import nbformat
import notebooks
import numpy as np
import pytest
from conftest import ROOT
from labattempts import CHEATS, SLIPS
from scipy import optimize, special, stats

import betabin as bb
import exercises

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of nbgrader's own dependencies
    from nbgrader.utils import determine_grade

LABS = ["lab1_batting", "lab2_gamma_poisson", "lab3_convergence"]
BEGIN_TESTS, END_TESTS = "### BEGIN HIDDEN TESTS\n", "### END HIDDEN TESTS"
BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION\n", "### END SOLUTION"
each_lab = pytest.mark.parametrize("name", LABS)


@functools.cache
def source(name):
    return nbformat.read(ROOT / "solutions" / name / f"{name}.ipynb", as_version=4)


def grade_id(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def cells(name):
    """The cells that nbgrader knows, by their grade_id."""
    return {grade_id(cell): cell for cell in source(name).cells if grade_id(cell)}


def kind(cell, what):
    return bool(cell.metadata.get("nbgrader", {}).get(what))


def regions(text, begin, end):
    return [part.split(end)[0] for part in text.split(begin)[1:]]


def hidden_in(name):
    """The cells with hidden tests, by their grade_id."""
    return {key: cell for key, cell in cells(name).items() if BEGIN_TESTS in cell.source}


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    """What students get, not run."""
    root = tmp_path_factory.mktemp("labs")
    return {name: exercises.release(name, root / name, run=False) for name in LABS}


def read_release(folder):
    return nbformat.read(folder / f"{folder.name}.ipynb", as_version=4)


# What a lab must have.


@each_lab
def test_notebook_is_in_its_normal_form_and_has_been_run(name):
    path = ROOT / "solutions" / name / f"{name}.ipynb"
    assert notebooks.main(["--check", str(path)]) == 0
    code = [cell for cell in source(name).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert {output.output_type for output in outputs} == {"stream", "execute_result"}
    assert {output.get("name", "stdout") for output in outputs} == {"stdout"}


@each_lab
def test_card_says_what_for_how_long_and_what_may_be_used(name):
    card = source(name).cells[0].source
    for part in ("**What for.**", "**You need**", "**Time:**", "**Points:** 100", "**You may use**"):
        assert part in card


@each_lab
def test_points_of_the_rubric_are_those_of_the_cells(name):
    rows = re.findall(r"^\| (\d+) \| .+ \| (\d+) \| (.+) \|$", source(name).cells[0].source, re.MULTILINE)
    rubric = {f"part{part}": int(points) for part, points, _ in rows}
    points, by_hand = {}, 0
    for key, cell in cells(name).items():
        if kind(cell, "grade"):
            part = key.split("-")[0]
            points[part] = points.get(part, 0) + cell.metadata.nbgrader.points
            by_hand += cell.metadata.nbgrader.points if cell.cell_type == "markdown" else 0
    assert rubric == points
    assert sum(points.values()) == 100
    card = " ".join(source(name).cells[0].source.split())
    assert f"of which {100 - by_hand} by hidden tests and {by_hand} by a reader" in card
    # The headings of the parts say the same.
    headings = re.findall(
        r"^## Part (\d+): .* \((\d+) points\)$",
        "\n".join(cell.source for cell in source(name).cells if cell.cell_type == "markdown"),
        re.MULTILINE,
    )
    assert {f"part{part}": int(worth) for part, worth in headings} == rubric


@each_lab
def test_every_part_is_tested_in_hiding_or_read(name):
    graded = [cell for cell in cells(name).values() if kind(cell, "grade")]
    read = [cell for cell in graded if cell.cell_type == "markdown"]
    assert len(read) == 1
    assert kind(read[0], "solution")
    assert "**For the reader: model answer and rubric" in read[0].source
    for cell in graded:
        if cell.cell_type == "code":
            assert kind(cell, "locked")
            assert len(regions(cell.source, BEGIN_TESTS, END_TESTS)) == 1
            # What the tests hand out is what the cell is worth.
            worth = re.findall(r"\((\d+), \"", cell.source.rsplit("return marks(", 1)[1])
            assert sum(map(int, worth)) == cell.metadata.nbgrader.points


@each_lab
def test_cells_that_students_see_are_short(name):
    for cell in source(name).cells:
        if cell.cell_type == "code" and BEGIN_TESTS not in cell.source and "def em_map" not in cell.source:
            assert len(cell.source.splitlines()) <= 30


def tools(cell):
    (hidden,) = regions(cell.source, BEGIN_TESTS, END_TESTS)
    return hidden.split("    # End of the tools.\n")[0]


def test_every_hidden_test_begins_with_the_same_tools():
    all_tools = {tools(cell) for name in LABS for cell in hidden_in(name).values()}
    assert len(all_tools) == 1
    assert len(all_tools.pop().splitlines()) > 40


def global_names(table):
    found = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return found.union(*(global_names(child) for child in table.get_children()))


def made_by_students(name):
    """The names that the cells define in which students write."""
    made = {"STUDENT_ID"}
    for cell in cells(name).values():
        if kind(cell, "solution") and cell.cell_type == "code":
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.FunctionDef):
                    made.add(node.name)
                elif isinstance(node, ast.Assign):
                    made |= {
                        n.id for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name)
                    }
    return made


@each_lab
def test_hidden_tests_import_all_they_use_but_the_student_s_answers(name):
    # A global name, a builtin included, may be anything after a student's cells have run.
    for cell in hidden_in(name).values():
        (hidden,) = regions(cell.source, BEGIN_TESTS, END_TESTS)
        function = symtable.symtable(hidden, "hidden", "exec").get_children()[0]
        assert function.get_name() == "_tests"
        assert global_names(function) <= made_by_students(name), grade_id(cell)
        imported = {
            getattr(node, "module", None) or alias.name
            for node in ast.walk(ast.parse(hidden))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert not {module for module in imported if "checks" in module}
        assert hidden.strip().splitlines()[-1] == "_tests()"


# What students get.


@each_lab
def test_release_has_no_solution_no_hidden_test_and_no_output(name, releases):
    release = read_release(releases[name])
    assert len(release.cells) == len(source(name).cells)
    text = "\n".join(cell.source for cell in release.cells)
    for mark in ("SOLUTION", "HIDDEN TESTS", "model answer", "def _tests"):
        assert mark not in text
    assert [cell for cell in release.cells if cell.get("outputs")] == []
    for cell in release.cells:
        if kind(cell, "locked"):
            assert cell.metadata["editable"] is False
            assert cell.metadata["deletable"] is False


def test_release_brings_its_data_and_says_whose_they_are(releases):
    assert {
        name: {path.name for path in releases[name].iterdir()} - {f"{name}.ipynb"} for name in LABS
    } == {
        "lab1_batting": set(),
        "lab2_gamma_poisson": {"home_runs.csv", "home_runs_source.md"},
        "lab3_convergence": set(),
    }
    whose = (releases["lab2_gamma_poisson"] / "home_runs_source.md").read_text(encoding="utf-8")
    assert "creativecommons.org/licenses/by-sa/3.0" in whose


def squeezed(text):
    return re.sub(r"\s+", "", text)


@functools.cache
def secrets(name):
    """What must not be found elsewhere: three lines running of a solution, a test, the reader's text."""
    found = set()
    for cell in source(name).cells:
        hidden = regions(cell.source, BEGIN_TESTS, END_TESTS) + regions(
            cell.source, BEGIN_SOLUTION, END_SOLUTION
        )
        if kind(cell, "grade") and cell.cell_type == "markdown":
            hidden.append(cell.source)
        for region in hidden:
            lines = [line for line in region.splitlines() if line.strip()]
            if len(lines) >= 3:
                found |= {squeezed("".join(lines[k : k + 3])) for k in range(len(lines) - 2)}
            elif len(squeezed(region)) > 25:
                found.add(squeezed(region))
    # Some of a test repeats what is given to students, such as how their data are drawn.
    given = squeezed("\n".join(cell.source for cell in source(name).cells if not kind(cell, "grade")))
    for region in regions(
        "\n".join(cell.source for cell in source(name).cells), BEGIN_SOLUTION, END_SOLUTION
    ):
        given = given.replace(squeezed(region), "|")
    return {secret for secret in found if len(secret) > 25 and secret not in given}


def leaks(text, *names):
    text = squeezed(text)
    return [secret for name in names for secret in secrets(name) if secret in text]


@each_lab
def test_search_for_leaks_finds_what_is_there(name):
    everything = "\n".join(cell.source for cell in source(name).cells)
    assert len(secrets(name)) > 200
    assert set(leaks(everything, name)) == secrets(name)


@each_lab
def test_nothing_leaks_into_what_students_receive(name, releases):
    for path in releases[name].iterdir():
        assert leaks(as_text(path.name, path.read_bytes()), name) == [], path.name


def test_nothing_leaks_into_the_package():
    folder = ROOT / "src" / "betabin"
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py")))
    assert len(text) > 50_000
    assert leaks(text, *LABS) == []


def texts_below(folder):
    """Every file of text, those inside zips too: its name, and its content without mark-up."""
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for member in archive.namelist():
                    yield f"{name}/{member}", as_text(member, archive.read(member))
        elif path.suffix in {".html", ".ipynb", ".js", ".json", ".md", ".py", ".txt"}:
            yield name, as_text(name, path.read_bytes())


def as_text(name, content):
    text = content.decode("utf-8", errors="replace")
    if name.endswith(".html"):
        return html.unescape(re.sub(r"<[^>]*>", "", text))
    if name.endswith(".ipynb"):
        return "\n".join(cell.source + printed(cell) for cell in nbformat.reads(text, as_version=4).cells)
    return text.replace("\\n", "\n").replace('\\"', '"')  # programs inside JSON


def test_nothing_leaks_into_the_site(site):
    searched = set()
    for name, text in texts_below(site):
        if not name.startswith("_static"):  # the theme's, and MathJax
            searched.add(name)
            assert leaks(text, *LABS) == [], name
    assert "chapters/04_em.html" in searched


def test_search_of_the_site_looks_everywhere(tmp_path):
    secret = hidden_in("lab1_batting")["part1-tests"].source
    page = "<pre><span>" + html.escape(secret).replace("\n", "</span>\n<span>") + "</span></pre>"
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    shutil.copytree(ROOT / "solutions" / "lab1_batting", tmp_path / "_sources")
    with zipfile.ZipFile(tmp_path / "hand-out.zip", "w") as archive:
        archive.writestr("lab.py", secret)
    expected = secrets("lab1_batting") & set(leaks(secret, "lab1_batting"))
    assert len(expected) > 50
    for _, text in texts_below(tmp_path):
        assert expected <= set(leaks(text, "lab1_batting"))
    assert {name for name, _ in texts_below(tmp_path)} == {
        "page.html",
        "_sources/lab1_batting.ipynb",
        "hand-out.zip/lab.py",
    }


# One kernel for each lab: unanswered, solved, cheated.

# After an attempt all must be as it was: what it has replaced, and what it has bound.
RESTORE = """
import betabin, IPython, numpy, scipy.special
IPython.get_ipython().ast_node_interactivity = "last_expr"
numpy.isclose, numpy.allclose, scipy.special.digamma, betabin.load_batting = _kept
for _name in ("abs", "all", "any", "float", "len", "max", "print", "range", "sum", "zip", "list", "type",
              "alike", "marks", "check", "assert_allclose", "expected", "one_round", "solved"):
    globals().pop(_name, None)
"""
KEEP = """
import betabin as bb, numpy, scipy.special
_kept = numpy.isclose, numpy.allclose, scipy.special.digamma, bb.load_batting
"""
OTHERS = ["s1234567", "Ada Lovelace"]


def code(text):
    return nbformat.v4.new_code_cell(textwrap.dedent(text))


def copy(cell):
    return nbformat.from_dict(
        {**cell, "outputs": [], "execution_count": None} if cell.cell_type == "code" else cell
    )


@functools.cache
def run_everything(name, folder):
    """Run everything in one kernel; return, for each cell that matters, why it was run and the cell."""
    own, tests = cells(name), hidden_in(name)
    released = read_release(folder).cells
    plan, made = [], []

    def add(cell, *trial):
        """Take a cell, and say what it is there for."""
        plan.append(trial)
        made.append(nbformat.from_dict({**cell, "id": f"cell-{len(made)}"}))

    for cell in released:  # unanswered, with the tests put back as nbgrader does
        add(copy(tests.get(grade_id(cell), cell)), "unanswered", grade_id(cell))
    for cell in source(name).cells:
        add(copy(cell), "solution", grade_id(cell))
    add(code(KEEP))
    last = f"part{len(tests)}"
    answers = sorted(set(re.findall(r"\banswer_\w+", own[last].source)))
    show = f"print({', '.join(f'repr(float({answer}))' for answer in answers)})"
    add(code(show), "answers", "worked example")
    trials = [("cheat", *row) for row in CHEATS[name]] + [
        ("slip", part, label, text) for part, label, _, text in SLIPS[name]
    ]
    for what, part, label, text in trials:
        add(code(text), what, "made", part, label)
        add(copy(tests[f"{part}-tests"]), what, part, label)
        add(code(RESTORE))
        add(code("STUDENT_ID = str('worked example')"))
        for key in [key for key in own if key in {"setup", part}]:
            add(copy(own[key]))
    for identifier in [*OTHERS, "..."]:
        add(code(f"STUDENT_ID = str({identifier!r})"))
        for key, cell in own.items():
            if key.startswith(("data", "map")) or key == last:
                add(copy(cell))
        add(copy(tests[f"{last}-tests"]), "student", identifier)
        add(code(show), "answers", identifier)
    add(code("STUDENT_ID = 'somebody'"))
    add(copy(tests[f"{last}-tests"]), "identifiers", "two")

    notebook = nbformat.v4.new_notebook(cells=made)
    notebooks.execute(notebook, folder, allow_errors=True)
    return [(trial, cell) for trial, cell in zip(plan, notebook.cells, strict=True) if trial]


@pytest.fixture(params=LABS, scope="module")
def lab(request, releases):
    return request.param, run_everything(request.param, releases[request.param])


def points(cell):
    return determine_grade(cell)[0]


def printed(cell):
    return "".join(output.text for output in cell.get("outputs", []) if output.output_type == "stream")


def errors(cell):
    return [output for output in cell.get("outputs", []) if output.output_type == "error"]


def test_unanswered_lab_runs_and_earns_nothing(lab):
    name, ran = lab
    mine = [(key, cell) for (what, key, *_), cell in ran if what == "unanswered"]
    assert [cell.source for key, cell in mine if errors(cell)] == []
    assert {key: points(cell) for key, cell in mine if key in hidden_in(name)} == dict.fromkeys(
        hidden_in(name), 0
    )
    assert [printed(cell).strip() for key, cell in mine if key.endswith("-look")] == [
        "not answered yet"
    ] * len(hidden_in(name))


def test_solution_earns_all_points(lab):
    name, ran = lab
    mine = [(key, cell) for (what, key, *_), cell in ran if what == "solution"]
    assert [cell.source for _, cell in mine if errors(cell)] == []
    for key, cell in mine:
        if key in hidden_in(name):
            assert points(cell) == cell.metadata.nbgrader.points, printed(cell)
        elif key.endswith("-look"):
            assert "NO" not in printed(cell)


def test_no_cheat_earns_a_point(lab):
    name, ran = lab
    earned = {
        tuple(trial[1:]): points(cell) for trial, cell in ran if trial[0] == "cheat" and trial[1] != "made"
    }
    assert len(earned) == len(CHEATS[name])
    assert {trial: earn for trial, earn in earned.items() if earn} == {}
    broken = [trial for trial, cell in ran if trial[:2] == ("cheat", "made") and errors(cell)]
    assert broken == []


def test_every_slip_costs_points(lab):
    name, ran = lab
    lost = {
        tuple(trial[1:]): cell.metadata.nbgrader.points - points(cell)
        for trial, cell in ran
        if trial[0] == "slip" and trial[1] != "made"
    }
    least = {(part, label): cost for part, label, cost, _ in SLIPS[name]}
    assert lost.keys() == least.keys()
    assert {slip: cost for slip, cost in lost.items() if cost < least[slip]} == {}
    assert [trial for trial, cell in ran if trial[:2] == ("slip", "made") and errors(cell)] == []


def answers_of(ran):
    return {
        trial[1]: np.array(printed(cell).split(), dtype=float)
        for trial, cell in ran
        if trial[0] == "answers"
    }


def test_other_students_have_other_data_and_their_right_answers_count(lab):
    _, ran = lab
    for trial, cell in ran:
        if trial[0] == "student" and trial[1] != "...":
            assert points(cell) == cell.metadata.nbgrader.points, printed(cell)
    answers = answers_of(ran)
    for one, other in itertools.combinations(answers.values(), 2):
        assert np.all(np.abs(one / other - 1) > 1e-4)


def test_numbers_count_for_one_identifier_only(lab):
    _, ran = lab
    (two,) = [cell for trial, cell in ran if trial == ("identifiers", "two")]
    assert points(two) == 0
    assert "more than one STUDENT_ID" in printed(two)
    (none,) = [cell for trial, cell in ran if trial == ("student", "...")]
    assert points(none) == 0
    assert "STUDENT_ID is not filled in" in printed(none)


def test_expected_numbers_are_nowhere_to_be_read(lab, releases):
    name, ran = lab
    unanswered = [
        cell for trial, cell in ran if trial[0] == "unanswered" and trial[1] not in hidden_in(name)
    ]
    text = "\n".join(cell.source + printed(cell) for cell in unanswered)
    text += "\n".join(
        path.read_text(encoding="utf-8") for path in releases[name].iterdir() if path.suffix != ".ipynb"
    )
    text += "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src" / "betabin").rglob("*.py"))
    for answers in answers_of(ran).values():
        for answer in answers:
            digits = f"{answer:.0f}" if answer == round(answer) else f"{answer:.12f}"[:7]
            assert not re.search(rf"(?<![\d.]){re.escape(digits)}", text), digits


def test_messages_of_the_tests_say_no_expected_value(lab):
    _, ran = lab
    for trial, cell in ran:
        if trial[0] in {"cheat", "slip", "student"} and trial[1] != "made":
            assert not re.search(r"\d\.\d{3}", printed(cell)), printed(cell)


# The mathematics, without nbgrader and without a kernel.


def run_cells(name, identifier, *keys):
    """The names that the source's cells define for a student."""
    names = {}
    for key, cell in cells(name).items():
        if key == "student-id":
            names["STUDENT_ID"] = identifier
        elif key == "setup" or key.startswith("data") or key in keys:
            exec(cell.source, names)
    return names


@pytest.fixture
def at_lab(monkeypatch):
    return lambda name: monkeypatch.chdir(ROOT / "solutions" / name)


@pytest.mark.parametrize("identifier", [f"student {k}" for k in range(12)])
def test_lab1_answer_is_the_top_of_the_objective_and_not_that_of_the_likelihood(identifier, capsys):
    made = run_cells("lab1_batting", identifier, "part1", "part2", "part3", "part4", "part5", "part6")
    data = made["x"], made["n"], made["w"], made["SHAPE"], made["RATE"]

    def negative(logs):
        a, b = np.exp(logs)
        value = made["w"] @ stats.betabinom.logpmf(made["x"], made["n"], a, b)
        return -(value + np.log(a + b) - 0.005 * (a + b))

    direct = optimize.minimize(negative, np.log([60, 200]), method="Nelder-Mead", tol=1e-11)
    found = made["answer_alpha"], made["answer_beta"]
    assert np.exp(direct.x) == pytest.approx(found, rel=1e-4)
    assert made["log_posterior"](found, *data) == pytest.approx(-direct.fun, abs=1e-8)
    for rows in (slice(None), slice(30)):  # both seasons, 2019 alone
        x, n = made["x"][rows], made["n"][rows]
        fit = bb.fit_mle(x, n)
        assert abs(fit.params.alpha / found[0] - 1) > 1e-3
        if fit.status == "interior":
            shrunken = bb.posterior(fit.params, x[0], n[0]).mean
            assert abs(shrunken / made["answer_average"] - 1) > 1e-5  # the tests ask for 1e-6


@pytest.mark.parametrize("identifier", [f"student {k}" for k in range(12)])
def test_lab2_answer_is_the_top_of_the_likelihood(identifier, at_lab):
    at_lab("lab2_gamma_poisson")
    made = run_cells("lab2_gamma_poisson", identifier, "part1", "part2", "part3", "part4", "part5")
    x1, t1, x2, t2 = (made[key] for key in ("x1", "t1", "x2", "t2"))

    def negative(logs):
        # The total is negative binomial; given the total, the share of 2019 is binomial.
        a, b, g = np.exp(logs)
        total, time = x1 + x2, t1 + g * t2
        value = stats.nbinom.logpmf(total, a, b / (b + time)) + stats.binom.logpmf(x2, total, g * t2 / time)
        return -value.sum()

    direct = optimize.minimize(negative, np.log([4, 1, 1]), method="Nelder-Mead", tol=1e-11)
    found = np.array([made["answer_a"], made["answer_b"], made["answer_g"]])
    assert np.exp(direct.x) == pytest.approx(found, rel=1e-4)
    assert made["log_likelihood"](*found, x1, t1, x2, t2) == pytest.approx(-direct.fun, rel=1e-10)
    assert 1.02 < found[2] < 1.4
    assert (t2 == 0).sum() >= 3


@pytest.mark.parametrize("identifier", [f"student {k}" for k in range(12)])
def test_lab3_data_make_em_slow_and_leave_it_a_maximum(identifier):
    made = run_cells("lab3_convergence", identifier)
    x, n, w = made["x"], made["n"], made["w"]
    mean = w @ x / (w @ n)
    excess = w @ ((x - n * mean) ** 2 / (mean * (1 - mean)) - n)
    assert excess > 0  # the slope at the binomial limit: with equal n, the maximum is inside

    def negative(logs):
        a, b = np.exp(logs)
        return -(w @ (special.betaln(a + x, b + n - x) - special.betaln(a, b)))

    direct = optimize.minimize(negative, np.log([100, 300]), method="Nelder-Mead", tol=1e-12)
    concentration = np.exp(direct.x).sum()
    assert 150 < concentration < 1000
    rule = 1 - (45 / (concentration + 45)) ** 2
    assert 0.94 < rule < 0.998


def test_lab3_map_is_a_round_of_em_and_climbs_its_height(capsys):
    made = run_cells("lab3_convergence", "student", "map")
    x, n, one = made["x"], made["n"], np.ones(120)
    rng = np.random.default_rng(3)
    for phi in rng.uniform(-2, 7, (20, 2)):
        expected = bb.m_step(bb.e_step(np.exp(phi), x, n))
        assert made["em_map"](phi, w=one) == pytest.approx(np.log(expected), rel=1e-8)
        rise = made["height"](phi, w=one) - made["height"]((0, 0), w=one)
        by_package = bb.log_likelihood(np.exp(phi), x, n) - bb.log_likelihood((1, 1), x, n)
        assert rise == pytest.approx(by_package, rel=1e-8)
        assert made["height"](made["em_map"](phi)) >= made["height"](phi)
    # Weights of 2 are rows that occur twice.
    twice = np.where(np.arange(120) < 50, 2, 1)
    expected = bb.m_step(bb.e_step((3, 9), x, n, counts=twice))
    assert made["em_map"](np.log([3, 9]), w=twice) == pytest.approx(np.log(expected), rel=1e-8)


def test_lab2_data_are_the_league_of_2018():
    folder = ROOT / "solutions" / "lab2_gamma_poisson"
    with (folder / "home_runs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    season = bb.load_batting(2018)
    keep = (season.position != "P") & (season.n >= 100)
    assert [row["player_id"] for row in rows] == season.player_id[keep].tolist()
    assert [int(row["AB_2018"]) for row in rows] == season.n[keep].tolist()
    later = dict(
        zip(bb.load_batting(2019).player_id.tolist(), bb.load_batting(2019).n.tolist(), strict=True)
    )
    assert [int(row["AB_2019"]) for row in rows] == [later.get(row["player_id"], 0) for row in rows]
    assert all(int(row["HR_2018"]) <= int(row["AB_2018"]) for row in rows)
