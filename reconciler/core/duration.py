"""Durations as people write them. Only lengths of time; moments are the clock's."""

import re

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"([0-9]{1,6})([smhd])", re.ASCII)


def parse_duration(text: str) -> float:
    """Seconds of `90s`, `15m`, `24h` or `7d`. Raises ValueError, fit to be shown, for anything else."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!a} is not a duration such as 90s, 15m, 24h or 7d")
    return float(int(match[1]) * _UNITS[match[2]])


def format_duration(seconds: float) -> str:
    """`seconds` as people say them, in one unit: the largest that fits in exactly, or at least twice.

    So 45 is `45s`, 90 `90s`, 180 `3m`, 3725 `62m`; below one second `0.4s`; what is negative is `0s`."""
    if seconds < 1:
        return f"{max(seconds, 0):.2g}s"
    whole = round(seconds)
    for unit, length in reversed(_UNITS.items()):
        if whole >= 2 * length or (whole and whole % length == 0):
            return f"{round(whole / length)}{unit}"
    return f"{whole}s"
