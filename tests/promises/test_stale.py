"""A plan whose world has moved: every moved model is named with its old and new state, and nothing is started."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from reconciler.simulator import JobTime, SimulatedPlatforms, Verb, World
from tests.cli.conftest import BATCH, FAQ, PILOT, READER, TRIAGE, Reconciler, inventory, starts

Say = Callable[[str, object], None]
FAQ_ID, PILOT_ID, READER_ID = (
    "alignment_01KXG82FJJ98NQ0",
    "alignment_01M3GF73KHT8N4TB",
    "alignment_01KX0619C87YR5S",
)
KEEPER = "keeper: {platform: nugen, id: alignment_01M9KEEPER, state: undeployed}"
KEEPER_ID = "alignment_01M9KEEPER"


@dataclass(frozen=True, slots=True)
class Move:
    """What somebody does to a model after the plan was made, and the state it is then seen in."""

    what: str
    now: str
    make: Callable[[World, str], object]


def by_hand(state: str, now: str) -> Move:
    return Move(state, now, lambda world, model: world.set_state(model, state))


def said_alone(word: str, now: str) -> Move:
    """The platform shows only a status word, as for models that are not served at all."""

    def make(world: World, model: str) -> None:
        world.set_state(model, word)
        world.model(model).facts = {"deployment_status": None}

    return Move(f"{word}-alone", now, make)


def job(verb: Verb, now: str) -> Move:
    def make(world: World, model: str) -> None:
        world.start(world.model(model), verb, job_time=JobTime(seconds=3600))

    return Move(f"job-{verb}", now, make)


ANYWHERE = (
    by_hand("DEPLOYING", "deploying"),
    by_hand("UNDEPLOYING", "undeploying"),
    by_hand("EVALUATING", "busy"),
    by_hand("QUEUED", "not-ready"),
    by_hand("PROCESSING", "not-ready"),
    by_hand("PENDING", "not-ready"),
    said_alone("FAILED", "broken"),
    said_alone("STOPPED", "broken"),
    said_alone("HIBERNATING", "unknown"),
    Move("removed", "absent", lambda world, model: world.remove(model)),
)
"""Moves that lead away from deployed as from undeployed."""

OF_FAQ = (*ANYWHERE, by_hand("deployed", "deployed"), by_hand("DEPLOYED", "unknown"), job(Verb.DEPLOY, "deploying"))
OF_PILOT = (
    *ANYWHERE,
    by_hand("undeployed", "undeployed"),
    by_hand("UNDEPLOYED", "unknown"),
    job(Verb.UNDEPLOY, "undeploying"),
)


def after_its_job_was_killed(move: Move) -> Move:
    def make(world: World, model: str) -> None:
        if world.model(model).busy:
            world.kill_job(model)
        move.make(world, model)

    return Move(move.what, move.now, make)


OF_READER = tuple(
    after_its_job_was_killed(move)
    for move in (by_hand("undeployed", "undeployed"), by_hand("DEPLOYED", "unknown"), *ANYWHERE)
    if move.now != "deploying"
)


def name(move: Move) -> str:
    return f"{move.what}-is-{move.now}"


@pytest.fixture
def platforms() -> Iterator[SimulatedPlatforms]:
    """The account of the quickstart, with a job of somebody else's that never ends and a model that nobody moves."""

    def seed(kore: World, nugen: World) -> None:
        kore.add("cm-20f1a", deployed=True)
        kore.add("cm-9d04e", deployed=True)
        nugen.add(FAQ_ID, "faq-bot", deployed=False)
        nugen.add(PILOT_ID, "old-pilot", deployed=True)
        nugen.add(KEEPER_ID, "keeper", deployed=True)
        reader = nugen.add(READER_ID, "invoice-reader", deployed=False)
        nugen.start(reader, Verb.DEPLOY, job_time=JobTime(seconds=3600))

    with SimulatedPlatforms(seed=seed, job_time=JobTime(seconds=0.1)) as simulated:
        yield simulated


