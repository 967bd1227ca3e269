"""The text of an inventory -> the same inventory in one layout. Moves lines and the spaces between words, never a word:
every value keeps its quotes, every comment its place. What the result means is read again and compared.

Works on the parser's tokens, line by line, and prints nothing from data: no line is ever wrapped or joined."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, auto
from itertools import pairwise, takewhile
from typing import Any, NamedTuple

import yaml
from msgspec import Struct, field

from reconciler.core.document import Document, read_document
from reconciler.core.places import key_line, parts_of
from reconciler.errors import Complaint, InventoryError

STEP = 2
"""Columns of one level."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_HEADER = re.compile(r"[|>][-+0-9]*")
_NAMED = ("models", "platforms")
"""The sections whose entries are parted by a blank line where one of the two has several lines."""


def format_text(text: str | bytes, file: str) -> str:
    """`text` in the one layout; `file` names it in complaints. Formatting the result again changes nothing.

    Raises `InventoryError` for what cannot be read as YAML, and where the result would not say the same."""
    document, complaints = read_document(text, file)
    if document is None or complaints:
        raise InventoryError(complaints)
    plain = text if isinstance(text, str) else text.decode("utf-8")
    plain = plain.removeprefix("\ufeff").replace("\r\n", "\n")
    layout = _Layout(plain)
    formatted = "".join(f"{line}\n" for line in _written(layout, _parted(document, layout)))
    again, complaints = read_document(formatted, file)
    same = again is not None and not complaints and repr(again.data) == repr(document.data)
    if not same or _Layout(formatted).comments() != layout.comments():
        text = "left as it is: in the one layout it would not say the same"
        raise InventoryError([Complaint(file=file, line=0, column=0, text=text)])
    return formatted


class _Kind(Enum):
    """What a piece of a line is, as far as the space around it goes."""

    WORD = auto()
    MARK = auto()  # the - ? or : of a block: one space behind it
    COLON = auto()  # the same, and no space before it


class _Piece(NamedTuple):
    """A part of one line, from column to column, and whether its spaces are ours to choose."""

    start: int
    end: int
    kind: _Kind = _Kind.WORD


class _Block(NamedTuple):
    """A block mapping or list: the column of its parts as written and as they will be. `real`: the parser counts it;
    not so a list whose dashes stand below its own key."""

    old: int
    new: int
    is_list: bool
    real: bool = True


class _Line(Struct):
    """What is known of a line that holds more than a comment. `body`: its text as it must be, inside a text block;
    `keeps`: blank lines behind it belong to the text."""

    indent: int = 0
    pieces: list[_Piece] = field(default_factory=list)
    blocks: tuple[_Block, ...] = ()
    depth: int = 0
    body: str | None = None
    keeps: bool = False


