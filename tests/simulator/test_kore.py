from __future__ import annotations

import copy
import io
import json
import zipfile
from typing import Any

import httpx
import pytest

from reconciler.simulator import KORE_PROBE_KEY, JobTime, SimulatedPlatforms

from .conftest import SETTINGS, Clock

MODELS = "/api/public/models"


def deploy(
    kore: httpx.Client, model: str = "cm-down", body: object = SETTINGS, query: str = "?modelType=openSource"
) -> httpx.Response:
    return kore.post(f"{MODELS}/{model}/deploy{query}", json=body)


def dock(kore: httpx.Client, job: str) -> Any:
    return kore.get(f"/api/public/dock-status/{job}").json()


def test_a_deploy_runs_its_time_and_then_the_model_is_deployed(
    platforms: SimulatedPlatforms, kore: httpx.Client, clock: Clock
) -> None:
    answer = deploy(kore)
    job = answer.json()["dock-statusId"]
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    rest = {"modelId": "cm-down", "jobType": "MODELS", "action": "DEPLOY"}
    assert answer.json() == {"dock-statusId": job, **rest, "status": "IN_PROGRESS"}
    assert job.startswith("ds-")
    clock.pass_by(9.9)
    assert dock(kore, job) == {"_id": job, **rest, "status": "IN_PROGRESS"}
    assert platforms.kore.state("cm-down") == "deploying"
    clock.pass_by(0.1)
    assert platforms.kore.state("cm-down") == "deployed"
    assert dock(kore, job) == {"_id": job, **rest, "status": "SUCCESS"}
    assert platforms.kore.model("cm-down").settings == SETTINGS


def test_an_undeploy_needs_no_body(platforms: SimulatedPlatforms, kore: httpx.Client, clock: Clock) -> None:
    answer = kore.post(f"{MODELS}/cm-up/undeploy").json()
    assert (answer["action"], answer["status"]) == ("UNDEPLOY", "IN_PROGRESS")
    assert platforms.kore.state("cm-up") == "undeploying"
    clock.pass_by(10)
    assert platforms.kore.state("cm-up") == "undeployed"


def test_jobs_of_no_length_are_over_in_the_first_answer(platforms: SimulatedPlatforms, kore: httpx.Client) -> None:
    platforms.kore.set_job_time(JobTime())
    assert kore.post(f"{MODELS}/cm-up/undeploy").json()["status"] == "SUCCESS"


def test_an_export_gives_the_same_zip_every_time(kore: httpx.Client, clock: Clock) -> None:
    files = []
    for _ in range(2):
        started = kore.post(f"{MODELS}/cm-up/export").json()
        assert (started["status"], started["percentageComplete"]) == ("IN_PROGRESS", 0)
        assert "response" not in started
        clock.pass_by(5)
        assert dock(kore, started["_id"])["percentageComplete"] == 50
        clock.pass_by(5)
        done = dock(kore, started["_id"])
        assert (done["status"], done["percentageComplete"], done["modelId"]) == ("SUCCESS", 100, "cm-up")
        url = done["response"]["downloadUrl"]
        assert url.startswith(f"{str(kore.base_url).rstrip('/')}/api/v1/account/")
        without_key = httpx.get(url, trust_env=False, verify=False)
        assert without_key.headers["content-type"] == "application/zip"
        files.append(without_key.content)
    assert files[0] == files[1]
    with zipfile.ZipFile(io.BytesIO(files[0])) as archive:
        assert json.loads(archive.read("deployconfig.json"))["modelId"] == "cm-up"


def test_an_export_does_not_change_the_model(platforms: SimulatedPlatforms, kore: httpx.Client, clock: Clock) -> None:
    kore.post(f"{MODELS}/cm-down/export")
    assert platforms.kore.state("cm-down") == "undeployed"
    clock.pass_by(10)
    assert platforms.kore.state("cm-down") == "undeployed"


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("name", None, "name is required"),
        ("name", 7, "name must be of type str"),
        ("isDeployedPreviously", "true", "isDeployedPreviously must be of type bool"),
        ("hyperParameters", None, "hyperParameters.temperature is required"),
        ("hyperParameters.maxTokens", None, "hyperParameters.maxTokens is required"),
        ("hyperParameters.topP", None, "hyperParameters.topP is required"),
        ("hyperParameters.topK", None, "hyperParameters.topK is required"),
        ("deviceType", None, "deviceType is required"),
        ("hyperParameters.temperature", 2.1, "hyperParameters.temperature must be from 0 to 2"),
        ("hyperParameters.maxTokens", 513, "hyperParameters.maxTokens must be from 0 to 512"),
        ("hyperParameters.maxTokens", 1.5, "hyperParameters.maxTokens must be of type int"),
        ("hyperParameters.topP", True, "hyperParameters.topP must be of type float"),
        ("hyperParameters.topK", 0, "hyperParameters.topK must be from 1 to 100"),
        ("hyperParameters.stopSequence", "x", "hyperParameters.stopSequence must be of type list"),
        ("scalingParameters.minReplicas", 0, "scalingParameters.minReplicas must be from 1 to 10"),
        ("scalingParameters.scaleDownDelay", 49, "scalingParameters.scaleDownDelay must be from 50 to 2000"),
        ("deviceType", "tpu", "deviceType must be one of g4dn.xlarge, g5.xlarge"),
        ("optimizationInfo.optimizationType", "awq", "optimizationType must be one of ctranslate2, vllm"),
        ("optimizationInfo.quantizationType", None, "quantizationType must be of type str"),
        ("isDeployedPreviously", None, "isDeployedPreviously must be of type bool"),
        ("hyperParameters", 5, "hyperParameters must be a JSON object"),
        ("scalingParameters", 5, "scalingParameters must be a JSON object"),
        ("scalingParameters", [], "scalingParameters must be a JSON object"),
        ("scalingParameters", None, "scalingParameters must not be null"),
    ],
)
def test_a_wrong_deploy_body_is_refused(
    platforms: SimulatedPlatforms, kore: httpx.Client, path: str, value: object, complaint: str
) -> None:
    body = copy.deepcopy(SETTINGS)
    *parents, leaf = path.split(".")
    place = body
    for step in parents:
        place = place[step]
    place[leaf] = value
    answer = deploy(kore, body=body)
    assert answer.status_code == 400
    assert complaint in answer.json()["error"]["message"]
    assert platforms.kore.state("cm-down") == "undeployed"


