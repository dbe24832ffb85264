"""The explorers of the built pages, moved by key and by mouse: what is shown is what the "
"package computes."""

import functools
import gzip
import io
import json
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from conftest import ROOT
from PIL import Image
from scipy import optimize, special
from visit import Visit, bring_explorers

import betabin as bb
from betabin.explorers.rows import regulars as read_regulars
from betabin.plots import shades

regulars = functools.cache(read_regulars)

# Found from the notebooks, so that a new one is tested or complained of.
ON_PAGES = [
    (path.stem, name)
    for path in sorted((ROOT / "chapters").glob("*.ipynb"))
    for cell in nbformat.read(path, as_version=4).cells
    if cell.cell_type == "code"
    for name in re.findall(r"^explorers\.(\w+)\(", cell.source, re.MULTILINE)
]


PAINTED = """() => new Promise(done => {
  let frames = 3;
  const next = () => (frames-- ? requestAnimationFrame(next) : done());
  next();
})"""


class Shown:
    """One explorer on a page, as a reader sees it."""

    def __init__(self, page, number):
        self.page = page
        self.root = page.locator(".explorer").nth(number)
        bring_explorers(page)

    def sliders(self):
        return self.root.locator(".noUi-handle")

    def controls(self):
        """What the controls say, by their labels."""
        said = {}
        for slider in self.sliders().all():
            said[slider.get_attribute("aria-label")] = slider.get_attribute("aria-valuetext")
        for dropdown in self.root.locator("select").all():
            said["start"] = dropdown.input_value()
        return said

    def words(self):
        return " ".join(self.root.locator(".explorer-words p").all_inner_texts()).replace("−", "-")

    def frame(self):
        """All that changes in the picture: what lies over its base."""
        layers = "all => all.slice(1).map(e => e.outerHTML)"
        return "\n".join(self.root.locator(".explorer-picture svg").evaluate_all(layers))

    def settle(self):
        """Wait until the page has painted what the last event asked for."""
        self.page.evaluate(PAINTED)

    def press(self, slider, key):
        slider.press(key)
        self.settle()

    def drag(self, slider, share):
        """Take the handle to a share of its track."""
        box = slider.locator("xpath=ancestor::*[contains(@class, 'noUi-base')]").bounding_box()
        handle = slider.bounding_box()
        mouse = self.page.mouse
        mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
        mouse.down()
        mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2, steps=4)
        mouse.up()
        self.settle()


def numbers(words):
    return [float(number) for number in re.findall(r"-?\d*\.?\d+(?:e[+-]\d+)?", words)]


def find(pattern, words):
    """The numbers that a pattern's groups match."""
    found = re.search(pattern.replace("#", r"([-+]?\d*\.?\d+)"), words)
    assert found, f"{pattern!r} not in {words!r}"
    return [float(group) for group in found.groups()]


def check_posterior(controls, words):
    n, s, prior_mean = (float(controls[name]) for name in ("at-bats", "concentration", "prior's mean"))
    hits = round(n * float(controls["raw average"]))
    own = bb.posterior((s * prior_mean, s * (1 - prior_mean)), hits, int(n))
    assert f"{hits} hit{'s' if hits != 1 else ''} in {n:.0f}," in words
    assert prior_mean in (0.142, 0.25, 0.402)
    assert find(r"Beta\(#, #\)", words) == pytest.approx(list(own), rel=1e-5)
    assert find(r"raw average of #", words)[0] == pytest.approx(hits / n, abs=6e-4)
    mean, deviation = find(r"mean # \(dot\), standard deviation #", words)
    assert mean == pytest.approx(own.mean, abs=6e-4)
    assert deviation == pytest.approx(
        np.sqrt(own.mean * (1 - own.mean) / (own.concentration + 1)), abs=6e-4
    )
    assert find(r"has #%", words)[0] == pytest.approx(100 * n / (n + s), abs=0.6)


