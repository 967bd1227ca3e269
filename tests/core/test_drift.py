import pytest

from reconciler.core.drift import Drift, DriftKind, Since, find_drift
from reconciler.core.live import TRANSITIONAL, Failure, LiveState, Snapshot
from reconciler.core.memory import Memory
from reconciler.core.model import Deployment, Export, Model, OnUnknown, Target

from .values import DEPLOYED, EARLIER, NOW, UNDEPLOYED, UNMANAGED, applied, model, snapshot

SINCE = Since(run="run-1", at=EARLIER)


def drift(wanted: Deployment, state: LiveState, memory: Memory | None = None) -> Drift | None:
    """The drift of one model, if there is any."""
    memories = {} if memory is None else {"kore/a": memory}
    found = find_drift([model("a", wanted)], snapshot(a=state), memories)
    assert len(found) <= 1
    return found[0] if found else None


def kind(wanted: Deployment, state: LiveState, memory: Memory | None = None) -> DriftKind | None:
    found = drift(wanted, state, memory)
    return found.kind if found else None


@pytest.mark.parametrize(
    ("left", "state", "wanted", "expected"),
    [
        # where it was left, and wanted there
        (DEPLOYED, LiveState.DEPLOYED, DEPLOYED, None),
        (UNDEPLOYED, LiveState.UNDEPLOYED, UNDEPLOYED, None),
        # somebody moved it
        (DEPLOYED, LiveState.UNDEPLOYED, DEPLOYED, DriftKind.DRIFTED),
        (UNDEPLOYED, LiveState.DEPLOYED, UNDEPLOYED, DriftKind.DRIFTED),
        (DEPLOYED, LiveState.BROKEN, DEPLOYED, DriftKind.DRIFTED),
        (DEPLOYED, LiveState.ABSENT, DEPLOYED, DriftKind.DRIFTED),
        (DEPLOYED, LiveState.NOT_READY, DEPLOYED, DriftKind.DRIFTED),
        (UNDEPLOYED, LiveState.BROKEN, UNDEPLOYED, DriftKind.DRIFTED),
        (UNDEPLOYED, LiveState.ABSENT, UNDEPLOYED, DriftKind.DRIFTED),
        # somebody moved it while the inventory changed too
        (DEPLOYED, LiveState.BROKEN, UNDEPLOYED, DriftKind.DRIFTED),
        # the inventory changed
        (DEPLOYED, LiveState.DEPLOYED, UNDEPLOYED, DriftKind.PENDING),
        (UNDEPLOYED, LiveState.UNDEPLOYED, DEPLOYED, DriftKind.PENDING),
        # somebody moved it to where the inventory wants it now
        (DEPLOYED, LiveState.UNDEPLOYED, UNDEPLOYED, None),
        (UNDEPLOYED, LiveState.DEPLOYED, DEPLOYED, None),
        # not ready is as good as undeployed
        (UNDEPLOYED, LiveState.NOT_READY, UNDEPLOYED, None),
        # nobody can say
        (DEPLOYED, LiveState.UNKNOWN, DEPLOYED, DriftKind.UNKNOWN),
        (UNDEPLOYED, LiveState.UNKNOWN, DEPLOYED, DriftKind.UNKNOWN),
    ],
)
def test_live_against_what_was_left_and_what_is_wanted(
    left: Deployment, state: LiveState, wanted: Deployment, expected: DriftKind | None
) -> None:
    assert kind(wanted, state, applied(left)) == expected


@pytest.mark.parametrize(
    ("state", "wanted", "expected"),
    [
        (LiveState.DEPLOYED, DEPLOYED, None),
        (LiveState.UNDEPLOYED, DEPLOYED, DriftKind.PENDING),
        (LiveState.BROKEN, DEPLOYED, DriftKind.PENDING),
        (LiveState.DEPLOYED, UNDEPLOYED, DriftKind.PENDING),
        (LiveState.NOT_READY, UNDEPLOYED, None),
        (LiveState.UNKNOWN, UNDEPLOYED, DriftKind.UNKNOWN),
    ],
)
def test_what_was_never_applied_is_pending_at_most(
    state: LiveState, wanted: Deployment, expected: DriftKind | None
) -> None:
    found = drift(wanted, state)
    assert (found.kind if found else None) == expected
    assert found is None or found.since is None


