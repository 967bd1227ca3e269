"""Starting actions on Nugen, both generations: what is sent, what counts as accepted, and what a refusal says."""

import json

import pytest

from reconciler.core.job import Accepted, JobState, Refused, Uncertain, Verb
from reconciler.core.live import LiveState
from reconciler.core.model import Model
from reconciler.platforms.base import Platform
from reconciler.platforms.registry import find_type
from reconciler.simulator import NUGEN_KEY, Fault, FaultKind, SimulatedPlatforms
from reconciler.simulator.log import Entry

from .asking import go, model, observed, started

pytestmark = pytest.mark.anyio

FAQ = "alignment_01KXG82FJJ98NQ0"
UNDEPLOYED_ID = "alignment-01kxg82fjj98nq0"
DEPLOYED_ID = f"faq-bot-{UNDEPLOYED_ID}"
MODEL_ID = "model_01kxg82fjj98nq0"
A = model(FAQ, "nugen")
B = model(FAQ, "nugen-b")
DEPLOY = "POST /api/v3/models/deploy-model/{id}"
DEPLOY_B = "POST /api/v3/models/{id}/deployment"


def add(simulated: SimulatedPlatforms, *, deployed: bool = False, word: str | None = None) -> None:
    simulated.nugen.add(FAQ, "faq-bot", deployed=deployed, word=word)


def action(simulated: SimulatedPlatforms) -> Entry:
    """The one request that was meant to change something."""
    (entry,) = [entry for entry in simulated.nugen.log.entries if entry.method != "GET"]
    return entry


async def accepted(platform: Platform, verb: Verb, asked: Model) -> Accepted:
    answer = await platform.start(verb, asked, await observed(platform, asked), go)
    assert isinstance(answer, Accepted), answer
    return answer


async def refused(platform: Platform, asked: Model = A, verb: Verb = Verb.DEPLOY) -> Refused:
    answer = await started(platform, verb, asked, LiveState.UNDEPLOYED, UNDEPLOYED_ID)
    assert isinstance(answer, Refused), answer
    return answer


# What is sent.


async def test_a_deploy_is_a_post_without_body_query_or_provider(
    simulated: SimulatedPlatforms, nugen: Platform
) -> None:
    add(simulated)

    await accepted(nugen, Verb.DEPLOY, A)

    entry = action(simulated)
    assert (entry.method, entry.path) == ("POST", f"/api/v3/models/deploy-model/{UNDEPLOYED_ID}")
    assert (entry.query, entry.body, entry.effect) == ({}, None, True)
    assert entry.headers["authorization"] == f"Bearer {NUGEN_KEY}"
    assert {"content-type", "x-provider", "x-api-key", "idempotency-key"}.isdisjoint(entry.headers)


async def test_a_deploys_settings_go_to_the_header_and_the_query(
    simulated: SimulatedPlatforms, nugen: Platform
) -> None:
    add(simulated)

    await accepted(nugen, Verb.DEPLOY, model(FAQ, "nugen", settings={"X-Provider": "fwai", "early": True}))

    entry = action(simulated)
    assert (entry.headers["x-provider"], entry.query, entry.body) == ("fwai", {"early": "true"}, None)


