"""Every shape of the Kore.ai catalogue: the bytes a client sees."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest

from reconciler.simulator import SimulatedPlatforms, Verb
from reconciler.simulator.kore_shapes import OTHER_JOB, RETRY_SECONDS, SHAPES

from .conftest import SETTINGS, Clock

REST = '"modelId":"cm-up","jobType":"MODELS","action":"UNDEPLOY"'
EXPORTED = (
    '"_id":"JOB","modelId":"cm-up","jobType":"MODELS","action":"EXPORT","status":"SUCCESS","percentageComplete":100'
)
LIMITED = (
    '{"success":false,"error":{"code":"RATE_LIMIT_EXCEEDED",'
    '"message":"Rate limit for this API has been reached. Please try again later"}'
)

# Which request is made under the shape, and the status and body it is answered with. `start` is the POST of an
# undeployment, `dock` the status of one that runs, `done` of one that is over, `file` of an export that is over. JOB
# and ADDRESS stand for what the world knows.
SEEN: dict[str, tuple[str, int, str]] = {
    "id-dockStatusId": ("start", 200, f'{{"dockStatusId":"JOB",{REST},"status":"IN_PROGRESS"}}'),
    "id-dock-statusId": ("start", 200, f'{{"dock-statusId":"JOB",{REST},"status":"IN_PROGRESS"}}'),
    "id-dockstatusId": ("start", 200, f'{{"dockstatusId":"JOB",{REST},"status":"IN_PROGRESS"}}'),
    "id-_id": ("start", 200, f'{{"_id":"JOB",{REST},"status":"IN_PROGRESS"}}'),
    "id-missing": ("start", 200, f'{{{REST},"status":"IN_PROGRESS"}}'),
    "answers-success": ("start", 200, f'{{"dock-statusId":"JOB",{REST},"status":"SUCCESS"}}'),
    "answers-in-progress": ("start", 200, f'{{"dock-statusId":"JOB",{REST},"status":"IN_PROGRESS"}}'),
    "answers-failed": ("start", 200, f'{{"dock-statusId":"JOB",{REST},"status":"FAILED"}}'),
    "other-job-id": ("dock", 200, f'{{"_id":"{OTHER_JOB}",{REST},"status":"IN_PROGRESS"}}'),
    "tool-id": (
        "done",
        200,
        '{"_id":"JOB","toolId":"cm-up","jobType":"MODELS","action":"UNDEPLOY","status":"SUCCESS"}',
    ),
    "workflow-id": (
        "done",
        200,
        '{"_id":"JOB","workflowId":"cm-up","jobType":"MODELS","action":"UNDEPLOY","status":"SUCCESS"}',
    ),
    "dock-in-progress": ("done", 200, f'{{"_id":"JOB",{REST},"status":"IN_PROGRESS"}}'),
    "progress-zero": ("done", 200, f'{{"_id":"JOB",{REST},"status":"SUCCESS","percentageComplete":0}}'),
    "dock-minimal": ("done", 200, '{"_id":"JOB","status":"SUCCESS"}'),
    "status-lower-case": ("done", 200, f'{{"_id":"JOB",{REST},"status":"success"}}'),
    "status-spaced": ("dock", 200, f'{{"_id":"JOB",{REST},"status":"IN_ PROGRESS"}}'),
    "status-split": ("dock", 200, f'{{"_id":"JOB",{REST},"status":"IN PROGRES S"}}'),
    "status-unknown": ("done", 200, f'{{"_id":"JOB",{REST},"status":"QUEUED"}}'),
    "other-model-id": (
        "start",
        200,
        '{"dock-statusId":"JOB","modelId":"cm-00000","jobType":"MODELS","action":"UNDEPLOY","status":"IN_PROGRESS"}',
    ),
    "other-action": (
        "start",
        200,
        '{"dock-statusId":"JOB","modelId":"cm-up","jobType":"MODELS","action":"IMPORT","status":"IN_PROGRESS"}',
    ),
    "progress-number": ("dock", 200, f'{{"_id":"JOB",{REST},"status":"IN_PROGRESS","percentageComplete":50}}'),
    "progress-string": ("done", 200, f'{{"_id":"JOB",{REST},"status":"SUCCESS","percentageComplete":"100"}}'),
    "url-flat": ("file", 200, f'{{{EXPORTED},"downloadURL":"ADDRESS"}}'),
    "url-flat-camel": ("file", 200, f'{{{EXPORTED},"downloadUrl":"ADDRESS"}}'),
    "url-nested-upper": ("file", 200, f'{{{EXPORTED},"response":{{"downloadURL":"ADDRESS"}}}}'),
    "url-spaced": ("file", 200, f'{{{EXPORTED},"response":{{"downloadUrl":" ADDRESS"}}}}'),
    "url-missing": ("file", 200, f"{{{EXPORTED}}}"),
    "empty-body": ("start", 200, ""),
    "not-json": ("start", 200, f'{{"dock-statusId":"JOB"{REST},"status":"IN_PROGRESS"}}'),
    "refuse-repeat": ("repeat", 400, '{"error":"Model is already undeployed"}'),
    "unauthorized": ("start", 401, '{"error":"Unauthorized"}'),
    "forbidden": ("start", 403, '{"error":{"code":"FORBIDDEN","message":"The key\'s app lacks the scope"}}'),
    "error-html": (
        "dock",
        502,
        "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>",
    ),
    "error-text": ("start", 500, '{"error":"Something went wrong"}'),
    "error-object": ("start", 500, '{"error":{"code":"INTERNAL_ERROR","message":"Something went wrong"}}'),
    "unavailable": ("start", 503, ""),
    "limited-seconds": ("start", 429, f"{LIMITED}}}"),
    "limited-date": ("start", 429, f"{LIMITED}}}"),
    "limited-ms": ("dock", 429, f'{LIMITED},"retryAfterMs":300}}'),
    "limited": ("dock", 429, f"{LIMITED}}}"),
    "unknown-job": ("dock", 404, '{"success":false,"error":{"code":"NOT_FOUND","message":"Not found"}}'),
    "job-fails": ("start", 200, f'{{"dock-statusId":"JOB",{REST},"status":"IN_PROGRESS"}}'),
}
NO_EFFECT = {name for name, (_, status, _) in SEEN.items() if status >= 400}


def see(platforms: SimulatedPlatforms, kore: httpx.Client, clock: Clock, step: str, shape: str) -> httpx.Response:
    verb = Verb.EXPORT if step == "file" else Verb.UNDEPLOY
    use = platforms.kore.shape
    if step in ("start", "repeat"):
        model = "cm-up" if step == "start" else "cm-down"
        use(shape, model=model)
        return kore.post(f"/api/public/models/{model}/undeploy")
    job = platforms.kore.start(platforms.kore.model("cm-up"), verb)
    clock.pass_by(5 if step == "dock" else 10)
    use(shape)
    return kore.get(f"/api/public/dock-status/{job.id}")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_client_sees_the_shape(platforms: SimulatedPlatforms, kore: httpx.Client, clock: Clock, shape: str) -> None:
    step, status, body = SEEN[shape]
    answer = see(platforms, kore, clock, step, shape)
    last = platforms.kore.model("cm-up").last
    job = (last.get(Verb.EXPORT) or last.get(Verb.UNDEPLOY)) if last else None
    if job:
        body = body.replace("JOB", job.id)
    if step == "file":
        platforms.kore.shapes.clear()
        plain = kore.get(f"/api/public/dock-status/{job.id if job else ''}").json()
        body = body.replace("ADDRESS", plain["response"]["downloadUrl"])
    assert (answer.status_code, answer.text) == (status, body)


def test_every_shape_has_its_case() -> None:
    assert set(SEEN) == set(SHAPES)


@pytest.mark.parametrize("shape", sorted(name for name in SEEN if SEEN[name][0] == "start"))
def test_a_refusal_has_no_effect_and_everything_else_has(
    platforms: SimulatedPlatforms, kore: httpx.Client, clock: Clock, shape: str
) -> None:
    see(platforms, kore, clock, "start", shape)
    expected = "deployed" if shape in NO_EFFECT else "undeploying"
    assert platforms.kore.state("cm-up") == expected
    assert [entry.effect for entry in platforms.kore.log.entries] == [shape not in NO_EFFECT]


@pytest.mark.parametrize("shape", ["job-fails", "answers-failed"])
def test_a_shape_can_let_the_job_fail(
    platforms: SimulatedPlatforms, kore: httpx.Client, clock: Clock, shape: str
) -> None:
    platforms.kore.shape(shape, times=1)
    job = kore.post("/api/public/models/cm-up/undeploy").json()["dock-statusId"]
    clock.pass_by(10)
    failed = kore.get(f"/api/public/dock-status/{job}")
    assert failed.text == f'{{"_id":"{job}",{REST},"status":"FAILED"}}'
    assert platforms.kore.state("cm-up") == "deployed"


def test_in_progress_is_answered_though_the_job_is_over(
    platforms: SimulatedPlatforms, kore: httpx.Client, clock: Clock
) -> None:
    platforms.kore.shape("answers-in-progress")
    answer = kore.post("/api/public/models/cm-up/undeploy").json()
    clock.pass_by(10)
    assert answer["status"] == "IN_PROGRESS"
    assert kore.get(f"/api/public/dock-status/{answer['dock-statusId']}").json()["status"] == "SUCCESS"


@pytest.mark.parametrize("shape", ["limited-seconds", "limited-date", "limited-ms", "limited"])
def test_how_long_to_wait(platforms: SimulatedPlatforms, kore: httpx.Client, clock: Clock, shape: str) -> None:
    header = see(platforms, kore, clock, "start", shape).headers.get("retry-after")
    if shape == "limited-seconds":
        assert header == str(RETRY_SECONDS)
    elif shape == "limited-date":
        assert header is not None
        assert -0.5 < (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds() <= RETRY_SECONDS
    else:
        assert header is None


def test_an_html_error_says_so(platforms: SimulatedPlatforms, kore: httpx.Client, clock: Clock) -> None:
    assert see(platforms, kore, clock, "start", "error-html").headers["content-type"] == "text/html"


def test_not_json_claims_to_be_json(platforms: SimulatedPlatforms, kore: httpx.Client, clock: Clock) -> None:
    answer = see(platforms, kore, clock, "start", "not-json")
    assert answer.headers["content-type"] == "application/json"
    with pytest.raises(ValueError, match="delimiter"):
        answer.json()


def test_what_is_not_repeated_is_not_refused(platforms: SimulatedPlatforms, kore: httpx.Client) -> None:
    platforms.kore.shape("refuse-repeat")
    assert kore.post("/api/public/models/cm-up/undeploy").status_code == 200
    answer = kore.post("/api/public/models/cm-down/deploy?modelType=openSource", json=SETTINGS)
    assert answer.status_code == 200
    assert kore.post("/api/public/models/cm-down/export").status_code == 200


def test_a_shape_holds_as_often_as_it_was_told(platforms: SimulatedPlatforms, kore: httpx.Client) -> None:
    platforms.kore.shape("limited", times=2)
    assert [kore.post("/api/public/models/cm-up/export").status_code for _ in range(3)] == [429, 429, 200]


@pytest.mark.parametrize("shape", ["answers-failed", "id-missing"])
def test_an_answer_is_altered_as_often_as_was_told(
    platforms: SimulatedPlatforms, kore: httpx.Client, shape: str
) -> None:
    platforms.kore.shape(shape, times=1)
    first, second = (kore.post("/api/public/models/cm-up/undeploy").json() for _ in range(2))
    assert first["status"] == "FAILED" or "dock-statusId" not in first
    assert (second["status"], "dock-statusId" in second) == ("IN_PROGRESS", True)


def test_as_many_jobs_fail_as_was_told(platforms: SimulatedPlatforms, kore: httpx.Client, clock: Clock) -> None:
    platforms.kore.shape("job-fails", times=1)
    for state in ("deployed", "undeployed"):
        kore.post("/api/public/models/cm-up/undeploy")
        clock.pass_by(10)
        assert platforms.kore.state("cm-up") == state


def test_a_shape_holds_for_one_model_and_one_operation(platforms: SimulatedPlatforms, kore: httpx.Client) -> None:
    platforms.kore.shape("limited", model="cm-up", operation="export")
    paths = ("cm-up/export", "cm-up/undeploy", "cm-down/export")
    assert [kore.post(f"/api/public/models/{path}").status_code for path in paths] == [429, 200, 200]


@pytest.mark.parametrize("shape", sorted(name for name in SHAPES if name.startswith("url-")))
def test_an_export_that_runs_has_no_address_to_move(
    platforms: SimulatedPlatforms, kore: httpx.Client, shape: str
) -> None:
    platforms.kore.shape(shape)
    started = kore.post("/api/public/models/cm-up/export").json()
    assert list(started) == ["_id", "modelId", "jobType", "action", "status", "percentageComplete"]


def test_shapes_add_up(platforms: SimulatedPlatforms, kore: httpx.Client) -> None:
    for name in ("id-_id", "status-lower-case", "other-action"):
        platforms.kore.shape(name)
    answer = kore.post("/api/public/models/cm-up/undeploy").json()
    assert list(answer) == ["_id", "modelId", "jobType", "action", "status"]
    assert (answer["action"], answer["status"]) == ("IMPORT", "in_progress")


def test_a_refused_call_leaves_no_doom_behind(platforms: SimulatedPlatforms, kore: httpx.Client, clock: Clock) -> None:
    platforms.kore.shape("job-fails", times=1)
    assert kore.post("/api/public/models/cm-down/deploy").status_code == 400
    platforms.kore.shapes.clear()
    kore.post("/api/public/models/cm-down/deploy?modelType=openSource", json=SETTINGS)
    clock.pass_by(10)
    assert platforms.kore.state("cm-down") == "deployed"


def test_an_unknown_shape_or_model_is_an_error(platforms: SimulatedPlatforms) -> None:
    with pytest.raises(ValueError, match="no such shape: nothing"):
        platforms.kore.shape("nothing")
    with pytest.raises(ValueError, match="no such model: cm-nobody"):
        platforms.kore.shape("limited", model="cm-nobody")
