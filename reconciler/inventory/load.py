"""Files or text -> checked `Inventory`, or everything that is wrong with it at once. Opens no connection."""

import os.path
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.document import read_document
from reconciler.core.model import Inventory, Limits
from reconciler.core.schema import MAX_PROBLEMS, MORE, Checker, check, first_of
from reconciler.errors import Complaint, InventoryError
from reconciler.inventory.draft import Draft, Entry, Written, merge, no_models
from reconciler.inventory.files import File, digest, folder_name, read_files
from reconciler.inventory.models import build_model, check_model, missing
from reconciler.inventory.platforms import FindType, Platforms, better_words, find_platforms, unknown_platforms
from reconciler.inventory.relations import Pair, cycles, resolve, same_file, same_model, unknown_references
from reconciler.schemas import load_schema


def load(path: Path | Sequence[Path], find_type: FindType, built_in: Collection[str]) -> Inventory:
    """The inventory at `path`: a file, a folder (all `*.yaml` and `*.yml` in it that are not hidden and not the
    definition of a platform in it), or several of these, merged.

    `find_type` says how a platform speaks, `built_in` names the platforms that need no entry. Raises `InventoryError`
    with all complaints of all files, those of platform definitions at the end."""
    paths = [path] if isinstance(path, Path) else list(path)
    return _load(read_files(paths), folder_name(paths[0]), find_type, built_in)


def load_text(
    text: str | bytes, name: str, directory: Path, find_type: FindType, built_in: Collection[str]
) -> Inventory:
    """The same for one text, such as standard input: `name` is what complaints call it, and relative paths in it start
    from `directory`. Raises `InventoryError`."""
    content = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return _load([File(name=name, folder=directory, content=content)], str(directory), find_type, built_in)


class _Reading(Struct, frozen=True, kw_only=True, eq=False):
    """A file and what is in it. `written` is None where it could not be read to its end."""

    file: File
    written: Written | None
    complaints: tuple[Complaint, ...]


def _load(files: Sequence[File], directory: str, find_type: FindType, built_in: Collection[str]) -> Inventory:
    schema = load_schema("inventory")
    readings = _without_definitions([_read(file) for file in files])
    files = [reading.file for reading in readings]
    written = [reading.written for reading in readings if reading.written is not None]
    draft, twice = merge(written, whole=len(written) == len(files))
    unread = [complaint for reading in readings for complaint in reading.complaints]
    checker = Checker(schema, unknown=better_words)
    by_schema = [complaint for file in written for complaint in check(file.document, checker)]
    found = [*unread, *by_schema, *twice]
    usable_platforms, usable_models = _usable(draft, schema, everything=not found)
    platforms, complaints = find_platforms(draft, usable_platforms, find_type, built_in, files[0].folder)
    pairs = [(entry, build_model(entry, resolve(entry, draft))) for entry in usable_models if not missing(entry)]
    known = schema["$defs"]["model"]["properties"].keys()
    legible = [entry for entry in draft.models.values() if entry.data and entry.data.keys() <= known]
    found += [*complaints, *(complaint for entry in legible for complaint in missing(entry))]
    for faults in _faults(draft, usable_models, pairs, platforms):
        some = list(islice(faults, MAX_PROBLEMS + 1))  # looking takes time
        found += [*some, *(replace(last, text=MORE) for last in some[MAX_PROBLEMS:])]
    if found or not pairs:
        raise InventoryError(_in_file_order(found or [no_models(written)], unread, files))
    return Inventory(
        files=tuple(file.name for file in files),
        directory=directory,
        digest=digest(files),
        platforms=tuple(platforms.entries[name] for name in sorted(platforms.entries)),
        models=tuple(sorted((model for _, model in pairs), key=lambda model: model.address)),
        limits=Limits(**draft.guards),
    )


def _read(file: File) -> _Reading:
    document, complaints = read_document(file.content, file.name)
    written = Written(document=document, folder=file.folder) if document is not None else None
    return _Reading(file=file, written=written, complaints=complaints)


def _without_definitions(readings: list[_Reading]) -> list[_Reading]:
    """The readings without the files of a folder that are no inventory, but named as the definition of a platform."""
    definitions = {
        os.path.normpath(reading.written.folder / platform["definition"])
        for reading in readings
        if reading.written is not None
        for platform in reading.written.section("platforms").values()
        if isinstance(platform, dict) and isinstance(platform.get("definition"), str)
    }

    def is_definition(reading: _Reading) -> bool:
        path = os.path.normpath(reading.file.folder / os.path.basename(reading.file.name))
        inventory = reading.written is not None and reading.written.document.has(("version",))
        return not reading.file.alone and path in definitions and not inventory

    return [reading for reading in readings if not is_definition(reading)] or readings


def _usable(draft: Draft, schema: dict[str, Any], *, everything: bool) -> tuple[list[Entry], list[Entry]]:
    """The platforms and models that obey the schema with the defaults under them; `everything`: all are known to."""
    if everything:
        return list(draft.platforms.values()), list(draft.models.values())
    kinds = {kind: Checker({"$defs": schema["$defs"], "$ref": f"#/$defs/{kind}"}) for kind in ("platform", "model")}
    return (
        [entry for entry in draft.platforms.values() if kinds["platform"].valid(entry.data)],
        [entry for entry in draft.models.values() if kinds["model"].valid(entry.data)],
    )


def _faults(
    draft: Draft, entries: Iterable[Entry], pairs: Sequence[Pair], platforms: Platforms
) -> Iterator[Iterable[Complaint]]:
    """Everything that is wrong with models that obey the schema, each kind in the order of the models."""
    yield (complaint for entry in entries for complaint in unknown_references(entry, draft))
    yield unknown_platforms(pairs, platforms, whole=draft.whole)
    settings = {
        name: None if kind.settings_schema is None else Checker(kind.settings_schema)
        for name, kind in platforms.types.items()
    }
    yield (
        complaint
        for entry, model in pairs
        if model.platform in platforms.types
        for complaint in check_model(entry, model, platforms.types[model.platform], settings[model.platform])
    )
    yield same_model(pairs, platforms.types)
    yield same_file(pairs, platforms.types)
    yield cycles(pairs)


def _in_file_order(
    complaints: Iterable[Complaint], unread: Sequence[Complaint], files: Sequence[File]
) -> tuple[Complaint, ...]:
    """Each complaint once, by file and place; those of other files, which are definitions, as they came, at the end.
    At most `MAX_PROBLEMS`, the last of which says so where there are more.

    Where something could not be read as YAML (`unread`), nothing else is said of the same place."""
    order = {file.name: index for index, file in enumerate(files)}
    taken = {(one.file, one.line, one.column) for one in unread}
    ours = {one for one in complaints if one.file in order and (one.file, one.line, one.column) not in taken}
    ours.update(unread)
    others = dict.fromkeys(complaint for complaint in complaints if complaint.file not in order)
    places = sorted(ours, key=lambda one: (order[one.file], one.line, one.column, one.text == MORE, one.text))
    return first_of([*places, *others])
