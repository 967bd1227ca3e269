"""The mix of faults: every request of a simulated platform goes wrong with some chance, in any of many ways."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final

from reconciler.simulator import Fault, FaultKind, World
from reconciler.simulator.exchange import Answer, Call
from reconciler.simulator.faults import Faults
from reconciler.simulator.shapes import Shapes

Alter = Callable[[Answer, Call], Answer]

STARTS: Final = frozenset({"deploy", "undeploy", "export", "b-deploy"})
JOBS: Final = frozenset({"dock-status", "deploy-status", "undeploy-status", "b-status"})
LISTS: Final = frozenset({"list", "b-list"})
_PLAIN: Final = frozenset({"download", "probe"})

HTML: Final = b"<html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>"
_DONE: Final = {"SUCCESS": "IN_PROGRESS", "COMPLETED": "PENDING", "DEPLOYED": "DEPLOYING"}


def _status(status: int, headers: Callable[[], Mapping[str, str]] = dict) -> Callable[[random.Random], Fault]:
    """A refusal or a gateway's answer. What came before a 5xx may have taken effect all the same."""

    def make(chance: random.Random) -> Fault:
        effect = status >= 500 and chance.random() < 0.5
        return Fault(FaultKind.REPLY, status=status, headers=headers(), body=b"", effect=effect)

    return make


def _in_a_second() -> Mapping[str, str]:
    return {"retry-after": format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)}


def _kind(kind: FaultKind, **more: Any) -> Callable[[random.Random], Fault]:
    return lambda _chance: Fault(kind, **more)


LINE: Final[Mapping[str, Callable[[random.Random], Fault]]] = {
    "429": _status(429),
    "429-seconds": _status(429, lambda: {"retry-after": "1"}),
    "429-date": _status(429, _in_a_second),
    "500": _status(500),
    "502": _status(502),
    "503": _status(503),
    "504": _status(504),
    "closed-before": _kind(FaultKind.DROP_BEFORE),
    "reset-before": _kind(FaultKind.DROP_BEFORE, reset=True),
    "reset-instead-of-an-answer": _kind(FaultKind.DROP_AFTER, reset=True),
    "reset-after-headers": _kind(FaultKind.TRUNCATED, reset=True),
    "closed-after-headers": _kind(FaultKind.TRUNCATED),
    "slow": _kind(FaultKind.DELAY),
    "drip": _kind(FaultKind.DRIP, seconds=0.05),
}
"""What happens on the way."""


def _bytes(make: Callable[[bytes], bytes], **headers: str) -> Alter:
    def alter(answer: Answer, _call: Call) -> Answer:
        named = {"content-type": answer.content_type, **answer.headers, **headers}
        return replace(answer, body=make(answer.content), headers=named)

    return alter


def _field(text: bytes) -> Alter:
    """Add to an object, or answer an object of nothing else."""
    return _bytes(lambda body: body[:-1] + b"," + text + b"}" if body.startswith(b"{") else b"{" + text + b"}")


def _rewrite(change: Callable[[dict[str, Any], Call], dict[str, Any]]) -> Alter:
    """Change an object, and every row of a list."""

    def alter(answer: Answer, call: Call) -> Answer:
        body = answer.body
        if not isinstance(body, dict):
            return answer
        rows = body.get("domain_aligned_models")
        if isinstance(rows, list):
            return replace(answer, body={"domain_aligned_models": [change(row, call) for row in rows]})
        return replace(answer, body=change(body, call))

    return alter


def _words(new: Callable[[str], str]) -> Callable[[dict[str, Any], Call], dict[str, Any]]:
    names = ("status", "deployment_status")
    return lambda row, _call: {**row, **{name: new(row[name]) for name in names if isinstance(row.get(name), str)}}


def _another_model(row: dict[str, Any], _call: Call) -> dict[str, Any]:
    """Kore.ai's samples name other models in true answers; of Nugen, another model's name means another's task."""
    if "modelId" in row:
        return {**row, "modelId": "cm-of-somebody"}
    return {**row, "model_id": "of-somebody", "status": "COMPLETED"} if "start_time" in row else row


def _another_job(row: dict[str, Any], call: Call) -> dict[str, Any]:
    told = {**row, "_id": "ds-of-somebody", "status": "SUCCESS"}
    return told if call.operation == "dock-status" else row


_IDS: Final = ("_id", "dock-statusId", "model_id")

