"""Grade many submissions, a few at a time, each by a process of its own that no student's code runs in."""

import ctypes
import dataclasses
import hashlib
import importlib.metadata
import json
import logging
import multiprocessing
import multiprocessing.connection
import multiprocessing.context
import multiprocessing.forkserver
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import IPython.lib.lexers  # noqa: F401 (feedback pages want it: once for all graders)
import nbformat
import psutil

from grading.lab import Lab, LabError, digest
from grading.mark import Marks, mark
from grading.sandbox import Door, Limits, package

_HERE = Path(__file__).parent
# What the grader of one submission may use itself: outputs are read in bounds, this is the second line.
_GRADER_MEMORY = 6 * 2**30
_CHILD_SUBREAPER, _DUMPABLE = 36, 4


@dataclasses.dataclass(frozen=True)
class Job:
    """What a grading process needs to know, apart from the submission."""

    lab: Lab
    door: Door
    limits: Limits
    scratch: Path
    hidden: tuple[Path, ...] = ()
    fonts: Path | None = None


def key(content: bytes, job: Job) -> str:
    """Return a hash over all a grade depends on: submission, lab, package, grader, limits, versions."""
    versions = [importlib.metadata.version(name) for name in ("nbgrader", "ipykernel", "numpy", "scipy")]
    about = [
        hashlib.sha256(content).hexdigest(),
        job.lab.name,
        job.lab.digest,
        digest(package()),
        digest(_HERE),
        dataclasses.astuple(job.limits),
        dataclasses.astuple(job.door),
        sys.version,
        versions,
    ]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:32]


def reference(job: Job) -> None:
    """Grade the lab's own solution, which must earn all points."""
    marks = next(iter(run([("the solution", job.lab.source)], job, 1)))[1]
    if marks.problem:
        raise LabError(f"the solution of {job.lab.name} cannot be graded: {marks.problem}")
    for question in job.lab.questions:
        earned = marks.points[question.name]
        if not question.by_hand and earned != question.points:
            raise LabError(
                f"the solution of {job.lab.name} earns {earned:g} of {question.points:g} points "
                f"in {question.name}" + "".join(f"; {note}" for note in marks.notes)
            )


def run(
    submissions: Iterable[tuple[str, bytes | nbformat.NotebookNode] | tuple[str, bytes, object]],
    job: Job,
    jobs: int,
) -> Iterable[tuple[str, Marks]]:
    """Yield (name, marks) as submissions are done, at most `jobs` at a time.

    A submission is its name, its content and, where it is known, what the notebook says its STUDENT_ID is.
    """
    context = start_server()
    waiting, running = list(submissions)[::-1], {}
    slots = list(range(jobs))
    patience = (job.limits.total_seconds + job.limits.cell_seconds) * job.limits.patience + 120
    try:
        while waiting or running:
            while waiting and slots:
                name, content, *more = waiting.pop()
                given = more[0] if more else None
                here, there = context.Pipe(duplex=False)
                slot = slots.pop()
                process = context.Process(target=_work, args=(there, content, given, job, slot))
                process.start()
                there.close()
                running[here] = (name, process, slot, time.monotonic() + patience)
            for here in multiprocessing.connection.wait(list(running), timeout=1):
                name, process, slot, _ = running.pop(here)
                marks = _receive(here, process)
                slots.append(slot)
                yield name, marks
            for here, (name, process, slot, deadline) in list(running.items()):
                if time.monotonic() > deadline:
                    del running[here]
                    _end(process)
                    slots.append(slot)
                    yield name, Marks(problem=f"its grading did not end within {patience:g} s")
    finally:
        for _, process, _, _ in running.values():
            _end(process)


