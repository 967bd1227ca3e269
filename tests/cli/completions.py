"""The files in `reconciler/cli/completions`, as click and the commands would have them."""

import json
from collections.abc import Mapping

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from reconciler.cli.completion import Value
from reconciler.cli.glance import COMMANDS, COMPLETE
from reconciler.cli.main import commands
from reconciler.cli.options import KINDS
from reconciler.platforms.registry import built_in_names

CLICK: Mapping[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
HOW = {
    "bash": 'eval "$(reconciler completion bash)"            # in ~/.bashrc',
    "zsh": 'eval "$(reconciler completion zsh)"             # in ~/.zshrc, below compinit',
    "fish": "reconciler completion fish > ~/.config/fish/completions/reconciler.fish",
}
SPLIT, SPLIT_ONCE = 'string split "," $completion', 'string split -m 1 "," $completion'


def in_click(shell: str) -> ShellComplete:
    """What click itself has for `shell`."""
    return CLICK[shell](commands, {}, "reconciler", COMPLETE)


def files() -> dict[str, str]:
    """The text of every file, by name."""
    scripts = {f"completion.{shell}": _script(shell) for shell in CLICK}
    words = {name: _words(command_called(name)) for name in COMMANDS}
    return {"words.json": json.dumps(words, indent=2, ensure_ascii=False) + "\n"} | scripts


def command_called(name: str) -> click.Command:
    """The command called `name`."""
    command = commands.get_command(click.Context(commands), name)
    assert command is not None
    return command


def _script(shell: str) -> str:
    script = ShellComplete.source(in_click(shell))  # `BashComplete.source` would start a bash to see how old it is
    if shell == "zsh":  # which wants its `#compdef` in the first line
        return f"{script}\n# {HOW[shell]}\n"
    if shell == "fish":  # where click's own cuts a help off at its first comma
        assert script.count(SPLIT) == 1
        script = script.replace(SPLIT, SPLIT_ONCE)
    return f"# {HOW[shell]}\n{script}\n"


def _words(command: click.Command) -> dict[str, object]:
    """What may stand behind a command: its options with their help, those that take a value, and its arguments."""
    options = [param for param in command.params if isinstance(param, click.Option)]
    arguments = [param for param in command.params if isinstance(param, click.Argument)]
    return {
        "options": {text: param.help or "" for param in options for text in param.opts} | {"--help": ""},
        "values": {text: _value(param) for param in options if not param.is_flag for text in param.opts},
        "arguments": [_value(param) for param in arguments if param.nargs == 1],
        "rest": next((_value(param) for param in arguments if param.nargs == -1), None),
    }


def _value(param: click.Parameter) -> Value:
    if isinstance(param.type, click.Choice):
        return dict.fromkeys(map(str, param.type.choices), "")
    if param.name in ("only", "exclude", "approve", "address"):
        return "address"
    if param.name == "type_" or (param.name in ("platform", "name") and isinstance(param, click.Argument)):
        more = {"check": "Check a definition of your own."} if param.name == "name" else {}
        return dict.fromkeys(sorted(built_in_names()), "") | more
    if param.name == "reports":
        return {f"{kind}=": "" for kind in KINDS}
    if param.name == "exports":
        return "dir"
    return "file" if param.name in ("inventory", "file", "journal") or param.metavar in ("FILE", "PLAN") else None
