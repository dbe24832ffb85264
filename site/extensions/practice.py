"""Sphinx extension: exercises and their solutions find each other.

The notebooks themselves name no page of the book, for students read them elsewhere. A book built without
solutions has no links to them.
"""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

# What the card of a notebook says first about running it, and what is true of its page.
_IN_NOTEBOOK = " Put your answer where"
_ON_PAGE = (
    " On this page you choose letters and fill in numbers. What takes a program you do in the notebook; "
    "the page's end says how to take it away. There, put your answer where"
)
# A letter is a text in Python alone.
_QUOTES = " Answer with a letter in quotes."
# The marks of an answer, and the dots that stand for it before it is given.
_MARKS = re.compile(
    r"^(?:[\w, =]+ = \.\.\.\n)+\n*(?=### BEGIN SOLUTION)|^[ \t]*### (?:BEGIN|END) SOLUTION\n?", re.MULTILINE
)


def link_pages(app: Sphinx, doctree: nodes.document) -> None:
    """Say at an exercise's end where its solution is, and at a solution's beginning what it solves."""
    folder, _, name = app.env.docname.partition("/")
    other = {"exercises": f"solutions/{name}", "solutions": f"exercises/{name}"}.get(folder)
    if other not in app.env.found_docs:
        return
    title = next(iter(doctree.findall(nodes.title)), None)
    if title is None:
        return
    page = title.parent
    link_chapter(app, doctree, f"chapters/{name.partition('/')[0].removeprefix('ex')}")
    if folder == "exercises":
        for text in list(doctree.findall(nodes.Text)):
            said = text.replace(_QUOTES, "")
            if said.startswith(_IN_NOTEBOOK):
                said = _ON_PAGE + said.removeprefix(_IN_NOTEBOOK)
            if said != text:
                text.parent.replace(text, nodes.Text(said))
        page += nodes.paragraph(
            "", "", nodes.Text("When you have tried: "), _link(app, other, "the solutions"), nodes.Text(".")
        )
    else:
        note = "Worked answers, each with its reason. Have you tried the "
        page.insert(
            1,
            nodes.paragraph(
                "", "", nodes.Text(note), _link(app, other, "exercises"), nodes.Text(" first?")
            ),
        )
        words = title.astext().replace("Exercises", "Solutions")
        title.rawsource, title.children = words, []
        title += nodes.Text(words)
        # How to answer is said where one answers.
        for text in doctree.findall(nodes.Text):
            if text.startswith(_IN_NOTEBOOK):
                text.parent.parent.remove(text.parent)
                break
        for code in doctree.findall(nodes.literal_block):
            shown = _MARKS.sub("", code.rawsource or code.astext())
            code.rawsource = shown
            code.children = [nodes.Text(shown)]


def link_chapter(app: Sphinx, doctree: nodes.document, chapter: str) -> None:
    """Make links of the words that name the chapter to which exercises belong, and of its title."""
    if chapter in app.env.found_docs:
        bold = doctree.findall(nodes.strong)
        words = next(node for node in bold if node.astext().startswith("To chapter"))
        for part in (words, next(words.parent.findall(nodes.emphasis))):
            part[:] = [_link(app, chapter, part.astext())]


def drop_numbers(app: Sphinx, env) -> list[str]:
    """Take the sections' numbers off the exercises, whose titles have their own, and off the bench."""
    for page in env.found_docs:
        if page.startswith(("exercises/", "chapters/bench")):
            env.toc_secnumbers.pop(page, None)
            env.titles[page].attributes.pop("secnumber", None)
            for entry in env.tocs[page].findall(nodes.reference):
                entry.attributes.pop("secnumber", None)
    return []


def _link(app: Sphinx, page: str, text: str) -> addnodes.pending_xref:
    words = nodes.inline("", text, classes=["doc"])
    return addnodes.pending_xref(
        "",
        words,
        refdomain="std",
        reftype="doc",
        reftarget=f"/{page}",
        refexplicit=True,
        refdoc=app.env.docname,
    )


def setup(app: Sphinx) -> dict:
    """Register the above with Sphinx."""
    # Before Sphinx collects titles.
    app.connect("doctree-read", link_pages, priority=100)
    # After Sphinx has numbered.
    app.connect("env-get-updated", drop_numbers, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
