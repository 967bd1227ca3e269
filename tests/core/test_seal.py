import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.seal import canonical, digest, seal, sealed

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_canonical_json_has_one_spelling() -> None:
    assert (
        canonical({"b": [1, None, True], "a": {"d": "ü", "c": 1.5}})
        == '{"a":{"c":1.5,"d":"ü"},"b":[1,null,true]}'.encode()
    )


def test_a_digest_is_sha256_over_it() -> None:
    assert digest({"a": 1}) == "sha256:" + hashlib.sha256(b'{"a":1}').hexdigest()


@given(json_values)
def test_canonical_json_is_json(data: Any) -> None:
    assert json.loads(canonical(data)) == data


@given(json_values)
def test_a_seal_survives_the_way_through_any_json_text(data: Any) -> None:
    for text in (json.dumps(data), json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True)):
        assert sealed(json.loads(text), seal(data, None), None)
        assert sealed(json.loads(text), seal(data, "key"), "key")


@given(st.dictionaries(st.text(), json_values), st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(data: dict[str, Any], chance: Any) -> None:
    keys = list(data)
    chance.shuffle(keys)
    assert digest({key: data[key] for key in keys}) == digest(data)


def test_lists_have_an_order() -> None:
    assert digest([1, 2]) != digest([2, 1])


def test_without_a_key_the_seal_is_the_digest() -> None:
    assert seal({"a": 1}, None) == digest({"a": 1})


def test_a_key_makes_another_seal() -> None:
    seals = {seal({}, key) for key in (None, "one", "two", "")}
    assert len(seals) == 4
    assert seal({}, "one").startswith("hmac-sha256:")


@pytest.mark.parametrize("key", [None, "two", "One", "one "])
def test_only_the_same_key_fits(key: str | None) -> None:
    assert sealed({}, seal({}, "one"), "one")
    assert not sealed({}, seal({}, "one"), key)


@pytest.mark.parametrize("claimed", ["", "sha256:", "sha256:ü", "hmac-sha256:00", "\ud800"])
def test_what_is_no_seal_fits_nothing(claimed: str) -> None:
    assert not sealed({}, claimed, None)
    assert not sealed({}, claimed, "key")


def test_text_that_is_no_text_was_never_sealed() -> None:
    assert sealed({"a": "\ud800"}, digest({}), None) is False
