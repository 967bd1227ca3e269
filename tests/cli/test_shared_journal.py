"""One journal in PostgreSQL for runners that are thrown away: two at once, one killed, one cut off."""

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from reconciler.journal.opening import break_lock, find_holder
from reconciler.simulator import JobTime, SimulatedPlatforms
from tests.cli.conftest import BATCH, FAQ, PILOT, Reconciler, inventory, starts
from tests.cli.test_signals import begin, until_started
from tests.journal.far import far
from tests.postgres import PASSWORD

Property = Callable[[str, object], None]


@pytest.fixture(autouse=True)
def shared(database: str, monkeypatch: pytest.MonkeyPatch, surroundings: Path) -> str:
    monkeypatch.setenv("RECONCILER_JOURNAL", database)
    return database


def outcomes() -> dict[str, str]:
    report = json.loads(Path("report.json").read_text())
    return {outcome["id"]: outcome["outcome"] for outcome in report["outcomes"]}


def test_what_one_runner_did_the_next_remembers(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(BATCH.replace("state", "on_unknown: act, state"), FAQ)
    looked = reconciler("plan")
    assert "No journal at postgresql://127.0.0.1:" in looked.err
    assert reconciler("apply", "--yes").code == 0
    assert not Path(".reconciler").exists()
    # Kore.ai has no way to ask for a model's state: without the journal this would be unknown.
    again = reconciler("plan", "--detailed-exitcode", "-v")
    assert again.code == 0, again.out + again.err
    assert PASSWORD not in again.out + again.err
    assert "kore/batch" in reconciler("history").out
    assert reconciler("drift").code == 0
    assert reconciler("lock").out.endswith("nobody holds the lock\n")


def test_two_applies_at_once_are_one(reach: SimulatedPlatforms, shared: str) -> None:
    reach.nugen.set_job_time(JobTime(seconds=6))
    inventory(PILOT)
    first = begin()
    until_started(reach)
    second = begin()
    out, err = second.communicate(timeout=20)
    assert second.returncode == 7, out + err
    assert f"process {first.pid} on " in err
    assert "Traceback" not in err
    first.communicate(timeout=20)
    assert first.returncode == 0
    assert len(starts(reach)) == 1


def test_the_second_may_wait_and_then_finds_nothing_to_do(reach: SimulatedPlatforms) -> None:
    reach.nugen.set_job_time(JobTime(seconds=6))
    inventory(PILOT)
    first = begin()
    until_started(reach)
    second = begin("--lock-timeout", "30s")
    out, err = second.communicate(timeout=30)
    assert second.returncode == 0, out + err
    assert "Waiting for the lock, at most 30 s: another run holds the lock of postgresql://127.0.0.1" in err
    first.communicate(timeout=20)
    assert first.returncode == 0
    assert len(starts(reach)) == 1


def test_waiting_for_the_lock_ends_with_a_signal(reach: SimulatedPlatforms) -> None:
    reach.nugen.set_job_time(JobTime(seconds=5))
    inventory(PILOT)
    first = begin()
    until_started(reach)
    second = begin("--lock-timeout", "5m")
    assert second.stderr is not None
    assert "Waiting for the lock" in second.stderr.readline()
    began = time.monotonic()
    second.send_signal(signal.SIGTERM)
    second.communicate(timeout=10)
    assert second.returncode == 143
    assert time.monotonic() - began < 2
    first.terminate()
    first.communicate(timeout=10)


def test_a_killed_runner_frees_the_lock_and_the_next_goes_on(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    reach.nugen.set_job_time(JobTime(seconds=1))
    inventory(PILOT, FAQ)
    process = begin()
    until_started(reach, 2)
    process.kill()
    process.communicate()
    assert reconciler("apply", "--yes").code == 0
    assert len(starts(reach)) == 2


def test_a_run_whose_lock_is_broken_starts_nothing_more(
    reach: SimulatedPlatforms, reconciler: Reconciler, shared: str
) -> None:
    reach.nugen.set_job_time(JobTime(seconds=6))
    inventory(PILOT, FAQ.replace("state", "after: [pilot], state"))
    process = begin()
    until_started(reach)
    held = reconciler("lock")
    assert (held.code, f"process {process.pid} on " in held.out) == (7, True)
    broken = reconciler("lock", "--break")
    assert (broken.code, "taken from run r-" in broken.out) == (0, True)
    assert find_holder(shared) is None

    out, err = process.communicate(timeout=20)
    assert process.returncode == 1, out + err
    assert "Traceback" not in err
    assert outcomes() == {"nugen/pilot#undeploy": "succeeded", "nugen/faq#deploy": "failed"}
    assert json.loads(Path("report.json").read_text())["reasons"][:2] == ["journal", "unfinished"]
    assert [operation for operation, _ in starts(reach)] == ["undeploy"]
    assert reconciler("apply", "--yes").code == 0
    assert [operation for operation, _ in starts(reach)] == ["undeploy", "deploy"]


@pytest.mark.parametrize("how", ["cut", "silent"])
def test_a_lost_connection_is_like_a_full_disk(
    reach: SimulatedPlatforms, shared: str, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    reach.nugen.set_job_time(JobTime(seconds=1.5))
    inventory(PILOT, FAQ.replace("state", "after: [pilot], state"))
    with far(shared) as (wire, url):
        monkeypatch.setenv("RECONCILER_JOURNAL", url)
        process = begin()
        until_started(reach)
        wire.cut() if how == "cut" else wire.silent.set()
        if how == "silent":
            time.sleep(1.6)
            process.terminate()
            began = time.monotonic()
        out, err = process.communicate(timeout=20)
        wire.silent.clear()
    assert "Traceback" not in err
    if how == "silent":
        assert time.monotonic() - began < 5.5
        assert process.returncode == 143, out + err
    else:
        assert process.returncode == 1, out + err
    assert outcomes()["nugen/faq#deploy"] != "succeeded"
    assert [operation for operation, _ in starts(reach)] == ["undeploy"]


def test_a_table_that_somebody_has_locked_does_not_keep_a_run_from_ending(
    reach: SimulatedPlatforms, reconciler: Reconciler, shared: str
) -> None:
    inventory(PILOT)
    assert reconciler("apply", "--yes").code == 0
    with psycopg.connect(shared) as connection:
        connection.execute("LOCK TABLE records IN ACCESS EXCLUSIVE MODE")
        process = begin()
        time.sleep(3)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 143, err
    assert time.monotonic() - began < 5
    assert "Traceback" not in err


def test_a_file_is_not_broken(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach.nugen.set_job_time(JobTime(seconds=1))
    inventory(PILOT)
    monkeypatch.setenv("RECONCILER_JOURNAL", "journal.db")
    process = begin()
    until_started(reach)
    refused = reconciler("lock", "--break")
    assert refused.code == 1
    assert "the lock of a file ends with its process" in refused.err
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert reconciler("lock", "--break").code == 0


def test_a_database_that_cannot_be_reached_stops_the_run_before_any_request(
    reach: SimulatedPlatforms, reconciler: Reconciler
) -> None:
    inventory(PILOT)
    for command in (("plan",), ("apply", "--yes"), ("history",), ("lock",), ("status",)):
        ran = reconciler(*command, "--journal", "postgresql://me:hunter2@127.0.0.1:1/j")
        assert ran.code == 1
        assert "journal postgresql://127.0.0.1:1/j: " in ran.err
        assert "hunter2" not in ran.err
        assert len(ran.err.strip().splitlines()) == 1
    assert not reach.nugen.log.entries


def test_breaking_a_lock_says_whose_it_was(shared: str) -> None:
    assert break_lock(shared) is None
