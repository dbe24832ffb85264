"""Run a test outside the kernel that the student's code runs in, on what that code answers at the bridge.

A test is written as for one kernel: it uses the names of the student's functions and answers, and those of
the lab's own imports and helpers. The latter are taken from the lab, so nobody can replace them; the former
are asked for at the other end.
"""

import ast
import builtins
import contextlib
import io
import math
import os
import signal
import warnings
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

from grading.bridge import End, GoneError, Remote
from grading.lab import parse


class _Names(dict):
    """The names that tests see: their own and the lab's, then Python's, then those at the other end."""

    end: End | None = None

    def __missing__(self, name: str) -> object:
        if hasattr(builtins, name) or self.end is None:
            raise KeyError(name)
        found = self.end.ask("name", name)
        if isinstance(found, Remote) and found._kind == "module":
            raise NameError(f"the test uses the module {name!r}, which no cell of the lab imports")
        return found


class Trials:
    """The tests of one submission, in their order, in one namespace."""

    def __init__(self, folder: Path, seconds: float, handed_out: list[str]) -> None:
        """Take the lab's folder, the seconds a test may take, and the sources of the release's code."""
        self._names, self._folder, self._seconds = _Names(__name__="__main__"), folder, seconds
        for source in handed_out:
            self._take_over(source, ast.Import, ast.ImportFrom)

    def fix(self, name: str, value: object) -> None:
        """Give the tests a name's value, whatever the student's code makes of it."""
        self._names[name] = value

    def learn(self, source: str, end: End) -> None:
        """Take over what a locked cell defines: functions and constants, which are the lab's."""
        self._names.end = end
        self._take_over(source, ast.FunctionDef, ast.ClassDef, ast.Assign)

    def _take_over(self, source: str, *kinds: type) -> None:
        for node in parse(source).body:
            if isinstance(node, kinds) and (not isinstance(node, ast.Assign) or _is_literal(node.value)):
                with contextlib.suppress(Exception):  # what it needs may be wrong at the other end
                    exec(compile(ast.Module([node], []), "lab", "exec"), self._names)

    def run(self, source: str, end: End) -> list[nbformat.NotebookNode]:
        """Run a test; return its outputs as a kernel would have: text, then an error or a number."""
        self._names.end = end
        said, outputs, value = io.StringIO(), [], None
        try:
            with self._inside(said):
                value = self._run(source)
        except GoneError:
            raise
        except BaseException as error:
            outputs = [_failed(type(error).__name__, str(error)[:2000])]
        if value is not None and not outputs:
            try:
                points = float(value)
            except (TypeError, ValueError):
                points = 0.0 if isinstance(value, Remote) else None
            if points is not None and not math.isfinite(points):
                outputs = [_failed("NoPoints", "the test did not come to a number of points")]
            elif points is not None:
                outputs = [nbformat.v4.new_output("execute_result", {"text/plain": repr(points)})]
        text = said.getvalue()[:100_000]
        return [*([nbformat.v4.new_output("stream", name="stdout", text=text)] if text else []), *outputs]

    def _run(self, source: str) -> object:
        body = ast.parse(TransformerManager().transform_cell(source)).body
        last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), "test", "exec"), self._names)
        return eval(compile(ast.Expression(last.value), "test", "eval"), self._names) if last else None

    @contextlib.contextmanager
    def _inside(self, said: io.StringIO):
        """Run in the lab's folder, with a bound on the processor's time that what came back may cost."""

        def too_long(*_):
            raise GoneError(f"the test took more than {self._seconds:g} s of processor time on the answers")

        before = signal.signal(signal.SIGPROF, too_long)
        signal.setitimer(signal.ITIMER_PROF, self._seconds)
        here = os.open(".", os.O_RDONLY)
        os.chdir(self._folder)
        try:
            with (
                contextlib.redirect_stdout(said),
                contextlib.redirect_stderr(io.StringIO()),
                warnings.catch_warnings(),
            ):
                warnings.simplefilter("ignore")
                yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)
            os.fchdir(here)
            os.close(here)


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


def _failed(name: str, why: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_output("error", ename=name, evalue=why, traceback=[f"{name}: {why}"])
