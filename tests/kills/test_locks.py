"""Two applies on one journal; and a lock that is free the moment its holder is killed."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.errors import LockHeld
from reconciler.journal.opening import lock_journal

from . import journals
from .invariants import Invariants, Tally
from .processes import Starter
from .scenes import Scene, scene
from .trials import Applies, folder, name, play_all, seeds, verdict

Count = Callable[[Tally], None]


def once_each(found: Scene) -> None:
    """What one run starts, and no more, was started."""
    wanted = Counter((part.address, verb) for part in found.parts for verb in part.starts)
    assert Counter((start.address, start.verb) for start in found.starts) == wanted


def two_at_once(seed: int, starter: Starter) -> Tally:
    chance = random.Random(f"locks {seed}")
    with folder() as place, scene(seed, place, slowest=0.1, jobs=(0.1, 0.3)) as found:
        applies, rules = Applies(found, starter), Invariants(found)
        first = applies.begin()
        time.sleep(chance.choice((0.0, chance.uniform(0, 0.05))))
        second = applies.begin()
        codes = {session.process.wait(): session.process for session in (first, second)}
        assert sorted(codes) == [0, 7], [session.process.said for session in (first, second)]
        assert f"process {codes[0].pid} on " in codes[7].said
        once_each(found)
        rules.at_the_end(applies.sessions)
        verdict(rules, applies.sessions)
        rules.tally.trials = 1
        return rules.tally


def one_waits(seed: int, starter: Starter) -> Tally:
    with folder() as place, scene(seed, place, slowest=0.1, jobs=(0.1, 0.3)) as found:
        applies, rules = Applies(found, starter), Invariants(found)
        first = applies.begin("--lock-timeout", "25s")
        second = applies.begin("--lock-timeout", "25s")
        codes = [session.process.wait() for session in (first, second)]
        assert codes == [0, 0], [session.process.said for session in (first, second)]
        did = sorted(len(session.outcomes or ()) for session in (first, second))
        assert did[0] == 0, "the one that waited found something to do"
        assert did[1] >= sum(len(part.starts) for part in found.parts)
        once_each(found)
        rules.at_the_end(applies.sessions)
        verdict(rules, applies.sessions)
        rules.tally.trials = 1
        return rules.tally


def free_at_once(seed: int, starter: Starter) -> Tally:
    """The holder is an apply, killed while it holds the lock."""
    chance = random.Random(f"free {seed}")
    with folder() as place, scene(seed, place, slowest=0.1, jobs=(1.0, 1.0)) as found:
        process = Applies(found, starter).begin().process
        applies = Applies(found, starter)
        applies.until_asked(process, 1)
        assert not process.gone(chance.uniform(0, 0.8)), process.said
        assert not taken(found.journal), "two hold one lock"
        process.send(signal.SIGKILL)
        process.wait()
        took = seconds_to_take(found.journal)
        return Tally(trials=1, kills=1, slowest_s_to_take_the_lock=took)


def not_inherited(seed: int, starter: Starter) -> Tally:
    """The holder has started a program, which lives on."""
    with folder() as place:
        journal = journals.journal_at(place)
        holder = starter.start(place, {}, [journal], do="hold")
        try:
            started = _first_line(holder.out)
            assert not taken(journal)
            holder.send(signal.SIGKILL)
            holder.wait()
            try:
                os.kill(started, 0)  # it lives
                took = seconds_to_take(journal)
            finally:
                os.kill(started, signal.SIGKILL)
        finally:
            journals.forget(place)
    return Tally(trials=1, kills=1, slowest_s_to_take_the_lock=took)


def _first_line(path: Path) -> int:
    ends = time.monotonic() + 10
    while not (text := path.read_text()).endswith("\n"):
        assert time.monotonic() < ends
        time.sleep(0.005)
    return int(text)


def taken(journal: str) -> bool:
    """Whether the lock could be taken."""
    try:
        with lock_journal(journal, run="r-test"):
            return True
    except LockHeld:
        return False


def seconds_to_take(journal: str) -> float:
    """How long the lock of a dead process is still held. That of a file is free by the first try, however busy the
    machine is; a database needs a moment to notice."""
    began = time.monotonic()
    while not taken(journal):
        assert time.monotonic() - began < journals.NOTICED, "still held, and its holder is dead"
        time.sleep(0.002)
    return round(time.monotonic() - began, 4)


@pytest.mark.parametrize("batch", seeds(50_000, 6), ids=name)
def test_two_at_once_one_works_and_the_other_names_it(batch: range, starter: Starter, count: Count) -> None:
    count(play_all(lambda seed: two_at_once(seed, starter), batch))


@pytest.mark.parametrize("batch", seeds(50_000, 4), ids=name)
def test_one_waits_for_the_other_and_finds_nothing_to_do(batch: range, starter: Starter, count: Count) -> None:
    count(play_all(lambda seed: one_waits(seed, starter), batch))


@pytest.mark.parametrize("batch", seeds(50_000, 6), ids=name)
def test_the_lock_of_a_killed_apply_is_free_at_once(batch: range, starter: Starter, count: Count) -> None:
    count(play_all(lambda seed: free_at_once(seed, starter), batch))


@pytest.mark.parametrize("batch", seeds(50_000, 4), ids=name)
def test_what_the_holder_started_does_not_keep_the_lock(batch: range, starter: Starter, count: Count) -> None:
    count(play_all(lambda seed: not_inherited(seed, starter), batch))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("trial", [two_at_once, one_waits, free_at_once, not_inherited], ids=lambda t: t.__name__)
@pytest.mark.parametrize("batch", seeds(51_000, 100), ids=name)
def test_a_hundred_of_each(
    batch: range, trial: Callable[[int, Starter], Tally], starter: Starter, count: Count
) -> None:
    count(play_all(lambda seed: trial(seed, starter), batch))
