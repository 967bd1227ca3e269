"""Which platform types there are: built-in definitions, a user's own file, and Python classes by entry point."""

import os
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.core.document import MAX_BYTES
from reconciler.core.model import PlatformEntry
from reconciler.errors import ConfigurationError
from reconciler.platforms.declared import declared
from reconciler.platforms.types import read_declared

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from reconciler.platforms.base import PlatformFactory

GROUP = "reconciler.platforms"
SUFFIXES = frozenset((".yaml", ".yml"))
_DEFINITIONS = Path(__file__).parent / "definitions"


class _TypeNames(Collection[str]):
    """The names a `type:` may have, in order. Installed packages are asked for theirs only where that matters."""

    def __contains__(self, name: object) -> bool:
        return name in built_in_names() or name in _classes()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(built_in_names() | _classes().keys()))

    def __len__(self) -> int:
        return len(built_in_names() | _classes().keys())


def type_names() -> Collection[str]:
    """The names a `type:` may have, in order."""
    return _TypeNames()


@cache
def built_in_names() -> frozenset[str]:
    """The names of the definitions that are part of the program."""
    names = (file.name for file in _DEFINITIONS.iterdir())
    return frozenset(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))


def _classes() -> "Mapping[str, EntryPoint]":
    """The platforms that installed packages offer."""
    from importlib.metadata import entry_points  # half of what checking an inventory takes

    return {entry.name: entry for entry in entry_points(group=GROUP)}


def definition_text(name: str) -> str:
    """The YAML text of a built-in definition. Raises `ConfigurationError` if there is none of that name."""
    if name not in built_in_names():
        raise ConfigurationError(f"there is no definition called {name}; there are: {', '.join(type_names())}")
    return _DEFINITIONS.joinpath(f"{name}.yaml").read_text("utf-8")


@cache
def find_type(name: str) -> "PlatformFactory":
    """The platform type called `name`, of those built in before any other. Raises `ConfigurationError` if there is
    none."""
    if name not in built_in_names() and (entry := _classes().get(name)) is not None:
        factory: PlatformFactory = entry.load()
        return factory
    return declared(read_declared(definition_text(name), f"{name}.yaml", checked=True))


def find_factory(entry: PlatformEntry, directory: Path, *, trusted: str | None = None) -> "PlatformFactory":
    """What opens the platform `entry`, whose own definition file is relative to `directory`, or to the `trusted`
    folder, which it then must be in: a definition says what is sent with a key, also by a plan.

    Raises `DefinitionError` for a file that is wrong and `ConfigurationError` for one that is not there."""
    if entry.definition is None:
        return find_type(entry.type)
    path = Path(trusted or directory) / entry.definition
    if trusted is not None and not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(trusted)):
        raise ConfigurationError(f"{entry.definition}: a definition must be in {trusted} (RECONCILER_DEFINITIONS)")
    named = {path.suffix, Path(os.path.realpath(path)).suffix}
    if not named <= SUFFIXES or (path.exists() and not path.is_file()):
        # An inventory comes from a pull request: it may not have any file of this machine shown in a complaint.
        raise ConfigurationError(f"{path}: a definition is a file that ends with {' or '.join(sorted(SUFFIXES))}")
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 4)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}: the definition of platform {entry.name}") from error
    return declared(read_declared(text, str(path)))
