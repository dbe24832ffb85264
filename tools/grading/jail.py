"""Shut one kernel in: a script of the standard library alone that `sandbox` starts.

With namespaces (Linux) it builds a file system that holds Python, the package and the lab's folder, moves
in, and stays as the namespace's first process: when it ends, all that the kernel started ends. Without, it
only sets limits.
"""

import ctypes
import json
import os
import resource
import shutil
import signal
import sys
from pathlib import Path

_NOSUID, _NODEV, _READ_ONLY, _REMOUNT, _BIND, _RECURSIVE = 2, 4, 1, 32, 4096, 16384
_KEPT_FLAGS = (
    2 | 4 | 8 | 1024 | 2048
)  # nosuid, nodev, noexec, noatime, nodiratime: a user may not lift them
_DEATH_SIGNAL, _CAPBSET_DROP, _NO_NEW_PRIVS = 1, 24, 38
_DEVICES = ("null", "zero", "full", "random", "urandom")


def _mount(source, target, kind=None, flags=0, data=None):
    libc = ctypes.CDLL(None, use_errno=True)
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    if libc.mount(*encoded[:3], ctypes.c_ulong(flags), encoded[3]) != 0:
        raise OSError(ctypes.get_errno(), f"cannot mount {source} on {target}")


def _bind(path, root, writable=False):
    path = Path(path)
    target = Path(root + str(path))
    if target.is_symlink() or not path.exists():
        return
    if path.is_symlink():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(path.readlink())
        return
    if path.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    _mount(path, target, flags=_BIND | _RECURSIVE)
    if not writable:
        kept = os.statvfs(path).f_flag & _KEPT_FLAGS
        _mount(None, target, flags=_BIND | _REMOUNT | _READ_ONLY | _NOSUID | kept)


def _move_in(spec):
    """Make the new root and go there: read-only programs, the kernel's sockets, a folder in memory."""
    root = spec["root"]
    _mount("tmpfs", root, "tmpfs", _NOSUID | _NODEV, "size=16m,mode=755")
    for folder in ("/dev/shm", "/tmp"):
        Path(root + folder).mkdir(parents=True, exist_ok=True)
        _mount("tmpfs", root + folder, "tmpfs", _NOSUID | _NODEV, "size=64m,mode=1777")
    for path in spec["visible"]:
        _bind(path, root)
    for path in spec["hidden"]:
        if Path(root + path).is_dir():
            _mount("tmpfs", root + path, "tmpfs", _NOSUID | _NODEV, "size=4k,mode=700")
    for name in _DEVICES:
        _bind(f"/dev/{name}", root, writable=True)
    Path(root + "/proc").mkdir()
    _mount("proc", root + "/proc", "proc", _NOSUID | _NODEV)
    _bind(spec["sockets"], root, writable=True)
    scratch = root + spec["scratch"]
    Path(scratch).mkdir(parents=True)
    _mount("tmpfs", scratch, "tmpfs", _NOSUID | _NODEV, f"size={spec['disk_mb']}m,mode=755")
    shutil.copytree(spec["scratch"], scratch, dirs_exist_ok=True)
    if spec["uid"] is not None:
        for folder, _, files in os.walk(scratch):
            for path in (folder, *(os.path.join(folder, name) for name in files)):  # noqa: PTH118
                os.chown(path, spec["uid"], spec["uid"])
    os.chroot(root)


def _set_limits(limits):
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is None:
            continue
        try:
            hard = resource.getrlimit(kind)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError) as error:  # macOS knows the name of some limits, but not the limit
            print(f"limit {name} not set: {error}", file=sys.stderr)


def _give_up_privileges(uid):
    if uid is not None:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        for capability in range(64):
            libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0)
        libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)  # with the grader the kernel goes


def main(spec, connection_file):
    """Shut the door, then become the kernel."""
    uid = spec["uid"]
    if uid is not None:
        for path in (connection_file, spec["sockets"]):
            os.chown(path, uid, uid)
    if spec["namespaces"]:
        _move_in(spec)
    os.chdir(spec["folder"])
    _set_limits(spec["limits"])
    null = os.open("/dev/null", os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.closerange(3, 256)
    if not spec["namespaces"]:
        _give_up_privileges(uid)
        os.execve(spec["argv"][0], [*spec["argv"], connection_file], spec["env"])
    kernel = os.fork()
    if kernel == 0:
        _give_up_privileges(uid)
        os.execve(spec["argv"][0], [*spec["argv"], connection_file], spec["env"])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is meant for the kernel
    while True:
        ended, status = os.wait()
        if ended == kernel:
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), sys.argv[2])
