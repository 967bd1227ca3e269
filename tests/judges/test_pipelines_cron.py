"""The example for cron, run for several nights against the simulator as cron would."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from prometheus_client.parser import text_string_to_metric_families

from reconciler.simulator import NUGEN_KEY, JobTime, SimulatedPlatforms, quickstart

from .tools import ROOT, free_port

pytestmark = pytest.mark.timeout(200)

CRON: Final = ROOT / "examples" / "pipelines" / "cron"
FAQ: Final = "alignment_01KXG82FJJ98NQ0"
PILOT: Final = "alignment_01M3GF73KHT8N4TB"
INVENTORY: Final = f"""version: 1
models:
  faq-bot: {{platform: nugen, id: {FAQ}, state: deployed, owner: team-support}}
  old-pilot: {{platform: nugen, id: {PILOT}, state: deployed}}
"""


@pytest.fixture
def simulated() -> Iterator[SimulatedPlatforms]:
    with SimulatedPlatforms(seed=quickstart, job_time=JobTime(seconds=0.2)) as running:
        running.nugen.set_state(FAQ, "deployed")
        yield running


class Host:
    """A machine with the script, the inventory and keys in a file; nothing in the environment but what cron sets."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.numbers = folder / "reconciler.prom"
        (folder / "inventory.yaml").write_text(INVENTORY, "utf-8")
        (folder / "nugen.key").touch(mode=0o600)
        (folder / "nugen.key").write_text(NUGEN_KEY + "\n", "ascii")
        (folder / "bin").mkdir()
        command = f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m reconciler "$@"\n'
        (folder / "bin" / "reconciler").write_text(command)
        (folder / "bin" / "reconciler").chmod(0o755)

    def night(self) -> subprocess.CompletedProcess[str]:
        """One run; what it prints is the mail."""
        lines = [
            line for line in (CRON / "crontab").read_text("utf-8").splitlines() if line and line[0] not in "#0123456789"
        ]
        said = dict(line.split("=", 1) for line in lines)
        said["RECONCILER_NUGEN_KEY_FILE"] = str(self.folder / "nugen.key")
        del said["RECONCILER_KORE_KEY_FILE"]
        said |= {"PATH": f"{self.folder}/bin:/usr/bin:/bin", "RECONCILER_NUGEN_URL": self.url, "HOME": str(self.folder)}
        command = [CRON / "nightly-drift.sh", self.folder, self.numbers]
        merged = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "timeout": 60}
        return subprocess.run(command, env=said, cwd="/", **merged)  # type: ignore[call-overload, no-any-return]

    def metric(self, name: str) -> float:
        """The sum over all labels."""
        found = {family.name: family for family in text_string_to_metric_families(self.numbers.read_text("utf-8"))}
        return float(sum(sample.value for sample in found[name].samples))


def test_mail_comes_only_when_something_is_new(simulated: SimulatedPlatforms, tmp_path: Path) -> None:
    host = Host(tmp_path, simulated.nugen_url)
    quiet = host.night()
    assert (quiet.returncode, quiet.stdout) == (0, "")
    assert host.metric("reconciler_drift_new_models") == 0
    assert os.stat(host.numbers).st_mode & 0o777 == 0o644

    simulated.nugen.set_state(FAQ, "undeployed")
    told = host.night()
    assert told.returncode == 2
    assert "nugen/faq-bot" in told.stdout
    assert host.metric("reconciler_drift_new_models") == 1

    quiet = host.night()
    assert (quiet.returncode, quiet.stdout) == (0, "")
    assert host.metric("reconciler_drift_new_models") == 0
    assert host.metric("reconciler_drift_models") == 1

    simulated.nugen.set_state(PILOT, "undeployed")
    told = host.night()
    assert told.returncode == 2
    assert "nugen/old-pilot" in told.stdout

    for model in (FAQ, PILOT):
        simulated.nugen.set_state(model, "deployed")
    quiet = host.night()
    assert (quiet.returncode, quiet.stdout) == (0, "")
    assert host.metric("reconciler_drift_models") == 0


@pytest.mark.parametrize("given", [[], ["/srv/models"], ["/srv/models", "a.prom", "more"]])
def test_a_wrong_line_in_the_crontab_is_no_drift(given: list[str]) -> None:
    ran = subprocess.run([CRON / "nightly-drift.sh", *given], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (64, "")
    assert ran.stderr.startswith("Usage: nightly-drift.sh FOLDER PROM")


def test_a_night_that_went_wrong_is_told(simulated: SimulatedPlatforms, tmp_path: Path) -> None:
    host = Host(tmp_path, f"http://127.0.0.1:{free_port()}")
    told = host.night()
    assert told.returncode == 6
    assert told.stdout.startswith("Not everything could be read")
    assert host.metric("reconciler_run_success") == 0

    (tmp_path / "inventory.yaml").write_text("version: 1\nmodels: {a: {stat: deployed}}\n", "utf-8")
    told = host.night()
    assert told.returncode == 1
    assert told.stdout.startswith("The check itself failed, with 1.")
    assert "did you mean" in told.stdout
    alert = 'reconciler_run_success{document="drift",environment="production"} 0'
    assert alert in host.numbers.read_text("utf-8").splitlines()

    shutil.rmtree(tmp_path / "bin")
    told = host.night()
    assert told.returncode == 127
    assert told.stdout.startswith("The check itself failed, with 127.")
