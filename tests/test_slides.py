"""The lectures' slides: an hour and a half each, whole without a network, and each slide fits."""

import tomllib

import pytest
from conftest import ROOT

import slides

LECTURES = sorted((ROOT / "slides").glob("*.toml"))
CACHE = ROOT / "_build" / ".jupyter_cache"
each_lecture = pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def decks(tmp_path_factory):
    """The folder of the lectures' pages; the chapters' outputs are those of the book's build."""
    if not CACHE.is_dir():
        pytest.fail("the chapters have not been run: `make book`, `make slides` or `make test` does it")
    out = tmp_path_factory.mktemp("slides")
    assert slides.main(["--out", str(out)]) == 0
    return out


def test_there_are_three():
    assert [path.stem for path in LECTURES] == ["lecture1", "lecture2", "lecture3"]


@each_lecture
def test_a_lecture_takes_ninety_minutes_and_each_slide_has_a_question(path):
    lecture = tomllib.loads(path.read_text(encoding="utf-8"))
    assert sum(slide["minutes"] for slide in lecture["slide"]) == 90
    assert all(len(slide["notes"]) > 3 and len(slide["ask"]) > 15 for slide in lecture["slide"])
    assert max(slide["minutes"] for slide in lecture["slide"]) <= 10
    shown = [name for slide in lecture["slide"] for name in slide.get("show", [])]
    assert len(set(shown)) == len(shown)
    # A question comes before its answer.
    for name in shown:
        if name.startswith("answer-"):
            assert shown.index(name.replace("answer", "predict", 1)) < shown.index(name)


@each_lecture
def test_each_slide_fits_and_nobody_is_asked_for_anything(path, decks, browser):
    lecture = tomllib.loads(path.read_text(encoding="utf-8"))["slide"]
    page = browser.new_page(viewport={"width": 1100, "height": 700})
    asked, wrong = [], []
    page.on("request", lambda sent: asked.append(sent.url))
    page.on("requestfailed", lambda sent: wrong.append(sent.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto((decks / f"{path.stem}.html").as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady() && document.querySelector('.on-slide svg')")
    assert page.evaluate("Reveal.getTotalSlides()") == len(lecture)
    explorers = 0
    for index, slide in enumerate(lecture):
        page.evaluate(f"Reveal.slide({index})")
        found = page.evaluate(
            """() => {
              const slide = Reveal.getCurrentSlide(), pictures = [...slide.querySelectorAll('img')];
              return {
                heading: slide.querySelector('h2').firstChild.textContent,
                high: slide.scrollHeight, wide: slide.scrollWidth - slide.clientWidth,
                formulas: slide.querySelectorAll('mjx-container').length,
                wrong: slide.querySelectorAll('mjx-merror').length + slide.innerText.split('$').length - 1,
                pictures: pictures.map(one => [one.naturalWidth > 0, one.alt]),
                explorers: slide.querySelectorAll('.on-slide svg').length > 0,
              };
            }"""
        )
        shown = slide.get("show", [])
        assert found["heading"] == slide["heading"]
        assert found["high"] <= 700, slide["heading"]
        assert found["wide"] <= 0, slide["heading"]
        assert found["wrong"] == 0, slide["heading"]
        assert found["formulas"] >= sum(name.startswith("eq-") for name in shown)
        assert all(loaded and len(alt) > 50 for loaded, alt in found["pictures"])
        figures = sum(name.startswith("fig-") for name in shown)
        assert len(found["pictures"]) + found["explorers"] == figures, slide["heading"]
        explorers += found["explorers"]
    assert explorers == 1
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert wrong == []
    page.close()


@each_lecture
def test_the_explorer_lives(path, decks, browser):
    page = browser.new_page(viewport={"width": 1100, "height": 700})
    page.goto((decks / f"{path.stem}.html").as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady() && document.querySelector('.on-slide svg')")
    page.evaluate("Reveal.slide(Reveal.getSlides().findIndex(one => one.querySelector('.on-slide')))")
    before = page.locator("section.present .on-slide").inner_text()
    page.locator("section.present .on-slide .noUi-handle").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "text => document.querySelector('section.present .on-slide').innerText !== text", arg=before
    )
    # The key moved the slider, not the slide.
    assert page.locator("section.present .on-slide").count() == 1
    page.close()


def test_notes_say_the_minutes_and_the_question_and_print_with_the_slides(decks, browser):
    page = browser.new_page()
    page.goto((decks / "lecture1.html").as_uri())
    notes = page.locator("aside.notes")
    lecture = tomllib.loads(LECTURES[0].read_text(encoding="utf-8"))["slide"]
    assert notes.count() == len(lecture)
    said = notes.evaluate_all("all => all.map(one => one.textContent)")
    assert "Minutes 0 to 2." in said[0]
    assert "to 90." in said[-1]
    for slide, text in zip(lecture, said, strict=True):
        assert slide["ask"].split("?")[0].split(" (")[0] in text
    for query, pages in (("?print-pdf", len(lecture)), ("?print-pdf&notes", 2 * len(lecture))):
        page.goto((decks / "lecture1.html").as_uri() + query)
        page.wait_for_function(f"document.querySelectorAll('.pdf-page').length >= {len(lecture)}")
        shown = page.locator(".pdf-page, .speaker-notes-pdf[data-layout=separate-page]").count()
        assert shown == pages
    page.close()


def test_a_chapter_that_has_not_been_run_is_named(tmp_path):
    with pytest.raises(slides.SlidesError, match=r"chapters/04_em.ipynb has not been run"):
        slides.Chapters(["04_em"], tmp_path)


def test_what_is_not_there_just_once_is_said(decks):
    chapters = slides.Chapters(["04_em"], CACHE)
    for name, said in (
        ("fig-nowhere", "'fig-nowhere' is 0 times"),
        ("eq-nowhere", "'eq-nowhere' is 0 times"),
        ("predict-nowhere", "'predict-nowhere' is 0 times"),
        ("code:fig, ax", "times in the lecture's chapters, not once"),
        ("table-1", "'table-1' names nothing that can be shown"),
    ):
        with pytest.raises(slides.SlidesError, match=said):
            chapters.show(name)
