"""The lock of CI: everything the project asks for is in it, pinned and hashed, and nothing says where to fetch it."""

import re
import tomllib
from typing import Any, Final

import pytest
from packaging.requirements import Requirement

from .tools import HERE, ROOT

LOCKS: Final = (ROOT / ".ci" / "requirements.txt", HERE / "schemathesis.txt", HERE / "linters.txt")
TEXT: Final = LOCKS[0].read_text("utf-8")
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PINS: Final = dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", TEXT, re.MULTILINE))


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
