"""A sheet as a textfile for Prometheus' node exporter. Decides nothing; of names only those of platforms are labels."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from reconciler.render.safe import ci
from reconciler.render.sheet import GENERAL, Line, Result, Sheet

_DRIFTS: Final = ("drifted", "pending", "unknown", "acknowledged")

_STATES: Final = {
    "plan": (
        "undeploy",
        "deploy",
        "redeploy",
        "export",
        "adopt",
        "blocked",
        "unread",
        "warning",
        "unchanged",
        "unmanaged",
    ),
    "drift": ("drifted", "pending", "unknown", "unread", "unchanged"),
    "report": (),
}

_VERBS: Final = ("deploy", "redeploy", "undeploy", "export", "adopt")

_ENDS: Final = ("succeeded", "failed", "timed-out", "skipped", "in-flight", "uncertain")

Samples = Iterable[tuple[Mapping[str, str], float]]
"""Labels and values of one metric."""


def prometheus(sheet: Sheet) -> str:
    """Every metric with all its labels, also where the value is 0, so that an alert goes out again. But a 0 is not said
    where nobody could look: not of a failed run, nor of a platform that could not be read. A run is a success if all
    was read and done; drift found, or a guard that stops a plan, does not make it a failure."""
    where = {"document": sheet.kind, "environment": sheet.environment}
    metrics: list[tuple[str, str, Samples]] = [
        ("run_success", "Whether the last run read and did all it was to.", [(where, _success(sheet))]),
        ("run_partial", "Whether a selection left models out of the last run.", [(where, float(sheet.partial))]),
        ("last_run_timestamp_seconds", "When the last run was.", [(where, sheet.at.timestamp())]),
    ]
    if sheet.seconds is not None:
        metrics.append(("run_duration_seconds", "How long the last run took.", [(where, sheet.seconds)]))
    metrics += _numbers(sheet, where)
    told = ((name, about, list(samples)) for name, about, samples in metrics)
    return "".join(_metric(f"reconciler_{name}", about, samples) for name, about, samples in told if samples)


def _numbers(sheet: Sheet, where: Mapping[str, str]) -> Iterable[tuple[str, str, Samples]]:
    failed = any(line.rule == "error" for line in sheet.lines)
    if failed and not any(line.verb for line in sheet.lines):
        return
    if sheet.kind == "drift":
        yield "drift_models", "Models that drifted, by kind; those acknowledged are a kind.", _drifts(sheet)
        yield "drift_new_models", "Models that drifted since the look before.", _new(sheet)
    if sheet.kind != "report":
        yield "models", "Models by what the last run found of them.", _models(sheet, where)
    if sheet.kind != "drift":
        yield "actions", "Actions, by what became of them.", _actions(sheet, where)


def _success(sheet: Sheet) -> float:
    bad = (Result.ERROR, Result.FAILED, Result.SKIPPED) if sheet.kind == "report" else (Result.ERROR,)
    ended = sheet.ok and sheet.complete
    return float(
        ended and not any(line.result in bad and line.rule not in ("unmanaged", "guard") for line in sheet.lines)
    )


def _unread(sheet: Sheet) -> frozenset[str]:
    """The platforms of which not everything could be read."""
    return frozenset(line.platform for line in sheet.lines if line.rule == "unread")


def _new(sheet: Sheet) -> Samples:
    new = sheet.counts.get("new", 0)
    if new or not _unread(sheet):
        yield {"environment": sheet.environment}, new


def _drifts(sheet: Sheet) -> Samples:
    """What is acknowledged counts as that and as nothing else."""
    unread = _unread(sheet)
    found = Counter((line.platform, "acknowledged" if _silent(line) else line.rule) for line in sheet.lines)
    for platform in sheet.names:
        for kind in _DRIFTS:
            if found[platform, kind] or platform not in unread:
                yield {"environment": sheet.environment, "platform": platform, "kind": kind}, found[platform, kind]


def _silent(line: Line) -> bool:
    """Whether a drift is acknowledged, and not only known before."""
    return line.result is Result.SKIPPED and "ongoing" not in line.tags


def _models(sheet: Sheet, where: Mapping[str, str]) -> Samples:
    unread = _unread(sheet)
    found = Counter((line.platform, line.rule) for line in sheet.lines if line.rule not in GENERAL)
    for platform in sheet.names:
        for state in _STATES[sheet.kind]:
            if found[platform, state] or platform not in unread:
                yield {**where, "platform": platform, "state": state}, found[platform, state]


def _actions(sheet: Sheet, where: Mapping[str, str]) -> Samples:
    planned = sheet.kind == "plan"
    found = Counter((line.verb, "planned" if planned else line.rule) for line in sheet.lines)
    for verb in _VERBS:
        for result in ("planned",) if planned else _ENDS:
            yield {**where, "action": verb, "result": result}, found[verb, result]


def _metric(name: str, told: str, samples: Samples) -> str:
    lines = [f"# HELP {name} {told}", f"# TYPE {name} gauge"]
    for labels, value in samples:
        shown = ",".join(f'{label}="{_value(text)}"' for label, text in labels.items())
        lines.append(f"{name}{{{shown}}} {value:.15g}")
    return "\n".join(lines) + "\n"


def _value(text: str) -> str:
    return ci(text).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
