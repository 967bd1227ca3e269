"""What is asked so often that it is answered before anything else is loaded: the version, the list of commands, and,
by every shell that starts, the script for TAB. All of it is what click would say."""

import os
from collections.abc import Sequence

from reconciler import __version__

ONE_LINE = "Make hosted AI models match a YAML inventory: plan, review, apply, and see drift."
EPILOG = "Begin with: reconciler demo"

COMPLETE = "_RECONCILER_COMPLETE"
"""What a shell sets to ask what may stand where TAB was pressed."""

COMPLETIONS = f"{os.path.dirname(__file__)}/completions"
"""The folder of what TAB needs. No `Path`: to import it costs as much as the answer."""

SHELLS = ("bash", "zsh", "fish")
"""The shells that complete."""

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
    "completion": ("completion_script", "Print what completes commands in your shell."),
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


def at_a_glance(arguments: Sequence[str]) -> str | None:
    """The answer to a command line that needs nothing to be loaded; None for all others."""
    match arguments:
        case ["--version"]:
            return f"reconciler, version {__version__}"
        case ["-h" | "--help"]:
            width = max(map(len, COMMANDS))
            listed = "\n".join(f"  {name:{width}}  {text}" for name, (_, text) in COMMANDS.items())
            return _HELP.format(commands=listed, epilog=EPILOG)
        case ["completion", shell] if shell in SHELLS:
            return script(shell)
    return None


def script(shell: str) -> str:
    """The script of `shell` that asks at TAB, and how it is loaded."""
    with open(f"{COMPLETIONS}/completion.{shell}", encoding="utf-8") as file:
        return file.read().removesuffix("\n")
