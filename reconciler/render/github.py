"""A sheet as what GitHub's runner reads: commands that make annotations, and the outputs of a step. Decides nothing."""

from collections.abc import Mapping
from typing import Final

from reconciler.render.safe import ci
from reconciler.render.sheet import Level, Line, Sheet
from reconciler.render.words import clip

SHOWN: Final = 9
"""Annotations beside the first: of more than ten of a kind the runner drops the rest without a word."""

_COMMANDS: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}

_PLURALS: Final = {"deploy": "deploys", "undeploy": "undeploys", "export": "exports", "adopt": "adopts"}


def annotations(sheet: Sheet) -> str:
    """Workflow commands: the verdict, then the gravest findings, then how many more there are."""
    title = f"reconciler {sheet.kind} {sheet.environment}".rstrip()
    findings = sheet.findings
    lines = [_command("notice", {"title": title}, " ".join((sheet.verdict, *sheet.caveats)))]
    lines += [_annotation(sheet, line) for line in findings[:SHOWN]]
    left = len(findings) - SHOWN
    lines += [_command("notice", {"title": title}, f"and {left:,} more")] if left > 0 else []
    return "\n".join(lines)


def _annotation(sheet: Sheet, line: Line) -> str:
    properties = {"title": f"{line.word} {line.address}"}
    if line.source is not None:
        place = sheet.place(line)
        properties |= {"file": place.file, "line": str(place.line), "col": str(place.column)}
    return _command(_COMMANDS[line.level], properties, "; ".join(line.parts) or line.word)


def _command(name: str, properties: Mapping[str, str], message: str) -> str:
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {told}::{_data(clip(message, 1_000))}"


def _data(text: str) -> str:
    return ci(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def outputs(sheet: Sheet, *, digest: str, delimiter: str) -> str:
    """What to append to the file of a step's outputs. `delimiter` is random, so that no text can end its own value and
    begin another output; ValueError where a text holds it all the same."""
    unread = any(line.rule == "unread" for line in sheet.lines)
    told = {
        "verdict": sheet.verdict,
        "caveats": "\n".join(map(ci, sheet.caveats)),
        "digest": digest,
        "changes": _flag(_changes(sheet)),
        "stopped": _flag(any(line.rule == "guard" and line.level is Level.ERROR for line in sheet.lines)),
        "complete": _flag(sheet.ok and sheet.complete and not unread),
        "partial": _flag(sheet.partial),
        **{_PLURALS.get(name, name): str(number) for name, number in sheet.counts.items()},
    }
    return "".join(_output(name, value, delimiter) for name, value in told.items())


def _changes(sheet: Sheet) -> bool:
    """Whether a plan holds an action, a drift anything that its owner has not acknowledged, a report anything done."""
    if sheet.kind == "plan":
        return any(line.verb for line in sheet.lines)
    if sheet.kind == "drift":
        return any(
            line.rule in ("drifted", "pending", "unknown") and line.level is not Level.NOTE for line in sheet.lines
        )
    return any(line.rule == "succeeded" for line in sheet.lines)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _output(name: str, value: str, delimiter: str) -> str:
    shown = "\n".join(map(ci, value.split("\n")))
    if delimiter in shown or delimiter in name:
        raise ValueError("an output holds the delimiter that is to end it")
    return f"{name}<<{delimiter}\n{shown}\n{delimiter}\n"
