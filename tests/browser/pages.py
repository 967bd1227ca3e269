"""The pages that are opened: plans, a report and a drift with everything that such can hold."""

from datetime import date, timedelta
from typing import Any

from msgspec.structs import replace

from reconciler.core.drift import Drift, DriftCheck, DriftKind, Night, Novelty, Resolved, Since
from reconciler.core.job import Verb
from reconciler.core.model import Acknowledgement
from reconciler.core.plan import Plan, action_id
from reconciler.core.report import OutcomeKind, Report
from reconciler.render.drift_sheet import drift_sheet
from reconciler.render.html_page import html_page
from reconciler.render.plan_sheet import plan_sheet
from reconciler.render.report_sheet import report_sheet
from tests.render import samples
from tests.render.samples import HOSTILE, NOW, ago

NEXT = "reconciler apply --plan plan.json --expect sha256:3f2a9c01b7de5d0c"


def _ordered(plan: Plan) -> Plan:
    """`plan` with more that waits, one export that lasts and one group."""
    triage = action_id("kore-eu/support-triage", Verb.UNDEPLOY)
    waits: dict[str, dict[str, Any]] = {
        "nugen/intent-eu": {"requires": (triage,)},
        "kore-eu/router": {"requires": (action_id("nugen/faq-bot", Verb.DEPLOY),), "concurrency": "gpu-eu"},
        "kore-eu/translator": {"requires": (action_id("nugen/intent-eu", Verb.DEPLOY),)},
        "kore-eu/summariser": {"lasting": "the file stays, and the platform keeps its own copy for 30 days"},
    }
    return replace(plan, actions=tuple(replace(one, **waits.get(one.address, {})) for one in plan.actions))


EVERYTHING = _ordered(samples.EVERYTHING)

_STARTS = (0.0, 12.6, 31.0, 13.0, 30.5, 2.0, 0.0, 14.0)

BROKEN: Report = replace(
    samples.BROKEN,
    finished_at=NOW + timedelta(seconds=312),
    outcomes=tuple(
        replace(
            one,
            started_at=None if one.kind is OutcomeKind.SKIPPED else NOW + timedelta(seconds=start),
            seconds=min(one.seconds, 280.0),
        )
        for one, start in zip(samples.BROKEN.outcomes, _STARTS, strict=True)
    ),
)


def _found(kind: DriftKind, nights: str) -> dict[int, str]:
    """`nights` reads like the picture: an `x` for each night with a finding, the last one today; `?` is not read."""
    return {
        number - len(nights): kind if sign == "x" else "unread" for number, sign in enumerate(nights) if sign in "x?"
    }


_HISTORY = {
    "nugen/faq-bot": _found(DriftKind.DRIFTED, "...................x"),
    "kore-eu/support-triage": _found(DriftKind.PENDING, "..............xx?xxx"),
    "kore-eu/legacy-intents": _found(DriftKind.UNKNOWN, "........xxxxx??xxxxx"),
    "nugen/intent-eu": _found(DriftKind.DRIFTED, "......x..x.x...x.x.x"),
    "kore-eu/router": _found(DriftKind.DRIFTED, ".............xxxxxxx"),
    "nugen/old-search": _found(DriftKind.DRIFTED, ".............xxxxxx."),
    "nugen/slow": _found(DriftKind.PENDING, "..xx................"),
    "nugen/translator": _found(DriftKind.UNKNOWN, "...x................"),
}

NIGHTS = tuple(
    Night(
        day=date(2026, 2, 2) + timedelta(days=number + 1),
        found={address: nights[number] for address, nights in _HISTORY.items() if number in nights},
    )
    for number in range(-20, 0)
)


def _drift(address: str, kind: DriftKind, was: str, now: str, **fields: Any) -> Drift:
    made = Drift(
        address=address,
        kind=kind,
        was=was,
        now=now,
        since=Since(run="01J9ZK4T", at=ago(days=30)),
        text=f"was {was}, is {now}: changed outside reconciler",
        owner="team-search",
    )
    return replace(made, **fields)


_ONGOING: dict[str, Any] = {"novelty": Novelty.ONGOING}

CHECK = DriftCheck(
    drifts=(
        replace(samples.DRIFTS[0], first_seen=ago(days=11), times=12, **_ONGOING),
        replace(samples.DRIFTS[1], first_seen=ago(days=5), times=6, **_ONGOING),
        replace(samples.DRIFTS[2], first_seen=NOW, times=1),
        _drift(
            "nugen/intent-eu",
            DriftKind.DRIFTED,
            "deployed",
            "undeployed",
            first_seen=ago(days=13),
            times=6,
            flapping=True,
            **_ONGOING,
        ),
        _drift(
            "kore-eu/router",
            DriftKind.DRIFTED,
            "deployed",
            "not-ready",
            first_seen=ago(days=6),
            times=7,
            acknowledged=Acknowledgement(until=date(2026, 2, 15), reason="load test until mid February"),
            **_ONGOING,
        ),
    ),
    resolved=(
        Resolved(
            address="nugen/old-search",
            kind=DriftKind.DRIFTED,
            was="undeployed",
            now="deployed",
            first_seen=ago(days=6),
            last_seen=ago(days=1),
            times=6,
            owner="team-search",
        ),
    ),
    nights=NIGHTS,
    remembered=True,
)

HOSTILE_CHECK = DriftCheck(
    drifts=tuple(_drift(f"kore/{name}", DriftKind.DRIFTED, name, name, text=name, owner=name) for name in HOSTILE),
    nights=tuple(
        Night(day=date(2026, 1, day), found={f"kore/{name}": DriftKind.DRIFTED for name in HOSTILE})
        for day in range(1, 15)
    ),
    remembered=True,
)


HOSTILE_PLAN = replace(
    samples.HOSTILE_PLAN,
    blocked=tuple(
        replace(one, text=f"{one.text}; say what it is: reconciler adopt {one.address} --as deployed")
        for one in samples.HOSTILE_PLAN.blocked
    ),
)


def plan_page(plan: Plan = EVERYTHING, environment: str = "production", next_command: str = NEXT) -> str:
    """A plan."""
    return html_page(plan_sheet(plan, now=NOW, environment=environment, next_command=next_command))


def report_page(report: Report = BROKEN, plan: Plan = EVERYTHING, environment: str = "production") -> str:
    """A report."""
    return html_page(report_sheet(report, plan=plan, tool_version="0.1.0", environment=environment))


def drift_page(check: DriftCheck = CHECK, plan: Plan = samples.DEMO, environment: str = "production") -> str:
    """A drift."""
    return html_page(drift_sheet(plan, check, now=NOW, environment=environment))


HOSTILE_REPORT: Report = replace(
    BROKEN,
    reasons=HOSTILE,
    outcomes=tuple(
        replace(BROKEN.outcomes[3], address=f"kore/{name}", error=name, job=name, note=name) for name in HOSTILE
    ),
)

ALL = {
    "plan": plan_page(),
    "report": report_page(),
    "drift": drift_page(),
    "hostile-plan": plan_page(HOSTILE_PLAN, HOSTILE[20], f"reconciler apply --plan {HOSTILE[20]}"),
    "hostile-report": report_page(HOSTILE_REPORT, HOSTILE_PLAN, HOSTILE[20]),
    "hostile-drift": drift_page(HOSTILE_CHECK, HOSTILE_PLAN, HOSTILE[20]),
    "settled": plan_page(samples.SETTLED),
    "empty": plan_page(samples.EMPTY, ""),
}
