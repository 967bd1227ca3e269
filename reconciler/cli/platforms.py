"""`reconciler platforms`."""

from pathlib import Path

import click
from msgspec.structs import replace

from reconciler.cli import streams
from reconciler.core.capabilities import PlatformType
from reconciler.core.document import MAX_BYTES
from reconciler.core.duration import format_duration
from reconciler.core.job import Verb
from reconciler.errors import ConfigurationError
from reconciler.platforms.access import variable
from reconciler.platforms.load import read_definition
from reconciler.platforms.registry import definition_text, find_type, type_names
from reconciler.render.safe import ci


@click.command(name="platforms")
@click.argument("name", required=False)
@click.argument("file", required=False)
def command(name: str | None, file: str | None) -> None:
    """The platform definitions there are and what each can do; one of them with NAME; check your own with: check
    FILE."""
    if name == "check":
        if file is None:
            raise click.UsageError("which file? reconciler platforms check FILE")
        _check(file)
    elif name is None:
        streams.out("\n\n".join(_summary(find_type(known).type) for known in type_names()))
        streams.out("\nOne as a file, to start your own from: reconciler platforms NAME")
    else:
        streams.out(definition_text(name).rstrip("\n"))


def _check(file: str) -> None:
    try:
        with Path(file).open("rb") as stream:
            text = stream.read(MAX_BYTES + 4)
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from error
    definition = read_definition(text, file)
    streams.out(f"{ci(file)}: nothing to complain about.\n\n{_summary(replace(definition.type, url=None))}")
    if definition.type.url:
        streams.out(f"\nIts url is not used: {variable(definition.type.name, 'URL')} says where a key is sent.")


def _summary(type_: PlatformType) -> str:
    can, lines = type_.capabilities, []
    for verb in Verb:
        refusal = can.refusal(verb)
        limit = can.timeouts.get(verb)
        offered = "yes" + (f", at most {format_duration(limit)}" if limit else "")
        lines.append(f"  {verb + ':':<10} {offered if refusal is None else f'no: {ci(refusal)}'}")
    if can.reads_together:
        state = "read from one list for all models"
    elif can.reads_state:
        state = "read model by model"
    else:
        state = "not readable: what our last job did" + (", or a probe of the deployment" if type_.probes else "")
    lines.append(f"  {'state:':<10} {state}")
    url = f"{type_.url} (or {variable(type_.name, 'URL')})" if type_.url else variable(type_.name, "URL")
    lines.append(f"  {'address:':<10} {url}")
    lines.append(f"  {'key:':<10} {variable(type_.name, 'KEY') if type_.needs_key else 'none'}")
    return "\n".join([type_.name, *lines])
