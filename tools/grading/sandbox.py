"""What holds the code of a submission in: bubblewrap where this machine has it, and limits everywhere.

`choose` tries what this machine can do, best first, by starting Python behind each kind of door:

``bubblewrap``
    The kernel sees no file but Python's, the package's and the lab's, no other process and no network,
    and all it started dies with it. For root, it runs as a user of its own. On Linux, with Debian's
    ``bwrap``, where the grader is root or users may make namespaces.
``limits``
    Limits on time, memory, processes and files alone; the code runs as the user who grades. For root, it
    runs as a user of its own, or not at all. Where Linux has Landlock, since 5.13, it reaches no file
    but its own and a shared ``/tmp``, and since 6.12 no process but those it started.
"""

import ctypes
import dataclasses
import importlib.util
import json
import os
import shutil
import site
import subprocess
import sys
import tempfile
from pathlib import Path

_HERE = Path(__file__).parent
_MEBIBYTE = 2**20
# User identifiers that belong to nobody, one for each submission that runs at the same time.
_FIRST_UID = 65_000
# Temporary folders that are everybody's.
_SHARED = (Path("/tmp"), Path("/var/tmp"))
_PROGRAMS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/nix/store")


@dataclasses.dataclass(frozen=True)
class Limits:
    """What one submission may use: seconds of the processor, mebibytes, processes and threads.

    By the wall's clock it may take `patience` times as long: it waits its turn on a busy machine.
    """

    cell_seconds: float = 60
    total_seconds: float = 600
    memory_mb: int = 2048
    disk_mb: int = 256
    processes: int = 64
    patience: float = 5

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if not getattr(self, field.name) > 0:
                raise ValueError(f"{field.name} must be above 0, got {getattr(self, field.name)}")


@dataclasses.dataclass(frozen=True)
class Door:
    """How the kernel is shut in on this machine: `kind`, and whether it runs as another user."""

    kind: str
    other_user: bool

    def __str__(self) -> str:
        who = "as a user of its own" if self.other_user else "as you"
        if self.kind == "bubblewrap":
            return f"in bubblewrap, {who}: no network, no file but its own"
        mend = (
            "bubblewrap is here, but this system refuses it namespaces"
            if shutil.which("bwrap")
            else "on Linux, install bubblewrap to close that door"
        )
        reach = "no file but its own" if has_landlock() else "it can read, and as you write, your files"
        return f"under limits alone, {who}: {reach}; {mend}"


def has_landlock() -> bool:
    """Tell whether this system lets a process give up the files that are not for it."""
    return sys.platform == "linux" and ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1) >= 1


def _programs() -> list[Path]:
    """The folders Python needs to start: the system's, its own, and the package's."""
    executable = Path(sys.executable)
    found = [Path(path) for path in _PROGRAMS]
    found += [Path(sys.prefix), Path(sys.base_prefix), executable.resolve().parents[1], package().parent]
    found += [Path(path) for path in site.getsitepackages()]
    distinct = [path for path in dict.fromkeys(found) if path.exists() and path != Path("/")]
    return [
        path
        for path in distinct
        if not any(path != other and path.is_relative_to(other) for other in distinct)
    ]


def package() -> Path:
    """Return the folder of the book's package; to import that would take a second."""
    return Path(importlib.util.find_spec("betabin").origin).resolve().parent


def _above(path: Path) -> list[str]:
    """Return bubblewrap's options for the folders above a path, open to all; its own are for root alone."""
    return [
        word for above in list(path.parents)[-2::-1] for word in ("--perms", "0755", "--dir", str(above))
    ]


def _limits(limits: Limits, door: Door) -> dict[str, int]:
    processes = limits.processes
    if door.kind == "limits" and not door.other_user:
        processes += _threads_of_this_user()  # the system counts all of them
    return {
        "AS": limits.memory_mb * _MEBIBYTE,
        "FSIZE": limits.disk_mb * _MEBIBYTE,
        "NOFILE": 512,
        "NPROC": processes,
        "CORE": 0,
        "CPU": int(limits.total_seconds) + 5,
    }


