"""The world by itself, without HTTP."""

from __future__ import annotations

import pytest

from reconciler.simulator import JobTime, Model, Verb, World
from reconciler.simulator.shapes import Shape, by_name

from .conftest import Clock


def test_a_catalogue_has_every_name_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        by_name(Shape("a", "one"), Shape("a", "other"))


@pytest.fixture
def world(clock: Clock) -> World:
    world = World(key="k", now=clock, job_time=JobTime(seconds=10), aliases=lambda model: (f"alias-{model.id}",))
    world.add("m", "model", deployed=False)
    return world


def model(world: World) -> Model:
    return world.model("m")


def test_a_job_takes_effect_though_nobody_reads_it(world: World, clock: Clock) -> None:
    world.start(model(world), Verb.DEPLOY)
    assert world.state("m") == "deploying"
    clock.pass_by(10)
    assert world.state("m") == "deployed"


def test_jobs_take_effect_in_the_order_they_end(world: World, clock: Clock) -> None:
    world.start(model(world), Verb.DEPLOY, job_time=JobTime(seconds=10))
    clock.pass_by(1)
    world.start(model(world), Verb.UNDEPLOY, job_time=JobTime(seconds=1))
    clock.pass_by(100)
    assert world.state("m") == "deployed"


def test_polls_count_only_reads_of_the_job_itself(world: World, clock: Clock) -> None:
    job = world.start(model(world), Verb.DEPLOY, job_time=JobTime(polls=2))
    clock.pass_by(1000)
    for _ in range(5):
        assert world.state("m") == "deploying"
    world.look(job)
    world.look_at(model(world))
    assert world.state("m") == "deployed"


@pytest.mark.parametrize("time", [JobTime(), JobTime(seconds=0), JobTime(polls=0)])
def test_a_job_of_no_length_is_over_at_once(world: World, time: JobTime) -> None:
    world.start(model(world), Verb.DEPLOY, job_time=time)
    assert world.state("m") == "deployed"


def test_seconds_can_count_from_the_first_look(world: World, clock: Clock) -> None:
    world.start(model(world), Verb.DEPLOY, job_time=JobTime(seconds=5, from_first_look=True))
    clock.pass_by(1000)
    assert world.state("m") == "deploying"
    world.look_at(model(world))
    clock.pass_by(4.9)
    assert world.state("m") == "deploying"
    clock.pass_by(0.1)
    assert world.state("m") == "deployed"


@pytest.mark.parametrize(("seconds", "polls"), [(-1.0, None), (0.0, -1)])
def test_time_is_not_negative(seconds: float, polls: int | None) -> None:
    with pytest.raises(ValueError, match="negative"):
        JobTime(seconds, polls)


def test_a_model_has_its_own_job_time(world: World, clock: Clock) -> None:
    world.add("other", deployed=False)
    world.set_job_time(JobTime(seconds=1), "alias-m")
    world.set_job_time(JobTime(seconds=2))
    for id in ("m", "other"):
        world.start(world.model(id), Verb.DEPLOY)
    clock.pass_by(1)
    assert (world.state("m"), world.state("other")) == ("deployed", "deploying")


def test_a_state_set_by_hand_holds(world: World, clock: Clock) -> None:
    world.set_state("m", "deployed")
    assert world.state("m") == "deployed"
    world.set_state("m", "EVALUATED")
    assert world.state("m") == "EVALUATED"
    world.start(model(world), Verb.UNDEPLOY)
    assert world.state("m") == "undeploying"
    clock.pass_by(10)
    assert world.state("m") == "undeployed"


def test_a_failed_job_says_why_until_the_next_start(world: World, clock: Clock) -> None:
    world.fail_next("m", "no room")
    job = world.start(model(world), Verb.DEPLOY)
    assert model(world).error is None
    clock.pass_by(10)
    assert world.state("m") == "undeployed"
    assert (job.state, job.error, model(world).error) == ("failed", "no room", "no room")
    world.start(model(world), Verb.DEPLOY)
    assert model(world).error is None
    clock.pass_by(10)
    assert world.state("m") == "deployed"


def test_the_newest_running_job_is_killed(world: World, clock: Clock) -> None:
    with pytest.raises(ValueError, match="no job runs on m"):
        world.kill_job("m")
    world.start(model(world), Verb.DEPLOY)
    export = world.start(model(world), Verb.EXPORT)
    assert world.kill_job("m", "killed") is export
    assert world.state("m") == "deploying"
    assert world.kill_job("m", "killed").verb is Verb.DEPLOY
    assert (world.state("m"), model(world).error) == ("undeployed", "killed")


def test_reading_a_models_state_does_not_read_its_export(world: World) -> None:
    export = world.start(model(world), Verb.EXPORT, job_time=JobTime(polls=1))
    world.look_at(model(world))
    assert export.state == "running"
    world.look(export)
    assert export.state == "succeeded"


def test_an_export_is_not_a_state(world: World) -> None:
    world.start(model(world), Verb.EXPORT)
    assert world.state("m") == "undeployed"


def test_progress_goes_from_0_to_99_until_done(world: World, clock: Clock) -> None:
    timed = world.start(model(world), Verb.EXPORT)
    polled = world.start(model(world), Verb.EXPORT, job_time=JobTime(polls=4))
    waiting = world.start(model(world), Verb.EXPORT, job_time=JobTime(seconds=4, from_first_look=True))
    assert [job.progress(clock()) for job in (timed, polled, waiting)] == [0, 0, 0]
    clock.pass_by(5)
    world.look(polled)
    assert [job.progress(clock()) for job in (timed, polled, waiting)] == [50, 25, 0]
    clock.pass_by(100)
    assert timed.progress(clock()) == 99  # not read since
    assert world.job(timed.id) is timed
    assert timed.progress(clock()) == 100


def test_a_model_is_found_under_all_its_names(world: World) -> None:
    assert world.find("alias-m") is world.model("m")
    assert world.ids(model(world)) == {"m", "alias-m"}
    world.remove("m")
    assert world.find("alias-m") is None
    world.remove("m")
    with pytest.raises(ValueError, match="no such model: m"):
        world.state("m")


def test_a_removed_models_running_job_is_gone(world: World, clock: Clock) -> None:
    job = world.start(model(world), Verb.DEPLOY)
    world.add("m", deployed=False)
    clock.pass_by(10)
    assert world.job(job.id) is None
    assert world.state("m") == "undeployed"


def test_a_reset_forgets_all_but_gives_no_job_id_twice(world: World) -> None:
    before = world.start(model(world), Verb.DEPLOY)
    world.set_job_time(JobTime())
    world.reset()
    assert not world.models
    assert world.job(before.id) is None
    world.add("m", deployed=False)
    after = world.start(model(world), Verb.DEPLOY)
    assert after.id != before.id
    assert world.state("m") == "deploying"
