"""The vocabulary of the questions: what kinds there are, and how an answer of each is judged.

A set of exercises is a dictionary of these. Expected values are functions, called when an answer is judged:
no module holds an answer as a literal.
"""

import abc
import contextlib
import copy
import dis
import functools
import inspect
import io
import itertools
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from betabin.checks._patience import Late, bounded_sums, within
from betabin.checks._pristine import pristine
from betabin.checks._reading import (
    Unreadable,
    evaluate,
    function_names,
    is_formula,
    name_of,
    read_array,
    read_letters,
    read_number,
    show,
)
from betabin.checks._relations import exchanged, related, relatives
from betabin.checks._watch import watch

__all__ = [
    "GENERAL",
    "Array",
    "Choice",
    "Example",
    "Function",
    "Known",
    "Number",
    "Option",
    "Question",
    "Slip",
    "Verdict",
]

GENERAL = {
    "rounded": "These are the right digits, but too few: don't round.",
    "near": "That is near, but not near enough: is it only approximate? Hint 2 may help.",
    "nan": "That is no number: is there 0 / 0, one too large, or the log of something negative? "
    "Hint 2 may help.",
    "partly": "Part of it is right. It is none of the slips we know; open hint 2.",
    "wrong": "That is not it, nor one of the slips we know. Open hint 1; if you have used it, hint 2.",
    "raised": "It stops with this error. Where it returned a result, that is right: what is special here?",
    "late": "Does a loop wait for what never comes? Bound its rounds.",
    "no branch": "Where it returned a result, that is right; here it gives back None. Does every way "
    "through the function end in a return?",
    "no return": "A function without a return statement gives back None, whatever it computes or prints: "
    "return the result.",
    "letters": "These are not the letters that are asked for. Nothing is said of single ones here: decide "
    "on each statement anew. Open hint 1; if you have used it, hint 2.",
    "own generator": "The results are of the right kind, but the random numbers are not from the generator "
    "that is given: draw from rng alone, so that a run can be repeated.",
    "shortcut": "The result is right, but the question asks you to do without",
}
"""What is said of answers that are none of a question's own slips."""

PATIENCE = 60.0
"""Seconds that a function gets in each case. Honest ones may be slow, on a slow machine too."""

# How far from what is right an answer may be to be called near.
_NEAR = 2e-3

