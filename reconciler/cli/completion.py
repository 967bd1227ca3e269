"""What a shell offers when TAB is pressed: commands, options, addresses, files.

Nobody waits at TAB, so all that is known beforehand stands in `completions/words.json`, as the commands say it, and
nothing is imported that the answer does not need. Opens no connection, and is silent about whatever is wrong."""

import os
from collections.abc import Iterable, Mapping, Sequence

from reconciler.cli.glance import COMMANDS, COMPLETIONS

Item = tuple[str, str, str]
"""What may stand there: `plain`, or the `file` or `dir` that the shell itself looks for; the word; its help."""

Value = str | Mapping[str, str] | None
"""What a value is: an `address`, a `file`, a `dir`, one of some words, each with its help, or None for all else."""


def answer(instruction: str) -> int:
    """Say what may stand where TAB was pressed, as `COMPLETE` and its fellows in the environment ask."""
    try:
        said = completions(instruction.removesuffix("_complete"), os.environ)
        with open(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False) as stdout:
            stdout.write(f"{said}\n")
    except Exception:  # nothing that goes wrong here is worth a line in the middle of somebody's typing
        return 1
    return 0


def completions(shell: str, environment: Mapping[str, str]) -> str:
    """The answer to what the script of `shell` asks in `environment`, in the form that it reads."""
    form = FORMS[shell]
    given, begun = _typed(shell, environment["COMP_WORDS"], environment["COMP_CWORD"])
    return "\n".join(form(*item) for item in candidates(given, begun))


def candidates(given: Sequence[str], begun: str) -> list[Item]:
    """What may stand behind the words `given` to `reconciler`, and begins with `begun`."""
    name = next((word for word in given if not word.startswith("-")), None)
    if name is None:
        return _commands(begun)
    import json

    with open(f"{COMPLETIONS}/words.json", encoding="utf-8") as file:
        command = json.load(file).get(name)
    if command is None:
        return []
    words, values = given[given.index(name) + 1 :], command["values"]
    if words and words[-1] in values:
        return _values(values[words[-1]], _positions(words[:-1], values), begun)
    if begun.startswith("-"):
        return _starting(begun, command["options"])
    positions, arguments = _positions(words, values), command["arguments"]
    at = len(positions)
    return _values(arguments[at] if at < len(arguments) else command["rest"], positions, begun)


def _commands(begun: str) -> list[Item]:
    if begun.startswith("-"):
        return _starting(begun, dict.fromkeys(("--help", "--version", "--debug"), ""))
    return _starting(begun, {name: text for name, (_, text) in COMMANDS.items()})


def _positions(words: Iterable[str], values: Mapping[str, Value]) -> list[str]:
    """The words that are neither options nor their values."""
    found: list[str] = []
    value = False
    for word in words:
        if not value and not word.startswith("-"):
            found.append(word)
        value = not value and word in values
    return found


def _values(value: Value, positions: Sequence[str], begun: str) -> list[Item]:
    """What `value` may be; the addresses are those in the inventory that the command names, or in the default one."""
    if value == "address":
        from reconciler.cli.addresses import addresses

        named = next((word for word in reversed(positions) if os.path.exists(word)), "inventory.yaml")
        return _starting(begun, addresses(named))
    if isinstance(value, str):
        return [(value, begun, "")]
    return _starting(begun, value or {})


def _starting(begun: str, known: Mapping[str, str]) -> list[Item]:
    return [("plain", word, text) for word, text in known.items() if word.startswith(begun)]


def _typed(shell: str, words: str, at: str) -> tuple[list[str], str]:
    """The whole words behind `reconciler`, and the one that is begun. Fish says that one, the others its number."""
    split = _split(words)
    if shell != "fish":
        number = int(at)
        return split[1:number], split[number] if number < len(split) else ""
    given, begun = split[1:], _split(at)[0] if at else ""
    return given[:-1] if begun and given[-1:] == [begun] else given, begun


def _split(line: str) -> list[str]:
    """The words of `line`, as far as it goes: a quote may still be open."""
    import shlex

    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    try:
        words.extend(lexer)
    except ValueError:
        words.append(lexer.token)
    return words


def _for_bash(kind: str, word: str, text: str) -> str:
    return f"{kind},{word}"


def _for_zsh(kind: str, word: str, text: str) -> str:
    if text:  # then zsh takes the word to end at the first colon
        word = word.replace(":", "\\:")
    return f"{kind}\n{word}\n{text or '_'}"


def _for_fish(kind: str, word: str, text: str) -> str:
    return f"{kind},{word}\t{text}" if text else f"{kind},{word}"


FORMS = {"bash": _for_bash, "zsh": _for_zsh, "fish": _for_fish}
"""The form in which the script of each shell reads an item."""
