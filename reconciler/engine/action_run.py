"""What one action works with while it runs: its means, what it has done so far, and how it speaks of it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Protocol

from msgspec import Struct, field

from reconciler.clock import Clock
from reconciler.core.capabilities import Capabilities
from reconciler.core.event import Event, Phase
from reconciler.core.job import Job, JobStatus, Verb
from reconciler.core.live import Failure, Live, LiveState
from reconciler.core.memory import Memory
from reconciler.core.model import Model, Settings
from reconciler.core.plan import Action, ReasonCode
from reconciler.core.record import Record, RecordKind
from reconciler.core.report import Artifact, Outcome, OutcomeKind
from reconciler.engine.observer import READ, Observer
from reconciler.engine.waiting import Patience, Stop
from reconciler.errors import JournalError
from reconciler.platforms.base import Platform

TRIES: Final = 3
"""How often a start that surely took no effect is tried again, and how often a read may fail before it counts."""


class Fetch(Protocol):
    """Fetches an exported file."""

    async def __call__(self, url: str, name: str, *, near: str, seconds: float) -> Artifact:
        """The file at `url`, placed as `name`, within `seconds`; `near` is the API's platform. Raises `NotFetched`."""
        ...


class Log(Protocol):
    """Writes to the journal."""

    async def __call__(self, record: Record, *, owed: bool = False) -> None:
        """Return once `record` is durable. Raises `JournalError`; what is `owed` is then written when that can be."""
        ...


class Note(Protocol):
    """Makes the record of one kind about one model, with time, run and identity filled in."""

    def __call__(self, kind: RecordKind, model: Model, **fields: Any) -> Record:
        """The record."""
        ...


class Means(Struct, frozen=True, kw_only=True):
    """What all actions of one apply share. `tell` gets every step, `warn` what must be seen. `reissue`: a deploy whose
    answer was lost may be sent once more when it shows no effect. `where` ends the commands that messages advise."""

    observer: Observer
    log: Log
    make: Note
    fetch: Fetch
    tell: Callable[[Event], None]
    warn: Callable[[str], object]
    stop: Stop
    clock: Clock
    reissue: bool = False
    where: str | None = None


class ActionRun(Struct, kw_only=True):
    """One action under way. `job` is what the platform runs for it, None before it was accepted; `attempts` counts
    the requests to start it; `began` is when work on it began, None before; `sent_at` is the loop's time of the last;
    `live` the state last read of it; `asking`: a request to start it is out and not answered; `lost` says of a start
    that may have arrived why its answer did not; `ended` is its outcome once that goes to the journal."""

    action: Action
    model: Model
    memory: Memory
    platform: Platform
    means: Means
    patience: Patience
    job: Job | None = None
    began: datetime | None = None
    attempts: int = 0
    sent_at: float = 0.0
    live: LiveState | None = None
    asking: bool = False
    ended: Outcome | None = None
    lost: str | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def capabilities(self) -> Capabilities:
        """What the action's platform can do."""
        return self.platform.capabilities

    @property
    def again(self) -> bool:
        """Whether it is to be done although the state is the target already: a deploy with new settings."""
        return self.action.reason.code is ReasonCode.SETTINGS

    @property
    def settings(self) -> Settings | None:
        """The settings that a deploy of this run, or the one that it takes up again, was started with; None where
        that is not known, or it is no deploy."""
        if self.action.verb is not Verb.DEPLOY:
            return None
        if self.attempts:
            return self.model.settings
        if (job := self.memory.running) is not None and job.verb is Verb.DEPLOY:
            return self.memory.sent
        return self.model.settings if self.action.adopts is None else None

    def outcome(
        self,
        kind: OutcomeKind,
        *,
        error: str | None = None,
        live: LiveState | None = None,
        verified: bool | None = None,
        artifact: Artifact | None = None,
    ) -> Outcome:
        """The outcome as things stand; `live` is the state it leaves the model in, None where nobody knows."""
        self.live = live
        return Outcome(
            address=self.action.address,
            verb=self.action.verb,
            kind=kind,
            verified=verified,
            job=self.job.id if self.job else None,
            attempts=self.attempts,
            started_at=self.began,
            seconds=round(self.patience.spent, 3),
            error=error,
            note="; ".join(dict.fromkeys(self.notes)) or None,
            artifact=artifact,
        )

    def reached(self, live: Live, note: str | None = None) -> Outcome:
        """The outcome of an action whose target was read."""
        if note:
            self.notes.append(note)
        return self.outcome(
            OutcomeKind.SUCCEEDED, live=live.state, verified=True if live.evidence.source in READ else None
        )

    async def ask(self, job: Job) -> JobStatus | Failure:
        """How the job stands, asked of the job itself."""
        return (await self.platform.poll([job]))[job]

    def tell(self, phase: Phase, text: str = "", percent: float | None = None) -> None:
        """Say how it stands."""
        self.means.tell(
            Event(address=self.action.address, verb=self.action.verb, phase=phase, text=text, percent=percent)
        )

    def record(self, kind: RecordKind, **fields: Any) -> Record:
        """A record about this action."""
        return self.means.make(kind, self.model, verb=self.action.verb, **fields)

    async def note(self, kind: RecordKind, **fields: Any) -> None:
        """Record what has happened already: a journal that fails now must not end the following of a running job."""
        try:
            await self.means.log(self.record(kind, attempt=self.attempts or None, **fields), owed=True)
        except JournalError as error:
            self.notes.append(str(error))
            job = f", job {self.job.id}" if self.job is not None and self.job.id else ""
            self.means.warn(f"{self.action.id}: {kind}{job}, but not on record: {error}")

    async def note_job(self, kind: RecordKind, job: Job, *, settings: Settings | None = None) -> None:
        """Record the job that is followed from here on, and the settings it was started with, if by this run."""
        self.job = job
        await self.note(kind, job=job.id, before=job.before, settings=settings)


def shown(live: Live) -> str:
    """The platform's own word for a live state, for people; empty where it is the same."""
    raw = live.evidence.raw
    return f" ({raw})" if raw and raw.lower() != live.state else ""
