import pytest

from reconciler.core.guards import SMALL, judge
from reconciler.core.job import Verb
from reconciler.core.memory import Memory
from reconciler.core.model import Limits, Model
from reconciler.core.plan import Finding, Level, RunningJob

from .values import DEPLOYED, UNMANAGED, action, model

ANY = Limits(max_undeploy_percent=100)
PROTECTED = Memory(protected=True)
RUNNING = RunningJob(verb=Verb.UNDEPLOY, job="j-1")


def names(count: int) -> list[str]:
    return [f"m{number:03}" for number in range(count)]


def inventory(count: int) -> tuple[Model, ...]:
    return tuple(model(name) for name in names(count))


def undeploying(count: int, managed: int, limits: Limits | None = None, *, approved: int = 0) -> tuple[Finding, ...]:
    """The findings about a plan that undeploys `count` of `managed` models."""
    return judge(
        [action(name) for name in names(count)],
        inventory(managed),
        {},
        limits or Limits(),
        approved=frozenset(f"kore/{name}" for name in names(approved)),
    )


def test_no_action_no_finding() -> None:
    assert judge([], inventory(20), {}, Limits(max_undeploys=0, max_undeploy_percent=0)) == ()


# The share.


@pytest.mark.parametrize(
    ("undeploys", "managed", "stopped"),
    [
        (29, 100, False),
        (30, 100, False),
        (31, 100, True),
        (3, 10, False),
        (4, 10, True),
        (10, 10, True),
        (4, 9, False),
        (9, 9, False),
        (1, 1, False),
    ],
)
def test_more_than_30_percent_of_10_or_more_models_is_stopped(undeploys: int, managed: int, stopped: bool) -> None:
    assert [finding.name for finding in undeploying(undeploys, managed)] == ["max_undeploy_percent"] * stopped


def test_ten_models_are_enough_for_a_percentage() -> None:
    assert SMALL == 10


def test_the_share_names_the_models_and_the_figures() -> None:
    (found,) = undeploying(4, 10)
    assert found.level is Level.STOP
    assert found.addresses == tuple(f"kore/{name}" for name in names(4))
    assert "4 undeploys are 40 % of 10" in found.message
    assert "limit is 30 %" in found.message


def test_all_of_them_is_100_percent() -> None:
    (found,) = undeploying(50, 50)
    assert "50 undeploys are 100 % of 50" in found.message


@pytest.mark.parametrize(("percent", "stopped"), [(0, True), (9.9, True), (10, False), (100, False)])
def test_the_limit_may_be_any_percentage(percent: float, stopped: bool) -> None:
    assert bool(undeploying(1, 10, Limits(max_undeploy_percent=percent))) is stopped


def test_models_without_a_managed_deployment_do_not_dilute_the_share() -> None:
    exported_only = tuple(model(f"e{number}", UNMANAGED) for number in range(90))
    actions = [action(name) for name in names(4)]
    assert judge(actions, (*inventory(10), *exported_only), {}, Limits())
    assert not judge(actions, (*inventory(9), *exported_only), {}, Limits())


@pytest.mark.parametrize("verb", [Verb.DEPLOY, Verb.EXPORT])
def test_other_verbs_are_never_too_many(verb: Verb) -> None:
    actions = [action(name, verb) for name in names(10)]
    assert judge(actions, inventory(10), {}, Limits(max_undeploys=0, max_undeploy_percent=0)) == ()


def test_an_undeploy_that_runs_already_counts_for_nothing() -> None:
    running = [action(name, adopts=RUNNING) for name in names(10)]
    protected = {"kore/m000": PROTECTED}
    assert judge(running, inventory(10), protected, Limits(max_undeploys=0, max_undeploy_percent=0)) == ()


def test_an_undeploy_that_waits_for_a_running_job_counts() -> None:
    waiting = [action(name, follows=RunningJob(verb=Verb.DEPLOY, job="j-1")) for name in names(4)]
    assert judge(waiting, inventory(10), {}, Limits())


# The absolute limit.


