"""All pages of text, in one place to import from."""

from reconciler.render.drift_text import drift_text
from reconciler.render.plan_text import plan_text
from reconciler.render.report_text import report_text
from reconciler.render.status_text import history_text, status_text

__all__ = ["drift_text", "history_text", "plan_text", "report_text", "status_text"]