def _threads_of_this_user() -> int:
    import psutil

    found = psutil.process_iter(["uids", "num_threads"])
    return sum(
        process.info["num_threads"] or 1
        for process in found
        if process.info["uids"] and process.info["uids"].real == os.getuid()
    )


def _hides(folder: Path, hidden: tuple[Path, ...]) -> bool:
    return any(path.resolve().is_relative_to(folder) for path in hidden)


class Cell:
    """The folder of one submission and the command that starts a kernel shut in there.

    What lies in `folder` when it starts, and in `home`, the kernel finds in folders of its own;
    `sockets` is where the grader meets it.
    """

    def __init__(
        self,
        workspace: Path,
        door: Door,
        limits: Limits,
        *,
        slot: int = 0,
        hidden: tuple[Path, ...] = (),
    ) -> None:
        self._door, self._hidden, self._disk = door, hidden, limits.disk_mb
        self.sockets = workspace / "io"
        self.folder, self.home = workspace / "given" / "lab", workspace / "given" / "home"
        self._own = workspace / "own"
        for folder in (self.sockets, self.folder, self.home / "tmp", self._own):
            folder.mkdir(parents=True)
        self._script, self._users = workspace / "kernel.py", workspace / "passwd"
        self._bridge = workspace / "bridge.py"
        for script in (self._script, self._bridge):
            shutil.copyfile(_HERE / script.name, script)
            script.chmod(0o644)
        uid = _FIRST_UID + slot if door.other_user else None
        number = os.getuid() if uid is None else uid
        self._users.write_text(
            f"student:x:{number}:{number}::{self._own / 'home'}:/bin/sh\n", encoding="utf-8"
        )
        if uid is not None:
            for path in (self.sockets, self._own):
                os.chown(path, uid, uid)
        for path, mode in ((workspace, 0o711), (self._users, 0o644)):
            path.chmod(mode)
        self._spec = {
            "given": str(workspace / "given"),
            "own": str(self._own),
            "uid": uid,
            "limits": _limits(limits, door),
            "paths": [str(package().parent)],
            "bridge": str(self._bridge),
            "readable": [str(path) for path in (*_programs(), workspace, "/proc", "/sys/devices")],
            "writable": [str(path) for path in self._writable()] if door.kind == "limits" else [],
        }

    def _writable(self) -> list[Path]:
        """What a kernel under limits alone may write: its own, devices, and what is for everyone."""
        shared = [folder for folder in _SHARED if not _hides(folder, self._hidden)]
        return [self._own, self.sockets, Path("/dev"), Path("/proc/self"), *shared]

    def command(self) -> list[str]:
        """Return the command that, followed by a connection file, starts the kernel."""
        home = self._own / "home"
        variables = {
            "PATH": os.pathsep.join(
                [str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]
            ),
            "HOME": home,
            "USER": "student",
            "LOGNAME": "student",
            "SHELL": "/bin/sh",
            "TMPDIR": home / "tmp",
            "IPYTHONDIR": home / "ipython",
            "JUPYTER_CONFIG_DIR": home / "jupyter",
            "JUPYTER_RUNTIME_DIR": home / "jupyter",
            "MPLCONFIGDIR": home / "matplotlib",
            "LANG": "C.UTF-8",
            "PYTHONHASHSEED": "0",
            "NBGRADER_EXECUTION": "autograde",
            "MALLOC_ARENA_MAX": 1,
            **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), 1),
        }
        kernel = ["env", "-i", *(f"{name}={value}" for name, value in variables.items())]
        kernel += [sys.executable, "-I", "-B", str(self._script), json.dumps(self._spec)]
        return kernel if self._door.kind == "limits" else [*self._bubblewrap(), "--", *kernel]

    def _bubblewrap(self) -> list[str]:
        """Return the command before the kernel's: read-only programs, folders in memory, the sockets."""
        programs = _programs()
        # An interrupt is meant for the kernel, which listens to it again.
        command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", "bwrap", "--die-with-parent"]
        command += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--cap-drop", "ALL"]
        if self._door.other_user:  # to become it; nothing is left of these once it has
            for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_CHOWN"):
                command += ["--cap-add", capability]
        else:
            command.append("--unshare-user")
        command += ["--dev", "/dev", "--proc", "/proc"]
        for path in ("/dev/shm", *map(str, _SHARED)):
            command += ["--perms", "1777", "--size", str(64 * _MEBIBYTE), "--tmpfs", path]
        # After those: this project or its Python may lie in a temporary folder.
        for path in programs:
            command += _above(path)
            if path.is_symlink():
                command += ["--symlink", str(path.readlink()), str(path)]
            else:
                command += ["--ro-bind", str(path), str(path)]
        for path in self._hidden:
            path = path.resolve()
            if path.is_dir() and any(path.is_relative_to(other) for other in programs):
                command += ["--perms", "0700", "--size", "4096", "--tmpfs", str(path)]
        command += _above(self._own)
        for path in (self._script, self._bridge, self._spec["given"]):
            command += ["--ro-bind", str(path), str(path)]
        command += ["--ro-bind", str(self._users), os.path.realpath("/etc/passwd")]
        command += ["--bind", str(self.sockets), str(self.sockets)]
        command += ["--perms", "1777", "--size", str(self._disk * _MEBIBYTE), "--tmpfs", str(self._own)]
        return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]


