"""SIGKILL at random instants, then the same command again. To replay one: `RECONCILER_SEED=123 pytest tests/kills`."""

from collections.abc import Callable

import pytest

from .invariants import Tally
from .processes import Starter
from .trials import kill_trial, name, play_all, seeds

Count = Callable[[Tally], None]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("batch", seeds(0, 200), ids=name)
def test_a_killed_apply_is_finished_by_the_next(batch: range, starter: Starter, count: Count) -> None:
    count(play_all(lambda seed: kill_trial(seed, starter), batch))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("batch", seeds(10_000, 1000), ids=name)
def test_a_thousand_killed_applies(batch: range, starter: Starter, count: Count) -> None:
    count(play_all(lambda seed: kill_trial(seed, starter), batch))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("batch", seeds(20_000, 20, 10), ids=name)
def test_a_killed_apply_with_an_interpreter_of_its_own(batch: range, starter: Starter, count: Count) -> None:
    count(play_all(lambda seed: kill_trial(seed, starter, fresh=True), batch, at_once=2))
