"""Real processes, real signals: an apply that is stopped or killed, and the next one that follows what it left."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reconciler.cli import environment
from reconciler.cli.signals import run_async
from reconciler.engine.waiting import Stop
from reconciler.simulator import Fault, FaultKind, JobTime, SimulatedPlatforms
from tests.cli.conftest import FAQ, PILOT, Reconciler, inventory, starts

ROOT = Path(__file__).parents[2]
PILOT_ID = "alignment_01M3GF73KHT8N4TB"


def begin(*arguments: str, ignoring: signal.Signals | None = None) -> subprocess.Popen[str]:
    """`reconciler apply` in a process of its own; `ignoring`: a signal its parent ignores, as `&` in a script does."""
    before = signal.signal(ignoring, signal.SIG_IGN) if ignoring else None
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "reconciler", "apply", "--yes", "--report", "json=report.json", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    finally:
        if ignoring:
            signal.signal(ignoring, before)


def until_started(platforms: SimulatedPlatforms, count: int = 1) -> None:
    """Wait until the platforms were asked for `count` changes and have answered."""
    ends = time.monotonic() + 15
    while len(platforms.nugen.log.effects()) < count:
        assert time.monotonic() < ends, "nothing was started"
        time.sleep(0.01)
    time.sleep(0.15)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=str
)
def test_a_signal_leaves_jobs_in_flight_and_the_next_apply_follows(
    reach: SimulatedPlatforms, reconciler: Reconciler, number: signal.Signals, code: int
) -> None:
    reach.nugen.set_job_time(JobTime(seconds=2))
    inventory(PILOT, FAQ.replace("state", "after: [pilot], state"))
    process = begin(ignoring=signal.SIGINT)
    until_started(reach)

    began = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=10)

    assert process.returncode == code, out + err
    assert time.monotonic() - began < 5
    report = json.loads(Path("report.json").read_text())
    assert report["exit_code"] == code
    assert report["reasons"][0] == "interrupted"
    kinds = {outcome["id"]: outcome["outcome"] for outcome in report["outcomes"]}
    assert kinds == {"nugen/pilot#undeploy": "in-flight", "nugen/faq#deploy": "skipped"}
    assert reconciler("apply", "--yes").code == 0
    assert [operation for operation, _ in starts(reach)] == ["undeploy", "deploy"]


def test_a_second_signal_leaves_at_once(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    reach.nugen.set_job_time(JobTime(seconds=2))
    reach.nugen.fault(Fault(kind=FaultKind.DELAY, operation="undeploy-status", seconds=30, times=None))
    inventory(PILOT)
    process = begin()
    until_started(reach)

    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)

    assert process.returncode == 143
    assert time.monotonic() - began < 1
    reach.nugen.faults.clear()
    assert reconciler("apply", "--yes").code == 0
    assert starts(reach) == [("undeploy", PILOT_ID)]


def test_after_sigkill_the_next_apply_only_follows(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    reach.nugen.set_job_time(JobTime(seconds=1))
    inventory(PILOT, FAQ)
    process = begin()
    until_started(reach, 2)
    process.kill()
    process.communicate(timeout=10)

    assert reconciler("apply", "--yes").code == 0
    assert sorted(starts(reach)) == [("deploy", "alignment_01KXG82FJJ98NQ0"), ("undeploy", PILOT_ID)]
    assert reconciler("plan", "--detailed-exitcode").code == 0


def test_the_lock_names_its_holder(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    reach.nugen.set_job_time(JobTime(seconds=3))
    inventory(PILOT)
    process = begin()
    until_started(reach)

    second = reconciler("apply", "--yes")
    assert second.code == 7
    assert f"process {process.pid}" in second.err
    assert reconciler("lock").code == 7
    process.kill()
    process.communicate(timeout=10)
    assert reconciler("lock").code == 0
    assert starts(reach) == [("undeploy", PILOT_ID)]


def test_ctrl_c_at_any_moment_shows_no_traceback(reach: SimulatedPlatforms) -> None:
    """Also while the program is read, and after all is done; Python's own first milliseconds are not ours."""
    codes = set()
    for number in range(30):
        process = subprocess.Popen(
            [sys.executable, "-m", "reconciler", "plan"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        time.sleep(0.06 + 0.015 * number)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
        assert "Traceback" not in err or "/reconciler/" not in err.replace("/reconciler/__", ""), err
        codes.add(process.returncode)
    assert codes <= {130, -signal.SIGINT, 1, 6}


def test_what_fails_where_nobody_waits_for_it_is_told_without_a_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RECONCILER_NUGEN_KEY", "a-key-of-some-length")
    environment.redactor.cache_clear()

    async def work(_stop: Stop) -> None:
        def fails() -> None:
            raise RuntimeError("refused for a-key-of-some-length")

        asyncio.get_running_loop().call_soon(fails)
        await asyncio.sleep(0)

    run_async(work)
    said = capsys.readouterr().err
    assert "RuntimeError: refused for" in said
    assert "a-key-of-some-length" not in said
