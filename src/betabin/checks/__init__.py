"""Instant feedback on the book's exercises.

``check("ex03.2", answer)`` says what was tried, what came back and what the likely slip is, and returns
points. There is one module per set of exercises; a set is known by its module's name alone.
"""

import json
import os
import pkgutil
import re
import textwrap
from importlib import import_module
from pathlib import Path

from betabin.checks._pristine import pristine, remember
from betabin.checks.kinds import Question, Verdict

__all__ = ["Points", "check", "judge", "questions", "report", "score"]

_WIDTH = 79  # of a page of the book
_SAID: dict[str, list[Verdict]] = {}  # what `check` has said in this session, by question


class Points(float):
    """Points earned: a number, of which a notebook shows nothing, for the message has said it.

    nbgrader reads the plain text of a cell's value; notebooks and pages prefer the other, empty, forms.
    """

    def __repr__(self) -> str:
        return f"{float(self):g}"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return ""

    def _repr_latex_(self) -> str:
        return ""


def check(question: str, answer: object = ...) -> Points:
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
    Points
        In part where part of the answer is right; nbgrader reads them from a cell's last value.
    """
    try:
        verdict = judge(question, answer)
        if verdict.name != "unknown":
            _SAID.setdefault(question, []).append(verdict)
        for line in verdict.lines:
            print(textwrap.fill(line, _WIDTH, subsequent_indent="  ", break_on_hyphens=False))
    except BaseException:  # the last resort, and it must not raise either: an output closed, a stop pressed
        return Points(0)
    return Points(verdict.points)


def score(name: str) -> None:
    """Print the best points that `check` has given in this session, and which questions are open.

    Parameters
    ----------
    name : str
        The set's name, such as ``"ex03"``.

    Raises
    ------
    ValueError
        If there is no set of this name.
    """
    if name not in _sets():
        raise ValueError(f"name: there is no set {name!r}; the sets are {', '.join(_sets())}")
    known = questions(name)
    best = {question: _best(question) for question in known}
    print(f"{name}: {sum(best.values()):g} of {sum(one.points for one in known.values())} points.")
    unseen = [question for question in known if not _answers(question)]
    partly = [q for q in known if q not in unseen and best[q] < known[q].points]
    for what, which in (("Not answered yet", unseen), ("Open", partly)):
        if which:
            print(textwrap.fill(f"{what}: {', '.join(which)}.", _WIDTH, subsequent_indent="  "))


def report(path: str | os.PathLike = "answers.json") -> None:
    """Write what was answered in this session to a small JSON file that an instructor may ask for.

    By question: whether it is answered, how often it was tried, the best points, of how many, and the
    names of the slips that were recognised, in order; where letters are asked for, those that were wrong.
    No other answers, and nothing of the person.

    Parameters
    ----------
    path : str or path-like
        The file; it is replaced.
    """
    told = {}
    for question in sorted(_SAID):
        verdicts = _answers(question)
        told[question] = {
            "answered": bool(verdicts),
            "tries": len(verdicts),
            "points": _best(question),
            "of": questions(question.split(".")[0])[question].points,
            "slips": [verdict.name for verdict in verdicts if verdict.name != "right"],
        }
    Path(path).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _answers(question: str) -> list[Verdict]:
    return [verdict for verdict in _SAID.get(question, ()) if verdict.name != "unanswered"]


def _best(question: str) -> int | float:
    return max((verdict.points for verdict in _answers(question)), default=0)


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
            return Verdict(
                0, "unreadable", (f"{question}: the answer could not be checked: looking at it failed.",)
            )


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