async def test_an_undeploy_is_a_delete_and_takes_no_settings(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    add(simulated, deployed=True)

    await accepted(nugen, Verb.UNDEPLOY, model(FAQ, "nugen", settings={"X-Provider": "fwai", "early": True}))

    entry = action(simulated)
    assert (entry.method, entry.path) == ("DELETE", f"/api/v3/models/undeploy-model/{DEPLOYED_ID}")
    assert (entry.query, entry.body, entry.effect) == ({}, None, True)
    assert {"content-type", "x-provider"}.isdisjoint(entry.headers)


@pytest.mark.parametrize(
    ("settings", "query"), [({}, {}), ({"early": True}, {"early": "true"}), ({"early": False}, {"early": "false"})]
)
async def test_generation_b_posts_to_the_deployment(
    simulated: SimulatedPlatforms, nugen_b: Platform, settings: dict[str, bool], query: dict[str, str]
) -> None:
    add(simulated)

    answer = await accepted(nugen_b, Verb.DEPLOY, model(FAQ, "nugen-b", settings=settings))

    entry = action(simulated)
    assert (entry.method, entry.path) == ("POST", f"/api/v3/models/{MODEL_ID}/deployment")
    assert (entry.query, entry.body, answer.job.id) == (query, None, MODEL_ID)


# What is accepted.


@pytest.mark.parametrize(
    ("shape", "job"),
    [
        ("answer-string", DEPLOYED_ID),
        ("answer-object", DEPLOYED_ID),
        ("answer-empty", UNDEPLOYED_ID),  # the id that was sent
        ("answer-other", UNDEPLOYED_ID),
    ],
)
async def test_a_deploy_may_answer_an_id_an_object_or_nothing(
    simulated: SimulatedPlatforms, nugen: Platform, shape: str, job: str
) -> None:
    add(simulated)
    simulated.nugen.shape(shape)

    answer = await accepted(nugen, Verb.DEPLOY, A)

    assert (answer.job.id, answer.job.before) == (job, "undeployed")
    assert (answer.status.state, answer.status.warning) == (JobState.RUNNING, None)


@pytest.mark.parametrize(
    ("shape", "job"),
    [
        ("answer-string", UNDEPLOYED_ID),
        ("answer-object", UNDEPLOYED_ID),
        ("answer-empty", DEPLOYED_ID),
        ("answer-other", DEPLOYED_ID),
    ],
)
async def test_an_undeploy_may_answer_an_id_an_object_or_nothing(
    simulated: SimulatedPlatforms, nugen: Platform, shape: str, job: str
) -> None:
    add(simulated, deployed=True)
    simulated.nugen.shape(shape)

    answer = await accepted(nugen, Verb.UNDEPLOY, A)

    assert (answer.job.id, answer.job.before) == (job, "deployed")


@pytest.mark.parametrize("body", ["null", "[]", "{}", "true", '[{"model_id": "x"}]', '{"model_id": null}', '""'])
async def test_any_other_json_is_accepted_under_the_id_that_was_sent(
    simulated: SimulatedPlatforms, nugen: Platform, body: str
) -> None:
    add(simulated)
    simulated.nugen.fault(Fault(FaultKind.REPLY, operation="deploy", status=202, body=body, effect=True))

    assert (await accepted(nugen, Verb.DEPLOY, A)).job.id == UNDEPLOYED_ID


@pytest.mark.parametrize(
    ("shape", "job"), [("answer-string", MODEL_ID), ("answer-object", MODEL_ID), ("answer-empty", MODEL_ID)]
)
async def test_generation_b_is_followed_by_the_model(
    simulated: SimulatedPlatforms, nugen_b: Platform, shape: str, job: str
) -> None:
    add(simulated)
    simulated.nugen.shape(shape)

    assert (await accepted(nugen_b, Verb.DEPLOY, B)).job.id == job


# Refusals.


@pytest.mark.parametrize(("verb", "word"), [(Verb.DEPLOY, "deployed"), (Verb.UNDEPLOY, "undeployed")])
async def test_already_there_is_for_the_list_to_say(
    simulated: SimulatedPlatforms, nugen: Platform, verb: Verb, word: str
) -> None:
    add(simulated)
    simulated.nugen.shape("already")

    answer = await refused(nugen, verb=verb)

    assert (answer.recheck, answer.transient, answer.state) == (True, False, None)
    assert answer.reason.endswith(f"answered 400: Model is already {word}")


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("UNDEPLOYING", "undeploying"),
        ("DEPLOYING", "deploying"),
        ("deploying", "deploying"),
        ("EVALUATING", "busy"),
        ("QUEUED", "not-ready"),
        ("DEPLOYED", "deployed"),
        ("UNDEPLOYED", "undeployed"),
        ("EVALUATED", "undeployed"),
        ("FAILED", "broken"),
        ("WARMING", None),
    ],
)
async def test_a_refusal_may_name_the_live_state(
    simulated: SimulatedPlatforms, nugen: Platform, word: str, state: str | None
) -> None:
    text = f"Model cannot be redeployed. Current status: {word}"
    simulated.nugen.fault(Fault(FaultKind.REPLY, status=400, body=json.dumps({"detail": text})))

    assert await refused(nugen) == Refused(reason=f"{DEPLOY} answered 400: {text}", recheck=True, state=state)


async def test_a_model_that_is_being_undeployed_cannot_be_deployed_until_it_is(
    simulated: SimulatedPlatforms, nugen: Platform
) -> None:
    add(simulated)
    simulated.nugen.shape("refused-undeploying", times=1)

    first = await refused(nugen)
    second = await started(nugen, Verb.DEPLOY, A, LiveState.UNDEPLOYED, UNDEPLOYED_ID)

    assert first.state == "undeploying"
    assert isinstance(second, Accepted)


@pytest.mark.parametrize(
    ("shape", "why", "recheck"),
    [
        ("no-credits", "402: Insufficient credits", False),
        ("error-422", "422: path.model_id: field required", False),
        ("error-409", '409: {"document_id": "doc-1"}', True),
        ("unauthorized", "401: Not authenticated; check RECONCILER_NUGEN_KEY", False),
        ("forbidden", "403: Not authenticated; check RECONCILER_NUGEN_KEY", False),
    ],
)
async def test_every_form_of_detail_is_read(
    simulated: SimulatedPlatforms, nugen: Platform, shape: str, why: str, recheck: bool
) -> None:
    simulated.nugen.shape(shape)

    assert await refused(nugen) == Refused(reason=f"{DEPLOY} answered {why}", recheck=recheck)


