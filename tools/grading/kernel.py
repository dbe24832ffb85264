"""The kernel a submission runs on: IPython's, with its end of the bridge to the tests.

A script that `sandbox` starts: ``python kernel.py SPEC connection_file``. It takes on the submission's
user, folders and limits first, and on Linux gives up every file that is not for it.
"""

import ctypes
import importlib.util
import json
import os
import resource
import shutil
import signal
import struct
import sys
from pathlib import Path

_DEATH_SIGNAL, _NO_NEW_PRIVS = 1, 38
# Landlock's system calls and rights; the same numbers on every kind of machine.
_NEW_RULES, _ADD_RULE, _RESTRICT = 444, 445, 446
_READ, _ALL = 0b1101, (1 << 13) - 1
_OF_FILES = 0b111 | 1 << 14 | 1 << 15
_LATER_RIGHTS = {2: 1 << 13, 3: 1 << 14, 5: 1 << 15}


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
        if spec["writable"]:  # bubblewrap has nothing else there
            shut_in(libc, spec["readable"], spec["writable"])
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


def shut_in(libc, readable, writable):
    """Give up, where Linux has Landlock, every file not below these folders, and every connection."""
    version = libc.syscall(_NEW_RULES, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return
    everything = _ALL | sum(right for since, right in _LATER_RIGHTS.items() if since <= version)
    # File rights; connecting over a network; signals and abstract sockets beyond what this starts.
    rules = struct.pack("QQQ", everything, 2 if version >= 4 else 0, 3 if version >= 6 else 0)
    rules = rules[: 8 if version < 4 else 16 if version < 6 else 24]
    handle = libc.syscall(_NEW_RULES, rules, ctypes.c_size_t(len(rules)), 0)
    for paths, rights in ((readable, _READ), (writable, everything)):
        for path in paths:
            try:
                place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except OSError:
                continue
            allowed = rights if Path(path).is_dir() else rights & _OF_FILES
            libc.syscall(_ADD_RULE, handle, 1, struct.pack("=Qi", allowed, place), 0)
            os.close(place)
    libc.syscall(_RESTRICT, handle, 0)
    os.close(handle)


def main():
    """Settle, remember, then run the kernel; or, for a try, say that this far all works."""
    spec, connection_file = json.loads(sys.argv[1]), sys.argv[2]
    settle(spec, connection_file)
    sys.path[:0] = ["", *spec["paths"]]  # a notebook imports what lies beside it
    if sys.argv[3:] == ["try"]:
        for name in ("ipykernel", "numpy"):
            importlib.import_module(name)
        Path(connection_file).write_text("started", encoding="utf-8")
        return
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.closerange(3, 256)
    about = importlib.util.spec_from_file_location("_grading_bridge", spec["bridge"])
    sys.modules["_grading_bridge"] = bridge = importlib.util.module_from_spec(about)
    about.loader.exec_module(bridge)
    sys.argv = [sys.argv[0], "-f", connection_file, "--HistoryManager.hist_file=:memory:"]
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()


if __name__ == "__main__":
    main()
