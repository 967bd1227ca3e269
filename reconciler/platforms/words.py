"""Finding words and texts in answers. Pure; it knows no platform."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.core.pointer import MISSING, at

_TEXT_LIMIT = 200


def first(data: Any, pointers: Iterable[str], *, loose: bool = False) -> Any:
    """What stands at the first pointer that leads to something other than null; None if none does."""
    for pointer in pointers:
        value = at(data, pointer, loose=loose)
        if value is not MISSING and value is not None:
            return value
    return None


def first_text(data: Any, pointers: Iterable[str], *, loose: bool = False) -> str | None:
    """The first text, or number as text, that a pointer leads to, stripped; None if there is none."""
    for pointer in pointers:
        value = at(data, pointer, loose=loose)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
    return None


def explain(data: Any, pointers: Iterable[str], *, loose: bool = False) -> str | None:
    """Why a platform refused, in one short line: the text at the first pointer that holds anything; of a list of
    problems (`{"loc": [...], "msg": ...}`) the first few, of any other object its compact JSON."""
    value = first(data, pointers, loose=loose)
    if isinstance(value, list):
        parts = [_problem(item) for item in value[:3]]
        more = f" and {len(value) - 3} more" if len(value) > 3 else ""
        return shorten("; ".join(parts) + more) if parts else None
    if isinstance(value, Mapping):
        return shorten(json.dumps(value, ensure_ascii=False))
    return shorten(str(value)) if value is not None else None


def _problem(item: Any) -> str:
    if isinstance(item, Mapping) and "msg" in item:
        steps = item.get("loc")
        where = ".".join(str(part) for part in steps if isinstance(part, str | int)) if isinstance(steps, list) else ""
        return f"{where}: {item['msg']}" if where else str(item["msg"])
    return str(item)


def shorten(text: str) -> str:
    """At most 200 characters of `text`, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _TEXT_LIMIT else line[: _TEXT_LIMIT - 1] + "…"
