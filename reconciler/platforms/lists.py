"""Reading the live state of many models from one list: pages, rows, and which row is which model."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Protocol
from urllib.parse import SplitResult, quote, urlencode, urljoin, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.live import Evidence, EvidenceSource, Failure, Listed, Live, LiveState
from reconciler.core.model import Model
from reconciler.core.pointer import at
from reconciler.platforms.answers import Reading, Unreadable, states_reader
from reconciler.platforms.definition import ASK, Definition, ListRead, Pages
from reconciler.platforms.template import Call, fill
from reconciler.platforms.words import first_text, shorten


class Fetch(Protocol):
    """Asks for one page and gives its JSON data."""

    async def __call__(self, call: Call) -> Any:
        """The data; raises what the caller handles."""
        ...


class Rows(Struct, frozen=True, kw_only=True):
    """The rows of a list. `pages`: how many were asked for; `complete`: the last of them was the end."""

    rows: Sequence[Any]
    complete: bool
    pages: int = 1


async def read_rows(source: ListRead, fetch: Fetch, *, origin: str) -> Rows:
    """All rows of a list at `origin`, page by page. Ends where the answer names no next page, or, where pages are
    counted, at one that is short, empty or repeats the rows before.

    Raises `Unreadable` when an answer holds no list where the definition says it stands."""
    first, pages = fill(source.request, {}), source.pages
    if pages is None:
        return Rows(rows=_page(source, await fetch(first)), complete=True)
    rows: list[Any] = []
    seen: set[str] = set()
    asked: set[str] = set()
    longest = 0
    call = _with_query(first, (*_size(pages), *_first(pages)))
    for number in range(pages.most):
        asked.add(call.target)
        data = await fetch(call)
        page = _page(source, data)
        fresh = [row for row in page if _unseen(row, source, seen)]
        rows += fresh
        longest = max(longest, len(page))
        following: Call | None
        if pages.by in ("cursor", "link"):
            following = _named(pages, first, call, data, origin)
        elif not fresh or len(page) < _full(pages, longest):
            following = None
        else:
            start = len(rows) if pages.by == "offset" else pages.first + number + 1
            following = _with_query(first, (*_size(pages), (pages.from_as or "", str(start))))
        if following is None:
            return Rows(rows=rows, complete=True, pages=number + 1)
        if following.target in asked:  # it leads in a circle: the end only where nothing is left
            return Rows(rows=rows, complete=not page, pages=number + 1)
        call = following
    return Rows(rows=rows, complete=False, pages=pages.most)


def _page(source: ListRead, data: Any) -> list[Any]:
    page = at(data, source.rows) if source.rows else data
    if not isinstance(page, list):
        raise Unreadable(f"the answer holds no list at {source.rows or 'its top'}")
    return page


def _unseen(row: Any, source: ListRead, seen: set[str]) -> bool:
    key = "\0".join(str(first_text(row, (pointer,))) for pointer in source.match)
    known = key in seen
    seen.add(key)
    return not known


def _full(pages: Pages, longest: int) -> int:
    """How many rows a page has that may not be the last. A service may give fewer than it was asked for, so a short
    first page is not yet the end; only beyond numbered pages nothing is tried, where some services answer 404."""
    return longest if pages.by == "offset" or pages.size is None else pages.size


def _size(pages: Pages) -> tuple[tuple[str, str], ...]:
    return ((pages.size_as, str(pages.size)),) if pages.size_as and pages.size is not None else ()


def _first(pages: Pages) -> tuple[tuple[str, str], ...]:
    start = {"offset": "0", "page": str(pages.first)}.get(pages.by)
    return ((pages.from_as, start),) if pages.from_as and start is not None else ()


def _named(pages: Pages, first: Call, call: Call, data: Any, origin: str) -> Call | None:
    """The request for the page that the answer names, None where it names none."""
    name = first_text(data, (pages.next or "",))
    if name is None:
        return None
    if pages.by == "link":
        return replace(first, target=_linked(origin, call.target, name))
    return _with_query(first, (*_size(pages), (pages.from_as or "", name)))


def _linked(origin: str, target: str, link: str) -> str:
    """The path and query of a link, absolute or relative to the page it stands in. Raises `Unreadable` where it leaves
    the origin: the key stays there, and what another address says is not this service's list."""
    try:
        parts = urlsplit(urljoin(origin + target, link))
        own = urlsplit(origin)
        same = (parts.scheme, parts.hostname, _port(parts)) == (own.scheme, own.hostname, _port(own))
    except ValueError:
        same = False
    if not same or "@" in parts.netloc:
        raise Unreadable("the next page of the list is not at the same origin")
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _port(parts: SplitResult) -> int | None:
    return parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _with_query(call: Call, extra: Iterable[tuple[str, str]]) -> Call:
    query = urlencode(list(extra), quote_via=quote)
    if not query:
        return call
    return replace(call, target=call.target + ("&" if "?" in call.target else "?") + query)


