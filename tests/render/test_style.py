"""Widths, lines and columns."""

import re

from hypothesis import given
from hypothesis import strategies as st

from reconciler.render.style import Role, Span, columns, flow, paint, say, shorten, visible_width, wrap

TEXT = st.text("ab -日本é\u0301", max_size=80)


def test_width_counts_columns_not_signs() -> None:
    assert [visible_width(text) for text in ("abc", "日本", "e\u0301", "naïve")] == [3, 4, 1, 5]


@given(TEXT, st.integers(2, 30))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = wrap(text, width)

    assert all(visible_width(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(TEXT, st.integers(3, 30))
def test_shortened_text_fits_and_keeps_both_ends(text: str, width: int) -> None:
    short = shorten(text, width)

    assert visible_width(short) <= width
    assert short == text or "…" in short


def test_shortening_takes_the_middle() -> None:
    assert shorten("kore-eu/support-triage", 11) == "kore-…riage"


@given(st.lists(TEXT.filter(str.strip), max_size=6), st.integers(4, 40))
def test_flow_fits_and_loses_nothing(texts: list[str], width: int) -> None:
    lines = flow([Span(text) for text in texts], width)

    assert all(sum(span.width for span in line) <= width for line in lines)
    shown = "".join(span.text for line in lines for span in line)
    assert shown.replace(" ", "") == "".join(texts).replace(" ", "")


def test_flow_starts_a_line_rather_than_breaking_a_clause() -> None:
    lines = flow([say("one two three;"), say("four five")], 16)

    assert paint(lines, colour=False) == "one two three;\nfour five"


def test_columns_shrink_the_widest_and_wrap_the_last() -> None:
    rows = [[say("ADDRESS"), say("WHAT")], [say("kore-eu/support-triage"), say("accepted, job ds-1")]]

    shown = paint(columns(rows, 24, floors=(8, 10)), colour=False).splitlines()

    assert shown == ["ADDRESS       WHAT", "kore-…triage  accepted,", " " * 14 + "job ds-1"]


def test_columns_keep_their_floor_where_there_is_no_room() -> None:
    shown = paint(columns([[say("a" * 20), say("b" * 20)]], 10, floors=(8, 8)), colour=False).splitlines()

    assert [len(line) for line in shown] == [18, 18, 14]


def test_paint_ends_no_line_with_padding() -> None:
    assert paint([(say("a"), Span("   ")), (), (Span("  "),)], colour=False) == "a\n\n"


def test_colour_only_repeats() -> None:
    lines = [(say("stop", Role.DESTRUCTIVE), say(" go"))]

    coloured = paint(lines, colour=True)

    assert coloured == "\x1b[1;31mstop\x1b[0m go"
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == paint(lines, colour=False)


def test_a_span_is_harmless_by_construction() -> None:
    assert say("\x1b[31m::error::\n").text == r"\x1b[31m:\x3aerror:\x3a\n"
