"""The site in other forms: an archive, with JupyterLite in it, and all that is published together.

``python tools/editions.py zip | lite | public [--lite]`` takes the built site and leaves it as it is.
"""

import json
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path, PurePosixPath

import archive
import nbformat

ROOT = Path(__file__).parents[1]
NAME = "em-at-bat"
# A page with this comment says there what the published site holds beside the pages.
MARK = "<!-- editions -->"
# Wheels the browser needs that Pyodide's own host does not have.
_WHEELS = ("ipywidgets", "jupyterlab_widgets")
_EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "@jupyterlite/pyodide-kernel-extension")
_FORBIDDEN = set('<>:"\\|?*') | {chr(code) for code in range(32)}
_RESERVED = {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(10)}
_LONGEST = 150
_INSTALL = "%pip install -q betabin matplotlib ipywidgets"
_NOTICE = (
    "Nothing to install: notebooks run in your browser. When you open one, Python and its numerical "
    "packages come from the host of Pyodide, cdn.jsdelivr.net; everything else is part of this site."
)
# What Pyodide can't have, being made of threads and processes.
_NOT_IN_BROWSERS = ("dask",)


def troubles(names: list[str]) -> list[str]:
    """Return what is wrong with the names of files for Windows, or for systems that ignore case."""
    found, seen = [], {}
    for name in names:
        for part in PurePosixPath(name).parts:
            if set(part) & _FORBIDDEN or part[-1] in ". " or part.split(".")[0].lower() in _RESERVED:
                found.append(f"{name}: {part!r} is no name on Windows")
        if len(name) > _LONGEST:
            found.append(f"{name}: longer than {_LONGEST} letters")
        if seen.setdefault(name.lower(), name) != name:
            found.append(f"{name}: differs from {seen[name.lower()]} in case alone")
    return found


def zip_site(site: Path, target: Path) -> None:
    """Write the site as an archive with one folder in it, the same file for the same site.

    Raises
    ------
    ValueError
        A file has a name that not every system can have.
    """
    files = {
        f"{NAME}/{path.relative_to(site).as_posix()}": path
        for path in site.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    if wrong := troubles(list(files)):
        raise ValueError("\n".join(wrong))
    archive.write(target, files)


def build_lite(site: Path, target: Path) -> None:
    """Write the site with a JupyterLab in it that runs the notebooks in the reader's browser."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(site, target)
    work = target.parent / "lite-work"
    shutil.rmtree(work, ignore_errors=True)
    contents, wheels = work / "contents", work / "wheels"
    contents.mkdir(parents=True)
    for path in sorted((site / "downloads").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        nbformat.write(for_browsers(notebook), contents / path.name)
    wheels.mkdir()
    for wheel in (site / "downloads").glob("*.whl"):
        shutil.copy(wheel, wheels)
    pinned = [f"{name}=={version(name)}" for name in _WHEELS]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--dest", str(wheels), *pinned], check=True)
    extensions = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
    config = {
        "LiteBuildConfig": {
            "apps": ["lab"],
            "contents": [str(contents)],
            "federated_extensions": [str(extensions / name) for name in _EXTENSIONS],
            # Others of this environment would look for a server.
            "ignore_sys_prefix": ["federated_extensions"],
            "no_sourcemaps": True,
            "output_dir": str(target / "lite"),
        },
        "PipliteAddon": {"piplite_urls": [str(wheels)]},
    }
    (work / "jupyter_lite_config.json").write_text(json.dumps(config), encoding="utf-8")
    # Packages come from this site or from Pyodide, and never from a registry.
    kernel = {"@jupyterlite/pyodide-kernel-extension:kernel": {"disablePyPIFallback": True}}
    settings = {"jupyter-lite-schema-version": 0, "jupyter-config-data": {"litePluginSettings": kernel}}
    (work / "jupyter-lite.json").write_text(json.dumps(settings), encoding="utf-8")
    lite = [sys.executable, "-m", "jupyterlite_core", "build"]
    subprocess.run(lite, cwd=work, check=True)
    shutil.rmtree(work)
    for page in sorted(target.glob("**/*.html")):
        if page.relative_to(target).parts[0] != "lite":
            _add_lab(page, target)


def for_browsers(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Put, before a notebook to be downloaded, what it needs in a browser instead."""
    notebook = nbformat.from_dict(notebook)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    absent = [name for name in _NOT_IN_BROWSERS if f"import {name}" in code]
    warning = "".join(
        f" Only {name} can't run there: for its cells, download the notebook." for name in absent
    )
    notebook.cells[0] = nbformat.v4.new_markdown_cell(_NOTICE + warning, id="preface")
    notebook.cells.insert(1, nbformat.v4.new_code_cell(_INSTALL, id="install"))
    notebook.metadata.kernelspec = {
        "display_name": "Python (Pyodide)",
        "language": "python",
        "name": "python",
    }
    return notebook


def _add_lab(page: Path, site: Path) -> None:
    """Say on a page that is a notebook, below what can be taken away, that it also runs here."""
    text = page.read_text(encoding="utf-8")
    up = "../" * (len(page.relative_to(site).parts) - 1)
    lab = f"{up}lite/lab/index.html"
    if (site / "downloads" / f"{page.stem}.ipynb").is_file():
        said = (
            f'<p><b>Or run it here:</b> <a href="{lab}?path={page.stem}.ipynb">open it</a>. {_NOTICE}</p>'
        )
        text = re.sub(r'(<aside class="takeaway".*?)(</aside>)', rf"\1{said}\n\2", text, flags=re.DOTALL)
    said = f'<p><a href="{lab}">The notebooks, to run in the browser</a>. {_NOTICE}</p>'
    text = text.replace(MARK, f"{said}\n{MARK}")
    page.write_text(text, encoding="utf-8")


def assemble(site: Path, target: Path, files: dict[Path, str]) -> None:
    """Copy the site and, into it, other files; name them where a page has the mark.

    Parameters
    ----------
    site, target : Path
        From where to where.
    files : dict
        File to what a reader is told it is.
    """
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(site, target)
    for file in files:
        shutil.copy(file, target / "downloads")
    for page in sorted(target.glob("**/*.html")):
        text = page.read_text(encoding="utf-8")
        if MARK in text:
            up = "../" * (len(page.relative_to(target).parts) - 1)
            said = [
                f'<p><a href="{up}downloads/{file.name}" download>{name}</a> ({_size(file)})</p>'
                for file, name in files.items()
            ]
            page.write_text(text.replace(MARK, "\n".join(said)), encoding="utf-8")


def _size(file: Path) -> str:
    return f"{file.stat().st_size / 1e6:.1f} MB"


def main(arguments: list[str]) -> int:
    """Make the edition named on the command line and print where it is."""
    build = ROOT / "_build"
    packed, lite, public = build / f"{NAME}-site.zip", build / "lite", build / "public"
    match arguments:
        case ["zip"]:
            zip_site(build / "html", packed)
            print(f"The site as an archive: {packed}")
        case ["lite"]:
            build_lite(build / "html", lite)
            print(f"The site with JupyterLite: {lite}; serve it, a browser won't run it from disk")
        case ["public"] | ["public", "--lite"]:
            site = lite if "--lite" in arguments else build / "html"
            assemble(
                site,
                public,
                {build / f"{NAME}.pdf": "The book as PDF", packed: "The whole site, to unpack and open"},
            )
            print(f"All that is published: {public}")
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
