"""What of a saved plan still stands. `saved` is what was planned, `fresh` what would be planned now."""

from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.core.job import Verb
from reconciler.core.live import Failure, LiveState, Snapshot
from reconciler.core.plan import Action, Plan, PlannedPlatform, RunningJob
from reconciler.core.saved import Review, review

from .values import NOW, action, blocked, plan, snapshot

JOB = RunningJob(verb=Verb.DEPLOY, job="j-1")
OTHER_JOB = RunningJob(verb=Verb.DEPLOY, job="j-2")
DEPLOYS = action("a", Verb.DEPLOY)
UNDEPLOYS = action("a")
ADOPTS = replace(DEPLOYS, before="deploying", adopts=JOB, settings=None)
GONE = Snapshot(taken_at=NOW, lives={})


def reviewed(saved: Action, fresh: Action | None, state: LiveState | None, **fields: Any) -> Review:
    """The review of a plan of one action; `fields` are what else stands in the fresh plan."""
    now = () if fresh is None else (fresh,)
    return review(plan(saved), plan(*now, **fields), GONE if state is None else snapshot(a=state))


def why(saved: Action, fresh: Action | None, state: LiveState | None, **fields: Any) -> str:
    """Why the one action of a plan no longer stands."""
    found = reviewed(saved, fresh, state, **fields)
    assert found.actions == ()
    (line,) = found.moved
    assert line.startswith(f"{saved.id}: ")
    return line.removeprefix(f"{saved.id}: ")


# It stands.


def test_the_same_plan_stands() -> None:
    found = reviewed(DEPLOYS, DEPLOYS, LiveState.UNDEPLOYED)
    assert found == Review(actions=(DEPLOYS,), moved=(), new=())


def test_an_empty_plan_stands() -> None:
    assert review(plan(), plan(), snapshot()) == Review(actions=(), moved=(), new=())


def test_reasons_evidence_and_place_are_those_of_now() -> None:
    fresh = replace(
        DEPLOYS,
        reason=replace(DEPLOYS.reason, text="drifted"),
        evidence=replace(DEPLOYS.evidence, raw="OTHER"),
        source=replace(DEPLOYS.source, line=99),
    )
    assert reviewed(DEPLOYS, fresh, LiveState.UNDEPLOYED).actions == (fresh,)


def test_another_job_to_wait_for_or_to_follow_is_no_move() -> None:
    fresh = replace(ADOPTS, adopts=OTHER_JOB)
    assert reviewed(ADOPTS, fresh, LiveState.DEPLOYING).actions == (fresh,)
    follows = replace(DEPLOYS, before="busy", follows=JOB)
    assert reviewed(follows, replace(follows, follows=None), LiveState.BUSY).moved == ()


def test_an_adopted_job_that_finished_meanwhile_is_as_planned() -> None:
    found = reviewed(ADOPTS, None, LiveState.DEPLOYED)
    assert found == Review(actions=(ADOPTS,), moved=(), new=())


# It has moved.


@pytest.mark.parametrize("state", sorted(set(LiveState) - {LiveState.UNDEPLOYED, LiveState.DEPLOYED}))
def test_a_moved_model_is_named_with_its_old_and_new_state(state: LiveState) -> None:
    fresh = replace(DEPLOYS, before=str(state))
    assert why(DEPLOYS, fresh, state) == f"was undeployed when planned, is {state} now"


def test_a_model_that_got_there_by_itself() -> None:
    assert why(DEPLOYS, None, LiveState.DEPLOYED) == "was undeployed when planned, is deployed now"


def test_an_export_that_was_made_meanwhile() -> None:
    export = action("a", Verb.EXPORT)
    old = replace(export, before="exported")
    assert why(export, old, LiveState.DEPLOYED) == "was not-exported when planned, is exported now"
    assert why(export, None, LiveState.DEPLOYED) == "is no longer wanted"


def test_an_adopted_job_that_failed_meanwhile() -> None:
    assert why(ADOPTS, DEPLOYS, LiveState.UNDEPLOYED) == "was deploying when planned, is undeployed now"


def test_a_job_that_began_or_ended_in_the_same_state() -> None:
    export = action("a", Verb.EXPORT)
    running = replace(export, adopts=RunningJob(verb=Verb.EXPORT, job="j-9"))
    assert why(export, running, LiveState.DEPLOYED) == "a job is running now"
    assert why(running, export, LiveState.DEPLOYED) == "a job that was running has ended"


@pytest.mark.parametrize(
    "change",
    [{"settings": {"size": 2}}, {"model_id": "id-b"}, {"artifact": "elsewhere.zip"}, {"after": "undeployed"}],
    ids=lambda change: next(iter(change)),
)
def test_an_inventory_that_asks_for_something_else(change: dict[str, Any]) -> None:
    fresh = replace(DEPLOYS, **change)
    assert why(DEPLOYS, fresh, LiveState.UNDEPLOYED) == "the inventory has changed what it would do"


def test_a_model_that_vanished_from_the_inventory() -> None:
    assert why(DEPLOYS, None, None) == "is no longer in the inventory"


@pytest.mark.parametrize("failed", ["kore/a", "kore"])
def test_a_model_that_cannot_be_read(failed: str) -> None:
    failures = (Failure(address=failed, error="401"),)
    assert why(DEPLOYS, None, None, failures=failures) == "cannot be read now"


def test_the_failure_of_another_model_explains_nothing() -> None:
    failures = (Failure(address="kore/b", error="401"), Failure(address="nugen", error="401"))
    assert why(DEPLOYS, None, None, failures=failures) == "is no longer in the inventory"


