"""The journal in a real PostgreSQL: the same records, a lock of the database's own, a connection that may be lost."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import closing

import psycopg
import pytest

from reconciler.core.job import Verb
from reconciler.core.record import Record, RecordKind
from reconciler.errors import JournalError, LockHeld
from reconciler.journal.committer import Committer
from reconciler.journal.opening import break_lock, find_holder, journal_name, lock_journal, open_journal
from reconciler.journal.postgresql import PostgresStore

from ..postgres import PASSWORD
from .far import Wire, far
from .holders import holding
from .records import intent, record

Property = Callable[[str, object], None]


def notes(count: int, run: str = "run-1") -> list[Record]:
    return [record(RecordKind.RUN_STARTED, text=str(number), run=run) for number in range(count)]


def written(url: str) -> list[Record]:
    opened = open_journal(url)
    assert opened is not None
    with closing(opened):
        return list(opened.read())


def taken(url: str, within: float = 0.0) -> bool:
    ends = time.monotonic() + within
    while True:
        try:
            with lock_journal(url, run="mine"):
                return True
        except LockHeld:
            if time.monotonic() >= ends:
                return False


def opened_and_locked(url: str) -> None:
    with lock_journal(url, run="r"):
        pass


# In and out.


def test_records_come_out_as_they_went_in(database: str) -> None:
    history = [
        intent(Verb.DEPLOY),
        *notes(3),
        record(RecordKind.REFUSED, verb=Verb.DEPLOY, text="\x00 \ud800 ü '%s :x"),
    ]
    with lock_journal(database, run="run-1") as store:
        store.write(history[:2])
        store.write(history[2:])
        found = list(store.read())
    assert found[:-1] == history[:-1]
    assert found[-1].text == "\x00 ? ü '%s :x"
    assert written(database) == found


def test_a_large_group_keeps_its_order(database: str) -> None:
    with lock_journal(database, run="run-1") as store:
        store.write(notes(20_000))
        assert list(store.read()) == notes(20_000)


def test_the_records_of_one_model(database: str) -> None:
    mine, other = notes(1), [record(RecordKind.RUN_STARTED, address="kore/b")]
    with lock_journal(database, run="run-1") as store:
        store.write([*mine, *other])
        assert list(store.read("kore/a")) == mine


def test_looking_makes_nothing(database: str) -> None:
    assert open_journal(database) is None
    assert find_holder(database) is None
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_the_tables_of_another_program_are_refused_and_not_touched(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE records (title text)")
    for attempt in (open_journal, opened_and_locked):
        with pytest.raises(JournalError, match="is a database, but not a journal of reconciler"):
            attempt(database)


def test_other_tables_may_stand_beside_a_journal(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE books (title text)")
    with lock_journal(database, run="run-1") as store:
        store.write(notes(2))
    assert written(database) == notes(2)


def test_a_schema_of_its_own_is_a_journal_of_its_own(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE SCHEMA dev")
    other = f"{database}?options=-csearch_path%3Ddev"
    with lock_journal(database, run="run-1") as store:
        store.write(notes(2))
        with lock_journal(other, run="run-2") as second:
            second.write(notes(1))
    assert (len(written(database)), len(written(other))) == (2, 1)


def test_what_is_written_is_on_disk_even_where_the_database_would_rather_not(database: str) -> None:
    name = database.rsplit("/", 1)[1]
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off'.encode())
    with lock_journal(database, run="run-1") as store:
        assert isinstance(store, PostgresStore)
        with store._connection() as held, held.begin():
            assert held.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda url: url.replace(PASSWORD, "not-the-password"), "password authentication failed"),
        (lambda url: url + "x", "does not exist"),
        (lambda _: "postgresql://me:hunter2@127.0.0.1:1/j", "Connection refused"),
    ],
)
def test_what_cannot_be_reached_is_said_without_the_password(
    database: str, change: Callable[[str], str], says: str
) -> None:
    for attempt in (open_journal, find_holder, break_lock, opened_and_locked):
        with pytest.raises(JournalError, match=says) as caught:
            attempt(change(database))
        assert "\n" not in str(caught.value)
        assert not any(word in str(caught.value) for word in ("hunter2", PASSWORD, "not-the-password"))
    assert PASSWORD not in journal_name(database)


# The lock.


def test_one_holder_at_a_time_and_named(database: str) -> None:
    with lock_journal(database, run="r-1"):
        with pytest.raises(LockHeld) as caught, lock_journal(database, run="r-2"):
            pass
        host = socket.gethostname()
        assert f"run r-1, process {os.getpid()} on {host}, since 20" in str(caught.value)
        assert find_holder(database) is not None
    assert find_holder(database) is None
    assert taken(database)


def test_it_is_free_at_once_when_its_process_is_killed(database: str, record_property: Property) -> None:
    longest = 0.0
    for number in range(5):
        with holding(database, f"r-{number}") as other:
            assert not taken(database)
            began = time.monotonic()
            os.kill(other.pid, signal.SIGKILL)
            assert taken(database, within=5)
            longest = max(longest, time.monotonic() - began)
    record_property("figure", f"5 kills of the holder, lock free after at most {longest:.2f} s")
    assert longest < 1


def test_it_is_not_inherited_by_what_its_process_starts(database: str) -> None:
    with holding(database, "r-1", "sleep", "60") as other:
        try:
            other.kill()
            os.kill(other.started, 0)  # it lives
            assert taken(database, within=5)
        finally:
            os.kill(other.started, signal.SIGKILL)


def test_a_broken_lock_leaves_its_run_unable_to_write(database: str) -> None:
    with lock_journal(database, run="r-1") as store:
        store.write(notes(1))
        broken = break_lock(database)
        assert broken is not None
        assert broken.startswith("run r-1, process ")
        assert taken(database)
        for _ in range(3):
            with pytest.raises(JournalError):
                store.write(notes(1))
    assert written(database) == notes(1)
    assert break_lock(database) is None


# A database that is far, silent or gone.


def test_a_group_is_one_journey(database: str, record_property: Property) -> None:
    """600 records of 200 actions, three each in turn: not 600 journeys but about three."""
    delay, actions = 0.05, 200

    async def action(committer: Committer, number: int) -> None:
        for step in range(3):
            await committer.append(record(RecordKind.RUN_STARTED, text=f"{number}.{step}"))

    async def all_of_them(wire: Wire, url: str) -> float:
        with lock_journal(url, run="r-1") as store:
            committer = Committer(store)
            wire.delay = delay
            began = time.monotonic()
            await asyncio.gather(*(action(committer, number) for number in range(actions)))
            await committer.close()
            took = time.monotonic() - began
            wire.delay = 0
            return took

    with far(database) as (wire, url):
        took = asyncio.run(all_of_them(wire, url))
    assert len(written(database)) == 3 * actions
    record_property("figure", f"600 records of 200 actions over a wire of 100 ms there and back: {took:.2f} s")
    assert took < 12 * 2 * delay


def test_a_lost_connection_ends_all_writing(database: str) -> None:
    with far(database) as (wire, url), lock_journal(url, run="r-1") as store:
        store.write(notes(1))
        wire.cut()
        with pytest.raises(JournalError, match="cannot be written"):
            store.write(notes(1))
        with pytest.raises(JournalError, match="the connection was lost, and the lock with it"):
            store.write(notes(1))
    assert written(database) == notes(1)
    assert taken(database, within=5)


def test_a_silent_database_does_not_keep_a_run_that_is_to_end(database: str) -> None:
    async def work(wire: Wire, url: str) -> float:
        with lock_journal(url, run="r-1") as store:
            committer = Committer(store)
            await committer.append(record(RecordKind.RUN_STARTED))
            wire.silent.set()
            asyncio.get_running_loop().call_later(0.2, committer.hurry)
            began = time.monotonic()
            with pytest.raises(JournalError, match="cannot be written"):
                await committer.append(record(RecordKind.RUN_STARTED), owed=True)
            await committer.close()
            assert committer.failed is not None
            return time.monotonic() - began

    with far(database) as (wire, url):
        assert asyncio.run(work(wire, url)) < 2
        wire.silent.clear()
