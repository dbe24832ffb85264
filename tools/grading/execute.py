"""Run a prepared notebook on a kernel behind a door, and its tests outside, on what the kernel answers."""

import asyncio
import socket
import time

import nbformat
import psutil
import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbclient.util import run_sync
from nbgrader import utils
from nbgrader.preprocessors import Execute
from traitlets import Any, Int

from grading.bridge import End, GoneError

_TEXT_PER_CELL = 100_000
_OUTPUTS_PER_CELL = 200
_LARGEST_MESSAGE = 32 * 2**20
_LARGEST_PICTURE = 2 * 2**20
_ERRORS_TOLD = 3
_GRACE = 60  # seconds for a kernel to be free, or for a cell's outputs to end, on a busy machine ...
_LITTLE_GRACE = 5  # ... and once it was interrupted


class _Clock:
    """What a kernel and all it started have used since a moment: its own time first, the wall's second.

    A busy machine makes the wall's clock run on while a submission waits its turn, so that one is generous.
    """

    def __init__(self, seconds: float, patience: float) -> None:
        self.seconds, self.patience = seconds, patience
        self.start(0.0)

    def start(self, used: float) -> None:
        self._used, self._then = used, time.monotonic()

    def over(self, used: float) -> str:
        """Return which limit is passed, or nothing."""
        if used - self._used > self.seconds:
            return f"took more than {self.seconds:g} s of processor time"
        if time.monotonic() - self._then > self.seconds * self.patience:
            return f"took more than {self.seconds * self.patience:g} s by the clock"
        return ""


