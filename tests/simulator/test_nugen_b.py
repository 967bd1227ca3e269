from __future__ import annotations

import httpx
import pytest

from reconciler.simulator import JobTime, SimulatedPlatforms

from .conftest import FAQ, Clock

FAQ_B = "model_01kxg82fjj98nq0"
UP_B = "model_02"


def state(nugen_b: httpx.Client, id: str = FAQ_B) -> tuple[object, object]:
    answer = nugen_b.get(f"/{id}/deployment/status").json()
    assert answer["model_id"] == id
    return answer["status"], answer["error"]


def page(nugen_b: httpx.Client, query: str) -> list[str]:
    return [row["model_id"] for row in nugen_b.get(f"/aligned{query}").json()["domain_aligned_models"]]


def test_rows_have_the_names_public_clients_read(nugen_b: httpx.Client) -> None:
    expected = {
        "model_id": FAQ_B,
        "model_name": "faq-bot",
        "base_model_id": "qwen-v2p5-0p5b-instruct",
        "base_model_name": "Qwen 2.5 0.5B Instruct",
        "alignment_id": FAQ,
        "deployment_status": "UNDEPLOYED",
        "created_at": "2026-09-27T09:30:00Z",
        "evaluation_data": None,
    }
    assert nugen_b.get("/aligned").json()["domain_aligned_models"][0] == expected
    assert nugen_b.get(f"/{FAQ_B}").json() == expected


def test_a_deploy_goes_through_deploying(nugen_b: httpx.Client, clock: Clock) -> None:
    answer = nugen_b.post(f"/{FAQ_B}/deployment")
    assert (answer.status_code, answer.json()) == (200, {"model_id": FAQ_B})
    assert state(nugen_b) == ("DEPLOYING", None)
    clock.pass_by(10)
    assert state(nugen_b) == ("DEPLOYED", None)
    assert nugen_b.get(f"/{FAQ_B}").json()["deployment_status"] == "DEPLOYED"


def test_a_failed_deploy_is_undeployed_with_an_error(
    platforms: SimulatedPlatforms, nugen_b: httpx.Client, clock: Clock
) -> None:
    platforms.nugen.fail_next(FAQ, "provider rejected the deployment")
    nugen_b.post(f"/{FAQ_B}/deployment")
    clock.pass_by(10)
    assert state(nugen_b) == ("UNDEPLOYED", "provider rejected the deployment")
    nugen_b.post(f"/{FAQ_B}/deployment")
    assert state(nugen_b) == ("DEPLOYING", None)


def test_deploying_twice_is_refused(nugen_b: httpx.Client) -> None:
    answer = nugen_b.post(f"/{UP_B}/deployment")
    assert (answer.status_code, answer.json()) == (400, {"detail": "Model is already deployed"})
    nugen_b.post(f"/{FAQ_B}/deployment")
    assert nugen_b.post(f"/{FAQ_B}/deployment").status_code == 400


def test_an_unfinished_run_needs_early(platforms: SimulatedPlatforms, nugen_b: httpx.Client) -> None:
    platforms.nugen.set_state(FAQ, "PROCESSING")
    assert state(nugen_b) == ("PROCESSING", None)
    answer = nugen_b.post(f"/{FAQ_B}/deployment")
    assert answer.status_code == 409
    assert isinstance(answer.json()["detail"], dict)
    assert nugen_b.post(f"/{FAQ_B}/deployment?early=true").status_code == 200


def test_there_is_no_undeploy(platforms: SimulatedPlatforms, nugen_b: httpx.Client) -> None:
    answer = nugen_b.delete(f"/{UP_B}/deployment")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert nugen_b.delete(f"/undeploy-model/{UP_B}").status_code == 404
    assert platforms.nugen.state("alignment_02") == "deployed"


def test_an_undeploy_elsewhere_shows(platforms: SimulatedPlatforms, nugen: httpx.Client, nugen_b: httpx.Client) -> None:
    nugen.delete("/undeploy-model/pilot-alignment-02")
    assert state(nugen_b, UP_B) == ("UNDEPLOYING", None)


def test_pages(platforms: SimulatedPlatforms, nugen_b: httpx.Client) -> None:
    platforms.nugen.reset()
    for number in range(130):
        platforms.nugen.add(f"alignment_{number:03}")
    ids = [f"model_{number:03}" for number in range(130)]
    assert page(nugen_b, "") == ids[:20]
    assert page(nugen_b, "?limit=100") == ids[:100]
    assert page(nugen_b, "?limit=1000") == ids[:100]
    assert page(nugen_b, "?limit=100&offset=100") == ids[100:]
    assert page(nugen_b, "?limit=5&offset=128") == ids[128:]
    assert page(nugen_b, "?offset=130") == []
    assert page(nugen_b, f"?offset={10**30}") == []
    assert page(nugen_b, f"?offset={'9' * 5000}") == []
    assert page(nugen_b, f"?limit={10**30}") == ids[:100]


@pytest.mark.parametrize("query", ["?limit=0", "?limit=x", "?offset=-1"])
def test_wrong_pages_are_refused_with_an_array(nugen_b: httpx.Client, query: str) -> None:
    answer = nugen_b.get(f"/aligned{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", query[1:].split("=")[0]]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/no"), ("GET", "/no/deployment/status"), ("POST", "/no/deployment")]
)
def test_an_unknown_model_is_not_found(nugen_b: httpx.Client, method: str, path: str) -> None:
    answer = nugen_b.request(method, path)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Model not found"})


def test_in_polls_every_read_counts(platforms: SimulatedPlatforms, nugen_b: httpx.Client) -> None:
    platforms.nugen.set_job_time(JobTime(polls=3))
    nugen_b.post(f"/{FAQ_B}/deployment")
    assert state(nugen_b)[0] == "DEPLOYING"
    assert nugen_b.get(f"/{FAQ_B}").json()["deployment_status"] == "DEPLOYING"
    assert nugen_b.get("/aligned").json()["domain_aligned_models"][0]["deployment_status"] == "DEPLOYED"
