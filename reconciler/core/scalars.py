"""Plain scalars of YAML, which are unquoted words: read only where all readers of YAML read them alike. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import yaml


class Trap(NamedTuple):
    """A word that YAML readers take for more than text. `plain` is how to write that unmistakably, None for no way."""

    reading: str
    plain: str | None = None


SUSPECT: Final = frozenset("0123456789+-.~tTfFnNyYoO")
"""How a word begins that may be more than text."""

_CONSTANTS: Final[Mapping[str, Any]] = {
    "": None,
    **dict.fromkeys(("~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}")
_SWITCH = re.compile(r"(?i:yes|no|on|off|y|n)")
_NUMBER = re.compile(
    r"[-+]?(?:0[xX][0-9a-fA-F_]+|0[oObB][0-7_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9]*)?|\.(?i:inf)"
    r"|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?)|\.(?i:nan)"
)
_DATE = re.compile(r"[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:[Tt \t][-+:.0-9Zz \t]*)?")


def resolve(text: str) -> Any:
    """What a plain scalar means: text, a number, True, False, None, or a `Trap`."""
    if text and text[0] not in SUSPECT:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    if _DATE.fullmatch(text):
        return Trap("a date")
    if _SWITCH.fullmatch(text):
        word = "true" if text.lower() in ("yes", "on", "y") else "false"
        return Trap(word, word)
    return _number(text) if _NUMBER.fullmatch(text) else text


def _number(text: str) -> Trap:
    """What YAML 1.1 makes of a number in one of its odd spellings, which others read as text or as another number."""
    if len(text) > 40:
        return Trap("a number")
    try:
        value = yaml.safe_load(text)
        number = float(text.replace("_", "") if isinstance(value, str) else value)
    except ValueError:
        return Trap("a number")
    if number and not 1e-9 <= abs(number) < 1e15:
        return Trap(f"the number {number:g}")
    plain = f"{number:.12f}".rstrip("0").rstrip(".")
    return Trap(plain, plain)
