"""The kernel a submission runs on: IPython's, with a record of what its libraries were before.

A script that `sandbox` starts: ``python kernel.py SPEC connection_file``. It takes on the submission's
user, folders and limits first. Before each locked cell the grader calls `put_back`, so a student who
replaced `np.isclose`, or `sum`, does not decide what a test means.
"""

import ctypes
import importlib
import json
import os
import resource
import shutil
import signal
import sys
import types
from pathlib import Path

_DEATH_SIGNAL, _NO_NEW_PRIVS = 1, 38
_BEFORE: dict[str, dict[str, object]] = {}


def settle(spec, connection_file):
    """Become the submission's user, in its folders, under its limits."""
    if spec["uid"] is not None:
        os.chown(connection_file, spec["uid"], spec["uid"])
        os.setgroups([])
        os.setgid(spec["uid"])
        os.setuid(spec["uid"])
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)  # with the grader the kernel goes
    for folder in ("lab", "home"):
        shutil.copytree(
            Path(spec["given"]) / folder, Path(spec["own"]) / folder, copy_function=shutil.copyfile
        )
    os.chdir(Path(spec["own"]) / "lab")
    for name, value in spec["limits"].items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is None:
            continue
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError) as error:  # macOS knows the name of some limits, but not the limit
            print(f"limit {name} not set: {error}", file=sys.stderr)


def remember(modules):
    """Import the modules the tests use and note what is in them and in the modules below them."""
    for name in modules:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    tops = {name.split(".")[0] for name in modules} | {"builtins"}
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in tops and isinstance(module, types.ModuleType):
            _BEFORE[name] = dict(vars(module))


def put_back():
    """Restore what was replaced or removed; return its names."""
    replaced = []
    for name, before in _BEFORE.items():
        module = sys.modules.get(name)
        if module is None:
            continue
        now = vars(module)
        for attribute, value in before.items():
            if now.get(attribute, _BEFORE) is not value and not (
                attribute == "_" or attribute.startswith("__")
            ):
                now[attribute] = value
                replaced.append(f"{name}.{attribute}")
    shell = sys.modules["IPython"].get_ipython()
    if shell.ast_transformers:
        shell.ast_transformers.clear()
        replaced.append("ast_transformers")
    return replaced


def main():
    """Settle, remember, then run the kernel; or, for a try, say that this far all works."""
    spec, connection_file = json.loads(sys.argv[1]), sys.argv[2]
    settle(spec, connection_file)
    sys.path[:0] = spec["paths"]
    if sys.argv[3:] == ["try"]:
        for name in ("ipykernel", "numpy"):
            importlib.import_module(name)
        Path(connection_file).write_text("started", encoding="utf-8")
        return
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.closerange(3, 256)
    remember(spec["modules"])
    guard = types.ModuleType("_grading_guard")
    guard.put_back = put_back
    sys.modules["_grading_guard"] = guard
    sys.argv = [sys.argv[0], "-f", connection_file, "--HistoryManager.hist_file=:memory:"]
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()


if __name__ == "__main__":
    main()
