"""One line of the journal: what was intended, answered, found or decided. Never changed once written."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from reconciler.core.drift import DriftKind
from reconciler.core.job import Verb
from reconciler.core.live import LiveState
from reconciler.core.model import Deployment, Settings
from reconciler.core.report import Artifact, OutcomeKind


class RecordKind(StrEnum):
    """What a record says.

    `intent`: a start is about to be sent. `accepted`, `refused`, `uncertain`: the answer to it. `adopted`: a running
    job is followed from here on. `settled`: the outcome of an action. `verified`: a model was found in its target with
    nothing to do. `declared`: a person says what a model is. `protected`: the inventory's `protect` at an apply.
    `approved`: a person let it pass the guards. `looked`: a look for drift; `seen`: it found this drift; `cleared`: it
    no longer found one that was seen before; `missed`: it could not look at one that was. `plan-used`: a saved plan was
    used up. `run-started`, `run-ended`: the brackets of one apply."""

    RUN_STARTED = "run-started"
    PLAN_USED = "plan-used"
    INTENT = "intent"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    ADOPTED = "adopted"
    SETTLED = "settled"
    VERIFIED = "verified"
    DECLARED = "declared"
    PROTECTED = "protected"
    APPROVED = "approved"
    LOOKED = "looked"
    SEEN = "seen"
    CLEARED = "cleared"
    MISSED = "missed"
    RUN_ENDED = "run-ended"


class Record(Struct, frozen=True, kw_only=True):
    """One entry. The first three fields are always there; `address`, `origin` and `model_id` in all that speak of one
    model; the rest where `kind` gives them a meaning: `job` the platform's id, `before` the state believed before the
    job, `live` the state read, `target` the deployment applied, `settings` what a deploy sent, `on` whether protected,
    or the drift acknowledged, `plan` the id of a saved plan, `drift` the kind of a drift that is seen (from `before` to
    `after`), `started` whether a settled action ever was accepted, `text` a line for people."""

    kind: RecordKind
    at: datetime
    run: str
    address: str | None = None
    origin: str | None = None
    model_id: str | None = None
    verb: Verb | None = None
    attempt: int | None = None
    job: str | None = None
    before: str | None = None
    live: LiveState | None = None
    outcome: OutcomeKind | None = None
    target: Deployment | None = None
    settings: Settings | None = None
    artifact: Artifact | None = None
    on: bool | None = None
    plan: str | None = None
    text: str | None = None
    started: bool | None = None
    drift: DriftKind | None = None
    after: str | None = None


_ABOUT: Final = ("address", "origin", "model_id")

NEEDS: Final[Mapping[RecordKind, tuple[str, ...]]] = {
    RecordKind.PLAN_USED: ("plan",),
    RecordKind.INTENT: (*_ABOUT, "verb"),
    RecordKind.ACCEPTED: (*_ABOUT, "verb"),
    RecordKind.REFUSED: (*_ABOUT, "verb"),
    RecordKind.UNCERTAIN: (*_ABOUT, "verb"),
    RecordKind.ADOPTED: (*_ABOUT, "verb"),
    RecordKind.SETTLED: (*_ABOUT, "verb", "outcome"),
    RecordKind.VERIFIED: (*_ABOUT, "target"),
    RecordKind.DECLARED: (*_ABOUT, "live"),
    RecordKind.PROTECTED: (*_ABOUT, "on"),
    RecordKind.APPROVED: _ABOUT,
    RecordKind.SEEN: (*_ABOUT, "drift", "before", "after"),
    RecordKind.CLEARED: _ABOUT,
    RecordKind.MISSED: _ABOUT,
}
"""The fields without which a record of a kind means nothing."""