@pytest.mark.parametrize(("undeploys", "stopped"), [(1, False), (2, False), (3, True)])
def test_more_than_the_absolute_limit_is_stopped(undeploys: int, stopped: bool) -> None:
    found = undeploying(undeploys, 5, Limits(max_undeploys=2))
    assert [finding.name for finding in found] == ["max_undeploys"] * stopped


def test_a_limit_of_none_at_all() -> None:
    (found,) = undeploying(1, 5, Limits(max_undeploys=0))
    assert (found.level, found.addresses) == (Level.STOP, ("kore/m000",))
    assert "1 undeploy is planned, and the limit is 0" in found.message


def test_both_limits_may_stop() -> None:
    found = undeploying(5, 10, Limits(max_undeploys=1))
    assert [finding.name for finding in found] == ["max_undeploy_percent", "max_undeploys"]


# The stricter of two.


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (Limits(), Limits(), Limits()),
        (Limits(max_undeploy_percent=10), Limits(max_undeploy_percent=20), Limits(max_undeploy_percent=10)),
        (Limits(max_undeploys=3), Limits(max_undeploys=None), Limits(max_undeploys=3)),
        (Limits(max_undeploys=3), Limits(max_undeploys=0), Limits(max_undeploys=0)),
        (
            Limits(max_undeploy_percent=50, max_undeploys=1),
            Limits(max_undeploy_percent=40, max_undeploys=9),
            Limits(max_undeploy_percent=40, max_undeploys=1),
        ),
    ],
)
def test_the_stricter_of_both_limits_counts(one: Limits, other: Limits, both: Limits) -> None:
    assert one.stricter(other) == both
    assert other.stricter(one) == both


# Approvals.


@pytest.mark.parametrize(("approved", "stopped"), [(0, True), (1, False), (4, False)])
def test_what_a_person_named_no_longer_counts(approved: int, stopped: bool) -> None:
    assert bool(undeploying(4, 10, approved=approved)) is stopped
    assert bool(undeploying(4, 10, Limits(max_undeploys=3, max_undeploy_percent=100), approved=approved)) is stopped


def test_an_approval_is_of_one_address() -> None:
    found = judge(
        [action("a"), action("b")],
        (model("a", protect=True), model("b", protect=True)),
        {},
        ANY,
        approved=frozenset({"kore/b", "kore/other"}),
    )
    assert [finding.addresses for finding in found] == [("kore/a",)]


# Protection.


def test_the_inventory_protects() -> None:
    (found,) = judge([action("a")], (model("a", protect=True),), {}, ANY)
    assert (found.name, found.level, found.addresses) == ("protect", Level.STOP, ("kore/a",))
    assert "1 model is protected" in found.message
    assert "add --approve kore/a" in found.message


def test_the_journal_remembers_a_protection_the_inventory_no_longer_names() -> None:
    (found,) = judge([action("a")], (model("a", protect=None),), {"kore/a": PROTECTED}, ANY)
    assert (found.name, found.addresses) == ("protect", ("kore/a",))


def test_protection_of_several_names_them_all() -> None:
    models = (model("a", protect=True), model("b"), model("c", DEPLOYED, protect=None))
    (found,) = judge([action("a"), action("b"), action("c")], models, {"kore/c": PROTECTED}, ANY)
    assert found.addresses == ("kore/a", "kore/c")
    assert "2 models are protected" in found.message
    assert "--approve kore/a --approve kore/c" in found.message


@pytest.mark.parametrize("protect", [None, False])
def test_nothing_protects_what_nobody_protected(protect: bool | None) -> None:
    assert judge([action("a")], (model("a", protect=protect),), {"kore/a": Memory()}, ANY) == ()


@pytest.mark.parametrize("verb", [Verb.DEPLOY, Verb.EXPORT])
def test_protection_is_from_undeploys_only(verb: Verb) -> None:
    assert judge([action("a", verb)], (model("a", protect=True),), {"kore/a": PROTECTED}, ANY) == ()


def test_all_guards_speak_at_once() -> None:
    models = tuple(model(name, protect=True) for name in names(10))
    found = judge([action(name) for name in names(10)], models, {}, Limits(max_undeploys=1))
    assert [finding.name for finding in found] == ["protect", "max_undeploy_percent", "max_undeploys"]
