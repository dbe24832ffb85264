"""The repository keeps its own promises: README, versions, and what no file may contain."""

import ast
import doctest
import graphlib
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
    phony = set(
        re.search(r"^\.PHONY: ((?:.|\\\n)*?[^\\])$", makefile, re.MULTILINE)
        .group(1)
        .replace("\\", " ")
        .split()
    )
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


CORE = {"data", "sums", "model", "existence", "fit", "mle", "em", "information", "intervals"}
# A module or a folder of them: what it may stand on, and which libraries beside NumPy and SciPy.
LAYERS = {
    "data": (set(), set()),
    "sums": (set(), set()),
    "model": ({"sums"}, set()),
    "existence": ({"model"}, set()),
    "fit": ({"model"}, set()),
    "mle": ({"model", "existence", "fit"}, set()),
    "em": ({"model", "existence", "fit", "mle"}, set()),
    "information": ({"model", "fit", "mle"}, set()),
    "intervals": ({"model", "existence", "fit", "mle"}, set()),
    "plots": ({"model", "fit", "mle"}, {"matplotlib"}),
    # SymPy is looked at when an answer is made with it, and not imported.
    "checks": (CORE, set()),
    "explorers": (CORE | {"plots"}, set()),
    # The one place that knows how widgets are made.
    "explorers/frames": (set(), {"matplotlib", "ipywidgets", "IPython"}),
}
PACKAGE = ROOT / "src" / "betabin"
MODULES = {str(path.relative_to(PACKAGE).with_suffix("")): path for path in PACKAGE.rglob("*.py")}
del MODULES["__init__"]  # stands on all of the core


def imports(path):
    """What a module imports: ours, and the libraries."""
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            # "from package import module" names the module, "from module import name" does not.
            imported |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
    ours = {name.removeprefix("betabin.").replace(".", "/") for name in imported}
    return ours & set(MODULES), {name.split(".")[0] for name in imported} - {"betabin"}


@pytest.mark.parametrize("module", MODULES)
def test_modules_stand_on_those_below_them_alone(module):
    ours, others = imports(MODULES[module])
    folder = module.split("/")[0]
    below, libraries = LAYERS.get(module) or LAYERS[folder]
    assert {name.split("/")[0] for name in ours} <= below | ({folder} if "/" in module else set())
    assert others <= {"numpy", "scipy"} | libraries | sys.stdlib_module_names


def test_no_module_stands_on_one_that_stands_on_it():
    graph = {module: imports(path)[0] for module, path in MODULES.items()}
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) == len(MODULES)


def test_sets_of_checks_know_nothing_of_each_other():
    for module, path in MODULES.items():
        if module.startswith("checks/ex"):
            assert {name for name in imports(path)[0] if name.startswith("checks")} <= {
                "checks/kinds",
                "checks/_seasons",
            }


def test_the_core_imports_neither_checks_nor_pictures():
    code = "import sys, betabin; print(*sys.modules)"
    listed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    heavy = ("betabin.checks", "betabin.explorers", "sympy", "matplotlib", "ipywidgets")
    assert not [name for name in listed.split() if name.startswith(heavy)]
