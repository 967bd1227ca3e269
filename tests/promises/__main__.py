"""Run the tests behind the promises and write the table: `python -m tests.promises [--quick] [R1 R16 ...] [-n 2]`.

With names only those promises are run, and the other lines of the table stay as they are. A line of a quick run says
that it is CI's sample."""

import argparse
import sys
from pathlib import Path

import pytest

from .figures import stated
from .page import Ran, asked, between, put, row, rows, table
from .table import PROMISES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "tests" / "README.md"


class Results:
    """A pytest plugin: keeps what every test came to, and what it stated."""

    def __init__(self) -> None:
        self.ran: dict[str, Ran] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        before = self.ran.get(report.nodeid, Ran(outcome="passed", seconds=0.0))
        outcome = report.outcome if before.outcome == "passed" else before.outcome
        figures = tuple(stated(report.user_properties))
        self.ran[report.nodeid] = Ran(outcome=outcome, seconds=before.seconds + report.duration, figures=figures)


def main(arguments: list[str]) -> int:
    """Returns pytest's own exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.promises", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="PROMISE")
    parser.add_argument("--quick", action="store_true", help="CI's sample, without the slow suites")
    parser.add_argument("-n", default="auto", metavar="WORKERS")
    options = parser.parse_args(arguments)
    chosen = [promise for promise in PROMISES if not options.names or promise.name in options.names]
    if unknown := set(options.names) - {promise.name for promise in chosen}:
        parser.error(f"no promise is called {', '.join(sorted(unknown))}")
    results = Results()
    which = [] if options.quick else ["-m", "slow or not slow"]
    code = pytest.main(["--rootdir", str(ROOT), "-n", options.n, *which, *asked(chosen)], plugins=[results])
    if not results.ran:
        return int(code)
    new = {promise.name: row(promise, results.ran, quick=options.quick) for promise in chosen}
    put(PAGE, table(PROMISES, new, rows(between(PAGE.read_text("utf-8")))))
    print("\n".join(new.values()))
    print(f"\nWritten to {PAGE.relative_to(ROOT)}.")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
