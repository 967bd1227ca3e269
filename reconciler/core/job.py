"""What a platform runs after it accepted an action."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Verb(StrEnum):
    """What can be done to a model."""

    DEPLOY = "deploy"
    UNDEPLOY = "undeploy"
    EXPORT = "export"


class JobState(StrEnum):
    """What a platform says of a job. `absent`: it knows of none, or the model is back where it started."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ABSENT = "absent"


class Job(Struct, frozen=True, kw_only=True):
    """A job of a platform. `id` is what it is asked for by, None where the platform gave none. `before` is the state
    believed before it started (a word of `LiveState`), None where nothing was known."""

    address: str
    verb: Verb
    id: str | None
    since: datetime
    before: str | None = None


class JobStatus(Struct, frozen=True, kw_only=True):
    """One answer about a job. `raw` is the platform's word; `progress` is percent; `artifact` is where an export can
    be fetched (a secret: never shown); `warning` is something odd that did not change the meaning."""

    state: JobState
    raw: str | None = None
    error: str | None = None
    progress: float | None = None
    artifact: str | None = None
    warning: str | None = None


class Accepted(Struct, frozen=True, kw_only=True):
    """The platform took the action. `status` is what its answer already says of the job; `job.id` is None where the
    answer held no id."""

    job: Job
    status: JobStatus


class Refused(Struct, frozen=True, kw_only=True):
    """The action did not take effect. `transient`: may be tried again after `retry_after` seconds (None: our own
    back-off). `recheck`: the target may already hold, so read the state before calling it a failure. `state`: the live
    state the refusal itself names (a word of `LiveState`), else None."""

    reason: str
    transient: bool = False
    retry_after: float | None = None
    recheck: bool = False
    state: str | None = None


class Uncertain(Struct, frozen=True, kw_only=True):
    """The request may have arrived and no usable answer came: it must not be sent again blindly."""

    reason: str


Answer = Accepted | Refused | Uncertain
