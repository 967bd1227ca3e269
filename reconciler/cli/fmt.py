"""`reconciler fmt`."""

import os
import secrets
import stat
import sys
from contextlib import suppress
from pathlib import Path

import click

from reconciler.cli import streams
from reconciler.cli.environment import redactor
from reconciler.cli.reading import DEFAULT
from reconciler.core.document import MAX_BYTES
from reconciler.core.exits import Why, exit_code
from reconciler.errors import Complaint, InventoryError
from reconciler.inventory.files import File, read_files
from reconciler.inventory.format import format_text
from reconciler.render.safe import ci


@click.command(name="fmt")
@click.argument("inventory", nargs=-1)
@click.option("--check", is_flag=True, help="Write nothing; name the files that would change, and exit with 2.")
def command(inventory: tuple[str, ...], check: bool) -> int:
    """Lay inventories out in the one way, comments and all: files, folders of files, or - from stdin to stdout.

    Only lines and spaces move. The files that changed are named on stdout.

    Exit: 0 all are laid out; 2 some would change (--check); 1 some are no YAML and were left as they are."""
    if "-" in inventory:
        if len(inventory) > 1:
            raise click.UsageError("- stands for the one text on stdin: name no file beside it")
        return _stream(check)
    complaints: list[Complaint] = []
    changed = 0
    for path in inventory or (DEFAULT,):
        try:
            files = read_files([Path(path)])
        except InventoryError as error:
            complaints += error.complaints
            continue
        for file in files:
            try:
                changed += _file(file, check=check)
            except InventoryError as error:
                complaints += error.complaints
    if complaints:
        raise InventoryError(complaints)
    return exit_code([Why.CHANGES] if check and changed else [])


def _stream(check: bool) -> int:
    content = sys.stdin.buffer.read(MAX_BYTES + 4) if sys.stdin is not None else b""
    text = _formatted(content, "-")
    if check:
        return exit_code([Why.CHANGES] if text.encode() != content else [])
    if text:
        streams.out(text.removesuffix("\n"))
    return 0


def _file(file: File, *, check: bool) -> bool:
    """Lay one file out; whether it was not. Raises `InventoryError`."""
    text = _formatted(file.content, file.name)
    if text.encode() == file.content:
        return False
    if not check:
        try:
            _replace(file.folder / os.path.basename(file.name), text.encode(), file.content)
        except OSError as error:
            why = f"cannot be written: {error.strerror or error}"
            raise InventoryError([Complaint(file=file.name, line=0, column=0, text=why)]) from error
    streams.out(ci(file.name))
    return True


def _formatted(content: bytes, name: str) -> str:
    text = format_text(content, name)
    if redactor()(text) != text:  # written back it would be another file, and as it is it must not be
        why = "holds the key in one of RECONCILER_*_KEY: take it out, and have the platform make a new one"
        raise InventoryError([Complaint(file=name, line=0, column=0, text=why)])
    return text


def _replace(path: Path, content: bytes, before: bytes) -> None:
    """Put `content` in place of a file, whole or not at all: of what a link leads to, with the mode it has."""
    was = path.stat()
    if not stat.S_ISREG(was.st_mode):
        raise OSError(f"it is no file; for a stream: reconciler fmt - < {path}")
    target = path.resolve(strict=True)
    if not was.st_mode & stat.S_IWUSR or not os.access(target, os.W_OK):
        raise OSError("it is read-only")
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            with suppress(PermissionError):  # another's file, in a folder that is ours
                os.fchown(handle, was.st_uid, was.st_gid)
            os.fchmod(handle, stat.S_IMODE(was.st_mode))
            file.flush()
            os.fsync(handle)
        if target.read_bytes() != before:
            raise OSError("it changed while it was laid out; try again")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
