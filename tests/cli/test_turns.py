"""Requests that wait for their turn, jobs whose reads hang, lists that lag: what a stop or a kill makes of them."""

import json
import signal
import time
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from reconciler.journal.opening import break_lock
from reconciler.simulator import Fault, FaultKind, JobTime, SimulatedPlatforms
from reconciler.simulator.log import Entry
from tests.cli.conftest import FAQ, PILOT, Reconciler, inventory, starts
from tests.cli.test_signals import begin, until_started

ONE_AT_A_TIME = "platforms: {nugen: {concurrency: 1}}\n"


def outcomes() -> dict[str, str]:
    report = json.loads(Path("report.json").read_text())
    return {outcome["id"]: outcome["outcome"] for outcome in report["outcomes"]}


def again(platforms: SimulatedPlatforms, entry: Entry) -> bytes:
    """What the platform answers to the same request now."""
    target = f"{platforms.nugen_url}{entry.path}?{urlencode(entry.query)}"
    with urlopen(Request(target, headers={"authorization": entry.headers["authorization"]})) as reply:
        body: bytes = reply.read()
    return body


def slow_starts(platforms: SimulatedPlatforms) -> None:
    for operation in ("deploy", "undeploy"):
        platforms.nugen.fault(Fault(kind=FaultKind.DELAY, operation=operation, seconds=2.5, times=None))


def until_asked(platforms: SimulatedPlatforms) -> None:
    ends = time.monotonic() + 15
    while not starts(platforms):
        assert time.monotonic() < ends
        time.sleep(0.01)
    time.sleep(0.3)


def test_what_waits_for_its_turn_does_not_leave_after_a_signal(reach: SimulatedPlatforms) -> None:
    inventory(PILOT, FAQ, head=ONE_AT_A_TIME)
    slow_starts(reach)
    process = begin()
    until_asked(reach)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 143, err
    assert len(starts(reach)) == 1
    assert sorted(outcomes().values()) == ["in-flight", "skipped"]


def test_what_waits_for_its_turn_does_not_leave_once_the_lock_is_gone(
    reach: SimulatedPlatforms, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_JOURNAL", database)
    inventory(PILOT, FAQ, head=ONE_AT_A_TIME)
    slow_starts(reach)
    process = begin()
    until_asked(reach)
    assert break_lock(database) is not None
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1, err
    assert len(starts(reach)) == 1
    assert sorted(outcomes().values()) == ["failed", "succeeded"]


def test_nothing_leaves_once_the_lock_file_was_removed(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    reach.nugen.set_job_time(JobTime(seconds=2))
    inventory(PILOT, FAQ.replace("state", "after: [pilot], state"))
    process = begin()
    until_started(reach)
    Path(".reconciler/journal.db.lock").unlink()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "was removed, so that another run may be working" in err
    assert [operation for operation, _ in starts(reach)] == ["undeploy"]
    assert reconciler("apply", "--yes").code == 0
    assert [operation for operation, _ in starts(reach)] == ["undeploy", "deploy"]


def test_a_running_job_whose_reads_hang_is_in_flight_after_a_signal(reach: SimulatedPlatforms) -> None:
    reach.nugen.set_job_time(JobTime(seconds=30))
    inventory(PILOT, FAQ)
    process = begin()
    until_started(reach, 2)
    reach.nugen.fault(Fault(kind=FaultKind.DELAY, method="GET", seconds=30, times=None))
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 143, err
    assert set(outcomes().values()) == {"in-flight"}
    assert "Traceback" not in err


def test_a_read_that_hangs_before_anything_was_started_is_skipped_after_a_signal(reach: SimulatedPlatforms) -> None:
    inventory(PILOT, FAQ)
    process = begin()
    ends = time.monotonic() + 15
    while len(reach.nugen.log.entries) < 1:
        assert time.monotonic() < ends
        time.sleep(0.002)
    reach.nugen.fault(Fault(kind=FaultKind.DELAY, method="GET", seconds=30, times=None))
    time.sleep(1.5)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode == 143
    assert starts(reach) == []
    if Path("report.json").exists():  # the plan may have been read already
        assert set(outcomes().values()) == {"skipped"}


def test_a_list_that_lags_hides_no_accepted_job(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    reach.nugen.set_job_time(JobTime(seconds=4))
    inventory(FAQ)
    assert reconciler("plan").code == 0
    listed = reach.nugen.log.entries[-1]
    old = again(reach, listed)
    process = begin()
    until_started(reach)
    process.kill()
    process.communicate()
    stale = Fault(kind=FaultKind.REPLY, operation=listed.operation, status=200, body=old, times=None)
    reach.nugen.fault(stale)

    shown = reconciler("plan", "--format", "json")

    (action,) = json.loads(shown.out)["actions"]
    assert action["adopts"] is not None, shown.out
    assert len(starts(reach)) == 1


def test_one_model_under_two_names_is_refused(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the protection of the one would not hold for the other."""
    import os

    for name in ("URL", "KEY"):
        monkeypatch.setenv(f"RECONCILER_OTHER_{name}", os.environ[f"RECONCILER_NUGEN_{name}"])
    inventory(
        FAQ.replace("state", "protect: true, state"),
        FAQ.replace("faq:", "twin:").replace("nugen", "other").replace("deployed", "undeployed"),
        head="platforms: {other: {type: nugen}}\n",
    )
    found = reconciler("apply", "--yes")
    assert found.code == 1
    assert "is the same model as nugen/faq: one id at one address" in found.err
    assert starts(reach) == []
