"""The zip of a lab that students get: complete, the same each time, and without what they must not see."""

import io
import json
import os
import re
import subprocess
import sys
import zipfile

import labfixture
import nbformat
import pytest
import release
from conftest import ROOT

import betabin


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    labfixture.write(root)
    return root


@pytest.fixture(scope="module")
def archive(course):
    path = release.release(labfixture.NAME, root=course)
    assert path == course / "_build" / "release" / f"{labfixture.NAME}.zip"
    with zipfile.ZipFile(path) as opened:
        return {name.removeprefix(f"{labfixture.NAME}/"): opened.read(name) for name in opened.namelist()}


def test_it_holds_all_a_student_needs(archive):
    wheel = f"betabin-{betabin.__version__}-py3-none-any.whl"
    notebook = f"{labfixture.NAME}.ipynb"
    assert set(archive) == {
        *("HOW_TO_START.txt", "constraints.txt", "requirements.txt", "season.csv"),
        *(wheel, notebook),
    }
    cells = nbformat.reads(archive[notebook].decode(), as_version=4).cells
    assert [cell.source for cell in cells if cell.metadata.get("nbgrader", {}).get("solution")][:2] == [
        "..."
    ] * 2


def test_it_holds_no_solution_and_no_hidden_test(archive):
    everything = b"\n".join(archive.values())
    with zipfile.ZipFile(
        io.BytesIO(next(data for name, data in archive.items() if name.endswith(".whl")))
    ) as wheel:
        everything += b"\n".join(wheel.read(name) for name in wheel.namelist())
    for secret in (
        labfixture.SECRET,
        labfixture.ESSAY,
        "np.asarray(x) / np.asarray(n)",
        "HIDDEN",
        "SOLUTION",
    ):
        assert secret.encode() not in everything, secret


def test_another_notebook_beside_the_lab_stays_at_home(tmp_path):
    folder = labfixture.write(tmp_path)
    other = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("all = 'solved'")])
    nbformat.write(other, folder / "old_solution.ipynb")
    with zipfile.ZipFile(release.release(labfixture.NAME, root=tmp_path)) as opened:
        assert [name for name in opened.namelist() if name.endswith(".ipynb")] == [
            f"{labfixture.NAME}/{labfixture.NAME}.ipynb"
        ]


def test_versions_are_the_ones_of_the_lock(archive):
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert archive["constraints.txt"].decode() == lock
    first, wheel, *pins = archive["requirements.txt"].decode().splitlines()
    assert first == "-c constraints.txt"
    assert wheel.removeprefix("./") in archive
    assert {"jupyterlab", "matplotlib", "numpy", "scipy"} <= {pin.split("==")[0] for pin in pins}
    for pin in pins:
        assert re.search(rf"^{re.escape(pin)}$", lock, re.MULTILINE)


def test_the_same_sources_give_the_same_bytes(course, tmp_path):
    first = release.release(labfixture.NAME, tmp_path / "a", course).read_bytes()
    assert release.release(labfixture.NAME, tmp_path / "b", course).read_bytes() == first


def test_the_page_on_how_to_start_names_the_files_there_are(archive):
    text = archive["HOW_TO_START.txt"].decode()
    assert f"jupyter lab {labfixture.NAME}.ipynb" in text
    assert "pip install -r requirements.txt" in text
    for file in re.findall(r"[\w-]+\.(?:txt|ipynb)", text):
        assert file in archive


def test_the_wheel_works_without_the_repository(archive, tmp_path):
    name = next(name for name in archive if name.endswith(".whl"))
    (tmp_path / name).write_bytes(archive[name])
    target = tmp_path / "installed"
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
    ]
    subprocess.run([*command, str(tmp_path / name)], check=True, capture_output=True)
    code = "import betabin, json; print(json.dumps([betabin.__file__, len(betabin.load_efron_morris().x)]))"
    environment = {**os.environ, "PYTHONPATH": str(target)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    where, players = json.loads(done.stdout)
    assert where.startswith(str(target))
    assert players == 18


def test_the_notebook_of_a_real_lab_is_the_committed_one_not_run(tmp_path):
    with zipfile.ZipFile(release.release("lab1_batting", tmp_path)) as opened:
        cells = nbformat.reads(opened.read("lab1_batting/lab1_batting.ipynb").decode(), as_version=4).cells
    committed = ROOT / "exercises" / "lab1_batting" / "lab1_batting.ipynb"
    expected = nbformat.read(committed, as_version=4).cells
    assert not any(cell.get("outputs") for cell in cells)
    assert [(cell.source, cell.metadata.get("nbgrader")) for cell in cells] == [
        (cell.source, cell.metadata.get("nbgrader")) for cell in expected
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [([], "say which lab, as LAB=name"), (["lab7"], "there is no lab 'lab7'; the labs are: lab0_average")],
)
def test_a_wrong_or_missing_lab_gets_the_list(course, capsys, arguments, said):
    assert release.main([*arguments, "--root", str(course)]) == 1
    assert said in capsys.readouterr().err
