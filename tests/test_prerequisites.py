"""Prerequisites are true: what a section uses has been read before it, by each card and on each path.

What a section uses: equations by their labels, words of the glossary that some section defines in bold, and
functions that a visible cell of its notebook defines. Folded boxes, summaries and reading lists are left
out: nothing depends on them. So an equation of a folded box counts as defined nowhere, and no sentence
outside of the boxes may send its reader into one.
"""

import ast
import functools
import re
from typing import NamedTuple

import nbformat
import pytest
from conftest import ROOT

CHAPTERS = {path.stem: path for path in sorted((ROOT / "chapters").glob("*.ipynb"))}
NOT_ON_THE_PATH = {"Summary", "Further reading", "Exercises"}
# Words that a reader of such a book brings along, or that have another meaning in most places.
EVERYDAY = {"kernel", "round", "information", "marginal", "mm", "em"}


class Section(NamedTuple):
    """One section of a chapter: what it defines and what it uses, each a set of names."""

    chapter: str
    title: str
    defines: frozenset
    uses: frozenset

    def __str__(self):
        return f"{self.chapter}, {self.title!r}"


def unfolded(text):
    """The text without its folded boxes."""
    return re.sub(r"^(:{3,})\{dropdown\}.*?^\1$", " ", text, flags=re.DOTALL | re.MULTILINE)


