"""Sphinx extension: questions that need no program are answered on their page, as `check` answers.

The build asks `betabin.checks` about every choice, and for numbers what is right and what each slip gives.
A number that only a predicate of a slip knows gets the general message. ``answers.js`` looks answers up.
"""

import collections
import html
import json
import re

from sphinx.application import Sphinx

from betabin import checks
from betabin.checks import kinds
from betabin.checks._reading import UNREAD

_PAGE = re.compile(r"exercises/(ex\d\d)\w*/")
_SECTION = '<section id="question-'
_FORM = """<form class="answer" hidden data-about="{about}">
<fieldset><legend>Your answer to {name}</legend>
{fields}</fieldset>
<button type="submit">Check</button>
<output role="status"></output>
</form>
"""
_LETTER = '<label><input type="{kind}" name="{name}" value="{letter}"/> {letter}</label>\n'
_NUMBER = '<label>{label} <input type="text" inputmode="decimal" autocomplete="off" size="14"/></label>\n'
_PROGRAM = """<p class="answer-program">This question is answered by a program.
<a href="{notebook}" download>Take the notebook</a>, and start it as the foot of this page says.</p>
"""


def about(name: str, question: kinds.Question) -> dict | None:
    """Return what the page must know to judge an answer to a question; None where it takes a program."""
    if isinstance(question, kinds.Choice):
        found = {letters: _said(verdict) for letters, verdict in question.table(name).items()}
        many = any(len(letters) > 1 and found[letters][2] for letters in found)
        asked = {letters: said for letters, said in found.items() if many or len(letters) == 1}
        times = collections.Counter(map(json.dumps, asked.values()))
        said = [verdict for verdict, _ in times.most_common()]
        return {
            "name": name,
            "letters": sorted({letter for letters in found for letter in letters}),
            "many": many,
            "said": [json.loads(verdict) for verdict in said],
            # What most answers are told stands first, and such answers are left out.
            "table": {
                one: said.index(json.dumps(told))
                for one, told in asked.items()
                if told != json.loads(said[0])
            },
        }
    if isinstance(question, kinds.Array):
        known = question.known(name)
        found = [
            {
                "values": one.values.ravel().tolist(),
                "rtol": one.rtol,
                "atol": one.atol,
                "said": _said(one.verdict),
            }
            for one in [*known, *question.general(name)]
            if one.values.size == known[0].values.size
        ]
        return {
            "name": name,
            "percent": question.percent,
            "unread": UNREAD,
            "known": [one for k, one in enumerate(found) if one not in found[:k]],
            "partly": _said(question.unknown(name, partly=True)),
            "other": _said(question.unknown(name)),
        }
    return None


def _said(verdict: kinds.Verdict) -> list:
    # The page shows what was answered: it needn't be told what came back.
    lines = [line for line in verdict.lines if not line.startswith("  came back: ")]
    return [verdict.points, lines, verdict.name == "right"]


def form(about: dict) -> str:
    """Return the HTML of a question's form."""
    if "letters" in about:
        kind = "checkbox" if about["many"] else "radio"
        fields = "".join(
            _LETTER.format(kind=kind, name=about["name"], letter=letter) for letter in about["letters"]
        )
    else:
        size = len(about["known"][0]["values"])
        labels = ["Number"] if size == 1 else [f"Number {i}" for i in range(1, size + 1)]
        fields = "".join(_NUMBER.format(label=label) for label in labels)
    return _FORM.format(about=html.escape(json.dumps(about)), name=about["name"], fields=fields)


def add_forms(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Put a form, or the way to the notebook, below each question of an exercise page."""
    found = _PAGE.match(pagename)
    if found is None or app.builder.format != "html":
        return
    head, *sections = context["body"].split(_SECTION)
    notebook = context["pathto"](f"downloads/{pagename.rpartition('/')[2]}.ipynb", True)
    questions = list(checks.questions(found[1]).items())
    if len(questions) != len(sections):
        raise ValueError(f"{pagename}: {len(sections)} sections for {len(questions)} questions")
    for index, (name, question) in enumerate(questions):
        known = about(name, question)
        added = form(known) if known else _PROGRAM.format(notebook=notebook)
        sections[index] = sections[index].replace("</section>", added + "</section>", 1)
    context["body"] = _SECTION.join([head, *sections])


def setup(app: Sphinx) -> dict:
    """Register the above with Sphinx."""
    app.add_js_file("answers.js", loading_method="defer")
    app.add_css_file("answers.css")
    app.connect("html-page-context", add_forms, priority=750)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
