"""A sheet as JUnit XML, for the test tabs of pipelines. Decides nothing."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC
from typing import Final

from reconciler.render.safe import ci, xml
from reconciler.render.sheet import GENERAL, Line, Result, Sheet
from reconciler.render.words import clip

_ELEMENTS: Final = {Result.FAILED: "failure", Result.ERROR: "error", Result.SKIPPED: "skipped"}


def junit(sheet: Sheet) -> str:
    """One test case for each line. A model passes where it is as wanted, and in a plan also where it will be acted on;
    drift, what is blocked and a guard that stops fail; what could not be read is an error. Times are in UTC."""
    results = Counter(line.result for line in sheet.lines)
    title = _shown(f"reconciler {sheet.kind} {sheet.environment}".rstrip())
    counts = " ".join(
        (
            f'tests="{len(sheet.lines)}"',
            f'failures="{results[Result.FAILED]}"',
            f'errors="{results[Result.ERROR]}"',
        )
    )
    time = f'time="{sheet.seconds or 0:.3f}"'
    stamp = f'timestamp="{sheet.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"'
    return "\n".join(
        (
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<testsuites name="{title}" {counts} {time}>',
            f'<testsuite name="{title}" {counts} skipped="{results[Result.SKIPPED]}" {time} {stamp}>',
            *_properties(sheet),
            *(_case(sheet, line, name) for line, name in zip(sheet.lines, _names(sheet), strict=True)),
            "</testsuite>",
            "</testsuites>",
        )
    )


def _properties(sheet: Sheet) -> Iterable[str]:
    told = (("Verdict", sheet.verdict), *(("Mind", caveat) for caveat in sheet.caveats), *sheet.facts)
    yield "<properties>"
    yield from (f'<property name="{_shown(name)}" value="{_shown(text)}"/>' for name, text in told)
    yield "</properties>"


def _names(sheet: Sheet) -> Iterable[str]:
    """A name for each line. Of a drift it is the address alone wherever that will do: so a pipeline can tell since when
    a model fails."""
    seen: Counter[str] = Counter()
    for line in sheet.lines:
        word = line.verb or line.word
        name = line.address if sheet.kind == "drift" and not seen[line.address] else f"{line.address} {word}"
        seen[name] += 1
        yield f"{name} {seen[name]}" if seen[name] > 1 else name


def _case(sheet: Sheet, line: Line, name: str) -> str:
    place = f' file="{_shown(sheet.place(line).file)}" line="{line.source.line}"' if line.source else ""
    group = line.rule if line.rule in GENERAL else line.platform
    head = f'<testcase classname="{_shown(group)}" name="{_shown(name)}"{place} time="{line.seconds or 0:.3f}"'
    said = "\n".join(map(_shown, line.parts))
    if line.result is Result.PASSED:
        return f"{head}><system-out>{said}</system-out></testcase>" if said else f"{head}/>"
    element = _ELEMENTS[line.result]
    message = _shown(clip(line.text))
    return f'{head}><{element} message="{message}" type="{_shown(line.rule)}">{said}</{element}></testcase>'


def _shown(text: str) -> str:
    return xml(ci(text))  # the file may be printed into a job's log, where a text of its own may begin a line
