"""Plans, reports and drifts built by hand: the demo's, and ones with hostile or very many names."""

from datetime import UTC, date, datetime, timedelta

from msgspec.structs import replace

from reconciler.core.drift import Drift, DriftCheck, DriftKind, Night, Novelty, Resolved, Since
from reconciler.core.job import Verb
from reconciler.core.live import Evidence, EvidenceSource, Failure, LiveState
from reconciler.core.memory import LastAction
from reconciler.core.model import Acknowledgement, Deployment, Model, Source, Target
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
    action_id,
)
from reconciler.core.record import Record, RecordKind
from reconciler.core.report import Artifact, Outcome, OutcomeKind, Report
from reconciler.core.status import Status

NOW = datetime(2026, 2, 2, 14, 0, tzinfo=UTC)
DIGEST = "sha256:3f2a9c01b7de5d0c88a1e4f2b6907d135c9e0a4471f8d2b36e5a9c0d17f4b823"
MODELS_12 = tuple(f"nugen/model-{number:02}" for number in range(1, 13))

HOSTILE = (
    "\x1b[2J\x1b[31mred",
    "\x1b]0;title\x07",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x9b31mC1",
    "over\rwrite",
    "two\nlines",
    "user\u202etxt.exe",
    "zero\u200bwidth",
    "private\ue000use",
    "lone\ud800surrogate",
    "::set-output name=x::y",
    "\n::error::boo",
    "##[add-mask]a",
    "##vso[task.setvariable variable=x]y",
    "##teamcity[buildStop]",
    "[click](https://evil)",
    "![pixel](https://evil/x.png)",
    "https://evil.example/a www.evil.example ftp://evil.example me@evil.example",
    "@team",
    "org/repo#123 GH-123 #1",
    "</details><img src=x onerror=alert(1)>",
    "`code` ```fence``` ~~struck~~ **bold** _it_",
    "a|b\\|c",
    "&lt;b&gt; &amp; &#64;team",
    ":octocat: $x$",
    "--> <!-- x",
)


def ago(**units: float) -> datetime:
    """That long before `NOW`."""
    return NOW - timedelta(**units)


def seen(
    source: EvidenceSource = EvidenceSource.LIST, raw: str | None = "DEPLOYED", at: datetime | None = NOW
) -> Evidence:
    """Evidence."""
    return Evidence(source=source, raw=raw, at=at)


def action(
    address: str,
    verb: Verb,
    before: str,
    after: str,
    text: str,
    *,
    code: ReasonCode = ReasonCode.PENDING,
    evidence: Evidence | None = None,
    line: int = 1,
    file: str = "inventory.yaml",
    requires: tuple[str, ...] = (),
    adopts: RunningJob | None = None,
    follows: RunningJob | None = None,
    artifact: str | None = None,
    timeout: float | None = None,
    concurrency: str | None = None,
    lasting: str | None = None,
    owner: str | None = None,
) -> Action:
    """An action."""
    return Action(
        address=address,
        verb=verb,
        model_id="cm-1",
        before=before,
        after=after,
        reason=Reason(code=code, text=text),
        evidence=evidence or seen(),
        source=Source(file=file, line=line),
        adopts=adopts,
        follows=follows,
        requires=requires,
        artifact=artifact,
        timeout=timeout,
        concurrency=concurrency,
        lasting=lasting,
        owner=owner,
    )


def undeploy(address: str, line: int = 1) -> Action:
    """A plain undeploy."""
    return action(address, Verb.UNDEPLOY, "deployed", "undeployed", "is deployed, wanted undeployed", line=line)


def deploy(address: str, line: int = 1) -> Action:
    """A plain deploy."""
    return action(address, Verb.DEPLOY, "undeployed", "deployed", "is undeployed, wanted deployed", line=line)


def blocked(address: str, text: str, line: int = 1, owner: str | None = None) -> Blocked:
    """A blocked entry."""
    return Blocked(
        address=address,
        verb=Verb.UNDEPLOY,
        code=BlockedCode.UNKNOWN,
        text=text,
        live="unknown",
        source=Source(file="inventory.yaml", line=line),
        owner=owner,
    )


