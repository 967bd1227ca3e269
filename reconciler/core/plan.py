"""The plan: a value. What would be done, to what, why, and what stands against it."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from reconciler.core.job import Verb
from reconciler.core.live import Evidence, Failure
from reconciler.core.model import USUAL, Acknowledgement, Limits, Settings, Source


class ReasonCode(StrEnum):
    """Why an action is planned. For people and statistics; nothing decides by it."""

    PENDING = "pending"
    DRIFTED = "drifted"
    SETTINGS = "settings"
    BROKEN = "broken"
    UNKNOWN = "unknown"
    RUNNING = "running"
    EXPORT_MISSING = "export-missing"
    EXPORT_OLD = "export-old"


class BlockedCode(StrEnum):
    """Why a wanted action is not planned."""

    UNKNOWN = "unknown"
    UNSUPPORTED = "unsupported"
    MANUAL = "manual"
    NOT_READY = "not-ready"
    BROKEN = "broken"
    ABSENT = "absent"
    EXPORT = "export"
    AFTER = "after"


class Reason(Struct, frozen=True, kw_only=True):
    """Why: a stable code and a sentence."""

    code: ReasonCode
    text: str


class RunningJob(Struct, frozen=True, kw_only=True):
    """A job already running. `verb` None: a run of the platform's own; `job` None: it has no id."""

    verb: Verb | None
    job: str | None


class Action(Struct, frozen=True, kw_only=True):
    """One verb on one model.

    `before` and `after` are live states; for an export `not-exported`, `exported` and `exported`. `adopts`: start
    nothing, only wait for this job. `follows`: start once this has ended. `requires`: ids of actions to be done first.
    `settings`: what a deploy sends; empty for other verbs. `artifact`: an export's path below the export root.
    `concurrency`: one action of this group runs at a time. `timeout`: seconds after which it is no longer waited for,
    None where the version that made the plan did not say. `lasting`: what no later action takes back, for people.
    `acknowledged`: drift of the model is known and meant to stay until then, which this action ends all the same."""

    address: str
    verb: Verb
    model_id: str
    before: str
    after: str
    reason: Reason
    evidence: Evidence
    source: Source
    adopts: RunningJob | None = None
    follows: RunningJob | None = None
    requires: tuple[str, ...] = ()
    settings: Settings | None = None
    artifact: str | None = None
    concurrency: str | None = None
    timeout: float | None = None
    lasting: str | None = None
    acknowledged: Acknowledgement | None = None
    owner: str | None = None

    @property
    def id(self) -> str:
        """`address#verb`."""
        return action_id(self.address, self.verb)

    @property
    def destructive(self) -> bool:
        """Whether it takes a model out of service."""
        return self.verb is Verb.UNDEPLOY


def action_id(address: str, verb: Verb) -> str:
    """The id of the one action that a plan can hold of `verb` on `address`."""
    return f"{address}#{verb}"


class Blocked(Struct, frozen=True, kw_only=True):
    """Wanted, but impossible or unsafe to decide. `text` ends with what settles it."""

    address: str
    verb: Verb
    code: BlockedCode
    text: str
    live: str
    source: Source
    owner: str | None = None


class Warned(Struct, frozen=True, kw_only=True):
    """Nothing to do, but something a person should know."""

    address: str
    text: str


class Level(StrEnum):
    """What a guard does: `stop` an apply, or only tell (`warn`)."""

    STOP = "stop"
    WARN = "warn"


class Finding(Struct, frozen=True, kw_only=True):
    """What a guard says of a finished plan."""

    name: str
    level: Level
    message: str
    addresses: tuple[str, ...]


class PlannedPlatform(Struct, frozen=True, kw_only=True):
    """One platform of the plan. `definition` is the digest of its definition; `url` its origin, None where it is not
    known (offline); `complete`: everything asked of it was read."""

    name: str
    type: str
    definition: str
    url: str | None
    complete: bool


class PlannedInventory(Struct, frozen=True, kw_only=True):
    """Which inventory was planned. `commit` is the git commit, None outside a pipeline that names it."""

    files: tuple[str, ...]
    digest: str
    commit: str | None = None


class Plan(Struct, frozen=True, kw_only=True):
    """What would be done. `digest` is over the world and the actions: the same world gives the same digest. `id` is
    random: a plan is used once. `partial`: a selection left models out. `offline`: nothing was read, so nothing is
    verified. `limits` are what it was judged by, and an apply of it is too. `unchanged` and `unmanaged` hold addresses,
    of the unmanaged with the platform's id as the name."""

    id: str
    tool_version: str
    created_at: datetime
    expires_at: datetime
    inventory: PlannedInventory
    platforms: tuple[PlannedPlatform, ...]
    actions: tuple[Action, ...]
    blocked: tuple[Blocked, ...]
    unchanged: tuple[str, ...]
    unmanaged: tuple[str, ...]
    failures: tuple[Failure, ...]
    warnings: tuple[Warned, ...]
    guards: tuple[Finding, ...]
    partial: bool
    offline: bool
    limits: Limits = USUAL
    digest: str = ""

    @property
    def addresses(self) -> frozenset[str]:
        """Every model that the plan says something of."""
        planned = {action.address for action in self.actions} | {entry.address for entry in self.blocked}
        return frozenset(planned | {failure.address for failure in self.failures} | set(self.unchanged))

    @property
    def complete(self) -> bool:
        """Whether everything asked for was read."""
        return not self.failures and not self.offline

    @property
    def stopped(self) -> bool:
        """Whether a guard stops an apply of this plan."""
        return any(finding.level is Level.STOP for finding in self.guards)

    @property
    def applyable(self) -> bool:
        """Whether an apply would do something."""
        return bool(self.actions) and not self.stopped and not self.offline

    @property
    def summary(self) -> dict[str, int]:
        """Counts, for people and pipelines. `adopt` counts the actions that only wait; they are not counted again."""
        started = [action for action in self.actions if action.adopts is None]
        return {
            **{str(verb): sum(action.verb is verb for action in started) for verb in Verb},
            "adopt": len(self.actions) - len(started),
            "unchanged": len(self.unchanged),
            "blocked": len(self.blocked),
            "unknown": sum(entry.code is BlockedCode.UNKNOWN for entry in self.blocked),
            "unmanaged": len(self.unmanaged),
            "failures": len(self.failures),
        }
