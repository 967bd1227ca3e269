"""`reconciler completion`, and what the shell asks when TAB is pressed: commands, options, addresses, files.

Answers at once, opens no connection, and is silent about whatever is wrong."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from click.shell_completion import BashComplete, CompletionItem, FishComplete, ShellComplete, ZshComplete

from reconciler.cli.glance import COMMANDS, COMPLETE
from reconciler.cli.main import commands
from reconciler.cli.options import KINDS

_SHELLS: Mapping[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
_HOW = {
    "bash": 'eval "$(reconciler completion bash)"            # in ~/.bashrc',
    "zsh": 'eval "$(reconciler completion zsh)"             # in ~/.zshrc, below compinit',
    "fish": "reconciler completion fish > ~/.config/fish/completions/reconciler.fish",
}
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]*")
"""Words that no shell takes for more than a word; others are not offered."""

Items = list[CompletionItem[str]]


@click.command(name="completion", epilog="Once: " + _HOW["bash"])
@click.argument("shell", type=click.Choice(tuple(_SHELLS)))
def command(shell: str) -> None:
    """Print the script that lets your shell complete commands, options, addresses and files at TAB."""
    from reconciler.cli import streams

    script = ShellComplete.source(_SHELLS[shell](commands, {}, "reconciler", COMPLETE))
    streams.out(f"# {_HOW[shell]}\n{script}" if shell != "zsh" else f"{script}\n# {_HOW[shell]}")


def answer(instruction: str) -> int:
    """Say what may stand where TAB was pressed, as `COMPLETE` and its fellows in the environment ask."""
    from reconciler.cli import streams

    try:
        shell = _SHELLS[instruction.removesuffix("_complete")](commands, {}, "reconciler", COMPLETE)
        given, begun = shell.get_completion_args()
        streams.out("\n".join(shell.format_completion(item) for item in candidates(given, begun)))
    except Exception:  # nothing that goes wrong here is worth a line in the middle of somebody's typing
        return 1
    return 0


def candidates(given: Sequence[str], begun: str) -> Items:
    """What may stand behind the words `given` to `reconciler`, and begins with `begun`."""
    name = next((word for word in given if not word.startswith("-")), None)
    if name is None:
        return _commands(begun)
    found = commands.get_command(click.Context(commands), name)
    if found is None:
        return []
    words = list(given[given.index(name) + 1 :])
    options = {text: param for param in found.params if isinstance(param, click.Option) for text in param.opts}
    asked = options.get(words[-1]) if words else None
    if asked is not None and not asked.is_flag:
        return _values(asked, words[:-1], begun, options)
    if begun.startswith("-"):
        return _starting(begun, {text: param.help or "" for text, param in options.items()} | {"--help": ""})
    arguments = [param for param in found.params if isinstance(param, click.Argument)]
    at = len(_positions(words, options))
    if not arguments or (at >= len(arguments) and arguments[-1].nargs == 1):
        return []
    return _values(arguments[min(at, len(arguments) - 1)], words, begun, options)


def _commands(begun: str) -> Items:
    if begun.startswith("-"):
        return _starting(begun, dict.fromkeys(("--help", "--version", "--debug"), ""))
    return _starting(begun, {name: text for name, (_, text) in COMMANDS.items()})


def _positions(words: Iterable[str], options: Mapping[str, click.Option]) -> list[str]:
    """The words that are neither options nor their values."""
    found: list[str] = []
    value = False
    for word in words:
        if not value and not word.startswith("-"):
            found.append(word)
        option = options.get(word)
        value = not value and option is not None and not option.is_flag
    return found


def _values(param: click.Parameter, words: Sequence[str], begun: str, options: Mapping[str, click.Option]) -> Items:
    """The values of an option or argument."""
    if isinstance(param.type, click.Choice):
        return _starting(begun, dict.fromkeys(map(str, param.type.choices), ""))
    if param.name in ("only", "exclude", "approve", "address"):
        return _starting(begun, _addresses(_positions(words, options)))
    if param.name == "type_" or (param.name in ("platform", "name") and isinstance(param, click.Argument)):
        more = {"check": "Check a definition of your own."} if param.name == "name" else {}
        return _starting(begun, dict.fromkeys(_platforms(), "") | more)
    if param.name == "reports":
        return _starting(begun, {f"{kind}=": "" for kind in KINDS})
    if param.name == "exports":
        return [CompletionItem(begun, type="dir")]
    file = param.name in ("inventory", "file", "journal") or param.metavar in ("FILE", "PLAN")
    return [CompletionItem(begun, type="file")] if file else []


def _starting(begun: str, known: Mapping[str, str]) -> Items:
    return [CompletionItem(word, help=text or None) for word, text in known.items() if word.startswith(begun)]


def _addresses(positions: Sequence[str]) -> dict[str, str]:
    """The addresses in the inventory that the command names, or in the default one, each with its target state."""
    from reconciler.core.document import read_document
    from reconciler.inventory.files import read_files

    named = next((word for word in reversed(positions) if Path(word).exists()), "inventory.yaml")
    read = [read_document(file.content, file.name)[0] for file in read_files([Path(named)])]
    data = [_mapping(document.data) for document in read if document is not None]
    defaults: dict[str, Any] = {}
    for part in data:
        defaults |= _mapping(part.get("defaults"))
    found: dict[str, str] = {}
    for part in data:
        for name, model in _mapping(part.get("models")).items():
            model = defaults | _mapping(model)
            address = f"{model.get('platform')}/{name}"
            if _PLAIN.fullmatch(address):
                found[address] = f"wanted {model.get('state')}" if model.get("state") else ""
    return dict(sorted(found.items()))


def _mapping(data: Any) -> dict[str, Any]:
    return data if isinstance(data, dict) else {}


def _platforms() -> list[str]:
    """The built-in platforms."""
    from reconciler.platforms.registry import built_in_names

    return sorted(built_in_names())
