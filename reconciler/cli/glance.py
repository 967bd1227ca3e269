"""What is asked so often that it is answered before anything else is loaded: the version, the list of commands, and
which of them begin with the letters before TAB. All of it is what click would say."""

import os
from collections.abc import Mapping, Sequence

from reconciler import __version__

ONE_LINE = "Make hosted AI models match a YAML inventory: plan, review, apply, and see drift."
EPILOG = "Begin with: reconciler demo"

COMPLETE = "_RECONCILER_COMPLETE"
"""What a shell sets to ask what may stand where TAB was pressed."""

COMMANDS = {
    "demo": ("demo", "The whole story on simulated platforms: plan, apply, drift."),
    "simulate": ("simulate", "Serve the simulated platforms on loopback."),
    "init": ("init", "Write a starter inventory."),
    "validate": ("validate", "Check an inventory offline; all complaints at once."),
    "fmt": ("fmt", "Lay an inventory out in the one way, comments and all."),
    "plan": ("plan", "Read live states, print the plan, save it."),
    "apply": ("apply", "Apply a saved plan exactly, or plan, ask and apply."),
    "drift": ("drift", "Live against what was last applied, and pending changes."),
    "show": ("show", "Print a saved plan or report in any form."),
    "status": ("status", "Live states with evidence and age."),
    "discover": ("discover", "Write an inventory from what a platform lists."),
    "adopt": ("adopt", "Record by hand what a model is."),
    "history": ("history", "What was done, when, by which run."),
    "lock": ("lock", "Who holds the lock."),
    "platforms": ("platforms", "The platform definitions, and what each can do."),
    "schema": ("schema", "Print a JSON Schema."),
    "completion": ("completion", "Print what completes commands in your shell."),
}
"""Every command, its module in `reconciler.cli`, and its short help."""

_HELP = """\
Usage: reconciler [OPTIONS] COMMAND [ARGS]...

  Make hosted AI models match a YAML inventory: plan, review, apply, and see
  drift.

Options:
  --version   Show the version and exit.
  --debug     Show the traceback of an internal error.
  -h, --help  Show this message and exit.

Commands:
{commands}

  {epilog}"""


def at_a_glance(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> str | None:
    """The answer to a command line that needs nothing to be loaded; None for all others."""
    if instruction := environment.get(COMPLETE):
        return _completed(instruction, environment)
    if list(arguments) == ["--version"]:
        return f"reconciler, version {__version__}"
    if list(arguments) in (["-h"], ["--help"]):
        width = max(map(len, COMMANDS))
        listed = "\n".join(f"  {name:{width}}  {text}" for name, (_, text) in COMMANDS.items())
        return _HELP.format(commands=listed, epilog=EPILOG)
    return None


def _completed(instruction: str, environment: Mapping[str, str]) -> str | None:
    """The commands that begin with the first word, in the shell's own form; None where more is asked."""
    words, at = environment.get("COMP_WORDS", ""), environment.get("COMP_CWORD", "")
    typed = words.split()[1:]
    begun = at if instruction == "fish_complete" else (typed[0] if typed else "")
    first = typed in ([], [begun]) if instruction == "fish_complete" else at == "1"
    if not first or not all(letter.isalpha() and letter.isascii() for letter in begun):
        return None
    found = {name: text for name, (_, text) in COMMANDS.items() if name.startswith(begun)}
    match instruction:
        case "bash_complete":
            return "\n".join(f"plain,{name}" for name in found)
        case "zsh_complete":
            return "\n".join(f"plain\n{name}\n{text}" for name, text in found.items())
        case "fish_complete":
            return "\n".join(f"plain,{name}\t{text}" for name, text in found.items())
    return None
