"""The vocabulary of the questions: what kinds there are, and how an answer of each is judged.

A set of exercises is a dictionary of these. Expected values are functions, called when an answer is judged:
no module holds an answer as a literal.
"""

import abc
import contextlib
import copy
import io
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from betabin.checks._pristine import pristine
from betabin.checks._reading import (
    Unreadable,
    evaluate,
    is_expression,
    name_of,
    read_array,
    read_letters,
    read_number,
    show,
)

__all__ = ["Array", "Choice", "Example", "Function", "Number", "Option", "Question", "Slip", "Verdict"]


class Verdict(NamedTuple):
    """What was found of an answer.

    Attributes
    ----------
    points : int or float
        Those earned.
    name : str
        "right", the name of the slip that was recognised, or else "unanswered", "unreadable", "near",
        "wrong" or "unknown".
    lines : tuple of str
        What the student is told.
    """

    points: int | float
    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Slip:
    """A mistake that students are known to make, how it is recognised, and what to say of it.

    Attributes
    ----------
    name : str
        For the catalogue of wrong answers.
    message : str
        Names the slip, not the answer.
    gives : callable, optional
        Returns what one gets by this slip: of no arguments, for a `Function` of the question's.
    when : callable, optional
        Instead of `gives`: a predicate of what was read; for a `Function`, of the list of its results.
    right_on : callable, optional
        Instead of `gives`, for a `Function`: a predicate of the arguments. The slip is one that is right in
        just these cases.
    points : int or float
        Points that it deserves nevertheless.
    """

    name: str
    message: str
    gives: Callable[..., ArrayLike] | None = None
    when: Callable[..., bool] | None = None
    right_on: Callable[..., bool] | None = None
    points: int | float = 0


@dataclass(frozen=True, kw_only=True)
class Question(abc.ABC):
    """What all kinds have in common.

    Attributes
    ----------
    points : int
        For the right answer.
    slips : sequence of Slip
        Tried in order; the first that is recognised is reported.
    """

    points: int
    slips: Sequence[Slip] = ()

    def judge(self, name: str, answer: object) -> Verdict:
        """Return the verdict on an answer to the question of this name."""
        if answer is ... or answer is None:
            return Verdict(0, "unanswered", (f"{name}: not answered yet.",))
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                points, found, lines = self._judge(answer)
        except Unreadable as reason:
            points, found, lines = 0, "unreadable", str(reason).splitlines()
        except KeyboardInterrupt:
            points, found, lines = 0, "unreadable", ["It was interrupted."]
        if found == "unanswered":
            return Verdict(0, found, (f"{name}: not answered yet.",))
        verdict = "right" if found == "right" else "partly right" if points else "not yet"
        first = f"{name}: {verdict}. {points:g} of {self.points} point{'s' * (self.points != 1)}."
        return Verdict(points, found, (first, *(f"  {line}" for line in lines)))

    @property
    def messages(self) -> dict[str, str]:
        """What is said of each slip."""
        return {slip.name: slip.message for slip in self.slips}

    @abc.abstractmethod
    def _judge(self, answer: object) -> tuple[float, str, list[str]]:
        """Return the points earned, what was found (a slip by its name) and what to say of it."""


@dataclass(frozen=True, kw_only=True)
class Array(Question):
    """Numbers in order, in any container.

    Attributes
    ----------
    want : callable
        Returns the right answer.
    rtol, atol : float
        How far from it an answer may be.
    """

    want: Callable[[], ArrayLike]
    rtol: float = 1e-4
    atol: float = 0.0

    def _judge(self, answer):
        got = self._read(answer)
        came_back = f"came back: {show(got)}"
        want = np.asarray(self.want(), float)
        if _close(got, want, self.rtol, self.atol):
            return self.points, "right", []
        for slip in self.slips:
            if slip.when is not None:
                found = bool(slip.when(got))
            else:
                found = _close(got, slip.gives(), self.rtol, self.atol)
            if found:
                return slip.points, slip.name, [came_back, slip.message]
        return 0, *_general(got, want, came_back)

    def _read(self, answer: object) -> NDArray:
        return read_array(answer)


@dataclass(frozen=True, kw_only=True)
class Number(Array):
    """One number; attributes as of an `Array`. A slip's `when` gets a float."""

    def _read(self, answer: object) -> float:
        return read_number(answer)


