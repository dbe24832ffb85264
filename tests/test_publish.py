"""The site as readers find it: titles and descriptions, search, links, downloads, and no dead links."""

import io
import posixpath
import re
import zipfile
from collections import Counter
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import nbformat
import notebooks
import pytest
import takeaway
import yaml
from conftest import ROOT, pages
from test_site import Visit

import betabin

# Solutions are read, not taken away.
NOTEBOOKS = [
    page for page in pages() if (ROOT / f"{page}.ipynb").is_file() and not page.startswith("solutions/")
]
MADE = ["search", "genindex", "404"]


class Page(HTMLParser):
    """What the tests ask of a page: its title, its metadata, its links, its identifiers."""

    def __init__(self, path):
        super().__init__()
        self.meta, self.rel, self.links, self.ids, self.title, self._in_title = {}, {}, [], set(), "", False
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids |= {found[key] for key in ("id", "name") if found.get(key)}
        self._in_title = tag == "title" and not self.title
        if tag == "meta":
            self.meta[found.get("name") or found.get("property")] = found.get("content")
        elif tag == "link":
            self.rel[found.get("rel")] = found.get("href")
        self.links += [found[key] for key in ("href", "src") if found.get(key)]

    def handle_data(self, data):
        if self._in_title:
            self.title += data

    def handle_endtag(self, tag):
        self._in_title = False


@pytest.fixture(scope="module")
def read(site):
    """Return a function that parses a page once."""
    seen = {}

    def page(name):
        if name not in seen:
            seen[name] = Page(site / f"{name}.html")
        return seen[name]

    return page


def test_every_page_has_its_own_title_and_description(read):
    titles = {page: read(page).title for page in [*pages(), *MADE]}
    descriptions = {page: read(page).meta.get("description", "") for page in [*pages(), *MADE]}
    for name, values in (("title", titles), ("description", descriptions)):
        twice = [value for value, times in Counter(values.values()).items() if times > 1]
        assert not twice, f"two pages have the {name} {twice}"
    for page, text in descriptions.items():
        assert 25 <= len(text) <= 200, f"{page}: {text!r}"
        assert not re.search(r"[\\{}$`]", text), f"{page}: {text!r}"
    assert titles["intro"] == "EM at Bat"
    assert titles["chapters/04_em"].endswith("EM at Bat")


def test_a_chapter_is_described_by_what_its_reader_will_do(read):
    for page in pages():
        if re.match(r"chapters/\d|exercises/", page):
            assert read(page).meta["description"].startswith("You will "), page
        if page.startswith("solutions/"):
            assert read(page).meta["description"].startswith("Solutions "), page


def test_previous_and_next_follow_the_table_of_contents(read):
    order = pages()
    for number, page in enumerate(order):
        up = "../" * page.count("/")
        found = read(page).rel
        expected = [f"{order[i]}.html" if 0 <= i < len(order) else None for i in (number - 1, number + 1)]
        targets = [found.get(rel) for rel in ("prev", "next")]
        folder = page.rpartition("/")[0]
        for target, want in zip(targets, expected, strict=True):
            if want is None:
                assert target is None
            else:
                assert target in {up + want, posixpath.relpath(want, folder or ".")}
                assert f'href="{target}"' in read(page).text.partition("<body")[2]


def test_the_front_door_leads_in_and_says_what_this_is(read):
    index = read("index")
    assert index.title == "EM at Bat"
    assert len(index.meta["description"]) > 60
    assert 'content="0; url=intro.html"' in index.text
    assert "intro.html" in index.links


def test_without_an_address_no_link_depends_on_one(site, read):
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert config["repository"]["url"] == "", "these tests are about the book as it is handed out"
    for path in site.rglob("*.html"):
        page = Page(path)
        named = [
            link for link in page.links if re.search(r"github\.com|colab|mybinder|executablebooks", link)
        ]
        assert named == [], path.name
        assert not [name for name in page.meta if name and name.startswith(("og:", "twitter:"))]
        assert "canonical" not in page.rel
    assert not (site / "sitemap.xml").exists()
    assert not (site / "_static" / "card.png").exists()


def test_every_link_inside_the_site_is_relative_and_leads_somewhere(site):
    # The theme leaves a template among its assets, which no page leads to.
    parsed = {path.resolve(): Page(path) for path in site.rglob("*.html") if "_static" not in path.parts}
    for path, page in parsed.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or link.startswith("//"):
                assert parts.scheme in {"http", "https", "mailto", "data"}, f"{path.name}: {link}"
                continue
            assert not parts.path.startswith("/"), f"{path.name}: {link} begins at the root of a host"
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_relative_to(site.resolve()), f"{path.name}: {link} leaves the site"
            assert target.exists(), f"{path.name}: {link} leads nowhere"
            if parts.fragment and target in parsed:
                assert unquote(parts.fragment) in parsed[target].ids, (
                    f"{path.name}: {link} has no such place"
                )


def test_the_search_finds_a_word_from_disk(site, browser):
    with Visit(browser, (site / "search.html").as_uri() + "?q=digamma") as visit:
        results = visit.page.locator("ul.search li a")
        results.first.wait_for()
        found = results.evaluate_all("links => links.map(link => link.getAttribute('href'))")
        assert any(link.startswith("chapters/a1_functions.html") for link in found)
        assert any(link.startswith("chapters/03_m_step.html") for link in found)
        assert len(found) >= 5
        assert visit.errors == []
        results.first.click()
        visit.page.wait_for_url("**/chapters/*.html*")


def test_the_page_for_wrong_addresses_leads_home_from_disk(site, browser):
    with Visit(browser, (site / "404.html").as_uri()) as visit:
        assert visit.errors == []
        visit.page.get_by_role("link", name="first page").click()
        visit.page.wait_for_url("**/intro.html")


