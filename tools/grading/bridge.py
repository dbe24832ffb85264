"""Two ends of a socket: the tests at one, the student's code at the other, and only plain data in between.

The tests run in the grader's process and call the student's functions in the kernel's. So what is right,
and the tests' source, never exist where a student's code runs; and what comes from there is numbers, texts,
arrays and lists of such, never an object that could lie about itself. Anything else stays where it is and
is known here by a number: a `Remote`, asked for its attributes and items or called. A function that a test
hands over, a map to accelerate for example, is called back the same way.

This file is copied beside the kernel, which knows nothing else of the grader: it needs the standard library
and NumPy alone.
"""

import base64
import builtins
import contextlib
import decimal
import fractions
import json
import numbers
import os
import pickle
import re
import select
import socket
import threading
from pathlib import Path

import numpy as np

_LARGEST = 64 * 2**20
_LARGEST_EXPONENT = 5000
_PLAIN = (bool, int, float, str, type(None))
_MANY = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


class GoneError(BaseException):
    """The other end can't be asked any more; no test may catch it by chance."""


class Remote:
    """Something at the other end that is no plain data."""

    def __init__(self, end, number, kind, plain):
        """Take the end to ask, and what it calls the thing; `plain` is its value as plain data, if any."""
        self.__dict__.update(_end=end, _number=number, _kind=kind, _plain=plain)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self._end.ask("attribute", self, name)

    def __call__(self, *args, **named):
        """Call it there."""
        return self._end.ask("call", self, args, named)

    def __getitem__(self, key):
        return self._end.ask("item", self, key)

    def __len__(self):
        return self._end.ask("len", self)

    def __bool__(self):
        return self._end.ask("bool", self) is True

    def __float__(self):
        return self._end.ask("float", self)

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self._end.ask("array", self), dtype)

    def __iter__(self):
        each = self._end.ask("iter", self)
        while True:
            try:
                yield self._end.ask("next", each)
            except StopIteration:
                return

    def __eq__(self, other):
        return other is self or (self._plain is not None and self._plain == other)

    def __hash__(self):
        return self._number

    def __repr__(self):
        return f"<a student's {self._kind}>"


