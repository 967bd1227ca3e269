"""What models say of one another: the order, and that no two mean the same model or the same file."""

from collections.abc import Iterator, Mapping, Sequence

from reconciler.core.capabilities import PlatformType
from reconciler.core.model import Model
from reconciler.core.schema import shown, suggestion
from reconciler.errors import Complaint
from reconciler.inventory.draft import Draft, Entry
from reconciler.inventory.models import export_path

Pair = tuple[Entry, Model]
"""A model and how it is written."""


def resolve(entry: Entry, draft: Draft) -> tuple[str, ...]:
    """The addresses of the models that `entry` comes after. What is unknown, or itself, is left out."""
    names = [_find(reference, draft) for reference in entry.data.get("after", ())]
    others = [draft.models[name] for name in dict.fromkeys(names) if name not in (None, entry.name)]
    return tuple(f"{other.data.get('platform')}/{other.name}" for other in others)


def unknown_references(entry: Entry, draft: Draft) -> Iterator[Complaint]:
    """What stands under `after` and is no model, or is the model itself."""
    for index, reference in enumerate(entry.data.get("after", ())):
        name = _find(reference, draft)
        if name is None and draft.whole:
            near = suggestion(reference.rpartition("/")[2], draft.models)
            yield entry.complaint(f"after: there is no model {shown(reference)}{near}", "after", index)
        elif name == entry.name:
            yield entry.complaint("after: a model cannot come after itself", "after", index)


def _find(reference: str, draft: Draft) -> str | None:
    platform, slash, name = reference.rpartition("/")
    entry = draft.models.get(name)
    if entry is None or (slash and entry.data.get("platform") != platform):
        return None
    return name


def same_model(pairs: Sequence[Pair], types: Mapping[str, PlatformType]) -> Iterator[Complaint]:
    """Two entries for one model: the same platform and id, as the platform compares ids."""
    first: dict[tuple[str, str], Pair] = {}
    for entry, model in pairs:
        kind = types.get(model.platform)
        key = (model.platform, kind.same(model.id) if kind else model.id)
        if key in first:
            other = first[key][1]
            text = f"id: {shown(model.id)} is also the id of {shown(other.name)} ({other.source}); a model stands once"
            yield entry.complaint(text, "id")
        first.setdefault(key, (entry, model))


def same_file(pairs: Sequence[Pair], types: Mapping[str, PlatformType]) -> Iterator[Complaint]:
    """Two models whose exports would have the same path, on systems that see no difference in case too."""
    first: dict[str, Model] = {}
    for entry, model in pairs:
        if model.target.export is None:
            continue
        path = export_path(model, types.get(model.platform))
        if path.casefold() in first:
            other = first[path.casefold()]
            yield entry.complaint(
                f"to: {shown(path)} is also where {shown(other.name)} ({other.source}) goes", "export", "to"
            )
        first.setdefault(path.casefold(), model)


def cycles(pairs: Sequence[Pair]) -> Iterator[Complaint]:
    """Every ring of models that wait for one another, told at the one that stands first. Not recursive."""
    entries = {model.address: entry for entry, model in pairs}
    after = {model.address: model.after for _, model in pairs}
    order = {address: index for index, address in enumerate(after)}
    done: set[str] = set()
    for start in after:
        trail = {} if start in done else {start: iter(after[start])}
        while trail:
            last = next(reversed(trail))
            step = next(trail[last], None)
            if step is None:
                done.add(last)
                del trail[last]
            elif step in trail:
                ring = list(trail)[list(trail).index(step) :]
                first = ring.index(min(ring, key=order.__getitem__))
                names = [entries[address].name[:60] for address in (*ring[first:], *ring[: first + 1])]
                text = f"after: these wait for one another: {' -> '.join(names)}"
                yield entries[ring[first]].complaint(text, "after", on_key=True)
            elif step in after and step not in done:
                trail[step] = iter(after[step])
