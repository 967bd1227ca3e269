"""One address of a simulated platform, as an ASGI application: log, faults, key, shapes, calls, in this order."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from typing import Protocol
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.simulator.exchange import Answer, Call, Route
from reconciler.simulator.faults import Fault, FaultKind
from reconciler.simulator.log import KEPT_HEADERS, Entry
from reconciler.simulator.models import Model
from reconciler.simulator.wire import Line
from reconciler.simulator.world import World

CONTROL = "/_simulator/"
_log = logging.getLogger(__name__)


class Platform(Protocol):
    """What a platform's module gives: its routes, and the parts that all routes share."""

    world: World
    routes: tuple[Route, ...]

    def subject(self, operation: str, id: str, body: object) -> Model | None:
        """Give the model a request is about, by the id in its path or its body."""

    def challenge(self, call: Call) -> Answer | None:
        """Give the answer to a call without the right key, None where the key is right."""

    def unrouted(self, status: int) -> Answer:
        """Give the body of a 404 or 405."""


class Site:
    """Serves `platform` under `name` (the name its log entries carry); `control` answers below /_simulator/."""

    def __init__(self, name: str, platform: Platform, control: ASGIApp) -> None:
        self.name = name
        self.platform = platform
        self.world = platform.world
        self.control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"].startswith(CONTROL):
            await self.control(scope, receive, send)
            return
        body = await _read(receive)
        with self.world.lock:
            route, call = self._route(scope, _parsed(body))
            fault = self._fault(call)
            entry = self._note(scope, call, fault)
            if fault is None:
                answer = self._process(route, call)
                self.world.log.close(entry, status=answer.status, effect=answer.effect)
        line = Line(scope, send)
        if fault is None:
            await line.send(answer)
        else:
            await self._suffer(fault, route, call, entry, line)

    def _route(self, scope: Scope, body: object) -> tuple[Route | Answer, Call]:
        method, path = scope["method"], scope["path"]
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        found: Route | Answer = self.platform.unrouted(404)
        subject = ""
        for route in self.platform.routes:
            if match := route.pattern.fullmatch(path):
                if route.method == method:
                    found, subject = route, match.groupdict().get("id") or ""
                    break
                found = _not_allowed(self.platform, path)
        operation = found.operation if isinstance(found, Route) else ""
        call = Call(
            operation=operation,
            method=method,
            path=path,
            subject=subject,
            model=self.platform.subject(operation, subject, body) if operation else None,
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers=headers,
            body=body,
            origin=f"http://{headers.get('host', '')}",
        )
        return found, call

    def _fault(self, call: Call) -> Fault | None:
        faults = self.world.faults
        if not faults:
            return None
        ids = self.world.ids(call.model) if call.model else frozenset({call.subject})
        return faults.take(method=call.method, path=call.path, operation=call.operation, ids=ids)

    def _note(self, scope: Scope, call: Call, fault: Fault | None) -> Entry:
        entry = Entry(
            number=0,
            at=self.world.now(),
            site=self.name,
            method=call.method,
            path=scope["raw_path"].decode("latin-1"),
            query=call.query,
            operation=call.operation,
            model=call.model.id if call.model else None,
            headers={name: call.headers[name] for name in KEPT_HEADERS if name in call.headers},
            body=call.body,
            fault=fault.kind if fault else None,
        )
        return self.world.log.open(entry)

    def _process(self, route: Route | Answer, call: Call) -> Answer:
        if isinstance(route, Answer):
            return route
        try:
            with self.world.lock:
                if not route.open and (refused := self.platform.challenge(call)):
                    return refused
                return self.world.shapes.answer(call, route.handler)
        except Exception as problem:  # a bug in the simulator: show it to whoever tests against it
            _log.exception("the simulator failed to answer %s %s", call.method, call.path)
            return Answer(status=500, body=f"simulator bug: {problem!r}".encode())

    async def _suffer(self, fault: Fault, route: Route | Answer, call: Call, entry: Entry, line: Line) -> None:
        """Answer a call that a fault hits. The log is complete before anybody can see the answer, as ever."""
        if fault.kind is FaultKind.DROP_LATE_EFFECT:
            await line.drop(reset=fault.reset)
        if fault.kind in (FaultKind.LATE_EFFECT, FaultKind.DROP_LATE_EFFECT):
            await asyncio.sleep(fault.seconds)
            # the model may have changed, or gone, while the request was on its way
            call = replace(call, model=self.platform.subject(call.operation, call.subject, call.body))
        answer = self._process(route, call) if fault.processed else Answer()
        if other := fault.answer():
            answer = replace(other, effect=answer.effect)
        self.world.log.close(entry, status=None if fault.dropped else answer.status, effect=answer.effect)
        if fault.kind is FaultKind.DELAY:
            await asyncio.sleep(fault.seconds)
        await line.spoil(fault, answer)


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message: Message = await receive()
        part: bytes = message.get("body", b"")
        body += part
        if not message.get("more_body", False):
            return body


def _parsed(body: bytes) -> object:
    if not body:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")


def _not_allowed(platform: Platform, path: str) -> Answer:
    allowed = sorted({route.method for route in platform.routes if route.pattern.fullmatch(path)})
    answer = platform.unrouted(405)
    return Answer(status=405, body=answer.body, headers={"allow": ", ".join(allowed)})