EMPTY = Plan(
    id="p-1",
    tool_version="0.1.0",
    created_at=NOW,
    expires_at=NOW + timedelta(hours=24),
    inventory=PlannedInventory(files=("inventory.yaml",), digest="sha256:00"),
    platforms=(
        PlannedPlatform(
            name="kore-eu", type="kore", definition="sha256:0a", url="https://agent-platform.kore.ai", complete=True
        ),
        PlannedPlatform(name="nugen", type="nugen", definition="sha256:0b", url="https://api.nugen.in", complete=True),
    ),
    actions=(),
    blocked=(),
    unchanged=(),
    unmanaged=(),
    failures=(),
    warnings=(),
    guards=(),
    partial=False,
    offline=False,
    digest=DIGEST,
)

SETTLED = replace(EMPTY, unchanged=MODELS_12)

JOB = seen(EvidenceSource.JOB, "SUCCESS", ago(days=3))

DEMO = replace(
    EMPTY,
    actions=(
        action(
            "kore-eu/support-triage",
            Verb.EXPORT,
            "not-exported",
            "exported",
            "no export on record",
            code=ReasonCode.EXPORT_MISSING,
            evidence=JOB,
            line=14,
            artifact="support-triage.zip",
            timeout=3600,
            owner="ml-platform",
        ),
        action(
            "kore-eu/support-triage",
            Verb.UNDEPLOY,
            "deployed",
            "undeployed",
            "now wanted undeployed; run 01J9AA00 left it deployed on 2026-01-30",
            evidence=JOB,
            line=14,
            requires=(action_id("kore-eu/support-triage", Verb.EXPORT),),
            timeout=900,
            owner="ml-platform",
        ),
        action(
            "nugen/faq-bot",
            Verb.DEPLOY,
            "undeployed",
            "deployed",
            "wanted deployed; never applied before",
            evidence=seen(raw="UNDEPLOYED"),
            line=22,
            owner="team-support",
            requires=(action_id("kore-eu/support-triage", Verb.UNDEPLOY),),
        ),
        action(
            "nugen/legal-search",
            Verb.DEPLOY,
            "deploying",
            "deployed",
            "a deploy is already running: it is waited for, nothing is started",
            code=ReasonCode.RUNNING,
            evidence=seen(raw="DEPLOYING"),
            line=31,
            adopts=RunningJob(verb=Verb.DEPLOY, job=None),
        ),
        action(
            "kore-eu/router",
            Verb.DEPLOY,
            "deployed",
            "deployed",
            "settings changed: scalingParameters.maxReplicas 2 -> 4",
            code=ReasonCode.SETTINGS,
            evidence=seen(EvidenceSource.PROBE, "200", ago(minutes=2)),
            line=55,
        ),
    ),
    blocked=(
        blocked(
            "kore-eu/legacy-intents",
            "unknown: no job on record and no probe; say what it is: "
            "reconciler adopt kore-eu/legacy-intents --as deployed",
            line=48,
            owner="ml-platform",
        ),
    ),
    unchanged=MODELS_12,
    unmanaged=("nugen/alignment_01HX2", "nugen/alignment_01HX7"),
)

