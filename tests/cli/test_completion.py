"""TAB in a shell: what is offered, how fast, and that nothing is ever said about what is wrong."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reconciler.cli.glance import COMMANDS
from tests.cli.conftest import BATCH, FAQ, READER, Reconciler, inventory

ROOT = Path(__file__).parents[2]
HEAVY = ("httpx", "yaml", "jsonschema", "deepdiff", "asyncio", "sqlalchemy", "rich", "msgspec")


@pytest.fixture(autouse=True)
def on_the_path(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """`reconciler` as a shell finds it: this checkout, with this Python."""
    folder = tmp_path_factory.mktemp("bin")
    program = folder / "reconciler"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m reconciler "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def in_shell(*command: str, **variables: str) -> tuple[str, str]:
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, **variables})
    return ran.stdout, ran.stderr


def asked(line: str) -> list[str]:
    """What bash's own completion function offers at the end of `line`."""
    words = line.split(" ")
    script = (
        'eval "$(reconciler completion bash)"\n'
        f"COMP_WORDS=({' '.join(repr(word) for word in words)}) COMP_CWORD={len(words) - 1}\n"
        "compopt() { echo files $2; }\n"
        '_reconciler_completion reconciler; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    out, err = in_shell("bash", "--norc", "-c", script)
    assert err == ""
    return [word for word in out.splitlines() if word]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("reconciler pl", ["plan", "platforms"]),
        ("reconciler --v", ["--version"]),
        ("reconciler plan --o", ["--only", "--out", "--offline"]),
        ("reconciler plan --format ", ["text", "json", "markdown"]),
        ("reconciler plan --only n", ["nugen/faq", "nugen/reader"]),
        ("reconciler apply --approve kore/", ["kore/batch"]),
        ("reconciler adopt ", ["kore/batch", "nugen/faq", "nugen/reader"]),
        ("reconciler adopt kore/batch --as u", ["undeployed"]),
        ("reconciler history nugen/f", ["nugen/faq"]),
        ("reconciler discover ", ["kore", "nugen", "nugen-b"]),
        ("reconciler platforms c", ["check"]),
        ("reconciler schema in", ["inventory"]),
        ("reconciler completion ", ["bash", "zsh", "fish"]),
        ("reconciler plan inv", ["files default"]),
        ("reconciler validate a.yaml b", ["files default"]),
        ("reconciler apply --plan ", ["files default"]),
        ("reconciler history nugen/faq --journal ", ["files default"]),
        ("reconciler schema plan ", []),
        ("reconciler nonsense ", []),
    ],
)
def test_bash_offers(line: str, offered: list[str]) -> None:
    inventory(FAQ, READER, BATCH)
    assert asked(line) == offered


def test_every_command_is_offered() -> None:
    assert asked("reconciler ") == list(COMMANDS)


def test_the_inventory_that_the_command_names_counts() -> None:
    inventory(FAQ)
    Path("inventory.yaml").rename("other.yaml")
    inventory(BATCH)
    assert asked("reconciler plan other.yaml --only ") == ["nugen/faq"]
    assert asked("reconciler plan --quiet --only kore/batch --exclude ") == ["kore/batch"]


@pytest.mark.parametrize(
    "text",
    ["", "models: [", "models: {a: 1, 'x y': {platform: kore}, '$(boo)': {platform: k}}", "version: 1\nmodels: no\n"],
)
def test_a_broken_inventory_is_no_reason_to_speak(text: str) -> None:
    Path("inventory.yaml").write_text(text)
    assert [word for word in asked("reconciler plan --only ") if word != "None/a"] == []


def test_without_an_inventory_nothing_is_said() -> None:
    assert asked("reconciler plan --only ") == []


@pytest.mark.parametrize(
    "variables",
    [
        {"_RECONCILER_COMPLETE": "bash_complete"},
        {"_RECONCILER_COMPLETE": "tcsh_complete", "COMP_WORDS": "reconciler ", "COMP_CWORD": "1"},
        {"_RECONCILER_COMPLETE": "bash_complete", "COMP_WORDS": "reconciler 'pl", "COMP_CWORD": "x"},
    ],
)
def test_a_shell_that_asks_badly_gets_silence(variables: dict[str, str]) -> None:
    assert in_shell("reconciler", **variables) == ("", "")


def test_commands_are_offered_at_once() -> None:
    code = (
        "import sys\n"
        "from reconciler.cli.completion import answer\n"
        "answer('bash_complete')\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    variables = {"PYTHONPATH": str(ROOT), "COMP_WORDS": "reconciler pl", "COMP_CWORD": "1"}
    began = time.monotonic()
    out, err = in_shell(sys.executable, "-c", code, **variables)
    assert time.monotonic() - began < 5
    assert out == "plain,plan\nplain,platforms\n"
    assert err == "[]\n"


def test_zsh_offers() -> None:
    if shutil.which("zsh") is None:
        pytest.skip("no zsh on this machine")
    script = (
        "compdef() { :; }; compadd() { shift 4; print -l ${(P)1}; }; _describe() { print -l ${(P)3}; }\n"
        'eval "$(reconciler completion zsh)"\nwords=(reconciler pl) CURRENT=2\n_reconciler_completion'
    )
    out, err = in_shell("zsh", "-f", "-c", script)
    assert err == ""
    assert out.splitlines() == [f"{name}:{COMMANDS[name][1]}" for name in ("plan", "platforms")]


def test_fish_offers() -> None:
    if shutil.which("fish") is None:
        pytest.skip("no fish on this machine")
    inventory(FAQ, READER)
    script = 'reconciler completion fish | source; complete -C "reconciler pl"; complete -C "reconciler adopt nugen/f"'
    out, err = in_shell("fish", "--no-config", "-c", script)
    assert err == ""
    assert [line.split("\t")[0] for line in out.splitlines()] == ["plan", "platforms", "nugen/faq"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_says_how_it_is_loaded(reconciler: Reconciler, shell: str) -> None:
    done = reconciler("completion", shell)
    assert (done.code, done.err) == (0, "")
    assert f"reconciler completion {shell}" in done.out
