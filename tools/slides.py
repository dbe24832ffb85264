"""Make slides of the lectures from the chapters: ``make slides``.

``slides/*.toml`` lists each lecture's slides: a heading, text, minutes, notes, a question to ask, and what
to show of the chapters, by the name that it has there. That is ``fig-…`` (a figure or explorer), ``eq-…``,
``predict-…`` (a box's question), ``answer-…`` (the first paragraph of its answer), ``code:…`` (the cell
that begins so) or ``out:…`` (what it prints). nbconvert makes reveal.js pages of them, to open from disk.
"""

import argparse
import html
import json
import re
import sys
import tomllib
from pathlib import Path

import nbformat
import yaml
from jupyter_cache import get_cache
from nbconvert import SlidesExporter
from traitlets.config import Config

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "site" / "extensions"))
import bookassets  # noqa: E402

_VIEW = "application/vnd.jupyter.widget-view+json"
_ROLE = re.compile(r"\{[a-z:]+\}`[^`]+`")


class SlidesError(Exception):
    """A lecture asks for what no chapter has, or has twice; the message says what."""


class Chapters:
    """The chapters of a lecture with their outputs, and what can be shown of them by name."""

    def __init__(self, names: list[str], cache: Path) -> None:
        self.widgets: dict = {}
        self._cells = []
        store = get_cache(cache)
        for name in names:
            notebook = nbformat.read(ROOT / "chapters" / f"{name}.ipynb", as_version=4)
            try:
                ran = store.get_cache_bundle(store.match_cache_notebook(notebook).pk).nb
            except KeyError:
                raise SlidesError(
                    f"chapters/{name}.ipynb has not been run as it is: `make slides` does"
                ) from None
            done = iter(cell for cell in ran.cells if cell.cell_type == "code")
            for cell in notebook.cells:
                if cell.cell_type == "code":
                    cell.outputs = next(done).outputs
                self._cells.append((cell, ran))
        self._text = "\n\n".join(cell.source for cell, _ in self._cells if cell.cell_type == "markdown")

    def show(self, name: str) -> nbformat.NotebookNode:
        """Return a cell that shows what has this name; raise SlidesError if it is not there just once."""
        kind = re.match(r"(fig|eq|predict|answer)-|(code|out):", name)
        if kind is None:
            raise SlidesError(f"{name!r} names nothing that can be shown")
        if kind[1] == "fig":
            found = [pair for pair in self._cells if _figure(pair[0]).get("name") == name]
            return self._picture(*_one(found, name))
        if kind[2]:
            start = name.partition(":")[2]
            found = [
                cell
                for cell, _ in self._cells
                if cell.cell_type == "code" and cell.source.startswith(start)
            ]
            return _code(_one(found, name), kind[2] == "code")
        if kind[1] == "eq":
            found = re.findall(rf"\$\$\n((?:(?!\$\$).)*?)\n\$\$ \({name}\)", self._text, re.DOTALL)
            formula = re.sub(r"\s*[,.](?=(\s*\\end\{aligned\})?\Z)", "", _one(found, name))
            text = f"$$\n{formula}\n$$"
        else:
            box = "predict" + name[len(kind[1]) :]
            question = (
                rf":::\{{admonition\}}[^\n]*\n:class: note predict\n:name: {re.escape(box)}\n\n(.*?)\n:::"
            )
            if kind[1] == "answer":
                question += (
                    r".*?:::\{admonition\} (The answer: \d+)\n:class: seealso answer\n\n(.*?)(?:\n\n|\n:::)"
                )
            found = _one(re.findall(question, self._text, re.DOTALL), name)
            text = found if isinstance(found, str) else f"**{found[1]}.** {found[2]}"
        text = re.sub(r"(?<=\. )\{doc\}`0(\d)_\w+`", r"Chapter \1", text)
        text = re.sub(r"\{doc\}`0(\d)_\w+`", r"chapter \1", text)
        if role := _ROLE.search(text):
            raise SlidesError(f"{name} holds {role[0]}, which only the book understands")
        return nbformat.v4.new_markdown_cell(text)

    def _picture(self, cell: nbformat.NotebookNode, ran: nbformat.NotebookNode) -> nbformat.NotebookNode:
        made = nbformat.v4.new_code_cell("", metadata={"tags": ["output-only"]})
        for output in cell.outputs:
            data = output.get("data", {})
            if _VIEW in data:
                self.widgets = ran.metadata.widgets
                view = json.dumps(data[_VIEW])
                shown = f'<div class="on-slide"><script type="{_VIEW}">{view}</script></div>'
            elif "image/png" in data:
                # As HTML, for nbconvert's own pictures have no words.
                alt = html.escape(cell.metadata.mystnb.image.alt)
                picture = "".join(data["image/png"].split())
                shown = f'<img class="figure" alt="{alt}" src="data:image/png;base64,{picture}">'
            else:
                continue
            made.outputs.append(nbformat.v4.new_output("display_data", {"text/html": shown}))
        if not made.outputs:
            raise SlidesError(f"{_figure(cell)['name']} has no picture: were the chapters run?")
        return made


