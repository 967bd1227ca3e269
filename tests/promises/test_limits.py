"""How much may be undeployed at once: the limits at, below and above their bounds, through the commands."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.simulator import JobTime, SimulatedPlatforms
from tests.cli.conftest import Reconciler, inventory, starts

Say = Callable[[str, object], None]


def managed(reach: SimulatedPlatforms, count: int, undeploys: int, *, head: str = "") -> None:
    """`count` managed models, all deployed, of which the inventory wants `undeploys` undeployed."""
    reach.nugen.set_job_time(JobTime(seconds=0))
    models = []
    for number in range(count):
        identity = f"alignment_{number:03}"
        reach.nugen.add(identity, f"model {number}", deployed=True)
        state = "undeployed" if number < undeploys else "deployed"
        models.append(f"m{number:03}: {{platform: nugen, id: {identity}, state: {state}}}")
    inventory(*models, head=head)


@pytest.mark.parametrize(
    ("count", "undeploys", "stopped"),
    [
        (100, 29, False),
        (100, 30, False),
        (100, 31, True),
        (10, 3, False),
        (10, 4, True),
        (10, 10, True),
        (11, 3, False),
        (11, 4, True),
        (9, 3, False),
        (9, 9, False),
        (1, 1, False),
    ],
)
def test_at_most_30_percent_of_10_or_more_models(
    reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say, count: int, undeploys: int, stopped: bool
) -> None:
    managed(reach, count, undeploys)
    applied = reconciler("apply", "--yes", "--quiet")
    stated(reach, record_property, applied.code, stopped, undeploys)


@pytest.mark.parametrize(
    ("limit", "undeploys", "stopped"), [(0, 0, False), (0, 1, True), (2, 2, False), (2, 3, True), (5, 4, False)]
)
@pytest.mark.parametrize("where", ["option", "inventory", "guards"])
def test_at_most_so_many_at_all(
    reach: SimulatedPlatforms,
    reconciler: Reconciler,
    record_property: Say,
    limit: int,
    undeploys: int,
    stopped: bool,
    where: str,
) -> None:
    Path("guards.yaml").write_text(f"max_undeploys: {limit}\n")
    managed(reach, 6, undeploys, head=f"guards: {{max_undeploys: {limit}}}\n" if where == "inventory" else "")
    asked = {"option": ["--max-undeploys", str(limit)], "guards": ["--guards", "guards.yaml"], "inventory": []}[where]
    applied = reconciler("apply", "--yes", "--quiet", *asked)
    stated(reach, record_property, applied.code, stopped, undeploys)


def stated(reach: SimulatedPlatforms, say: Say, code: int, stopped: bool, undeploys: int) -> None:
    assert code == (3 if stopped else 0)
    assert len(starts(reach)) == (0 if stopped else undeploys)
    say("figure", f"1 bounds, {len(starts(reach)) if stopped else 0} starts beyond a limit")


def test_a_plan_saved_under_a_looser_limit_is_stopped_by_that_of_the_apply(
    reach: SimulatedPlatforms, reconciler: Reconciler
) -> None:
    managed(reach, 6, 3)
    assert reconciler("plan", "--out", "plan.json", "--max-undeploys", "3").code == 0
    assert reconciler("apply", "--plan", "plan.json", "--max-undeploys", "2").code == 3
    assert starts(reach) == []


@pytest.mark.parametrize("models", ["{}", "[]", ""], ids=["none", "a-list", "nothing"])
def test_an_inventory_that_lost_its_models_undeploys_none(
    reach: SimulatedPlatforms, reconciler: Reconciler, models: str
) -> None:
    managed(reach, 12, 0)
    assert reconciler("apply", "--yes", "--quiet").code == 0
    Path("inventory.yaml").write_text(f"version: 1\nmodels: {models}\n")

    assert reconciler("apply", "--yes", "--quiet").code in (0, 1)
    assert starts(reach) == []
