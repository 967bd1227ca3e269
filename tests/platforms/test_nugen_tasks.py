"""How an action on Nugen stands: tasks of the documented routes, and the state that the newer routes give instead."""

import json

import pytest

from reconciler.core.job import Job, JobState, JobStatus, Verb
from reconciler.platforms.base import Platform
from reconciler.simulator import Fault, FaultKind, SimulatedPlatforms
from reconciler.simulator import Verb as JobVerb

from .asking import job, polled, unpolled
from .conftest import Time

pytestmark = pytest.mark.anyio

FAQ = "alignment_01KXG82FJJ98NQ0"
DEPLOY = job(Verb.DEPLOY, FAQ, address="nugen/faq-bot")
UNDEPLOY = job(Verb.UNDEPLOY, FAQ, address="nugen/faq-bot")
TASKS = [(Verb.DEPLOY, DEPLOY), (Verb.UNDEPLOY, UNDEPLOY)]


def run(simulated: SimulatedPlatforms, verb: Verb) -> None:
    """Let an action run on the model, as if it had been accepted."""
    found = simulated.nugen.add(FAQ, "faq-bot", deployed=verb is Verb.UNDEPLOY)
    simulated.nugen.start(found, JobVerb(verb))


def reply(simulated: SimulatedPlatforms, body: object, status: int = 200) -> None:
    simulated.nugen.fault(Fault(FaultKind.REPLY, status=status, body=json.dumps(body)))


@pytest.mark.parametrize(("verb", "task"), TASKS)
async def test_a_task_runs_and_completes(
    simulated: SimulatedPlatforms, time: Time, nugen: Platform, verb: Verb, task: Job
) -> None:
    run(simulated, verb)

    before = await polled(nugen, task)
    time.passes(10)
    after = await polled(nugen, task)

    assert before == JobStatus(state=JobState.RUNNING, raw="PENDING")
    assert after == JobStatus(state=JobState.SUCCEEDED, raw="COMPLETED")
    paths = {entry.path for entry in simulated.nugen.log.entries}
    assert paths == {f"/api/v3/models/{verb}-model/{FAQ}/status"}


@pytest.mark.parametrize("shape", ["result-documented", "result-empty", "result-null", "naive-times"])
@pytest.mark.parametrize(("verb", "task"), TASKS)
async def test_what_a_result_holds_does_not_matter(
    simulated: SimulatedPlatforms, time: Time, nugen: Platform, verb: Verb, task: Job, shape: str
) -> None:
    run(simulated, verb)
    time.passes(10)
    simulated.nugen.shape(shape)

    assert await polled(nugen, task) == JobStatus(state=JobState.SUCCEEDED, raw="COMPLETED")


async def test_older_pages_write_the_words_in_lower_case(
    simulated: SimulatedPlatforms, time: Time, nugen: Platform
) -> None:
    run(simulated, Verb.DEPLOY)
    simulated.nugen.shape("task-lower-case")

    before = await polled(nugen, DEPLOY)
    time.passes(10)
    after = await polled(nugen, DEPLOY)

    assert (before.state, before.raw) == (JobState.RUNNING, "pending")
    assert (after.state, after.raw) == (JobState.SUCCEEDED, "completed")


async def test_a_task_may_be_pending_for_ever(simulated: SimulatedPlatforms, time: Time, nugen: Platform) -> None:
    run(simulated, Verb.DEPLOY)
    time.passes(10)
    simulated.nugen.shape("task-forever-pending")

    for _ in range(3):
        assert (await polled(nugen, DEPLOY)).state is JobState.RUNNING


@pytest.mark.parametrize(
    "error",
    [
        "Deployment failed due to insufficient resources",
        "Redeployment failed and was reverted to READY status",
    ],
)
async def test_a_task_that_failed_says_why(
    simulated: SimulatedPlatforms, time: Time, nugen: Platform, error: str
) -> None:
    simulated.nugen.add(FAQ, deployed=False)
    simulated.nugen.fail_next(FAQ, error)
    simulated.nugen.start(simulated.nugen.model(FAQ), JobVerb.DEPLOY)
    time.passes(10)

    assert await polled(nugen, DEPLOY) == JobStatus(state=JobState.FAILED, raw="FAILED", error=error)


@pytest.mark.parametrize(("verb", "task"), TASKS)
async def test_failed_where_nothing_was_started_means_no_task(
    simulated: SimulatedPlatforms, nugen: Platform, verb: Verb, task: Job
) -> None:
    simulated.nugen.add(FAQ, word="EVALUATED")

    status = await polled(nugen, task)

    what = "deployment" if verb is Verb.DEPLOY else "undeployment"
    error = f"No active {what}. Model status is EVALUATED."
    assert status == JobStatus(state=JobState.ABSENT, raw="FAILED", error=error)


async def test_a_task_that_is_not_visible_yet_has_not_failed(
    simulated: SimulatedPlatforms, time: Time, nugen: Platform
) -> None:
    run(simulated, Verb.DEPLOY)
    simulated.nugen.shape("task-not-visible", times=1)

    first = await polled(nugen, DEPLOY)
    second = await polled(nugen, DEPLOY)

    assert (first.state, second.state) == (JobState.ABSENT, JobState.RUNNING)


