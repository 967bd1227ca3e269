"""YAML text -> plain data that knows where every part of it stands. Reads no files and knows no schema.

One pass over the parser's events, so that nothing is built from what is refused: aliases, anchors, merge keys, tags, a
second document, keys that are no text or stand twice, nesting without end, characters that nobody can see, and words
that YAML readers take for something else than they look like (`no`, `010`, `12:30`, `2024-02-24`).
"""

import re
import unicodedata
from enum import Enum
from functools import lru_cache
from itertools import islice
from operator import attrgetter
from sys import intern
from typing import Any, Final

import yaml
from msgspec import Struct

from reconciler.core.places import COLUMN, VALUE, Place, key_line, line_and_column, number_of, spot_of
from reconciler.core.scalars import SUSPECT, Trap, resolve
from reconciler.errors import Complaint

MAX_BYTES: Final = 1 << 20
"""The longest text that is read."""

MAX_DEPTH: Final = 32
"""How deep mappings and lists may be nested."""

MAX_COMPLAINTS: Final = 100
"""After so many the rest of a text is not read: it is not what it was taken for."""

_OFTEN: Final = 16
"""A text of so few characters is likely to stand in many models, and is kept once."""

Path = tuple[str | int, ...]
"""What leads to a part of a document: keys of mappings and indices of lists, from the top."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


KEPT: Final = 2
"""To what depth it is kept where the parts of a document stand: the name of each model, and nothing below."""


class Document(Struct, frozen=True, kw_only=True, eq=False):
    """The data of one YAML text: dicts with text keys, lists, text, numbers, True, False and None. `top` is where its
    upper parts stand."""

    file: str
    data: Any
    top: Place
    content: bytes

    @property
    def text(self) -> str:
        """The text as it was read."""
        return self.content.decode("utf-8-sig", "surrogatepass")

    def at(self, path: Path) -> tuple[int, int]:
        """Line and column, from 1, of the value at `path`, or of the nearest part around it where it is missing."""
        return line_and_column(number_of(self._nearest(path)[0]) & ((1 << VALUE) - 1))

    def key_at(self, path: Path) -> tuple[int, int]:
        """Line and column, from 1, of the key that `path` ends with; of the value where it has none, as in a list."""
        number = number_of(self._nearest(path)[0])
        return line_and_column(number >> VALUE or number)

    def has(self, path: Path) -> bool:
        """Whether something stands at `path`."""
        return self._nearest(path)[1]

    def complaint(self, path: Path, text: str, *, on_key: bool = False) -> Complaint:
        """A complaint about the value at `path`, or about its key, or about the nearest part around it."""
        line, column = self.key_at(path) if on_key or not self.has(path) else self.at(path)
        return Complaint(file=self.file, line=line, column=column, text=printable(text))

    def _nearest(self, path: Path) -> tuple[Place, bool]:
        place = self.top if len(path) <= KEPT else _places(self)
        for step in path:
            try:
                place = place[1][step]  # type: ignore[index]
            except (KeyError, IndexError, TypeError):
                return place, False
        return place, True


@lru_cache(maxsize=4)
def _places(document: Document) -> Place:
    """Where all its parts stand. Of a hundred thousand models that takes more room than all else, and only complaints
    need it: so the text is read once more then."""
    reader = _Reader(document.file, whole=True)
    reader.read(_without_hidden(document.text, reader))
    return reader.top


def read_document(text: str | bytes, file: str) -> tuple[Document | None, tuple[Complaint, ...]]:
    """The document in `text` and everything wrong with it as YAML, in order; `file` names it in complaints.

    The document is None where the text could not be read to its end. Where it is there in spite of complaints, what
    was refused is None in it, or the text as it was written. Raises nothing."""
    reader, document = _Reader(file), None
    try:
        if isinstance(text, bytes) and len(text) > MAX_BYTES + 3:  # a cut may have gone through a character
            raise _End(0, 0, "larger than 1 MiB; split it: a folder of files is one inventory")
        characters = _decode(text)
        if len(characters.encode("utf-8", "surrogatepass")) > MAX_BYTES:
            raise _End(0, 0, "larger than 1 MiB; split it: a folder of files is one inventory")
        reader.read(_without_hidden(characters, reader))
        content = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        document = Document(file=file, data=reader.data, top=reader.top, content=content)
    except _End as end:
        reader.complain_at(*end.args)
    return document, tuple(sorted(reader.complaints, key=attrgetter("line", "column")))


def printable(text: str) -> str:
    """`text` with every character that does not show, or that moves others, as a visible escape."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


