"""The site as an archive, opened from disk as a reader would, and the editions made from it."""

import re
import zipfile

import editions
import nbformat
import pytest
from conftest import pages
from test_site import Visit


@pytest.fixture(scope="module")
def unpacked(site, tmp_path_factory):
    """The archive of the built site, unpacked in a folder whose name has a space and an accent."""
    folder = tmp_path_factory.mktemp("archive")
    editions.zip_site(site, folder / "site.zip")
    target = folder / "my düm files"
    with zipfile.ZipFile(folder / "site.zip") as archive:
        archive.extractall(target)
    return target


def test_the_archive_has_one_folder_with_all_of_the_site(site, unpacked):
    assert [path.name for path in unpacked.iterdir()] == ["em-at-bat"]
    for path in site.rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            there = unpacked / "em-at-bat" / path.relative_to(site)
            assert there.read_bytes() == path.read_bytes()
    assert list(unpacked.rglob(".*")) == []


def test_the_same_site_gives_the_same_archive(site, tmp_path):
    editions.zip_site(site, tmp_path / "one.zip")
    editions.zip_site(site, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


@pytest.mark.parametrize(
    "page", ["index", "chapters/04_em", "chapters/09_beyond", "chapters/api", "search"]
)
def test_pages_open_from_the_unpacked_archive(unpacked, browser, page):
    with Visit(browser, (unpacked / "em-at-bat" / f"{page}.html").as_uri()) as visit:
        assert visit.errors == []
        assert visit.foreign == []
        assert visit.all_pictures_come()
        assert visit.page.locator("mjx-merror").count() == 0


def test_a_reader_gets_from_the_front_door_through_the_book(unpacked, browser):
    with Visit(browser, (unpacked / "em-at-bat" / "index.html").as_uri()) as visit:
        visit.page.wait_for_url("**/intro.html")
        for page in pages()[1:4]:
            visit.page.locator("a.right-next").click()
            visit.page.wait_for_url(f"**/{page}.html")
        assert visit.errors == []


@pytest.mark.parametrize(
    ("names", "wrong"),
    [
        (["a/b.html", "a/c.html", "_static/x.css"], 0),
        (["a/b.html", "A/b.html"], 1),
        (["aux.html"], 1),
        (["com1/x"], 1),
        (["a:b"], 1),
        (["what?.html"], 1),
        (["a./b"], 1),
        (["a /b"], 1),
        (["x" * 151], 1),
    ],
)
def test_names_that_some_system_can_t_have_are_found(names, wrong):
    assert len(editions.troubles(names)) == wrong


def test_a_site_with_such_a_name_is_not_packed(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "what?.html").write_text("")
    with pytest.raises(ValueError, match=r"what\?\.html"):
        editions.zip_site(tmp_path / "site", tmp_path / "site.zip")
    assert not (tmp_path / "site.zip").exists()


def test_the_published_site_names_what_comes_with_it(site, tmp_path):
    extra = tmp_path / "em-at-bat.pdf"
    extra.write_bytes(b"x" * 2_340_000)
    editions.assemble(site, tmp_path / "public", {extra: "The book as PDF"})
    text = (tmp_path / "public" / "chapters" / "take_away.html").read_text(encoding="utf-8")
    link = re.search(r'<a href="([^"]*)" download>The book as PDF</a> \(2\.3 MB\)', text)
    target = tmp_path / "public" / "chapters" / link[1]
    assert target.read_bytes() == extra.read_bytes()
    assert editions.MARK not in text
    # The site that was built is as it was.
    assert editions.MARK in (site / "chapters" / "take_away.html").read_text(encoding="utf-8")


def test_a_notebook_for_the_browser_installs_the_package_and_says_where_the_rest_comes_from():
    cells = [
        nbformat.v4.new_markdown_cell("how to run it elsewhere", id="preface"),
        nbformat.v4.new_code_cell("import dask.dataframe as dd"),
    ]
    notebook = editions.for_browsers(nbformat.v4.new_notebook(cells=cells))
    assert "cdn.jsdelivr.net" in notebook.cells[0].source
    assert "dask can't run there" in notebook.cells[0].source
    assert notebook.cells[1].source.startswith("%pip install -q betabin")
    assert notebook.cells[2].source == cells[1].source
    nbformat.validate(notebook)


def test_an_unknown_edition_is_refused(capsys):
    assert editions.main(["everything"]) == 2
    assert "zip | lite | public" in capsys.readouterr().err