def refused(reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say, *lines: str) -> None:
    """The saved plan is refused with 4, each moved action on a line of its own, and nothing was started."""
    before = len(starts(reach))
    applied = reconciler("apply", "--plan", "plan.json")

    assert applied.code == 4, applied.out + applied.err
    assert applied.out == ""
    said = [line.strip() for line in applied.err.splitlines() if "when planned" in line]
    assert said == list(lines)
    assert len(starts(reach)) == before
    record_property("figure", f"1 moves, {len(starts(reach)) - before} requests to start anything")


def planned(reconciler: Reconciler, *models: str) -> None:
    inventory(*models)
    assert reconciler("plan", "--out", "plan.json", "--detailed-exitcode").code == 2


@pytest.mark.parametrize("move", OF_FAQ, ids=name)
def test_a_deploy_of_a_moved_model_is_refused(
    reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say, move: Move
) -> None:
    planned(reconciler, FAQ, PILOT, READER, KEEPER)
    move.make(reach.nugen, FAQ_ID)
    line = f"nugen/faq#deploy: was undeployed when planned, is {move.now} now"
    refused(reach, reconciler, record_property, line)


@pytest.mark.parametrize("move", OF_PILOT, ids=name)
def test_an_undeploy_of_a_moved_model_is_refused(
    reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say, move: Move
) -> None:
    planned(reconciler, FAQ, PILOT, READER, KEEPER)
    move.make(reach.nugen, PILOT_ID)
    line = f"nugen/pilot#undeploy: was deployed when planned, is {move.now} now"
    refused(reach, reconciler, record_property, line)


@pytest.mark.parametrize("move", OF_READER, ids=name)
def test_a_wait_for_a_job_that_is_gone_is_refused(
    reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say, move: Move
) -> None:
    planned(reconciler, FAQ, PILOT, READER, KEEPER)
    move.make(reach.nugen, READER_ID)
    line = f"nugen/reader#deploy: was deploying when planned, is {move.now} now"
    refused(reach, reconciler, record_property, line)


@pytest.mark.parametrize("move", OF_PILOT, ids=name)
def test_of_several_moved_models_each_is_named(
    reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say, move: Move
) -> None:
    planned(reconciler, FAQ, PILOT, KEEPER)
    move.make(reach.nugen, PILOT_ID)
    reach.nugen.set_state(FAQ_ID, "deployed")
    refused(
        reach,
        reconciler,
        record_property,
        "nugen/faq#deploy: was undeployed when planned, is deployed now",
        f"nugen/pilot#undeploy: was deployed when planned, is {move.now} now",
    )


def test_a_model_that_its_probe_shows_moved_is_refused(
    reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say
) -> None:
    planned(reconciler, TRIAGE, KEEPER)
    reach.kore.set_state("cm-20f1a", "undeployed")
    line = "kore/triage#undeploy: was deployed when planned, is undeployed now"
    refused(reach, reconciler, record_property, line)


def test_a_model_that_a_person_declared_to_be_something_else_is_refused(
    reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say
) -> None:
    inventory(BATCH, KEEPER)
    assert reconciler("adopt", "kore/batch", "--as", "deployed").code == 0
    planned(reconciler, BATCH, KEEPER)
    assert reconciler("adopt", "kore/batch", "--as", "undeployed").code == 0
    line = "kore/batch#undeploy: was deployed when planned, is undeployed now"
    refused(reach, reconciler, record_property, line)


@pytest.mark.parametrize("move", OF_PILOT[::3], ids=name)
def test_skip_stale_leaves_out_the_moved_model_and_does_the_rest(
    reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say, move: Move
) -> None:
    planned(reconciler, FAQ, PILOT, KEEPER)
    move.make(reach.nugen, PILOT_ID)

    applied = reconciler("apply", "--plan", "plan.json", "--skip-stale")

    assert applied.code == 5, applied.out + applied.err
    assert "2 succeeded, 1 skipped" in applied.out
    assert f"is {move.now} now" in " ".join(applied.out.split())
    assert sorted(starts(reach)) == [("deploy", FAQ_ID), ("undeploy", KEEPER_ID)]
    record_property("figure", "1 plans with --skip-stale, 0 requests about the moved model")


def test_an_unmoved_world_is_not_refused(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    planned(reconciler, FAQ, PILOT, KEEPER)
    assert reconciler("apply", "--plan", "plan.json").code == 0
    assert len(starts(reach)) == 3
