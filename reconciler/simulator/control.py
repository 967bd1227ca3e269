"""Control of a running simulator from outside, by HTTP below /_simulator/. Asks for no key: it serves on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reconciler.simulator.faults import ABOUT, Fault
from reconciler.simulator.models import JobTime
from reconciler.simulator.world import World

_PREFIX = "/_simulator"


def control(world: World, reset: Callable[[], None]) -> Starlette:
    """Make the control application of one world; `reset` puts the whole simulator back to its beginning."""
    desk = _Desk(world, reset)
    routes = [
        Route(f"{_PREFIX}/log", desk.log),
        Route(f"{_PREFIX}/models", desk.models),
        Route(f"{_PREFIX}/models/{{id}}/state", desk.set_state, methods=["POST"]),
        Route(f"{_PREFIX}/models/{{id}}/kill-job", desk.kill_job, methods=["POST"]),
        Route(f"{_PREFIX}/models/{{id}}/fail-next", desk.fail_next, methods=["POST"]),
        Route(f"{_PREFIX}/shapes", desk.shapes),
        Route(f"{_PREFIX}/shapes", desk.use_shape, methods=["POST"]),
        Route(f"{_PREFIX}/faults", desk.faults),
        Route(f"{_PREFIX}/faults", desk.add_fault, methods=["POST"]),
        Route(f"{_PREFIX}/job-time", desk.set_job_time, methods=["POST"]),
        Route(f"{_PREFIX}/reset", desk.reset, methods=["POST"]),
    ]
    return Starlette(routes=routes, exception_handlers={ValueError: _refuse, TypeError: _refuse})


async def _refuse(_request: Request, problem: Exception) -> Response:
    return JSONResponse({"error": str(problem)}, status_code=400)


async def _body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    body = json.loads(raw) if raw else {}
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body


def _done() -> Response:
    return Response(status_code=204)


class _Desk:
    def __init__(self, world: World, reset: Callable[[], None]) -> None:
        self._world = world
        self._reset = reset

    async def log(self, request: Request) -> Response:
        """Give the log; query `method`, `operation`, `model` narrow it."""
        wanted = {name: request.query_params.get(name) for name in ("method", "operation", "model")}
        return JSONResponse({"log": [entry.as_json() for entry in self._world.log.find(**wanted)]})

    async def models(self, request: Request) -> Response:
        """Give every model's id, name and state. Does not count as a read."""
        with self._world.lock:
            shown = [
                {"id": model.id, "name": model.name, "state": self._world.state(model.id)}
                for model in self._world.models.values()
            ]
        return JSONResponse({"models": shown})

    async def set_state(self, request: Request) -> Response:
        """Change a model by hand: `{"state": "deployed" | "undeployed" | a status word}`."""
        body = await _body(request)
        self._world.set_state(request.path_params["id"], _text(body, "state"))
        return _done()

    async def kill_job(self, request: Request) -> Response:
        """Let a model's newest running job fail: `{"error": text}`, optional."""
        body = await _body(request)
        job = self._world.kill_job(request.path_params["id"], str(body.get("error", "")))
        return JSONResponse({"job": job.id, "verb": job.verb, "state": job.state})

    async def fail_next(self, request: Request) -> Response:
        """Let a model's next job fail: `{"error": text}`, optional."""
        body = await _body(request)
        self._world.fail_next(request.path_params["id"], str(body.get("error", "")))
        return _done()

    async def shapes(self, request: Request) -> Response:
        """Give the catalogue: name and meaning of every shape."""
        return JSONResponse({name: shape.about for name, shape in self._world.shapes.catalogue.items()})

    async def use_shape(self, request: Request) -> Response:
        """Put a shape in force: `{"name", "model", "operation", "times"}`, all but the name optional."""
        body = await _body(request)
        self._world.shape(_text(body, "name"), **{key: value for key, value in body.items() if key != "name"})
        return _done()

    async def faults(self, request: Request) -> Response:
        """Give the kinds of faults and their meaning."""
        return JSONResponse(dict(ABOUT))

    async def add_fault(self, request: Request) -> Response:
        """Put a fault in force: the fields of `Fault`; `kind` is required."""
        self._world.fault(Fault(**await _body(request)))
        return _done()

    async def set_job_time(self, request: Request) -> Response:
        """Set how long jobs run: `{"seconds"}` or `{"polls"}`, with `model` for one model only."""
        body = await _body(request)
        model = body.pop("model", None)
        self._world.set_job_time(JobTime(**body), model)
        return _done()

    async def reset(self, request: Request) -> Response:
        """Put both accounts back to their beginning."""
        self._reset()
        return _done()


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} must be text")
    return value