# Cases are drawn anew in each process; a function and the slips it is compared with get the same.
_SEED = int.from_bytes(os.urandom(4), "big")


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
    gives : callable or sequence of callable, optional
        Returns what one gets by this slip, or by each of its forms: of no arguments, for a `Function` of
        the question's.
    when : callable, optional
        Instead of `gives`: a predicate of what was read; for a `Function`, of the list of its results and
        the list of the cases.
    right_on : callable, optional
        Instead of `gives`, for a `Function`: a predicate of the arguments. The slip is one that is right in
        just these cases.
    where : callable, optional
        With `gives`, for a `Function`: a predicate of the arguments of the cases to look at.
    rtol, atol : float, optional
        How far a result may be from what the slip gives; the question's own by default.
    points : int or float
        Points that it deserves nevertheless.
    hint : int, optional
        Which of the question's two hints helps after this slip; none where the message says all.
    """

    name: str
    message: str
    gives: Callable[..., ArrayLike] | Sequence[Callable[..., ArrayLike]] | None = None
    when: Callable[..., bool] | None = None
    right_on: Callable[..., bool] | None = None
    where: Callable[..., bool] | None = None
    rtol: float | None = None
    atol: float | None = None
    points: int | float = 0
    hint: int | None = None

    @property
    def said(self) -> str:
        """Its message, and the hint that helps."""
        return f"{self.message} Hint {self.hint} helps here." if self.hint else self.message

    @property
    def forms(self) -> Sequence[Callable[..., ArrayLike]]:
        """All that the slip may give."""
        return (self.gives,) if callable(self.gives) else self.gives or ()

    def within(self, question: "Array | Function") -> tuple[float, float]:
        """Its tolerances, relative and absolute, in this question."""
        return (
            question.rtol if self.rtol is None else self.rtol,
            # Where a slip gives 0 there is rounding.
            max(question.atol, 1e-13) if self.atol is None else self.atol,
        )


class Known(NamedTuple):
    """An answer that is known in advance: the right one, or what a slip gives.

    Attributes
    ----------
    verdict : Verdict
        Without the line on what came back.
    values : ndarray
    rtol, atol : float
        An answer is this one if it is of this shape, but for axes of length 1, and everywhere within
        ``atol + rtol * abs(values)``.
    """

    verdict: Verdict
    values: NDArray
    rtol: float
    atol: float


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
        except BaseException:  # of an object that we don't know anything may be raised
            points, found, lines = 0, "unreadable", ["It can't be read."]
        return self._verdict(name, points, found, lines)

    def _verdict(self, name: str, points: float, found: str, lines: Sequence[str]) -> Verdict:
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
    percent : bool
        Whether per cent are asked for, so that "25 %" is 25 and not a quarter.
    """

    want: Callable[[], ArrayLike]
    rtol: float = 1e-4
    atol: float = 0.0
    percent: bool = False

    @functools.cached_property
    def _right(self) -> NDArray:
        return np.asarray(self.want(), float)

    @functools.cached_property
    def _slips(self) -> list[tuple[Slip, NDArray, float, float]]:
        """Each form of each slip: what it gives, and how far from it an answer may be."""
        return [
            (slip, np.asarray(form(), float), *slip.within(self))
            for slip in self.slips
            for form in slip.forms
        ]

    @functools.cached_property
    def _rounded(self) -> list[NDArray]:
        return _roundings(self._right.ravel())

    def known(self, name: str) -> list[Known]:
        """Return what is right and what each slip gives, in the order in which an answer is compared.

        A slip that only a predicate knows is not in it.
        """
        right = self._verdict(name, self.points, "right", [])
        slips = (
            Known(self._verdict(name, slip.points, slip.name, [slip.said]), *about)
            for slip, *about in self._slips
        )
        return [Known(right, self._right, self.rtol, self.atol), *slips]

    def general(self, name: str) -> list[Known]:
        """Return what is told what all questions share, in the order in which an answer is compared.

        It is compared with what is right and with the slips before.
        """
        want = self._right
        forms = [("rounded", GENERAL["rounded"], form, 1e-12, 1e-12) for form in self._rounded]
        forms += [one for one in relatives(want, self.rtol, self.atol) if np.all(np.isfinite(one[2]))]
        forms.append(("near", GENERAL["near"], want, _NEAR, 0.0))
        return [
            Known(self._verdict(name, 0, said, [words]), form, rtol, atol)
            for said, words, form, rtol, atol in forms
        ]

    def unknown(self, name: str, partly: bool = False) -> Verdict:
        """Return what is said of an answer that is none of the known ones, though part may be right."""
        return self._verdict(name, 0, "wrong", [GENERAL["partly" if partly else "wrong"]])

    def _judge(self, answer):
        got = self._read(answer)
        came_back = f"came back: {show(got)}"
        want = self._right
        if _close(got, want, self.rtol, self.atol):
            return self.points, "right", []
        for slip, *known in self._slips:
            if _close(got, *known):
                return slip.points, slip.name, [came_back, slip.said]
        if np.shape(got) == want.shape and _is_one_of(np.ravel(got), self._rounded):
            return 0, "rounded", [came_back, GENERAL["rounded"]]
        for slip in self.slips:
            if slip.when is not None and slip.when(got):
                return slip.points, slip.name, [came_back, slip.said]
        if found := related([np.asarray(got)], [want], self.rtol, self.atol):
            return 0, found[0], [came_back, found[1]]
        return 0, *_general([got], [want], [_right_parts(got, want, self.rtol, self.atol)], came_back)

    def _read(self, answer: object) -> NDArray:
        return read_array(answer, self.percent)


