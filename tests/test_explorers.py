"""Explorers without a browser: their frames, what they refuse, and how they are displayed."""

import base64
import html
import re
import time

import ipywidgets as widgets
import matplotlib as mpl
import numpy as np
import pytest
from ipywidgets.embed import embed_data

import betabin as bb
from betabin import explorers
from betabin.explorers import frames

mpl.use("agg")

NAN = float("nan")
RATS = bb.load_rat_tumors()
OWN = {
    "posterior_explorer": lambda: explorers.posterior_explorer(3, 7, mean=0.4, concentrations=(1, 10)),
    "m_step_explorer": lambda: explorers.m_step_explorer(*RATS, params=bb.BetaParams(3, 9)),
    "em_stepper": lambda: explorers.em_stepper(*RATS, starts=[(1, 1), (5, 50)], rounds=2),
    "bound_explorer": lambda: explorers.bound_explorer(*RATS, start=2, rounds=2),
    "rate_explorer": lambda: explorers.rate_explorer(*RATS, trials=(5, 10, 19)),
    "profile_explorer": lambda: explorers.profile_explorer(*RATS),
    "shrinkage_explorer": lambda: explorers.shrinkage_explorer([1, 5, 9], [10, 10, 12], ["a", "b", "c"]),
}


def walk(widget):
    """Every widget below one, itself included, each once."""
    found, waiting = {}, [widget]
    while waiting:
        one = waiting.pop()
        if one.model_id not in found:
            found[one.model_id] = one
            waiting += getattr(one, "children", ())
    return list(found.values())


def svgs(widget):
    return [w.value for w in walk(widget) if isinstance(w, widgets.HTML) and w.value.startswith("<svg")]


def texts(widget):
    """The words of every state, without the longest of them, which keep the room and are never seen."""
    said = [w for w in walk(widget) if isinstance(w, widgets.HTML) and w.value.startswith("<p>")]
    return [w.value for w in said if w.layout.visibility != "hidden"]


@pytest.fixture(scope="module", params=OWN)
def own(request):
    return OWN[request.param]()


def test_every_explorer_is_tried():
    assert set(OWN) == set(explorers.__all__)


def test_own_data_give_as_many_frames_as_announced(own):
    pictures = svgs(own.widget)
    layers = [svg for svg in pictures if "matplotlib" not in svg]
    assert own._size <= len(layers) <= own._size + 4  # the bases, and a frame without posteriors, on top
    assert len(texts(own.widget)) > 1
    assert not any(re.search(r"\b(nan|inf)\b", text) for text in texts(own.widget))


