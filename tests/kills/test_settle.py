"""A request that is still on its way when its sender is killed: the next apply waits until it must have had effect."""

import signal
from collections.abc import Callable

import pytest

from reconciler.core.job import Verb
from reconciler.simulator import Fault, FaultKind

from .invariants import Tally
from .processes import Starter
from .scenes import operation, scene
from .trials import Applies, folder, name, play_all, seeds

Count = Callable[[Tally], None]
SETTLE = 5.0
"""Long, so that the next apply looks in time even on a busy machine."""


def on_its_way(seed: int, starter: Starter) -> Tally:
    with folder() as place, scene(seed, place, only="nugen", slowest=0.0) as found:
        found.env["RECONCILER_SETTLE_SECONDS"] = str(SETTLE)
        found.platforms.nugen.faults.clear()
        for part in found.parts:
            for verb in part.starts:
                found.platforms.nugen.fault(
                    Fault(
                        kind=FaultKind.LATE_EFFECT,
                        model=part.id,
                        operation=operation(part, verb),
                        seconds=0.9 * SETTLE,
                        times=None,
                    )
                )
        applies = Applies(found, starter)
        process = applies.begin().process
        applies.until_asked(process, 1, starts=True)
        process.send(signal.SIGKILL)
        process.wait()
        killed = [start for start in found.starts if start.verb is Verb.UNDEPLOY]
        again = applies.begin()
        again.process.wait()
        for first in killed:
            same = [start for start in found.starts if (start.address, start.verb) == (first.address, first.verb)]
            assert len(same) == 1, f"sent again while the first was on its way: {same}\n{again.process.said}"
        return Tally(trials=1, kills=1, starts=len(found.starts))


@pytest.mark.parametrize("batch", seeds(70_000, 6), ids=name)
def test_a_request_on_its_way_is_waited_for(batch: range, starter: Starter, count: Count) -> None:
    count(play_all(lambda seed: on_its_way(seed, starter), batch))
