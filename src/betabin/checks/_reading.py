"""Read an answer, whatever object it is, as numbers or as letters; or say why that can't be done."""

import ast
import math
import re
import sys
from collections.abc import Iterable, Mapping, Set
from decimal import Decimal
from fractions import Fraction
from itertools import islice

import numpy as np
from numpy.typing import NDArray

# What may stand beside letters without changing what is meant, in some of our readers' languages too.
_BESIDE = (
    r"\b(and|und|et|y|answers?|options?|letters?|statements?|antworten?|are|is|both|true|right|correct)\b"
)
_CHOSEN = (True, "true", "yes", "right")
_TRUE_OR_FALSE = (*_CHOSEN, False, "false", "no", "wrong")
_JUDGED = r"(?:is|are|=|:)\s*(true|yes|right|false|no|wrong)\b"

UNREAD = {
    "number": "It is text, and no number we can read: write digits alone, such as 0.25, 1/4 or 2.5e-1.",
    "comma": "Is the comma for thousands, or for decimals? Write the number without it, or with a point.",
}
"""What is said of a text that is no number, or may be two."""

# More numbers than any question asks for; what is longer is not read to its end.
_MOST = 100_000
_DEEPEST = 4


class Unreadable(Exception):  # noqa: N818
    """An answer is not of the kind that was asked for; the message tells the student."""


def read_array(answer: object, percent: bool = False, alone: bool = False) -> NDArray:
    """Return an answer as an array of floats; raise `Unreadable` for anything but numbers.

    A text is read as one number where one is asked for, or as those that stand in it.
    """
    try:
        nested, _ = _floats(answer, _MOST, 0, (percent, alone))
        return np.array(nested, dtype=float)
    except Unreadable:
        raise
    except ValueError:
        raise Unreadable("Its rows are of different lengths.") from None
    except KeyboardInterrupt:
        raise
    except BaseException:
        raise Unreadable("It can't be read as numbers.") from None


def read_number(answer: object, percent: bool = False) -> float:
    """Return an answer as one float; raise `Unreadable` for anything but one number."""
    array = read_array(answer, percent, alone=True)
    if array.size != 1:
        raise Unreadable(f"One number is asked for, and this holds {array.size}.")
    return float(array.flat[0])


def read_letters(answer: object, known: str) -> frozenset[str]:
    """Return the letters of an answer such as "b", "a, c" or ["a", "c"]; raise `Unreadable` for others."""
    expected = f"Letters are asked for, of {', '.join(known)}, in quotes."
    try:
        text = " ".join(_texts(answer, len(known) + 1, 0)).lower()
    except Unreadable:
        raise Unreadable(expected) from None
    except KeyboardInterrupt:
        raise
    except BaseException:
        raise Unreadable(expected) from None
    judged = re.findall(rf"([a-z])\s*{_JUDGED}", text)
    if judged and re.fullmatch(rf"(?:[a-z]\s*{_JUDGED}[\s,;.]*)+", text):
        text = " ".join(letter for letter, verdict in judged if verdict in _CHOSEN)
    elif judged and "\n" not in text:
        raise Unreadable(expected)
    text = re.sub(_BESIDE, " ", text)
    if re.search(r"\b(or|oder|ou)\b|/\s*or\b", text):
        raise Unreadable('With an "or" it is open which letters you take for right: leave it out.')
    if re.search(r"[a-z]\W*(-|–|—|\.\.+|…)\W*[a-z]", text) and not re.search(r"[:\n]", text):
        raise Unreadable("From one letter to another, or these two alone? Put commas between the letters.")
    letters = frozenset("".join(re.findall(r"[a-z]+", text)))
    # Brackets, quotes and whatever else stands between letters; not what would turn their meaning.
    if letters <= set(known) and not re.search(r"[^a-z\s,;:.()\[\]{}'\"`“”‘’&+*/|_\\]", text):
        found = letters
    else:  # options copied from the page, each behind its letter
        found = frozenset(re.findall(r"(?:^|[\n;])[\s*(-]*([a-z])\s*[:)*]+\s+\S", text))
    if not found or not found <= set(known):
        raise Unreadable(expected)
    return found


