"""What pipelines and hands are used to: `-` for streams, colour by the environment, a sign of life, a modeline."""

import io
import json
import os
import pty
import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import jsonschema
import pytest
import yaml

from reconciler.schemas import load_schema
from reconciler.simulator import JobTime, SimulatedPlatforms
from tests.cli.conftest import FAQ, PILOT, READER, Reconciler, inventory

ROOT = Path(__file__).parents[2]
STILL = re.compile(r" *(\d+\.\d)s  still waiting for nugen/faq#deploy$")


def given(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def command(*arguments: str, **more: str) -> subprocess.Popen[bytes]:
    """A command in a process of its own, its output not on a terminal."""
    return subprocess.Popen(
        [sys.executable, "-m", "reconciler", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), **more},
    )


def on_terminal(*arguments: str, **more: str) -> tuple[int, str]:
    """The exit code of a command, and all that it shows on a terminal."""
    end, terminal = pty.openpty()
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", **more}
    with subprocess.Popen(
        [sys.executable, "-m", "reconciler", *arguments], stdout=terminal, stderr=terminal, env=env
    ) as process:
        os.close(terminal)
        shown = b""
        with suppress(OSError):  # so a terminal ends that nobody writes to any more
            while part := os.read(end, 65536):
                shown += part
        os.close(end)
        return process.wait(30), shown.decode()


# Streams.


