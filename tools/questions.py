"""Write the exercises' choices and numbers as quizzes for a learning platform: ``make questions``.

The zip is QTI 1.2, in the form that Canvas exports and imports: one quiz for each set of exercises. What
is right, and what is said of slips, comes from `betabin.checks`; the text from the solutions. Formulas
stay TeX, marked as platforms expect. A number's slips are listed in the feedback on wrong answers, for
Canvas would take a condition of their own for another right answer.
"""

import argparse
import html
import re
import sys
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import archive
import nbformat
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from betabin import checks
from betabin.checks import kinds
from exercises import ROOT, names

_QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
_MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="em-at-bat" xmlns="http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1">
<metadata><schema>IMS Content</schema><schemaversion>1.1.3</schemaversion></metadata>
<organizations/>
<resources>
{resources}</resources>
</manifest>
"""
_RESOURCE = """<resource identifier="{name}" type="imsqti_xmlv1p2">
<file href="{name}/{name}.xml"/>
</resource>
"""
_QUIZ = """<?xml version="1.0" encoding="UTF-8"?>
<questestinterop xmlns="{qti}">
<assessment ident="{name}" title={title}>
<section ident="root_section">
{items}</section>
</assessment>
</questestinterop>
"""
_ITEM = """<item ident="{ident}" title={title}>
<itemmetadata><qtimetadata>
<qtimetadatafield><fieldlabel>question_type</fieldlabel><fieldentry>{kind}</fieldentry></qtimetadatafield>
<qtimetadatafield><fieldlabel>points_possible</fieldlabel><fieldentry>{points}</fieldentry></qtimetadatafield>
</qtimetadata></itemmetadata>
<presentation>
{text}
{response}
</presentation>
<resprocessing>
<outcomes><decvar maxvalue="100" minvalue="0" varname="SCORE" vartype="Decimal"/></outcomes>
{conditions}
</resprocessing>
{feedback}
</item>
"""


def to_html(markdown: str) -> str:
    """Return the HTML of a notebook's Markdown, with formulas as TeX that platforms typeset."""

    def formula(content: str, options: dict) -> str:
        start, end = (r"\[", r"\]") if options["display_mode"] else (r"\(", r"\)")
        return f"{start}{html.escape(content)}{end}"

    return (
        MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, renderer=formula).render(markdown)
    )


class Source:
    """A question's text in Markdown: `title`, `statement`, `options` by letter, `hints` and `why`."""

    def __init__(self, cells: list[nbformat.NotebookNode], imports: str) -> None:
        heading, *text = cells[0].source.split("\n")
        self.title = heading.split(": ", 1)[1]
        statement, *hints = re.split(r"<details><summary>Hint \d</summary>", "\n".join(text))
        statement = statement.split("\n\n", 1)[1]  # after the line on its kind and points
        found = list(re.finditer(r"(?ms)^- \*\*([a-z])\*\*: (.*?)(?=^- \*\*|\n\n)", statement))
        self.options = {option[1]: option[2].strip() for option in found}
        for option in found:
            statement = statement.replace(option[0], "")
        if found:
            statement = re.sub(r"Answer with (a letter|all)[^.]*\.", "", statement)
        self.statement = statement.replace("Run the cell", "Below is a cell, and what it prints").strip()
        self.hints = [hint.split("</details>")[0].strip() for hint in hints]
        given = []
        for cell in cells[1:]:
            mark = cell.metadata.get("nbgrader", {})
            if cell.cell_type == "code" and mark.get("locked") and not mark.get("grade"):
                given.append(cell)
            elif "solution" in cell.metadata.get("tags", []):
                self.why = cell.source
        if given:
            code = "\n\n".join([imports, *(cell.source for cell in given)])
            printed = "".join(output.text for cell in given for output in cell.outputs if "text" in output)
            self.statement += f"\n\n```\n{code}\n```\n\n```\n{printed}```\n"


def sources(name: str, root: Path = ROOT) -> tuple[str, dict[str, Source]]:
    """Return the title of a set's notebook and its questions' texts by their names."""
    notebook = nbformat.read(root / "solutions" / name / f"{name}.ipynb", as_version=4)
    starts = [index for index, cell in enumerate(notebook.cells) if cell.source.startswith("## Question ")]
    title = notebook.cells[0].source.split("\n")[0].removeprefix("# ")
    imports = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    imports = re.sub(r"\nfrom betabin.checks .*", "", imports)
    found = {}
    for start, end in zip(starts, [*starts[1:], len(notebook.cells)], strict=True):
        number = re.match(r"## Question (\d+)", notebook.cells[start].source)[1]
        found[f"{name[:4]}.{number}"] = Source(notebook.cells[start:end], imports)
    return title, found