def words(text):
    """The text without boxes that are folded, formulas, code and roles, spaces made single."""
    text = unfolded(text)
    for pattern in (r"\$\$.*?\$\$( *\([a-z0-9-]+\))?", r"\$[^$]*\$", r"\{[a-z:]+\}`[^`]*`", r"`[^`]*`"):
        text = re.sub(pattern, " ", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", text)


@functools.cache
def glossary():
    """The words of the glossary, in small letters."""
    lines = (ROOT / "chapters" / "glossary.md").read_text(encoding="utf-8").splitlines()
    start = lines.index(":::{glossary}")
    terms = (line.strip().lower() for line in lines[start + 1 :] if re.match(r"^[^\s:]", line))
    return frozenset(terms) - EVERYDAY


def names_in(text):
    """Labels and terms that a text defines, and those that it uses."""
    defined = set(re.findall(r"\$\$ *\((eq-[a-z0-9-]+)\)", unfolded(text)))
    used = set(re.findall(r"\{eq\}`([^`]+)`", unfolded(text)))
    plain = words(text).lower()
    for term in glossary():
        if re.search(rf"\*\*{re.escape(term)}s?\*\*", plain):
            defined.add(term)
        if re.search(rf"(?<![\w-]){re.escape(term)}(s|ed|)(?![\w-])", plain):
            used.add(term)
    return defined, used


def functions_in(source):
    """Functions that a cell defines, and all names that it reads."""
    tree = ast.parse(source)
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return defined, read


@functools.cache
def sections(chapter):
    """The sections of a chapter in order; the first, without a title, is what stands before the others."""
    notebook = nbformat.read(CHAPTERS[chapter], as_version=4)
    found, defined, title = [], set(), ""
    parts = {"": ("", [])}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if "hide-input" not in cell.metadata.get("tags", []):
                parts[title][1].append(cell.source)
            continue
        for piece in re.split(r"^(?=## )", cell.source, flags=re.MULTILINE):
            if piece.startswith("## "):
                title = piece.splitlines()[0][3:].strip()
                parts.setdefault(title, ("", []))
            parts[title] = (parts[title][0] + "\n" + piece, parts[title][1])
    all_functions = {name for _, code in parts.values() for cell in code for name in functions_in(cell)[0]}
    for title, (text, code) in parts.items():
        if title in NOT_ON_THE_PATH:
            continue
        body = re.sub(r":::\{admonition\} This chapter.*?^:::$", "", text, flags=re.DOTALL | re.MULTILINE)
        defined, used = names_in(body)
        for cell in code:
            new, read = functions_in(cell)
            defined |= {f"{chapter}: {name}()" for name in new}
            used |= {f"{chapter}: {name}()" for name in read & all_functions}
        found.append(Section(chapter, title, frozenset(defined), frozenset(used)))
    return found


@functools.cache
def somewhere():
    """All that some section defines: a word of the glossary that none does is left to the glossary."""
    return frozenset().union(*(section.defines for name in CHAPTERS for section in sections(name)))


def needed(chapter):
    """The chapters that a card names, and those that theirs name, and so on."""
    text = nbformat.read(CHAPTERS[chapter], as_version=4).cells[0].source
    card = re.search(r"\*\*You need\*\*(.*?)(\*\*Time|^:::)", text, flags=re.DOTALL | re.MULTILINE)[1]
    found = set()
    for name in re.findall(r"\{doc\}`([a-z0-9_]+)`", card):
        found |= {name} | needed(name)
    return found


def lacking(read):
    """What sections, read in this order, use before it was defined, in words."""
    known, missing = set(), []
    for section in read:
        looked_for = {name for name in section.uses if name.startswith("eq-") or name in somewhere()}
        unknown = looked_for - known - section.defines
        missing += [f"{section} uses {name}" for name in sorted(unknown)]
        known |= section.defines
    return missing


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_card_names_what_the_chapter_uses(chapter):
    before = [section for name in sorted(needed(chapter)) for section in sections(name)]
    own = {str(section) for section in sections(chapter)}
    faults = [fault for fault in lacking(before + sections(chapter)) if fault.split(" uses ")[0] in own]
    assert faults == []


def sent_into_a_box(text):
    """The sentences outside of folded boxes that rest on what a box says."""
    found = re.findall(
        r"[^.]*\b(?:box(?:es)? (?:below|above|shows?|derives?|proves?)|folded)\b[^.]*\.", words(text)
    )
    return [sentence.strip() for sentence in found if "hints folded" not in sentence]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_nothing_rests_on_a_folded_box(chapter):
    cells = nbformat.read(CHAPTERS[chapter], as_version=4).cells
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert sent_into_a_box(text) == []


def paths():
    """The introduction's paths: name to the sections it assigns, in order."""
    text = (ROOT / "intro.md").read_text(encoding="utf-8")
    text = text.split("## A path through it")[1].split("\n## ")[0]
    found = {}
    for name, body in re.findall(r"^\*\*(.+?)\*\*(.*?)(?=^\*\*|\Z)", text, flags=re.DOTALL | re.MULTILINE):
        found[name] = []
        assignments = re.findall(r"\{doc\}`chapters/(\w+)`(.*?)(?=\{doc\}|\Z)", body, flags=re.DOTALL)
        for chapter, titles in assignments:
            found[name] += assigned(chapter, titles)
    return found


def assigned(chapter, text):
    """The sections a path takes from a chapter: quoted titles, or "first" to "last"; none means all."""
    there = {section.title: section for section in sections(chapter)}
    order = list(there)
    titles = []
    for first, last in re.findall(r'"([^"]+)"(?: to "([^"]+)")?', re.sub(r"\s+", " ", text)):
        assert first in order, f"{chapter} has no section {first!r}"
        assert not last or last in order, f"{chapter} has no section {last!r}"
        titles += order[order.index(first) : order.index(last or first) + 1]
    return [there[title] for title in (["", *titles] if titles else order)]


@pytest.mark.parametrize("path", ["One sitting", "Three lectures", "Nine sittings"])
def test_path_assigns_what_its_sections_use(path):
    assert lacking(paths()[path]) == []


def test_what_is_read_too_early_is_noticed():
    first = Section("a", "one", frozenset({"eq-one"}), frozenset())
    uses = frozenset({"eq-marginal", "eq-beta-density"})
    second = Section("a", "two", frozenset({"eq-beta-density"}), uses)
    assert lacking([first, second]) == ["a, 'two' uses eq-marginal"]


def test_uses_are_found():
    defined, used = names_in("A **posterior** is $$ x $$ (eq-new), by {eq}`eq-old`; the score, `prior`.")
    assert defined == {"posterior", "eq-new"}
    assert used == {"posterior", "score", "eq-old"}
    folded = ":::{dropdown} For the curious\nby {eq}`eq-old`, a score, $$ x $$ (eq-new)\n:::\n"
    assert names_in(folded) == (set(), set())
    assert sent_into_a_box(folded) == []
    assert sent_into_a_box("It is near, as the box below derives. The end.") == [
        "It is near, as the box below derives."
    ]
