"""A simulator with fast jobs, a folder of its own, and the commands run as `main` runs them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.cli import environment
from reconciler.cli.main import run
from reconciler.cli.simulate import variables
from reconciler.simulator import JobTime, SimulatedPlatforms, quickstart

KORE_PROBED = "probe: {path: /models/cm-20f1a/v2/chat/completions}"


@pytest.fixture
def platforms() -> Iterator[SimulatedPlatforms]:
    with SimulatedPlatforms(seed=quickstart, job_time=JobTime(seconds=0.2)) as simulated:
        yield simulated


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder, and nothing of ours, of a pipeline's or of a terminal's in the environment."""
    import os

    for name in list(os.environ):
        if name.startswith("RECONCILER_") or name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "GITHUB_SHA", "FORCE_COLOR"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    environment.redactor.cache_clear()
    yield tmp_path
    environment.redactor.cache_clear()


@pytest.fixture
def reach(platforms: SimulatedPlatforms, monkeypatch: pytest.MonkeyPatch) -> SimulatedPlatforms:
    """The simulator, with the variables set that lead to it; polls are quick and the settle time is a second."""
    for name, value in variables(platforms.kore_url, platforms.nugen_url, platforms.nugen_b_url).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RECONCILER_POLL_SECONDS", "0.05")
    monkeypatch.setenv("RECONCILER_SETTLE_SECONDS", "1")
    environment.redactor.cache_clear()
    return platforms


@dataclass(frozen=True, slots=True)
class Ran:
    """What one command came to."""

    code: int
    out: str
    err: str


Reconciler = Callable[..., Ran]


@pytest.fixture
def reconciler(capsys: pytest.CaptureFixture[str]) -> Reconciler:
    def call(*arguments: str) -> Ran:
        capsys.readouterr()
        code = run(arguments)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return call


def inventory(*models: str, head: str = "") -> str:
    """Write `inventory.yaml` with these models, each a YAML mapping below its name."""
    text = "version: 1\n" + head + "models:\n" + "".join(f"  {model}\n" for model in models)
    Path("inventory.yaml").write_text(text, "utf-8")
    return text


FAQ = "faq: {platform: nugen, id: alignment_01KXG82FJJ98NQ0, state: deployed}"
READER = "reader: {platform: nugen, id: alignment_01KX0619C87YR5S, state: deployed}"
PILOT = "pilot: {platform: nugen, id: alignment_01M3GF73KHT8N4TB, state: undeployed}"
TRIAGE = (
    f"triage: {{platform: kore, id: cm-20f1a, state: undeployed, export: {{before_undeploy: true}}, {KORE_PROBED}}}"
)
BATCH = "batch: {platform: kore, id: cm-9d04e, state: undeployed}"


def starts(platforms: SimulatedPlatforms) -> list[tuple[str, str]]:
    """Operation and model of every request that asked for a change, on both platforms, in order."""
    entries = [*platforms.kore.log.entries, *platforms.nugen.log.entries]
    asked = (entry for entry in entries if entry.operation in ("deploy", "undeploy", "export"))
    return [(entry.operation, entry.model or "") for entry in sorted(asked, key=lambda entry: entry.at)]
