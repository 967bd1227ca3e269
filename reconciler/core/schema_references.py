"""References inside a JSON Schema that a person wrote: they lead to a part of the same schema, and they end. Pure.

A reference to an address would be fetched, one that leads nowhere or round in a circle ends the checking of settings
with an error of the library: each is refused before the schema is used."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from reconciler.core.pointer import MISSING, at

_ELSEWHERE: Final = frozenset(("$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"))
"""What moves the place that references start from, or picks their end while checking."""

_PLAIN: Final = frozenset(("const", "enum", "default", "examples"))
"""Keywords whose values are data, in which nothing is a reference."""

_NAMED: Final = frozenset(("properties", "patternProperties", "$defs", "dependentSchemas"))
"""Keywords whose values hold schemas under names of any kind, `$ref` too."""

_DEPTH: Final = 20
_STEPS: Final = 2000
"""How many references may follow one another, and how many schemas may speak of one value: far more than anybody
needs, and few enough to end soon."""


def reference_problem(schema: Mapping[str, Any]) -> str | None:
    """What is wrong with the references of a JSON Schema, in words to be shown; None if nothing is."""
    ends: list[Any] = [schema]
    for part in _schemas(schema):
        for keyword in sorted(_ELSEWHERE & part.keys()):
            return f"{keyword} is not understood here; refer with $ref to #/$defs/NAME"
        if "$ref" in part:
            end = _end(schema, part["$ref"])
            if not isinstance(end, Mapping | bool):
                return f"$ref {str(part['$ref'])[:60]!a} does not lead to # or to a #/$defs/NAME of this schema"
            ends.append(end)
    steps = 0
    for end in ends:
        waiting = [(end, 0)]
        while waiting:
            part, depth = waiting.pop()
            steps += 1
            if depth > _DEPTH or steps > _STEPS:
                return "its references lead in a circle, or through too many parts"
            waiting += [(inner, depth + 1) for inner in _of_the_same_value(schema, part)]
    return None


def _end(schema: Mapping[str, Any], reference: Any) -> Any:
    # Only what stands under $defs is known to be a schema; encoded names would be read in two ways.
    plain = isinstance(reference, str) and re.fullmatch(r"#(?:/\$defs/[^/%]+)?", reference)
    return at(schema, reference[1:]) if plain else MISSING


def _schemas(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """`schema` and every mapping in it that may be one."""
    waiting: list[Any] = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            yield part
            for name, value in part.items():
                if name in _NAMED and isinstance(value, Mapping):
                    waiting += value.values()
                elif name not in _PLAIN:
                    waiting.append(value)
        elif isinstance(part, list):
            waiting += part


def _of_the_same_value(schema: Mapping[str, Any], part: Any) -> Iterator[Any]:
    """The schemas that `part` applies to the very value that it is applied to itself."""
    if not isinstance(part, Mapping):
        return
    if "$ref" in part:
        yield _end(schema, part["$ref"])
    for keyword in ("allOf", "anyOf", "oneOf"):
        yield from part.get(keyword, ())
    for keyword in ("not", "if", "then", "else"):
        if keyword in part:
            yield part[keyword]
    yield from part.get("dependentSchemas", {}).values()
