"""The documents of an inventory -> one draft: what is written, merged, and where it stands. Checks only that nothing
stands twice."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from reconciler.core.document import Document
from reconciler.core.model import Source
from reconciler.core.schema import shown
from reconciler.errors import Complaint

_DEEP = ("labels", "settings", "export")
"""The fields of a model that `defaults` are merged into at any depth."""

_ONCE = ("defaults", "guards")
"""What only one file of a folder may hold."""


class Written(Struct, frozen=True, kw_only=True, eq=False):
    """One file's document; `folder` is what relative paths in it start from."""

    document: Document
    folder: Path

    def section(self, name: str) -> Mapping[str, Any]:
        """What stands under `name` at the top, empty where that is no mapping."""
        return _mapping(_mapping(self.document.data).get(name))


class Entry(Struct, frozen=True, kw_only=True, eq=False):
    """One platform or model as it is written. `data` has the defaults merged under it; `defaults` is the document they
    stand in, None where there are none. `folder` is what its relative paths start from."""

    kind: str
    name: str
    data: Mapping[str, Any]
    document: Document
    folder: Path
    defaults: Document | None = None

    @property
    def source(self) -> Source:
        """Where its name stands."""
        line, column = self.document.key_at((self.kind, self.name))
        return Source(file=self.document.file, line=line, column=column)

    def complaint(self, text: str, *steps: str | int, on_key: bool = False) -> Complaint:
        """A complaint about its part at `steps`, where that was written: here, else in the defaults, else its name."""
        path = (self.kind, self.name, *steps)
        default = ("defaults", *steps)
        if self.defaults is not None and not self.document.has(path) and self.defaults.has(default):
            return self.defaults.complaint(default, text, on_key=on_key)
        return self.document.complaint(path, text, on_key=on_key or not steps)


class Draft(Struct, frozen=True, kw_only=True, eq=False):
    """All that an inventory says, of which nothing is checked. `whole`: every file could be read, so that what is not
    here is nowhere."""

    platforms: Mapping[str, Entry]
    models: Mapping[str, Entry]
    guards: Mapping[str, Any]
    whole: bool


def merge(files: Sequence[Written], *, whole: bool) -> tuple[Draft, tuple[Complaint, ...]]:
    """One draft of all files, and a complaint for everything that stands in two of them.

    `defaults` go under every model of every file, and what the model says wins: scalars and lists are replaced,
    `labels`, `settings` and `export` merged field by field at any depth."""
    source = next((file for file in files if file.section("defaults")), None)
    defaults = source.section("defaults") if source else {}
    models: dict[str, Entry] = {}
    platforms: dict[str, Entry] = {}
    for file in files:
        for name, data in file.section("models").items():
            entry = Entry(
                kind="models",
                name=name,
                data=_under(defaults, _mapping(data)),
                document=file.document,
                folder=file.folder,
                defaults=source.document if source else None,
            )
            models.setdefault(name, entry)
        for name, data in file.section("platforms").items():
            entry = Entry(kind="platforms", name=name, data=_mapping(data), document=file.document, folder=file.folder)
            platforms.setdefault(name, entry)
    guards = next((file.section("guards") for file in files if file.section("guards")), {})
    draft = Draft(platforms=platforms, models=models, guards=guards, whole=whole)
    return draft, tuple(_twice(files))


def _twice(files: Iterable[Written]) -> Iterator[Complaint]:
    first: dict[tuple[str, ...], str] = {}
    for file in files:
        document = file.document
        once = [(part,) for part in _ONCE if document.has((part,))]
        for path in once + [(kind, name) for kind in ("platforms", "models") for name in file.section(kind)]:
            here = f"{document.file}:{document.key_at(path)[0]}"
            if path in first:
                text = f"{shown(path[-1])} stands in two files: {first[path]} and {here}"
                yield document.complaint(path, text, on_key=True)
            first.setdefault(path, here)


def no_models(files: Sequence[Written]) -> Complaint:
    """The complaint that no file names a model."""
    documents = [file.document for file in files]
    place = next((document for document in documents if document.has(("models",))), documents[0])
    return place.complaint(("models",), "no models: an inventory names at least one", on_key=True)


def _mapping(data: Any) -> Mapping[str, Any]:
    return data if isinstance(data, dict) else {}


def _under(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
    if not defaults:
        return own
    deep = {name: _deep(defaults[name], own[name]) for name in _DEEP if name in defaults and name in own}
    return {**defaults, **own, **deep}


def _deep(default: Any, own: Any) -> Any:
    if not isinstance(default, dict) or not isinstance(own, dict):
        return own
    return {**default, **own, **{name: _deep(default[name], own[name]) for name in default.keys() & own.keys()}}