def test_notebook_pages_say_in_two_lines_how_to_take_them_away(site, read):
    wheel = f"betabin-{betabin.__version__}-py3-none-any.whl"
    for page in [*pages(), *MADE]:
        lines = re.findall(r'<aside class="takeaway".*?</aside>', read(page).text, re.DOTALL)
        assert len(lines) == (page in NOTEBOOKS), page
        for line in lines:
            name, downloads = page.rpartition("/")[2], "../" * page.count("/") + "downloads"
            assert f'href="{downloads}/{name}.ipynb" download' in line
            assert f'href="{downloads}/{wheel}" download' in line
            assert "Python 3.11 to 3.14" in line
            extra = "[scale]" if name == "09_beyond" else ""
            install = re.search(r"<pre>(.*)</pre>", line)[1].replace("&quot;", "")
            assert install == f"pip install jupyterlab matplotlib ipywidgets ./{wheel}{extra}"
    assert (site / "downloads" / wheel).is_file()


def test_the_download_button_gives_the_notebook_and_never_a_file_that_is_not_there(site, read):
    assert not (site / "_sources").exists()
    for page in pages():
        assert "_sources/" not in read(page).text
        button = re.search(r'<a href="([^"]*)"[^>]*>(?:(?!</a>).)*\.ipynb', read(page).text, re.DOTALL)
        assert bool(button) == (page in NOTEBOOKS), page


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_downloaded_notebook_is_plain_and_holds_the_same_code(site, page):
    ours = nbformat.read(ROOT / f"{page}.ipynb", as_version=4)
    theirs = nbformat.read(site / "downloads" / f"{page.rpartition('/')[2]}.ipynb", as_version=4)
    nbformat.validate(theirs)
    assert len({cell.id for cell in theirs.cells}) == len(theirs.cells)
    code = [[cell.source for cell in book.cells if cell.cell_type == "code"] for book in (ours, theirs)]
    assert code[0] == code[1]
    text = "\n".join(cell.source for cell in theirs.cells if cell.cell_type == "markdown")
    macros = "|".join(_macros())
    marks = rf"\{{[a-z:]+\}}`|:::|```\{{|\(eq-[a-z-]+\)|\\(?:{macros})(?![A-Za-z])"
    assert not re.search(marks, text), re.search(marks, text)
    assert "pip install" in theirs.cells[0].source
    assert text.count("$$") % 2 == 0


def _macros():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    return config["sphinx"]["config"]["mathjax3_config"]["tex"]["macros"]


def test_downloaded_notebook_has_the_page_s_equation_numbers(site, read):
    theirs = nbformat.read(site / "downloads" / "04_em.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in theirs.cells)
    shown = re.findall(r'<span class="eqno">\((.*?)\)', read("chapters/04_em").text)
    assert re.findall(r"\\tag\{(.*?)\}", text) == shown
    assert "**Fig. 4.1**" in text


def test_downloaded_notebook_runs_with_the_wheel_alone(site, tmp_path, monkeypatch):
    wheel = next((site / "downloads").glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "installed"))
    notebook = nbformat.read(site / "downloads" / "04_em.ipynb", as_version=4)
    stored = [_printed(cell) for cell in notebook.cells if cell.cell_type == "code"]
    where = nbformat.v4.new_code_cell("import betabin\nprint(betabin.__file__)")
    notebook.cells.append(where)
    notebooks.execute(notebook, tmp_path)
    run = [_printed(cell) for cell in notebook.cells if cell.cell_type == "code"]
    assert run[-1].startswith(str(tmp_path / "installed")), "another betabin was imported"
    assert run[:-1] == stored


def _printed(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def test_the_wheel_is_the_same_wherever_and_whenever_it_is_built(site, tmp_path):
    again = takeaway.build_wheel(ROOT, tmp_path / "wheel")
    assert again.read_bytes() == next((site / "downloads").glob("*.whl")).read_bytes()


def test_the_wheel_holds_the_package_and_nothing_else(site):
    wheel = next((site / "downloads").glob("*.whl"))
    with zipfile.ZipFile(io.BytesIO(wheel.read_bytes())) as archive:
        names = set(archive.namelist())
    package = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "betabin").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert {name for name in names if ".dist-info/" not in name} == package
    assert any(name.endswith("licenses/LICENSE") for name in names)


def make_notebook(*code):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in code])


def test_needs_name_an_extra_for_what_chapter_9_imports_and_packages_for_the_rest():
    project = takeaway.project(ROOT)
    plain = make_notebook(
        "%matplotlib inline\nimport numpy as np\nfrom betabin import plots", "import os.path"
    )
    assert takeaway.needs(plain, project) == ([], [])
    assert takeaway.needs(make_notebook("import duckdb, sympy"), project) == (["scale"], ["sympy"])
    with pytest.raises(takeaway.ExtensionError, match="no_such_thing"):
        takeaway.needs(make_notebook("from no_such_thing.part import x"), project)


def test_the_command_installs_from_the_site_where_it_has_an_address():
    local = takeaway.command("betabin-1-py3-none-any.whl", ["scale"], ["sympy"], "")
    assert (
        local == 'pip install jupyterlab matplotlib ipywidgets sympy "./betabin-1-py3-none-any.whl[scale]"'
    )
    there = takeaway.command("betabin-1-py3-none-any.whl", [], [], "https://you.github.io/em-at-bat/")
    assert there.endswith(
        '"betabin @ https://you.github.io/em-at-bat/downloads/betabin-1-py3-none-any.whl"'
    )


def test_a_wheel_that_can_t_be_built_is_an_error(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    with pytest.raises(takeaway.ExtensionError, match="could not be built"):
        takeaway.build_wheel(tmp_path, tmp_path / "wheel")
