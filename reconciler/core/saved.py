"""A saved plan is permission: what of it still stands when the world is read again. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.core.live import Snapshot
from reconciler.core.plan import Action, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """`actions` may run; `moved` says, one line each, what no longer is as it was when the plan was made; `new` are the
    ids of changes that the plan does not hold and that are not made."""

    actions: tuple[Action, ...]
    moved: tuple[str, ...]
    new: tuple[str, ...]


def review(saved: Plan, fresh: Plan, snapshot: Snapshot) -> Review:
    """What of `saved` stands in `fresh`, a plan made of the same inventory a moment ago from `snapshot`."""
    now = {action.id: action for action in fresh.actions}
    origins = {platform.name: platform.url for platform in fresh.platforms}
    elsewhere = {p.name for p in saved.platforms if p.name in origins and origins[p.name] != p.url}
    standing: list[Action] = []
    moved: list[str] = []
    for action in saved.actions:
        if action.address.split("/")[0] in elsewhere:
            moved.append(f"{action.id}: its platform is at {origins[action.address.split('/')[0]]} now")
        elif action.adopts is not None and (done := _done(action, snapshot)):
            standing.append(done)  # what the plan waited for has happened: as planned, nothing to start
        elif (change := _change(action, now.get(action.id), snapshot, fresh)) is not None:
            moved.append(f"{action.id}: {change}")
        else:
            standing.append(replace(now[action.id], requires=action.requires))
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
