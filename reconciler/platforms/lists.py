"""Reading the live state of many models from one list: pages, rows, and which row is which model."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from reconciler.core.live import Evidence, EvidenceSource, Failure, Listed, Live, LiveState
from reconciler.core.model import Model
from reconciler.core.pointer import MISSING, at
from reconciler.platforms.answers import Unreadable, read_states
from reconciler.platforms.definition import ASK, Definition, ListRead, Pages
from reconciler.platforms.template import Call, fill
from reconciler.platforms.words import first_text


class Fetch(Protocol):
    """Asks for one page and gives its JSON data."""

    async def __call__(self, call: Call) -> Any:
        """The data; raises what the caller handles."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of a list. `complete` is False where the last page asked for was still not the end."""

    rows: Sequence[Any]
    complete: bool


async def read_rows(source: ListRead, fetch: Fetch) -> Rows:
    """All rows of a list, page by page. Ends at a page that is short, empty or repeats the rows before.

    Raises `Unreadable` when an answer holds no list where the definition says it stands."""
    rows: list[Any] = []
    pages = source.pages
    extra: tuple[tuple[str, str], ...] | None = _first(pages)
    seen: set[str] = set()
    for _ in range(pages.most if pages else 1):
        call = fill(source.request, {})
        data = await fetch(_with_query(call, extra or ()))
        page = at(data, source.rows) if source.rows else data
        if not isinstance(page, list):
            raise Unreadable(f"the answer holds no list at {source.rows or 'its top'}")
        fresh = [row for row in page if pages is None or _unseen(row, source, seen)]
        rows += fresh
        extra = _next(pages, data, page, fresh, len(rows)) if pages else None
        if extra is None:
            return Rows(rows=rows, complete=True)
    return Rows(rows=rows, complete=False)


def _unseen(row: Any, source: ListRead, seen: set[str]) -> bool:
    key = "\0".join(str(first_text(row, (pointer,))) for pointer in source.match)
    known = key in seen
    seen.add(key)
    return not known


def _first(pages: Pages | None) -> tuple[tuple[str, str], ...]:
    if pages is None:
        return ()
    start = {"offset": "0", "page": str(pages.first)}.get(pages.by)
    size = ((pages.size_as, str(pages.size)),) if pages.size_as else ()
    return (*size, *(((pages.from_as, start),) if pages.from_as and start is not None else ()))


def _next(
    pages: Pages, data: Any, page: Sequence[Any], fresh: Sequence[Any], count: int
) -> tuple[tuple[str, str], ...] | None:
    """The query of the next page, None at the end."""
    size = ((pages.size_as, str(pages.size)),) if pages.size_as else ()
    if not fresh:
        return None
    if pages.by in ("cursor", "link"):
        cursor = first_text(data, (pages.next or "",))
        return (*size, (pages.from_as or "", cursor)) if cursor else None
    if pages.size is not None and len(page) < pages.size:
        return None
    number = count if pages.by == "offset" else pages.first + -(-count // (pages.size or len(page)))
    return (*size, (pages.from_as or "", str(number)))


def _with_query(call: Call, extra: Iterable[tuple[str, str]]) -> Call:
    from urllib.parse import quote, urlencode

    query = urlencode(list(extra), quote_via=quote)
    if not query:
        return call
    joined = call.target + ("&" if "?" in call.target else "?") + query
    return Call(method=call.method, target=joined, template=call.template, headers=call.headers, body=call.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What a list says of the models asked for: `ask` are those whose words leave it open."""

    lives: tuple[Live, ...]
    ask: tuple[tuple[Model, Live], ...]
    unmanaged: tuple[Listed, ...]
    failures: tuple[Failure, ...]


def match_rows(definition: Definition, platform: str, models: Sequence[Model], rows: Rows, now: datetime) -> Matched:
    """Which row is which model, and what its words say. Two rows for one model are a failure that names both; no row is
    `absent` in a list read to its end and `unknown` otherwise."""
    source = definition.live.list
    assert source is not None
    index = _index(definition, source, rows.rows)
    lives, ask, failures, taken = [], [], [], set()
    for model in models:
        found = _find(index, source, definition.type.same(model.id))
        if len(found) > 1:
            names = ", ".join(str(first_text(rows.rows[number], source.act_on)) for number in found[:5])
            text = f"{len(found)} listed models have the id {model.id}: {names}"
            failures.append(Failure(address=model.address, error=text))
            taken.update(found)
        elif not found:
            lives.append(_absent(model, source, rows.complete, now))
        else:
            taken.add(found[0])
            live, open_ = _live(definition, source, model, rows.rows[found[0]], now)
            (ask.append((model, live)) if open_ else lives.append(live))
    unmanaged = (
        _listed(definition, source, platform, row) for number, row in enumerate(rows.rows) if number not in taken
    )
    return Matched(
        lives=tuple(lives),
        ask=tuple(ask),
        unmanaged=tuple(listed for listed in unmanaged if listed is not None),
        failures=tuple(failures),
    )


def _index(definition: Definition, source: ListRead, rows: Sequence[Any]) -> list[Mapping[str, list[int]]]:
    """For each pointer of `match`, the numbers of the rows by the id that stands there."""
    index: list[Mapping[str, list[int]]] = []
    for pointer in source.match:
        by_id: dict[str, list[int]] = {}
        for number, row in enumerate(rows):
            identity = first_text(row, (pointer,), loose=definition.loose_keys)
            if identity is not None:
                by_id.setdefault(definition.type.same(identity), []).append(number)
        index.append(by_id)
    return index


def _find(index: Sequence[Mapping[str, list[int]]], source: ListRead, identity: str) -> list[int]:
    return next((found for by_id in index if (found := by_id.get(identity))), [])


def _absent(model: Model, source: ListRead, complete: bool, now: datetime) -> Live:
    state = source.absent if complete else LiveState.UNKNOWN
    note = "not in the list" if complete else "the list was not read to its end"
    return Live(
        address=model.address, state=state, evidence=Evidence(source=EvidenceSource.LIST, at=now, note=note), ids=()
    )


def _live(definition: Definition, source: ListRead, model: Model, row: Any, now: datetime) -> tuple[Live, bool]:
    states = definition.live.states
    assert states is not None
    reading = read_states(states, row, loose=definition.loose_keys)
    ids = (at(row, pointer, loose=definition.loose_keys) for pointer in source.act_on)
    live = Live(
        address=model.address,
        state=LiveState.UNKNOWN if reading.state == ASK else LiveState(reading.state),
        evidence=Evidence(source=EvidenceSource.LIST, raw=reading.raw, at=now, note=reading.note),
        ids=tuple(dict.fromkeys(identity for identity in ids if identity is not MISSING and isinstance(identity, str))),
    )
    return live, reading.state == ASK


def _listed(definition: Definition, source: ListRead, platform: str, row: Any) -> Listed | None:
    identity = first_text(row, source.match, loose=definition.loose_keys)
    states = definition.live.states
    if identity is None or states is None:
        return None
    reading = read_states(states, row, loose=definition.loose_keys)
    return Listed(
        platform=platform,
        id=identity,
        name=first_text(row, source.name, loose=definition.loose_keys),
        state=LiveState.UNKNOWN if reading.state == ASK else LiveState(reading.state),
    )
