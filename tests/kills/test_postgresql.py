"""The same trials with the journal in a real PostgreSQL, as runners share it."""

import pytest

from .processes import Starter
from .test_kills import Count
from .test_locks import free_at_once, one_waits, two_at_once
from .trials import kill_trial, name, play_all, seeds


@pytest.fixture(autouse=True)
def shared(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_TEST_POSTGRES", database)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("batch", seeds(30_000, 20, 10), ids=name)
def test_a_killed_apply_is_finished_by_the_next_runner(batch: range, starter: Starter, count: Count) -> None:
    count(play_all(lambda seed: kill_trial(seed, starter), batch))


@pytest.mark.parametrize("play", [two_at_once, one_waits, free_at_once], ids=lambda play: play.__name__)
def test_of_two_runners_one_works(play: object, starter: Starter, count: Count) -> None:
    assert callable(play)
    count(play_all(lambda seed: play(seed, starter), range(40_000, 40_003)))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("batch", seeds(31_000, 200), ids=name)
def test_hundreds_of_killed_runners(batch: range, starter: Starter, count: Count) -> None:
    count(play_all(lambda seed: kill_trial(seed, starter), batch))
