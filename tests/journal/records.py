"""Records: one of each kind by hand, and any that the tool may write at random."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from reconciler.core.drift import DriftKind
from reconciler.core.job import Verb
from reconciler.core.live import LiveState
from reconciler.core.model import Deployment
from reconciler.core.record import Record, RecordKind
from reconciler.core.report import Artifact, OutcomeKind

NOW: Final = datetime(2026, 2, 2, 14, 0, 0, 123000, tzinfo=UTC)
ORIGIN: Final = "https://kore.example"
KEY: Final = (ORIGIN, "cm-1")
ARTIFACT: Final = Artifact(path="a.zip", size=7, sha256="0" * 64)


def at(minute: int) -> datetime:
    return NOW + timedelta(minutes=minute)


def record(kind: RecordKind, minute: int = 0, **fields: Any) -> Record:
    """A record about one model; `minute` says when."""
    return Record(
        **{"run": "run-1", "address": "kore/a", "origin": ORIGIN, "model_id": "cm-1", **fields},
        kind=kind,
        at=at(minute),
    )


def intent(verb: Verb, minute: int = 0, **fields: Any) -> Record:
    return record(RecordKind.INTENT, minute, verb=verb, **fields)


def accepted(verb: Verb, job: str | None, minute: int = 0, **fields: Any) -> Record:
    return record(RecordKind.ACCEPTED, minute, verb=verb, job=job, **fields)


def settled(verb: Verb, outcome: OutcomeKind, minute: int = 0, **fields: Any) -> Record:
    return record(RecordKind.SETTLED, minute, verb=verb, outcome=outcome, **fields)


# Any that may be written: each kind with the fields that it always has, and perhaps others.

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)

_SETTINGS = st.none() | st.dictionaries(st.text(max_size=4), json_values, max_size=2)
_ALWAYS: Final[dict[RecordKind, dict[str, st.SearchStrategy[Any]]]] = {
    RecordKind.INTENT: {"verb": st.sampled_from(Verb), "attempt": st.integers(1, 5)},
    RecordKind.ACCEPTED: {"verb": st.sampled_from(Verb), "job": st.none() | st.sampled_from(("j-1", "j-2"))},
    RecordKind.ADOPTED: {"verb": st.sampled_from(Verb), "job": st.none() | st.sampled_from(("j-1", "j-2"))},
    RecordKind.REFUSED: {"verb": st.sampled_from(Verb), "text": st.text(max_size=8)},
    RecordKind.UNCERTAIN: {"verb": st.sampled_from(Verb), "text": st.text(max_size=8)},
    RecordKind.SETTLED: {
        "verb": st.sampled_from(Verb),
        "outcome": st.sampled_from(OutcomeKind),
        "job": st.none() | st.sampled_from(("j-1", "j-2")),
        "live": st.none() | st.sampled_from(LiveState),
        "target": st.none() | st.sampled_from(Deployment),
        "settings": _SETTINGS,
        "artifact": st.none() | st.just(ARTIFACT),
    },
    RecordKind.VERIFIED: {"target": st.sampled_from(Deployment), "settings": _SETTINGS},
    RecordKind.DECLARED: {"live": st.sampled_from(LiveState)},
    RecordKind.PROTECTED: {"on": st.booleans()},
    RecordKind.LOOKED: {"text": st.text(max_size=8)},
    RecordKind.SEEN: {
        "drift": st.sampled_from(DriftKind),
        "before": st.sampled_from(LiveState).map(str),
        "after": st.sampled_from(LiveState).map(str),
    },
    RecordKind.CLEARED: {},
    RecordKind.MISSED: {},
    RecordKind.APPROVED: {"text": st.text(max_size=8)},
    RecordKind.PLAN_USED: {"plan": st.sampled_from(("p-1", "p-2"))},
    RecordKind.RUN_STARTED: {"text": st.text(max_size=8)},
    RecordKind.RUN_ENDED: {"text": st.text(max_size=8)},
}
OF_A_RUN: Final = frozenset({RecordKind.RUN_STARTED, RecordKind.PLAN_USED, RecordKind.LOOKED, RecordKind.RUN_ENDED})
"""Kinds that speak of no model."""


@st.composite
def records(draw: st.DrawFn) -> Record:
    kind = draw(st.sampled_from(RecordKind))
    model: dict[str, Any] = {
        "address": draw(st.sampled_from(("kore/a", "kore/b"))),
        "origin": draw(st.sampled_from((ORIGIN, "https://nugen.example"))),
        "model_id": draw(st.sampled_from(("cm-1", "cm-2"))),
    }
    return Record(
        kind=kind,
        at=at(draw(st.integers(0, 10_000))),
        run=draw(st.sampled_from(("run-1", "run-2"))),
        **({} if kind in OF_A_RUN else model),
        **{name: draw(values) for name, values in _ALWAYS[kind].items()},
    )


histories = st.lists(records(), max_size=25)
