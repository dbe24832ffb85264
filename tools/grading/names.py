"""When two names are one person's, and tables that hold them, as spreadsheets write them."""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterable
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
    """Return text on one line without what cannot be seen, single spaces between words.

    A letter that is none, as in the name of a file from another system, is seen as "?".
    """
    spaced = (" " if letter.isspace() else letter for letter in text.encode(errors="replace").decode())
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


def separator(text: str, columns: Iterable[str]) -> str:
    """Return the sign between a table's fields: the one that finds most of the columns in the header."""

    def suits(sign: str) -> tuple[int, int]:
        first = io.StringIO(text.removeprefix("\ufeff").lstrip(), newline="")
        header = next(csv.reader(first, delimiter=sign), [])
        return len({same_name(name) for name in header} & set(columns)), len(header)

    return max(",;\t:", key=suits)


def read_table(path: Path, columns: tuple[str, ...], what: str) -> list[tuple[int, dict[str, str]]]:
    """Return the rows, each after its line, of a CSV that must have some columns.

    As spreadsheets of any country write it: commas, semicolons or tabs; headers of any case; names guarded
    against spreadsheets lose their guard.
    """
    try:
        text = _decoded(path.read_bytes())
        text = re.sub(r"\Asep=.\r?\n", "\n", text)  # Excel's word to itself
        if "\0" in text:
            raise csv.Error("it holds bytes that no text does")
        sign = separator(text, columns)
        found = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)
        lines = [(found.line_num, line) for line in found if any(map(str.strip, line))]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LabError(f"{what}={path} cannot be read as a CSV in UTF-8: {error}") from error
    header = [same_name(name) for name in lines[0][1]] if lines else []
    for column in columns:
        if header.count(column) != 1:
            has = "has twice" if column in header else "lacks"
            raise LabError(f"{what}={path} {has} the column {column!r}; it needs {', '.join(columns)}")
    if not lines[1:]:
        raise LabError(f"{what}={path} has no row below its header")
    rows = []
    for number, line in lines[1:]:
        if any(map(str.strip, line[len(header) :])):  # as of 2,5 between commas
            raise LabError(
                f"{what}={path}, line {number} has {len(line)} fields, its header {len(header)}: put what "
                f"holds {sign!r} in quotation marks"
            )
        fields = [_unguarded(field.strip()) for field in line] + [""] * len(header)
        rows.append((number, dict(zip(header, fields, strict=False))))
    return rows


def _decoded(content: bytes) -> str:
    """Return the text of a table: UTF-8, UTF-16 with its mark, or what Windows wrote in Western Europe."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")
