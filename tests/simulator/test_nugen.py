from __future__ import annotations

import httpx
import pytest

from reconciler.simulator import JobTime, SimulatedPlatforms

from .conftest import FAQ, Clock

UP = "pilot-alignment-02"
UP_WHEN_DOWN = "alignment-02"
FAQ_DOWN = "alignment-01kxg82fjj98nq0"
FAQ_UP = "faq-bot-alignment-01kxg82fjj98nq0"


def rows(nugen: httpx.Client) -> dict[str, dict[str, object]]:
    answer = nugen.get("/aligned")
    assert answer.status_code == 200
    assert list(answer.json()) == ["domain_aligned_models"]
    return {row["alignment_id"]: row for row in answer.json()["domain_aligned_models"]}


def states(nugen: httpx.Client, model: str = FAQ) -> tuple[object, object, object]:
    row = rows(nugen)[model]
    return row["id"], row["status"], row["deployment_status"]


def test_the_list_has_the_documented_fields(nugen: httpx.Client) -> None:
    assert rows(nugen)["alignment_02"] == {
        "id": UP,
        "alignment_id": "alignment_02",
        "name": "pilot",
        "base_model": "nugen-flash-instruct",
        "alignment_project": "pilot",
        "created_date": "2026-07-08T09:30:00Z",
        "status": "DEPLOYED",
        "deployment_status": "DEPLOYED",
        "endpoint": f"https://api.nugen.in/api/v3/inference/completions/{UP}",
        "creator": "owner@example.com",
        "usage_count": 0,
        "last_used": None,
        "downloadable": True,
    }
    assert rows(nugen)[FAQ]["endpoint"] is None


def test_this_generation_has_no_pages(nugen: httpx.Client) -> None:
    assert len(nugen.get("/aligned?limit=1").json()["domain_aligned_models"]) == 2


def test_a_deploy_changes_state_and_id(nugen: httpx.Client, clock: Clock) -> None:
    assert states(nugen) == (FAQ_DOWN, "UNDEPLOYED", "UNDEPLOYED")
    answer = nugen.post(f"/deploy-model/{FAQ_DOWN}")
    assert (answer.status_code, answer.json()) == (200, {"model_id": FAQ_UP})
    assert states(nugen) == (FAQ_DOWN, "DEPLOYING", "UNDEPLOYED")
    for id in (FAQ_DOWN, FAQ_UP):
        running = nugen.get(f"/deploy-model/{id}/status").json()
        assert running["start_time"].endswith("Z")
        del running["start_time"]
        assert running == {"model_id": id, "status": "PENDING", "result": None, "end_time": None}
    clock.pass_by(10)
    done = nugen.get(f"/deploy-model/{FAQ_UP}/status").json()
    assert (done["status"], done["result"]) == ("COMPLETED", {"deployment_status": "DEPLOYED"})
    assert done["end_time"] is not None
    assert states(nugen) == (FAQ_UP, "DEPLOYED", "DEPLOYED")


def test_an_undeploy_answers_a_bare_string(nugen: httpx.Client, clock: Clock) -> None:
    answer = nugen.delete(f"/undeploy-model/{UP}")
    assert (answer.status_code, answer.text) == (200, f'"{UP_WHEN_DOWN}"')
    assert states(nugen, "alignment_02") == (UP, "UNDEPLOYING", "DEPLOYED")
    assert nugen.get(f"/undeploy-model/{UP}/status").json()["status"] == "PENDING"
    clock.pass_by(10)
    for id in (UP, UP_WHEN_DOWN):
        done = nugen.get(f"/undeploy-model/{id}/status").json()
        assert (done["status"], done["result"]) == ("COMPLETED", {"message": "Model successfully undeployed"})
    assert states(nugen, "alignment_02") == (UP_WHEN_DOWN, "UNDEPLOYED", "UNDEPLOYED")


def test_a_task_that_was_never_started_is_failed(nugen: httpx.Client, platforms: SimulatedPlatforms) -> None:
    platforms.nugen.set_state(FAQ, "EVALUATED")
    assert nugen.get(f"/deploy-model/{FAQ_DOWN}/status").json() == {
        "model_id": FAQ_DOWN,
        "status": "FAILED",
        "result": {"error": "No active deployment. Model status is EVALUATED."},
        "start_time": None,
        "end_time": None,
    }
    undeploy = nugen.get(f"/undeploy-model/{UP}/status").json()
    assert undeploy["result"] == {"error": "No active undeployment. Model status is DEPLOYED."}


def test_a_failed_deploy_says_why(platforms: SimulatedPlatforms, nugen: httpx.Client, clock: Clock) -> None:
    platforms.nugen.fail_next(FAQ, "Deployment failed due to insufficient resources")
    nugen.post(f"/deploy-model/{FAQ_DOWN}")
    clock.pass_by(10)
    failed = nugen.get(f"/deploy-model/{FAQ_DOWN}/status").json()
    assert failed["status"] == "FAILED"
    assert failed["result"] == {"error": "Deployment failed due to insufficient resources"}
    assert states(nugen) == (FAQ_DOWN, "UNDEPLOYED", "UNDEPLOYED")


