"""Right before each start the state is read again: what moved since the plan, minutes or seconds ago, is not started.

Between machines that share no journal this is all there is, and the README promises no more."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.simulator import JobTime, SimulatedPlatforms
from tests.cli.conftest import FAQ, PILOT, READER, Reconciler, inventory, starts

Say = Callable[[str, object], None]
FAQ_ID, PILOT_ID = "alignment_01KXG82FJJ98NQ0", "alignment_01M3GF73KHT8N4TB"


@contextmanager
def while_the_first_runs(reach: SimulatedPlatforms, change: Callable[[], object]) -> Iterator[None]:
    """Make a change by hand once the first action was started, while the second still waits for it."""

    def work() -> None:
        ends = time.monotonic() + 20
        while not reach.nugen.log.effects("undeploy", PILOT_ID) and time.monotonic() < ends:
            time.sleep(0.005)
        change()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    thread.join()


@pytest.mark.parametrize(
    ("state", "outcome", "code"), [("deployed", "succeeded", 0), ("QUEUED", "skipped", 5), ("removed", "skipped", 5)]
)
def test_what_moved_while_an_apply_runs_is_not_started(
    reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say, state: str, outcome: str, code: int
) -> None:
    reach.nugen.set_job_time(JobTime(seconds=0.5))
    inventory(PILOT, FAQ.replace("state", "after: [pilot], state"))

    def move() -> None:
        if state == "removed":
            reach.nugen.remove(FAQ_ID)
        else:
            reach.nugen.set_state(FAQ_ID, state)

    with while_the_first_runs(reach, move):
        applied = reconciler("apply", "--yes", "--report", "json=report.json")

    assert applied.code == code, applied.out + applied.err
    found = {entry["id"]: entry["outcome"] for entry in json.loads(Path("report.json").read_text())["outcomes"]}
    assert found == {"nugen/pilot#undeploy": "succeeded", "nugen/faq#deploy": outcome}
    assert starts(reach) == [("undeploy", PILOT_ID)]
    record_property("figure", "1 moves during an apply, 0 starts of the moved model")


def test_before_every_start_its_state_was_read_after_the_plan(
    reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say
) -> None:
    inventory(PILOT, FAQ, READER)
    assert reconciler("plan", "--out", "plan.json").code == 0
    reach.nugen.log.clear()
    assert reconciler("apply", "--plan", "plan.json").code == 0

    asked = [entry.operation for entry in reach.nugen.log.entries]
    unread = [
        at for at, operation in enumerate(asked) if operation in ("deploy", "undeploy") and asked[:at].count("list") < 2
    ]
    assert unread == []
    record_property("figure", f"{len(starts(reach))} starts, {len(unread)} without a fresh read")


def test_another_runner_without_the_journal_follows_what_runs_and_starts_nothing(
    reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say
) -> None:
    reach.nugen.set_job_time(JobTime(seconds=1))
    inventory(PILOT, FAQ)
    codes = []
    other = threading.Thread(target=lambda: codes.append(apply_beside("other.db")))
    other.start()
    ends = time.monotonic() + 20
    while len(reach.nugen.log.effects()) < 2 and time.monotonic() < ends:
        time.sleep(0.01)

    assert reconciler("apply", "--yes", "--journal", "mine.db").code == 0
    other.join()

    assert codes == [0]
    assert sorted(starts(reach)) == [("deploy", FAQ_ID), ("undeploy", PILOT_ID)]
    record_property("figure", f"2 runners with a journal each, {len(starts(reach)) - 2} starts twice")


def apply_beside(journal: str) -> int:
    """An apply in a process of its own."""
    import os
    import subprocess
    import sys

    return subprocess.run(
        [sys.executable, "-m", "reconciler", "apply", "--yes", "--quiet", "--journal", journal],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
    ).returncode


def test_exclusion_between_machines_without_a_shared_journal_is_not_promised() -> None:
    readme = " ".join((Path(__file__).parents[2] / "README.md").read_text("utf-8").split())
    assert "It does not promise exactly-once" in readme
