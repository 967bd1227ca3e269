"""Plans, drifts, reports, status and history as JSON text and back."""

import json
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace

from reconciler.core.codec import (
    VERSION,
    drift_json,
    history_json,
    plan_json,
    read_drift,
    read_plan,
    read_report,
    report_json,
    status_json,
    with_digest,
)
from reconciler.core.drift import Drift, DriftCheck, DriftKind, Night, Novelty, Resolved, Since
from reconciler.core.job import Verb
from reconciler.core.live import Evidence, EvidenceSource, LiveState
from reconciler.core.memory import LastAction
from reconciler.core.model import Acknowledgement
from reconciler.core.plan import Plan
from reconciler.core.record import Record, RecordKind
from reconciler.core.seal import seal
from reconciler.core.status import Status
from reconciler.errors import PlanRefused
from reconciler.schemas import load_schema

from .values import DEPLOYED, EARLIER, NOW, action, everything, model, plan, report

Json = dict[str, Any]
KEY = "a key"


def through_text(data: Any) -> Any:
    return json.loads(json.dumps(data))


def check(data: Json, schema: str) -> None:
    """That JSON data is what its public schema says."""
    whole = load_schema(schema)
    jsonschema.Draft202012Validator.check_schema(whole)
    jsonschema.Draft202012Validator(whole).validate(through_text(data))


def saved(made: Plan, key: str | None = None) -> Json:
    return dict(through_text(plan_json(with_digest(made), key=key)))


def resealed(data: Json, key: str | None = None) -> Json:
    """What somebody would hand in who edits a plan and knows how seals are made."""
    body = {name: value for name, value in data.items() if name != "seal"}
    return {**body, "seal": seal(body, key)}


PLANS = [plan(), plan(action("a", Verb.DEPLOY, settings={"size": 1})), everything(), plan(offline=True)]


# There and back.


@pytest.mark.parametrize("made", PLANS, ids=["empty", "small", "everything", "offline"])
@pytest.mark.parametrize("key", [None, KEY])
def test_a_plan_comes_back_as_it_was(made: Plan, key: str | None) -> None:
    assert read_plan(saved(made, key), key=key) == with_digest(made)


@pytest.mark.parametrize("made", PLANS, ids=["empty", "small", "everything", "offline"])
def test_a_plan_obeys_its_schema(made: Plan) -> None:
    check(plan_json(with_digest(made)), "plan")
    check(plan_json(with_digest(made), key=KEY), "plan")


def test_a_report_comes_back_as_it_was() -> None:
    assert read_report(through_text(report_json(report()))) == report()


def test_a_report_obeys_its_schema() -> None:
    check(report_json(report()), "report")
    check(report_json(replace(report(), outcomes=(), reasons=(), exit_code=0)), "report")


DRIFTS = (
    Drift(
        address="kore/a",
        kind=DriftKind.DRIFTED,
        was="deployed",
        now="broken",
        since=Since(run="run-1", at=EARLIER),
        text="was deployed",
        owner="team",
    ),
    Drift(address="kore/b", kind=DriftKind.PENDING, was="deployed", now="undeployed", since=None, text="is deployed"),
    Drift(address="kore/c", kind=DriftKind.UNKNOWN, was="deployed", now="unknown", since=None, text="cannot be read"),
)


CHECK = DriftCheck(
    drifts=(
        *DRIFTS,
        replace(
            DRIFTS[1],
            address="kore/d",
            novelty=Novelty.ONGOING,
            first_seen=EARLIER,
            times=3,
            flapping=True,
            acknowledged=Acknowledgement(until=date(2026, 12, 31), reason="a test"),
        ),
    ),
    resolved=(
        Resolved(
            address="kore/e",
            kind=DriftKind.DRIFTED,
            was="deployed",
            now="undeployed",
            first_seen=EARLIER,
            last_seen=NOW,
            times=2,
        ),
    ),
    nights=(Night(day=date(2026, 1, 23), found={"kore/e": DriftKind.DRIFTED}), Night(day=date(2026, 1, 24), found={})),
    remembered=True,
)


@pytest.mark.parametrize("found", [CHECK, DriftCheck(drifts=())], ids=["drifts", "none"])
def test_a_drift_obeys_the_schema_of_plans_and_comes_back_as_it_was(found: DriftCheck) -> None:
    data = drift_json(with_digest(everything()), found)
    check(data, "plan")
    assert read_drift(through_text(data)) == (with_digest(everything()), found)


