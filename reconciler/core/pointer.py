"""JSON Pointers (RFC 6901) into plain data."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

MISSING: Final = object()
"""What a pointer that leads nowhere finds."""

_OTHERS = re.compile(r"[^A-Z0-9]")


def letters(word: object) -> str:
    """A word reduced to its letters and digits, in upper case: the form in which words and loose keys compare, so that
    `in_progress`, `IN_ PROGRESS` and `IN_PROGRESS` are one."""
    text = str(word)
    return _often(text) if len(text) <= _SHORT else _OTHERS.sub("", text.upper())


_SHORT: Final = 40
"""Characters of a word that is likely to come again, with every answer."""

_MANY: Final = 400
"""Characters of all keys of an object that is likely to come again, with other values."""


@lru_cache(maxsize=2048)
def _often(text: str) -> str:
    return _OTHERS.sub("", text.upper())


@lru_cache(maxsize=2048)
def _keys(pointer: str) -> tuple[str, ...]:
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:])


def at(data: Any, pointer: str, *, loose: bool = False) -> Any:
    """What stands at `pointer` in `data`, or `MISSING`. `loose`: keys compare by their letters."""
    for key in _keys(pointer):
        if isinstance(data, Mapping):
            data = data[key] if key in data else _loosely(data, key) if loose else MISSING
        elif isinstance(data, list) and key.isascii() and key.isdigit() and int(key) < len(data):
            data = data[int(key)]
        else:
            return MISSING
        if data is MISSING:
            return MISSING
    return data


def _loosely(data: Mapping[str, Any], key: str) -> Any:
    wanted, names = letters(key), tuple(data)
    if len("".join(names)) <= _MANY:
        name = _by_letters(names).get(wanted)
        return MISSING if name is None else data[name]
    return next((data[name] for name in names if letters(name) == wanted), MISSING)


@lru_cache(maxsize=256)
def _by_letters(names: tuple[str, ...]) -> Mapping[str, str]:
    return {letters(name): name for name in reversed(names)}
