"""What JUnit XML promises: other programs' readers and schema take it, and it fails where a person has to look."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from msgspec.structs import replace
from xmlschema import XMLSchema10

from reconciler.render.junit import junit
from reconciler.render.safe import ci
from reconciler.render.sheet import Result, Sheet

from . import samples
from .samples import NOW
from .sheets import SHEETS, drifted, planned, reported

SCHEMA = XMLSchema10(str(Path(__file__).parent / "schemas" / "junit-10.xsd"))
FORBIDDEN = set(map(chr, range(0x20))) - {"\n"} | {"\ufffe", "\uffff"} | set(map(chr, range(0xD800, 0xE000)))

every_sheet = pytest.mark.parametrize("sheet", [sheet for sheet, _ in SHEETS.values()], ids=SHEETS)


def suite(sheet: Sheet) -> TestSuite:
    found = list(JUnitXml.fromstring(junit(sheet).encode()))
    assert len(found) == 1
    assert isinstance(found[0], TestSuite)
    return found[0]


def cases(sheet: Sheet) -> list[TestCase]:
    return [case for case in suite(sheet) if isinstance(case, TestCase)]


def kinds(case: TestCase) -> list[type]:
    return [type(result) for result in case.result]


@every_sheet
def test_the_schema_of_jenkins_takes_it(sheet: Sheet) -> None:
    root = ET.fromstring(junit(sheet))
    for case in root.iter("testcase"):  # what pytest's own family xunit1 and GitLab know, and this schema does not
        case.attrib.pop("file", None)
        case.attrib.pop("line", None)

    SCHEMA.validate(root)


def test_the_schema_would_notice() -> None:
    with pytest.raises(Exception, match="attribute"):
        SCHEMA.validate(ET.fromstring(junit(SHEETS["plan-demo"][0])))


@every_sheet
def test_no_character_that_xml_forbids(sheet: Sheet) -> None:
    assert not FORBIDDEN & set(junit(sheet))


@every_sheet
def test_the_numbers_are_those_of_the_cases(sheet: Sheet) -> None:
    read = suite(sheet)
    results = [kind for case in cases(sheet) for kind in kinds(case)]

    assert read.tests == len(sheet.lines) == len(cases(sheet))
    assert read.failures == results.count(Failure) == sum(line.result is Result.FAILED for line in sheet.lines)
    assert read.errors == results.count(Error) == sum(line.result is Result.ERROR for line in sheet.lines)
    assert read.skipped == results.count(Skipped) == sum(line.result is Result.SKIPPED for line in sheet.lines)


@every_sheet
def test_no_two_cases_have_one_name(sheet: Sheet) -> None:
    named = [(case.classname, case.name) for case in cases(sheet)]

    assert len(set(named)) == len(named)


@every_sheet
def test_names_and_texts_come_back_as_a_person_would_see_them(sheet: Sheet) -> None:
    for line, case in zip(sheet.lines, cases(sheet), strict=True):
        assert case.name is not None
        assert case.name.startswith(ci(line.address))
        shown = case.system_out or "".join(result.text or "" for result in case.result)
        assert all(ci(text) in shown for text in line.details)


def test_a_plan_fails_where_it_is_stopped_and_not_where_it_acts() -> None:
    found = {case.name: kinds(case) for case in cases(planned(samples.EVERYTHING))}

    assert found["kore-eu/translator undeploy"] == []
    assert found["max_undeploy_percent guard"] == [Failure]
    assert found["protect guard"] == []
    assert found["kore-eu/legacy-intents blocked"] == [Failure]
    assert found["nugen-eu unread"] == [Error]
    assert found["nugen/alignment_01HX2 unmanaged"] == [Skipped]
    assert found["nugen/model-01 unchanged"] == []


def test_a_place_is_given_where_it_is_known() -> None:
    found = {case.name: case for case in cases(planned(samples.EVERYTHING))}

    translator = found["kore-eu/translator undeploy"]._elem
    assert (translator.get("file"), translator.get("line")) == ("teams/international/translation/inventory.yaml", "120")
    assert found["nugen/model-01 unchanged"]._elem.get("file") is None


def test_a_drift_keeps_its_name_whether_it_fails_or_not() -> None:
    found = {case.name: kinds(case) for case in cases(drifted(samples.DEMO, samples.CHECK))}

    assert found["nugen/faq-bot"] == [Failure]
    assert found["kore-eu/support-triage"] == [Skipped]  # acknowledged
    assert found["nugen/model-01"] == []


def test_a_run_that_ended_before_it_began_is_an_error_with_its_text() -> None:
    case = cases(reported(samples.FAILED))[0]

    assert kinds(case) == [Error]
    assert case.result[0].text == samples.FAILED.error


def test_times_are_those_of_the_run() -> None:
    read = suite(reported(samples.DONE))

    assert read.time == 72
    assert read.timestamp == "2026-02-02T14:01:12"


def test_a_case_takes_as_long_as_its_action() -> None:
    report = replace(samples.DONE, outcomes=tuple(replace(one, started_at=NOW) for one in samples.DONE.outcomes))

    assert [case.time for case in cases(reported(report))] == [12.4, 18.0, 41.2]