def start_server() -> multiprocessing.context.ForkServerContext:
    """Start the server that forks graders, if it does not run, and don't wait for it.

    It imports once what each of them needs, which takes seconds: so start it early.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["grading.batch", "betabin", "scipy.stats"])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_HERE.parent), before]))
    try:
        multiprocessing.forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    return context


def _receive(here: multiprocessing.connection.Connection, process: multiprocessing.Process) -> Marks:
    try:
        marks = Marks(**json.loads(here.recv_bytes()))
    except EOFError:
        process.join(10)
        marks = Marks(problem=f"its grading ended without a result (exit code {process.exitcode})")
    finally:
        here.close()
    process.join(30)
    if process.is_alive():
        _end(process)
    return marks


def _end(process: multiprocessing.Process) -> None:
    if process.pid is not None and process.is_alive():
        _end_descendants(psutil.Process(process.pid))
        process.kill()
    process.join(10)


def _end_descendants(of: psutil.Process) -> None:
    """End all that a process started, and what those start meanwhile."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            left = [
                child for child in of.children(recursive=True) if child.status() != psutil.STATUS_ZOMBIE
            ]
        except psutil.NoSuchProcess:
            continue
        if not left:
            return
        for child in left:
            try:
                child.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(left, timeout=0.2)


def _work(there: multiprocessing.connection.Connection, content, given, job: Job, slot: int) -> None:
    """Grade one submission and send the marks; runs in a process of its own."""
    os.setpgid(0, 0)  # the terminal's Ctrl-C is for the batch, which ends us
    logging.disable(logging.CRITICAL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_CHILD_SUBREAPER, 1, 0, 0, 0)  # what a kernel leaves behind comes to us
        ctypes.CDLL(None).prctl(_DUMPABLE, 0, 0, 0, 0)  # no other process of this user may read our memory
        resource.setrlimit(resource.RLIMIT_AS, (_GRADER_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    try:
        marks = mark(
            content,
            job.lab,
            job.door,
            job.limits,
            job.scratch,
            given=given,
            slot=slot,
            hidden=job.hidden,
            fonts=job.fonts,
        )
    except MemoryError:
        marks = Marks(problem="its outputs do not fit into memory")
    except Exception as error:
        marks = Marks(problem=f"could not be graded: {type(error).__name__}: {error}"[:500])
    finally:
        _end_descendants(psutil.Process())
    there.send_bytes(json.dumps(dataclasses.asdict(marks)).encode())
    there.close()
    os._exit(0)  # an orderly end would wait for sockets whose other end is gone


def make_fonts(folder: Path) -> None:
    """Let Matplotlib list the fonts once, not once for every submission."""
    if not folder.is_dir():
        folder.mkdir(parents=True)
        subprocess.run(
            [sys.executable, "-c", "import matplotlib.font_manager"],
            env={**os.environ, "MPLCONFIGDIR": str(folder)},
            check=False,
            capture_output=True,
        )


def remembered(
    submissions: dict[str, tuple[bytes, object]],
    job: Job,
    jobs: int,
    store: Path,
    tell: Callable[[str, Marks, bool], None],
) -> dict[str, Marks]:
    """Grade what is new or changed, by name content and STUDENT_ID, and take the rest from `store`.

    `tell` hears of each as it is done: name, marks, whether new.
    """
    store.mkdir(parents=True, exist_ok=True)
    done, keys = {}, {name: key(content, job) for name, (content, _) in submissions.items()}
    for name in submissions:
        path = store / f"{keys[name]}.json"
        if path.is_file():
            done[name] = Marks(**json.loads(path.read_text(encoding="utf-8")))
            tell(name, done[name], False)
    new = [(name, *about) for name, about in submissions.items() if name not in done]
    if not new:
        return done
    reference(job)
    for name, marks in run(new, job, jobs):
        done[name] = marks
        if not marks.problem:
            path = store / f"{keys[name]}.json"
            unfinished = path.with_suffix(".part")
            unfinished.write_text(json.dumps(dataclasses.asdict(marks)), encoding="utf-8")
            unfinished.replace(path)
        tell(name, marks, True)
    return done
