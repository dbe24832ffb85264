"""The built site: every page is there, opens from disk, complains of nothing and asks no other host."""

import json
import mimetypes
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import ipywidgets as widgets
import pytest
import stills
import toc
import typesetting
import yaml
from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from conftest import ROOT, pages
from ipywidgets.embed import embed_data
from sphinx.errors import ExtensionError
from visit import Visit, bring_explorers

MATHJAX = ROOT / "_build" / "assets" / "mathjax"

PAGES = [*pages(), "search", "genindex"]


@pytest.mark.parametrize("page", PAGES)
def test_page_is_built(site, page):
    assert (site / f"{page}.html").is_file()


def test_index_leads_to_the_book(site):
    assert "intro.html" in (site / "index.html").read_text(encoding="utf-8")


UNTYPESET = "span.math:not(:has(mjx-container)), div.math:not(:has(mjx-container)), mjx-merror"
BARE_PICTURES = "img[src*='_images/']:not([loading=lazy][width][height])"
# Numbered equations whose formula reaches under the number, or out of the column.
UNDER_NUMBERS = """() => [...document.querySelectorAll("div.math:has(> .eqno)")].filter((line) => {
  const [formula, number] = [".eqno", "mjx-container"].map((part) => line.querySelector(part)).reverse();
  return formula.getBoundingClientRect().right > number.getBoundingClientRect().left + 1;
}).map((line) => line.id)"""
# Formulas in a line of text that reach out of the column.
TOO_WIDE = """() => [...document.querySelectorAll("article mjx-container:not([display])")].filter((one) => {
  const box = one.closest("p, li, td, th, dd, dt, h1, h2, h3")?.getBoundingClientRect();
  const right = (e) => Math.max(e.getBoundingClientRect().right, ...[...e.children].map(right));
  return box?.width && right(one.querySelector("mjx-math")) > box.right + 2;
}).map((one) => one.textContent)"""
STOPS_SCROLL = """() => [...document.querySelectorAll(
  "mjx-container[display=true], .highlight pre, .cell_output > .output," +
  ".pst-scrollable-table-container"
)].every((box) => box.hasAttribute("tabindex") === box.scrollWidth > box.clientWidth + 1)"""
# What the Web Content Accessibility Guidelines ask for, levels A and AA.
WCAG = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],  # of what passes one example is enough, which is faster
    "preload": False,  # scripts can't read style sheets from disk
}
# A page has thousands of elements of equal looks: for the rules on colours one of each is enough.
ONE_OF_EACH_LOOK = """
axe.configure({
  rules: [
    { id: "color-contrast", selector: "[data-one-look]" },
    { id: "link-in-text-block", selector: "a[href][data-one-look]" },
  ],
});
const grounds = new Map([[null, ""]]);
function ground(e) {
  if (!grounds.has(e)) {
    const { backgroundColor, backgroundImage, opacity, position } = getComputedStyle(e);
    const placed = ["absolute", "fixed", "sticky"].includes(position);
    const own = [backgroundColor, backgroundImage, opacity, placed && position].join();
    const nothing = own === "rgba(0, 0, 0, 0),none,1,false";
    grounds.set(e, ground(e.parentElement) + (nothing ? "" : `${own};`));
  }
  return grounds.get(e);
}
const seen = new Set();
for (const e of document.body.querySelectorAll("*")) {
  if (![...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
  const { color, fontSize, fontWeight, visibility } = getComputedStyle(e);
  const look = [e.localName, color, fontSize, fontWeight, visibility, ground(e)];
  look.push(!e.getClientRects().length);
  if (e.localName === "a") look.push(getComputedStyle(e.parentElement).color);
  e.toggleAttribute("data-one-look", !seen.has(look.join()));
  seen.add(look.join());
}"""
# What a formula draws is hidden from assistive technology, and half of a chapter's elements. Where it has
# no words, and nothing to be reached, its room is all there is to check.
LEAVE_ROOM = """() => {
  window.drawn = [...document.querySelectorAll("mjx-math[aria-hidden=true]")].filter(
    (math) => !math.textContent.trim() && !math.querySelector("[id], [tabindex], [href], [role]"),
  ).map((math) => ({
    math, parts: [...math.childNodes], style: math.style.cssText, size: math.getBoundingClientRect(),
  }));
  for (const { math, size } of drawn) {
    math.replaceChildren();
    math.style.width = `${size.width}px`;
    math.style.height = `${size.height}px`;
  }
}"""
DRAW_AGAIN = """() => {
  for (const { math, parts, style } of drawn) {
    math.style.cssText = style;
    math.replaceChildren(...parts);
  }
}"""


