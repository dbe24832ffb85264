"""Call what may never come back, and go on without it."""

import contextvars
import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
from scipy.special import _basic

Result = TypeVar("Result")

_LOWEST = -1e5  # that many terms are added up in a moment
_GLANCE = 0.1  # seconds between two looks; an interrupt is seen in between, on Windows too


class Late(Exception):  # noqa: N818
    """Something has not come back in time; `stuck` if it can't even be ended."""

    def __init__(self, stuck: bool):
        super().__init__()
        self.stuck = stuck


@contextmanager
def bounded_sums() -> Iterator[None]:
    """Have SciPy's polygamma return nan far below zero.

    There it adds up term by term, 10^15 terms at -10^15, in a loop that heeds no interrupt and lets nothing
    else run. Newton's method gets there as soon as it has left the domain.
    """
    zeta = _basic.zeta

    def bounded(x, q=None, out=None):
        return zeta(x, q if q is None else np.where(np.less(q, _LOWEST), np.nan, q), out)

    _basic.zeta = bounded
    try:
        yield
    finally:
        _basic.zeta = zeta


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
