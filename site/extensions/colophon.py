"""Sphinx extension: at the foot of each page, how to cite it, and when it last changed.

What is cited comes from CITATION.cff, the day from git's history. A copy without a history has no day.
"""

import html
import re
import subprocess
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.application import Sphinx

_FOOT = """
<footer class="colophon">
{changed}<details><summary>Cite this page</summary>
<pre tabindex="0">{entry}</pre>
</details>
</footer>"""
_CHANGED = '<p>This page last changed on <time datetime="{day}">{day}</time>.</p>\n'


def entry(citation: dict, page: str, title: str, address: str) -> str:
    """Return the BibTeX entry of a page.

    Parameters
    ----------
    citation : dict
        What CITATION.cff says.
    page, title, address : str
        The page's name, its title, and the address of the site; nothing where it has none.
    """
    authors = " and ".join(f"{{{person['name']}}}" for person in citation["authors"])
    fields = {
        "author": authors,
        "title": _latex(title),
        "booktitle": _latex(citation["title"]),
        "year": str(citation["date-released"])[:4],
        "note": f"Version {citation['version']}",
    }
    if address:
        fields["url"] = f"{address}{page}.html"
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return f"@incollection{{embat:{page.rpartition('/')[2]},\n{lines}}}"


def _latex(text: str) -> str:
    return re.sub(r"([&%#_])", r"\\\1", text).replace("–", "--")


def history(root: Path) -> dict[str, str]:
    """Return the day of the last commit that changed each file; nothing where there is no history."""
    command = ["git", "log", "--format=%x00%cs", "--name-only", "--relative", "--no-renames"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return {}
    days = {}
    for commit in done.stdout.split("\0")[1:]:
        day, *files = commit.split("\n")
        for file in files:
            days.setdefault(file, day)
    days.pop("", None)
    return days


def begin(app: Sphinx) -> None:
    """Read the history once."""
    root = Path(app.srcdir)
    app.colophon = (
        yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
        if (root / "CITATION.cff").is_file()
        else None
    )
    app.last_changes = history(root)


def add_foot(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Put the lines at the foot of a page that somebody wrote."""
    if doctree is None or app.colophon is None:
        return
    path = Path(app.env.doc2path(pagename)).relative_to(app.srcdir).as_posix()
    day = app.last_changes.get(path)
    title = app.env.titles[pagename].astext() if pagename in app.env.titles else context["title"]
    if pagename == app.config.root_doc:
        title = nodes.Text(app.config.html_title)
    said = entry(app.colophon, pagename, str(title), app.config.html_baseurl)
    context["body"] += _FOOT.format(
        changed=_CHANGED.format(day=day) if day else "", entry=html.escape(said, quote=False)
    )


def setup(app: Sphinx) -> dict:
    """Register the above with Sphinx."""
    app.connect("builder-inited", begin)
    # Below what can be taken away.
    app.connect("html-page-context", add_foot, priority=810)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
