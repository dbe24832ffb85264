"""How an explorer is made: frames drawn ahead, and controls that choose among them without a kernel.

A frame is an SVG in an HTML widget. A Stack shows one of its frames, and a control's value is linked to the
Stack's index in the browser (jslink), so that a page without a kernel steps as a notebook does. Pictures
come in layers over the same axes: what stays is drawn once, and each layer holds only what changes with its
control.

This is the one place that knows how that is done; an explorer says what is drawn, and in what words.
"""

import base64
import contextlib
import functools
import hashlib
import html
import io
import re
import time
from collections.abc import Callable, Iterator, Sequence

import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Draw = Callable[[Sequence[Axes]], None]

# Between these a curve is more than a needle or an edge.
CONCENTRATIONS = 1e-3, 1e6

_WIDTH = 6.2  # inches, as the figures of the book
_WIDEST = "620px"
# Axes stand where they are put, so that layers lie over each other.
_STYLE = ["betabin.book", {"figure.constrained_layout.use": False}]
_PROGRESS_EVERY = 0.25  # seconds
_COORDINATES = re.compile(r' (?:d|x|y|transform|points)="[^"]*"')
_LINES = re.compile(r' d="((?:[ML] \S+ \S+ |z )+)"')
_DECIMALS = re.compile(r"-?\d+\.\d+")


class Canvas:
    """Axes that several layers share: what stays, and what is drawn over it.

    Parameters
    ----------
    set_up : callable
        Takes the axes and draws all that stays: limits, scales, labels, curves.
    height : float
        Inches.
    panels : sequence of float
        The panels' shares of the height, from the top.
    left : float
        Share of the width that is left of the axes.
    """

    def __init__(
        self, set_up: Draw, *, height: float = 3.8, panels: Sequence[float] = (1.0,), left: float = 0.13
    ):
        self.tick: Callable[[], None] = lambda: None  # called after each layer
        self._size = (_WIDTH, height)
        self._boxes = _boxes(panels, left, height)
        with plt.style.context(_STYLE):
            self._ground = self._figure(set_up)
            # Empty and transparent: each layer in turn is drawn on it.
            self._glass = self._figure(self._as_on_the_ground)
        self._layout = _spread()
        self._style = widgets.HTML().style

    def base(self, alt: str) -> widgets.HTML:
        """Return the frame with all that stays."""
        with plt.style.context(_STYLE):
            svg = _svg(self._ground, alt)
        # White where nobody says otherwise; the book's pages let their own ground through.
        return self._widget(
            svg.replace("<svg", '<svg style="background: var(--explorer-ground, white)"', 1)
        )

    def layer(self, draw: Draw, alt: str) -> widgets.HTML:
        """Return a transparent frame with what `draw` adds to the axes, told in words by `alt`.

        Its explorer sets the style, once for all: to set it for each frame takes as long as to draw it.
        """
        with _drawn(self._glass, draw):
            frame = self._widget(_svg(self._glass, alt))
        self.tick()
        return frame

    def png(self, draw: Draw) -> bytes:
        """Return one picture of all that stays and what `draw` adds to it."""
        out = io.BytesIO()
        with plt.style.context(_STYLE), _drawn(self._ground, draw):
            self._ground.savefig(out, format="png", facecolor="white")
        return out.getvalue()

    def _figure(self, draw: Draw) -> Figure:
        figure = Figure(figsize=self._size)
        for box in self._boxes:
            figure.add_axes(box)
        draw(figure.axes)
        return figure

    def _as_on_the_ground(self, axes: Sequence[Axes]) -> None:
        for ax, below in zip(axes, self._ground.axes, strict=True):
            ax.set(xscale=below.get_xscale(), yscale=below.get_yscale())
            ax.set(xlim=below.get_xlim(), ylim=below.get_ylim())
            ax.set_axis_off()

    def _widget(self, svg: str) -> widgets.HTML:
        return widgets.HTML(svg, layout=self._layout, style=self._style)


