"""Times, sizes and lists in words."""

from datetime import timedelta

import pytest

from reconciler.render.words import ago, clauses, clip, count, names, short, size, span, split_command, stamp

from .samples import DIGEST, NOW


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (-5, "0 s"),
        (0.04, "0.1 s"),
        (0.42, "0.4 s"),
        (1, "1 s"),
        (95, "95 s"),
        (119.9, "119 s"),
        (120, "2 min"),
        (2700, "45 min"),
        (7200, "2 h"),
        (86_400, "24 h"),
        (3 * 86_400, "3 d"),
    ],
)
def test_span(seconds: float, words: str) -> None:
    assert span(seconds) == words


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=-59), "just now"),
        (timedelta(minutes=2), "2 min ago"),
        (timedelta(days=3), "3 d ago"),
        (timedelta(minutes=-5), "in 5 min"),
    ],
)
def test_ago(before: timedelta, words: str) -> None:
    assert ago(NOW - before, NOW) == words


def test_stamp_is_of_universal_time() -> None:
    assert stamp(NOW) == "2026-02-02 14:00 UTC"


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (734_003_200, "734.0 MB"), (10**13, "10.0 TB")]
)
def test_size(number: int, words: str) -> None:
    assert size(number) == words


def test_counts_and_lists() -> None:
    assert [count(number, "model") for number in (0, 1, 5000)] == ["0 models", "1 model", "5,000 models"]
    assert names(("a", "b"), 2) == "a, b"
    assert names(("a", "b", "c", "d"), 2) == "a, b and 2 more"


def test_short_digest() -> None:
    assert short(DIGEST) == DIGEST[:23] + "…"
    assert short("sha256:12") == "sha256:12"


def test_clip() -> None:
    assert clip("abc", 3) == "abc"
    assert clip("abcd", 3) == "ab…"


def test_a_command_is_cut_off_last() -> None:
    command = "reconciler adopt a/b --as STATE"
    assert split_command(f"why; say: {command}") == ("why; say", command)
    assert split_command("to let reconciler deploy it again") == ("to let reconciler deploy it again", "")
    assert clip("x" * 400 + f": {command}", 100) == "x" * 66 + f"…: {command}"
    assert clip(f"why: {command}", 40) == f"why: {command}"
    assert clip(f"why, in some words: {command}", 40) == "why, in some words: reconciler adopt a/…"


def test_a_sentence_parts_at_semicolons_and_before_its_command() -> None:
    assert clauses("why; say what it is: reconciler adopt a/b --as deployed") == [
        "why;",
        "say what it is:",
        "reconciler adopt a/b --as deployed",
    ]
