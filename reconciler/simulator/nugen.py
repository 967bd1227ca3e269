"""Nugen's calls about aligned models, in both generations of its routes, which share the prefix /api/v3.

Generation A is documented on Nugen's pages (the list, "redeploy aligned model", "Get Deployment Status", "undeploy
model", "Get Undeploy Status"); generation B is known from public clients only. What neither settles is chosen here and
marked; `nugen_shapes` has the other choices.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import islice

from reconciler.simulator.exchange import Answer, Call, Route
from reconciler.simulator.models import JobState, Model, Verb
from reconciler.simulator.shapes import Row
from reconciler.simulator.world import World

NOT_READY = frozenset({"QUEUED", "PROCESSING", "PENDING", "STOPPED", "FAILED"})
PAGE = 20  # default and maximum of `limit` are not documented; clients send 20 and 100
MAX_PAGE = 100
_DIGITS = 15  # the first digits of a longer number are beyond every list all the same
_TASK = {JobState.RUNNING: "PENDING", JobState.SUCCEEDED: "COMPLETED", JobState.FAILED: "FAILED"}


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower())


def deployed_id(model: Model) -> str:
    """Give the id of a model while it is deployed: its name and alignment id run together, as recorded answers show.

    A name that begins with a space makes an id that begins with a hyphen.
    """
    return f"{_slug(model.name)}-{_slug(model.id)}"


def undeployed_id(model: Model) -> str:
    """Give the id of a model while it is not deployed: `alignment-{id}`, as the list's page says."""
    return "alignment-" + re.sub(r"^alignment-", "", _slug(model.id))


def model_id_b(model: Model) -> str:
    """Give the id generation B has for a model, deployed or not."""
    return "model_" + re.sub(r"^alignment-", "", _slug(model.id))


def ids(model: Model) -> tuple[str, ...]:
    """Give every id a model is known by besides its alignment id."""
    return deployed_id(model), undeployed_id(model), model_id_b(model)


def error(status: int, detail: object) -> Answer:
    """Give an error body: one key `detail`, which is text, an array (422) or an object (409)."""
    return Answer(status=status, body={"detail": detail})


