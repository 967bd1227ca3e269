"""Rules over a finished plan. A guard stops an apply; it never hides the plan. Pure."""

from collections.abc import Mapping, Sequence

from reconciler.core.job import Verb
from reconciler.core.memory import NOTHING, Memory
from reconciler.core.model import Deployment, Limits, Model
from reconciler.core.plan import Action, Finding, Level

SMALL = 10
"""Below this many managed models a percentage says nothing."""


def judge(
    actions: Sequence[Action],
    models: Sequence[Model],
    memories: Mapping[str, Memory],
    limits: Limits,
    *,
    approved: frozenset[str] = frozenset(),
    absent: frozenset[str] = frozenset(),
    forgotten: int = 0,
) -> tuple[Finding, ...]:
    """What the guards say of `actions`. `models` are all of the inventory, `approved` the addresses a person named.

    What is proposed must not make its own share look small: models that their platforms do not have (`absent`) count
    for nothing, and those that were applied once and stand in the inventory no more (`forgotten`) are not few."""
    undeploys = [action for action in actions if action.verb is Verb.UNDEPLOY and action.adopts is None]
    unapproved = [action for action in undeploys if action.address not in approved]
    managed = sum(
        model.target.deployment is not Deployment.UNMANAGED and model.address not in absent for model in models
    )
    findings = (
        _protected(unapproved, {model.address: model for model in models}, memories),
        _share(unapproved, managed, limits.max_undeploy_percent, small=managed + forgotten < SMALL),
        _count(unapproved, limits.max_undeploys),
    )
    return tuple(finding for finding in findings if finding is not None)


def _protected(
    undeploys: Sequence[Action], models: Mapping[str, Model], memories: Mapping[str, Memory]
) -> Finding | None:
    held = tuple(
        action.address
        for action in undeploys
        if models[action.address].protect or memories.get(action.address, NOTHING).protected
    )
    if not held:
        return None
    named = " ".join(f"--approve {address}" for address in held)
    return Finding(
        name="protect",
        level=Level.STOP,
        message=f"{_models(len(held))} protected from undeploy; to do it all the same, add {named}",
        addresses=held,
    )


def _share(undeploys: Sequence[Action], managed: int, percent: float, *, small: bool) -> Finding | None:
    if small or not managed or len(undeploys) * 100 <= percent * managed:
        return None
    share = len(undeploys) * 100 / managed
    return Finding(
        name="max_undeploy_percent",
        level=Level.STOP,
        message=f"{_undeploys(len(undeploys))} {share:.0f} % of {managed} managed models; the limit is {percent:g} %"
        " (guards.max_undeploy_percent); approve single ones with --approve ADDRESS",
        addresses=tuple(action.address for action in undeploys),
    )


def _count(undeploys: Sequence[Action], most: int | None) -> Finding | None:
    if most is None or len(undeploys) <= most:
        return None
    return Finding(
        name="max_undeploys",
        level=Level.STOP,
        message=f"{_undeploys(len(undeploys))} planned, and the limit is {most} (max_undeploys);"
        " approve single ones with --approve ADDRESS",
        addresses=tuple(action.address for action in undeploys),
    )


def _undeploys(count: int) -> str:
    return "1 undeploy is" if count == 1 else f"{count} undeploys are"


def _models(count: int) -> str:
    return "1 model is" if count == 1 else f"{count} models are"