class GuardedExecute(Execute):
    """nbgrader's Execute with a door, clocks, and tests that run where no student's code does."""

    door = Any(help="the `Cell` the kernel is shut in")
    limits = Any(help="the `Limits`")
    trials = Any(help="the `Trials` that run the tests")
    written = Int(0)

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.notes, self._errors, self._lab_cells = [], [], []
        self.stopped, self._grace = "", _GRACE
        self._count, self._used = 0, 0.0
        self._cell_clock = _Clock(self.limits.cell_seconds, self.limits.patience)
        self._clock = _Clock(self.limits.total_seconds, self.limits.patience)
        self.timeout_func = lambda _: None
        self.shutdown_kernel = "immediate"
        self.startup_timeout = 120
        self.log.disabled = True

    def create_kernel_manager(self) -> AsyncKernelManager:
        """Make a manager whose kernel is started behind the door and met at sockets in a folder."""
        manager = AsyncKernelManager(transport="ipc", ip=str(self.door.sockets / "s"))
        manager.connection_file = str(self.door.sockets / "kernel.json")
        manager.context = zmq.asyncio.Context()
        manager.context.setsockopt(zmq.MAXMSGSIZE, _LARGEST_MESSAGE)
        argv = [*self.door.command(), "{connection_file}"]
        manager._kernel_spec = KernelSpec(argv=argv, display_name="behind a door", language="python")
        manager.log.disabled = True
        self.comm_open_handlers = {}  # an Output widget would catch what a cell says
        self.km = manager
        return manager

    # Limits.

    def _time_used(self) -> float:
        """Return the processor's seconds of the kernel and of what it started, ended or not."""
        total = 0.0
        try:
            kernel = psutil.Process(self.km.provisioner.pid)
            for process in (kernel, *kernel.children(recursive=True)):
                try:
                    total += sum(process.cpu_times()[:4])
                except psutil.NoSuchProcess:
                    continue
        except (psutil.NoSuchProcess, AttributeError):
            pass
        self._used = max(self._used, total)
        return self._used

    def _over(self) -> str:
        used = self._time_used()
        whole = self._clock.over(used)
        return f"the notebook {whole}" if whole else self._cell_clock.over(used)

    async def _async_poll_for_reply(
        self, msg_id, cell, timeout, task_poll_output_msg, task_poll_kernel_alive
    ):
        """Wait for the end of a cell, or for that of its time; then the kernel is interrupted."""
        task_poll_kernel_alive.cancel()
        reply = await self._reply(msg_id, self._over)
        if isinstance(reply, str):
            self.notes.append(f"code cell {self._count} {reply}")
            await self._interrupt()
            reply = {"content": {**self.error_on_timeout, "status": "error", "evalue": reply}}
        done = asyncio.wait_for(task_poll_output_msg, self._grace)
        try:
            await done
        except Exception as error:
            if type(error).__name__ not in ("Empty", "TimeoutError"):
                raise
            raise CellTimeoutError("no end of its outputs") from None
        return reply

    async def _interrupt(self) -> None:
        self._grace = _LITTLE_GRACE
        await self.km.interrupt_kernel()

    async def _reply(self, message: str, over) -> dict | str:
        """Return the kernel's reply to a message, or what `over` says when it is time to stop waiting."""
        wait = 0.05
        while True:
            try:
                reply = await self.kc.shell_channel.get_msg(timeout=wait)
            except Exception as error:
                if type(error).__name__ != "Empty":
                    raise
                await self._async_check_alive()
                wait = 0.25
                if why := over():
                    return why
                continue
            if reply["parent_header"].get("msg_id") == message:
                return reply

    # Cells.

    def preprocess_cell(self, cell, resources, index):
        """Run one cell, unless the kernel is gone; what was not run is marked so."""
        if cell.cell_type != "code":
            return cell, resources
        self._count += 1
        whole = self._clock.over(self._time_used())
        if whole and not self.stopped:
            self.stopped = f"the notebook {whole}"
            self.notes.append(self.stopped)
        if self.stopped:
            self._fail(cell, "NotRun", self.stopped)
            return cell, resources
        self.written, self._grace = 0, _GRACE
        self._cell_clock.start(self._used)
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        try:
            if utils.is_grade(cell) and utils.is_locked(cell):
                self._test(cell, name)
            else:
                self.execute_cell(cell, index, store_history=True)
                if utils.is_locked(cell):  # the lab's, word for word: nothing of a student's runs outside
                    self._lab_cells.append(cell.source)
                self._tell_error(cell)
        except DeadKernelError:
            why = f"the kernel died in code cell {self._count}"
            spent = self._used > self.limits.total_seconds
            self._stop(cell, f"{why}: the notebook {self._clock.over(self._used)}" if spent else why)
        except (CellTimeoutError, TimeoutError):
            self._stop(cell, f"code cell {self._count} could not be stopped")
        if self.written > _TEXT_PER_CELL:
            self.notes.append(f"code cell {self._count} printed too much: cut")
        return cell, resources

    def told(self) -> list[str]:
        """Return the notes, the errors of cells that are no tests last."""
        more = len(self._errors) - _ERRORS_TOLD
        return [
            *self.notes,
            *self._errors[:_ERRORS_TOLD],
            *([f"{more} more code cells ended in an error"] if more > 0 else []),
        ]

    def _tell_error(self, cell) -> None:
        for output in cell.outputs:
            if output.output_type == "error" and output.ename != self.error_on_timeout["ename"]:
                first = next((line for line in output.evalue.splitlines() if line.strip()), "")[:100]
                about = f"code cell {self._count} ended in {output.ename}"
                self._errors.append(f"{about}: {first}" if first else about)
                return

    def _stop(self, cell, why: str) -> None:
        self.stopped = why
        self.notes.append(why)
        self._fail(cell, "NotRun", why)

    def _test(self, cell, name: str) -> None:
        """Run a test outside; what the other end fails to answer earns nothing, and the reason says so."""
        cell.outputs = []

        def test(end: End) -> list:
            while self._lab_cells:
                self.trials.learn(self._lab_cells.pop(0), end)
            return self.trials.run(cell.source, end)

        try:
            cell.outputs = self._talk(test)
        except GoneError as gone:
            self.notes.append(f"{name} did not run to its end: {gone}")
            self._fail(cell, "NotRun", f"the test did not run to its end: {gone}")
        most = float(cell.metadata.nbgrader.points)
        for output in cell.outputs:
            if output.output_type == "execute_result":
                inside = min(max(float(output.data["text/plain"]), 0.0), most)
                output.data["text/plain"] = repr(inside)
            elif output.get("ename") == "NoPoints":
                self.notes.append(f"{name} did not come to a number of points")

    def _talk(self, about):
        """Have the kernel answer at a socket while `about` asks; return what comes of it."""
        path = self.door.sockets / "test"
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(path))
            path.chmod(0o666)
            door.listen(1)
            door.settimeout(0.02)
            message, free = (
                run_sync(self._send)(f"__import__('_grading_bridge').serve({str(path)!r})"),
                False,
            )
            try:
                while True:
                    try:
                        connection = door.accept()[0]
                        break
                    except TimeoutError:
                        free = self._ended(message, 0.01)
                    if free:
                        raise GoneError("the kernel does not answer")
                    self._watch()
                with connection:
                    return about(End(connection, watch=self._watch))
            except OSError as error:
                raise GoneError("the kernel has ended the conversation") from error
            finally:
                if not free and not self._ended(message, self._grace):
                    self.stopped = f"code cell {self._count} could not be stopped"
                    self.notes.append(self.stopped)

    def _watch(self) -> None:
        """Raise if the kernel is dead, or interrupt it if its time is over."""
        run_sync(self._async_check_alive)()
        if why := self._over():
            run_sync(self._interrupt)()
            raise GoneError(f"code cell {self._count} {why}")

    async def _send(self, code: str) -> str:
        return self.kc.execute(code, silent=True, store_history=False)

    def _ended(self, message: str, seconds: float) -> bool:
        """Tell whether the kernel has replied to a message, waiting a little."""
        deadline = time.monotonic() + seconds
        reply = run_sync(self._reply)(message, lambda: "later" if time.monotonic() > deadline else "")
        return not isinstance(reply, str)

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

    def on_cell_executed(self, **options):
        """Let nbgrader record an error that was kept from showing."""
        options["execute_reply"]["content"].setdefault("traceback", [])
        super().on_cell_executed(**options)

    @staticmethod
    def _fail(cell, name: str, why: str) -> None:
        cell.outputs = [
            output for output in cell.get("outputs", []) if output.output_type != "execute_result"
        ]
        cell.outputs.append(nbformat.v4.new_output("error", ename=name, evalue=why, traceback=[why]))
