"""Notebooks: in their normal form, wholly run, with figures that have captions and alt texts."""

import re

import nbformat
import notebooks
import pytest
from conftest import ROOT
from jupyter_cache import get_cache

CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
NOTEBOOKS = [
    *CHAPTERS,
    *sorted(ROOT.glob("solutions/*/*.ipynb")),
    *sorted(ROOT.glob("exercises/*/*.ipynb")),
]


def names(path):
    return path.stem if path in CHAPTERS else f"{path.parents[1].name}/{path.stem}"


@pytest.fixture(params=NOTEBOOKS, ids=names)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


@pytest.fixture(params=CHAPTERS, ids=names)
def chapter(request):
    return nbformat.read(request.param, as_version=4)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_is_in_its_normal_form(path):
    assert notebooks.main(["--check", str(path)]) == 0, "run `make notebooks`"


def test_every_code_cell_has_been_run_in_order(notebook):
    # nbval compares nothing, and says nothing, where a cell has no execution count.
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_no_output_is_an_error(notebook):
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error"] == []
    assert [output for output in outputs if output.get("name") == "stderr"] == []


def test_cells_are_short_enough_to_read(chapter):
    code = [cell.source for cell in chapter.cells if cell.cell_type == "code"]
    assert sum(not source.startswith("explorers.") for source in code) <= 20
    assert max(len(source.splitlines()) for source in code) <= 25


def test_figures_have_a_name_a_caption_and_an_alt_text(chapter):
    for cell in chapter.cells:
        if cell.cell_type == "code" and (
            cell.source.startswith("explorers.")
            or any("Figure" in str(o.get("data")) for o in cell.outputs)
        ):
            about = cell.metadata["mystnb"]
            assert about["figure"]["name"].startswith("fig-")
            assert len(about["figure"]["caption"]) > 40
            assert len(about["image"]["alt"]) > 60


def test_chapter_has_its_card_predictions_summary_and_reading(chapter, request):
    if not request.node.callspec.id.startswith("0"):
        return
    text = "\n".join(cell.source for cell in chapter.cells if cell.cell_type == "markdown")
    for part in (
        ":::{admonition} This chapter",
        "**You will**",
        "**You need**",
        "**Time:**",
        ":::{admonition} Predict first",
        "## Summary",
        "## Further reading",
    ):
        assert part in text


