"""Sphinx extension: what a link to a term, an equation, a figure or a source refers to is shown beside it.

For each page with such links a script holds what they refer to. ``tips.js`` loads it, and tippy.js, when
the reader first points at one. sphinx-tippy does the like, but copies whole explorers into its tips, names
its files anew at each build, loads all of it with the page, and lets no finger read a tip without following
the link.
"""

import json
import posixpath
import re
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx

# Most of a page's elements are in these, which a tip shows as they are, but for what is read aloud.
_WHOLE = re.compile(r"<(mjx-container|svg|pre)\b.*?</\1>", re.DOTALL)
_ALOUD = re.compile(r"<mjx-assistive-mml.*?</mjx-assistive-mml>", re.DOTALL)
_KEPT = re.compile("\ue000(\\d+)\ue001")  # letters that no text has


def content(element: Tag) -> str | None:
    """Return what a tip shows of the element that a link points to; nothing where it is not for a tip."""
    if element.name not in ("figure", "dd") and not {"math", "citation"} & set(element.get("class", [])):
        return None
    element = element.__copy__()
    if element.name == "figure":
        element.name = "div"
    for gone in element.select(".headerlink, .explorer-place, script, style, .backrefs"):
        gone.decompose()
    for inner in [element, *element.find_all(id=True)]:
        inner.attrs.pop("id", None)
    return str(element)


def targets(body: BeautifulSoup) -> dict[str, str]:
    """Return what each element of a page that a tip can show looks like, by its id."""
    found = {}
    for element in body.find_all(id=True):
        name = element["id"]
        if element.name == "dt" and name.startswith("term-"):
            said = content(element.find_next_sibling("dd"))
            found[name] = f"<p><strong>{element.get_text().strip('#¶ ')}</strong></p>{said}"
        elif shown := content(element):
            found[name] = shown
    return found


def collect(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Keep what a page's elements look like, and where its links point."""
    if doctree is None or app.builder.format != "html":
        return
    whole = []

    def keep(found: re.Match) -> str:
        whole.append(_ALOUD.sub("", found[0]))
        return f"\ue000{len(whole) - 1}\ue001"

    body = BeautifulSoup(_WHOLE.sub(keep, context["body"]), "html.parser")
    links = {
        anchor["href"]
        for anchor in body.select("a.reference.internal[href*='#']")
        if "headerlink" not in anchor.get("class", [])
    }
    shown = {
        name: _KEPT.sub(lambda found: whole[int(found[1])], text) for name, text in targets(body).items()
    }
    # In a file, since pages may be written by other processes.
    path = _kept(app, pagename)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([shown, sorted(links)]), encoding="utf-8")


def _kept(app: Sphinx, pagename: str) -> Path:
    return Path(app.doctreedir) / "tips" / f"{pagename}.json"


def tips_of(pagename: str, pages: dict) -> dict[str, str]:
    """Return what the links of a page refer to, by their addresses as they stand on it."""
    tips = {}
    folder = posixpath.dirname(pagename)
    for link in pages[pagename][1]:
        path, _, target = link.partition("#")
        page = posixpath.normpath(posixpath.join(folder, path.removesuffix(".html"))) if path else pagename
        shown = pages.get(page, ({}, ()))[0].get(target)
        if shown:
            tips[link] = _readdressed(shown, posixpath.dirname(path), path)
    return tips


def _readdressed(shown: str, folder: str, path: str) -> str:
    def moved(found: re.Match) -> str:
        address = found[2]
        if re.match(r"[a-z]+:", address):
            return found[0]
        if address.startswith("#"):
            return f'{found[1]}="{path}{address}"'
        return f'{found[1]}="{posixpath.normpath(posixpath.join(folder, address))}"'

    return re.sub(r'\b(href|src)="([^"]*)"', moved, shown)


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Write each page's tips beside it."""
    if exception or app.builder.format != "html":
        return
    pages = {name: json.loads(_kept(app, name).read_text("utf-8")) for name in app.env.found_docs}
    for pagename in pages:
        if tips := tips_of(pagename, pages):
            path = Path(app.outdir) / f"{pagename}.tips.js"
            path.write_text(f"window.bookTips = {json.dumps(tips)};\n", encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Register the above with Sphinx."""
    app.add_js_file("tips.js", loading_method="defer")
    app.add_css_file("tips.css")
    # When the page's formulas and stills are in it.
    app.connect("html-page-context", collect, priority=890)
    # Before the style sheet of formulas is made from all that is written.
    app.connect("build-finished", finish, priority=500)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
