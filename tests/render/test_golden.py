"""Every page, exactly as a person looked at it."""

import pytest

from reconciler.render.markdown import drift_markdown, plan_markdown, report_markdown
from reconciler.render.text import drift_text, history_text, plan_text, report_text, status_text

from . import samples
from .golden import check
from .samples import NOW

NEXT = "reconciler apply --plan plan.json"

PAGES = {
    "plan-demo.txt": plan_text(samples.DEMO, now=NOW, next_command=NEXT),
    "plan-everything.txt": plan_text(samples.EVERYTHING, now=NOW, next_command=NEXT),
    "plan-settled.txt": plan_text(samples.SETTLED, now=NOW),
    "plan-hostile.txt": plan_text(samples.HOSTILE_PLAN, now=NOW),
    "plan-demo-50-columns.txt": plan_text(samples.DEMO, now=NOW, width=50),
    "plan-demo-coloured.txt": plan_text(samples.DEMO, now=NOW, colour=True),
    "plan-demo.md": plan_markdown(samples.DEMO, now=NOW, next_command=NEXT),
    "plan-everything.md": plan_markdown(samples.EVERYTHING, now=NOW, marker="prod"),
    "plan-settled.md": plan_markdown(samples.SETTLED, now=NOW),
    "plan-hostile.md": plan_markdown(samples.HOSTILE_PLAN, now=NOW, marker="--> <!-- x"),
    "report-done.txt": report_text(samples.DONE, plan=samples.DEMO),
    "report-broken.txt": report_text(samples.BROKEN, plan=samples.EVERYTHING, next_command="reconciler apply"),
    "report-done.md": report_markdown(samples.DONE, plan=samples.DEMO),
    "report-broken.md": report_markdown(samples.BROKEN, plan=samples.EVERYTHING),
    "drift.txt": drift_text(samples.DEMO, samples.DRIFTS, now=NOW, next_command="reconciler plan"),
    "drift-none.txt": drift_text(samples.SETTLED, (), now=NOW),
    "drift.md": drift_markdown(samples.DEMO, samples.DRIFTS, now=NOW),
    "status.txt": status_text(samples.ROWS, now=NOW),
    "history.txt": history_text(samples.RECORDS),
}


@pytest.mark.parametrize("name", PAGES)
def test_page_is_as_it_was_looked_at(name: str) -> None:
    check(name, PAGES[name] if PAGES[name].endswith("\n") else PAGES[name] + "\n")