@pytest.mark.parametrize("name", ["validate", "plan", "drift", "status", "apply"])
def test_an_inventory_comes_from_stdin(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    text = inventory(FAQ)
    Path("inventory.yaml").unlink()
    given(monkeypatch, text)

    done = reconciler(name, "-", *(["--yes"] if name == "apply" else []))

    assert done.code == (2 if name == "drift" else 0), done.err
    assert "faq" in done.out or name == "validate"


def test_a_saved_plan_goes_through_pipes(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory(FAQ)
    planned = reconciler("plan", "--out", "-")
    assert json.loads(planned.out)["format"] == "reconciler/plan"

    given(monkeypatch, planned.out)
    shown = reconciler("show", "-")
    assert shown.out.startswith("Plan: 1 deploy.")

    given(monkeypatch, planned.out)
    applied = reconciler("apply", "--plan", "-", "--no-progress", "--format", "json")
    assert (applied.code, json.loads(applied.out)["summary"]["succeeded"]) == (0, 1), applied.err

    given(monkeypatch, applied.out)
    assert reconciler("show", "-").out.startswith("Applied: 1 succeeded.")


def test_reports_go_to_stdout_and_stdout_is_nothing_else(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(FAQ)
    assert json.loads(reconciler("drift", "--format", "json").out)["format"] == "reconciler/drift"
    assert json.loads(reconciler("status", "--format", "json").out)["format"] == "reconciler/status"
    assert reconciler("plan", "--format", "markdown").out.startswith("<!-- reconciler")


def test_what_discover_writes_can_be_planned_at_once(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory(READER)
    ends = time.monotonic() + 10
    while reconciler("plan", "--detailed-exitcode").code:  # a deploy of it runs at first
        assert time.monotonic() < ends
        time.sleep(0.05)
    Path("inventory.yaml").unlink()
    found = reconciler("discover", "nugen")
    assert found.code == 0

    given(monkeypatch, found.out)
    planned = reconciler("plan", "-", "--detailed-exitcode")

    assert planned.code == 0, planned.out
    assert planned.out.startswith("No changes: 3 models are as the inventory wants them.")


# The editor.


def test_starters_name_a_schema_that_the_line_below_makes(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    Path("team").mkdir()
    begun = reconciler("init", "team/inventory.yaml")
    assert reconciler("discover", "nugen", "--out", "team/found.yaml").code == 0
    making = re.search(r"reconciler (schema inventory) > (\S+)$", begun.out, re.MULTILINE)
    assert making is not None
    Path(making[2]).write_text(reconciler(*making[1].split()).out)

    for name in ("inventory.yaml", "found.yaml"):
        text = Path("team", name).read_text()
        first, second = text.splitlines()[:2]
        assert first.startswith("# yaml-language-server: $schema=")
        schema = Path("team", first.split("=", 1)[1])
        assert json.loads(schema.read_text()) == load_schema("inventory")
        jsonschema.validate(yaml.safe_load(text), json.loads(schema.read_text()))
        assert reconciler("validate", f"team/{name}").code == 0
        assert reconciler("fmt", "--check", f"team/{name}").code == 0
        assert name != "found.yaml" or second.endswith("reconciler schema inventory > inventory.schema.json")


def test_init_writes_to_stdout_too(reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = reconciler("init", "-")
    assert list(Path().iterdir()) == []
    given(monkeypatch, begun.out)
    assert reconciler("validate", "-").code == 0


# Colour.


@pytest.mark.parametrize(
    ("variables", "options", "coloured"),
    [
        ({}, [], False),
        ({"FORCE_COLOR": "1"}, [], True),
        ({"CLICOLOR_FORCE": "1"}, [], True),
        ({"FORCE_COLOR": "0"}, [], False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, [], False),
        ({"FORCE_COLOR": "1", "NO_COLOR": ""}, [], True),
        ({"FORCE_COLOR": "1"}, ["--no-color"], False),
    ],
)
@pytest.mark.parametrize("name", ["plan", "status", "drift"])
def test_colour_in_a_pipe_is_what_the_environment_says(
    reach: SimulatedPlatforms,
    reconciler: Reconciler,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    variables: dict[str, str],
    options: list[str],
    coloured: bool,
) -> None:
    inventory(FAQ, READER)
    for variable in ("NO_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    assert ("\x1b[" in reconciler(name, *options).out) is coloured


@pytest.mark.parametrize(
    ("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)], ids=str
)
def test_colour_on_a_terminal(
    reach: SimulatedPlatforms, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], coloured: bool
) -> None:
    inventory(FAQ)
    monkeypatch.delenv("NO_COLOR", raising=False)
    code, shown = on_terminal("plan", **variables)
    assert code == 0
    assert "Plan: 1 deploy" in re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert ("\x1b[" in shown) is coloured


# Progress.


def test_a_quiet_pipe_gets_a_sign_of_life_every_ten_seconds(reach: SimulatedPlatforms) -> None:
    reach.nugen.set_job_time(JobTime(seconds=11.5))
    inventory(FAQ)
    with command("apply", "--yes") as slow, command("apply", "--yes", "--no-progress", "--journal", "other.db") as mute:
        _, err = slow.communicate(timeout=60)
        _, silent = mute.communicate(timeout=60)

    said = [match for match in map(STILL.match, err.decode().splitlines()) if match]
    assert len(said) == 1, err.decode()
    assert 10 <= float(said[0][1]) < 12
    assert b"\x1b" not in err
    assert b"still waiting" not in silent


@pytest.mark.parametrize("option", ["--no-progress", "--quiet"])
def test_no_progress_means_none(reach: SimulatedPlatforms, reconciler: Reconciler, option: str) -> None:
    inventory(FAQ, PILOT)
    assert "nugen/faq#deploy" in reconciler("apply", "--yes", "--journal", "first.db").err
    reach.nugen.set_state("alignment_01KXG82FJJ98NQ0", "undeployed")
    assert "nugen/faq#deploy" not in reconciler("apply", "--yes", option).err


@pytest.mark.parametrize(("variables", "drawn"), [({}, True), ({"CI": "true"}, False)], ids=str)
def test_a_terminal_gets_a_table_and_a_pipeline_lines(
    reach: SimulatedPlatforms, variables: dict[str, str], drawn: bool
) -> None:
    inventory(FAQ)
    code, shown = on_terminal("apply", "--yes", **variables)
    assert code == 0
    assert ("\x1b[?25l" in shown) is drawn, "the cursor is hidden while a table is drawn"
    assert bool(re.search(r"^ *\d+\.\ds  nugen/faq#deploy  succeeded", shown, re.MULTILINE)) is not drawn
