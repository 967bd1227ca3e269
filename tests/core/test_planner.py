"""The planner, a file of `planner/` at a time; and that these files leave no cell of its table out."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.core.job import Verb
from reconciler.core.live import TRANSITIONAL, LiveState
from reconciler.core.model import Deployment
from reconciler.core.plan import Action, Blocked, BlockedCode, ReasonCode
from reconciler.core.planner import TABLE, Decisions

from . import worlds
from .cases import FOLDER, Case, expected, files, load, said


@pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)
def test_planner(file: Path) -> None:
    case = load(file)
    found = said(case.decide())
    assert found == expected(case.expect, found)


@pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)
def test_what_actions_carry_over_from_model_and_live_state(file: Path) -> None:
    case = load(file)
    models = {model.address: model for model in case.models}
    for action in case.decide().actions:
        model = models[action.address]
        assert action.evidence == case.snapshot.lives[action.address].evidence
        assert (action.model_id, action.source) == (model.id, model.source)
        sends = action.verb is Verb.DEPLOY and action.adopts is None
        assert action.settings == (model.settings if sends else None)


def test_the_order_of_models_does_not_matter() -> None:
    for file in files():
        case = load(file)
        assert replace(case, models=case.models[::-1]).decide() == case.decide(), file.stem


def test_no_more_than_three_changed_settings_are_named() -> None:
    (action,) = load(FOLDER / "deployed-wanted-deployed-settings-many-changed.yaml").decide().actions
    assert action.reason.text.count("->") == 3


# What the files cover.


def seen() -> Iterator[tuple[LiveState, Deployment]]:
    for file in files():
        case = load(file)
        for model in case.models:
            if model.address in case.selected and model.address in case.snapshot.lives:
                yield case.snapshot.lives[model.address].state, model.target.deployment


def test_every_live_state_with_every_wanted_deployment_has_a_case() -> None:
    assert set(product(LiveState, Deployment)) - set(seen()) == set()


def test_the_table_has_a_row_for_every_live_state() -> None:
    assert set(TABLE) == set(LiveState)


def test_every_reason_and_every_block_has_a_case() -> None:
    expects = [load(file).expect for file in files()]
    reasons = {action["reason"] for expect in expects for action in expect.get("actions", ())}
    codes = {entry["code"] for expect in expects for entry in expect.get("blocked", ())}
    assert reasons == set(ReasonCode)
    assert codes == set(BlockedCode)


# Whatever the world.


def entries(found: Decisions) -> list[Action | Blocked]:
    return [*found.actions, *found.blocked]


@given(worlds.cases())
def test_every_selected_model_that_was_read_is_acted_on_blocked_or_unchanged(case: Case) -> None:
    found = case.decide()
    busy = {entry.address for entry in entries(found)}
    assert busy.isdisjoint(found.unchanged)
    assert busy | set(found.unchanged) == case.selected & set(case.snapshot.lives)


@given(worlds.cases())
def test_what_is_required_is_in_the_plan_and_comes_in_no_circle(case: Case) -> None:
    actions = {action.id: action for action in case.decide().actions}
    done: set[str] = set()
    while ready := [name for name, action in actions.items() if name not in done and done.issuperset(action.requires)]:
        done.update(ready)
    assert done == set(actions)


@given(worlds.cases())
def test_nothing_is_started_against_a_running_job(case: Case) -> None:
    for action in case.decide().actions:
        if LiveState(case.snapshot.lives[action.address].state) in TRANSITIONAL:
            assert action.adopts or action.follows


@given(worlds.cases())
def test_no_undeploy_starts_without_the_export_it_must_wait_for(case: Case) -> None:
    found = case.decide()
    before = {m.address for m in case.models if m.target.export and m.target.export.before_undeploy}
    due = {entry.address for entry in entries(found) if entry.verb is Verb.EXPORT}
    for action in found.actions:
        if action.verb is Verb.UNDEPLOY and action.adopts is None and action.address in before & due:
            assert f"{action.address}#export" in action.requires


@given(worlds.cases())
def test_the_same_world_gives_the_same_decisions(case: Case) -> None:
    assert case.decide() == case.decide()


@given(worlds.cases(), st.data())
def test_a_narrower_selection_adds_nothing(case: Case, data: st.DataObject) -> None:
    fewer = data.draw(st.frozensets(st.sampled_from(sorted(case.selected))))
    narrow = replace(case, selected=fewer).decide()
    assert {_bare(action) for action in narrow.actions} <= {_bare(action) for action in case.decide().actions}


def _bare(action: Action) -> tuple[str, str, str]:
    return action.id, action.before, str(action.adopts)
