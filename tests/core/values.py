"""Plain values for tests, each with what it must have and no more."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from reconciler.core.job import Verb
from reconciler.core.live import Evidence, EvidenceSource, Failure, Live, LiveState, Snapshot
from reconciler.core.memory import Applied, Memory
from reconciler.core.model import Deployment, Model, Source, Target
from reconciler.core.plan import (
    Action,
    Blocked,
    BlockedCode,
    Finding,
    Level,
    Plan,
    PlannedInventory,
    PlannedPlatform,
    Reason,
    ReasonCode,
    RunningJob,
    Warned,
)
from reconciler.core.report import Artifact, Outcome, OutcomeKind, Report

NOW: Final = datetime(2026, 2, 2, 14, 0, 0, 123000, tzinfo=UTC)
EARLIER: Final = NOW - timedelta(days=10)
SOURCE: Final = Source(file="inventory.yaml", line=14, column=3)
DEPLOYED, UNDEPLOYED, UNMANAGED = Deployment.DEPLOYED, Deployment.UNDEPLOYED, Deployment.UNMANAGED


def model(name: str, wanted: Deployment = DEPLOYED, **fields: Any) -> Model:
    made = Model(platform="kore", name=name, id=f"id-{name}", target=Target(deployment=wanted), source=SOURCE)
    return replace(made, **fields)


def live(state: LiveState, address: str = "kore/a") -> Live:
    return Live(address=address, state=state, evidence=Evidence(source=EvidenceSource.LIST, raw="RAW", at=NOW))


def snapshot(**states: LiveState) -> Snapshot:
    """By name of a model."""
    return Snapshot(taken_at=NOW, lives={f"kore/{name}": live(state, f"kore/{name}") for name, state in states.items()})


def applied(deployment: Deployment, settings: dict[str, Any] | None = None) -> Memory:
    return Memory(applied=Applied(deployment=deployment, settings=settings, run="run-1", at=EARLIER))


_ENDS = {Verb.DEPLOY: ("undeployed", "deployed"), Verb.UNDEPLOY: ("deployed", "undeployed")}


def action(name: str, verb: Verb = Verb.UNDEPLOY, **fields: Any) -> Action:
    before, after = _ENDS.get(verb, ("not-exported", "exported"))
    made = Action(
        address=f"kore/{name}",
        verb=verb,
        model_id=f"id-{name}",
        before=before,
        after=after,
        reason=Reason(code=ReasonCode.PENDING, text="never applied before"),
        evidence=Evidence(source=EvidenceSource.LIST, raw="RAW", at=NOW),
        source=SOURCE,
        settings={} if verb is Verb.DEPLOY else None,
        artifact=f"{name}.zip" if verb is Verb.EXPORT else None,
    )
    return replace(made, **fields)


def blocked(name: str, code: BlockedCode = BlockedCode.UNKNOWN, verb: Verb = Verb.UNDEPLOY) -> Blocked:
    return Blocked(address=f"kore/{name}", verb=verb, code=code, text=f"{code}, so", live="unknown", source=SOURCE)


def plan(*actions: Action, **fields: Any) -> Plan:
    made = Plan(
        id="p-1",
        tool_version="0.1.0",
        created_at=NOW,
        expires_at=NOW + timedelta(hours=24),
        inventory=PlannedInventory(files=("inventory.yaml",), digest="sha256:" + "a" * 64),
        platforms=(
            PlannedPlatform(
                name="kore", type="kore", definition="sha256:" + "d" * 64, url="https://kore.example", complete=True
            ),
        ),
        actions=actions,
        blocked=(),
        unchanged=(),
        unmanaged=(),
        failures=(),
        warnings=(),
        guards=(),
        partial=False,
        offline=False,
    )
    return replace(made, **fields)


def everything() -> Plan:
    """A plan with every kind of entry, every code and every source of evidence."""
    evidence = (
        Evidence(source=source, raw=raw, at=at, note=note)
        for source, raw, at, note in zip(
            EvidenceSource,
            ("DEPLOYED", None, "ÜBER", "", "\n", "日本", "🚀"),
            (NOW, EARLIER, None, NOW, NOW, NOW, None),
            (None, "a note", None, None, "", None, "nobody knows"),
            strict=True,
        )
    )
    reasons = (Reason(code=code, text=f"because: {code}") for code in ReasonCode)
    settings = {"name": "ä", "size": 1.0, "big": 2**60, "on": False, "none": None, "deep": {"list": [1, [2], {}]}}
    kinds: tuple[tuple[Verb, dict[str, Any]], ...] = (
        (Verb.DEPLOY, {"settings": settings}),
        (Verb.UNDEPLOY, {"requires": ("kore/a1#export", "kore/a0#deploy")}),
        (Verb.EXPORT, {"artifact": "folder/a.zip"}),
        (Verb.DEPLOY, {"adopts": RunningJob(verb=Verb.DEPLOY, job="j-1"), "before": "deploying", "settings": None}),
        (Verb.UNDEPLOY, {"follows": RunningJob(verb=None, job=None), "before": "busy"}),
        (Verb.EXPORT, {"adopts": RunningJob(verb=Verb.EXPORT, job="j-2"), "before": "exported"}),
        (Verb.DEPLOY, {"before": "broken"}),
    )
    actions = (
        action(f"a{number}", verb, evidence=seen, reason=reason, **fields)
        for number, ((verb, fields), seen, reason) in enumerate(zip(kinds, evidence, reasons, strict=False))
    )
    return plan(
        *actions,
        action("a8", Verb.EXPORT, reason=Reason(code=ReasonCode.EXPORT_OLD, text="old")),
        blocked=tuple(blocked(f"b{number}", code) for number, code in enumerate(BlockedCode)),
        unchanged=("kore/c", "kore/d"),
        unmanaged=("kore/unheard-of",),
        failures=(Failure(address="kore/e", error="401 Unauthorized"), Failure(address="nugen", error="no route")),
        warnings=(Warned(address="kore/f", text="it may still cost"),),
        guards=tuple(
            Finding(name=f"guard-{level}", level=level, message="stop", addresses=("kore/a1",)) for level in Level
        ),
        inventory=PlannedInventory(files=("a.yaml", "b.yaml"), digest="sha256:" + "b" * 64, commit="0" * 40),
        partial=True,
    )


def report() -> Report:
    """A report with every kind of outcome."""
    artifact = Artifact(path="a.zip", size=2**40, sha256="0" * 64)
    outcomes = (
        Outcome(address=f"kore/a{number}", verb=verb, kind=kind, verified=verified, job=job, attempts=number)
        for number, (kind, verb, verified, job) in enumerate(
            zip(
                OutcomeKind,
                (Verb.EXPORT, Verb.DEPLOY, Verb.UNDEPLOY, Verb.DEPLOY, Verb.DEPLOY, Verb.UNDEPLOY),
                (True, False, None, None, None, None),
                ("j-1", None, "j-3", None, "j-5", None),
                strict=True,
            )
        )
    )
    first, *rest = outcomes
    return Report(
        run_id="run-7",
        plan_digest="sha256:" + "a" * 64,
        started_at=EARLIER,
        finished_at=NOW,
        exit_code=5,
        reasons=("unfinished", "blocked"),
        outcomes=(
            replace(first, artifact=artifact, seconds=1.5, note="done (observed)"),
            replace(rest[0], error="the platform says no"),
            *rest[1:],
        ),
    )
