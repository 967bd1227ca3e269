"""What is answered at a glance is what click would say."""

import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.completion import answer
from reconciler.cli.glance import COMMANDS, COMPLETE, at_a_glance
from tests.cli.conftest import Reconciler

BEGUN = ["", *{name[:length] for name in COMMANDS for length in range(1, len(name) + 1)}, "zz", "PLAN"]


@pytest.mark.parametrize("asked", ["--help", "-h", "--version"])
def test_help_and_version(reconciler: Reconciler, asked: str) -> None:
    assert f"{at_a_glance([asked], {})}\n" == reconciler(asked).out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("begun", sorted(BEGUN))
def test_the_names_of_commands(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, shell: str, begun: str
) -> None:
    asked = {
        COMPLETE: f"{shell}_complete",
        "COMP_WORDS": f"reconciler {begun}".rstrip(),
        "COMP_CWORD": begun if shell == "fish" else "1",
    }
    for name, value in asked.items():
        monkeypatch.setenv(name, value)
    assert answer(asked[COMPLETE]) == 0
    assert f"{at_a_glance([], asked)}\n" == capsys.readouterr().out


@pytest.mark.parametrize(
    "asked",
    [
        {"COMP_WORDS": "reconciler plan --o", "COMP_CWORD": "2"},
        {"COMP_WORDS": "reconciler --v", "COMP_CWORD": "1"},
        {"COMP_WORDS": "reconciler plan ", "COMP_CWORD": "2"},
        {"COMP_WORDS": "reconciler 'pl", "COMP_CWORD": "1"},
        {},
    ],
)
@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_all_else_is_left_to_click(shell: str, asked: dict[str, str]) -> None:
    assert at_a_glance([], {COMPLETE: f"{shell}_complete", **asked}) is None


@pytest.mark.parametrize(
    "arguments", [[], ["plan"], ["plan", "--help"], ["--help", "plan"], ["--debug"], ["--version", "x"]]
)
def test_other_command_lines_are_left_to_click(arguments: list[str]) -> None:
    assert at_a_glance(arguments, {}) is None


def test_nothing_heavy_is_loaded_for_it() -> None:
    code = (
        "import sys; sys.argv[1:] = ['--help']; from reconciler.__main__ import main; main(); print(sys.modules.keys())"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not any(f"'{name}'" in loaded for name in ("click", "yaml", "dataclasses", "httpx", "asyncio"))


def test_a_full_stdout_is_one_line_and_exit_1() -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "reconciler", "--help"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
