"""Sphinx extension: what makes the pages a site: descriptions, a front door, a page for wrong addresses.

What follows from the book's address on the web is there when _config.yml names one, and absent when not:
the buttons to the repository, Colab and Binder, absolute addresses for search engines, cards for links.
"""

import gc
import html
import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from urllib.parse import urlparse

import pybtex.plugin
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

COLAB = "https://colab.research.google.com"
BINDER = "https://mybinder.org"
_CARD = "_static/card.png"
_CARD_ALT = "EM at Bat: bell curves, one for each round of EM, close in on the true averages of a season."
_LONGEST_DESCRIPTION = 200
# Pages that Sphinx makes by itself; search engines need not list them.
_MADE = {
    "404": "There is no page at this address.",
    "genindex": "Index of EM at Bat: every function and term, and where it is explained.",
    "search": "Search the text of EM at Bat.",
}
_NOT_FOUND = """<h1>Page not found</h1>
<p>There is no page at this address. It may have moved: try the <a href="{home}">first page</a>,
the <a href="{search}">search</a>, or the list of chapters.</p>"""
# Without an address the site is taken to stand at a server's root: there the page, shown for a wrong
# address at any depth, finds its style. From disk its links are right as they are.
_AT_ROOT = """<script>if (location.protocol !== "file:") document.write('<base href="/">')</script>"""
_INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8" />
<title>{title}</title>
{tags}<meta http-equiv="Refresh" content="0; url={target}" />
<link rel="icon" href="data:," />
</head>
<body><p><a href="{target}">{title}</a></p></body>
</html>
"""


def pages_address(repository: str) -> str:
    """Return where GitHub Pages shows a repository's site.

    Raises
    ------
    ExtensionError
        The address is not that of a repository on GitHub.
    """
    found = re.fullmatch(r"https://github\.com/([\w-]+)/([\w.-]+?)(?:\.git)?/?", repository)
    if not found:
        raise ExtensionError(
            f"repository: url in _config.yml is {repository!r}; it should look like https://github.com/you/em-at-bat"
        )
    owner, name = (part.lower() for part in found.groups())
    return f"https://{name}/" if name == f"{owner}.github.io" else f"https://{owner}.github.io/{found[2]}/"


def set_address(app: Sphinx, config) -> None:
    """Derive from the addresses in _config.yml all that needs one."""
    options = config.html_theme_options
    repository = options.get("repository_url") or ""
    if repository:
        site = pages_address(repository)
        options["repository_url"] = repository.rstrip("/").removesuffix(".git")
        options |= dict.fromkeys(
            ("use_repository_button", "use_edit_page_button", "use_issues_button"), True
        )
        options["launch_buttons"] = {
            "colab_url": COLAB,
            "binderhub_url": BINDER,
            "notebook_interface": "jupyterlab",
        }
        config.html_baseurl = config.html_baseurl or site
    if not config.html_baseurl:
        return
    if not re.fullmatch(r"https?://[^/]+(/.*)?", config.html_baseurl):
        raise ExtensionError(f"html: baseurl in _config.yml is no address: {config.html_baseurl!r}")
    config.html_baseurl = config.html_baseurl.rstrip("/") + "/"
    for extension in ("sphinxext.opengraph", "sphinx_sitemap", "notfound.extension"):
        app.setup_extension(extension)
    config.ogp_site_url = config.html_baseurl
    config.ogp_site_name = config.html_title
    config.ogp_image = config.html_baseurl + _CARD
    config.ogp_image_alt = _CARD_ALT
    config.ogp_type = "book"
    config.ogp_custom_meta_tags = ['<meta name="twitter:card" content="summary_large_image" />']
    config.sitemap_url_scheme = "{link}"
    config.sitemap_excludes = [f"{page}.html" for page in _MADE]
    # GitHub shows the page at any depth, so its links must begin at the root.
    config.notfound_urls_prefix = urlparse(config.html_baseurl).path


def describe(doctree: nodes.document) -> str:
    """Return what a page is about: what its reader will do, or its first paragraph, cut short."""
    paragraphs = [text for node in doctree.findall(nodes.paragraph) if (text := _plain(node))]
    promised = [text for text in paragraphs if text.startswith("You will ")]
    text = (promised or paragraphs or [""])[0]
    if len(text) <= _LONGEST_DESCRIPTION:
        return text
    return text[: _LONGEST_DESCRIPTION - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"


def _plain(paragraph: nodes.paragraph) -> str:
    """Return a paragraph's text, or nothing where it has formulas that plain letters can't say."""
    paragraph = paragraph.deepcopy()
    for formula in list(paragraph.findall(nodes.math)):
        text = re.sub(r"\\([a-z]+)", _greek, formula.astext())
        formula.replace_self(nodes.Text(text))
    text = " ".join(paragraph.astext().split())
    return "" if re.search(r"[\\{}^_]", text) else text


def _greek(command: re.Match) -> str:
    try:
        return unicodedata.lookup(f"GREEK SMALL LETTER {command[1].upper()}")
    except KeyError:
        return command[0]


def describe_page(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Give the page its description, where it has none of its own, and the first page a short title."""
    if pagename == app.config.root_doc:
        context["docstitle"] = ""
    if 'name="description"' in context.get("metatags", ""):
        return
    text = describe(doctree) if doctree else _MADE.get(pagename, "")
    if pagename.startswith("solutions/"):  # its card is the exercises'
        text = f"{context['title']}: worked answers, each with its reason."
    if not text:
        return
    context["metatags"] = context.get("metatags", "") + _meta("description", text)
    if context.get("meta") is not None and app.config.html_baseurl:
        context["meta"] = {"og:description": html.escape(text), **context["meta"]}


