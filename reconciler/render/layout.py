"""The one form of every page of text: a verdict, entries in a gutter, facts in the same gutter.

Plan: 1 undeploy.

- undeploy  kore/triage   deployed -> undeployed          inventory.yaml:14
            why, and what else there is to say

Next        reconciler apply
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from reconciler.render.style import Line, Role, Span, blank, flow, paint, say, visible_width, wrap
from reconciler.render.words import clauses

_LEAST_WIDTH, _MOST_WIDTH = 40, 100
_LEAST_GUTTER = 12


class Detail(Struct, frozen=True):
    """One paragraph under an entry. `prefix` stands before its first line and is left free before the others."""

    spans: tuple[Span, ...]
    prefix: str = ""


class Entry(Struct, frozen=True, kw_only=True):
    """One thing of a page. `sign` and `word` are ours, so they need no escaping. `address` is wrapped where it must be
    and never shortened; `aside` stands at the right edge, or with the details where there is no room."""

    sign: str
    word: str
    role: Role
    address: str
    summary: Span
    aside: str = ""
    details: tuple[Detail, ...] = ()


class Fact(Struct, frozen=True, kw_only=True):
    """One line at the foot. A fact that is `copied` by people is never wrapped."""

    name: str
    text: str
    copied: bool = False


class Page(Struct, frozen=True, kw_only=True):
    """A whole page. `head` is the verdict and what must be known with it; empty lines set groups of entries apart."""

    head: tuple[Span, ...]
    groups: tuple[tuple[Entry, ...], ...] = ()
    facts: tuple[Fact, ...] = ()


def head(verdict: str, caveats: Iterable[str]) -> tuple[Span, ...]:
    """The verdict, and what must be known before it is believed."""
    return (say(verdict, Role.HEADING), *(say(caveat, Role.CAUTION) for caveat in caveats))


def detail(*texts: str, muted: Sequence[str] = (), prefix: str = "") -> Detail:
    """A paragraph of several texts, those of less weight at its end; semicolons tell them apart."""
    said = [(text, Role.PLAIN) for text in texts if text] + [(text, Role.MUTED) for text in muted if text]
    ended = [(f"{text};", role) for text, role in said[:-1]] + said[-1:]
    return Detail(tuple(say(clause, role) for text, role in ended for clause in clauses(text)), prefix)


def next_fact(command: str | None) -> tuple[Fact, ...]:
    """The next command to type."""
    return (Fact(name="Next", text=command, copied=True),) if command else ()


def render(page: Page, *, width: int, colour: bool) -> str:
    """The page as text. Very wide terminals are not filled: long lines are hard to read."""
    width = min(max(width, _LEAST_WIDTH), _MOST_WIDTH)
    groups = [group for group in page.groups if group]
    entries = [entry for group in groups for entry in group]
    gutter = max(_LEAST_GUTTER, *(visible_width(entry.word) + 4 for entry in entries), 0)
    column = _address_column(entries, width - gutter)
    lines = flow(page.head, width)
    for group in groups:
        lines.append(())
        for entry in group:
            lines += _entry(entry, gutter, column, width)
    if page.facts:
        lines += [(), *(line for fact in page.facts for line in _fact(fact, gutter, width))]
    return paint(lines, colour=colour)


def _address_column(entries: Iterable[Entry], room: int) -> int:
    """Where summaries begin: after the longest address that leaves room for its summary."""
    fitting = [
        width
        for entry in entries
        if (width := visible_width(say(entry.address).text)) + 2 + entry.summary.width <= room
    ]
    return max(fitting, default=0)


def _entry(entry: Entry, gutter: int, column: int, width: int) -> list[Line]:
    lines = _address(entry, gutter, width)
    used = gutter + lines[-1][-1].width
    wanted = entry.summary.width
    start = next((at for at in (max(used, gutter + column) + 2, used + 2) if at + wanted <= width), None)
    if start is not None:
        lines[-1] = (*lines[-1], blank(start - used), entry.summary)
        used = start + wanted
    else:
        lines += [(blank(gutter), *line) for line in flow((entry.summary,), width - gutter)]
        used = gutter + lines[-1][-1].width
    aside = say(entry.aside, Role.MUTED)
    details = entry.details
    if entry.aside and used + 2 + aside.width <= width:
        lines[-1] = (*lines[-1], blank(width - used - aside.width), aside)
    elif entry.aside:
        details = _with_aside(details, aside)
    return lines + [line for one in details for line in _detail(one, gutter, width)]


def _address(entry: Entry, gutter: int, width: int) -> list[Line]:
    sign = Span(f"{entry.sign} {entry.word}", entry.role)
    pieces = [Span(piece, Role.HEADING) for piece in wrap(say(entry.address).text, width - gutter)]
    first: Line = (sign, blank(gutter - sign.width), pieces[0])
    return [first, *((blank(gutter), piece) for piece in pieces[1:])]


def _with_aside(details: Sequence[Detail], aside: Span) -> tuple[Detail, ...]:
    if not details:
        return (Detail((aside,)),)
    *others, last = details
    return (*others, Detail((*last.spans, Span(f"[{aside.text}]", aside.role)), last.prefix))


def _detail(one: Detail, gutter: int, width: int) -> list[Line]:
    indent = gutter + visible_width(one.prefix)
    lines: list[Line] = [(blank(indent), *line) for line in flow(one.spans, width - indent)]
    if lines and one.prefix:
        lines[0] = (blank(gutter), say(one.prefix), *lines[0][1:])
    return lines


def _fact(fact: Fact, gutter: int, width: int) -> list[Line]:
    name = Span(fact.name, Role.MUTED)
    if fact.copied:
        return [(name, blank(gutter - name.width), say(fact.text, Role.HEADING))]
    first, *others = flow(map(say, clauses(fact.text)), width - gutter)
    return [(name, blank(gutter - name.width), *first), *((blank(gutter), *line) for line in others)]
