"""Text -> data and places."""

import time
from typing import Any

import pytest

from reconciler.core.document import MAX_COMPLAINTS, Document, read_document

TEXT = """\
# a comment
a: 1
b:
  - x
  - {c: true, "d e": [1.5, ~]}
f:
g: |
  two
  lines
"""


def read(text: str | bytes) -> Document:
    document, complaints = read_document(text, "f.yaml")
    assert not complaints
    assert document is not None
    return document


def refused(text: str | bytes) -> list[str]:
    return [str(complaint) for complaint in read_document(text, "f.yaml")[1]]


def test_data() -> None:
    assert read(TEXT).data == {"a": 1, "b": ["x", {"c": True, "d e": [1.5, None]}], "f": None, "g": "two\nlines\n"}


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ((), (2, 1), (2, 1)),
        (("a",), (2, 4), (2, 1)),
        (("b",), (4, 3), (3, 1)),
        (("b", 0), (4, 5), (4, 5)),
        (("b", 1), (5, 5), (5, 5)),
        (("b", 1, "c"), (5, 9), (5, 6)),
        (("b", 1, "d e", 1), (5, 28), (5, 28)),
        (("f",), (6, 3), (6, 1)),
        (("g",), (7, 4), (7, 1)),
        (("gone",), (2, 1), (2, 1)),
        (("b", 1, "gone", "x"), (5, 5), (5, 5)),
        (("b", 7), (4, 3), (3, 1)),
        (("a", "x"), (2, 4), (2, 1)),
        (("b", "x"), (4, 3), (3, 1)),
    ],
)
def test_places(path: tuple[str | int, ...], value: tuple[int, int], key: tuple[int, int]) -> None:
    document = read(TEXT)

    assert document.at(path) == value
    assert document.key_at(path) == key


def test_a_complaint_about_what_is_missing_is_about_the_name_around_it() -> None:
    document = read(TEXT)

    assert str(document.complaint(("b",), "x")) == "f.yaml:4:3: x"
    assert str(document.complaint(("b",), "x", on_key=True)) == "f.yaml:3:1: x"
    assert str(document.complaint(("b", "gone"), "x")) == "f.yaml:3:1: x"
    assert document.has(("b", 1, "c"))
    assert not document.has(("b", 1, "e"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("Null", None),
        ("true", True),
        ("FALSE", False),
        ("tRUE", "tRUE"),
        ("0", 0),
        ("-12", -12),
        ("123456789012345", 123456789012345),
        ("1.50", 1.5),
        ("-0.25", -0.25),
        ("no thanks", "no thanks"),
        ("yesterday", "yesterday"),
        ("1.2.3", "1.2.3"),
        ("09:30", "09:30"),
        ("12:75", "12:75"),
        ("2024-02", "2024-02"),
        ("30%", "30%"),
        ("1e", "1e"),
        ("0xg", "0xg"),
        ("-x", "-x"),
        ("=", "="),
        ("'010'", "010"),
        ('"yes"', "yes"),
        ('"a\\tb"', "a\tb"),
        ("a\u00a0b", "a\u00a0b"),
    ],
)
def test_scalars(text: str, value: Any) -> None:
    data = read(f"a: {text}\n").data["a"]

    assert data == value
    assert type(data) is type(value)


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("yes", 'true; write "yes", or true if that is meant'),
        ("Off", 'false; write "Off"'),
        ("N", "false"),
        ("010", "8"),
        ("08", "8"),
        ("0o17", "a number"),
        ("0x1F", "31"),
        ("0b11", "3"),
        ("1e3", "1000"),
        ("1.5e-3", "0.0015"),
        ("6.02e+23", "the number 6.02e+23"),
        ("+5", "5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1_000.5", "1000.5"),
        ("12:30", "750"),
        ("-1:30:30", "-5430"),
        ("1:30.5", "90.5"),
        ("2024-02-24", "a date"),
        ("2024-02-24T10:00:00Z", "a date"),
        ("2024-02-24 10:00:00 +01:00", "a date"),
        ("-.INF", "the number -inf"),
        (".nan", "the number nan"),
        ("1234567890123456", "the number 1.23457e+15"),
        ("0.12345678901234567", "0.123456789012"),
        ("0" * 5000, "a number"),
        ("9" * 5000, "a number"),
        ("1" + ":59" * 2000, "a number"),
    ],
)
def test_traps(text: str, reading: str) -> None:
    document, complaints = read_document(f"a: {text}\n", "f.yaml")

    assert document is not None
    assert document.data == {"a": text}
    assert str(complaints[0]).startswith(f"f.yaml:1:4: quote this value: YAML may read {text[:40]}")
    assert f" as {reading}" in complaints[0].text
    assert len(complaints) == 1


