from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.exits import CODES, Why, exit_code

CONTRACT = [1, 5, 4, 3, 7, 6, 2]
"""When several codes apply, the first of these wins."""

MEANING = {
    Why.ERROR: 1,
    Why.JOURNAL: 1,
    Why.CHANGES: 2,
    Why.GUARD: 3,
    Why.BLOCKED: 3,
    Why.STALE: 4,
    Why.UNFINISHED: 5,
    Why.UNREAD: 6,
    Why.LOCKED: 7,
}


def test_no_reason_is_success() -> None:
    assert exit_code([]) == 0


def test_every_reason_has_its_code() -> None:
    assert dict(CODES) == MEANING
    assert set(MEANING) == set(Why)


@pytest.mark.parametrize("why", list(Why))
def test_a_single_reason(why: Why) -> None:
    assert exit_code([why]) == MEANING[why]


@pytest.mark.parametrize(("one", "other"), list(product(Why, Why)))
def test_of_two_reasons_the_first_of_the_contract_wins(one: Why, other: Why) -> None:
    winner = min(MEANING[one], MEANING[other], key=CONTRACT.index)
    assert exit_code([one, other]) == winner


@given(st.lists(st.sampled_from(Why), min_size=1))
def test_of_any_reasons_the_first_of_the_contract_wins(reasons: list[Why]) -> None:
    assert exit_code(reasons) == min((MEANING[why] for why in reasons), key=CONTRACT.index)


def test_the_order_in_which_reasons_come_does_not_matter() -> None:
    three = (Why.BLOCKED, Why.UNREAD, Why.UNFINISHED)
    assert {exit_code(order) for order in permutations(three)} == {5}


def test_reasons_may_come_from_a_generator() -> None:
    assert exit_code(why for why in (Why.CHANGES, Why.STALE)) == 4
