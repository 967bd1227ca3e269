"""Sheets of every kind with their plans: empty ones, everyday ones, and ones with hostile names everywhere."""

from typing import Final

from msgspec.structs import replace

from reconciler.core.drift import Drift, DriftCheck, Resolved
from reconciler.core.job import Verb
from reconciler.core.plan import Plan
from reconciler.core.report import OutcomeKind, Report
from reconciler.render.drift_sheet import drift_sheet
from reconciler.render.plan_sheet import plan_sheet
from reconciler.render.report_sheet import report_sheet
from reconciler.render.sheet import Sheet

from . import samples
from .samples import DEMO, EMPTY, EVERY_KIND_HOSTILE, EVERYTHING, HOSTILE, HOSTILE_PLAN, NOW, SETTLED, WORST, outcome


def planned(plan: Plan, environment: str = "") -> Sheet:
    return plan_sheet(plan, now=NOW, environment=environment, next_command="reconciler apply")


def reported(report: Report, plan: Plan | None = None, environment: str = "") -> Sheet:
    return report_sheet(report, plan=plan, tool_version="0.1.0", environment=environment)


def drifted(plan: Plan, check: DriftCheck, environment: str = "") -> Sheet:
    return drift_sheet(plan, check, now=NOW, environment=environment)


def hostile_drift(drift: Drift, name: str) -> Drift:
    return replace(drift, address=f"kore/{name}", was=name, now=name, text=name, owner=name)


HOSTILE_ENDS = replace(
    samples.DONE,
    run_id="".join(HOSTILE),
    reasons=HOSTILE,
    error="\n".join(HOSTILE),
    outcomes=tuple(
        outcome(f"kore/{name}", verb, kind, job=name, error=name, note=name, started_at=NOW, seconds=1.25)
        for name in HOSTILE
        for verb, kind in zip((Verb.EXPORT, Verb.UNDEPLOY), (OutcomeKind.FAILED, OutcomeKind.SUCCEEDED), strict=True)
    ),
)
HOSTILE_DRIFTS = DriftCheck(
    drifts=tuple(hostile_drift(drift, name) for name in HOSTILE for drift in samples.CHECK.drifts),
    resolved=tuple(
        Resolved(address=name, kind=drift.kind, was=name, now=name, first_seen=NOW, last_seen=NOW, times=2, owner=name)
        for name in HOSTILE
        for drift in samples.DRIFTS[:1]
    ),
    remembered=True,
)

SHEETS: Final[dict[str, tuple[Sheet, Plan | None]]] = {
    "plan-empty": (planned(EMPTY), EMPTY),
    "plan-settled": (planned(SETTLED), SETTLED),
    "plan-demo": (planned(DEMO), DEMO),
    "plan-everything": (planned(EVERYTHING, "prod"), EVERYTHING),
    "plan-every-kind-hostile": (planned(EVERY_KIND_HOSTILE, WORST), EVERY_KIND_HOSTILE),
    "plan-hostile": (planned(HOSTILE_PLAN, HOSTILE[0]), HOSTILE_PLAN),
    "report-done": (reported(samples.DONE, DEMO), DEMO),
    "report-broken": (reported(samples.BROKEN, EVERYTHING), EVERYTHING),
    "report-failed": (reported(samples.FAILED), None),
    "report-nothing": (reported(replace(samples.DONE, outcomes=())), None),
    "report-without-plan": (reported(samples.BROKEN), None),
    "report-every-kind-hostile": (reported(samples.HOSTILE_REPORT, EVERY_KIND_HOSTILE, WORST), EVERY_KIND_HOSTILE),
    "report-hostile": (reported(HOSTILE_ENDS, None, HOSTILE[5]), None),
    "drift-none": (drifted(SETTLED, DriftCheck(drifts=())), SETTLED),
    "drift-empty": (drifted(EMPTY, DriftCheck(drifts=())), EMPTY),
    "drift-check": (drifted(DEMO, samples.CHECK, "prod"), DEMO),
    "drift-every-kind-hostile": (drifted(EVERY_KIND_HOSTILE, samples.HOSTILE_CHECK, WORST), EVERY_KIND_HOSTILE),
    "drift-hostile": (drifted(HOSTILE_PLAN, HOSTILE_DRIFTS, HOSTILE[9]), HOSTILE_PLAN),
}