def _texts(answer: object, most: int, depth: int) -> list[str]:
    """The short texts in a container, a symbol's name being one."""
    if isinstance(answer, bytes | bytearray):
        answer = answer.decode("ascii")
    if isinstance(answer, str):
        if len(answer) >= 1000:
            raise Unreadable("It is too long.")
        return [str(answer)]
    if is_expression(answer) and answer.is_Symbol:
        return [answer.name]
    if depth == _DEEPEST:
        raise Unreadable("It is no text.")
    parts = _opened(answer)
    if isinstance(parts, str | bytes):
        return _texts(parts, most, depth + 1)
    if isinstance(parts, Mapping):
        parts = _chosen(parts)
    texts = [_texts(part, most, depth + 1) for part in islice(iter(parts), most)]
    return [text for some in texts for text in some]


def _chosen(judged: Mapping) -> list:
    """The keys that are judged true; where the values are letters themselves, these."""
    verdicts = [part.lower() if isinstance(part, str) else part for part in judged.values()]
    if all(isinstance(verdict, str) and verdict not in _TRUE_OR_FALSE for verdict in verdicts):
        return verdicts
    if not all(isinstance(v, bool | int | np.bool_ | str) and v in _TRUE_OR_FALSE for v in verdicts):
        raise Unreadable("It is open which are chosen.")
    return [key for key, verdict in zip(judged, verdicts, strict=True) if verdict in _CHOSEN]


def _opened(value: object) -> object:
    """Open the containers of other libraries: of pandas, SymPy, mpmath, and whatever NumPy understands."""
    kind = type(value)
    if kind.__name__ == "Dict" and is_basic(value):
        return dict(value)
    if hasattr(kind, "to_numpy"):
        value = value.to_numpy()
    elif hasattr(kind, "__array__"):
        value = np.asarray(value)
    elif hasattr(kind, "tolist"):
        return value.tolist()
    if not isinstance(value, np.ndarray):
        return value
    if value.size > _MOST:
        raise Unreadable("It holds far more than is asked for.")
    return value.tolist()


def is_basic(answer: object) -> bool:
    """Tell whether SymPy made an object; it is not imported for that."""
    sympy = sys.modules.get("sympy")
    return sympy is not None and isinstance(answer, sympy.Basic)


def is_expression(answer: object) -> bool:
    """Tell whether an answer is a formula made by SymPy; it is not imported for that."""
    sympy = sys.modules.get("sympy")
    return (
        sympy is not None
        and isinstance(answer, sympy.Basic)
        and not isinstance(
            answer, sympy.Lambda | sympy.Tuple | sympy.FiniteSet | sympy.Array | sympy.Dict | sympy.Point
        )
    )


def is_formula(answer: object) -> bool:
    """Tell whether an answer is a SymPy expression, or a container of some."""
    sympy = sys.modules.get("sympy")
    if sympy is None or isinstance(answer, sympy.Lambda):
        return False
    if isinstance(answer, list | tuple):
        return 0 < len(answer) < 10 and all(is_expression(part) or is_formula(part) for part in answer)
    return isinstance(answer, sympy.MatrixBase | sympy.Tuple | sympy.Array) or is_expression(answer)


def evaluate(expression: object, values: dict[str, float]) -> float | list:
    """Return the value of a SymPy expression, or a list of those in a container.

    Raise `Unreadable` where there are other symbols.
    """
    sympy = sys.modules["sympy"]
    if isinstance(expression, sympy.MatrixBase | sympy.Array):
        expression = expression.tolist()
    if isinstance(expression, list | tuple | sympy.Tuple):
        return [evaluate(part, values) for part in expression]
    if isinstance(expression, sympy.Eq):  # "variance = ...": what stands on the other side of a name
        left, right = expression.args
        expression = right if left.is_Symbol and left.name not in values else left
        if (left if expression is right else right).free_symbols & expression.free_symbols or not (
            left.is_Symbol and expression is right
        ):
            raise Unreadable("It is an equation: the formula alone is asked for.")
    expression = expression.doit()
    names = {symbol.name for symbol in expression.free_symbols}
    others = names - set(values)
    if others:
        asked = ", ".join(values)
        raise Unreadable(f"It holds the symbols {', '.join(sorted(others))}; those asked for are {asked}.")
    given = {symbol: values[symbol.name] for symbol in expression.free_symbols}
    found = expression.subs(given)
    if isinstance(found, sympy.logic.boolalg.Boolean):
        raise Unreadable("It is a condition: a formula is asked for.")
    return read_number(found.evalf())