def test_everything_wrong_is_told_and_the_rest_is_read() -> None:
    text = "a: yes\na: 2\n1: x\n<<: {z: 1}\n? [k]\n: v\n? {k: 2}\n: *k\nb: &b [*b, *b]\nc: !t x\n"
    text += 'd: "\\e"\n*b : 1\nlast: ok\n'
    document, complaints = read_document(text, "f.yaml")

    assert document is not None
    assert document.data == {"a": "yes", "1": "x", "b": [None, None], "c": "x", "d": "\ufffd", "last": "ok"}
    assert [(one.line, one.column) for one in complaints] == [
        (1, 4),
        (2, 1),
        (3, 1),
        (4, 1),
        (5, 3),
        (7, 3),
        (8, 3),
        (9, 4),
        (9, 8),
        (10, 4),
        (11, 4),
    ]


def test_nesting_has_an_end() -> None:
    assert read("[" * 32 + "]" * 32).data
    assert refused("[" * 33 + "]" * 33) == ["f.yaml:1:33: nested deeper than 32 levels"]
    assert refused("[" * 500_000) == ["f.yaml:1:33: nested deeper than 32 levels"]
    assert refused("{a: " * 200_000) == ["f.yaml:1:129: nested deeper than 32 levels"]


def test_length_has_an_end() -> None:
    comment = "#" * ((1 << 20) - 5) + "\n"

    assert read(comment + "a: 1").data == {"a": 1}
    assert read(b"\xef\xbb\xbf" + comment.encode() + b"a: 1").data == {"a": 1}
    assert refused(comment + "a: 12") == ["f.yaml:1:1: larger than 1 MiB; split it: a folder of files is one inventory"]
    assert refused("a: " + "é" * (1 << 19)) == [
        "f.yaml:1:1: larger than 1 MiB; split it: a folder of files is one inventory"
    ]


def test_complaints_have_an_end() -> None:
    assert len(refused("- yes\n" * 50_000)) == MAX_COMPLAINTS + 1
    assert len(refused(bytes(100_000))) == MAX_COMPLAINTS
    assert "the rest was not read" in refused("- yes\n" * 50_000)[-1]


@pytest.mark.parametrize(
    "char", ["\0", "\x07", "\x1b", "\x7f", "\x85", "\x9b", "\u00ad", "\u061c", "\u200b", "\u200d", "\u202e", "\u2066",
             "\u2028", "\u2029", "\ufeff", "\ufffe", "\uffff", "\U000e0041", "\ud800"]
)  # fmt: skip
@pytest.mark.parametrize(
    "place", ["a: x{}y\n", "x{}y: 1\n", "a: 'x{}y'\n", 'a: "x{}y"\n', "# {}\na: 1\n", "a: |\n  x{}y\n"]
)
def test_what_nobody_sees_is_refused_where_it_stands(char: str, place: str) -> None:
    found = refused(place.format(char))
    before = place.split("{}")[0]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")

    assert [text.split(" (")[0] for text in found] == [f"f.yaml:{line}:{column}: the character {ascii(char)[1:-1]}"]


def test_line_ends_of_windows_are_counted_and_others_refused() -> None:
    assert read("a: 1\r\nb: 2\r\n").at(("b",)) == (2, 4)
    assert refused("a: 1\rb: 2\n")[0] == "f.yaml:1:5: the character \\r (control character) is not allowed"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a:\n\tb: 1\n", "2:1: not YAML: a tab stands here"),
        ("a: 'x\n\nb: 2\n", "1:4: not YAML: this quote is never closed"),
        ("a: [1\nb: 2\n", "2:2: not YAML: a comma or a closing bracket is missing"),
        ("a: b: c\n", "1:5: not YAML: a second colon"),
        ("abc\ndef: 1\n", "2:4: not YAML: a second colon (quote"),
        ("a: 1\nb\n", "2:1: not YAML: a name without a colon"),
        ("a: @x\n", "1:4: not YAML: no word begins with this character"),
        ('a: "\\q"\n', "1:5: not YAML: an unknown \\ escape"),
        ("- a\nb: c\n", "2:1: not YAML: this line does not fit the list above"),
        ("a: !<x\n", "1:7: not YAML: did not find the expected '>' while scanning a tag"),
        ("%TAG ! x\n", "2:1: not YAML: did not find expected <document start>"),
        (
            "x" * 2000 + ": 1",
            "1:2001: not YAML: a second colon (quote text that holds one), wrong indentation, or too long a name",
        ),
    ],
)
def test_what_is_no_yaml(text: str, words: str) -> None:
    assert read_document(text, "f.yaml")[0] is None
    assert refused(text)[-1].startswith(f"f.yaml:{words}")


def test_bytes_that_are_no_text() -> None:
    assert refused(b"a: 1\nb: \xc3\xa9\xff") == ["f.yaml:2:5: not UTF-8 text"]
    assert refused(b"\xef\xbb\xbf\xff") == ["f.yaml:1:1: not UTF-8 text"]


def test_a_flood_of_directives_ends_the_reading_at_once() -> None:
    text = "".join(f"%TAG !t{number}! tag:x,2000:\n" for number in range(40_000)) + "---\na: 1\n"
    began = time.process_time()
    assert refused(text) == ["f.yaml:2:1: directives (%YAML, %TAG) are not allowed"]
    assert time.process_time() - began < 1
