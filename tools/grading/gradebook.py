"""Put points into the gradebook that an instructor exported from Canvas or Moodle, ready to be imported.

Only the cells of one column change. Every other byte of the file stays as the platform wrote it.
"""

import codecs
import csv
import dataclasses
import io
import re
from collections.abc import Iterable
from pathlib import Path

from grading.lab import LabError
from grading.names import same_name, separator

# By what each platform tells students apart, and how it writes names.
_KEYS = {
    "canvas": ("id", "sis user id", "sis login id", "integration id"),
    "moodle": ("id number", "username", "email address", "identifier"),
}
_NAMES = {
    "canvas": ("student", "firstname", "lastname"),
    "moodle": ("full name", "first name", "last name", "surname"),
}
_NUMBER = {"canvas": "id", "moodle": "identifier"}  # what the names of exported files hold too
FORMATS = tuple(_KEYS)
_POSSIBLE = "points possible"
_SUFFIX = re.compile(r"\s*\((\d+|real)\)\s*$", re.IGNORECASE)  # Canvas's number, Moodle's kind of grade


@dataclasses.dataclass
class Entry:
    """One student's points, to be put in; None where there are none yet, and `why`."""

    student: str
    points: float | None
    why: str = ""
    id: str = ""  # the platform's number for who handed in


