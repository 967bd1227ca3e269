"""The entry point: finds the command, runs it, turns every error into one clear line and an exit code.

Commands are imported when they are called, so that `--version` and `--help` answer at once."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import StringIO, TextIOWrapper
from typing import TextIO

import click

from reconciler import __version__
from reconciler.cli.glance import COMMANDS, EPILOG, ONE_LINE
from reconciler.errors import FileError, ReconcilerError

USAGE = 64
"""Wrong usage: click's own 2 means drift here."""


class _Commands(click.Group):
    """Imports a command's module only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"reconciler.cli.{COMMANDS[cmd_name][0]}")
        found: click.Command = module.command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=_Commands,
    name="reconciler",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EPILOG,
    help=ONE_LINE,
)
@click.version_option(__version__, prog_name="reconciler")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an internal error.")
def commands() -> None:
    """All commands."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line. Returns the exit code; everything for people is written by then."""
    try:
        result = commands.main(args=list(arguments), prog_name="reconciler", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.UsageError as error:
        _show(error)
        return USAGE
    except click.Abort:
        _complain("Nothing was done.")
        return 130
    except FileError as error:
        _complain(*map(str, error.complaints))
        count = len(error.complaints)
        _complain(f"{count} {'thing is' if count == 1 else 'things are'} wrong; nothing was asked of any platform.")
        return error.exit_code
    except ReconcilerError as error:
        _complain(*f"Error: {error}".splitlines())
        return error.exit_code
    except BrokenPipeError:  # nobody reads any more
        return 1
    except OSError as error:
        gone = isinstance(error, FileNotFoundError)
        what = error.filename or ("the folder this runs in" if gone else "output")
        _complain(f"Error: {what}: {error.strerror or error}")
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        return _internal(error, debug="--debug" in arguments)


def _let_go(stream: TextIO | None) -> None:
    """Forget what `stream` could not take: Python would try again at exit, complain, and end with 120."""
    if stream is None or stream.closed:
        return
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _show(error: click.UsageError) -> None:
    """Say how a command is used; without a stderr click would say it on stdout."""
    from reconciler.cli.streams import err

    shown = StringIO()
    error.show(shown)
    err(shown.getvalue().rstrip("\n"))


def _complain(*lines: str) -> None:
    """Say each of `lines` in one line, however it was written: a file may be named after a command of a CI log."""
    from reconciler.cli.streams import err
    from reconciler.render.safe import ci

    stripped = ((line, line.lstrip(" ")) for line in lines)
    err("\n".join(line[: len(line) - len(words)] + ci(words) for line, words in stripped))


def _internal(error: Exception, *, debug: bool) -> int:
    if debug:
        import traceback

        from reconciler.cli.streams import err

        err("".join(traceback.format_exception(error)))
    kind = type(error).__name__
    _complain(f"Internal error: {kind}: {str(error).splitlines()[0] if str(error) else ''}")
    _complain("This is a fault in reconciler. Run it again with --debug before the command to see where.")
    return 1


def main() -> None:
    """`reconciler` on the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # whatever the locale: JSON is UTF-8, and no name of a file ends a run
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    code = run(sys.argv[1:])
    _let_go(sys.stdout)
    _let_go(sys.stderr)
    sys.exit(code)
