"""The examples and the demo, run as a newcomer runs them."""

import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
import yaml

from reconciler.cli import environment
from reconciler.cli.main import run
from reconciler.cli.simulate import variables
from reconciler.schemas import NAMES, load_schema
from reconciler.simulator import JobTime, SimulatedPlatforms, quickstart

ROOT = Path(__file__).parents[1]


def test_the_demo_tells_the_whole_story_in_time_on_one_screen() -> None:
    began = time.monotonic()
    ran = subprocess.run([sys.executable, "-m", "reconciler", "demo"], capture_output=True, text=True, cwd=ROOT)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert time.monotonic() - began < 15
    lines = ran.stdout.splitlines()
    assert len(lines) <= 68
    assert max(map(len, lines)) <= 100
    assert "Plan: 1 undeploy, 1 deploy, 1 export, 1 to adopt; 1 blocked. Nothing was done." in lines
    assert "Applied: 4 succeeded; 1 blocked." in lines
    assert "No changes: 4 models are as the inventory wants them." in lines
    assert "Drift: 1 model changed outside reconciler." in lines


def test_quickstart_plans_and_applies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = ROOT / "examples" / "quickstart" / "inventory.yaml"
    with SimulatedPlatforms(seed=quickstart, job_time=JobTime(seconds=0.1)) as simulated:
        for name, value in variables(simulated.kore_url, simulated.nugen_url, simulated.nugen_b_url).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("RECONCILER_POLL_SECONDS", "0.05")
        environment.redactor.cache_clear()
        journal = ["--journal", str(tmp_path / "journal.db")]
        exports = ["--exports", str(tmp_path / "exports")]

        assert run(["plan", str(example), *journal, "--detailed-exitcode"]) == 2
        assert run(["apply", str(example), *journal, *exports, "--yes"]) == 3
        assert run(["adopt", "kore/night-batch", str(example), *journal, "--as", "undeployed"]) == 0
        assert run(["plan", str(example), *journal, "--detailed-exitcode"]) == 0
    environment.redactor.cache_clear()
    assert (tmp_path / "exports" / "support-triage.zip").is_file()


@pytest.mark.parametrize("file", sorted(ROOT.glob("examples/**/*.yaml")), ids=str)
def test_every_example_names_its_schema_and_fits_it(file: Path) -> None:
    text = file.read_text("utf-8")
    first = text.splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    schema = (file.parent / first.split("=", 1)[1]).resolve()
    name = schema.name.removesuffix(".schema.json")
    assert name in NAMES
    jsonschema.validate(yaml.safe_load(text), load_schema(name))


@pytest.mark.parametrize("name", NAMES)
def test_schemas_are_schemas(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(load_schema(name))