class _Nugen:
    """What both generations share."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.routes: tuple[Route, ...] = ()

    def subject(self, operation: str, id: str, body: object) -> Model | None:
        """Give the model whose id (any of its ids) stands in the path."""
        return self.world.find(id) or (self.world.find(id[1:]) if id.startswith("-") else None)

    def challenge(self, call: Call) -> Answer | None:
        """Give the answer to a call without the right bearer key, None where the key is right."""
        given = call.headers.get("authorization")
        if given == f"Bearer {self.world.key}":
            return None
        return error(401, "Invalid API key" if given else "Not authenticated")

    def unrouted(self, status: int) -> Answer:
        """Give the body of a 404 or 405 for a path that is not served."""
        return error(status, "Not Found" if status == 404 else "Method Not Allowed")

    def _list(self, operation: str, models: Iterable[Model], row: Callable[[Model], Row]) -> Answer:
        shown = self.world.shapes.rows(operation, ((model.id, row(model)) for model in models))
        return Answer(body={"domain_aligned_models": shown})

    def _read(self, model: Model) -> Model:
        self.world.look_at(model)
        self.world.find(model.id)
        return model


class NugenA(_Nugen):
    """The documented calls: a list, and tasks per model for deploy and undeploy."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.routes = (
            _route("list", "GET", "aligned", self.list),
            _route("deploy", "POST", "deploy-model/(?P<id>[^/]+)", self.deploy),
            _route("deploy-status", "GET", "deploy-model/(?P<id>[^/]+)/status", self.deploy_status),
            _route("undeploy", "DELETE", "undeploy-model/(?P<id>[^/]+)", self.undeploy),
            _route("undeploy-status", "GET", "undeploy-model/(?P<id>[^/]+)/status", self.undeploy_status),
        )

    def id_when(self, deployed: bool, model: Model) -> str:
        """Give the id the list shows for a model while deployed or not: two ids, but for the shape `same-id`."""
        on = self.world.shapes.on
        id = deployed_id(model) if deployed or on("same-id", model.id) else undeployed_id(model)
        return f"-{id}" if on("hyphen-id", model.id) else id

    def list(self, call: Call) -> Answer:
        """List all models with their state. This generation has no pages."""
        return self._list("list", self.world.models.values(), self._row)

    def _row(self, model: Model) -> Row:
        self._read(model)
        id = self.id_when(model.deployed, model)
        return {
            "id": id,
            "alignment_id": model.id,
            "name": model.name,
            "base_model": "nugen-flash-instruct",
            "alignment_project": model.name,
            "created_date": "2026-07-08T09:30:00Z",
            "status": model.state.upper(),
            "deployment_status": "DEPLOYED" if model.deployed else "UNDEPLOYED",
            "endpoint": f"https://api.nugen.in/api/v3/inference/completions/{id}" if model.deployed else None,
            "creator": "owner@example.com",
            "usage_count": 0,
            "last_used": None,
            "downloadable": True,
            **model.facts,
        }

    def _meant(self, call: Call) -> Model | None:
        # Which id the action calls accept after an undeploy is not documented; the strict reading is the list's
        # current one.
        model = call.model
        if model and call.subject != self.id_when(model.deployed, model):
            return model if self.world.shapes.on("any-id", model.id) else None
        return model

    def deploy(self, call: Call) -> Answer:
        """Start a deployment; refused unless the model is at rest and not deployed."""
        model = self._meant(call)
        if model is None:
            return error(404, "Model not found")
        state = model.state.upper()
        unfinished = state in NOT_READY and call.query.get("early") != "true"
        if model.busy or model.deployed or unfinished or state == "EVALUATING":
            return error(400, f"Model cannot be redeployed. Current status: {state}")
        self.world.start(model, Verb.DEPLOY)
        return Answer(body={"model_id": self.id_when(True, model)}, effect=True)

    def undeploy(self, call: Call) -> Answer:
        """Start an undeployment. The page: DELETE, answered by a bare string, 400 when undeployed already."""
        model = self._meant(call)
        if model is None:
            return error(404, "Model not found")
        if model.busy:
            # Not documented; the words follow those of the deploy call.
            return error(400, f"Model cannot be undeployed. Current status: {model.state.upper()}")
        if not model.deployed:
            return error(400, "Model is already undeployed")
        self.world.start(model, Verb.UNDEPLOY)
        return Answer(body=self.id_when(False, model), effect=True)

    def deploy_status(self, call: Call) -> Answer:
        """Show the deploy task. Recorded answers have `deployment_status` as its result."""
        return self._task(call, Verb.DEPLOY, {"deployment_status": "DEPLOYED"}, "No active deployment.")

    def undeploy_status(self, call: Call) -> Answer:
        """Show the undeploy task. What it says of a model never undeployed is not documented: as for deploy."""
        return self._task(call, Verb.UNDEPLOY, {"message": "Model successfully undeployed"}, "No active undeployment.")

    def _task(self, call: Call, verb: Verb, result: Row, none: str) -> Answer:
        model = call.model
        if model is None:
            return error(404, "Model not found")
        job = model.last.get(verb)
        body: Row = {"model_id": call.subject, "status": "FAILED", "result": None, "start_time": None, "end_time": None}
        if job is None:
            # A recorded answer: 200 and FAILED also mean that nothing was ever started.
            body["result"] = {"error": f"{none} Model status is {model.state.upper()}."}
            return Answer(body=body)
        self.world.look(job)
        body["status"] = _TASK[job.state]
        # Recorded times lie milliseconds apart: they are those of the status computation, not of the task.
        body["start_time"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        if job.state is not JobState.RUNNING:
            body["result"] = result if job.state is JobState.SUCCEEDED else {"error": job.error}
            body["end_time"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        return Answer(body=body)


class NugenB(_Nugen):
    """The calls newer public clients make: pages, one model, its deployment. No source calls an undeploy: 405."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.routes = (
            _route("b-list", "GET", "aligned", self.list),
            _route("b-deploy", "POST", "(?P<id>[^/]+)/deployment", self.deploy),
            _route("b-status", "GET", "(?P<id>[^/]+)/deployment/status", self.status),
            _route("b-get", "GET", "(?P<id>[^/]+)", self.get),
        )

    def list(self, call: Call) -> Answer:
        """Give a page of the models: `limit` rows from `offset` on; no total, no cursor."""
        page: dict[str, int] = {}
        for name, default, low in (("limit", PAGE, 1), ("offset", 0, 0)):
            text = call.query.get(name, str(default))
            number = int(text[:_DIGITS]) if text.isdecimal() else -1
            if number < low:
                issue = {"loc": ["query", name], "msg": f"must be an integer from {low}", "type": "value_error"}
                return error(422, [issue])
            page[name] = number
        limit = min(page["limit"], MAX_PAGE)
        if self.world.shapes.on("b-two-pages", ""):
            limit = min(limit, max(1, (len(self.world.models) + 1) // 2))
        offset = 0 if self.world.shapes.on("b-ignores-offset", "") else page["offset"]
        models = islice(self.world.models.values(), offset, offset + limit)
        return self._list("b-list", models, self._row)

    def _row(self, model: Model) -> Row:
        self._read(model)
        return {
            "model_id": model_id_b(model),
            "model_name": model.name,
            "base_model_id": "qwen-v2p5-0p5b-instruct",
            "base_model_name": "Qwen 2.5 0.5B Instruct",
            "alignment_id": model.id,
            "deployment_status": model.state.upper(),
            "created_at": "2026-09-27T09:30:00Z",
            "evaluation_data": None,
            **model.facts,
        }

    def get(self, call: Call) -> Answer:
        """Give one model."""
        rows = self.world.shapes.rows("b-get", [(call.model.id, self._row(call.model))] if call.model else [])
        return Answer(body=rows[0]) if rows else error(404, "Model not found")

    def deploy(self, call: Call) -> Answer:
        """Start a deployment. 400 when deployed already; 409 for a run that is not finished, unless `early=true`."""
        model = call.model
        if model is None:
            return error(404, "Model not found")
        if model.busy:
            return error(400, f"Model cannot be deployed. Current status: {model.state.upper()}")
        if model.deployed:
            return error(400, "Model is already deployed")
        if model.word in NOT_READY and call.query.get("early") != "true":
            return error(409, {"message": "Run not finished", "early_deployable": True})
        self.world.start(model, Verb.DEPLOY)
        return Answer(body={"model_id": model_id_b(model)}, effect=True)

    def status(self, call: Call) -> Answer:
        """Give the deployment's state; a failed deploy is UNDEPLOYED again, with `error` set."""
        model = call.model
        if model is None:
            return error(404, "Model not found")
        self._read(model)
        return Answer(body={"model_id": model_id_b(model), "status": model.state.upper(), "error": model.error})


def _route(operation: str, method: str, path: str, handler: Callable[[Call], Answer]) -> Route:
    return Route(operation, method, re.compile("/api/v3/models/" + path), handler)
