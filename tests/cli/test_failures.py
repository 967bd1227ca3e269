"""What goes wrong: one clear line per model, the right exit code, exactly one outcome per action."""

import json
from pathlib import Path

import pytest

from reconciler.simulator import Fault, FaultKind, SimulatedPlatforms
from tests.cli.conftest import BATCH, FAQ, PILOT, READER, TRIAGE, Reconciler, inventory, starts


def outcomes(path: str = "report.json") -> dict[str, dict[str, object]]:
    found = json.loads(Path(path).read_text())["outcomes"]
    by_id = {outcome["id"]: outcome for outcome in found}
    assert len(by_id) == len(found)
    return by_id


def test_a_killed_job_fails_its_action_and_no_other(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(FAQ, PILOT)
    reach.nugen.fail_next("alignment_01KXG82FJJ98NQ0", "Deployment failed due to insufficient resources")

    applied = reconciler("apply", "--yes", "--report", "json=report.json")

    assert applied.code == 5
    found = outcomes()
    assert {id: outcome["outcome"] for id, outcome in found.items()} == {
        "nugen/faq#deploy": "failed",
        "nugen/pilot#undeploy": "succeeded",
    }
    assert found["nugen/faq#deploy"]["error"] == "Deployment failed due to insufficient resources"
    assert "Incomplete: 1 succeeded, 1 failed." in applied.out.splitlines()


def test_a_failed_export_skips_the_undeploy_that_needs_it(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(TRIAGE)
    reach.kore.fail_next("cm-20f1a")

    assert reconciler("apply", "--yes", "--report", "json=report.json").code == 5

    assert {id: outcome["outcome"] for id, outcome in outcomes().items()} == {
        "kore/triage#export": "failed",
        "kore/triage#undeploy": "skipped",
    }
    assert starts(reach) == [("export", "cm-20f1a")]


def test_a_refused_key_is_one_line_and_the_rest_goes_on(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory(TRIAGE, FAQ, PILOT)
    monkeypatch.setenv("RECONCILER_NUGEN_KEY", "nugen-wrong")

    planned = reconciler("plan", "--format", "json")

    assert planned.code == 6
    data = json.loads(planned.out)
    assert [failure["address"] for failure in data["failures"]] == ["nugen"]
    assert "401" in data["failures"][0]["error"]
    assert "check RECONCILER_NUGEN_KEY" in data["failures"][0]["error"]
    assert {action["address"] for action in data["actions"]} == {"kore/triage"}
    assert "nugen-wrong" not in planned.out + planned.err
    applied = reconciler("apply", "--yes", "--report", "json=report.json")
    assert applied.code == 6
    assert {outcome["outcome"] for outcome in outcomes().values()} == {"succeeded"}


def test_a_stopped_server_is_one_line_per_platform(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(FAQ, PILOT, TRIAGE)
    assert reconciler("plan", "--out", "plan.json").code == 0
    reach.stop()

    planned = reconciler("plan", "--format", "json")
    assert planned.code == 6
    failures = {failure["address"]: failure["error"] for failure in json.loads(planned.out)["failures"]}
    assert set(failures) == {"nugen"}
    assert "connection refused" in failures["nugen"]
    applied = reconciler("apply", "--plan", "plan.json")
    assert applied.code == 4
    assert "cannot be read now" in applied.err


def test_a_server_that_stops_half_way_leaves_jobs_in_flight(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_SETTLE_SECONDS", "0.2")
    inventory(PILOT)
    reach.nugen.fault(Fault(kind=FaultKind.DROP_BEFORE, operation="undeploy-status", times=None))

    applied = reconciler("apply", "--yes", "--report", "json=report.json")

    assert applied.code == 5
    (outcome,) = outcomes().values()
    assert outcome["outcome"] == "in-flight"
    assert "the next apply follows it" in str(outcome["error"])
    assert starts(reach) == [("undeploy", "alignment_01M3GF73KHT8N4TB")]


def test_a_lost_answer_is_never_sent_again_blindly(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_SETTLE_SECONDS", "0.5")
    inventory(FAQ)
    reach.nugen.fault(Fault(kind=FaultKind.DROP_AFTER, method="POST", times=1))

    applied = reconciler("apply", "--yes", "--report", "json=report.json")

    assert applied.code == 0, applied.out
    (outcome,) = outcomes().values()
    assert (outcome["outcome"], outcome["verified"], outcome["attempts"]) == ("succeeded", True, 1)
    assert starts(reach) == [("deploy", "alignment_01KXG82FJJ98NQ0")]


def test_a_lost_answer_without_any_effect_is_uncertain(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_SETTLE_SECONDS", "0.3")
    inventory(FAQ)
    reach.nugen.fault(Fault(kind=FaultKind.DROP_BEFORE, method="POST", times=1))

    assert reconciler("apply", "--yes", "--report", "json=report.json").code == 5

    (outcome,) = outcomes().values()
    assert outcome["outcome"] == "uncertain"
    assert "--reissue-unknown" in str(outcome["error"])
    assert len(starts(reach)) == 1
    assert reconciler("apply", "--yes").code == 3
    (blocked,) = json.loads(reconciler("plan", "--format", "json").out)["blocked"]
    assert "was never answered and shows no effect" in blocked["text"]
    assert blocked["text"].endswith("reconciler adopt nugen/faq --as undeployed")
    assert len(starts(reach)) == 1
    assert reconciler("adopt", "nugen/faq", "--as", "undeployed").code == 0
    assert reconciler("apply", "--yes").code == 0
    assert len(starts(reach)) == 2


def test_reissue_unknown_sends_a_lost_deploy_once_more(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_SETTLE_SECONDS", "0.3")
    inventory(FAQ)
    reach.nugen.fault(Fault(kind=FaultKind.DROP_BEFORE, method="POST", times=1))
    assert reconciler("apply", "--yes").code == 5

    assert reconciler("apply", "--yes", "--reissue-unknown").code == 0
    assert len(starts(reach)) == 2


@pytest.mark.parametrize("broken", ["key", "address", "unset", "page"])
def test_a_probe_that_says_nothing_is_never_an_all_clear(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    inventory(TRIAGE)
    assert reconciler("apply", "--yes").code == 0
    reach.kore.set_state("cm-20f1a", "deployed")
    assert reconciler("drift").code == 2
    if broken == "key":
        monkeypatch.setenv("RECONCILER_KORE_PROBE_KEY", "wrong")
    elif broken == "address":
        monkeypatch.setenv("RECONCILER_KORE_PROBE_URL", "http://127.0.0.1:9")
    elif broken == "page":
        page = Fault(kind=FaultKind.REPLY, operation="probe", status=200, body=b"<html>Sign in</html>", times=None)
        reach.kore.fault(page)
    else:
        monkeypatch.delenv("RECONCILER_KORE_PROBE_URL")

    found = reconciler("drift")

    assert found.code == 6
    assert "1 unknown" in found.out
    assert "its probe" in " ".join(reconciler("plan").out.split())
    assert reconciler("plan", "--detailed-exitcode").code == 2


def test_kore_cannot_say_after_a_lost_answer(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_SETTLE_SECONDS", "0.3")
    inventory(BATCH)
    assert reconciler("adopt", "kore/batch", "--as", "deployed").code == 0
    reach.kore.fault(Fault(kind=FaultKind.DROP_AFTER, method="POST", times=1))

    assert reconciler("apply", "--yes", "--report", "json=report.json").code == 5

    (outcome,) = outcomes().values()
    assert outcome["outcome"] == "uncertain"
    planned = json.loads(reconciler("plan", "--format", "json").out)
    assert planned["actions"] == []
    assert "was never answered" in planned["blocked"][0]["text"]
    assert len(starts(reach)) == 1


def test_a_moved_model_makes_the_plan_stale(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(FAQ, PILOT)
    assert reconciler("plan", "--out", "plan.json").code == 0
    reach.nugen.set_state("alignment_01M3GF73KHT8N4TB", "undeployed")

    applied = reconciler("apply", "--plan", "plan.json")

    assert applied.code == 4
    assert "nugen/pilot#undeploy: was deployed when planned, is undeployed now" in applied.err
    assert starts(reach) == []
    skipped = reconciler("apply", "--plan", "plan.json", "--skip-stale")
    assert skipped.code == 5
    assert "1 succeeded, 1 skipped" in skipped.out
    assert starts(reach) == [("deploy", "alignment_01KXG82FJJ98NQ0")]


def test_a_plan_is_used_once_and_checked(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(PILOT)
    assert reconciler("plan", "--out", "plan.json").code == 0
    digest = json.loads(Path("plan.json").read_text())["digest"]

    other = reconciler("apply", "--plan", "plan.json", "--expect", "sha256:" + "0" * 64)
    assert other.code == 4
    assert reconciler("apply", "--plan", "plan.json", "--expect", digest).code == 0
    again = reconciler("apply", "--plan", "plan.json")
    assert again.code == 4
    assert "applied before" in again.err


def test_altered_and_expired_plans_are_refused(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(PILOT)
    assert reconciler("plan", "--out", "plan.json", "--expires", "1s").code == 0
    data = json.loads(Path("plan.json").read_text())
    data["actions"] = []
    Path("altered.json").write_text(json.dumps(data))

    assert "altered" in reconciler("apply", "--plan", "altered.json").err
    import time

    time.sleep(1.1)
    expired = reconciler("apply", "--plan", "plan.json")
    assert expired.code == 4
    assert "expired" in expired.err
    assert starts(reach) == []


def test_a_protected_model_stops_the_apply(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(PILOT.replace("undeployed", "undeployed, protect: true"), FAQ)

    assert "x guard" in reconciler("plan").out
    stopped = reconciler("apply", "--yes", "--report", "json=report.json")

    assert stopped.code == 3
    assert {outcome["outcome"] for outcome in outcomes().values()} == {"skipped"}
    assert starts(reach) == []
    assert "add --approve nugen/pilot" in " ".join(reconciler("plan").out.split())
    assert reconciler("apply", "--yes", "--approve", "nugen/pilot").code == 0


def test_protection_survives_the_entry(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(PILOT.replace("undeployed", "deployed, protect: true"))
    assert reconciler("apply", "--yes").code == 0
    inventory(PILOT.replace("pilot:", "renamed:"))

    assert reconciler("apply", "--yes").code == 3
    assert starts(reach) == []


def test_the_absolute_limit_and_guards_from_elsewhere(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(PILOT)
    assert reconciler("apply", "--yes", "--max-undeploys", "0").code == 3
    Path("guards.yaml").write_text("max_undeploys: 0\n")
    assert reconciler("apply", "--yes", "--guards", "guards.yaml").code == 3
    assert reconciler("plan", "--max-undeploys", "0", "--detailed-exitcode").code == 2
    assert starts(reach) == []


def test_missing_keys_are_named_all_at_once(reconciler: Reconciler) -> None:
    inventory(FAQ, BATCH)
    found = reconciler("plan")
    assert found.code == 1
    for name in ("RECONCILER_KORE_URL", "RECONCILER_KORE_KEY", "RECONCILER_NUGEN_KEY"):
        assert name in found.err


def test_a_busy_platform_is_waited_for(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(READER.replace("state: deployed", "state: undeployed"))
    applied = reconciler("apply", "--yes", "--report", "json=report.json")
    assert applied.code == 0, applied.out
    assert starts(reach) == [("undeploy", "alignment_01KX0619C87YR5S")]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("plan", "--nonsense"), 64),
        (("nonsense",), 64),
        (("apply",), 64),
        (("apply", "--expect", "x", "--yes"), 64),
        (("plan", "missing.yaml"), 1),
        (("show", "missing.json"), 1),
        (("platforms", "nonsense"), 1),
        (("schema", "nonsense"), 64),
        (("adopt", "kore/x", "--as", "asleep"), 64),
    ],
)
def test_wrong_usage_and_missing_files(reconciler: Reconciler, arguments: tuple[str, ...], code: int) -> None:
    found = reconciler(*arguments)
    assert found.code == code
    assert found.err
    assert "Traceback" not in found.err


def test_a_key_that_a_platform_repeats_is_kept_nowhere(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    key = reach.nugen.key
    body = json.dumps({"detail": f"the key {key} may not do this"}).encode()
    reach.nugen.fault(Fault(kind=FaultKind.REPLY, operation="undeploy", status=403, body=body))
    inventory(PILOT)

    applied = reconciler("apply", "-v", "--yes", "--report", "json=report.json")

    assert applied.code == 5
    assert "may not do this" in applied.out
    assert key not in applied.out + applied.err
    for file in Path().rglob("*"):
        assert not file.is_file() or key.encode() not in file.read_bytes(), file


def test_two_ids_of_one_listed_model_are_refused(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(
        "kept: {platform: nugen, id: alignment_01M3GF73KHT8N4TB, state: deployed, protect: true}",
        "again: {platform: nugen, id: old-pilot-alignment-01m3gf73kht8n4tb, state: undeployed}",
    )
    applied = reconciler("apply", "--yes")
    assert applied.code == 6
    assert "are one listed model" in " ".join(applied.out.split())
    assert starts(reach) == []


def test_names_that_look_like_keys_do_not_break_a_saved_plan(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(PILOT.replace("pilot:", "nugen-customer-support-bot-of-2026:"))
    assert reconciler("plan", "--out", "plan.json").code == 0
    assert reconciler("apply", "--plan", "plan.json").code == 0


@pytest.mark.parametrize("name", ["triage.zip", "triage.bin"])
@pytest.mark.parametrize("body", [b"", b"<!DOCTYPE html>\n<title>Sign in</title>", b"  <html lang=en>"])
def test_what_is_no_export_does_not_pass_for_one(
    reach: SimulatedPlatforms, reconciler: Reconciler, body: bytes, name: str
) -> None:
    """Else the undeploy that must wait for it would follow."""
    inventory(TRIAGE.replace("before_undeploy: true", f"before_undeploy: true, to: {name}"))
    reach.kore.fault(Fault(kind=FaultKind.REPLY, operation="download", status=200, body=body, times=None))
    assert reconciler("apply", "--yes", "--report", "json=report.json").code == 5
    assert list(Path("exports").iterdir()) == []
    assert {o["outcome"] for o in outcomes().values()} == {"failed", "skipped"}
    assert [operation for operation, _ in starts(reach)] == ["export"]


def test_a_report_that_cannot_be_written_is_said_before_anything_is_done(
    reach: SimulatedPlatforms, reconciler: Reconciler
) -> None:
    inventory(PILOT)
    assert reconciler("apply", "--yes", "--report", "json=nowhere/report.json").code == 64
    assert starts(reach) == []


def test_one_action_at_a_time_on_a_model(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(TRIAGE.replace("before_undeploy: true", "max_age: 7d"))
    assert reconciler("apply", "--yes").code == 0
    entries = reach.kore.log.entries
    first, second = (entry.at for entry in entries if entry.operation in ("export", "undeploy"))
    assert second - first >= 0.2


def test_a_stop_while_an_answer_is_in_doubt_says_so(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_SETTLE_SECONDS", "5")
    inventory(FAQ.replace("state", "timeout: 1s, state"))
    reach.nugen.fault(Fault(kind=FaultKind.DROP_AFTER, method="POST", times=1))
    assert reconciler("apply", "--yes", "--report", "json=report.json").code == 5
    (outcome,) = outcomes().values()
    assert outcome["outcome"] == "uncertain"