def function_names(expression: object) -> set[str]:
    """Return the names of the functions in a SymPy expression, or in a container of some."""
    sympy = sys.modules["sympy"]
    if isinstance(expression, list | tuple):
        return set().union(*map(function_names, expression))
    return {type(part).__name__ for part in expression.atoms(sympy.Function, sympy.Integral)}


def show(value: object) -> str:
    """Return a short text for a value that was read: never the repr of an object we don't know."""
    if isinstance(value, np.ndarray) and value.ndim:
        first = [f"{number:.6g}" for number in value.flat[:4]]
        dots = ["..."] if value.size > 4 else []
        shape = f" of shape {value.shape}" if value.ndim > 1 or dots else ""
        return f"[{', '.join(first + dots)}]{shape}"
    if isinstance(value, bool | int | float | np.number | np.ndarray):
        return f"{float(value):.6g}"
    if value is None:
        return "None"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    return name_of(value)


def name_of(value: object) -> str:
    """Return the name of a value's type."""
    name = type.__dict__["__name__"].__get__(type(value))
    return "rng" if name == "Generator" else f"an object of type {name}"


def _floats(value: object, budget: int, depth: int, texts: tuple[bool, bool]) -> tuple[float | list, int]:
    """Return a number or nested lists of numbers, with what is left of the budget."""
    kind = type(value)
    if value is ...:
        raise Unreadable("A part of it is not answered yet.")
    if issubclass(kind, bool | np.bool_):
        raise Unreadable("It holds True or False where a number is asked for.")
    if issubclass(kind, str | bytes | bytearray):
        return _floats(_spelt(value, *texts), budget, depth + 1, texts)
    if issubclass(kind, complex | np.complexfloating) or kind.__name__ == "mpc":
        return _real(complex(value)), budget - 1
    if budget <= 0:
        raise Unreadable("It holds far more numbers than are asked for.")
    if issubclass(kind, int | float | np.number | Fraction | Decimal):
        return _finite_or_not(value), budget - 1
    if is_expression(value) and not getattr(value, "is_Matrix", False):
        if value.free_symbols:
            names = ", ".join(sorted(symbol.name for symbol in value.free_symbols))
            raise Unreadable(f"It still holds the symbols {names}: a number is asked for.")
        value = value.doit().evalf()
        return (float(value) if value.is_extended_real else _real(complex(value))), budget - 1
    if issubclass(kind, np.ndarray):
        if value.size > budget:
            raise Unreadable("It holds far more numbers than are asked for.")
        return _floats(np.array(value, subok=False).tolist(), budget, depth, texts)
    if not issubclass(kind, Iterable) or any(hasattr(kind, name) for name in ("to_numpy", "tolist")):
        opened = _opened(value)
        if opened is not value:
            return _floats(opened, budget, depth, texts)
    if kind.__name__ == "Dict" and is_basic(value):
        return _floats(dict(value), budget, depth, texts)
    a_set = issubclass(kind, Set) or getattr(value, "is_FiniteSet", False) is True
    if a_set and len(value) == 1:  # one number has one order
        return _floats(next(iter(value)), budget, depth, texts)
    if a_set:
        raise Unreadable("It is a set: numbers in order are asked for, as a list or an array.")
    if issubclass(kind, Mapping):
        return _floats(_in_order(value), budget, depth, texts)
    if callable(value) and not isinstance(value, Iterable):
        raise Unreadable("It is a function: what it returns is asked for.")
    if value is None:
        raise Unreadable("It is None: is a return missing?")
    if not hasattr(kind, "__iter__"):
        return float(value), budget - 1
    if depth == _DEEPEST:
        raise Unreadable("It is nested too deeply.")
    length = len(value) if hasattr(kind, "__len__") else None
    if length is not None and length > budget:
        raise Unreadable("It holds far more numbers than are asked for.")
    numbers, inner = [], (texts[0], texts[1] or length is None or length > 1)
    for part in islice(iter(value), budget + 1):
        number, budget = _floats(part, budget, depth + 1, inner)
        numbers.append(number)
    return numbers, budget


