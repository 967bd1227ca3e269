"""Kore.ai's public model calls, as its pages "Deploy / Undeploy / Export a Model API" and "Get Dock Status API" say.

There is deliberately no route that lists models or reads a model's state: the pages have none. What they leave open is
chosen here and marked; `kore_shapes` has the other choices.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable

from reconciler.simulator.exchange import Answer, Call, Route
from reconciler.simulator.kore_settings import complaint
from reconciler.simulator.models import Job, JobState, Model, Verb
from reconciler.simulator.world import World

STATUS = {JobState.RUNNING: "IN_PROGRESS", JobState.SUCCEEDED: "SUCCESS", JobState.FAILED: "FAILED"}


def error(status: int, code: str, message: str) -> Answer:
    """Give an error body. The model pages show none; this is the form of the Agent Platform 2.0 reference."""
    return Answer(status=status, body={"success": False, "error": {"code": code, "message": message}})


class Kore:
    """The calls of one Kore.ai account."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._downloads: dict[str, Job] = {}
        self.routes = (
            *(
                _route(verb, "POST", f"/api/public/models/(?P<id>[^/]+)/{verb}", self._starter(verb))
                for verb in (Verb.DEPLOY, Verb.UNDEPLOY, Verb.EXPORT)
            ),
            _route("dock-status", "GET", "/api/public/dock-status/(?P<id>[^/]+)", self.dock_status),
            # Whether the download asks for the key is not said ("copy into a browser"): it doesn't here.
            _route("download", "GET", "/api/v1/account/(?P<id>[^/]+)", self.download, open=True),
            # The address of a deployment is shown in the console only; these are its two documented endings.
            _route("probe", "POST", "/models/(?P<id>[^/]+)/v2/chat/completions", self.probe, open=True),
            _route("probe", "POST", "/models/(?P<id>[^/]+)/v1/completions", self.probe, open=True),
            _route("probe", "POST", "/v2/chat/completions", self.probe, open=True),
        )

    def subject(self, operation: str, id: str, body: object) -> Model | None:
        """Give the model a request is about: by its own id, its job's, its download's, or the one the body names."""
        if operation == "dock-status":
            job = self.world.job(id)
        elif operation == "download":
            job = self._downloads.get(id)
        else:
            named = body.get("model") if not id and isinstance(body, dict) else id
            return self.world.find(named) if isinstance(named, str) else None
        return self.world.find(job.model) if job else None

    def challenge(self, call: Call) -> Answer | None:
        """Give the answer to a call without the right key, None where the key is right."""
        if call.headers.get("x-api-key") == self.world.key:
            return None
        return error(401, "UNAUTHORIZED", "Invalid or missing API key")

    def unrouted(self, status: int) -> Answer:
        """Give the body of a 404 or 405 for a path that is not served."""
        return error(status, "NOT_FOUND" if status == 404 else "METHOD_NOT_ALLOWED", "No such route")

    def _starter(self, verb: Verb) -> Callable[[Call], Answer]:
        return lambda call: self.start(verb, call)

    def start(self, verb: Verb, call: Call) -> Answer:
        """Start a job. Deploying the deployed or undeploying the undeployed is not documented: it runs a job too."""
        model = call.model
        if model is None:
            return error(404, "NOT_FOUND", f"Model {call.subject} not found")
        if verb is Verb.DEPLOY:
            if text := complaint(call.query, call.body):
                return error(400, "VALIDATION_ERROR", text)
            if not model.deployed_before:
                # All API lists: the very first deployment is made in the console.
                return error(400, "BAD_REQUEST", "The first deployment must be made in the console")
        job = self.world.start(model, verb, settings=call.body if verb is Verb.DEPLOY else None)
        # The samples: dock-statusId for deploy and undeploy, _id for export.
        body = {"_id" if verb is Verb.EXPORT else "dock-statusId": job.id, **self._describe(job, call.origin)}
        return Answer(body=body, effect=True)

    def dock_status(self, call: Call) -> Answer:
        """Show a job. The page names only toolId, though MODELS is among its job types; here it is modelId."""
        job = self.world.job(call.subject)
        if job is None:
            return error(404, "NOT_FOUND", "Dock status not found")
        self.world.look(job)
        return Answer(body={"_id": job.id, **self._describe(job, call.origin)})

    def _describe(self, job: Job, origin: str) -> dict[str, object]:
        shown: dict[str, object] = {
            "modelId": job.model,
            "jobType": "MODELS",
            "action": job.verb.upper(),
            "status": STATUS[job.state],
        }
        if job.verb is Verb.EXPORT:
            shown["percentageComplete"] = job.progress(self.world.now())
            if job.state is JobState.SUCCEEDED:
                token = hashlib.sha256(job.id.encode()).hexdigest()[:24]
                self._downloads[token] = job
                shown["response"] = {"downloadUrl": f"{origin}/api/v1/account/{token}"}
        return shown

    def download(self, call: Call) -> Answer:
        """Give the exported file."""
        if call.model is None:
            return error(404, "NOT_FOUND", "No such file")
        name = f'attachment; filename="{call.model.id}.zip"'
        headers = {"content-type": "application/zip", "content-disposition": name}
        return Answer(body=package(call.model), headers=headers)

    def probe(self, call: Call) -> Answer:
        """Answer an inference call when the model is deployed. Its key is the deployment's own, not the account's."""
        given = call.headers.get("x-api-key") or call.headers.get("authorization", "").removeprefix("Bearer ")
        if given != self.world.probe_key:
            return error(401, "UNAUTHORIZED", "Invalid or missing API key")
        if call.model is None or not call.model.deployed:
            return error(404, "NOT_FOUND", "No such deployment")
        message = {"role": "assistant", "content": "ok"}
        choice = {"index": 0, "message": message, "text": "ok", "finish_reason": "length"}
        return Answer(body={"object": "chat.completion", "model": call.model.id, "choices": [choice]})


def package(model: Model) -> bytes:
    """Give the zip an export of this model makes: the same bytes for the same model, always."""
    files = {
        "deployconfig.json": json.dumps({"modelId": model.id, "name": model.name}, indent=2).encode(),
        "weights.bin": hashlib.sha256(model.id.encode()).digest() * 8,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0)), data)
    return buffer.getvalue()


def _route(operation: str, method: str, path: str, handler: Callable[[Call], Answer], *, open: bool = False) -> Route:
    return Route(operation, method, re.compile(path), handler, open)