def _figure(cell: nbformat.NotebookNode) -> dict:
    return cell.metadata.get("mystnb", {}).get("figure", {})


def _one(found: list, name: str):
    if len(found) != 1:
        raise SlidesError(f"{name!r} is {len(found)} times in the lecture's chapters, not once")
    return found[0]


def _code(cell: nbformat.NotebookNode, source: bool) -> nbformat.NotebookNode:
    if source:
        return nbformat.v4.new_code_cell(cell.source)
    # A kernel may send what one cell prints in pieces.
    text = "".join(output.text for output in cell.outputs if output.output_type == "stream")
    printed = nbformat.v4.new_output("stream", text=text)
    return nbformat.v4.new_code_cell(cell.source, outputs=[printed], metadata={"tags": ["output-only"]})


def deck(lecture: dict, cache: Path) -> nbformat.NotebookNode:
    """Return a lecture's notebook: slides and notes, as nbconvert wants them.

    Raises
    ------
    SlidesError
        What is to be shown is not in the chapters just once.
    """
    chapters, cells, minute = Chapters(lecture["chapters"], cache), [], 0
    for slide in lecture["slide"]:
        parts = [nbformat.v4.new_markdown_cell(f"## {slide['heading']}\n\n{slide.get('text', '')}")]
        parts += [chapters.show(name) for name in slide.get("show", [])]
        end = minute + slide["minutes"]
        said = f"**Minutes {minute} to {end}.** {slide['notes']}\n\n**Ask:** {slide['ask']}"
        parts.append(nbformat.v4.new_markdown_cell(said))
        minute = end
        kinds = ["slide", *["-"] * (len(parts) - 2), "notes"]
        for cell, kind in zip(parts, kinds, strict=True):
            cell.metadata["slideshow"] = {"slide_type": kind}
        cells += parts
    notebook = nbformat.v4.new_notebook(
        cells=cells, metadata={"title": f"EM at Bat, lecture {lecture['title']}"}
    )
    notebook.metadata.language_info = {"name": "python", "pygments_lexer": "ipython3"}
    if chapters.widgets:
        notebook.metadata.widgets = chapters.widgets
    return notebook


def page(notebook: nbformat.NotebookNode) -> str:
    """Return the reveal.js page of a lecture's notebook."""
    options = Config(TagRemovePreprocessor=Config(enabled=True, remove_input_tags={"output-only"}))
    exporter = SlidesExporter(
        config=options,
        template_file=str(Path(__file__).with_name("slides.html.j2")),
        reveal_url_prefix="reveal",
        reveal_theme="white",
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    macros = config["sphinx"]["config"]["mathjax3_config"]["tex"]["macros"]
    text, _ = exporter.from_notebook_node(notebook, resources={"macros": json.dumps(macros)})
    return text


def main(arguments: list[str] | None = None) -> int:
    """Write the lectures' pages with what they need beside them; return 1 if one cannot be made."""
    parser = argparse.ArgumentParser(prog="make slides", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "slides", help="the folder")
    parser.add_argument(
        "--cache", type=Path, default=ROOT / "_build" / ".jupyter_cache", help="the outputs"
    )
    options = parser.parse_args(arguments)
    for name, (digest, wanted) in bookassets.SLIDES.items():
        content = bookassets.fetch(name, digest, ROOT / "_build" / "assets")
        bookassets.unpack(content, wanted, options.out)
    for path in sorted((ROOT / "slides").glob("*.toml")):
        try:
            notebook = deck(tomllib.loads(path.read_text(encoding="utf-8")), options.cache)
        except SlidesError as error:
            print(f"make slides: {path.name}: {error}", file=sys.stderr)
            return 1
        out = options.out / f"{path.stem}.html"
        out.write_text(page(notebook), encoding="utf-8")
        print(f"Slides: {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
