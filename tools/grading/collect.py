"""Find the submissions in a folder or a learning platform's zip, and whose they are.

Nothing is run, and no link is followed.
"""

import codecs
import csv
import dataclasses
import io
import json
import re
import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath

from grading.lab import LabError, same_name, student_id

_LARGEST = 20 * 2**20
_MOST = 5000
_ALL_TOGETHER = 2 * 2**30
_IGNORED = ("__MACOSX", "__pycache__")
# As Moodle and Canvas name what they export.
_MOODLE = re.compile(r"(?P<name>.+?)_\d+_assignsubmission_")
_CANVAS = re.compile(r"(?P<name>[^_]+)(_LATE)?_\d+_\d+_.+")


@dataclasses.dataclass
class Submission:
    """One hand-in: where it was found, whose it is, and its bytes, or why there are none."""

    file: str
    student: str
    content: bytes | None = None
    problem: str = ""
    notes: list[str] = dataclasses.field(default_factory=list)


def collect(
    where: Path, lab: str, placeholder: str | None, scratch: Path
) -> tuple[list[Submission], list[str]]:
    """Return the submissions in a stable order, and the names of files that were passed over.

    `placeholder` is the STUDENT_ID of the notebook as handed out, which names nobody. Zips are unpacked
    below `scratch`.
    """
    if not where.exists():
        raise LabError(f"FROM={where}: there is no such folder or zip")
    if where.is_file() and where.suffix.lower() != ".zip":
        raise LabError(f"FROM={where} is neither a folder nor a zip")
    found, ignored = [], []
    if where.is_file():
        found += _scan_zip(where, "", lab, scratch, ignored)
    else:
        found += _scan(_step_inside(where), "", lab, scratch, ignored)
    if not found:
        seen = f"; it has {', '.join(sorted(ignored)[:5])}" if ignored else ""
        raise LabError(f"FROM={where} holds no submission, that is no .ipynb file{seen}")
    found += [
        Submission(name, _fallback(PurePosixPath(name).stem), problem="is no notebook (.ipynb)")
        for name in ignored
    ]
    found = _beside_texts(found)
    for submission in found:
        _identify(submission, placeholder)
    found.sort(key=lambda submission: (submission.student.casefold(), submission.file))
    return found, sorted(ignored)


def _beside_texts(found: list[Submission]) -> list[Submission]:
    """Leave out Moodle's folders of online texts where the same student's notebook is here; note them."""
    graded = {item.student: item for item in found if item.content is not None}
    kept = []
    for item in found:
        if item.content is None and item.student in graded and "_assignsubmission_onlinetext" in item.file:
            graded[item.student].notes.append(f"there is an online text too: {item.file}")
        else:
            kept.append(item)
    return kept


def _is_notebook(path: Path) -> bool:
    """Tell notebooks by name, those too to which a browser has added an ending."""
    return path.name.lower().endswith((".ipynb", ".ipynb.txt", ".ipynb.json"))


def _step_inside(folder: Path) -> Path:
    """Enter a folder that holds nothing but a folder of folders, as zips often do."""
    inside = [path for path in folder.iterdir() if not path.name.startswith((".", *_IGNORED))]
    if len(inside) == 1 and inside[0].is_dir() and not inside[0].is_symlink():
        deeper = [path for path in inside[0].iterdir() if not path.name.startswith((".", *_IGNORED))]
        if deeper and all(path.is_dir() or path.suffix.lower() == ".zip" for path in deeper):
            return inside[0]
        if sum(path.suffix.lower() == ".ipynb" for path in deeper) > 1:
            return inside[0]
    return folder


def _scan(folder: Path, prefix: str, lab: str, scratch: Path, ignored: list[str]) -> list[Submission]:
    found = []
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        name = prefix + path.name
        if path.name.startswith((".", *_IGNORED)):
            continue
        if path.is_symlink():
            found.append(
                Submission(name, _fallback(path.stem), problem="is a symbolic link, which is not followed")
            )
        elif path.is_dir():
            found += _from_folder(path, name, lab, scratch, ignored)
        elif path.suffix.lower() == ".zip" and path.is_file():
            found += _scan_zip(path, f"{name}/", lab, scratch, ignored)
        elif _is_notebook(path):
            found.append(_from_file(path, name, _fallback(path.name[: path.name.lower().rindex(".ipynb")])))
        else:
            ignored.append(name)
    return found


def _from_folder(folder: Path, name: str, lab: str, scratch: Path, ignored: list[str]) -> list[Submission]:
    student = _fallback(folder.name.removesuffix(".ipynb"))
    notebooks = sorted(
        path
        for path in folder.rglob("*")
        if _is_notebook(path)
        and not any(part.startswith((".", *_IGNORED)) for part in path.relative_to(folder).parts)
    )
    zips = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".zip" and path.is_file())
    if not notebooks and zips:
        found = []
        for path in zips:
            label = f"{name}/{path.relative_to(folder).as_posix()}/"
            inside = _scan_zip(path, label, lab, scratch, ignored)
            for submission in inside:
                submission.student = student
            found += inside
        return found
    return [_from_notebooks(folder, name, lab, student, notebooks)]


