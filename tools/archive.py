"""Zip archives that are the same bytes for the same files, and whose files anybody may read."""

import zipfile
from collections.abc import Mapping
from pathlib import Path


def write(path: Path, files: Mapping[str, bytes | Path]) -> None:
    """Write an archive.

    Parameters
    ----------
    path : Path
        Where to; the folder is made if it is missing.
    files : mapping of str to bytes or Path
        Name in the archive to what is in it, or the file that holds it. What begins with ``#!`` may be run.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in sorted(files.items()):
            content = content.read_bytes() if isinstance(content, Path) else content
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))  # a zip knows no earlier time
            mode = 0o100755 if content[:2] == b"#!" else 0o100644
            entry.create_system, entry.external_attr = 3, mode << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)
