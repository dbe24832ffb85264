"""Grading the labs themselves: honest habits cost nothing, cheats earn nothing, through both doors."""

import re
import socket
import threading
from fractions import Fraction
from pathlib import Path

import labcheats
import labfixture
import nbformat
import numpy as np
import pytest
from conftest import ROOT
from grading import batch, bridge, execute, lab, restore, sandbox, trial

LABS = ["lab1_batting", "lab2_gamma_poisson", "lab3_convergence"]
LIMITS = sandbox.Limits(cell_seconds=30, total_seconds=120)


def doors():
    """The best door of this machine, and that of machines without namespaces."""
    best = sandbox.choose(sandbox.Limits())
    return [best] if best.kind == "limits" else [best, sandbox.Door("limits", False)]


def copy(notebook):
    return nbformat.from_dict(nbformat.reads(nbformat.writes(notebook), as_version=4))


def with_habits(ready):
    """The solution, with a habit before every cell of code, and all of them before the last."""
    notebook, left = copy(ready.source), [*labcheats.HABITS]
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "code" and left:
            cells.append(nbformat.v4.new_code_cell(left.pop(0)))
            if cell.metadata.get("nbgrader", {}).get("grade_id") == "part5":
                cells += map(nbformat.v4.new_code_cell, left)
                left = []
        cells.append(cell)
    assert not left
    notebook.cells = cells
    return notebook


def asked_for(cell):
    """The functions that a cell of the release defines, and the answers it names."""
    functions = re.findall(r"^def (\w+)", cell.source, re.MULTILINE)
    return functions, sorted(set(re.findall(r"\banswer_\w+", cell.source)))


def cheated(ready, cheats):
    """A release with a cheat in each part, taken in turn from the list, and their names."""
    notebook, used = copy(ready.release), {}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if name == "student-id":
            cell.source = "STUDENT_ID = 'mallory'"
        elif re.fullmatch(r"part\d", name) and cell.cell_type == "code":
            if not cheats:
                continue
            cheat = cheats.pop(0)
            used[f"{name}-tests"], text = cheat, labcheats.CHEATS[cheat]
            functions, answers = asked_for(cell)
            lines = [
                f"SOURCES = {str(ready.folder.parent)!r}",
                text,
                *(f"{one} = cheat" for one in functions),
            ]
            if answers:
                lines += ["try: stolen = cheat()", "except BaseException: stolen = 1.0"]
                lines += [f"{one} = stolen" for one in answers]
            cell.source = "\n".join(lines)
    return notebook, used


@pytest.fixture(scope="module")
def fair(tmp_path_factory):
    """For each door and lab: the habits' marks and points to earn, and what each cheat earned."""
    found = {}
    for door in doors():
        # What bends a test or claims to be right does so behind any door.
        best = door == doors()[0]
        left = [*(labcheats.CHEATS if best else labcheats.LOOKING)]
        for name in LABS:
            ready = lab.make(name, tmp_path_factory.mktemp("lab"))
            handed_in, used = [("habits", with_habits(ready), "worked example")], {}
            while len(left) >= (6 if name != LABS[-1] else 1) and len(handed_in) < (4 if best else 3):
                notebook, used[f"cheats {len(handed_in)}"] = cheated(ready, left)
                handed_in.append((f"cheats {len(handed_in)}", notebook, "mallory"))
            with sandbox.short_folder("fair-") as scratch:
                marks = dict(batch.run(handed_in, batch.Job(ready, door, LIMITS, Path(scratch)), 2))
            full = {question.name: question.points for question in ready.questions if not question.by_hand}
            found[door.kind, name] = marks["habits"], full
            for one, cheats in used.items():
                for part, cheat in cheats.items():
                    found[door.kind, cheat] = marks[one].points[part], marks[one].notes
        assert not left
    return found


def test_there_are_thirty_habits_and_forty_cheats(fair):
    assert len(labcheats.HABITS) >= 30
    assert len({key for key in fair if key[1] in labcheats.CHEATS}) >= 40


@pytest.mark.parametrize("name", LABS)
def test_what_runs_on_a_student_s_machine_runs_through_both_doors(fair, name):
    seen = [(door, *about) for (door, what), about in fair.items() if what == name]
    assert len(seen) == len(doors())
    for door, marks, full in seen:
        assert {question: marks.points[question] for question in full} == full, (door, marks.notes)
        assert marks.notes == [], door


def test_no_cheat_earns_a_point(fair):
    earned = {key: about[0] for key, about in fair.items() if key[1] in labcheats.CHEATS}
    assert {key: points for key, points in earned.items() if points != 0} == {}


def test_a_cheat_does_not_end_the_kernel_before_the_others_are_tried(fair):
    for (_, what), about in fair.items():
        if what in labcheats.CHEATS:
            assert not [note for note in about[1] if "kernel died" in note or "stopped" in note]


def test_the_cheats_would_work_in_one_process():
    """Where test and answer share a process, looking around finds what is right."""
    for name in ("a caller's locals", "lists in memory", "frames of all threads"):
        names = {}
        exec(labcheats.CHEATS[name], names)
        expected = [0.125, 0.375]  # no other two floats as near
        assert all(type(one) is float for one in names["cheat"]() or expected)
        assert names["cheat"]() is not None
        del expected


# The bridge.