def _from_notebooks(folder: Path, name: str, lab: str, student: str, notebooks: list[Path]) -> Submission:
    named = [path for path in notebooks if path.stem == lab]
    if len(notebooks) > 1 and len(named) == 1:
        notebooks = named
    if not notebooks:
        return Submission(name, student, problem="is a folder without a notebook (.ipynb)")
    if len(notebooks) > 1:
        listed = ", ".join(path.relative_to(folder).as_posix() for path in notebooks[:4])
        return Submission(name, student, problem=f"holds {len(notebooks)} notebooks ({listed}): keep one")
    path = notebooks[0]
    label = f"{name}/{path.relative_to(folder).as_posix()}"
    if path.is_dir():
        return Submission(label, student, problem="is a folder, not a notebook")
    if path.is_symlink() or not path.resolve().is_relative_to(folder.resolve()):
        return Submission(label, student, problem="is a symbolic link, which is not followed")
    return _from_file(path, label, student)


def _from_file(path: Path, name: str, student: str) -> Submission:
    try:
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode):
            return Submission(name, student, problem="is not a regular file")
        if about.st_size > _LARGEST:
            return Submission(name, student, problem=f"is larger than {_LARGEST // 2**20} MiB")
        return Submission(name, student, path.read_bytes())
    except OSError as error:
        return Submission(name, student, problem=f"cannot be read: {error.strerror}")


def _scan_zip(path: Path, prefix: str, lab: str, scratch: Path, ignored: list[str]) -> list[Submission]:
    target = scratch / f"zip-{len(list(scratch.glob('zip-*')))}"
    target.mkdir()
    label = prefix.rstrip("/") or path.name
    try:
        refused = _unpack(path, target)
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError, ValueError) as error:
        return [Submission(label, _fallback(path.stem), problem=f"is not a zip that can be read: {error}")]
    found = [
        Submission(prefix + name, _whose(PurePosixPath(name.replace("\\", "/"))), problem=why)
        for name, why in refused
    ]
    inside = _step_inside(target)
    single = bool(prefix)
    if inside != target:
        prefix += f"{inside.name}/"
    found += _scan(inside, prefix, lab, scratch, ignored)
    if single and len(found) == 1 and not found[0].problem:  # a zip in an export is one student's
        found[0].student = _fallback(path.stem)
    return found


def _unpack(path: Path, target: Path) -> list[tuple[str, str]]:
    """Unpack the notebooks and nested zips of a zip into a folder; return what was refused, and why."""
    refused = []
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if len(entries) > _MOST:
            raise ValueError(f"it has more than {_MOST} entries")
        if sum(entry.file_size for entry in entries) > _ALL_TOGETHER:
            raise ValueError(f"unpacked it would be larger than {_ALL_TOGETHER // 2**30} GiB")
        for entry in entries:
            written = _decoded(entry)
            inside = PurePosixPath(written.replace("\\", "/"))
            if inside.is_absolute() or ".." in inside.parts or re.match(r"[A-Za-z]:", entry.filename):
                refused.append((entry.filename, "points outside the zip, and was not unpacked"))
            elif stat.S_ISLNK(entry.external_attr >> 16):
                refused.append((entry.filename, "is a symbolic link, which is not followed"))
            elif entry.is_dir():
                (target / inside).mkdir(parents=True, exist_ok=True)
            elif entry.file_size > _LARGEST:
                refused.append((entry.filename, f"is larger than {_LARGEST // 2**20} MiB"))
            else:
                place = target / inside
                place.parent.mkdir(parents=True, exist_ok=True)
                if place.exists():
                    refused.append((written, "is in the zip twice: the first is graded, this one not"))
                    continue
                # The size in the zip's directory is a claim: read no more than it says.
                with archive.open(entry) as packed, place.open("wb") as unpacked:
                    shutil.copyfileobj(packed, unpacked)
    return refused


def _whose(entry: PurePosixPath) -> str:
    """Return whose an entry of a zip is: its folder's, if it lies in one of the export's."""
    return _fallback(entry.parts[0] if _MOODLE.match(entry.parts[0]) else entry.stem)


def _decoded(entry: zipfile.ZipInfo) -> str:
    """Return an entry's name, in UTF-8 also where the zip forgot to say so."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _fallback(name: str) -> str:
    """Return whose a file is by its name, as platforms write it."""
    match = _MOODLE.match(name) or _CANVAS.fullmatch(name)
    return " ".join((match["name"] if match else name).split())[:100] or "unnamed"


def _identify(submission: Submission, placeholder: str | None) -> None:
    if submission.content is None:
        return
    try:
        given = student_id(_cells(submission.content))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError, MemoryError):
        return  # the grader proper will say what is wrong with it
    if given and given != placeholder:
        submission.student = given
    else:
        submission.notes.append("STUDENT_ID was not set: named by the file")


def _cells(content: bytes) -> list[tuple[str, str]]:
    notebook = json.loads(content)
    cells = notebook.get("cells") or [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
    return [(cell["cell_type"], "".join(cell.get("source", cell.get("input", "")))) for cell in cells]


def read_table(path: Path, columns: tuple[str, ...], what: str) -> list[dict[str, str]]:
    """Read a CSV that must have some columns, as spreadsheets of any country write it.

    Commas, semicolons or tabs; headers of any case; names guarded against spreadsheets lose their guard.
    """
    try:
        content = path.read_bytes()
        wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = content.decode("utf-16" if wide else "utf-8-sig")
        text = re.sub(r"\Asep=.\r?\n", "", text)  # Excel's word to itself
        first = text.split("\n", 1)[0]
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
            column: re.sub(
                r"^'(?=[=+\-@])", "", dict(zip(header, line, strict=False)).get(column, "").strip()
            )
            for column in columns
        }
        for line in lines
    ]