@dataclass(frozen=True, kw_only=True)
class Example(Question):
    """Numbers with a property: any that no slip objects to. A slip's `when` gets an array.

    Attributes
    ----------
    shape : tuple of int
        Of the array that is asked for; ``()`` for one number.
    """

    shape: tuple[int, ...]

    def _judge(self, answer):
        got = read_array(answer)
        if got.shape != self.shape and got.size == np.prod(self.shape):
            got = got.reshape(self.shape)
        if got.shape != self.shape:
            raise Unreadable(f"Its shape is {got.shape}; asked for is {self.shape}.")
        came_back = f"came back: {show(got)}"
        if np.isnan(got).any():
            return 0, "wrong", [came_back, "It holds nan."]
        for slip in self.slips:
            if slip.when(got):
                return slip.points, slip.name, [came_back, slip.message]
        return self.points, "right", []


@dataclass(frozen=True)
class Option:
    """One letter of a `Choice`.

    Attributes
    ----------
    letter : str
        As in the notebook.
    holds : callable or bool
        Whether it is right; where it can be computed, a function that does.
    message : str
        What to say to one who takes it for right.
    points : int or float
        Points that choosing it, though wrong, deserves.
    """

    letter: str
    holds: Callable[[], bool] | bool
    message: str = ""
    points: int | float = 0


@dataclass(frozen=True, kw_only=True)
class Choice(Question):
    """One letter, or several; the names of its slips are letters, and "incomplete".

    Attributes
    ----------
    options : sequence of Option
        All of them, right and wrong.
    incomplete : str
        What to say where all chosen are right but some are missing.
    partial : int or float
        Points for an incomplete answer.
    """

    options: Sequence[Option]
    incomplete: str = "What you chose is right, but it is not all."
    partial: int | float = 0

    @property
    def messages(self) -> dict[str, str]:
        """What is said of each wrong letter."""
        right = self._right()
        wrong = {option.letter: option.message for option in self.options if option.letter not in right}
        return wrong | ({"incomplete": self.incomplete} if len(right) > 1 else {})

    def _right(self) -> set[str]:
        return {
            option.letter
            for option in self.options
            if (option.holds() if callable(option.holds) else option.holds)
        }

    def _judge(self, answer):
        got = read_letters(answer, "".join(option.letter for option in self.options))
        came_back, right = f"came back: {show(got)}", self._right()
        if got == right:
            return self.points, "right", []
        for option in self.options:
            if option.letter in got - right:
                return option.points, option.letter, [came_back, option.message]
        return self.partial, "incomplete", [came_back, self.incomplete]