class _Layout:
    """The lines of a text and what its tokens make of them."""

    def __init__(self, text: str) -> None:
        self.rows = text.split("\n")
        self.open_end = self.rows[-1] != ""
        if not self.open_end:
            self.rows.pop()
        self.lines: dict[int, _Line] = {}
        self.blocks: list[_Block] = []
        self.depth = 0
        tokens = list(yaml.scan(text, Loader=_LOADER))
        before: Any = None
        for index, token in enumerate(tokens):
            self._block(token)
            self._place(token, before, tokens, index)
            before = token

    def comment(self, number: int) -> tuple[int, str]:
        """Where the comment of a line begins, and the comment, empty where there is none."""
        line, row = self.lines.get(number), self.rows[number]
        if line is not None and line.body is not None:
            return 0, ""
        start = line.pieces[-1].end if line is not None and line.pieces else 0
        found = row[start:].strip()
        return (row.index("#", start), found) if found.startswith("#") else (0, "")

    def comments(self) -> list[str]:
        """Every comment, in order."""
        found = (self.comment(number)[1] for number in range(len(self.rows)))
        return [text for text in found if text]

    def inside(self, blocks: Sequence[_Block], depth: int) -> int:
        """The column of what stands below the last of `blocks`, `depth` brackets deep."""
        return (blocks[-1].new if blocks else -STEP) + STEP + STEP * depth

    def _block(self, token: Any) -> None:
        """Opens and closes blocks as the parser does, and the lists it opens no block for."""
        column, kind = token.start_mark.column, type(token)
        top = self.blocks[-1] if self.blocks else None
        if kind in (yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken):
            new = self.inside(self.blocks, 0)
            self.blocks.append(_Block(column, new, kind is yaml.BlockSequenceStartToken))
        elif kind is yaml.BlockEntryToken and top is not None and not top.is_list:
            self.blocks.append(_Block(column, top.new + STEP, is_list=True, real=False))
        elif kind in (yaml.KeyToken, yaml.BlockEndToken) and not self.depth:
            if top is not None and not top.real:
                self.blocks.pop()
            if kind is yaml.BlockEndToken:
                self.blocks.pop()

    def _place(self, token: Any, before: Any, tokens: Sequence[Any], index: int) -> None:
        """Puts a token on its lines, with their indentation where it is the first."""
        start, end = token.start_mark, token.end_mark
        if (start.line, start.column) == (end.line, end.column) and not isinstance(token, yaml.ScalarToken):
            return
        if isinstance(token, yaml.FlowSequenceEndToken | yaml.FlowMappingEndToken):
            self.depth -= 1
        if start.line not in self.lines:
            self.lines[start.line] = _Line(indent=self._indent(token, before, tokens, index))
        line = self.lines[start.line]
        if isinstance(token, yaml.ScalarToken) and token.style in ("|", ">"):
            self._text_block(token)
        elif start.line == end.line:
            line.pieces.append(_Piece(start.column, end.column, self._kind(token)))
        else:
            self._folded(token)
        if isinstance(token, yaml.FlowSequenceStartToken | yaml.FlowMappingStartToken):
            self.depth += 1
        last = self.lines[max(number for number in (start.line, end.line) if number in self.lines)]
        for known in (line, last):
            known.blocks, known.depth = tuple(self.blocks), self.depth

    def _kind(self, token: Any) -> _Kind:
        if self.depth:
            return _Kind.WORD
        if isinstance(token, yaml.ValueToken):
            return _Kind.COLON
        marks = yaml.KeyToken | yaml.BlockEntryToken | yaml.DocumentStartToken
        return _Kind.MARK if isinstance(token, marks) else _Kind.WORD

    def _indent(self, token: Any, before: Any, tokens: Sequence[Any], index: int) -> int:
        if isinstance(token, yaml.DocumentStartToken | yaml.DocumentEndToken):
            return 0
        closers = yaml.FlowSequenceEndToken | yaml.FlowMappingEndToken
        if self.depth or isinstance(token, closers):
            deeper = 0  # closing brackets at the head of a line stand as deep as the outermost that they close
            if isinstance(token, closers):
                behind = (tokens[at] for at in range(index + 1, len(tokens)))
                later = takewhile(lambda one: isinstance(one, closers), behind)
                deeper = sum(one.start_mark.line == token.start_mark.line for one in later)
            return self.inside(self.blocks, self.depth - deeper)
        implied = isinstance(before, yaml.KeyToken) and before.start_mark.index == before.end_mark.index
        if implied or self._kind(token) is not _Kind.WORD:
            return self.blocks[-1].new if self.blocks else 0
        return self.inside(self.blocks, 0)

    def _folded(self, token: Any) -> None:
        """A quoted or plain text over several lines: what stands before and behind its line ends does not count."""
        first, last = token.start_mark, token.end_mark
        for number in range(first.line, last.line + 1):
            row = self.rows[number]
            start = first.column if number == first.line else len(row) - len(row.lstrip(" \t"))
            end = last.column if number == last.line else max(start, _folded_end(row, token.style))
            line = self.lines.setdefault(number, _Line(indent=self.inside(self.blocks, self.depth)))
            line.pieces.append(_Piece(start, end))
            if start == end:
                line.body = ""

    def _text_block(self, token: Any) -> None:
        """A text that begins with | or >: its lines move together."""
        head, end = token.start_mark, token.end_mark
        matched = _HEADER.match(self.rows[head.line], head.column)
        header = matched[0] if matched else ""
        self.lines[head.line].pieces.append(_Piece(head.column, head.column + len(header)))
        numbers = list(range(head.line + 1, min(len(self.rows), end.line + (end.column > 0))))
        digits = "".join(char for char in header if char.isdigit())
        if digits:
            real = [block.old for block in self.blocks if block.real]
            old = (real[-1] if real else 0) + int(digits)
            new = (self.blocks[-1].new if self.blocks else 0) + int(digits)
        else:
            written = (self.rows[number] for number in numbers)
            old = next((len(row) - len(row.lstrip(" ")) for row in written if row.strip(" ")), 0)
            new = max(STEP, self.inside(self.blocks, 0))
        while numbers and "+" not in header and not self.rows[numbers[-1]][old:] and not self.rows[numbers[-1]].strip():
            numbers.pop()  # blanks beyond the indentation are part of the text
        for number in numbers:
            kept = self.rows[number][old:]
            self.lines[number] = _Line(
                body=" " * new + kept if kept else "", blocks=tuple(self.blocks), keeps="+" in header
            )
        if self.open_end and numbers and numbers[-1] == len(self.rows) - 1 and "-" not in header:
            self._without_end(head.line, head.column, header)

    def _without_end(self, number: int, column: int, header: str) -> None:
        """The file ends within a text, without a line end; with one behind it, the text must be told to have none."""
        row = self.rows[number]
        stripped = header.replace("+", "") + "-"
        self.rows[number] = row[:column] + stripped + row[column + len(header) :]
        self.lines[number].pieces[-1] = _Piece(column, column + len(stripped))


def _folded_end(row: str, style: str | None) -> int:
    """Where a line of a folded text ends, without blanks, but with one that a backslash makes part of the text."""
    stripped = row.rstrip(" \t")
    slashes = len(stripped) - len(stripped.rstrip("\\"))
    return min(len(row), len(stripped) + (style == '"' and slashes % 2))


