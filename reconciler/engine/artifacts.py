"""Exported files: fetched below the export root, never over a file that is there, never unpacked."""

import hashlib
import os
import secrets
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from reconciler.core.report import Artifact
from reconciler.errors import ConfigurationError
from reconciler.folders import is_writable
from reconciler.platforms.replies import RequestFailed

if TYPE_CHECKING:
    from reconciler.platforms.http import Downloader

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
"""How a zip begins: with a file, with none, or as the first of several parts."""


class NotFetched(Exception):
    """An export could not be fetched or written. The text is one line."""


def check_root(root: Path) -> None:
    """Raise `ConfigurationError` if nothing can be written below the export root: before anything is exported."""
    there = next(path for path in (root, *root.absolute().parents) if path.exists())
    if not there.is_dir() or not is_writable(there):
        raise ConfigurationError(f"exports cannot be written in {there}; use --exports DIR")


async def fetch_artifact(
    downloader: "Downloader", url: str, *, root: Path, name: str, near: str, now: datetime
) -> Artifact:
    """Fetch `url` to `name` below `root`. Where `name` is taken, the time goes into the name.

    The file appears whole or not at all. Raises `NotFetched`."""
    try:
        folder = _folder(root, Path(name).parent)
        part = folder / f".{Path(name).name}.{secrets.token_hex(4)}.part"
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                size, sha256 = await _write(downloader, url, file, near)
            _check_kind(part, name, size)
            path = _below(root, _place(part, folder, Path(name).name, now))
        finally:
            with suppress(OSError):  # the file is in place already: what is left over spoils nothing
                part.unlink(missing_ok=True)
    except RequestFailed as error:
        raise NotFetched(str(error)) from error
    except OSError as error:
        raise NotFetched(f"{root / name}: {error.strerror}") from error
    return Artifact(path=path, size=size, sha256=sha256)


def _check_kind(part: Path, name: str, size: int) -> None:
    """A page that asks to sign in is no export, and the undeploy that waits for one must not follow."""
    if size == 0:
        raise NotFetched("the platform served an empty file")
    with part.open("rb") as file:
        head = file.read(64)
    if name.lower().endswith(".zip") and not head.startswith(_ZIP):
        raise NotFetched(f"the platform served something else than a zip: {head[:24]!r}")
    if head.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise NotFetched("the platform served a page of HTML")


async def _write(downloader: "Downloader", url: str, file: BinaryIO, near: str) -> tuple[int, str]:
    hashing, size = hashlib.sha256(), 0

    def write(chunk: bytes) -> None:
        nonlocal size
        size += len(chunk)
        hashing.update(chunk)
        file.write(chunk)

    await downloader.fetch(url, write, near=near)
    file.flush()
    os.fsync(file.fileno())
    return size, hashing.hexdigest()


def _folder(root: Path, below: Path) -> Path:
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = root / below
    for made in (False, True):  # before, so that nothing is made elsewhere; after, for what moved meanwhile
        if made:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not folder.resolve().is_relative_to(root.resolve()):
            raise NotFetched(f"{folder} leads out of the export root {root}")
    return folder.resolve()


def _below(root: Path, path: Path) -> str:
    return path.relative_to(root.resolve()).as_posix()


def _place(part: Path, folder: Path, name: str, now: datetime) -> Path:
    """Give the finished file its name; a link, unlike a rename, fails where the name is taken."""
    stem, dot, suffix = name.partition(".")
    stamp = f"{now:%Y%m%dT%H%M%SZ}"
    names = (name, f"{stem}-{stamp}{dot}{suffix}", f"{stem}-{stamp}-{secrets.token_hex(2)}{dot}{suffix}")
    for candidate in names:
        try:
            os.link(part, folder / candidate, follow_symlinks=False)
        except FileExistsError:
            continue
        return folder / candidate
    raise NotFetched(f"{folder / name}: every name for it is taken")
