"""What holds the code of a submission in: limits, and on Linux namespaces where the system grants them.

`choose` tries what this machine can do, best first, by starting Python behind each kind of door:

``namespaces``
    The kernel sees no file but Python's, the package's and the lab's, no other process and no network,
    and all it started dies with it. For root, it runs as a user of its own. On Linux, where the grader
    is root or users may make namespaces.
``limits``
    Limits on time, memory, processes and files alone; the code runs as the user who grades (as root: as a
    user of its own, where that user can start Python).
"""

import dataclasses
import json
import os
import shutil
import site
import subprocess
import sys
import tempfile
from pathlib import Path

import betabin

_HERE = Path(__file__).parent
_MEBIBYTE = 2**20
# User identifiers that belong to nobody, one for each submission that runs at the same time.
_FIRST_UID = 65_000
_PROGRAMS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/nix/store")


@dataclasses.dataclass(frozen=True)
class Limits:
    """What one submission may use: seconds, mebibytes, processes and threads."""

    cell_seconds: float = 60
    total_seconds: float = 600
    memory_mb: int = 2048
    disk_mb: int = 256
    processes: int = 64

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
        if self.kind == "namespaces":
            return f"in namespaces of its own, {who}: no network, no file but its own"
        if not self.other_user and os.getuid() == 0:
            who = "as root, whose processes no limit counts (better grade as an ordinary user)"
        return f"under limits alone, {who}: it can read, and without a user of its own write, your files"


def _programs() -> list[str]:
    """The folders Python needs to start: the system's, its own, and the package's."""
    executable = Path(sys.executable)
    found = [Path(path) for path in _PROGRAMS]
    found += [Path(sys.prefix), Path(sys.base_prefix), executable.resolve().parents[1], *_package_path()]
    found += [Path(path) for path in site.getsitepackages()]
    distinct = [path for path in dict.fromkeys(found) if path.exists()]
    return [
        str(path)
        for path in distinct
        if path != Path("/") and not any(path != other and path.is_relative_to(other) for other in distinct)
    ]


def _package_path() -> list[Path]:
    return [Path(betabin.__file__).resolve().parents[1]]


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


class Cell:
    """The folder of one submission and the command that starts a kernel shut in there.

    `folder` is where the notebook runs, `sockets` where the grader meets the kernel.
    """

    def __init__(
        self,
        workspace: Path,
        door: Door,
        limits: Limits,
        *,
        slot: int = 0,
        hidden: tuple[Path, ...] = (),
        modules: tuple[str, ...] = (),
    ) -> None:
        self.sockets = workspace / "io"
        scratch = workspace / "own"
        self.folder = scratch / "lab"
        home = scratch / "home"
        for folder in (self.sockets, self.folder, home / "tmp", workspace / "root"):
            folder.mkdir(parents=True)
        shutil.copy(_HERE / "kernel.py", workspace / "kernel.py")
        uid = _FIRST_UID + slot if door.other_user else None
        if door.other_user and door.kind == "limits":
            for path in (scratch, self.folder, home, home / "tmp"):
                os.chown(path, uid, uid)
        workspace.chmod(0o711)
        (workspace / "kernel.py").chmod(0o644)
        single = dict.fromkeys(
            ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "MALLOC_ARENA_MAX"), "1"
        )
        spec = {
            "namespaces": door.kind == "namespaces",
            "root": str(workspace / "root"),
            "visible": [*_programs(), str(workspace / "kernel.py")],
            "hidden": [str(path.resolve()) for path in hidden],
            "sockets": str(self.sockets),
            "scratch": str(scratch),
            "folder": str(self.folder),
            "uid": uid,
            "disk_mb": limits.disk_mb,
            "limits": _limits(limits, door),
            "argv": [
                sys.executable,
                "-I",
                "-B",
                str(workspace / "kernel.py"),
                json.dumps([str(path) for path in _package_path()]),
                json.dumps(modules),
            ],
            "env": {
                "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
                "HOME": str(home),
                "TMPDIR": str(home / "tmp"),
                "IPYTHONDIR": str(home / "ipython"),
                "JUPYTER_CONFIG_DIR": str(home / "jupyter"),
                "JUPYTER_RUNTIME_DIR": str(home / "jupyter"),
                "MPLCONFIGDIR": str(home / "matplotlib"),
                "LANG": "C.UTF-8",
                "PYTHONHASHSEED": "0",
                "NBGRADER_EXECUTION": "autograde",
                **single,
            },
        }
        self._spec = workspace / "spec.json"
        self._spec.write_text(json.dumps(spec), encoding="utf-8")
        self.home = home
        self._door = door

    def command(self) -> list[str]:
        """Return the command that, followed by a connection file, starts the kernel."""
        jail = [sys.executable, "-I", "-S", "-B", str(_HERE / "jail.py"), str(self._spec)]
        if self._door.kind != "namespaces":
            return jail
        user = [] if self._door.other_user else ["--user", "--map-root-user"]
        return [
            *("setpriv", "--pdeathsig", "KILL", "unshare", *user),
            *("--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child", "--", *jail),
        ]


def choose(limits: Limits) -> Door:
    """Find the best door this machine has, by starting a kernel's libraries behind it."""
    root = os.getuid() == 0
    kinds = ["namespaces", "limits"] if sys.platform == "linux" else ["limits"]
    users = [True, False] if root else [False]
    said = ""
    for kind in kinds:
        for other_user in users if kind == "limits" else [root]:
            door = Door(kind, other_user)
            works, said = _works(door, limits)
            if works:
                return door
    raise RuntimeError(f"Python cannot start under these limits; memory_mb may be too low. It said: {said}")


def _works(door: Door, limits: Limits) -> tuple[bool, str]:
    with tempfile.TemporaryDirectory(prefix="grade-") as folder:
        workspace = Path(folder)
        cell = Cell(workspace, door, limits)
        # In place of a kernel: a script that says, through the sockets' folder, that it got so far.
        (workspace / "kernel.py").write_text(
            "import pathlib, sys, ipykernel, numpy\npathlib.Path(sys.argv[-1]).write_text('started')\n",
            encoding="utf-8",
        )
        answer = cell.sockets / "kernel.json"
        answer.touch()
        try:
            done = subprocess.run(
                [*cell.command(), str(answer)], capture_output=True, timeout=120, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return False, str(error)
        return answer.read_text(encoding="utf-8") == "started", done.stderr.decode(errors="replace")[-500:]
