"""A sheet as SARIF 2.1.0, for code scanning. Decides nothing."""

import re
from datetime import UTC
from typing import Any, Final
from urllib.parse import quote

from reconciler.render.safe import terminal
from reconciler.render.sheet import RULES, Level, Line, Rule, Sheet

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"

LIMIT: Final = 5_000
"""Results that GitHub keeps of a run."""

_MORE: Final = "more"

_LEVELS: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "note"}

_BRACKET: Final = re.compile(r"(\\*)([][])")
"""What could begin or end an embedded link, with the backslashes that could take its escape away."""

_PLACEHOLDER: Final = re.compile(r"\{(?=\d+\})|(?<=\d)\}")
"""What could ask for an argument: `{0}`."""


def sarif(sheet: Sheet) -> dict[str, Any]:
    """Every finding, the gravest first; where there are too many, the last one counts the rest."""
    findings = sheet.findings
    shown = findings if len(findings) <= LIMIT else findings[: LIMIT - 1]
    rules = {line.rule: RULES[line.rule] for line in shown}
    left = len(findings) - len(shown)
    if left:
        rules[_MORE] = Rule(title="There is more", help="The plan, report or drift itself holds everything.")
    numbers = {rule: number for number, rule in enumerate(rules)}
    results = [
        _result(sheet, line, numbers[line.rule], fingerprint)
        for line, fingerprint in zip(shown, sheet.fingerprints(shown), strict=True)
    ]
    results += [_rest(sheet, left, numbers[_MORE])] if left else []
    category = "/".join(filter(None, ("reconciler", sheet.kind, terminal(sheet.environment))))
    run = {
        "tool": {
            "driver": {
                "name": "reconciler",
                "version": sheet.tool_version,
                "rules": [_rule(name, rule) for name, rule in rules.items()],
            }
        },
        "automationDetails": {"id": f"{category}/"},
        "invocations": [
            {"executionSuccessful": sheet.ok, "endTimeUtc": f"{sheet.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        ],
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {
            "verdict": terminal(sheet.verdict),
            "caveats": [terminal(caveat) for caveat in sheet.caveats],
            "partial": sheet.partial,
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(name: str, rule: Rule) -> dict[str, Any]:
    return {
        "id": name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": f"{rule.title}. {rule.help}"},
        "help": {"text": rule.help},
    }


def _result(sheet: Sheet, line: Line, number: int, fingerprint: str) -> dict[str, Any]:
    place = sheet.place(line)
    return {
        "ruleId": line.rule,
        "ruleIndex": number,
        "level": _LEVELS[line.level],
        "message": {"text": _plain(line.text)},
        "locations": [_location(place.file, place.line, place.column)],
        "partialFingerprints": {"primaryLocationLineHash": f"{fingerprint}:1"},
    }


def _rest(sheet: Sheet, left: int, number: int) -> dict[str, Any]:
    return {
        "ruleId": _MORE,
        "ruleIndex": number,
        "level": "note",
        "message": {"text": f"and {left:,} more, none of them graver"},
        "locations": [_location(sheet.top.file, 1, 1)],
        "partialFingerprints": {"primaryLocationLineHash": "more:1"},
    }


def _location(file: str, line: int, column: int) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(file.encode("utf-8", "surrogatepass"))},
            "region": {"startLine": line, "startColumn": column},
        }
    }


def _plain(text: str) -> str:
    """`text` as plain words: viewers turn `[a](b)` into a link and `{0}` into an argument."""
    escaped = _BRACKET.sub(lambda match: f"{match[1] * 2}\\{match[2]}", terminal(text))
    return _PLACEHOLDER.sub(lambda match: match[0] * 2, escaped)
