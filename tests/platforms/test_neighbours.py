"""Services of other shapes, each said in a file and spoken to: synchronous, by header, by body, by two words."""

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.core.job import Accepted, JobState, JobStatus, Refused, Uncertain, Verb
from reconciler.core.live import EvidenceSource, LiveState
from reconciler.platforms.base import Platform

from .asking import go, live, model, observed, polled, started, unobserved
from .neighbours import KEY, at, factory
from .service import HANG_UP, Said, Say, Seen, Service

pytestmark = pytest.mark.anyio


async def accepted(platform: Platform, verb: Verb, id: str, settings: Mapping[str, Any] | None = None) -> Accepted:
    asked = model(id, settings=settings or {})
    answer = await platform.start(verb, asked, live(asked, LiveState.UNKNOWN), go)
    assert isinstance(answer, Accepted), answer
    return answer


# Synchronous, membership, no key: Ollama.


class Ollama:
    """Holds the loaded models, as `ollama ps` shows them."""

    def __init__(self, *loaded: str) -> None:
        self.loaded = list(loaded)

    def __call__(self, seen: Seen) -> Said:
        if seen.line == "GET /api/ps":
            return Say({"models": [{"name": name, "size": 1} for name in self.loaded]})
        name, keep = seen.data["model"], seen.data["keep_alive"]
        if name == "missing":
            return Say({"error": "model not found"}, status=404)
        self.loaded = [*self.loaded, name] if keep else [other for other in self.loaded if other != name]
        return Say({"model": name, "done": True, "done_reason": "load" if keep else "unload"})


async def test_membership_in_a_list_means_deployed_and_absence_undeployed() -> None:
    async with Service(Ollama("llama3:8b", "other")) as service, at("ollama", service) as platform:
        observation = await platform.observe([model("llama3:8b"), model("qwen/x:1b")], {})

    up, down = observation.lives
    assert (up.state, up.evidence.raw, up.evidence.source) == (LiveState.DEPLOYED, None, EvidenceSource.LIST)
    assert (down.state, down.evidence.note) == (LiveState.UNDEPLOYED, "not in the list")
    assert [(listed.id, listed.state) for listed in observation.unmanaged] == [("other", LiveState.DEPLOYED)]


async def test_a_synchronous_start_is_done_when_it_is_answered() -> None:
    async with Service(Ollama()) as service, at("ollama", service) as platform:
        up = await accepted(platform, Verb.DEPLOY, "llama3:8b")
        between = await observed(platform, model("llama3:8b"))
        down = await accepted(platform, Verb.UNDEPLOY, "llama3:8b")
        after = await observed(platform, model("llama3:8b"))

    assert up.status == down.status == JobStatus(state=JobState.SUCCEEDED)
    assert (up.job.id, down.job.id) == (None, None)
    assert (between.state, after.state) == (LiveState.DEPLOYED, LiveState.UNDEPLOYED)
    bodies = [seen.data for seen in service.seen if seen.method == "POST"]
    assert bodies == [{"model": "llama3:8b", "keep_alive": -1}, {"model": "llama3:8b", "keep_alive": 0}]


async def test_a_service_without_a_key_gets_none() -> None:
    async with Service(Ollama()) as service, at("ollama", service) as platform:
        await observed(platform, model("x"))
        await accepted(platform, Verb.DEPLOY, "x")

    assert not factory("ollama").type.needs_key
    for seen in service.seen:
        assert {"authorization", "x-api-key"}.isdisjoint(seen.headers)


async def test_a_synchronous_start_that_fails_is_refused() -> None:
    async with Service(Ollama()) as service, at("ollama", service) as platform:
        answer = await started(platform, Verb.DEPLOY, model("missing"))

    assert answer == Refused(reason="POST /api/generate answered 404: model not found")


async def test_a_synchronous_start_may_answer_text() -> None:
    async with Service(lambda _: Say(b"loaded.")) as service, at("ollama", service) as platform:
        answer = await accepted(platform, Verb.DEPLOY, "x")

    assert answer.status.state is JobState.SUCCEEDED


async def test_a_synchronous_start_without_an_answer_is_uncertain() -> None:
    async with Service(lambda _: HANG_UP) as service, at("ollama", service) as platform:
        answer = await started(platform, Verb.DEPLOY, model("x"))

    assert isinstance(answer, Uncertain)
    assert len(service.seen) == 1


# Synchronous, the list is asked for with POST: Triton.


