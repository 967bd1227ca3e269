"""Jobs on a platform that lists its models are followed by that list, together; on others each by itself."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.simulator import Fault, FaultKind, JobTime, SimulatedPlatforms
from tests.cli.conftest import Reconciler, inventory

JOBS = 12


def wanted(platforms: SimulatedPlatforms, jobs: int = JOBS) -> list[str]:
    """So many models on Nugen that are to be deployed."""
    for number in range(jobs):
        platforms.nugen.add(f"alignment_T{number}", deployed=False)
    inventory(*(f"m{n}: {{platform: nugen, id: alignment_T{n}, state: deployed}}" for n in range(jobs)))
    platforms.nugen.set_job_time(JobTime(seconds=1.5))
    return [f"nugen/m{n}#deploy" for n in range(jobs)]


def asked(platforms: SimulatedPlatforms) -> Counter[str]:
    """How often what was asked once all had been started."""
    entries = platforms.nugen.log.entries
    last = max(entry.number for entry in entries if entry.effect)
    return Counter(entry.operation for entry in entries if entry.number > last)


def outcomes() -> dict[str, tuple[str, bool | None, str]]:
    """How each action ended, whether that was seen, and why."""
    report = json.loads(Path("report.json").read_text())
    return {one["id"]: (one["outcome"], one["verified"], one["error"] or "") for one in report["outcomes"]}


def test_one_list_a_tick_serves_all_jobs(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    ids = wanted(reach)
    assert reconciler("apply", "--yes", "--report", "json=report.json").code == 0
    assert outcomes() == dict.fromkeys(ids, ("succeeded", True, ""))
    found = asked(reach)
    assert found["deploy-status"] == JOBS, "each job is asked once: when the list shows it no longer running"
    assert 3 <= found["list"] <= 24


def test_a_job_alone_is_asked_itself(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    ids = wanted(reach, 1)
    assert reconciler("apply", "--yes", "--report", "json=report.json").code == 0
    assert outcomes() == dict.fromkeys(ids, ("succeeded", True, ""))
    found = asked(reach)
    assert found["deploy-status"] >= 3
    assert found["list"] == 1, "a list is larger than the answer about one job"


def test_why_a_job_failed_is_asked_of_the_job(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    ids = wanted(reach)
    reach.nugen.fail_next("alignment_T3", "out of GPUs")
    assert reconciler("apply", "--yes", "--report", "json=report.json").code == 5
    found = outcomes()
    kind, _, error = found.pop("nugen/m3#deploy")
    assert kind == "failed"
    assert "out of GPUs" in error
    assert set(found) == set(ids) - {"nugen/m3#deploy"}
    assert set(found.values()) == {("succeeded", True, "")}


@contextmanager
def once_started(platforms: SimulatedPlatforms, fault: Fault) -> Iterator[None]:
    """Put a fault in force as soon as all jobs have been started."""
    over = threading.Event()

    def watch() -> None:
        while len(platforms.nugen.log.effects()) < JOBS and not over.wait(0.01):
            pass
        platforms.nugen.fault(fault)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def test_jobs_are_asked_one_by_one_while_the_list_is_broken(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    ids = wanted(reach)
    with once_started(reach, Fault(FaultKind.REPLY, operation="list", status=404, times=None)):
        assert reconciler("apply", "--yes", "--report", "json=report.json").code == 0
    assert outcomes() == dict.fromkeys(ids, ("succeeded", None, ""))
    assert asked(reach)["deploy-status"] >= JOBS


def test_a_failed_redeploy_is_no_success_though_the_list_shows_the_model_deployed(
    reach: SimulatedPlatforms, reconciler: Reconciler
) -> None:
    """Deployed before, shown deploying, and deployed again by what was there before."""
    ids = wanted(reach)
    models = [f"m{n}: {{platform: nugen, id: alignment_T{n}, state: deployed}}" for n in range(JOBS)]
    assert reconciler("apply", "--yes").code == 0
    inventory(*(model[:-1] + ", settings: {early: true}}" for model in models))
    for number in range(JOBS):
        reach.nugen.fail_next(f"alignment_T{number}", "out of GPUs")
    assert reconciler("apply", "--yes", "--report", "json=report.json").code == 5
    assert {name: kind for name, (kind, _, _) in outcomes().items()} == dict.fromkeys(ids, "failed")
    assert "12 deploys" in reconciler("plan").out


def test_a_list_that_never_showed_a_job_does_not_end_it(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deployed by the list's word of another day, and the jobs fail."""
    monkeypatch.setenv("RECONCILER_POLL_SECONDS", "1")  # the first look comes after the last start
    ids = wanted(reach)
    for number in range(JOBS):
        reach.nugen.fail_next(f"alignment_T{number}", "out of GPUs")
    rows = [
        {"alignment_id": f"alignment_T{n}", "status": "DEPLOYED", "deployment_status": "DEPLOYED"} for n in range(JOBS)
    ]
    body = json.dumps({"domain_aligned_models": rows})
    lags = Fault(FaultKind.REPLY, operation="list", status=200, body=body, times=None)
    with once_started(reach, lags):
        assert reconciler("apply", "--yes", "--report", "json=report.json").code == 5
    assert {name: kind for name, (kind, _, _) in outcomes().items()} == dict.fromkeys(ids, "failed")
