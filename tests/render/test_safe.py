"""Untrusted text, over all of Unicode, through each sink and through what reads the sink."""

import re
import sys
import unicodedata
from html import unescape
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconciler.render.safe import ci, html, markdown, markdown_code, terminal, xml

from .samples import HOSTILE

ALL = "".join(map(chr, range(sys.maxunicode + 1)))
CHUNKS = [ALL[start : start + 4096] for start in range(0, len(ALL), 4096)]
ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=60)  # lone surrogates, too
MARKUP = st.text("\\`*_[]()<>!|#~@&$^:/.-+= \nwwwhttpsGHghab1;{}\"'", max_size=60)
ANYTHING = ANY_TEXT | MARKUP | st.sampled_from(HOSTILE) | st.lists(st.sampled_from(HOSTILE)).map(" ".join)

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def hidden(sign: str) -> bool:
    return unicodedata.category(sign)[0] == "C" or (unicodedata.category(sign)[0] == "Z" and sign != " ")


def test_no_code_point_reaches_a_terminal_that_steers_it_or_does_not_show() -> None:
    for sign in ALL:
        shown = terminal(sign)
        assert not any(map(hidden, shown))
        assert shown == sign or re.fullmatch(r"\\([trn]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})", shown)


def test_what_shows_is_shown_as_it_is() -> None:
    plain = "".join(sign for sign in map(chr, range(0x20, 0x7F)))

    assert terminal(plain) == plain
    assert terminal("Grüße, 日本語 и кириллица") == "Grüße, 日本語 и кириллица"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("a\u202eb", r"a\u202eb"),
        ("a\u200bb", r"a\u200bb"),
        ("a\r\nb", r"a\r\nb"),
        ("\x9b1m", r"\x9b1m"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("a   b", r"a \x20\x20b"),
        ("a\u3164b\ufe0f", r"a\u3164b\ufe0f"),
    ],
)
def test_terminal_shows_escapes(text: str, shown: str) -> None:
    assert terminal(text) == shown


@given(ANYTHING)
def test_terminal_is_one_harmless_line_and_settled(text: str) -> None:
    shown = terminal(text)

    assert len(shown.splitlines()) <= 1
    assert not any(map(hidden, shown))
    assert terminal(shown) == shown
    shown.encode()  # no lone surrogate is left


@given(ANYTHING)
@example("::set-output name=x::y")
@example(" ::error::x")
@example(":::")
@example("###[x")
def test_no_log_command_is_left_wherever_a_line_begins(text: str) -> None:
    shown = ci(text)

    assert "::" not in shown
    assert "##" not in shown
    assert "\n" not in shown
    assert "\x1b" not in shown
    assert ci(shown) == shown


def test_no_code_point_beside_a_command_lets_it_through() -> None:
    for signs in CHUNKS:
        shown = ci("x".join(f":{sign}:#{sign}#[" for sign in signs))
        assert "::" not in shown
        assert "##" not in shown


def inline(text: str) -> list[Token]:
    """What a parser of Markdown makes of a text inside a line."""
    tokens = PARSER.parse(f"x {text}")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    return tokens[1].children or []


def words(tokens: list[Token]) -> str:
    return "".join(token.content for token in tokens)


@given(ANYTHING)
def test_markdown_is_read_as_plain_words_and_nothing_else(text: str) -> None:
    tokens = inline(markdown(text))

    assert {token.type for token in tokens} <= {"text", "text_special"}
    assert words(tokens).replace("\u200b", "").rstrip() == f"x {terminal(text)}".rstrip()


@given(ANYTHING)
def test_markdown_stays_in_its_cell(text: str) -> None:
    tokens = PARSER.parse(f"| a | b |\n|---|---|\n| {markdown(text)} | last |\n")
    cells = [token for token in tokens if token.type == "inline"]

    assert [words(cell.children or []) for cell in cells[:2]] == ["a", "b"]
    assert len(cells) == 4
    assert words(cells[3].children or []) == "last"
    assert words(cells[2].children or []).replace("\u200b", "").strip() == terminal(text).strip()


REFERENCES = re.compile(r"@\w|#\d|\bgh-\d|://|\bwww\.|(?<!\d):[\w+-]+:", re.IGNORECASE)


@given(ANYTHING)
@example("https://evil HTTP://evil ftp://evil")
@example("www.evil.example WWW.EVIL.EXAMPLE")
@example("@team org/repo#12 gh-7 :octocat:")
def test_nothing_is_mentioned_or_linked_in_what_is_read(text: str) -> None:
    assert not REFERENCES.search(words(inline(markdown(text))))


def test_every_code_point_that_shows_is_plain_in_markdown() -> None:
    shown = [sign for sign in ALL if terminal(sign) == sign]  # all others are escaped first, in plain ASCII
    for start in range(0, len(shown), 4096):
        text = "a".join(shown[start : start + 4096])
        assert words(inline(markdown(text))).replace("\u200b", "").rstrip() == f"x {text}".rstrip()


@given(ANYTHING)
def test_markdown_code_is_exact(text: str) -> None:
    tokens = inline(markdown_code(text))

    assert words(tokens[1:]).strip() == terminal(text).strip()
    if text:
        assert [token.type for token in tokens] == ["text", "code_inline"]


@given(ANYTHING)
def test_html_and_xml_hold_the_text_and_nothing_else(text: str) -> None:
    element = ElementTree.fromstring(f'<a b="{xml(text)}">{xml(text)}</a>')

    assert element.text == (terminal(text) or None)
    assert element.get("b") == terminal(text)
    assert not re.search("[<>\"']", html(text))
    assert unescape(html(text)) == terminal(text)


def test_every_code_point_makes_well_formed_xml() -> None:
    for signs in CHUNKS:
        assert ElementTree.fromstring(f"<a>{xml(signs)}</a>").text == terminal(signs)
