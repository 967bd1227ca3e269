"""Where text goes: stdout is the product, stderr everything else, files are private. All of it passes the redactor."""

import errno
import json
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TextIO

from reconciler.cli.environment import redactor, wants_colour
from reconciler.errors import ConfigurationError

MOST_BYTES: Final = 64 * 1024**2
"""The largest saved plan or report that is read."""


_PIECE: Final = 1 << 20


def out(text: str) -> None:
    """Write the product to stdout, with a line end. Raises `OSError` where nobody can get it."""
    stream, clean, at = stdout(), redactor(), 0
    while at < len(text):  # line by line it is the same, and of a long text no copies are held
        end = text.find("\n", at + _PIECE) + 1 or len(text)
        stream.write(clean(text[at:end]))
        at = end
    stream.write("\n")
    stream.flush()


def stdout() -> TextIO:
    """Where the product goes. Raises `OSError` where nobody can get it."""
    if sys.stdout is None:
        raise OSError(errno.EBADF, "it is closed", "stdout")
    return sys.stdout


def err(text: str) -> None:
    """Write a line for people to stderr. Where that is closed or full the work goes on: jobs that run are followed."""
    if sys.stderr is None:
        return
    with suppress(OSError, ValueError):
        sys.stderr.write(redactor()(text) + "\n")
        sys.stderr.flush()


def draw(line: str) -> None:
    """Write over the line of a terminal that stderr stands in."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            sys.stderr.write(f"\r\x1b[2K{line}")
            sys.stderr.flush()


def on_terminal(stream: TextIO | None) -> bool:
    """Whether `stream` is a terminal; None is a stream that was closed when the process began."""
    return stream is not None and stream.isatty()


_STEERS = re.compile(r"(?<=:):|(?<=#)#|[^\n\x20-\x7e]")


def as_json(data: Any) -> str:
    """JSON for people and pipelines: indented, in the order given.

    What would steer a terminal or the log of a CI job is written as JSON's own escapes, so it reads the same."""
    import msgspec

    try:
        text = msgspec.json.format(msgspec.json.encode(data), indent=2).decode()
    except UnicodeEncodeError:  # half a character, from an error of a platform
        text = json.dumps(data, indent=2, ensure_ascii=False)
    plain = text.isascii() and not any(sign in text for sign in ("::", "##", "\x7f"))
    return text if plain else _STEERS.sub(_in_json, text)


def json_line(data: Any) -> str:
    """JSON on one line, without secrets, that steers nothing either."""
    line = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return redactor()(_STEERS.sub(_in_json, line))


def _in_json(match: re.Match[str]) -> str:
    sign = match[0]
    if sign not in ":#" and sign.isprintable():
        return sign
    pair = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{pair[at : at + 2].hex()}" for at in range(0, len(pair), 2))


def width() -> int:
    """The columns to write for: the terminal's, at least 80; 80 where there is none."""
    from shutil import get_terminal_size

    return max(80, min(get_terminal_size((80, 24)).columns, 160)) if on_terminal(sys.stdout) else 80


def colour(refused: bool) -> bool:
    """Whether stdout is coloured."""
    return wants_colour(on_terminal(sys.stdout), refused=refused)


def save(path: str, text: str, *, mode: int = 0o600) -> None:
    """Write `text` to a file, private if not told otherwise, whole or not at all; `-` is stdout.

    Raises `ConfigurationError`."""
    if path == "-":
        out(text)
        return
    target = Path(path)
    if target.is_dir():
        raise ConfigurationError(f"{path}: cannot be written: Is a directory")
    if target.exists() and not target.is_file():
        _write_to(target, text)
        return
    from secrets import token_hex

    part = target.with_name(f".{target.name}.{token_hex(4)}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), mode)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(redactor()(text) + "\n")
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from error


def append(path: str, text: str) -> None:
    """Add `text` to the end of a file that another program keeps. Raises `ConfigurationError`."""
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(redactor()(text).rstrip("\n") + "\n")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from error


def _write_to(device: Path, text: str) -> None:
    """Write to a pipe or a device, such as /dev/null: it is written to, and never replaced by a file."""
    try:
        with device.open("w", encoding="utf-8") as file:
            file.write(redactor()(text) + "\n")
    except OSError as error:
        raise ConfigurationError(f"{device}: cannot be written: {error.strerror}") from error


def load(path: str, what: str) -> Any:
    """The JSON data in a file; `-` is stdin. Raises `ConfigurationError`."""
    try:
        raw = _first_bytes(path, MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise ConfigurationError(f"{path}: larger than {MOST_BYTES // 1024**2} MiB, so not a {what}")
        return json.loads(raw.decode("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}: the {what} cannot be read") from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} is not JSON, so not a {what}") from error


def _first_bytes(path: str, most: int) -> bytes:
    if path == "-":
        return sys.stdin.buffer.read(most) if sys.stdin is not None else b""
    with Path(path).open("rb") as file:
        return file.read(most)
