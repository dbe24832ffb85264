"""Find the submissions in a folder or a learning platform's zip, and whose they are.

Nothing is run, unpacked or followed. Every source, a folder, a zip or zips inside zips, is first read into
one flat list of files; what follows, whose they are and which of them is graded, works on that alone.
"""

import dataclasses
import io
import itertools
import json
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from grading.lab import LabError, student_id
from grading.names import same_name

_LARGEST = 20 * 2**20
_LARGEST_ZIP = 200 * 2**20
_MOST = 5000
_ALL_TOGETHER = 2 * 2**30
_DEEPEST = 5
_MOST_NOTEBOOKS = 5
_LONGEST_NAME = 250
_ENDINGS = (".ipynb", ".ipynb.txt", ".ipynb.json")  # the latter two where a browser has added its own
# As the platforms name what they export: whose it is, and by which number or name they know the student.
_PLATFORMS = (
    re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?P<kind>[a-z]+).*", re.DOTALL),  # Moodle
    re.compile(
        r"(?P<attempt>.*_(?P<id>(?P<name>[^_]+))_attempt_\d{4}(-\d\d){5}).*", re.DOTALL
    ),  # Blackboard
    # Canvas: a file, or a text entered there; then the same of anonymous students. A date is no number.
    re.compile(
        r"(?P<name>[^_]+)(_LATE)?_(?P<id>(?!20\d\d_\d\d?_)\d+)_(\d+_.+|(text|link)\.html)", re.DOTALL
    ),
    re.compile(r"(LATE_)?(?P<name>anon_(?P<id>[^_]+))_(\d+_.+|(text|link)\.html)", re.DOTALL),
)


@dataclasses.dataclass
class File:
    """One file of a source: the names that lead to it, and its bytes, or why there are none."""

    parts: tuple[str, ...]
    content: bytes | None = None
    problem: str = ""

    @property
    def name(self) -> str:
        """The names that lead to it, as a path."""
        return "/".join(self.parts)


@dataclasses.dataclass
class Submission:
    """One hand-in: where it was found, whose it is, and its bytes, or why there are none."""

    file: str
    student: str
    content: bytes | None = None
    problem: str = ""
    notes: list[str] = dataclasses.field(default_factory=list)
    id: str = ""
    given: object = None  # what the notebook says STUDENT_ID is
    check: bool = False  # whether a person should look whose it is
    own_name: bool = False  # whether the notebook itself says whose it is


def collect(
    where: Path, lab: str, placeholder: str | None, data: dict[str, bytes] | None = None
) -> list[Submission]:
    """Return the submissions in a stable order.

    `placeholder` is the STUDENT_ID of the notebook as handed out, which names nobody. `data` are the lab's
    own files, of which nothing needs to be said where they are handed in again.
    """
    if not where.exists():
        raise LabError(f"FROM={where}: there is no such folder or zip")
    if where.is_file() and where.suffix.lower() != ".zip":
        raise LabError(f"FROM={where} is neither a folder nor a zip")
    if where.is_dir():
        files = list(_in_folder(where))
    else:
        with where.open("rb") as file:
            files = list(_in_zip(file, (), []))
        for file in files:
            file.parts = file.parts if any(file.parts) else (where.name,)
    if not any(_is_notebook(file) or file.problem for file in files):
        seen = f"; it has {', '.join(sorted(file.name for file in files)[:5])}" if files else ""
        raise LabError(f"FROM={where} holds no submission, that is no .ipynb file{seen}")
    _tell_apart(files)
    found = []
    for name, own in _by_student(files, lab):
        found += _handed_in(name, own, lab, data or {})
    for submission in found:
        _identify(submission, placeholder)
    _keep_namesakes_apart(found)
    return sorted(found, key=lambda submission: (submission.student.casefold(), submission.file))


# Reading.


def _in_folder(folder: Path, above: tuple[str, ...] = ()) -> Iterator[File]:
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        parts = (*above, path.name)
        try:
            about = path.lstat()
            if _is_junk(path.name):
                continue
            if stat.S_ISLNK(about.st_mode):
                yield File(parts, problem="is a symbolic link, which is not followed")
            elif stat.S_ISDIR(about.st_mode):
                yield from list(_in_folder(path, parts)) or [_empty(parts)]
            elif not stat.S_ISREG(about.st_mode):
                yield File(parts, problem="is not a regular file")
            elif path.suffix.lower() == ".zip":
                with path.open("rb") as file:
                    yield from _in_zip(file, parts, [])
            else:
                yield _file(parts, about.st_size, path.read_bytes)
        except OSError as error:
            yield File(parts, problem=f"cannot be read: {error.strerror}")


