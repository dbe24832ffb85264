"""Notebooks of the book as any Jupyter shows them: without markup that only the book's build understands.

References become numbers and titles, boxes become Jupyter's own, macros are written out, captions follow
their figures. What has no plain form here raises, so that nothing half-understood is handed to a reader.
"""

import functools
import posixpath
import re
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from pybtex.database import BibliographyData, parse_file
from pybtex.plugin import find_plugin

_ROLE = re.compile(r"\{([a-z:]+)\}`([^`]+)`")
_FENCE = re.compile(r"^(:{3,}|`{3,})\{([a-z-]+)\}[ \t]*(.*)$")
_OPTION = re.compile(r"^:([a-z-]+):[ \t]*(.*)$")
_COLOURS = {"tip": "success", "hint": "success", "note": "info", "warning": "warning"}
_BOXES = {"admonition", "dropdown", *_COLOURS}


@dataclass(frozen=True)
class Book:
    """What the references of a notebook can point to.

    Attributes
    ----------
    site : str
        The address of the site with its final slash, or empty: then titles are not links.
    macros : dict
        As MathJax has them: name to body, or to a list of body and number of arguments.
    equations, figures, sections : dict
        Label to what stands in the text: a number, or a title.
    titles : dict
        Page, as its path without extension, to title.
    bibliography : tuple of Path
        BibTeX files.
    """

    site: str = ""
    macros: dict[str, str | list] = field(default_factory=dict)
    equations: dict[str, str] = field(default_factory=dict)
    figures: dict[str, str] = field(default_factory=dict)
    sections: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    bibliography: tuple[Path, ...] = ()


class NoPlainFormError(ValueError):
    """A notebook uses markup that this module can't turn into plain Markdown."""


def portable(notebook: nbformat.NotebookNode, page: str, book: Book, preface: str) -> nbformat.NotebookNode:
    """Return a copy of a notebook for readers outside the book.

    Parameters
    ----------
    notebook : NotebookNode
        As it is committed.
    page : str
        Its path without extension, such as chapters/04_em.
    book : Book
        Where its references lead.
    preface : str
        Markdown for a cell before the first: where this comes from and how to run it.

    Raises
    ------
    NoPlainFormError
        Naming the page and the markup.
    """
    notebook = nbformat.from_dict(notebook)
    writer = _Writer(page, book)
    cells = [_cell("preface", preface)]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = writer.markdown(cell.source)
        cells.append(cell)
        if caption := writer.caption(cell):
            cells.append(_cell(f"{cell.id}-caption", caption))
    if writer.cited:
        cells.append(_cell("references", writer.references()))
    notebook.cells = cells
    return notebook


