"""The main job through the simulator: plan, review, apply, empty plan, drift."""

import json
from pathlib import Path

import jsonschema
import pytest

from reconciler.schemas import load_schema
from reconciler.simulator import Fault, FaultKind, JobTime, SimulatedPlatforms
from tests.cli.conftest import BATCH, FAQ, PILOT, READER, TRIAGE, Reconciler, inventory, starts


def test_plan_review_apply_then_nothing_left(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(TRIAGE, FAQ, READER, PILOT)

    planned = reconciler("plan", "--out", "plan.json", "--detailed-exitcode")
    assert planned.code == 2
    assert "Plan: 2 undeploys, 1 deploy, 1 export, 1 to adopt" in planned.out.splitlines()[0]
    assert starts(reach) == []

    shown = reconciler("show", "plan.json")
    assert shown.out == planned.out

    applied = reconciler("apply", "--plan", "plan.json", "--report", "json=report.json")
    assert applied.code == 0, applied.out + applied.err
    assert applied.out.startswith("Applied: 5 succeeded.")

    assert reconciler("plan", "--detailed-exitcode").code == 0
    assert sorted(starts(reach)) == [
        ("deploy", "alignment_01KXG82FJJ98NQ0"),
        ("export", "cm-20f1a"),
        ("undeploy", "alignment_01M3GF73KHT8N4TB"),
        ("undeploy", "cm-20f1a"),
    ]
    assert starts(reach).index(("export", "cm-20f1a")) < starts(reach).index(("undeploy", "cm-20f1a"))

    report = json.loads(Path("report.json").read_text())
    jsonschema.validate(report, load_schema("report"))
    saved = json.loads(Path("plan.json").read_text())
    jsonschema.validate(saved, load_schema("plan"))
    assert [outcome["id"] for outcome in report["outcomes"]] == [action["id"] for action in saved["actions"]]
    verified = {outcome["id"]: outcome["verified"] for outcome in report["outcomes"]}
    assert verified == {
        "kore/triage#export": None,
        "kore/triage#undeploy": True,
        "nugen/faq#deploy": True,
        "nugen/pilot#undeploy": True,
        "nugen/reader#deploy": True,
    }


def test_export_is_on_disk_private_and_as_reported(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    import hashlib

    inventory(TRIAGE)
    assert reconciler("apply", "--yes", "--report", "json=report.json").code == 0

    file = Path("exports/triage.zip")
    artifact = json.loads(Path("report.json").read_text())["outcomes"][0]["artifact"]
    assert artifact == {
        "path": "triage.zip",
        "size": file.stat().st_size,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
    }
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    keys = [entry.headers for entry in reach.kore.log.entries if entry.path.startswith("/api/v1/account")]
    assert keys
    assert all("x-api-key" not in headers for headers in keys)


def test_export_never_replaces_a_file(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory("triage: {platform: kore, id: cm-20f1a, export: {to: kept/model.zip}}")
    Path("exports/kept").mkdir(parents=True)
    Path("exports/kept/model.zip").write_text("mine")

    assert reconciler("apply", "--yes").code == 0

    assert Path("exports/kept/model.zip").read_text() == "mine"
    others = [file.name for file in Path("exports/kept").iterdir() if file.name != "model.zip"]
    assert len(others) == 1
    assert others[0].startswith("model-20")
    assert others[0].endswith("Z.zip")


def test_drift_names_the_model_and_the_run(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(FAQ, PILOT, owner_of_nothing())
    assert reconciler("apply", "--yes", "--report", "json=report.json").code == 0
    assert reconciler("drift").code == 0
    run = json.loads(Path("report.json").read_text())["run_id"]

    reach.nugen.set_state("alignment_01KXG82FJJ98NQ0", "undeployed")
    inventory(FAQ, PILOT.replace("undeployed", "deployed"), owner_of_nothing())
    found = reconciler("drift", "--format", "json")

    assert found.code == 2
    data = json.loads(found.out)
    jsonschema.validate(data, load_schema("plan"))
    kinds = {entry["address"]: (entry["kind"], entry["from"], entry["to"]) for entry in data["drift"]}
    assert kinds == {
        "nugen/faq": ("drifted", "deployed", "undeployed"),
        "nugen/pilot": ("pending", "undeployed", "deployed"),
    }
    assert {entry["since"]["run"] for entry in data["drift"]} == {run}
    text = reconciler("drift").out
    assert text.startswith("Drift: 1 model changed outside reconciler, 1 pending; nothing new.")
    assert run in text


def owner_of_nothing() -> str:
    """A model that is in its target from the start, so that drift has something to be quiet about."""
    return READER


def test_unknown_is_blocked_until_a_person_says_what_it_is(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(BATCH.replace("undeployed", "deployed, settings: " + settings()))
    planned = reconciler("plan", "--format", "json")
    assert planned.code == 0
    (blocked,) = json.loads(planned.out)["blocked"]
    assert blocked["code"] == "unknown"
    assert blocked["text"].endswith("reconciler adopt kore/batch --as STATE")
    assert reconciler("drift").code == 6
    assert reconciler("apply", "--yes").code == 3
    assert starts(reach) == []

    assert reconciler("adopt", "kore/batch", "--as", "undeployed").code == 0
    status = json.loads(reconciler("status", "--format", "json").out)["models"][0]
    assert (status["live"], status["evidence"]["source"]) == ("undeployed", "declared")

    assert reconciler("apply", "--yes").code == 0
    assert starts(reach) == [("deploy", "cm-9d04e")]
    sent = reach.kore.log.find(operation="deploy")[0]
    assert sent.query == {"modelType": "openSource"}
    assert isinstance(sent.body, dict)
    assert sent.body["isDeployedPreviously"] is True
    assert "modelType" not in sent.body
    status = json.loads(reconciler("status", "--format", "json").out)["models"][0]
    assert (status["live"], status["evidence"]["source"], status["evidence"]["raw"]) == ("deployed", "job", "SUCCESS")


def settings(replicas: int = 2) -> str:
    return (
        "{modelType: openSource, name: batch, deviceType: g5.xlarge,"
        " hyperParameters: {temperature: 0.5, maxTokens: 256, topP: 1, topK: 40},"
        f" scalingParameters: {{minReplicas: 1, maxReplicas: {replicas}}}}}"
    )


def test_changed_settings_deploy_again_and_say_what_changed(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    model = "batch: {{platform: kore, id: cm-9d04e, state: deployed, settings: {}}}"
    inventory(model.format(settings()))
    assert reconciler("adopt", "kore/batch", "--as", "undeployed").code == 0
    assert reconciler("apply", "--yes").code == 0
    assert reconciler("plan", "--detailed-exitcode").code == 0

    inventory(model.format(settings(replicas=4)))
    planned = reconciler("plan", "--detailed-exitcode")

    assert planned.code == 2
    assert "settings changed: scalingParameters.maxReplicas 2 -> 4" in " ".join(planned.out.split())
    assert "pending" in reconciler("drift").out
    assert reconciler("apply", "--yes").code == 0
    assert [operation for operation, _ in starts(reach)] == ["deploy", "deploy"]
    assert reconciler("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("again", ["plan", "apply"])
def test_a_second_apply_does_nothing(reach: SimulatedPlatforms, reconciler: Reconciler, again: str) -> None:
    inventory(FAQ, READER, PILOT)
    assert reconciler("apply", "--yes").code == 0
    before = starts(reach)

    if again == "plan":
        assert reconciler("plan", "--detailed-exitcode").code == 0
    else:
        assert reconciler("apply", "--yes").code == 0
    assert starts(reach) == before


def test_history_tells_every_step_with_its_run(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(PILOT)
    assert reconciler("apply", "--yes").code == 0

    records = json.loads(reconciler("history", "--format", "json").out)["records"]

    kinds = [record["kind"] for record in records]
    assert kinds == ["run-started", "intent", "accepted", "settled", "run-ended"]
    assert len({record["run"] for record in records}) == 1
    one = reconciler("history", "nugen/pilot")
    assert "undeploy" in one.out
    assert reconciler("history", "nugen/other").out.startswith("Nothing on record of nugen/other")


def test_discover_writes_an_inventory_that_plans_to_nothing(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    found = reconciler("discover", "nugen", "--out", "found.yaml")
    assert found.code == 0, found.err

    assert reconciler("plan", "found.yaml", "--detailed-exitcode").code == 0
    assert "faq-bot" in Path("found.yaml").read_text()
    assert reconciler("discover", "nugen", "--out", "found.yaml").code == 64


def test_discover_says_when_a_platform_lists_nothing(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    found = reconciler("discover", "kore")
    assert found.code == 1
    assert "no route that lists models" in found.err


def test_a_selection_is_partial_everywhere(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(FAQ, PILOT)
    planned = reconciler("plan", "--only", "nugen/faq", "--format", "json")
    data = json.loads(planned.out)
    assert data["partial"] is True
    assert [action["address"] for action in data["actions"]] == ["nugen/faq"]
    assert "Partial" in reconciler("plan", "--exclude", "nugen/faq").out
    assert reconciler("apply", "--yes", "--only", "nugen/faq").code == 0
    assert starts(reach) == [("deploy", "alignment_01KXG82FJJ98NQ0")]


def test_what_comes_after_waits(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(FAQ.replace("state", "after: [pilot], state"), PILOT)
    assert reconciler("apply", "--yes").code == 0
    assert [operation for operation, _ in starts(reach)] == ["undeploy", "deploy"]
    accepted = json.loads(reconciler("history", "--format", "json").out)["records"]
    order = [(record["kind"], record.get("verb")) for record in accepted]
    assert order.index(("settled", "undeploy")) < order.index(("intent", "deploy"))


def test_offline_asks_nobody_and_says_so(reconciler: Reconciler, platforms: SimulatedPlatforms) -> None:
    inventory(FAQ, BATCH)
    planned = reconciler("plan", "--offline")
    assert planned.code == 0
    assert "Offline: nothing was read, nothing is verified." in planned.out
    assert not Path(".reconciler").exists()
    assert platforms.nugen.log.entries == ()


def test_files_are_fetched_as_many_at_once_as_the_platform_takes_requests(
    reach: SimulatedPlatforms, reconciler: Reconciler
) -> None:
    for number in range(6):
        reach.kore.add(f"cm-e{number}", deployed=False)
    reach.kore.set_job_time(JobTime(seconds=0))
    reach.kore.fault(Fault(FaultKind.DELAY, operation="download", seconds=0.4, times=None))
    models = (f"e{n}: {{platform: kore, id: cm-e{n}, export: {{to: e{n}.zip}}}}" for n in range(6))
    inventory(*models, head="platforms:\n  kore: {concurrency: 2}\n")
    assert reconciler("apply", "--yes").code == 0
    at = [entry.at for entry in reach.kore.log.find(operation="download")]
    assert len(at) == 6
    assert all(later - first > 0.3 for first, later in zip(at, at[2:], strict=False)), at
