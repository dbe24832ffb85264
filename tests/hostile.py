"""Submissions that are broken, careless or hostile: what each looks like, and what must come of it.

A name; what is done (to the answers, the notebook, the bytes); the points by question that must come of it,
or None where they may differ from machine to machine; and words that the reason must hold.
"""

import json

import nbformat
from labfixture import AVERAGE, ESSAY_STUB, SHRINK, answered

FULL = {"average_test": 4, "shrink_test": 2}
FIRST_LOST = {"average_test": 0, "shrink_test": 2}
SECOND_LOST = {"average_test": 4, "shrink_test": 0}
NOTHING = {"average_test": 0, "shrink_test": 0}

# Where a busy machine may run into the limit of 3 s first, and lose more.
SLOW = {"infinite loop", "memory hog", "huge output", "many outputs", "endless recursion"}

# Code before a right answer to the first question: what it does must cost at most what it breaks.
CODE = {
    # Two honest ones: what runs on a student's machine.
    "habits": (
        "!ls\nfiles = !ls\n%pip --version\n"
        "get_ipython().run_cell_magic('bash', '', 'echo hello')\n"
        "import getpass, multiprocessing, os, pathlib, pty, tempfile, matplotlib\n"
        "here, there = pty.openpty()\n"
        "for place in (pathlib.Path.home(), tempfile.gettempdir(), '.', matplotlib.get_cachedir()):\n"
        "    pathlib.Path(place, 'written').write_text('x')\n"
        "assert 'season.csv' in files and getpass.getuser() and os.cpu_count() >= 1\n"
        "multiprocessing.Lock()",
        FULL,
        "",
    ),
    # By itself: a slow machine needs half of the 3 s for it.
    "a plot": ("import matplotlib.pyplot as plt\nplt.plot([1, 2])", FULL, ""),
    "infinite loop": ("while True: pass", FIRST_LOST, "took more than 3 s of processor time"),
    "loop that cannot be interrupted": (
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        NOTHING,
        "could not be stopped",
    ),
    "memory hog": ("hog = [bytearray(2**28) for _ in range(100)]", FIRST_LOST, "MemoryError"),
    "sleeper": ("import time; time.sleep(1000)", FIRST_LOST, "took more than 15 s by the clock"),
    "sys exit": ("import sys; sys.exit(0)", FIRST_LOST, "code cell 3 ended in SystemExit"),
    "os _exit": ("import os; os._exit(0)", NOTHING, "kernel died"),
    "kill itself": ("import os; os.kill(os.getpid(), 9)", NOTHING, "kernel died"),
    "kill parent": ("import os; os.kill(os.getppid(), 9)", None, ""),
    "kill all": ("import os; os.kill(-1, 9)", None, ""),
    "segmentation fault": ("import ctypes; ctypes.string_at(0)", NOTHING, "kernel died"),
    "fork bomb": (
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        None,
        "",
    ),
    "huge output": ("for _ in range(20_000): print('x' * 10_000)", None, "printed too much"),
    "huge message": ("print('x' * 150_000_000)", None, ""),
    "many outputs": (
        "from IPython.display import display\nfor i in range(3000): display(i)",
        FULL,
        "printed too much",
    ),
    "changed folder": ("import os; os.chdir('/')", FULL, ""),
    "closed stdout": ("import os, sys; sys.stdout.close(); os.close(1); os.close(2)", None, ""),
    "replaced NumPy": (
        "np.isclose = np.allclose = lambda *a, **k: True\nnp.testing.assert_allclose = print\n"
        "def average(x, n): return 7",
        FIRST_LOST,
        "",
    ),
    "replaced builtins": (
        "import builtins\nbuiltins.abs = lambda *a: 4",
        FULL,
        "",
    ),
    "imports under the tests' names": (
        "from builtins import len as abs\nimport math as np\nfrom operator import truth as isclose\n"
        "def average(x, n): return 7",
        FIRST_LOST,
        "",
    ),
    "replaced int": ("import builtins\nbuiltins.int = lambda *a: 4", None, ""),
    "replaced run_cell": (
        "from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult\n"
        "shell = get_ipython()\n"
        "def nothing(source='', *a, **k):\n"
        "    return ExecutionResult(ExecutionInfo(source, False, False, False, None))\n"
        "async def nothing_async(*a, **k): return nothing()\n"
        "shell.run_cell, shell.run_cell_async = nothing, nothing_async",
        NOTHING,
        "average_test did not run to its end",
    ),
    "asserts taken out": (
        "import ast\n"
        "class Out(ast.NodeTransformer):\n"
        "    def visit_Assert(self, node): return ast.Pass()\n"
        "get_ipython().ast_transformers.append(Out())\n"
        "def average(x, n): return 7",
        FIRST_LOST,
        "",
    ),
    "replaced showtraceback": (
        "get_ipython().showtraceback = lambda *a, **k: None\naverage = None",
        FIRST_LOST,
        "",
    ),
    "replaced displayhook": (
        "import sys\nsys.displayhook = lambda *a: None\nget_ipython().display_trap.hook = lambda *a: None\n"
        "def average(x, n): return 0.25",
        {"average_test": 1, "shrink_test": 2},  # what is right of it
        "",
    ),
    "input": ("answer = input('x')", FIRST_LOST, "code cell 3 ended in StdinNotImplementedError"),
    "endless recursion": ("def f(): return f()\nf()", FIRST_LOST, "RecursionError"),
    "exit in repr": (
        "class Rude:\n    def __repr__(self): raise SystemExit\nRude()",
        None,
        "",
    ),
    "threads left": (
        "import threading, time\n"
        "for _ in range(10): threading.Thread(target=time.sleep, args=(300,)).start()",
        FULL,
        "",
    ),
    "process left": (
        "import subprocess, sys\n"
        "code = 'MARK = \"left-by-a-student\"; import time; time.sleep(300)'\n"
        "subprocess.Popen([sys.executable, '-c', code],"
        " start_new_session=True)",
        FULL,
        "",
    ),
    "deletes its folder": ("import os, shutil; shutil.rmtree(os.getcwd(), ignore_errors=True)", FULL, ""),
    "closes all files": ("import os; os.closerange(0, 1000)", None, ""),
    "fills the disk": (
        "for i in range(100):\n    with open(f'{i}', 'wb') as file: file.write(bytes(2**24))",
        None,  # bubblewrap's disk is full, and without it only one file is bounded
        "",
    ),
}
# The answer itself is at fault.
ANSWERS = {
    "NaN answer": ({"average": "def average(x, n): return np.nan"}, FIRST_LOST, ""),
    "NaN points": (
        {
            "average": "class N(float):\n    def __radd__(self, o): return np.nan\n    __add__ = __radd__\n"
            "    def __array__(self, *a, **k): return np.array(0.25)\n"
            "def average(x, n): return N(0.25)"
        },
        None,
        "",
    ),
    "exit when called": ({"average": "def average(x, n): raise SystemExit"}, FIRST_LOST, ""),
    "no answers": ({"average": "...", "shrink": "..."}, NOTHING, ""),
    "syntax error": (
        {"average": "def average(x, n) return"},
        FIRST_LOST,
        "code cell 3 ended in SyntaxError",
    ),
    "partial": (
        {"average": "def average(x, n): return np.mean(x) / np.mean(n)"},
        {"average_test": 2, "shrink_test": 2},
        "",
    ),
    "warns": (
        {
            "average": "import warnings\ndef average(x, n):\n    warnings.warn('odd')\n"
            "    return np.asarray(x) / np.asarray(n)"
        },
        FULL,
        "",
    ),
}


