"""One warm process per worker; the long runs are asked for by name: `pytest tests/kills -m slow`."""

from collections.abc import Callable, Iterator

import pytest

from .invariants import Tally
from .processes import Starter


@pytest.fixture(scope="session")
def starter() -> Iterator[Starter]:
    with Starter() as warm:
        yield warm


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Callable[[Tally], None]:
    """Counts towards the line at the end of the session."""
    return lambda tally: record_property("kills", tally.said())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "slow" not in (config.getoption("-m") or ""):
        for item in items:
            if item.get_closest_marker("slow") is not None and "tests/kills" in item.nodeid:
                item.add_marker(pytest.mark.skip(reason="only with -m slow"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the kill trials came to, by test, over all workers."""
    totals: dict[str, Tally] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for key, value in getattr(report, "user_properties", ()):
                if key == "kills" and report.when == "call":
                    totals.setdefault(report.nodeid.split("[")[0], Tally()).add(Tally(**value))
    for test, total in totals.items():
        text = ", ".join(f"{count:g} {kind.replace('_', ' ')}" for kind, count in total.said().items())
        terminalreporter.write_line(f"{test.split('::')[-1]}: {text}")
