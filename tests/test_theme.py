"""What pages are sent of the theme: scripts once and no more than are used, icons that are shown, colours
that hold without scripts and on paper."""

import re
from types import SimpleNamespace

import pytest
import theme
from PIL import Image
from sphinx.builders.html._assets import _JavaScript
from sphinx.errors import ExtensionError


def chosen(page, body, *scripts):
    context = {"body": body, "script_files": list(scripts), "css_files": ["book.css", "sphinx-thebe.css"]}
    theme.choose_scripts(None, page, "page.html", context, None)
    return context


def script(filename=None, **attributes):
    return _JavaScript(filename, priority=500, **attributes)


def test_scripts_are_kept_once_and_thebe_not_at_all():
    first, again, other = script(body="const A = 1"), script(body="const A = 1"), script(body="const B = 2")
    thebe = [script("sphinx-thebe.js"), script(body='const THEBE_JS_URL = "elsewhere"')]
    context = chosen("page", "", first, again, *thebe, other, "plain.js")
    assert context["script_files"] == [first, other, "plain.js"]
    assert context["css_files"] == ["book.css"]


def test_scripts_come_only_where_a_page_needs_them():
    needed = {
        "clipboard.min.js": "highlight",
        "togglebutton.js": "dropdown",
        "design-tabs.js": "sd-tab-set",
    }
    for name, wanted in needed.items():
        assert chosen("page", "text", script(name))["script_files"] == []
        assert len(chosen("page", f'<div class="{wanted}">', script(name))["script_files"]) == 1


def test_scripts_wait_for_the_text_except_those_that_others_need_at_once():
    shared = [
        script("_static/doctools.js"),
        script("_static/book.js"),
        script("_static/documentation_options.js"),
    ]
    waits = [file.attributes.get("defer") for file in chosen("page", "", *shared)["script_files"]]
    assert waits == ["defer", None, None]
    # The search page gets the same objects, and its own scripts expect all at once.
    assert [file.attributes for file in chosen("search", "", *shared)["script_files"]] == [{}, {}, {}]


def test_pictures_come_when_near_and_have_their_size(tmp_path):
    Image.new("RGB", (320, 200)).save(tmp_path / "figure.png")
    app = SimpleNamespace(srcdir=tmp_path, builder=SimpleNamespace(images={"figure.png": "figure.png"}))
    body = '<img alt="a > b" src="../_images/figure.png" /> <img src="_static/logo.svg"/>'
    context = {"body": body + ' <img src="_images/figure.png" style="width: 50%" />'}
    theme.size_images(app, "page", "page.html", context, None)
    first, logo, sized = re.findall(r"<img (?:\"[^\"]*\"|[^>])*>", context["body"])
    assert 'width="320" height="200" loading="lazy"' in first
    assert 'alt="a > b"' in first
    assert logo == '<img src="_static/logo.svg"/>'
    assert 'height="' not in sized
    assert "lazy" in sized


def test_icons_that_no_page_shows_are_left_out():
    sheet = f'.fa-a:before,.fa-b:before{{content:"\\f001"}}.fa-c:before{{content:"\\f002"}}{theme._SOLID}'
    cut, letters = theme.icons(sheet + ':root{--bell:"\uf0f3"}', {"fa-b"})
    assert ".fa-b" in cut
    assert ".fa-c" not in cut
    assert letters == {"\uf001", "\uf0f3"}
    with pytest.raises(ExtensionError, match="icons"):
        theme.icons("body{color:red}", {"fa-b"})


SHEET = """html[data-theme=light]{--ink:black}html[data-theme="dark"] .a{color:white}/* { */
html[data-theme=dark],html[data-theme=light]{--size:1}.b{color:red}"""


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("media", ["screen", "print"])
@pytest.mark.parametrize("dark", [False, True])
def test_colours_hold_without_scripts_and_are_light_on_paper(browser, scripts, media, dark):
    page = browser.new_page(color_scheme="dark" if dark else "light")
    chosen_theme = ("dark" if dark else "light") if scripts else "auto"
    page.set_content(
        f'<html data-theme="{chosen_theme}"><style>.a {{color: var(--ink)}}{theme.settled(SHEET)}</style>'
        '<body><p class="a">a</p><p class="b">b</p></body></html>'
    )
    page.emulate_media(media=media)
    ink, size = page.evaluate(
        "[getComputedStyle(document.querySelector('.a')).color,"
        " getComputedStyle(document.documentElement).getPropertyValue('--size')]"
    )
    shown_dark = dark and media == "screen"
    # In dark only .a has a colour of its own; --ink is of the light theme.
    assert ink == ("rgb(255, 255, 255)" if shown_dark else "rgb(0, 0, 0)")
    assert size == "1"
    page.close()


def test_a_sheet_is_settled_once():
    assert theme.settled(theme.settled(SHEET)) == theme.settled(SHEET)


def test_code_without_elements_of_its_own_has_the_colour_that_these_would_have(site):
    context = {"body": '<span class="n">x</span><span class="o">=</span><span class="mi">1</span>'}
    theme.bare_code(None, "page", "page.html", context, None)
    assert context["body"] == 'x<span class="o">=</span><span class="mi">1</span>'
    sheet = (site / "_static" / "pygments.css").read_text(encoding="utf-8")
    found = re.findall(
        r"(\[data-theme[^\]]*\]) \.highlight (?:\.(n|nn|p|w) )?\{[^}]*?(?<!-)color: (#\w+)", sheet
    )
    colours = {}
    for mode, name, colour in found:
        colours.setdefault((mode, colour), set()).add(name)
    assert len(found) >= 25
    assert all(names == {"", "n", "nn", "p", "w"} for names in colours.values()), colours
