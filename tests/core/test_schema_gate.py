"""The quick look lets nothing through that jsonschema, as we use it, would refuse."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.schema import Checker
from reconciler.core.schema_gate import Gate
from reconciler.schemas import NAMES, load_schema

TEXTS = st.text(max_size=4) | st.sampled_from(("a", "a\n"))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
DATA = st.recursive(SCALARS, lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=3), part))
PATTERNS = (
    "^a$",
    "a",
    "^[^/\\\\?#\\n]*$",
    "^\\w+$",
    "[^\\w]",
    "\\s",
    "^(?!a$)",
    "(?i)^A$",
    "^a\\Z",
    "(",
    "é",
    "^.$",
    "a|b$",
)
TYPES = ("integer", "number", "string", "boolean", "null", "array", "object")


@st.composite
def schemas(draw: st.DrawFn, depth: int = 2) -> Any:
    """Schemas of the keywords that definitions use."""
    parts: dict[str, st.SearchStrategy[Any]] = {
        "type": st.sampled_from(TYPES) | st.lists(st.sampled_from(TYPES), min_size=1, max_size=3, unique=True),
        "enum": st.lists(SCALARS.filter(lambda value: value == value), min_size=1, max_size=3),
        "const": SCALARS.filter(lambda value: value == value),
        "pattern": st.sampled_from(PATTERNS),
        "minLength": st.integers(0, 3),
        "maxLength": st.integers(0, 3),
        "minimum": st.integers(-3, 3),
        "maximum": st.integers(-3, 3),
        "minItems": st.integers(0, 2),
        "uniqueItems": st.booleans(),
        "required": st.lists(st.text(max_size=2), max_size=2, unique=True),
    }
    if depth:
        inner = schemas(depth=depth - 1)
        parts |= {
            "properties": st.dictionaries(st.sampled_from(("", "a", "default", "enum")), inner, max_size=3),
            "additionalProperties": st.booleans() | inner,
            "propertyNames": inner,
            "items": inner,
            "anyOf": st.lists(inner, min_size=1, max_size=3),
            "not": inner,
        }
    chosen = draw(st.lists(st.sampled_from(sorted(parts)), max_size=3, unique=True))
    return {name: draw(parts[name]) for name in chosen}


@given(schemas(), DATA)
def test_it_lets_nothing_through_that_is_wrong(schema: Any, data: Any) -> None:
    gate = Gate(schema)
    if gate.lets_through(data):
        try:
            found = tuple(Checker(schema)._validator.iter_errors(data))
        except Exception:
            return
        assert found == ()


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_of_ours_can_be_made_ready(name: str) -> None:
    assert Gate(load_schema(name))._validator is not None


@pytest.mark.parametrize(
    "schema",
    [
        {"pattern": "^\\w+$"},
        {"pattern": "("},
        {"$ref": "http://localhost:1/x"},
        {"properties": {"a": {"pattern": "\\d"}}},
    ],
)
def test_what_cannot_be_made_ready_lets_nothing_through(schema: Any) -> None:
    assert not Gate(schema).lets_through({})


@pytest.mark.parametrize("data", [4.0, True, "4", [4.0], {"default": 4.0}])
def test_a_whole_number_has_no_point(data: Any) -> None:
    schema = {"type": ["integer", "array", "object"], "items": {"type": "integer"}}
    assert not Gate({**schema, "properties": {"default": {"type": "integer"}}}).lets_through(data)
