"""What the journal remembers of one model: the fold over its records."""

from datetime import datetime

from msgspec import Struct

from reconciler.core.job import Job, Verb
from reconciler.core.live import EvidenceSource, LiveState
from reconciler.core.model import Deployment, Settings

Key = tuple[str, str]
"""Origin and platform id: what a model is to the platform, whatever the inventory calls it."""


class Applied(Struct, frozen=True, kw_only=True):
    """The target last applied: found or brought there, by which run and when. `settings` is None where the deploy was
    not ours, so that nothing can be said of a change."""

    deployment: Deployment
    settings: Settings | None
    run: str
    at: datetime


class Believed(Struct, frozen=True, kw_only=True):
    """The state the last ended job, or a person, left the model in."""

    state: LiveState
    source: EvidenceSource
    at: datetime


class Exported(Struct, frozen=True, kw_only=True):
    """The last artefact fetched. `path` is below the export root."""

    path: str
    sha256: str
    at: datetime


class Intent(Struct, frozen=True, kw_only=True):
    """A start that was about to be sent and of which no answer is on record. `over` is one before it that was never
    answered either, None where there was none."""

    verb: Verb
    at: datetime
    run: str
    over: "Intent | None" = None


class LastAction(Struct, frozen=True, kw_only=True):
    """The newest action on record, for people."""

    verb: Verb
    outcome: str
    run: str
    at: datetime


class Memory(Struct, frozen=True, kw_only=True):
    """All that is remembered of one model of one origin. `job` is the last deploy or undeploy job, `job_ended` whether
    its end is on record, `sent` the settings that it was started with, None where it was not ours; `export_job` is an
    export not known to have ended; `open` and `open_export` are starts with no answer."""

    job: Job | None = None
    job_ended: bool = False
    sent: Settings | None = None
    export_job: Job | None = None
    believed: Believed | None = None
    applied: Applied | None = None
    exported: Exported | None = None
    open: Intent | None = None
    open_export: Intent | None = None
    protected: bool = False
    last_action: LastAction | None = None

    @property
    def running(self) -> Job | None:
        """The deploy or undeploy job whose end is not on record."""
        return None if self.job_ended else self.job

    @property
    def under_way(self) -> bool:
        """Whether a deploy or undeploy of ours may be under way."""
        return self.open is not None or self.running is not None


NOTHING = Memory()
"""What is remembered of a model that no record names."""
