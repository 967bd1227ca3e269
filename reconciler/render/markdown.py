"""All pages of Markdown, in one place to import from."""

from reconciler.render.drift_markdown import drift_markdown
from reconciler.render.plan_markdown import plan_markdown
from reconciler.render.report_markdown import report_markdown

__all__ = ["drift_markdown", "plan_markdown", "report_markdown"]
