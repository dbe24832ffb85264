"""Notebooks for any Jupyter: each piece of the book's markup has a plain form, and the rest is refused."""

import nbformat
import pytest
from portable import Book, NoPlainFormError, portable

BIBLIOGRAPHY = r"""
@article{One, author = {Tarone, Robert E.}, title = {Testing}, journal = {Biometrika}, year = {1979}}
@article{Two, author = {Neal, Radford and Hinton, Geoffrey}, title = {A view}, journal = {J}, year = {1998}}
@article{Three, author = {M{\"u}ller, A. and Laird, B. and Rubin, C.}, title = {EM},
  journal = {J}, year = {1977}}
"""


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "references.bib"
    path.write_text(BIBLIOGRAPHY, encoding="utf-8")
    return Book(
        macros={"E": ["\\operatorname{E}"], "BetaF": "\\mathrm{B}", "Two": ["#1#1", 1]},
        equations={"eq-posterior": "2.3"},
        figures={"fig-em": "4.1"},
        sections={"sec-slope": "The slope"},
        titles={"chapters/01_model": "The model", "intro": "EM at Bat"},
        bibliography=(path,),
    )


def convert(text, book, page="chapters/04_em"):
    before = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text, id="cell-00")])
    cells = portable(before, page, book, "preface").cells
    assert cells[0].source == "preface"
    assert before.cells[0].source == text  # what was given is left as it was
    return "\n\n".join(cell.source for cell in cells[1:])


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("by {eq}`eq-posterior` it is", "by (2.3) it is"),
        ("see {doc}`01_model`", "see *The model*"),
        ("see {doc}`the first <01_model>`", "see *the first*"),
        ("see {doc}`/intro`, {doc}`../intro`", "see *EM at Bat*, *EM at Bat*"),
        ("a {term}`posterior`", "a posterior"),
        ("many {term}`posteriors <posterior>`", "many posteriors"),
        ("in {numref}`fig-em`", "in Fig. 4.1"),
        ("in {ref}`sec-slope`, {ref}`there <sec-slope>`", "in *The slope*, there"),
        ("get {download}`../exercises/ex04/ex04.ipynb`", "get `ex04.ipynb`"),
        (r"$\E[X] + \Exp + \BetaF(a)$", r"$\operatorname{E}[X] + \Exp + \mathrm{B}(a)$"),
        ("$$\na = b\n$$ (eq-posterior)\nand $$c$$", "$$\na = b\n\\tag{2.3}\n$$\nand $$c$$"),
        ("`code {not a role}` stays", "`code {not a role}` stays"),
    ],
)
def test_markup_becomes_plain(book, text, plain):
    assert convert(text, book) == plain


def test_titles_are_links_where_the_site_has_an_address(book):
    there = Book(site="https://you.github.io/b/", titles=book.titles)
    assert (
        convert("see {doc}`01_model`", there)
        == "see [The model](https://you.github.io/b/chapters/01_model.html)"
    )


def test_citations_name_authors_and_years_and_the_works_are_listed_once(book):
    text = convert("{cite:t}`One`; {cite}`Two,Three`; {cite}`One`", book)
    assert text.startswith("Tarone [1979]; [Neal and Hinton, 1998; Müller et al., 1977]; [Tarone, 1979]")
    assert text.count("## References") == 1
    assert text.count("- Robert E. Tarone.") == 1
    assert "Müller" in text.partition("## References")[2]


def test_boxes_become_jupyter_s_own_one_within_another_too(book):
    inner = ":::{note}\nInside {eq}`eq-posterior`.\n:::"
    text = convert(
        f"::::{{admonition}} A slip: $x$\n:class: warning\n\nBefore.\n\n{inner}\n::::\nAfter.", book
    )
    assert [line for line in text.split("\n") if line] == [
        '<div class="alert alert-block alert-warning">',
        "**A slip: $x$**",
        "Before.",
        '<div class="alert alert-block alert-info">',
        "**Note**",
        "Inside (2.3).",
        "</div>",
        "</div>",
        "After.",
    ]
    # Jupyter reads Markdown inside an element only after an empty line.
    assert '-warning">\n\n**A slip: $x$**\n\nBefore.' in text


def test_hints_stay_folded(book):
    text = convert(":::{admonition} Hint\n:class: dropdown tip\nLook.\n:::", book)
    assert text == "<details>\n<summary><b>Hint</b></summary>\n\nLook.\n\n</details>"


def test_a_figure_s_caption_follows_it(book):
    cell = nbformat.v4.new_code_cell("plot()", id="cell-01")
    cell.metadata = {"mystnb": {"figure": {"name": "fig-em", "caption": "Shown by {eq}`eq-posterior`."}}}
    cells = portable(nbformat.v4.new_notebook(cells=[cell]), "chapters/04_em", book, "").cells
    assert cells[2].source == "**Fig. 4.1**\u2003Shown by (2.3)."
    assert [cell.id for cell in cells] == ["preface", "cell-01", "cell-01-caption"]


@pytest.mark.parametrize(
    "text",
    [
        "{eq}`eq-unknown`",
        "{doc}`nowhere`",
        "{cite}`Nobody`",
        "{made-up}`x`".replace("-", ":"),
        ":::{figure} picture.png\n:::",
        "```{code-cell}\n```",
        ":::{note}\nnever closed",
        r"$\Two{x}$",
        "$$x$$ (eq-unknown)",
    ],
)
def test_what_has_no_plain_form_is_refused_by_name(book, text):
    with pytest.raises(NoPlainFormError, match=r"chapters/04_em: .* has no plain form in portable\.py"):
        convert(text, book)