class _End(Exception):
    """The text cannot be read beyond a place: line and column, from 0, and why."""


# Characters: what nobody sees in a review must not be there.


def _decode(text: str | bytes) -> str:
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = text[: error.start].decode("utf-8-sig", "replace")
        raise _End(*_position(before, len(before)), "not UTF-8 text") from error


def _position(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index), index - text.rfind("\n", 0, index) - 1


def _hidden(char: str) -> bool:
    """Whether `char` is a control, a format (bidi, zero width), half a character, or a line end only YAML knows."""
    refused = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") or char in "\ufffe\uffff"
    return refused and char not in "\n\t"


def _name(char: str) -> str:
    return f"{ascii(char)[1:-1]} ({unicodedata.name(char, 'control character').lower()})"


def _without_hidden(text: str, reader: "_Reader") -> str:
    """`text` with a visible stand-in for every hidden character, each of them complained about."""
    hidden = {char for char in set(text) - {"\r"} if _hidden(char)}
    if not hidden and "\r" not in text:
        return text
    pattern = re.compile(r"\r(?!\n)" + "".join(f"|{re.escape(char)}" for char in sorted(hidden)))
    for match in islice(pattern.finditer(text), MAX_COMPLAINTS):
        reader.complain_at(*_position(text, match.start()), f"the character {_name(match[0])} is not allowed")
    return pattern.sub("\ufffd", text)


# Events -> data.


class _Key(Enum):
    """What a mapping has for a key: it is `NEXT`; it was `REFUSED`, so that its value is not kept; it is `NO_TEXT`."""

    NEXT = 1
    REFUSED = 2
    NO_TEXT = 3


class _Frame:
    """A mapping or list that is not ended yet; `named`: it is a mapping."""

    __slots__ = ("data", "key", "key_spot", "named", "places", "spot")

    def __init__(self, data: Any, places: Any, spot: int) -> None:
        self.data, self.places, self.spot = data, places, spot
        self.named = type(data) is dict
        self.key: Any = _Key.NEXT
        self.key_spot = 0


