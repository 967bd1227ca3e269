"""What SARIF promises: the committee's schema takes it, GitHub's limits hold, and no text becomes a link."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from jsonschema import Draft4Validator
from msgspec.structs import replace

from reconciler.core.model import Source
from reconciler.render.sarif import LIMIT, sarif
from reconciler.render.sheet import Level, Sheet

from . import samples
from .samples import EMPTY, HOSTILE, large
from .sheets import SHEETS, planned, reported

SCHEMA = Draft4Validator(json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0-rtm.5.json").read_text("utf-8")))

every_sheet = pytest.mark.parametrize("sheet", [sheet for sheet, _ in SHEETS.values()], ids=SHEETS)


def run(sheet: Sheet) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(json.dumps(sarif(sheet)))["runs"][0]
    return found


def location(result: Mapping[str, Any]) -> tuple[str, int, int]:
    physical = result["locations"][0]["physicalLocation"]
    return (
        physical["artifactLocation"]["uri"],
        physical["region"]["startLine"],
        physical["region"]["startColumn"],
    )


@every_sheet
def test_the_schema_of_the_committee_takes_it(sheet: Sheet) -> None:
    SCHEMA.validate(sarif(sheet))


def test_the_schema_would_notice() -> None:
    wrong = sarif(SHEETS["plan-demo"][0])
    wrong["runs"][0]["results"][0]["level"] = "grave"

    assert not SCHEMA.is_valid(wrong)


@every_sheet
def test_every_finding_is_a_result_under_a_rule_that_is_told(sheet: Sheet) -> None:
    read = run(sheet)
    rules = [rule["id"] for rule in read["tool"]["driver"]["rules"]]

    assert [result["ruleId"] for result in read["results"]] == [line.rule for line in sheet.findings]
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in read["results"])
    assert set(rules) == {result["ruleId"] for result in read["results"]}


@every_sheet
def test_a_place_is_a_relative_uri_below_the_checkout(sheet: Sheet) -> None:
    for line, result in zip(sheet.findings, run(sheet)["results"], strict=True):
        uri, number, _ = location(result)
        assert re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri)
        assert not uri.startswith("/")
        assert urlsplit(uri)[:2] == ("", "")
        assert number >= 1
        if line.source is not None:
            assert number == line.source.line


@every_sheet
def test_fingerprints_are_unique(sheet: Sheet) -> None:
    prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run(sheet)["results"]]

    assert len(set(prints)) == len(prints)


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("inventory.yaml", "inventory.yaml"),
        ("./teams/a b.yaml", "teams/a%20b.yaml"),
        ("C:x.yaml", "C%3Ax.yaml"),
        ("/srv/inventory.yaml", "srv/inventory.yaml"),
        ("//evil.example/x", "evil.example/x"),
        ("https://evil.example/x", "https%3A/evil.example/x"),
        ("ä#?%.yaml", "%C3%A4%23%3F%25.yaml"),
    ],
)
def test_a_file_s_name_is_percent_encoded(file: str, uri: str) -> None:
    action = replace(samples.undeploy("a/b"), source=Source(file=file, line=7, column=5))
    result = run(planned(replace(EMPTY, actions=(action,))))["results"][0]

    assert location(result) == (uri, 7, 5)
    assert unquote(uri) == file.removeprefix("./").lstrip("/").replace("//", "/")


def test_what_stands_nowhere_is_shown_at_the_top_of_the_inventory() -> None:
    plan = replace(
        samples.EVERYTHING, inventory=replace(EMPTY.inventory, files=("./teams/a.yaml", "b.yaml")), actions=()
    )
    results = run(planned(plan))["results"]

    assert location(results[0]) == ("teams/a.yaml", 1, 1)
    assert location(run(reported(samples.FAILED))["results"][0]) == ("inventory.yaml", 1, 1)


def test_of_too_many_the_gravest_are_shown_and_the_rest_is_counted() -> None:
    plan = replace(large(3000, 3000), failures=samples.EVERYTHING.failures)
    sheet = planned(plan)
    results = run(sheet)["results"]
    levels = [result["level"] for result in results]

    SCHEMA.validate(sarif(sheet))
    assert len(results) == LIMIT == 5_000
    assert levels == sorted(levels, key=["error", "warning", "note"].index)
    assert levels.count("warning") == 3000
    assert results[-1]["message"]["text"] == "and 1,002 more, none of them graver"
    assert len(run(planned(large(0, 5000)))["results"]) == 5_000
    assert "more" not in {result["ruleId"] for result in run(planned(large(0, 5000)))["results"]}


LINK = re.compile(r"(?<!\\)(?:\\\\)*\[(?:[^\]\\]|\\.)*\]\(")
"""An embedded link, as section 3.11.6 of the standard tells one."""


@pytest.mark.parametrize("name", [*HOSTILE, r"\[a\](https://evil)", r"\\[a\\](https://evil)", "{0} {12}"])
def test_no_text_becomes_a_link_or_an_argument(name: str) -> None:
    for result in run(planned(replace(EMPTY, actions=(samples.undeploy(f"a/{name}"),))))["results"]:
        text = result["message"]["text"]
        assert not LINK.search(text)
        assert not re.search(r"(?<!\{)\{\d+\}", text)


def test_braces_of_a_path_are_left_alone() -> None:
    assert "/models/{id}/export" in json.dumps(sarif(reported(samples.BROKEN)))


def test_a_run_that_did_not_end_says_so() -> None:
    assert run(reported(samples.FAILED))["invocations"][0]["executionSuccessful"] is False
    assert run(reported(samples.BROKEN))["invocations"][0]["executionSuccessful"] is False
    assert run(reported(samples.DONE))["invocations"][0]["executionSuccessful"] is True


def test_what_is_as_wanted_is_no_result() -> None:
    sheet = planned(samples.SETTLED)

    assert {line.level for line in sheet.lines} == {Level.GOOD}
    assert run(sheet)["results"] == []
