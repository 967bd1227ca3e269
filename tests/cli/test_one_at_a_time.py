"""`concurrency` of models: of a group one is acted on at a time, others go on."""

import json
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from reconciler.simulator import JobTime, SimulatedPlatforms
from tests.cli.conftest import FAQ, PILOT, TRIAGE, Reconciler, inventory

GROUPED = [model[:-1] + ", concurrency: gpu}" for model in (FAQ, PILOT, TRIAGE)]


def spans(*addresses: str) -> list[tuple[float, float]]:
    """When work on each action began and ended, in seconds, in the order of time."""
    report = json.loads(Path("report.json").read_text())
    found = [
        (datetime.fromisoformat(one["started_at"]).timestamp(), one["seconds"])
        for one in report["outcomes"]
        if one["address"] in addresses
    ]
    return sorted((start, start + seconds) for start, seconds in found)


def test_actions_of_a_group_never_overlap(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    reach.nugen.set_job_time(JobTime(seconds=0.6))
    reach.kore.set_job_time(JobTime(seconds=0.6))
    inventory(*GROUPED)
    planned = reconciler("plan").out
    assert planned.count("one at a time with others of gpu") >= 3
    assert reconciler("apply", "--yes", "--report", "json=report.json").code == 0
    found = spans("nugen/faq", "nugen/pilot", "kore/triage")
    assert len(found) == 4
    assert all(later >= end - 0.05 for (_, end), (later, _) in pairwise(found))


def test_without_a_group_they_overlap(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    reach.nugen.set_job_time(JobTime(seconds=0.6))
    inventory(FAQ, PILOT)
    assert reconciler("apply", "--yes", "--report", "json=report.json").code == 0
    (_, end), (later, _) = spans("nugen/faq", "nugen/pilot")
    assert later < end - 0.3


def test_a_group_and_an_order_do_not_wait_for_each_other(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(GROUPED[0][:-1] + ", after: [pilot]}", GROUPED[1], GROUPED[2][:-1] + ", after: [faq]}")
    assert reconciler("apply", "--yes", "--report", "json=report.json").code == 0
    assert len(spans("nugen/faq", "nugen/pilot", "kore/triage")) == 4


def test_a_failure_gives_its_turn_to_the_next(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    reach.kore.fail_next("cm-20f1a")
    inventory(*GROUPED)
    assert reconciler("apply", "--yes", "--report", "json=report.json").code == 5
    report = json.loads(Path("report.json").read_text())
    outcomes = {one["id"]: one["outcome"] for one in report["outcomes"]}
    assert outcomes["nugen/faq#deploy"] == outcomes["nugen/pilot#undeploy"] == "succeeded"
