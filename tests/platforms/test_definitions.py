"""The definition format: the built-in files are right, and every file in `wrong/` says at its top what is not."""

import re
from pathlib import Path

import pytest

from reconciler.core.job import Verb
from reconciler.errors import Complaint, DefinitionError
from reconciler.platforms.load import read_definition
from reconciler.platforms.registry import definition_text

from .neighbours import DEFINITIONS

WRONG = sorted((Path(__file__).parent / "wrong").glob("*.yaml"))
BUILT_IN = ("kore", "nugen", "nugen-b")
_EXPECT = re.compile(r"# expect: (\d+):(\d+): (.*)")


def expected(path: Path) -> list[tuple[int, int, str]]:
    lines = path.read_text("utf-8").split("\n")
    return [(int(found[1]), int(found[2]), found[3]) for found in map(_EXPECT.fullmatch, lines) if found]


def complaints_of(text: str | bytes, file: str = "mine.yaml") -> tuple[Complaint, ...]:
    with pytest.raises(DefinitionError) as caught:
        read_definition(text, file)
    return caught.value.complaints


def test_the_corpus_is_there() -> None:
    assert len(WRONG) >= 70
    assert all(expected(path) for path in WRONG)


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_exactly_what_is_wrong_is_complained_about_where_it_stands(path: Path) -> None:
    found = complaints_of(path.read_bytes())

    assert [(one.line, one.column) for one in found] == [(line, column) for line, column, _ in expected(path)], found
    for complaint, (_, _, words) in zip(found, expected(path), strict=True):
        assert words in complaint.text
        assert complaint.text.isprintable()


def test_a_complaint_names_file_line_and_column() -> None:
    missing, misspelt = complaints_of("definition: 1\ntitel: x\n", "my/own.yaml")

    assert str(missing).startswith("my/own.yaml:1:1: ")
    assert str(misspelt) == 'my/own.yaml:2:1: unknown field "titel"; did you mean "title"?'


def test_a_key_that_stands_in_a_definition_is_not_repeated() -> None:
    path = next(path for path in WRONG if path.stem == "key-in-the-file")

    assert all("0123456789abcdef" not in complaint.text for complaint in complaints_of(path.read_bytes()))


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_built_in_definitions_are_right(name: str) -> None:
    definition = read_definition(definition_text(name), name)

    assert (definition.type.name, definition.type.needs_key) == (name, True)
    assert definition.type.settings_schema is not None
    assert set(definition.starts) == {verb for verb in Verb if definition.type.capabilities.refusal(verb) is None}


def test_kore_is_at_no_fixed_address_and_nugen_is() -> None:
    urls = [read_definition(definition_text(name), name).type.url for name in BUILT_IN]

    assert urls == [None, "https://api.nugen.in", "https://api.nugen.in"]


def test_only_kore_can_be_probed_and_only_a_first_deployment_is_made_by_hand() -> None:
    kinds = [read_definition(definition_text(name), name).type for name in BUILT_IN]

    assert [kind.probes for kind in kinds] == [True, False, False]
    (manual,) = kinds[0].capabilities.manual
    assert (manual.verb, manual.at, manual.equals) == (Verb.DEPLOY, "/isDeployedPreviously", False)
    assert manual.reason == "the first deployment of a model is made by hand in Kore.ai"


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("kore", ["cm-20f1a", "A", "x" * 128], ["", "-a", "a.b", "a/b", "..", "x" * 129, "a\n", "%2e"]),
        ("nugen", ["alignment_01KX", "-ak-14", "a.b"], ["", ".", "..", ".a", "a/b", "a?b", "a#b", "a b", "a\n"]),
        ("nugen-b", ["model_01kx", "-x"], ["", "..", "a/b", "a%2f"]),
    ],
)
def test_which_ids_a_type_takes(name: str, good: list[str], bad: list[str]) -> None:
    pattern = re.compile(read_definition(definition_text(name), name).type.id_pattern)

    assert [id for id in good if not pattern.fullmatch(id)] == []
    assert [id for id in bad if pattern.fullmatch(id)] == []


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.stem)
def test_the_neighbours_can_be_said_in_a_short_file(path: Path) -> None:
    definition = read_definition(path.read_bytes(), str(path))

    assert definition.type.name == path.stem
    assert len(path.read_text().splitlines()) <= 60


def test_what_is_left_out_has_a_documented_value() -> None:
    text = next(path for path in DEFINITIONS if path.stem == "triton").read_text()

    stated = read_definition(text, "triton.yaml").type
    capabilities = stated.capabilities
    assert (stated.needs_key, stated.url, stated.settings_schema, stated.normalise) == (False, None, None, ())
    assert (capabilities.concurrency, capabilities.requests_per_minute) == (4, None)
    assert (capabilities.poll, capabilities.settle, capabilities.timeouts) == (5.0, 60.0, {})
    assert capabilities.refusal(Verb.EXPORT) == "Triton in explicit mode offers no export"


def test_no_follow_may_be_written_as_null() -> None:
    text = next(path for path in DEFINITIONS if path.stem == "triton").read_text()

    definition = read_definition(f"{text}follow: null\n", "triton.yaml")

    assert {start.follow for start in definition.starts.values()} == {None}