@pytest.mark.parametrize("name", ["drift", "resolved", "nights", "remembered", "actions", "format_version"])
def test_junk_in_a_drift_is_refused_never_a_crash(name: str) -> None:
    for junk in (*JUNK, "\ud800"):
        with suppress(PlanRefused):
            read_drift({**through_text(drift_json(plan(), CHECK)), name: junk})
            assert junk in ([], {}, False, True), junk


def test_a_drift_says_from_what_to_what_and_since_when() -> None:
    first, second, *_ = through_text(drift_json(plan(), CHECK))["drift"]
    assert first == {
        "address": "kore/a",
        "kind": "drifted",
        "from": "deployed",
        "to": "broken",
        "since": {"run": "run-1", "at": "2026-01-23T14:00:00.123000Z"},
        "text": "was deployed",
        "owner": "team",
        "novelty": "new",
        "first_seen": None,
        "times": 0,
        "flapping": False,
        "acknowledged": None,
        "last_seen": None,
        "ended": False,
    }
    assert (second["since"], second["owner"]) == (None, None)


def test_a_drift_is_no_plan_to_apply() -> None:
    data = through_text(drift_json(with_digest(plan()), CHECK))
    with pytest.raises(PlanRefused, match="not a saved plan"):
        read_plan(data)
    with pytest.raises(PlanRefused, match="not a saved plan"):
        read_plan(resealed(data))


@pytest.mark.parametrize("wrong", [{"seal": "sha256:0"}, {"drift": []}, {"surplus": 1}, {"format_version": "2.0"}])
def test_the_schema_of_plans_is_strict(wrong: Json) -> None:
    with pytest.raises(jsonschema.ValidationError):
        check({**plan_json(with_digest(plan())), **wrong}, "plan")


# What stands in it.


def test_a_plan_in_full() -> None:
    running = action("a", Verb.UNDEPLOY, requires=("kore/a#export",))
    data = saved(plan(running, unchanged=("kore/b",)))
    assert (data["format"], data["format_version"]) == ("reconciler/plan", VERSION)
    assert data["created_at"] == "2026-02-02T14:00:00.123000Z"
    assert data["expires_at"] == "2026-02-03T14:00:00.123000Z"
    assert data["actions"] == [
        {
            "id": "kore/a#undeploy",
            "address": "kore/a",
            "verb": "undeploy",
            "model_id": "id-a",
            "before": "deployed",
            "after": "undeployed",
            "reason": {"code": "pending", "text": "never applied before"},
            "evidence": {"source": "list", "raw": "RAW", "at": "2026-02-02T14:00:00.123000Z", "note": None},
            "source": {"file": "inventory.yaml", "line": 14, "column": 3},
            "adopts": None,
            "follows": None,
            "requires": ["kore/a#export"],
            "settings": None,
            "artifact": None,
            "concurrency": None,
            "timeout": None,
            "lasting": None,
            "acknowledged": None,
            "owner": None,
            "destructive": True,
        }
    ]
    assert (data["complete"], data["applyable"], data["partial"], data["offline"]) == (True, True, False, False)
    assert (data["summary"]["undeploy"], data["unchanged"]) == (1, ["kore/b"])


def test_status_names_target_live_evidence_and_last_action() -> None:
    rows = [
        Status(
            model=model("a", DEPLOYED),
            live="deployed",
            evidence=Evidence(source=EvidenceSource.GET, raw="UP", at=NOW),
            last_action=LastAction(verb=Verb.DEPLOY, outcome="succeeded", run="run-1", at=EARLIER),
        ),
        Status(model=model("b"), live="unreadable", evidence=Evidence(source=EvidenceSource.NONE), error="401"),
    ]
    data = through_text(status_json(rows))
    assert data["format"] == "reconciler/status"
    first, second = data["models"]
    assert first["address"] == "kore/a"
    assert first["target"] == {"deployment": "deployed", "export": None}
    assert (first["live"], first["evidence"]["raw"], first["error"]) == ("deployed", "UP", None)
    assert first["last_action"]["at"] == "2026-01-23T14:00:00.123000Z"
    assert (second["live"], second["last_action"], second["error"]) == ("unreadable", None, "401")


