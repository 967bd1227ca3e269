"""Opens a world: takes the lock where one is needed, reads the journal, opens the platforms, and closes all of it."""

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.clock import Clock
from reconciler.core.model import Inventory, PlatformEntry
from reconciler.engine.world import Account, Recollection, World
from reconciler.journal.lock import Lock
from reconciler.journal.store import Store
from reconciler.platforms.access import Credentials
from reconciler.platforms.base import Opening
from reconciler.platforms.registry import find_factory


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What the environment and the options say about a run.

    `credentials` is by platform name and lacks those that offline runs do not need; `journal` is a path; `write`:
    the run writes to the journal, so it is made if it is missing and locked, waiting at most `lock_timeout` seconds.
    `poll` and `settle` override every platform's, in seconds."""

    inventory: Inventory
    credentials: Mapping[str, Credentials]
    journal: str
    clock: Clock
    chance: random.Random
    run: str
    tool_version: str
    write: bool = False
    lock_timeout: float = 0.0
    offline: bool = False
    poll: float | None = None
    settle: float | None = None


@asynccontextmanager
async def open_world(setup: Setup) -> AsyncIterator[World]:
    """The world of one run. Raises `LockHeld`, `JournalError`, `ConfigurationError` and `DefinitionError`."""
    async with AsyncExitStack() as stack:
        if setup.write:
            stack.enter_context(Lock(setup.journal, run=setup.run, timeout=setup.lock_timeout))
        store = Store.open(setup.journal, create=setup.write)
        if store is not None:
            stack.callback(store.close)
        records = tuple(store.read()) if store is not None else ()
        accounts = {}
        for entry in setup.inventory.platforms:
            account = _open(entry, setup)
            if account.platform is not None:
                stack.push_async_callback(account.platform.aclose)
            accounts[entry.name] = account
        yield World(
            inventory=setup.inventory,
            accounts=accounts,
            store=store,
            recollection=Recollection.of(records),
            clock=setup.clock,
            chance=setup.chance,
            run=setup.run,
            tool_version=setup.tool_version,
        )


def _open(entry: PlatformEntry, setup: Setup) -> Account:
    factory = find_factory(entry, Path(setup.inventory.directory))
    credentials = setup.credentials.get(entry.name)
    if credentials is None:
        return Account(name=entry.name, type=factory.type, origin=None, platform=None)
    entry = replace(
        entry,
        poll=entry.poll if setup.poll is None else setup.poll,
        settle=entry.settle if setup.settle is None else setup.settle,
    )
    platform = None
    if not setup.offline:
        opening = Opening(entry=entry, credentials=credentials, clock=setup.clock, chance=setup.chance)
        platform = factory.open(opening)
    return Account(name=entry.name, type=factory.type, origin=credentials.api.origin, platform=platform)
