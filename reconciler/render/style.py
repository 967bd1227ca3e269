"""Spans of text with a meaning, laid out in columns and painted. Colour only repeats what signs and words say.

A span is harmless by construction: `say` is the one way to make it, and it escapes."""

import unicodedata
from collections.abc import Iterable, Sequence
from enum import Enum

from msgspec import Struct

from reconciler.render.safe import ci


class Role(Enum):
    """What a span means; the value is how a colour terminal paints it."""

    PLAIN = ""
    HEADING = "1"
    MUTED = "2"
    GOOD = "32"
    CAUTION = "33"
    DESTRUCTIVE = "1;31"


class Span(Struct, frozen=True):
    """Harmless text of one role. Made by `say`."""

    text: str
    role: Role = Role.PLAIN

    @property
    def width(self) -> int:
        """Columns it takes on a terminal."""
        return visible_width(self.text)


Line = tuple[Span, ...]


def say(text: str, role: Role = Role.PLAIN) -> Span:
    """`text`, made harmless for a terminal and for the log of a CI job."""
    return Span(ci(text), role)


def blank(width: int) -> Span:
    """So many blanks."""
    return Span(" " * width)


def visible_width(text: str) -> int:
    """Columns that `text` takes: two for East Asian wide signs, none for marks that sit on others."""
    if text.isascii():
        return len(text)
    return sum(map(_sign_width, text))


def _sign_width(sign: str) -> int:
    if unicodedata.category(sign) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def _split(text: str, width: int, *, least: int) -> tuple[str, str]:
    """As much of `text` as `width` columns hold, at least so many signs; and the rest."""
    if text.isascii():
        cut = max(width, least)
        return text[:cut], text[cut:]
    used = 0
    for index, sign in enumerate(text):
        used += _sign_width(sign)
        if used > width and index >= least:
            return text[:index], text[index:]
    return text, ""


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` columns, broken at blanks; a longer word is cut, and nothing is lost."""
    if visible_width(text) <= width and text[:1] != " ":
        return [text]
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if visible_width(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        line, rest = _split(word, width, least=1)
        while rest:
            lines.append(line)
            line, rest = _split(rest, width, least=1)
    return [*lines, line]


def flow(spans: Iterable[Span], width: int) -> list[Line]:
    """The spans beside one another while they fit; one that does not begins a new line, and is wrapped if it must."""
    lines: list[Line] = []
    line: list[Span] = []
    room = width
    for span in spans:
        if line and span.width < room:
            line += [blank(1), span]
            room -= 1 + span.width
            continue
        for piece in wrap(span.text, width):
            if line:
                lines.append(tuple(line))
            line = [Span(piece, span.role)]
            room = width - line[0].width
    return [*lines, tuple(line)] if line else lines


def shorten(text: str, width: int) -> str:
    """`text` in `width` columns: what does not fit is taken from its middle."""
    if visible_width(text) <= width:
        return text
    head, _ = _split(text, (width - 1) // 2, least=0)
    tail, _ = _split(text[::-1], width - 1 - visible_width(head), least=0)
    return f"{head}…{tail[::-1]}"


def columns(rows: Sequence[Sequence[Span]], width: int, *, floors: Sequence[int], gap: int = 2) -> list[Line]:
    """Rows as a table of at most `width` columns, where the floors allow it. The last column is wrapped.

    Of the others the widest gives first, none below its floor; what then does not fit a cell is shortened."""
    *fixed, floor = floors
    widths = [max(row[index].width for row in rows) for index in range(len(fixed))]
    while sum(widths) + gap * len(fixed) + floor > width:
        spare = [wide - least for wide, least in zip(widths, fixed, strict=True)]
        if max(spare) <= 0:
            break
        widths[max(range(len(fixed)), key=lambda index: (spare[index] > 0, widths[index]))] -= 1
    used = sum(widths) + gap * len(fixed)
    lines: list[Line] = []
    for *cells, last in rows:
        line: list[Span] = []
        for span, wide in zip(cells, widths, strict=True):
            cell = Span(shorten(span.text, wide), span.role)
            line += [cell, blank(wide - cell.width + gap)]
        first, *others = wrap(last.text, max(floor, width - used))
        lines.append((*line, Span(first, last.role)))
        lines += [(blank(used), Span(piece, last.role)) for piece in others]
    return lines


def paint(lines: Iterable[Line], *, colour: bool) -> str:
    """The lines as text, without blanks at their ends. Without `colour` there is no escape sequence in it."""
    return "\n".join(_paint_line(line, colour) for line in lines)


def _paint_line(line: Line, colour: bool) -> str:
    spans = list(line)
    while spans and not spans[-1].text.strip():
        spans.pop()
    if not colour:
        return "".join(span.text for span in spans)
    return "".join(f"\x1b[{span.role.value}m{span.text}\x1b[0m" if span.role.value else span.text for span in spans)
