"""Commands in processes of their own, and servers that count what they are asked."""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from .platform import Counting

ROOT = Path(__file__).parents[2]
SAMPLED = {
    "test_a_case": 3,
    "test_what_a_platform_says_steers_nothing": 6,
    "test_a_path_that_is_something_else": 5,
    "test_surroundings_that_are_broken": 4,
    "test_an_environment_of_any_bytes": 3,
    "test_an_absurd_command_line": 2,
    "test_a_key_that_a_platform_says_back_is_nowhere": 3,
    "test_a_refusal_that_repeats_the_key_shows_none": 4,
    "test_no_redirect_takes_a_key_along": 3,
    "test_an_address_that_is_not_one_of_the_open_internet_is_not_fetched": 3,
}
"""Of these tests only every so many-th runs without `-m slow`, which runs all the others."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what is not in the sample as slow, and leave it out unless it is asked for."""
    numbers: dict[str, int] = {}
    for item in items:
        name = getattr(item, "originalname", "")
        if "tests/hostile" not in item.nodeid or name not in SAMPLED:
            continue
        numbers[name] = number = numbers.get(name, -1) + 1
        if number % SAMPLED[name]:
            item.add_marker(pytest.mark.slow)
            if "slow" not in (config.getoption("-m") or ""):
                item.add_marker(pytest.mark.skip(reason="only with -m slow"))


KEY = "kg-CANARY/9f+a1~Z7=quick\\brown"
"""A key with everything that is escaped somewhere."""
NUGEN_KEY = "nugen-canary&9<7>\"x'y%41"
PROBE_KEY = "probe.canary/0123?x=1&y=2"
PLAN_KEY = "plan-canary-never-printed-77"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What one process came to. `megabytes` is the most memory it had, `cpu` the seconds it computed."""

    code: int
    out: bytes
    err: bytes
    cpu: float
    wall: float
    megabytes: float

    @property
    def lines(self) -> list[str]:
        """What it said to people."""
        return self.err.decode("utf-8", "replace").splitlines()


Command = Callable[..., Ran]


class Nursery:
    """Starts commands as real processes; see `nursery.py`."""

    def __init__(self, scratch: Path) -> None:
        self._scratch, self._numbers = scratch, itertools.count()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.hostile.nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def run(self, *argv: str, cwd: Path, env: Mapping[str, str], stdin: str = "/dev/null") -> Ran:
        """Run one command line to its end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        number = next(self._numbers)
        out, err = self._scratch / f"{number}.out", self._scratch / f"{number}.err"
        order = {"argv": argv, "cwd": str(cwd), "env": dict(env), "stdin": stdin, "out": str(out), "err": str(err)}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        return Ran(out=out.read_bytes(), err=err.read_bytes(), **told)


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    found = Nursery(tmp_path_factory.mktemp("streams"))
    yield found
    found.close()


@pytest.fixture(scope="session")
def served() -> Iterator[Counting]:
    with Counting() as server:
        yield server


@pytest.fixture
def platform(served: Counting) -> Counting:
    """The platform that the variables lead to."""
    served.reset()
    return served


@pytest.fixture(scope="session")
def foreign() -> Iterator[Counting]:
    with Counting() as server:
        yield server


@pytest.fixture
def elsewhere(foreign: Counting) -> Counting:
    """A server that no variable leads to."""
    foreign.reset()
    return foreign


@pytest.fixture
def surroundings(platform: Counting) -> dict[str, str]:
    """The environment: both platforms at the counting server, every key a canary."""
    return {
        "PATH": os.environ["PATH"],
        "RECONCILER_KORE_URL": platform.url,
        "RECONCILER_KORE_KEY": KEY,
        "RECONCILER_KORE_PROBE_URL": platform.url,
        "RECONCILER_KORE_PROBE_KEY": PROBE_KEY,
        "RECONCILER_NUGEN_URL": platform.url,
        "RECONCILER_NUGEN_KEY": NUGEN_KEY,
        "RECONCILER_PLAN_KEY": PLAN_KEY,
        "RECONCILER_POLL_SECONDS": "0.05",
        "RECONCILER_SETTLE_SECONDS": "0.2",
    }


@pytest.fixture
def command(nursery: Nursery, tmp_path: Path, surroundings: dict[str, str]) -> Command:
    """Runs a command line in the test's folder. `env` is laid over the surroundings; None takes a variable away."""

    def run(*argv: str, env: Mapping[str, str | None] | None = None, stdin: str = "/dev/null") -> Ran:
        laid = {**surroundings, **(env or {})}
        return nursery.run(*argv, cwd=tmp_path, env={k: v for k, v in laid.items() if v is not None}, stdin=stdin)

    return run
