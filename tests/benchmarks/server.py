"""A server that is quick enough to measure others by: Kore.ai's and Nugen's routes, in a process of its own.

It has no model of its own of what is right: it starts what it is asked to, lets a job run its seconds, and counts."""

import argparse
import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

HEAD = b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
READ, ACTION = "read", "action"


@dataclass(slots=True)
class Tally:
    """What was seen. `sent` has one entry per request: when it came, its operation, its subject."""

    opened: Counter[str] = field(default_factory=Counter)
    open_now: int = 0
    most_open: int = 0
    flying: int = 0
    most_flying: int = 0
    sent: list[tuple[float, str, str]] = field(default_factory=list)
    jobs: dict[str, tuple[float, float]] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        return {
            "opened": dict(self.opened),
            "most_open": self.most_open,
            "most_flying": self.most_flying,
            "operations": dict(Counter(operation for _, operation, _ in self.sent)),
            "sent": self.sent,
            "jobs": self.jobs,
        }


class Service:
    """Both platforms. A new job lasts `shortest` to `longest` seconds, by its number."""

    def __init__(self, *, latency: float, shortest: float, longest: float, models: int, every: int) -> None:
        self.latency, self._shortest, self._longest = latency, shortest, longest
        self.tally = Tally()
        self._deployed = [bool(not every or number % every) for number in range(models)]
        self._list: bytes | None = None
        self._running: dict[int, tuple[str, float]] = {}

    def answer(self, method: str, path: str) -> tuple[int, bytes]:
        if path == "/_bench/tally":
            return 200, json.dumps(self.tally.shown()).encode()
        if path == "/_bench/reset":
            kept = self.tally
            self.tally = Tally(open_now=kept.open_now, flying=kept.flying)
            return 200, b"{}"
        if path.startswith("/api/public/"):
            return self._kore(path.partition("?")[0].split("/"))
        if path.startswith("/api/v3/models/"):
            return self._nugen(method, path.partition("?")[0].split("/"))
        return 404, b'{"error": "no such route"}'

    def _note(self, operation: str, subject: str) -> None:
        self.tally.sent.append((time.monotonic(), operation, subject))

    def _start(self, name: str) -> float:
        now = time.monotonic()
        share = len(self.tally.jobs) * 0.6180339887 % 1.0
        ends = now + self._shortest + share * (self._longest - self._shortest)
        self.tally.jobs[name] = (now, ends)
        return ends

    def _kore(self, parts: list[str]) -> tuple[int, bytes]:
        if parts[3] == "dock-status":
            job = parts[4]
            self._note("dock-status", job)
            known = self.tally.jobs.get(job)
            word = "IN_PROGRESS" if known is not None and time.monotonic() < known[1] else "SUCCESS"
            return 200, b'{"_id":"%b","jobType":"MODELS","status":"%b"}' % (job.encode(), word.encode())
        job = f"job-{len(self.tally.jobs)}"
        self._note(parts[5], job)
        self._start(job)
        return 200, b'{"dock-statusId":"%b","jobType":"MODELS","status":"IN_PROGRESS"}' % job.encode()

    def _nugen(self, method: str, parts: list[str]) -> tuple[int, bytes]:
        if parts[4] == "aligned":
            self._note("list", "")
            if self._running:
                self._settle()
            if self._list is None:
                self._list = self._rows()
            return 200, self._list
        number, verb = int(parts[5].rpartition("-")[2].rpartition("_")[2]), parts[4].removesuffix("-model")
        if len(parts) > 6:
            self._note("job-status", str(number))
            self._settle()
            word = "PENDING" if number in self._running else "COMPLETED"
            return 200, b'{"status":"%b"}' % word.encode()
        self._note(verb, str(number))
        self._running[number] = (verb, self._start(str(number)))
        self._list = None
        return 200, b'{"model_id":"%b"}' % parts[5].encode()

    def _settle(self) -> None:
        now = time.monotonic()
        for number in [number for number, (_, ends) in self._running.items() if ends <= now]:
            self._deployed[number] = self._running.pop(number)[0] == "deploy"
            self._list = None

    def _rows(self) -> bytes:
        shown = []
        for number, deployed in enumerate(self._deployed):
            verb = self._running[number][0] if number in self._running else ""
            word = {"deploy": "DEPLOYING", "undeploy": "UNDEPLOYING"}.get(
                verb, "DEPLOYED" if deployed else "UNDEPLOYED"
            )
            at_rest = '"DEPLOYED"' if deployed else '"UNDEPLOYED"'
            shown.append(
                f'{{"id":"model-{number:06}","alignment_id":"alignment_{number:06}","name":"model-{number:06}",'
                f'"base_model":"nugen-flash-instruct","created_date":"2026-07-08T09:30:00Z","status":"{word}",'
                f'"deployment_status":{at_rest},"creator":"owner@example.com","usage_count":0,"last_used":null,'
                '"downloadable":true}'
            )
        return ('{"domain_aligned_models":[' + ",".join(shown) + "]}").encode()


class Connection(asyncio.Protocol):
    """One connection: requests one after the other, each answered after the latency."""

    def __init__(self, service: Service) -> None:
        self._service, self._kind, self._held = service, "", b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._kind:
            self._service.tally.open_now -= 1

    def data_received(self, data: bytes) -> None:
        data = self._held + data
        head, ended, rest = data.partition(b"\r\n\r\n")
        at = head.lower().find(b"\r\ncontent-length:")
        length = int(head[at + 17 :].partition(b"\r\n")[0]) if at >= 0 else 0
        if not ended or len(rest) < length:
            self._held = data
            return
        self._held = rest[length:]
        method, path = head.partition(b"\r\n")[0].decode("ascii").split(" ")[:2]
        if path.startswith("/_bench/"):
            self._say(*self._service.answer(method, path))
            return
        tally = self._service.tally
        if not self._kind:  # by its first request; those of the benchmark itself do not count
            self._kind = READ if method == "GET" else ACTION
            tally.opened[self._kind] += 1
            tally.open_now += 1
            tally.most_open = max(tally.most_open, tally.open_now)
        tally.flying += 1
        tally.most_flying = max(tally.most_flying, tally.flying)
        answer = self._service.answer(method, path)
        if self._service.latency:
            self._loop.call_later(self._service.latency, self._answer, answer)
        else:
            self._answer(answer)

    def _answer(self, answer: tuple[int, bytes]) -> None:
        self._service.tally.flying -= 1
        self._say(*answer)

    def _say(self, status: int, body: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(HEAD % (status, len(body)) + body)


async def serve(service: Service) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(service), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds per request")
    parser.add_argument("--shortest", type=float, default=0.5, help="seconds of the shortest job")
    parser.add_argument("--longest", type=float, default=0.5, help="seconds of the longest job")
    parser.add_argument("--models", type=int, default=0, help="how many models Nugen's list holds")
    parser.add_argument("--every", type=int, default=0, help="each so many models the list shows one as undeployed")
    asyncio.run(serve(Service(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
