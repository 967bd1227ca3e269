"""What README says is so: every command stands there and has help, and what it shows as files is accepted."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from reconciler.cli.glance import COMMANDS
from reconciler.cli.main import commands, run
from reconciler.core.exits import CODES
from reconciler.platforms.load import read_definition

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^( *)```yaml\n(.*?)^ *```", README, re.DOTALL | re.MULTILINE)


def blocks_with(text: str) -> list[str]:
    """The YAML blocks of README that hold `text`, without their indentation."""
    found = []
    for indent, block in BLOCKS:
        plain = "".join(line.removeprefix(indent) for line in block.splitlines(keepends=True))
        if text in plain:
            found.append(plain)
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_stands_in_readme_and_has_help(name: str) -> None:
    assert f"| `reconciler {name}` |" in README
    shown = CliRunner().invoke(commands, [name, "--help"], prog_name="reconciler")
    assert shown.exit_code == 0
    assert len(shown.output.split("Options:")[0].split()) > 6, shown.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name: str) -> None:
    command = commands.get_command(commands.make_context("reconciler", ["schema", "plan"]), name)
    assert command is not None
    silent = [p.name for p in command.params if p.param_type_name == "option" and not getattr(p, "help", None)]
    assert not [option for option in silent if option not in ("form",)]


def test_every_exit_code_stands_in_readme() -> None:
    for code in {0, 64, *CODES.values()}:
        assert f"| {code} |" in README, code


@pytest.mark.parametrize("inventory", blocks_with("version: 1\nmodels:"))
def test_the_inventories_in_readme_are_valid(inventory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("inventory.yaml").write_text(inventory)
    assert run(["validate"]) == 0


def test_the_definition_in_readme_is_valid() -> None:
    (definition,) = blocks_with("definition: 1")
    assert read_definition(definition, "README.md").type.name == "local-server"


def test_the_starter_is_valid_and_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["init"]) == 0
    assert run(["validate"]) == 0
    assert run(["init"]) == 1


def test_every_link_of_readme_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_readme_names_no_command_that_is_not_there() -> None:
    named = set(re.findall(r"reconciler ([a-z]+)(?=[ `\n])", README)) - {"made", "leaves"}
    assert named <= set(COMMANDS) | {"drift"}, named - set(COMMANDS)
