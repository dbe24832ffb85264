"""Run a prepared notebook on a kernel behind a door, believing nothing but what proves that a test ran.

nbgrader takes a test cell without output for a passed one. Here that is not enough: a kernel that died, a
shell that was replaced, or a result that was held back must not earn points.
"""

import ast
import math
import secrets
import time

import nbformat
import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbclient.util import run_sync
from nbgrader import utils
from nbgrader.preprocessors import Execute
from traitlets import Any, Int

_TEXT_PER_CELL = 100_000
_OUTPUTS_PER_CELL = 200
_LARGEST_MESSAGE = 32 * 2**20
_LARGEST_PICTURE = 2 * 2**20


class GuardedExecute(Execute):
    """nbgrader's Execute with a door, a clock for the notebook, and proof that each test ran to its end."""

    door = Any(help="the `Cell` the kernel is shut in")
    limits = Any(help="the `Limits`")
    expected = Any({}, help="names of the tests whose last line is a number of points")
    written = Int(0)

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.notes = []
        self.stopped = ""
        self._started = time.monotonic()
        self._count = 0
        self.timeout_func = lambda _: min(self.limits.cell_seconds, max(self._left(), 0.1))
        self.shutdown_kernel = "immediate"
        self.iopub_timeout = 4
        self.startup_timeout = 60
        self.log.disabled = True

    def _left(self) -> float:
        return self._started + self.limits.total_seconds - time.monotonic()

    def create_kernel_manager(self) -> AsyncKernelManager:
        """Make a manager whose kernel is started behind the door and met at sockets in a folder."""
        manager = AsyncKernelManager(transport="ipc", ip=str(self.door.sockets / "s"))
        manager.connection_file = str(self.door.sockets / "kernel.json")
        manager.context = zmq.asyncio.Context()
        manager.context.setsockopt(zmq.MAXMSGSIZE, _LARGEST_MESSAGE)
        argv = [*self.door.command(), "{connection_file}"]
        manager._kernel_spec = KernelSpec(argv=argv, display_name="behind a door", language="python")
        manager.log.disabled = True
        self.comm_open_handlers = {}  # an Output widget would catch what a test says
        self.km = manager
        return manager

    def preprocess_cell(self, cell, resources, index):
        """Run one cell, unless the kernel is gone; what was not run is marked so."""
        if cell.cell_type != "code":
            return cell, resources
        self._count += 1
        if self.stopped:
            self._fail(cell, "NotRun", self.stopped)
            return cell, resources
        if self._left() <= 0:
            self.stopped = f"the notebook took more than {self.limits.total_seconds:g} s"
            self.notes.append(self.stopped)
            self._fail(cell, "NotRun", self.stopped)
            return cell, resources
        self.written = 0
        try:
            if utils.is_locked(cell):
                self._run_locked(cell, index)
            else:
                self.execute_cell(cell, index, store_history=True)
        except DeadKernelError:
            self._stop(cell, f"the kernel died in code cell {self._count}")
        except (CellTimeoutError, TimeoutError):
            self._stop(
                cell, f"code cell {self._count} took more than {self._seconds()} s and could not be stopped"
            )
        else:
            if any(output.get("ename") == "CellTimeoutError" for output in cell.outputs):
                self.notes.append(f"code cell {self._count} took more than {self._seconds()} s")
            if self.written > _TEXT_PER_CELL:
                self.notes.append(f"code cell {self._count} printed too much: cut")
        return cell, resources

    def _seconds(self) -> str:
        return f"{self.limits.cell_seconds:g}"

    def _stop(self, cell, why: str) -> None:
        self.stopped = why
        self.notes.append(why)
        self._fail(cell, "NotRun", why)

    def _run_locked(self, cell, index: int) -> None:
        """Run a locked cell with libraries put back and a secret planted, which is asked for afterwards."""
        replaced = run_sync(self._put_back)()
        if replaced:
            self.notes.append(f"put back before a test: {replaced}")
        source, secret = cell.source, secrets.token_hex(8)
        self._proof = None
        self._ask = True
        cell.source = planted(source, secret)
        try:
            self.execute_cell(cell, index, store_history=True)
        finally:
            cell.source = source
            self._ask = False
        if not utils.is_grade(cell):
            return
        failed = any(output.output_type == "error" for output in cell.outputs)
        if source.strip() and self._proof != repr(secret) and not failed:
            self._fail(
                cell, "NotRun", "the test did not run to its end: something in the notebook kept it from it"
            )
            self.notes.append(f"{cell.metadata.nbgrader.grade_id} did not run to its end")
        self._settle_points(cell)

    def _settle_points(self, cell) -> None:
        """Leave at most one result, a number in range; warnings on stderr do not count as errors."""
        name, most = cell.metadata.nbgrader.grade_id, float(cell.metadata.nbgrader.points)
        results = [output for output in cell.outputs if output.output_type == "execute_result"]
        errors = any(output.output_type == "error" for output in cell.outputs)
        points = [value for value in map(_number, results) if value is not None]
        cell.outputs = [
            output
            for output in cell.outputs
            if output.output_type != "execute_result" and output.get("name") != "stderr"
        ]
        if points and math.isfinite(points[-1]):
            inside = min(max(points[-1], 0.0), most)
            cell.outputs.append(
                nbformat.v4.new_output("execute_result", {"text/plain": repr(inside)}, execution_count=None)
            )
        elif points or (name in self.expected and not errors):
            self._fail(cell, "NoPoints", "the test did not come to a number of points")
            self.notes.append(f"{name} did not come to a number of points")

    async def async_start_new_kernel_client(self):
        """Connect; every request for a locked cell then asks for the secret too."""
        client = await super().async_start_new_kernel_client()
        send = client.execute
        self._ask = False

        def execute(code, **options):
            if self._ask:
                options["user_expressions"] = {"proof": "_grading_proof"}
            return send(code, **options)

        client.execute = execute
        return client

    start_new_kernel_client = run_sync(async_start_new_kernel_client)

    async def _put_back(self) -> str:
        code = "import _grading_guard"
        asked = {"names": "__import__('_grading_guard').put_back()"}
        message = self.kc.execute(code, silent=True, store_history=False, user_expressions=asked)
        reply = await self._reply(message)
        told = reply["content"].get("user_expressions", {}).get("names", {})
        text = told.get("data", {}).get("text/plain", "[]")
        return "" if text == "[]" else text.strip("[]").replace("'", "")[:200]

    async def _reply(self, message: str) -> dict:
        deadline = time.monotonic() + self.limits.cell_seconds
        while time.monotonic() < deadline:
            try:
                reply = await self.kc.shell_channel.get_msg(timeout=1)
            except Exception as error:
                if type(error).__name__ != "Empty":
                    raise
                await self._async_check_alive()
                continue
            if reply["parent_header"].get("msg_id") == message:
                return reply
        raise TimeoutError

    def on_cell_executed(self, **options):
        """Keep the proof, and let nbgrader record an error that was kept from showing."""
        content = options["execute_reply"]["content"]
        told = content.get("user_expressions", {}).get("proof", {})
        self._proof = told.get("data", {}).get("text/plain")
        content.setdefault("traceback", [])
        super().on_cell_executed(**options)

    def output(self, outs, msg, display_id, cell_index):
        """Keep an output if there is room for it; errors and results always are, cut to size."""
        kind, content = msg["msg_type"], msg["content"]
        if kind == "error":
            content["evalue"] = str(content.get("evalue"))[:2000]
            content["traceback"] = [str(line)[:5000] for line in content.get("traceback", [])][:50]
        elif kind == "stream":
            before, self.written = self.written, self.written + len(content["text"])
            content["text"] = content["text"][: max(_TEXT_PER_CELL - before, 0)]
            if not content["text"]:
                return None
            if outs and outs[-1].output_type == "stream" and outs[-1].name == content["name"]:
                outs[-1].text += content["text"]
                return outs[-1]
        elif "data" in content:
            content["data"] = {
                mime: value if mime.startswith("image/") else str(value)[:_TEXT_PER_CELL]
                for mime, value in content["data"].items()
                if mime.startswith(("text/", "image/")) and len(str(value)) <= _LARGEST_PICTURE
            }
        if len(outs) >= _OUTPUTS_PER_CELL and kind not in ("error", "execute_result"):
            self.written = _TEXT_PER_CELL + 1
            return None
        return super().output(outs, msg, None, cell_index)

    @staticmethod
    def _fail(cell, name: str, why: str) -> None:
        cell.outputs = [output for output in cell.outputs if output.output_type != "execute_result"]
        cell.outputs.append(nbformat.v4.new_output("error", ename=name, evalue=why, traceback=[why]))


def planted(source: str, secret: str) -> str:
    """Return the source with an assignment of the secret before its last expression, or else at its end."""
    line = f"_grading_proof = {secret!r}"
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a magic: at the end
        return f"{source}\n{line}"
    if not body or not isinstance(body[-1], ast.Expr):
        return f"{source}\n{line}"
    lines = source.splitlines()
    last = body[-1]
    before = lines[last.lineno - 1].encode()[: last.col_offset].decode()
    if before.strip():  # it shares its line with another statement
        return "\n".join(
            [*lines[: last.lineno - 1], before.rstrip().rstrip(";"), line, *_tail(lines, last)]
        )
    return "\n".join([*lines[: last.lineno - 1], line, *lines[last.lineno - 1 :]])


def _tail(lines: list[str], node: ast.Expr) -> list[str]:
    first = lines[node.lineno - 1].encode()[node.col_offset :].decode()
    return [first, *lines[node.lineno :]]


def _number(output: nbformat.NotebookNode) -> float | None:
    try:
        return float(output.data["text/plain"])
    except (KeyError, ValueError, TypeError):
        return None