def _material(markdown: str) -> str:
    return f'<material><mattext texttype="text/html">{escape(to_html(markdown))}</mattext></material>'


def _feedback(ident: str, markdown: str) -> str:
    return f'<itemfeedback ident="{ident}"><flow_mat>{_material(markdown)}</flow_mat></itemfeedback>'


def _condition(test: str, feedback: str, right: bool = False) -> str:
    score = '<setvar action="Set" varname="SCORE">100</setvar>' if right else ""
    return (
        f'<respcondition continue="{"No" if right else "Yes"}"><conditionvar>{test}</conditionvar>{score}'
        f'<displayfeedback feedbacktype="Response" linkrefid="{feedback}"/></respcondition>'
    )


def item(name: str, question: kinds.Choice | kinds.Number, source: Source) -> str:
    """Return the XML of one question."""
    ident = name.replace(".", "-")
    conditions, feedback = [], []
    wrong = list(source.hints)
    if isinstance(question, kinds.Choice):
        right = next(answer for answer, verdict in question.table(name).items() if verdict.name == "right")
        kind = "multiple_answers_question" if len(right) > 1 else "multiple_choice_question"
        labels = []
        for letter, text in source.options.items():
            said = _material(f"{letter}: {text}")
            labels.append(f'<response_label ident="{ident}-{letter}">{said}</response_label>')
            if letter in question.messages:
                conditions.append(_condition(_chosen(ident, letter), f"{ident}-{letter}_fb"))
                feedback.append(_feedback(f"{ident}-{letter}_fb", f"{letter}: {question.messages[letter]}"))
        response = (
            f'<response_lid ident="response1" rcardinality="{"Multiple" if len(right) > 1 else "Single"}">'
            f"<render_choice>{''.join(labels)}</render_choice></response_lid>"
        )
        if len(right) > 1:
            tests = [
                _chosen(ident, letter) if letter in right else f"<not>{_chosen(ident, letter)}</not>"
                for letter in source.options
            ]
            test = f"<and>{''.join(tests)}</and>"
        else:
            test = _chosen(ident, right)
    else:
        kind = "numerical_question"
        known = question.known(name)[0]
        room = known.atol + known.rtol * abs(float(known.values))
        low, high = float(known.values) - room, float(known.values) + room
        response = (
            '<response_str ident="response1" rcardinality="Single"><render_fib fibtype="Decimal">'
            '<response_label ident="answer1"/></render_fib></response_str>'
        )
        test = (
            f'<vargte respident="response1">{low!r}</vargte><varlte respident="response1">{high!r}</varlte>'
        )
        slips = "\n".join(f"- {message}" for message in question.messages.values())
        wrong.append(f"What often stands behind a wrong answer:\n\n{slips}")
    conditions += [
        _condition(test, "correct_fb", right=True),
        _condition("<other/>", "general_incorrect_fb"),
    ]
    feedback += [_feedback("correct_fb", source.why), _feedback("general_incorrect_fb", "\n\n".join(wrong))]
    return _ITEM.format(
        ident=ident,
        title=quoteattr(source.title),
        kind=kind,
        points=question.points,
        text=_material(source.statement),
        response=response,
        conditions="\n".join(conditions),
        feedback="\n".join(feedback),
    )


def _chosen(ident: str, letter: str) -> str:
    return f'<varequal respident="response1">{ident}-{letter}</varequal>'


def write(path: Path, root: Path = ROOT) -> int:
    """Write the zip; return how many questions it holds."""
    files, resources, count = {}, [], 0
    for name in names(root):
        if not name.startswith("ex"):
            continue
        title, texts = sources(name, root)
        items = [
            item(one, question, texts[one])
            for one, question in checks.questions(name[:4]).items()
            if isinstance(question, kinds.Choice | kinds.Number)
        ]
        count += len(items)
        quiz = _QUIZ.format(qti=_QTI, name=name[:4], title=quoteattr(title), items="".join(items))
        files[f"{name[:4]}/{name[:4]}.xml"] = quiz
        resources.append(_RESOURCE.format(name=name[:4]))
    files["imsmanifest.xml"] = _MANIFEST.format(resources="".join(resources))
    archive.write(path, {file: content.encode() for file, content in files.items()})
    return count


def main(arguments: list[str] | None = None) -> int:
    """Write the zip and say where it is; return 0."""
    parser = argparse.ArgumentParser(prog="make questions", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "questions.zip", help="the zip")
    options = parser.parse_args(arguments)
    print(f"{write(options.out)} questions to import (QTI 1.2): {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