def attacks_on_files(targets):
    """Code that tries to read and overwrite files it must not reach."""
    return (
        "from pathlib import Path\nfor path in " + repr([str(path) for path in targets]) + ":\n"
        "    try:\n        print('READ', len(Path(path).read_bytes()))\n    except OSError: pass\n"
        "    try:\n        Path(path).write_text('overwritten')\n    except OSError: pass"
    )


def code(release, student, before):
    """A notebook whose first answer comes after some code, or is that code if it says what `average` is."""
    whole = "def average" in before or "average =" in before
    return answered(release, student, average=before if whole else f"{before}\n{AVERAGE}")


def _cells(notebook, name):
    return [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name]


def deleted_tests(notebook):
    notebook.cells = [cell for cell in notebook.cells if not cell.source.startswith("import numpy")]


def edited_tests(notebook):
    for name in ("average_test", "shrink_test"):
        _cells(notebook, name)[0].source = "4"


def edited_marks(notebook):
    for name in ("average_test", "shrink_test"):
        mark = _cells(notebook, name)[0].metadata.nbgrader
        mark.update(points=100, grade=False, locked=False, solution=True)
        _cells(notebook, name)[0].source = "4"


def skip_tags(notebook):
    for name in ("average_test", "shrink_test"):
        _cells(notebook, name)[0].metadata["tags"] = ["skip-execution", "raises-exception"]
    _cells(notebook, "average")[0].source = "pass"


