"""Notice which functions an answer uses, whatever name it knows them by.

Python's own functions are seen while the answer runs, when they are called from outside of the package;
those written in C are looked for in the answer's code and in the functions that it names.
"""

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import CodeType, FunctionType, MethodType, ModuleType

_DEEPEST = 20


@contextmanager
def watch(answer: Callable, names: Iterable[str]) -> Iterator[set[str]]:
    """Yield a set that receives those of the names, such as ``"betabin.m_step"``, that are used."""
    objects = {name: _find(name) for name in names}
    used: set[str] = set()
    if not objects:
        yield used
        return
    codes = {code: name for name, thing in objects.items() for code in _codes(thing)}
    others = {id(thing): name for name, thing in objects.items()}
    before, threads = sys.getprofile(), threading.getprofile()

    def listen(frame, event, arg):
        if event == "call" and frame.f_code in codes and not _inside(frame.f_back):
            used.add(codes[frame.f_code])
        elif event == "c_call" and id(arg) in others and not _inside(frame):
            used.add(others[id(arg)])

    used.update(others[id(thing)] for thing in _reached(answer) if id(thing) in others)
    sys.setprofile(listen)
    threading.setprofile(listen)  # the answer runs in a thread of its own
    try:
        yield used
    finally:
        sys.setprofile(before)
        threading.setprofile(threads)


def _find(name: str) -> object:
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)


def _codes(thing: object) -> list[CodeType]:
    """The code of a function, or of all methods of a distribution's class."""
    if isinstance(thing, FunctionType):
        return [thing.__code__]
    methods = vars(type(thing)).values() if type(thing).__module__.startswith("scipy.stats") else ()
    return [method.__code__ for method in methods if isinstance(method, FunctionType)]


def _inside(frame) -> bool:
    """Whether a caller is the package itself: what its functions call is not the student's doing."""
    name = frame.f_globals.get("__name__", "") if frame else ""
    # SciPy's distributions call their own methods; only the package's calls are none of the answer's.
    return name.split(".")[0] == "betabin" and not name.startswith("betabin.checks")


def _reached(thing: object, depth: int = 0, seen: set[int] | None = None) -> Iterator[object]:
    """Yield what a function's code names: what is global or enclosed, and attributes of modules."""
    seen = set() if seen is None else seen
    if isinstance(thing, MethodType):
        thing = thing.__func__
    yield thing
    thing = getattr(thing, "func", thing) if type(thing).__name__ == "partial" else thing
    if type(thing) is not FunctionType or id(thing) in seen or depth > _DEEPEST or _installed(thing):
        return
    seen.add(id(thing))
    names = set(_names(thing.__code__))
    found = [thing.__globals__[name] for name in names if name in thing.__globals__]
    found += [cell.cell_contents for cell in thing.__closure__ or () if _filled(cell)]
    found += [*(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values()]
    for one in found:
        if isinstance(one, ModuleType):
            # Modules of modules too: scipy.special.gamma.
            inner = [vars(one)[name] for name in names if name in vars(one)]
            deeper = [
                vars(m)[name] for m in inner if isinstance(m, ModuleType) for name in names & vars(m).keys()
            ]
            yield from inner + deeper
        else:
            yield from _reached(one, depth + 1, seen)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _installed(function: FunctionType) -> bool:
    return function.__module__ is not None and function.__module__.split(".")[0] in {
        "betabin",
        "numpy",
        "scipy",
        "sympy",
    }


def _filled(cell) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False