# Blank lines.


def _parted(document: Document, layout: _Layout) -> set[int]:
    """The lines that a blank line must stand before: sections, models and platforms, where they are not one-liners."""
    sections = _places(document.top)
    ends = len(layout.rows)
    parted = set(_tall_neighbours(sections, layout, ends))
    heads = sorted(key_line(place) for place in sections.values())
    for name, place in sections.items():
        if name in _NAMED:
            end = next((line for line in heads if line > key_line(place)), ends)
            parted |= set(_tall_neighbours(_places(place), layout, end))
    return parted


def _places(place: Any) -> Mapping[str, Any]:
    parts = parts_of(place)
    return parts if isinstance(parts, dict) else {}


def _tall_neighbours(places: Mapping[str, Any], layout: _Layout, end: int) -> Iterator[int]:
    heads = sorted({key_line(place) for place in places.values()})
    tall = [any(number in layout.lines for number in range(head + 1, after)) for head, after in pairwise([*heads, end])]
    for index in range(1, len(heads)):
        if (tall[index] or tall[index - 1]) and not layout.lines[heads[index]].depth:
            yield heads[index]


# Writing.


def _written(layout: _Layout, parted: set[int]) -> Iterator[str]:
    """Every line as it must be."""
    bodies = {number: _body(layout.rows[number], line) for number, line in layout.lines.items()}
    columns = _comment_columns(layout, bodies)
    gap: list[int] = []
    last: int | None = None
    for number in range(len(layout.rows)):
        if number not in bodies:
            gap.append(number)
            continue
        yield from _gap(layout, gap, last, number, part=number in parted)
        comment = layout.comment(number)[1]
        yield bodies[number].ljust(columns[number]) + comment if comment else bodies[number]
        gap, last = [], number
    yield from _gap(layout, gap, last, None, part=False)


def _body(row: str, line: _Line) -> str:
    """A line without its comment: its indentation and its pieces."""
    if line.body is not None:
        return line.body
    text, before = " " * line.indent, None
    for piece in line.pieces:
        if before is None or piece.kind is _Kind.COLON:
            between = ""
        else:
            between = row[before.end : piece.start] if before.kind is _Kind.WORD else " "
        text += between + row[piece.start : piece.end]
        before = piece
    return text


def _comment_columns(layout: _Layout, bodies: Mapping[int, str]) -> dict[int, int]:
    """The column of every comment behind something. Those that share a column stay together; each has two spaces."""
    found: dict[int, int] = {}
    shared: dict[int, list[int]] = defaultdict(list)
    for number in bodies:
        column, comment = layout.comment(number)
        if comment:
            shared[column].append(number)
    for column, numbers in shared.items():
        needed = max(len(bodies[number]) + STEP for number in numbers)
        for number in numbers:
            space = layout.rows[number][layout.lines[number].pieces[-1].end : column]
            alone = len(bodies[number]) + (STEP if "\t" in space else max(STEP, len(space)))
            found[number] = max(column, needed) if len(numbers) > 1 else alone
    return found


def _gap(layout: _Layout, gap: Sequence[int], last: int | None, upcoming: int | None, *, part: bool) -> Iterator[str]:
    """The comments and blank lines between two lines, or before the first or behind the last."""
    lines: list[str] = []
    for number in gap:
        comment = layout.comment(number)[1]
        if comment:
            lines.append(" " * _column(layout, layout.comment(number)[0], last, upcoming) + comment)
        elif lines[-1:] != [""] and (lines or (last is not None and not _opens(layout, last, upcoming))):
            lines.append("")
    if upcoming is None and lines and lines[-1] == "":
        lines.pop()
    if part and last is not None and "" not in lines and not layout.lines[last].keeps:
        at = len(lines)
        lead = " " * layout.lines[upcoming].indent + "#" if upcoming is not None else "#"
        while at and lines[at - 1].startswith(lead):
            at -= 1
        lines.insert(at, "")
    yield from lines


def _opens(layout: _Layout, last: int, upcoming: int | None) -> bool:
    """Whether a line only names what begins below it."""
    line = layout.lines[last]
    if upcoming is None or line.body is not None or line.pieces[-1].kind is _Kind.WORD:
        return False
    return layout.lines[upcoming].indent > line.indent


def _column(layout: _Layout, old: int, last: int | None, upcoming: int | None) -> int:
    """The column of a comment of its own line: of the block that it stands in, as its old column shows."""
    before = layout.lines[last] if last is not None else _Line()
    if before.depth:
        return layout.inside(before.blocks, before.depth)
    places = [(block.old, block.new) for block in before.blocks]
    if upcoming is not None:
        row, line = layout.rows[upcoming], layout.lines[upcoming]
        places.append((len(row) - len(row.lstrip(" ")), line.indent))
    fitting = [(had, index, new) for index, (had, new) in enumerate(places) if had <= old]
    return max(fitting)[2] if fitting else min((new for _, new in places), default=0)
