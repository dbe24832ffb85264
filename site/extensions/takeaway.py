"""Sphinx extension: what a reader can take away from a page: its notebook, and the package's wheel.

Both are in the site's folder downloads/, and every page that is a notebook says in two lines how to run it.
"""

import ast
import html
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
from docutils import nodes
from portable import Book, NoPlainFormError, portable
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

FOLDER = "downloads"
# What a notebook of the book needs beside the package: a place to run it, pictures, sliders.
COMPANIONS = ("jupyterlab", "matplotlib", "ipywidgets")
_LINES = """
<aside class="takeaway" aria-label="Take this page away">
<p><b>Take it away:</b> put <a href="{notebook}" download>this page as a notebook</a> and
<a href="{wheel}" download>the package</a> into one folder. There, with Python {pythons}, run{elsewhere}</p>
<pre>{command}</pre>
</aside>
"""


def build_wheel(root: Path, folder: Path) -> Path:
    """Build the package's wheel, the same file from the same sources wherever and whenever it is built.

    Raises
    ------
    ExtensionError
        The build failed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # The date in the archive: some fixed one, so that equal sources give equal files.
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1767225600"}
    code = "import sys; from flit_core import buildapi; print(buildapi.build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ExtensionError(f"the package's wheel could not be built: {done.stderr.strip()}")
    wheel = folder / done.stdout.split()[-1]
    wheel.chmod(0o644)
    return wheel


def project(root: Path) -> dict:
    """Return the table ``project`` of pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def python_versions(requires: str) -> str:
    """Return ``>=3.11,<3.15`` as people say it: 3.11 to 3.14."""
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", requires).groups()
    return f"3.{low} to 3.{int(high) - 1}"


def needs(notebook: nbformat.NotebookNode, project: dict) -> tuple[list[str], list[str]]:
    """Return what a notebook's imports need beyond the package and its companions.

    Returns
    -------
    extras : list of str
        Of the package.
    packages : list of str
        Others, which one of the package's extras names.

    Raises
    ------
    ExtensionError
        It imports what none of the package's extras brings.
    """
    offered = {extra: _names(wanted) for extra, wanted in project["optional-dependencies"].items()}
    here = {project["name"], *COMPANIONS, "IPython", *_names(project["dependencies"])}
    missing = _imports(notebook) - here - sys.stdlib_module_names
    # The extra for whole chapters comes with versions that go together.
    extras = ["scale"] if missing & offered.get("scale", set()) else []
    packages = sorted(missing - set().union(*(offered[extra] for extra in extras)))
    if unknown := set(packages) - set().union(*offered.values()):
        raise ExtensionError(
            f"a notebook imports {sorted(unknown)}, which no extra in pyproject.toml brings"
        )
    return extras, packages


def _imports(notebook: nbformat.NotebookNode) -> set[str]:
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    imported = set()
    for node in ast.walk(ast.parse(re.sub(r"(?m)^\s*[%!].*$", "pass", code))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.split(".")[0])
    return imported


def _names(requirements: list[str]) -> set[str]:
    return {re.match(r"[\w.-]+", requirement)[0] for requirement in requirements}


def command(wheel: str, extras: list[str], packages: list[str], site: str) -> str:
    """Return the line that installs a notebook's needs, from the site where it has an address."""
    brackets = f"[{','.join(extras)}]" if extras else ""
    if site:
        package = f'"{wheel.split("-")[0]}{brackets} @ {site}{FOLDER}/{wheel}"'
    else:
        package = f'"./{wheel}{brackets}"' if brackets else f"./{wheel}"
    return " ".join(["pip install", *COMPANIONS, *packages, package])


class _Take:
    """The state of one build: the wheel, and for each page that is a notebook its file in downloads/."""

    def __init__(self, app: Sphinx):
        root = Path(app.srcdir)
        self.project = project(root)
        self.wheel = build_wheel(root, root / "_build" / "assets" / "wheel")
        self.pythons = python_versions(self.project["requires-python"])


def begin(app: Sphinx) -> None:
    """Build the wheel, whose name the pages say."""
    if app.builder.name == "html":
        app.config.html_copy_source = False
        app.takeaway = _Take(app)


def _source(app: Sphinx, page: str) -> Path | None:
    """Return the notebook that a page comes from, if it comes from one that may be handed out."""
    if page not in app.env.found_docs or "solutions" in page.split("/")[:-1]:
        return None
    path = Path(app.env.doc2path(page))
    return path if path.suffix == ".ipynb" else None


