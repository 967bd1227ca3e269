from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.pointer import MISSING, at, letters

# The document and the results of RFC 6901, section 5.
RFC: dict[str, Any] = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("", RFC),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
    ],
)
def test_the_examples_of_the_rfc(pointer: str, found: Any) -> None:
    assert at(RFC, pointer) == found


@pytest.mark.parametrize(
    "pointer", ["/nope", "/foo/2", "/foo/-", "/foo/-1", "/foo/x", "/foo/0/deeper", "/foo/²", "//x"]
)
def test_a_pointer_that_leads_nowhere(pointer: str) -> None:
    assert at(RFC, pointer) is MISSING


def test_null_is_found_and_leads_no_further() -> None:
    assert at({"a": None}, "/a") is None
    assert at({"a": None}, "/a/b") is MISSING


def test_a_tilde_before_a_one_is_unescaped_in_the_right_order() -> None:
    assert at({"~1": "right", "/": "wrong"}, "/~01") == "right"


@pytest.mark.parametrize("data", [None, 1, "text", True, 1.5])
def test_plain_data_holds_nothing(data: Any) -> None:
    assert at(data, "") == data
    assert at(data, "/0") is MISSING


def test_keys_are_exact_unless_loose() -> None:
    data = {"Job Status": {"job_id": 7}}
    assert at(data, "/jobStatus/jobId") is MISSING
    assert at(data, "/jobStatus/jobId", loose=True) == 7


def test_loose_prefers_the_exact_key() -> None:
    assert at({"JOBID": "other", "job_id": "exact"}, "/job_id", loose=True) == "exact"


def test_loose_finds_no_key_of_other_letters() -> None:
    assert at({"job_id_2": 7}, "/jobId", loose=True) is MISSING


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("in_progress", "INPROGRESS"),
        ("IN_ PROGRESS", "INPROGRESS"),
        ("IN-PROGRESS", "INPROGRESS"),
        ("dock-statusId", "DOCKSTATUSID"),
        ("v2", "V2"),
        (7, "7"),
        (None, "NONE"),
        ("", ""),
    ],
)
def test_letters(word: object, expected: str) -> None:
    assert letters(word) == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def paths(data: Any, here: str = "") -> dict[str, Any]:
    """Every pointer into `data`, with what stands there."""
    found = {here: data}
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in parts:
        found |= paths(value, f"{here}/{str(key).replace('~', '~0').replace('/', '~1')}")
    return found


@given(json_values)
def test_every_place_is_found_by_its_pointer(data: Any) -> None:
    for pointer, value in paths(data).items():
        assert at(data, pointer) is value
        assert at(data, pointer, loose=True) is value


@given(json_values, st.text())
def test_no_pointer_raises(data: Any, pointer: str) -> None:
    at(data, pointer)
    at(data, f"/{pointer}", loose=True)
