"""Starting an action on Kore.ai: what is sent, and every acceptance that its pages show or leave open."""

import pytest

from reconciler.core.job import Accepted, JobState, Verb
from reconciler.core.live import LiveState
from reconciler.platforms.base import Platform
from reconciler.simulator import KORE_KEY, SimulatedPlatforms
from reconciler.simulator import Verb as JobVerb

from .asking import NOW, model, started
from .kore_answers import DOWN, SETTINGS, UNDEPLOY, UP, accepted, only, reply, uncertain

pytestmark = pytest.mark.anyio

# What is sent.


async def test_a_deploy_sends_the_settings_and_the_model_type_in_the_query(
    simulated: SimulatedPlatforms, kore: Platform
) -> None:
    answer = await started(kore, Verb.DEPLOY, DOWN, LiveState.UNDEPLOYED)

    entry = only(simulated)
    assert isinstance(answer, Accepted)
    assert (entry.method, entry.path) == ("POST", "/api/public/models/cm-down/deploy")
    assert entry.query == {"modelType": "openSource"}
    expected = {name: value for name, value in SETTINGS.items() if name != "modelType"}
    assert entry.body == {**expected, "isDeployedPreviously": True}
    assert entry.headers["content-type"] == "application/json"
    assert entry.effect


async def test_a_first_deployment_is_not_made_to_look_like_a_later_one(
    simulated: SimulatedPlatforms, kore: Platform
) -> None:
    first = model("cm-down", settings={**SETTINGS, "isDeployedPreviously": False})

    await started(kore, Verb.DEPLOY, first, LiveState.UNDEPLOYED)

    body = only(simulated).body
    assert isinstance(body, dict)
    assert body["isDeployedPreviously"] is False


@pytest.mark.parametrize("verb", [Verb.UNDEPLOY, Verb.EXPORT])
async def test_what_takes_no_body_is_sent_without_one_and_without_its_type(
    simulated: SimulatedPlatforms, kore: Platform, verb: Verb
) -> None:
    await accepted(kore, verb)

    entry = only(simulated)
    assert (entry.path, entry.query, entry.body) == (f"/api/public/models/cm-up/{verb}", {}, None)
    assert "content-type" not in entry.headers


@pytest.mark.parametrize("verb", list(Verb))
async def test_the_colon_of_the_pages_is_not_sent_and_the_key_is_in_its_one_header(
    simulated: SimulatedPlatforms, kore: Platform, verb: Verb
) -> None:
    await accepted(kore, verb)

    entry = only(simulated)
    assert ":" not in entry.path
    assert entry.headers["x-api-key"] == KORE_KEY
    assert {"authorization", "cookie", "idempotency-key"}.isdisjoint(entry.headers)
    assert entry.headers["accept-encoding"] == "identity"


# Where the job's id stands.


@pytest.mark.parametrize("verb", list(Verb))
@pytest.mark.parametrize("spelling", ["dockStatusId", "dock-statusId", "dockstatusId", "_id"])
async def test_every_spelling_of_the_job_id_is_read(
    simulated: SimulatedPlatforms, kore: Platform, verb: Verb, spelling: str
) -> None:
    simulated.kore.shape(f"id-{spelling}")

    answer = await accepted(kore, verb)

    assert answer.job.id == simulated.kore.model("cm-up").last[JobVerb(verb)].id
    assert (answer.status.state, answer.status.raw, answer.status.warning) == (JobState.RUNNING, "IN_PROGRESS", None)


async def test_the_dock_status_id_comes_before_any_other_id(simulated: SimulatedPlatforms, kore: Platform) -> None:
    reply(simulated, 200, {"_id": "other", "dock-statusId": "ds-1", "status": "IN_PROGRESS"})

    answer = await accepted(kore)

    assert (answer.job.id, answer.status.state) == ("ds-1", JobState.RUNNING)


