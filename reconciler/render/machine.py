"""All forms of a sheet, in one place to choose from by the kind of a report."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from reconciler.render.gitlab import code_quality, terraform_report
from reconciler.render.html_page import html_page
from reconciler.render.junit import junit
from reconciler.render.prometheus import prometheus
from reconciler.render.sarif import sarif
from reconciler.render.sheet import Sheet

TEXTS: Final[Mapping[str, Callable[[Sheet], str]]] = {"html": html_page, "junit": junit, "prometheus": prometheus}
"""The forms that are text."""

DATA: Final[Mapping[str, Callable[[Sheet], Any]]] = {
    "gitlab": terraform_report,
    "codequality": code_quality,
    "sarif": sarif,
}
"""The forms that are JSON data."""
