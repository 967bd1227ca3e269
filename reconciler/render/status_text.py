"""Tables for people at a terminal: where models are, and what was done. Pure."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from reconciler.core.live import Evidence, EvidenceSource, LiveState
from reconciler.core.model import Deployment
from reconciler.core.record import Record
from reconciler.core.report import OutcomeKind
from reconciler.core.status import Status
from reconciler.render.plan_words import PARTIAL, transition
from reconciler.render.style import Line, Role, Span, columns, flow, paint, say
from reconciler.render.words import ago, count, short

_RUN = 8
"""How much of a run's name tells it from others."""


def status_text(
    rows: Sequence[Status], *, now: datetime, width: int = 80, colour: bool = False, partial: bool = False
) -> str:
    """Where every model is, what is wanted of it, how that is known, and what was last done to it. `partial`: a
    selection left models out."""
    ordered = sorted(rows, key=lambda row: row.model.address)
    lines: list[Line] = [(say(_verdict(ordered), Role.HEADING),)]
    lines += [(say(PARTIAL, Role.CAUTION),)] if partial else []
    if ordered:
        titles = _titles("ADDRESS", "WANTED", "LIVE", "HOW WE KNOW; LAST ACTION")
        cells = [titles, *(_status_row(row, now) for row in ordered)]
        lines += [(), *columns(cells, width, floors=(20, 10, 10, 26))]
    errors = [row for row in ordered if row.error]
    lines += [()] if errors else []
    for row in errors:
        lines += flow([say(f"{row.model.address}:", Role.HEADING), say(row.error or "")], width)
    return paint(lines, colour=colour)


def history_text(records: Sequence[Record], *, width: int = 80, colour: bool = False) -> str:
    """What was done, when, by which run; in the order given."""
    if not records:
        return paint([(say("Nothing is on record.", Role.HEADING),)], colour=colour)
    titles = _titles("TIME (UTC)", "RUN", "ADDRESS", "VERB", "WHAT")
    cells = [titles, *map(_history_row, records)]
    return paint(columns(cells, width, floors=(19, _RUN, 22, 8, 15)), colour=colour)


def _titles(*names: str) -> list[Span]:
    return [say(name, Role.MUTED) for name in names]


def _differs(row: Status) -> bool:
    return row.model.target.deployment is not Deployment.UNMANAGED and row.live != row.model.target.deployment


def _verdict(rows: Sequence[Status]) -> str:
    unread = sum(row.error is not None for row in rows)
    differing = sum(_differs(row) for row in rows if row.error is None)
    parts = [f"{len(rows) - unread - differing:,} as wanted"]
    parts += [f"{differing:,} not"] if differing else []
    parts += [f"{unread:,} could not be read"] if unread else []
    return f"{count(len(rows), 'model')}{': ' + ', '.join(parts) if rows else ''}."


def _status_row(row: Status, now: datetime) -> list[Span]:
    last = row.last_action
    ended = f" {last.outcome.replace('-', ' ')}," if last and last.outcome != OutcomeKind.SUCCEEDED else ""
    done = f"{last.verb}{ended} {ago(last.at, now)}" if last else ""
    role = Role.CAUTION if _differs(row) else Role.GOOD
    if row.live in (LiveState.BROKEN, "unreadable"):
        role = Role.DESTRUCTIVE
    return [
        say(row.model.address),
        say(row.model.target.deployment),
        say(row.live, role),
        say("; ".join(filter(None, (_known(row.evidence, now), done))) or "-", Role.MUTED),
    ]


def _known(evidence: Evidence, now: datetime) -> str:
    known = "" if evidence.source is EvidenceSource.NONE else str(evidence.source)
    known += f", {ago(evidence.at, now)}" if evidence.at and known else ""
    return "; ".join(filter(None, (known, evidence.note)))


def _history_row(record: Record) -> list[Span]:
    return [
        say(f"{record.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}", Role.MUTED),
        say(record.run[:_RUN]),
        say(record.address or "-"),
        say(record.verb or "-"),
        say(", ".join(_what(record))),
    ]


def _what(record: Record) -> Iterable[str]:
    yield (record.outcome or record.kind).replace("-", " ")
    if record.drift:
        yield str(record.drift)
        yield transition(record.before or "", record.after or "")
    if record.live:
        yield f"live {record.live}"
    if record.job:
        yield f"job {record.job}"
    if record.artifact:
        yield record.artifact.path
    if record.text:
        yield short(record.text) if record.text.startswith("sha256:") else record.text
