"""The simulator, an empty folder and the commands, as for `tests/cli`. Long runs are asked for by name: `-m slow`."""

import pytest

from tests.cli.conftest import platforms, reach, reconciler, surroundings

__all__ = ["platforms", "reach", "reconciler", "surroundings"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "slow" not in (config.getoption("-m") or ""):
        for item in items:
            if item.get_closest_marker("slow") is not None and "tests/promises" in item.nodeid:
                item.add_marker(pytest.mark.skip(reason="only with -m slow"))