def test_history_holds_what_each_record_says_and_no_more() -> None:
    record = Record(kind=RecordKind.DECLARED, at=NOW, run="run-1", address="kore/a", live=LiveState.DEPLOYED)
    data = through_text(history_json([record]))
    assert data["format"] == "reconciler/history"
    assert data["records"] == [
        {
            "kind": "declared",
            "at": "2026-02-02T14:00:00.123000Z",
            "run": "run-1",
            "address": "kore/a",
            "live": "deployed",
        }
    ]


# Altered.


@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_plan_altered_anywhere_is_refused_or_the_same_plan(key: str | None, indent: int | None) -> None:
    made = with_digest(everything())
    text = json.dumps(plan_json(made, key=key), indent=indent, ensure_ascii=False).encode()
    refused = 0
    for place in range(0, len(text), 7):
        for byte in {text[place] ^ 1, ord("0"), ord(" "), ord('"'), 0xFF} - {text[place]}:
            altered = text[:place] + bytes([byte]) + text[place + 1 :]
            refused += not _reads_as(made, altered, key)
    assert refused > len(text) / 7


def _reads_as(made: Plan, text: bytes, key: str | None) -> bool:
    """Whether the plan in `text` is `made`; False where it is refused."""
    try:
        read = read_plan(json.loads(text), key=key)
    except (PlanRefused, ValueError):
        return False
    assert read == made
    return True


def _without_action(data: Json) -> None:
    data["actions"].pop()


def _other_settings(data: Json) -> None:
    data["actions"][0]["settings"]["size"] = 99


def _other_address(data: Json) -> None:
    data["platforms"][0]["url"] = "https://evil.example"


def _later(data: Json) -> None:
    data["expires_at"] = "2036-02-02T14:00:00Z"


def _no_guards(data: Json) -> None:
    data["guards"] = []


EDITS: list[Callable[[Json], None]] = [_without_action, _other_settings, _other_address, _later, _no_guards]


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("key", [None, KEY])
def test_an_edited_plan_is_refused(edit: Callable[[Json], None], key: str | None) -> None:
    data = saved(everything(), key)
    edit(data)
    with pytest.raises(PlanRefused, match="altered"):
        read_plan(data, key=key)


@pytest.mark.parametrize("edit", [_without_action, _other_settings, _other_address, _no_guards])
def test_who_can_reseal_must_still_fit_the_digest_that_was_approved(edit: Callable[[Json], None]) -> None:
    data = saved(everything())
    edit(data)
    with pytest.raises(PlanRefused, match="its digest does not fit"):
        read_plan(resealed(data))


@pytest.mark.parametrize(
    "data", [None, [], "plan", 7, {}, {"format": "reconciler/report"}, {"format": ["reconciler/plan"]}]
)
def test_whatever_is_not_a_plan_is_refused(data: Any) -> None:
    with pytest.raises(PlanRefused, match="not a saved plan"):
        read_plan(data)


PARTS = sorted(set(saved(plan())) - {"seal"})
DERIVED = {"complete", "applyable", "summary"}
"""Parts that are for readers; the plan itself knows them."""

FOR_PEOPLE = {"id", "tool_version", "offline", "partial", "unmanaged", "warnings", "limits"}
"""Parts that no digest covers, so that only the seal does."""


@pytest.mark.parametrize("name", PARTS)
def test_a_plan_without_a_part_of_it_is_refused_or_the_same(name: str) -> None:
    data = saved(replace(everything(), warnings=()))
    del data[name]
    if name in DERIVED | {"offline", "warnings", "limits"}:
        assert read_plan(resealed(data)) == with_digest(replace(everything(), warnings=()))
    else:
        with pytest.raises(PlanRefused):
            read_plan(resealed(data))


def test_a_plan_without_a_seal_is_refused() -> None:
    data = saved(plan())
    del data["seal"]
    with pytest.raises(PlanRefused, match="altered"):
        read_plan(data)


JUNK: list[Any] = [None, 7, 1.5, "text", [], [[]], {}, {"a": 1}]


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("junk", JUNK)
def test_junk_in_a_plan_is_refused_never_a_crash(name: str, junk: Any) -> None:
    data = {**saved(everything()), name: junk}
    with pytest.raises(PlanRefused):
        read_plan(data)
    try:
        read_plan(resealed(data))
    except PlanRefused:
        return
    assert name in DERIVED | FOR_PEOPLE


@pytest.mark.parametrize("name", [*PARTS, "seal"])
def test_text_that_is_no_text_is_refused_never_a_crash(name: str) -> None:
    with pytest.raises(PlanRefused):
        read_plan({**saved(everything()), name: "\ud800"})