@pytest.mark.parametrize(
    ("prepare", "call", "detail"),
    [
        ("", ("POST", f"/deploy-model/{UP}"), "Model cannot be redeployed. Current status: DEPLOYED"),
        ("undeploy", ("POST", f"/deploy-model/{UP}"), "Model cannot be redeployed. Current status: UNDEPLOYING"),
        ("deploy", ("POST", f"/deploy-model/{FAQ_DOWN}"), "Model cannot be redeployed. Current status: DEPLOYING"),
        ("QUEUED", ("POST", f"/deploy-model/{FAQ_DOWN}"), "Model cannot be redeployed. Current status: QUEUED"),
        ("EVALUATING", ("POST", f"/deploy-model/{FAQ_DOWN}"), "Model cannot be redeployed. Current status: EVALUATING"),
        ("", ("DELETE", f"/undeploy-model/{FAQ_DOWN}"), "Model is already undeployed"),
        ("deploy", ("DELETE", f"/undeploy-model/{FAQ_DOWN}"), "Model cannot be undeployed. Current status: DEPLOYING"),
        ("undeploy", ("DELETE", f"/undeploy-model/{UP}"), "Model cannot be undeployed. Current status: UNDEPLOYING"),
    ],
)
def test_what_does_not_fit_the_state_is_refused(
    platforms: SimulatedPlatforms, nugen: httpx.Client, prepare: str, call: tuple[str, str], detail: str
) -> None:
    if prepare == "deploy":
        nugen.post(f"/deploy-model/{FAQ_DOWN}")
    elif prepare == "undeploy":
        nugen.delete(f"/undeploy-model/{UP}")
    elif prepare:
        platforms.nugen.set_state(FAQ, prepare)
    answer = nugen.request(*call)
    assert (answer.status_code, answer.json()) == (400, {"detail": detail})


def test_early_deploys_an_unfinished_run(platforms: SimulatedPlatforms, nugen: httpx.Client) -> None:
    platforms.nugen.set_state(FAQ, "PROCESSING")
    assert nugen.post(f"/deploy-model/{FAQ_DOWN}").status_code == 400
    assert nugen.post(f"/deploy-model/{FAQ_DOWN}?early=true").status_code == 200


@pytest.mark.parametrize("word", ["EVALUATED", "READY"])
def test_an_evaluated_model_can_be_deployed(platforms: SimulatedPlatforms, nugen: httpx.Client, word: str) -> None:
    platforms.nugen.set_state(FAQ, word)
    assert states(nugen) == (FAQ_DOWN, word, "UNDEPLOYED")
    assert nugen.post(f"/deploy-model/{FAQ_DOWN}").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"/deploy-model/{FAQ_UP}"),  # the id it will have, not the one it has
        ("POST", f"/deploy-model/{FAQ}"),  # the alignment id is not a model id
        ("DELETE", f"/undeploy-model/{UP_WHEN_DOWN}"),
        ("DELETE", "/undeploy-model/nobody"),
        ("GET", "/deploy-model/nobody/status"),
        ("GET", "/undeploy-model/nobody/status"),
    ],
)
def test_only_the_current_id_is_found(nugen: httpx.Client, method: str, path: str) -> None:
    answer = nugen.request(method, path)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Model not found"})


@pytest.mark.parametrize(
    ("header", "detail"),
    [(None, "Not authenticated"), ("Bearer wrong", "Invalid API key"), ("wrong", "Invalid API key")],
)
def test_a_call_without_the_key_is_refused(platforms: SimulatedPlatforms, header: str | None, detail: str) -> None:
    headers = {} if header is None else {"Authorization": header}
    for url in (platforms.nugen_url, platforms.nugen_b_url):
        answer = httpx.get(f"{url}/api/v3/models/aligned", headers=headers, trust_env=False, verify=False)
        assert (answer.status_code, answer.json()) == (401, {"detail": detail})


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("POST", f"/undeploy-model/{UP}", 405, "DELETE"),
        ("GET", f"/deploy-model/{UP}", 405, "POST"),
        ("GET", "", 404, None),
        ("POST", f"/{UP}/deployment", 404, None),
    ],
)
def test_there_is_no_other_route(nugen: httpx.Client, method: str, path: str, status: int, allow: str | None) -> None:
    answer = nugen.request(method, path)
    assert answer.status_code == status
    assert answer.headers.get("allow") == allow
    assert answer.json() == {"detail": "Not Found" if status == 404 else "Method Not Allowed"}


def test_a_name_with_a_space_first_makes_an_id_with_a_hyphen_first(
    platforms: SimulatedPlatforms, nugen: httpx.Client
) -> None:
    platforms.nugen.add("alignment_03", " AK 14 July")
    id = "-ak-14-july-alignment-03"
    assert states(nugen, "alignment_03")[0] == id
    assert nugen.delete(f"/undeploy-model/{id}").status_code == 200


def test_in_polls_the_task_route_and_the_list_both_count(platforms: SimulatedPlatforms, nugen: httpx.Client) -> None:
    platforms.nugen.set_job_time(JobTime(polls=3))
    nugen.post(f"/deploy-model/{FAQ_DOWN}")
    assert nugen.get(f"/deploy-model/{FAQ_DOWN}/status").json()["status"] == "PENDING"
    assert states(nugen)[1] == "DEPLOYING"
    assert states(nugen)[1] == "DEPLOYED"


def test_facts_are_shown_in_the_row(platforms: SimulatedPlatforms, nugen: httpx.Client) -> None:
    platforms.nugen.add("alignment_04", "x", facts={"usage_count": 150, "creator": "a@b"})
    assert rows(nugen)["alignment_04"]["usage_count"] == 150


def test_a_removed_model_is_gone(platforms: SimulatedPlatforms, nugen: httpx.Client) -> None:
    platforms.nugen.remove(FAQ)
    assert list(rows(nugen)) == ["alignment_02"]
    assert nugen.post(f"/deploy-model/{FAQ_DOWN}").status_code == 404