async def test_the_job_remembers_what_was_asked_and_when(simulated: SimulatedPlatforms, kore: Platform) -> None:
    answer = await accepted(kore)

    job = answer.job
    assert (job.address, job.verb, job.since, job.before) == ("kore/cm-up", Verb.UNDEPLOY, NOW, "deployed")


@pytest.mark.parametrize(
    "state", [state for state in LiveState if state not in (LiveState.DEPLOYED, LiveState.UNDEPLOYED)]
)
async def test_only_a_settled_state_is_remembered_as_the_one_before(
    simulated: SimulatedPlatforms, kore: Platform, state: LiveState
) -> None:
    answer = await started(kore, Verb.UNDEPLOY, UP, state)

    assert isinstance(answer, Accepted)
    assert answer.job.before is None


# What the first answer may say.


@pytest.mark.parametrize(
    ("status", "state"),
    [("SUCCESS", JobState.SUCCEEDED), ("IN_PROGRESS", JobState.RUNNING), ("FAILED", JobState.FAILED)],
)
async def test_an_end_may_be_told_at_once(
    simulated: SimulatedPlatforms, kore: Platform, status: str, state: JobState
) -> None:
    simulated.kore.shape(f"answers-{status.lower().replace('_', '-')}")

    answer = await accepted(kore)

    assert (answer.status.state, answer.status.raw) == (state, status)
    assert answer.job.id is not None  # so that one more read can confirm it


@pytest.mark.parametrize(("status", "state"), [("SUCCESS", JobState.SUCCEEDED), ("IN_PROGRESS", JobState.RUNNING)])
async def test_an_answer_without_a_job_id_is_accepted_with_a_warning(
    simulated: SimulatedPlatforms, kore: Platform, status: str, state: JobState
) -> None:
    reply(simulated, 200, {"modelId": "cm-up", "jobType": "MODELS", "action": "UNDEPLOY", "status": status})

    answer = await accepted(kore)

    assert (answer.job.id, answer.status.state) == (None, state)
    assert answer.status.warning == "the answer holds no job id"
    assert only(simulated).effect


@pytest.mark.parametrize("job_id", ["", "   ", None, True, [], {"id": "ds-1"}, "x" * 513])
async def test_what_cannot_be_a_job_id_is_not_taken_for_one(
    simulated: SimulatedPlatforms, kore: Platform, job_id: object
) -> None:
    reply(simulated, 200, {"dockStatusId": job_id, "status": "IN_PROGRESS"})

    assert (await accepted(kore)).job.id is None


@pytest.mark.parametrize(("job_id", "taken"), [(" ds-1 ", "ds-1"), (4711, "4711")])
async def test_a_job_id_is_stripped_and_may_be_a_number(
    simulated: SimulatedPlatforms, kore: Platform, job_id: object, taken: str
) -> None:
    reply(simulated, 200, {"dockStatusId": job_id, "status": "IN_PROGRESS"})

    assert (await accepted(kore)).job.id == taken


@pytest.mark.parametrize("field", ["modelId", "toolId", "workflowId", "guardrail"])
@pytest.mark.parametrize("job_type", ["MODELS", "MODEL", "TOOLS", "WORKFLOWS", "GUARDRAILS", "GUARDRAIL"])
async def test_the_subject_may_stand_under_any_name_of_any_type(
    simulated: SimulatedPlatforms, kore: Platform, field: str, job_type: str
) -> None:
    reply(simulated, 200, {"dock-statusId": "ds-1", field: "cm-up", "jobType": job_type, "status": "IN_PROGRESS"})

    answer = await accepted(kore)

    assert (answer.job.id, answer.status.state, answer.status.warning) == ("ds-1", JobState.RUNNING, None)


@pytest.mark.parametrize("field", ["modelId", "toolId", "workflowId"])
async def test_another_models_id_in_the_answer_is_only_a_warning(
    simulated: SimulatedPlatforms, kore: Platform, field: str
) -> None:
    reply(simulated, 200, {"dock-statusId": "ds-1", field: "cm-77", "action": "UNDEPLOY", "status": "SUCCESS"})

    answer = await accepted(kore)

    assert (answer.job.id, answer.status.state) == ("ds-1", JobState.SUCCEEDED)
    assert answer.status.warning == "the answer names another model"


