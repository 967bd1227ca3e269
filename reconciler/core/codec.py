"""Values <-> the JSON of CONTRACT: plans, drift, reports, status, history. Versioned; a saved plan is sealed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec.structs import replace

from reconciler.core.document import printable
from reconciler.core.drift import Drift, DriftCheck, Night, Resolved
from reconciler.core.live import Failure
from reconciler.core.model import Limits
from reconciler.core.plan import (
    Action,
    Blocked,
    Finding,
    Plan,
    PlannedInventory,
    PlannedPlatform,
    Warned,
)
from reconciler.core.record import Record
from reconciler.core.report import Outcome, Report
from reconciler.core.seal import digest, seal, sealed
from reconciler.core.status import Status
from reconciler.errors import PlanRefused

VERSION: Final = "1.0"
"""`format_version` of everything written here: minor is additive, major is refused."""

Json = dict[str, Any]

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


_FOR_PEOPLE: Final = ("reason", "evidence", "source", "timeout", "lasting", "acknowledged", "owner")
"""What of an action is words, and no part of what would be done."""


def with_digest(plan: Plan) -> Plan:
    """`plan` with its digest: over the world and what would be done, but not over times, ids or words for people."""
    world = {
        "platforms": [[platform.name, platform.definition, platform.url] for platform in plan.platforms],
        "actions": [
            {name: value for name, value in _action(action).items() if name not in _FOR_PEOPLE}
            for action in plan.actions
        ],
        "blocked": [[entry.address, entry.verb, entry.code, entry.live] for entry in plan.blocked],
        "unchanged": list(plan.unchanged),
        "failures": [failure.address for failure in plan.failures],
        "guards": [[finding.name, finding.level, list(finding.addresses)] for finding in plan.guards],
    }
    return replace(plan, digest=digest(world))


def plan_json(plan: Plan, *, key: str | None = None) -> Json:
    """The plan as `schemas/plan.schema.json` has it, sealed; `key` makes the seal an HMAC."""
    data = _plan(plan, "reconciler/plan")
    return {**data, "seal": seal(data, key)}


def drift_json(plan: Plan, check: DriftCheck) -> Json:
    """A plan with what drifted: `format` is `reconciler/drift`."""
    return {
        **_plan(plan, "reconciler/drift"),
        "drift": [_renamed(msgspec.to_builtins(drift), _DRIFT_NAMES) for drift in check.drifts],
        "resolved": [_renamed(msgspec.to_builtins(resolved), _DRIFT_NAMES) for resolved in check.resolved],
        "paused": [_renamed(msgspec.to_builtins(paused), _DRIFT_NAMES) for paused in check.paused],
        "nights": msgspec.to_builtins(check.nights),
        "remembered": check.remembered,
    }


_DRIFT_NAMES: Final = {"was": "from", "now": "to"}


def _renamed(fields: Json, names: Mapping[str, str]) -> Json:
    return {names.get(name, name): value for name, value in fields.items()}


def read_drift(data: Any) -> tuple[Plan, DriftCheck]:
    """The drift in JSON data. Raises `PlanRefused` for another format or a newer major version."""
    if not isinstance(data, dict) or data.get("format") != "reconciler/drift":
        raise PlanRefused("this file is not a drift of reconciler")
    _check_version(data)
    names = {to: name for name, to in _DRIFT_NAMES.items()}
    try:
        check = DriftCheck(
            drifts=tuple(msgspec.convert(_renamed(one, names), Drift) for one in data["drift"]),
            resolved=tuple(msgspec.convert(_renamed(one, names), Resolved) for one in data.get("resolved", ())),
            paused=tuple(msgspec.convert(_renamed(one, names), Resolved) for one in data.get("paused", ())),
            nights=msgspec.convert(data.get("nights", ()), tuple[Night, ...]),
            remembered=msgspec.convert(data.get("remembered", False), bool),
        )
    except (KeyError, TypeError, AttributeError, UnicodeEncodeError, msgspec.ValidationError) as error:
        raise PlanRefused(f"this drift cannot be read: {error}") from error
    return _to_plan(data), check


def _plan(plan: Plan, kind: str) -> Json:
    return {
        "format": kind,
        "format_version": VERSION,
        "tool_version": plan.tool_version,
        "id": plan.id,
        "created_at": _time(plan.created_at),
        "expires_at": _time(plan.expires_at),
        "digest": plan.digest,
        "inventory": msgspec.to_builtins(plan.inventory),
        "platforms": msgspec.to_builtins(plan.platforms),
        "complete": plan.complete,
        "applyable": plan.applyable,
        "partial": plan.partial,
        "offline": plan.offline,
        "limits": msgspec.to_builtins(plan.limits),
        "summary": plan.summary,
        "actions": [_action(action) for action in plan.actions],
        "blocked": msgspec.to_builtins(plan.blocked),
        "unchanged": list(plan.unchanged),
        "unmanaged": list(plan.unmanaged),
        "failures": msgspec.to_builtins(plan.failures),
        "warnings": msgspec.to_builtins(plan.warnings),
        "guards": msgspec.to_builtins(plan.guards),
    }


def _action(action: Action) -> Json:
    return {"id": action.id, **msgspec.to_builtins(action), "destructive": action.destructive}


def read_plan(data: Any, *, key: str | None = None) -> Plan:
    """The plan in JSON data. Raises `PlanRefused` for another format, a newer major version, or a broken seal."""
    if not isinstance(data, dict) or data.get("format") != "reconciler/plan":
        raise PlanRefused("this file is not a saved plan of reconciler")
    _check_version(data)
    body = {name: value for name, value in data.items() if name != "seal"}
    claimed = data.get("seal")
    if not isinstance(claimed, str) or not sealed(body, claimed, key):
        keyed = isinstance(claimed, str) and claimed.startswith("hmac-")
        if keyed and key is None:
            raise PlanRefused("the plan was sealed with a key: set RECONCILER_PLAN_KEY")
        if key is not None and not keyed:
            raise PlanRefused("the plan was not sealed with the key in RECONCILER_PLAN_KEY; plan again where it is set")
        raise PlanRefused("the plan was altered since it was saved: its seal does not fit; plan again")
    plan = _to_plan(body)
    if not plan.inventory.files:
        raise PlanRefused("this plan cannot be read: it names no inventory")
    if with_digest(plan).digest != plan.digest:
        raise PlanRefused("the plan was altered since it was saved: its digest does not fit; plan again")
    return plan


def _check_version(data: Json) -> None:
    version = data.get("format_version")
    if not isinstance(version, str) or version.split(".")[0] != VERSION.split(".")[0]:
        raise PlanRefused(
            f"format version {printable(str(version)[:40])} is not understood, this is {VERSION}: "
            "use the version that wrote it"
        )


def _to_plan(data: Json) -> Plan:
    try:
        return Plan(
            id=msgspec.convert(data["id"], str),
            tool_version=msgspec.convert(data["tool_version"], str),
            created_at=msgspec.convert(data["created_at"], _Moment),
            expires_at=msgspec.convert(data["expires_at"], _Moment),
            digest=msgspec.convert(data["digest"], str),
            inventory=msgspec.convert(data["inventory"], PlannedInventory),
            platforms=msgspec.convert(data["platforms"], tuple[PlannedPlatform, ...]),
            actions=msgspec.convert(data["actions"], tuple[Action, ...]),
            blocked=msgspec.convert(data["blocked"], tuple[Blocked, ...]),
            unchanged=msgspec.convert(data["unchanged"], tuple[str, ...]),
            unmanaged=msgspec.convert(data["unmanaged"], tuple[str, ...]),
            failures=msgspec.convert(data["failures"], tuple[Failure, ...]),
            warnings=msgspec.convert(data.get("warnings", ()), tuple[Warned, ...]),
            guards=msgspec.convert(data["guards"], tuple[Finding, ...]),
            partial=msgspec.convert(data["partial"], bool),
            offline=msgspec.convert(data.get("offline", False), bool),
            limits=msgspec.convert(data.get("limits", {}), Limits),
        )
    except (KeyError, TypeError, UnicodeEncodeError, msgspec.ValidationError) as error:
        raise PlanRefused(f"this plan cannot be read: {error}") from error


def report_json(report: Report) -> Json:
    """The report as `schemas/report.schema.json` has it."""
    return {
        "format": "reconciler/report",
        "format_version": VERSION,
        "run_id": report.run_id,
        "plan_digest": report.plan_digest,
        "started_at": _time(report.started_at),
        "finished_at": _time(report.finished_at),
        "exit_code": report.exit_code,
        "reasons": list(report.reasons),
        "summary": report.summary,
        "outcomes": [_outcome(outcome) for outcome in report.outcomes],
        "partial": report.partial,
        "error": report.error,
        "blocked": msgspec.to_builtins(report.blocked),
        "failures": msgspec.to_builtins(report.failures),
        "approved": list(report.approved),
    }


def _outcome(outcome: Outcome) -> Json:
    fields = msgspec.to_builtins(outcome)
    kind = fields.pop("kind")
    return {"id": outcome.id, "address": fields.pop("address"), "verb": fields.pop("verb"), "outcome": kind, **fields}


def read_report(data: Any) -> Report:
    """The report in JSON data. Raises `PlanRefused` for another format or a newer major version."""
    if not isinstance(data, dict) or data.get("format") != "reconciler/report":
        raise PlanRefused("this file is neither a saved plan nor a report of reconciler")
    _check_version(data)
    try:
        return Report(
            run_id=msgspec.convert(data["run_id"], str),
            plan_digest=msgspec.convert(data["plan_digest"], str),
            started_at=msgspec.convert(data["started_at"], _Moment),
            finished_at=msgspec.convert(data["finished_at"], _Moment),
            exit_code=msgspec.convert(data["exit_code"], int),
            reasons=msgspec.convert(data["reasons"], tuple[str, ...]),
            outcomes=tuple(
                msgspec.convert({**outcome, "kind": outcome["outcome"]}, Outcome) for outcome in data["outcomes"]
            ),
            partial=msgspec.convert(data.get("partial", False), bool),
            error=msgspec.convert(data.get("error"), str | None),
            blocked=msgspec.convert(data.get("blocked", ()), tuple[Blocked, ...]),
            failures=msgspec.convert(data.get("failures", ()), tuple[Failure, ...]),
            approved=msgspec.convert(data.get("approved", ()), tuple[str, ...]),
        )
    except (KeyError, TypeError, UnicodeEncodeError, msgspec.ValidationError) as error:
        raise PlanRefused(f"this report cannot be read: {error}") from error


def status_json(rows: Sequence[Status], *, partial: bool = False) -> Json:
    """Live states with their evidence: `reconciler/status`. `partial`: a selection left models out."""
    return {
        "format": "reconciler/status",
        "format_version": VERSION,
        "partial": partial,
        "models": [
            {
                "address": row.model.address,
                "target": msgspec.to_builtins(row.model.target),
                "live": row.live,
                "evidence": msgspec.to_builtins(row.evidence),
                "last_action": msgspec.to_builtins(row.last_action),
                "error": row.error,
            }
            for row in rows
        ],
    }


def history_json(records: Iterable[Record]) -> Json:
    """The journal's records, the oldest first: `reconciler/history`. Each has the fields that its kind fills."""
    return {
        "format": "reconciler/history",
        "format_version": VERSION,
        "records": [
            {name: value for name, value in msgspec.to_builtins(record).items() if value is not None}
            for record in records
        ],
    }


def _time(moment: datetime) -> str:
    text: str = msgspec.to_builtins(moment)
    return text
