"""The example of a policy, run by a Rego engine over plans that the real command made on the simulator."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import regorus

from reconciler.schemas import load_schema
from reconciler.simulator import SimulatedPlatforms
from tests.cli.conftest import BATCH, FAQ, PILOT, READER, TRIAGE, Reconciler, inventory

FOLDER = Path(__file__).parents[2] / "examples" / "policies"
POLICY = FOLDER / "undeploy.rego"

Plan = dict[str, Any]


def judged(plan: object, rule: str) -> list[str]:
    """What the policy says of a plan, in order."""
    engine = regorus.Engine()
    engine.add_policy_from_file(str(POLICY))
    engine.set_input_json(json.dumps(plan))
    return sorted(engine.eval_rule(f"data.main.{rule}"))


def moved(plan: Plan, **delta: float) -> Plan:
    """The plan as it would have been made at another time."""
    return {**plan, "created_at": _moved(plan["created_at"], timedelta(**delta))}


def _moved(text: str, delta: timedelta) -> str:
    return (datetime.fromisoformat(text) + delta).isoformat().replace("+00:00", "Z")


def on(plan: Plan, day: str) -> Plan:
    """The plan as it would be if all in it had been on another day of the week."""
    days = next(n for n in range(7) if f"{datetime.fromisoformat(plan['created_at']) + timedelta(n):%A}" == day)
    actions = [
        {**action, "evidence": {**action["evidence"], "at": _moved(action["evidence"]["at"], timedelta(days))}}
        for action in plan["actions"]
    ]
    return {**moved(plan, days=days), "actions": actions}


@pytest.fixture
def made(reach: SimulatedPlatforms, reconciler: Reconciler) -> Callable[..., Plan]:
    """The saved plan of an inventory with these models, made on a Tuesday."""

    def make(*models: str, code: int = 0) -> Plan:
        inventory(*models)
        done = reconciler("plan", "--out", "plan.json")
        assert done.code == code, done.err
        return on(json.loads(Path("plan.json").read_text()), "Tuesday")

    return make


def undeployed(model: str) -> str:
    return model.replace("state: deployed", "state: undeployed")


def test_a_plan_that_keeps_the_rules_passes(made: Callable[..., Plan]) -> None:
    plan = made(TRIAGE, FAQ)
    assert sorted(action["verb"] for action in plan["actions"]) == ["deploy", "export", "undeploy"]
    assert judged(plan, "deny") == []
    assert judged(plan, "warn") == []


@pytest.mark.parametrize("day", ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"])
def test_nothing_is_deployed_by_a_plan_made_before_or_on_a_weekend(made: Callable[..., Plan], day: str) -> None:
    denied = judged(on(made(FAQ), day), "deny")
    assert denied == (
        ["nugen/faq: deployed by a plan made from Friday to Sunday (UTC)"]
        if day in ("Friday", "Saturday", "Sunday")
        else []
    )


def test_an_undeploy_may_be_on_any_day(made: Callable[..., Plan]) -> None:
    assert judged(on(made(TRIAGE), "Saturday"), "deny") == []


def test_too_many_undeploys_on_one_platform_are_denied(made: Callable[..., Plan], reach: SimulatedPlatforms) -> None:
    for id_ in ("alignment_01KXG82FJJ98NQ0", "alignment_01M3GF73KHT8N4TB"):
        reach.nugen.set_state(id_, "deployed")

    two, three = made(*map(undeployed, (FAQ, PILOT))), made(*map(undeployed, (FAQ, PILOT, READER)))

    assert [len(plan["actions"]) for plan in (two, three)] == [2, 3]
    assert judged(two, "deny") == []
    assert judged(three, "deny") == ["nugen: 3 undeploys in one plan, and 2 are allowed"]


def test_old_evidence_is_none(made: Callable[..., Plan]) -> None:
    plan = made(TRIAGE)
    said = "kore/triage: undeployed although nobody saw it within 1h of the plan"
    assert judged(moved(plan, minutes=59), "deny") == []
    assert judged(moved(plan, minutes=61), "deny") == [said]
    for evidence in ({"source": "declared"}, {"source": "none", "at": None}, {"at": None}):
        actions = [{**action, "evidence": {**action["evidence"], **evidence}} for action in plan["actions"]]
        assert judged({**plan, "actions": actions}, "deny") == [said]


def test_a_plan_that_did_not_see_everything_undeploys_nothing(
    made: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_NUGEN_URL", "http://127.0.0.1:9")
    plan = made(TRIAGE, FAQ, code=6)
    assert not plan["complete"]
    assert judged(plan, "deny") == ["kore/triage: undeployed by a plan that could not read everything"]


def test_what_is_worth_a_look_is_a_warning(made: Callable[..., Plan], reach: SimulatedPlatforms) -> None:
    reach.nugen.set_state("alignment_01M3GF73KHT8N4TB", "deployed")
    plan = made(PILOT, BATCH)
    first, second = judged(plan, "warn")
    assert first.startswith("kore/batch: blocked: ")
    assert second == "nugen/pilot: undeployed without an export in this plan"
    assert judged(plan, "deny") == []


@pytest.mark.parametrize(
    "other",
    [{}, [], None, {"format": "reconciler/plan"}, {"format": "reconciler/drift"}, {"format_version": "2.0"}],
)
def test_what_is_no_plan_is_never_let_through(made: Callable[..., Plan], other: object) -> None:
    whole = {**made(FAQ), **other} if isinstance(other, dict) and "format_version" in other else other
    assert "this is no plan of format 1: nothing in it was checked" in judged(whole, "deny")


def test_the_plan_beside_the_policy_is_one_and_is_judged() -> None:
    plan = json.loads((FOLDER / "plan.json").read_text("utf-8"))
    jsonschema.validate(plan, load_schema("plan"))
    assert {action["verb"] for action in plan["actions"]} == {"deploy", "undeploy", "export"}
    assert judged(on(plan, "Monday"), "deny") == []
    said = "deployed by a plan made from Friday to Sunday (UTC)"
    assert judged(plan, "deny") == [f"nugen/{name}: {said}" for name in ("faq-bot", "invoice-reader")]
    assert [line.split(":")[0] for line in judged(plan, "warn")] == ["kore/night-batch"]


def test_the_readme_names_what_is_there() -> None:
    text = (FOLDER / "README.md").read_text("utf-8")
    for name in ("undeploy.rego", "plan.json"):
        assert f"]({name})" in text
        assert (FOLDER / name).is_file()