def read_written(text: str, percent: bool = False) -> float:
    """Return the one number that a text is for anybody who reads it: 0,25, 1/4, 25 %, 1 842 or 1,842.5.

    Where per cent are asked for, "25 %" is 25, elsewhere a quarter. The page's script reads by the same
    rule. Raise `Unreadable` for what is no number, and for what may be two.
    """
    text = re.sub(r"[−–‐]", "-", re.sub(r"[\s\u00a0\u2009\u202f]+", " ", text)).replace("’", "'")
    text = re.sub(r"^[≈~=]\s*", "", text.strip("()[]\"`' "))
    share = re.fullmatch(r"(.*?) ?(?:%|per ?cent)", text, re.IGNORECASE)
    parts = [_plain(part) for part in re.split(r" ?[/÷] ?", share[1] if share else text)]
    if len(parts) > 2 or (len(parts) == 2 and parts[1] == 0):
        raise Unreadable(UNREAD["number"])
    value = parts[0] / parts[1] if len(parts) == 2 else parts[0]
    value = value / 100 if share and not percent else value
    if not math.isfinite(value):
        raise Unreadable(UNREAD["number"])
    return value


def _plain(part: str) -> float:
    """The value of a text without a fraction's bar."""
    part = re.sub(r"^([+-]) ", r"\1", part)
    part = re.sub(r" ?[*×·x] ?10 ?(?:\^|\*\*) ?([+-]?[0-9]+)$", r"e\1", part)
    if re.fullmatch(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}", part):
        raise Unreadable(UNREAD["comma"])
    if re.fullmatch(r"[+-]?[1-9][0-9]{0,2}(?:[ '_][0-9]{3})+(?:[.,][0-9]+)?", part):
        part = re.sub(r"[ '_]", "", part)
    elif re.fullmatch(r"[+-]?[1-9][0-9]{0,2}(?:(?:,[0-9]{3})+\.[0-9]+|(?:,[0-9]{3}){2,})", part):
        part = part.replace(",", "")
    elif re.fullmatch(r"[+-]?[1-9][0-9]{0,2}(?:(?:\.[0-9]{3})+,[0-9]+|(?:\.[0-9]{3}){2,})", part):
        part = part.replace(".", "")
    if not re.fullmatch(r"[+-]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?", part):
        raise Unreadable(UNREAD["number"])
    return float(part.replace(",", "."))


def _spelt(text: str | bytes, percent: bool, alone: bool) -> object:
    """Read a number that stands in quotes, or several: "41.6, 118.4"."""
    text = (str(text) if isinstance(text, str) else text.decode("ascii"))[:1000].strip()
    if text.startswith(("[", "(", "{")):
        try:
            return ast.literal_eval(re.sub(r"[−–]", "-", text))
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            text = text.strip("[](){}")
    separator = next((one for one in (r"[;\n]", r", | and ", r"\s", r",") if re.search(one, text)), None)
    if alone or separator is None:
        return read_written(text, percent)
    return [read_written(part, percent) for part in re.split(separator, text) if part.strip()]


def _in_order(named: Mapping) -> list:
    """Return the values of a dict as they stand; those named alpha and beta, or a, b, c, by their names."""
    items = [(getattr(key, "name", key), part) for key, part in islice(named.items(), _MOST)]
    names = [name for name, _ in items]
    if set(names) == {"alpha", "beta"} or set(names) == set("abc"[: len(names)]):
        items = sorted(items)
    return [part for _, part in items]


def _real(value: complex) -> float:
    """A complex number whose imaginary part is nothing but rounding is a real one."""
    if abs(value.imag) > 1e-12 * abs(value.real):
        raise Unreadable("It holds a complex number: is there a root or a logarithm of something negative?")
    return value.real


def _finite_or_not(value: object) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
