"""Sphinx extension: of what the theme and its companions send with every page, what the page uses.

Each mend says what is wrong without it. One that no longer finds what it mends stops the build.
"""

import re
from pathlib import Path

from fonts import cut_down, in_css
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.images import get_image_size

# Script or style: what the text of a page has that needs it. Nothing here uses thebe, whose script would
# load from another host.
_NEEDED_BY = {
    "thebe": None,
    "clipboard": "highlight",
    "copybutton": "highlight",
    "toggle": "dropdown",
    "design-tabs": "sd-tab-set",
}
# What settles the look of the page, and what other scripts write into at once.
_AT_ONCE = ("book.js", "documentation_options.js")
_ICON = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}')
# Where the widget runtime looks for its icons, and the icons of widgets: of Play, of lists, of tags.
_RUNTIME_ICONS = "1551f4f60c37af51121f.woff2"
_OF_WIDGETS = "\uf04b\uf04c\uf04d\uf079\uf0d7\uf0da\uf00c\uf00d"
_SOLID = 'url(../vendor/fontawesome/webfonts/fa-solid-900.woff2) format("woff2")'
# The theme measures all that may scroll, at load and whenever anything changes; to measure what is far down
# a page is to lay it out. book.js sees to the same.
_TAB_STOPS = re.compile(r'"complete"===document\.readyState\?(\w+)\(\):window\.\w+\("load",\1\)')
# A style sheet that asks for another one: the page waits for both, one after the other.
_IMPORT = '@import "../basic.css";'
_IMAGE = re.compile(r'<img ((?:"[^"]*"|[^">])*?src="[^"]*_images/([^"/]+)"(?:"[^"]*"|[^">])*?) ?/?>')
# Names, punctuation and spaces of code: a third of a chapter's elements, in the colour of what is around.
_BARE = re.compile(r'<span class="(?:n|nn|p|w)">([^<]*)</span>')
# Selector and body; what stands before a rule as a statement of its own is none of it.
_RULE = re.compile(r"([^{};]+)(\{[^{}]*\})")
_LIGHT, _DARK = (re.compile(rf'\[data-theme="?{name}"?\]') for name in ("light", "dark"))


