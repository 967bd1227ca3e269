"""Nightly drift: what is new, what goes on, what is resolved, acknowledged or cannot be put on record."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.journal.opening import lock_journal
from reconciler.simulator import SimulatedPlatforms
from tests.cli.conftest import BATCH, FAQ, READER, Reconciler, inventory

FAQ_ID = "alignment_01KXG82FJJ98NQ0"


@pytest.fixture
def applied(reach: SimulatedPlatforms, reconciler: Reconciler) -> SimulatedPlatforms:
    """Two models, both where the last apply left them."""
    inventory(FAQ, READER)
    assert reconciler("apply", "--yes").code == 0
    return reach


def drift_of(reconciler: Reconciler, *arguments: str) -> tuple[int, dict[str, Any]]:
    ran = reconciler("drift", "--format", "json", *arguments)
    return ran.code, json.loads(ran.out)


def test_new_then_ongoing_then_resolved(applied: SimulatedPlatforms, reconciler: Reconciler) -> None:
    applied.nugen.set_state(FAQ_ID, "undeployed")
    code, first = drift_of(reconciler)
    assert code == 2
    assert [(one["address"], one["novelty"], one["times"]) for one in first["drift"]] == [("nugen/faq", "new", 1)]

    code, second = drift_of(reconciler)
    assert code == 2
    (found,) = second["drift"]
    assert (found["novelty"], found["times"], found["first_seen"][:10]) == ("ongoing", 2, first["created_at"][:10])

    applied.nugen.set_state(FAQ_ID, "deployed")
    code, third = drift_of(reconciler)
    assert code == 0
    assert [(one["address"], one["times"]) for one in third["resolved"]] == [("nugen/faq", 2)]
    assert drift_of(reconciler)[1]["resolved"] == []


def test_fail_on_new_is_quiet_about_what_is_known(applied: SimulatedPlatforms, reconciler: Reconciler) -> None:
    applied.nugen.set_state(FAQ_ID, "undeployed")
    first = reconciler("drift", "--fail-on", "new")
    assert first.code == 2
    assert "new: not seen before" in first.out

    second = reconciler("drift", "--fail-on", "new")
    assert second.code == 0
    assert second.out.splitlines() == [
        "Drift: 1 model changed outside reconciler; nothing new.",
        "",
        "Known       1: nugen/faq",
    ]
    assert reconciler("drift", "--fail-on", "never").code == 0
    assert reconciler("drift").code == 2


def test_text_says_since_when_and_how_often(applied: SimulatedPlatforms, reconciler: Reconciler) -> None:
    applied.nugen.set_state(FAQ_ID, "undeployed")
    for _ in range(2):
        reconciler("drift")
    third = reconciler("drift").out
    assert f"ongoing: seen 3 times since {datetime.now(UTC):%Y-%m-%d}, just now" in " ".join(third.split())


def test_an_acknowledged_drift_is_shown_and_is_no_alarm(applied: SimulatedPlatforms, reconciler: Reconciler) -> None:
    applied.nugen.set_state(FAQ_ID, "undeployed")
    until = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"
    inventory(FAQ[:-1] + f', acknowledge: {{until: "{until}", reason: load test}}}}', READER)
    shown = reconciler("drift")
    assert shown.code == 0
    assert f"acknowledged until {until}: load test" in " ".join(shown.out.split())

    inventory(FAQ[:-1] + ', acknowledge: {until: "2026-01-31"}}', READER)
    assert reconciler("drift").code == 2


def test_an_acknowledged_unknown_state_does_not_fail_the_night(
    reach: SimulatedPlatforms, reconciler: Reconciler
) -> None:
    inventory(BATCH)
    assert reconciler("drift").code == 6
    inventory(BATCH[:-1] + ', acknowledge: {until: "2999-12-31"}}')
    assert reconciler("drift").code == 0


@pytest.mark.parametrize("day", ['"2026-02-30"', "2026-12-31", '"tomorrow"', '"2026-13-01"'])
def test_a_day_that_is_none_is_refused(reconciler: Reconciler, day: str) -> None:
    inventory(FAQ[:-1] + f", acknowledge: {{until: {day}}}}}")
    ran = reconciler("validate")
    assert ran.code == 1
    assert "inventory.yaml:3:" in ran.err


def test_a_look_during_an_apply_is_not_on_record_and_says_so(
    applied: SimulatedPlatforms, reconciler: Reconciler
) -> None:
    applied.nugen.set_state(FAQ_ID, "undeployed")
    with lock_journal(".reconciler/journal.db", run="r-1"):
        ran = reconciler("drift")
    assert ran.code == 2
    assert "This look is not on record: " in ran.err
    assert drift_of(reconciler)[1]["drift"][0]["novelty"] == "new"


def test_a_partial_look_resolves_nothing_of_what_it_left_out(
    applied: SimulatedPlatforms, reconciler: Reconciler
) -> None:
    applied.nugen.set_state(FAQ_ID, "undeployed")
    drift_of(reconciler)
    code, partial = drift_of(reconciler, "--exclude", "nugen/faq")
    assert (code, partial["partial"], partial["drift"], partial["resolved"]) == (0, True, [], [])
    assert drift_of(reconciler)[1]["drift"][0]["times"] == 2


def test_a_platform_that_cannot_be_read_resolves_nothing(
    applied: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied.nugen.set_state(FAQ_ID, "undeployed")
    drift_of(reconciler)
    with monkeypatch.context() as broken:
        broken.setenv("RECONCILER_NUGEN_KEY", "not-the-right-key")
        code, unread = drift_of(reconciler)
    assert (code, unread["resolved"]) == (6, [])
    assert drift_of(reconciler)[1]["drift"][0]["novelty"] == "ongoing"


def test_a_drift_is_shown_again_from_its_file(applied: SimulatedPlatforms, reconciler: Reconciler) -> None:
    applied.nugen.set_state(FAQ_ID, "undeployed")
    ran = reconciler("drift", "--report", "json=drift.json")
    assert reconciler("show", "drift.json").out == ran.out
    assert reconciler("show", "drift.json", "--format", "markdown").out.startswith("<!-- reconciler:drift:default -->")


def test_what_was_seen_stands_in_the_history(applied: SimulatedPlatforms, reconciler: Reconciler) -> None:
    applied.nugen.set_state(FAQ_ID, "undeployed")
    reconciler("drift")
    applied.nugen.set_state(FAQ_ID, "deployed")
    reconciler("drift")
    told = " ".join(reconciler("history", "nugen/faq").out.split())
    assert "seen, drifted, deployed -> undeployed" in told
    assert "cleared" in told
    assert Path(".reconciler/journal.db").is_file()


def test_an_unknown_state_is_an_alarm_while_it_is_new(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(BATCH)
    assert reconciler("drift", "--fail-on", "never").code == 0
    assert reconciler("drift").code == 6
    Path(".reconciler/journal.db").unlink()
    assert [reconciler("drift", "--fail-on", "new").code for _ in range(3)] == [6, 0, 0]


def test_the_numbers_are_readable_by_the_collector_and_the_rest_is_private(
    applied: SimulatedPlatforms, reconciler: Reconciler
) -> None:
    reconciler("drift", "--report", "prometheus=drift.prom", "--report", "json=drift.json")
    assert Path("drift.prom").stat().st_mode & 0o777 == 0o644
    assert Path("drift.json").stat().st_mode & 0o777 == 0o600