class End:
    """One end: asks the other, and answers while it waits. `watch` is called while nothing comes."""

    def __init__(self, connection, names=None, watch=None):
        """Take a connected socket; `names` is what the student's end may be asked for."""
        self._connection, self._names, self._watch = connection, names, watch
        self._held = {}
        self._one_at_a_time = threading.RLock()

    # The conversation.

    def ask(self, what, *args):
        """Return what the other end says; raise what it raised."""
        with self._one_at_a_time:
            self._send({"ask": what, "args": [self._pack(value) for value in args]})
            while True:
                message = self._receive()
                if "ask" in message:
                    self._answer(message)
                elif "error" in message:
                    raise _error(message["error"], message.get("text"))
                else:
                    return self._unpack(message.get("value"))

    def serve(self):
        """Answer until the other end has heard enough."""
        with contextlib.suppress(GoneError, OSError):
            while True:
                self._answer(self._receive())

    def _answer(self, message):
        try:
            value = self._do(message["ask"], [self._unpack(value) for value in message["args"]])
            said = {"value": self._pack(value)}
        except GoneError:
            raise
        except BaseException as error:
            text = str(error) if isinstance(error, Exception | SystemExit) else ""
            said = {"error": [kind.__name__ for kind in type(error).__mro__], "text": text[:2000]}
        self._send(said)

    def _do(self, what, args):
        if self._names is None and what != "call":
            raise PermissionError("a test's own objects can only be called")
        if what == "name":
            return self._names[args[0]]
        if what == "call":
            return args[0](*args[1], **args[2])
        if what == "attribute":
            return getattr(*args)
        if what == "item":
            return args[0][args[1]]
        if what == "array":
            return np.asarray(args[0])
        return {"len": len, "bool": bool, "float": float, "iter": iter, "next": next}[what](*args)

    def _send(self, message):
        data = json.dumps(message).encode()
        if len(data) > _LARGEST:
            raise ValueError("too large to be handed over")
        try:
            self._connection.sendall(len(data).to_bytes(4, "big") + data)
        except OSError as error:
            raise GoneError("it ended the conversation") from error

    def _receive(self):
        size = int.from_bytes(self._read(4), "big")
        if size > _LARGEST:
            raise GoneError("what it answered is too large")
        try:
            message = json.loads(self._read(size))
            if not isinstance(message, dict):
                raise ValueError(message)
        except (ValueError, RecursionError) as error:
            raise GoneError("what it answered cannot be read") from error
        return message

    def _read(self, size):
        found = bytearray()
        while len(found) < size:
            while self._watch and not select.select([self._connection], [], [], 0.25)[0]:
                self._watch()
            try:
                part = self._connection.recv(min(size - len(found), 2**20))
            except OSError:
                part = b""
            if not part:
                raise GoneError("it ended the conversation")
            found += part
            if self._watch and len(found) < size:
                self._watch()
        return bytes(found)

    # Data.

    def _hold(self, value):
        self._held[id(value)] = value
        return id(value)

    def _pack(self, value):
        kind = type(value)
        if kind in _PLAIN:
            return value
        if isinstance(value, Remote):
            return {"yours": value._number}
        if isinstance(value, np.ndarray | np.generic):
            return _pack_array(np.asarray(value), isinstance(value, np.generic), self._pack)
        if kind.__name__ in _MANY and kind is _MANY[kind.__name__]:
            return {kind.__name__: [self._pack(one) for one in value]}
        if kind is dict:
            return {"dict": [[self._pack(key), self._pack(one)] for key, one in value.items()]}
        if kind is complex:
            return {"complex": [value.real, value.imag]}
        if kind is bytes:
            return {"bytes": base64.b64encode(value).decode()}
        if value is Ellipsis:
            return {"ellipsis": None}
        if isinstance(value, decimal.Decimal):
            return {"decimal": str(value)}
        for plain in (bool, int, float, str):
            if isinstance(value, plain):
                return plain(value)
        if isinstance(value, numbers.Rational):
            return {"fraction": [int(value.numerator), int(value.denominator)]}
        if isinstance(value, numbers.Real):
            return float(value)
        if self._names is None:
            try:
                return {"pickle": base64.b64encode(pickle.dumps(value)).decode()}
            except Exception:  # a function made in a test, or something with one in it: called from there
                return {"mine": self._hold(value), "kind": kind.__name__}
        plain = next((plain(value) for plain in (list, tuple, dict) if isinstance(value, plain)), None)
        return {
            "mine": self._hold(value),
            "kind": "module" if kind is type(os) else kind.__name__[:100],
            "plain": None if plain is None else self._pack(plain),
        }

    def _unpack(self, value):
        if type(value) in _PLAIN:
            return value
        ((tag, content), *more) = value.items()
        if tag in _MANY:
            return _MANY[tag](map(self._unpack, content))
        if tag == "dict":
            return {self._unpack(key): self._unpack(one) for key, one in content}
        if tag == "array":
            return _unpack_array(value, self._unpack)
        if tag == "yours":
            return self._held[content]
        if tag == "mine":
            kind, plain = dict(more).get("kind"), dict(more).get("plain")
            return self._other(content, str(kind), self._unpack(plain))
        if tag == "pickle" and self._names is not None:  # from the tests, never to them
            return pickle.loads(base64.b64decode(content))
        simple = {
            "complex": lambda: complex(*content),
            "bytes": lambda: base64.b64decode(content),
            "ellipsis": lambda: Ellipsis,
            "decimal": lambda: _unpack_decimal(content),
            "fraction": lambda: fractions.Fraction(*content),
        }
        return simple[tag]()

    def _other(self, number, kind, plain):
        """Return what stands here for an object of the other end; a function for a test's function."""
        remote = Remote(self, number, kind, plain)
        if self._names is None or kind not in ("function", "method", "builtin_function_or_method"):
            return remote

        def given(*args, **named):
            return remote(*args, **named)

        return given


def _pack_array(array, scalar, pack):
    about = {"array": list(array.shape), "scalar": scalar}
    if array.dtype.kind in "biufcSUmM":
        return {**about, "type": array.dtype.str, "data": base64.b64encode(array.tobytes()).decode()}
    return {**about, "items": [pack(one) for one in array.ravel().tolist()]}


def _unpack_decimal(text):
    number = decimal.Decimal(text)
    # A test that rounds it makes an integer of it, and no limit on time ends that.
    if number.is_finite() and number.adjusted() > _LARGEST_EXPONENT:
        raise ValueError("no such decimal")
    return number


def _unpack_array(value, unpack):
    shape = tuple(map(int, value["array"]))
    if "items" in value:
        items = np.empty(len(value["items"]), dtype=object)
        items[:] = [unpack(one) for one in value["items"]]
        return items.reshape(shape)
    if not re.fullmatch(r"[<>|=][biufcSUmM]\d+(\[\d*\w+\])?", value["type"]):
        raise ValueError("no such array")
    data = base64.b64decode(value["data"])
    array = np.frombuffer(data, dtype=value["type"]).reshape(shape).copy()
    return array[()] if value["scalar"] else array


def _error(kinds, text):
    """Return the built-in error that is nearest to what was raised at the other end."""
    for name in kinds if isinstance(kinds, list) else ():
        kind = getattr(builtins, str(name), None)
        if isinstance(kind, type) and issubclass(kind, Exception | SystemExit):
            with contextlib.suppress(TypeError):
                return kind(str(text))
    return RuntimeError(str(text))


def serve(path):
    """Answer the tests that wait at a socket; what the student's functions print meanwhile is theirs."""
    from IPython import get_ipython

    with socket.socket(socket.AF_UNIX) as connection, Path(os.devnull).open("w") as nowhere:
        connection.connect(path)
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            End(connection, get_ipython().user_ns).serve()
