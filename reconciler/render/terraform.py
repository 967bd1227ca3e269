"""A sheet and its plan in the words of Terraform's plan JSON, for policies and viewers that know those.

What Terraform has no word for stands under `x_reconciler`, which other programs pass over."""

from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any, Final

from reconciler.core.job import Verb
from reconciler.core.plan import Action, Plan
from reconciler.render.plan_words import word
from reconciler.render.sheet import Line, Sheet

FORMAT: Final = "1.2"
"""The version of Terraform's format whose words these are."""

_ACTIONS: Final = {"deploy": "create", "redeploy": "update", "undeploy": "delete", "export": "create", "adopt": "no-op"}

Data = dict[str, Any]
"""JSON data."""


def terraform_plan(sheet: Sheet, plan: Plan | None) -> Data:
    """Every model of the plan as a resource, those that stay as they are included; an export is a resource of its own,
    as it changes no model. A report without its plan knows addresses and verbs and nothing else of them."""
    types = {platform.name: platform.type for platform in plan.platforms} if plan else {}
    ends = {(line.address, line.verb): line.rule for line in sheet.lines} if sheet.kind == "report" else {}
    if plan is not None:
        changes = [_action(action, types, ends.get((action.address, word(action)))) for action in plan.actions]
        changes += [_kept(address, types) for address in _unchanged(plan)]
    else:
        changes = [_told(line, types) for line in sheet.lines if line.verb]
    return {
        "format_version": FORMAT,
        "resource_changes": changes,
        "resource_drift": [_drift(line, types) for line in sheet.lines if line.rule == "drifted"],
        "timestamp": f"{sheet.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "applyable": sheet.kind != "report" and plan is not None and plan.applyable,
        "complete": sheet.complete and not sheet.partial and not (plan and plan.blocked),
        "errored": not sheet.ok,
        "x_reconciler": _extra(sheet, plan),
    }


def _extra(sheet: Sheet, plan: Plan | None) -> Data:
    told: Data = {
        "document": sheet.kind,
        "environment": sheet.environment,
        "verdict": sheet.verdict,
        "caveats": list(sheet.caveats),
        "counts": dict(sheet.counts),
        "partial": sheet.partial,
        "findings": [
            {"address": line.address, "rule": line.rule, "level": str(line.level), "text": line.text}
            for line in sheet.findings
            if not line.verb
        ],
    }
    return told if plan is None else {**told, "digest": plan.digest, "offline": plan.offline, "stopped": plan.stopped}


def _unchanged(plan: Plan) -> Iterable[str]:
    acted = {action.address for action in plan.actions if action.verb is not Verb.EXPORT}
    return (address for address in plan.unchanged if address not in acted)


def _action(action: Action, types: Mapping[str, str], end: str | None) -> Data:
    extra: Data = {
        "action": word(action),
        "reason": str(action.reason.code),
        "text": action.reason.text,
        "file": action.source.file,
        "line": action.source.line,
        "requires": list(action.requires),
        "evidence": str(action.evidence.source),
    }
    extra |= {"result": end} if end else {}
    extra |= {"lasting": action.lasting} if action.lasting else {}
    extra |= {"concurrency": action.concurrency} if action.concurrency else {}
    export = action.verb is Verb.EXPORT
    if export:
        facts: Data = {"model": action.address, "path": action.artifact}
    else:
        facts = {**_facts(action.address), "id": action.model_id}
    before = {**facts, "deployment": action.before}
    after = {**facts, "deployment": action.after} | ({"settings": dict(action.settings)} if action.settings else {})
    if export:
        before, after = facts, facts
    return {
        **_resource(action.address, types, export=export),
        **_change(_ACTIONS[word(action)], before, after),
        "x_reconciler": extra,
    }


def _change(action: str, before: Data, after: Data) -> Data:
    """Terraform's way to say it: what is created was nothing before, what is deleted is nothing afterwards."""
    return {
        "change": {
            "actions": [action],
            "before": None if action == "create" else before,
            "after": None if action == "delete" else after,
            "after_unknown": {},
            "before_sensitive": False if action == "create" else {},
            "after_sensitive": False if action == "delete" else {},
        }
    }


def _kept(address: str, types: Mapping[str, str]) -> Data:
    return {**_resource(address, types), **_change("no-op", _facts(address), _facts(address))}


def _told(line: Line, types: Mapping[str, str]) -> Data:
    facts = _facts(line.address)
    resource = _resource(line.address, types, export=line.verb == "export")
    return {
        **resource,
        **_change(_ACTIONS[line.verb], facts, facts),
        "x_reconciler": {"action": line.verb, "result": line.rule},
    }


def _drift(line: Line, types: Mapping[str, str]) -> Data:
    """What was taken out of service outside is a deletion to Terraform, anything else an update."""
    facts = _facts(line.address)
    action = "delete" if line.after in ("undeployed", "absent") else "update"
    before, after = ({**facts, "deployment": state} for state in (line.before, line.after))
    return {**_resource(line.address, types), **_change(action, before, after), "x_reconciler": {"text": line.text}}


def _facts(address: str) -> Data:
    platform, _, name = address.partition("/")
    return {"platform": platform, "name": name}


def _resource(address: str, types: Mapping[str, str], *, export: bool = False) -> Data:
    """A platform that is not named as its type is a module, so that two of one type are told apart."""
    platform, _, name = address.partition("/")
    kind = types.get(platform, platform)
    type_ = f"{kind}_model_export" if export else f"{kind}_model"
    module = {} if platform == kind else {"module_address": f"module.{platform}"}
    return {
        "address": ".".join((*module.values(), type_, name)),
        **module,
        "mode": "managed",
        "type": type_,
        "name": name,
        "provider_name": f"reconciler/{kind}",
    }
