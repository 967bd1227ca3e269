"""From promises and what their tests came to, to the table in `tests/README.md`. Pure but for `put`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .figures import add_up

BEGIN, END = "<!-- promises: begin -->", "<!-- promises: end -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """`words` in plain English; `shown_by` are folders, files or tests, from the repository's root on."""

    name: str
    words: str
    shown_by: tuple[str, ...]

    def covers(self, test: str) -> bool:
        """Whether a test, by its node id, shows this promise."""
        return any(fits(pattern, test) for pattern in self.shown_by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What one test came to: `passed`, `failed` or `skipped`."""

    outcome: str
    seconds: float
    figures: tuple[str, ...] = ()


def fits(pattern: str, test: str) -> bool:
    """Whether `pattern` is the folder, file, function or test of a node id."""
    return test == pattern or (test.startswith(pattern) and (pattern[-1] == "/" or test[len(pattern)] in ":["))


def row(promise: Promise, ran: Mapping[str, Ran], *, quick: bool = False) -> str:
    """One line of the table. `quick`: only CI's sample was run."""
    tests = [result for test, result in ran.items() if promise.covers(test)]
    failed, skipped = (sum(test.outcome == outcome for test in tests) for outcome in ("failed", "skipped"))
    figure = add_up(figure for test in tests if test.outcome == "passed" for figure in test.figures)
    said = [
        *([f"**{failed} of {len(tests)} failed**"] if failed else []),
        *([figure] if figure else []),
        f"{len(tests) - failed - skipped} tests" + (f" ({skipped} not run)" if skipped else ""),
    ]
    seconds = f"{sum(test.seconds for test in tests):.0f}"
    return _line(promise, ("sample: " if quick else "") + "; ".join(said), seconds)


def _line(promise: Promise, measured: str, seconds: str) -> str:
    shown_by = "<br>".join(f"`{pattern.removeprefix('tests/')}`" for pattern in promise.shown_by)
    cells = (promise.name, promise.words, measured, seconds, shown_by)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def rows(content: str) -> dict[str, str]:
    """The lines of a table by the names of their promises."""
    lines = [line for line in content.splitlines() if line.startswith("| ") and " | " in line]
    return {line.split(" | ")[0].removeprefix("| "): line for line in lines[1:]}


def table(promises: Sequence[Promise], new: Mapping[str, str], old: Mapping[str, str]) -> str:
    """The whole table: of every promise the line made now, else that of before, else one that says it was not run."""
    return "\n".join(
        (
            "| name | promise | measured | s | shown by |",
            "|---|---|---|---|---|",
            *(new.get(one.name) or old.get(one.name) or _line(one, "not run yet", "") for one in promises),
        )
    )


def between(text: str) -> str:
    """What stands between the two markers of a page."""
    return text.partition(BEGIN)[2].partition(END)[0].strip()


def put(page: Path, content: str) -> None:
    """Replace what stands between the two markers of a page."""
    before, begun, rest = page.read_text("utf-8").partition(BEGIN)
    _, ended, after = rest.partition(END)
    assert begun, f"{page} has no {BEGIN}"
    assert ended, f"{page} has no {END}"
    page.write_text(f"{before}{BEGIN}\n\n{content}\n\n{END}{after}", "utf-8")


def asked(promises: Iterable[Promise]) -> list[str]:
    """What to ask pytest for: every pattern that no other one holds."""
    patterns = sorted({pattern for promise in promises for pattern in promise.shown_by})
    return [one for one in patterns if not any(fits(other, one) for other in patterns if other != one)]
