"""Sphinx extension: how the book is printed through LaTeX.

The macros of the formulas come from MathJax's in _config.yml; the look from latex/embook.sty. Nothing here
touches the site.
"""

import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.writers.latex import LaTeXTranslator
from website import draw_card

_STYLES = Path(__file__).parent / "latex"
_KINDS = ("tip", "note", "warning")
# The figures' letters are large, for narrow screens; on paper two thirds of the size is right.
_FIGURE_SCALE = 66
_LONG_TABLE = 12
_WIDEST_COLUMN = 40


def macros(mathjax: dict) -> str:
    r"""Return LaTeX definitions of the macros in a MathJax 3 configuration.

    Parameters
    ----------
    mathjax : dict
        As ``mathjax3_config`` in _config.yml; ``tex.macros`` maps a name to its body, or to a list of the
        body, the number of arguments and, where the first is optional, its default.

    Raises
    ------
    ExtensionError
        A macro has another form than these.
    """
    lines = []
    for name, value in mathjax.get("tex", {}).get("macros", {}).items():
        body, *rest = [value] if isinstance(value, str) else value
        ok = re.fullmatch("[A-Za-z]+", name) and isinstance(body, str)
        if not ok or len(rest) > 2 or (rest and not isinstance(rest[0], int)):
            raise ExtensionError(f"cannot say the MathJax macro {name}: {value!r} in LaTeX")
        count = f"[{rest[0]}]" if rest else ""
        default = f"[{rest[1]}]" if len(rest) == 2 else ""
        # Not \newcommand: Jupyter Book's class has some of the names already.
        lines.append(rf"\DeclareRobustCommand{{\{name}}}{count}{default}{{{body}}}")
    return "\n".join(lines)


def add_look(app: Sphinx, config) -> None:
    """Set LaTeX's options, fonts and macros."""
    version = re.search(r'__version__ = "(.+)"', _read(app, "src/betabin/__init__.py"))[1]
    preamble = [
        config.latex_elements.get("preamble", ""),
        r"\usepackage{embook}",
        rf"\newcommand{{\embookversion}}{{{version}}}",
        r"\newcommand{\embooksubtitle}{Expectation–maximization on one model,\\step by step}",
        macros(config.mathjax3_config),
    ]
    config.latex_elements |= {
        "papersize": "a4paper",
        "pointsize": "11pt",
        "extraclassoptions": "oneside,openany",
        # Figures stay where the text speaks of them.
        "figure_align": "H",
        "fncychap": "",
        "sphinxsetup": "hmargin={2.6cm,2.6cm}, vmargin={2.5cm,2.5cm}, marginpar=1cm",
        "tableofcontents": "\\sphinxtableofcontents\n\\chapter*{Welcome}\\markboth{Welcome}{Welcome}\n",
        "preamble": "\n".join(preamble),
    }
    config.latex_additional_files += [str(_STYLES / name) for name in ("bbm.sty", "embook.sty")]
    # The year of the edition, not the day of the build.
    config.today = config.copyright


def _read(app: Sphinx, path: str) -> str:
    return (Path(app.srcdir) / path).read_text(encoding="utf-8")


def draw_cover(app: Sphinx) -> None:
    """Draw the picture of the title page."""
    if app.builder.format == "latex":
        draw_card(app, Path(app.outdir) / "cover.png", "--plain")


class Printed(SphinxPostTransform):
    """What the book's tree needs before LaTeX gets it."""

    # After Jupyter Book has put the bibliography at the end.
    default_priority = 800
    formats = ("latex",)

    def run(self, **_) -> None:
        """Change the tree for paper."""
        for image in self.document.findall(nodes.image):
            if not {"width", "height", "scale"} & set(image.attributes):
                image["scale"] = _FIGURE_SCALE
        for table in self.document.findall(nodes.table):
            _let_break(table)
        _unfold(self.document)
        self._letter_appendices()
        self._drop_empty_bibliography()

    def _letter_appendices(self) -> None:
        """Begin LaTeX's appendices where _toc.yml stops numbering."""
        plain = [part.caption for part in self.config.external_site_map.root.subtrees if not part.numbered]
        for section in self.document.findall(nodes.section):
            if plain and section.get("docname") == plain[0]:
                section.insert(1, nodes.raw("", "\\embookappendix\n", format="latex"))

    def _drop_empty_bibliography(self) -> None:
        """Drop the page whose list Jupyter Book has moved to the end, but keep the page's label there."""
        for file in list(self.document.findall(addnodes.start_of_file)):
            rest = [node for section in file.findall(nodes.section) for node in section.children]
            said = [node for node in rest if not isinstance(node, nodes.title)]
            if rest and not any(node.astext().strip() or any(node.findall(nodes.image)) for node in said):
                label = rf"\phantomsection\label{{\detokenize{{{file['docname']}::doc}}}}"
                self.document.append(nodes.raw("", label + "\n", format="latex"))
                file.parent.remove(file)


def _unfold(document: nodes.document) -> None:
    """Say the title of what the site folds away: LaTeX gets none of the HTML."""
    for raw in list(document.findall(nodes.raw)):
        title = re.search("<summary>(.*?)</summary>", raw.astext()) if raw["format"] == "html" else None
        if title:
            said = nodes.strong("", title[1] + ".")
            after = raw.next_node(siblings=True, descend=False)
            if isinstance(after, nodes.paragraph):
                after[0:0] = [said, nodes.Text(" ")]
            else:
                raw.replace_self(nodes.paragraph("", "", said))


def _let_break(table: nodes.table) -> None:
    """Let a long table go over two pages; LaTeX then wants widths of the columns: their longest entries."""
    rows = [row.children for row in table.findall(nodes.row)]
    if len(rows) > _LONG_TABLE:
        table["classes"] += ["longtable", "colwidths-given"]
        for column, entries in zip(table.findall(nodes.colspec), zip(*rows, strict=True), strict=True):
            column["colwidth"] = min(max(_length(entry) for entry in entries), _WIDEST_COLUMN)


def _length(entry: nodes.entry) -> int:
    return len(re.sub(r"\\[A-Za-z]+|[{}_^]", "", entry.astext()))


def visit_admonition(translator, node: nodes.admonition) -> None:
    """Begin a box in the colour of its class: LaTeX's own visitor knows one colour only."""
    kind = next((kind for kind in _KINDS if kind in node["classes"]), "note")
    LaTeXTranslator.visit_admonition(translator, node)
    translator.body[-1] = translator.body[-1].replace("{note}", f"{{{kind}}}")


def depart_admonition(translator, node: nodes.admonition) -> None:
    """End the box."""
    LaTeXTranslator.depart_admonition(translator, node)


def setup(app: Sphinx) -> dict:
    """Register the above with Sphinx."""
    # After Jupyter Book's own preamble.
    app.connect("config-inited", add_look, priority=900)
    app.connect("builder-inited", draw_cover)
    app.add_post_transform(Printed)
    app.add_node(nodes.admonition, override=True, latex=(visit_admonition, depart_admonition))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
