"""What GitLab's two reports promise. GitLab publishes no schema for them: its documented fields are checked here."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.core.job import Verb
from reconciler.core.model import Source
from reconciler.render.gitlab import code_quality, terraform_report
from reconciler.render.sheet import Sheet

from . import samples
from .samples import EMPTY
from .sheets import SHEETS, drifted, planned, reported

every_sheet = pytest.mark.parametrize("sheet", [sheet for sheet, _ in SHEETS.values()], ids=SHEETS)


def issues(sheet: Sheet) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(json.dumps(code_quality(sheet)))
    return found


@every_sheet
def test_code_quality_has_the_documented_fields_and_no_other(sheet: Sheet) -> None:
    for issue in issues(sheet):
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["description"]
        assert issue["description"].isprintable()
        assert issue["check_name"].startswith("reconciler/")
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert set(issue["location"]) == {"path", "lines"}
        assert set(issue["location"]["lines"]) == {"begin"}
        assert type(issue["location"]["lines"]["begin"]) is int
        assert issue["location"]["lines"]["begin"] >= 1
        assert not issue["location"]["path"].startswith(("/", "./"))


@every_sheet
def test_every_finding_is_shown_as_equal_fingerprints_are_shown_once(sheet: Sheet) -> None:
    prints = [issue["fingerprint"] for issue in issues(sheet)]

    assert len(set(prints)) == len(prints) == len(sheet.findings) + sheet.partial


def test_a_fingerprint_outlives_a_move_within_the_file_and_no_other_change() -> None:
    action = samples.undeploy("a/b", 3)

    def printed(**changes: Any) -> str:
        found: str = issues(planned(replace(EMPTY, actions=(replace(action, **changes),))))[0]["fingerprint"]
        return found

    moved = printed(source=Source(file="inventory.yaml", line=99))
    others = {
        printed(address="a/c"),
        printed(verb=Verb.EXPORT),
        printed(source=Source(file="b.yaml", line=3)),
    }

    assert moved == printed()
    assert len(others | {printed()}) == 4


def test_what_stands_nowhere_is_shown_at_the_top_of_the_inventory() -> None:
    plan = replace(EMPTY, inventory=replace(EMPTY.inventory, files=("./a.yaml", "b.yaml")))
    unread = replace(plan, failures=samples.EVERYTHING.failures)

    assert issues(planned(unread))[0]["location"] == {"path": "a.yaml", "lines": {"begin": 1}}
    assert issues(reported(samples.FAILED))[0]["location"] == {"path": "inventory.yaml", "lines": {"begin": 1}}


def test_severities_go_from_what_kept_a_run_from_its_end_to_what_is_only_planned() -> None:
    found = {issue["check_name"]: issue["severity"] for issue in issues(planned(samples.EVERYTHING))}

    assert issues(reported(samples.FAILED))[0]["severity"] == "blocker"
    assert found["reconciler/unread"] == "critical"
    assert found["reconciler/undeploy"] == found["reconciler/blocked"] == "major"
    assert found["reconciler/deploy"] == "info"


def test_code_quality_says_what_a_selection_left_out() -> None:
    plan = replace(EMPTY, inventory=replace(EMPTY.inventory, files=("./teams/a.yaml", "b.yaml")), partial=True)
    found = issues(planned(plan))[-1]

    assert found.pop("fingerprint")
    assert found == {
        "description": "Partial: only what --only/--exclude selected.",
        "check_name": "reconciler/partial",
        "severity": "info",
        "location": {"path": "teams/a.yaml", "lines": {"begin": 1}},
    }
    assert issues(planned(replace(plan, partial=False))) == []


@every_sheet
def test_the_terraform_report_is_three_numbers(sheet: Sheet) -> None:
    report = json.loads(json.dumps(terraform_report(sheet)))

    assert list(report) == ["create", "update", "delete"]
    assert all(type(number) is int and number >= 0 for number in report.values())


def test_of_a_plan_it_counts_what_would_be_and_nothing_that_is_only_waited_for() -> None:
    assert terraform_report(planned(samples.DEMO)) == {"create": 1, "update": 2, "delete": 1}


def test_of_a_report_it_counts_what_was_done() -> None:
    assert terraform_report(reported(samples.BROKEN)) == {"create": 1, "update": 1, "delete": 1}
    assert terraform_report(reported(samples.FAILED)) == {"create": 0, "update": 0, "delete": 0}


def test_of_a_drift_it_counts_what_an_apply_would_do_about_it() -> None:
    assert terraform_report(drifted(samples.DEMO, samples.CHECK)) == {"create": 1, "update": 0, "delete": 1}
    assert terraform_report(drifted(samples.SETTLED, samples.CHECK)) == {"create": 0, "update": 0, "delete": 0}
