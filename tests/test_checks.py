"""The checks of the exercises: never raise, know the slips, take what is equivalent, give nothing away."""

import ast
import builtins
import dataclasses
import importlib
import inspect
import itertools
import json
import math
import re
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pandas as pd
import pytest
import scipy.special
import sympy
from catalogue.fresh import FRESH
from catalogue.later import LATER
from conftest import ROOT
from IPython.core.formatters import DisplayFormatter
from scipy import special, stats

import betabin
from betabin import checks
from betabin.checks import kinds
from betabin.checks._pristine import pristine
from betabin.checks.kinds import Array, Choice, Example, Function, Number, Option, Slip

FOLDER = ROOT / "src" / "betabin" / "checks"
SETS = sorted(path.stem for path in FOLDER.glob("ex*.py"))
QUESTIONS = {name: question for one in SETS for name, question in checks.questions(one).items()}


def answers(one):
    """The catalogue of a set, tests/catalogue/exNN.py; each set has one."""
    return importlib.import_module(f"catalogue.{one}").ANSWERS


CATALOGUE = {name: entry for one in SETS for name, entry in answers(one).items()}
RIGHT = [(name, number) for name, entry in CATALOGUE.items() for number in range(len(entry["right"]))]
WRONG = [(name, slip) for name, entry in CATALOGUE.items() for slip in entry["wrong"]]


def several(name):
    """Whether a question asks for several letters: no wrong answer of it is told a slip."""
    question = QUESTIONS[name]
    return isinstance(question, Choice) and any(
        verdict.name == "right" for letters, verdict in question.table(name).items() if len(letters) > 1
    )


def hostile():
    """Objects on which one thing or another fails."""

    def boom(*_, **__):
        raise RuntimeError("boom")

    special = ["__eq__", "__float__", "__array__", "__repr__", "__str__", "__iter__", "__len__", "__bool__"]
    special += ["__hash__", "__getattr__", "__index__", "__abs__", "__lt__", "__copy__", "__deepcopy__"]
    raising = type("Raising", (), dict.fromkeys(special, boom))()
    lying = type("Lying", (), {"__class__": property(boom)})()
    exiting = type("Exiting", (), {"__float__": lambda self: (_ for _ in ()).throw(SystemExit)})()
    endless = type("Endless", (), {"__iter__": lambda self: itertools.count(), "__len__": lambda self: 3})()
    bad_float = type("BadFloat", (float,), {"__float__": boom, "__eq__": boom, "__repr__": boom})(1.0)
    bad_text = type("BadText", (str,), {"lower": boom, "__iter__": boom})("a")
    bad_array = np.ones(3).view(type("BadArray", (np.ndarray,), {"__array_finalize__": lambda *_: None}))
    bad_call = type("BadCall", (), {"__call__": boom, "__name__": property(boom)})()
    loop = []
    loop.append(loop)

    def recursive(*args):
        return recursive(*args)

    def raising_with(error):
        def function(*_):
            raise error

        return function

    bad_error = type("BadError", (Exception,), {"__str__": boom, "__repr__": boom})
    return {
        "raising": raising,
        "lying": lying,
        "exiting": exiting,
        "endless": endless,
        "bad float": bad_float,
        "bad text": bad_text,
        "bad array": bad_array,
        "bad call": bad_call,
        "class": type(raising),
        "loop": loop,
        "nan": math.nan,
        "inf": -math.inf,
        "complex": 1j,
        "huge integer": 10**1000,
        "negative huge": [-(10**1000)],
        "huge array": np.broadcast_to(0.0, (10**6, 10**6)),
        "huge range": range(10**15),
        "counting": itertools.count(),
        "empty": [],
        "no axes": np.array(3),
        "strings": np.array(["a", "b"]),
        "objects": np.array([None, bad_call], dtype=object),
        "ragged": [[1], [2, 3]],
        "half answered": [1, ...],
        "text": "no",
        "long text": "ab" * 10**6,
        "bytes": b"a",
        "bool": True,
        "dict": {"a": 1},
        "set": {1, 2},
        "module": np,
        "type": int,
        "symbol": sympy.Symbol("alpha"),
        "other symbol": sympy.Symbol("q"),
        "infinite": sympy.oo,
        "undefined": sympy.nan,
        "sympy matrix": sympy.Matrix([1, 2]),
        "sympy function": sympy.Function("f"),
        "equation": sympy.Eq(sympy.Symbol("alpha"), 1),
        "few arguments": lambda: 1,
        "many arguments": lambda a, b, c, d, e, f, g, h: 1,
        "builtin": print,
        "returns text": lambda *_: "no",
        "returns raising": lambda *_: raising,
        "returns nan": lambda *_: math.nan,
        "returns itself": lambda *args: args,
        "returns a function": lambda *_: boom,
        "returns huge": lambda *_: range(10**15),
        "raises": boom,
        "raises badly": raising_with(bad_error()),
        "exits": raising_with(SystemExit(3)),
        "interrupts": raising_with(KeyboardInterrupt()),
        "generator exit": raising_with(GeneratorExit()),
        "never ends": recursive,
        "generator": (number for number in (1, 2)),
        "breaks off": (1 / number for number in (1, 0)),
        "exits later": (raising_with(SystemExit())() for _ in range(2)),
    }


