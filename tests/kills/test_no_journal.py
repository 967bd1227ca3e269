"""A runner that is thrown away: killed, and run again without the journal, where the platform shows what runs."""

import json
import random
import signal
from collections import Counter
from collections.abc import Callable

import pytest

from reconciler.core.record import RecordKind

from . import journals
from .invariants import Tally
from .processes import Starter
from .scenes import Scene, scene
from .trials import TRIES, Applies, Missed, folder, name, play_all, seeds

Count = Callable[[Tally], None]


def without_journal(seed: int, starter: Starter) -> Tally:
    for _ in range(TRIES):
        try:
            return _trial(seed, starter)
        except Missed:
            continue
    raise AssertionError(f"seed {seed}: it always ended before it was killed")


def _trial(seed: int, starter: Starter) -> Tally:
    chance = random.Random(f"no journal {seed}")
    with folder() as place, scene(seed, place, only="nugen", slowest=0.0, jobs=(1.5, 2.5)) as found:
        applies = Applies(found, starter)
        process = applies.begin().process
        starts = sum(len(part.starts) for part in found.parts)
        applies.until_asked(process, chance.randint(1, max(1, starts - 1)), starts=True)
        if process.gone(chance.uniform(0, 0.3)):
            raise Missed
        process.send(signal.SIGKILL)
        process.wait()
        journals.forget(place)
        assert journals.records_in(journals.journal_at(place)) == ()

        shown = _adopted_in_plan(applies)
        again = applies.begin()
        assert again.process.wait() == 0, again.process.said
        records = journals.records_in(found.journal)
        followed = {record.address for record in records if record.kind is RecordKind.ADOPTED}
        assert shown <= followed | _ended_meanwhile(found), (shown, followed, again.process.said)
        twice = [what for what, n in Counter((s.address, s.verb) for s in found.starts).items() if n > 1]
        assert not twice, f"sent again: {twice}\n{again.process.said}"
        for part in found.parts:
            assert found.state(part) == part.wanted
        return Tally(trials=1, kills=1, runs=2, starts=len(found.starts))


def _running(found: Scene) -> set[str]:
    """Models with a job under way that is the one wanted."""
    jobs = {part.address: found.world(part).model(part.id).busy for part in found.parts}
    goal = {"deploy": "deployed", "undeploy": "undeployed"}
    return {part.address for part in found.parts if (job := jobs[part.address]) and goal[job.verb] == part.wanted}


def _ended_meanwhile(found: Scene) -> set[str]:
    """Models that nothing was started on a second time: their jobs may have ended between plan and apply."""
    counts = Counter(start.address for start in found.starts)
    return {part.address for part in found.parts if counts[part.address] <= 1}  # 0: it ran before the first apply


def _adopted_in_plan(applies: Applies) -> set[str]:
    """What the plan shows as in progress: all that ran before it and still runs after it."""
    before = _running(applies.scene)
    plan = applies.run("plan", "--format", "json", "--quiet")
    plan.wait()
    both = before & _running(applies.scene)
    actions = json.loads(plan.out.read_text("utf-8"))["actions"]
    adopted = {action["address"] for action in actions if action["adopts"] is not None}
    assert both <= adopted, f"in progress and not shown: {both - adopted}"
    return both


@pytest.mark.parametrize("batch", seeds(60_000, 8), ids=name)
def test_without_its_journal_it_follows_what_runs(batch: range, starter: Starter, count: Count) -> None:
    count(play_all(lambda seed: without_journal(seed, starter), batch))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("batch", seeds(61_000, 200), ids=name)
def test_two_hundred_without_their_journals(batch: range, starter: Starter, count: Count) -> None:
    count(play_all(lambda seed: without_journal(seed, starter), batch))
