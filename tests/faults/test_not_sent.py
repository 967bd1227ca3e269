"""The first row of the decision table: a start that never left took no effect; it is tried again within bounds."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reconciler.errors import JournalError
from reconciler.simulator import SimulatedPlatforms

from .gate import Gate
from .rows import Row
from .runner import Ran, Runner
from .table import Table

TRIES = 3
ROWS = [Row(name="an-id", platform=p, verb=v) for p in ("kore", "nugen") for v in ("undeploy", "deploy")]


def row_id(row: Row) -> str:
    return row.id


def through(table: Table, row: Row, url: str) -> None:
    table.reach = {**table.reach, f"RECONCILER_{row.platform.upper()}_URL": url}


def written(table: Table, row: Row) -> list[str]:
    """The journal so far, empty before there is one."""
    there = (table.folder / ".reconciler" / "journal.db").exists()
    try:
        return table.journal(row) if there else []
    except (AssertionError, JournalError):
        return []  # it is being made


@pytest.mark.parametrize("way", ["refused", "deaf"])
@pytest.mark.parametrize("row", ROWS, ids=row_id)
def test_a_connection_that_cannot_be_made_is_tried_again_and_nothing_is_doubled(
    runner: Runner, tmp_path: Path, row: Row, way: str
) -> None:
    reads = 1 if row.platform == "nugen" else 0  # the plan's list keeps its connection; Kore.ai is asked nothing before
    with SimulatedPlatforms() as platforms:
        table = Table([row], tmp_path, runner, platforms)
        url = platforms.kore_url if row.platform == "kore" else platforms.nugen_url
        with Gate(url, open_first=1, deaf=way == "deaf") as gate, ThreadPoolExecutor() as pool:
            if not reads:
                socket.create_connection(("127.0.0.1", gate.port)).close()
            through(table, row, gate.url)
            table.reach = {**table.reach, "RECONCILER_POLL_SECONDS": "0.5"}
            applying = pool.submit(table.apply)
            while not applying.done() and "refused" not in written(table, row):
                time.sleep(0.02)
            gate.open()
            ran = applying.result()

    journal = table.journal(row)
    assert ran.code == 0, ran.text
    assert len(table.starts(row)) == 1
    assert journal[-3:] == ["intent", "accepted", "settled"]
    assert journal[:2] == ["intent", "refused"]
    assert journal[:-1].count("intent") <= TRIES
    assert "cannot connect to" in (next(r.text for r in table.records if r.kind == "refused") or "")


@pytest.fixture
def deaf() -> Iterator[str]:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(0)
    callers = [socket.socket() for _ in range(4)]
    for caller in callers:
        caller.setblocking(False)
        caller.connect_ex(listening.getsockname())
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    for line in (*callers, listening):
        line.close()


@pytest.mark.parametrize("way", ["refused", "no-such-host", "tls", "connect-timeout"])
@pytest.mark.parametrize("row", ROWS[:2], ids=row_id)
def test_a_service_that_is_never_reached_is_given_up_with_one_line(
    runner: Runner, tmp_path: Path, row: Row, way: str, deaf: str
) -> None:
    with socket.socket() as free, SimulatedPlatforms() as platforms:
        free.bind(("127.0.0.1", 0))
        table = Table([row], tmp_path, runner, platforms)
        address = {
            "refused": f"http://127.0.0.1:{free.getsockname()[1]}",
            "no-such-host": "https://nobody.invalid",
            "tls": platforms.kore_url.replace("http://", "https://"),  # speaks none
            "connect-timeout": deaf,
        }[way]
        through(table, row, address)
        ran = table.apply()

    assert ran.code == 5
    assert table.starts(row) == []
    assert table.journal(row) == ["intent", "refused"] * TRIES + ["settled"]
    outcome = table.outcomes[row.address]
    assert (outcome["outcome"], outcome["attempts"]) == ("failed", TRIES)
    assert outcome["error"].startswith(f"POST /api/public/models/{{id}}/{row.verb}: cannot connect to {address}")
    assert "\n" not in outcome["error"]


@pytest.mark.parametrize("row", ROWS, ids=row_id)
def test_a_name_that_is_not_found_for_a_while_is_looked_up_again(runner: Runner, tmp_path: Path, row: Row) -> None:
    with SimulatedPlatforms() as platforms:
        table = Table([row], tmp_path, runner, platforms)
        url = platforms.kore_url if row.platform == "kore" else platforms.nugen_url
        through(table, row, url.replace("127.0.0.1", "localhost"))
        ran = table.apply(lookups="ynn" if row.platform == "nugen" else "nn")

    assert ran.code == 0, ran.text
    assert len(table.starts(row)) == 1
    assert table.journal(row) == ["intent", "refused"] * 2 + ["intent", "accepted", "settled"]


def test_an_unreachable_list_is_asked_three_times_and_nothing_is_started(runner: Runner, tmp_path: Path) -> None:
    row = ROWS[2]
    with SimulatedPlatforms() as platforms:
        table = Table([row], tmp_path, runner, platforms)
        through(table, row, "https://nobody.invalid")
        ran: Ran = table.run("apply", "--yes")

    assert ran.code == 6
    assert "no such host" in ran.text
    assert table.starts(row) == []
