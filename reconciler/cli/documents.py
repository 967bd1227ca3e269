"""One value, many forms: what the commands print and write for a plan, a report, a drift."""

from collections.abc import Callable, Sequence
from datetime import datetime

from reconciler.cli import environment, streams
from reconciler.cli.options import Common
from reconciler.core.codec import drift_json, plan_json, report_json
from reconciler.core.drift import Drift
from reconciler.core.plan import Plan
from reconciler.core.report import Report

Forms = dict[str, Callable[[], str]]
"""How to write a value, by the name of the form: text, json, markdown."""


def plan_forms(plan: Plan, options: Common, *, now: datetime, next_command: str | None) -> Forms:
    """The forms of a plan."""

    def text() -> str:
        from reconciler.render.plan_text import plan_text

        colour, width = streams.colour(options.no_color), streams.width()
        return plan_text(plan, now=now, width=width, colour=colour, next_command=next_command)

    def markdown() -> str:
        from reconciler.render.plan_markdown import plan_markdown

        return plan_markdown(plan, now=now)

    return {"text": text, "markdown": markdown, "json": lambda: saved_plan(plan)}


def saved_plan(plan: Plan) -> str:
    """The text of a saved plan."""
    return streams.as_json(plan_json(plan, key=environment.plan_key()))


def report_forms(report: Report, plan: Plan | None, options: Common) -> Forms:
    """The forms of a report."""

    def text() -> str:
        from reconciler.render.report_text import report_text

        return report_text(report, plan=plan, width=streams.width(), colour=streams.colour(options.no_color))

    def markdown() -> str:
        from reconciler.render.report_markdown import report_markdown

        return report_markdown(report, plan=plan)

    return {"text": text, "markdown": markdown, "json": lambda: streams.as_json(report_json(report))}


def drift_forms(plan: Plan, drifts: Sequence[Drift], options: Common, *, now: datetime) -> Forms:
    """The forms of a drift."""

    def text() -> str:
        from reconciler.render.drift_text import drift_text

        return drift_text(plan, drifts, now=now, width=streams.width(), colour=streams.colour(options.no_color))

    def markdown() -> str:
        from reconciler.render.drift_markdown import drift_markdown

        return drift_markdown(plan, drifts, now=now)

    return {"text": text, "markdown": markdown, "json": lambda: streams.as_json(drift_json(plan, drifts))}


def publish(forms: Forms, options: Common) -> None:
    """Print the form that `--format` names, and write those of `--report` even where stdout is closed or full."""
    try:
        streams.out(forms[options.format]())
    finally:
        write_reports(forms, options)


def write_reports(forms: Forms, options: Common) -> None:
    """Write the forms that `--report` names."""
    for kind, file in options.reports:
        streams.save(file, forms[kind]())
