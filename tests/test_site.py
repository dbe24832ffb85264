"""The built site: every page is there, opens from disk, complains of nothing and asks no other host."""

import json
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import ipywidgets as widgets
import pytest
import stills
import toc
import typesetting
import yaml
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
# What the Web Content Accessibility Guidelines ask for, levels A and AA.
WCAG = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],  # of what passes one example is enough, which is faster
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("width", "dark"), [(1200, False), (390, True)], ids=["desktop", "phone, dark"])
def test_page_in_a_browser(site, browser, page, width, dark):
    with Visit(browser, (site / f"{page}.html").as_uri(), width, dark) as visit:
        assert visit.errors == []
        assert visit.foreign == []
        assert visit.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
            "page overflows"
        )
        assert visit.page.evaluate("document.documentElement.dataset.theme") == (
            "dark" if dark else "light"
        )
        assert visit.page.locator(UNTYPESET).count() == 0
        assert visit.page.locator("mjx-container").count() > 0 or not page.startswith("chapters/0")
        assert visit.page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
        bring_explorers(visit.page)
        accessible = Axe().run(visit.page, options=WCAG).response
        assert accessible["passes"]
        assert [(v["id"], [node["html"] for node in v["nodes"]]) for v in accessible["violations"]] == []


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
    listed = [page["file"] for part in toc.without_solutions(whole)["parts"] for page in part["chapters"]]
    assert {page for page in pages() if page.startswith("chapters/")} == set(listed)
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