@pytest.mark.parametrize("name", QUESTIONS)
def test_nothing_that_is_given_makes_a_check_raise(name, capsys):
    for what, answer in hostile().items():
        points = checks.check(name, answer)
        printed = capsys.readouterr()
        assert isinstance(points, float), what
        assert 0 <= points < QUESTIONS[name].points, what
        assert printed.out.strip(), what
        assert printed.err == "", what
        assert max(map(len, printed.out.splitlines())) <= 79, what


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("stub", [..., None, lambda *_: ..., lambda *_: None])
def test_an_unanswered_question_says_so_and_no_more(name, stub, capsys):
    if callable(stub) and not isinstance(QUESTIONS[name], Function):
        return
    assert checks.check(name, stub) == 0
    assert capsys.readouterr().out == f"{name}: not answered yet.\n"


@pytest.mark.parametrize("one", SETS)
def test_every_question_has_its_catalogue(one):
    assert list(answers(one)) == list(checks.questions(one))
    for name, entry in answers(one).items():
        slips = set(entry["wrong"]) if several(name) else set(QUESTIONS[name].messages)
        assert re.fullmatch(rf"{one}\.\d", name)
        assert len(entry["right"]) >= 3, f"{name}: fewer than three forms of the right answer"
        assert len(entry["wrong"]) >= 3, f"{name}: fewer than three wrong answers"
        assert set(entry["wrong"]) == slips, f"{name}: slips and wrong answers differ"


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_slip_has_a_message_of_its_own(name):
    messages = list(QUESTIONS[name].messages.values())
    assert len(set(messages)) == len(messages)
    assert min(map(len, messages)) > 20
    hints = [slip.hint for slip in QUESTIONS[name].slips]
    assert set(hints) <= {None, 1, 2}
    assert not hints or any(hints)  # which hint helps is said at least where one does


@pytest.mark.parametrize(("name", "number"), RIGHT)
def test_equivalent_answers_are_right(name, number, capsys):
    points = checks.check(name, CATALOGUE[name]["right"][number])
    printed = capsys.readouterr().out
    assert points == QUESTIONS[name].points, printed
    assert printed.startswith(f"{name}: right.")


@pytest.mark.parametrize(("name", "slip"), WRONG)
def test_a_slip_is_recognised(name, slip, capsys):
    answer = CATALOGUE[name]["wrong"][slip]
    verdict = checks.judge(name, answer)
    assert verdict.name == slip, verdict.lines
    assert verdict.points < QUESTIONS[name].points
    known = {one.name: one.said for one in QUESTIONS[name].slips} or QUESTIONS[name].messages
    message = kinds.GENERAL["letters"] if several(name) else known[slip]
    assert message in " ".join(verdict.lines)
    assert checks.check(name, answer) == verdict.points
    words = " ".join(capsys.readouterr().out.split())
    assert message in words
    assert "came back: " in words or "it raised" in words


def digits(value):
    """How a number could show: with three to eight significant digits."""
    return {f"{value:.{places}g}" for places in range(3, 9)}