def _in_zip(packed, above: tuple[str, ...], read: list[int]) -> Iterator[File]:
    """Yield the files of a zip, and of zips in it; `read` counts what all of them hold, for the bounds."""
    try:
        archive = zipfile.ZipFile(packed)
        entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError, ValueError, NotImplementedError) as error:
        yield File(above, problem=f"is not a zip that can be read: {error}")
        return
    read += [entry.file_size for entry in entries]
    if len(read) > _MOST or sum(read) > _ALL_TOGETHER:
        bounds = f"{_MOST} files or {_ALL_TOGETHER // 2**30} GiB"
        yield File(above, problem=f"unpacked it would be more than {bounds}")
        return
    found, folders = [], {above}
    for entry in entries:
        written = _decoded(entry).replace("\\", "/")
        inside = PurePosixPath(written)
        # Nothing is written, so a name that leads out of the zip is a name like any other.
        parts = (*above, *(part for part in inside.parts if part not in ("/", "..") and part[1:] != ":"))
        kept = tuple(itertools.takewhile(lambda part: not _is_junk(part), parts))
        folders |= {kept[:length] for length in range(len(above), len(parts))}
        if kept != parts:
            continue
        if written.endswith("/"):
            folders.add(parts)
        elif stat.S_ISLNK(entry.external_attr >> 16):
            found.append(File(parts, problem="is a symbolic link, which is not followed"))
        elif inside.suffix.lower() == ".zip":
            nested = _file(
                parts, entry.file_size, lambda entry=entry: _unpacked(archive, entry), _LARGEST_ZIP
            )
            if nested.content is None or len(above) > _DEEPEST:
                found.append(File(parts, problem=nested.problem or "is a zip too deep in others"))
            else:
                found += _in_zip(io.BytesIO(nested.content), parts, read)
        else:
            found.append(_file(parts, entry.file_size, lambda entry=entry: _unpacked(archive, entry)))
    filled = {file.parts[:length] for file in found for length in range(len(file.parts))}
    yield from (*found, *map(_empty, sorted(folders - filled)))


def _empty(parts: tuple[str, ...]) -> File:
    return File((*parts, ""), problem="is a folder without a notebook (.ipynb)")


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Return an entry's bytes; its size in the zip's directory is a claim: no more is read than it says."""
    with archive.open(entry) as file:
        return file.read(entry.file_size + 1)


def _file(parts: tuple[str, ...], size: int, read: Callable[[], bytes], largest: int = _LARGEST) -> File:
    """Return a file with its bytes; what is wrong with one is said of it, and stops no other."""
    if size > largest:
        return File(parts, problem=f"is larger than {largest // 2**20} MiB")
    try:
        return File(parts, read())
    except Exception as error:  # zlib, lzma, encryption and what else a zip can hide
        return File(parts, problem=f"cannot be read: {error or type(error).__name__}")


def _decoded(entry: zipfile.ZipInfo) -> str:
    """Return an entry's name, in UTF-8 also where the zip forgot to say so."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _is_junk(name: str) -> bool:
    """Tell what systems and editors leave behind; a student's own name may begin with a dot."""
    own = name in (".", "..") or name.lower().endswith(_ENDINGS) or _platform(name)
    left = name.startswith(("._", "__MACOSX", "__pycache__")) or name.lower() in (
        "thumbs.db",
        "desktop.ini",
    )
    return left or (name.startswith(".") and not own)


def _is_notebook(file: File) -> bool:
    return file.parts[-1].lower().endswith(_ENDINGS)


def _tell_apart(files: list[File]) -> None:
    """Give files of one name, as a zip may hold, names of their own."""
    taken: set[str] = set()
    for file in files:
        *above, last = file.parts
        for number in itertools.count(2):
            if file.name not in taken:
                break
            file.parts = (*above, f"{PurePosixPath(last).stem} ({number}){PurePosixPath(last).suffix}")
        taken.add(file.name)


# Whose they are.


def _platform(name: str) -> re.Match | None:
    return next((match for match in (one.fullmatch(name) for one in _PLATFORMS) if match), None)


def _bare(name: str) -> str:
    """Return a file's name without the endings that say what it is."""
    return (
        re.sub(r"(\.(zip|ipynb|json|txt|pdf|html?|docx?|rar|7z|tar|gz|py|md))+$", "", name, flags=re.I)
        or name
    )


def _is_lab(name: str, lab: str) -> bool:
    return same_name(_bare(name)).startswith(same_name(lab))


def _is_own(name: str, lab: str) -> bool:
    """Tell the lab's own name, also where a browser has counted a second download."""
    return re.sub(r" ?\(\d+\)$", "", same_name(_bare(name))) == same_name(lab)


def _by_student(files: list[File], lab: str) -> list[tuple[str, list[File]]]:
    """Return the files of each hand-in under the name that stands above them."""
    heads: dict[str, list[File]] = {}
    for file in files:
        heads.setdefault(file.parts[0], []).append(file)
    found: dict[object, tuple[str, list[File]]] = {}
    exports = []
    # Tables and the like that lie beside the only folder don't make a student of it.
    several = [head for head, own in heads.items() if len(own[0].parts) > 1 or any(map(_is_notebook, own))]
    for head, own in heads.items():
        inside = [File(file.parts[1:], file.content, file.problem) for file in own if len(file.parts) > 1]
        if not _platform(head) and len(inside) == len(own) and _is_export(inside, lab, [head] == several):
            for name, deeper in _by_student(inside, lab):
                for file in deeper:
                    file.parts = (head, *file.parts)
                exports.append((name, deeper))
            continue
        match = _platform(head)
        # Moodle and Canvas may spread one student's files over several folders and names.
        key = (match["id"], match["name"], match.groupdict().get("attempt")) if match else head
        found.setdefault(key, (head, []))[1].extend(own)
    return [*found.values(), *exports]


