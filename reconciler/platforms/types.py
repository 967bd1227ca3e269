"""YAML text of a definition -> its data, checked, and what an inventory must know of it. The rest is read by `load`,
where a platform is opened."""

import hashlib
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from msgspec import Struct

from reconciler.core.capabilities import Capabilities, Manual, PlatformType
from reconciler.core.document import read_document
from reconciler.core.duration import parse_duration
from reconciler.core.job import Verb
from reconciler.errors import DefinitionError


class Declared(Struct, frozen=True, kw_only=True):
    """A definition as it was written: its plain data, and what an inventory must know of it."""

    data: Mapping[str, Any]
    type: PlatformType


def read_declared(text: str | bytes, file: str, *, checked: bool = False) -> Declared:
    """The definition in `text`; `file` names it in complaints. Raises `DefinitionError` with all complaints.

    `checked`: it is part of this program, whose tests have checked it."""
    document, complaints = read_document(text, file)
    if document is not None and not complaints and not checked:
        from reconciler.core.schema import Checker, check
        from reconciler.platforms.definition_checks import cross_check
        from reconciler.schemas import load_schema

        complaints = check(document, Checker(load_schema("platform")))
        complaints = complaints or tuple(sorted(cross_check(document), key=attrgetter("line", "column")))
    if document is None or complaints:
        raise DefinitionError(complaints)
    raw = text.encode() if isinstance(text, str) else text
    return Declared(data=document.data, type=_type(document.data, f"sha256:{hashlib.sha256(raw).hexdigest()}"))


def _type(data: Mapping[str, Any], digest: str) -> PlatformType:
    settings = data.get("settings") or {}
    return PlatformType(
        name=data["name"],
        id_pattern=data["id"],
        capabilities=_capabilities(data),
        normalise=tuple(data.get("same", ())),
        settings_schema=settings.get("schema"),
        ascending=tuple((low, high) for low, high in settings.get("ascending", ())),
        probes="probe" in data["live"],
        needs_key=any("{key}" in value for value in data.get("auth", {}).values()),
        url=data.get("url"),
        digest=digest,
    )


def _capabilities(data: Mapping[str, Any]) -> Capabilities:
    actions = data["actions"]
    missing = f"{data['title']} offers no"
    return Capabilities(
        verbs={verb: actions[verb].get("unsupported") if verb in actions else f"{missing} {verb}" for verb in Verb},
        reads_state="jobs" not in data["live"],
        reads_together="list" in data["live"],
        changes_by_itself=data.get("changes_by_itself", False),
        artifact_suffix=actions.get("export", {}).get("suffix", ""),
        concurrency=data.get("concurrency", 4),
        requests_per_minute=data.get("requests_per_minute"),
        poll=parse_duration(data.get("poll", "5s")),
        settle=parse_duration(data.get("settle", "60s")),
        timeouts={
            Verb(verb): parse_duration(action["timeout"]) for verb, action in actions.items() if "timeout" in action
        },
        manual=tuple(
            Manual(verb=Verb(verb), at=rule["at"], equals=rule["equals"], reason=rule["reason"])
            for verb, action in actions.items()
            for rule in action.get("manual", ())
        ),
        lasting={Verb(verb): action["lasting"] for verb, action in actions.items() if "lasting" in action},
    )