def _cell(name: str, source: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_markdown_cell(source, id=name)


@functools.cache
def _entries(bibliography: tuple[Path, ...]) -> dict:
    return {name: entry for path in bibliography for name, entry in parse_file(str(path)).entries.items()}


@functools.cache
def _plain() -> tuple:
    """How references are put into words, and these into text."""
    return find_plugin("pybtex.style.formatting", "plain")(), find_plugin("pybtex.backends", "text")()


class _Writer:
    def __init__(self, page: str, book: Book):
        self.page, self.book, self.cited = page, book, []
        self.entries = _entries(book.bibliography)

    def markdown(self, text: str) -> str:
        text = self._equations(text)
        text = _ROLE.sub(self._role, text)
        text = self._macros(text)
        lines = iter(text.split("\n"))
        return "\n".join(self._boxes(lines, None)).strip("\n")

    def caption(self, cell) -> str:
        figure = cell.metadata.get("mystnb", {}).get("figure", {})
        if not figure.get("caption"):
            return ""
        number = self.book.figures.get(figure.get("name"), "")
        return f"**Fig. {number}**".replace(" **", "**") + f"\u2003{self.markdown(figure['caption'])}"

    def references(self) -> str:
        style, backend = _plain()
        listed = style.format_bibliography(BibliographyData(self.entries), self.cited)
        return "## References\n\n" + "\n".join(f"- {entry.text.render(backend)}" for entry in listed)

    def _refuse(self, what: str):
        raise NoPlainFormError(
            f"{self.page}: {what} has no plain form in {Path(__file__).name}; give it one there"
        )

    def _find(self, kind: dict, label: str, role: str) -> str:
        if label not in kind:
            self._refuse(f"{{{role}}}`{label}`")
        return kind[label]

    def _equations(self, text: str) -> str:
        def number(match):
            return f"$${match[1].rstrip()}\n\\tag{{{self._find(self.book.equations, match[2], 'eq')}}}\n$$"

        return re.sub(r"\$\$((?:(?!\$\$).)*)\$\$ *\((eq-[a-z0-9-]+)\)", number, text, flags=re.DOTALL)

    def _macros(self, text: str) -> str:
        for name, value in self.book.macros.items():
            body, *arguments = [value] if isinstance(value, str) else value
            used = rf"\\{name}(?![A-Za-z])"
            if arguments and re.search(used, text):
                self._refuse(f"the macro \\{name}, which has arguments,")
            text = re.sub(used, lambda _, body=body: body, text)
        return text

    def _role(self, match: re.Match) -> str:
        role, content = match.groups()
        explicit = re.fullmatch(r"(.+?)\s*<([^<>]+)>", content, flags=re.DOTALL)
        text, target = explicit.groups() if explicit else (None, content)
        match role:
            case "eq":
                return f"({self._find(self.book.equations, target, role)})"
            case "numref":
                return text or f"Fig. {self._find(self.book.figures, target, role)}"
            case "ref":
                return text or f"*{self._find(self.book.sections, target, role)}*"
            case "download":
                return text or f"`{posixpath.basename(target)}`"
            case "term":
                return text or content
            case "doc":
                path = posixpath.normpath(posixpath.join("/", posixpath.dirname(self.page), target))[1:]
                title = text or self._find(self.book.titles, path, role)
                return f"[{title}]({self.book.site}{path}.html)" if self.book.site else f"*{title}*"
            case "cite" | "cite:p" | "cite:t":
                keys = [key.strip() for key in content.split(",")]
                self.cited += [key for key in keys if key not in self.cited]
                cited = [self._author_and_year(key, role) for key in keys]
                if role == "cite:t":
                    return ", ".join(f"{author} [{year}]" for author, year in cited)
                return "[" + "; ".join(f"{author}, {year}" for author, year in cited) + "]"
        return self._refuse(f"the role {{{role}}}")

    def _author_and_year(self, key: str, role: str) -> tuple[str, str]:
        entry = self._find(self.entries, key, role)
        people = entry.persons.get("author") or entry.persons.get("editor") or []
        names = ["".join(str(name) for name in person.rich_last_names) for person in people]
        author = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
        return author, entry.fields.get("year", "")

    def _boxes(self, lines, closing: str | None):
        """Yield the lines, boxes rewritten, up to the fence that closes the box we are in."""
        for line in lines:
            if closing and line.strip() == closing:
                return
            found = _FENCE.match(line)
            if not found:
                yield line
                continue
            fence, name, title = found.groups()
            if name not in _BOXES:
                self._refuse(f"the directive {{{name}}}")
            body, classes = list(self._boxes(lines, fence)), [name]
            while body and (option := _OPTION.match(body[0])):
                classes += option[2].split() if option[1] == "class" else []
                body.pop(0)
            yield from self._box(title or name.capitalize(), classes, "\n".join(body).strip("\n"))
        if closing:
            self._refuse(f"a box without its closing {closing}")

    @staticmethod
    def _box(title: str, classes: list[str], body: str):
        if "dropdown" in classes:
            yield from ("<details>", f"<summary><b>{title}</b></summary>", "", body, "", "</details>", "")
        else:
            colour = next((_COLOURS[name] for name in classes if name in _COLOURS), "info")
            yield from (f'<div class="alert alert-block alert-{colour}">', "", f"**{title}**", "")
            yield from (body, "", "</div>", "")
