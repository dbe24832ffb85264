"""The first page's picture, the links to terms with their tips, and what stands at the foot of a page."""

import re
import subprocess

import colophon
import pytest
from bs4 import BeautifulSoup
from conftest import ROOT, pages
from scipy import stats
from visit import Visit, visit

# Fitted elsewhere: see the reference fits in tests/oracle.py.
PRIOR = (100.6278528, 299.9275712)
UNLINKED = ("chapters/glossary", "chapters/bibliography", "chapters/api", "chapters/changelog")
WRITTEN = [page for page in pages() if not page.startswith(UNLINKED)]


def soup(site, page):
    """A page without its formulas, which are most of it and hold no words."""
    text = (site / f"{page}.html").read_text(encoding="utf-8")
    text = re.sub("<mjx-container.*?</mjx-container>", "", text, flags=re.DOTALL)
    return BeautifulSoup(text, "html.parser")


@pytest.fixture(scope="module")
def glossary(site):
    return {term["id"]: term for term in soup(site, "chapters/glossary").select("dt[id^=term-]")}


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_a_newcomer_sees_the_promise_the_picture_and_three_doors_without_scrolling(
    browser, site, width, height
):
    with visit(browser, site, "intro", width=width, height=height) as page:
        for selector in ("h1 + p", "#front-picture svg", "#front-picture input", "#front-said"):
            box = page.locator(selector).first.bounding_box()
            assert box["y"] + box["height"] <= height, selector
        doors = page.locator(".doors .sd-card")
        assert doors.count() == 3
        for door in doors.all():
            box = door.bounding_box()
            assert box["y"] + box["height"] <= height
        links = [link.get_attribute("href") for link in page.locator(".doors a").all()]
        assert [link.split("/")[-1] for link in links] == [
            "01_model.html",
            "ex01_model.html",
            "instructors.html",
        ]


def test_the_first_page_s_slider_redraws_the_picture_and_says_what_is_right(browser, site):
    with visit(browser, site, "intro") as page:
        slider, said = page.locator("#front-picture input"), page.locator("#front-said")
        drawn = set()
        slider.focus()
        slider.press("Home")
        for _ in range(int(slider.get_attribute("max")) + 1):
            drawn.add(page.locator("svg > path.front-posterior").get_attribute("d"))
            words = said.inner_text().replace("\xa0", " ")
            record = re.match(r"(\d+) hits in (\d+) at-bats", words)
            x, n = map(int, record.groups()) if record else (0, 0)
            a, b = PRIOR[0] + x, PRIOR[1] + n - x
            mean, low, high = (float(number) for number in re.findall(r"0\.\d{3}", words))
            assert mean == pytest.approx(stats.beta.mean(a, b), abs=6e-4)
            assert (low, high) == pytest.approx(stats.beta.interval(0.95, a, b), abs=6e-4)
            own = int(re.search(r"record has (\d+) %", words)[1])
            others = int(re.search(r"batters (\d+) %", words)[1])
            assert own == pytest.approx(100 * n / (n + sum(PRIOR)), abs=0.51)
            assert own + others == 100
            assert slider.get_attribute("aria-valuetext") == f"{n} at-bats"
            slider.press("ArrowRight")
        assert len(drawn) == int(slider.get_attribute("max")) + 1


def test_the_first_page_s_picture_stands_there_without_scripts(site):
    figure = soup(site, "intro").select_one("#front-picture")
    assert all(path["d"].startswith("M") for path in figure.select("svg path"))
    assert "13 hits in 50 at-bats" in figure.figcaption.get_text()


@pytest.mark.parametrize("page", WRITTEN)
def test_the_first_use_of_each_term_on_a_page_is_a_link_to_the_glossary(site, glossary, page):
    article = soup(site, page).select_one("article")
    for gone in article.select(
        "#front-picture, .explorer-place, #bench, noscript, h1, h2, h3, h4, code, pre, script, .colophon, "
        ".takeaway"
    ):
        gone.decompose()
    linked = [link["href"].partition("#")[2] for link in article.select("a[href*='glossary.html#term-']")]
    assert len(linked) == len(set(linked))
    assert set(linked) <= set(glossary)
    # What is part of a longer term, or of another link, or half emphasised, is no use of the term.
    for link in article.select("a"):
        link.replace_with("\u241f")
    for marked in article.select("em, strong"):
        marked.insert_before("\u241f")
        marked.insert_after("\u241f")
    said = [" ".join(paragraph.get_text().split()) for paragraph in article.select("p, figcaption")]
    for identifier, term in glossary.items():
        words = term.get_text().strip("#\n ")
        use = re.compile(rf"(?<![\w-]){re.escape(words)}(?:s|es)?(?![\w-])", re.IGNORECASE)
        unlinked = [text for text in said if use.search(text)] if identifier not in linked else []
        assert not unlinked, f"{words!r} is not linked in: {unlinked[0][:200]}"


@pytest.mark.parametrize("page", pages())
def test_no_line_ends_inside_of_a_number(site, page):
    article = soup(site, page).select_one("article")
    for gone in article.select(".explorer-place, #bench, form, noscript, code, pre, script"):
        gone.decompose()
    for text in article.find_all(string=True):
        assert not re.search(r"\d[ \n](?:%|\d{3}(?!\d))", text), text


def tip(page):
    return page.locator("[data-tippy-root]")


