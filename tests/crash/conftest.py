"""Benches, one of each kind for a module; the long runs are asked for by name: `pytest tests/crash -m slow`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from . import shim
from .bench import Bench, bench


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "slow" not in (config.getoption("-m") or ""):
        for item in items:
            if item.get_closest_marker("slow") is not None and "tests/crash" in item.nodeid:
                item.add_marker(pytest.mark.skip(reason="only with -m slow"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("bench")) as made:
        yield made


@pytest.fixture(scope="module")
def shimmed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One whose commands run upon the shim."""
    base: Path = tmp_path_factory.mktemp("bench")
    library = shim.build(base)
    if library is None:
        pytest.skip("no C compiler here, so the system calls cannot be counted")
    with bench(base, library) as made:
        yield made
