"""Targets that read what the tool itself wrote and somebody may have changed: plans, reports, the journal; and what
`discover` writes."""

import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from reconciler.cli.discover import _yaml
from reconciler.core import codec
from reconciler.core.codec import history_json, plan_json, read_plan, read_report, report_json, with_digest
from reconciler.core.live import Listed, LiveState, Snapshot
from reconciler.core.model import PlatformEntry
from reconciler.core.record import Record
from reconciler.core.saved import review
from reconciler.core.seal import seal
from reconciler.errors import InventoryError, PlanRefused
from reconciler.inventory.load import load_text
from reconciler.journal.memory import fold, used_plans
from reconciler.journal.rows import decode, encode
from reconciler.platforms.registry import find_type, type_names
from reconciler.render.plan_markdown import plan_markdown
from reconciler.render.plan_text import plan_text
from reconciler.render.report_markdown import report_markdown
from reconciler.render.report_text import report_text
from reconciler.render.status_text import history_text

from .files import DEFINITIONS, characters, json_of
from .oracles import demand, line

NOW = datetime(2026, 2, 2, 14, 0, 0, tzinfo=UTC)


def plan(data: bytes) -> None:
    """Any JSON as a saved plan; sealed anew as one would who knows how, it is shown in every form or refused."""
    found = json_of(data)
    _refused(found, None)
    _refused(found, "a key")
    if not isinstance(found, dict):
        return
    for key in (None, "a key"):
        body = _sealed(found, key)
        if body is not None:
            _read_plan(body, key)


def _refused(found: Any, key: str | None) -> None:
    try:
        read_plan(found, key=key)
    except PlanRefused as error:
        line(str(error))


def _sealed(found: dict[str, Any], key: str | None) -> dict[str, Any] | None:
    """The plan with the digest and the seal that fit it; None where it is none."""
    body = {name: value for name, value in found.items() if name != "seal"}
    try:
        body["digest"] = with_digest(codec._to_plan({"digest": "", **body})).digest
        return {**body, "seal": seal(body, key)}
    except (PlanRefused, UnicodeEncodeError, RecursionError):
        return None


def _read_plan(body: dict[str, Any], key: str | None) -> None:
    try:
        read = read_plan(body, key=key)
    except PlanRefused as error:
        line(str(error))
        return
    again = plan_json(read, key=key)
    demand(read_plan(again, key=key) == read, "written and read again differs", read)
    _page(plan_text(read, now=NOW, next_command="reconciler apply"))
    _page(plan_text(read, now=NOW, width=50, colour=False))
    demand(len(plan_markdown(read, now=NOW)) <= 65_536 or len(read.actions) > 50, "longer than a comment may be")
    review(read, read, Snapshot(taken_at=NOW, lives={}))


def _page(text: str) -> None:
    """That nothing on a page for a terminal steers it."""
    demand(all(one.isprintable() for one in text.split("\n")), "a page holds what does not show", text)


def report(data: bytes) -> None:
    """Any JSON as a report: shown in every form, or refused."""
    found = json_of(data)
    try:
        read = read_report(found)
    except PlanRefused as error:
        line(str(error))
        return
    demand(read_report(report_json(read)) == read, "written and read again differs", read)
    _page(report_text(read))
    report_markdown(read)


def journal(data: bytes) -> None:
    """Lines of JSON as the records of a journal: what they remember, or a record that cannot be read."""
    records: list[Record] = []
    for body in data.split(b"\n"):
        try:
            records.append(decode(body))
        except (UnicodeDecodeError, msgspec.MsgspecError):
            continue
    for record in records:
        demand(decode(encode(record)) == record, "written and read again differs", record)
    memories = fold(records)
    demand(fold([*records]) == memories, "not settled")
    used_plans(records)
    _page(history_text(records))
    history_json(records)


def discovered(data: bytes) -> None:
    """Lines `STATE ID NAME` as what a platform lists: the inventory written of them is one, with the very same ids."""
    listed = [_listed(text) for text in characters(data).split("\n")[:20]]
    kind = find_type("nugen").type
    text = _yaml(PlatformEntry(name="nugen", type="nugen"), listed, kind.id_pattern)
    fit = [one for one in listed if re.fullmatch(kind.id_pattern, one.id)]
    settled = [one.id for one in fit if one.state in (LiveState.DEPLOYED, LiveState.UNDEPLOYED)]
    if not settled or len({kind.same(one) for one in settled}) < len(settled):
        return
    try:
        found = load_text(text, "f", DEFINITIONS, lambda *_: kind, type_names())
    except InventoryError as error:
        demand(_looks_secret(error), "what discover wrote is refused", str(error), text)
        return
    demand(sorted(model.id for model in found.models) == sorted(settled), "other ids", text)


def _looks_secret(error: InventoryError) -> bool:
    return all("looks like a key" in one.text for one in error.complaints)


def _listed(text: str) -> Listed:
    state, _, rest = text.partition(" ")
    identity, _, name = rest.partition(" ")
    states = [LiveState.DEPLOYED, LiveState.UNDEPLOYED, LiveState.BROKEN]
    return Listed(platform="nugen", id=identity[:255], name=name or None, state=states[len(state) % 3])