async def test_a_list_may_be_asked_for_with_post_and_be_the_whole_answer() -> None:
    words = {"a": "READY", "b": "UNAVAILABLE", "c": "LOADING", "d": "UNLOADING", "e": "", "f": "ODD"}
    rows = [{"name": name, "version": "1", "state": word, "reason": ""} for name, word in words.items()]

    async with Service(lambda _: Say(rows)) as service, at("triton", service) as platform:
        observation = await platform.observe([model(name) for name in "abcdefg"], {})

    assert [found.state for found in observation.lives] == [
        LiveState.DEPLOYED,
        LiveState.UNDEPLOYED,
        LiveState.DEPLOYING,
        LiveState.UNDEPLOYING,
        LiveState.UNDEPLOYED,
        LiveState.UNKNOWN,
        LiveState.UNDEPLOYED,
    ]
    (seen,) = service.seen
    assert (seen.line, seen.data) == ("POST /v2/repository/index", {"ready": False})
    assert seen.headers["content-type"] == "application/json"


async def test_settings_are_what_a_deploy_sends_and_no_other_verb() -> None:
    settings = {"config": {"max_batch_size": 8}, "dependents": True}
    async with Service(lambda _: Say()) as service, at("triton", service) as platform:
        await accepted(platform, Verb.DEPLOY, "resnet.v2", settings)
        await accepted(platform, Verb.UNDEPLOY, "resnet.v2", settings)

    load, unload = service.seen
    assert (load.line, load.data) == ("POST /v2/repository/models/resnet.v2/load", {"parameters": settings})
    assert (unload.line, unload.data) == ("POST /v2/repository/models/resnet.v2/unload", {"parameters": {}})


@pytest.mark.parametrize("body", [{"models": []}, None, "x"])
async def test_an_answer_that_is_no_list_is_a_failure(body: object) -> None:
    async with Service(lambda _: Say(body)) as service, at("triton", service) as platform:
        failure = await unobserved(platform, model("a"))

    assert (failure.address, failure.error) == ("triton", "the answer holds no list at its top")


# The wanted state in the body of a PUT, followed by the resource itself: Huawei.


class Huawei:
    """One service whose state moves on by one word per read."""

    def __init__(self, *words: str) -> None:
        self.words = list(words)

    def __call__(self, seen: Seen) -> Said:
        if seen.method == "PUT":
            if seen.data["status"] == self.words[0]:
                return Say({"error_msg": f"already {self.words[0]}"}, status=400)
            return Say({})
        word = self.words.pop(0) if len(self.words) > 1 else self.words[0]
        return Say({"status": word, "failure": "no quota" if word == "failed" else None})


async def test_a_put_carries_the_wanted_state() -> None:
    async with Service(Huawei("odd")) as service, at("huawei", service) as platform:
        up = await accepted(platform, Verb.DEPLOY, "s-1")
        await accepted(platform, Verb.UNDEPLOY, "s-1")

    assert [(seen.line, seen.data) for seen in service.seen] == [
        ("PUT /v1/p1/services/s-1", {"status": "running"}),
        ("PUT /v1/p1/services/s-1", {"status": "stopped"}),
    ]
    assert service.seen[0].headers["x-auth-token"] == KEY
    assert (up.job.id, up.status.state) == ("s-1", JobState.RUNNING)


async def test_the_resource_itself_is_followed_until_it_is_where_it_should_be() -> None:
    words = ("stopped", "waiting", "deploying", "running")
    async with Service(Huawei(*words)) as service, at("huawei", service) as platform:
        job = (await accepted(platform, Verb.DEPLOY, "s-1")).job
        found = [(await polled(platform, job)).state for _ in range(4)]

    assert found == [JobState.ABSENT, JobState.RUNNING, JobState.RUNNING, JobState.SUCCEEDED]


async def test_a_verb_may_be_followed_in_its_own_words() -> None:
    async with Service(Huawei("running", "stopping", "stopped")) as service, at("huawei", service) as platform:
        job = (await accepted(platform, Verb.UNDEPLOY, "s-1")).job
        found = [(await polled(platform, job)).state for _ in range(3)]

    assert found == [JobState.ABSENT, JobState.RUNNING, JobState.SUCCEEDED]


async def test_a_resource_that_broke_says_why() -> None:
    async with Service(Huawei("failed")) as service, at("huawei", service) as platform:
        job = (await accepted(platform, Verb.DEPLOY, "s-1")).job
        status = await polled(platform, job)
        state = (await observed(platform, model("s-1"))).state

    assert status == JobStatus(state=JobState.FAILED, raw="failed", error="no quota")
    assert state is LiveState.BROKEN


