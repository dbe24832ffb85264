"""The libraries as they were when the checks were imported, whatever a cell has put in their place.

``np.isclose = lambda *a: True`` in a student's cell, by mistake or by mischief, must not turn a wrong
answer right. So every check runs with what it stands on restored, and puts the replacements back
afterwards.
"""

import builtins
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import numpy as np
import scipy.special
import scipy.stats

from betabin.model import _count_few

_LIBRARIES = (builtins, math, np, np.linalg, np.random, scipy.special, scipy.stats)
# Those of the interpreter's prompt change with every cell.
_OTHERS = {"_", "__", "___", "input", "print", "display", "get_ipython", "open", "exit", "quit"}
_SNAPSHOT: dict[str, tuple[dict, dict]] = {}


def remember() -> None:
    """Remember the libraries, and those modules of the package that are not remembered yet."""
    ours = (module for name, module in sorted(sys.modules.items()) if name.split(".")[0] == "betabin")
    for module in (*_LIBRARIES, *ours):
        if module.__name__ not in _SNAPSHOT:
            _SNAPSHOT[module.__name__] = vars(module), _contents(module)


def _contents(module: ModuleType) -> dict:
    return {name: value for name, value in vars(module).items() if name not in _OTHERS}


@contextmanager
def pristine(
    _snapshot=_SNAPSHOT,
    _missing=object(),  # noqa: B008
    _forget=_count_few.cache_clear,
) -> Iterator[None]:
    """Restore what a cell replaced, for the time of a check, and forget what was counted by that."""
    _forget()
    replaced = []
    for current, names in _snapshot.values():
        for name, value in names.items():
            now = current.get(name, _missing)
            if now is not value:
                replaced.append((current, name, now))
                current[name] = value
    try:
        yield
    finally:
        for current, name, now in replaced:
            if now is _missing:
                current.pop(name, None)
            else:
                current[name] = now