def choose_scripts(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Leave out scripts and styles that this page does not use or has twice, and let the rest wait.

    Sphinx lists scripts without a file twice, which is an error where they declare a constant.
    """
    body = context.get("body", "")

    def is_used(file) -> bool:
        text = getattr(file, "attributes", {}).get("body", "")
        name = f"{getattr(file, 'filename', file) or ''} {text}".lower()
        return all(
            wanted is not None and wanted in body for key, wanted in _NEEDED_BY.items() if key in name
        )

    kept, bodies = [], set()
    for script in filter(is_used, context.get("script_files", [])):
        attributes = getattr(script, "attributes", None)
        text = (attributes or {}).get("body", "")
        if text in bodies:
            continue
        if text:
            bodies.add(text)
        elif attributes is not None and pagename != "search" and not script.filename.endswith(_AT_ONCE):
            # The text is there before they are. Not where Sphinx's own search expects them at once.
            # A new one, for other pages have the same.
            waiting = {"defer": "defer", **attributes}
            script = type(script)(script.filename, priority=script.priority, **waiting)
        kept.append(script)
    context["script_files"] = kept
    context["css_files"] = list(filter(is_used, context.get("css_files", [])))


def size_images(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Say how large pictures are, so that nothing moves when they come, and let them come when near."""
    paths = {name: path for path, name in app.builder.images.items()}

    def add(image: re.Match) -> str:
        attributes, name = image.groups()
        size = get_image_size(Path(app.srcdir) / paths[name]) if name in paths else None
        if size and not re.search(r"\b(?:width|height)=|style=\"[^\"]*(?:width|height):", attributes):
            attributes += ' width="{}" height="{}"'.format(*size)
        lazy = "" if "loading=" in attributes else ' loading="lazy"'
        return f"<img {attributes}{lazy} />"

    context["body"] = _IMAGE.sub(add, context.get("body", ""))


def mend_tables(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Make an empty cell of a table's head no heading: it would be read out as one without words."""
    context["body"] = re.sub(r'<th class="head"><p></p></th>', "<td></td>", context.get("body", ""))


def bare_code(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Take the elements around the parts of code away that look like the code without them."""
    context["body"] = _BARE.sub(r"\1", context.get("body", ""))


def icons(sheet: str, names: set[str]) -> tuple[str, set[str]]:
    """Return the theme's style sheet with the icons of those names alone, and all letters that it shows.

    The theme has more than a thousand, which weigh as much as three chapters.
    """
    letters = set(re.findall("[\ue000-\uf8ff]", sheet))  # icons without such a name: of boxes, say

    def keep(rule: re.Match) -> str:
        if not names & set(re.findall(r"\.(fa-[\w-]+):", rule[1])):
            return ""
        letters.add(chr(int(rule[2], 16)))
        return rule[0]

    sheet, found = _ICON.subn(keep, sheet)
    if not found or _SOLID not in sheet:
        raise ExtensionError("the theme's icons are no longer where they were: see theme.icons")
    return sheet, letters


def settled(sheet: str) -> str:
    """Let a style sheet hold where no script has chosen between light and dark, and be light on paper.

    The colours are those of ``data-theme`` light or dark; before or without scripts the page says ``auto``.
    """

    def settle(rule: re.Match) -> str:
        selector, body = rule[1], rule[2]
        if _DARK.search(selector) and _LIGHT.search(selector):
            return _DARK.sub("[data-theme]", _LIGHT.sub("[data-theme]", selector)) + body
        if _DARK.search(selector):
            unsettled = _DARK.sub("[data-theme=auto]", selector)
            return (
                f"@media not print{{{rule[0]}}}"
                f"@media screen and (prefers-color-scheme:dark){{{unsettled}{body}}}"
            )
        if _LIGHT.search(selector):
            unsettled = _LIGHT.sub("[data-theme=auto]", selector)
            return f"{rule[0]}{unsettled}{body}@media print{{{_LIGHT.sub('[data-theme]', selector)}{body}}}"
        return rule[0]

    comments = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    return _RULE.sub(settle, comments) if "[data-theme=auto]" not in sheet else sheet


def mend(app: Sphinx, exception: Exception | None) -> None:
    """Change the theme's files in the site."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    # It rewrites the icons of Play's buttons, after which every step throws and no frame changes. The
    # icons also come from the theme's font, by style sheet alone.
    script = static / "scripts" / "fontawesome.js"
    theme, book = (
        static / "styles" / f"{name}.css" for name in ("pydata-sphinx-theme", "sphinx-book-theme")
    )
    for path in (script, theme, book):
        if not path.is_file():
            raise ExtensionError(f"the theme no longer has {path.name}: see theme.mend")
    script.write_text("")
    if _RUNTIME_ICONS not in (static / "widgets" / "embed.js").read_text(encoding="utf-8"):
        raise ExtensionError("the widget runtime has its icons elsewhere: see theme.mend")
    text = "".join(path.read_text(encoding="utf-8") for path in Path(app.outdir).rglob("*.html"))

    # The theme's own file: that of the site may have been changed by a build before.
    def own(name: str) -> str:
        folders = [Path(folder) / "static" for folder in app.builder.theme.get_theme_dirs()]
        found = next(folder / name for folder in folders if (folder / name).is_file())
        return found.read_text(encoding="utf-8")

    code, stops = _TAB_STOPS.subn("0", own("scripts/pydata-sphinx-theme.js"))
    first = own("styles/theme.css")
    if stops != 1 or _IMPORT not in first:
        raise ExtensionError("the theme's tab stops or first sheet are not as they were: see theme.mend")
    (static / "scripts" / "pydata-sphinx-theme.js").write_text(code, encoding="utf-8")
    basic = (static / "basic.css").read_text(encoding="utf-8").replace("url(", "url(../")
    (static / "styles" / "theme.css").write_text(first.replace(_IMPORT, basic), encoding="utf-8")
    sheet, letters = icons(own(f"styles/{theme.name}"), set(re.findall(r"fa-[\w-]+", text + code)))
    # The arrow of a folded heading, and the runtime's: its font takes the place of the theme's on a page.
    solid = static / "vendor" / "fontawesome" / "webfonts" / "fa-solid-900.ttf"
    font = cut_down(solid, letters | set("\uf107") | set(_OF_WIDGETS))
    (static / "widgets" / _RUNTIME_ICONS).write_bytes(font)
    theme.write_text(sheet.replace(_SOLID, in_css(font)), encoding="utf-8")
    for path in (*(static / "styles").glob("*.css"), *static.glob("*.css")):
        path.write_text(settled(path.read_text(encoding="utf-8")), encoding="utf-8")


def fold_solutions(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Fold the solutions away in the list of pages: there are as many as chapters, and for later."""
    make = context.get("generate_toctree_html")
    if make is None:
        return

    def folded(*given, **named):
        made = make(*given, **named)
        state = " open" if pagename.startswith("solutions/") else ""
        fold = rf'<details class="folded-part"{state}><summary>\1</summary>\2</details>'
        part = r'(<p [^>]*class="caption"[^>]*><span[^>]*>Solutions</span></p>)\s*(<ul.*?</ul>)'
        return re.sub(part, fold, str(made), flags=re.DOTALL)

    context["generate_toctree_html"] = folded


def setup(app: Sphinx) -> dict:
    """Register the above with Sphinx."""
    # After the theme and the other extensions have added theirs.
    app.connect("html-page-context", choose_scripts, priority=900)
    app.connect("html-page-context", size_images, priority=900)
    app.connect("html-page-context", fold_solutions, priority=900)
    app.connect("html-page-context", mend_tables, priority=900)
    app.connect("html-page-context", bare_code, priority=900)
    # After the theme has written its colours of code.
    app.connect("build-finished", mend, priority=850)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
