"""Instant feedback on the book's exercises.

``check("ex03.2", answer)`` says what was tried, what came back and what the likely slip is, and returns
points. There is one module per set of exercises; a set is known by its module's name alone.
"""

import pkgutil
import re
import textwrap
from importlib import import_module

from betabin.checks._pristine import pristine, remember
from betabin.checks.kinds import Question, Verdict

__all__ = ["check", "judge", "questions"]

_WIDTH = 79  # of a page of the book


def check(question: str, answer: object = ...) -> int | float:
    """Say whether an answer is right, and if not, what the likely slip is.

    Nothing that is given as an answer makes it raise. It does not reveal the answer. Anything that means
    the same is accepted: lists, tuples, arrays, NumPy's numbers, fractions, SymPy expressions where a
    formula is asked for, and functions whatever their code.

    Parameters
    ----------
    question : str
        The question's name, such as ``"ex03.2"``.
    answer : object
        What the question asks for. Unanswered, it is ``...``.

    Returns
    -------
    int or float
        Points, in part where part of the answer is right; nbgrader reads them from a cell's last value.
    """
    try:
        verdict = judge(question, answer)
        for line in verdict.lines:
            print(textwrap.fill(line, _WIDTH, subsequent_indent="  ", break_on_hyphens=False))
    except BaseException:  # the last resort, and it must not raise either: an output closed, a stop pressed
        return 0
    return verdict.points


def judge(question: str, answer: object = ...) -> Verdict:
    """Return what `check` prints and returns, with the name of the slip that was recognised.

    Parameters
    ----------
    question, answer
        As `check` takes them.

    Returns
    -------
    Verdict
    """
    with pristine():
        try:
            found = re.fullmatch(r"(ex\d\d)\.\d+", question) if type(question) is str else None
            if found is None or found[1] not in _sets():
                sets = ", ".join(_sets())
                return Verdict(
                    0, "unknown", (f"There is no such question. The sets of exercises are {sets}.",)
                )
            known = questions(found[1])
            if question not in known:
                names = ", ".join(known)
                line = f"There is no question {question}. The questions of {found[1]} are {names}."
                return Verdict(0, "unknown", (line,))
            return known[question].judge(question, answer)
        except BaseException:  # no answer may end a notebook: not even one that exits or interrupts
            return Verdict(0, "unreadable", ("The answer could not be checked: looking at it failed.",))


def questions(name: str) -> dict[str, Question]:
    """Return the questions of a set, in order.

    Parameters
    ----------
    name : str
        The set's name, such as ``"ex03"``.

    Returns
    -------
    dict of str to Question
    """
    module = import_module(f"{__name__}.{name}")
    remember()
    return module.QUESTIONS


def _sets() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name.startswith("ex"))


remember()