class Gradebook:
    """An exported gradebook: its text in pieces that can be put together again.

    Parameters
    ----------
    path : Path
        The file, in UTF-8 or UTF-16, with commas, semicolons, tabs or colons.
    format : str
        "canvas" or "moodle".
    lab : str
        The lab's name; its first word, such as "lab1", finds the column "Lab 1 (123)".
    column : str, optional
        The column's name where that doesn't find it.

    Raises
    ------
    LabError
        The file, or the column that is to be filled, cannot be told for sure.
    """

    def __init__(self, path: Path, format: str, lab: str, column: str = "") -> None:
        if format not in FORMATS:
            raise LabError(f"FORMAT must be {' or '.join(FORMATS)}, got {format!r}")
        self.path, self.format = path, format
        self._read()
        self._headers = [same_name(name) for name in self._values[0]]
        self._column = self._find(lab, column)
        self._people = self._find_people()

    @property
    def column(self) -> str:
        """The name of the column that is filled."""
        return self._values[0][self._column]

    @property
    def possible(self) -> float | None:
        """How many points the gradebook says there are to earn, if it does."""
        if "maximum grade" in self._headers:
            return _number(self._values[self._rows[0]][self._headers.index("maximum grade")])
        return next((_number(self._cell(row)) for row in self._rows if self._is_possible(row)), None)

    def fill(self, entries: Iterable[Entry]) -> tuple[bytes, list[str]]:
        """Return the file with the points in it, and a line on each student who needs a look."""
        said, found = [], {}
        for entry in entries:
            rows = self._people.get(same_name(entry.student), set())
            numbered = self._people.get(("number", entry.id), set())
            if len(rows) != 1 and len(numbered) == 1:
                rows = numbered
                said.append(f"{entry.student}: taken for {self._who(*rows)}, by the platform's number")
            if len(rows) == 1:
                found.setdefault(next(iter(rows)), []).append(entry)
            elif rows:
                said.append(f"{entry.student}: {len(rows)} rows of the gradebook could be meant")
            else:
                said.append(f"{entry.student}: nobody in the gradebook has this identifier or name")
        raw = [list(line) for line in self._raw]
        comma = any(re.fullmatch(r"\d+,\d+", self._cell(row)) for row in self._rows)
        for row, those in sorted(found.items()):
            who, old = self._who(row), self._cell(row).strip()
            if len(those) > 1:
                names = " and ".join(entry.student for entry in those)
                said.append(f"{who}: has {len(those)} submissions ({names}), so none was put in")
            elif those[0].points is None:
                said.append(f"{who}: {those[0].why}")
            elif old and _number(old) is None and old != "-":
                said.append(f"{who}: the gradebook says {old!r}, which was kept")
            elif self._locked(row):
                said.append(f"{who}: the gradebook says that this grade cannot be changed")
            else:
                new = f"{round(those[0].points, 4):.8g}"
                if old and _number(old) not in (None, round(those[0].points, 4)):
                    said.append(f"{who}: {old} was replaced by {new}")
                new = new.replace(".", ",") if comma else new
                field, end = raw[row][self._column]
                quoted = field.startswith('"') or self._sign in new
                raw[row][self._column] = (f'"{new}"' if quoted else new, end)
        others = sorted(set().union(*self._people.values()) - found.keys()) if self._people else []
        said += [f"{self._who(row)}: is in the gradebook, and handed in nothing" for row in others]
        text = "".join(field + end for line in raw for field, end in line)
        return text.encode(self._encoding), said

    def _read(self) -> None:
        try:
            content = self.path.read_bytes()
            self._encoding = "utf-8"
            for mark, name in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
                self._encoding = name if content.startswith(mark) else self._encoding
            text = content.decode(self._encoding)
            self._sign = separator(text, (*_KEYS[self.format], *_NAMES[self.format]))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise LabError(f"GRADEBOOK={self.path} cannot be read as a CSV in UTF-8: {error}") from error
        piece = re.compile(rf'("(?:[^"]|"")*"|[^{self._sign}\r\n]*)({self._sign}|\r\n|\n|\r|\Z)')
        # What precedes the header (a byte order mark) belongs to its first field.
        self._raw, at, line, skip = [], 0, [], text.startswith("\ufeff")
        while at < len(text):
            found = piece.match(text, at + skip)
            line.append((text[at : at + skip] + found[1], found[2]))
            at, skip = found.end(), False
            if found[2] != self._sign:
                self._raw.append(line)
                line = []
        if line:  # the file ends with a sign: an empty field follows it
            self._raw.append([*line, ("", "")])
        self._values = [[_value(field) for field, _ in line] for line in self._raw]
        read = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=self._sign)
        try:
            same = [line or [""] for line in read] == self._values != []
        except csv.Error:
            same = False
        if not same:  # a quotation mark is open, or stands where none may
            raise LabError(f"GRADEBOOK={self.path} is not a CSV that can be read without doubt")
        width = len(self._values[0])
        self._rows = [row for row, values in enumerate(self._values) if row and any(values)]
        for row in self._rows:
            if len(self._values[row]) != width:
                raise LabError(
                    f"GRADEBOOK={self.path}, row {row + 1} has {len(self._values[row])} fields; its header "
                    f"has {width}"
                )

    def _find(self, lab: str, wanted: str) -> int:
        if not {*_KEYS[self.format], *_NAMES[self.format]} & set(self._headers):
            named = ", ".join((*_NAMES[self.format], *_KEYS[self.format]))
            raise LabError(
                f"GRADEBOOK={self.path} is no export of {self.format.capitalize()} in English: it has none "
                f"of the columns {named}"
            )
        known = set(_KEYS[self.format]) | set(_NAMES[self.format])
        if wanted:
            chosen = [
                index
                for index, name in enumerate(self._headers)
                if same_name(wanted) in (name, same_name(_SUFFIX.sub("", name)))
            ]
            what = f"COLUMN={wanted}"
        elif "maximum grade" in self._headers and "grade" in self._headers:  # Moodle's grading worksheet
            return self._headers.index("grade")
        else:
            word = lab.split("_")[0]
            spaced = re.sub(r"(?<=\D)(?=\d)", r"[\\W_]*", word)
            pattern = re.compile(rf"(?<![^\W\d_]){spaced}(?!\d)")
            chosen = [
                index
                for index, name in enumerate(self._headers)
                if name not in known
                and pattern.search(_SUFFIX.sub("", name))
                and not name.endswith(("(percentage)", "(letter)", "(feedback)"))
            ]
            what = f"{word!r} in its name"
        if len(chosen) != 1:
            number = "no column" if not chosen else f"{len(chosen)} columns"
            listed = "; ".join(name for name in self._values[0] if same_name(name) not in known)
            raise LabError(f"GRADEBOOK={self.path} has {number} with {what}: say COLUMN=, one of: {listed}")
        (index,) = chosen
        for row in self._rows:
            if self._is_possible(row) and "read only" in self._values[row][index]:
                raise LabError(f"GRADEBOOK={self.path}: {self._values[0][index]!r} is read only in Canvas")
        return index

    def _find_people(self) -> dict[str | tuple, set[int]]:
        """Return the rows by each identifier and form of a name that they hold, as names are compared."""
        people: dict[str | tuple, set[int]] = {}
        for row in self._rows:
            fields = dict(zip(self._headers, map(same_name, self._values[row]), strict=True))
            whole, first, *last = (fields.get(name, "") for name in _NAMES[self.format])
            last = "".join(last)
            if self.format == "canvas" and whole:
                last, _, first = whole.partition(", ")
            if self._is_possible(row) or (self.format, last, first) == ("canvas", "student", "test"):
                continue
            forms = {fields.get(key, "") for key in _KEYS[self.format]}
            forms |= {whole, f"{first} {last}".strip(), f"{last}, {first}".strip(", ")}
            if self.format == "canvas":  # it names the files that it exports by the letters of both
                forms.add(re.sub(r"[\W_]", "", last + first))
            if number := re.fullmatch(r"\D*(\d+)", fields.get(_NUMBER[self.format], "")):
                forms.add(("number", number[1]))
            for form in forms - {"", "-"}:
                people.setdefault(form, set()).add(row)
        return people

    def _cell(self, row: int) -> str:
        return self._values[row][self._column]

    def _is_possible(self, row: int) -> bool:
        return self.format == "canvas" and same_name(self._values[row][0]) == _POSSIBLE

    def _who(self, row: int) -> str:
        fields = dict(zip(self._headers, self._values[row], strict=True))
        names = " ".join(filter(None, (fields.get(name, "") for name in _NAMES[self.format])))
        return names or next(filter(None, (fields.get(key, "") for key in _KEYS[self.format])), "")

    def _locked(self, row: int) -> bool:
        fields = dict(zip(self._headers, self._values[row], strict=True))
        return same_name(fields.get("grade can be changed", "")) == "no"


def _value(field: str) -> str:
    field = field.removeprefix("\ufeff")
    return field[1:-1].replace('""', '"') if len(field) > 1 and field[0] == field[-1] == '"' else field


def _number(text: str) -> float | None:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None
