"""A fork names its repository in one place, and every link that needs an address follows."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import nbformat
import pytest
import website
from conftest import ROOT
from PIL import Image
from test_publish import Page

import betabin

REPOSITORY = "https://github.com/Someone/em-at-bat"
SITE = "https://someone.github.io/em-at-bat/"
WHEEL = f"betabin-{betabin.__version__}-py3-none-any.whl"
PAGES = ["intro", "chapters/01_small", "solutions/ex01/ex01"]


def notebook(title):
    cells = [
        nbformat.v4.new_markdown_cell(
            f"# {title}\n\nA notebook that is small enough to be built in a test."
        )
    ]
    return nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    )


@pytest.fixture(scope="module")
def fork(tmp_path_factory):
    """A small book, with the configuration of ours and the one line that a fork changes."""
    root = tmp_path_factory.mktemp("fork")
    for name in ("src", "site", "tools"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "references.bib"):
        shutil.copy(ROOT / name, root / name)
    packages = ROOT / "_build" / "assets"
    (root / "_build" / "assets").mkdir(parents=True)
    for path in packages.glob("*.tgz"):
        shutil.copy(path, root / "_build" / "assets")
    config = (ROOT / "_config.yml").read_text(encoding="utf-8")
    changed = config.replace('url: ""', f"url: {REPOSITORY}")
    assert changed != config
    # Ours lists the folders it takes pages from; the fork of the test has one more.
    changed = re.sub(
        r'include_patterns: \[intro.md, "chapters/\*".*\]', 'include_patterns: ["**"]', changed
    )
    (root / "_config.yml").write_text(changed, encoding="utf-8")
    chapters = "".join(f"  - file: {page}\n" for page in PAGES[1:])
    (root / "_toc.yml").write_text(f"format: jb-book\nroot: intro\nchapters:\n{chapters}")
    (root / "intro.md").write_text("# EM at Bat\n\nA sentence that says what this book is about.\n")
    for page in PAGES[1:]:
        path = root / f"{page}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook(path.stem), path)
    builder = Path(sys.executable).parent / "jupyter-book"
    done = subprocess.run(
        [builder, "build", ".", "-q", "-W", "--keep-going"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return root / "_build" / "html"


@pytest.fixture(scope="module")
def links(fork):
    """The links of each page that lead to another host."""
    return {
        page: {link for link in Page(fork / f"{page}.html").links if link.startswith("http")}
        for page in PAGES
    }


def test_a_notebook_page_leads_to_its_repository_issues_colab_and_binder(links):
    assert {
        REPOSITORY,
        f"{REPOSITORY}/edit/main/chapters/01_small.ipynb",
        "https://colab.research.google.com/github/Someone/em-at-bat/blob/main/chapters/01_small.ipynb",
        "https://mybinder.org/v2/gh/Someone/em-at-bat/main?urlpath=lab/tree/chapters/01_small.ipynb",
    } <= links["chapters/01_small"]
    assert any(link.startswith(f"{REPOSITORY}/issues/new?") for link in links["chapters/01_small"])


def test_a_page_of_text_leads_to_the_repository_but_has_nothing_to_launch(links):
    assert f"{REPOSITORY}/edit/main/intro.md" in links["intro"]
    assert not [link for link in links["intro"] if "colab" in link or "mybinder" in link]


def test_no_link_opens_a_file_of_solutions(fork, links):
    for page, found in links.items():
        opened = [link for link in found if "solutions" in link and not link.startswith(SITE)]
        assert opened == [], page
    assert "takeaway" not in (fork / f"{PAGES[2]}.html").read_text(encoding="utf-8")
    assert not (fork / "downloads" / "ex01.ipynb").exists()
    assert (fork / "downloads" / "01_small.ipynb").exists()


def test_the_lines_below_a_page_install_from_the_site(fork):
    text = (fork / "chapters" / "01_small.html").read_text(encoding="utf-8")
    assert f"{SITE}downloads/{WHEEL}" in text
    assert "Colab" in text
    assert (fork / "downloads" / WHEEL).is_file()
    first = nbformat.read(fork / "downloads" / "01_small.ipynb", as_version=4).cells[0].source
    assert f"[EM at Bat]({SITE})" in first
    assert f"{SITE}downloads/{WHEEL}" in first


@pytest.mark.parametrize("page", [*PAGES, "index"])
def test_a_page_has_a_card_with_addresses_that_exist(fork, page):
    meta = Page(fork / f"{page}.html").meta
    assert meta["og:title"]
    assert meta["og:description"] == meta["description"]
    for name in ("og:url", "og:image"):
        assert meta[name].startswith(SITE)
        assert (fork / meta[name].removeprefix(SITE)).is_file()
    assert len(meta["og:image:alt"]) > 40


def test_the_card_s_picture_has_the_size_that_links_are_shown_with(fork):
    with Image.open(fork / "_static" / "card.png") as picture:
        assert picture.size == (1200, 630)
        assert picture.convert("L").getextrema()[0] < 100


def test_the_sitemap_lists_the_pages_and_only_those(fork):
    tree = ElementTree.parse(fork / "sitemap.xml")
    found = {entry.text for entry in tree.iter() if entry.tag.endswith("loc")}
    assert found == {f"{SITE}{page}.html" for page in PAGES}


def test_pages_name_their_canonical_address(fork):
    assert Page(fork / "chapters" / "01_small.html").rel["canonical"] == f"{SITE}chapters/01_small.html"


def test_the_page_for_wrong_addresses_works_at_any_depth(fork):
    for link in Page(fork / "404.html").links:
        parts = urlsplit(link)
        if not parts.scheme and parts.path:
            assert parts.path.startswith("/em-at-bat/"), link
            assert (fork / parts.path.removeprefix("/em-at-bat/")).exists(), link


def test_where_github_shows_a_repository():
    assert website.pages_address("https://github.com/you/em-at-bat") == "https://you.github.io/em-at-bat/"
    assert (
        website.pages_address("https://github.com/You/Em.at-Bat.git") == "https://you.github.io/Em.at-Bat/"
    )
    assert website.pages_address("https://github.com/You/you.github.io/") == "https://you.github.io/"


@pytest.mark.parametrize(
    "wrong", ["github.com/you/book", "https://example.org/you/book", "https://github.com/you"]
)
def test_an_address_that_is_no_repository_is_named(wrong):
    with pytest.raises(website.ExtensionError, match="repository: url"):
        website.pages_address(wrong)
