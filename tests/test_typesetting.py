"""Formulas become HTML by MathJax under Node, and the site's sheet has what they need and no more."""

import io
import re
from base64 import b64decode

import pytest
import typesetting
from conftest import ROOT
from fonts import cut_down
from fontTools.ttLib import TTFont

MATHJAX = ROOT / "_build" / "assets" / "mathjax"


@pytest.fixture(scope="module")
def typesetter(site):
    made = typesetting.Typesetter(MATHJAX, {"macros": {"E": [r"\operatorname{E}"]}})
    yield made
    made.close()


def mathml(made):
    return re.sub(r"<[^>]*>", "", re.search(r"<math.*?</math>", made)[0])


def test_a_formula_has_its_picture_and_its_mathml(typesetter):
    made = typesetter.html(r"\E[X] = \frac{1}{2}", False)
    assert mathml(made) == "E[X]=12"
    assert "<mjx-mfrac" in made
    assert 'display="true"' not in made
    assert 'display="true"' in typesetter.html("x", True)
    # The same picture is hidden from those who hear the MathML; nothing is a tab stop.
    assert 'aria-hidden="true"' in made
    assert "tabindex" not in made


@pytest.mark.parametrize(
    ("wrong", "what"), [(r"\foo", "Undefined control sequence"), (r"\frac{1", "Missing close brace")]
)
def test_what_is_no_tex_is_refused(typesetter, wrong, what):
    with pytest.raises(typesetting.FormulaError, match=what):
        typesetter.html(wrong, False)
    assert mathml(typesetter.html("y", False)) == "y"  # and the next one is served


def test_a_formula_is_kept_for_the_next_build_unless_its_macros_change(site, tmp_path):
    kept = tmp_path / "formulas.json"

    def build(letter):
        made = typesetting.Typesetter(MATHJAX, {"macros": {"E": rf"\operatorname{{{letter}}}"}}, kept)
        try:
            return mathml(made.html(r"\E[X]", False))
        finally:
            made.close()

    assert build("E") == "E[X]"
    kept.write_text(
        kept.read_text(encoding="utf-8").replace("<mo", "<mi>from the file</mi><mo", 1), "utf-8"
    )
    assert "from the file" in build("E")
    assert build("F") == "F[X]"
    assert build("E") == "E[X]"


def test_text_keeps_all_but_its_formulas(typesetter):
    text = r'<p title="$a$">costs \$5; $x &lt; y$, \(z\) and $$w$$ &amp; <code>a</code></p>'
    made = typesetter.text(text)
    assert re.sub(r"<mjx-container.*?</mjx-container>", "*", made, flags=re.DOTALL) == (
        r'<p title="$a$">costs \$5; *, * and * &amp; <code>a</code></p>'
    )
    assert mathml(made) == "x&lt;y"
    assert typesetter.text("from $1 to 2") == "from $1 to 2"


def test_the_sheet_has_the_letters_that_are_used(typesetter):
    pages = typesetter.html(r"\left\{\begin{matrix}a\\b\\c\\d\end{matrix}\right\} - \{x\}", True)
    whole = typesetter.sheet()
    cut = typesetting.used(whole, pages)
    assert len(cut) < len(whole) / 4
    for name in ("mjx-c1D465.TEX-I", "mjx-c2212", "mjx-c7B", "mjx-c7D"):
        assert f"mjx-c.{name}::before" in cut
    assert "mjx-c1D467" not in cut
    sheet = typesetting.with_fonts(cut, typesetter.fonts)
    fonts = {
        family: "".join(map(chr, TTFont(io.BytesIO(b64decode(font))).getBestCmap()))
        for family, font in re.findall(
            r'family: (MJX\S+);\s+src: url\("data:font/woff;base64,([^"]+)', sheet
        )
    }
    assert {"a", "b", "x"} <= set(fonts["MJXTEX-I"])
    assert set("{}−") <= set(fonts["MJXTEX"])
    assert "z" not in fonts["MJXTEX-I"]
    assert "MJXTEX-FR" not in fonts
    assert "url(" not in sheet.replace('url("data:', "")


def test_a_font_that_has_none_of_the_letters_is_left_out(typesetter):
    assert cut_down(typesetter.fonts / "MathJax_Size3-Regular.woff", {"ж"}) == b""


def test_every_page_with_formulas_has_the_sheet_and_none_has_mathjax(site):
    pages = list(site.rglob("*.html"))
    with_formulas = 0
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert ("<mjx-" in text) <= ("_static/formulas.css" in text), path
        assert "tex-chtml" not in text, path
        assert "window.MathJax" not in text, path
        with_formulas += "<mjx-" in text
    assert with_formulas > 20
    assert not list(site.rglob("tex-chtml.js"))
