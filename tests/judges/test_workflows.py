"""The example pipelines: pinned, with the least rights, and only with options that our commands have."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import pytest
import yaml

from reconciler.cli.main import commands

from .tools import ROOT

FOLDER: Final = ROOT / "examples" / "workflows"
FILES: Final = sorted(FOLDER.glob("*.yml"))
PINNED: Final = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def read(name: str) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    return found


GITHUB: Final = read("github.yml")
GITLAB: Final = read("gitlab-ci.yml")
JOBS: Final = GITHUB["jobs"]


def scripts(node: object) -> Iterator[str]:
    """Every shell line in a workflow, wherever in it."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("run", "script", "before_script"):
                yield from "\n".join([value] if isinstance(value, str) else value).splitlines()
            else:
                yield from scripts(value)
    elif isinstance(node, list):
        for value in node:
            yield from scripts(value)


def calls(file: Path) -> list[str]:
    """Our own command lines: from the name to the end of the command."""
    lines = scripts(yaml.safe_load(file.read_text("utf-8")))
    return [match[1] for line in lines if (match := re.search(r"(?:^|exec |; )(reconciler [^|;&]*)", line))]


CALLS: Final = [(file.name, call) for file in FILES for call in calls(file)]


def parse(call: str) -> click.Context:
    """Parse a command line as our program would, and run nothing."""
    words = shlex.split(call)[1:]
    with click.Context(commands) as above:
        command = commands.get_command(above, words[0])
        assert command is not None, f"{words[0]} is no command"
        return command.make_context(words[0], words[1:], parent=above)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_is_yaml(file: Path) -> None:
    assert isinstance(yaml.safe_load(file.read_text("utf-8")), dict)


def test_every_action_is_pinned_by_its_commit() -> None:
    used = [line.strip().removeprefix("- ") for line in (FOLDER / "github.yml").read_text("utf-8").splitlines()]
    used = [line for line in used if line.startswith("uses:")]
    assert len(used) >= 10
    assert [line for line in used if not PINNED.match(line)] == []


def test_one_commit_for_each_action() -> None:
    pins = set(re.findall(r"uses: ([\w-]+/[\w-]+)\S*@([0-9a-f]+) # (\S+)", (FOLDER / "github.yml").read_text("utf-8")))
    assert len({name for name, _, _ in pins}) == len(pins)


@pytest.mark.parametrize(("file", "call"), CALLS)
def test_every_command_line_is_one_of_ours(file: str, call: str) -> None:
    assert parse(call).command.name


def test_there_are_command_lines_in_both() -> None:
    verbs = {(file, call.split()[1]) for file, call in CALLS}
    assert verbs >= {(file, verb) for file in ("github.yml", "gitlab-ci.yml") for verb in ("plan", "apply", "drift")}


@pytest.mark.parametrize("call", ["reconciler aply", "reconciler plan --outt x", "reconciler drift --report html=x"])
def test_a_wrong_command_line_would_be_noticed(call: str) -> None:
    with pytest.raises((click.UsageError, AssertionError)):
        parse(call)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_signals_reach_what_must_end_cleanly(file: Path) -> None:
    lines = list(scripts(yaml.safe_load(file.read_text("utf-8"))))
    assert [
        line for line in lines if "reconciler apply" in line and not line.startswith("exec reconciler apply ")
    ] == []


def test_rights_are_the_least() -> None:
    assert GITHUB["permissions"] == {"contents": "read"}
    asked = {name: job["permissions"] for name, job in JOBS.items() if "permissions" in job}
    assert asked == {"comment": {"pull-requests": "write"}}
    assert "pull_request_target" not in GITHUB[True]
    steps = [step for job in JOBS.values() for step in job["steps"] if "actions/checkout@" in step.get("uses", "")]
    assert all(step["with"]["persist-credentials"] is False for step in steps)


def secrets(node: object) -> set[str]:
    return set(re.findall(r"secrets\.(\w+)", str(node)))


def test_keys_are_only_where_they_are_needed() -> None:
    found = {name: secrets(job) for name, job in JOBS.items()}
    assert found["plan"] == found["drift"] == {"KORE_READ_KEY", "NUGEN_READ_KEY", "JOURNAL_READ_URL"}
    assert found["comment"] == found["audit"] == set()
    assert found["apply"] == {"KORE_KEY", "NUGEN_KEY", "RECONCILER_JOURNAL"}
    assert JOBS["apply"]["environment"] == "production"
    assert secrets({key: value for key, value in GITHUB.items() if key != "jobs"}) == set()
    assert all(secrets(step) == set() for job in JOBS.values() for step in job["steps"] if "uses" in step)


def test_nothing_a_stranger_writes_is_pasted_into_a_shell_line() -> None:
    assert [line for line in scripts(GITHUB) if "${{" in line] == []


def test_an_apply_is_never_cut_short_by_another() -> None:
    assert JOBS["apply"]["concurrency"] == {"group": "reconciler-apply", "cancel-in-progress": False}
    assert not any(job.get("concurrency", {}).get("cancel-in-progress") for job in JOBS.values())
    assert GITLAB["apply"]["resource_group"]
    assert GITLAB["default"]["interruptible"] is False


def test_the_journal_is_kept_even_when_the_apply_failed() -> None:
    keeping = [step for step in JOBS["apply"]["steps"] if "actions/cache/save@" in step.get("uses", "")]
    assert [step["if"] for step in keeping] == ["always()"]
    assert GITLAB["apply"]["artifacts"]["when"] == "always"


def test_only_what_was_approved_is_applied() -> None:
    applies = [call for _, call in CALLS if call.startswith("reconciler apply")]
    assert len(applies) == 2
    assert all("--plan plan.json" in call and '--expect "$DIGEST"' in call for call in applies)
