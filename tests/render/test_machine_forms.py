"""What all forms for machines promise: any sheet has them, in little time, and as JSON they hold what they said."""

import json
import re
from collections.abc import Callable
from time import process_time

import pytest
from msgspec.structs import replace

from reconciler.cli.streams import as_json
from reconciler.core.drift import DriftCheck
from reconciler.core.plan import Plan
from reconciler.render.github import annotations, outputs
from reconciler.render.gitlab import code_quality, terraform_report
from reconciler.render.junit import junit
from reconciler.render.prometheus import prometheus
from reconciler.render.sarif import sarif
from reconciler.render.sheet import RULES, Sheet
from reconciler.render.terraform import terraform_plan

from . import samples
from .samples import large, outcome
from .sheets import SHEETS, drifted, planned, reported

Form = Callable[[Sheet, Plan | None], str]

FORMS: dict[str, Form] = {
    "junit": lambda sheet, _: junit(sheet),
    "gitlab": lambda sheet, _: as_json(terraform_report(sheet)),
    "codequality": lambda sheet, _: as_json(code_quality(sheet)),
    "sarif": lambda sheet, _: as_json(sarif(sheet)),
    "github": lambda sheet, _: annotations(sheet),
    "outputs": lambda sheet, _: outputs(sheet, digest="sha256:00", delimiter="5d1f0c9a"),
    "prometheus": lambda sheet, _: prometheus(sheet),
    "terraform": lambda sheet, plan: as_json(terraform_plan(sheet, plan)),
}
JSON: dict[str, Callable[[Sheet, Plan | None], object]] = {
    "gitlab": lambda sheet, _: terraform_report(sheet),
    "codequality": lambda sheet, _: code_quality(sheet),
    "sarif": lambda sheet, _: sarif(sheet),
    "terraform": terraform_plan,
}

every_sheet = pytest.mark.parametrize(("sheet", "plan"), SHEETS.values(), ids=SHEETS)

MANY = large(5_000, 5_000)
LARGE: dict[str, Callable[[], Sheet]] = {
    "plan": lambda: planned(MANY),
    "report": lambda: reported(
        replace(
            samples.DONE,
            outcomes=tuple(outcome(action.address, action.verb, started_at=samples.NOW) for action in MANY.actions),
        ),
        MANY,
    ),
    "drift": lambda: drifted(
        MANY,
        DriftCheck(drifts=tuple(replace(samples.DRIFTS[2], address=action.address) for action in MANY.actions)),
    ),
}


@every_sheet
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_of_every_sheet_can_be_written_and_steers_nothing(
    form: Form, sheet: Sheet, plan: Plan | None
) -> None:
    text = form(sheet, plan)

    assert text.encode()
    assert text.isascii() or text.replace("\n", "").isprintable()
    assert not {"\x1b", "\r", "\x07", "\x9b"} & set(text)
    assert not re.search(r"##(\[|vso|teamcity)", text)
    assert all(line.startswith("::") is (form is FORMS["github"]) for line in text.splitlines())


@every_sheet
@pytest.mark.parametrize("form", JSON)
def test_json_reads_the_same_as_it_was_made(form: str, sheet: Sheet, plan: Plan | None) -> None:
    assert json.loads(FORMS[form](sheet, plan)) == JSON[form](sheet, plan)


@pytest.mark.parametrize("kind", LARGE)
def test_ten_thousand_changes_take_no_time_in_each_form(kind: str) -> None:
    took = {}
    before = process_time()
    sheet = LARGE[kind]()
    took["sheet"] = process_time() - before
    for name, form in FORMS.items():
        before = process_time()
        form(sheet, MANY)
        took[name] = process_time() - before

    assert len(sheet.lines) == 10_000 + 50 * (kind == "plan")
    assert {
        name: seconds for name, seconds in took.items() if seconds > 3
    } == {}  # a tenth of it on a machine that does nothing else


def test_the_samples_hold_every_kind_of_line() -> None:
    assert {line.rule for sheet, _ in SHEETS.values() for line in sheet.lines} == set(RULES)


@pytest.mark.parametrize("document", ["plan", "report", "drift"])
def test_every_kind_of_line_comes_with_a_hostile_name_too(document: str) -> None:
    lines = SHEETS[f"{document}-every-kind-hostile"][0].lines
    hostile = {line.rule for line in lines if "##[add-mask]" in line.text}

    assert hostile == {line.rule for line in lines}
