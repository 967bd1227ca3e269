"""Data against a schema, in our words."""

from typing import Any

import pytest

from reconciler.core.document import read_document
from reconciler.core.schema import MORE, Checker, check, find_secrets, is_secret_field, shown, suggestion
from reconciler.schemas import load_schema


def problems(data: Any, **schema: Any) -> list[tuple[tuple[str | int, ...], str]]:
    return [(problem.path, problem.text) for problem in Checker(schema).problems(data)]


@pytest.mark.parametrize(
    ("data", "schema", "text"),
    [
        (3, {"type": "string"}, 'YAML reads 3 as a number; quote it: "3"'),
        (3.5, {"type": "string"}, "YAML reads this as 3.5 and not as text; quote it"),
        (True, {"type": "string"}, "YAML reads this as true and not as text; quote it"),
        (5, {"type": "string", "pattern": "s$", "patternErrorMessage": "a time"}, "wanted a time, found 5"),
        (True, {"type": "integer"}, "wanted a whole number, found true"),
        (4.0, {"type": "integer"}, "wanted a whole number, found 4.0"),
        ("x", {"type": ["integer", "null"]}, 'wanted a whole number or null, found "x"'),
        ([], {"type": "object"}, "wanted a mapping (name: value), found a list"),
        (None, {"type": "object"}, "this is empty; wanted a mapping (name: value)"),
        ("b", {"enum": ["a", 1, None]}, '"b" is not allowed (allowed: a, 1, null)'),
        ("deploied", {"enum": ["deployed"]}, '"deploied" is not allowed; did you mean "deployed"? (allowed: deployed)'),
        ("x\n", {"pattern": "^x$"}, '"x\\n" does not match "^x$"'),
        ([1, 1], {"uniqueItems": True}, "a list holds an entry twice"),
        ({"a": 1}, {"required": ["a", "b", "c"]}, '"b" and "c" are missing'),
        ({}, {"required": ["a", "b", "c"]}, '"a", "b" and "c" are missing'),
        (0.5, {"multipleOf": 1}, "0.5 is not a multiple of 1"),
        (1, {"not": {}}, "1 is not allowed here"),
        (1, {"const": 2}, "1 is not allowed: it must be 2"),
    ],
)
def test_words(data: Any, schema: dict[str, Any], text: str) -> None:
    assert problems(data, **schema) == [((), text)]


def test_the_field_is_named() -> None:
    found = problems({"a": {"b": [1, "x"]}}, properties={"a": {"properties": {"b": {"items": {"type": "integer"}}}}})

    assert found == [(("a", "b", 1), 'b[1]: wanted a whole number, found "x"')]


def test_of_several_forms_the_one_that_was_meant_is_explained() -> None:
    request = {"type": "object", "required": ["path"], "properties": {"path": {"type": "string"}, "body": {}}}
    schema = {
        "properties": {"r": {"oneOf": [{"type": "string"}, {"$ref": "#/$defs/request"}]}},
        "$defs": {"request": request},
    }

    assert problems({"r": {"path": 5}}, **schema) == [(("r", "path"), 'path: YAML reads 5 as a number; quote it: "5"')]
    assert problems({"r": {}}, **schema) == [(("r",), 'r: "path" is missing')]
    assert problems({"r": []}, **schema) == [(("r",), "r: wanted text or a mapping (name: value), found a list")]
    assert problems({"r": "x"}, **schema) == []
    assert problems(1, oneOf=[{"type": "integer"}, {"type": "number"}]) == [((), "1 is not allowed here")]


def test_a_form_with_the_right_type_but_a_wrong_value_is_preferred() -> None:
    assert problems("x", anyOf=[{"type": "integer"}, {"enum": ["y"]}]) == [((), '"x" is not allowed (allowed: y)')]


def test_names() -> None:
    schema = {"propertyNames": {"pattern": "^[a-z]+$", "patternErrorMessage": "a word", "maxLength": 3}}

    assert problems({"A": 1, "abcd": 1}, **schema) == [
        (("A",), '"A" is not a word'),
        (("abcd",), 'the name "abcd" is longer than 3 characters'),
    ]


def test_pattern_properties_are_known() -> None:
    schema = {"additionalProperties": False, "patternProperties": {"^x-": {}}, "properties": {"a": {}}}

    assert problems({"x-1": 1, "b": 1}, **schema) == [(("b",), 'unknown field "b" (allowed: a)')]


def test_complaints_stand_in_order_of_place() -> None:
    document, _ = read_document("b: 1\na: x\nc: {d: 2}\n", "f.yaml")
    schema = {"properties": {"a": {"type": "integer"}, "b": {"type": "string"}, "c": {"additionalProperties": False}}}

    assert document is not None
    assert [str(one) for one in check(document, Checker(schema))] == [
        'f.yaml:1:4: b: YAML reads 1 as a number; quote it: "1"',
        'f.yaml:2:4: a: wanted a whole number, found "x"',
        'f.yaml:3:5: unknown field "d"',
    ]