class Explorer:
    """A picture with controls, displayed as a live widget, a picture and a line of text.

    Frames are drawn when it is first displayed, and the reader is told how far that is.

    Parameters
    ----------
    text : str
        What plain viewers show.
    canvases : sequence of Canvas
        What the layers are drawn on.
    first : callable
        Draws the layers of the first state on the first canvas, for the picture.
    size : int
        How many layers will be drawn.
    build : callable
        Draws them, and returns the widgets from the top.
    """

    def __init__(
        self,
        text: str,
        canvases: Sequence[Canvas],
        first: Draw,
        size: int,
        build: Callable[[], Sequence[widgets.Widget]],
    ):
        self._text, self._canvases, self._first, self._size, self._build = (
            text,
            canvases,
            first,
            size,
            build,
        )
        self._box = None

    def __repr__(self):
        return self._text

    @property
    def widget(self) -> widgets.VBox:
        """The widget with all its frames."""
        if self._box is None:
            self._box = self._empty()
            self._fill()
        return self._box

    def _ipython_display_(self) -> None:
        new = self._box is None
        if new:
            self._box = self._empty()
        display(
            {
                "application/vnd.jupyter.widget-view+json": {
                    "version_major": 2,
                    "version_minor": 0,
                    "model_id": self._box.model_id,
                },
                "image/png": base64.b64encode(self._canvases[0].png(self._first)).decode(),
                "text/plain": self._text,
            },
            raw=True,
        )
        # Shown before the frames are there, so that the reader sees how far they are.
        if new:
            self._fill()

    @staticmethod
    def _empty() -> widgets.VBox:
        box = widgets.VBox(layout=_spread())
        box.add_class("explorer")
        return box

    def _fill(self) -> None:
        note = widgets.HTML("Drawing …")
        self._box.children = [note]
        drawn, told = 0, time.monotonic()

        def tick() -> None:
            nonlocal drawn, told
            drawn += 1
            if time.monotonic() - told > _PROGRESS_EVERY:
                told = time.monotonic()
                note.value = f"Drawing: {drawn} of {self._size} frames"

        for canvas in self._canvases:
            canvas.tick = tick
        with plt.style.context(_STYLE):
            self._box.children = list(self._build())
        # Its state is kept with the page's, closed or not.
        note.value = ""
        note.close()


def ascending(name: str, values: Sequence[float], low: float, high: float) -> list[float]:
    """Return numbers within bounds that ascend, two at least, or say what is wrong with them."""
    numbers = [
        real(f"{name}[{i}]", value, low, high) for i, value in enumerate(_listed(name, values, "numbers"))
    ]
    if len(numbers) < 2:
        raise ValueError(f"{name} must hold at least two values to choose from")
    for i, value in enumerate(numbers):
        if i and value <= numbers[i - 1]:
            raise ValueError(f"{name}[{i}] = {value:g} must be larger than the value before it")
    return numbers


def real(name: str, value: float, low: float, high: float) -> float:
    """Return a number strictly between two bounds, or say what is wrong with it."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name} = {value!r} must be a number")
    if not low < value < high:
        raise ValueError(f"{name} = {value} must be strictly between {low:g} and {high:g}")
    return float(value)


def named(names: Sequence[str], rows: int) -> list[str]:
    """Return names of rows, each on one line, or say what is wrong with them."""
    for i, name in enumerate(_listed("names", names, "strings")):
        if not isinstance(name, str):
            raise TypeError(f"names[{i}] = {name!r} must be a string")
    if len(names) != rows:
        raise ValueError(f"names must have one entry for each row: {len(names)} for {rows} rows")
    # What no font shows, and no XML may hold, is a space.
    printable = ("".join(c if c.isprintable() else " " for c in name) for name in names)
    return [" ".join(name.split()) for name in printable]


def _listed(name: str, values: Sequence, of: str) -> Sequence:
    try:
        listed = not isinstance(values, str) and np.ndim(values) == 1
    except ValueError:  # rows of several lengths
        listed = False
    if not listed:
        raise TypeError(f"{name} must be a sequence of {of}, not {values!r}")
    return values


def escaped(name: str) -> str:
    """Return a name as HTML: text, whatever it holds, and whichever way it runs."""
    return f"<bdi>{html.escape(name)}</bdi>"


def whole(name: str, value: int, least: int, most: int) -> int:
    """Return a whole number within bounds, or say that it is none."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value <= most:
        raise ValueError(f"{name} = {value!r} must be a whole number from {least} to {most}")
    return int(value)