def _is_export(inside: list[File], lab: str, alone: bool) -> bool:
    """Tell a folder or zip of many students' work from one student's.

    Where it stands alone it could be either. It is one student's, and its name says whose, if it holds at
    its top the only notebook, or a notebook or folder of the lab's own name.
    """
    if any(_platform(file.parts[0]) for file in inside):
        return True
    if not alone or any(_is_own(file.parts[0], lab) for file in inside):
        return False
    return sum(map(_is_notebook, inside)) > 1 or all(len(file.parts) > 1 for file in inside)


def _handed_in(name: str, files: list[File], lab: str, data: dict[str, bytes]) -> list[Submission]:
    """Return the one submission among a student's files; or several, if it cannot be told which it is."""
    match = _platform(name)
    student = _label(match["name"] if match else _bare(name))
    known = match["id"] if match else ""
    for file in files:  # Blackboard's note says what its files' names don't: where a login with "_" begins
        note = (file.content or b"") if re.fullmatch(r".*_attempt_[\d-]+\.txt", file.parts[-1]) else b""
        if told := re.match(rb"Name: .*\((.+)\)\s*$", note, re.MULTILINE):
            student = known = _label(told[1].decode(errors="replace"))
    notebooks = [file for file in files if _is_notebook(file)]
    exact = [file for file in notebooks if _is_own(_own_file(file), lab)]
    chosen = exact if len(exact) == 1 else [file for file in notebooks if _is_lab(_own_file(file), lab)]
    chosen = chosen or notebooks
    others = [
        file
        for file in files
        if not (file in chosen or _is_empty(file) or data.get(file.parts[-1], b"\0") == file.content)
    ]
    listed = ", ".join(file.name.rstrip("/") for file in others[:4]) + (" …" if others[4:] else "")
    if not notebooks:
        first = (others or files)[0]
        why = f"no notebook (.ipynb) among {listed}" if len(others) > 1 else first.problem
        texts = [file for file in files if "_assignsubmission_onlinetext" in file.name]
        if texts:
            why = f"an online text, and no notebook (.ipynb): {', '.join(file.name for file in texts)}"
        return [
            Submission(first.name.rstrip("/"), student, None, why or "is no notebook (.ipynb)", id=known)
        ]
    if len(chosen) > _MOST_NOTEBOOKS:
        names = ", ".join(file.name for file in chosen[:4])
        why = f"holds {len(chosen)} notebooks ({names} …): keep one"
        return [Submission(name, student, None, why, id=known)]
    notes = [f"also handed in, and not looked at: {listed}"] if others else []
    return [
        Submission(file.name, student, file.content, file.problem, list(notes), known) for file in chosen
    ]


def _is_empty(file: File) -> bool:
    return not file.parts[-1]


def _own_file(file: File) -> str:
    """Return a file's name as the student gave it, which Canvas and Blackboard put after theirs."""
    match = re.fullmatch(r".*_(?:\d+_\d+|attempt_[\d-]+|assignsubmission_file)_(.+)", file.parts[-1])
    return match[1] if match else file.parts[-1]


def _identify(submission: Submission, placeholder: str | None) -> None:
    if submission.content is None:
        return
    try:
        given = student_id(_cells(submission.content))
        name = str(given)  # not of every number
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError, MemoryError):
        return  # the grader proper will say what is wrong with it
    submission.given = given
    if given is None and placeholder is not None:
        submission.check = True
        submission.notes.append("STUDENT_ID is worked out in the notebook: named by the file")
    elif given is None or same_name(name) in ("", same_name(placeholder or "")):
        submission.notes.append("STUDENT_ID was not set: named by the file")
    else:
        submission.student, submission.own_name = _label(name), True


def _label(name: str) -> str:
    label = " ".join(name.split())[:_LONGEST_NAME]
    return label if same_name(label) else "unnamed"


def _keep_namesakes_apart(found: list[Submission]) -> None:
    """Add the platform's number to a name that two of its students share."""
    ids: dict[str, set[str]] = {}
    for item in found:
        if not item.own_name:
            ids.setdefault(same_name(item.student), set()).add(item.id)
    for item in found:
        if not item.own_name and item.id and len(ids[same_name(item.student)]) > 1:
            item.student = f"{item.student} ({item.id})"


def _cells(content: bytes) -> list[tuple[str, str]]:
    notebook = json.loads(content.decode("utf-8-sig"))
    cells = notebook.get("cells") or [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
    return [(cell["cell_type"], "".join(cell.get("source", cell.get("input", "")))) for cell in cells]
