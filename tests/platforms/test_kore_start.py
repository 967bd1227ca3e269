"""Starting an action on Kore.ai: what is sent, and every answer that its pages show or leave open."""

import json
from typing import Any

import pytest

from reconciler.core.job import Accepted, JobState, Refused, Uncertain, Verb
from reconciler.core.live import LiveState
from reconciler.platforms.base import Platform
from reconciler.simulator import KORE_KEY, Fault, FaultKind, SimulatedPlatforms
from reconciler.simulator import Verb as JobVerb
from reconciler.simulator.log import Entry

from .asking import NOW, model, opened, started
from .service import Say, Seen, Service

pytestmark = pytest.mark.anyio

SETTINGS: dict[str, Any] = {
    "modelType": "openSource",
    "name": "support-triage",
    "hyperParameters": {"temperature": 0.5, "maxTokens": 256, "topP": 1, "topK": 40, "stopSequence": ["END"]},
    "scalingParameters": {"minReplicas": 1, "maxReplicas": 2},
    "deviceType": "g5.xlarge",
    "optimizationInfo": {"optimizationType": "", "quantizationType": ""},
}
UP = model("cm-up", settings=SETTINGS)
DOWN = model("cm-down", settings=SETTINGS)
UNDEPLOY = "POST /api/public/models/{id}/undeploy"


def only(simulated: SimulatedPlatforms) -> Entry:
    """The one request that was made."""
    (entry,) = simulated.kore.log.entries
    return entry


def reply(simulated: SimulatedPlatforms, status: int, body: object, **headers: str) -> None:
    """Let the next request be answered so; it starts a job where the status says that it did."""
    text = body if isinstance(body, str) else json.dumps(body)
    fault = Fault(FaultKind.REPLY, status=status, body=text, headers=headers, effect=status < 300)
    simulated.kore.fault(fault)


async def accepted(platform: Platform, verb: Verb = Verb.UNDEPLOY) -> Accepted:
    answer = await started(platform, verb, UP, LiveState.DEPLOYED)
    assert isinstance(answer, Accepted), answer
    return answer


async def refused(platform: Platform) -> Refused:
    answer = await started(platform, Verb.UNDEPLOY, UP, LiveState.DEPLOYED)
    assert isinstance(answer, Refused), answer
    return answer


async def uncertain(platform: Platform) -> Uncertain:
    answer = await started(platform, Verb.UNDEPLOY, UP, LiveState.DEPLOYED)
    assert isinstance(answer, Uncertain), answer
    return answer


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


# Refusals.


@pytest.mark.parametrize(
    ("status", "recheck"), [(400, False), (404, False), (405, False), (409, True), (413, False), (422, False)]
)
async def test_a_refusal_is_final_and_only_a_conflict_is_looked_at_again(
    simulated: SimulatedPlatforms, kore: Platform, status: int, recheck: bool
) -> None:
    reply(simulated, status, {"success": False, "error": {"code": "X", "message": "cannot  be\nundeployed"}})

    answer = await refused(kore)

    assert answer == Refused(reason=f"{UNDEPLOY} answered {status}: cannot be undeployed", recheck=recheck)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"error": "text"}, ": text"),
        ({"error": {"code": "C", "message": "told"}}, ": told"),
        ({"message": "told"}, ": told"),
        ({"error": {"code": "C"}}, ': {"code": "C"}'),
        ({"error": {"message": "x" * 300}}, ": " + "x" * 199 + "…"),
        ({}, ""),
        ([], ""),
        ("<html>no</html>", ""),
        ("", ""),
    ],
)
async def test_the_reason_of_a_refusal_is_found_in_every_form_of_error(
    simulated: SimulatedPlatforms, kore: Platform, body: object, why: str
) -> None:
    reply(simulated, 400, body)

    assert (await refused(kore)).reason == f"{UNDEPLOY} answered 400{why}"


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_names_the_variable_it_is_set_in(
    simulated: SimulatedPlatforms, kore: Platform, status: int
) -> None:
    simulated.kore.shape("unauthorized" if status == 401 else "forbidden")

    answer = await refused(kore)

    why = "Unauthorized" if status == 401 else "The key's app lacks the scope"
    assert answer == Refused(reason=f"{UNDEPLOY} answered {status}: {why}; check RECONCILER_KORE_KEY")


async def test_the_variable_of_a_renamed_platform_is_its_own(simulated: SimulatedPlatforms) -> None:
    async with opened("kore", simulated.kore_url, key="wrong", name="kore-eu") as platform:
        answer = await refused(platform)

    assert answer.reason.endswith("answered 401: Invalid or missing API key; check RECONCILER_KORE_EU_KEY")