@dataclass(frozen=True, kw_only=True)
class Number(Array):
    """One number; attributes as of an `Array`. A slip's `when` gets a float."""

    def _read(self, answer: object) -> float:
        return read_number(answer, self.percent)


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
                return slip.points, slip.name, [came_back, slip.said]
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
        What there is to say to one who takes it for right.
    """

    letter: str
    holds: Callable[[], bool] | bool
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Choice(Question):
    """One letter, or several; what was found of a wrong answer has the name of its letters.

    Where one letter is right, a wrong one is told its message. Where several are right, every wrong answer
    is told the same and earns the same: whatever differed between two tries would tell of single letters.

    Attributes
    ----------
    options : sequence of Option
        All of them, right and wrong.
    """

    options: Sequence[Option]

    @property
    def messages(self) -> dict[str, str]:
        """What there is to say of each wrong letter."""
        right = self._right
        return {option.letter: option.message for option in self.options if option.letter not in right}

    def table(self, name: str) -> dict[str, Verdict]:
        """Return the verdict on every possible answer, by its letters in order, such as "ab"."""
        letters = [option.letter for option in self.options]
        sizes = range(1, len(letters) + 1)
        answers = ("".join(some) for k in sizes for some in itertools.combinations(letters, k))
        return {answer: self.judge(name, answer) for answer in answers}

    @functools.cached_property
    def _right(self) -> set[str]:
        return {
            option.letter
            for option in self.options
            if (option.holds() if callable(option.holds) else option.holds)
        }

    def _judge(self, answer):
        got = read_letters(answer, "".join(option.letter for option in self.options))
        came_back, right = f"came back: {show(got)}", self._right
        if got == right:
            return self.points, "right", []
        name = "".join(sorted(got))
        if len(right) > 1:
            return 0, name, [came_back, GENERAL["letters"]]
        if len(got) > 1:
            raise Unreadable(f"One letter is asked for, and these are {len(got)}.")
        return 0, name, [came_back, self.messages[name]]


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
        Takes a random number generator and returns a list of tuples of arguments, fixed ones first. The
        generator is the same as long as Python runs, and another the next time. The function gets copies.
    want : callable
        Takes the same arguments and returns the right result.
    summary : callable, optional
        Takes a result and its arguments, and returns the numbers to compare with those that `want` and
        the slips' `gives` return: for functions whose results are random.
    calls : int
        How often it is called in each case, a generator being passed on; more than one only with a
        `summary`, which then gets the results stacked.
    forbidden : sequence of str
        What the question's text asks to do without, such as ``"betabin.m_step"``.
    rtol, atol : float
        How far from `want` a result may be.
    """

    name: str
    arguments: Sequence[str]
    cases: Callable[[np.random.Generator], list[tuple]]
    want: Callable[..., ArrayLike]
    summary: Callable[..., ArrayLike] | None = None
    calls: int = 1
    forbidden: Sequence[str] = ()
    rtol: float = 1e-8
    atol: float = 0.0

    def _judge(self, answer):
        if not callable(answer) and not is_formula(answer):
            raise Unreadable(f"A function of ({', '.join(self.arguments)}) is asked for, not its value.")
        cases = self.cases(np.random.default_rng(_SEED))
        results = []
        with watch(answer, self.forbidden) as used, bounded_sums():
            for case in cases:
                late = bool(results) and results[-1].late
                results.append(results[-1] if late else self._try(answer, case))
                if results[0].nothing and _is_stub(answer):
                    return 0, "unanswered", []
        if is_formula(answer):
            inside = function_names(answer)
            used |= {name for name in self.forbidden if name.rpartition(".")[2] in inside}
        if results[0].failed and not results[0].late and all(result.failed for result in results):
            raise Unreadable("\n".join(results[0].lines))
        with pristine():  # again: the function may have replaced something when it was called
            return self._compare(cases, results, used)

    def _compare(self, cases, results, used):
        want = [self._of(self.want, case) for case in cases]
        got = [result.value for result in results]
        right = [_close(*pair, self.rtol, self.atol) for pair in zip(got, want, strict=True)]
        if all(right):
            return self._how(results, want, used)
        # Cases after a late one have not been tried: it is the last that can be told.
        late = [k for k, result in enumerate(results) if result.late]
        first = late[0] if late else right.index(False)
        lines = list(results[first].lines)
        if results[first].nothing:
            others = [good for good, result in zip(right, results, strict=True) if not result.nothing]
            kind = "no branch" if others and all(others) else "no return"
            return 0, kind, [*lines, GENERAL[kind]]
        if not late and self._is_rounded(got, want):
            return 0, "rounded", [*lines, GENERAL["rounded"]]
        for slip in self.slips:
            if self._recognise(slip, cases, results, right):
                return slip.points, slip.name, [*lines, slip.said]
        if found := self._related(cases, results, want):
            return 0, found[0], [*lines, found[1]]
        if late:
            return 0, "late", [*lines, GENERAL["late"]]
        if results[first].failed:
            others = [good for good, result in zip(right, results, strict=True) if not result.failed]
            return 0, "raised", [*lines, GENERAL["raised" if others and all(others) else "wrong"]]
        parts = [_right_parts(*pair, self.rtol, self.atol) for pair in zip(got, want, strict=True)]
        if got[first].shape == want[first].shape and got[first].size > 4:
            where = np.argwhere(~np.isclose(got[first], want[first], self.rtol, self.atol))[0]
            lines.append(f"first wrong: {show(got[first][tuple(where)])} at {where.tolist()}")
        order = [first, *(k for k in range(len(got)) if k != first and not results[k].failed)]
        kind, (_, message) = _general([got[k] for k in order], [want[k] for k in order], parts, "")
        return 0, kind, [*lines, message]

    def _how(self, results, want, used):
        """What is said of right results: perhaps that they were got by a way that was not asked for."""
        exact = all(_close(one.value, right, 1e-9, 1e-12) for one, right in zip(results, want, strict=True))
        if not exact and any(result.untouched for result in results):
            return self.points - 1, "own generator", [GENERAL["own generator"]]
        if used:
            return 1, "shortcut", [f"{GENERAL['shortcut']} {', '.join(sorted(used))}."]
        return self.points, "right", []

    def _recognise(self, slip, cases, results, right):
        if slip.when is not None:
            return bool(slip.when([result.value for result in results], cases))
        if slip.right_on is not None:
            expected = [bool(slip.right_on(*case)) for case in cases]
            return right == expected and any(expected)
        looked_at = [
            (result.value, case)
            for result, case in zip(results, cases, strict=True)
            if not result.failed and (slip.where is None or slip.where(*case))
        ]
        # What raises in most cases is too little to tell a slip by.
        if 2 * sum(result.failed for result in results) > len(results) or not looked_at:
            return False
        return any(
            all(_close(value, self._of(form, case), *slip.within(self)) for value, case in looked_at)
            for form in slip.forms
        )

    @staticmethod
    def _is_rounded(got, want):
        if any(np.shape(np.squeeze(a)) != np.shape(np.squeeze(b)) for a, b in zip(got, want, strict=True)):
            return False
        got, want = (np.concatenate([np.ravel(one) for one in all_]) for all_ in (got, want))
        return _is_one_of(got, _roundings(want))

    def _related(self, cases, results, want):
        """What the results have to do with the right ones, where most cases have a result."""
        tried = [k for k, result in enumerate(results) if not (result.failed or result.nothing)]
        if 2 * len(tried) <= len(cases):
            return None
        got, right, there = ([all_[k] for k in tried] for all_ in ([r.value for r in results], want, cases))
        return related(got, right, self.rtol, self.atol) or exchanged(
            got, there, self.arguments, self.want, self.rtol, self.atol
        )

    @staticmethod
    def _of(function: Callable, case: tuple) -> NDArray:
        return np.asarray(function(*copy.deepcopy(case)), float)

    def _try(self, answer: object, case: tuple) -> "_Result":
        """Call the function in a case, or evaluate the expression; and say what came of it."""
        tried = f"tried: {self.name}({', '.join(_argument(value) for value in case)})"
        generators = [value for value in copy.deepcopy(case) if isinstance(value, np.random.Generator)]
        states = [_state(generator) for generator in generators]
        try:
            if is_formula(answer):
                if not all(isinstance(value, int | float) for value in case):
                    raise Unreadable("A Python function is asked for here, not an expression.")
                value = np.asarray(evaluate(answer, dict(zip(self.arguments, case, strict=True))))
            else:
                with contextlib.redirect_stdout(_Nowhere()), contextlib.redirect_stderr(_Nowhere()):
                    value = within(PATIENCE, lambda: self._call(answer, case, generators))
        except Unreadable as reason:
            return _Result((tried, *str(reason).splitlines()), np.array(np.nan), failed=True)
        except (KeyboardInterrupt, Late) as reason:
            said = "It was interrupted there."
            if isinstance(reason, Late):
                said = f"It had no result after {PATIENCE:g} seconds."
                said += " It can't be ended, either: restart the kernel." * reason.stuck
            return _Result((tried, said), np.array(np.nan), failed=True, late=True)
        if value is None:
            return _Result((tried, "came back: None"), np.array(np.nan), nothing=True)
        untouched = bool(generators) and states == [_state(generator) for generator in generators]
        return _Result((tried, f"came back: {show(value)}"), value, untouched=untouched)

    def _call(self, answer: Callable, case: tuple, generators: list) -> NDArray | None:
        arrays = []
        for _ in range(self.calls):
            passed = iter(generators)
            arguments = [
                next(passed) if isinstance(value, np.random.Generator) else copy.deepcopy(value)
                for value in case
            ]
            try:
                result = answer(*arguments)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                raise Unreadable(f"it raised {_said(error, answer, case, self.arguments)}") from None
            if result is None or result is ...:
                return None
            arrays.append(read_array(result))
        if self.summary is None:
            return arrays[0]
        array = arrays[0] if self.calls == 1 else arrays
        try:
            return np.asarray(self.summary(array, *case), float)
        except Exception:
            raise Unreadable(f"came back: {show(arrays[0])}, which is not of the right shape.") from None


