"""What is: the live state of a model, and how we know it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from reconciler.core.job import Job


class LiveState(StrEnum):
    """What a platform says of a model. `unknown` is never a change."""

    DEPLOYED = "deployed"
    UNDEPLOYED = "undeployed"
    DEPLOYING = "deploying"
    UNDEPLOYING = "undeploying"
    BUSY = "busy"
    NOT_READY = "not-ready"
    BROKEN = "broken"
    ABSENT = "absent"
    UNKNOWN = "unknown"


TRANSITIONAL = frozenset({LiveState.DEPLOYING, LiveState.UNDEPLOYING, LiveState.BUSY})
"""States that end by themselves: to be waited for, never acted against."""


class EvidenceSource(StrEnum):
    """Where a live state was read."""

    LIST = "list"
    GET = "get"
    JOB = "job"
    JOURNAL = "journal"
    PROBE = "probe"
    DECLARED = "declared"
    NONE = "none"


class Evidence(Struct, frozen=True, kw_only=True):
    """How a live state is known. `raw` is the platform's own word, None where none was said; `at` is when it was
    true to the best of our knowledge, None where nothing is known; `note` is for people and never decides."""

    source: EvidenceSource
    raw: str | None = None
    at: datetime | None = None
    note: str | None = None


class Live(Struct, frozen=True, kw_only=True):
    """The live state of one model. `ids` are the platform's present ids for it, the one to act on first (they may
    differ from the inventory's); `job` is the job known to be running, None where none is or it has no id."""

    address: str
    state: LiveState
    evidence: Evidence
    ids: tuple[str, ...] = ()
    job: Job | None = None


class Listed(Struct, frozen=True, kw_only=True):
    """A model that the platform lists and the inventory does not hold. `name` is the platform's, None if it has
    none."""

    platform: str
    id: str
    name: str | None
    state: LiveState


class Failure(Struct, frozen=True, kw_only=True):
    """Something that could not be read: a model's address or a platform's name, and why in one line."""

    address: str
    error: str


class Observation(Struct, frozen=True, kw_only=True):
    """What one platform answered: one `Live` for every model asked for, or a failure naming it (or the platform).
    `requests`: how many it took."""

    lives: tuple[Live, ...] = ()
    unmanaged: tuple[Listed, ...] = ()
    failures: tuple[Failure, ...] = ()
    requests: int = 1


class Snapshot(Struct, frozen=True, kw_only=True):
    """The live states of all models at one time, by address. A model in neither `lives` nor `failures` was not asked
    for."""

    taken_at: datetime
    lives: Mapping[str, Live]
    unmanaged: tuple[Listed, ...] = ()
    failures: tuple[Failure, ...] = ()
    incomplete: frozenset[str] = frozenset()
    """Names of the platforms of which something could not be read."""
