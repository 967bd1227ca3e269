"""The variants of Nugen's answers: what its pages, recorded answers and public clients contradict each other in.

Names that begin with `b-` concern generation B only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reconciler.simulator.exchange import Answer, Call
from reconciler.simulator.shapes import Row, Shape, always, body, by_name

LISTS = frozenset({"list", "b-list"})
ROWS = LISTS | {"b-get"}
DEPLOYS = frozenset({"deploy", "b-deploy"})
STARTS = DEPLOYS | {"undeploy"}
TASKS = frozenset({"deploy-status", "undeploy-status"})
STATUSES = TASKS | {"b-status"}
ALL = ROWS | STARTS | STATUSES
RETRY_SECONDS = 1

Alter = Callable[[Answer, Call], Answer]
Refusal = Callable[[Call], Answer | None]


def _whole(made: Callable[[object], object]) -> Alter:
    """Make a way to replace the answer to a start; `made` gets the id it would have held."""

    def alter(answer: Answer, _call: Call) -> Answer:
        id = answer.body["model_id"] if isinstance(answer.body, dict) else answer.body
        return replace(answer, body=made(id))

    return alter


def _task(**fields: object) -> Alter:
    return body(lambda row: {**row, **fields})


def _result(made: Callable[[Call], object]) -> Alter:
    """Make a way to replace the result of a task that is COMPLETED."""

    def alter(answer: Answer, call: Call) -> Answer:
        done = answer.body["status"] == "COMPLETED"
        return replace(answer, body={**answer.body, "result": made(call)}) if done else answer

    return alter


def _documented(call: Call) -> object:
    if call.operation == "undeploy-status":
        return {"message": "Model successfully undeployed"}
    return {"deployment_id": "deploy-abc123", "endpoint_url": f"https://api.example.com/v1/models/{call.subject}"}


def _lower_case(row: Row) -> Row:
    return {**row, "status": str(row["status"]).lower()}


def _naive(row: Row) -> Row:
    # Recorded answers have no zone: 2026-07-08T11:16:18.493963
    return {
        key: value.removesuffix("Z") if key in _TIMES and isinstance(value, str) else value
        for key, value in row.items()
    }


def _mixed_case(row: Row) -> list[Row]:
    words: Row = {key: str(row[key]).capitalize() for key in ("status", "deployment_status") if key in row}
    return [{**row, **words}]


def _word(word: str) -> Callable[[Row], list[Row]]:
    """Show a status word: in `status` where the row has it (generation A), else in `deployment_status`."""
    return lambda row: [{**row, "status" if "status" in row else "deployment_status": word}]


def _without(name: str) -> Callable[[Row], list[Row]]:
    return lambda row: [{key: value for key, value in row.items() if key != name}]


def _contradiction(row: Row) -> list[Row]:
    return [{**row, "status": "DEPLOYED", "deployment_status": "UNDEPLOYED"}] if "status" in row else [row]


def _namesake(row: Row) -> list[Row]:
    ids: Row = {key: f"{row[key]}-2" for key in ("id", "model_id", "alignment_id") if key in row}
    return [row, {**row, **ids}]


def _ready(row: Row) -> list[Row]:
    return _word("READY")(row) if row.get("deployment_status") == "UNDEPLOYED" else [row]


def _already(call: Call) -> Answer:
    done = "undeployed" if call.operation == "undeploy" else "deployed"
    return Answer(status=400, body={"detail": f"Model is already {done}"})


def _unless_early(call: Call) -> Answer | None:
    if call.query.get("early") == "true":
        return None
    return Answer(status=409, body={"detail": {"message": "Run not finished", "early_deployable": True}})


_TIMES = frozenset({"start_time", "end_time", "created_date", "created_at"})
_HTML = {"content-type": "text/html"}
_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
_ISSUE = {"loc": ["path", "model_id"], "msg": "field required", "type": "value_error.missing"}
_UNDEPLOYING = {"detail": "Model cannot be redeployed. Current status: UNDEPLOYING"}
_INVISIBLE = {"error": "No active deployment. Model status is EVALUATED."}
_LIMITED = {"detail": "Rate limit exceeded"}
_RETRY = {"retry-after": str(RETRY_SECONDS)}

_ALTERED: tuple[tuple[str, str, frozenset[str], Alter], ...] = (
    ("answer-string", "a start answers a bare id", STARTS, _whole(lambda id: id)),
    ("answer-object", 'a start answers {"model_id"}', STARTS, _whole(lambda id: {"model_id": id})),
    ("answer-empty", "a start answers 200 without a body", STARTS, _whole(lambda _id: b"")),
    ("answer-other", "a start answers JSON without an id", STARTS, _whole(lambda _id: {"message": "accepted"})),
    ("task-lower-case", "pending, completed, failed, as older pages say", STATUSES, body(_lower_case)),
    ("task-forever-pending", "a task that is never over", TASKS, _task(status="PENDING", result=None, end_time=None)),
    (
        "task-not-visible",
        "FAILED: no active deployment",
        TASKS,
        _task(status="FAILED", result=_INVISIBLE, start_time=None, end_time=None),
    ),
    ("task-completed", "COMPLETED, whatever was started", TASKS, _task(status="COMPLETED", result={})),
    ("result-documented", "the result as the page shows it", TASKS, _result(_documented)),
    ("result-empty", "a result of {}, as older samples have it", TASKS, _result(lambda _call: {})),
    ("result-null", "no result", TASKS, _result(lambda _call: None)),
    ("naive-times", "times without a zone, as recorded", TASKS, body(_naive)),
)
_ROWS: tuple[tuple[str, str, Callable[[Row], list[Row]]], ...] = (
    ("list-mixed-case", "Deployed, Undeployed", _mixed_case),
    ("list-naive-times", "times without a zone", lambda row: [_naive(row)]),
    ("no-deployment-status", "rows without deployment_status", _without("deployment_status")),
    ("no-alignment-id", "rows without alignment_id", _without("alignment_id")),
    ("contradiction", "status DEPLOYED with deployment_status UNDEPLOYED (generation A)", _contradiction),
    ("evaluating", "EVALUATING, which the platform began by itself", _word("EVALUATING")),
    ("warming", "a status word that no page has: WARMING", _word("WARMING")),
    ("ready", "READY where UNDEPLOYED is meant", _ready),
    ("row-missing", "a model that is not listed (yet)", lambda _row: []),
    ("row-twice", "the same row twice", lambda row: [row, row]),
    ("duplicate-name", "a second model of the same name", _namesake),
)
_REFUSALS: tuple[tuple[str, str, frozenset[str], Refusal], ...] = (
    ("already", "400: already deployed, or undeployed", STARTS, _already),
    ("refused-undeploying", "400: current status UNDEPLOYING", DEPLOYS, always(400, _UNDEPLOYING)),
    ("b-needs-early", "409 unless early=true", frozenset({"b-deploy"}), _unless_early),
    ("no-credits", "402: out of credits", STARTS, always(402, {"detail": "Insufficient credits"})),
    ("task-404", "404 for a task, as right after a start", STATUSES, always(404, {"detail": "Model not found"})),
    ("list-error", "500 for the list", LISTS, always(500, {"detail": "Internal Server Error"})),
    ("error-422", "422 with an array", ALL, always(422, {"detail": [_ISSUE]})),
    ("error-409", "409 with an object", ALL, always(409, {"detail": {"document_id": "doc-1"}})),
    ("error-500", "500 with text", ALL, always(500, b"Internal Server Error", {"content-type": "text/plain"})),
    ("error-html", "502 with nginx's page", ALL, always(502, _GATEWAY, _HTML)),
    ("unavailable", "503 without a body", ALL, always(503, b"")),
    ("unauthorized", "401", ALL, always(401, {"detail": "Not authenticated"})),
    ("forbidden", "403", ALL, always(403, {"detail": "Not authenticated"})),
    ("limited", "429 that does not say how long", ALL, always(429, _LIMITED)),
    ("limited-seconds", "429, Retry-After in seconds", ALL, always(429, _LIMITED, _RETRY)),
)
_DOOMS: tuple[tuple[str, str, frozenset[str], str], ...] = (
    (
        "deploy-fails",
        "the deployment fails for want of resources",
        DEPLOYS,
        "Deployment failed due to insufficient resources",
    ),
    (
        "deploy-reverted",
        "the deployment fails and is taken back",
        DEPLOYS,
        "Redeployment failed and was reverted to READY status",
    ),
    ("undeploy-fails", "the undeployment fails", frozenset({"undeploy"}), "Undeployment failed"),
    ("b-reverts", "UNDEPLOYED again, with an error", frozenset({"b-deploy"}), "provider rejected the deployment"),
)
# The platform itself asks for these, so they hold until cleared and are never used up.
_LASTING: tuple[tuple[str, str], ...] = (
    ("same-id", "the model's id does not change when it is undeployed"),
    ("any-id", "deploy and undeploy accept every id the model ever had"),
    ("hyphen-id", "the id begins with a hyphen, as it does for a name that begins with a space"),
    ("b-two-pages", "a page holds half of the models at most, whatever `limit` says"),
    ("b-ignores-offset", "every page is the first"),
)

SHAPES = by_name(
    *(Shape(name, about, operations, alter=alter) for name, about, operations, alter in _ALTERED),
    *(Shape(name, about, ROWS, row=row) for name, about, row in _ROWS),
    *(
        Shape(name, f"{about}; no effect", operations, instead=instead)
        for name, about, operations, instead in _REFUSALS
    ),
    *(Shape(name, about, operations, doom=doom) for name, about, operations, doom in _DOOMS),
    *(Shape(name, about) for name, about in _LASTING),
)