@pytest.mark.parametrize(
    ("path", "low", "high", "step"),
    [
        ("hyperParameters.temperature", 0, 2, 0.01),
        ("hyperParameters.maxTokens", 0, 512, 1),
        ("hyperParameters.topP", 0, 1, 0.01),
        ("hyperParameters.topK", 1, 100, 1),
        ("scalingParameters.maxBatchSize", 1, 256, 1),
        ("scalingParameters.minReplicas", 1, 10, 1),
        ("scalingParameters.maxReplicas", 1, 50, 1),
        ("scalingParameters.scaleUpDelay", 1, 1000, 1),
        ("scalingParameters.scaleDownDelay", 50, 2000, 1),
    ],
)
def test_the_limits_of_a_deploy_body(kore: httpx.Client, path: str, low: int, high: int, step: float) -> None:
    group, name = path.split(".")
    statuses = [
        deploy(kore, body={**SETTINGS, group: {**SETTINGS[group], name: value}}).status_code
        for value in (low - step, low, high, high + step)
    ]
    assert statuses == [400, 200, 200, 400]


@pytest.mark.parametrize(
    "device",
    [
        "g4dn.xlarge",
        "g5.xlarge",
        "g5.2xlarge",
        "g6e.xlarge",
        "g4dn.12xlarge",
        "g5.12xlarge",
        "g5.48xlarge",
        "g4dn.metal",
    ],
)
def test_every_documented_device_is_accepted(kore: httpx.Client, device: str) -> None:
    assert deploy(kore, body={**SETTINGS, "deviceType": device}).status_code == 200


@pytest.mark.parametrize("optimization", ["", "ctranslate2", "vllm"])
@pytest.mark.parametrize("quantization", ["", "no_quantization", "int8_float16"])
@pytest.mark.parametrize("kind", ["openSource", "fineTune"])
def test_every_documented_choice_is_accepted(
    kore: httpx.Client, optimization: str, quantization: str, kind: str
) -> None:
    info = {"optimizationType": optimization, "quantizationType": quantization}
    answer = deploy(kore, body={**SETTINGS, "optimizationInfo": info}, query=f"?modelType={kind}")
    assert answer.status_code == 200


@pytest.mark.parametrize("number", [40, 40.0])
def test_a_whole_number_is_one_however_it_is_written(kore: httpx.Client, number: float) -> None:
    hyper = {**SETTINGS["hyperParameters"], "topK": number}
    assert deploy(kore, body={**SETTINGS, "hyperParameters": hyper}).status_code == 200


@pytest.mark.parametrize(
    ("body", "query", "complaint"),
    [
        (SETTINGS, "", "modelType must be one of openSource, fineTune"),
        (SETTINGS, "?modelType=opensource", "modelType must be one of"),
        ([], "?modelType=fineTune", "the body must be a JSON object"),
    ],
)
def test_a_wrong_deploy_call_is_refused(kore: httpx.Client, body: object, query: str, complaint: str) -> None:
    answer = deploy(kore, body=body, query=query)
    assert answer.status_code == 400
    assert complaint in answer.json()["error"]["message"]


def test_the_first_deployment_is_made_by_hand(platforms: SimulatedPlatforms, kore: httpx.Client) -> None:
    platforms.kore.add("cm-new", deployed=False, deployed_before=False)
    answer = deploy(kore, "cm-new")
    assert answer.status_code == 400
    assert "first deployment" in answer.text


@pytest.mark.parametrize("verb", ["deploy", "undeploy", "export"])
def test_an_unknown_model_is_not_found(kore: httpx.Client, verb: str) -> None:
    answer = kore.post(f"{MODELS}/cm-nobody/{verb}?modelType=openSource", json=SETTINGS)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("key", [None, "kg-wrong"])