class _Reader:
    """Folds the parser's events into data and places, with a stack of its own instead of recursion."""

    def __init__(self, file: str, *, whole: bool = False) -> None:
        self.file, self.whole = file, whole
        self.complaints: list[Complaint] = []
        self.data: Any = None
        self.top: Place = 1 << COLUMN
        self.stack: list[_Frame] = []
        self.begun = False
        self.plain: set[str] = set()  # short texts that look like something else, and are not
        self.aliases: set[str] = set()  # complained about, each once: a few of them make thousands

    def complain_at(self, line: int, column: int, text: str) -> None:
        """Notes one thing wrong; line and column count from 0."""
        self.complaints.append(Complaint(file=self.file, line=line + 1, column=column + 1, text=text))

    def complain(self, mark: Any, text: str) -> None:
        """Notes one thing wrong; ends the reading where it is one too many."""
        self.complain_at(mark.line, mark.column, text)
        if len(self.complaints) >= MAX_COMPLAINTS:
            raise _End(mark.line, mark.column, "the rest was not read: too much is wrong with this file")

    def read(self, text: str) -> None:
        """Reads all of `text`. Raises `_End` where that is not possible."""
        if text.count("\n%") > MAX_COMPLAINTS:  # the parser compares each with all before it
            line = text.count("\n", 0, text.index("\n%")) + 1
            raise _End(line, 0, "directives (%YAML, %TAG) are not allowed")
        try:
            scalar, usual, stack = yaml.ScalarEvent, self._usual, self.stack
            next_event = _LOADER(text).get_event
            while (kind := type(event := next_event())) is not yaml.StreamEndEvent:
                if kind is not scalar:
                    self._take(event, kind)
                elif not stack or not usual(event, stack[-1]):
                    self._scalar(event)
        except yaml.MarkedYAMLError as error:
            raise _syntax(error, text) from error
        except yaml.YAMLError as error:
            raise _End(0, 0, f"not YAML: {printable(str(error))[:100]}") from error

    def _usual(self, event: Any, frame: _Frame) -> bool:
        """Takes a name or value of a mapping that there is nothing to say of, as nearly all are, in one go."""
        text, key = event.value, frame.key
        if not frame.named or event.tag is not None or event.anchor is not None or event.style == '"' or not text:
            return False
        if text[0] in SUSPECT and event.implicit[0] and text not in self.plain:
            return False
        mark = event.start_mark
        spot = mark.line + 1 << COLUMN | mark.column
        if type(key) is str:
            frame.data[key] = intern(text) if len(text) <= _OFTEN else text
            frame.places[key] = frame.key_spot << VALUE | spot
            frame.key = _Key.NEXT
            return True
        if key is not _Key.NEXT or text in frame.places or text == "<<":
            return False
        frame.key, frame.key_spot = intern(text), spot
        return True

    def _take(self, event: Any, kind: type) -> None:
        if kind is yaml.MappingStartEvent:
            self._start(event, {}, {})
        elif kind is yaml.SequenceStartEvent:
            self._start(event, [], [])
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            frame = self.stack.pop()
            self._attach(frame.data, frame.spot, frame.places if self.whole or len(self.stack) < KEPT else None)
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self._document(event)

    def _document(self, event: Any) -> None:
        if self.begun:
            raise _End(event.start_mark.line, event.start_mark.column, "a second document (---) is not allowed")
        self.begun = True
        if event.version or event.tags:
            self.complain(event.start_mark, "directives (%YAML, %TAG) are not allowed")

    def _alias(self, event: Any) -> None:
        if event.anchor not in self.aliases:
            self.aliases.add(event.anchor)
            text = f"aliases are not allowed: write out what *{_short(event.anchor)} stands for"
            self.complain(event.start_mark, text)
        if self._key_is_next():
            self.stack[-1].key = _Key.REFUSED
        else:
            self._attach(None, spot_of(event.start_mark), None)

    def _marked(self, event: Any) -> None:
        """Complains about an anchor or a tag of a part that is otherwise read."""
        if event.anchor is not None:
            self.complain(event.start_mark, f"anchors are not allowed: take &{_short(event.anchor)} away")
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!", 1)
            self.complain(event.start_mark, f"tags are not allowed: take {_short(tag)} away")

    def _start(self, event: Any, data: Any, places: Any) -> None:
        mark = event.start_mark
        if len(self.stack) == MAX_DEPTH:
            raise _End(mark.line, mark.column, f"nested deeper than {MAX_DEPTH} levels")
        if event.anchor is not None or event.tag is not None:
            self._marked(event)
        if self._key_is_next():
            kind = "mapping" if isinstance(data, dict) else "list"
            self.complain(mark, f"a name must be text, and not a {kind}")
            self.stack[-1].key = _Key.NO_TEXT
        self.stack.append(_Frame(data, places, spot_of(mark)))

    def _key_is_next(self) -> bool:
        return bool(self.stack) and self.stack[-1].key is _Key.NEXT and self.stack[-1].named

    def _scalar(self, event: Any) -> None:
        if event.tag is not None or event.anchor is not None:
            self._marked(event)
        if event.style == '"' and not event.value.isprintable():
            for char in filter(_hidden, dict.fromkeys(event.value)):
                self.complain(event.start_mark, f"the character {_name(char)} is not allowed")
                event.value = event.value.replace(char, "\ufffd")
        text = event.value
        plain = event.implicit[0] and event.tag is None and (not text or text[0] in SUSPECT)
        value = resolve(text) if plain else text
        if plain and value is text and len(text) <= _OFTEN:
            self.plain.add(text)
        if self._key_is_next():
            self._key(event, value)
        else:
            if type(value) is Trap:
                meant = f", or {value.plain} if that is meant" if value.plain else ""
                self.complain(event.start_mark, f"quote this value: {_misread(text, value)}{meant}")
                value = text
            if type(value) is str and len(value) <= _OFTEN:
                value = intern(value)
            self._attach(value, spot_of(event.start_mark), None)

    def _key(self, event: Any, value: Any) -> None:
        frame, mark = self.stack[-1], event.start_mark
        text = intern(event.value)
        frame.key, frame.key_spot = text, spot_of(mark)
        if value == text and text not in frame.places and text != "<<":
            return
        if type(value) is Trap:
            self.complain(mark, f"quote this name: {_misread(text, value)}")
        elif not isinstance(value, str):
            reading = "nothing" if value is None else "a number" if type(value) in (int, float) else text.lower()
            why = f": {_misread(text, Trap(reading))}" if text else ", and nothing stands here"
            self.complain(mark, f"a name must be text{why}")
        elif text == "<<" and event.implicit[0]:
            self.complain(mark, "merge keys (<<) are not allowed: write the fields out")
            frame.key = _Key.REFUSED
        if frame.key is text and text in frame.places:
            first = key_line(frame.places[text]) + 1
            self.complain(mark, f'"{_short(text)}" stands twice: first in line {first}, again in line {mark.line + 1}')
            frame.key = _Key.REFUSED

    def _attach(self, value: Any, spot: int, places: Any) -> None:
        """Puts a finished part where it belongs."""
        if not self.stack:
            self.data, self.top = value, spot if places is None else (spot, places)
            return
        frame = self.stack[-1]
        key = frame.key
        if not frame.named:
            frame.data.append(value)
            frame.places.append(spot if places is None else (spot, places))
        elif key is _Key.NO_TEXT:
            frame.key = _Key.REFUSED
        else:
            if key is not _Key.REFUSED:
                frame.data[key] = value
                number = frame.key_spot << VALUE | spot
                frame.places[key] = number if places is None else (number, places)
            frame.key = _Key.NEXT