@pytest.mark.parametrize(
    ("detail", "why"),
    [
        ([{"loc": ["body", 0, "x"], "msg": "bad"}, {"msg": "worse"}], "body.0.x: bad; worse"),
        ([{"msg": str(number)} for number in range(5)], "0; 1; 2 and 2 more"),
        ([{"loc": None, "msg": "bad"}, {"loc": 7, "msg": "bad"}], "bad; bad"),
        (["text", 7, None], "text; 7; None"),
        ([], None),
        (7, "7"),
        ("two\nlines \u001b[31m", "two lines \u001b[31m"),
    ],
)
async def test_a_list_of_problems_is_shown_in_short(
    simulated: SimulatedPlatforms, nugen: Platform, detail: object, why: str | None
) -> None:
    simulated.nugen.fault(Fault(FaultKind.REPLY, status=422, body=json.dumps({"detail": detail})))

    assert (await refused(nugen)).reason == f"{DEPLOY} answered 422" + (f": {why}" if why else "")


@pytest.mark.parametrize(
    ("shape", "why"),
    [("error-500", "500"), ("error-html", "502"), ("unavailable", "503")],
)
async def test_a_broken_service_leaves_it_uncertain(
    simulated: SimulatedPlatforms, nugen: Platform, shape: str, why: str
) -> None:
    simulated.nugen.shape(shape)

    answer = await started(nugen, Verb.UNDEPLOY, A, LiveState.DEPLOYED, DEPLOYED_ID)

    assert answer == Uncertain(reason=f"DELETE /api/v3/models/undeploy-model/{{id}} answered {why}")
    assert len(simulated.nugen.log) == 1  # a DELETE too is sent once


async def test_a_rate_limit_may_be_waited_out(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    simulated.nugen.shape("limited-seconds")

    assert await refused(nugen) == Refused(
        reason=f"{DEPLOY} answered 429: Rate limit exceeded", transient=True, retry_after=1.0
    )


async def test_generation_b_refuses_an_unfinished_run_with_advice(
    simulated: SimulatedPlatforms, nugen_b: Platform
) -> None:
    add(simulated, word="PROCESSING")

    answer = await started(nugen_b, Verb.DEPLOY, B, LiveState.NOT_READY, MODEL_ID)
    early = model(FAQ, "nugen-b", settings={"early": True})
    second = await started(nugen_b, Verb.DEPLOY, early, LiveState.NOT_READY, MODEL_ID)

    assert isinstance(answer, Refused)
    assert answer.recheck
    assert answer.reason == (
        f'{DEPLOY_B} answered 409: {{"message": "Run not finished", "early_deployable": true}}; '
        "the training run has not finished; settings: {early: true} deploys its newest checkpoint"
    )
    assert isinstance(second, Accepted)


async def test_generation_b_refuses_what_is_deployed_already(simulated: SimulatedPlatforms, nugen_b: Platform) -> None:
    add(simulated, deployed=True)

    answer = await started(nugen_b, Verb.DEPLOY, B, LiveState.UNDEPLOYED, MODEL_ID)

    assert answer == Refused(reason=f"{DEPLOY_B} answered 400: Model is already deployed", recheck=True)


# What cannot be started.


def test_what_each_type_can_do_is_stated_with_reasons() -> None:
    stated = {name: find_type(name).type.capabilities for name in ("kore", "nugen", "nugen-b")}

    assert [verb for verb in Verb if stated["kore"].refusal(verb)] == []
    assert [verb for verb in Verb if stated["nugen"].refusal(verb)] == [Verb.EXPORT]
    assert [verb for verb in Verb if stated["nugen-b"].refusal(verb)] == [Verb.UNDEPLOY, Verb.EXPORT]
    assert stated["nugen"].refusal(Verb.EXPORT) == "Nugen documents no download route"
    assert stated["nugen-b"].refusal(Verb.UNDEPLOY) == (
        "no page and no public client shows how these routes undeploy; use type nugen, or the dashboard"
    )


def test_only_nugen_tells_a_state_and_changes_it_by_itself() -> None:
    stated = [find_type(name).type.capabilities for name in ("kore", "nugen", "nugen-b")]

    assert [one.reads_state for one in stated] == [False, True, True]
    assert [one.reads_together for one in stated] == [False, True, True]
    assert [one.changes_by_itself for one in stated] == [False, True, True]
    assert [one.settle for one in stated] == [60.0, 60.0, 60.0]
    assert stated[1].timeouts == {Verb.DEPLOY: 45 * 60.0, Verb.UNDEPLOY: 15 * 60.0}
