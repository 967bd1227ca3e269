"""A journal that was cut, overwritten or altered: all of it is read, or it is refused in one line; never a part."""

import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.core.job import Verb
from reconciler.core.record import Record, RecordKind
from reconciler.errors import JournalError
from reconciler.journal.memory import fold
from reconciler.journal.opening import lock_journal, open_journal

GROUP, GROUPS, PAGE = 8, 5, 4096
Damage = Callable[[bytes], Iterator[tuple[object, bytes]]]


def group(number: int, size: int = GROUP) -> list[Record]:
    """What one write appends."""
    return [
        Record(
            kind=RecordKind.INTENT,
            at=datetime(2026, 2, 2, 14, number, entry, tzinfo=UTC),
            run=f"r-{number:06x}",
            address=f"kore/m{entry}",
            origin="https://kore.example",
            model_id=f"cm-{entry}",
            verb=Verb.DEPLOY,
            attempt=1,
            text="in words of its own " * 3,
        )
        for entry in range(size)
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of five groups."""
    made = tmp_path / "journal.db"
    with lock_journal(str(made), run="r-1") as store:
        for number in range(GROUPS):
            store.write(group(number))
    return made


def found(path: Path) -> list[Record] | str:
    """All that a journal gives, or the one line with which it is refused."""
    try:
        store = open_journal(str(path))
        if store is None:
            return []
        with closing(store):
            records = list(store.read())
        fold(records)
    except JournalError as error:
        line = str(error)
        if "\n" in line:
            raise
        return line
    return records


def tried(path: Path, damage: Damage) -> Counter[str]:
    """How many damaged copies were refused or read as if nothing had been; fails where any was read as another."""
    whole, content = found(path), path.read_bytes()
    counts, wrong = Counter[str](), []
    for what, damaged in damage(content):
        path.write_bytes(damaged)
        try:
            got = found(path)
        except Exception as error:
            wrong.append(f"{what}: {type(error).__name__}: {error}")
            continue
        counts["refused" if isinstance(got, str) else "whole"] += 1
        if not isinstance(got, str) and got != whole:
            wrong.append(f"{what}: {len(got)} records, and not those written")
    assert not wrong, f"{len(wrong)} of {counts.total() + len(wrong)}:\n" + "\n".join(wrong[:20])
    return counts


def cuts(step: int) -> Damage:
    def damage(content: bytes) -> Iterator[tuple[object, bytes]]:
        for at in (*range(1, len(content) - PAGE, 16 * step + 1), *range(len(content) - PAGE, len(content), step)):
            yield f"cut at {at}", content[:at]

    return damage


def test_a_journal_cut_anywhere_is_whole_or_refused(path: Path) -> None:
    assert tried(path, cuts(step=31))["refused"] > 100


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_journal_cut_at_every_byte_of_its_last_page_is_whole_or_refused(path: Path) -> None:
    assert tried(path, cuts(step=1))["refused"] > PAGE // 2


def test_a_journal_cut_to_nothing_is_not_taken_for_a_new_one(path: Path) -> None:
    path.write_bytes(b"")
    for attempt in (open_journal, lambda where: lock_journal(where, run="r").__enter__()):
        with pytest.raises(JournalError, match="is empty: it was cut short"):
            attempt(str(path))
    path.unlink()
    with lock_journal(str(path), run="r") as store:
        assert store.new


def test_a_journal_with_a_page_of_zeros_is_whole_or_refused(path: Path) -> None:
    def zeros(content: bytes) -> Iterator[tuple[object, bytes]]:
        for at in range(0, len(content), PAGE):
            yield f"page {at // PAGE + 1}", content[:at] + bytes(PAGE) + content[at + PAGE :]

    assert tried(path, zeros)["refused"] >= 4


def flipped(content: bytes, at: int, bit: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]


def heads(step: int) -> Damage:
    """Each bit of what SQLite finds its way by: the head of the file, and of each page with the places of its rows."""

    def damage(content: bytes) -> Iterator[tuple[object, bytes]]:
        pages = [(at, at + 40) for at in range(PAGE, len(content), PAGE)]
        places = [at for first, last in ((0, 120), *pages) for at in range(first, last)]
        for number in range(0, 8 * len(places), step):
            at, bit = places[number // 8], number % 8
            yield f"bit {bit} of byte {at}", flipped(content, at, bit)

    return damage


def test_no_flipped_bit_where_sqlite_finds_its_way_loses_a_record(path: Path) -> None:
    assert tried(path, heads(step=7))["refused"] > 50


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_flipped_bit_at_all_where_sqlite_finds_its_way_loses_a_record(path: Path) -> None:
    assert tried(path, heads(step=1))["refused"] > 400


def test_no_flipped_bit_changes_what_a_record_says(path: Path) -> None:
    chance = random.Random(1)

    def anywhere(content: bytes) -> Iterator[tuple[object, bytes]]:
        for _ in range(300):
            at, bit = chance.randrange(len(content)), chance.randrange(8)
            yield f"bit {bit} of byte {at}", flipped(content, at, bit)

    assert tried(path, anywhere)["refused"] > 30


# A rollback journal that a kill in the middle of a commit left.


def hot(path: Path) -> tuple[bytes, bytes]:
    """The journal and the rollback journal beside it in the middle of a large write that has reached the disk in
    part."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size=2")
        connection.execute("BEGIN")
        before = path.read_bytes()
        rows = [("r-9", f"kore/m{number}", "{}" * 400) for number in range(200)]
        connection.executemany("INSERT INTO records (run, address, body, checksum) VALUES (?, ?, ?, 0)", rows)
        halfway, rollback = path.read_bytes(), path.with_name("journal.db-journal").read_bytes()
    assert halfway[: len(before)] != before, "no page that was there is changed: nothing is to be rolled back"
    return halfway, rollback


def rolled_back(path: Path, steps: range | None) -> None:
    whole = found(path)
    halfway, rollback = hot(path)
    beside, wrong = path.with_name("journal.db-journal"), []
    for at in steps or range(0, len(rollback) + 1, 101):
        if at > len(rollback):
            break
        path.write_bytes(halfway)
        beside.write_bytes(rollback[:at])
        try:
            got = found(path)
        except Exception as error:
            wrong.append(f"cut at {at} of {len(rollback)}: {type(error).__name__}: {error}")
            continue
        if not isinstance(got, str) and got != whole:
            wrong.append(f"cut at {at} of {len(rollback)}: {len(got)} records, and not those written")
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:20])


def test_a_rollback_journal_left_behind_is_played_back(path: Path) -> None:
    whole = found(path)
    halfway, rollback = hot(path)
    path.write_bytes(halfway)
    path.with_name("journal.db-journal").write_bytes(rollback)
    assert found(path) == whole


def test_a_rollback_journal_cut_anywhere_loses_nothing_silently(path: Path) -> None:
    rolled_back(path, None)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_rollback_journal_cut_at_every_byte_loses_nothing_silently(path: Path) -> None:
    rolled_back(path, range(1_000_000))
