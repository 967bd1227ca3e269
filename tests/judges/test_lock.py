"""The locks: everything the project asks for is in them, pinned and hashed, and nothing says where to fetch it."""

import re
import tomllib
from typing import Any, Final

import pytest
from packaging.requirements import Requirement

from .tools import HERE, ROOT

LOCKS: Final = (
    ROOT / ".ci" / "requirements.txt",
    ROOT / ".ci" / "runtime.txt",
    HERE / "schemathesis.txt",
    HERE / "linters.txt",
)
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PINS, RUNTIME = (
    dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", lock.read_text("utf-8"), re.MULTILINE)) for lock in LOCKS[:2]
)


def asked() -> list[str]:
    extras = PROJECT["project"]["optional-dependencies"].values()
    lines = [
        *PROJECT["build-system"]["requires"],
        *PROJECT["project"]["dependencies"],
        *(line for e in extras for line in e),
    ]
    return sorted({line for line in lines if not line.startswith("reconciler")})


@pytest.mark.parametrize("line", asked())
def test_what_is_asked_for_is_locked(line: str) -> None:
    wanted = Requirement(line)
    name = re.sub(r"[-_.]+", "-", wanted.name).lower()
    assert name in PINS, f"renew .ci/requirements.txt: {name} is not in it"
    assert wanted.specifier.contains(PINS[name]), f"renew .ci/requirements.txt: {name} {PINS[name]} is not {line}"


def test_what_production_installs_is_what_was_tested_and_no_tool_of_ours() -> None:
    project = PROJECT["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["postgresql"], "hatchling", "editables"]
    assert {Requirement(line).name.lower() for line in lines} <= set(RUNTIME)
    assert {name: PINS.get(name) for name in RUNTIME} == RUNTIME, "renew both locks together"
    assert not {"pytest", "mypy", "ruff", "starlette"} & set(RUNTIME)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_package_has_its_hashes_and_no_address(lock: Any) -> None:
    text = lock.read_text("utf-8")
    packages = re.split(r"\n(?=[a-z0-9])", "\n" + text)[1:]
    assert [package.split()[0] for package in packages if "--hash=sha256:" not in package] == []
    assert len(packages) > 15
    assert not re.search(r"https?:|file:|--(extra-)?index-url|--find-links", text)


@pytest.mark.parametrize("folder", ["npm", "npm-pipelines"])
def test_the_node_tools_are_pinned_with_hashes_and_no_address(folder: str) -> None:
    text = (HERE / folder / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in text
    assert text.count('"integrity"') == len(re.findall(r'^    "node_modules/', text, re.MULTILINE))