class Matched(Struct, frozen=True, kw_only=True):
    """What a list says of the models asked for: `ask` are those whose words leave it open."""

    lives: tuple[Live, ...]
    ask: tuple[tuple[Model, Live], ...]
    unmanaged: tuple[Listed, ...]
    failures: tuple[Failure, ...]


def match_rows(definition: Definition, platform: str, models: Sequence[Model], rows: Rows, now: datetime) -> Matched:
    """Which row is which model, and what its words say. Two rows for one model, or two models for one row, are failures
    that name both; no row is `absent` in a list read to its end and `unknown` otherwise."""
    source = definition.live.list
    assert source is not None
    find = _finder(definition, source, rows.rows)
    read = _reader(definition)
    lives, ask, failures = [], [], []
    taken: set[int] = set()
    found_of = [find(definition.type.same(model.id)) for model in models]
    claims = Counter(number for found in found_of for number in found)
    for model, found in zip(models, found_of, strict=True):
        if len(found) == 1 and claims[found[0]] > 1:
            pairs = zip(models, found_of, strict=True)
            others = [other.address for other, theirs in pairs if found[0] in theirs and other is not model]
            text = f"its id {model.id} and that of {', '.join(others[:3])} are one listed model: keep one of them"
            failures.append(Failure(address=model.address, error=text))
            taken.update(found)
        elif len(found) > 1:
            names = ", ".join(str(first_text(rows.rows[number], source.act_on)) for number in found[:5])
            text = f"{len(found)} listed models have the id {model.id}: {shorten(names)}"
            failures.append(Failure(address=model.address, error=text))
            taken.update(found)
        elif not found:
            lives.append(_absent(model, source, rows.complete, now))
        else:
            taken.add(found[0])
            live, open_ = _live(definition, source, model, rows.rows[found[0]], read, now)
            (ask.append((model, live)) if open_ else lives.append(live))
    unmanaged = (
        _listed(definition, source, platform, row, read) for number, row in enumerate(rows.rows) if number not in taken
    )
    return Matched(
        lives=tuple(lives),
        ask=tuple(ask),
        unmanaged=tuple(listed for listed in unmanaged if listed is not None),
        failures=tuple(failures),
    )


def _finder(definition: Definition, source: ListRead, rows: Sequence[Any]) -> Callable[[str], Sequence[int]]:
    """What finds the numbers of the rows with an id, at the first pointer of `match` where there are any."""
    same, loose = definition.type.same, definition.loose_keys

    @cache  # by the later pointers only where some model is not found by those before
    def index(pointer: str) -> tuple[Mapping[str, int], Mapping[str, list[int]]]:
        first: dict[str, int] = {}
        more: dict[str, list[int]] = {}
        for number, row in enumerate(rows):
            identity = first_text(row, (pointer,), loose=loose)
            if identity is not None and first.setdefault(same(identity), number) != number:
                more.setdefault(same(identity), []).append(number)
        return first, more

    def find(identity: str) -> Sequence[int]:
        for pointer in source.match:
            first, more = index(pointer)
            if identity in first:
                return (first[identity], *more.get(identity, ()))
        return ()

    return find


def _reader(definition: Definition) -> Callable[[Any], Reading]:
    states = definition.live.states
    assert states is not None
    return states_reader(states, loose=definition.loose_keys)


def _absent(model: Model, source: ListRead, complete: bool, now: datetime) -> Live:
    state = source.absent if complete else LiveState.UNKNOWN
    note = "not in the list" if complete else "the list was not read to its end"
    return Live(
        address=model.address, state=state, evidence=Evidence(source=EvidenceSource.LIST, at=now, note=note), ids=()
    )


def _live(
    definition: Definition, source: ListRead, model: Model, row: Any, read: Callable[[Any], Reading], now: datetime
) -> tuple[Live, bool]:
    reading = read(row)
    ids = (first_text(row, (pointer,), loose=definition.loose_keys) for pointer in source.act_on)
    live = Live(
        address=model.address,
        state=LiveState.UNKNOWN if reading.state == ASK else LiveState(reading.state),
        evidence=Evidence(source=EvidenceSource.LIST, raw=reading.raw, at=now, note=reading.note),
        ids=tuple(dict.fromkeys(identity for identity in ids if identity is not None)),
    )
    return live, reading.state == ASK


def _listed(
    definition: Definition, source: ListRead, platform: str, row: Any, read: Callable[[Any], Reading]
) -> Listed | None:
    identity = first_text(row, source.match, loose=definition.loose_keys)
    if identity is None:
        return None
    reading = read(row)
    return Listed(
        platform=platform,
        id=identity,
        name=first_text(row, source.name, loose=definition.loose_keys),
        state=LiveState.UNKNOWN if reading.state == ASK else LiveState(reading.state),
    )
