"""From options and environment to what a use case needs: the inventory, the setup, the selection."""

import random
import secrets
import shlex
from pathlib import Path

from msgspec.structs import replace

from reconciler import __version__
from reconciler.cli import environment, streams
from reconciler.cli.options import Common
from reconciler.cli.reading import DEFAULT, find_type
from reconciler.clock import SystemClock
from reconciler.core.capabilities import PlatformType
from reconciler.core.document import MAX_BYTES, read_document
from reconciler.core.model import Inventory, Limits, PlatformEntry
from reconciler.core.schema import Checker, check
from reconciler.core.selection import select
from reconciler.engine.opening import Setup
from reconciler.engine.planning import Wanted
from reconciler.errors import ConfigurationError, InventoryError
from reconciler.journal.opening import journal_command, journal_name
from reconciler.platforms.registry import type_names
from reconciler.schemas import load_schema


def _trusted(entry: PlatformEntry, type_: PlatformType) -> PlatformType:
    """The type as far as addresses go: what a pull request can change must not say where a key is sent. That is a
    definition of its own, and another type under the name of a built-in one, whose key may be set."""
    trusted = entry.definition is None and (entry.name == type_.name or entry.name not in type_names())
    return type_ if trusted else replace(type_, url=None)


def types_of(inventory: Inventory, platforms: tuple[str, ...] = ()) -> dict[str, PlatformType]:
    """The types of `platforms`, or of every platform that a model of the inventory is on."""
    used = set(platforms) or {model.platform for model in inventory.models}
    return {
        entry.name: _trusted(entry, find_type(entry, Path(inventory.directory)))
        for entry in inventory.platforms
        if entry.name in used
    }


def setup(
    inventory: Inventory,
    options: Common,
    *,
    run: str,
    write: bool = False,
    offline: bool = False,
    lock_timeout: float = 0.0,
    platforms: tuple[str, ...] = (),
) -> Setup:
    """What a run over `inventory` works with: its platforms that models are on, or those named.

    Raises `ConfigurationError` for keys and addresses."""
    types = types_of(inventory, platforms)
    credentials = environment.origins(types) if offline else environment.credentials(types)
    journal = journal_of(inventory.directory, options.journal)
    if options.verbose:
        streams.err(f"journal: {journal_name(journal)}")
        for name, found in credentials.items():
            streams.err(f"{name}: {found.api.origin}" + (f", probes {found.probe.origin}" if found.probe else ""))
    return Setup(
        inventory=inventory,
        credentials=credentials,
        journal=journal,
        clock=SystemClock(),
        chance=random.Random(),
        run=run,
        tool_version=__version__,
        write=write,
        lock_timeout=lock_timeout,
        offline=offline,
        poll=environment.seconds("POLL"),
        settle=environment.seconds("SETTLE"),
        definitions=environment.definitions(),
        tell=(lambda _line: None) if options.quiet or (offline and not write) else streams.err,
    )


def folder_of(inventory: str | None) -> str:
    """The folder that an inventory's journal stands in, without reading it."""
    path = Path(inventory or DEFAULT)
    return str(path if path.is_dir() else path.parent)


def journal_of(directory: str, option: str | None) -> str:
    """Where the journal is, a path or a database URL: the option, the environment, or below `directory`."""
    return option or environment.journal() or str(Path(directory) / ".reconciler" / "journal.db")


def new_run() -> str:
    """A short random id for one run."""
    return f"r-{secrets.token_hex(3)}"


def wanted(
    inventory: Inventory,
    options: Common,
    *,
    max_undeploys: int | None = None,
    guards: str | None = None,
    approved: tuple[str, ...] = (),
    lifetime: float = 86400.0,
    offline: bool = False,
) -> Wanted:
    """What a plan is asked for. Raises `ConfigurationError` for a selection that fits nothing, or an unknown
    address."""
    chosen = frozenset(model.address for model in select(inventory.models, options.only, options.exclude))
    if not chosen and (options.only or options.exclude):
        raise ConfigurationError("no model fits --only and --exclude")
    known = {model.address for model in inventory.models}
    for address in approved:
        if address not in known:
            raise ConfigurationError(f"--approve {address}: the inventory has no such model")
    limits = inventory.limits
    if max_undeploys is not None:
        limits = limits.stricter(replace(limits, max_undeploys=max_undeploys))
    if guards is not None:
        limits = limits.stricter(read_guards(guards))
    return Wanted(
        selected=chosen,
        partial=len(chosen) < len(inventory.models),
        limits=limits,
        approved=frozenset(approved),
        lifetime=lifetime,
        offline=offline,
        commit=environment.commit(),
        where=_named(options),
    )


def _named(options: Common) -> str | None:
    """The inventory and the journal as an advised command must name them, quoted; None where both are the default."""
    journal = ["--journal", journal_command(options.journal)] if options.journal else []
    return shlex.join([*([options.inventory] if options.inventory else []), *journal]) or None


def command(options: Common, name: str) -> str:
    """Another command over the same inventory and journal, as it is typed."""
    named = _named(options)
    return f"reconciler {name}{f' {named}' if named else ''}"


def read_guards(path: str) -> Limits:
    """The limits in a YAML file that holds what `guards:` of an inventory holds. Raises `InventoryError`."""
    try:
        with Path(path).open("rb") as file:
            text = file.read(MAX_BYTES + 4)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}: the guards cannot be read") from error
    document, complaints = read_document(text, path)
    if document is not None and not complaints:
        schema = load_schema("inventory")
        complaints = check(document, Checker({**schema["properties"]["guards"], "$defs": schema.get("$defs", {})}))
    if document is None or complaints:
        raise InventoryError(complaints)
    return Limits(**(document.data or {}))
