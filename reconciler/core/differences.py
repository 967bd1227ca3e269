"""What differs between two pieces of plain data, in words. DeepDiff stays inside; it is asked only where `==` says
so."""

from collections.abc import Mapping
from typing import Any


def explain_difference(before: Any, after: Any) -> tuple[str, ...]:
    """One short line per difference, in order of path, like `scalingParameters.maxReplicas 2 -> 4`; empty where
    equal."""
    if before == after:
        return ()
    from deepdiff import DeepDiff

    # verbose_level 2 gives the values of added and removed items; keys that begin with __ count like any other.
    found = DeepDiff(before, after, verbose_level=2, ignore_private_variables=False, view="tree")
    lines = []
    for kind, items in found.items():
        for item in items:
            if item.t1 == item.t2:
                continue  # 1 and 1.0: numbers of different types may still be equal
            path = ".".join(str(part) for part in item.path(output_format="list"))
            lines.append(_line(kind, path or "all", item.t1, item.t2))
    return tuple(sorted(lines))


def _line(kind: str, path: str, before: Any, after: Any) -> str:
    if "added" in kind:
        return f"{path} {_text(after)} added"
    if "removed" in kind:
        return f"{path} {_text(before)} removed"
    return f"{path} {_text(before)} -> {_text(after)}"


def _text(value: Any) -> str:
    if isinstance(value, Mapping | list | tuple):
        return "{…}" if isinstance(value, Mapping) else "[…]"
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"