def findings(response):
    """What axe complains of; it must have found something to look at, colours included."""
    assert "color-contrast" in {rule["id"] for rule in response["passes"]}
    return [(v["id"], [node["html"] for node in v["nodes"]]) for v in response["violations"]]


LOOKS = [(1200, False), (390, True)]


@pytest.mark.parametrize("page", PAGES)
def test_page_in_a_browser(site, browser, page):
    """Every second page is opened on a desktop and turned to a phone in the dark, the others back."""
    first, second = LOOKS if PAGES.index(page) % 2 else LOOKS[::-1]
    with Visit(browser, (site / f"{page}.html").as_uri(), first[0], dark=first[1]) as visit:
        assert visit.page.locator(BARE_PICTURES).count() == 0
        assert visit.all_pictures_come()
        assert visit.page.locator(UNTYPESET).count() == 0
        assert visit.page.locator("mjx-container").count() > 0 or not page.startswith("chapters/0")
        check_look(visit, *first)
        visit.turn(*second)
        check_look(visit, *second)
        assert visit.errors == []
        assert visit.foreign == []


def check_look(visit, width, dark):
    assert visit.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
        "page overflows"
    )
    assert visit.page.evaluate("document.documentElement.dataset.theme") == ("dark" if dark else "light")
    # Formulas, code and tables are tab stops only if they scroll; where the column is wide few do.
    visit.page.wait_for_function(STOPS_SCROLL)
    assert width < 1000 or visit.page.locator("mjx-container[tabindex]").count() <= 1
    assert visit.page.evaluate(UNDER_NUMBERS) == []
    assert visit.page.evaluate(TOO_WIDE) == []
    bring_explorers(visit.page)
    visit.page.evaluate(LEAVE_ROOM)
    axe = Axe(f"{AXE_SCRIPT}\n;(() => {{{ONE_OF_EACH_LOOK}}})()")
    assert findings(axe.run(visit.page, options=WCAG).response) == []
    visit.page.evaluate(DRAW_AGAIN)


class _Images(HTMLParser):
    def __init__(self):
        super().__init__()
        self.images, self.main = [], False

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.images.append(dict(attributes))


@pytest.mark.parametrize("page", pages())
def test_images_say_what_is_to_be_seen(site, page):
    parser = _Images()
    parser.feed((site / f"{page}.html").read_text(encoding="utf-8"))
    figures = [image for image in parser.images if "_images/" in image["src"]]
    for image in figures:
        alt = image.get("alt", "")
        assert len(alt) > 60, f"{image['src']} has too short a text: {alt!r}"
        assert not re.fullmatch(r"\S*_images/\S*", alt)


def test_no_page_names_another_host_for_a_script_or_style(site):
    loading = re.compile(r"""<(?:script|link|img)\b[^>]*(?:src|href)=["'](?:https?:)?//([^"'/]+)""")
    found = {
        (path.name, host)
        for path in site.rglob("*.html")
        for tag in re.findall(r"<(?:script|link|img)\b[^>]*>", path.read_text(encoding="utf-8"))
        if 'rel="canonical"' not in tag
        for host in loading.findall(tag)
    }
    assert found == set()


def test_the_theme_script_that_breaks_widgets_is_empty(site):
    assert (site / "_static" / "scripts" / "fontawesome.js").read_text() == ""


