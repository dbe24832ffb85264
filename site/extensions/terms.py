"""Sphinx extension: the first use of each of the glossary's terms on a page becomes a link to it.

The chapters say a word and leave the link to us: so a new term is linked everywhere, and a paragraph can
move to another page without a thought for its links. A line never ends inside of a number or of a step's
name either, for which authors would have to write signs that nobody sees.
"""

import functools
import re

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

# Lists of words and of names, where a link on every line would only be in the way.
_WITHOUT = ("chapters/glossary", "chapters/bibliography", "chapters/api", "chapters/changelog")
# A word in these is a name, a piece of code, or part of another link.
_CLOSED = (
    nodes.title,
    nodes.rubric,
    nodes.reference,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.citation,
    addnodes.pending_xref,
)
_CODE = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw)
# Before a percent sign, and between thousands.
_INSIDE_NUMBER = re.compile(r"(?<=\d)\s(?=%|\d{3}(?!\d))")
_INSIDE_STEP = re.compile(r"(?<=\b[EM]-)(?=steps?\b)")


class BindParts(SphinxPostTransform):
    """Keep the parts of a number, and of E-step and M-step, on one line."""

    default_priority = 6  # after the terms are found
    formats = ("html",)

    def run(self, **_) -> None:
        """Put a space that doesn't break in the place of one that does, and a joiner after a hyphen."""
        for element in self.document.findall(nodes.TextElement):
            if isinstance(element, _CODE) or _inside(element, _CODE):
                continue
            for k, child in enumerate(element.children):
                if isinstance(child, nodes.Text):
                    whole = _INSIDE_NUMBER.sub("\u00a0", child)
                    element[k] = nodes.Text(_INSIDE_STEP.sub("\u2060", whole))


class LinkTerms(SphinxPostTransform):
    """Link first uses, before references are resolved."""

    default_priority = 5
    formats = ("html",)

    def run(self, **_) -> None:
        """Put a reference in the place of each term's first use."""
        if self.env.docname.startswith(_WITHOUT):
            return
        linked = {
            node["reftarget"].lower()
            for node in self.document.findall(addnodes.pending_xref)
            if node.get("reftype") == "term"
        }
        left = {_key(term): term for term in self.terms() if term.lower() not in linked}
        said = (nodes.paragraph, nodes.caption)
        for paragraph in [node for node in self.document.findall() if isinstance(node, said)]:
            for text in list(paragraph.findall(nodes.Text)):
                if left and not _inside(text, _CLOSED):
                    self.link(text, left)

    def terms(self) -> list[str]:
        """Return the glossary's terms as they are written there."""
        return [name for kind, name in self.env.domaindata["std"]["objects"] if kind == "term"]

    def link(self, text: nodes.Text, left: dict[str, str]) -> None:
        """Link the terms of `left` that a piece of text has, and take them out of it."""
        words, pieces = str(text), []
        while (here := _terms_in(words, left)) and (found := _pattern(here).search(words)):
            before, said = words[: found.start()], found[0]
            target = left.pop(_key(found[1]))
            reference = addnodes.pending_xref(
                "",
                nodes.inline("", said, classes=["xref", "std", "std-term"]),
                refdomain="std",
                reftype="term",
                reftarget=target,
                refexplicit=True,
                refwarn=True,
                refdoc=self.env.docname,
            )
            pieces += [nodes.Text(before), reference]
            words = words[found.end() :]
        if pieces:
            text.parent.replace(text, [*pieces, nodes.Text(words)])


def _inside(node: nodes.Node, kinds: tuple) -> bool:
    while (node := node.parent) is not None:
        if isinstance(node, kinds):
            return True
    return False


def _key(term: str) -> str:
    """Return a term as it is compared: apostrophes may be bent, and lines break anywhere."""
    return " ".join(term.lower().replace("’", "'").split())


def _terms_in(words: str, left: dict[str, str]) -> tuple[str, ...]:
    """Return the few terms whose letters are there: of so many a pattern takes long to be made."""
    said = _key(words)
    return tuple(term for term in left if term in said)


@functools.cache
def _pattern(terms: tuple[str, ...]) -> re.Pattern:
    # The longest first: "complete-data log-likelihood" is a term, and so is "log-likelihood".
    words = "|".join(re.escape(term) for term in sorted(terms, key=len, reverse=True))
    words = words.replace("'", "['’]").replace(r"\ ", r"\s+")
    return re.compile(rf"(?<![\w-])({words})(?:s|es)?(?![\w-])", re.IGNORECASE)


def setup(app: Sphinx) -> dict:
    """Register the above with Sphinx."""
    app.add_post_transform(BindParts)
    app.add_post_transform(LinkTerms)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