@pytest.mark.parametrize("state", sorted(TRANSITIONAL))
@pytest.mark.parametrize("wanted", [DEPLOYED, UNDEPLOYED])
@pytest.mark.parametrize("left", [DEPLOYED, UNDEPLOYED])
def test_a_moving_model_is_busy_not_drifted(state: LiveState, wanted: Deployment, left: Deployment) -> None:
    assert kind(wanted, state, applied(left)) is None


@pytest.mark.parametrize("state", list(LiveState))
def test_an_unmanaged_deployment_never_drifts(state: LiveState) -> None:
    assert kind(UNMANAGED, state, applied(DEPLOYED)) is None


def test_drifted_is_from_what_was_left_to_what_is() -> None:
    assert drift(DEPLOYED, LiveState.UNDEPLOYED, applied(DEPLOYED)) == Drift(
        address="kore/a",
        kind=DriftKind.DRIFTED,
        was="deployed",
        now="undeployed",
        since=SINCE,
        text="was deployed, is undeployed: changed outside reconciler",
    )


def test_pending_is_from_what_is_to_what_is_wanted() -> None:
    assert drift(UNDEPLOYED, LiveState.DEPLOYED, applied(DEPLOYED)) == Drift(
        address="kore/a",
        kind=DriftKind.PENDING,
        was="deployed",
        now="undeployed",
        since=SINCE,
        text="is deployed, wanted undeployed",
    )


def test_unknown_is_from_what_was_left_or_else_wanted() -> None:
    left, wanted = drift(DEPLOYED, LiveState.UNKNOWN, applied(UNDEPLOYED)), drift(DEPLOYED, LiveState.UNKNOWN)
    assert left is not None
    assert (left.was, left.now, left.since) == ("undeployed", "unknown", SINCE)
    assert wanted is not None
    assert (wanted.was, wanted.now, wanted.since) == ("deployed", "unknown", None)


def test_on_unknown_act_makes_nothing_known() -> None:
    daring = model("a", on_unknown=OnUnknown.ACT)
    (found,) = find_drift([daring], snapshot(a=LiveState.UNKNOWN), {})
    assert found.kind is DriftKind.UNKNOWN


# Settings.


def settled(model_settings: dict[str, int], left: Memory, wanted: Deployment = DEPLOYED) -> tuple[Drift, ...]:
    made = model("a", wanted, settings=model_settings)
    return find_drift([made], snapshot(a=LiveState(wanted)), {"kore/a": left})


def test_new_settings_of_a_deployed_model_are_pending() -> None:
    (found,) = settled({"size": 2}, applied(DEPLOYED, {"size": 1}))
    assert (found.kind, found.was, found.now) == (DriftKind.PENDING, "deployed", "deployed")
    assert found.text == "its settings changed"


def test_the_same_settings_are_no_drift() -> None:
    assert settled({"size": 1}, applied(DEPLOYED, {"size": 1})) == ()


def test_nothing_is_said_of_settings_that_are_not_ours() -> None:
    assert settled({"size": 2}, applied(DEPLOYED, None)) == ()


def test_settings_mean_nothing_for_an_undeployed_model() -> None:
    assert settled({"size": 2}, applied(UNDEPLOYED, {"size": 1}), UNDEPLOYED) == ()


# Several models.


def test_in_order_of_address_with_owners() -> None:
    models: list[Model] = [model("b", owner="team-b"), model("a"), model("c", UNDEPLOYED)]
    found = find_drift(models, snapshot(a=LiveState.BROKEN, b=LiveState.UNDEPLOYED, c=LiveState.UNDEPLOYED), {})
    assert [(entry.address, entry.owner) for entry in found] == [("kore/a", None), ("kore/b", "team-b")]


def test_a_model_that_could_not_be_read_is_not_repeated_here() -> None:
    unread = Snapshot(taken_at=NOW, lives={}, failures=(Failure(address="kore/a", error="401"),))
    assert find_drift([model("a")], unread, {"kore/a": applied(DEPLOYED)}) == ()


def test_an_export_is_no_drift() -> None:
    wanted = model("a", target=Target(deployment=DEPLOYED, export=Export(max_age=1)))
    assert find_drift([wanted], snapshot(a=LiveState.DEPLOYED), {}) == ()
