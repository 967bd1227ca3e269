"""Whatever is fed in: an inventory or an `InventoryError`, and in a time that grows with the text."""

import json
import random
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.errors import InventoryError
from reconciler.inventory.load import load_text

from .kinds import BUILT_IN, find_type
from .test_load import CONTRACT

BAD = [path.read_bytes() for path in sorted((Path(__file__).parent / "bad").glob("*.yaml"))]
RICH = CONTRACT.replace("  mine:\n    definition: ./my-platform.yaml   # relative to this file\n", "")
PIECES = [
    "{", "}", "[", "]", ":", ": ", "- ", "? ", "&a ", "*a", "<<: ", "!!str ", "!x ", "'", '"', "|\n", ">\n", "\n",
    "\t", "  ", "#", "---\n", "...\n", "%YAML 1.1\n", "~", "yes", "010", "1e3", "12:30", "2024-02-24", ".inf",
    "9" * 30, "\\", "\x00", "\x1b", "\u202e", "\u2028", "\ufeff", "\r", "é", "🤖", "version: 1\n", "models:",
    "platform: ", "id: ", "state: deployed", "settings: {a: 1}", "after: [faq-bot]", "export: {to: ../x}",
    "kg-0a1b2c3d-5ee3-5ff8-bccb-9aaaabbbbccc",
]  # fmt: skip
many = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def feed(text: str | bytes) -> None:
    try:
        load_text(text, "-", Path(), find_type, BUILT_IN)
    except InventoryError as error:
        found = error.complaints
    else:
        return
    assert found
    for complaint in found:
        assert complaint.text.isprintable()
        assert (complaint.line >= 1 and complaint.column >= 1) or complaint.file != "-"


MODEL = "version: 1\nmodels: {a: {platform: kore, id: x, state: deployed, "


@many
@given(st.text() | st.binary() | st.lists(st.sampled_from(PIECES)).map("".join))
@example("version: 1\nmodels: {a: {platform: [], id: {}, state: [], after: {}, export: [], probe: 1, settings: 2}}")
@example("version: 1\ndefaults: []\nplatforms: []\nguards: []\nmodels: {a: {}}")
@example('version: 1\nplatforms: {a: {definition: "\\0"}, "\\0": {type: "\\ud83d"}}\nmodels: {}')
@example(MODEL + "after: [[]], settings: {hyperParameters: 1}}}")
@example(MODEL + "settings: {scalingParameters: {minReplicas: true}}}}")
def test_any_text(text: str | bytes) -> None:
    feed(text)


@many
@given(st.data())
def test_good_and_bad_inventories_with_something_changed(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([RICH.encode(), *BAD]))[:3000]
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        text = text[:start] + data.draw(st.sampled_from(PIECES)).encode("utf-8", "surrogatepass") + text[end:]
    feed(text)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 200)
    | st.sampled_from(["x", "", "deployed", "5m", "../x", "a", "kore", "no"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["to", "path", "a", "topK"]), inner, max_size=2)
    ),
    max_leaves=4,
)
FIELDS = [
    "platform",
    "id",
    "state",
    "export",
    "after",
    "protect",
    "settings",
    "probe",
    "timeout",
    "owner",
    "labels",
    "stat",
]


@many
@given(
    st.fixed_dictionaries(
        {"version": st.just(1)},
        optional={
            "models": st.dictionaries(st.sampled_from("abc"), st.dictionaries(st.sampled_from(FIELDS), VALUES) | VALUES)
            | VALUES,
            "defaults": st.dictionaries(st.sampled_from(FIELDS), VALUES) | VALUES,
            "platforms": st.dictionaries(st.sampled_from(["a", "kore"]), VALUES) | VALUES,
            "guards": VALUES,
        },
    )
)
def test_any_value_in_any_field(data: object) -> None:
    feed(json.dumps(data))


def inventory_of(size: int) -> str:
    models = "".join(
        f"  model-{i:05d}:\n    platform: kore\n    id: cm-{i:08d}\n    state: undeployed\n"
        + (f"    after: [model-{i - 1:05d}]\n" if i else "")
        for i in range(size)
    )
    return f"version: 1\ndefaults: {{owner: team}}\nmodels:\n{models}"


def seconds_for(text: str) -> float:
    began = time.process_time()
    load_text(text, "-", Path(), find_type, BUILT_IN)
    return time.process_time() - began


def test_four_times_the_models_take_about_four_times_the_time() -> None:
    small, large = inventory_of(1250), inventory_of(5000)
    load_text(small, "-", Path(), find_type, BUILT_IN)
    ratio = min(seconds_for(large) for _ in range(3)) / min(seconds_for(small) for _ in range(3))

    assert ratio < 10  # 16 where it grows with the square; a busy machine is not that far off


@pytest.mark.parametrize(
    "change", [("after: [model-", "after: [modle-"), ("state:", "stat:"), ("id: cm-", "id: 0"), ("kore", "kora")]
)
def test_an_inventory_in_which_everything_is_wrong_is_refused_soon(change: tuple[str, str]) -> None:
    began = time.process_time()
    with pytest.raises(InventoryError) as caught:
        load_text(inventory_of(5000).replace(*change), "-", Path(), find_type, BUILT_IN)

    assert time.process_time() - began < 20
    assert 100 <= len(caught.value.complaints) <= 2001


@pytest.mark.parametrize(
    "text",
    [
        "after: [" + "{}, " * 200_000 + "]", "a" * 1_000_000, "? " * 300_000, "- " * 300_000, "&a " * 200_000,
        "a: [" + "x," * 400_000 + "]", "!a " * 200_000, "'" * 1_000_000, '"' + "\\x1b" * 200_000 + '"', "#" * 1_000_000,
        "{" * 1_000_000, "a: 1\n" * 150_000, "k" + "-0a1b2c3d" * 100_000, "sk-" * 300_000,
    ],
    ids=range(14),
)  # fmt: skip
def test_hostile_texts_are_read_in_seconds(text: str) -> None:
    began = time.process_time()
    feed(text)

    assert time.process_time() - began < 10


def test_a_random_walk_over_the_pieces() -> None:
    """Longer than hypothesis draws them; the seed is fixed, so that a failure stands still."""
    source = random.Random(20240224)
    for _ in range(500):
        feed("".join(source.choice(PIECES) for _ in range(source.randrange(60))))