class _Result(NamedTuple):
    """What came of a function in one case."""

    lines: tuple[str, ...]
    value: NDArray
    failed: bool = False
    nothing: bool = False
    untouched: bool = False
    late: bool = False


def _state(generator: np.random.Generator) -> str:
    bits = generator.bit_generator
    return f"{bits.state} {getattr(bits.seed_seq, 'n_children_spawned', 0)}"


def _is_stub(answer: object) -> bool:
    """Whether a function does nothing at all, as it stands in the notebook."""
    code = getattr(answer, "__code__", None)
    if code is None:
        return False
    doing = {step.opname for step in dis.get_instructions(code)}
    idle = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "POP_TOP", "COPY_FREE_VARS"}
    return doing <= idle


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


def _right_parts(got: ArrayLike, want: ArrayLike, rtol: float, atol: float) -> float:
    """The share of an answer's numbers that are right."""
    got, want = np.squeeze(np.asarray(got, float)), np.squeeze(np.asarray(want, float))
    return (
        float(np.mean(np.isclose(got, want, rtol, atol))) if got.shape == want.shape and got.size else 0.0
    )


def _general(got: list, want: list, parts: list[float], came_back: str) -> tuple[str, list[str]]:
    """What can be said where no slip is recognised, without saying what is right: the first is wrong."""
    got = [np.squeeze(np.asarray(value, float)) for value in got]
    want = [np.squeeze(np.asarray(value, float)) for value in want]
    if got[0].shape != want[0].shape:
        return "wrong", [came_back, f"Its shape is {got[0].shape}; {want[0].shape} is asked for."]
    if np.isnan(got[0]).any():
        return "wrong", [came_back, GENERAL["nan"]]
    if all(a.shape == b.shape for a, b in zip(got, want, strict=True)):
        flat, right = (np.concatenate([np.ravel(one) for one in all_]) for all_ in (got, want))
        if _close(flat, right, _NEAR, 0.0):
            return "near", [came_back, GENERAL["near"]]
    return "wrong", [came_back, GENERAL["partly" if max(parts) > 0 else "wrong"]]