EVERYTHING = replace(
    DEMO,
    actions=(
        *DEMO.actions,
        action(
            "kore-eu/summariser",
            Verb.EXPORT,
            "not-exported",
            "exported",
            "the last export is of 2026-01-24, older than its max_age",
            code=ReasonCode.EXPORT_OLD,
            evidence=seen(EvidenceSource.JOURNAL, None, ago(days=9)),
            line=40,
            artifact="summariser.zip",
            concurrency="kore-eu-exports",
        ),
        action(
            "nugen/intent-eu",
            Verb.DEPLOY,
            "undeployed",
            "deployed",
            "drifted: run 01J9ZK4T left it deployed on 2026-01-30, changed since outside reconciler",
            code=ReasonCode.DRIFTED,
            evidence=seen(raw="UNDEPLOYED"),
            line=70,
        ),
        action(
            "kore-eu/translator",
            Verb.UNDEPLOY,
            "deploying",
            "undeployed",
            "now wanted undeployed; run 01J9AA00 left it deployed on 2026-01-30",
            code=ReasonCode.RUNNING,
            evidence=seen(EvidenceSource.JOB, "IN_PROGRESS", ago(seconds=20)),
            file="teams/international/translation/inventory.yaml",
            line=120,
            follows=RunningJob(verb=Verb.DEPLOY, job="ds-20f1a"),
            lasting="the platform forgets its fine-tuned weights",
        ),
        action(
            "mine/a-model-whose-name-is-very-much-longer-than-anybody-would-wish-for-in-a-terminal-of-80-columns",
            Verb.UNDEPLOY,
            "unknown",
            "undeployed",
            "live state unknown, and on_unknown: act (wanted undeployed)",
            code=ReasonCode.UNKNOWN,
            evidence=Evidence(source=EvidenceSource.NONE, note="no job is on record"),
            line=130,
        ),
    ),
    failures=(Failure(address="nugen-eu", error="GET /api/v3/models/aligned: 401, the key is not accepted"),),
    warnings=(
        Warned(
            address="kore-eu/old-faq",
            text="wanted undeployed, and the platform calls it broken: it may still cost (inventory.yaml:61)",
        ),
    ),
    guards=(
        Finding(
            name="max_undeploy_percent",
            level=Level.STOP,
            message="3 undeploys are 30 % of 10 managed models; the limit is 25 % (guards.max_undeploy_percent); "
            "approve single ones with --approve ADDRESS",
            addresses=("kore-eu/support-triage", "kore-eu/translator"),
        ),
        Finding(
            name="protect",
            level=Level.WARN,
            message="1 model is protected from undeploy; to do it all the same: "
            "reconciler apply --approve kore-eu/translator",
            addresses=("kore-eu/translator",),
        ),
    ),
    partial=True,
)

HOSTILE_PLAN = replace(
    EMPTY,
    actions=tuple(undeploy(f"kore/{name}") for name in HOSTILE)
    + tuple(
        action(
            f"nugen/{name}",
            Verb.DEPLOY,
            name,
            name,
            name,
            evidence=Evidence(source=EvidenceSource.LIST, raw=name, at=NOW, note=name),
            file=name,
            requires=(f"{name}#undeploy",),
            adopts=RunningJob(verb=None, job=name),
            artifact=name,
            concurrency=name,
            lasting=name,
        )
        for name in HOSTILE
    ),
    blocked=tuple(blocked(f"nugen/b {name}", f"{name}: run {name}") for name in HOSTILE),
    unchanged=HOSTILE,
    unmanaged=HOSTILE,
    failures=tuple(Failure(address=name, error=name) for name in HOSTILE),
    warnings=tuple(Warned(address=name, text=name) for name in HOSTILE),
    guards=tuple(Finding(name=name, level=Level.STOP, message=name, addresses=(name,)) for name in HOSTILE),
)


WORST = "\x1b[2J\n::error::boo ##[add-mask]a <b>&amp;\"' | `c` [x](https://evil) {0} \u202e %0A,: @team #1 --> \\"
"""Everything that does harm somewhere, in one name."""


def _hostile(entry: Action, number: int) -> Action:
    """The same kind of action with a hostile name wherever a name can stand."""
    return replace(
        entry,
        address=f"kore-eu/{number} {WORST}",
        reason=replace(entry.reason, text=WORST),
        evidence=replace(entry.evidence, raw=WORST, note=WORST),
        source=Source(file=f"teams/{WORST}.yaml", line=number + 1, column=3),
        adopts=entry.adopts and RunningJob(verb=entry.adopts.verb, job=WORST),
        follows=entry.follows and RunningJob(verb=entry.follows.verb, job=WORST),
        requires=(f"nugen/{WORST}#deploy",),
        settings={WORST: [WORST]},
        artifact=entry.artifact and WORST,
        concurrency=WORST,
        lasting=WORST,
        owner=WORST,
    )


