"""What the fuzzer's targets found and a single input cannot show."""

import socket
from pathlib import Path

import pytest

from reconciler.core.schema import Checker
from reconciler.core.schema_references import reference_problem
from reconciler.errors import ConfigurationError, DefinitionError
from reconciler.platforms.access import usable_key
from reconciler.platforms.load import read_definition

OLLAMA = (Path(__file__).parents[1] / "platforms" / "definitions" / "ollama.yaml").read_text("utf-8")


def test_a_reference_in_a_schema_is_never_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/schema.json"
        with pytest.raises(DefinitionError, match="does not lead to # or to a #/"):
            read_definition(f"{OLLAMA}settings: {{schema: {{$ref: '{url}'}}}}\n", "mine.yaml")
        with pytest.raises(Exception, match="Unresolvable"):
            Checker({"$ref": url}).problems({})  # nor where nobody looked at the schema before
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    "schema",
    [
        {"$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}, "$ref": "#/$defs/tree"},
        {"properties": {"inner": {"$ref": "#"}}},
        {"properties": {"$ref": {"type": "string"}, "$id": True}},
        {"const": {"$ref": "nothing"}, "enum": [{"$id": 1}]},
        {"$defs": {"a": True, "b": {"$ref": "#/$defs/a"}}, "allOf": [{"$ref": "#/$defs/b"}]},
    ],
)
def test_a_schema_whose_references_end_is_taken(schema: dict[str, object]) -> None:
    assert reference_problem(schema) is None


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"not": {"$ref": "#"}},
        {"$defs": {"a": {"if": {"$ref": "#/$defs/b"}}, "b": {"anyOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"},
        {"$defs": {"a": {"dependentSchemas": {"x": {"$ref": "#/$defs/a"}}}}, "items": {"$ref": "#/$defs/a"}},
        {"$defs": {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(15)} | {"a15": True},
         "items": {"$ref": "#/$defs/a0"}},
        {"$defs": {f"a{n}": {"$ref": f"#/$defs/a{n + 1}"} for n in range(300)} | {"a300": True}, "$ref": "#/$defs/a0"},
    ],
)  # fmt: skip
def test_references_in_a_circle_or_without_measure_are_refused(schema: dict[str, object]) -> None:
    assert reference_problem(schema) == "its references lead in a circle, or through too many parts"


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "https://json-schema.org/draft/2020-12/schema"}, "does not lead"),
        ({"$ref": "other.json#/$defs/a"}, "does not lead"),
        ({"$ref": "#/$defs/a"}, "does not lead"),
        ({"$ref": "#/$defs/%61", "$defs": {"a": True}}, "does not lead"),
        ({"$ref": "#/properties/a", "properties": {"a": True}}, "does not lead"),
        ({"$dynamicRef": "#a"}, "is not understood here"),
        ({"items": [{"$id": "https://example.com"}]}, "is not understood here"),
    ],
)
def test_any_other_reference_is_refused(schema: dict[str, object], words: str) -> None:
    assert words in str(reference_problem(schema))


def test_a_key_that_is_far_too_long_is_refused_before_anything_is_made_of_it() -> None:
    assert usable_key("k" * 8192, "KEY").reveal() == "k" * 8192
    with pytest.raises(ConfigurationError, match="KEY is longer than any key"):
        usable_key("k" * 8193, "KEY")
