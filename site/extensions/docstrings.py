"""Sphinx extension: labels of equations in docstrings become links to the equations of the book.

A docstring says ``(eq-posterior)``, which reads well in a terminal; on the page it becomes the number.
"""

import re

from sphinx.application import Sphinx


def link_equations(app: Sphinx, what, name, obj, options, lines: list[str]) -> None:
    """Turn each label in brackets into a reference."""
    lines[:] = [re.sub(r"\((eq-[a-z0-9-]+)\)", r":eq:`\1`", line) for line in lines]


def setup(app: Sphinx) -> dict:
    """Register the above with Sphinx."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", link_equations)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
