"""Nightly drift: what is new, what goes on, what is resolved, acknowledged or cannot be put on record."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.record import Record, RecordKind
from reconciler.journal.opening import lock_journal
from reconciler.simulator import SimulatedPlatforms
from tests.cli.conftest import BATCH, FAQ, READER, Reconciler, inventory
from tests.cli.test_signals import ROOT

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
        f"Known       1: nugen/faq (since {datetime.now(UTC):%Y-%m-%d})",
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


def test_a_look_during_an_apply_is_on_record_too_and_takes_no_lock(
    applied: SimulatedPlatforms, reconciler: Reconciler
) -> None:
    applied.nugen.set_state(FAQ_ID, "undeployed")
    with lock_journal(".reconciler/journal.db", run="r-1") as store:
        assert reconciler("drift").code == 2
        store.write([Record(kind=RecordKind.RUN_STARTED, at=datetime.now(UTC), run="r-1")])
    assert drift_of(reconciler)[1]["drift"][0]["novelty"] == "ongoing"


def test_where_the_journal_cannot_be_written_the_look_says_so(
    applied: SimulatedPlatforms, reconciler: Reconciler
) -> None:
    applied.nugen.set_state(FAQ_ID, "undeployed")
    with closing(sqlite3.connect(".reconciler/journal.db")) as connection:
        connection.execute("CREATE TRIGGER no BEFORE INSERT ON records BEGIN SELECT RAISE(ABORT, 'full'); END")
    ran = reconciler("drift")
    assert ran.code == 2
    assert "This look is not on record: " in ran.err


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
    assert reconciler("show", "drift.json").out.splitlines() == ran.out.splitlines()[:-1]
    assert ran.out.splitlines()[-1] == "Next        reconciler plan"
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


def test_what_nobody_could_be_told_is_new_the_next_time(applied: SimulatedPlatforms, reconciler: Reconciler) -> None:
    applied.nugen.set_state(FAQ_ID, "undeployed")
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "reconciler", "drift", "--fail-on", "new"]
        ran = subprocess.run(command, stdout=full, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert ran.returncode == 1
    assert reconciler("drift", "--fail-on", "never").code == 0
    assert reconciler("drift", "--fail-on", "new").code == 2
    assert reconciler("drift", "--fail-on", "new").code == 0


def test_a_model_on_its_way_is_neither_drifted_nor_resolved(
    applied: SimulatedPlatforms, reconciler: Reconciler
) -> None:
    applied.nugen.set_state(FAQ_ID, "undeployed")
    drift_of(reconciler)
    applied.nugen.set_state(FAQ_ID, "deploying")
    code, moving = drift_of(reconciler)
    assert (code, moving["drift"], moving["resolved"]) == (0, [], [])
    applied.nugen.set_state(FAQ_ID, "undeployed")
    assert drift_of(reconciler)[1]["drift"][0]["novelty"] == "ongoing"


def test_a_partial_look_wipes_nothing_of_the_day(applied: SimulatedPlatforms, reconciler: Reconciler) -> None:
    applied.nugen.set_state(FAQ_ID, "undeployed")
    drift_of(reconciler)
    drift_of(reconciler, "--only", "nugen/reader")
    from reconciler.core.sightings import fold_sightings
    from reconciler.journal.opening import open_journal

    store = open_journal(".reconciler/journal.db")
    assert store is not None
    (night,) = fold_sightings(store.read()).nights.values()
    store.close()
    assert list(night.values()) == ["drifted"]


def test_an_apply_says_what_is_acknowledged_and_that_it_ends_it(
    applied: SimulatedPlatforms, reconciler: Reconciler
) -> None:
    applied.nugen.set_state(FAQ_ID, "undeployed")
    inventory(FAQ[:-1] + ', acknowledge: {until: "2999-12-31", reason: load test}}', READER)
    for form in ("text", "markdown", "json"):
        assert "2999" in reconciler("plan", "--format", form).out
