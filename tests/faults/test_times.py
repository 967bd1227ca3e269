"""An action's time is up, and clocks that jump between runs: nothing is started twice, and nothing is rushed."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.core.record import RecordKind
from reconciler.journal.opening import lock_journal
from reconciler.simulator import Fault, FaultKind, JobTime, SimulatedPlatforms

from .rows import LONG, Row
from .runner import Runner
from .table import Table

WAYS = (("kore", "undeploy"), ("kore", "deploy"), ("kore", "export"), ("nugen", "undeploy"), ("nugen", "deploy"))
DAYS = (-1, 0, 1)


def move(table: Table, days: int) -> None:
    """Let the clock of all earlier runs have been so many days ahead: the journal's times move."""
    where = str(table.folder / ".reconciler" / "journal.db")
    records = [replace(record, at=record.at + timedelta(days=days)) for record in table.records]
    Path(where).unlink()
    with lock_journal(where, run="moved") as store:
        store.write(records)


def forget_timeout(table: Table) -> None:
    inventory = table.folder / "inventory.yaml"
    inventory.write_text(inventory.read_text().replace(", timeout: 1s", ""))


class Time:
    """The platforms' time: stands still until a test moves it."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize("days", DAYS)
def test_when_its_time_is_up_a_job_is_left_and_the_next_apply_follows_it_without_a_start(
    runner: Runner, tmp_path: Path, days: int
) -> None:
    rows = [Row(name="slow", platform=p, verb=v, job_seconds=LONG, fields=", timeout: 1s") for p, v in WAYS]
    passing = Time()
    with SimulatedPlatforms(now=passing) as platforms, ThreadPoolExecutor() as pool:
        table = Table(rows, tmp_path, runner, platforms, settle=1.0)
        first = table.apply()
        left = table.outcomes
        move(table, days)
        forget_timeout(table)
        seen = len(platforms.kore.log)
        following = pool.submit(table.apply)
        while len(platforms.kore.log.entries[seen:]) < 12:  # each job is followed by now
            assert not following.done(), following.result().text
            time.sleep(0.01)
        passing.seconds += LONG
        second = following.result()

    assert (first.code, second.code) == (5, 0), second.text
    for row in rows:
        assert left[row.address]["outcome"] == "timed-out"
        assert re.fullmatch(r"still running after \d+ s; the next apply follows it", left[row.address]["error"])
        assert left[row.address]["seconds"] >= 1.0
        assert len(table.starts(row)) == 1
        assert table.journal(row) == ["intent", "accepted", "settled", "adopted", "settled"]


@pytest.mark.parametrize("days", DAYS)
def test_an_undeploy_in_doubt_waits_the_whole_settle_time_again(runner: Runner, tmp_path: Path, days: int) -> None:
    lost = Fault(FaultKind.DROP_BEFORE, reset=True)
    row = Row(name="lost", platform="nugen", verb="undeploy", fault=lost, fields=", timeout: 1s")
    with SimulatedPlatforms() as platforms:
        table = Table([row], tmp_path, runner, platforms, settle=2.0)
        assert table.apply().code == 5
        assert table.outcomes[row.address]["outcome"] == "uncertain"
        move(table, days)
        forget_timeout(table)
        began = platforms.nugen.now()
        assert table.apply().code == 0

    first, second = table.starts(row)
    assert (first.effect, second.effect) == (False, True)
    assert second.at - began >= 2.0


@pytest.mark.parametrize(("days", "least", "most"), [(-1, 0.0, 5.0), (1, 5.0, 60.0)])
def test_a_job_from_the_future_is_given_the_whole_settle_time_to_show(
    runner: Runner, tmp_path: Path, days: int, least: float, most: float
) -> None:
    row = Row(name="gone", platform="nugen", verb="deploy", job_seconds=60, fields=", timeout: 1s")
    with SimulatedPlatforms() as platforms:
        table = Table([row], tmp_path, runner, platforms, settle=5.0)
        assert table.apply().code == 5
        platforms.nugen.kill_job(row.id, "no more machines")
        platforms.nugen.set_job_time(JobTime(seconds=0.1), row.id)
        move(table, days)
        forget_timeout(table)
        began = platforms.nugen.now()
        ran = table.apply()

    assert ran.code == 0, ran.text
    _, second = table.starts(row)
    assert least <= second.at - began < most


def test_a_lost_deploy_stays_in_doubt_whatever_the_clock_says(runner: Runner, tmp_path: Path) -> None:
    lost = Fault(FaultKind.DROP_BEFORE, reset=True)
    rows = [Row(name="lost", platform=platform, verb="deploy", fault=lost) for platform in ("kore", "nugen")]
    with SimulatedPlatforms() as platforms:
        table = Table(rows, tmp_path, runner, platforms, settle=0.5)
        assert table.apply().code == 5
        for days in (-1, 2):
            move(table, days)
            assert table.apply().code == 3
    assert [len(table.starts(row)) for row in rows] == [1, 1]
    assert all(record.kind is not RecordKind.ACCEPTED for record in table.records)
