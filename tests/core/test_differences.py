from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.differences import explain_difference

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ({"size": 1}, {"size": 2}, ["size 1 -> 2"]),
        ({"deep": {"max": 2}}, {"deep": {"max": 4}}, ["deep.max 2 -> 4"]),
        ({}, {"size": 1}, ["size 1 added"]),
        ({"size": 1}, {}, ["size 1 removed"]),
        ({"size": None}, {}, ["size None removed"]),
        ({"size": 1}, {"size": "1"}, ["size 1 -> 1"]),
        ({"list": [1, 2]}, {"list": [1, 3]}, ["list.1 2 -> 3"]),
        ({"list": [1]}, {"list": [1, 2]}, ["list.1 2 added"]),
        ({"deep": {}}, {"deep": []}, ["deep {…} -> […]"]),
        ({}, {"deep": {"a": 1}}, ["deep {…} added"]),
        ({"b": 1, "a": 1}, {"b": 2, "a": 2}, ["a 1 -> 2", "b 1 -> 2"]),
        ("deployed", "undeployed", ["all deployed -> undeployed"]),
        ({"on": True}, {"on": False}, ["on True -> False"]),
        ({"__private": 1}, {"__private": 2}, ["__private 1 -> 2"]),
        ({"a.b": 1}, {"a.b": 2}, ["a.b 1 -> 2"]),
        ({'it\'s "it"': 1}, {'it\'s "it"': 2}, ['it\'s "it" 1 -> 2']),
    ],
)
def test_one_line_per_difference(before: Any, after: Any, lines: list[str]) -> None:
    assert list(explain_difference(before, after)) == lines


@pytest.mark.parametrize(("before", "after"), [(1, 1.0), ({"a": [1]}, {"a": [1.0]}), ({}, {}), (None, None)])
def test_equal_data_differs_in_nothing(before: Any, after: Any) -> None:
    assert explain_difference(before, after) == ()


def test_an_equal_number_of_another_type_is_not_named_beside_a_difference() -> None:
    assert explain_difference({"a": 1, "b": 1}, {"a": 1.0, "b": 2}) == ("b 1 -> 2",)


@pytest.mark.parametrize(
    ("before", "after"), [(0.1, 0.1 + 1e-14), (10**20, 10**20 + 1), (1e300, 2e300), (5e-324, 0), (2**63, 2.0**64)]
)
def test_near_numbers_are_not_the_same(before: Any, after: Any) -> None:
    (line,) = explain_difference({"a": before}, {"a": after})
    assert line == f"a {before} -> {after}"


def test_long_values_are_cut() -> None:
    (line,) = explain_difference({"a": "x" * 41}, {"a": "y" * 40})
    assert line == f"a {'x' * 39}… -> {'y' * 40}"


@given(json_values, json_values)
def test_there_is_a_line_exactly_where_data_differs(before: Any, after: Any) -> None:
    assert bool(explain_difference(before, after)) is (before != after)


@given(json_values)
def test_data_does_not_differ_from_itself(data: Any) -> None:
    assert explain_difference(data, data) == ()


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(data: dict[str, Any], chance: Any) -> None:
    keys = list(data)
    chance.shuffle(keys)
    shuffled = {key: data[key] for key in keys}
    assert explain_difference({**data, "changed": 1}, {"changed": 2, **shuffled}) == ("changed 1 -> 2",)
