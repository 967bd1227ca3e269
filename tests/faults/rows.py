"""Rows of the decision table: what becomes of the request that starts an action, and what must follow from it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from reconciler.simulator import Fault, FaultKind

from .mix import HTML
from .storm import SETTINGS

SETTLE: Final = 3.0
REQUEST: Final = 2.0
"""Seconds of the longest request."""

LONG: Final = 6.0
"""Seconds of a job that still runs when the settle time is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One case: a model of `platform` on which `verb` is wanted, and whose start meets `fault` or `shape`.

    `sent`: how many requests must have been sent to start it; `journal`: the records from first intent to outcome;
    `outcome`, and `words` of its error or note; `settles`: what a person does about it, empty where nothing is left."""

    name: str
    platform: str
    verb: str
    fault: Fault | None = None
    shape: str | None = None
    fields: str = ""
    job_seconds: float = 0.1
    sent: int = 1
    journal: tuple[str, ...] = ("intent", "accepted", "settled")
    outcome: str = "succeeded"
    words: str = ""
    settles: str = ""

    @property
    def id(self) -> str:
        return f"{self.platform}-{self.verb}-{self.name}"

    @property
    def took_effect(self) -> bool:
        """Whether the start starts a job although its answer says nothing of it."""
        return self.shape is not None or (self.fault is not None and self.fault.processed)

    @property
    def address(self) -> str:
        return f"{self.platform}/{self.id}"

    @property
    def state(self) -> str:
        """What the inventory wants."""
        return {"deploy": "deployed", "undeploy": "undeployed"}.get(self.verb, "unmanaged")

    @property
    def yaml(self) -> str:
        fields = self.fields.replace("ID", self.id)
        if self.verb == "export":
            fields += ", export: {max_age: 7d}"
        else:
            fields += f", state: {self.state}"
        if self.platform == "kore" and "probe" not in fields and self.verb != "export":
            fields += ", on_unknown: act"
        if self.platform == "kore" and self.verb == "deploy":
            fields += f", settings: {SETTINGS}"
        return f"  {self.id}: {{platform: {self.platform}, id: {self.id}{fields}}}\n"


ACCEPTED: Final = ("intent", "accepted", "settled")
REFUSED: Final = ("intent", "refused", "settled")
TWICE: Final = ("intent", "refused", "intent", "accepted", "settled")
DOUBT: Final = ("intent", "uncertain", "settled")
ADOPTED: Final = ("intent", "uncertain", "adopted", "settled")
REISSUED: Final = ("intent", "uncertain", "intent", "accepted", "settled")

STATUSES: Final = (400, 401, 403, 404, 405, 409, 422)
WAYS: Final = (("kore", "undeploy"), ("kore", "deploy"), ("kore", "export"), ("nugen", "undeploy"), ("nugen", "deploy"))


def lost(*, effect: bool) -> Iterator[tuple[str, Fault]]:
    """Every way of an answer to be lost: after the request took effect, or without any."""
    for status in (500, 502, 503, 504):
        yield str(status), Fault(FaultKind.REPLY, status=status, effect=effect)
    page = {"content-type": "text/html"}
    yield "html", Fault(FaultKind.REPLY, status=200, headers=page, body=HTML, effect=effect)
    half = b'{"status": "IN_PRO'
    yield "half", Fault(FaultKind.REPLY, status=200, body=half, effect=effect)
    if effect:
        yield "closed", Fault(FaultKind.DROP_AFTER)
        yield "reset", Fault(FaultKind.DROP_AFTER, reset=True)
        yield "cut", Fault(FaultKind.TRUNCATED)
        yield "timeout", Fault(FaultKind.DELAY, seconds=LONG)
        yield "late", Fault(FaultKind.LATE_EFFECT, seconds=0.8 * SETTLE)
    else:
        yield "closed", Fault(FaultKind.DROP_BEFORE)
        yield "reset", Fault(FaultKind.DROP_BEFORE, reset=True)


def refusals() -> Iterator[Row]:
    for platform, verb in WAYS:
        for status in STATUSES:
            twice = platform == "nugen" and status == 404  # the row's other id is tried
            yield Row(
                name=str(status),
                platform=platform,
                verb=verb,
                fault=Fault(FaultKind.REPLY, status=status, times=None),
                sent=2 if twice else 1,
                journal=REFUSED,
                outcome="failed",
                words=f"answered {status}",
            )


def accepted() -> Iterator[Row]:
    for platform, verb in WAYS:
        yield Row(name="an-id", platform=platform, verb=verb)
    for verb in ("undeploy", "deploy", "export"):
        yield Row(
            name="no-id",
            platform="kore",
            verb=verb,
            shape="id-missing",
            outcome="uncertain",
            words="no job id to follow it by",
            settles=_settles("kore", verb),
        )
        empty = Row(name="empty", platform="kore", verb=verb, shape="empty-body", outcome="uncertain")
        yield _with(empty, settles=_settles("kore", verb))
    for verb in ("undeploy", "deploy"):
        yield Row(name="no-id", platform="nugen", verb=verb, shape="answer-other")
        yield Row(name="empty", platform="nugen", verb=verb, shape="answer-empty")


def answers_lost() -> Iterator[Row]:
    for name, fault in lost(effect=True):
        for verb in ("undeploy", "deploy"):
            nugen = Row(name=f"{name}-took-effect", platform="nugen", verb=verb, fault=fault)
            yield _with(nugen, name=f"{name}-done", journal=DOUBT, words="found done, its answer was lost")
            yield _with(nugen, name=f"{name}-runs", journal=ADOPTED, job_seconds=LONG)
            probed = _with(nugen, platform="kore", name=f"{name}-probed", journal=DOUBT, words="found done")
            yield _with(probed, fields=", probe: {path: /models/ID/v2/chat/completions}")
            yield _doubt(_with(nugen, platform="kore", name=f"{name}-took-effect"))
        yield _doubt(Row(name=f"{name}-took-effect", platform="kore", verb="export", fault=fault))
    for name, fault in lost(effect=False):
        nugen = Row(name=f"{name}-no-effect", platform="nugen", verb="undeploy", fault=fault)
        yield _with(nugen, sent=2, journal=REISSUED, words="sent again after its answer was lost and no effect showed")
        yield _doubt(_with(nugen, verb="deploy"))
        for verb in ("undeploy", "deploy", "export"):
            yield _doubt(_with(nugen, platform="kore", verb=verb))


def _with(row: Row, **fields: Any) -> Row:
    return replace(row, **fields)


def _doubt(row: Row) -> Row:
    return _with(row, journal=DOUBT, outcome="uncertain", settles=_settles(row.platform, row.verb))


def _settles(platform: str, verb: str) -> str:
    return "reissue" if verb == "export" or platform == "nugen" else "adopt"


ROWS: Final = (*refusals(), *accepted(), *answers_lost())
