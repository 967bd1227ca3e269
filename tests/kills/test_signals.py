"""The first signal ends an apply with care, the second at once; at random instants."""

import random
import signal
import time
from collections.abc import Callable

import pytest

from reconciler.core.record import RecordKind

from . import journals
from .invariants import Invariants, Session, Tally
from .processes import Starter
from .scenes import SETTLE, scene
from .trials import TRIES, Applies, Missed, folder, instant, name, play_all, seeds, verdict

Count = Callable[[Tally], None]
MOMENT = 1.0
"""Seconds in which a signal reaches a process on a busy machine, and what it has sent by then arrives."""

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def first_signal(seed: int, starter: Starter, *, fresh: bool = False) -> Tally:
    for attempt in range(TRIES):
        try:
            return _first(seed, starter, fresh, 0.7**attempt)
        except Missed:
            continue
    raise AssertionError(f"seed {seed}: it always ended before its signal")


def _first(seed: int, starter: Starter, fresh: bool, share: float) -> Tally:
    chance, number = random.Random(f"signals {seed} {share}"), NUMBERS[seed % 3]
    with folder() as place, scene(seed, place, jobs=(0.3, 1.5)) as found:
        applies, rules = Applies(found, starter, fresh), Invariants(found)
        session = applies.begin(ignoring=chance.choice(((), (signal.SIGINT,))))
        instant(applies, session.process, chance, share)
        session.process.send(number)
        sent = time.time()
        session.process.wait(20)
        _ended_well(rules, session, number, sent)
        rules.tally.left_to_a_person = applies.settle()
        rules.check(rules.tally.left_to_a_person == 0, "a signal alone left something to a person")
        rules.at_the_end(applies.sessions)
        if rules.violations and rules.slower_than_promised():
            return Tally(trials=1, void=1)
        verdict(rules, applies.sessions)
        rules.tally.trials = 1
        return rules.tally


def _ended_well(rules: Invariants, session: Session, number: signal.Signals, sent: float) -> None:
    process, records = session.process, journals.records_in(rules.scene.journal)
    assert process.ended is not None
    took = rules.tally.slowest_s_to_end = round(process.ended - sent, 2)
    rules.check(took <= 5, f"took {took:.1f} s to end")
    ended = any(record.kind is RecordKind.RUN_ENDED for record in records)
    # All was done, and its handlers were gone already: the system itself ends it then, which a shell shows the same.
    over = ended and process.code == -number
    rules.check(process.code == 128 + number or over, f"code {process.code} after {number.name}")
    late = [start for start in rules.scene.starts if start.at > sent + MOMENT]
    rules.check(not late, f"started after the signal at {sent % 1000:.3f}: {', '.join(map(str, late))}")
    begun = any(record.kind is RecordKind.RUN_STARTED for record in records)
    outcomes = session.outcomes
    if not outcomes:
        rules.check(over or not (begun or rules.scene.starts), f"acted, and reports nothing: {process.said}")
        return
    ids = {outcome["id"] for outcome in outcomes}
    wanted = {f"{part.address}#{verb}" for part in rules.scene.parts for verb in part.starts}
    rules.check(wanted <= ids, f"no outcome: {wanted - ids}")
    kinds = {outcome["outcome"] for outcome in outcomes}
    rules.check(kinds <= {"succeeded", "skipped", "in-flight"}, f"outcomes after a signal: {kinds}")


def second_signal(seed: int, starter: Starter) -> Tally:
    """Answers come late, so that the first signal does not end it at once."""
    chance = random.Random(f"second {seed}")
    with folder() as place, scene(seed, place, slowest=0.0, late=1.5) as found:
        applies, rules = Applies(found, starter), Invariants(found)
        process = applies.begin().process
        applies.until_asked(process, 1, starts=True)
        time.sleep(chance.uniform(0, 0.8))
        first = chance.choice(NUMBERS)
        process.send(first)
        time.sleep(chance.uniform(0.02, 0.4))
        number = chance.choice(NUMBERS)
        process.send(number)
        began = time.monotonic()
        code = process.wait(20)
        took = rules.tally.slowest_s_to_end = round(time.monotonic() - began, 3)
        # On a machine that is busy the first may have ended it before the second came.
        over = code == 128 + first and took <= 0.1
        rules.check(code == 128 + number or over, f"code {code} after {number.name}")
        rules.check(took <= 0.5, f"took {took:.2f} s to end after the second signal")
        rules.after_kill()
        found.platforms.kore.faults.clear()
        found.platforms.nugen.faults.clear()
        rules.tally.left_to_a_person = applies.settle()
        time.sleep(SETTLE)
        rules.at_the_end(applies.sessions)
        verdict(rules, applies.sessions)
        rules.tally.trials = 1
        return rules.tally


@pytest.mark.parametrize("batch", seeds(30_000, 18), ids=name)
def test_the_first_signal_starts_nothing_more_and_loses_nothing(batch: range, starter: Starter, count: Count) -> None:
    count(play_all(lambda seed: first_signal(seed, starter), batch))


def test_a_signal_that_the_parent_ignores_counts_all_the_same(starter: Starter) -> None:
    with folder() as place, scene(5, place, jobs=(3.0, 3.0)) as found:
        applies = Applies(found, starter, fresh=True)
        session = applies.begin(ignoring=(signal.SIGINT,))
        applies.until_asked(session.process, 1, starts=True)
        session.process.send(signal.SIGINT)
        assert session.process.wait(5) == 130, session.process.said
        assert session.outcomes


@pytest.mark.parametrize("batch", seeds(30_000, 15), ids=name)
def test_the_second_signal_leaves_at_once(batch: range, starter: Starter, count: Count) -> None:
    count(play_all(lambda seed: second_signal(seed, starter), batch))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("batch", seeds(40_000, 600), ids=name)
def test_two_hundred_instants_of_each_signal(batch: range, starter: Starter, count: Count) -> None:
    count(play_all(lambda seed: first_signal(seed, starter), batch))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("batch", seeds(41_000, 200), ids=name)
def test_two_hundred_second_signals(batch: range, starter: Starter, count: Count) -> None:
    count(play_all(lambda seed: second_signal(seed, starter), batch))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("batch", seeds(42_000, 20, 10), ids=name)
def test_signals_to_an_interpreter_of_its_own(batch: range, starter: Starter, count: Count) -> None:
    count(play_all(lambda seed: first_signal(seed, starter, fresh=True), batch, at_once=2))
