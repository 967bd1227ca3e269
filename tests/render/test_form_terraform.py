"""What the plan in Terraform's words promises: other readers of such plans take it, and policies see each change."""

import json
import re
from collections import Counter
from typing import Any

import pytest
from msgspec.structs import replace
from readtheplan import analyze  # type: ignore[import-untyped]

from reconciler.core.plan import Plan
from reconciler.render.sheet import Sheet
from reconciler.render.terraform import terraform_plan

from . import samples
from .samples import DEMO, EMPTY, EVERYTHING
from .sheets import SHEETS, drifted, planned, reported

ACTIONS = {"no-op", "create", "read", "update", "delete"}
KNOWN = {"format_version", "resource_changes", "resource_drift", "timestamp", "applyable", "complete", "errored"}
OF_A_RESOURCE = {"address", "module_address", "mode", "type", "name", "provider_name", "change"}
OF_A_CHANGE = {"actions", "before", "after", "after_unknown", "before_sensitive", "after_sensitive"}

every_sheet = pytest.mark.parametrize(("sheet", "plan"), SHEETS.values(), ids=SHEETS)


def read(sheet: Sheet, plan: Plan | None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(terraform_plan(sheet, plan)))
    return found


def actions(found: dict[str, Any], key: str = "resource_changes") -> dict[str, str]:
    return {change["address"]: change["change"]["actions"][0] for change in found[key]}


@every_sheet
def test_a_reader_of_terraform_plans_understands_it(sheet: Sheet, plan: Plan | None) -> None:
    found = read(sheet, plan)
    summary = analyze(found)
    types = {change["address"]: change["type"] for change in found["resource_changes"]}

    assert summary.terraform_version is None
    assert {change.address: "/".join(change.actions) for change in summary.resource_changes} == actions(found)
    assert {change.address: change.resource_type for change in summary.resource_changes} == types


@every_sheet
def test_it_uses_no_word_that_terraform_does_not(sheet: Sheet, plan: Plan | None) -> None:
    found = read(sheet, plan)

    assert set(found) == KNOWN | {"x_reconciler"}
    assert re.fullmatch(r"1\.\d+", found["format_version"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["timestamp"])
    for resource in found["resource_changes"] + found["resource_drift"]:
        assert set(resource) - {"module_address"} - {"x_reconciler"} == OF_A_RESOURCE - {"module_address"}
        assert set(resource["change"]) == OF_A_CHANGE
        assert resource["mode"] == "managed"
        assert len(resource["change"]["actions"]) == 1
        assert set(resource["change"]["actions"]) <= ACTIONS
        prefix = f"{resource['module_address']}." if "module_address" in resource else ""
        assert resource["address"] == f"{prefix}{resource['type']}.{resource['name']}"


@every_sheet
def test_what_is_created_was_nothing_and_what_is_deleted_becomes_nothing(sheet: Sheet, plan: Plan | None) -> None:
    found = read(sheet, plan)
    for change in (resource["change"] for resource in found["resource_changes"] + found["resource_drift"]):
        assert (change["before"] is None) is (change["actions"] == ["create"])
        assert (change["after"] is None) is (change["actions"] == ["delete"])


@pytest.mark.parametrize("plan", [DEMO, EVERYTHING, samples.EVERY_KIND_HOSTILE, samples.SETTLED])
def test_every_action_and_every_unchanged_model_is_a_resource_of_its_own(plan: Plan) -> None:
    found = read(planned(plan), plan)

    assert len(found["resource_changes"]) == len(actions(found)) == len(plan.actions) + len(plan.unchanged)


def test_verbs_in_terraform_words() -> None:
    found = read(planned(DEMO), DEMO)

    assert actions(found) == {
        "module.kore-eu.kore_model_export.support-triage": "create",
        "module.kore-eu.kore_model.support-triage": "delete",
        "nugen_model.faq-bot": "create",
        "nugen_model.legal-search": "no-op",
        "module.kore-eu.kore_model.router": "update",
        **{f"nugen_model.model-{number:02}": "no-op" for number in range(1, 13)},
    }


def test_a_policy_that_counts_deletions_sees_every_undeploy() -> None:
    plan = samples.large(40, 7, 3)
    found = read(planned(plan), plan)
    counted = Counter(action for change in found["resource_changes"] for action in change["change"]["actions"])

    assert counted == {"delete": 40, "create": 7, "no-op": 3}


def test_settings_of_a_deploy_are_there_for_policies() -> None:
    plan = replace(EMPTY, actions=(replace(samples.deploy("nugen/a"), settings={"maxReplicas": 4}),))

    assert read(planned(plan), plan)["resource_changes"][0]["change"]["after"]["settings"] == {"maxReplicas": 4}


@pytest.mark.parametrize(
    ("plan", "applyable", "complete"),
    [
        (replace(DEMO, blocked=()), True, True),
        (DEMO, True, False),
        (EMPTY, False, True),
        (replace(DEMO, blocked=(), partial=True), True, False),
        (replace(DEMO, blocked=(), offline=True), False, False),
        (replace(DEMO, blocked=(), guards=EVERYTHING.guards), False, True),
        (replace(DEMO, blocked=(), failures=EVERYTHING.failures), True, False),
    ],
)
def test_whether_it_can_be_applied_and_is_all_there_is(plan: Plan, applyable: bool, complete: bool) -> None:
    found = read(planned(plan), plan)

    assert (found["applyable"], found["complete"], found["errored"]) == (applyable, complete, False)


def test_what_was_changed_outside_is_drift() -> None:
    found = read(drifted(DEMO, samples.CHECK), DEMO)
    faq_bot = found["resource_drift"][0]["change"]

    assert actions(found, "resource_drift") == {"nugen_model.faq-bot": "delete", "nugen_model.intent-eu": "delete"}
    assert (faq_bot["before"]["deployment"], faq_bot["after"]) == ("deployed", None)
    assert read(planned(DEMO), DEMO)["resource_drift"] == []


def test_a_report_says_what_became_of_each_change() -> None:
    found = read(reported(samples.BROKEN, EVERYTHING), EVERYTHING)
    ends = {change["address"]: change.get("x_reconciler", {}).get("result") for change in found["resource_changes"]}

    assert ends["module.kore-eu.kore_model.router"] == "failed"
    assert ends["nugen_model.faq-bot"] == "succeeded"
    assert found["applyable"] is False


def test_a_report_without_its_plan_names_what_was_done() -> None:
    found = read(reported(samples.DONE), None)

    assert actions(found) == {
        "kore-eu_model_export.support-triage": "create",
        "kore-eu_model.support-triage": "delete",
        "nugen_model.faq-bot": "create",
    }


def test_a_run_that_did_not_end_is_errored() -> None:
    found = read(reported(samples.FAILED), None)

    assert (found["errored"], found["complete"], found["resource_changes"]) == (True, False, [])


def test_two_platforms_of_one_type_are_told_apart() -> None:
    platforms = (EMPTY.platforms[0], replace(EMPTY.platforms[0], name="kore"))
    plan = replace(EMPTY, platforms=platforms, actions=(samples.undeploy("kore/a"), samples.undeploy("kore-eu/a")))

    assert set(actions(read(planned(plan), plan))) == {"kore_model.a", "module.kore-eu.kore_model.a"}
