"""Reads inventories. Loads nothing that only asking platforms takes, so that checking one answers at once."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.cli.environment import definitions
from reconciler.core.capabilities import PlatformType
from reconciler.core.model import Inventory, PlatformEntry
from reconciler.inventory.load import load, load_text
from reconciler.platforms.registry import find_factory, type_names

DEFAULT = "inventory.yaml"


def read_inventory(path: str | None) -> Inventory:
    """The inventory at `path`; `-` is stdin, None the default file. Raises `InventoryError`."""
    return read_inventories((path or DEFAULT,))


def read_inventories(paths: tuple[str, ...]) -> Inventory:
    """The inventory in one file, one folder, stdin, or the files that a saved plan names. Raises `InventoryError`."""
    with _uncollected():
        if paths == ("-",):
            return load_text(sys.stdin.buffer.read(), "-", Path(), find_type, type_names())
        return load([Path(path) for path in paths], find_type, type_names())


@contextmanager
def _uncollected() -> Iterator[None]:
    """What is read lives to the end of the run: to look for rings in it again and again is half of the reading."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if before:
            gc.enable()


def find_type(entry: PlatformEntry, directory: Path) -> PlatformType:
    """What the inventory must know of the type of a platform."""
    return find_factory(entry, directory, trusted=definitions()).type