@pytest.mark.parametrize("name", [name for name, q in QUESTIONS.items() if isinstance(q, Array)])
def test_no_message_and_no_source_holds_the_answer(name):
    question = QUESTIONS[name]
    values = [abs(float(v)) for v in np.ravel(question.want()) if len(f"{v:.3g}".strip("-0.")) >= 3]
    secret = set().union(*map(digits, values)) if values else set()
    source = ast.parse((FOLDER / f"{name[:4]}.py").read_text(encoding="utf-8"))
    literals = {str(node.value) for node in ast.walk(source) if isinstance(node, ast.Constant)}
    numbers = {number for text in literals for number in re.findall(r"\d+\.?\d*(?:e-?\d+)?", text)}
    assert not numbers & secret
    said = [
        line
        for key in CATALOGUE[name]["wrong"]
        for line in checks.judge(name, CATALOGUE[name]["wrong"][key]).lines
    ]
    said = [line for line in said if "came back" not in line]
    assert not set(re.findall(r"\d+\.?\d*(?:e-?\d+)?", " ".join(said))) & secret


@pytest.mark.parametrize("one", SETS)
def test_no_docstring_speaks_of_a_question(one):
    module = importlib.import_module(f"betabin.checks.{one}")
    assert not re.search(r"ex\d\d\.\d", inspect.getdoc(module))


def tamper(monkeypatch):
    """What a cell can do in a line each."""
    for module in (np, math):
        monkeypatch.setattr(module, "isclose", lambda *_, **__: True)
    monkeypatch.setattr(np, "allclose", lambda *_, **__: True)
    monkeypatch.setattr(np, "array_equal", lambda *_, **__: True)
    monkeypatch.setattr(np, "abs", lambda *_: 0.0)
    monkeypatch.setattr(np, "all", lambda *_, **__: True)
    monkeypatch.setattr(np, "asarray", lambda *_, **__: np.array(0.0))
    monkeypatch.setattr(np, "log", lambda value: np.zeros(np.shape(value)))
    monkeypatch.setattr(np, "squeeze", lambda *_: np.zeros(()))
    monkeypatch.setattr(scipy.special, "betaln", lambda *_: 0.0)
    for place in (betabin, betabin.model):
        monkeypatch.setattr(place, "log_pmf", lambda *_: np.zeros(()))
    monkeypatch.setattr(betabin.checks.kinds, "_close", lambda *_: True)
    monkeypatch.setattr(builtins, "abs", lambda _: 0.0)
    monkeypatch.setattr(builtins, "all", lambda _: True)
    monkeypatch.setattr(builtins, "isinstance", lambda *_: True)


@pytest.mark.parametrize(("name", "slip"), WRONG)
def test_tampering_turns_no_wrong_answer_right(name, slip, monkeypatch):
    with monkeypatch.context() as patched:
        tamper(patched)
        verdict = checks.judge(name, CATALOGUE[name]["wrong"][slip])
    assert verdict.name == slip


def test_what_was_counted_by_something_replaced_is_not_believed(monkeypatch):
    right, counted = stats.betabinom.logpmf(4, 10, 2, 3), np.bincount
    with monkeypatch.context() as patched:
        patched.setattr(np, "bincount", lambda *given: 2 * counted(*given))
        assert not np.isclose(betabin.log_likelihood((2, 3), [4], [10]), right)
    with pristine():
        assert np.isclose(betabin.log_likelihood((2, 3), [4], [10]), right)


def test_what_was_replaced_is_left_as_it_was(monkeypatch):
    def mine(*_):
        return True

    monkeypatch.setattr(np, "isclose", mine)
    monkeypatch.delattr(math, "isclose")
    checks.check("ex01.2", "a")
    assert np.isclose is mine
    assert not hasattr(math, "isclose")


TOY = Function(
    points=2, name="double", arguments=("value",), cases=lambda _: [(1.0,), (3.0,)], want=lambda v: 2 * v
)


def test_a_function_can_not_tamper_while_it_is_called(monkeypatch):
    monkeypatch.setattr(np, "abs", np.abs)

    def wrong(value):
        np.abs = lambda *_: 0.0
        return value

    assert TOY.judge("toy", wrong).points == 0


