"""The long runs are asked for by name: `pytest tests/world -m slow`."""

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "slow" not in (config.getoption("-m") or ""):
        for item in items:
            if item.get_closest_marker("slow") is not None and "tests/world" in item.nodeid:
                item.add_marker(pytest.mark.skip(reason="only with -m slow"))