def test_a_call_without_the_key_is_refused_and_has_no_effect(
    platforms: SimulatedPlatforms, kore: httpx.Client, key: str | None
) -> None:
    headers = {} if key is None else {"x-api-key": key}
    for method, path in (("POST", f"{MODELS}/cm-up/undeploy"), ("GET", "/api/public/dock-status/ds-1")):
        answer = httpx.request(method, platforms.kore_url + path, headers=headers, trust_env=False, verify=False)
        assert answer.status_code == 401
        assert answer.json() == {
            "success": False,
            "error": {"code": "UNAUTHORIZED", "message": "Invalid or missing API key"},
        }
    assert platforms.kore.state("cm-up") == "deployed"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", MODELS, 404),
        ("GET", f"{MODELS}/cm-up", 404),
        ("GET", "/", 404),
        ("GET", f"{MODELS}/cm-up/undeploy", 405),
        ("DELETE", f"{MODELS}/cm-up", 404),
        ("POST", f"{MODELS}/..%2Fadmin/undeploy", 404),
        ("GET", "/api/public/dock-status/ds-nobody", 404),
        ("GET", "/api/v1/account/nothing", 404),
    ],
)
def test_there_is_no_other_route(kore: httpx.Client, method: str, path: str, status: int) -> None:
    answer = kore.request(method, path)
    assert answer.status_code == status
    assert ("allow" in answer.headers) is (status == 405)
    code = "NOT_FOUND" if status == 404 else "METHOD_NOT_ALLOWED"
    assert (answer.json()["success"], answer.json()["error"]["code"]) == (False, code)


@pytest.mark.parametrize(
    "path", ["/models/{}/v2/chat/completions", "/models/{}/v1/completions", "/v2/chat/completions"]
)
@pytest.mark.parametrize("header", ["x-api-key", "Authorization"])
def test_the_probe_knows_whether_a_model_is_deployed(platforms: SimulatedPlatforms, path: str, header: str) -> None:
    key = {header: KORE_PROBE_KEY if header == "x-api-key" else f"Bearer {KORE_PROBE_KEY}"}

    def probe(model: str, headers: dict[str, str]) -> int:
        url = platforms.kore_url + path.format(model)
        return httpx.post(url, json={"model": model}, headers=headers, trust_env=False, verify=False).status_code

    assert probe("cm-up", key) == 200
    assert probe("cm-down", key) == 404
    assert probe("cm-nobody", key) == 404
    assert probe("cm-up", {}) == 401


def test_the_accounts_key_does_not_open_the_probe(kore: httpx.Client) -> None:
    assert kore.post("/models/cm-up/v2/chat/completions").status_code == 401


def test_repeating_what_is_done_runs_a_job_again(
    platforms: SimulatedPlatforms, kore: httpx.Client, clock: Clock
) -> None:
    for answer in (kore.post(f"{MODELS}/cm-down/undeploy"), deploy(kore, "cm-up")):
        assert answer.status_code == 200
    clock.pass_by(10)
    assert (platforms.kore.state("cm-down"), platforms.kore.state("cm-up")) == ("undeployed", "deployed")


def test_a_job_that_was_doomed_fails_at_its_end_and_changes_nothing(
    platforms: SimulatedPlatforms, kore: httpx.Client, clock: Clock
) -> None:
    platforms.kore.fail_next("cm-up")
    job = kore.post(f"{MODELS}/cm-up/undeploy").json()["dock-statusId"]
    assert dock(kore, job)["status"] == "IN_PROGRESS"
    clock.pass_by(10)
    assert dock(kore, job)["status"] == "FAILED"
    assert platforms.kore.state("cm-up") == "deployed"
    kore.post(f"{MODELS}/cm-up/undeploy")
    clock.pass_by(10)
    assert platforms.kore.state("cm-up") == "undeployed"


def test_a_killed_job_fails_at_once(platforms: SimulatedPlatforms, kore: httpx.Client, clock: Clock) -> None:
    job = kore.post(f"{MODELS}/cm-up/undeploy").json()["dock-statusId"]
    assert platforms.kore.kill_job("cm-up").id == job
    assert dock(kore, job)["status"] == "FAILED"
    clock.pass_by(10)
    assert platforms.kore.state("cm-up") == "deployed"


def test_in_polls_a_job_ends_within_its_nth_dock_status(
    platforms: SimulatedPlatforms, kore: httpx.Client, clock: Clock
) -> None:
    platforms.kore.set_job_time(JobTime(polls=3))
    job = kore.post(f"{MODELS}/cm-up/undeploy").json()["dock-statusId"]
    clock.pass_by(1000)
    assert platforms.kore.state("cm-up") == "undeploying"
    assert [dock(kore, job)["status"] for _ in range(4)] == ["IN_PROGRESS", "IN_PROGRESS", "SUCCESS", "SUCCESS"]
    assert platforms.kore.state("cm-up") == "undeployed"