@pytest.mark.parametrize(
    "question", ["ex01.99", "ex99.1", "model", "", 3, None, ..., ["ex01.1"], np.array([1, 2])]
)
def test_an_unknown_question_is_named_as_such(question, capsys):
    assert checks.check(question, 1) == 0
    assert "There is no" in capsys.readouterr().out


def test_a_closed_output_does_not_raise(monkeypatch):
    class Closed:
        def write(self, _):
            raise ValueError("I/O operation on closed file")

    monkeypatch.setattr("sys.stdout", Closed())
    assert checks.check("ex01.2", "a") == 0


def test_a_function_that_prints_and_warns_is_not_heard(capsys):
    def loud(value):
        print("a round")
        np.log(-np.ones(2))
        return 2 * value

    assert TOY.judge("toy", loud).name == "right"
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_a_function_that_changes_its_arguments_changes_only_copies():
    question = Function(
        points=1, name="f", arguments=("x",), cases=lambda _: [(np.ones(3),)], want=lambda x: 2 * x
    )

    def in_place(x):
        x *= 2
        return x

    assert question.judge("toy", in_place).name == "right"


@pytest.mark.parametrize(
    "answer",
    [
        3,
        3.0,
        "3",
        np.int64(3),
        np.float32(3),
        Fraction(6, 2),
        Decimal(3),
        sympy.Integer(3),
        [3],
        np.array([[3.0]]),
        np.array(3),
        np.array(Fraction(3)),
        np.array("3"),
        np.str_("3.0"),
        b"3",
        "3,0",
        "300 %",
        "6/2",
        "(3)",
        ["3,0"],
    ],
)
def test_a_number_is_read_from_anything_that_is_one(answer):
    verdict = Number(points=1, want=lambda: 3).judge("toy", answer)
    assert verdict.name == "right"


PAIR = Array(
    points=2,
    want=lambda: [1.0, 2.0],
    slips=(Slip("swapped", "Other order.", gives=lambda: [2.0, 1.0], points=1),),
)


@pytest.mark.parametrize(
    "answer",
    [
        [1, 2],
        (1, 2),
        np.array([1, 2]),
        np.array([[1.0], [2.0]]),
        betabin.BetaParams(1, 2),
        [1, 2.00001],
        (number for number in (1, 2)),
        pd.DataFrame({"one": [1.0], "other": [2.0]}),
        pd.Series([1, 2], index=["a", "b"]),
        sympy.Tuple(1, 2),
        sympy.Array([1, 2]),
        np.array([1 + 0j, 2 + 1e-17j]),
        mpmath.matrix([1, 2]),
        [mpmath.mpc(1, 0), {2}],
        [sympy.FiniteSet(1), sympy.Piecewise((2, True))],
        sympy.Matrix([1, 2]),
        [sympy.sqrt(1), Fraction(2)],
        range(1, 3),
        {"first": 1, "second": 2},
        {"beta": 2, "alpha": 1},
        {sympy.Symbol("b"): 2, sympy.Symbol("a"): 1},
        [{sympy.Symbol("alpha"): 1, sympy.Symbol("beta"): 2}],
        "1, 2",
        "[1.0, 2]",
        ["1", "2"],
        "1,2",
        "1,0; 2,0",
        "1,0 2,0",
        "(1, 4/2)",
        "100 % and 2",
        ["1,0", "2,0"],
        np.array([b"1", b"2"]),
        sympy.Point(1, 2),
        sympy.Dict(dict(zip(sympy.symbols("beta alpha"), (2, 1), strict=True))),
    ],
)
def test_numbers_in_order_are_read_from_any_container(answer):
    assert PAIR.judge("toy", answer).name == "right"


@pytest.mark.parametrize("answer", [7.0, 0.0, -math.inf, math.nan])
def test_where_infinity_is_right_no_other_number_is(answer):
    question = Number(points=1, want=lambda: math.inf)
    assert question.judge("toy", math.inf).name == "right"
    assert question.judge("toy", answer).name in ("wrong", "sign")