def together(*draws: Draw) -> Draw:
    """Draw several layers as one."""

    def draw(axes: Sequence[Axes]) -> None:
        for ax in axes:
            ax.set_prop_cycle(None)
        for part in draws:
            part(axes)

    return draw


def number(value: float) -> str:
    """Return a positive number with four digits or, from a thousand, as a whole one."""
    return f"{value:.0f}" if value >= 1000 else f"{value:.4g}"


def words(paragraphs: Sequence[str]) -> widgets.HTML:
    """Return a frame of text: what a picture shows, in words and numbers.

    Parameters
    ----------
    paragraphs : sequence of str
        HTML.
    """
    text = "".join(f"<p>{part}</p>" for part in paragraphs)
    text = re.sub(r"(?<![\w-])-(?=0\.?0*(?!\.?\d))", "", text)  # a zero has no sign
    text = re.sub(r"(?<![\w-])-(?=\d)", "−", text)
    if _looks_of_words()[0].comm is None:  # somebody has closed all widgets
        _looks_of_words.cache_clear()
    layout, style = _looks_of_words()
    return widgets.HTML(text, layout=layout, style=style)


@functools.cache
def _looks_of_words() -> tuple[widgets.Layout, widgets.Style]:
    # Shared: with a layout and a style of its own, each of hundreds of texts would be three widgets.
    return _spread(), widgets.HTML().style


def told(stack: widgets.Stack) -> widgets.GridBox:
    """Mark a stack of words, which a screen reader reads as they change, and keep room for the longest."""
    stack.add_class("explorer-words")
    texts, waiting = set(), [stack]
    while waiting:
        one = waiting.pop()
        waiting += getattr(one, "children", ())
        if isinstance(one, widgets.HTML):
            texts.add(one.value)
    # The one with most letters is not always the one with most lines.
    longest = sorted(texts, key=lambda text: (len(re.sub("<.*?>", "", text)), text))[-32:]
    rooms = [widgets.HTML(text, layout=_spread(visibility="hidden")) for text in longest]
    return _over([*rooms, stack])


def stack(layers: Sequence[widgets.Widget], control: widgets.Widget) -> widgets.Stack:
    """Stack frames of which a control chooses one, in the browser."""
    # A slider over names is asked for its index.
    name = "index" if hasattr(control, "index") else "value"
    made = widgets.Stack(layers, selected_index=getattr(control, name), layout=_spread())
    widgets.jslink((control, name), (made, "selected_index"))
    return made


def nested(frames: Sequence, outer: widgets.Widget, *inner: widgets.Widget) -> widgets.Stack:
    """Stack of stacks: the first control chooses among the rows, the next in them, to the frame."""
    return stack([nested(row, *inner) for row in frames] if inner else frames, outer)


def layered(layers: Sequence[widgets.Widget]) -> widgets.GridBox:
    """Lay frames and stacks of frames one over the other, in sight together with controls and words."""
    width, height = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', layers[0].value).groups())
    limit = f"clamp(300px, calc({width / height:.3f} * (100vh - 230px)), {_WIDEST})"
    box = _over(layers, max_width=limit)
    box.add_class("explorer-picture")
    return box


def _over(layers: Sequence[widgets.Widget], **layout: str) -> widgets.GridBox:
    for layer in layers:
        layer.layout.grid_area = "1 / 1 / 2 / 2"
    return widgets.GridBox(layers, layout=_spread(grid_template_columns="minmax(0, 1fr)", **layout))


def _spread(**more: str) -> widgets.Layout:
    # Without margins: a layer in a stack and one beside it have the same box, to the pixel.
    return widgets.Layout(width="100%", overflow="visible", margin="0", **more)


def choice(
    label: str, options: Sequence[str], *, index: int = 0, dropdown: bool = False
) -> widgets.SelectionSlider | widgets.Dropdown:
    """Return a slider over named values, or a dropdown."""
    kind = widgets.Dropdown if dropdown else widgets.SelectionSlider
    control = kind(
        options=list(options),
        index=index,
        description=label,
        layout=_spread(max_width=_WIDEST),
        style={"description_width": "8.5em"},
    )
    control.add_class("explorer-control")
    return control


