"""Runs every judge that was not written here, and prints what each saw: `python -m tests.judges`.

Needs node and npm; everything else is installed into folders of its own, pinned with hashes, and removed afterwards."""

import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent


class Table:
    """Collects, test by test, how many requests a judge saw and what it complained about."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, ...]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or (report.when == "setup" and not report.passed):
            noted = dict(report.user_properties)
            counts = (str(noted.get(name, "")) for name in ("runs", "violations"))
            module, _, name = report.nodeid.rpartition("/")[2].partition(".py::")
            self._rows.append((module[5:], name[5:], *counts, f"{report.duration:.0f} s", report.outcome))

    def __str__(self) -> str:
        rows = [("judge", "what was judged", "requests", "violations", "time", ""), *self._rows]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def main() -> int:
    table = Table()
    with tempfile.TemporaryDirectory() as folder:
        options = ["-m", "slow", "-p", "no:cacheprovider", "--basetemp", str(Path(folder) / "tests")]
        code = pytest.main([str(HERE), *options], plugins=[table])
    print(f"\n{table}")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
