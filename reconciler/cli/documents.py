"""One value, many forms: what the commands print and write for a plan, a report, a drift."""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from secrets import token_hex

from reconciler import __version__
from reconciler.cli import environment, streams
from reconciler.cli.options import Common
from reconciler.core.codec import drift_json, plan_json, report_json
from reconciler.core.drift import DriftCheck
from reconciler.core.plan import Plan
from reconciler.core.report import Report
from reconciler.errors import Complaint, ConfigurationError
from reconciler.render.markdown_page import LIMIT
from reconciler.render.sheet import Sheet, from_root

Forms = Mapping[str, Callable[[], str]]
"""How to write a value, by the name of the form: text, or a kind of `--report`."""

SUMMARY_LIMIT = 900_000
"""Bytes of a step's summary: GitHub drops what has more than 1 MiB."""


def plan_forms(plan: Plan, options: Common, *, now: datetime, next_command: str | None) -> Forms:
    """The forms of a plan."""

    def text() -> str:
        from reconciler.render.plan_text import plan_text

        colour, width = streams.colour(options.no_color), streams.width()
        return plan_text(plan, now=now, width=width, colour=colour, next_command=next_command)

    def markdown(limit: int = LIMIT) -> str:
        from reconciler.render.plan_markdown import plan_markdown

        marker = options.environment or "default"
        return plan_markdown(plan, now=now, marker=marker, limit=limit)

    def sheet() -> Sheet:
        from reconciler.render.plan_sheet import plan_sheet

        return plan_sheet(plan, now=now, environment=options.environment, next_command=next_command)

    return {
        "text": text,
        "markdown": markdown,
        "json": lambda: saved_plan(plan),
        **_sheet_forms(sheet, markdown, plan),
    }


def saved_plan(plan: Plan) -> str:
    """The text of a saved plan."""
    return streams.as_json(plan_json(plan, key=environment.plan_key()))


def report_forms(
    report: Report, plan: Plan | None, options: Common, *, kind: str = "report", complaints: Sequence[Complaint] = ()
) -> Forms:
    """The forms of a report. `kind` is the document whose comment it takes the place of; `complaints` are what was
    wrong in files."""

    def text() -> str:
        from reconciler.render.report_text import report_text

        return report_text(report, plan=plan, width=streams.width(), colour=streams.colour(options.no_color))

    def markdown(limit: int = LIMIT) -> str:
        from reconciler.render.report_markdown import report_markdown

        marker = options.environment or "default"
        return report_markdown(report, plan=plan, kind=kind, marker=marker, limit=limit)

    def sheet() -> Sheet:
        from reconciler.render.report_sheet import report_sheet

        return report_sheet(
            report,
            plan=plan,
            complaints=complaints,
            tool_version=__version__,
            kind=kind,
            environment=options.environment,
        )

    return {
        "text": text,
        "markdown": markdown,
        "json": lambda: streams.as_json(report_json(report)),
        **_sheet_forms(sheet, markdown, plan),
    }


def drift_forms(
    plan: Plan,
    check: DriftCheck,
    options: Common,
    *,
    now: datetime,
    brief: bool = False,
    next_command: str | None = None,
) -> Forms:
    """The forms of a drift; `brief`: what was known before is only named, and fails no test."""

    def text() -> str:
        from reconciler.render.drift_text import drift_text

        colour, width = streams.colour(options.no_color), streams.width()
        return drift_text(plan, check, now=now, width=width, colour=colour, brief=brief, next_command=next_command)

    def markdown(limit: int = LIMIT) -> str:
        from reconciler.render.drift_markdown import drift_markdown

        return drift_markdown(plan, check, now=now, marker=options.environment or "default", limit=limit)

    def sheet() -> Sheet:
        from reconciler.render.drift_sheet import drift_sheet

        return drift_sheet(
            plan, check, now=now, environment=options.environment, brief=brief, next_command=next_command
        )

    return {
        "text": text,
        "markdown": markdown,
        "json": lambda: streams.as_json(drift_json(plan, check)),
        **_sheet_forms(sheet, markdown, plan),
    }


def _sheet_forms(make: Callable[[], Sheet], summary: Callable[[int], str], plan: Plan | None) -> Forms:
    """The forms that are made from a sheet, which is made once; `summary` is what a pipeline's page shows."""
    sheet = cache(make)

    @cache
    def rooted() -> Sheet:
        """The sheet whose files are named from the top of the checkout, where pipelines look for them."""
        return from_root(sheet(), _from_root)

    def text(kind: str) -> str:
        from reconciler.render.machine import TEXTS

        return TEXTS[kind](sheet()).rstrip("\n")

    def data(kind: str) -> str:
        from reconciler.render.machine import DATA

        return streams.as_json(DATA[kind](rooted()))

    def github() -> str:
        from reconciler.render.github import annotations, outputs

        if target := environment.step_summary():
            streams.append(target, _within(summary))
        if target := environment.step_output():
            streams.append(target, outputs(sheet(), digest=plan.digest if plan else "", delimiter=token_hex(16)))
        return annotations(rooted())

    def terraform() -> str:
        from reconciler.render.terraform import terraform_plan

        return streams.as_json(terraform_plan(sheet(), plan))

    return {
        **{kind: partial(text, kind) for kind in ("html", "junit", "prometheus")},
        **{kind: partial(data, kind) for kind in ("gitlab", "codequality", "sarif")},
        "github": github,
        "terraform": terraform,
    }


def _from_root(file: str) -> str:
    top = environment.workspace()
    path = os.path.realpath(file)
    inside = top is not None and path.startswith(os.path.join(os.path.realpath(top), ""))
    return os.path.relpath(path, os.path.realpath(top)) if top is not None and inside else file


def _within(summary: Callable[[int], str]) -> str:
    """A summary in so many bytes, whatever its letters take."""
    text = summary(SUMMARY_LIMIT)
    size = len(text.encode("utf-8", "replace"))
    return text if size <= SUMMARY_LIMIT else summary(SUMMARY_LIMIT * SUMMARY_LIMIT // size - 1000)


def publish(forms: Forms, options: Common) -> None:
    """Print the form that `--format` names, and write those of `--report` even where stdout is closed or full.

    Where events or a report go to stdout, nothing else does."""
    try:
        if not options.stdout_is_taken:
            streams.out(forms[options.format]())
    finally:
        write_reports(forms, options)


def write_reports(forms: Forms, options: Common) -> None:
    """Write the forms that `--report` names: private files, but for the numbers, which the collector of a machine
    reads as another user."""
    errors = []
    for kind, file in options.reports:
        try:
            streams.save(file, forms[kind](), mode=0o644 if kind == "prometheus" else 0o600)
        except (OSError, ConfigurationError) as error:  # one that cannot be written costs no other
            errors.append(error)
    if errors:
        raise errors[0]
