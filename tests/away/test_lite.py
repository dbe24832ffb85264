"""The site with JupyterLab inside, without Pyodide's host: it is built, opened, its wheel installed."""

import functools
import http.server
import json
import re
import shutil
import subprocess
import sys
import threading

import nbformat
import pytest
from conftest import ROOT, pages

import betabin

LITE = ROOT / "_build" / "lite"
PYODIDE_HOST = "https://cdn.jsdelivr.net/pyodide/"
WHEEL = f"betabin-{betabin.__version__}-py3-none-any.whl"
# In real Pyodide: the package is found by its name in the site's own index, and nowhere else.
INSTALL = """
import { loadPyodide } from "./package/pyodide.mjs";
const python = await loadPyodide({ packageBaseUrl: process.argv[3] });
await python.loadPackage(["micropip"]);
await python.loadPackage(process.argv[4]);
python.globals.set("index", process.argv[2]);
console.log(await python.runPythonAsync(`
from importlib.metadata import version
import piplite
from piplite import piplite as settings
settings._PIPLITE_DISABLE_PYPI = True
settings._PIPLITE_URLS = [index]
await piplite.install("betabin", deps=False)
version("betabin")
`));
"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address():
    """The site, served on this machine."""
    assert (ROOT / "_build" / ".lite").is_file(), "run `make lite` first, as `make test-away` does"
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Quiet, directory=str(LITE))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def open_page(browser, address):
    """Return a function that opens an address below the site's and lists what is asked of others."""
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    page = context.new_page()
    foreign = []
    page.on("request", lambda request: foreign.append(request.url) if address not in request.url else None)

    def opened(path):
        page.goto(f"{address}/{path}")
        return page, foreign

    yield opened
    context.close()


def notebooks():
    return sorted(path.name for path in (LITE / "downloads").glob("*.ipynb"))


def test_every_notebook_is_inside():
    assert sorted(path.name for path in (LITE / "lite" / "files").glob("*.ipynb")) == notebooks()
    assert {
        f"{page.rpartition('/')[2]}.ipynb" for page in pages() if (ROOT / f"{page}.ipynb").is_file()
    } <= set(notebooks())


def test_pages_say_where_python_comes_from_before_one_starts_it():
    for page in pages():
        text = (LITE / f"{page}.html").read_text(encoding="utf-8")
        top = "../" * page.count("/")
        lab = f'href="{top}lite/lab/index.html?path={page.rpartition("/")[2]}.ipynb"'
        lines = re.findall(r'<aside class="takeaway".*?</aside>', text, re.DOTALL)
        # Solutions are for reading: they are not taken away.
        taken = (ROOT / f"{page}.ipynb").is_file() and not page.startswith("solutions/")
        assert len(lines) == taken
        for line in lines:
            assert lab in line
            assert "cdn.jsdelivr.net" in line


@pytest.mark.parametrize("name", ["exercise", "chapter"])
def test_the_lab_opens_a_notebook(open_page, name):
    chosen = [path for path in notebooks() if path.startswith("ex")] if name == "exercise" else []
    path = (chosen or ["04_em.ipynb"])[0]
    page, foreign = open_page(f"lite/lab/index.html?path={path}")
    title = page.locator(".jp-Notebook h1").first
    title.wait_for(timeout=90_000)
    first = nbformat.read(LITE / "downloads" / path, as_version=4).cells[1].source
    assert first.startswith(f"# {title.inner_text().strip().rstrip('¶')}")
    page.locator(".jp-Notebook mjx-container").first.wait_for(timeout=30_000)
    assert page.locator(".jp-Notebook mjx-merror").count() == 0
    assert (
        page.locator(".jp-Notebook .jp-CodeCell").first.inner_text().count("%pip install -q betabin") == 1
    )
    # All but Pyodide's own host is the site itself.
    assert [url for url in foreign if not url.startswith((PYODIDE_HOST, "blob:", "data:"))] == []


def test_pages_of_the_book_still_ask_no_other_host(open_page):
    page, foreign = open_page("chapters/04_em.html")
    page.wait_for_load_state("networkidle")
    assert foreign == []


def test_packages_come_from_the_site_or_pyodide_and_never_from_a_registry():
    settings = json.loads((LITE / "lite" / "jupyter-lite.json").read_text(encoding="utf-8"))
    kernel = settings["jupyter-config-data"]["litePluginSettings"][
        "@jupyterlite/pyodide-kernel-extension:kernel"
    ]
    assert kernel["disablePyPIFallback"] is True
    assert kernel["pipliteUrls"][0].startswith("./pypi/all.json")
    index = json.loads((LITE / "lite" / "pypi" / "all.json").read_text(encoding="utf-8"))
    assert {"betabin", "ipywidgets", "jupyterlab-widgets"} == set(index)
    ours = (LITE / "downloads" / WHEEL).read_bytes()
    assert (LITE / "lite" / "pypi" / WHEEL).read_bytes() == ours


def test_no_extension_is_there_that_looks_for_a_server():
    found = {path.parent.name for path in (LITE / "lite" / "extensions").glob("**/package.json")}
    assert {"jupyterlab-manager", "pyodide-kernel-extension"} <= found
    assert not [name for name in found if "nbgrader" in name]


def test_the_wheel_installs_in_pyodide_by_its_name(address, tmp_path):
    """Run the real Pyodide under Node, from its npm package, with the lab's own installer."""
    kernel = LITE / "lite" / "extensions" / "@jupyterlite" / "pyodide-kernel-extension" / "static" / "pypi"
    piplite = next(kernel.glob("piplite-*.whl"))
    from jupyterlite_pyodide_kernel.constants import PYODIDE_VERSION

    subprocess.run(
        [shutil.which("npm"), "pack", f"pyodide@{PYODIDE_VERSION}", "--silent"], cwd=tmp_path, check=True
    )
    shutil.unpack_archive(next(tmp_path.glob("*.tgz")), tmp_path)
    lock = json.loads((tmp_path / "package" / "pyodide-lock.json").read_text(encoding="utf-8"))
    wanted = [f"{name}=={lock['packages'][name]['version']}" for name in ("micropip", "packaging")]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
    version = ".".join(lock["info"]["python"].split(".")[:2])
    subprocess.run(
        [
            *pip,
            "--only-binary",
            ":all:",
            "--python-version",
            version,
            "--dest",
            str(tmp_path / "wheels"),
            *wanted,
        ],
        check=True,
    )
    (tmp_path / "install.mjs").write_text(INSTALL, encoding="utf-8")
    done = subprocess.run(
        [
            shutil.which("node"),
            "install.mjs",
            f"{address}/lite/pypi/all.json",
            f"{tmp_path / 'wheels'}/",
            f"{address}/{piplite.relative_to(LITE).as_posix()}",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-1500:]
    assert done.stdout.split()[-1] == betabin.__version__
