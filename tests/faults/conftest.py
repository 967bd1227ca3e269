"""One runner of commands for all tests here. The long runs are asked for by name: `pytest tests/faults -m slow`."""

from collections.abc import Iterator

import pytest

from .runner import Runner


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "slow" not in (config.getoption("-m") or ""):
        for item in items:
            if item.get_closest_marker("slow") is not None and "tests/faults" in item.nodeid:
                item.add_marker(pytest.mark.skip(reason="only with -m slow"))


@pytest.fixture(scope="session")
def runner() -> Iterator[Runner]:
    made = Runner()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