EVERY_KIND_HOSTILE = replace(
    EVERYTHING,
    inventory=replace(EVERYTHING.inventory, files=("inventory.yaml", WORST), commit=WORST),
    platforms=(*EVERYTHING.platforms, replace(EVERYTHING.platforms[0], name=WORST)),
    actions=(*EVERYTHING.actions, *(_hostile(entry, number) for number, entry in enumerate(EVERYTHING.actions))),
    blocked=(*EVERYTHING.blocked, blocked(f"nugen/blocked {WORST}", WORST, line=9, owner=WORST)),
    unchanged=(*EVERYTHING.unchanged, f"nugen/unchanged {WORST}"),
    unmanaged=(*EVERYTHING.unmanaged, f"nugen/unmanaged {WORST}"),
    failures=(*EVERYTHING.failures, Failure(address=WORST, error=WORST)),
    warnings=(*EVERYTHING.warnings, Warned(address=f"nugen/warned {WORST}", text=WORST)),
    guards=(*EVERYTHING.guards, Finding(name=WORST, level=Level.WARN, message=WORST, addresses=(WORST,))),
)
"""Every kind of entry: of each a plain one, and one with a hostile name."""


def large(undeploys: int, deploys: int = 0, unchanged: int = 0) -> Plan:
    """A plan of very many models."""
    return replace(
        EMPTY,
        actions=tuple(undeploy(f"kore-eu/retired-model-{number:05}", number) for number in range(1, undeploys + 1))
        + tuple(deploy(f"nugen/new-model-{number:05}", number) for number in range(1, deploys + 1)),
        unchanged=tuple(f"nugen/stable-model-{number:05}" for number in range(1, unchanged + 1)),
        unmanaged=tuple(f"nugen/alignment_{number:05}" for number in range(1, 51)),
    )


def outcome(address: str, verb: Verb, kind: OutcomeKind = OutcomeKind.SUCCEEDED, **fields: object) -> Outcome:
    """An outcome."""
    return replace(Outcome(address=address, verb=verb, kind=kind), **fields)


ARTIFACT = Artifact(
    path="support-triage.zip",
    size=734_003_200,
    sha256="9b1f6c2ea0d47713b1f6c2ea0d47713b1f6c2ea0d47713b1f6c2ea0d47713aaa",
)

DONE = Report(
    run_id="01J9ZK4T",
    plan_digest=DIGEST,
    started_at=NOW,
    finished_at=NOW + timedelta(seconds=72),
    exit_code=0,
    reasons=(),
    outcomes=(
        outcome("kore-eu/support-triage", Verb.EXPORT, job="ds-8812", attempts=1, seconds=12.4, artifact=ARTIFACT),
        outcome("kore-eu/support-triage", Verb.UNDEPLOY, job="ds-8813", attempts=1, seconds=18.0),
        outcome("nugen/faq-bot", Verb.DEPLOY, verified=True, attempts=1, seconds=41.2, note="was already running"),
    ),
)

BROKEN = replace(
    DONE,
    exit_code=5,
    reasons=("1 failed, 1 timed out, 1 skipped, 1 in flight, 1 uncertain", "1 wanted action is blocked"),
    blocked=DEMO.blocked,
    outcomes=(
        *DONE.outcomes,
        outcome(
            "kore-eu/router",
            Verb.DEPLOY,
            OutcomeKind.FAILED,
            verified=False,
            job="ds-9001",
            attempts=1,
            seconds=95,
            error="the job ended FAILED; the model is undeployed",
        ),
        outcome("nugen/legal-search", Verb.DEPLOY, OutcomeKind.IN_FLIGHT, job="01KXG82FJJ", attempts=1, seconds=5),
        outcome(
            "kore-eu/summariser",
            Verb.EXPORT,
            OutcomeKind.UNCERTAIN,
            attempts=1,
            seconds=61,
            error="POST /api/public/models/{id}/export: the connection broke before an answer",
        ),
        outcome(
            "nugen/search-eu",
            Verb.DEPLOY,
            OutcomeKind.SKIPPED,
            error="nugen/legal-search#deploy did not succeed",
        ),
        outcome(
            "nugen/slow",
            Verb.UNDEPLOY,
            OutcomeKind.TIMED_OUT,
            attempts=1,
            seconds=2700,
            error="still UNDEPLOYING after 45 min",
        ),
    ),
)