async def test_a_404_right_after_the_start_is_no_failure(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    run(simulated, Verb.DEPLOY)
    simulated.nugen.shape("task-404")

    status = await polled(nugen, DEPLOY)

    text = "GET /api/v3/models/{verb}-model/{job}/status answered 404: Model not found"
    assert status == JobStatus(state=JobState.ABSENT, raw="404", error=text)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"result": {"error": "first"}, "error": "second"}, "first"),
        ({"result": {}, "error": "second", "failure_reason": "third"}, "second"),
        ({"result": None, "failure_reason": "third", "message": "fourth"}, "third"),
        ({"message": "fourth", "detail": "fifth"}, "fourth"),
        ({"detail": "fifth"}, "fifth"),
        ({"result": {"error": {"code": 7}}}, '{"code": 7}'),
        ({"result": "odd"}, None),
        ({}, None),
    ],
)
async def test_the_text_of_a_failure_is_the_first_that_is_there(
    simulated: SimulatedPlatforms, nugen: Platform, body: dict[str, object], error: str | None
) -> None:
    reply(simulated, {"status": "FAILED", **body})

    assert await polled(nugen, DEPLOY) == JobStatus(state=JobState.FAILED, raw="FAILED", error=error)


@pytest.mark.parametrize("word", ["STARTED", "REVOKED", "DEPLOYED", "SUCCESS"])
async def test_an_unknown_word_of_a_task_is_still_running(
    simulated: SimulatedPlatforms, nugen: Platform, word: str
) -> None:
    reply(simulated, {"status": word})

    status = await polled(nugen, DEPLOY)

    assert status == JobStatus(state=JobState.RUNNING, raw=word, warning=f"unknown word {word}")


async def test_a_gateway_page_in_mid_poll_is_got_over(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    run(simulated, Verb.DEPLOY)
    simulated.nugen.shape("error-html", operation="deploy-status", times=1)

    assert (await polled(nugen, DEPLOY)).state is JobState.RUNNING
    assert [entry.status for entry in simulated.nugen.log.entries] == [502, 200]


async def test_a_gateway_page_that_stays_is_a_failure_to_read(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    run(simulated, Verb.DEPLOY)
    simulated.nugen.shape("error-html", operation="deploy-status")

    failure = await unpolled(nugen, DEPLOY)

    assert failure.address == "nugen/faq-bot"
    assert failure.error == "GET /api/v3/models/{verb}-model/{job}/status answered 502"


# Generation B: the deployment's own state.


async def test_generation_b_deploys_through_deploying(
    simulated: SimulatedPlatforms, time: Time, nugen_b: Platform
) -> None:
    run(simulated, Verb.DEPLOY)

    before = await polled(nugen_b, DEPLOY)
    time.passes(10)
    after = await polled(nugen_b, DEPLOY)

    assert before == JobStatus(state=JobState.RUNNING, raw="DEPLOYING")
    assert after == JobStatus(state=JobState.SUCCEEDED, raw="DEPLOYED")
    assert {entry.path for entry in simulated.nugen.log.entries} == {f"/api/v3/models/{FAQ}/deployment/status"}


async def test_generation_b_is_back_with_an_error_when_it_failed(
    simulated: SimulatedPlatforms, time: Time, nugen_b: Platform
) -> None:
    simulated.nugen.add(FAQ, deployed=False)
    simulated.nugen.fail_next(FAQ, "provider rejected the deployment")
    simulated.nugen.start(simulated.nugen.model(FAQ), JobVerb.DEPLOY)
    time.passes(10)

    status = await polled(nugen_b, DEPLOY)

    assert status == JobStatus(state=JobState.FAILED, raw="UNDEPLOYED", error="provider rejected the deployment")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"status": "UNDEPLOYED", "error": None}, JobStatus(state=JobState.ABSENT, raw="UNDEPLOYED")),
        ({"status": "UNDEPLOYED", "error": ""}, JobStatus(state=JobState.ABSENT, raw="UNDEPLOYED", error="")),
        ({"status": "undeployed"}, JobStatus(state=JobState.ABSENT, raw="undeployed")),
        ({"status": "UNDEPLOYED", "error": "no"}, JobStatus(state=JobState.FAILED, raw="UNDEPLOYED", error="no")),
        ({"status": "FAILED", "error": "no"}, JobStatus(state=JobState.FAILED, raw="FAILED", error="no")),
        ({"status": "FAILED"}, JobStatus(state=JobState.FAILED, raw="FAILED")),
        ({"deployment_status": "DEPLOYED"}, JobStatus(state=JobState.SUCCEEDED, raw="DEPLOYED")),
        ({"status": None, "deployment_status": "DEPLOYING"}, JobStatus(state=JobState.RUNNING, raw="DEPLOYING")),
        ({"status": "READY"}, JobStatus(state=JobState.RUNNING, raw="READY", warning="unknown word READY")),
        ({"status": "ACTIVE"}, JobStatus(state=JobState.RUNNING, raw="ACTIVE", warning="unknown word ACTIVE")),
    ],
)
async def test_generation_b_back_without_an_error_is_not_begun_yet(
    simulated: SimulatedPlatforms, nugen_b: Platform, body: object, status: JobStatus
) -> None:
    reply(simulated, body)

    assert await polled(nugen_b, DEPLOY) == status
