"""The quick look lets nothing through that jsonschema, as we use it, would refuse."""

import json
from typing import Any
from warnings import catch_warnings, simplefilter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, SchemaError

from reconciler.core.schema import Checker
from reconciler.core.schema_gate import Gate, is_schema
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
DRAFTS = (
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema#",
    "http://json-schema.org/draft-04/schema#",
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
        "multipleOf": st.sampled_from((1, 2, 3, 10, 0.1, 0.5, 1.5, 1e-9)),
        "minItems": st.integers(0, 2),
        "uniqueItems": st.booleans(),
        "required": st.lists(st.text(max_size=2), max_size=2, unique=True),
        "dependentRequired": st.dictionaries(
            st.text(max_size=1), st.lists(st.text(max_size=1), max_size=1), max_size=1
        ),
        "$schema": st.sampled_from(DRAFTS),
    }
    if depth:
        inner = schemas(depth=depth - 1)
        parts |= {
            "properties": st.dictionaries(st.sampled_from(("", "a", "default", "enum")), inner, max_size=3),
            "additionalProperties": st.booleans() | inner,
            "propertyNames": inner,
            "items": inner,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "dependencies": st.dictionaries(st.text(max_size=1), inner, max_size=1),
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


ANOTHER_DRAFT = [
    ({"const": 1}, 2),
    ({"prefixItems": [{"type": "string"}]}, [1]),
    ({"$ref": "#/$defs/any", "minimum": 3, "$defs": {"any": {}}}, 1),
    ({"dependentRequired": {"a": ["b"]}}, {"a": 1}),
]


@pytest.mark.parametrize("draft", DRAFTS[1:])
@pytest.mark.parametrize(("schema", "data"), ANOTHER_DRAFT)
def test_no_draft_but_ours_is_followed(draft: str, schema: Any, data: Any) -> None:
    for whole, part in (
        ({"$schema": draft, **schema}, data),
        ({"items": {"$schema": draft, "$id": "urn:a", **schema}}, [data]),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$schema": draft, **schema}}}, data),
    ):
        assert not Gate(whole).lets_through(part)
        assert Gate(whole)._validator is None


@pytest.mark.parametrize(("schema", "data"), ANOTHER_DRAFT)
def test_our_draft_may_be_named(schema: Any, data: Any) -> None:
    gate = Gate({"$schema": DRAFTS[0], **schema})
    assert gate._validator is not None
    assert not gate.lets_through(data)


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        ({"multipleOf": 0.1}, 0.3),
        ({"properties": {"a": {"multipleOf": 0.01}}}, {"a": 0.07}),
        ({"multipleOf": 100}, 3.0616232886389814e247),
        ({"not": {"dependencies": {"a": ["b"]}}}, {"a": 1}),
        ({"$ref": "#/default", "default": {"type": "integer"}}, 4.0),
    ],
)
def test_what_is_not_read_alike_is_left_to_jsonschema(schema: Any, data: Any) -> None:
    assert not Gate(schema).lets_through(data)


@pytest.mark.parametrize("data", [4.0, True, "4", [4.0], {"default": 4.0}])
def test_a_whole_number_has_no_point(data: Any) -> None:
    schema = {"type": ["integer", "array", "object"], "items": {"type": "integer"}}
    assert not Gate({**schema, "properties": {"default": {"type": "integer"}}}).lets_through(data)


WRONG = ("(", "[", "[[a]]", "*a", "a{9999999999}", "(?P<a>x)(?P<a>y)")


@st.composite
def perhaps_schemas(draw: st.DrawFn) -> Any:
    """Schemas with parts that may be anything."""
    names = (
        "type",
        "pattern",
        "patternProperties",
        "properties",
        "items",
        "required",
        "$ref",
        "$id",
        "$schema",
        "minLength",
    )
    odd = (
        DATA
        | st.sampled_from((*PATTERNS, *WRONG))
        | st.dictionaries(st.sampled_from((*PATTERNS, *WRONG)), schemas(depth=1))
    )
    return draw(schemas()) | draw(st.dictionaries(st.sampled_from(names), odd, max_size=3))


@given(perhaps_schemas())
def test_no_schema_that_is_wrong_passes_for_one(schema: Any) -> None:
    if is_schema(schema):
        assert by_jsonschema(schema)


def by_jsonschema(schema: Any) -> bool:
    """Whether jsonschema finds nothing wrong with a schema."""
    try:
        with catch_warnings():
            simplefilter("error", FutureWarning)
            Draft202012Validator.check_schema(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    except (SchemaError, OverflowError, RecursionError, FutureWarning):
        return False
    return True


@pytest.mark.parametrize("pattern", WRONG)
@pytest.mark.parametrize(
    "where", [{"pattern": 0}, {"items": {"pattern": 0}}, {"anyOf": [{"properties": {"pattern": {"pattern": 0}}}]}]
)
def test_a_pattern_of_none_is_seen_wherever_it_stands(pattern: str, where: Any) -> None:
    schema = json.loads(json.dumps(where).replace("0", json.dumps(pattern)))
    assert not is_schema(schema)
    assert not by_jsonschema(schema)


@pytest.mark.parametrize("name", NAMES)
def test_schemas_of_ours_are_schemas(name: str) -> None:
    assert is_schema({part: value for part, value in load_schema(name).items() if part != "$schema"})
