"""One model: entry -> `Model`, and what a schema cannot say of it. Knows nothing of other models."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from reconciler.core.capabilities import PlatformType
from reconciler.core.duration import parse_duration
from reconciler.core.model import Acknowledgement, Deployment, Export, Model, OnBroken, OnUnknown, Target
from reconciler.core.schema import Checker, shown
from reconciler.errors import Complaint
from reconciler.inventory.draft import Entry


def missing(entry: Entry) -> tuple[Complaint, ...]:
    """Complaints about what neither the model nor the defaults say, and no model can do without."""
    complaints = []
    if "platform" not in entry.data:
        complaints.append(entry.complaint("platform is missing: the name of a platform"))
    if "state" not in entry.data and "export" not in entry.data:
        complaints.append(
            entry.complaint("state is missing: deployed or undeployed (only a model with export needs none)")
        )
    return tuple(complaints)


def build_model(entry: Entry, after: tuple[str, ...]) -> Model:
    """The value of an entry that obeys the schema and misses nothing; `after` are addresses."""
    data = entry.data
    return Model(
        platform=data["platform"],
        name=entry.name,
        id=data["id"],
        target=Target(
            deployment=Deployment(data.get("state", Deployment.UNMANAGED)),
            export=_export(data["export"]) if "export" in data else None,
        ),
        source=entry.source,
        after=after,
        protect=data.get("protect"),
        on_unknown=OnUnknown(data.get("on_unknown", OnUnknown.BLOCK)),
        on_broken=OnBroken(data.get("on_broken", OnBroken.REPORT)),
        settings=data.get("settings", {}),
        probe_path=data.get("probe", {}).get("path"),
        timeout=parse_duration(data["timeout"]) if "timeout" in data else None,
        concurrency=data.get("concurrency"),
        acknowledge=_acknowledgement(data["acknowledge"]) if "acknowledge" in data else None,
        owner=data.get("owner"),
        labels=data.get("labels", {}),
    )


def _acknowledgement(data: Mapping[str, Any]) -> Acknowledgement:
    try:
        until = date.fromisoformat(data["until"])
    except ValueError:
        until = date.min  # no day of any calendar; `check_model` complains
    return Acknowledgement(until=until, reason=data.get("reason"))


def _export(data: Mapping[str, Any]) -> Export:
    return Export(
        before_undeploy=data.get("before_undeploy", False),
        max_age=parse_duration(data["max_age"]) if "max_age" in data else None,
        to=data.get("to"),
    )


def check_model(entry: Entry, model: Model, kind: PlatformType, settings: Checker | None) -> Iterator[Complaint]:
    """Everything wrong with a model on a platform of type `kind`; `settings` checks what a deploy sends, None where the
    type takes nothing."""
    if not re.fullmatch(kind.id_pattern, model.id):
        yield entry.complaint(f"id: {shown(model.id)} is no id of {kind.name} (pattern {shown(kind.id_pattern)})", "id")
    if model.probe_path is not None and not kind.probes:
        yield entry.complaint(f"probe: a model of {kind.name} cannot be probed", "probe", on_key=True)
    if model.acknowledge is not None and model.acknowledge.until == date.min:
        day = shown(entry.data["acknowledge"]["until"])
        yield entry.complaint(f"until: {day} is no day of the calendar", "acknowledge", "until")
    if model.target.export is not None:
        fault = export_fault(export_path(model, kind))
        if fault:
            yield entry.complaint(f"to: {fault}", "export", "to")
    yield from _check_settings(entry, model, kind, settings)


def _check_settings(entry: Entry, model: Model, kind: PlatformType, settings: Checker | None) -> Iterator[Complaint]:
    deploys = model.target.deployment is Deployment.DEPLOYED
    if settings is None:
        if model.settings:
            yield entry.complaint(f"settings: a deploy on {kind.name} sends none", "settings", on_key=True)
        return
    if not model.settings and not deploys:
        return
    for problem in settings.problems(model.settings):
        text = problem.text if problem.path else f"settings: {problem.text}"
        if problem.keyword == "required":
            if not deploys:
                continue  # nothing is sent, so nothing is missing
            text += "; a deploy sends these"
        yield entry.complaint(text, "settings", *problem.path, on_key=problem.on_key)
    for low, high in kind.ascending:
        least, most = (_value(model.settings, pointer) for pointer in (low, high))
        if least is not None and most is not None and least > most:
            text = f"{_steps(low)[-1]}: {shown(least)} is above {_steps(high)[-1]}, {shown(most)}"
            yield entry.complaint(text, "settings", *_steps(low))


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _value(data: Any, pointer: str) -> int | float | None:
    for step in _steps(pointer):
        data = data.get(step) if isinstance(data, dict) else None
    return data if isinstance(data, int | float) and not isinstance(data, bool) else None


# Where an export goes.

_DEVICES: Final = re.compile(r"(?i)(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])")


def export_path(model: Model, kind: PlatformType | None) -> str:
    """The path below the export root that an export of `model` is written to."""
    to = model.target.export.to if model.target.export else None
    return f"{model.name}{kind.capabilities.artifact_suffix if kind else ''}" if to is None else to


def export_fault(path: str) -> str | None:
    """Why `path` is no safe path below a folder, on any system; None where it is one."""
    parts = path.split("/")
    if not path:
        return "an empty path"
    if path.startswith("/") or re.match(r"[A-Za-z]:", path):
        return f"{shown(path)} is absolute; give a path below the export folder"
    if "\\" in path or ":" in path or not path.isprintable():
        return f"{shown(path)} holds a character that no path here may hold (\\, : or a control character)"
    if path.endswith("/"):
        return f"{shown(path)} ends with /; name a file"
    if ".." in parts:
        return f"{shown(path)} leaves the export folder"
    if any(part in ("", ".") or part != part.strip(" ") or part.endswith(".") for part in parts):
        return f"{shown(path)} has a part that is empty, is only a dot, or begins or ends with a space or dot"
    for part in parts:
        if _DEVICES.fullmatch(part.split(".")[0].rstrip(" ")):
            return f"{shown(path)} is the name of a device on Windows; give another"
    return None