def check_m_step(controls, words):
    batting = regulars()
    stats = bb.e_step((1, 1), batting.x, batting.n)
    goal = bb.m_step(stats)

    def objective(alpha, beta):
        return (alpha - 1) * stats[0] + (beta - 1) * stats[1] - special.betaln(alpha, beta)

    mean, s = find("Mean #, concentration #:", words)
    assert (
        f"{mean:.3f}" == pytest.approx(controls["mean"], abs=0)
        or abs(mean - float(controls["mean"])) < 6e-4
    )
    assert s == pytest.approx(float(controls["concentration"]), rel=1e-3)
    alpha, beta = find("α = #, β = #", words)
    assert alpha == pytest.approx(mean * s, rel=2e-3)
    assert beta == pytest.approx((1 - mean) * s, rel=2e-3)
    value, below = find("player #, # below", words)
    # The words round alpha and beta; the objective feels that where it is steep.
    slope = [stats[0] - special.digamma(alpha) + special.digamma(alpha + beta)]
    slope += [stats[1] - special.digamma(beta) + special.digamma(alpha + beta)]
    slack = 2e-4 + 6e-4 * abs(np.dot(slope, [alpha, beta]))
    assert value == pytest.approx(objective(alpha, beta), abs=slack)
    assert below == pytest.approx(objective(*goal) - value, abs=2e-4)
    assert find("slope: # along α, # along β", words) == pytest.approx(slope, abs=2e-3, rel=5e-3)


