"""The variants of Kore.ai's answers: what its pages contradict each other in, and what they leave open.

"sample" and "table" are the two halves of one page, which often differ. Errors are not on the pages of these calls at
all; the bodies here are those of Kore.ai's neighbouring products.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from reconciler.simulator.exchange import Answer, Call
from reconciler.simulator.shapes import Row, Shape, always, body, by_name

STARTS = frozenset({"deploy", "undeploy", "export"})
DOCK = frozenset({"dock-status"})
JOBS = STARTS | DOCK
RETRY_SECONDS = 1
OTHER_MODEL = "cm-00000"
OTHER_JOB = "ds-00000000-0000-5000-8000-000000000000"

Alter = Callable[[Answer, Call], Answer]
_ID_NAMES = ("dockStatusId", "dock-statusId", "dockstatusId", "_id")


def _renamed(old: tuple[str, ...], new: str) -> Alter:
    return body(lambda row: {new if key in old else key: value for key, value in row.items()})


def _without(*names: str) -> Alter:
    return body(lambda row: {key: value for key, value in row.items() if key not in names})


def _with(**fields: object) -> Alter:
    return body(lambda row: {**row, **fields})


def _status(word: Callable[[str], str]) -> Alter:
    return body(lambda row: {**row, "status": word(str(row["status"]))})


def _progress(type: Callable[[object], object]) -> Alter:
    def shown(row: Row) -> Row:
        guess = 100 if row["status"] == "SUCCESS" else 50
        return {**row, "percentageComplete": type(row.get("percentageComplete", guess))}

    return body(shown)


def _url(place: Callable[[str], Row]) -> Alter:
    def moved(row: Row) -> Row:
        response = row.get("response")
        if not isinstance(response, Mapping):
            return row
        return {key: value for key, value in row.items() if key != "response"} | place(str(response["downloadUrl"]))

    return body(moved)


def _empty(answer: Answer, _call: Call) -> Answer:
    return replace(answer, body=b"")


def _not_json(answer: Answer, _call: Call) -> Answer:
    return replace(answer, body=answer.content.replace(b",", b"", 1), headers={"content-type": "application/json"})


def _limited(headers: Callable[[], Mapping[str, str]], **more: object) -> Callable[[Call], Answer]:
    text = "Rate limit for this API has been reached. Please try again later"
    refusal = {"success": False, "error": {"code": "RATE_LIMIT_EXCEEDED", "message": text}, **more}
    return lambda _call: Answer(status=429, body=refusal, headers=headers())


def _retry_date() -> Mapping[str, str]:
    return {"retry-after": format_datetime(datetime.now(UTC) + timedelta(seconds=RETRY_SECONDS), usegmt=True)}


def _repeated(call: Call) -> Answer | None:
    model = call.model
    if model is None or call.operation == "export" or model.deployed is not (call.operation == "deploy"):
        return None
    return Answer(status=400, body={"error": f"Model is already {model.state}"})


_HTML = {"content-type": "text/html"}
_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_INTERNAL = {"code": "INTERNAL_ERROR", "message": "Something went wrong"}
_SCOPE = {"code": "FORBIDDEN", "message": "The key's app lacks the scope"}
_NO_JOB = {"success": False, "error": {"code": "NOT_FOUND", "message": "Not found"}}

_OF_STARTS: tuple[tuple[str, str, Alter], ...] = (
    ("id-dockStatusId", "job id as the tables spell it", _renamed(_ID_NAMES, "dockStatusId")),
    ("id-dock-statusId", "job id as most samples spell it", _renamed(_ID_NAMES, "dock-statusId")),
    ("id-dockstatusId", "job id as the import page spells it", _renamed(_ID_NAMES, "dockstatusId")),
    ("id-_id", "job id as the export sample spells it", _renamed(_ID_NAMES, "_id")),
    ("id-missing", "no job id", _without(*_ID_NAMES)),
    ("answers-success", "the start says SUCCESS while the job runs", _with(status="SUCCESS")),
    ("answers-in-progress", "the start says IN_PROGRESS though the job is over", _with(status="IN_PROGRESS")),
)
_OF_DOCK_STATUS: tuple[tuple[str, str, Alter], ...] = (
    ("other-job-id", "another job's id", _with(_id=OTHER_JOB)),
    ("tool-id", "toolId instead of modelId, as the page says", _renamed(("modelId",), "toolId")),
    ("workflow-id", "workflowId instead of modelId, as the newest page says", _renamed(("modelId",), "workflowId")),
    ("dock-in-progress", "IN_PROGRESS though the job is over, or was said to be", _with(status="IN_PROGRESS")),
    ("dock-minimal", "_id and status only", body(lambda row: {key: row[key] for key in ("_id", "status")})),
)
_OF_BOTH: tuple[tuple[str, str, Alter], ...] = (
    ("status-lower-case", "status in lower case", _status(str.lower)),
    ("status-spaced", "IN_ PROGRESS, as the import page prints it", _status(lambda word: word.replace("_", "_ "))),
    ("status-split", "IN PROGRES S, likewise", _status(lambda word: word.replace("IN_PROGRESS", "IN PROGRES S"))),
    ("status-unknown", "a status word that no page has: QUEUED", _with(status="QUEUED")),
    ("other-model-id", "another model's id, as in the samples", _with(modelId=OTHER_MODEL)),
    ("other-action", "an action that was not asked for", _with(action="IMPORT")),
    ("progress-number", "percentageComplete for every job", _progress(lambda done: done)),
    ("progress-string", "percentageComplete as text", _progress(str)),
    ("progress-zero", "percentageComplete 0, whatever was said before", _with(percentageComplete=0)),
    ("url-flat", "downloadURL at the top, as the table says", _url(lambda url: {"downloadURL": url})),
    ("url-flat-camel", "downloadUrl at the top", _url(lambda url: {"downloadUrl": url})),
    ("url-nested-upper", "response.downloadURL", _url(lambda url: {"response": {"downloadURL": url}})),
    (
        "url-spaced",
        "a space before the address, as newer samples",
        _url(lambda url: {"response": {"downloadUrl": f" {url}"}}),
    ),
    ("url-missing", "a finished export without an address", _url(lambda _url: {})),
    ("empty-body", "200 and no body; the call has its effect", _empty),
    ("not-json", "JSON with a comma missing, as one sample has it; the call has its effect", _not_json),
)
_REFUSALS: tuple[tuple[str, str, Callable[[Call], Answer | None]], ...] = (
    ("refuse-repeat", "400 for deploying the deployed and undeploying the undeployed", _repeated),
    ("unauthorized", "401", always(401, {"error": "Unauthorized"})),
    ("forbidden", "403", always(403, {"error": _SCOPE})),
    ("error-html", "502 with an HTML page", always(502, _GATEWAY, _HTML)),
    ("error-text", '500 {"error": text}', always(500, {"error": "Something went wrong"})),
    ("error-object", '500 {"error": {"code", "message"}}', always(500, {"error": _INTERNAL})),
    ("unavailable", "503 without a body", always(503, b"")),
    ("limited-seconds", "429, Retry-After in seconds", _limited(lambda: {"retry-after": str(RETRY_SECONDS)})),
    ("limited-date", "429, Retry-After as a date", _limited(_retry_date)),
    ("limited-ms", "429, retryAfterMs in the body", _limited(dict, retryAfterMs=300)),
    ("limited", "429 that does not say how long", _limited(dict)),
)

SHAPES = by_name(
    *(Shape(name, about, STARTS, alter=alter) for name, about, alter in _OF_STARTS),
    *(Shape(name, about, DOCK, alter=alter) for name, about, alter in _OF_DOCK_STATUS),
    *(Shape(name, about, JOBS, alter=alter) for name, about, alter in _OF_BOTH),
    *(Shape(name, f"{about}; no effect", JOBS, instead=instead) for name, about, instead in _REFUSALS),
    Shape("unknown-job", "404 for a dock status", DOCK, instead=always(404, _NO_JOB)),
    Shape(
        "answers-failed", "the start says FAILED, and so the job ends", STARTS, alter=_with(status="FAILED"), doom=""
    ),
    Shape("job-fails", "the job ends FAILED; no reason is ever given", STARTS, doom=""),
)
