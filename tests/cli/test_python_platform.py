"""A platform that data cannot describe: a Python class behind the five-member protocol, found by its entry point."""

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli import environment
from reconciler.platforms import registry
from tests.cli.conftest import Reconciler

CLASS = """
from reconciler.core.capabilities import Capabilities, PlatformType
from reconciler.core.job import Accepted, Job, JobState, JobStatus, Verb
from reconciler.core.live import Evidence, EvidenceSource, Live, LiveState, Observation

CAN = Capabilities(
    verbs={Verb.DEPLOY: None, Verb.UNDEPLOY: None, Verb.EXPORT: "no files here"}, reads_state=True, reads_together=True
)
STATES = {"m-1": LiveState.UNDEPLOYED}


class Memory:
    capabilities = CAN

    def __init__(self, opening):
        self.clock = opening.clock

    async def observe(self, models, jobs):
        evidence = Evidence(source=EvidenceSource.LIST, at=self.clock.now())
        return Observation(lives=tuple(Live(address=m.address, state=STATES[m.id], evidence=evidence) for m in models))

    async def start(self, verb, model, live, go):
        await go()
        STATES[model.id] = LiveState.DEPLOYED if verb is Verb.DEPLOY else LiveState.UNDEPLOYED
        job = Job(address=model.address, verb=verb, id=None, since=self.clock.now())
        return Accepted(job=job, status=JobStatus(state=JobState.SUCCEEDED))

    async def poll(self, jobs):
        return {}

    async def aclose(self):
        pass


class Factory:
    type = PlatformType(name="in-memory", id_pattern="m-[0-9]+", capabilities=CAN, needs_key=False)

    def open(self, opening):
        return Memory(opening)


FACTORY = Factory()
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A distribution with the entry point, as pip would leave it."""
    site = tmp_path / "site"
    about = site / "in_memory-1.0.dist-info"
    about.mkdir(parents=True)
    (site / "in_memory_platform.py").write_text(CLASS)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: in-memory\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[reconciler.platforms]\nin-memory = in_memory_platform:FACTORY\n")
    monkeypatch.syspath_prepend(str(site))
    registry.find_type.cache_clear()
    yield
    registry.find_type.cache_clear()
    sys.modules.pop("in_memory_platform", None)


@pytest.mark.usefixtures("installed")
def test_a_python_platform_is_planned_and_applied(reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_IN_MEMORY_URL", "https://models.example")
    inventory = """
        version: 1
        models:
          one: {platform: in-memory, id: m-1, state: deployed}
        """
    Path("inventory.yaml").write_text(textwrap.dedent(inventory))

    assert "in-memory" in reconciler("platforms").out
    assert reconciler("plan", "--detailed-exitcode").code == 2
    assert "verified" in reconciler("apply", "--yes").out
    assert reconciler("plan", "--detailed-exitcode").code == 0


@pytest.mark.usefixtures("installed")
def test_a_fault_of_the_class_is_told_once_and_without_a_key(
    reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_IN_MEMORY_URL", "https://models.example")
    monkeypatch.setenv("RECONCILER_IN_MEMORY_KEY", "a-key-of-some-length")
    environment.redactor.cache_clear()
    models = "".join(f"  m{n}: {{platform: in-memory, id: m-{n}, state: deployed}}\n" for n in (1, 2))
    Path("inventory.yaml").write_text(f"version: 1\nmodels:\n{models}")
    platform = __import__("in_memory_platform")
    platform.STATES["m-2"] = platform.LiveState.UNDEPLOYED
    looks: list[int] = []
    looked = platform.Memory.observe

    async def observe(self: object, models: object, jobs: object) -> object:
        looks.append(1)
        if len(looks) > 1:
            raise RuntimeError("refused for a-key-of-some-length")
        return await looked(self, models, jobs)

    monkeypatch.setattr(platform.Memory, "observe", observe)
    ran = reconciler("apply", "--yes")
    assert ran.code == 5
    assert "RuntimeError: refused for" in ran.out + ran.err
    assert "a-key-of-some-length" not in ran.out + ran.err
    assert "never retrieved" not in ran.err
