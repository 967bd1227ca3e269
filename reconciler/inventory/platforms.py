"""The platforms of a draft: which there are, how they speak, and that no two would share a key."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from reconciler.core.capabilities import PlatformType
from reconciler.core.document import Path as Steps
from reconciler.core.duration import parse_duration
from reconciler.core.model import Model, PlatformEntry
from reconciler.core.schema import allowed, is_secret_field, shown, suggestion
from reconciler.errors import Complaint, ConfigurationError, DefinitionError
from reconciler.inventory.draft import Draft, Entry

FindType = Callable[[PlatformEntry, Path], PlatformType]
"""How a platform speaks; the folder is what its `definition` is relative to. Raises `DefinitionError` for a definition
that is wrong, and `ConfigurationError` for one that cannot be had."""

_ADDRESS_FIELDS = frozenset(
    ("url", "base_url", "baseurl", "host", "hostname", "address", "endpoint", "origin", "server")
)
_RESERVED = frozenset(("PLAN",))
"""`RECONCILER_PLAN_KEY` is the key that plans are sealed with."""


class Platforms(Struct, frozen=True, kw_only=True):
    """What is known of the platforms by name. `declared` holds also those in which something is wrong."""

    declared: frozenset[str]
    built_in: Collection[str]
    entries: Mapping[str, PlatformEntry]
    types: Mapping[str, PlatformType]


def find_platforms(
    draft: Draft, usable: Iterable[Entry], find_type: FindType, built_in: Collection[str], home: Path
) -> tuple[Platforms, tuple[Complaint, ...]]:
    """The platforms of a draft and everything wrong with them. `usable` are the entries that obey the schema; a
    built-in that models use under its own name needs none, and counts as standing in `home`. Raises what `find_type`
    raises for such a built-in."""
    complaints = list(_shared_keys(draft, built_in))
    entries = {}
    folders = {}
    for entry in usable:
        wrong = _wrong_definition(entry, built_in)
        if wrong:
            complaints.append(wrong)
        else:
            entries[entry.name], folders[entry.name] = build_platform(entry), entry.folder
    for name in _implied(draft, built_in):
        entries[name], folders[name] = PlatformEntry(name=name, type=name), home
    types = {}
    for name, platform in sorted(entries.items()):
        try:
            types[name] = find_type(platform, folders[name])
        except DefinitionError as error:
            complaints += error.complaints
        except ConfigurationError as error:
            if name not in draft.platforms:
                raise
            complaints.append(draft.platforms[name].complaint(str(error), "definition"))
    declared = frozenset(draft.platforms)
    return Platforms(declared=declared, built_in=built_in, entries=entries, types=types), tuple(complaints)


def unknown_platforms(
    models: Iterable[tuple[Entry, Model]], platforms: Platforms, *, whole: bool
) -> Iterator[Complaint]:
    """Models on a platform that there is not. Not `whole`: it may stand in a file that could not be read."""
    for entry, model in models:
        if whole and model.platform not in platforms.declared and model.platform not in platforms.built_in:
            names = sorted({*platforms.declared, *platforms.built_in})
            text = f'platform: there is no "{model.platform}"{suggestion(model.platform, names)}{allowed(names)}'
            yield entry.complaint(text, "platform")


def build_platform(entry: Entry) -> PlatformEntry:
    """The value of an entry that obeys the schema."""
    data = entry.data
    times = {name: parse_duration(data[name]) for name in ("poll", "settle", "request_timeout") if name in data}
    return PlatformEntry(
        name=entry.name,
        type=data.get("type", entry.name),
        definition=data.get("definition"),
        concurrency=data.get("concurrency"),
        requests_per_minute=data.get("requests_per_minute"),
        **times,
    )


def better_words(path: Steps) -> str | None:
    """What to say of a field at `path` that an inventory does not know, where that is more than its name."""
    if path in (("defaults", "id"), ("defaults", "after")):
        return f'"{path[-1]}" is each model\'s own; it has no default'
    field = str(path[-1])
    platform = _stem(str(path[1]))[:64] if len(path) > 2 and path[0] == "platforms" else "<PLATFORM>"
    if "probe" in path:
        platform += "_PROBE"
    if field.lower() in _ADDRESS_FIELDS:
        return f"addresses never stand in an inventory: set RECONCILER_{platform}_URL"
    if is_secret_field(field):
        return (
            f"keys and their names never stand in an inventory: set RECONCILER_{platform}_KEY, "
            "and rotate a key that stood here"
        )
    return None


def _wrong_definition(entry: Entry, built_in: Collection[str]) -> Complaint | None:
    named = entry.data.get("type")
    if "definition" in entry.data:
        return entry.complaint("type and definition exclude each other", "type", on_key=True) if named else None
    name = named or entry.name
    if name in built_in:
        return None
    advice = f"{suggestion(name, built_in)} (built in: {', '.join(built_in)}; else give a definition)"
    text = f"there is no built-in platform {shown(name)}{advice}"
    return entry.complaint(text, "type") if named else entry.complaint(text)


def _implied(draft: Draft, built_in: Collection[str]) -> list[str]:
    """The built-in platforms that models use without an entry."""
    used: set[Any] = {str(entry.data.get("platform")) for entry in draft.models.values()}
    return sorted(name for name in used - draft.platforms.keys() if name in built_in)


def _shared_keys(draft: Draft, built_in: Collection[str]) -> Iterator[Complaint]:
    """Platforms whose variables would be the same, so that one would be sent the other's key."""
    owners: dict[str, str] = {}
    for name in (*_implied(draft, built_in), *draft.platforms):
        stem = _stem(name)
        if stem in _RESERVED:
            yield draft.platforms[name].complaint(
                f"RECONCILER_{stem}_KEY has another meaning; call this platform otherwise"
            )
        for variable in (stem, f"{stem}_PROBE"):
            if variable in owners:
                both = f"{shown(owners[variable])} and {shown(name)}"
                text = f"{both} would share RECONCILER_{variable[:80]}_KEY; call one otherwise"
                yield draft.platforms[name].complaint(text)
                break
            owners.setdefault(variable, name)


def _stem(name: str) -> str:
    return name.upper().replace("-", "_")