@pytest.mark.parametrize(
    ("answer", "name", "words"),
    [
        ([2, 1], "swapped", "Other order."),
        ([1, 2.001], "near", "approximate"),
        ([-1, -2], "sign", "sign"),
        ([1, 2, 3], "wrong", "shape"),
        (3.0, "wrong", "shape"),
        ([1, math.nan], "wrong", "no number"),
        ([5, 6], "wrong", "not it"),
        ({1, 2}, "unreadable", "set"),
        ("one, two", "unreadable", "digits"),
        ("__import__('os')", "unreadable", "digits"),
        ("1,842 2", "unreadable", "comma for thousands"),
        ([math.e, math.e**2], "its exponential", "exponential"),
        ([1, 4], "its square", "square"),
        ([100, 200], "in percent", "per cent"),
        ([2, 4], "factor of two", "factor of two"),
        ([1 / math.log(2), 2 / math.log(2)], "another base", "bases"),
        (1.0, "a part", "Not all"),
        ([True, False], "unreadable", "True or False"),
        ([1, 2j], "unreadable", "complex"),
        ([1, sympy.Symbol("alpha")], "unreadable", "alpha"),
        (lambda: [1, 2], "unreadable", "function"),
    ],
)
def test_what_is_wrong_with_numbers_is_said(answer, name, words):
    verdict = PAIR.judge("toy", answer)
    assert verdict.name == name
    assert words in " ".join(verdict.lines)
    assert verdict.points == (1 if name == "swapped" else 0)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ((1, 3), "right"),
        ([[2], [4]], "right"),
        ((1, 1), "equal"),
        (3, "unreadable"),
        ((1, math.nan), "wrong"),
    ],
)
def test_an_example_is_judged_by_what_it_has_to_be(answer, name):
    question = Example(
        points=1, shape=(2,), slips=(Slip("equal", "They are equal.", when=lambda got: got[0] == got[1]),)
    )
    assert question.judge("toy", answer).name == name


@pytest.mark.parametrize(
    ("answer", "name", "points"),
    [
        ("ac", "right", 2),
        ("c, A", "right", 2),
        (["a", "c"], "right", 2),
        ("a and c", "right", 2),
        ("a/c", "right", 2),
        ("[a, c]", "right", 2),
        ("'a', 'c'", "right", 2),
        (np.array(["a", "c"]), "right", 2),
        (pd.Series(["c", "a"]), "right", 2),
        (sympy.FiniteSet(*sympy.symbols("a c")), "right", 2),
        ("a", "a", 0),
        ("abcd", "abcd", 0),
        (["d", "b"], "bd", 0),
        ("A und C", "right", 2),
        ("a & c", "right", 2),
        ("A+C", "right", 2),
        (" (a), (c) ", "right", 2),
        ("a: true, b: false, c: yes, d = no", "right", 2),
        (b"ac", "right", 2),
        ([b"a", bytearray(b"c")], "right", 2),
        (("a", {"c"}), "right", 2),
        ({"a": True, "b": np.False_, "c": 1, "d": 0}, "right", 2),
        ({"a": "true", "b": "false", "c": "yes", "d": "no"}, "right", 2),
        ({1: "a", 2: "c"}, "right", 2),
        (sympy.Point(*sympy.symbols("a c")), "right", 2),
        (np.array(b"ac"), "right", 2),
        ("a or c", "unreadable", 0),
        ("not b", "unreadable", 0),
        ("all but b and d", "unreadable", 0),
        ("a..c", "unreadable", 0),
        ("a: true, b: perhaps", "unreadable", 0),
        ({"a": None, "c": 3}, "unreadable", 0),
        (b"\xff", "unreadable", 0),
        ("a-c", "unreadable", 0),
        ("x", "unreadable", 0),
        (["a", 3], "unreadable", 0),
        (1, "unreadable", 0),
    ],
)
def test_letters_are_read_in_any_form(answer, name, points):
    question = Choice(
        points=2,
        options=(
            Option("a", True),
            Option("b", False, "No."),
            Option("c", lambda: True),
            Option("d", False, "No."),
        ),
    )
    verdict = question.judge("toy", answer)
    assert (verdict.name, verdict.points) == (name, points)


