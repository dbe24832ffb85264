"""When two names are one person's, and tables that hold them, as spreadsheets write them."""

import codecs
import csv
import io
import re
import unicodedata
from pathlib import Path

from grading.lab import LabError

# Unseen, but part of how names are written in Persian, in Indian scripts and in emoji.
_JOINERS = "\u200c\u200d"
# What a spreadsheet takes for the start of a formula, in narrow form.
_STARTS = "=+-@|%"


def same_name(name: str) -> str:
    """Return the form in which names are compared: composed, without case and invisible letters."""
    composed = unicodedata.normalize("NFC", unicodedata.normalize("NFC", _seen(name)).casefold())
    return "".join(letter for letter in composed if letter not in _JOINERS)


def _seen(text: str) -> str:
    """Return text on one line without what cannot be seen, single spaces between words."""
    spaced = (" " if letter.isspace() else letter for letter in text)
    seen = (letter for letter in spaced if letter in _JOINERS or unicodedata.category(letter)[0] != "C")
    return " ".join("".join(seen).split())


def guarded(text: str) -> str:
    """Return text that no spreadsheet takes for a formula, on one line."""
    shown = _seen(text)
    return f"'{shown}" if _is_formula(shown) else shown


def _is_formula(text: str) -> bool:
    return unicodedata.normalize("NFKC", text.lstrip(_JOINERS)[:1])[:1] in set(_STARTS)


def _unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") and _is_formula(text[1:]) else text


def read_table(path: Path, columns: tuple[str, ...], what: str) -> list[dict[str, str]]:
    """Read a CSV that must have some columns, as spreadsheets of any country write it.

    Commas, semicolons or tabs; headers of any case; names guarded against spreadsheets lose their guard.
    """
    try:
        text = _decoded(path.read_bytes())
        text = re.sub(r"\Asep=.\r?\n", "", text)  # Excel's word to itself
        first = text.lstrip().split("\n", 1)[0]
        found = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
        header, *lines = [line for line in found if any(map(str.strip, line))] or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LabError(f"{what}={path} cannot be read as a CSV in UTF-8: {error}") from error
    header = [same_name(name) for name in header]
    missing = [column for column in columns if column not in header]
    if missing:
        raise LabError(f"{what}={path} lacks the column {missing[0]!r}; it needs {', '.join(columns)}")
    if not lines:
        raise LabError(f"{what}={path} has no row below its header")
    return [
        {
            column: _unguarded(dict(zip(header, line, strict=False)).get(column, "").strip())
            for column in columns
        }
        for line in lines
    ]


def _decoded(content: bytes) -> str:
    """Return the text of a table: UTF-8, UTF-16 with its mark, or what Windows wrote in Western Europe."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        if b"\0" in content:
            raise
        return content.decode("cp1252")