async def test_asking_for_the_present_state_is_refused_and_looked_at_again() -> None:
    async with Service(Huawei("running")) as service, at("huawei", service) as platform:
        answer = await started(platform, Verb.DEPLOY, model("s-1"))

    reason = "PUT /v1/p1/services/{id} answered 400: already running"
    assert answer == Refused(reason=reason, recheck=True)


# The job's id in a header of the answer: Oracle.


class Oracle:
    """Gives an operation's key in a header, and its end after one read."""

    def __init__(self, state: str = "INACTIVE") -> None:
        self.state = state
        self.reads = 0

    def __call__(self, seen: Seen) -> Said:
        if seen.method == "POST":
            return Say(b"", status=202, headers={"OPC-Work-Request-ID": " wr/1 "})
        if "work-requests" not in seen.target:
            return Say({"lifecycleState": self.state})
        self.reads += 1
        if self.reads == 1:
            return Say({"id": "wr/1", "status": "IN_PROGRESS", "percentComplete": 40.0})
        return Say({"id": "wr/1", "status": "FAILED", "errors": [{"message": "no capacity"}]})


async def test_a_job_id_may_stand_in_a_header() -> None:
    async with Service(Oracle()) as service, at("oracle", service) as platform:
        answer = await accepted(platform, Verb.DEPLOY, "ocid1.model")
        first = await polled(platform, answer.job)
        second = await polled(platform, answer.job)

    assert (answer.job.id, answer.status) == ("wr/1", JobStatus(state=JobState.RUNNING))
    assert first == JobStatus(state=JobState.RUNNING, raw="IN_PROGRESS", progress=40.0)
    assert second == JobStatus(state=JobState.FAILED, raw="FAILED", error="no capacity")
    assert service.lines == [
        "POST /v1/model-deployments/activate",
        "GET /v1/work-requests/wr%2F1",
        "GET /v1/work-requests/wr%2F1",
    ]
    assert service.seen[0].data == {"ids": ["ocid1.model"], "by": "reconciler"}


async def test_an_answer_without_the_header_is_accepted_without_a_job() -> None:
    async with Service(lambda _: Say(status=202)) as service, at("oracle", service) as platform:
        answer = await accepted(platform, Verb.UNDEPLOY, "ocid1.model")

    assert (answer.job.id, answer.status.warning) == (None, "the answer holds no job id")


async def test_an_id_in_the_answers_body_may_differ_from_the_one_in_its_header() -> None:
    said = Say({"id": "something-else", "status": "ACCEPTED"}, headers={"opc-work-request-id": "wr1"})
    async with Service(lambda _: said) as service, at("oracle", service) as platform:
        answer = await accepted(platform, Verb.DEPLOY, "ocid1.model")

    assert (answer.job.id, answer.status.state) == ("wr1", JobState.RUNNING)


async def test_headers_that_hold_no_key_are_sent_beside_it() -> None:
    async with Service(Oracle()) as service, at("oracle", service) as platform:
        await observed(platform, model("ocid1.model"))

    (seen,) = service.seen
    assert (seen.headers["authorization"], seen.headers["x-tenant"]) == (f"Bearer {KEY}", "ours")


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("ACTIVE", LiveState.DEPLOYED),
        ("INACTIVE", LiveState.UNDEPLOYED),
        ("UPDATING", LiveState.DEPLOYING),
        ("NEEDS_ATTENTION", LiveState.BROKEN),
        ("DELETED", LiveState.UNKNOWN),
    ],
)
async def test_a_state_may_be_read_model_by_model(word: str, state: LiveState) -> None:
    async with Service(Oracle(word)) as service, at("oracle", service) as platform:
        found = await observed(platform, model("ocid1.model"))

    assert (found.state, found.evidence.raw, found.evidence.source) == (state, word, EvidenceSource.GET)
    assert service.lines == ["GET /v1/model-deployments/ocid1.model"]


# Two words together: Databricks.


