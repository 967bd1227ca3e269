"""Where text goes: stdout is the product, stderr everything else, files are private. All of it passes the redactor."""

import json
import os
import secrets
import shutil
import sys
from pathlib import Path
from typing import Any

from reconciler.cli.environment import redactor, wants_colour
from reconciler.errors import ConfigurationError


def out(text: str) -> None:
    """Write the product to stdout, with a line end."""
    sys.stdout.write(redactor()(text) + "\n")
    sys.stdout.flush()


def err(text: str) -> None:
    """Write a line for people to stderr."""
    sys.stderr.write(redactor()(text) + "\n")
    sys.stderr.flush()


def as_json(data: Any) -> str:
    """JSON for people and pipelines: indented, in the order given."""
    return json.dumps(data, indent=2, ensure_ascii=False)


def width() -> int:
    """The columns to write for: the terminal's, at least 80; 80 where there is none."""
    return max(80, min(shutil.get_terminal_size((80, 24)).columns, 160)) if sys.stdout.isatty() else 80


def colour(refused: bool) -> bool:
    """Whether stdout is coloured."""
    return wants_colour(sys.stdout.isatty(), refused=refused)


def save(path: str, text: str) -> None:
    """Write `text` to a private file, whole or not at all; `-` is stdout. Raises `ConfigurationError`."""
    if path == "-":
        out(text)
        return
    target = Path(path)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(redactor()(text) + "\n")
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from error


def load(path: str, what: str) -> Any:
    """The JSON data in a file; `-` is stdin. Raises `ConfigurationError`."""
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text("utf-8")
        return json.loads(text)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}: the {what} cannot be read") from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} is not JSON, so not a {what}") from error
