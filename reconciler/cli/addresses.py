"""The addresses in an inventory, for whoever presses TAB: found quickly, and nothing else is read or checked."""

import os
import re
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_MOST_BYTES = 1 << 20
_DEEPEST = 32
_KEPT = 3
"""How deep mappings are kept: the top, the models, and each model."""

_STARTS = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_ENDS = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
_WORDS = (yaml.ScalarEvent, yaml.AliasEvent)

_DIRECTIVE = re.compile("(?:^|[\r\n\x85\u2028\u2029])%")
"""No inventory has one, and some thousands of them take the parser many seconds."""

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]*")
"""Words that no shell takes for more than a word; others are not offered."""

_Fields = dict[str, Any]
"""A mapping: its values are text, empty where that is not kept, or mappings themselves."""


def addresses(path: str) -> dict[str, str]:
    """The addresses in the inventory at `path`, a file or a folder, in order, each with what is wanted of it."""
    parts = [_read(file) for file in _files(path)]
    defaults: _Fields = {}
    for part in parts:
        defaults |= _fields(part.get("defaults"))
    found: dict[str, str] = {}
    for part in parts:
        for name, model in _fields(part.get("models")).items():
            fields = defaults | _fields(model)
            platform, state = _word(fields.get("platform")), _word(fields.get("state"))
            if platform and name and _PLAIN.fullmatch(address := f"{platform}/{name}"):
                found[address] = f"wanted {state}" if state else ""
    return dict(sorted(found.items()))


def _files(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    names = sorted(os.listdir(path))
    return [os.path.join(path, name) for name in names if name.endswith((".yaml", ".yml")) and name[0] != "."]


def _read(file: str) -> _Fields:
    """The fields at the top of a file; none where it is a pipe or a device, or no YAML that we would take."""
    if not os.path.isfile(file):
        return {}
    try:
        with open(file, "rb", opener=_at_once) as stream:
            text = (stream.read(_MOST_BYTES) or b"").decode("utf-8-sig")
        return {} if _DIRECTIVE.search(text) else _parsed(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}


def _at_once(file: str, flags: int) -> int:
    """Open `file` without waiting for anybody, even if it has become a pipe just now."""
    return os.open(file, flags | os.O_NONBLOCK)


def _parsed(text: str) -> _Fields:
    """The fields at the top of `text`, from the parser's events: to compose nodes takes long, and recurses."""
    next_event = _LOADER(text).get_event
    fields: _Fields = {}
    whole, around, skipped = fields, list[_Fields](), 0
    name: str | None = ""  # of the value that is due, or None where a name is due; the document is the value of ""
    while (kind := type(event := next_event())) is not yaml.StreamEndEvent:
        ended = kind in _ENDS
        if kind in _STARTS:
            if len(around) + skipped == _DEEPEST:
                return {}
            if skipped or name is None or kind is not yaml.MappingStartEvent or len(around) == _KEPT:
                skipped += 1
            else:
                around.append(fields)
                fields[name] = fields = {}
                name = None
        elif ended and not skipped:
            fields, name = around.pop(), None
        elif kind is yaml.DocumentStartEvent and name is None:  # a second one
            return {}
        elif ended or kind in _WORDS:
            skipped -= ended
            if skipped:
                continue
            word = event.value if kind is yaml.ScalarEvent else ""
            if name is None:
                name = word
            else:
                fields[name], name = word, None
    return _fields(whole.get(""))


def _fields(value: Any) -> _Fields:
    return value if isinstance(value, dict) else {}


def _word(value: Any) -> str:
    """`value`; empty where that is more than a word, as an inventory from elsewhere may have it."""
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else ""
