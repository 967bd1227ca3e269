"""The corpus: one file per case, with what is expected of it beside the input. See README.md for the fields."""

import json
import sqlite3
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.core.seal import seal

from .platform import Reply

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One hostile input. `says` must be printed and `never` must not; `requests` -1: any number."""

    name: str
    about: str
    run: tuple[str, ...] = ("plan",)
    before: tuple[tuple[str, ...], ...] = ()
    exit: int = 1
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    requests: int = 0
    stdin: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    hex: Mapping[str, str] = field(default_factory=dict)
    grown: Mapping[str, list[tuple[str, int]]] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    modes: Mapping[str, str] = field(default_factory=dict)
    edits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sql: tuple[str, ...] = ()
    replies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def load_cases() -> list[Case]:
    """All of them, by folder and name."""
    return [_load(path) for path in sorted(CORPUS.rglob("*.toml"))]


def _load(path: Path) -> Case:
    data = tomllib.loads(path.read_text("utf-8"))
    for name in ("run", "says", "never", "unset", "sql"):
        if name in data:
            data[name] = tuple(data[name])
    data["before"] = tuple(tuple(line) for line in data.get("before", ()))
    return Case(name=f"{path.parent.name}/{path.stem}", **data)


def write(case: Case, folder: Path) -> None:
    """Put the files of `case` where its commands run."""
    contents = {name: text.encode() for name, text in case.files.items()}
    contents |= {name: bytes.fromhex(digits) for name, digits in case.hex.items()}
    contents |= {name: "".join(text * times for text, times in parts).encode() for name, parts in case.grown.items()}
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    for name, target in case.links.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(target)


def spoil(case: Case, folder: Path) -> None:
    """Change what the first commands made, as somebody would who can write there."""
    for name, changes in case.edits.items():
        data = json.loads((folder / name).read_text("utf-8"))
        for pointer, value in changes.items():
            _set(data, pointer.split("/")[1:], value)
        if "/seal" not in changes:
            body = {key: value for key, value in data.items() if key != "seal"}
            data["seal"] = seal(body, None)
        (folder / name).write_text(json.dumps(data), "utf-8")
    if case.sql:
        connection = sqlite3.connect(folder / ".reconciler" / "journal.db")
        for line in case.sql:
            connection.execute(line)
        connection.commit()
        connection.close()
    for name, mode in case.modes.items():
        (folder / name).chmod(int(mode, 8))


def _set(data: Any, steps: list[str], value: Any) -> None:
    *way, last = steps
    for step in way:
        data = data[int(step)] if isinstance(data, list) else data[step]
    if isinstance(data, list):
        data.insert(int(last), value)
    else:
        data[last] = value


def replies(case: Case) -> dict[str, Reply]:
    """What the platform answers, by the beginning of the path."""
    return {path: _reply(data) for path, data in case.replies.items()}


def _reply(data: Mapping[str, Any]) -> Reply:
    if "grown" in data:
        body: Any = "".join(text * times for text, times in data["grown"]).encode()
    elif "hex" in data:
        body = bytes.fromhex(data["hex"])
    elif "text" in data:
        body = data["text"].encode()
    else:
        body = data.get("json", {})
    return Reply(body, status=data.get("status", 200), headers=data.get("headers", {}))
