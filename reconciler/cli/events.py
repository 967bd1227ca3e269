"""`--events`: what happens, as it happens, one JSON object a line. The lines have the shape of Terraform's."""

import os
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TextIO

from reconciler import __version__
from reconciler.cli import streams
from reconciler.clock import SystemClock
from reconciler.core.drift import Drift, DriftCheck
from reconciler.core.event import Event, Phase
from reconciler.core.job import Verb
from reconciler.core.model import Source
from reconciler.core.plan import Action, Level, Plan
from reconciler.core.report import OutcomeKind
from reconciler.errors import Complaint, ConfigurationError

FORMAT_VERSION: Final = "1.0"

_ACTIONS: Final = {Verb.DEPLOY: "create", Verb.UNDEPLOY: "delete", Verb.EXPORT: "update"}
"""What Terraform calls a verb."""

Line = dict[str, Any]


class Events:
    """Writes the lines of one run: the first names the version, the last is a summary. Every line is written at once.

    What cannot be written is told once, and the run goes on."""

    def __init__(self, path: str | None) -> None:
        """`path` is a file, `-` for stdout, None for nowhere. Raises `ConfigurationError`."""
        self._file = _open(path) if path is not None else None
        self._began: dict[str, float] = {}
        self._last: dict[str, tuple[Any, ...]] = {}
        self._planned: Counter[str] = Counter()
        self._done: Counter[str] = Counter()
        version = {"reconciler": __version__, "ui": FORMAT_VERSION, "format_version": FORMAT_VERSION}
        self._write("version", f"reconciler {__version__}", **version)

    def planned(self, plan: Plan) -> None:
        """What a plan would do, and what stands in its way."""
        for action in plan.actions:
            self._planned[_change(action)["action"]] += 1
            self._write("planned_change", f"{action.id}: {action.before} -> {action.after}", change=_change(action))
        for finding in plan.guards:
            severity = "error" if finding.level is Level.STOP else "warning"
            self._diagnose(severity, f"guard {finding.name}", finding.message)
        for failure in plan.failures:
            self._diagnose("error", f"{failure.address} could not be read", failure.error, address=failure.address)
        for entry in plan.blocked:
            self._diagnose("warning", f"{entry.address} is blocked", entry.text, entry.source, address=entry.address)
        for warned in plan.warnings:
            self._diagnose("warning", warned.address, warned.text, address=warned.address)

    def drifted(self, check: DriftCheck) -> None:
        """What drifted, and what was resolved."""
        for drift in check.drifts:
            level = "warn" if drift.alarming else "info"
            self._write("resource_drift", f"{drift.address}: {drift.text}", level=level, change=_drift(drift))
        for one in check.resolved:
            change = {"resource": {"addr": one.address}, "action": "noop", "kind": one.kind, "novelty": "resolved"}
            self._write("resource_drift", f"{one.address}: resolved", change=change)

    def tell(self, event: Event) -> None:
        """One step of an action; what repeats itself is told once."""
        name = f"{event.address}#{event.verb}"
        said = (event.phase, event.text, event.percent, event.outcome)
        if self._file is None or self._last.get(name) == said:
            return
        first = name not in self._last
        self._last[name] = said
        began = self._began.setdefault(name, time.monotonic())
        hook = {
            "resource": {"addr": event.address},
            "action": _ACTIONS[event.verb],
            "verb": event.verb,
            "id": name,
            "phase": event.phase,
            "text": event.text or None,
            "percent": event.percent,
            "outcome": event.outcome,
            "elapsed_seconds": round(time.monotonic() - began, 3),
        }
        ended, good = event.phase is Phase.ENDED, event.outcome == OutcomeKind.SUCCEEDED
        done = "apply_complete" if good else "apply_errored"
        self._done[_ACTIONS[event.verb]] += ended and good
        kind = done if ended else "apply_start" if first else "apply_progress"
        told = event.outcome if ended else event.phase
        text = f"{name}: {told}" + (f": {event.text}" if event.text else "")
        self._write(kind, text, level="error" if ended and not good else "info", hook=hook)

    def complain(self, complaints: Sequence[Complaint], error: str | None) -> None:
        """What kept the run from its end."""
        for one in complaints:
            self._diagnose("error", one.text, "", Source(file=one.file, line=one.line, column=one.column))
        if error is not None and not complaints:
            summary, *details = error.splitlines() or [""]
            self._diagnose("error", summary, "\n".join(details))

    def end(
        self,
        operation: str,
        code: int,
        reasons: Iterable[str],
        counts: Mapping[str, int],
        text: str,
        *,
        partial: bool = False,
    ) -> None:
        """The last line. Its changes are those planned; for an apply those made."""
        found = self._done if operation == "apply" else self._planned
        changes = {
            "add": found["create"],
            "change": found["update"],
            "remove": found["delete"],
            "operation": operation,
        }
        level = "info" if code in (0, 2) else "error"
        rest = {"summary": dict(counts), "exit_code": code, "reasons": list(reasons), "partial": partial}
        self._write("change_summary", text, level=level, changes=changes, **rest)
        if self._file is not None and self._file.fileno() > 2:
            self._file.close()
        self._file = None

    def _diagnose(
        self, severity: str, summary: str, detail: str, source: Source | None = None, *, address: str | None = None
    ) -> None:
        start = {"line": source.line, "column": source.column} if source else {}
        where = {"range": {"filename": source.file, "start": start}} if source and source.line else {}
        diagnostic = {"severity": severity, "summary": summary, "detail": detail, "address": address, **where}
        level = "error" if severity == "error" else "warn"
        self._write("diagnostic", summary, level=level, diagnostic=diagnostic)

    def _write(self, kind: str, message: str, *, level: str = "info", **fields: Any) -> None:
        if self._file is None:
            return
        at = SystemClock().now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        head = {"@level": level, "@message": message, "@module": "reconciler", "@timestamp": at, "type": kind}
        try:
            self._file.write(streams.json_line({**head, **fields}) + "\n")
            self._file.flush()
        except (OSError, ValueError) as error:
            streams.err(f"events: they can no longer be written: {error}")
            file, self._file = self._file, None
            with suppress(OSError, ValueError):
                file.close()


def _open(path: str) -> TextIO:
    if path == "-":
        return streams.stdout()
    try:
        if Path(path).exists() and not Path(path).is_file():  # a pipe or a device
            return Path(path).open("w", encoding="utf-8")
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
        return os.fdopen(handle, "w", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from error


def _change(action: Action) -> Line:
    return {
        "resource": {"addr": action.address},
        "action": "noop" if action.adopts is not None else _ACTIONS[action.verb],
        "verb": action.verb,
        "id": action.id,
        "before": action.before,
        "after": action.after,
        "reason": action.reason.code,
        "destructive": action.destructive,
    }


def _drift(drift: Drift) -> Line:
    return {
        "resource": {"addr": drift.address},
        "action": "update",
        "kind": drift.kind,
        "from": drift.was,
        "to": drift.now,
        "novelty": drift.novelty,
        "acknowledged": drift.acknowledged is not None,
    }
