"""Where the parts of a YAML text stand, in as little memory as can be, for there are many. Pure."""

from typing import Any, Final

Place = int | tuple[int, Any]
"""Where a part stands: one number for its key (0 for the top and in lists) and its value, each line and column; for a
mapping or list a pair of that and the places of its own parts."""

COLUMN: Final = 20
VALUE: Final = 44
"""How many bits hold a column, and the line and column of a value."""


def spot_of(mark: Any) -> int:
    """A mark of the parser as a number above 0, with lines from 1."""
    spot: int = mark.line + 1 << COLUMN | mark.column
    return spot


def line_and_column(spot: int) -> tuple[int, int]:
    """Line and column, from 1, of a spot."""
    return spot >> COLUMN, (spot & ((1 << COLUMN) - 1)) + 1


def number_of(place: Place) -> int:
    """The number of a place: its key's spot above its value's."""
    return place if isinstance(place, int) else place[0]


def parts_of(place: Place) -> Any:
    """The places of the parts of a mapping or list, in a dict or list like it; None of a scalar."""
    return None if isinstance(place, int) else place[1]


def key_line(place: Place) -> int:
    """The line, from 0, of the key of a part."""
    return line_and_column(number_of(place) >> VALUE)[0] - 1
