"""The report: what became of every action of one apply."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from reconciler.core.job import Verb
from reconciler.core.live import Failure
from reconciler.core.plan import Blocked


class OutcomeKind(StrEnum):
    """What became of an action."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed-out"
    SKIPPED = "skipped"
    IN_FLIGHT = "in-flight"
    UNCERTAIN = "uncertain"


class Artifact(Struct, frozen=True, kw_only=True):
    """A fetched export. `path` is below the export root; `size` is bytes."""

    path: str
    size: int
    sha256: str


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one action.

    `verified`: True only when the state was read again and is the target, False when read and different, None where
    the platform cannot say. `job` is the platform's id, None where it gave none. `attempts` counts requests sent to
    start it. `started_at` is when work on it began, None where none did; `seconds` is how long that took. `error` is
    one line, None where there is nothing to say; `note` is for people."""

    address: str
    verb: Verb
    kind: OutcomeKind
    verified: bool | None = None
    job: str | None = None
    attempts: int = 0
    started_at: datetime | None = None
    seconds: float = 0.0
    error: str | None = None
    note: str | None = None
    artifact: Artifact | None = None

    @property
    def id(self) -> str:
        """`address#verb`, the id of the action."""
        return f"{self.address}#{self.verb}"


class Report(Struct, frozen=True, kw_only=True):
    """All outcomes of one apply: exactly one per action, in the plan's order. `reasons` say why the exit code is not 0;
    `error` is what kept a run from its end, None where nothing did. `blocked` and `failures` are what the plan could
    not hold; `approved` are the addresses that a person let pass the guards. `partial`: a selection left models out."""

    run_id: str
    plan_digest: str
    started_at: datetime
    finished_at: datetime
    exit_code: int
    reasons: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    partial: bool = False
    error: str | None = None
    blocked: tuple[Blocked, ...] = ()
    failures: tuple[Failure, ...] = ()
    approved: tuple[str, ...] = ()

    @property
    def summary(self) -> dict[str, int]:
        """How many actions came to which end; every kind is named."""
        return {kind.replace("-", "_"): sum(outcome.kind is kind for outcome in self.outcomes) for kind in OutcomeKind}