CONTENT: Final[Mapping[str, Alter]] = {
    "cut": _bytes(lambda body: body[: len(body) // 2]),
    "empty": _bytes(lambda _: b""),
    "null": _bytes(lambda _: b"null"),
    "list": _bytes(lambda _: b"[]"),
    "string": _bytes(lambda _: b'"accepted"'),
    "html": _bytes(lambda _: HTML, **{"content-type": "text/html"}),
    "byte-order-mark": _bytes(lambda body: b"\xef\xbb\xbf" + body),
    "nan": _field(b'"progress":NaN'),
    "twice": _field(b'"status":"IN_PROGRESS","status":"SUCCESS"'),
    "5000-digits": _field(b'"number":' + b"1" * 5000),
    "unknown-word": _rewrite(_words(lambda _: "WARMING")),
}
"""What is odd in any answer."""

OF_JOBS: Final[Mapping[str, Alter]] = {
    "no-id": _rewrite(lambda row, _: {key: value for key, value in row.items() if key not in _IDS}),
    "another-model": _rewrite(_another_model),
    "another-job": _rewrite(_another_job),
    "another-action": _rewrite(lambda row, _: {**row, "action": "IMPORT"} if "action" in row else row),
    "progress-back": _rewrite(lambda row, _: {**row, "percentageComplete": 0}),
    "flip": _rewrite(_words(lambda word: _DONE.get(word, word))),
}
"""What is odd in an answer about a job."""

NAMES: Final = (*LINE, *CONTENT, *OF_JOBS)
HARMLESS: Final = frozenset({"byte-order-mark", "another-model", "another-action", "progress-back"})
"""What a platform may do for ever without keeping a model from its target."""


def fitting(operation: str) -> Sequence[str]:
    """The names of the faults that an answer of this operation can have."""
    if operation in _PLAIN:
        return tuple(LINE)
    return NAMES if operation in STARTS | JOBS else (*LINE, *CONTENT)


@dataclass(frozen=True, slots=True)
class Hit:
    """A request that went wrong."""

    operation: str
    model: str
    name: str


class Mix(Faults):
    """Draws a fault for each request by seed, operation, model and how often that was asked: in whatever order the
    requests come, the same ones go wrong. `only` hits one model, with one fault, always; `slow` is how many seconds a
    slow answer takes."""

    def __init__(self, seed: int, share: float, *, only: tuple[str, str] | None = None, slow: float = 1.5) -> None:
        super().__init__()
        self.seed, self.share, self.only, self._slow = seed, share, only, slow
        self.hits: list[Hit] = []
        self.alter: Alter | None = None
        self._asked: dict[tuple[str, str], int] = {}

    def __bool__(self) -> bool:
        return True

    def take(self, *, method: str, path: str, operation: str, ids: frozenset[str]) -> Fault | None:
        self.alter = None
        if (planned := super().take(method=method, path=path, operation=operation, ids=ids)) is not None:
            return planned
        model = min(ids)
        name, chance = self._draw(operation, model, ids)
        if name is None:
            return None
        self.hits.append(Hit(operation, model, name))
        if name in LINE:
            fault = LINE[name](chance)
            return replace(fault, seconds=self._slow) if name == "slow" else fault
        self.alter = CONTENT.get(name) or OF_JOBS[name]
        return None

    def _draw(self, operation: str, model: str, ids: frozenset[str]) -> tuple[str | None, random.Random]:
        count = self._asked[operation, model] = self._asked.get((operation, model), -1) + 1
        chance = random.Random(f"{self.seed} {operation} {model} {count}")
        if self.only is not None:
            wanted, name = self.only
            return (name if wanted in ids and name in fitting(operation) else None), chance
        return (chance.choice(fitting(operation)) if chance.random() < self.share else None), chance


class _Altered(Shapes):
    """Answers as ever, then as the mix wants this one."""

    def __init__(self, shapes: Shapes, mix: Mix) -> None:
        super().__init__(shapes.catalogue)
        self._mix = mix

    def answer(self, call: Call, handler: Callable[[Call], Answer]) -> Answer:
        alter, self._mix.alter = self._mix.alter, None
        answer = super().answer(call, handler)
        return alter(answer, call) if alter is not None and answer.status < 300 else answer


def stir(world: World, seed: int, share: float, *, only: tuple[str, str] | None = None, slow: float = 1.5) -> Mix:
    """Let the requests of `world` go wrong from now on."""
    with world.lock:
        mix = Mix(seed, share, only=only, slow=slow)
        world.faults, world.shapes = mix, _Altered(world.shapes, mix)
    return mix
