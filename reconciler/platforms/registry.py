"""Which platform types there are: built-in definitions, a user's own file, and Python classes by entry point."""

import os
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path

from reconciler.core.document import MAX_BYTES
from reconciler.core.model import PlatformEntry
from reconciler.errors import ConfigurationError
from reconciler.platforms.base import PlatformFactory
from reconciler.platforms.load import read_definition
from reconciler.platforms.rest import RestFactory

GROUP = "reconciler.platforms"
SUFFIXES = frozenset((".yaml", ".yml"))
_DEFINITIONS = files("reconciler.platforms").joinpath("definitions")


@cache
def type_names() -> tuple[str, ...]:
    """The names a `type:` may have, in order."""
    built_in = {file.name.removesuffix(".yaml") for file in _DEFINITIONS.iterdir() if file.name.endswith(".yaml")}
    return tuple(sorted(built_in | {entry.name for entry in entry_points(group=GROUP)}))


def definition_text(name: str) -> str:
    """The YAML text of a built-in definition. Raises `ConfigurationError` if there is none of that name."""
    file = _DEFINITIONS.joinpath(f"{name}.yaml")
    if name not in type_names() or not file.is_file():
        raise ConfigurationError(f"there is no definition called {name}; there are: {', '.join(type_names())}")
    return file.read_text("utf-8")


@cache
def find_type(name: str) -> PlatformFactory:
    """The platform type called `name`. Raises `ConfigurationError` if there is none."""
    for entry in entry_points(group=GROUP, name=name):
        factory: PlatformFactory = entry.load()
        return factory
    return RestFactory(read_definition(definition_text(name), f"{name}.yaml"))


def find_factory(entry: PlatformEntry, directory: Path) -> PlatformFactory:
    """What opens the platform `entry`, whose own definition file is relative to `directory`.

    Raises `DefinitionError` for a file that is wrong and `ConfigurationError` for one that is not there."""
    if entry.definition is None:
        return find_type(entry.type)
    path = directory / entry.definition
    named = {path.suffix, Path(os.path.realpath(path)).suffix}
    if not named <= SUFFIXES or (path.exists() and not path.is_file()):
        # An inventory comes from a pull request: it may not have any file of this machine shown in a complaint.
        raise ConfigurationError(f"{path}: a definition is a file that ends with {' or '.join(sorted(SUFFIXES))}")
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 4)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}: the definition of platform {entry.name}") from error
    return RestFactory(read_definition(text, str(path)))
