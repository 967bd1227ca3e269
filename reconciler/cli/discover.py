"""`reconciler discover`."""

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from reconciler.cli import reading, session, streams
from reconciler.cli.options import Common, OutFile
from reconciler.cli.signals import run_async
from reconciler.core.document import read_document
from reconciler.core.live import Listed, LiveState
from reconciler.core.model import Inventory, PlatformEntry
from reconciler.engine.opening import open_world
from reconciler.engine.operations import discover
from reconciler.engine.waiting import Stop
from reconciler.errors import ConfigurationError, InventoryError
from reconciler.inventory.format import format_text
from reconciler.platforms.registry import type_names

_SETTLED = {
    LiveState.DEPLOYED: "deployed",
    LiveState.UNDEPLOYED: "undeployed",
}

_HEAD = (
    "# yaml-language-server: $schema=inventory.schema.json",
    "# For your editor, once: reconciler schema inventory > inventory.schema.json",
)


@click.command(name="discover")
@click.argument("platform")
@click.argument("inventory", required=False)
@click.option(
    "--type", "type_", metavar="TYPE", help="The platform's type, where no inventory says it. [default: PLATFORM]"
)
@click.option("--out", type=OutFile(), metavar="FILE", default="-", help="Where to write. [default: stdout]")
def command(platform: str, inventory: str | None, type_: str | None, out: str) -> None:
    """Write an inventory of what PLATFORM lists and INVENTORY, if there is one, does not hold yet. Every model is
    wanted as it is now, so the plan of it holds nothing but jobs that run already."""
    known = _inventory(platform, inventory, type_)
    setup = session.setup(known, Common(), run=session.new_run(), platforms=(platform,))

    async def work(_stop: Stop) -> tuple[Listed, ...] | None:
        async with open_world(setup) as world:
            return await discover(world, platform)

    found = run_async(work)
    if found is None:
        raise ConfigurationError(
            f"{platform} has no route that lists models: write their ids into the inventory by hand"
        )
    entry = next(entry for entry in known.platforms if entry.name == platform)
    pattern = session.types_of(known, (platform,))[platform].id_pattern
    text = _yaml(entry, found, pattern)
    if out != "-" and Path(out).exists():
        raise ConfigurationError(f"{out} is there already and is not overwritten")
    streams.save(out, text.rstrip("\n"))
    if out != "-":
        streams.err(f"{out}: {len(found)} models of {platform}. Next: reconciler plan {out}")


def _inventory(platform: str, path: str | None, type_: str | None) -> Inventory:
    """The inventory, with `platform` in it even if no model is on it yet."""
    if path is not None or Path(reading.DEFAULT).exists():
        known = reading.read_inventory(path)
    else:
        known = Inventory(files=(), directory=".", digest="", platforms=(), models=())
    if any(entry.name == platform for entry in known.platforms):
        return known
    kind = type_ or platform
    if kind not in type_names():
        raise ConfigurationError(f"no platform is called {platform}; name its type: --type {'|'.join(type_names())}")
    return replace(known, platforms=(*known.platforms, PlatformEntry(name=platform, type=kind)))


def _yaml(entry: PlatformEntry, found: Sequence[Listed], pattern: str) -> str:
    import yaml

    data: dict[str, Any] = {"version": 1}
    if entry.definition is not None or entry.type != entry.name:
        data["platforms"] = {entry.name: {"definition": entry.definition} if entry.definition else {"type": entry.type}}
    names: set[str] = set()
    models: dict[str, Any] = {}
    left_out = []
    for listed in found:
        if not re.fullmatch(pattern, listed.id):
            left_out.append(f"# left out: a model whose id does not match {pattern}")
            continue
        state = _SETTLED.get(listed.state)
        if state is None:
            left_out.append(f"# left out: {listed.id!r} is {listed.state}")
            continue
        name = _unique(re.sub(r"[^A-Za-z0-9_.-]+", "-", listed.name or listed.id).strip("-.")[:100] or "model", names)
        models[name] = {"platform": entry.name, "id": listed.id, "state": state}
    data["models"] = models

    class Dumper(yaml.SafeDumper):
        """Writes text plainly only where no reader of YAML takes it for anything else."""

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        document, complaints = read_document(value, "")
        plain = document is not None and not complaints and document.data == value
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else '"')

    Dumper.add_representer(str, text)
    body = yaml.dump(data, Dumper=Dumper, sort_keys=False, allow_unicode=False, width=1000)
    with suppress(InventoryError):  # too long a text is for a person to part
        body = format_text(body, "")
    return "\n".join([*_HEAD, f"# Written by reconciler discover {entry.name}.", body.rstrip("\n"), *left_out])


def _unique(name: str, taken: set[str]) -> str:
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    taken.add(candidate)
    return candidate