def stepper(label: str, last: int, *, interval: int = 900) -> tuple[widgets.IntSlider, widgets.HBox]:
    """Return a slider from 0 to `last`, and the row in which Play stands before it."""
    slider = widgets.IntSlider(
        0,
        0,
        last,
        description=label,
        layout=widgets.Layout(flex="1 1 15em", width="auto"),
        style={"description_width": "initial"},
    )
    play = widgets.Play(min=0, max=last, interval=interval, layout=widgets.Layout(flex="0 0 auto"))
    widgets.jslink((play, "value"), (slider, "value"))
    row = widgets.HBox(
        [play, slider],
        layout=_spread(max_width=_WIDEST, flex_flow="row wrap", align_items="center"),
    )
    row.add_class("explorer-control")
    return slider, row


def _boxes(panels: Sequence[float], left: float, height: float) -> list[tuple[float, float, float, float]]:
    """Where the panels' axes stand: left, bottom, width, height, as shares of the figure."""
    above, below = 0.3 / height, 0.62 / height  # inches for what stands over and under each
    boxes, top = [], 1.0
    for share in panels:
        size = share / sum(panels)
        boxes.append((left, top - size + below, 0.965 - left, size - below - above))
        top -= size
    return boxes


@contextlib.contextmanager
def _drawn(figure: Figure, draw: Draw) -> Iterator[None]:
    """Draw on a figure for a while."""
    before = [set(ax.get_children()) for ax in figure.axes]
    for ax in figure.axes:
        ax.set_prop_cycle(None)
    draw(figure.axes)
    yield
    for ax, stays in zip(figure.axes, before, strict=True):
        for artist in set(ax.get_children()) - stays:
            artist.remove()


def _svg(figure: Figure, alt: str) -> str:
    """Return a figure as the text of an SVG element, small, with a name for assistive technology."""
    out = io.StringIO()
    figure.savefig(
        out,
        format="svg",
        metadata={"Date": None, "Creator": None},
    )
    text = out.getvalue()
    text = text[text.index("<svg") :]
    # A style sheet in a frame is one of the whole page, which the browser would style anew at each step.
    # What it says is said by the SVG itself, and inherited.
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", text, flags=re.DOTALL)
    # A tenth of a point is finer than a pixel, and half the size of six decimals.
    text = _COORDINATES.sub(lambda found: _DECIMALS.sub(_to_a_tenth, found[0]), text)
    text = _LINES.sub(_in_steps, re.sub(r"\s*\n\s*", " ", text)).replace("> <", "><").strip()
    # Only what is referred to keeps its name, and no other frame on the page has the same.
    wanted = sorted(set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", text)))
    text = re.sub(r' id="([^"]+)"', lambda found: found[0] if found[1] in wanted else "", text)
    mark = "f" + hashlib.sha256((alt + text).encode()).hexdigest()[:8]
    for number, name in enumerate(wanted):
        text = re.sub(rf'(id="|url\(#|href="#){name}(?=[")])', rf"\g<1>{mark}-{number}", text)
    strokes = 'stroke-linejoin="round" stroke-linecap="butt"'
    return text.replace("<svg", f'<svg role="img" aria-label="{html.escape(alt)}" {strokes}', 1)


def _to_a_tenth(number: re.Match) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")


def _in_steps(lines: re.Match) -> str:
    """Return a path of lines as steps from point to point, which are shorter to write than the points."""
    said, start, at, step = [], (0, 0), (0, 0), False
    for command, *point in re.findall(r"([MLz]) (?:([\d.-]+) ([\d.-]+) )?", lines[1]):
        if command == "z":
            said.append(command)
            at, step = start, False
            continue
        x, y = (round(10 * float(part)) for part in point)  # whole tenths: no rounding adds up
        if command == "M":
            start, at = (x, y), (0, 0)
        # A step after a step is said without its letter.
        letter = {"M": "M ", "L": "" if step else "l "}[command]
        said.append(f"{letter}{_tenths(x - at[0])} {_tenths(y - at[1])}")
        at, step = (x, y), command == "L"
    return f' d="{" ".join(said)}"'


def _tenths(number: int) -> str:
    return f"{number / 10:.1f}".removesuffix(".0")
