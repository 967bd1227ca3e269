"""A start whose answer was lost: waited for, looked at twice, and sent again only where it surely took no effect."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.simulator import Fault, FaultKind, SimulatedPlatforms
from tests.cli.conftest import FAQ, PILOT, Reconciler, inventory, starts

Say = Callable[[str, object], None]
MODELS = {"undeploy": PILOT, "deploy": FAQ}


@pytest.mark.parametrize("verb", MODELS)
@pytest.mark.parametrize(
    ("settle", "poll", "late"),
    [(1.2, 0.05, 0.5), (0.4, 1.2, 0.9)],
    ids=["within-the-settle-time", "between-two-looks"],
)
def test_what_takes_effect_late_is_not_sent_twice(
    reach: SimulatedPlatforms,
    reconciler: Reconciler,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Say,
    verb: str,
    settle: float,
    poll: float,
    late: float,
) -> None:
    monkeypatch.setenv("RECONCILER_SETTLE_SECONDS", str(settle))
    monkeypatch.setenv("RECONCILER_POLL_SECONDS", str(poll))
    inventory(MODELS[verb])
    reach.nugen.fault(Fault(kind=FaultKind.DROP_LATE_EFFECT, operation=verb, seconds=late))

    applied = reconciler("apply", "--yes", "--reissue-unknown", "--report", "json=report.json")

    assert applied.code == 0, applied.out + applied.err
    (outcome,) = json.loads(Path("report.json").read_text())["outcomes"]
    assert (outcome["outcome"], outcome["verified"], outcome["attempts"]) == ("succeeded", True, 1)
    assert len(starts(reach)) == 1
    record_property("figure", f"1 lost answers with a late effect, {len(starts(reach)) - 1} sent twice")


def test_an_undeploy_without_any_effect_is_sent_once_more_and_says_so(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch, record_property: Say
) -> None:
    monkeypatch.setenv("RECONCILER_SETTLE_SECONDS", "0.3")
    inventory(PILOT)
    reach.nugen.fault(Fault(kind=FaultKind.DROP_BEFORE, operation="undeploy", times=1))

    applied = reconciler("apply", "--yes", "--report", "json=report.json")

    assert applied.code == 0, applied.out + applied.err
    (outcome,) = json.loads(Path("report.json").read_text())["outcomes"]
    assert outcome["attempts"] == 2
    assert "sent again after its answer was lost" in outcome["note"]
    intents = [r for r in json.loads(reconciler("history", "--format", "json").out)["records"] if r["kind"] == "intent"]
    assert [record["attempt"] for record in intents] == [1, 2]
    record_property("figure", "1 sent again without effect, 1 of them on record and in the report")


def test_an_undeploy_is_sent_once_more_and_not_for_ever(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_SETTLE_SECONDS", "0.2")
    inventory(PILOT)
    reach.nugen.fault(Fault(kind=FaultKind.DROP_BEFORE, operation="undeploy", times=None))

    assert reconciler("apply", "--yes").code == 5
    assert len(starts(reach)) == 2