def prose(notebook):
    """How many words a notebook asks to be read, without formulas, code, directives and folded boxes."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    text = re.sub(r"^(:{3,})\{dropdown\}.*?^\1$", " ", text, flags=re.DOTALL | re.MULTILINE)
    formulas = r"\$\$.*?\$\$( *\([a-z0-9-]+\))?", r"\$[^$]*\$"
    for pattern in (r"```.*?```", *formulas, r"(\{[a-z:]+\})?`[^`]*`"):
        text = re.sub(pattern, " ", text, flags=re.DOTALL)
    text = re.sub(r"^:[a-z]+:.*$|^:{3,}(\{[a-z]+\})?", " ", text, flags=re.MULTILINE)
    return len(re.findall(r"[^\W\d_]+(?:['’–-][^\W\d_]+)*", text))


def test_words_are_counted_without_formulas_code_directives_and_folded_boxes():
    text = "# Two words\n\nIt's $x$ at `code`, {eq}`eq-x` (here).\n\n$$\na b\n$$ (eq-x)\n\n"
    box = ":::{admonition} One title\n:class: note\n\ninside\n:::\n"
    folded = ":::{dropdown} For the curious: why\nnot counted\n:::\n"
    notebook = make_notebook(nbformat.v4.new_markdown_cell(text + box + folded))
    assert prose(notebook) == 8  # Two words. It's at here. One title inside.


def test_core_path_and_later_chapters_keep_to_their_lengths():
    words = {path.stem: prose(nbformat.read(path, as_version=4)) for path in CHAPTERS}
    core = {name: count for name, count in words.items() if "01" <= name[:2] <= "05"}
    later = {name: count for name, count in words.items() if "06" <= name[:2] <= "09"}
    assert len(core) == 5
    assert len(later) == 4
    assert sum(core.values()) <= 11_000, core
    assert max(later.values()) <= 3_000, later


def make_notebook(*cells, **metadata):
    return nbformat.v4.new_notebook(cells=list(cells), metadata=metadata)


def test_normalising_drops_pictures_and_keeps_text():
    data = {"image/png": "AAAA", "text/plain": "<Figure>"}
    output = nbformat.v4.new_output("display_data", data, metadata={"image/png": {"width": 3}})
    widget = nbformat.v4.new_output(
        "display_data", {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "w"}
    )
    text = nbformat.v4.new_output("stream", name="stdout", text="kept\n")
    cell = nbformat.v4.new_code_cell("1", execution_count=7, outputs=[output, widget, text])
    cell.metadata = nbformat.from_dict(
        {"tags": ["hide-input"], "editor": {"x": 1}, "execution": {"started": "now"}}
    )
    before = make_notebook(cell, widgets={"state": {}}, authors=["someone"])
    after = notebooks.normalise(before)
    assert [dict(o.get("data", {})) for o in after.cells[0].outputs] == [
        {"text/plain": "<Figure>"},
        {"text/plain": "w"},
        {},
    ]
    assert after.cells[0].outputs[2].text == "kept\n"
    assert after.cells[0].execution_count == 1
    assert after.cells[0].metadata == {"tags": ["hide-input"]}
    assert set(after.metadata) == {"kernelspec"}
    assert before.cells[0].execution_count == 7  # what was given is left as it was


def test_normalising_joins_what_a_cell_printed_in_pieces():
    pieces = [
        nbformat.v4.new_output("stream", name=name, text=text)
        for name, text in [("stdout", "a\n"), ("stdout", "b\n"), ("stderr", "c\n"), ("stdout", "d\n")]
    ]
    before = make_notebook(nbformat.v4.new_code_cell("1", execution_count=1, outputs=pieces))
    after = notebooks.normalise(before).cells[0].outputs
    assert [(output.name, output.text) for output in after] == [
        ("stdout", "a\nb\n"),
        ("stderr", "c\n"),
        ("stdout", "d\n"),
    ]
    assert before.cells[0].outputs[0].text == "a\n"


def test_normalising_never_numbers_a_cell_that_was_not_run():
    run = nbformat.v4.new_code_cell("1", execution_count=3)
    not_run = nbformat.v4.new_code_cell("2")
    after = notebooks.normalise(make_notebook(run, not_run))
    assert [cell.execution_count for cell in after.cells] == [1, None]


def test_normalising_twice_changes_nothing_more(notebook):
    once = notebooks.normalise(notebook)
    assert notebooks.normalise(once) == once


def test_executing_stops_at_the_first_error(tmp_path):
    path = tmp_path / "broken.ipynb"
    nbformat.write(make_notebook(nbformat.v4.new_code_cell("1 / 0")), path)
    before = path.read_text()
    with pytest.raises(Exception, match="ZeroDivisionError"):
        notebooks.main(["--execute", str(path)])
    assert path.read_text() == before


def test_check_names_what_is_not_in_order(tmp_path, capsys):
    path = tmp_path / "untidy.ipynb"
    nbformat.write(make_notebook(nbformat.v4.new_markdown_cell("text  \n"), extra=1), path)
    assert notebooks.main(["--check", str(path)]) == 1
    assert "untidy.ipynb" in capsys.readouterr().err
    assert notebooks.main([str(path)]) == 0
    assert notebooks.main(["--check", str(path)]) == 0


def test_what_the_build_would_run_is_run_beforehand_once(tmp_path, capsys):
    paths = [tmp_path / f"{name}.ipynb" for name in ("first", "second")]
    for number, path in enumerate(paths):
        cell = nbformat.v4.new_code_cell(f"print({number} + 40)", metadata={"tags": ["hide-input"]})
        nbformat.write(make_notebook(cell), path)
    before = [path.read_bytes() for path in paths]
    assert notebooks.main(["--cache", str(tmp_path / "cache"), *map(str, paths)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sorted(line.split("/")[-1].split(".")[0] for line in lines) == ["first", "second"]
    assert [path.read_bytes() for path in paths] == before
    # The build looks a notebook up as jupyter-cache does.
    for number, path in enumerate(paths):
        _, found = get_cache(tmp_path / "cache").merge_match_into_notebook(
            nbformat.read(path, as_version=4)
        )
        assert found.cells[0].outputs[0].text == f"{number + 40}\n"
    notebooks.main(["--cache", str(tmp_path / "cache"), *map(str, paths)])
    assert capsys.readouterr().out == ""
