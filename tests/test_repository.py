"""The repository keeps its own promises: README, versions, and what no file may contain."""

import ast
import doctest
import re
import subprocess
import sys

import pytest
import yaml
from conftest import ROOT

import betabin


def tracked_text():
    """Every file git tracks (or, before a commit, does not ignore) that is text."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.is_file():
            try:
                yield name, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def test_readme_example_prints_what_it_says():
    failed, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert failed == 0
    assert tried >= 8


def test_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 70


def test_make_help_lists_every_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE).group(1).split())
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in listed.splitlines() if line.startswith("make ")} == phony


def test_every_version_is_pinned_and_no_address_is_named():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    for line in pins:
        assert re.fullmatch(r"[a-z0-9._-]+==[^ ;]+( ; .+)?", line), line
    assert len(pins) > 50
    assert "://" not in "\n".join(lines)


def test_citation_has_the_package_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == betabin.__version__


def test_no_file_names_a_registry_or_a_path_of_one_machine():
    # Written so that this file does not name them either.
    registries = re.compile(r"pyp[i]\.org|pythonhost[e]d|registry\.npm[j]s|deb\.debia[n]")
    homes = re.compile(r"(?<![\w.])/(?:home|Users|root|work)/\w")
    for name, text in tracked_text():
        assert not registries.search(text), f"{name} names {registries.search(text).group()}"
        assert not homes.search(text), f"{name} holds a path of one machine: {homes.search(text).group()}"


CORE = {"model", "mle", "em", "information", "data"}
LAYERS = {
    "data": set(),
    "model": set(),
    "mle": {"model"},
    "em": {"model", "mle"},
    "information": {"model", "mle"},
    "plots": {"model", "mle"},
}


def imports(path):
    """What a module imports: the modules of ours, and the libraries."""
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            imported.add(node.module)
        elif isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
    ours = {name.removeprefix("betabin.") for name in imported if name.startswith("betabin")}
    return ours, {name.split(".")[0] for name in imported if not name.startswith("betabin")}


@pytest.mark.parametrize("module", LAYERS)
def test_modules_stand_on_those_below_them_alone(module):
    ours, others = imports(ROOT / "src" / "betabin" / f"{module}.py")
    assert ours <= LAYERS[module]
    libraries = {"numpy", "scipy"} | ({"matplotlib"} if module == "plots" else set())
    assert others <= libraries | sys.stdlib_module_names


CHECKS = sorted((ROOT / "src" / "betabin" / "checks").glob("*.py"))


@pytest.mark.parametrize("path", CHECKS, ids=[path.stem for path in CHECKS])
def test_checks_stand_on_the_core_alone(path):
    ours, others = imports(path)
    among_themselves = {name for name in ours if name.split(".")[0] == "checks"}
    if path.stem.startswith("ex"):
        assert among_themselves <= {"checks.kinds"}
    assert ours - among_themselves <= CORE
    # SymPy is looked at when an answer is made with it, and not imported.
    assert others <= {"numpy", "scipy"} | sys.stdlib_module_names


def test_the_core_does_not_import_the_checks():
    code = "import sys, betabin; print(*sys.modules)"
    listed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not [name for name in listed.split() if name.startswith(("betabin.checks", "sympy"))]


def test_every_module_has_its_layer():
    modules = {path.stem for path in (ROOT / "src" / "betabin").glob("*.py")} - {"__init__"}
    assert modules == set(LAYERS)
