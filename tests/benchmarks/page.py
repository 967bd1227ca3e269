"""From what was measured to the table in `README.md`. Pure."""

from collections.abc import Iterable, Mapping
from itertools import takewhile

from msgspec import Struct

HEAD = ("goal", "what", "measured", "wanted", "beside it", "ratio", "held")


class Row(Struct, frozen=True, kw_only=True):
    """One line: `name` begins with the number of the goal; `held` is None where there is nothing to say."""

    name: str
    what: str
    measured: str
    wanted: str
    peer: str = ""
    ratio: str = ""
    held: bool | None = None
    quick: bool = False

    def line(self) -> str:
        """As a line of the table."""
        said = {True: "yes", False: "**no**", None: ""}[self.held]
        measured = f"sample: {self.measured}" if self.quick else self.measured
        cells = (self.name, self.what, measured, self.wanted, self.peer, self.ratio, said)
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def between(text: str, name: str) -> str:
    """What stands between the two markers of a page."""
    begin, end = markers(name)
    return text.partition(begin)[2].partition(end)[0].strip()


def put(text: str, name: str, content: str) -> str:
    """The page with other content between the two markers."""
    begin, end = markers(name)
    before, begun, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    assert begun, f"the page has no {begin}"
    assert ended, f"the page has no {end}"
    return f"{before}{begin}\n\n{content}\n\n{end}{after}"


def markers(name: str) -> tuple[str, str]:
    """What a part of the page stands between."""
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def table(new: Iterable[Row], old: str) -> str:
    """The whole table: lines of goals that were measured now, and those of before for all others."""
    fresh = {row.name: row.line() for row in new}
    goals = {goal_of(name) for name in fresh}
    lines = {name: line for name, line in _lines(old).items() if goal_of(name) not in goals} | fresh
    ordered = [lines[name] for name in sorted(lines, key=_order)]
    return "\n".join(("| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD), *ordered))


def _lines(content: str) -> Mapping[str, str]:
    lines = [line for line in content.splitlines() if line.startswith("| ") and " | " in line]
    return {line.split(" | ")[0].removeprefix("| "): line for line in lines[1:]}


def goal_of(name: str) -> str:
    """The goal that a line is of: `5b at 50` is of 5, `render html` of render."""
    digits = "".join(takewhile(str.isdigit, name))
    return digits or name.split(" ")[0]


def _order(name: str) -> tuple[int, str]:
    goal = goal_of(name)
    return (int(goal) if goal.isdigit() else 99, name)