@pytest.fixture
def ends():
    """The tests' end of a bridge to a thread that answers with these names, and the names."""
    here, there = socket.socketpair()
    names = {"np": np}
    thread = threading.Thread(target=bridge.End(there, names).serve)
    thread.start()
    yield bridge.End(here, watch=lambda: None), names
    here.close()
    thread.join()
    there.close()


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 3, 2**200, -0.5, float("inf"), "é\n", b"\0x", 1 + 2j, ..., Fraction(1, 3)),
        *([1, [2.0, "a"]], (1, (2,)), {"a": {1: 2}}, {1, 2}, [], {}),
    ],
)
def test_plain_data_cross_as_they_are(ends, value):
    end, names = ends
    names["value"] = value
    found = end.ask("name", "value")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "array",
    [
        *(np.arange(6).reshape(2, 3), np.array([1.5, np.nan]), np.float32(2), np.array(1j), np.array([])),
        *(np.array(["a", "bc"]), np.array(["2026-11-26"], "M8[D]"), np.array([True, False])[::-1]),
    ],
)
def test_arrays_cross_as_they_are(ends, array):
    end, names = ends
    names["value"] = array
    found = end.ask("name", "value")
    assert type(found) is type(array)
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


def test_functions_are_called_there_and_back(ends):
    end, names = ends
    names["twice"] = lambda f, x: f(f(x))
    made = []

    def step(x):
        made.append(x)
        return x + 1

    assert end.ask("name", "twice")(step, 1) == 3
    assert made == [1, 2]


def test_an_error_there_is_the_nearest_of_python_here(ends):
    end, names = ends

    class OwnError(ValueError):
        pass

    def fail(error):
        raise error

    names.update(own=lambda: fail(OwnError("so")), stop=lambda: fail(KeyboardInterrupt()))
    with pytest.raises(ValueError, match="so"):
        end.ask("name", "own")()
    with pytest.raises(RuntimeError):
        end.ask("name", "stop")()
    with pytest.raises(KeyError):
        end.ask("name", "missing")


def test_objects_stay_there_and_are_asked(ends):
    end, names = ends
    pair = __import__("collections").namedtuple("Pair", "a b")
    names["value"] = pair(1, 2.5)
    found = end.ask("name", "value")
    assert (found.a, found[1], list(found), len(found)) == (1, 2.5, [1, 2.5], 2)
    assert found == (1, 2.5)
    names["value"] = type("Sly", (), {"__eq__": lambda *_: True, "__float__": lambda _: 2.0})()
    found = end.ask("name", "value")
    assert found != 2.0
    assert float(found) == 2.0


# Parts.


def test_tests_take_helpers_from_the_lab_and_answers_from_the_student(ends, tmp_path):
    end, names = ends
    names.update(answer=2.0, helper=lambda *_: True, LIMIT=1e9, sum=lambda *_: 0)
    trials = trial.Trials(tmp_path, 10, ["import math", "%matplotlib inline\nimport nowhere_to_be_found"])
    trials.learn("LIMIT = 1.5\nother = helper(LIMIT)\ndef helper(x): return x < LIMIT", end)
    outputs = trials.run("print(math.floor(2.5))\n2 * helper(answer) + sum([1, 2])", end)
    assert [output.output_type for output in outputs] == ["stream", "execute_result"]
    assert outputs[1].data["text/plain"] == "3.0"
    (output,) = trials.run("np.isclose(1, 2)", end)
    assert "which no cell of the lab imports" in output.evalue
    (output,) = trials.run("assert nothing", end)
    assert output.ename == "NameError"


def test_a_limit_counts_the_processor_before_the_clock(monkeypatch):
    clock = execute._Clock(10, 5)
    now = [100.0]
    monkeypatch.setattr(execute.time, "monotonic", lambda: now[0])
    clock.start(3.0)
    now[0] += 49
    assert clock.over(12.9) == ""  # a busy machine: much time on the wall, little of its own
    assert clock.over(13.1) == "took more than 10 s of processor time"
    now[0] += 2
    assert clock.over(3.5) == "took more than 50 s by the clock"


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    labfixture.write(root)
    return lab.make(labfixture.NAME, tmp_path_factory.mktemp("ready"), root)


def test_an_essay_in_another_cell_waits_and_an_empty_one_does_not(ready):
    for extra, unseen in (("My answer.", ["essay"]), ("", []), ("# Averages", [])):
        notebook = labfixture.answered(ready.release, "ada", essay=labfixture.ESSAY_STUB)
        notebook.cells.append(nbformat.v4.new_markdown_cell(extra))
        assert restore.restore(notebook, ready).unseen == unseen


def test_a_formatter_s_spaces_accuse_nobody(ready):
    notebook = labfixture.answered(ready.release, "ada")
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("locked"):
            cell.source = cell.source.replace(" = ", "=") + "\n\n"
    assert restore.restore(notebook, ready).said == []


def test_sources_are_those_of_this_project():
    assert {path.name for path in (ROOT / "solutions").glob("lab*")} == set(LABS)


def test_who_grades_below_a_shared_folder_hears_of_it(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, "_SHARED", (tmp_path,))
    monkeypatch.setattr(sandbox, "has_landlock", lambda: True)
    shut_in, apart = sandbox.Door("limits", False), (tmp_path.parent,)
    assert f"lie below {tmp_path}, so no submission" in sandbox.closed_folder(shut_in, (tmp_path / "lab",))
    assert sandbox.closed_folder(shut_in, apart) == ""
    assert sandbox.closed_folder(sandbox.Door("bubblewrap", False), (tmp_path / "lab",)) == ""
