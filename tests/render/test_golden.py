"""Every page and every form for machines, exactly as a person looked at it."""

from collections.abc import Callable

import pytest

from reconciler.cli.streams import as_json
from reconciler.core.codec import drift_json, plan_json, report_json
from reconciler.core.drift import DriftCheck
from reconciler.core.plan import Plan
from reconciler.render.drift_sheet import drift_sheet
from reconciler.render.github import annotations, outputs
from reconciler.render.gitlab import code_quality, terraform_report
from reconciler.render.junit import junit
from reconciler.render.markdown import drift_markdown, plan_markdown, report_markdown
from reconciler.render.plan_sheet import plan_sheet
from reconciler.render.prometheus import prometheus
from reconciler.render.report_sheet import report_sheet
from reconciler.render.sarif import sarif
from reconciler.render.sheet import Sheet
from reconciler.render.terraform import terraform_plan
from reconciler.render.text import drift_text, history_text, plan_text, report_text, status_text

from . import samples
from .golden import check
from .samples import DIGEST, EVERY_KIND_HOSTILE, HOSTILE_CHECK, HOSTILE_REPORT, NOW

NEXT = "reconciler apply --plan plan.json"
NOTHING = DriftCheck(drifts=())

Page = Callable[[], str]

PAGES: dict[str, Page] = {
    "plan-demo.txt": lambda: plan_text(samples.DEMO, now=NOW, next_command=NEXT),
    "plan-everything.txt": lambda: plan_text(samples.EVERYTHING, now=NOW, next_command=NEXT),
    "plan-settled.txt": lambda: plan_text(samples.SETTLED, now=NOW),
    "plan-hostile.txt": lambda: plan_text(samples.HOSTILE_PLAN, now=NOW),
    "plan-demo-50-columns.txt": lambda: plan_text(samples.DEMO, now=NOW, width=50),
    "plan-demo-coloured.txt": lambda: plan_text(samples.DEMO, now=NOW, colour=True),
    "plan-demo.md": lambda: plan_markdown(samples.DEMO, now=NOW, next_command=NEXT),
    "plan-everything.md": lambda: plan_markdown(samples.EVERYTHING, now=NOW, marker="prod"),
    "plan-settled.md": lambda: plan_markdown(samples.SETTLED, now=NOW),
    "plan-hostile.md": lambda: plan_markdown(samples.HOSTILE_PLAN, now=NOW, marker="--> <!-- x"),
    "report-done.txt": lambda: report_text(samples.DONE, plan=samples.DEMO),
    "report-broken.txt": lambda: report_text(samples.BROKEN, plan=samples.EVERYTHING, next_command="reconciler apply"),
    "report-done.md": lambda: report_markdown(samples.DONE, plan=samples.DEMO),
    "report-broken.md": lambda: report_markdown(samples.BROKEN, plan=samples.EVERYTHING),
    "drift.txt": lambda: drift_text(samples.DEMO, samples.CHECK, now=NOW, next_command="reconciler plan"),
    "drift-none.txt": lambda: drift_text(samples.SETTLED, NOTHING, now=NOW),
    "drift.md": lambda: drift_markdown(samples.DEMO, samples.CHECK, now=NOW),
    "status.txt": lambda: status_text(samples.ROWS, now=NOW),
    "history.txt": lambda: history_text(samples.RECORDS),
}


def forms(name: str, sheet: Sheet, plan: Plan) -> dict[str, Page]:
    """Every form that is made from a sheet."""
    return {
        f"{name}.junit.xml": lambda: junit(sheet),
        f"{name}.gitlab.json": lambda: as_json(terraform_report(sheet)),
        f"{name}.codequality.json": lambda: as_json(code_quality(sheet)),
        f"{name}.sarif": lambda: as_json(sarif(sheet)),
        f"{name}.github.txt": lambda: annotations(sheet),
        f"{name}.outputs.txt": lambda: outputs(sheet, digest=DIGEST, delimiter="0123456789abcdef"),
        f"{name}.prom": lambda: prometheus(sheet),
        f"{name}.terraform.json": lambda: as_json(terraform_plan(sheet, plan)),
    }


PLAN = EVERY_KIND_HOSTILE
EVERY = {
    "every-plan.txt": lambda: plan_text(PLAN, now=NOW, next_command=NEXT),
    "every-plan.md": lambda: plan_markdown(PLAN, now=NOW, marker="prod", next_command=NEXT),
    "every-plan.json": lambda: as_json(plan_json(PLAN)),
    **forms("every-plan", plan_sheet(PLAN, now=NOW, environment="prod", next_command=NEXT), PLAN),
    "every-report.txt": lambda: report_text(HOSTILE_REPORT, plan=PLAN),
    "every-report.md": lambda: report_markdown(HOSTILE_REPORT, plan=PLAN, marker="prod"),
    "every-report.json": lambda: as_json(report_json(HOSTILE_REPORT)),
    **forms("every-report", report_sheet(HOSTILE_REPORT, plan=PLAN, tool_version="0.1.0", environment="prod"), PLAN),
    "every-drift.txt": lambda: drift_text(PLAN, HOSTILE_CHECK, now=NOW),
    "every-drift.md": lambda: drift_markdown(PLAN, HOSTILE_CHECK, now=NOW, marker="prod"),
    "every-drift.json": lambda: as_json(drift_json(PLAN, HOSTILE_CHECK)),
    **forms("every-drift", drift_sheet(PLAN, HOSTILE_CHECK, now=NOW, environment="prod"), PLAN),
}


@pytest.mark.parametrize("name", PAGES | EVERY)
def test_page_is_as_it_was_looked_at(name: str) -> None:
    text = (PAGES | EVERY)[name]()
    check(name, text if text.endswith("\n") else text + "\n")