def _is_one_of(got: NDArray, forms: list[NDArray]) -> bool:
    return any(np.allclose(got, form, 1e-12, 1e-12) for form in forms)


def _roundings(want: NDArray) -> list[NDArray]:
    """The right numbers, to so many decimals or significant digits, as far as half of them are near."""
    if not np.all(np.isfinite(want)):
        return []
    scale = np.floor(np.log10(np.abs(want), where=want != 0, out=np.zeros_like(want)))
    steps = (step for digits in range(7) for step in (10.0**-digits, 10.0 ** (scale - digits)))
    forms = (step * np.round(want / step) for step in steps)
    return [form for form in forms if np.mean(np.isclose(form, want, 0.1, 0) & (form != 0)) >= 0.5]


def _argument(value: object) -> str:
    if isinstance(value, np.ndarray | list | tuple):
        return show(np.asarray(value))
    return show(value)


def _said(error: BaseException, answer: Callable, case: tuple, arguments: Sequence[str]) -> str:
    kind = name_of(error).split()[-1]
    try:
        said = str(error).splitlines()[0][:200]
    except BaseException:
        said = ""
    hint = ""
    if kind == "TypeError":
        try:
            inspect.signature(answer).bind(*case)
        except TypeError:  # it could not even be called: the fault is not in its body
            hint = f" (the arguments, in order, are {', '.join(arguments)})"
        except BaseException:
            hint = ""
    return f"{kind}: {said}{hint}" if said else f"{kind}{hint}"