def short_folder(prefix: str) -> tempfile.TemporaryDirectory:
    """Make a temporary folder in which a socket has room: its path may have about a hundred bytes."""
    short = len(os.fsencode(tempfile.gettempdir())) <= 48
    return tempfile.TemporaryDirectory(prefix=prefix, dir=None if short else "/tmp")


def closed_folder(door: Door, hidden: tuple[Path, ...]) -> str:
    """Return what to say where a submission may not use the machine's temporary folders, or nothing."""
    shut = [str(folder) for folder in _SHARED if _hides(folder, hidden)]
    if door.kind != "limits" or not shut or not has_landlock():
        return ""
    return (
        f"the lab, the submissions or the results lie below {' and '.join(shut)}, so no submission may "
        "write there itself. One that does loses points, and its reason says so. Move them to another "
        "folder (FROM=, OUT=), or install bubblewrap"
    )


def choose(limits: Limits) -> Door:
    """Find the best door this machine has, by starting a kernel's libraries behind it."""
    # Never as root, who may end every process of the machine.
    doors = [Door(kind, os.getuid() == 0) for kind in ("bubblewrap", "limits")]
    said = ""
    for door in doors[not shutil.which("bwrap") :]:
        works, said = _works(door, limits)
        if works:
            return door
    mend = "memory_mb may be too low"
    if os.getuid() == 0:
        mend = "install bubblewrap, or grade as an ordinary user"
        if private := _private_folders():
            mend += f"; submissions run as another user here, who may not enter {', '.join(private)}"
    raise RuntimeError(f"Python cannot start under these limits; {mend}. It said: {said}")


def _private_folders() -> list[str]:
    """Return the folders of Python or the package that other users may not enter."""
    needed = dict.fromkeys(above for path in _programs() for above in (*path.parents, path))
    return [str(folder) for folder in needed if not folder.stat().st_mode & 0o001]


def _works(door: Door, limits: Limits) -> tuple[bool, str]:
    with short_folder("grade-") as folder:
        cell = Cell(Path(folder) / "c", door, limits)
        Path(folder).chmod(0o711)
        answer = cell.sockets / "kernel.json"
        answer.touch()
        try:
            done = subprocess.run(
                [*cell.command(), str(answer), "try"], capture_output=True, timeout=120, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return False, str(error)
        return answer.read_text(encoding="utf-8") == "started", done.stderr.decode(errors="replace")[-500:]
