"""One request and its answer, as values. What they do to a world and how they travel is said elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from re import Pattern
from typing import Any

from reconciler.simulator.models import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that found its route.

    `subject` is the id in the path as it was sent, empty where the path has none; `model` is the model meant by it,
    None where there is none. Header names are in lower case. `body` is the parsed JSON, text where it is not JSON, None
    where it is empty. `origin` is scheme and host as the client addressed them.
    """

    operation: str
    method: str
    path: str
    subject: str = ""
    model: Model | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent back: bytes go out as they are, anything else as JSON. `effect`: a job was started by the call."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    effect: bool = False

    @property
    def content(self) -> bytes:
        """The body as bytes."""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()

    @property
    def content_type(self) -> str:
        """The media type where no header names one."""
        return "application/octet-stream" if isinstance(self.body, bytes) else "application/json"


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path with its operation. The pattern may have a group `id`; an `open` route asks for no key."""

    operation: str
    method: str
    pattern: Pattern[str]
    handler: Callable[[Call], Answer]
    open: bool = False
