"""What is answered at a glance is what click would say."""

import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.glance import SHELLS, at_a_glance
from reconciler.cli.main import USAGE
from tests.cli.conftest import Reconciler


@pytest.mark.parametrize(
    "arguments", [["--help"], ["-h"], ["--version"], *(["completion", shell] for shell in SHELLS)], ids=" ".join
)
def test_what_click_says_as_well(reconciler: Reconciler, arguments: list[str]) -> None:
    assert f"{at_a_glance(arguments)}\n" == reconciler(*arguments).out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["plan"],
        ["plan", "--help"],
        ["--help", "plan"],
        ["--debug"],
        ["--version", "x"],
        ["completion"],
        ["completion", "--help"],
        ["completion", "bash", "--help"],
        ["--debug", "completion", "bash"],
    ],
)
def test_other_command_lines_are_left_to_click(arguments: list[str]) -> None:
    assert at_a_glance(arguments) is None


@pytest.mark.parametrize(
    "words", [["tcsh"], ["Bash"], ["../completions/completion.bash"], ["bash", "zsh"], ["--shell"]]
)
def test_what_is_no_shell_is_wrong_usage(reconciler: Reconciler, words: list[str]) -> None:
    assert at_a_glance(["completion", *words]) is None
    ran = reconciler("completion", *words)
    assert (ran.code, ran.out) == (USAGE, "")
    assert "Usage: reconciler completion" in ran.err


def test_the_script_in_the_help_is_the_one_that_is_printed(reconciler: Reconciler) -> None:
    loaded = str(at_a_glance(["completion", "bash"])).splitlines()[0].removeprefix("# ")
    assert f"Once: {loaded}" in reconciler("completion", "--help").out


@pytest.mark.parametrize("arguments", [["--help"], ["completion", "zsh"]])
def test_nothing_heavy_is_loaded_for_it(arguments: list[str]) -> None:
    code = (
        f"import sys; sys.argv[1:] = {arguments}\n"
        "from reconciler.__main__ import main; main(); print(sys.modules.keys())"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not any(f"'{name}'" in loaded for name in ("click", "yaml", "dataclasses", "httpx", "asyncio", "pathlib"))


def test_a_full_stdout_is_one_line_and_exit_1() -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "reconciler", "--help"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
