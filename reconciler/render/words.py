"""Times, sizes, numbers and lists in words. No clock: `now` is always a parameter."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_COMMAND = ": reconciler "
_TOLD = 20
"""What must be left of a sentence for its command to be kept whole."""
_CLAUSE = re.compile(r"(?<=;) |(?<=:) (?=reconciler )")


def span(seconds: float) -> str:
    """A length of time in the largest unit that fits at least twice: `0.4 s`, `95 s`, `45 min`, `24 h`, `3 d`."""
    if 0 < seconds < 1:
        return f"{max(seconds, 0.1):.1f} s"
    whole = max(int(seconds), 0)
    length, unit = next((unit for unit in _UNITS if whole >= 2 * unit[0]), _UNITS[-1])
    return f"{whole // length} {unit}"


def ago(at: datetime, now: datetime) -> str:
    """How long before `now` that was: `just now`, `2 min ago`; a clock that ran ahead reads `in 2 min`."""
    seconds = (now - at).total_seconds()
    if abs(seconds) < 60:
        return "just now"
    return f"{span(seconds)} ago" if seconds > 0 else f"in {span(-seconds)}"


def stamp(at: datetime) -> str:
    """`2026-02-01 13:05 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def size(number: int) -> str:
    """`734 B`, `1.2 MB`; thousands, as the platforms' pages count."""
    amount = float(number)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 999.5:
            return f"{number} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def count(number: int, noun: str) -> str:
    """`1 model`, `2 models`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def names(items: Sequence[str], limit: int) -> str:
    """`a, b, c and 4 more`: the first `limit` of them by name."""
    shown = ", ".join(items[:limit])
    return f"{shown} and {len(items) - limit:,} more" if len(items) > limit else shown


def short(digest: str) -> str:
    """A digest, recognisable: `sha256:` and sixteen of its digits, which `apply --expect` takes too."""
    kind, colon, digits = digest.rpartition(":")
    return f"{kind}{colon}{digits[:16]}…" if len(digits) > 16 else digest


def clip(text: str, limit: int = 300) -> str:
    """`text`, cut where it is longer than anybody would read: at its end, or before the command that it ends with."""
    if len(text) <= limit:
        return text
    told, command = split_command(text)
    room = limit - len(command) - 2
    return f"{clip(told, room)}: {command}" if command and room >= _TOLD else f"{text[: limit - 1]}…"


def split_command(text: str) -> tuple[str, str]:
    """A sentence, and the command that it ends with; that is empty where there is none."""
    told, found, rest = text.rpartition(_COMMAND)
    return (told, f"reconciler {rest}") if found else (text, "")


def clauses(text: str) -> list[str]:
    """A sentence in parts that are better not broken: at its semicolons, and before the command it ends with."""
    return _CLAUSE.split(text)


def owned(owner: str | None) -> str:
    """Whose model it is."""
    return f"owner {owner}" if owner else ""
