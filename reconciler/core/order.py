"""`after`: which actions wait for which, and what is blocked because what it waits for is. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from reconciler.core.model import Model
from reconciler.core.plan import Action, Blocked, BlockedCode


def link(
    models: Sequence[Model], actions: Sequence[Action], stuck: Mapping[str, str]
) -> tuple[tuple[Action, ...], tuple[Blocked, ...]]:
    """The actions with what `after` makes them require, in order of address. `stuck` says of addresses why they will
    not get where they should; what would wait for them comes back as blocked instead. `after` has no cycles."""
    by_address: dict[str, list[Action]] = {}
    for action in actions:
        by_address.setdefault(action.address, []).append(action)
    stuck = dict(stuck)
    linked: list[Action] = []
    waiting: list[Blocked] = []
    for model in _after_first(models):
        cause = next(((address, stuck[address]) for address in model.after if address in stuck), None)
        required = tuple(action.id for address in model.after for action in by_address.get(address, ()))
        for action in by_address.get(model.address, ()):
            if action.adopts is not None:
                linked.append(action)  # it runs already: it can wait for nothing
            elif cause is not None:
                stuck.setdefault(model.address, "is blocked")
                waiting.append(_blocked(action, *cause))
            else:
                linked.append(replace(action, requires=(*action.requires, *required)))
        if cause is not None:
            by_address[model.address] = [action for action in by_address.get(model.address, ()) if action.adopts]
    order = {action.id: number for number, action in enumerate(actions)}
    return tuple(sorted(linked, key=lambda action: order[action.id])), tuple(waiting)


def with_predecessors(models: Sequence[Model], selected: frozenset[str]) -> tuple[Model, ...]:
    """The selected models and all that they come after, near or far."""
    by_address = {model.address: model for model in models}
    found: set[str] = set()
    open_ = [address for address in selected if address in by_address]
    while open_:
        address = open_.pop()
        if address not in found:
            found.add(address)
            open_ += [before for before in by_address[address].after if before in by_address]
    return tuple(model for model in models if model.address in found)


def _after_first(models: Iterable[Model]) -> list[Model]:
    """The models, each behind those it comes after."""
    by_address = {model.address: model for model in models}
    done: dict[str, Model] = {}
    for model in by_address.values():
        path = [model]
        while path:
            missing = [a for a in path[-1].after if a in by_address and a not in done]
            if missing:
                path.append(by_address[missing[0]])
            else:
                done.setdefault(path[-1].address, path.pop())
    return list(done.values())


def _blocked(action: Action, address: str, cause: str) -> Blocked:
    return Blocked(
        address=action.address,
        verb=action.verb,
        code=BlockedCode.AFTER,
        text=f"comes after {address}, which {cause}",
        live=action.before,
        source=action.source,
    )