DRIFTS = (
    Drift(
        address="kore-eu/legacy-intents",
        kind=DriftKind.UNKNOWN,
        was="deployed",
        now="unknown",
        since=Since(run="01J9AA00", at=ago(days=12)),
        text="cannot be read",
        owner="ml-platform",
    ),
    Drift(
        address="kore-eu/support-triage",
        kind=DriftKind.PENDING,
        was="deployed",
        now="undeployed",
        since=None,
        text="is deployed, wanted undeployed",
        owner="ml-platform",
    ),
    Drift(
        address="nugen/faq-bot",
        kind=DriftKind.DRIFTED,
        was="deployed",
        now="undeployed",
        since=Since(run="01J9ZK4T", at=ago(days=3, hours=2)),
        text="was deployed, is undeployed: changed outside reconciler",
        owner="team-support",
    ),
)

ONGOING = replace(
    DRIFTS[0], novelty=Novelty.ONGOING, first_seen=ago(days=12), times=12, text="cannot be read: no job and no probe"
)
ACKNOWLEDGED = replace(
    DRIFTS[1],
    novelty=Novelty.ONGOING,
    first_seen=ago(days=4),
    times=4,
    acknowledged=Acknowledgement(until=date(2026, 2, 20), reason="waits for the migration"),
)
FLAPPING = replace(
    DRIFTS[2], address="nugen/intent-eu", novelty=Novelty.ONGOING, first_seen=ago(days=9), times=5, flapping=True
)
CHECK = DriftCheck(
    drifts=(ONGOING, ACKNOWLEDGED, replace(DRIFTS[2], first_seen=NOW, times=1), FLAPPING),
    resolved=(
        Resolved(
            address="nugen/model-03",
            kind=DriftKind.DRIFTED,
            was="deployed",
            now="undeployed",
            first_seen=ago(days=3),
            last_seen=ago(days=1),
            times=3,
            owner="team-search",
        ),
    ),
    nights=tuple(
        Night(
            day=ago(days=13 - number).date(),
            found={
                **({"kore-eu/legacy-intents": DriftKind.UNKNOWN} if number >= 2 and number != 9 else {}),
                **({"kore-eu/legacy-intents": "unread"} if number == 9 else {}),
                **({"kore-eu/support-triage": DriftKind.PENDING} if number >= 10 else {}),
                **({"nugen/faq-bot": DriftKind.DRIFTED} if number == 13 else {}),
                **({"nugen/intent-eu": DriftKind.DRIFTED} if number >= 5 and number % 2 else {}),
                **({"nugen/model-03": DriftKind.DRIFTED} if 10 <= number <= 12 else {}),
            },
        )
        for number in range(14)
    ),
    remembered=True,
)
"""A look that found new, ongoing, flapping, acknowledged and resolved drift, after thirteen nights on record."""

HOSTILE_CHECK = replace(
    CHECK,
    drifts=(
        *CHECK.drifts,
        *(
            replace(
                drift,
                address=f"{drift.address} {WORST}",
                was=WORST,
                now=WORST,
                text=WORST,
                owner=WORST,
                since=Since(run=WORST, at=ago(days=3)),
                acknowledged=drift.acknowledged and Acknowledgement(until=date(2026, 2, 20), reason=WORST),
            )
            for drift in CHECK.drifts
        ),
    ),
    resolved=(*CHECK.resolved, replace(CHECK.resolved[0], address=f"nugen/{WORST}", was=WORST, owner=WORST)),
    nights=(*CHECK.nights[:-1], replace(CHECK.nights[-1], found={WORST: DriftKind.DRIFTED})),
)
"""The same, with every kind once more under a hostile name."""