def test_frames_are_small_named_and_do_not_share_ids(own):
    pictures = svgs(own.widget)
    for svg in pictures:
        assert re.match(r'<svg (style="[^"]*" )?role="img" aria-label="[^"]{10,}"', svg)
        assert "metadata" not in svg
        assert "<style" not in svg  # or the whole page is styled anew at each step
        assert not re.search(r' d="[^"]*\.\d\d', svg)
        referred = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', svg))
        assert set(re.findall(r' id="([^"]+)"', svg)) == referred
    layers = pictures[:]
    assert sorted(len(svg) for svg in layers)[len(layers) // 2] < 15_000
    ids = [name for svg in set(layers) for name in set(re.findall(r' id="([^"]+)"', svg))]
    assert len(ids) == len(set(ids))


def test_every_stack_has_a_frame_for_every_value_of_its_control(own):
    state = embed_data(views=[own.widget])["manager_state"]["state"]
    models = {w.model_id: w for w in walk(own.widget)}
    links = [model["state"] for model in state.values() if model["model_name"] == "LinkModel"]
    driven = set()
    for link in links:
        (source, name), (target, target_name) = (
            (end[0].removeprefix("IPY_MODEL_"), end[1]) for end in (link["source"], link["target"])
        )
        if target_name != "selected_index" or target not in models:
            continue
        stack, control = models[target], models[source]
        number = len(control.options) if name == "index" else control.max + 1
        assert len(stack.children) == number
        assert stack.selected_index == getattr(control, name)
        driven.add(target)
    stacks = {w.model_id for w in walk(own.widget) if isinstance(w, widgets.Stack)}
    # A stack of words holds one that is driven.
    assert all(i in driven for i in stacks)


def test_the_same_call_draws_the_same_frames():
    one, two = (OWN["em_stepper"]().widget for _ in range(2))
    assert svgs(one) == svgs(two)
    assert texts(one) == texts(two)


def test_an_e_step_redraws_the_posteriors_alone_and_an_m_step_the_prior_alone():
    widget = OWN["em_stepper"]().widget
    grids = [w for w in walk(widget) if "explorer-picture" in w._dom_classes]
    assert len(grids) == 2
    for grid in grids:
        base, posteriors, prior = grid.children
        assert isinstance(base, widgets.HTML)
        for k in range(4):
            same = [stack.children[k] is stack.children[k + 1] for stack in (posteriors, prior)]
            assert same == ([False, True] if k % 2 == 0 else [True, False])


def test_numbers_in_words_have_a_true_minus_and_zero_has_none():
    said = frames.words(["-0.0000, -0.0001 and -0 of -10; an M-step of -0.0."]).value
    assert said == "<p>0.0000, −0.0001 and 0 of −10; an M-step of 0.0.</p>"


def test_words_share_their_looks_until_all_widgets_are_closed():
    one, other = frames.words(["one"]), frames.words(["other"])
    assert one.layout is other.layout
    assert one.style is other.style
    widgets.Widget.close_all()
    new = frames.words(["new"])
    assert new.layout.comm is not None
    assert new.style.comm is not None


def test_displays_widget_picture_and_text(monkeypatch):
    shown = []
    monkeypatch.setattr(frames, "display", lambda data, raw: shown.append((data, raw)))
    explorer = OWN["profile_explorer"]()
    explorer._ipython_display_()
    ((data, raw),) = shown
    assert raw
    view = data["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == explorer.widget.model_id
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["text/plain"] == repr(explorer)
    assert repr(explorer).startswith("profile_explorer: ")
    assert len(svgs(explorer.widget)) > 20
    explorer._ipython_display_()
    assert len(shown) == 2
    assert shown[1][0]["application/vnd.jupyter.widget-view+json"] == view


def test_says_how_far_it_is_while_frames_are_drawn(monkeypatch):
    # Each look at the clock finds half a second gone.
    clock = iter(np.arange(0, 1e6, 0.5))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    said = []
    explorer = OWN["profile_explorer"]()
    canvas = explorer._canvases[0]
    layer = canvas.layer

    def listening(draw, alt):
        frame = layer(draw, alt)
        said.append(explorer._box.children[0].value)
        return frame

    monkeypatch.setattr(canvas, "layer", listening)
    assert explorer.widget.children
    assert said[0] == "Drawing: 1 of 25 frames"
    assert said[-1] == "Drawing: 25 of 25 frames"


@pytest.mark.parametrize(
    ("x", "n", "status"),
    [
        ([13], [50], "binomial_limit"),
        ([0, 0, 0], [5, 6, 7], "all_zero"),
        ([5, 6], [5, 6], "all_full"),
        ([0, 5, 0], [5, 5, 5], "two_point"),
        ([0, 1, 1], [1, 1, 1], "not_identified"),
        ([0, 57], [4, 89], "interior"),
        ([10**6, 2 * 10**6], [10**7, 10**7], "interior"),
    ],
)
def test_data_without_a_maximum_are_shown_as_they_are(x, n, status):
    assert bb.fit_mle(x, n).status == status
    for make in (
        lambda: explorers.em_stepper(x, n, rounds=2),
        lambda: explorers.m_step_explorer(x, n),
        lambda: explorers.bound_explorer(x, n, mean=0.3, rounds=1),
        lambda: explorers.shrinkage_explorer(x, n),
    ):
        assert not any(re.search(r"\b(nan|inf)\b", text) for text in texts(make().widget))
    if status in ("all_zero", "all_full"):
        with pytest.raises(ValueError, match="x must hold both successes and failures"):
            explorers.profile_explorer(x, n)
    else:
        assert len(texts(explorers.profile_explorer(x, n).widget)) == 25


def test_the_ridge_is_found_at_means_next_to_nothing():
    explorer = explorers.profile_explorer([1] + [0] * 9999, 10**7)
    assert "the best mean is <b>0.0000</b>" in texts(explorer.widget)[0]


def test_a_race_without_a_maximum_says_so():
    x, n = np.array([20, 20, 20, 20]), np.array([80, 80, 80, 80])
    said = texts(explorers.rate_explorer(x, n, trials=(40, 80)).widget)
    assert "there is no maximum" in said[0] + said[1]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: explorers.posterior_explorer(5, 3), ValueError, "x = 5 must not exceed n = 3"),
        (lambda: explorers.posterior_explorer([1, 2], 3), ValueError, "x, n must be one player's record"),
        (lambda: explorers.posterior_explorer(0, 0), ValueError, "n = 0 must be at least 1"),
        (lambda: explorers.posterior_explorer(mean=1), ValueError, "mean = 1 must be strictly between"),
        (
            lambda: explorers.posterior_explorer(concentrations=(4, 2)),
            ValueError,
            r"concentrations\[1\] = 2 must be larger",
        ),
        (
            lambda: explorers.posterior_explorer(concentrations=(-1, 2)),
            ValueError,
            r"concentrations\[0\] = -1 must be strictly between",
        ),
        (
            lambda: explorers.posterior_explorer(concentrations=3),
            TypeError,
            "must be a sequence of numbers",
        ),
        (lambda: explorers.posterior_explorer(concentrations=(3,)), ValueError, "at least two values"),
        (
            lambda: explorers.posterior_explorer(1, 10**8),
            ValueError,
            "n = 100000000 must be at most",
        ),
        (lambda: explorers.posterior_explorer(mean=10**400), ValueError, "must be strictly between"),
        (lambda: explorers.posterior_explorer(mean=1e-4), ValueError, "must be strictly between 0.005"),
        (lambda: explorers.posterior_explorer(mean=np.complex128(1)), TypeError, "must be a number"),
        (
            lambda: explorers.posterior_explorer(concentrations=(1, 1e300)),
            ValueError,
            r"concentrations\[1\] = 1e\+300 must be strictly between 0.001 and 1e\+06",
        ),
        (
            lambda: explorers.posterior_explorer(concentrations=[[1], [1, 2]]),
            TypeError,
            "must be a sequence of numbers",
        ),
        (
            lambda: explorers.shrinkage_explorer([1, 2], 5, [["a"], ["b", "c"]]),
            TypeError,
            "names must be a sequence of strings",
        ),
        *(
            (
                lambda explorer=explorer: explorer([3, 4 * 10**8, 5], [10, 10**9, 10]),
                ValueError,
                r"n\[1\] = 1000000000 must be at most 10000000 to be drawn",
            )
            for explorer in (
                explorers.em_stepper,
                explorers.bound_explorer,
                explorers.m_step_explorer,
                explorers.profile_explorer,
                explorers.rate_explorer,
                explorers.shrinkage_explorer,
            )
        ),
        (
            lambda: explorers.em_stepper(starts=[(1, 1), (1e-4, 1)]),
            ValueError,
            r"starts\[1\].alpha = 0.0001 must be strictly between 0.001",
        ),
        (
            lambda: explorers.m_step_explorer(params=(1, 1e7)),
            ValueError,
            "params.beta = 10000000.0 must be strictly between",
        ),
        (lambda: explorers.em_stepper([1, 2]), TypeError, "x and n must be given together"),
        (
            lambda: explorers.em_stepper([1, 9], [5, 5]),
            ValueError,
            r"x\[1\] = 9 must not exceed n\[1\] = 5",
        ),
        (lambda: explorers.em_stepper([0, 1], [0, 5]), ValueError, r"n\[0\] = 0 must be at least 1"),
        (lambda: explorers.em_stepper(starts=[]), ValueError, "starts must hold one to six pairs"),
        (
            lambda: explorers.em_stepper(starts=[(1, 1), (0, 1)]),
            ValueError,
            r"starts\[1\].alpha = 0.0 must be",
        ),
        (
            lambda: explorers.em_stepper(rounds=31),
            ValueError,
            "rounds = 31 must be a whole number from 1 to 30",
        ),
        (lambda: explorers.em_stepper(rounds=2.5), ValueError, "rounds = 2.5 must be a whole number"),
        (
            lambda: explorers.m_step_explorer(params=(1, -1)),
            ValueError,
            "params.beta = -1.0 must be positive",
        ),
        (lambda: explorers.bound_explorer(mean=0), ValueError, "mean = 0 must be strictly between"),
        (lambda: explorers.bound_explorer(start=-1), ValueError, "start = -1 must be strictly between"),
        (lambda: explorers.bound_explorer(start=NAN), ValueError, "start = nan must be strictly between"),
        (lambda: explorers.bound_explorer(start="40"), TypeError, "start = '40' must be a number"),
        (lambda: explorers.bound_explorer(mean=[0.2]), TypeError, r"mean = \[0.2\] must be a number"),
        (lambda: explorers.bound_explorer([0, 0], [5, 5]), ValueError, "x must hold both successes and"),
        (lambda: explorers.bound_explorer(rounds=True), ValueError, "rounds = True must be a whole"),
        (lambda: explorers.posterior_explorer(mean="0.2"), TypeError, "mean = '0.2' must be a number"),
        (lambda: explorers.posterior_explorer(mean=NAN), ValueError, "mean = nan must be strictly between"),
        (lambda: explorers.posterior_explorer(mean=True), TypeError, "mean = True must be a number"),
        (lambda: explorers.posterior_explorer("8", 20), TypeError, "x"),
        (lambda: explorers.posterior_explorer(None, 20), TypeError, "x"),
        (
            lambda: explorers.posterior_explorer(concentrations="12"),
            TypeError,
            "concentrations must be a sequence of numbers",
        ),
        (
            lambda: explorers.posterior_explorer(concentrations=(1, True)),
            TypeError,
            r"concentrations\[1\] = True must be a number",
        ),
        (
            lambda: explorers.posterior_explorer(concentrations=(1, NAN)),
            ValueError,
            r"concentrations\[1\] = nan must be strictly between",
        ),
        (lambda: explorers.em_stepper([], []), ValueError, "x, n must hold at least one row"),
        (lambda: explorers.em_stepper([[1], [2]], [3, 4, 5, 6, 7], rounds="2"), ValueError, "rounds = '2'"),
        (lambda: explorers.em_stepper(starts=5), TypeError, "starts must be a sequence of pairs"),
        (lambda: explorers.em_stepper(starts="ab"), TypeError, "starts must be a sequence of pairs"),
        (lambda: explorers.em_stepper(starts=[(1, NAN)]), ValueError, r"starts\[0\].beta = nan must be"),
        (lambda: explorers.em_stepper(starts=[3]), TypeError, r"starts\[0\] must be a pair"),
        (lambda: explorers.m_step_explorer(params=None), TypeError, "params must be a pair"),
        (lambda: explorers.m_step_explorer([], []), ValueError, "x, n must hold at least one row"),
        (lambda: explorers.profile_explorer([1, 2], None), TypeError, "x and n must be given together"),
        (
            lambda: explorers.profile_explorer([1, 2, 3], [4, 5]),
            ValueError,
            "shapes of x, n must broadcast",
        ),
        (lambda: explorers.rate_explorer(trials=7), TypeError, "trials must be a sequence of numbers"),
        (lambda: explorers.rate_explorer(trials=(True, 50)), TypeError, r"trials\[0\] = True must be"),
        (lambda: explorers.rate_explorer(seed=-1), ValueError, "seed = -1 must be a whole number"),
        (lambda: explorers.rate_explorer(seed="a"), ValueError, "seed = 'a' must be a whole number"),
        (lambda: explorers.shrinkage_explorer([], []), ValueError, "x, n must hold at least one row"),
        (lambda: explorers.shrinkage_explorer([1], [2], "ab"), TypeError, "names must be a sequence of"),
        (
            lambda: explorers.shrinkage_explorer([1], [2], [7]),
            TypeError,
            r"names\[0\] = 7 must be a string",
        ),
        (
            lambda: explorers.shrinkage_explorer([1], [2], 7),
            TypeError,
            "names must be a sequence of strings",
        ),
        (lambda: explorers.bound_explorer(rounds=0), ValueError, "rounds = 0 must be a whole number"),
        (
            lambda: explorers.rate_explorer(trials=(1, 5)),
            ValueError,
            r"trials\[0\] = 1 must be a whole number",
        ),
        (
            lambda: explorers.rate_explorer(trials=(2.5, 5)),
            ValueError,
            r"trials\[0\] = 2.5 must be a whole",
        ),
        (
            lambda: explorers.rate_explorer(trials=(2, 9000)),
            ValueError,
            r"n must be at least trials\[1\] = 9000",
        ),
        (
            lambda: explorers.shrinkage_explorer([1, 2], [5, 5], ["one"]),
            ValueError,
            "names must have one entry for each row: 1 for 2 rows",
        ),
        (lambda: explorers.shrinkage_explorer(names=["one"]), TypeError, "x and n must be given together"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


NAMES = ["<script>", "a & b", "$x_1$", "$", "$\\frac{1}$", "\\alpha_i", "back\\slash", "{brace", "%d", "^2"]
NAMES += ["x" * 300, "אבג דהו", "a\nb\x00c\u202e", "Ωmega ", ""]


def test_names_of_rows_are_shown_as_text_and_never_run():
    x = np.arange(len(NAMES)) + 1
    for some in (NAMES[:10], NAMES[5:]):
        explorer = explorers.shrinkage_explorer(x[: len(some)], np.full(len(some), 40), some)
        explorer._canvases[0].png(explorer._first)
        said = texts(explorer.widget)[0]
        drawn = max(svgs(explorer.widget), key=lambda svg: svg.count("<text"))
        assert "<script>" not in said + drawn
        labels = [html.unescape(label) for label in re.findall(r"<text[^>]*>(.*?)</text>", drawn)]
        for name in some:
            shown = " ".join("".join(c if c.isprintable() else " " for c in name).split())
            assert f"<bdi>{html.escape(shown)}</bdi> 0." in said
            short = shown if len(shown) <= 22 else f"{shown[:21]}…"
            assert f"{short}, 40" in labels
