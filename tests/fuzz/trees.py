"""Changes to inputs that are YAML or JSON, or end with it: to one part of the data, so that it stays readable."""

import json
import random
from typing import Any, Final

from reconciler.core.document import read_document

from .oracles import as_text

VALUES: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1.5, 1e300, 10**20, "", "a", "..", "\n", "\u202e", "\x85", "x" * 300, "1e5", "\ud800",
    [], {}, [[]], {"a": {}}, [None], {"": 1}, "deployed", "kore/a", "2026-02-02T14:00:00Z", "#/$defs/a", "^(a$", "7d",
)  # fmt: skip
"""What may stand anywhere."""

_YAML: Final = frozenset({"inventory", "document", "definition"})
_HEADS: Final = {"reply": b"\n", "wire": b"\r\n\r\n"}


def changed_tree(name: str, data: bytes, chance: random.Random) -> bytes | None:
    """`data`, an input of the target `name`, with one part of its data changed; None where it holds no data."""
    if name in _YAML:
        document, _ = read_document(data, "f")
        if document is None or not isinstance(document.data, dict | list):
            return None
        _change(document.data, chance)
        return _encoded(as_text(document.data))
    if name == "journal":
        lines = data.split(b"\n")
        number = chance.randrange(len(lines))
        lines[number] = _changed_json(lines[number], chance) or lines[number]
        return b"\n".join(lines)
    head, end, body = data.partition(_HEADS[name]) if name in _HEADS else (b"", b"", data)
    changed = _changed_json(body, chance)
    return None if changed is None else head + end + changed


def _changed_json(data: bytes, chance: random.Random) -> bytes | None:
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(tree, dict | list):
        return None
    _change(tree, chance)
    try:
        return _encoded(json.dumps(tree, ensure_ascii=chance.random() < 0.5))
    except RecursionError:
        return None


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _change(tree: Any, chance: random.Random) -> None:
    """One change somewhere in a mapping or list."""
    places = _places(tree)
    holder, step = chance.choice(places)
    if step is None:
        _add(holder, chance)
        return
    kind = chance.randrange(6)
    if kind == 0:
        del holder[step]
    elif kind == 1:
        other, there = chance.choice(places)
        holder[step] = _copy(other[there]) if there is not None else []
    elif kind == 2 and isinstance(holder, dict):
        holder[chance.choice(_names(places))] = holder.pop(step)
    elif kind == 3 and isinstance(holder[step], str):
        holder[step] += chance.choice([value for value in VALUES if isinstance(value, str)])
    else:
        holder[step] = _copy(chance.choice(VALUES))


def _add(holder: Any, chance: random.Random) -> None:
    value = _copy(chance.choice(VALUES))
    if isinstance(holder, list):
        holder.insert(chance.randint(0, len(holder)), value)
    else:
        holder[chance.choice(("a", "", "$ref", "x y", "\u202e", "b" * 300))] = value


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Every part as what holds it and the step there; a holder with None is a place for something new."""
    found: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting:
        holder = waiting.pop()
        found.append((holder, None))
        for step, part in holder.items() if isinstance(holder, dict) else enumerate(holder):
            found.append((holder, step))
            if isinstance(part, dict | list):
                waiting.append(part)
    return found


def _names(places: list[tuple[Any, Any]]) -> list[str]:
    return [step for _, step in places if isinstance(step, str)]


def _copy(value: Any) -> Any:
    try:
        return json.loads(json.dumps(value))
    except RecursionError:
        return None