# Words.


def _short(text: str) -> str:
    return printable(text[:40]) + ("…" if len(text) > 40 else "")


def _misread(text: str, trap: Trap) -> str:
    return f'YAML may read {_short(text)} as {trap.reading}; write "{_short(text)}"'


_PROBLEMS: Final[tuple[tuple[str, str], ...]] = (
    ("mapping values are not", "a second colon (quote text that holds one), wrong indentation, or too long a name"),
    ("could not find expected ':'", "a name without a colon behind it, or one over 1,000 characters"),
    ("unexpected end of stream", "this quote is never closed"),
    ("unknown escape character", "an unknown \\ escape in double quotes; in single quotes a \\ is only a \\"),
    ("did not find expected key", "this line does not fit those above: look at its indentation, quotes and brackets"),
    ("did not find expected '-'", "this line does not fit the list above: look at its indentation"),
    ("did not find expected ',' or", "a comma or a closing bracket is missing"),
    ("cannot start any token", "no word begins with this character; quote it"),
)


def _syntax(error: yaml.MarkedYAMLError, text: str) -> _End:
    """What the parser found, in our words, at the place where the mistake was made."""
    problem, context = error.problem or "", error.context or ""
    mark: Any = error.problem_mark or error.context_mark
    if "end of stream" in problem or "expected ':'" in problem:
        mark = error.context_mark or mark
    known = (words for part, words in _PROBLEMS if part in problem)
    words = next(known, printable(f"{problem} {context}")[:100].strip())
    if text[mark.index : mark.index + 1] == "\t":
        words = "a tab stands here; indent with spaces"
    return _End(mark.line, mark.column, f"not YAML: {words}")
