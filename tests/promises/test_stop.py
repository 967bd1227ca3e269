"""After a signal nothing is started, even what was about to be: the state was asked for, and the answer comes now."""

import signal
import time
from collections.abc import Callable

import pytest

from reconciler.simulator import Fault, FaultKind, SimulatedPlatforms
from tests.cli.conftest import FAQ, PILOT, Reconciler, inventory, starts
from tests.cli.test_signals import begin

Say = Callable[[str, object], None]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=str)
def test_what_was_about_to_start_when_the_signal_came_is_not_started(
    reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say, number: signal.Signals
) -> None:
    inventory(PILOT, FAQ)
    reach.nugen.fault(Fault(kind=FaultKind.DELAY, operation="list", seconds=1, times=None))
    process = begin()
    ends = time.monotonic() + 60
    while len(reach.nugen.log.find(operation="list")) < 2:  # the plan's, and the one right before the starts
        assert time.monotonic() < ends
        time.sleep(0.005)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)

    assert process.returncode == 128 + number, out + err
    assert starts(reach) == []
    reach.nugen.faults.clear()
    kinds = [line.split()[-1] for line in reconciler("history").out.splitlines() if "intent" in line]
    assert kinds == []
    record_property("figure", f"1 signals right before a start, {len(starts(reach))} starts after")