def check_em(controls, words):
    a, b = map(float, re.search(r"\(([\d.]+), ([\d.]+)\)", controls["start"]).groups())
    batting = regulars()
    x, n = ([13], [50]) if "one player" in controls["start"] else (batting.x, batting.n)
    half = int(controls["step"])
    if half > 20:  # a leap
        rounds = int(find("After # rounds", words)[0])
        params = bb.BetaParams(a, b)
        for _ in range(rounds if half < 24 else 0):
            params = bb.m_step(bb.e_step(params, x, n))
        best = bb.fit_mle(x, n)
        if half == 24 and best.status == "interior":
            assert "EM has arrived" in words
            params = best.params
        if half == 24 and best.status != "interior":
            assert "There is no maximum" in words
            return
        assert find("α = #, β = #", words) == pytest.approx(list(params), rel=2e-5)
        assert find("Log-likelihood #", words)[0] == pytest.approx(
            bb.log_likelihood(params, x, n), abs=6e-4
        )
        return
    params, before = bb.BetaParams(a, b), None
    for _ in range(half // 2):
        before, params = params, bb.m_step(bb.e_step(params, x, n))
    shown = find("α = #, β = #", words)
    assert shown == pytest.approx(list(params), rel=1e-6, abs=6e-4)
    assert find("mean #, concentration #", words) == pytest.approx(
        [params.mean, params.concentration], rel=1e-6, abs=6e-3
    )
    value = bb.log_likelihood(params, x, n)
    assert find("Log-likelihood #", words)[0] == pytest.approx(value, abs=6e-4)
    if half == 0:
        assert "Start." in words
        return
    assert f"Round {(half + 1) // 2}, {'E' if half % 2 else 'M'}-step" in words
    handed_on = bb.e_step(params if half % 2 else before, x, n)
    assert find(r"E\[log Z\] = # and E\[log\(1 - Z\)\] = #", words) == pytest.approx(
        list(handed_on), abs=6e-5
    )
    if half % 2 == 0:
        assert find("up by #", words)[0] == pytest.approx(value - bb.log_likelihood(before, x, n), abs=6e-4)


def check_bound(controls, words):
    batting = regulars()
    x, n = batting.x, batting.n

    def at(s):
        return bb.BetaParams(0.25 * s, 0.75 * s)

    def best(s):
        """The M-step with the mean held: the root of the objective's slope in the concentration."""
        a, b = bb.e_step(at(s), x, n)

        def slope(t):
            own = special.digamma([0.25 * t, 0.75 * t]) - special.digamma(t)
            return 0.25 * (a - own[0]) + 0.75 * (b - own[1])

        return optimize.brentq(slope, 1, 1e4)

    half = int(controls["half-step"])
    s, made_at = 40.0, 8.0
    for k in range(1, half + 1):
        if k % 2:
            made_at = s
        else:
            s = best(s)
    q = bb.posterior(at(made_at), x, n)
    expected = [s, bb.log_likelihood(at(s), x, n), bb.lower_bound(at(s), q, x, n)]
    shown = find("Concentration #: log-likelihood #, bound #", words)
    assert shown == pytest.approx(expected, abs=6e-3)
    gap = find("posteriors, is #", words)[0]
    assert gap == pytest.approx(expected[1] - expected[2], abs=2e-3)
    if half % 2:
        assert gap < 1e-9


def check_rate(controls, words):
    batting = regulars()
    trials = int(controls["at-bats"])
    enough = batting.n >= 400
    x, n = batting.x[enough], batting.n[enough]
    x = np.random.default_rng(3).hypergeometric(x, n - x, trials)
    best = bb.fit_mle(x, trials)
    assert find("# at-bats of each of # players", words) == [trials, enough.sum()]
    s, share = find("concentration #, and # of", words)
    assert s == pytest.approx(best.concentration, abs=0.06)
    assert share == pytest.approx(np.linalg.eigvals(bb.rate_matrix(best.params, x, trials)).max(), abs=6e-5)
    em, squarem, newton = find("EM #, SQUAREM #, Newton #", words)
    walk = bb.fit_em(x, trials, tol=1e-9, max_iter=20_000).trace
    left = np.abs(np.log((walk.alpha + walk.beta) / best.concentration))
    assert left[int(em)] <= 1e-6 < left[int(em) - 1]
    assert newton <= best.n_iter
    assert newton < squarem < em


def check_profile(controls, words):
    batters = bb.load_efron_morris()
    s, mean = find("Concentration #: the best mean is #", words)
    assert s == pytest.approx(float(controls["concentration"]), rel=1e-3)

    def height(mean):
        return bb.log_likelihood((mean * s, (1 - mean) * s), batters.x, batters.n)

    best = optimize.minimize_scalar(lambda m: -height(m), bounds=(0.1, 0.5), options={"xatol": 1e-9})
    assert mean == pytest.approx(best.x, abs=6e-5)
    value, below = find("Log-likelihood #, # below", words)
    assert value == pytest.approx(-best.fun, abs=2e-3)
    assert below == pytest.approx(-45.343896255 - value, abs=1.1e-3)
    assert ("inside" in words) == (below < 1.9207)


def check_shrinkage(controls, words):
    batting = regulars()
    fit = bb.fit_mle(batting.x, batting.n)
    s = fit.concentration if "fitted" in controls["concentration"] else float(controls["concentration"])
    listed = re.findall(r"([A-Z][a-z]+ [A-Z]\w+) (0\.\d{3})", words)
    assert len(listed) == 10
    for name, shown in listed:
        (i,) = np.flatnonzero(batting.player == name)
        expected = (fit.mean * s + batting.x[i]) / (s + batting.n[i])
        assert float(shown) == pytest.approx(expected, abs=6e-4)
    params = fit.mean * s, (1 - fit.mean) * s
    lost = fit.log_likelihood - bb.log_likelihood(params, batting.x, batting.n)
    assert find("rows: # below", words)[0] == pytest.approx(lost, abs=6e-3)


CHECKS = {
    "posterior_explorer": check_posterior,
    "m_step_explorer": check_m_step,
    "em_stepper": check_em,
    "bound_explorer": check_bound,
    "rate_explorer": check_rate,
    "profile_explorer": check_profile,
    "shrinkage_explorer": check_shrinkage,
}


@pytest.fixture(scope="module")
def opened(site, browser):
    """Return a function that opens a page once, for all tests of it."""
    visits = {}

    def visit(page):
        if page not in visits:
            visits[page] = Visit(browser, (site / "chapters" / f"{page}.html").as_uri())
        return visits[page]

    yield visit
    for one in visits.values():
        one.context.close()


@pytest.fixture
def explorer(opened, request):
    page, name = request.param
    visit = opened(page)
    shown = Shown(visit.page, [n for p, n in ON_PAGES if p == page].index(name))
    shown.check = lambda: CHECKS[name](shown.controls(), shown.words())
    yield shown
    assert visit.errors == []
    assert visit.foreign == []


every_explorer = pytest.mark.parametrize("explorer", ON_PAGES, indirect=True, ids=lambda pair: pair[1])


def test_the_chapters_have_the_explorers_there_are():
    from betabin import explorers

    assert {name for _, name in ON_PAGES} == set(explorers.__all__) == set(CHECKS)


@every_explorer
def test_first_frame_says_what_the_package_computes(explorer):
    explorer.check()
    assert explorer.root.locator(".explorer-picture svg").count() >= 2


@every_explorer
def test_every_slider_by_keyboard(explorer):
    for slider in explorer.sliders().all():
        first, words = explorer.frame(), explorer.words()
        start = slider.get_attribute("aria-valuetext")
        explorer.press(slider, "Home")
        at_start = start == slider.get_attribute("aria-valuetext")
        seen = {explorer.frame()}
        for key in ["ArrowRight", "ArrowRight", "ArrowRight", "End", "ArrowLeft"]:
            explorer.press(slider, key)
            explorer.check()
            seen.add(explorer.frame())
        # As many as the control has values, if it has fewer than the keys ask for.
        values = {float(slider.get_attribute(f"aria-value{end}")) for end in ("min", "max")}
        assert len(seen) == min(6, max(values) - min(values) + 1)
        # Back to where it stood gives the first frame again.
        explorer.press(slider, "Home")
        for _ in range(60):
            if at_start or slider.get_attribute("aria-valuetext") == start:
                break
            explorer.press(slider, "ArrowRight")
        assert explorer.frame() == first
        assert explorer.words() == words


@every_explorer
def test_every_slider_by_mouse(explorer):
    for slider in explorer.sliders().all():
        first, words = explorer.frame(), explorer.words()
        start = float(slider.get_attribute("aria-valuenow"))
        least, most = (float(slider.get_attribute(f"aria-value{end}")) for end in ("min", "max"))
        seen = {first}
        for share in (0.02, 0.4, 0.97):
            explorer.drag(slider, share)
            explorer.check()
            seen.add(explorer.frame())
        assert len(seen) >= min(3, most - least + 1)
        explorer.drag(slider, (start - least) / (most - least))
        assert explorer.frame() == first
        assert explorer.words() == words


@every_explorer
def test_every_dropdown(explorer):
    for dropdown in explorer.root.locator("select").all():
        first = explorer.frame()
        slider = explorer.sliders().first
        explorer.press(slider, "ArrowRight")
        explorer.press(slider, "ArrowRight")
        seen = set()
        for option in dropdown.locator("option").evaluate_all("all => all.map(e => e.value)"):
            dropdown.select_option(option)
            explorer.settle()
            explorer.check()
            seen.add(explorer.frame())
        assert len(seen) == dropdown.locator("option").count()
        dropdown.focus()
        dropdown.press("Home")
        dropdown.press("ArrowDown")
        explorer.settle()
        explorer.check()
        dropdown.press("Home")
        explorer.press(slider, "Home")
        assert explorer.frame() == first


@every_explorer
def test_play_steps_by_itself_only_when_asked(explorer):
    for play in explorer.root.locator(".widget-play").all():
        first = explorer.frame()
        slider = explorer.sliders().first
        assert slider.get_attribute("aria-valuenow") == "0.0"
        button = play.get_by_role("button", name="Play or pause")
        button.focus()
        button.press("Enter")
        explorer.page.wait_for_function(
            "s => s.getAttribute('aria-valuenow') >= 2", arg=slider.element_handle()
        )
        button.press("Enter")
        explorer.settle()
        explorer.check()
        assert explorer.frame() != first
        play.get_by_role("button", name="Stop").click()
        explorer.settle()
        assert explorer.frame() == first


@every_explorer
def test_everything_has_a_name(explorer):
    for svg in explorer.root.locator(".explorer-picture svg").all():
        assert svg.get_attribute("role") == "img"
        assert len(svg.get_attribute("aria-label")) > 10
    for control in explorer.root.locator(".noUi-handle, button, select").all():
        name = control.get_attribute("aria-label") or control.evaluate("e => e.labels?.[0]?.textContent")
        assert name
    assert explorer.root.locator(".explorer-words").first.get_attribute("aria-live") == "polite"


@every_explorer
def test_focus_is_seen(explorer):
    for control in explorer.root.locator(".noUi-handle, button, select").all():
        control.focus()
        explorer.page.keyboard.press("Shift")
        assert control.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"


@pytest.mark.parametrize("page", sorted({page for page, _ in ON_PAGES}))
def test_frames_are_light(site, page):
    text = (site / "chapters" / f"{page}.html").read_text(encoding="utf-8")
    script = (site / "chapters" / f"{page}.frames.js").read_text(encoding="utf-8")
    assert len(gzip.compress(script.encode())) < 120_000
    state = json.loads(re.search(r'textContent: (".*"),\n', script)[1])
    images = set(re.findall(r'src="(\.\./_images/[^"]+)"', text))
    assert images
    weight = len(gzip.compress(text.encode())) + sum(
        (site / "chapters" / image).stat().st_size for image in images
    )
    assert weight < 1_000_000  # beside scripts and styles that pages share
    assert "Drawing" not in " ".join(
        str(model["state"].get("value")) for model in json.loads(state)["state"].values()
    )


EXTENTS = """all => all.map(part => {
  const { left, right, width } = part.getBoundingClientRect();
  return [left, right, width];
})"""


@pytest.mark.parametrize("page", sorted({page for page, _ in ON_PAGES}))
def test_on_a_phone_nothing_is_cut_off_and_thumbs_find_the_handles(site, browser, page):
    with Visit(browser, (site / "chapters" / f"{page}.html").as_uri(), width=390) as visit:
        bring_explorers(visit.page)
        parts = visit.page.locator(".explorer svg, .explorer .noUi-target, .explorer select, .explorer p")
        for left, right, width in parts.evaluate_all(EXTENTS):
            assert not width or (left >= 0 and right <= 390)
        for control in visit.page.locator(".explorer .widget-play button, .explorer select").all():
            assert control.bounding_box()["height"] >= 40
        reach = "e => parseFloat(getComputedStyle(e, '::before').height)"
        for handle in visit.page.locator(".explorer .noUi-handle").all():
            assert handle.evaluate(reach) >= 40


BOXES = """all => all.map(picture => [...picture.querySelectorAll("svg")].map(svg => {
  const { left, top, width, height } = svg.getBoundingClientRect();
  return [left, top, width, height];
}))"""


# From the first to the last place of each slider: where its handle stood, and how high the explorer was.
STEPPED = """async explorer => {
  const places = [], heights = [];
  for (const handle of explorer.querySelectorAll(".noUi-handle")) {
    for (const key of ["Home", ...Array(6).fill("PageUp"), "End"]) {
      handle.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
      await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
      places.push(handle.getAttribute("aria-valuetext"));
      heights.push(Math.round(explorer.getBoundingClientRect().height));
    }
  }
  return [places, heights];
}"""


@pytest.mark.parametrize("page", sorted({page for page, _ in ON_PAGES}))
def test_layers_lie_over_each_other_tracks_are_long_and_heights_steady(site, browser, page):
    with Visit(browser, (site / "chapters" / f"{page}.html").as_uri(), width=768) as visit:
        bring_explorers(visit.page)
        for width in (768, 500, 390, 360, 320):
            visit.page.set_viewport_size({"width": width, "height": 800})
            visit.page.evaluate(PAINTED)
            for boxes in visit.page.locator(".explorer .explorer-picture").evaluate_all(BOXES):
                assert len(boxes) >= 2
                assert boxes[0][2] > 200
                assert np.ptp(boxes, axis=0).max() < 0.5
            explorer = visit.page.locator(".explorer").first
            column = explorer.bounding_box()["width"]
            handles = explorer.locator(".noUi-handle").all()
            for handle in handles:
                track = handle.locator("xpath=ancestor::*[contains(@class, 'noUi-target')]")
                if width <= 390:
                    assert track.bounding_box()["width"] > 0.85 * column
            places, heights = explorer.evaluate(STEPPED)
            assert len(set(places)) > len(handles)
            assert max(heights) - min(heights) <= 1


SWATCH = """(picture, color) => {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">
    <rect x="10" y="10" width="20" height="20" fill="${color}"/></svg>`;
  const src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  Object.assign(picture, { loading: "eager", src, width: 40, height: 40 });
  Object.assign(picture.style, { width: "40px", height: "40px" });
  return picture.decode();
}"""


def contrast(one, other):
    """The contrast of WCAG 2 between two colours of three bytes."""

    def luminance(color):
        part = np.array(color) / 255
        return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4) @ [
            0.2126,
            0.7152,
            0.0722,
        ]

    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_every_ink_of_a_figure_has_contrast_on_the_page_s_own_ground(site, browser, dark):
    with plt.style.context("betabin.book"):
        inks = dict.fromkeys(plt.rcParams["axes.prop_cycle"].by_key()["color"], 3)
    inks |= {mpl.colors.to_hex(color): 3 for color in shades(6)}
    inks |= {"#8a8a8a": 3, "#767676": 3, "#505050": 4.5, "#000000": 4.5}
    url = (site / "chapters" / "04_em.html").as_uri()
    with Visit(browser, url, dark=dark) as visit:
        picture = visit.page.locator(".cell_output img:visible").first
        picture.scroll_into_view_if_needed()
        for ink, least in inks.items():
            picture.evaluate(SWATCH, ink)
            visit.page.evaluate(PAINTED)
            shown = Image.open(io.BytesIO(picture.screenshot())).convert("RGB")
            ground, drawn = shown.getpixel((3, 3)), shown.getpixel((20, 20))
            page = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert list(ground) == numbers(page)[:3]  # no box of its own
            assert contrast(drawn, ground) >= least, (ink, drawn, ground)
        bring_explorers(visit.page)
        track = visit.page.locator(".explorer-here .noUi-connects").first
        color = track.evaluate("e => getComputedStyle(e).backgroundColor")
        assert contrast(numbers(color)[:3], ground) >= 3, color


@pytest.mark.parametrize("page", sorted({page for page, _ in ON_PAGES}))
def test_print_shows_the_current_frame(site, browser, page):
    with Visit(browser, (site / "chapters" / f"{page}.html").as_uri()) as visit:
        bring_explorers(visit.page)
        handle = visit.page.locator(".explorer .noUi-handle").first
        handle.press("End")
        visit.page.evaluate(PAINTED)
        svgs = visit.page.locator(".explorer-picture svg")
        shown = svgs.evaluate_all("all => all.map(e => e.outerHTML)")
        visit.page.emulate_media(media="print")
        assert svgs.evaluate_all("all => all.map(e => e.outerHTML)") == shown
        assert all(box["width"] > 200 for box in (svg.bounding_box() for svg in svgs.all()))
