"""Every shape of the Nugen catalogue: the bytes a client sees."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from reconciler.simulator import SimulatedPlatforms, Verb
from reconciler.simulator.nugen_shapes import SHAPES

from .conftest import FAQ, Clock

DOWN, UP = "alignment-01kxg82fjj98nq0", "faq-bot-alignment-01kxg82fjj98nq0"
PILOT_UP, PILOT_DOWN, PILOT_B = "pilot-alignment-02", "alignment-02", "model_02"
FAQ_B = "model_01kxg82fjj98nq0"
GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
NOT_FOUND = '{"detail":"Model not found"}'
LIMITED = '{"detail":"Rate limit exceeded"}'
UNDEPLOYING = '{"detail":"Model cannot be redeployed. Current status: UNDEPLOYING"}'

# Starts, tasks and states: the request made under the shape (A unless `b` stands first), its status and its body. A
# request for a status comes after a start: with `done` when its job is over, else while it runs.
BYTES: dict[str, tuple[str, int, str]] = {
    "answer-string": (f"POST /deploy-model/{DOWN}", 200, f'"{UP}"'),
    "answer-object": (f"DELETE /undeploy-model/{PILOT_UP}", 200, f'{{"model_id":"{PILOT_DOWN}"}}'),
    "answer-empty": (f"b POST /{FAQ_B}/deployment", 200, ""),
    "answer-other": (f"POST /deploy-model/{DOWN}", 200, '{"message":"accepted"}'),
    "already": (f"DELETE /undeploy-model/{PILOT_UP}", 400, '{"detail":"Model is already undeployed"}'),
    "refused-undeploying": (f"POST /deploy-model/{DOWN}", 400, UNDEPLOYING),
    "b-needs-early": (
        f"b POST /{FAQ_B}/deployment",
        409,
        '{"detail":{"message":"Run not finished","early_deployable":true}}',
    ),
    "no-credits": (f"POST /deploy-model/{DOWN}", 402, '{"detail":"Insufficient credits"}'),
    "task-404": (f"GET /deploy-model/{DOWN}/status", 404, NOT_FOUND),
    "list-error": ("GET /aligned", 500, '{"detail":"Internal Server Error"}'),
    "error-422": (
        f"POST /deploy-model/{DOWN}",
        422,
        '{"detail":[{"loc":["path","model_id"],"msg":"field required","type":"value_error.missing"}]}',
    ),
    "error-409": (f"POST /deploy-model/{DOWN}", 409, '{"detail":{"document_id":"doc-1"}}'),
    "error-500": ("GET /aligned", 500, "Internal Server Error"),
    "error-html": (f"GET /deploy-model/{DOWN}/status", 502, GATEWAY),
    "unavailable": (f"b GET /{FAQ_B}/deployment/status", 503, ""),
    "unauthorized": ("GET /aligned", 401, '{"detail":"Not authenticated"}'),
    "forbidden": ("GET /aligned", 403, '{"detail":"Not authenticated"}'),
    "limited": (f"POST /deploy-model/{DOWN}", 429, LIMITED),
    "limited-seconds": (f"b GET /{FAQ_B}", 429, LIMITED),
}

# Tasks: the status route read after the job is over (or, `running`, before), and the fields that matter.
TASKS: dict[str, tuple[str, dict[str, object]]] = {
    "task-lower-case": ("deploy", {"status": "completed", "result": {"deployment_status": "DEPLOYED"}}),
    "task-forever-pending": ("deploy", {"status": "PENDING", "result": None, "end_time": None}),
    "task-not-visible": (
        "running",
        {
            "status": "FAILED",
            "result": {"error": "No active deployment. Model status is EVALUATED."},
            "start_time": None,
        },
    ),
    "task-completed": ("running", {"status": "COMPLETED", "result": {}}),
    "result-documented": (
        "deploy",
        {
            "status": "COMPLETED",
            "result": {
                "deployment_id": "deploy-abc123",
                "endpoint_url": f"https://api.example.com/v1/models/{UP}",
            },
        },
    ),
    "result-empty": ("undeploy", {"status": "COMPLETED", "result": {}}),
    "result-null": ("undeploy", {"status": "COMPLETED", "result": None}),
    "deploy-fails": (
        "deploy",
        {"status": "FAILED", "result": {"error": "Deployment failed due to insufficient resources"}},
    ),
    "deploy-reverted": (
        "deploy",
        {"status": "FAILED", "result": {"error": "Redeployment failed and was reverted to READY status"}},
    ),
    "undeploy-fails": ("undeploy", {"status": "FAILED", "result": {"error": "Undeployment failed"}}),
}

# Lists: what the shape, on the faq-bot alone, makes of its row in generation A and in B.
Row = dict[str, Any]
ROWS: dict[str, tuple[Callable[[Row], list[Row]], Callable[[Row], list[Row]]]] = {
    "list-mixed-case": (
        lambda row: [{**row, "status": "Undeployed", "deployment_status": "Undeployed"}],
        lambda row: [{**row, "deployment_status": "Undeployed"}],
    ),
    "list-naive-times": (
        lambda row: [{**row, "created_date": "2026-07-08T09:30:00"}],
        lambda row: [{**row, "created_at": "2026-09-27T09:30:00"}],
    ),
    "no-deployment-status": (
        lambda row: [{key: row[key] for key in row if key != "deployment_status"}],
        lambda row: [{key: row[key] for key in row if key != "deployment_status"}],
    ),
    "no-alignment-id": (
        lambda row: [{key: row[key] for key in row if key != "alignment_id"}],
        lambda row: [{key: row[key] for key in row if key != "alignment_id"}],
    ),
    "contradiction": (
        lambda row: [{**row, "status": "DEPLOYED", "deployment_status": "UNDEPLOYED"}],
        lambda row: [row],
    ),
    "evaluating": (
        lambda row: [{**row, "status": "EVALUATING"}],
        lambda row: [{**row, "deployment_status": "EVALUATING"}],
    ),
    "warming": (lambda row: [{**row, "status": "WARMING"}], lambda row: [{**row, "deployment_status": "WARMING"}]),
    "ready": (lambda row: [{**row, "status": "READY"}], lambda row: [{**row, "deployment_status": "READY"}]),
    "row-missing": (lambda row: [], lambda row: []),
    "row-twice": (lambda row: [row, row], lambda row: [row, row]),
    "duplicate-name": (
        lambda row: [row, {**row, "id": f"{DOWN}-2", "alignment_id": f"{FAQ}-2"}],
        lambda row: [row, {**row, "model_id": f"{FAQ_B}-2", "alignment_id": f"{FAQ}-2"}],
    ),
    "hyphen-id": (lambda row: [{**row, "id": f"-{DOWN}"}], lambda row: [row]),
    "same-id": (lambda row: [{**row, "id": UP}], lambda row: [row]),
}
ELSEWHERE = {"naive-times", "any-id", "b-two-pages", "b-ignores-offset", "b-reverts"}


def request(line: str, nugen: httpx.Client, nugen_b: httpx.Client) -> httpx.Response:
    site = nugen_b if line.startswith("b ") else nugen
    method, path = line.removeprefix("b ").split(" ")
    return site.request(method, path)


def listed(site: httpx.Client) -> list[Row]:
    rows: list[Row] = site.get("/aligned").json()["domain_aligned_models"]
    return rows


def test_every_shape_has_its_case() -> None:
    cases = [*BYTES, *TASKS, *ROWS, *ELSEWHERE]
    assert sorted(cases) == sorted(SHAPES)


@pytest.mark.parametrize("shape", BYTES)
def test_a_client_sees_the_bytes(
    platforms: SimulatedPlatforms, nugen: httpx.Client, nugen_b: httpx.Client, shape: str
) -> None:
    line, status, body = BYTES[shape]
    platforms.nugen.shape(shape, times=1)
    answer = request(line, nugen, nugen_b)
    assert (answer.status_code, answer.text) == (status, body)
    assert [entry.effect for entry in platforms.nugen.log.entries] == [status == 200]
    assert answer.headers.get("retry-after") == ("1" if shape == "limited-seconds" else None)
    if status != 200:  # once only
        again = request(line, nugen, nugen_b)
        assert again.status_code == 200


@pytest.mark.parametrize("shape", TASKS)
def test_a_client_sees_the_task(platforms: SimulatedPlatforms, nugen: httpx.Client, clock: Clock, shape: str) -> None:
    when, fields = TASKS[shape]
    platforms.nugen.shape(shape)
    if when == "undeploy":
        assert nugen.delete(f"/undeploy-model/{PILOT_UP}").status_code == 200
        path = f"/undeploy-model/{PILOT_UP}/status"
    else:
        assert nugen.post(f"/deploy-model/{DOWN}").status_code == 200
        path = f"/deploy-model/{UP}/status"
    clock.pass_by(0 if when == "running" else 10)
    task = nugen.get(path).json()
    assert {key: task[key] for key in fields} == fields


@pytest.mark.parametrize("shape", ["deploy-fails", "deploy-reverted", "undeploy-fails"])
def test_a_failed_task_leaves_the_model_as_it_was(
    platforms: SimulatedPlatforms, nugen: httpx.Client, clock: Clock, shape: str
) -> None:
    before = listed(nugen)
    platforms.nugen.shape(shape, times=1)
    if shape == "undeploy-fails":
        nugen.delete(f"/undeploy-model/{PILOT_UP}")
    else:
        nugen.post(f"/deploy-model/{DOWN}")
    clock.pass_by(10)
    assert listed(nugen) == before


@pytest.mark.parametrize("shape", ROWS)
def test_a_client_sees_the_rows(
    platforms: SimulatedPlatforms, nugen: httpx.Client, nugen_b: httpx.Client, shape: str
) -> None:
    plain = [listed(nugen), listed(nugen_b)]
    platforms.nugen.shape(shape, model=FAQ)
    for site, (faq, other), made in zip((nugen, nugen_b), plain, ROWS[shape], strict=True):
        expected = [*made(faq), other]
        assert site.get("/aligned").text == json.dumps({"domain_aligned_models": expected}, separators=(",", ":"))


def test_a_row_shape_counts_lists_not_rows(platforms: SimulatedPlatforms, nugen: httpx.Client) -> None:
    platforms.nugen.shape("warming", times=1)
    assert [row["status"] for row in listed(nugen)] == ["WARMING", "WARMING"]
    assert [row["status"] for row in listed(nugen)] == ["UNDEPLOYED", "DEPLOYED"]


def test_one_model_is_shaped_too(platforms: SimulatedPlatforms, nugen_b: httpx.Client) -> None:
    platforms.nugen.shape("ready", model=FAQ)
    assert nugen_b.get(f"/{FAQ_B}").json()["deployment_status"] == "READY"
    platforms.nugen.shape("row-missing", model=FAQ)
    assert nugen_b.get(f"/{FAQ_B}").status_code == 404


def test_a_deployed_model_is_not_shown_as_ready(platforms: SimulatedPlatforms, nugen_b: httpx.Client) -> None:
    platforms.nugen.shape("ready")
    assert nugen_b.get(f"/{PILOT_B}").json()["deployment_status"] == "DEPLOYED"


@pytest.mark.parametrize("shape", ["result-documented", "result-empty", "result-null"])
def test_only_a_completed_task_has_another_result(
    platforms: SimulatedPlatforms, nugen: httpx.Client, clock: Clock, shape: str
) -> None:
    platforms.nugen.shape(shape)
    platforms.nugen.fail_next(FAQ, "no room")
    nugen.post(f"/deploy-model/{DOWN}")
    assert nugen.get(f"/deploy-model/{DOWN}/status").json()["result"] is None
    clock.pass_by(10)
    assert nugen.get(f"/deploy-model/{DOWN}/status").json()["result"] == {"error": "no room"}


def test_the_documented_result_of_an_undeploy(platforms: SimulatedPlatforms, nugen: httpx.Client, clock: Clock) -> None:
    platforms.nugen.shape("result-documented")
    nugen.delete(f"/undeploy-model/{PILOT_UP}")
    clock.pass_by(10)
    result = nugen.get(f"/undeploy-model/{PILOT_UP}/status").json()["result"]
    assert result == {"message": "Model successfully undeployed"}


def test_naive_times(platforms: SimulatedPlatforms, nugen: httpx.Client, clock: Clock) -> None:
    platforms.nugen.shape("naive-times")
    nugen.post(f"/deploy-model/{DOWN}")
    clock.pass_by(10)
    task = nugen.get(f"/deploy-model/{UP}/status").json()
    for name in ("start_time", "end_time"):
        assert task[name][10] == "T"
        assert task[name][-1].isdecimal()


def test_any_id_is_accepted(platforms: SimulatedPlatforms, nugen: httpx.Client) -> None:
    assert nugen.delete(f"/undeploy-model/{PILOT_DOWN}").status_code == 404
    platforms.nugen.shape("any-id")
    assert nugen.delete(f"/undeploy-model/{PILOT_DOWN}").status_code == 200


@pytest.mark.parametrize(("shape", "id"), [("hyphen-id", f"-{DOWN}"), ("same-id", UP)])
def test_a_shaped_id_is_the_one_to_use(platforms: SimulatedPlatforms, nugen: httpx.Client, shape: str, id: str) -> None:
    platforms.nugen.shape(shape, model=FAQ)
    assert nugen.post(f"/deploy-model/{DOWN}").status_code == 404
    assert nugen.post(f"/deploy-model/{id}").status_code == 200
    assert nugen.get(f"/deploy-model/{id}/status").json()["status"] == "PENDING"


def test_the_same_id_stays_after_an_undeploy(platforms: SimulatedPlatforms, nugen: httpx.Client, clock: Clock) -> None:
    platforms.nugen.shape("same-id")
    assert nugen.delete(f"/undeploy-model/{PILOT_UP}").json() == PILOT_UP
    clock.pass_by(10)
    assert [row["id"] for row in listed(nugen)] == [UP, PILOT_UP]


def test_two_pages(platforms: SimulatedPlatforms, nugen_b: httpx.Client) -> None:
    platforms.nugen.add("alignment_03")
    platforms.nugen.shape("b-two-pages")
    pages = [nugen_b.get(f"/aligned?limit=100&offset={offset}").json() for offset in (0, 2, 4)]
    assert [len(page["domain_aligned_models"]) for page in pages] == [2, 1, 0]


def test_every_page_is_the_first(platforms: SimulatedPlatforms, nugen_b: httpx.Client) -> None:
    platforms.nugen.shape("b-ignores-offset")
    first, second = (nugen_b.get(f"/aligned?limit=1&offset={offset}").text for offset in (0, 1))
    assert first == second
    assert FAQ in first


def test_a_deployment_that_is_taken_back(platforms: SimulatedPlatforms, nugen_b: httpx.Client, clock: Clock) -> None:
    platforms.nugen.shape("b-reverts", times=1)
    nugen_b.post(f"/{FAQ_B}/deployment")
    clock.pass_by(10)
    status = nugen_b.get(f"/{FAQ_B}/deployment/status")
    assert status.text == f'{{"model_id":"{FAQ_B}","status":"UNDEPLOYED","error":"provider rejected the deployment"}}'


def test_early_is_enough(platforms: SimulatedPlatforms, nugen_b: httpx.Client) -> None:
    platforms.nugen.shape("b-needs-early")
    assert nugen_b.post(f"/{FAQ_B}/deployment?early=true").status_code == 200


def test_refused_while_undeploying_then_deployed(platforms: SimulatedPlatforms, nugen: httpx.Client) -> None:
    platforms.nugen.shape("refused-undeploying", model=DOWN, times=1)  # any id of the model will do
    assert [nugen.post(f"/deploy-model/{DOWN}").status_code for _ in range(2)] == [400, 200]


def test_html_in_mid_poll(platforms: SimulatedPlatforms, nugen: httpx.Client) -> None:
    platforms.nugen.start(platforms.nugen.model(FAQ), Verb.DEPLOY)
    platforms.nugen.shape("error-html", operation="deploy-status", times=1)
    answers = [nugen.get(f"/deploy-model/{DOWN}/status") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [502, 200]
    assert answers[0].headers["content-type"] == "text/html"
    assert nugen.get("/aligned").status_code == 200
