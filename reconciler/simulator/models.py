"""What exists on a simulated account: models, and the jobs that change them. No clock, no HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Verb(StrEnum):
    """What a job does to a model."""

    DEPLOY = "deploy"
    UNDEPLOY = "undeploy"
    EXPORT = "export"


class JobState(StrEnum):
    """Where a job stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class JobTime:
    """How long a job runs: `seconds` of the world's clock, or, where `polls` is given, that many reads.

    A read is any request that shows the job or its model's state (the list too); the job ends within its nth read, so
    `polls=1` is over in the first answer. In seconds a job ends whether anybody reads it or not. With
    `from_first_look` the seconds count from the first read instead of the start.
    """

    seconds: float = 0.0
    polls: int | None = None
    from_first_look: bool = False

    def __post_init__(self) -> None:
        if self.seconds < 0 or (self.polls is not None and self.polls < 0):
            raise ValueError("a job time is not negative")


@dataclass(slots=True, kw_only=True)
class Job:
    """One job on one model. `started` is in the world's clock, None until a first look starts it.

    `doom` is None for a job that will succeed, else the reason it will fail with (may be empty: Kore.ai gives none).
    """

    id: str
    model: str
    verb: Verb
    time: JobTime
    started: float | None
    polls: int = 0
    state: JobState = JobState.RUNNING
    doom: str | None = None
    error: str | None = None

    def due(self, now: float) -> bool:
        """Tell whether the job has run its time at `now`, in the world's clock."""
        if self.time.polls is not None:
            return self.polls >= self.time.polls
        return self.started is not None and now >= self.started + self.time.seconds

    def end(self, now: float) -> float:
        """Give the moment at which a job that is due at `now` ended, in the world's clock."""
        if self.time.polls is not None or self.started is None:
            return now
        return self.started + self.time.seconds

    def progress(self, now: float) -> int:
        """Give percent done: 100 when succeeded, else 0 to 99."""
        if self.state is JobState.SUCCEEDED:
            return 100
        if self.time.polls:
            done = self.polls / self.time.polls
        elif self.time.seconds and self.started is not None:
            done = (now - self.started) / self.time.seconds
        else:
            done = 0.0
        return max(0, min(99, int(100 * done)))


@dataclass(slots=True, kw_only=True)
class Model:
    """One model. `id` never changes: Kore.ai's model id, Nugen's alignment id.

    `word` is a status word the platform shows instead of deployed or undeployed (EVALUATED, QUEUED ...), None for none.
    `deployed_before` is False while Kore.ai still wants the first deployment made by hand. `settings` is the body of
    the last deploy call. `error` is the reason of the last failed deploy, None after a new start. `doom` makes the next
    job fail. `facts` are further fields of the row in a list.
    """

    id: str
    name: str
    deployed: bool
    word: str | None = None
    deployed_before: bool = True
    settings: object = None
    error: str | None = None
    doom: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    running: list[Job] = field(default_factory=list)
    last: dict[Verb, Job] = field(default_factory=dict)

    @property
    def busy(self) -> Job | None:
        """The newest running job that changes the deployment, None where none runs."""
        return next((job for job in reversed(self.running) if job.verb is not Verb.EXPORT), None)

    @property
    def state(self) -> str:
        """One of deployed, undeployed, deploying, undeploying, or `word` as it is."""
        if job := self.busy:
            return "deploying" if job.verb is Verb.DEPLOY else "undeploying"
        return self.word or ("deployed" if self.deployed else "undeployed")
