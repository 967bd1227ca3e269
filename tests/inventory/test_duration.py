"""Lengths of time, as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.duration import format_duration, parse_duration


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("15m", 900), ("24h", 86400), ("7d", 604800), ("0s", 0)])
def test_parse(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds
    assert isinstance(parse_duration(text), float)


@pytest.mark.parametrize(
    "text", ["", "5", "m", "1.5h", "1h30m", "-5m", "5 m", "5M", "5m\n", "1234567s", "٣s", "x" * 10_000]
)
def test_anything_else_is_refused_with_words(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration such as 90s, 15m, 24h or 7d") as caught:
        parse_duration(text)
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"), (-3, "0s"), (0.4, "0.4s"), (0.05, "0.05s"), (1, "1s"), (45, "45s"), (60, "1m"), (90, "90s"),
        (180, "3m"), (2700, "45m"), (3725, "62m"), (7200, "2h"), (86400, "1d"), (100_000, "28h"), (259200, "3d"),
        (604800, "7d"),
    ],
)  # fmt: skip
def test_format(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(1, 999), st.sampled_from("smhd"))
def test_what_was_written_means_the_same_after_formatting(number: int, unit: str) -> None:
    seconds = parse_duration(f"{number}{unit}")

    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, rel=0.26)
    if number == 1 or unit == "d":
        assert parse_duration(format_duration(seconds)) == seconds
