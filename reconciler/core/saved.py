"""A saved plan is permission: what of it still stands when the world is read again. Pure."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.live import Snapshot
from reconciler.core.plan import Action, Plan


class Review(Struct, frozen=True, kw_only=True):
    """`actions` may run; `moved` says, one line each (`ID: text`), what no longer is as it was when the plan was made;
    `new` are the ids of changes that the plan does not hold and that are not made."""

    actions: tuple[Action, ...]
    moved: tuple[str, ...]
    new: tuple[str, ...]


def review(saved: Plan, fresh: Plan, snapshot: Snapshot) -> Review:
    """What of `saved` stands in `fresh`, a plan made of the same inventory a moment ago from `snapshot`."""
    now = {action.id: action for action in fresh.actions}
    changed = _changed_platforms(saved, fresh)
    standing: list[Action] = []
    moved: list[str] = []
    for action in saved.actions:
        if change := changed.get(action.address.split("/")[0]):
            moved.append(f"{action.id}: {change}")
        elif action.adopts is not None and (done := _done(action, snapshot)):
            standing.append(done)  # what the plan waited for has happened: as planned, nothing to start
        elif (difference := _change(action, now.get(action.id), snapshot, fresh)) is not None:
            moved.append(f"{action.id}: {difference}")
        else:
            needed = tuple(dict.fromkeys((*action.requires, *now[action.id].requires)))
            standing.append(replace(now[action.id], requires=needed))
    while unmet := _unmet(standing, now):
        standing = [action for action in standing if action.id not in unmet]
        moved += [f"{name}: must wait for {needed} now, which this plan may not run" for name, needed in unmet.items()]
    known = {action.id for action in saved.actions}
    kept = {action.id for action in standing}
    return Review(
        actions=tuple(
            replace(action, requires=tuple(needed for needed in action.requires if needed in kept))
            for action in standing
        ),
        moved=tuple(moved),
        new=tuple(action.id for action in fresh.actions if action.id not in known),
    )


def _changed_platforms(saved: Plan, fresh: Plan) -> Mapping[str, str]:
    """By name, what is no longer the same of a platform."""
    now = {platform.name: platform for platform in fresh.platforms}
    changed = {}
    for platform in saved.platforms:
        found = now.get(platform.name)
        if found is not None and found.url != platform.url:
            changed[platform.name] = f"its platform was at {platform.url} when planned, is at {found.url} now"
        elif found is not None and found.definition != platform.definition:
            changed[platform.name] = "the definition of its platform has changed"
    return changed


def _unmet(standing: Sequence[Action], now: Mapping[str, Action]) -> dict[str, str]:
    """The actions that as things are must wait for one that does not stand, each with that one's id."""
    kept = {action.id for action in standing}
    return {
        action.id: needed
        for action in standing
        if action.id in now
        for needed in now[action.id].requires
        if needed not in kept
    }


def _done(action: Action, snapshot: Snapshot) -> Action | None:
    live = snapshot.lives.get(action.address)
    return action if live is not None and live.state == action.after else None


def _change(action: Action, now: Action | None, snapshot: Snapshot, fresh: Plan) -> str | None:
    """What differs between an action as saved and as planned now; None if nothing that counts."""
    if now is None:
        return _gone(action, snapshot, fresh)
    if now.before != action.before:
        return f"was {action.before} when planned, is {now.before} now"
    if _essence(now) != _essence(action):
        return "the inventory has changed what it would do"
    if (now.adopts is None) != (action.adopts is None):
        return "a job that was running has ended" if action.adopts else "a job is running now"
    return None


def _gone(action: Action, snapshot: Snapshot, fresh: Plan) -> str:
    live = snapshot.lives.get(action.address)
    if live is None:
        unread = any(failure.address in (action.address, action.address.split("/")[0]) for failure in fresh.failures)
        return "cannot be read now" if unread else "is no longer in the inventory"
    blocked = next((b for b in fresh.blocked if b.address == action.address and b.verb == action.verb), None)
    if action.before != live.state and action.verb != "export":
        return f"was {action.before} when planned, is {live.state} now"
    return f"is blocked now: {blocked.text}" if blocked else "is no longer wanted"


def _essence(action: Action) -> Mapping[str, object]:
    return {
        "model": action.model_id,
        "after": action.after,
        "settings": action.settings,
        "artifact": action.artifact,
    }
