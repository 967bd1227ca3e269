"""What the textfile promises: Prometheus' own parser takes it, alerts can clear, and no model becomes a label."""

import re

import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from reconciler.core.live import Failure
from reconciler.render.drift_sheet import drift_sheet
from reconciler.render.prometheus import prometheus
from reconciler.render.report_sheet import report_sheet
from reconciler.render.safe import ci
from reconciler.render.sheet import Sheet

from . import samples
from .samples import large
from .sheets import SHEETS, drifted, planned, reported

every_sheet = pytest.mark.parametrize("sheet", [sheet for sheet, _ in SHEETS.values()], ids=SHEETS)

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(sheet: Sheet) -> Samples:
    """Every sample; none may come twice."""
    found: Samples = {}
    for family in text_string_to_metric_families(prometheus(sheet)):
        assert family.type == "gauge"
        assert family.documentation
        for sample in family.samples:
            assert sample.timestamp is None
            key = (sample.name.removeprefix("reconciler_"), frozenset(sample.labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


def values(sheet: Sheet, name: str, **labels: str) -> list[float]:
    return [value for (metric, told), value in read(sheet).items() if metric == name and labels.items() <= set(told)]


@every_sheet
def test_prometheus_parser_takes_every_line(sheet: Sheet) -> None:
    text = prometheus(sheet)
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]

    assert len(read(sheet)) == len(lines)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert text.encode()


@every_sheet
def test_each_metric_says_what_it_is_once(sheet: Sheet) -> None:
    told = re.findall(r"^# (HELP|TYPE) (\S+)", prometheus(sheet), re.MULTILINE)

    assert len(set(told)) == len(told)
    assert {name for kind, name in told if kind == "HELP"} == {name for kind, name in told if kind == "TYPE"}


@every_sheet
def test_a_label_comes_back_as_a_person_would_see_it(sheet: Sheet) -> None:
    environments = {dict(labels).get("environment", "") for _, labels in read(sheet)}

    assert environments == {ci(sheet.environment)}


def test_only_platforms_are_named() -> None:
    few, many = (len(read(planned(large(number, number, number)))) for number in (1, 500))

    assert few == many
    assert "model-00" not in prometheus(planned(large(3, 3, 3)))


def test_a_drift_that_is_over_reads_zero() -> None:
    before, after = (drifted(samples.SETTLED, check) for check in (samples.CHECK, replace(samples.CHECK, drifts=())))

    assert set(read(before)) == set(read(after))
    assert values(before, "drift_models", platform="nugen", kind="drifted") == [2]
    assert values(before, "drift_models", platform="kore-eu", kind="unknown") == [1]
    assert set(values(after, "drift_models")) == {0}
    assert (values(before, "drift_new_models"), values(after, "drift_new_models")) == ([1], [0])


def test_what_is_acknowledged_raises_no_alarm() -> None:
    sheet = drifted(samples.DEMO, samples.CHECK)

    assert values(sheet, "drift_models", kind="acknowledged", platform="kore-eu") == [1]
    assert set(values(sheet, "drift_models", kind="pending")) == {0}


@pytest.mark.parametrize(
    ("sheet", "success"),
    [
        (planned(samples.DEMO), 1),
        (planned(replace(samples.DEMO, guards=samples.EVERYTHING.guards)), 1),
        (planned(replace(samples.DEMO, offline=True)), 0),
        (planned(replace(samples.DEMO, failures=(Failure(address="kore", error="503"),))), 0),
        (drifted(samples.DEMO, samples.CHECK), 1),
        (reported(samples.DONE), 1),
        (reported(samples.BROKEN), 0),
        (reported(replace(samples.DONE, outcomes=samples.BROKEN.outcomes[-2:-1])), 0),
        (reported(samples.FAILED), 0),
        (reported(replace(samples.DONE, failures=(Failure(address="kore", error="503"),))), 0),
        (reported(replace(samples.DONE, blocked=samples.DEMO.blocked, exit_code=3)), 0),
    ],
)
def test_a_run_is_a_success_if_all_was_read_and_done(sheet: Sheet, success: float) -> None:
    assert values(sheet, "run_success") == [success]


@pytest.mark.parametrize("kind", ["plan", "drift", "report"])
def test_a_run_that_failed_says_so_and_counts_nothing(kind: str) -> None:
    found = read(report_sheet(samples.FAILED, tool_version="0.1.0", kind=kind, environment="prod"))

    assert {name for name, _ in found} == {
        "run_success",
        "run_partial",
        "run_duration_seconds",
        "last_run_timestamp_seconds",
    }
    assert found["run_success", frozenset({("document", kind), ("environment", "prod")})] == 0


def test_a_run_that_failed_on_its_way_counts_what_it_did() -> None:
    assert values(reported(replace(samples.DONE, exit_code=1, error="the disk is full")), "run_success") == [0]
    assert sum(values(reported(replace(samples.DONE, exit_code=1, error="the disk is full")), "actions")) == 3


@pytest.mark.parametrize("address", ["nugen", "nugen/slow"])
def test_what_could_not_be_read_does_not_count_as_none(address: str) -> None:
    plan = replace(samples.DEMO, failures=(Failure(address=address, error="503"),))
    nothing = drifted(plan, replace(samples.CHECK, drifts=()))

    assert values(nothing, "drift_models", platform="nugen") == []
    assert values(nothing, "drift_new_models") == []
    assert values(nothing, "models", platform="nugen", state="drifted") == []
    assert values(nothing, "models", platform="nugen", state="unread") == [1]
    assert set(values(nothing, "drift_models", platform="kore-eu")) == {0}
    assert values(drifted(plan, samples.CHECK), "drift_models", platform="nugen") == [2]
    assert values(drifted(plan, samples.CHECK), "drift_new_models") == [1]


@pytest.mark.parametrize("partial", [True, False])
def test_a_selection_is_told(partial: bool) -> None:
    sheet = planned(replace(samples.DEMO, partial=partial), "prod")

    assert values(sheet, "run_partial", document="plan", environment="prod") == [partial]


def test_what_was_known_before_is_not_taken_for_acknowledged() -> None:
    brief = drift_sheet(samples.DEMO, samples.CHECK, now=samples.NOW, brief=True)

    assert values(brief, "drift_models") == values(drifted(samples.DEMO, samples.CHECK), "drift_models")


def test_actions_are_counted_by_what_became_of_them() -> None:
    plan, report = planned(samples.DEMO), reported(samples.BROKEN)

    assert values(plan, "actions", action="undeploy", result="planned") == [1]
    assert values(plan, "actions", action="adopt", result="planned") == [1]
    assert values(report, "actions", action="undeploy", result="timed-out") == [1]
    assert sum(values(report, "actions")) == len(samples.BROKEN.outcomes)
    assert {key for key in read(report) if key[0] == "actions"} <= set(read(reported(samples.DONE)))


def test_models_are_counted_by_state() -> None:
    sheet = planned(samples.DEMO)

    assert values(sheet, "models", platform="nugen", state="unchanged") == [12]
    assert values(sheet, "models", platform="kore-eu", state="blocked") == [1]
    assert values(sheet, "models", platform="kore-eu", state="unchanged") == [0]


def test_times_are_those_of_the_run() -> None:
    sheet = reported(samples.DONE)

    assert values(sheet, "last_run_timestamp_seconds") == [sheet.at.timestamp()]
    assert values(sheet, "run_duration_seconds") == [72]
    assert values(planned(samples.DEMO), "run_duration_seconds") == []
