"""Opens a world: takes the lock where one is needed, reads the journal, opens the platforms, and closes all of it."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from reconciler.clock import Clock
from reconciler.core.model import Inventory, PlatformEntry
from reconciler.engine.world import Account, Recollection, World
from reconciler.errors import LockHeld
from reconciler.journal.opening import journal_name, lock_journal, open_journal
from reconciler.journal.store import Store
from reconciler.platforms.access import Credentials
from reconciler.platforms.base import Opening
from reconciler.platforms.registry import find_factory

PAUSES: Final = (0.1, 2.0)
"""Seconds between the first two tries to get the lock, and between later ones at most: each is a new connection."""


class Setup(Struct, frozen=True, kw_only=True):
    """What the environment and the options say about a run.

    `credentials` is by platform name and lacks those that offline runs do not need; `journal` is a path or a database
    URL; `write`: the run writes to the journal, so it is made if it is missing and locked, waiting at most
    `lock_timeout` seconds. `poll` and `settle` override every platform's, in seconds. `definitions`
    is the folder that the user's own definitions must be in, None for beside the inventory. `tell` gets a line where
    something is worth knowing before the run begins, `answered` a call at each answer to a read."""

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
    definitions: str | None = None
    tell: Callable[[str], object] = lambda _line: None
    answered: Callable[[], object] = lambda: None


@asynccontextmanager
async def open_world(setup: Setup) -> AsyncIterator[World]:
    """The world of one run. Raises `LockHeld`, `JournalError`, `ConfigurationError` and `DefinitionError`."""
    async with AsyncExitStack() as stack:
        store = await _open_store(setup, stack)
        recollection = await asyncio.to_thread(_recollect, store)
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
            recollection=recollection,
            clock=setup.clock,
            chance=setup.chance,
            run=setup.run,
            tool_version=setup.tool_version,
        )


async def _open_store(setup: Setup, stack: AsyncExitStack) -> Store | None:
    """The journal, locked where the run writes; None where there is none yet and the run writes nothing."""
    if setup.write:
        store: Store | None = await _locked(setup, stack)
    else:
        store = await asyncio.to_thread(open_journal, setup.journal)
        if store is not None:
            stack.callback(store.close)
    if store is None or store.new:
        setup.tell(f"No journal at {journal_name(setup.journal)} yet: nothing is remembered of earlier runs.")
    return store


async def _locked(setup: Setup, stack: AsyncExitStack) -> Store:
    ends, told = asyncio.get_running_loop().time() + setup.lock_timeout, False
    pause, longest = PAUSES
    while True:
        attempt = ExitStack()
        try:
            store = await asyncio.to_thread(attempt.enter_context, lock_journal(setup.journal, run=setup.run))
        except LockHeld as held:
            if asyncio.get_running_loop().time() >= ends:
                raise
            if not told:
                setup.tell(f"Waiting for the lock, at most {setup.lock_timeout:g} s: {str(held).split(';')[0]}.")
                told = True
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, longest)
        else:
            stack.enter_context(attempt)
            return store


def _recollect(store: Store | None) -> Recollection:
    """What the journal holds."""
    return Recollection.of(store.read() if store is not None else ())


def _open(entry: PlatformEntry, setup: Setup) -> Account:
    factory = find_factory(entry, Path(setup.inventory.directory), trusted=setup.definitions)
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
        opening = Opening(
            entry=entry, credentials=credentials, clock=setup.clock, chance=setup.chance, answered=setup.answered
        )
        platform = factory.open(opening)
    return Account(name=entry.name, type=factory.type, origin=credentials.api.origin, platform=platform)
