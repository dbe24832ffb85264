"""The bundle for Gradescope, unpacked and run in the folders that its autograder documents."""

import json
import os
import subprocess
import sys
import zipfile

import gradescope
import labfixture
import nbformat
import pytest
from autograder import results
from conftest import ROOT
from grading import lab


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    labfixture.write(root)
    return root


@pytest.fixture(scope="module")
def release(course, tmp_path_factory):
    return lab.make(labfixture.NAME, tmp_path_factory.mktemp("ready"), course).release


@pytest.fixture
def home(course, tmp_path):
    """As /autograder is when a submission has come: the bundle in source/, run_autograder beside it."""
    home = tmp_path / "autograder"
    for folder in ("source", "submission", "results"):
        (home / folder).mkdir(parents=True)
    with zipfile.ZipFile(gradescope.bundle(labfixture.NAME, tmp_path, course)) as archive:
        archive.extractall(home / "source")
        modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
    assert modes["setup.sh"] == modes["run_autograder"] == 0o755
    (home / "source" / "run_autograder").rename(home / "run_autograder")
    (home / "submission_metadata.json").write_text('{"users": [{"email": "ada@example.org"}]}')
    return home


def run(home):
    """What Gradescope's harness does; returns the process and the results, if there are any."""
    environment = {**os.environ, "AUTOGRADER": str(home), "PYTHON": sys.executable}
    done = subprocess.run(
        ["bash", home / "run_autograder"], env=environment, capture_output=True, text=True, check=False
    )
    path = home / "results" / "results.json"
    return done, json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def hand_in(home, notebook, name=f"{labfixture.NAME}.ipynb"):
    (home / "submission" / name).write_text(nbformat.writes(notebook), encoding="utf-8")


def test_a_submission_gets_its_points_and_its_messages_and_sees_no_tests(home, release):
    source = home / "source" / "solutions" / labfixture.NAME / f"{labfixture.NAME}.ipynb"
    spy = f"""def average(x, n):
    try:
        open({str(source)!r})
    except OSError:
        return np.asarray(x) / np.asarray(n)"""
    wrong = "def shrink(x, n, alpha, beta):\n    return x / n + alpha"
    hand_in(home, labfixture.answered(release, "ada", average=spy, shrink=wrong))
    done, found = run(home)
    assert done.returncode == 0, done.stderr
    average, shrink = found["tests"]
    assert (average["name"], average["score"], average["max_score"]) == ("average_test", 4, 4)
    assert (shrink["name"], shrink["score"], shrink["max_score"]) == ("shrink_test", 0, 2)
    assert found["score"] == 4
    assert "shrink(1, 2, 1, 1) is not 0.5" in shrink["output"]
    assert {test["visibility"] for test in found["tests"]} == {"after_due_date"}
    assert "STUDENT_ID is 'ada'" in done.stdout
    assert found["stdout_visibility"] == "hidden"
    assert labfixture.SECRET not in json.dumps(found)


@pytest.mark.parametrize(("content", "said"), [(b"[1", "is not JSON"), (None, "Nothing was handed in")])
def test_what_cannot_be_graded_has_its_reason(home, content, said):
    if content is not None:
        (home / "submission" / "mine.ipynb").write_bytes(content)
    done, found = run(home)
    assert done.returncode == 0, done.stderr
    assert found["score"] == 0
    assert said in found["output"]


def test_of_two_notebooks_none_is_chosen(tmp_path):
    rows = [{"file": f"{name}.ipynb", "status": "graded", "reason": "", "total": "6"} for name in "ab"]
    found = results(rows, [tmp_path / "1.json", tmp_path / "2.json"])
    assert found["score"] == 0
    assert found["output"] == "Hand in one notebook that can be graded. a.ipynb: graded; b.ipynb: graded"


def test_if_the_grader_fails_nobody_gets_a_zero(home, release):
    source = home / "source" / "solutions" / labfixture.NAME / f"{labfixture.NAME}.ipynb"
    nbformat.write(labfixture.source(average="def average(x, n):\n    return 0"), source)
    hand_in(home, labfixture.answered(release, "ada"))
    done, found = run(home)
    assert done.returncode == 1
    assert found is None


def test_setup_installs_the_versions_of_the_lock(home):
    lines = (home / "source" / "requirements.txt").read_text().splitlines()
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert lines[0] == "-c constraints.txt"
    assert lines[1].endswith(".whl[grading]")
    assert (home / "source" / lines[1].removeprefix("./").removesuffix("[grading]")).is_file()
    assert (home / "source" / "constraints.txt").read_text(encoding="utf-8") == lock
    assert all(line in lock.splitlines() for line in lines[2:])
    setup = home / "source" / "setup.sh"
    assert subprocess.run(["bash", "-n", setup], check=False).returncode == 0
    installer = next(line for line in setup.read_text().splitlines() if 'pip install --quiet "uv==' in line)
    assert installer.split('"')[-2] in lock.splitlines()


def test_the_bundle_is_the_same_each_time_and_a_wrong_lab_is_said(course, tmp_path, capsys):
    first = gradescope.bundle(labfixture.NAME, tmp_path / "a", course).read_bytes()
    assert gradescope.bundle(labfixture.NAME, tmp_path / "b", course).read_bytes() == first
    assert gradescope.main(["lab7", "--root", str(course)]) == 1
    assert "there is no lab 'lab7'" in capsys.readouterr().err
