"""Success is read, not believed: what the job says, and what the platform then shows."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.simulator import Fault, FaultKind, SimulatedPlatforms
from tests.cli.conftest import FAQ, PILOT, Reconciler, inventory

Say = Callable[[str, object], None]
MODELS = {"undeploy": (PILOT, "deployed"), "deploy": (FAQ, "undeployed")}


@pytest.mark.parametrize("verb", MODELS)
def test_a_job_that_says_it_succeeded_while_the_model_stays_has_failed(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch, record_property: Say, verb: str
) -> None:
    monkeypatch.setenv("RECONCILER_SETTLE_SECONDS", "0.3")
    model, stays = MODELS[verb]
    inventory(model)
    done = json.dumps({"status": "COMPLETED", "result": {}})
    reach.nugen.fault(Fault(kind=FaultKind.REPLY, operation=verb, status=200, body='{"model_id": "x"}'))
    reach.nugen.fault(Fault(kind=FaultKind.REPLY, operation=f"{verb}-status", status=200, body=done, times=None))

    applied = reconciler("apply", "--yes", "--report", "json=report.json")

    assert applied.code == 5, applied.out
    (outcome,) = json.loads(Path("report.json").read_text())["outcomes"]
    assert (outcome["outcome"], outcome["verified"]) == ("failed", False)
    assert outcome["error"].startswith(f"the job succeeded, but the platform shows {stays}")
    assert reconciler("plan", "--detailed-exitcode").code == 2
    record_property("figure", "1 false successes, 0 believed")