HOSTILE_REPORT = replace(
    BROKEN,
    run_id=WORST,
    reasons=(*BROKEN.reasons, WORST),
    error=f"{WORST}\nsecond line: {WORST}",
    blocked=EVERY_KIND_HOSTILE.blocked,
    failures=EVERY_KIND_HOSTILE.failures,
    approved=("kore-eu/translator", WORST),
    outcomes=(
        *BROKEN.outcomes,
        *(
            outcome(f"kore-eu/{number} {WORST}", entry.verb, kind, job=WORST, error=WORST, note=WORST, started_at=NOW)
            for number, (entry, kind) in enumerate(zip(EVERYTHING.actions, (*OutcomeKind, *OutcomeKind), strict=False))
        ),
    ),
)
"""Every end of an action, each once more under a hostile name, and an error."""

FAILED = replace(
    DONE,
    plan_digest="",
    exit_code=1,
    reasons=("the inventory is wrong",),
    outcomes=(),
    error="inventory.yaml:3:5: state: unknown word 'deploy'\nhint: did you mean deployed?",
)
"""A run that ended before it began."""


def model(name: str, deployment: Deployment = Deployment.DEPLOYED, platform: str = "nugen") -> Model:
    """A model of the inventory."""
    return Model(
        platform=platform,
        name=name,
        id="cm-1",
        target=Target(deployment=deployment),
        source=Source(file="inventory.yaml", line=1),
    )


ROWS = (
    Status(
        model=model("support-triage", Deployment.UNDEPLOYED, "kore-eu"),
        live=LiveState.DEPLOYED,
        evidence=JOB,
        last_action=LastAction(verb=Verb.DEPLOY, outcome="succeeded", run="01J9AA00", at=ago(days=3)),
    ),
    Status(
        model=model("legacy-intents", Deployment.UNDEPLOYED, "kore-eu"),
        live=LiveState.UNKNOWN,
        evidence=Evidence(source=EvidenceSource.NONE),
    ),
    Status(
        model=model("faq-bot"),
        live=LiveState.DEPLOYED,
        evidence=seen(at=ago(seconds=3)),
        last_action=LastAction(verb=Verb.DEPLOY, outcome="timed-out", run="01J9ZK4T", at=ago(hours=5)),
    ),
    Status(
        model=model("legal-search"),
        live="unreadable",
        evidence=Evidence(source=EvidenceSource.NONE),
        error="GET /api/v3/models/aligned: 503 three times",
    ),
)

RECORDS = (
    Record(kind=RecordKind.RUN_STARTED, at=ago(minutes=9), run="01J9ZK4T8Q", text="apply"),
    Record(
        kind=RecordKind.INTENT,
        at=ago(minutes=9),
        run="01J9ZK4T8Q",
        address="kore-eu/support-triage",
        verb=Verb.UNDEPLOY,
        attempt=1,
    ),
    Record(
        kind=RecordKind.ACCEPTED,
        at=ago(minutes=8.9),
        run="01J9ZK4T8Q",
        address="kore-eu/support-triage",
        verb=Verb.UNDEPLOY,
        job="ds-8813",
    ),
    Record(
        kind=RecordKind.SETTLED,
        at=ago(minutes=8),
        run="01J9ZK4T8Q",
        address="kore-eu/support-triage",
        verb=Verb.UNDEPLOY,
        outcome=OutcomeKind.SUCCEEDED,
        job="ds-8813",
    ),
    Record(
        kind=RecordKind.DECLARED,
        at=ago(minutes=1),
        run="01J9ZX0000",
        address="kore-eu/legacy-intents",
        live=LiveState.DEPLOYED,
        text="by ana",
    ),
    Record(kind=RecordKind.RUN_ENDED, at=NOW, run="01J9ZK4T8Q"),
)