def test_what_a_link_refers_to_is_shown_by_pointing_by_keyboard_and_by_finger(browser, site, glossary):
    with visit(browser, site, "chapters/03_m_step") as page:
        term = page.locator("article a[href*='glossary.html#term-']").first
        identifier = term.get_attribute("href").partition("#")[2]
        meaning = " ".join(glossary[identifier].find_next("dd").get_text().split())
        assert page.locator("script[src*=tippy]").count() == 0  # nothing is loaded before
        term.scroll_into_view_if_needed()
        term.hover()
        tip(page).wait_for()
        assert meaning[:60] in " ".join(tip(page).inner_text().split())
        page.keyboard.press("Escape")
        tip(page).wait_for(state="detached")
        page.locator("article h1").click()
        page.mouse.move(1, 1)  # it points at no link when the page has scrolled
        focused = page.locator("article a[href^='#equation']:focus-visible")
        for _ in range(60):
            page.keyboard.press("Tab")
            if focused.count():
                break
        equation = focused.get_attribute("href")
        page.wait_for_function("document.querySelectorAll('[data-tippy-root]').length === 1")
        assert page.evaluate("document.activeElement._tippy.state.isVisible")
        assert equation.startswith("#equation-eq-")
        assert tip(page).locator("mjx-container").count() > 0
        assert tip(page).locator("[id]:not(.tippy-box):not([data-tippy-root])").count() == 0
        page.keyboard.press("Escape")
        source = page.locator("article a[href*='bibliography.html#']").first
        source.scroll_into_view_if_needed()
        source.hover()
        tip(page).wait_for()
        assert re.search(r"\b(19|20)\d\d\b", tip(page).inner_text())


def test_a_first_tap_shows_and_the_tip_leads_there(browser, site):
    with visit(browser, site, "chapters/02_e_step", has_touch=True, is_mobile=True) as page:
        term = page.locator("article a[href*='glossary.html#term-']").first
        there = term.evaluate("link => link.href")
        term.scroll_into_view_if_needed()
        term.tap()
        tip(page).wait_for()
        assert "02_e_step" in page.url
        assert tip(page).locator("a.tip-there").evaluate("link => link.href") == there


def test_pages_say_how_to_cite_them_and_when_they_changed(site):
    days = colophon.history(ROOT)
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    version = re.search(r"^version: (.*)$", citation, re.MULTILINE)[1]
    for page in pages():
        foot = soup(site, page).select_one("footer.colophon")
        entry = foot.pre.get_text()
        assert entry.startswith(f"@incollection{{embat:{page.split('/')[-1]},\n")
        assert entry.count("{") == entry.count("}")
        assert f"note = {{Version {version}}}" in entry
        source = next(f"{page}{kind}" for kind in (".ipynb", ".md") if (ROOT / f"{page}{kind}").is_file())
        assert (foot.time["datetime"] if foot.time else None) == days.get(source)


def test_the_day_is_that_of_the_last_commit_and_a_copy_without_history_has_none(tmp_path):
    def git(*arguments, day="2001-02-03"):
        when = {"GIT_AUTHOR_DATE": f"{day}T12:00:00", "GIT_COMMITTER_DATE": f"{day}T12:00:00"}
        names = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(
            ["git", *names, *arguments], cwd=tmp_path, check=True, env=when | {"PATH": "/usr/bin:/bin"}
        )

    assert colophon.history(tmp_path) == {}
    git("init", "--quiet")
    for day in ("2001-02-03", "2002-03-04"):
        (tmp_path / "a b.md").write_text(day)
        (tmp_path / f"{day}.md").write_text(day)
        git("add", ".", day=day)
        git("commit", "--quiet", "--message", "x", day=day)
    assert colophon.history(tmp_path) == {
        "a b.md": "2002-03-04",
        "2002-03-04.md": "2002-03-04",
        "2001-02-03.md": "2001-02-03",
    }


def test_an_entry_keeps_what_latex_would_take_for_its_own():
    citation = {"authors": [{"name": "A & B"}], "title": "T", "date-released": "2026-11-23", "version": "1"}
    entry = colophon.entry(citation, "chapters/04_em", "100 % of E–M & x_1", "https://x.org/")
    assert r"title = {100 \% of E--M \& x\_1}" in entry
    assert "url = {https://x.org/chapters/04_em.html}" in entry


IN_SIGHT = """name => {
  const { top } = document.getElementById(name).getBoundingClientRect();
  return 0 <= top && top < 300;
}"""


@pytest.mark.parametrize("width", [1280, 390])
def test_a_link_into_a_page_leads_to_its_place(site, browser, width):
    page = site / "chapters" / "03_m_step.html"
    places = re.findall(r'class="math[^"]*" id="(equation-eq-[^"]*)"', page.read_text(encoding="utf-8"))
    for name in (places[1], places[-1]):
        with Visit(browser, f"{page.as_uri()}#{name}", width) as visit:
            visit.page.wait_for_function(IN_SIGHT, arg=name, timeout=5000)
    with Visit(browser, page.as_uri(), width) as visit:
        visit.page.evaluate("name => (location.hash = name)", places[-1])
        visit.page.wait_for_function(IN_SIGHT, arg=places[-1], timeout=5000)
        # It stays there when all has come.
        visit.settle()
        assert visit.page.evaluate(IN_SIGHT, places[-1])
        assert visit.errors == []


def test_a_check_in_a_page_leaves_no_empty_box(site, browser):
    with visit(browser, site, "exercises/ex07_uncertainty/ex07_uncertainty") as page:
        boxes = page.locator(".output")
        assert boxes.count() > 5
        assert not boxes.evaluate_all("all => all.some(e => !e.textContent.trim() && e.offsetHeight > 0)")