def duplicate_cells(notebook):
    for name in ("average_test", "average"):
        again = nbformat.from_dict(json.loads(json.dumps(_cells(notebook, name)[0])))
        again.source = again.source.replace("0.25", "0.24")
        again.id = f"again-{len(name)}"
        notebook.cells.insert(1, again)


def missing_cells(notebook):
    notebook.cells = [cell for cell in notebook.cells if "nbgrader" not in cell.metadata]


def missing_answer(notebook):
    notebook.cells.remove(_cells(notebook, "shrink")[0])
    notebook.cells.remove(_cells(notebook, "shrink_test")[0])


def unknown_marks(notebook):
    mark = {
        "grade": True,
        "solution": False,
        "locked": True,
        "points": 50,
        "grade_id": "mine",
        "schema_version": 3,
    }
    notebook.cells.append(nbformat.v4.new_code_cell("50", metadata={"nbgrader": mark}))


def wrong_kernel(notebook):
    notebook.metadata["kernelspec"] = {"name": "ir", "display_name": "R", "language": "R"}
    notebook.metadata["language_info"] = {"name": "R"}


def changed_types(notebook):
    cell = _cells(notebook, "average_test")[0]
    cell.cell_type = "markdown"
    del cell["outputs"], cell["execution_count"]


def no_marks(notebook):
    for cell in notebook.cells:
        cell.metadata = {}


def no_marks_no_numbers(notebook):
    no_marks(notebook)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"other-{number}"


def _empty(notebook):
    essay = _cells(notebook, "essay")[0]
    essay.source = ESSAY_STUB
    return essay


def essay_beside(notebook):
    _empty(notebook)
    notebook.cells.append(nbformat.v4.new_markdown_cell("My answer: we lean on the others."))


def essay_in_a_copy(notebook):
    again = nbformat.from_dict(json.loads(json.dumps(_cells(notebook, "essay")[0])))
    again.id, again.source = "copy", ESSAY_STUB
    notebook.cells.append(again)


def no_essay(notebook):
    _empty(notebook)


NOTEBOOKS = {
    "deleted tests": (deleted_tests, FULL, "missing and restored: imports, average_test, shrink_test"),
    "edited tests": (edited_tests, FULL, "for their text differed: average_test, shrink_test"),
    "edited marks": (edited_marks, FULL, "for their text differed"),
    "no marks": (no_marks, FULL, "without nbgrader's mark, found by number or text"),
    "no marks and no numbers": (no_marks_no_numbers, FULL, "without nbgrader's mark"),
    "essay beside its cell": (essay_beside, {**FULL, "essay": None}, "read those for: essay"),
    "essay in a copy": (essay_in_a_copy, {**FULL, "essay": None}, "repeated: essay"),
    "no essay": (no_essay, {**FULL, "essay": 0}, "not answered: essay"),
    "skip tags": (skip_tags, FIRST_LOST, ""),
    "duplicate cells": (duplicate_cells, FULL, "repeated: average, average_test"),
    "missing cells": (missing_cells, NOTHING, "missing and restored"),
    "missing answer": (missing_answer, SECOND_LOST, "missing and restored: shrink, shrink_test"),
    "unknown marks": (unknown_marks, FULL, ""),
    "wrong kernel": (wrong_kernel, FULL, ""),
    "changed types": (changed_types, FULL, ""),
}


def bytes_of(release):
    """Files that are no notebooks, or of another format."""
    whole = nbformat.writes(answered(release, "bytes")).encode()
    old = nbformat.writes(nbformat.convert(answered(release, "format three"), 3), version=3).encode()
    return {
        "not JSON": (b"{'cells': [}", None, "not JSON"),
        "cut short": (whole[: len(whole) // 2], None, "not JSON"),
        "empty file": (b"", None, "empty file"),
        "empty notebook": (nbformat.writes(nbformat.v4.new_notebook()).encode(), None, "without cells"),
        "JSON list": (b"[1, 2]", None, "not a notebook"),
        "invalid UTF-8": (whole.replace(b"lean", b"\xff\xfe"), None, "not UTF-8"),
        "deep JSON": (b"[" * 100_000, None, "not JSON"),
        "cell of no type": (
            b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{}]}',
            None,
            "not a notebook",
        ),
        "format three": (old, FULL, ""),
        "byte order mark": (
            b"\xef\xbb\xbf" + nbformat.writes(answered(release, "byte order mark")).encode(),
            FULL,
            "",
        ),
        "half a surrogate": (
            json.dumps(answered(release, "half a surrogate", shrink=SHRINK + "\n# \ud800")).encode(),
            FULL,
            "",
        ),
    }