@dataclass(frozen=True, kw_only=True)
class Function(Question):
    """A function, judged by what it does; where its arguments are numbers, a SymPy expression too.

    Attributes
    ----------
    name : str
        What the notebook calls it.
    arguments : sequence of str
        Their names, in order; for an expression, its symbols.
    cases : callable
        Takes a random number generator, the same each time, and returns a list of tuples of arguments.
        The function gets copies.
    want : callable
        Takes the same arguments and returns the right result.
    summary : callable, optional
        Takes a result and its arguments, and returns the numbers to compare with those that `want` and
        the slips' `gives` return: for functions whose results are random.
    rtol, atol : float
        How far from `want` a result may be.
    """

    name: str
    arguments: Sequence[str]
    cases: Callable[[np.random.Generator], list[tuple]]
    want: Callable[..., ArrayLike]
    summary: Callable[..., ArrayLike] | None = None
    rtol: float = 1e-8
    atol: float = 0.0
    _seed: int = field(default=1975, init=False)

    def _judge(self, answer):
        if not callable(answer) and not is_expression(answer):
            raise Unreadable(f"A function of ({', '.join(self.arguments)}) is asked for, not its value.")
        cases = self.cases(np.random.default_rng(self._seed))
        results = []
        for case in cases:
            tried = f"tried: {self.name}({', '.join(_argument(value) for value in case)})"
            try:
                result = self._result(answer, case)
            except Unreadable as reason:
                if not results:
                    raise Unreadable(f"{tried}\n{reason}") from None
                results.append((tried, str(reason), np.array(np.nan)))
                continue
            if result is None and not results:
                return 0, "unanswered", []
            results.append(
                (tried, f"came back: {show(result)}", np.array(np.nan) if result is None else result)
            )
        with pristine():  # again: the function may have replaced something when it was called
            return self._compare(cases, results)

    def _compare(self, cases, results):
        want = [self._of(self.want, case) for case in cases]
        got = [result for *_, result in results]
        right = [_close(*pair, self.rtol, self.atol) for pair in zip(got, want, strict=True)]
        if all(right):
            return self.points, "right", []
        first = right.index(False)
        lines = list(results[first][:2])
        for slip in self.slips:
            if self._recognise(slip, cases, got, right):
                return slip.points, slip.name, [*lines, slip.message]
        kind, (_, message) = _general(got[first], want[first], "")
        return 0, kind, [*lines, message]

    def _recognise(self, slip, cases, got, right):
        if slip.when is not None:
            return bool(slip.when(got))
        if slip.right_on is not None:
            return right == [bool(slip.right_on(*case)) for case in cases]
        return all(
            _close(result, self._of(slip.gives, case), self.rtol, self.atol)
            for result, case in zip(got, cases, strict=True)
        )

    @staticmethod
    def _of(function: Callable, case: tuple) -> NDArray:
        return np.asarray(function(*copy.deepcopy(case)), float)

    def _result(self, answer: object, case: tuple) -> NDArray | None:
        """Call the function, or evaluate the expression; None if it returns nothing."""
        if is_expression(answer):
            if not all(isinstance(value, int | float) for value in case):
                raise Unreadable("A Python function is asked for here, not an expression.")
            return np.asarray(evaluate(answer, dict(zip(self.arguments, case, strict=True))))
        try:
            with contextlib.redirect_stdout(_Nowhere()), contextlib.redirect_stderr(_Nowhere()):
                result = answer(*copy.deepcopy(case))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise Unreadable(f"it raised {_said(error, self.arguments)}") from None
        if result is None or result is ...:
            return None
        array = read_array(result)
        if self.summary is None:
            return array
        try:
            return np.asarray(self.summary(array, *case), float)
        except Exception:
            raise Unreadable(f"came back: {show(array)}, which is not of the right shape.") from None


class _Nowhere(io.TextIOBase):
    """Takes what a function prints, so that only the check speaks."""

    def write(self, text: str) -> int:
        return len(text)


def _close(got: ArrayLike, want: ArrayLike, rtol: float, atol: float) -> bool:
    """Tell whether two arrays agree, in shape too, but for axes of length 1."""
    got, want = np.squeeze(np.asarray(got, float)), np.squeeze(np.asarray(want, float))
    if got.shape != want.shape:
        return False
    with np.errstate(all="ignore"):
        # Every number is within infinity of infinity.
        near = np.isfinite(want) & (np.abs(got - want) <= atol + rtol * np.abs(want))
    return bool(np.all(near | (got == want)))


def _general(got: ArrayLike, want: ArrayLike, came_back: str) -> tuple[str, list[str]]:
    """What can be said where no slip is recognised, without saying what is right."""
    got, want = np.squeeze(np.asarray(got, float)), np.squeeze(np.asarray(want, float))
    if got.shape != want.shape:
        return "wrong", [came_back, f"Its shape is {got.shape}; {want.shape} is asked for."]
    if np.isnan(got).any():
        return "wrong", [
            came_back,
            "That is no number: is there 0 / 0, one too large, or the log of something negative?",
        ]
    if _close(got, want, 0.02, 0.0):
        return "near", [came_back, "That is near, but not near enough: is it rounded, or only approximate?"]
    if _close(-got, want, 1e-3, 0.0):
        return "wrong", [came_back, "The size is right; look at the sign."]
    return "wrong", [
        came_back,
        "That is not it, nor one of the slips we know. Have a look at the hints.",
    ]


def _argument(value: object) -> str:
    if isinstance(value, np.ndarray | list | tuple):
        return show(np.asarray(value))
    return show(value)


def _said(error: BaseException, arguments: Sequence[str]) -> str:
    kind = name_of(error).split()[-1]
    try:
        said = str(error).splitlines()[0][:200]
    except BaseException:
        said = ""
    hint = f" (the arguments, in order, are {', '.join(arguments)})" if kind == "TypeError" else ""
    return f"{kind}: {said}{hint}" if said else f"{kind}{hint}"