@pytest.mark.parametrize(
    ("ready", "update", "state", "note"),
    [
        ("READY", "NOT_UPDATING", LiveState.DEPLOYED, None),
        ("READY", None, LiveState.DEPLOYED, None),
        ("READY", "IN_PROGRESS", LiveState.DEPLOYING, None),
        ("NOT_READY", "IN_PROGRESS", LiveState.DEPLOYING, None),
        ("READY", "UPDATE_FAILED", LiveState.DEPLOYED, "the last change failed"),
        ("READY", "UPDATE_CANCELED", LiveState.DEPLOYED, "the last change failed"),
        ("NOT_READY", "UPDATE_FAILED", LiveState.BROKEN, None),
        ("NOT_READY", "NOT_UPDATING", LiveState.NOT_READY, None),
        ("READY", "ODD", LiveState.UNKNOWN, "unknown word ODD"),
        (None, "NOT_UPDATING", LiveState.UNKNOWN, "no line of the definition's table fits"),
    ],
)
async def test_two_words_together_tell_the_state(
    ready: str | None, update: str | None, state: LiveState, note: str | None
) -> None:
    said = Say({"name": "e", "state": {"ready": ready, "config_update": update}})
    async with Service(lambda _: said) as service, at("databricks", service) as platform:
        found = await observed(platform, model("e"))

    assert (found.state, found.evidence.note) == (state, note)
    assert found.evidence.raw == "/".join(filter(None, (ready, update)))


async def test_a_definition_says_what_a_404_means() -> None:
    said = Say({"message": "no such endpoint"}, status=404)
    async with Service(lambda _: said) as service:
        async with at("databricks", service) as platform:
            databricks = await observed(platform, model("e"))
        async with at("huawei", service) as platform:
            huawei = await observed(platform, model("e"))
        async with at("oracle", service) as platform:
            oracle = await observed(platform, model("e"))

    states = [databricks.state, huawei.state, oracle.state]
    assert states == [LiveState.UNDEPLOYED, LiveState.ABSENT, LiveState.UNKNOWN]
    assert databricks.evidence.raw == "404"


async def test_settings_keep_their_type_and_what_is_missing_is_left_out() -> None:
    async with Service(lambda _: Say({"name": "e"})) as service, at("databricks", service) as platform:
        await accepted(platform, Verb.DEPLOY, "e", {"version": 7, "tags": {"env": "prod"}})
        await accepted(platform, Verb.DEPLOY, "e", {"zero": True})

    full, bare = (seen.data for seen in service.seen)
    entity = {"name": "e", "entity_version": 7, "scale_to_zero": False}
    assert full == {"served_entities": [entity], "tags": {"owner": "us", "env": "prod"}}
    assert bare == {"served_entities": [{"name": "e", "scale_to_zero": True}], "tags": {"owner": "us"}}


async def test_one_verb_may_be_followed_and_the_other_done_at_once() -> None:
    words = iter(["IN_PROGRESS", "UPDATE_FAILED"])

    def answer(seen: Seen) -> Said:
        if seen.method == "GET":
            return Say({"state": {"config_update": next(words)}})
        return Say({"name": "e"})

    async with Service(answer) as service, at("databricks", service) as platform:
        deploy = await accepted(platform, Verb.DEPLOY, "e")
        found = [(await polled(platform, deploy.job)).state for _ in range(2)]
        undeploy = await accepted(platform, Verb.UNDEPLOY, "e")

    assert found == [JobState.RUNNING, JobState.FAILED]
    assert undeploy.status == JobStatus(state=JobState.SUCCEEDED)
    assert service.lines[-1] == "DELETE /api/2.0/serving-endpoints/e"


# One read per model: Baseten.


async def test_many_models_are_read_side_by_side_and_one_failure_is_its_own() -> None:
    words = {"a": "ACTIVE", "b": "INACTIVE", "c": "BUILDING", "d": "FAILED"}

    def answer(seen: Seen) -> Said:
        name = seen.target.split("/")[3]
        return Say({"status": words[name]}) if name in words else Say({"error": "no"}, status=403)

    async with Service(answer) as service, at("baseten", service) as platform:
        observation = await platform.observe([model(name) for name in "abcde"], {})

    assert [found.state for found in observation.lives] == [
        LiveState.DEPLOYED,
        LiveState.UNDEPLOYED,
        LiveState.DEPLOYING,
        LiveState.UNKNOWN,
    ]
    (failure,) = observation.failures
    assert (failure.address, failure.error) == (
        "kore/e",
        "GET /v1/models/{id}/deployments/production answered 403; check RECONCILER_BASETEN_KEY",
    )
    assert {seen.headers["authorization"] for seen in service.seen} == {f"Api-Key {KEY}"}
    assert {seen.headers["accept-version"] for seen in service.seen} == {"1"}