@pytest.mark.parametrize(
    "text",
    [
        "kg-0a1b2c3d-5ee3-5ff8-bccb-9aaaabbbbccc",
        "kg-axxxxxxx-5xx3-5xx8-xxx-9xxxxxxxxxx-ebxxxxxx",
        "Bearer nugen-0123456789abcdef",
        "nugen-AbC_dEf-GhIjKlMnOpQrSt",
        "sk-proj-AbCdEf0123456789AbCdEf",
        "https://x.example/?key=kg-0123456789abcdef0",
    ],
)
def test_what_looks_like_a_key_is_found_and_masked(text: str) -> None:
    (problem,) = find_secrets({"a": ["b", {"c": text}]})

    assert problem.path == ("a", 1, "c")
    assert text not in problem.text
    assert text[-8:] not in shown(text)
    assert "rotate" in problem.text


@pytest.mark.parametrize(
    "text",
    [
        "kg-embeddings-v2-2024-large", "sk-learn-classifier-20240224", "nugen-flash-instruct", "cm-20f1a",
        "kg-internationalization", "nugen-demo-alignment-01m3gf73kht8n4tb", "alignment_01KXG82FJJ98NQ0",
        "-ak-14-july-alignment-01kxg82fjj98nq0",
    ],
)  # fmt: skip
def test_what_is_a_name_is_no_key(text: str) -> None:
    assert not list(find_secrets([text]))


@pytest.mark.parametrize(
    "name",
    ["key", "api_key", "apiKey", "X-API-Key", "token", "secret", "password", "key_env", "key-file", "authorization"],
)
def test_fields_for_keys(name: str) -> None:
    assert is_secret_field(name)
    assert problems({name: "hunter2"}, additionalProperties=False)[0][1].startswith("keys and their names never stand")
    assert "hunter2" not in shown("hunter2", ("a", name))


@pytest.mark.parametrize("name", ["keys_per_page", "monkey", "maxTokens", "id", "stopSequence"])
def test_fields_not_for_keys(name: str) -> None:
    assert not is_secret_field(name)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\x1b[2J\u202eb", '"a\\x1b[2J\\u202eb"'),
        ("x" * 1000, f'"{"x" * 57}…"'),
        ("x" * 58, f'"{"x" * 58}"'),
        (None, "null"),
        ({"a": "kg"}, "a mapping"),
        ([1], "a list"),
    ],
)
def test_values_in_messages(value: Any, text: str) -> None:
    assert shown(value) == text
    assert len(shown(value)) <= 60


def test_suggestions_are_near_and_bounded() -> None:
    assert suggestion("stat", ["state", "id"]) == '; did you mean "state"?'
    assert suggestion("STATE", ["state"]) == '; did you mean "state"?'
    assert suggestion("zzz", ["state"]) == ""
    assert suggestion("x" * 1_000_000, ["x"]) == ""
    assert suggestion("model-00007x", [f"model-{i:05d}" for i in range(10_000)]).startswith("; did you mean")


def test_a_long_list_of_distinct_entries_is_quick() -> None:
    assert problems([{"a": i} for i in range(100_000)], uniqueItems=True) == []


def test_problems_have_an_end() -> None:
    assert len(problems([1] * 5000, items={"type": "string"})) == 1000


def test_the_last_problem_says_that_there_are_more() -> None:
    found = problems([1] * 5000, items={"type": "string"})
    assert found[999] == ((999,), MORE)
    assert [path for path, _ in found] == [(number,) for number in range(1000)]
    assert MORE not in dict(problems([1] * 1000, items={"type": "string"})).values()
    assert problems([1] * 50_000, items={"type": "string"}, maxItems=0)[999] == ((999,), MORE)
    assert problems([1] * 5000, items={"type": "string"}, maxItems=0)[999] == ((998,), MORE)
    assert problems([1] * 50_000, allOf=[{"items": {"const": 2}}] * 2)[999] == ((999,), MORE)


@pytest.mark.parametrize("rule", ["propertyNames", "additionalProperties", "items"])
@pytest.mark.parametrize("value", ["x", ["x"], {"x": "x"}])
def test_a_field_may_be_called_as_a_rule_is(rule: str, value: Any) -> None:
    whole = {"type": "integer"}
    schema = {"properties": {rule: {**whole, "items": whole, "additionalProperties": whole}, "z": whole}}
    assert len(problems({rule: value, "z": "z"}, **schema)) > 1


def test_problems_come_in_the_order_of_the_data() -> None:
    schema = {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "additionalProperties": False}
    assert [path for path, _ in problems({"z": 1, "b": 1, "y": 1, "a": 1}, **schema)] == [
        ("z",),
        ("b",),
        ("y",),
        ("a",),
    ]


def properties_of(schema: Any) -> list[tuple[str, Any]]:
    found = []
    if isinstance(schema, dict):
        for name, part in schema.items():
            if name == "properties":
                found += list(part.items())
            found += properties_of(part)
    return found


def test_the_schema_of_the_inventory_serves_editors() -> None:
    schema = load_schema("inventory")
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema)
    assert schema["$id"]
    assert schema["title"]
    for name, part in properties_of(schema):
        if "$ref" in part and part["$ref"].startswith("#/$defs/model/properties/"):
            continue  # a default is described where the model's field is
        assert part.get("description"), name
        assert part.get("examples"), name
        assert all(Checker({**part, "$defs": schema["$defs"]}).valid(example) for example in part["examples"]), name


def test_defaults_know_every_field_of_a_model_but_its_own() -> None:
    schema = load_schema("inventory")

    assert set(schema["properties"]["defaults"]["properties"]) == set(schema["$defs"]["model"]["properties"]) - {
        "id",
        "after",
        "acknowledge",
    }