@pytest.mark.parametrize(
    ("answer", "name", "words"),
    [
        (lambda v: 2 * v, "right", "2 of 2"),
        (2 * sympy.Symbol("value"), "right", "2 of 2"),
        (sympy.Lambda(sympy.Symbol("t"), 2 * sympy.Symbol("t")), "right", "2 of 2"),
        (sympy.Eq(sympy.Symbol("y"), 2 * sympy.Symbol("value")), "right", "2 of 2"),
        (sympy.Derivative(sympy.Symbol("value") ** 2, sympy.Symbol("value")), "right", "2 of 2"),
        (sympy.Symbol("value") > 1, "unreadable", "condition"),
        (sympy.Symbol("value") + sympy.Symbol("w"), "unreadable", "symbols w"),
        (lambda v: 2 if v == 1 else None, "no branch", "came back: None"),
        (lambda v: print(2 * v), "no return", "return the result"),
        (lambda v: 2 / (v - 3), "wrong", "double(1)"),
        (lambda v: round(2 * v + 0.001, 3), "near", "approximate"),
        (lambda v: 2 if v == 1 else 1 / 0, "raised", "it raised ZeroDivisionError: division by zero"),
        (lambda v: (2 * v) if v == 1 else len(v), "raised", "double(3)"),
        (lambda: 1, "unreadable", "in order, are value"),
        (4, "unreadable", "not its value"),
    ],
)
def test_what_a_function_does_is_said(answer, name, words):
    verdict = TOY.judge("toy", answer)
    assert verdict.name == name
    assert words in " ".join(verdict.lines)


def test_random_results_are_compared_by_their_summary():
    def draw(size, rng):
        return rng.normal(3.0, 1.0, size)

    question = Function(
        points=1,
        name="draw",
        arguments=("size", "rng"),
        cases=lambda rng: [(40_000, rng)],
        want=lambda *_: [3.0, 1.0],
        summary=lambda result, *_: [result.mean(), result.std()],
        rtol=0.02,
        slips=(Slip("spread", "Too wide.", gives=lambda *_: [3.0, 2.0]),),
    )
    assert question.judge("toy", draw).name == "right"
    assert question.judge("toy", lambda size, rng: 3 + 2 * rng.normal(size=size)).name == "spread"


WITHOUT = Function(
    points=2,
    name="twice",
    arguments=("value",),
    cases=lambda rng: [(2.0,), (float(rng.uniform(3, 9)),)],
    want=lambda value: 2 * value,
    forbidden=("betabin.m_step", "scipy.special.gamma", "math.lgamma"),
)


def by_alias(value, step=betabin.m_step):
    return 2 * value + 0 * step(betabin.e_step((1, 1), 1, 2)).alpha


def by_helper(value):
    return by_alias(value)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (by_alias, "betabin.m_step"),
        (by_helper, "betabin.m_step"),
        (
            lambda v: 2 * v + 0 * next(map(betabin.m_step, [betabin.e_step((1, 1), 1, 2)])).alpha,
            "betabin.m_step",
        ),
        (lambda v: v * scipy.special.gamma(3), "scipy.special.gamma"),
        (lambda v: v * special.gamma(3), "scipy.special.gamma"),
        (lambda v: 2 * v + math.lgamma(1), "math.lgamma"),
    ],
)
def test_what_the_text_forbids_is_noticed_by_whatever_name(answer, name):
    verdict = WITHOUT.judge("toy", answer)
    assert (verdict.name, verdict.points) == ("shortcut", 1)
    assert name in " ".join(verdict.lines)


def test_what_the_package_calls_itself_is_not_the_students_doing():
    def fits(value):
        betabin.fit_em([1, 3, 8], [10, 10, 10], max_iter=2)
        return 2 * value

    assert WITHOUT.judge("toy", fits).name == "right"


def test_an_interrupted_function_is_told_its_case():
    def stopped(value):
        if value == 3:
            raise KeyboardInterrupt
        return 2 * value

    words = " ".join(TOY.judge("toy", stopped).lines)
    assert "double(3)" in words
    assert "interrupted" in words


def test_a_type_error_in_the_body_is_not_told_as_one_of_the_arguments():
    words = " ".join(TOY.judge("toy", lambda value: value + "a").lines)
    assert "TypeError" in words
    assert "in order" not in words


