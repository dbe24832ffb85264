"""Sphinx extension: explorers that cost nothing until a reader comes near.

A page is written with a still of each explorer, drawn in HTML from the state of its widgets: the picture
and the words that the explorer begins with. The state, with all frames, goes into a script beside the page.
book.js loads it, and the widget runtime, when the still comes near the window, and puts the explorer in
its place. Without scripts the still stays.
"""

import hashlib
import html
import json
import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

RUNTIME = "widgets/embed.js"
_STATE = "application/vnd.jupyter.widget-state+json"
_VIEW = re.compile(r'<script type="application/vnd\.jupyter\.widget-view\+json">(.*?)</script>', re.DOTALL)
_REFERENCE = re.compile(r"IPY_MODEL_([0-9a-f]+)")
_BOXES = {"VBoxModel": "vbox", "HBoxModel": "hbox", "GridBoxModel": "gridbox", "BoxModel": "box"}
_PLACE = """<div class="explorer-place" data-runtime="{runtime}" data-frames="{frames}">
<div class="explorer-still">{still}</div>
{view}</div>"""
# As text of a script element, for that is where the runtime looks for it.
_FRAMES = """document.head.append(Object.assign(document.createElement("script"), {{
  type: "{kind}",
  textContent: {text},
}}));
"""


def typeset(models: dict, typesetter) -> None:
    """Typeset the formulas in the text of widgets: the page has no MathJax that would do it.

    Raises
    ------
    ExtensionError
        A widget's description has a formula: the runtime shows descriptions as plain text.
    """
    for model in models.values():
        state = model["state"]
        if re.search(r"\$.+\$", state.get("description") or ""):
            raise ExtensionError(
                f"the description {state['description']!r} of a widget can't be typeset: use Unicode"
            )
        if model["model_name"] in ("HTMLMathModel", "LabelModel"):
            plain = model["model_name"] == "LabelModel"
            text = html.escape(state["value"], quote=False) if plain else state["value"]
            model["model_name"] = state["_model_name"] = "HTMLModel"
            state |= {"_view_name": "HTMLView", "value": typesetter.text(text)}


def slim(models: dict) -> tuple[dict, dict[str, str]]:
    """Return the models with nothing said twice, and the new name of each.

    Names are random, and so no compression makes them small: there are thousands, each said several times.
    A layout or a style that is set out like another is the same one; what a layout leaves open is not said.
    """
    names, seen, kept = {}, {}, {}
    for identifier, model in models.items():
        if model["model_name"].endswith(("LayoutModel", "StyleModel")):
            model["state"] = {name: value for name, value in model["state"].items() if value is not None}
            names[identifier] = seen.setdefault(json.dumps(model), f"m{len(kept)}")
        else:
            names[identifier] = f"m{len(kept)}"
        kept.setdefault(names[identifier], model)
    text = _REFERENCE.sub(lambda found: f"IPY_MODEL_{names[found[1]]}", json.dumps(kept))
    return json.loads(text), names


def still(models: dict, identifier: str) -> str:
    """Return what a widget shows at first as HTML without widgets; controls as room for them."""
    model = models[identifier]
    state, name = model["state"], model["model_name"]
    children = [child.removeprefix("IPY_MODEL_") for child in state.get("children", ())]
    classes = list(state.get("_dom_classes", ()))
    if name == "HTMLModel":
        classes += ["jupyter-widgets", "widget-html"]
        inside = f'<div class="widget-html-content">{state["value"]}</div>'
    elif name == "StackModel":
        chosen = state["selected_index"]
        inside = "" if chosen is None else still(models, children[chosen])
    elif name in _BOXES:
        classes.append(f"widget-{_BOXES[name]}")
        inside = "".join(still(models, child) for child in children)
    else:
        # Not shown where there are no scripts, for then none will come.
        classes += ["explorer-waiting", f"waiting-{name.removesuffix('Model').lower()}", "pst-js-only"]
        inside = html.escape(state.get("description") or "")
    style = _style(models[state["layout"].removeprefix("IPY_MODEL_")]["state"])
    return f'<div class="{" ".join(classes)}"{style}>{inside}</div>'


def _version(path: Path) -> str:
    """Return what changes a file's address when the file changes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def _style(layout: dict) -> str:
    rules = {
        name.replace("_", "-"): value
        for name, value in layout.items()
        if value is not None and not name.startswith("_")
    }
    text = html.escape("; ".join(f"{name}: {value}" for name, value in rules.items()))
    return f' style="{text}"' if text else ""


def place(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Put stills into a page with widgets, and their state beside it."""
    scripts = context.get("script_files", [])
    states = [script for script in scripts if getattr(script, "attributes", {}).get("type") == _STATE]
    context["script_files"] = [
        script for script in scripts if script not in states and RUNTIME not in str(script)
    ]
    if not states:
        return
    (found,) = states
    state = json.loads(found.attributes["body"])
    typeset(state["state"], app.typesetter)
    state["state"], names = slim(state["state"])
    text = json.dumps(json.dumps(state, separators=(",", ":"), ensure_ascii=False), ensure_ascii=False)
    script = _FRAMES.format(kind=_STATE, text=text)
    path = Path(app.outdir) / f"{pagename}.frames.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script, encoding="utf-8")
    runtime = Path(app.srcdir) / "_build" / "assets" / "static" / RUNTIME

    def add(view: re.Match) -> str:
        shown = json.loads(view[1])
        shown["model_id"] = names[shown["model_id"]]
        return _PLACE.format(
            runtime=f"{context['pathto'](f'_static/{RUNTIME}', True)}?v={_version(runtime)}",
            frames=f"{path.name}?v={_version(path)}",
            still=still(state["state"], shown["model_id"]),
            view=view[0].replace(view[1], f"\n{json.dumps(shown)}\n"),
        )

    context["body"] = _VIEW.sub(add, context["body"])


def setup(app: Sphinx) -> dict:
    """Register the above with Sphinx."""
    # After the state has been added, before the sheet of formulas is.
    app.connect("html-page-context", place, priority=850)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
