"""A quick first look at plain data by its schema, a hundred times quicker than jsonschema. It only ever says that
nothing is wrong; for all else jsonschema is asked, so it must let nothing through that jsonschema would not."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from warnings import catch_warnings, simplefilter

_DATA: Final = frozenset({"const", "enum", "default", "examples"})
"""Parts of a schema that are data and no schemas."""

_BY_NAME: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
"""Parts of a schema that hold schemas under names that may be any."""

_READ_DIFFERENTLY: Final = re.compile(r"\\[a-zA-Z0-9](?<!\\[ntr])")
"""In a pattern, what is Python's own, or another set of characters elsewhere, as `\\w` is."""


class Gate:
    """A JSON Schema made ready. Where that cannot be done, nothing is let through."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        from jsonschema_rs import ValidationError, validator_for

        try:
            self._validator: Any = validator_for(_strict(schema), keywords={_WHOLE: _Whole}, retriever=_fetch_nothing)
        except (ValueError, ValidationError):  # a pattern of Python's own, a reference into nowhere
            self._validator = None

    def lets_through(self, data: Any) -> bool:
        """Whether nothing is wrong with `data`, dicts, lists, text, numbers, True, False and None."""
        try:
            return self._validator is not None and bool(self._validator.is_valid(data))
        except ValueError:  # half a character, a number beyond all bounds
            return False


_WHOLE: Final = "reconcilerWhole"


class _Whole:
    """The keyword that refuses 4.0 for an integer."""

    def __init__(self, _parent: Any, _value: Any, _path: Any) -> None:
        pass

    def validate(self, data: Any) -> None:
        """Raise `ValueError` for a number with a point."""
        if isinstance(data, float):
            raise ValueError("not a whole number")


def _strict(schema: Any) -> Any:
    """`schema` with `_WHOLE` beside every type that is an integer and no other number.

    Raises `ValueError` for a pattern that the two read differently."""
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    patterns = [schema.get("pattern", ""), *schema.get("patternProperties", ())]
    if any(isinstance(pattern, str) and _READ_DIFFERENTLY.search(pattern) for pattern in patterns):
        raise ValueError("a class of characters")
    made: dict[str, Any] = {}
    for name, part in schema.items():
        if name in _BY_NAME and isinstance(part, Mapping):
            made[name] = {of: _strict(one) for of, one in part.items()}
        else:
            made[name] = part if name in _DATA else _strict(part)
    kinds = schema.get("type")
    if kinds == "integer" or (isinstance(kinds, list) and "integer" in kinds and "number" not in kinds):
        made[_WHOLE] = True
    return made


def is_schema(schema: Mapping[str, Any]) -> bool:
    """Whether `schema` is a JSON Schema with nothing wrong, as far as that can be told at once."""
    from jsonschema_rs import meta

    try:
        plain = "$schema" not in schema and meta.is_valid(dict(schema))
        return plain and all(map(_compiles, _patterns(schema)))
    except (ValueError, RecursionError):  # half a character, a number beyond all bounds
        return False


def _patterns(part: Any) -> Iterator[str]:
    """Every text in `part` that may be a pattern."""
    if isinstance(part, list):
        for item in part:
            yield from _patterns(item)
    elif isinstance(part, Mapping):
        for name, value in part.items():
            if name == "pattern" and isinstance(value, str):
                yield value
            if name == "patternProperties" and isinstance(value, Mapping):
                yield from value
            yield from _patterns(value)


def _compiles(pattern: str) -> bool:
    try:
        with catch_warnings():
            simplefilter("error", FutureWarning)
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError, FutureWarning):
        return False
    return True


def _fetch_nothing(uri: str) -> Any:
    raise ValueError(f"{uri} is not fetched")
