"""Call what may never come back, and go on without it.

It runs in a thread of its own: a loop inside of a library, such as SciPy's sum for a digamma's derivative
far below zero, heeds no interrupt, and would take the whole notebook with it.
"""

import contextvars
import ctypes
import threading
import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

_GLANCE = 0.1  # seconds between two looks; an interrupt is seen in between, on Windows too


class Late(Exception):  # noqa: N818
    """Something has not come back in time; `stuck` if it can't even be ended."""

    def __init__(self, stuck: bool):
        super().__init__()
        self.stuck = stuck


def within(seconds: float, work: Callable[[], Result]) -> Result:
    """Return what ``work()`` returns, or raise what it raises; after so many seconds raise `Late`."""
    context, box = contextvars.copy_context(), []

    def run():
        try:
            box.append((context.run(work), None))
        except BaseException as error:
            box.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    try:
        thread.start()
    except RuntimeError:  # in a browser there are no threads
        return work()
    end = time.monotonic() + seconds
    try:
        while thread.is_alive() and (left := end - time.monotonic()) > 0:
            thread.join(min(left, _GLANCE))
    except KeyboardInterrupt:
        _stop(thread)
        raise
    if not box:
        raise Late(_stop(thread))
    result, error = box[0]
    if error is not None:
        raise error
    return result


def _stop(thread: threading.Thread) -> bool:
    """Interrupt a thread; tell whether it goes on nevertheless."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident), ctypes.py_object(KeyboardInterrupt)
    )
    thread.join(1)
    return thread.is_alive()