def test_an_action_that_is_no_longer_wanted() -> None:
    assert why(UNDEPLOYS, None, LiveState.DEPLOYED) == "is no longer wanted"


def test_an_action_that_is_blocked_now() -> None:
    entry = replace(blocked("a"), text="comes after kore/b")
    assert why(UNDEPLOYS, None, LiveState.DEPLOYED, blocked=(entry,)) == "is blocked now: comes after kore/b"


def test_the_block_of_another_verb_explains_nothing() -> None:
    entry = blocked("a", verb=Verb.EXPORT)
    assert why(UNDEPLOYS, None, LiveState.DEPLOYED, blocked=(entry,)) == "is no longer wanted"


# The platform has moved.


def at(**change: Any) -> tuple[PlannedPlatform, ...]:
    return tuple(replace(platform, **change) for platform in plan().platforms)


def test_another_origin_is_another_platform() -> None:
    found = why(DEPLOYS, DEPLOYS, LiveState.UNDEPLOYED, platforms=at(url="https://evil.example"))
    assert found == "its platform was at https://kore.example when planned, is at https://evil.example now"


def test_at_another_origin_no_job_is_waited_for_either() -> None:
    assert "evil" in why(ADOPTS, None, LiveState.DEPLOYED, platforms=at(url="https://evil.example"))


def test_another_definition_is_another_platform() -> None:
    found = why(DEPLOYS, DEPLOYS, LiveState.UNDEPLOYED, platforms=at(definition="sha256:00"))
    assert found == "the definition of its platform has changed"


def test_the_move_of_another_platform_moves_nothing_here() -> None:
    here = plan().platforms[0]
    there = replace(here, name="nugen")
    saved = plan(DEPLOYS, platforms=(here, there))
    fresh = plan(DEPLOYS, platforms=(here, replace(there, url="https://evil.example")))
    assert review(saved, fresh, snapshot(a=LiveState.UNDEPLOYED)).actions == (DEPLOYS,)


# New changes.


def test_what_the_plan_does_not_hold_is_new_and_not_run() -> None:
    fresh = plan(DEPLOYS, action("b"), action("a", Verb.EXPORT))
    found = review(plan(DEPLOYS), fresh, snapshot(a=LiveState.UNDEPLOYED, b=LiveState.DEPLOYED))
    assert found == Review(actions=(DEPLOYS,), moved=(), new=("kore/b#undeploy", "kore/a#export"))


def test_what_has_moved_is_not_new() -> None:
    found = reviewed(DEPLOYS, replace(DEPLOYS, before="broken"), LiveState.BROKEN)
    assert (len(found.moved), found.new) == (1, ())


# What is waited for.

EXPORT = action("a", Verb.EXPORT)
WAITS = action("a", requires=("kore/a#export",))
LATER = action("b", requires=("kore/a#export", "kore/a#undeploy"))
BOTH = snapshot(a=LiveState.DEPLOYED, b=LiveState.DEPLOYED)


def both(saved: Plan, fresh: Plan) -> Review:
    return review(saved, fresh, BOTH)


def test_what_stands_waits_as_it_was_planned() -> None:
    whole = plan(EXPORT, WAITS, LATER)
    assert both(whole, whole).actions == (EXPORT, WAITS, LATER)


def test_what_is_done_meanwhile_is_not_waited_for() -> None:
    found = both(plan(EXPORT, WAITS, LATER), plan(UNDEPLOYS, replace(LATER, requires=("kore/a#undeploy",))))
    assert [(made.id, made.requires) for made in found.actions] == [
        ("kore/a#undeploy", ()),
        ("kore/b#undeploy", ("kore/a#undeploy",)),
    ]
    assert found.moved == ("kore/a#export: is no longer wanted",)


def test_an_adopted_job_that_finished_is_waited_for_all_the_same() -> None:
    waits = action("b", requires=(ADOPTS.id,))
    saved, fresh = plan(ADOPTS, waits), plan(action("b"))
    found = review(saved, fresh, snapshot(a=LiveState.DEPLOYED, b=LiveState.DEPLOYED))
    assert found.actions == (ADOPTS, waits)


def test_what_must_wait_for_something_that_has_moved_does_not_stand() -> None:
    elsewhere = replace(EXPORT, artifact="elsewhere.zip")
    found = both(plan(EXPORT, WAITS, LATER), plan(elsewhere, WAITS, LATER))
    assert found.actions == ()
    assert found.moved == (
        "kore/a#export: the inventory has changed what it would do",
        "kore/a#undeploy: must wait for kore/a#export now, which this plan may not run",
        "kore/b#undeploy: must wait for kore/a#export now, which this plan may not run",
    )


def test_no_undeploy_goes_without_an_export_that_has_come_due_since() -> None:
    found = both(plan(UNDEPLOYS), plan(EXPORT, WAITS))
    assert found == Review(
        actions=(),
        moved=("kore/a#undeploy: must wait for kore/a#export now, which this plan may not run",),
        new=("kore/a#export",),
    )


def test_an_order_that_the_inventory_gained_is_kept() -> None:
    fresh = action("b", requires=("kore/a#undeploy",))
    assert both(plan(UNDEPLOYS, action("b")), plan(UNDEPLOYS, fresh)).actions == (UNDEPLOYS, fresh)


def test_the_move_of_one_leaves_the_others_standing() -> None:
    other = action("c")
    saved, fresh = plan(DEPLOYS, other), plan(replace(DEPLOYS, before="broken"), other)
    found = review(saved, fresh, snapshot(a=LiveState.BROKEN, c=LiveState.DEPLOYED))
    assert found.actions == (other,)
    assert len(found.moved) == 1