async def test_another_action_in_the_answer_is_only_a_warning(simulated: SimulatedPlatforms, kore: Platform) -> None:
    # "complete" of an import answers EXPORT under a third spelling of the id
    reply(simulated, 200, {"dockstatusId": "ds-1", "modelId": "cm-up", "action": "EXPORT", "status": "IN_ PROGRESS"})

    answer = await accepted(kore)

    assert (answer.job.id, answer.status.state) == ("ds-1", JobState.RUNNING)
    assert answer.status.warning == "the answer names the action EXPORT"


async def test_the_undeploy_sample_of_the_page_is_read(simulated: SimulatedPlatforms, kore: Platform) -> None:
    body = {"dock-statusId": "ds-1", "modelId": "cm-up", "jobType": "MODELS", "action": "UNDEPLOY", "status": "SUCCESS"}
    reply(simulated, 200, {"startedBy": {"id": 7}, **body, "tags": []})  # with fields that no page has

    answer = await accepted(kore)

    assert (answer.job.id, answer.status.state, answer.status.warning) == ("ds-1", JobState.SUCCEEDED, None)


async def test_the_export_sample_of_the_page_is_read(simulated: SimulatedPlatforms, kore: Platform) -> None:
    body = {
        "_id": "ds-1",
        "modelId": "cm-up",
        "jobType": "MODELS",
        "action": "EXPORT",
        "status": "SUCCESS",
        "percentageComplete": 100,
        "response": {"downloadUrl": " https://files.example/api/v1/account/1"},
    }
    reply(simulated, 200, body)

    answer = await accepted(kore, Verb.EXPORT)

    assert answer.job.id == "ds-1"
    assert (answer.status.state, answer.status.progress) == (JobState.SUCCEEDED, 100.0)
    assert answer.status.artifact == "https://files.example/api/v1/account/1"


async def test_an_empty_answer_means_accepted_and_nothing_more(simulated: SimulatedPlatforms, kore: Platform) -> None:
    simulated.kore.shape("empty-body")

    answer = await accepted(kore)

    assert (answer.job.id, answer.status.state) == (None, JobState.RUNNING)
    assert answer.status.warning == "the answer holds no job id"
    assert only(simulated).effect


@pytest.mark.parametrize("shape", ["not-json", "error-html", "error-text", "error-object", "unavailable"])
async def test_an_answer_that_does_not_tell_what_happened_is_uncertain_and_not_asked_again(
    simulated: SimulatedPlatforms, kore: Platform, shape: str
) -> None:
    simulated.kore.shape(shape)

    reason = (await uncertain(kore)).reason

    expected = {
        "not-json": "status 200 with application/json, not the JSON expected: ",
        "error-html": f"{UNDEPLOY} answered 502",
        "error-text": f"{UNDEPLOY} answered 500: Something went wrong",
        "error-object": f"{UNDEPLOY} answered 500: Something went wrong",
        "unavailable": f"{UNDEPLOY} answered 503",
    }
    assert reason.startswith(expected[shape])
    assert len(simulated.kore.log) == 1


async def test_a_login_page_with_status_200_is_uncertain(simulated: SimulatedPlatforms, kore: Platform) -> None:
    reply(simulated, 200, "<html><title>Sign in</title>", **{"content-type": "text/html; charset=utf-8"})

    reason = (await uncertain(kore)).reason

    assert reason == "status 200 with text/html, not the JSON expected: '<html><title>Sign in</title>'"


async def test_a_timeout_told_by_a_proxy_is_uncertain(simulated: SimulatedPlatforms, kore: Platform) -> None:
    reply(simulated, 408, {"message": "Request Timeout"})

    assert (await uncertain(kore)).reason == f"{UNDEPLOY} answered 408: Request Timeout"
