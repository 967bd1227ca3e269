"""A quick first look at plain data by its schema, a hundred times quicker than jsonschema. It only ever says that
nothing is wrong; for all else jsonschema is asked, so it must let nothing through that jsonschema would not. What is
asked then, jsonschema as we use it, stands here too."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final
from warnings import catch_warnings, simplefilter

_DATA: Final = frozenset({"const", "enum", "default", "examples"})
"""Parts of a schema that are data and no schemas."""

_BY_NAME: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
"""Parts of a schema that hold schemas under names that may be any."""

_READ_DIFFERENTLY: Final = re.compile(r"\\[a-zA-Z0-9](?<!\\[ntr])")
"""In a pattern, what is Python's own, or another set of characters elsewhere, as `\\w` is."""

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
"""The one `$schema` that changes nothing: by any other the schema would be read as another draft."""

_NOT_ALIKE: Final = frozenset({"multipleOf", "dependencies"})
"""Keywords that the two do not read alike: `multipleOf` rounds, also for large whole numbers; `dependencies` is known
to one of them only."""


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

    Raises `ValueError` for what the two read differently."""
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    _refuse_differences(schema)
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


def _refuse_differences(schema: Mapping[str, Any]) -> None:
    """Raise `ValueError` where one mapping of a schema holds what the two read differently."""
    patterns = [schema.get("pattern", ""), *schema.get("patternProperties", ())]
    if any(isinstance(pattern, str) and _READ_DIFFERENTLY.search(pattern) for pattern in patterns):
        raise ValueError("a class of characters")
    if schema.get("$schema", _DRAFT) not in (_DRAFT, f"{_DRAFT}#") or _NOT_ALIKE & schema.keys():
        raise ValueError("another draft, or a keyword that is not read alike")
    for name in ("$ref", "$dynamicRef"):
        reference = str(schema.get(name, ""))
        if "%" in reference or _DATA.intersection(reference.split("/")):
            raise ValueError("a reference to data, in which no integer is told from 4.0")


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


@cache
def compiled(text: str) -> re.Pattern[str]:
    """A pattern as JSON Schema means it: `$` is the very end, not the place before a last line end."""
    closed = text.endswith("$") and not text.endswith(r"\$")
    return re.compile(text[:-1] + r"\Z" if closed else text)


@cache
def validator_class() -> Any:
    """jsonschema's validator as we use it."""
    from jsonschema import Draft202012Validator, ValidationError, validators

    def pattern(_: Any, wanted: str, value: Any, __: Any) -> Iterator[ValidationError]:
        if isinstance(value, str) and not compiled(wanted).search(value):
            yield ValidationError("pattern")

    def additional(of: Any, wanted: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        # jsonschema goes through them in another order each time, and makes one error of all.
        # The message of ours is the name.
        if not isinstance(value, dict) or wanted is True:
            return
        known, patterns = schema.get("properties", ()), schema.get("patternProperties", ())
        for name in value:
            if name in known or any(re.search(pattern, name) for pattern in patterns):
                continue
            if wanted is False:
                yield ValidationError(name)
            else:
                yield from of.descend(value[name], wanted, path=name)

    def unique(_: Any, wanted: bool, value: Any, __: Any) -> Iterator[ValidationError]:
        # jsonschema compares each with each, which 100,000 entries would take an hour for.
        if (
            wanted
            and isinstance(value, list)
            and len({json.dumps(part, sort_keys=True) for part in value}) < len(value)
        ):
            yield ValidationError("uniqueItems")

    extend: Any = validators.extend
    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    return extend(
        Draft202012Validator,
        {"additionalProperties": additional, "pattern": pattern, "uniqueItems": unique},
        type_checker=types,
    )