@pytest.mark.parametrize("name", ["created_at", "expires_at"])
def test_a_time_without_a_zone_is_refused(name: str) -> None:
    data = {**saved(plan()), name: "2026-02-02T14:00:00"}
    with pytest.raises(PlanRefused, match="cannot be read"):
        read_plan(resealed(data))


def test_a_code_that_does_not_exist_is_refused() -> None:
    data = saved(everything())
    data["actions"][0]["reason"]["code"] = "whim"
    with pytest.raises(PlanRefused, match="cannot be read"):
        read_plan(resealed(data))


# With a key.


def test_another_key_does_not_fit() -> None:
    with pytest.raises(PlanRefused, match="altered"):
        read_plan(saved(plan(), KEY), key="another key")


def test_a_plan_sealed_with_a_key_needs_the_key() -> None:
    with pytest.raises(PlanRefused, match="set RECONCILER_PLAN_KEY"):
        read_plan(saved(plan(), KEY))


def test_where_a_key_is_set_only_its_holders_make_plans() -> None:
    with pytest.raises(PlanRefused, match="not sealed with the key"):
        read_plan(saved(plan()), key=KEY)


def test_a_seal_without_the_key_is_no_seal_with_it() -> None:
    data = saved(plan())
    data["seal"] = data["seal"].replace("sha256:", "hmac-sha256:")
    with pytest.raises(PlanRefused, match="altered"):
        read_plan(data, key=KEY)


# Versions.


@pytest.mark.parametrize("version", ["2.0", "0.9", "10.0", "", "one", None, 1, 1.0, [], {}])
def test_another_major_version_is_refused(version: Any) -> None:
    with pytest.raises(PlanRefused, match=r"not understood, this is 1\.0"):
        read_plan(resealed({**saved(everything()), "format_version": version}))
    with pytest.raises(PlanRefused, match=r"not understood, this is 1\.0"):
        read_report({**report_json(report()), "format_version": version})


def test_the_version_is_looked_at_before_anything_else() -> None:
    with pytest.raises(PlanRefused, match=r"format version 2\.0"):
        read_plan({"format": "reconciler/plan", "format_version": "2.0"})


def _enlarged(data: Any) -> Any:
    """JSON data with a field more in every object but those whose keys are the user's."""
    if isinstance(data, dict):
        return {
            **{name: value if name == "settings" else _enlarged(value) for name, value in data.items()},
            "of_a_later_version": {"since": "1.9"},
        }
    return [_enlarged(item) for item in data] if isinstance(data, list) else data


def test_a_newer_minor_version_is_read_without_what_it_adds() -> None:
    newer = _enlarged({**saved(everything()), "format_version": "1.9"})
    assert read_plan(resealed(newer)) == with_digest(everything())
    assert read_report(_enlarged({**through_text(report_json(report())), "format_version": "1.9"})) == report()


def test_what_a_newer_minor_version_adds_is_sealed_too() -> None:
    newer = resealed({**saved(plan()), "format_version": "1.9", "more": 1})
    with pytest.raises(PlanRefused, match="altered"):
        read_plan({**newer, "more": 2})


# Reports.


@pytest.mark.parametrize("data", [None, [], {}, {"format": "reconciler/plan"}])
def test_whatever_is_not_a_report_is_refused(data: Any) -> None:
    with pytest.raises(PlanRefused, match="neither a saved plan nor a report"):
        read_report(data)


@pytest.mark.parametrize("name", sorted(report_json(report())))
def test_junk_in_a_report_is_refused_never_a_crash(name: str) -> None:
    for junk in (*JUNK, "\ud800"):
        try:
            read_report({**through_text(report_json(report())), name: junk})
        except PlanRefused:
            continue
        assert name in {
            "summary",
            "run_id",
            "plan_digest",
            "exit_code",
            "reasons",
            "outcomes",
            "error",
            "partial",
            "blocked",
            "failures",
            "approved",
        }


def test_a_moment_is_kept_to_the_microsecond() -> None:
    chance = random.Random(7)
    for _ in range(50):
        moment = datetime.fromtimestamp(chance.randrange(4_000_000_000), UTC) + timedelta(
            microseconds=chance.randrange(10**6)
        )
        assert read_plan(saved(plan(created_at=moment))).created_at == moment
