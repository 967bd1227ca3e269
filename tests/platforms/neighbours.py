"""Definitions of services like Kore.ai and Nugen, and how to open one on a tiny server."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from reconciler.platforms.base import Platform
from reconciler.platforms.declared import RestFactory, declared
from reconciler.platforms.types import read_declared

from .asking import opened
from .service import Service

DEFINITIONS = sorted((Path(__file__).parent / "definitions").glob("*.yaml"))
KEY = "the-key-of-a-neighbour"


def factory(name: str) -> RestFactory:
    """What opens the platforms of `definitions/NAME.yaml`."""
    path = next(path for path in DEFINITIONS if path.stem == name)
    return declared(read_declared(path.read_bytes(), str(path)))


def at(name: str, service: Service, **more: Any) -> AbstractAsyncContextManager[Platform]:
    """A platform of `definitions/NAME.yaml` at a server; with a key where it needs one."""
    kind = factory(name)
    return opened(kind, service.origin, key=KEY if kind.type.needs_key else None, **more)