@pytest.mark.parametrize(("fresh", "least"), [(FRESH, 150), (LATER, 75)], ids=["fresh", "later"])
def test_of_fresh_wrong_answers_half_are_named_and_nine_in_ten_of_those_rightly(fresh, least):
    unnamed = {"wrong", "near", "unreadable", "unanswered"}
    told = [
        (question, checks.judge(question, answer).name, slips)
        for question, answers_ in fresh.items()
        for answer, slips in answers_
    ]
    assert len(told) >= least
    assert [question for question, name, _ in told if name == "right"] == []
    named = [(question, name, slips) for question, name, slips in told if name not in unnamed]
    others = [(question, name) for question, name, slips in named if name not in slips]
    assert len(named) >= len(told) / 2
    assert len(others) <= 0.1 * len(named), others


def dresses(letters):
    """How the letters of an answer may be written."""
    texts = [
        ", ".join(letters),
        "/".join(letters),
        f"({') ('.join(letters)})",
        " and ".join(letters).upper(),
    ]
    texts.append(f"Answers: {' '.join(letters)}.")
    copied = "\n".join(f"- **{letter}**: the words of this option, which are long" for letter in letters)
    symbols = [sympy.Symbol(letter) for letter in letters]
    containers = [list(letters), set(letters), np.array([list(letters)]), pd.Series(list(letters)), symbols]
    return [*texts, copied, *containers, dict.fromkeys(letters, True), (each for each in letters)]


@pytest.mark.parametrize("name", [name for name, q in QUESTIONS.items() if isinstance(q, Choice)])
def test_letters_are_read_in_any_dress(name):
    (letters,) = [key for key, verdict in QUESTIONS[name].table(name).items() if verdict.name == "right"]
    for answer in dresses(letters):
        assert checks.judge(name, answer).name == "right", answer


def coats(function):
    """A function whose result is what it was, in another form."""
    named = list("abcdefgh")
    results = [
        lambda value: np.asarray(value) + 0j,
        lambda value: pd.DataFrame(value) if np.ndim(value) else pd.Series([value]),
        lambda value: sympy.Matrix(np.atleast_1d(value)),
        lambda value: np.asarray(value, float).astype(np.longdouble)[..., np.newaxis],
        lambda value: (part for part in value) if np.ndim(value) else [float(value)],
        lambda value: dict(zip(named, value, strict=False)) if np.ndim(value) == 1 else [[value]],
    ]
    return [lambda *case, result=result: result(plain(function(*case))) for result in results]


def plain(value):
    """As an array or a number, what a generator holds too."""
    value = list(value) if inspect.isgenerator(value) else value
    return np.asarray(value, float) if np.ndim(value) else float(value)


COATED = [name for name, q in QUESTIONS.items() if isinstance(q, Function) and q.summary is None]


@pytest.mark.parametrize("number", range(2))
@pytest.mark.parametrize("name", COATED)
def test_results_are_read_in_any_form(name, number):
    function = next(one for one in CATALOGUE[name]["right"] if callable(one))
    size = np.size(plain(function(*QUESTIONS[name].cases(np.random.default_rng(0))[0])))
    all_ = [coat for k, coat in enumerate(coats(function)) if k < 5 or size < 9]
    # Two of them for each question, so that all have their turn.
    coat = all_[(2 * COATED.index(name) + number) % len(all_)]
    verdict = checks.judge(name, coat)
    assert verdict.name == "right", verdict.lines


def test_what_never_comes_back_is_given_up_and_its_case_named(monkeypatch):
    monkeypatch.setattr(kinds, "PATIENCE", 0.2)

    def stuck(value):
        while value == 3:
            pass
        return 2 * value

    verdict = TOY.judge("toy", stuck)
    assert verdict.name == "late"
    assert "double(3)" in verdict.lines[1]
    assert "no result after 0.2 seconds" in verdict.lines[2]


