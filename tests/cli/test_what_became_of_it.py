"""What became of an action that nobody watched to its end, or that failed, is said the next time."""

import time

import pytest

from reconciler.simulator import JobTime, SimulatedPlatforms
from tests.cli.conftest import Reconciler, inventory

SLOW = "late: {platform: nugen, id: alignment_late, state: deployed, timeout: 1s}"


def leave_it_running(reach: SimulatedPlatforms, reconciler: Reconciler, *, fails: bool = False) -> None:
    """An apply that gives up waiting for a job, which ends soon after."""
    reach.nugen.add("alignment_late", deployed=False)
    if fails:
        reach.nugen.fail_next("alignment_late", "out of GPUs")
    reach.nugen.set_job_time(JobTime(seconds=1.6))
    inventory(SLOW)
    assert reconciler("apply", "--yes").code == 5
    time.sleep(1)


def test_why_an_unwatched_job_failed_is_in_the_next_plan(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    leave_it_running(reach, reconciler, fails=True)
    said = " ".join(reconciler("plan").out.split())
    assert "its last deploy failed: out of GPUs" in said


def test_an_unwatched_job_that_succeeded_is_no_longer_said_to_run(
    reach: SimulatedPlatforms, reconciler: Reconciler
) -> None:
    leave_it_running(reach, reconciler)
    assert "timed out" in reconciler("status").out
    assert reconciler("apply", "--yes").code == 0
    assert "timed out" not in reconciler("status").out


def test_the_plan_after_a_failure_does_not_say_that_nothing_was_ever_tried(
    reach: SimulatedPlatforms, reconciler: Reconciler
) -> None:
    reach.nugen.add("alignment_late", deployed=False)
    reach.nugen.fail_next("alignment_late", "out of GPUs")
    inventory(SLOW)
    assert reconciler("apply", "--yes").code == 5
    said = " ".join(reconciler("plan").out.split())
    assert "never applied before; its last deploy, by run r-" in said
    assert "is on record as failed" in said


def test_a_job_that_ended_in_time_is_asked_once_more_when_the_time_is_up(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step between two looks is longer than what is left."""
    monkeypatch.setenv("RECONCILER_POLL_SECONDS", "0.7")
    reach.nugen.add("alignment_late", deployed=False)
    reach.nugen.set_job_time(JobTime(seconds=0.9))
    inventory(SLOW)
    assert reconciler("apply", "--yes").code == 0
