"""What should be: the values of an inventory."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct, field

Settings = Mapping[str, Any]
"""JSON data, spelled as the vendor's page spells it. Read only."""


class Deployment(StrEnum):
    """What the inventory wants of a model's deployment. `unmanaged`: nothing (only its export is managed)."""

    DEPLOYED = "deployed"
    UNDEPLOYED = "undeployed"
    UNMANAGED = "unmanaged"


class OnUnknown(StrEnum):
    """What to do where the live state is unknown."""

    BLOCK = "block"
    ACT = "act"


class OnBroken(StrEnum):
    """What to do where the live state is broken."""

    REPORT = "report"
    REDEPLOY = "redeploy"


class Source(Struct, frozen=True, kw_only=True):
    """Where in the inventory something stands. `line` and `column` count from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Export(Struct, frozen=True, kw_only=True):
    """A desired artefact. `max_age` is seconds, None: any age will do. `to` is a path below the export root,
    None: the model's name plus what the platform's file is."""

    before_undeploy: bool = False
    max_age: float | None = None
    to: str | None = None


class Target(Struct, frozen=True, kw_only=True):
    """What the inventory wants of one model. `export` None: no artefact is wanted."""

    deployment: Deployment
    export: Export | None = None


class Acknowledgement(Struct, frozen=True, kw_only=True):
    """A drift that its owner knows of: it is shown and no alarm until the end of the day `until`, in UTC."""

    until: date
    reason: str | None = None


class Model(Struct, frozen=True, kw_only=True):
    """One AI model of the inventory.

    `id` is the platform's own identity of it. `after` holds addresses. `protect` None: the inventory does not say, so
    what the journal remembers holds. `probe_path` None: no probe. `timeout` is seconds for a whole action, None: the
    platform's own. `concurrency` names a group of models of which one is acted on at a time, None: none.
    `acknowledge` None: drift of it is an alarm."""

    platform: str
    name: str
    id: str
    target: Target
    source: Source
    after: tuple[str, ...] = ()
    protect: bool | None = None
    on_unknown: OnUnknown = OnUnknown.BLOCK
    on_broken: OnBroken = OnBroken.REPORT
    settings: Settings = field(default_factory=dict)
    probe_path: str | None = None
    timeout: float | None = None
    concurrency: str | None = None
    acknowledge: Acknowledgement | None = None
    owner: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """`platform/name`: identity, sort key, prefix of every line about it."""
        return f"{self.platform}/{self.name}"


class PlatformEntry(Struct, frozen=True, kw_only=True):
    """One platform as the inventory names it. `type` is the name of a built-in definition, `definition` the path of the
    user's own (exactly one counts: `definition` where it is not None). None elsewhere: the definition's own value.
    `poll`, `settle` and `request_timeout` are seconds."""

    name: str
    type: str
    definition: str | None = None
    concurrency: int | None = None
    requests_per_minute: float | None = None
    poll: float | None = None
    settle: float | None = None
    request_timeout: float | None = None


class Limits(Struct, frozen=True, kw_only=True):
    """What guards allow. `max_undeploys` None: no absolute limit."""

    max_undeploy_percent: float = 30
    max_undeploys: int | None = None

    def stricter(self, other: "Limits") -> "Limits":
        """The limits that satisfy both."""
        absolute = [limit for limit in (self.max_undeploys, other.max_undeploys) if limit is not None]
        return Limits(
            max_undeploy_percent=min(self.max_undeploy_percent, other.max_undeploy_percent),
            max_undeploys=min(absolute) if absolute else None,
        )


USUAL: Final = Limits()
"""The limits where nobody says anything."""


class Inventory(Struct, frozen=True, kw_only=True):
    """What should be, checked. `models` are in order of address; `files` as given; `digest` is `sha256:…` over the
    files' bytes; `directory` is where the first of them stands."""

    files: tuple[str, ...]
    directory: str
    digest: str
    platforms: tuple[PlatformEntry, ...]
    models: tuple[Model, ...]
    limits: Limits = USUAL