def test_after_an_interrupt_what_is_known_of_the_other_cases_counts():
    slip = Slip("one alone", "Only of one.", right_on=lambda value: value == 1, points=1)
    toy = dataclasses.replace(TOY, slips=[slip])

    def stopped(value):
        if value == 3:
            raise KeyboardInterrupt
        return 2 * value

    verdict = toy.judge("toy", stopped)
    assert verdict.name == "one alone"
    assert "double(3)" in verdict.lines[1]


def test_scipys_sums_far_below_zero_end():
    verdict = TOY.judge("toy", lambda value: 2 * value + 0 * special.polygamma(1, -1e300 * value))
    assert verdict.name == "wrong"
    assert "no number" in verdict.lines[-1]
    assert np.isfinite(special.polygamma(1, -2.5e5 - 0.5))  # outside of a check it is SciPy's own


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (lambda a, b: 2 * (a - b) + a * b, "factor of two"),
        (lambda a, b: 3 * (a - b + a * b / 2), "a factor"),
        (lambda a, b: a - b + a * b / 2 + 1, "a number off"),
        (lambda a, b: b - a + a * b / 2, "exchanged arguments"),
        (lambda a, b: [a - b, a * b / 2], "not summed"),
        (lambda a, b: math.ceil(a - b + a * b / 2), "rounded up"),
        (lambda a, b: a - b + a * b / 2 if a > b else None, "no branch"),
        (lambda a, b: a + b, "wrong"),
    ],
)
def test_relations_to_the_right_result_are_told_whatever_the_question(answer, name):
    two = Function(
        points=2,
        name="two",
        arguments=("a", "b"),
        cases=lambda _: [(3.7, 1.1), (0.4, 5.9), (2.3, 0.6), (4.1, 7.2)],
        want=lambda a, b: a - b + a * b / 2,
    )
    verdict = two.judge("toy", answer)
    assert (verdict.name, verdict.points) == (name, 0)


@pytest.mark.parametrize("name", [name for name, q in QUESTIONS.items() if isinstance(q, Choice)])
def test_wrong_answers_of_several_letters_are_all_told_the_same(name):
    """Two that differed would tell, after enough tries, which letters are right, or how many."""
    table = QUESTIONS[name].table(name)
    wrong = {letters: verdict for letters, verdict in table.items() if verdict.name != "right"}
    assert len(table) - len(wrong) == 1
    told = {(verdict.points, verdict.lines[0], *verdict.lines[2:]) for verdict in wrong.values()}
    if several(name):
        assert len(told) == 1
        assert {verdict.name for verdict in wrong.values()} == set(wrong)  # of what was answered alone
        assert {verdict.lines[1] for verdict in wrong.values()} == {
            f"  came back: {', '.join(letters)}" for letters in wrong
        }
    else:
        assert {verdict.name for letters, verdict in wrong.items() if len(letters) > 1} == {"unreadable"}


def test_what_is_known_of_a_number_is_what_is_said_of_it():
    for known in PAIR.known("toy"):
        verdict = PAIR.judge("toy", known.values)
        assert verdict[:2] == known.verdict[:2]


def test_the_score_and_the_report_tell_what_is_open(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(checks, "_SAID", {})
    checks.check("ex01.2", "a")
    checks.check("ex01.2", "b")
    checks.check("ex01.5", "ab")
    checks.check("ex01.6")
    capsys.readouterr()
    checks.score("ex01")
    said = capsys.readouterr().out
    total = sum(one.points for one in checks.questions("ex01").values())
    assert f"ex01: 1.5 of {total} points." in said or f"ex01: 1 of {total} points." in said
    assert "Open: ex01.5." in said
    assert "ex01.6" in said.split("Open")[0]
    checks.report(tmp_path / "answers.json")
    told = json.loads((tmp_path / "answers.json").read_text(encoding="utf-8"))
    assert told["ex01.2"] == {"answered": True, "tries": 2, "points": 1, "of": 1, "slips": ["a"]}
    assert told["ex01.6"]["answered"] is False
    with pytest.raises(ValueError, match="ex77"):
        checks.score("ex77")


def test_a_notebook_shows_nothing_of_the_points_but_nbgrader_reads_them():
    shown, _ = DisplayFormatter().format(checks.Points(1.5))
    assert shown["text/plain"] == "1.5"
    assert shown["text/html"] == shown["text/latex"] == ""
