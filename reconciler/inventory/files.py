"""The files of an inventory: which they are, what they hold, and what they are called. Understands none of them."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from reconciler.core.document import MAX_BYTES
from reconciler.errors import Complaint, InventoryError

SUFFIXES = (".yaml", ".yml")
"""What the files of a folder end with."""


class File(Struct, frozen=True, kw_only=True):
    """One file: `name` as a person would write it, `folder` what relative paths in it start from. `alone`: it was named
    itself and not found in a folder."""

    name: str
    folder: Path
    content: bytes
    alone: bool = True


def read_files(paths: Sequence[Path]) -> tuple[File, ...]:
    """The files at `paths`; of a folder, every `*.yaml` and `*.yml` in it but hidden ones, by name. Raises
    `InventoryError`, with a complaint for each, where one is missing or cannot be read."""
    found: list[File] = []
    complaints: list[Complaint] = []
    for path in paths:
        file = path
        try:
            for file in _inside(path):
                found.append(_read(file, alone=file is path))
        except (OSError, ValueError) as error:
            complaints.append(Complaint(file=_name(file), line=0, column=0, text=_reason(error)))
    if complaints:
        raise InventoryError(complaints)
    return tuple(found)


def folder_name(path: Path) -> str:
    """The folder an inventory at `path` stands in, as a person would write it: `path` itself where it is one."""
    return _name(path if path.is_dir() else path.parent)


def digest(files: Iterable[File]) -> str:
    """`sha256:…` over base names and bytes, in order; where the files stand does not count."""
    total = hashlib.sha256()
    for file in files:
        for part in (os.path.basename(file.name).encode("utf-8", "surrogateescape"), file.content):
            total.update(len(part).to_bytes(8, "big") + part)
    return f"sha256:{total.hexdigest()}"


def _inside(path: Path) -> Sequence[Path]:
    if not path.is_dir():
        return (path,)
    files = [file for file in path.iterdir() if file.suffix in SUFFIXES and not file.name.startswith(".")]
    if not files:
        raise FileNotFoundError(f"no *.yaml file in this folder; {_INIT}")
    return sorted(files, key=lambda file: file.name)


def _read(path: Path, *, alone: bool) -> File:
    with path.open("rb") as stream:
        content = stream.read(MAX_BYTES + 4)  # one more than may be read, and a byte order mark
    return File(name=_name(path), folder=path.parent, content=content, alone=alone)


def _name(path: Path) -> str:
    try:
        whole, here = path.absolute(), Path.cwd()
    except FileNotFoundError:  # the folder this runs in is gone
        return str(path)
    return whole.relative_to(here).as_posix() if whole.is_relative_to(here) else str(path)


_INIT = "reconciler init writes one"


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError) and error.errno:
        return f"no such file; {_INIT}"
    return str(getattr(error, "strerror", None) or error)
