"""Fonts cut down to the letters that the site uses, and put into its style sheets.

So they are there with the sheet, also where a browser lets a page that is read from disk load no font.
"""

import base64
import io
import logging
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont


def cut_down(path: Path, letters: set[str]) -> bytes:
    """Return a font, as WOFF, with some of its letters, or nothing where it has none of them."""
    # It tells of each table that it drops.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    # The date in the file stays: equal books have equal fonts.
    font = TTFont(path, recalcTimestamp=False)
    if not set(map(ord, letters)) & set(font.getBestCmap()):
        return b""
    options = subset.Options(notdef_outline=True, hinting=False, layout_features=[])
    cutter = subset.Subsetter(options)
    cutter.populate(text="".join(letters))
    cutter.subset(font)
    font.flavor = "woff"
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()


def in_css(font: bytes) -> str:
    """Return what stands for a WOFF font as ``src`` in a style sheet."""
    return f'url("data:font/woff;base64,{base64.b64encode(font).decode()}") format("woff")'
