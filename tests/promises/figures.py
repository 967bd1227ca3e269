"""Adding up what tests state of themselves.

A test says `record_property("figure", "25 kills, 0 duplicates, slowest 3.1 s")`, or hands over any property that is a
number, or a dictionary of numbers: `{"kills": 25, "duplicates": 0}`. Pieces of the same words are added; of those with
`slowest`, `longest` or `most` before the number the largest counts, with `fewest` or `least` the smallest. What holds
no such number stands once."""

import re
from collections.abc import Iterable

_NUMBER = r"(?P<number>\d[\d,_]*(?:\.\d+)?) ?(?P<rest>.*)"
_COUNTED = re.compile(_NUMBER, re.DOTALL)
_BOUND = re.compile(r"(?P<before>(?:.*\b)?(?:slowest|longest|most|fewest|least)) " + _NUMBER, re.DOTALL)
_JOIN = {"slowest": max, "longest": max, "most": max, "fewest": min, "least": min}


def stated(properties: Iterable[tuple[str, object]]) -> list[str]:
    """The figures among the properties of one test."""
    found = []
    for name, value in properties:
        if isinstance(value, dict):
            words = {str(key).replace("_", " "): number for key, number in value.items()}
            found += [_swapped(key, number) for key, number in words.items() if isinstance(number, int | float)]
        elif name == "figure":
            found.append(str(value))
        elif isinstance(value, int | float):
            found.append(_swapped(name, value))
    return found


def _swapped(words: str, number: float) -> str:
    first, _, rest = words.partition(" ")
    return f"{first} {number} {rest}".strip() if first in _JOIN else f"{number} {words}"


def add_up(figures: Iterable[str]) -> str:
    """All figures as one, in the order in which the words were first said."""
    found: dict[tuple[str, str], list[float]] = {}
    for piece in (piece.strip() for figure in figures for piece in re.split(r",\s", figure)):
        if match := _COUNTED.fullmatch(piece):
            words = "", match["rest"]
        elif match := _BOUND.fullmatch(piece):
            words = match["before"], match["rest"]
        else:
            found.setdefault((piece, ""), [])
            continue
        found.setdefault(words, []).append(float(re.sub("[,_]", "", match["number"])))
    return ", ".join(_piece(before, rest, numbers) for (before, rest), numbers in found.items())


def _piece(before: str, rest: str, numbers: list[float]) -> str:
    if not numbers:
        return before
    total = float(_JOIN[before.split()[-1]](numbers) if before else sum(numbers))
    shown = f"{total:,.0f}" if total.is_integer() else f"{total:,.1f}"
    return " ".join(part for part in (before, shown, rest) if part)