def _meta(name: str, content: str) -> str:
    return f'<meta name="{name}" content="{html.escape(content)}" />\n'


def add_not_found_page(app: Sphinx):
    """Make 404.html, which a web server shows for an address that does not exist."""
    home, search = (app.builder.get_target_uri(page) for page in (app.config.root_doc, "search"))
    prefix = urlparse(app.config.html_baseurl or "").path
    body = _NOT_FOUND.format(home=prefix + home, search=prefix + search)
    head = "" if app.config.html_baseurl else _AT_ROOT
    yield "404", {"title": "Page not found", "body": body, "metatags": head}, "page.html"


def keep_solutions_closed(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Take the buttons that would open a file of solutions/ off the page."""
    if "solutions" in pagename.split("/")[:-1]:
        closed = ("source-buttons", "source-edit-button", "launch-buttons", "download-buttons")
        context["header_buttons"] = [
            button for button in context.get("header_buttons", []) if button.get("label") not in closed
        ]


def draw_card(app: Sphinx, path: Path, *options: str) -> None:
    """Draw the picture of the book, by the command that a person would use."""
    subprocess.run([sys.executable, Path(app.srcdir) / "tools" / "card.py", path, *options], check=True)


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Write index.html, and the picture that goes with a link to the site."""
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir)
    target = app.builder.get_target_uri(app.config.root_doc)
    text = describe(app.env.get_doctree(app.config.root_doc))
    tags = _meta("description", text)
    if address := app.config.html_baseurl:
        draw_card(app, out / _CARD)
        tags += f'<link rel="canonical" href="{address}{target}" />\n'
        for name, content in {
            "og:title": app.config.html_title,
            "og:type": app.config.ogp_type,
            "og:url": address + target,
            "og:description": text,
            "og:image": address + _CARD,
            "og:image:alt": _CARD_ALT,
        }.items():
            tags += _meta(name, content).replace("<meta name=", "<meta property=")
    index = _INDEX.format(title=html.escape(app.config.html_title), tags=tags, target=target)
    (out / "index.html").write_text(index, encoding="utf-8")
    # GitHub Pages would otherwise leave out folders that begin with an underscore.
    (out / ".nojekyll").touch()


def hurry(app: Sphinx, env) -> None:
    """Have pages written side by side, and what writes citations found once, not anew for each of them.

    Jupyter Book has no option for the first. Pages are read one after the other: this comes after.
    """
    # One process prepares pages and eight write them, however many processors there are: each gets a few
    # pages, and the chapters, which follow each other and take longest, don't all come to one.
    app.parallel = 1 + 8
    for kind in ("plaintext", "docutils"):
        backend = pybtex.plugin.find_plugin("pybtex.backends", kind)
        pybtex.plugin.register_plugin("pybtex.backends", kind, backend, force=True)


def setup(app: Sphinx) -> dict:
    """Register the above with Sphinx."""
    # A build keeps nearly all it makes, millions of nodes: to look for garbage in them takes a tenth of it.
    gc.disable()
    app.connect("config-inited", set_address)
    app.connect("env-updated", hurry)
    app.connect("html-collect-pages", add_not_found_page)
    # Before the cards for links read the description; after the theme has made its buttons.
    app.connect("html-page-context", describe_page, priority=400)
    app.connect("html-page-context", keep_solutions_closed, priority=900)
    # Before the table of contents' own index page, which gives way to ours.
    app.connect("build-finished", finish, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
