"""A sheet as the two reports that GitLab shows in a merge request. Decides nothing."""

from collections import Counter
from hashlib import sha256
from typing import Any, Final

from reconciler.render.plan_words import PARTIAL
from reconciler.render.safe import terminal
from reconciler.render.sheet import Level, Line, Sheet
from reconciler.render.words import clip

_CHANGES: Final = {"deploy": "create", "redeploy": "update", "export": "update", "undeploy": "delete"}

_SEVERITIES: Final = {Level.ERROR: "critical", Level.WARNING: "major", Level.NOTE: "info"}


def terraform_report(sheet: Sheet) -> dict[str, int]:
    """How much is created (deploys), updated (redeploys and exports) and deleted (undeploys): of a plan what would be,
    of a report what was, of a drift what an apply would do about it. What is only waited for (adopt) counts nowhere."""
    counts = Counter(_CHANGES.get(line.verb) for line in sheet.lines if _counts(sheet, line))
    return {change: counts[change] for change in ("create", "update", "delete")}


def _counts(sheet: Sheet, line: Line) -> bool:
    return sheet.kind != "report" or line.rule == "succeeded"


def code_quality(sheet: Sheet) -> list[dict[str, Any]]:
    """Every finding, the gravest first, where it stands in the inventory; at its top where it stands nowhere."""
    findings = sheet.findings
    found = [
        {
            "description": clip(terminal(line.text)),
            "check_name": f"reconciler/{line.rule}",
            "fingerprint": fingerprint,
            "severity": "blocker" if line.rule == "error" else _SEVERITIES[line.level],
            "location": {"path": terminal(place.file), "lines": {"begin": place.line}},
        }
        for line, fingerprint in zip(findings, sheet.fingerprints(findings), strict=True)
        for place in (sheet.place(line),)
    ]
    return [*found, _partial(sheet)] if sheet.partial else found


def _partial(sheet: Sheet) -> dict[str, Any]:
    path = terminal(sheet.top.file)
    return {
        "description": PARTIAL,
        "check_name": "reconciler/partial",
        "fingerprint": sha256(f"{path}\0partial".encode()).hexdigest()[:32],
        "severity": "info",
        "location": {"path": path, "lines": {"begin": 1}},
    }
