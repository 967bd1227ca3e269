"""Group commit over a real journal. Holding its file's lock makes a write take as long as a test likes."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from reconciler.core.record import Record, RecordKind
from reconciler.errors import JournalError
from reconciler.journal.committer import Committer
from reconciler.journal.store import Store

from .files import made
from .records import record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with closing(made(path)) as opened:
        yield opened


@pytest.fixture
def commits(store: Store, path: Path) -> Callable[[], int]:
    """How many transactions there were from here on: SQLite counts them in the head of the file."""

    def counted() -> int:
        return int.from_bytes(path.read_bytes()[24:28], "big")

    before = counted()
    return lambda: counted() - before


@contextmanager
def held(path: Path, statement: str | None = None) -> Iterator[None]:
    """Nobody can write meanwhile; `statement` is done at the end of it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        if statement is not None:
            connection.execute(statement)
        connection.execute("COMMIT")


def note(number: int) -> Record:
    return record(RecordKind.RUN_STARTED, text=str(number))


def texts(store: Store) -> list[int]:
    return [int(entry.text or "") for entry in store.read()]


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(20):
            await work()

    asyncio.run(limited())


async def begun(committer: Committer, *numbers: int) -> list[asyncio.Task[None]]:
    """Appends under way: the first is being written, the others wait."""
    tasks = [asyncio.create_task(committer.append(note(number))) for number in numbers]
    await asyncio.sleep(0.05)
    return tasks


def test_an_append_is_on_disk_when_it_returns(store: Store) -> None:
    async def work() -> None:
        committer = Committer(store)
        for number in range(5):
            await committer.append(note(number))
            assert texts(store) == list(range(number + 1))

    run(work)


def test_many_appends_at_once_are_few_transactions(store: Store, commits: Callable[[], int]) -> None:
    async def work() -> None:
        committer = Committer(store)
        await asyncio.gather(*(committer.append(note(number)) for number in range(500)))

    run(work)
    assert texts(store) == list(range(500))
    assert commits() == 1


def test_all_that_come_during_a_write_are_the_next_one(store: Store, path: Path, commits: Callable[[], int]) -> None:
    async def work() -> None:
        committer = Committer(store)
        with held(path):
            tasks = await begun(committer, 0)
            tasks += await begun(committer, *range(1, 50))
            assert not any(task.done() for task in tasks)
        await asyncio.gather(*tasks)

    run(work)
    assert texts(store) == list(range(50))
    assert commits() == 2


def test_the_loop_runs_on_during_a_write(store: Store, path: Path) -> None:
    async def work() -> None:
        committer = Committer(store)
        with held(path):
            tasks = await begun(committer, 0)
            async with asyncio.timeout(1):
                await asyncio.sleep(0)
        await asyncio.gather(*tasks)

    run(work)


def test_one_after_the_other_is_one_transaction_each(store: Store, commits: Callable[[], int]) -> None:
    async def work() -> None:
        committer = Committer(store)
        for number in range(3):
            await committer.append(note(number))

    run(work)
    assert commits() == 3


def test_an_error_reaches_every_waiter_and_the_next_append(store: Store, path: Path) -> None:
    async def work() -> None:
        committer = Committer(store)
        with held(path, "DROP TABLE records"):
            tasks = await begun(committer, 0)
            tasks += await begun(committer, *range(1, 10))
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, JournalError) for result in results)
        assert "no such table" in str(results[-1])
        with pytest.raises(JournalError):
            await committer.append(note(10))

    run(work)


def test_a_journal_that_can_be_written_again_is_written_again(store: Store, path: Path) -> None:
    async def work() -> None:
        committer = Committer(store)
        with held(path, "ALTER TABLE records RENAME TO elsewhere"):
            (lost,) = await begun(committer, 0)
        with pytest.raises(JournalError):
            await lost
        with held(path, "ALTER TABLE elsewhere RENAME TO records"):
            pass
        await committer.append(note(1))

    run(work)
    assert texts(store) == [1]


def test_a_record_that_cannot_be_written_is_an_error_of_the_journal(store: Store) -> None:
    async def work() -> None:
        committer = Committer(store)
        with pytest.raises(JournalError, match="cannot be written"):
            await committer.append(record(RecordKind.RUN_STARTED, settings={"size": object()}))
        await committer.append(note(1))

    run(work)
    assert texts(store) == [1]


@pytest.mark.parametrize("cancelled", [0, 1, 2], ids=["being written", "waiting", "waiting last"])
def test_a_cancelled_waiter_does_not_lose_its_record(store: Store, path: Path, cancelled: int) -> None:
    async def work() -> None:
        committer = Committer(store)
        with held(path):
            tasks = await begun(committer, 0)
            tasks += await begun(committer, 1, 2)
            tasks[cancelled].cancel()
            await asyncio.sleep(0)
            assert tasks[cancelled].cancelled()
        await committer.close()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [result is None for result in results] == [number != cancelled for number in range(3)]

    run(work)
    assert texts(store) == [0, 1, 2]


def test_an_error_that_nobody_waits_for_is_not_reported_at_exit(store: Store, path: Path) -> None:
    complaints: list[object] = []

    async def work() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        committer = Committer(store)
        with held(path, "DROP TABLE records"):
            (task,) = await begun(committer, 0)
            task.cancel()
        await committer.close()

    run(work)
    assert complaints == []


def test_closing_waits_for_all_that_was_handed_in(store: Store, path: Path) -> None:
    async def work() -> None:
        committer = Committer(store)
        with held(path):
            await begun(committer, 0)
            tasks = await begun(committer, 1, 2)
            closed = asyncio.create_task(committer.close())
            await asyncio.sleep(0.05)
            assert not closed.done()
        await closed
        assert all(task.done() for task in tasks)

    run(work)
    assert texts(store) == [0, 1, 2]


def test_closing_with_nothing_to_write_returns_at_once(store: Store) -> None:
    run(Committer(store).close)
