"""The decision table of a lost or refused start, row by row, over real connections: what was sent, what the journal
says, what became of it. Rows: `rows.py`. What never left the machine: `test_not_sent.py`."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.record import Record
from reconciler.simulator import Fault, FaultKind, SimulatedPlatforms
from reconciler.simulator.log import Entry

from .rows import ROWS, SETTLE, Row
from .runner import Ran, Runner
from .table import POLL, Table


@dataclass(frozen=True, slots=True)
class Played:
    """What one apply of all rows left behind."""

    ran: Ran
    outcomes: dict[str, dict[str, Any]]
    journal: dict[str, list[Record]]
    starts: dict[str, list[Entry]]


@pytest.fixture(scope="module")
def played(runner: Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with SimulatedPlatforms() as platforms:
        table = Table(ROWS, tmp_path_factory.mktemp("table"), runner, platforms)
        ran = table.apply()
        records = table.records
        yield Played(
            ran=ran,
            outcomes=table.outcomes,
            journal={row.id: [r for r in records if r.address == row.address] for row in ROWS},
            starts={row.id: table.starts(row) for row in ROWS},
        )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_the_row_ends_as_the_table_says(played: Played, row: Row) -> None:
    outcome, journal, starts = played.outcomes[row.address], played.journal[row.id], played.starts[row.id]

    assert outcome["outcome"] == row.outcome, outcome
    assert row.words in f"{outcome['error']} {outcome['note']}"
    assert len(starts) == row.sent, [(entry.path, entry.status) for entry in starts]
    assert tuple(str(record.kind) for record in journal) == row.journal
    assert sum(entry.effect for entry in starts) <= 1


def test_every_row_has_one_outcome_and_the_apply_is_incomplete(played: Played) -> None:
    assert len(played.outcomes) == len(ROWS) == len({row.id for row in ROWS})
    assert played.ran.code == 5


def test_every_error_is_one_clear_line(played: Played) -> None:
    for row in ROWS:
        outcome = played.outcomes[row.address]
        if row.outcome != "succeeded":
            assert 20 < len(outcome["error"]) < 400, outcome
            assert "\n" not in outcome["error"]


def test_the_journal_knows_the_platforms_job_ids(played: Played) -> None:
    checked = 0
    for row in ROWS:
        accepted = [r for r in played.journal[row.id] if r.kind == "accepted"]
        if row.platform == "kore" and row.name == "an-id":
            assert [record.job for record in accepted] != [None]
            assert accepted[0].job == played.outcomes[row.address]["job"]
            checked += 1
        if row.platform == "kore" and row.name in ("no-id", "empty"):
            assert [record.job for record in accepted] == [None]
            checked += 1
    assert checked == 9


def test_a_second_start_has_a_new_attempt_number_and_the_journal_says_why(played: Played) -> None:
    again = [row for row in ROWS if row.journal.count("intent") == 2]
    for row in again:
        attempts = [r.attempt for r in played.journal[row.id] if r.kind == "intent"]
        assert attempts == [1, 2]
        assert "sent again" in (played.journal[row.id][-1].text or "")
    assert len(again) == 8


@pytest.mark.parametrize("platform", ["kore", "nugen"])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_429_waits_as_long_as_it_says(runner: Runner, tmp_path: Path, platform: str, form: str) -> None:
    with SimulatedPlatforms() as platforms:
        row = Row(name="429", platform=platform, verb="undeploy")
        table = Table([row], tmp_path, runner, platforms)
        later = (datetime.now(UTC) + timedelta(seconds=5)).replace(microsecond=0)
        due = time.monotonic() + (later - datetime.now(UTC)).total_seconds()
        asked = "1" if form == "seconds" else format_datetime(later, usegmt=True)
        table.world(row).fault(Fault(FaultKind.REPLY, operation="undeploy", status=429, headers={"retry-after": asked}))
        assert table.apply().code == 0

    first, second = table.starts(row)
    assert (first.status, second.status) == (429, 200)
    assert second.at >= (first.at + 1.0 if form == "seconds" else due - 0.01)
    assert second.at < max(first.at + 1.0, due) + 10
    assert table.journal(row) == ["intent", "refused", "intent", "accepted", "settled"]


@pytest.mark.parametrize(("verb", "shown"), [("undeploy", "undeployed"), ("deploy", "deployed")])
@pytest.mark.parametrize("status", [400, 409])
def test_a_conflict_reads_the_state_again_and_may_find_it_done(
    runner: Runner, tmp_path: Path, verb: str, shown: str, status: int
) -> None:
    with SimulatedPlatforms() as platforms:
        row = Row(name="done", platform="nugen", verb=verb, fault=Fault(FaultKind.REPLY, status=status, effect=True))
        table = Table([row], tmp_path, runner, platforms)
        assert table.apply().code == 0

    (start,) = table.starts(row)
    reads = [entry for entry in platforms.nugen.log.find(operation="list") if entry.number > start.number]
    assert reads
    assert table.outcomes[row.address]["note"] == "already"
    assert table.journal(row) == ["intent", "refused", "settled"]


def test_in_doubt_it_settles_and_reads_twice_a_poll_apart(runner: Runner, tmp_path: Path) -> None:
    row = next(row for row in ROWS if row.id == "nugen-deploy-reset-no-effect")
    with SimulatedPlatforms() as platforms:
        table = Table([row], tmp_path, runner, platforms)
        assert table.apply().code == 5

    (start,) = table.starts(row)
    first, second = (e for e in platforms.nugen.log.find(operation="list") if e.number > start.number)
    assert first.at - start.at >= SETTLE
    assert second.at - first.at >= POLL


@pytest.mark.parametrize("platform", ["kore", "nugen"])
def test_an_unreadable_state_leaves_it_uncertain_and_stops_no_other(
    runner: Runner, tmp_path: Path, platform: str
) -> None:
    bad = next(row for row in ROWS if row.id == f"{platform}-deploy-reset-no-effect")
    good = [Row(name="an-id", platform=p, verb=v) for p in ("kore", "nugen") for v in ("deploy", "undeploy")]
    others = [row for row in good if row.platform != "nugen" or platform == "kore"]
    with SimulatedPlatforms() as platforms:
        table = Table([bad, *others], tmp_path, runner, platforms)
        if platform == "nugen":  # read for the plan and before the start; never again
            platforms.nugen.fault(Fault(FaultKind.DELAY, operation="list", times=2))
            platforms.nugen.fault(Fault(FaultKind.REPLY, operation="list", status=503, times=None))
        ran = table.apply()

    assert ran.code == 5
    assert table.outcomes[bad.address]["outcome"] == "uncertain"
    assert {table.outcomes[row.address]["outcome"] for row in others} == {"succeeded"}
    assert len(table.starts(bad)) == 1
    assert table.journal(bad) == ["intent", "uncertain", "settled"]


@pytest.mark.parametrize("settles", ["adopt", "reissue"])
def test_the_one_command_that_is_printed_settles_it(runner: Runner, tmp_path: Path, settles: str) -> None:
    rows = [row for row in ROWS if row.settles == settles]
    rows = rows[:: max(1, len(rows) // 12)]
    with SimulatedPlatforms() as platforms:
        table = Table(rows, tmp_path, runner, platforms)
        assert table.apply().code == 5
        for row in rows:
            error = table.outcomes[row.address]["error"]
            if settles == "adopt":
                assert f"reconciler adopt {row.address} --as STATE" in error
                assert table.run("adopt", row.address, "--as", table.world(row).state(row.id)).code == 0
            else:
                assert f"reconciler apply --only {row.address} --reissue-unknown" in error
        ran = table.apply(*(["--reissue-unknown"] if settles == "reissue" else []))

        assert ran.code == 0, ran.text
        assert table.run("plan", "--detailed-exitcode").code == 0
        for row in rows:
            assert row.verb == "export" or table.world(row).state(row.id) == row.state
            effects = sum(entry.effect for entry in table.starts(row))
            assert effects == (1 + row.took_effect if row.verb == "export" else 1)


def test_a_deploy_taken_without_an_id_is_not_sent_again_by_the_next_apply(runner: Runner, tmp_path: Path) -> None:
    row = next(row for row in ROWS if row.id == "kore-deploy-no-id")
    with SimulatedPlatforms() as platforms:
        table = Table([row], tmp_path, runner, platforms, settle=0.5)
        assert table.apply().code == 5
        again = table.apply()

    assert "on_unknown: act" in row.yaml
    assert again.code == 3
    assert f"reconciler adopt {row.address} --as STATE" in again.text
    assert len(table.starts(row)) == 1


def test_a_lost_deploy_is_reissued_once_and_no_more(runner: Runner, tmp_path: Path) -> None:
    row = next(row for row in ROWS if row.id == "nugen-deploy-reset-no-effect")
    assert row.fault is not None
    always = replace(row, fault=replace(row.fault, times=None))
    with SimulatedPlatforms() as platforms:
        table = Table([always], tmp_path, runner, platforms)
        assert table.apply("--reissue-unknown").code == 5

    assert len(table.starts(row)) == 2
    assert table.journal(row) == ["intent", "uncertain", "intent", "uncertain", "settled"]
    assert table.outcomes[row.address]["outcome"] == "uncertain"
