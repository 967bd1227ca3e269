"""What must hold of every answer, whatever was fed in: small checks that the targets share."""

import json
from collections.abc import Iterable
from typing import Any

from reconciler.errors import Complaint

LONGEST_LINE = 2000
"""A line for people is never longer than this, however much a service or a file says."""


class Fault(AssertionError):
    """A promise that does not hold."""


def demand(holds: bool, *about: object) -> None:
    """Raises `Fault` where something does not hold. Not `assert`, which a flag of Python takes away."""
    if not holds:
        raise Fault("; ".join(ascii(part)[:300] for part in about))


def line(text: str | None, *about: object) -> None:
    """That a text for people is one line of a length that can be read."""
    if text is not None:
        demand(isinstance(text, str), "not text", text, *about)
        demand(len(text.splitlines()) <= 1, "more than one line", text, *about)
        demand(len(text) <= LONGEST_LINE, "too long a line", len(text), *about)


def complaints(found: Iterable[Complaint], *, file: str, least: int = 1, most: int = 2100) -> None:
    """That complaints about `file` are each one printable line, with a place in it."""
    all_of_them = tuple(found)
    demand(least <= len(all_of_them) <= most, "number of complaints", len(all_of_them))
    for one in all_of_them:
        demand(one.text.isprintable() and one.text != "", "not printable", one.text)
        demand(len(one.text) <= 600, "too long", one.text)
        if one.file == file:
            demand(one.line >= 1 and one.column >= 1, "no place", one)


def as_text(data: Any) -> str:
    """Plain data as YAML that can mean nothing else: flow style, all text quoted, numbers written out."""
    if isinstance(data, dict):
        return "{" + ", ".join(f"{as_text(name)}: {as_text(value)}" for name, value in data.items()) + "}"
    if isinstance(data, list):
        return "[" + ", ".join(map(as_text, data)) + "]"
    if isinstance(data, float):
        return f"{data:.15f}"
    if isinstance(data, str):
        return json.dumps(data, ensure_ascii=False).replace("\x7f", "\\x7f")
    return json.dumps(data)


def same(left: Any, right: Any) -> bool:
    """Whether plain data is equal and of the same types throughout, so that 1, 1.0 and True differ."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(value, right[name]) for name, value in left.items())
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)
