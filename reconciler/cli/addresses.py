"""The addresses in an inventory, for whoever presses TAB: found quickly, and nothing else is read or checked."""

import os
import re

import yaml

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_MOST_BYTES = 1 << 20
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]*")
"""Words that no shell takes for more than a word; others are not offered."""


def addresses(path: str) -> dict[str, str]:
    """The addresses in the inventory at `path`, a file or a folder, in order, each with what is wanted of it."""
    parts = [_read(file) for file in _files(path)]
    defaults: dict[str, yaml.Node] = {}
    for part in parts:
        defaults |= _fields(part.get("defaults"))
    found: dict[str, str] = {}
    for part in parts:
        for name, model in _fields(part.get("models")).items():
            fields = defaults | _fields(model)
            platform, state = _word(fields.get("platform")), _word(fields.get("state"))
            if platform and _PLAIN.fullmatch(address := f"{platform}/{name}"):
                found[address] = f"wanted {state}" if state else ""
    return dict(sorted(found.items()))


def _files(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    names = sorted(os.listdir(path))
    return [os.path.join(path, name) for name in names if name.endswith((".yaml", ".yml")) and name[0] != "."]


def _read(file: str) -> dict[str, yaml.Node]:
    """The fields at the top of a file; none where it is no YAML."""
    with open(file, "rb") as stream:
        text = stream.read(_MOST_BYTES)
    try:
        return _fields(yaml.compose(text, Loader=_LOADER))
    except yaml.YAMLError:
        return {}


def _fields(node: yaml.Node | None) -> dict[str, yaml.Node]:
    return {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}


def _word(node: yaml.Node | None) -> str:
    """The text of `node`; empty where that is more than a word, as an inventory from elsewhere may have it."""
    return node.value if isinstance(node, yaml.ScalarNode) and _PLAIN.fullmatch(node.value) else ""