def add_lines(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Put the two lines below a notebook's page, and its file behind the download button."""
    source = _source(app, pagename)
    target = ""
    if source:
        take, site = app.takeaway, app.config.html_baseurl
        path_to = context["pathto"]
        target = path_to(f"{FOLDER}/{source.name}", True)
        wanted = needs(nbformat.read(source, as_version=4), take.project)
        context["body"] += _LINES.format(
            notebook=target,
            wheel=path_to(f"{FOLDER}/{take.wheel.name}", True),
            pythons=take.pythons,
            elsewhere=" (in Colab, with % before it)" if site else "",
            command=html.escape(command(take.wheel.name, *wanted, site)),
        )
    for group in context.get("header_buttons", []):
        if group.get("label") == "download-buttons":
            kept = [button for button in group["buttons"] if button["label"] != "download-source-button"]
            if target:
                button = {"type": "link", "url": target, "text": ".ipynb", "icon": "fas fa-file"}
                button |= {"tooltip": "Download this page as a notebook", "label": "download-source-button"}
                kept.insert(0, button)
            group["buttons"] = kept


def book_of(app: Sphinx) -> Book:
    """Collect what the notebooks' references point to."""
    env = app.env

    def number(page: str, kind: str, identifier: str, otherwise) -> str:
        found = env.toc_fignumbers.get(page, {}).get(kind, {}).get(identifier)
        return ".".join(map(str, found)) if found else str(otherwise)

    equations = {
        label: number(page, "displaymath", f"equation-{nodes.make_id(label)}", plain_number)
        for label, (page, plain_number) in env.get_domain("math").equations.items()
    }
    labels = env.get_domain("std").labels
    figures = {
        label: number(page, "figure", identifier, "")
        for label, (page, identifier, _) in labels.items()
        if identifier in env.toc_fignumbers.get(page, {}).get("figure", {})
    }
    return Book(
        site=app.config.html_baseurl or "",
        macros=app.config.mathjax3_config.get("tex", {}).get("macros", {}),
        equations=equations,
        figures=figures,
        sections={label: title for label, (_, _, title) in labels.items()},
        titles={page: title.astext() for page, title in env.titles.items()},
        bibliography=tuple(Path(app.srcdir, name) for name in app.config.bibtex_bibfiles),
    )


def notebooks(app: Sphinx) -> dict[str, Path]:
    """Return the notebooks to hand out: the book's pages, and exercises that are no pages.

    Labs are for instructors to hand out.

    Raises
    ------
    ExtensionError
        Two have one name.
    """
    root = Path(app.srcdir)
    found = {page: path for page in sorted(app.env.found_docs) if (path := _source(app, page))}
    for path in sorted(root.glob("exercises/ex*/*.ipynb")):
        found.setdefault(path.relative_to(root).with_suffix("").as_posix(), path)
    names = [path.name.lower() for path in found.values()]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ExtensionError(f"two notebooks to be downloaded have one name: {sorted(twice)}")
    return found


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Write the folder of downloads: the wheel and the notebooks."""
    if exception or app.builder.name != "html":
        return
    take, book = app.takeaway, book_of(app)
    folder = Path(app.outdir) / FOLDER
    folder.mkdir(exist_ok=True)
    shutil.copy(take.wheel, folder)
    origin, where = (
        f"*{app.config.html_title}*",
        f" (`{take.wheel.name}` is on the book's pages, beside this file)",
    )
    if book.site:
        origin, where = f"[{app.config.html_title}]({book.site})", ""
    for page, path in notebooks(app).items():
        notebook = nbformat.read(path, as_version=4)
        line = command(take.wheel.name, *needs(notebook, take.project), book.site)
        preface = f"From the book {origin}. To run it, with Python {take.pythons}: `{line}`{where}."
        try:
            plain = portable(notebook, page, book, preface)
        except NoPlainFormError as error:
            raise ExtensionError(str(error)) from error
        (folder / path.name).write_text(nbformat.writes(plain).rstrip() + "\n", encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Register the above with Sphinx."""
    app.connect("builder-inited", begin)
    # After the theme has made its buttons.
    app.connect("html-page-context", add_lines, priority=800)
    app.connect("build-finished", finish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