@pytest.mark.parametrize(
    ("headers", "body", "wait"),
    [
        ({"retry-after": "7"}, {}, 7.0),
        ({"retry-after": "Mon, 02 Feb 2026 14:00:09 GMT"}, {}, 9.0),
        ({"retry-after": "Mon, 02 Feb 2026 13:00:00 GMT"}, {}, 0.0),
        ({"retry-after": "soon"}, {}, None),
        ({}, {"retryAfterMs": 300}, 0.3),
        ({}, {"error": {"retryAfterMs": "1500"}}, 1.5),
        ({"retry-after": "7"}, {"retryAfterMs": 300}, 7.0),
        ({}, {"retryAfterMs": "soon"}, None),
        ({}, {"retryAfterMs": 10**400}, None),
        ({}, {}, None),
        ({}, "<html>", None),
    ],
)
async def test_too_many_requests_may_be_tried_again_after_the_time_asked_for(
    simulated: SimulatedPlatforms, kore: Platform, headers: dict[str, str], body: object, wait: float | None
) -> None:
    reply(simulated, 429, body, **headers)

    answer = await refused(kore)

    assert (answer.transient, answer.retry_after, answer.recheck) == (True, wait, False)
    assert len(simulated.kore.log) == 1


@pytest.mark.parametrize("shape", ["limited-seconds", "limited-date", "limited-ms", "limited"])
async def test_the_rate_limits_of_the_neighbours_are_read(
    simulated: SimulatedPlatforms, kore: Platform, shape: str
) -> None:
    simulated.kore.shape(shape)

    answer = await refused(kore)

    assert answer.transient
    assert answer.reason == f"{UNDEPLOY} answered 429: Rate limit for this API has been reached. Please try again later"
    assert (answer.retry_after is None) == (shape == "limited")


# Redirects and lost answers.


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_refused_and_the_key_goes_nowhere(
    simulated: SimulatedPlatforms, kore: Platform, status: int
) -> None:
    async with Service(lambda _: Say({})) as elsewhere:
        simulated.kore.fault(Fault(FaultKind.REDIRECT, url=f"{elsewhere.origin}/take?it=all", status=status))
        answer = await refused(kore)

    target = "http://127.0.0.1"
    said = f"{UNDEPLOY} answered {status}, a redirect to {target}: redirects are not followed"
    assert answer == Refused(reason=said)
    assert (len(simulated.kore.log), elsewhere.connections) == (1, 0)


@pytest.mark.parametrize("location", ["/elsewhere", "http://[bad", "//a[b/"])
async def test_a_redirect_to_nowhere_is_refused_all_the_same(
    simulated: SimulatedPlatforms, kore: Platform, location: str
) -> None:
    simulated.kore.fault(Fault(FaultKind.REDIRECT, url=location))

    assert (await refused(kore)).reason == f"{UNDEPLOY} answered 307, a redirect: redirects are not followed"


@pytest.mark.parametrize("kind", [FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.TRUNCATED])
@pytest.mark.parametrize("reset", [False, True])
async def test_a_lost_answer_is_uncertain_and_the_action_is_not_sent_again(
    simulated: SimulatedPlatforms, kore: Platform, kind: FaultKind, reset: bool
) -> None:
    simulated.kore.fault(Fault(kind, reset=reset))

    reason = (await uncertain(kore)).reason

    assert reason.startswith(f"{UNDEPLOY}: the connection to {simulated.kore_url} broke (")
    assert only(simulated).effect == (kind is not FaultKind.DROP_BEFORE)


async def test_a_service_that_is_not_there_took_nothing_and_may_be_asked_again() -> None:
    async with Service(lambda _: Say({})) as gone:
        pass
    async with opened("kore", gone.origin, key=KORE_KEY) as platform:
        answer = await refused(platform)

    assert answer == Refused(reason=f"{UNDEPLOY}: cannot connect to {gone.origin}: connection refused", transient=True)


async def test_an_id_that_would_leave_its_path_is_not_sent(simulated: SimulatedPlatforms, kore: Platform) -> None:
    answer = await started(kore, Verb.UNDEPLOY, model(".."), LiveState.DEPLOYED)

    assert answer == Refused(reason="'..' cannot stand in a path")
    assert len(simulated.kore.log) == 0


async def test_several_actions_go_out_on_a_connection_each() -> None:
    def answer(seen: Seen) -> Say:
        return Say({"dockStatusId": f"ds-{seen.connection}", "status": "IN_PROGRESS"})

    async with Service(answer) as service, opened("kore", service.origin, key=KORE_KEY) as platform:
        ids = [(await accepted(platform)).job.id for _ in range(3)]

    assert ids == ["ds-1", "ds-2", "ds-3"]
