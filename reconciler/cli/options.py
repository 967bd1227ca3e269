"""Options that several commands share, and the values they come to."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec import Struct

from reconciler.core.duration import parse_duration
from reconciler.folders import is_writable

Function = TypeVar("Function", bound=Callable[..., Any])

KINDS = ("markdown", "json", "html", "junit", "gitlab", "codequality", "sarif", "github", "prometheus", "terraform")
"""The kinds of `--report`."""

LONGEST_PATTERN = 600
"""Characters of `--only` and `--exclude`: more than any address or label has."""


class Duration(click.ParamType[float]):
    """`90s`, `15m`, `24h`, `7d` -> seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds in `value`."""
        try:
            return float(value) if isinstance(value, int | float) else parse_duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Pattern(click.ParamType[str]):
    """A glob, of a length that is matched in no time."""

    name = "pattern"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """`value` itself."""
        if len(value) > LONGEST_PATTERN:
            self.fail(f"longer than {LONGEST_PATTERN} characters", param, ctx)
        return str(value)


class ReportFile(click.ParamType[tuple[str, str]]):
    """`KIND=FILE` -> the pair."""

    name = "kind=file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """The kind and the file in `value`."""
        kind, found, file = str(value).partition("=")
        if not found or not file or kind not in KINDS:
            self.fail(f"{value!r} is not KIND=FILE with a KIND of {', '.join(KINDS)}", param, ctx)
        _check_place(self, file, param, ctx)
        return kind, file


class OutFile(click.ParamType[str]):
    """A file to write, or `-`."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The file in `value`."""
        _check_place(self, str(value), param, ctx)
        return str(value)


def _check_place(
    type_: click.ParamType[Any], file: str, param: click.Parameter | None, ctx: click.Context | None
) -> None:
    """Fail before anything is done where `file` cannot be written afterwards."""
    path = Path(file)
    folder = path.absolute().parent
    if file == "-" or (path.exists() and not path.is_file() and not path.is_dir()):
        return
    if path.is_dir():
        type_.fail(f"{file} is a folder; name a file in it", param, ctx)
    if path.exists() and path.suffix in (".yaml", ".yml"):
        type_.fail(f"{file} may be an inventory, and is not overwritten", param, ctx)
    if not folder.is_dir():
        type_.fail(f"{file}: there is no such folder to write to", param, ctx)
    if not is_writable(folder):
        type_.fail(f"{file}: nothing can be written in {folder}", param, ctx)


class Common(Struct, frozen=True, kw_only=True):
    """The options that every command over an inventory has."""

    inventory: str | None = None
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    format: str = "text"
    reports: tuple[tuple[str, str], ...] = ()
    events: str | None = None
    environment: str = ""
    journal: str | None = None
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False
    no_progress: bool = False

    @property
    def stdout_is_taken(self) -> bool:
        """Whether events or a report are all that stdout gets. Annotations belong into the log of a job: they come
        beside what people read there."""
        return any(name != "github" for name in self._on_stdout())

    def check_outputs(self, *, out: str | None = None, given: str | None = None) -> None:
        """Raise `UsageError` where two things would be written to one place, or over what is read. `out` is where a
        plan is saved, `given` the saved plan to apply."""
        claims = [*self._on_stdout(), *(["--out"] if out == "-" else [])]
        if len(claims) > 1:
            raise click.UsageError(f"only one thing can have stdout (-), and these all want it: {', '.join(claims)}")
        if self.format != "text" and claims:
            raise click.UsageError(f"--format {self.format} wants stdout for itself, and so does {claims[0]}")
        written = [file for file in (*(file for _, file in self.reports), self.events, out) if file and file != "-"]
        places = [os.path.realpath(file) for file in written]
        for file, place in zip(written, places, strict=True):
            if places.count(place) > 1 and (os.path.isfile(place) or not os.path.exists(place)):
                raise click.UsageError(f"{file} would be written twice: give each thing a file of its own")
            if given is not None and given != "-" and place == os.path.realpath(given):
                raise click.UsageError(f"{file} is read by this command, and is not overwritten")

    def _on_stdout(self) -> list[str]:
        reports = [kind for kind, file in self.reports if file == "-"]
        return [*reports, *(["--events"] if self.events == "-" else [])]


def common(
    *, formats: tuple[str, ...] = ("text", "json", "markdown"), reports: bool = True, events: bool = False
) -> Callable[[Function], Function]:
    """The decorator that adds them; the command gets them as `options: Common`."""
    decorators: list[Callable[[Any], Any]] = [
        click.argument("inventory", required=False),
        click.option(
            "--only",
            type=Pattern(),
            multiple=True,
            metavar="PATTERN",
            help="Only these: a glob over addresses, or LABEL=VALUE.",
        ),
        click.option("--exclude", type=Pattern(), multiple=True, metavar="PATTERN", help="Not these."),
        click.option(
            "--format", type=click.Choice(formats), default="text", show_default=True, help="What stdout gets."
        ),
        click.option("--journal", metavar="URL", help="Path or postgresql:// URL. [default: .reconciler/journal.db]"),
        click.option("--quiet", is_flag=True, help="Nothing on stderr but errors."),
        click.option("-v", "--verbose", is_flag=True, help="Say more on stderr."),
        click.option("--no-color", is_flag=True, help="No colour."),
        click.option("--no-progress", is_flag=True, help="No progress."),
    ]
    decorators += _report_options() if reports else []
    decorators += [_events_option()] if events else []

    def decorate(function: Function) -> Function:
        def command(**given: Any) -> Any:
            taken = {name: given.pop(name) for name in Common.__struct_fields__ if name in given}
            options = Common(**taken)
            options.check_outputs(out=given.get("out"), given=given.get("plan_file"))
            return function(options=options, **given)

        command.__name__, command.__doc__ = function.__name__, function.__doc__
        command.__dict__.update(function.__dict__)
        decorated: Any = command
        for decorator in reversed(decorators):
            decorated = decorator(decorated)
        return decorated  # type: ignore[no-any-return]

    return decorate


def _report_options() -> list[Callable[[Function], Function]]:
    kinds = f"{', '.join(KINDS[:-1])} or {KINDS[-1]}"
    return [
        click.option(
            "--report",
            "reports",
            type=ReportFile(),
            multiple=True,
            help=f"Write a report too: KIND is {kinds}. May be given again.",
        ),
        click.option(
            "--environment",
            envvar="RECONCILER_ENVIRONMENT",
            default="",
            metavar="NAME",
            show_envvar=True,
            help="What reports are told apart by, as prod from staging.",
        ),
    ]


def _events_option() -> Callable[[Function], Function]:
    text = "Write what happens as it happens: one JSON object a line. - is stdout, which then gets nothing else."
    return click.option("--events", type=OutFile(), metavar="FILE", help=text)


def guard_options(function: Function) -> Function:
    """The options of plan and apply that tighten the guards."""
    function = click.option(
        "--guards", metavar="FILE", help="Guards from elsewhere than the inventory; the stricter of both counts."
    )(function)
    return click.option("--max-undeploys", type=click.IntRange(min=0), metavar="N", help="The most undeploys.")(
        function
    )
