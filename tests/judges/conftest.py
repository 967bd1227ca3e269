"""The judges are asked for by name: `python -m tests.judges`."""

from pathlib import Path

import pytest

from .tools import install_node_tools, install_python_tools


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "slow" not in (config.getoption("-m") or ""):
        for item in items:
            if item.get_closest_marker("slow") is not None and "tests/judges" in item.nodeid:
                item.add_marker(pytest.mark.skip(reason="only with -m slow: python -m tests.judges"))


@pytest.fixture(scope="session")
def node_tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_node_tools(tmp_path_factory.mktemp("node"))


@pytest.fixture(scope="session")
def schemathesis(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_python_tools(tmp_path_factory.mktemp("schemathesis"), "schemathesis.txt") / "schemathesis"


@pytest.fixture(scope="session")
def linters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_python_tools(tmp_path_factory.mktemp("linters"), "linters.txt")


@pytest.fixture(scope="session")
def pipeline_tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_node_tools(tmp_path_factory.mktemp("node"), "npm-pipelines")