def test_code_is_as_it_was_written(site):
    pages = {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    changed = [
        path
        for path, text in pages.items()
        if re.search(r"<pre(?:(?!</pre>).)*[\u00a0\u2060]", text, re.DOTALL)
    ]
    assert changed == []
    assert sum("\u2060step" in text for text in pages.values()) > 20


def test_no_style_sheet_waits_for_another(site):
    sheets = [path for path in (site / "_static").rglob("*.css") if "@import" in path.read_text("utf-8")]
    assert sheets == []


BODIES = """source => [document, new DOMParser().parseFromString(source, "text/html")].map(
  ({ body }) => [...body.children].map(({ localName, id }) => `${localName}#${id}`)
)"""


def test_a_chapter_is_styled_once(site, browser):
    """What scripts add at the start leaves the page's text alone, and no letter comes after its formula."""
    with Visit(browser, (site / "chapters" / "03_m_step.html").as_uri()) as visit:
        source = (site / "chapters" / "03_m_step.html").read_text(encoding="utf-8")
        now, written = visit.page.evaluate(BODIES, source)
        assert now == written
        late = "[...document.fonts].filter(f => f.family.startsWith('MJX') && f.status !== 'loaded')"
        assert visit.page.evaluate(f"{late}.length") == 0


WIDGET_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<title>Widgets on a page of the book</title><link rel="icon" href="{static}favicon.svg">
<link rel="stylesheet" href="{static}formulas.css">
{scripts}</head><body>{body}</body></html>"""


@pytest.fixture
def widget_page(site, tmp_path):
    """Return a function that writes a page with a widget, as the extension makes it."""
    chapter = (site / "chapters" / "04_em.html").read_text(encoding="utf-8")
    static = (site / "_static").as_uri() + "/"
    wanted = re.findall(r"<script[^>]*(?:book\.js|fontawesome\.js)[^>]*></script>", chapter)
    scripts = "\n".join(wanted).replace("../_static/", static)
    assert scripts.count("<script") == len(wanted) >= 1
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]
    typesetter = typesetting.Typesetter(MATHJAX, config["mathjax3_config"]["tex"])

    def write(widget):
        data = embed_data(views=[widget])
        state, view = json.dumps(data["manager_state"]), json.dumps(data["view_specs"][0])
        context = {
            "script_files": [
                SimpleNamespace(attributes={"type": stills._STATE, "body": state}),
                "widgets/embed.js",
            ],
            "body": f'<script type="application/vnd.jupyter.widget-view+json">{view}</script>',
            "pathto": lambda path, _: path.replace("_static/", static),
        }
        app = SimpleNamespace(outdir=tmp_path, srcdir=ROOT, typesetter=typesetter)
        stills.place(app, "page", "page.html", context, None)
        assert context["script_files"] == []
        page = tmp_path / "page.html"
        text = WIDGET_PAGE.format(static=static, scripts=scripts, body=context["body"])
        page.write_text(text, encoding="utf-8")
        return page.as_uri()

    yield write
    typesetter.close()


def frames_of_text(number):
    return [widgets.HTML(f"<p class='frame'>frame {k}</p>") for k in range(number)]


def test_the_widget_runtime_steps_frames_without_a_kernel(browser, widget_page):
    stack = widgets.Stack(frames_of_text(4), selected_index=0)
    slider = widgets.IntSlider(0, 0, 3, description="step α")
    link = widgets.jslink((slider, "value"), (stack, "selected_index"))
    assert link.comm is not None
    with Visit(browser, widget_page(widgets.VBox([slider, stack]))) as visit:
        handle = visit.page.locator(".noUi-handle")
        handle.wait_for()
        shown = visit.page.locator(".frame:visible")
        assert shown.all_inner_texts() == ["frame 0"]
        handle.press("ArrowRight")
        handle.press("ArrowRight")
        assert shown.all_inner_texts() == ["frame 2"]
        handle.press("ArrowLeft")
        assert shown.all_inner_texts() == ["frame 1"]
        assert visit.errors == []
        assert visit.foreign == []


def test_play_runs_through_the_frames(browser, widget_page):
    stack = widgets.Stack(frames_of_text(3), selected_index=0)
    play = widgets.Play(value=0, min=0, max=2, interval=100)
    link = widgets.jslink((play, "value"), (stack, "selected_index"))
    assert link.comm is not None
    with Visit(browser, widget_page(widgets.VBox([play, stack]))) as visit:
        visit.page.locator(".widget-play button").first.click()
        visit.page.get_by_text("frame 2").wait_for()
        assert visit.errors == []


def test_formulas_in_widgets_are_typeset_with_the_book_s_macros(browser, widget_page):
    formula = widgets.HTMLMath(r"<p title='$1'>the mean is $\BetaF(\alpha, \beta)$, for \$5 \(a < b\)</p>")
    label = widgets.Label(r"a < b: $\E[X]$")
    with Visit(browser, widget_page(widgets.VBox([formula, label]))) as visit:
        visit.page.locator(".explorer-here").wait_for()
        assert visit.page.locator(".widget-subarea mjx-container").count() == 3
        text = visit.page.locator(".widget-subarea").inner_text()
        assert "for \\$5" in text
        assert "a < b:" in text
        assert visit.page.locator(".widget-subarea mi", has_text="E").count() >= 1
        assert visit.page.locator("p[title='$1']").count() == 1
        assert visit.errors == []


def test_a_formula_in_a_description_is_refused(widget_page):
    with pytest.raises(ExtensionError, match="Unicode"):
        widget_page(widgets.IntSlider(description=r"$\alpha$"))


EXPLORER_PAGES = [
    f"chapters/{path.stem}"
    for path in sorted((ROOT / "chapters").glob("*.ipynb"))
    if re.search(r'"explorers\.\w+\(', path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("page", EXPLORER_PAGES)
@pytest.mark.parametrize("width", [1280, 390])
def test_an_explorer_takes_its_still_s_place_and_nothing_moves(site, browser, page, width):
    with Visit(browser, (site / f"{page}.html").as_uri(), width) as visit:
        still = visit.page.locator(".explorer-still").first
        assert still.locator("svg").count() >= 2
        visit.page.evaluate("document.documentElement.dataset.whole = ''")  # laid out though it is far
        said, drawn = still.locator(".explorer-words").inner_text(), still.locator("svg").count()
        height = still.bounding_box()["height"]
        # Nothing of the explorer has been asked for as long as it is far away.
        assert visit.page.evaluate("document.querySelector('script[src*=embed]')") is None
        bring_explorers(visit.page)
        live = visit.page.locator(".explorer-here > .widget-subarea").first
        assert live.locator(".explorer-words").inner_text() == said
        assert live.locator("svg:visible").count() == drawn
        assert abs(live.bounding_box()["height"] - height) <= 12
        assert visit.page.locator(".explorer-still").count() == 0
        assert visit.errors == []


@pytest.mark.parametrize("dark", [False, True])
def test_without_scripts_a_page_looks_right(site, browser, dark):
    context = browser.new_context(java_script_enabled=False, color_scheme="dark" if dark else "light")
    page = context.new_page()
    page.goto((site / "chapters" / "04_em.html").as_uri())
    style = "e => { const s = getComputedStyle(e); return [s.color, s.backgroundColor]; }"
    ink, ground = (
        [int(number) for number in re.findall(r"\d+", text)[:3]]
        for text in page.locator("body").evaluate(style)
    )
    assert (sum(ink) > sum(ground)) == dark
    assert abs(sum(ink) - sum(ground)) > 400
    assert page.locator(UNTYPESET).count() == 0
    still = page.locator(".explorer-still")
    assert still.locator("svg").first.is_visible()
    assert still.locator(".explorer-words").is_visible()
    assert still.locator(".explorer-waiting:visible").count() == 0  # no room for controls that don't come
    assert page.evaluate("document.fonts.check('900 16px \"Font Awesome 6 Free\"', '\\uf019')")
    context.close()


SERVED = "http://book.test/"


@pytest.fixture
def served(site, browser):
    """Return a function that opens a page of the site as from a server, and what the page threw."""
    context = browser.new_context()

    def open_page(address, head=b""):
        page, thrown = context.new_page(), []
        page.on("pageerror", lambda error: thrown.append(str(error)))

        def serve(route):
            path = site / route.request.url.removeprefix(SERVED).partition("?")[0]
            body = path.read_bytes().replace(b"<head>", b"<head>" + head, 1)
            route.fulfill(body=body, content_type=mimetypes.guess_type(path.name)[0])

        page.route("**/*", serve)
        page.goto(SERVED + address)
        return page, thrown

    yield open_page
    context.close()


def test_where_a_page_may_not_make_code_the_still_stays_quietly(served):
    policy = b"script-src 'unsafe-inline' http:"
    head = b'<meta http-equiv="Content-Security-Policy" content="%s">' % policy
    page, thrown = served("chapters/04_em.html", head)
    page.locator(".explorer-place").scroll_into_view_if_needed()
    page.locator(".explorer-away").wait_for()
    assert page.locator(".explorer-still svg").first.is_visible()
    assert page.locator(".widget-subarea").count() == 0
    assert thrown == []


def test_play_is_not_read_out_and_repeat_says_whether_it_is_on(site, browser):
    with Visit(browser, (site / "chapters" / "04_em.html").as_uri()) as visit:
        bring_explorers(visit.page)
        words, play = visit.page.locator(".explorer-words").first, visit.page.locator(".widget-play").first
        go, repeat = (play.get_by_role("button", name=name) for name in ("Play or pause", "Repeat"))
        assert repeat.get_attribute("aria-pressed") == "false"
        repeat.click()
        assert repeat.get_attribute("aria-pressed") == "true"
        assert words.get_attribute("aria-live") == "polite"
        go.click()
        visit.page.locator(".explorer-words[aria-live=off]").first.wait_for(state="attached")
        go.click()
        visit.page.locator(".explorer-words[aria-live=polite]").first.wait_for(state="attached")


def test_the_explorer_is_two_steps_away_by_keyboard(site, browser):
    with Visit(browser, (site / "chapters" / "04_em.html").as_uri()) as visit:
        for _ in range(2):
            visit.page.keyboard.press("Tab")
        visit.page.keyboard.press("Enter")
        # From the still, where the reader waits, the focus goes on to the explorer's first control.
        visit.page.locator(".explorer-here .explorer :focus").wait_for()
        assert visit.errors == []


def test_long_formulas_scroll_by_keyboard_and_by_themselves(site, browser):
    with Visit(browser, (site / "chapters" / "03_m_step.html").as_uri(), 390) as visit:
        long = visit.page.locator('mjx-container[display="true"][tabindex="0"]')
        long.first.wait_for()
        visit.page.wait_for_timeout(500)
        scrolls = "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).length"
        assert visit.page.locator('mjx-container[display="true"]').evaluate_all(scrolls) == long.count()
        long.first.focus()
        visit.page.keyboard.press("ArrowRight")
        visit.page.wait_for_function("document.activeElement.scrollLeft > 0")


@pytest.mark.parametrize("word", ["constructor", "__proto__", "toString"])
def test_words_of_javascript_are_not_found(site, browser, word):
    with Visit(browser, (site / "search.html").as_uri() + f"?q={word}") as visit:
        visit.page.get_by_text("did not match any documents").wait_for()
        assert visit.errors == []


def test_a_search_shows_text_of_pages(served):
    page, thrown = served("search.html?q=posterior")
    page.locator("#search-results p.context").nth(5).wait_for()
    shown = " ".join(page.locator("#search-results p.context").all_inner_texts())
    assert not re.search(r"\\[a-z]+|Contents|import |\$", shown)
    assert len(shown) > 500
    field = page.locator(".bd-search input:visible").first
    icon = page.locator(".bd-search svg:visible, .bd-search i:visible").first.bounding_box()
    padding = field.evaluate("e => parseFloat(getComputedStyle(e).paddingLeft)")
    assert field.bounding_box()["x"] + padding >= icon["x"] + icon["width"]
    assert thrown == []


def test_exercises_have_one_number_in_a_title_and_speak_of_their_page(site):
    for page in (page for page in pages() if page.startswith("exercises/")):
        text = (site / f"{page}.html").read_text(encoding="utf-8")
        titles = [re.sub("<[^>]*>", "", title) for title in re.findall(r"<h[12]>.*?</h[12]>", text)]
        assert titles
        assert not [title for title in titles if re.match(r"\d", title)]
        assert "On this page you choose letters" in text
        assert "in quotes" not in text
        chapter = re.search(r'<a[^>]*href="([^"]*)"[^>]*>(?:<[^>]*>)*To chapter', text)[1]
        assert (site / page).parent.joinpath(chapter).resolve().is_file()
        solution = (site / f"{page.replace('exercises', 'solutions')}.html").read_text(encoding="utf-8")
        assert "Put your answer where" not in solution
        code = re.sub("<[^>]*>", "", "".join(re.findall(r"<pre>.*?</pre>", solution, re.DOTALL)))
        assert not re.search(r"^\w+ = \.\.\.$", code, re.MULTILINE)
    chapter = (site / "chapters" / "03_m_step.html").read_text(encoding="utf-8")
    assert not re.search(r"\d\.\s*Exercises 3", chapter)


def test_solutions_are_folded_away_in_the_list_of_pages(site):
    fold = re.compile(
        r'<details class="folded-part"( open)?><summary>.*?Solutions.*?</summary>(.*?)</details>', re.DOTALL
    )
    for page in pages():
        (found,) = fold.findall((site / f"{page}.html").read_text(encoding="utf-8"))
        assert found[1].count("<li") == 9
        assert bool(found[0]) == page.startswith("solutions/")


def test_no_head_of_a_table_is_empty(site):
    for page in pages():
        assert '<th class="head"><p></p></th>' not in (site / f"{page}.html").read_text(encoding="utf-8"), (
            page
        )


@pytest.mark.parametrize(("page", "width"), [("chapters/api", 320), ("chapters/notation", 390)])
def test_narrow_pages_show_all_of_their_text(site, browser, page, width):
    with Visit(browser, (site / f"{page}.html").as_uri(), width) as visit:
        beyond = "e => e.getBoundingClientRect().right > innerWidth"
        out = f"all => all.filter({beyond}).map(e => e.outerHTML)"
        assert visit.page.locator(".bd-article :is(p, th, td, dt, dd, code)").evaluate_all(out) == []


LIGHT_LETTERS = """all => all.filter((e) => {
  const [r, g, b, a] = getComputedStyle(e).color.match(/[\\d.]+/g).map(Number);
  return e.textContent.trim() && a !== 0 && 0.21 * r + 0.72 * g + 0.07 * b > 150;
}).map((e) => e.outerHTML)"""


def check_ink(page):
    said = page.locator(".bd-article :is(p, li, h1, h2, span, summary):visible")
    assert said.evaluate_all(LIGHT_LETTERS) == []
    ground = page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
    assert ground in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")


@pytest.mark.parametrize("dark", [False, True])
def test_on_paper_ink_is_dark_and_nothing_is_folded(site, browser, dark):
    chapters = sorted(path.name.partition(".")[0] for path in (site / "chapters").glob("*.frames.js"))
    assert len(chapters) == 7
    with Visit(browser, (site / "intro.html").as_uri(), dark=dark) as visit:
        visit.page.emulate_media(media="print")
        for chapter in chapters:
            visit.page.goto((site / "chapters" / f"{chapter}.html").as_uri())
            picture = visit.page.locator(".explorer-picture").first
            assert picture.locator("svg").first.is_visible()
            assert picture.evaluate("e => getComputedStyle(e).filter") == "none"  # not turned to light ink
            check_ink(visit.page)
        visit.page.goto((site / "exercises/ex04_em/ex04_em.html").as_uri())
        assert visit.page.locator(".bd-article details:not([open]) p").first.is_visible()
        check_ink(visit.page)


def test_toc_lists_every_page_there_is():
    written = {
        str(path.relative_to(ROOT).with_suffix(""))
        for pattern in (
            "chapters/*.ipynb",
            "chapters/*.md",
            "exercises/ex*/*.ipynb",
            "solutions/ex*/*.ipynb",
        )
        for path in ROOT.glob(pattern)
    }
    assert written == set(pages()) - {"intro"}


def test_solutions_can_be_left_out_of_the_toc():
    whole = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = pages(toc.without_solutions(whole))
    assert {page for page in pages() if not page.startswith("solutions/")} == set(listed)
    assert "solutions/" in yaml.safe_dump(whole)
    assert "solutions/" not in yaml.safe_dump(toc.without_solutions(whole))
    assert "Solutions" not in yaml.safe_dump(toc.without_solutions(whole))
    assert "exercises/" in yaml.safe_dump(toc.without_solutions(whole))


@pytest.mark.parametrize("name", [page.split("/")[1] for page in pages() if page.startswith("exercises/")])
def test_exercises_and_solutions_find_each_other(site, name):
    def text(folder):
        return (site / folder / name / f"{name}.html").read_text(encoding="utf-8")

    assert f"../../solutions/{name}/{name}.html" in text("exercises").split("When you have tried")[1][:400]
    assert f"../../exercises/{name}/{name}.html" in text("solutions").split("Have you tried the")[1][:400]
    # nbgrader's marks are for its release, not for readers.
    assert "BEGIN SOLUTION" not in text("solutions")
    assert "not answered yet" in text("exercises")
