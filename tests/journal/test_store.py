"""The journal's file: real SQLite."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.job import Verb
from reconciler.core.record import Record, RecordKind
from reconciler.errors import JournalError
from reconciler.journal.opening import open_journal
from reconciler.journal.store import Store

from .files import altered, made
from .records import histories, intent, record
from .writers import Writer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".reconciler" / "journal.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with closing(made(path)) as opened:
        yield opened


def notes(count: int, start: int = 0, **fields: Any) -> list[Record]:
    return [record(RecordKind.RUN_STARTED, text=str(start + number), **fields) for number in range(count)]


def refused(path: Path | str) -> str:
    """What an open says, which must be the same whether the journal may be made or not."""
    messages = set()
    for opened in (made, open_journal):
        with pytest.raises(JournalError) as caught:
            opened(str(path))
        messages.add(str(caught.value))
    (message,) = messages
    assert "\n" not in message
    return message


# In and out.


def test_records_come_out_as_they_went_in(store: Store) -> None:
    history = [intent(Verb.DEPLOY), *notes(3)]
    store.write(history[:1])
    store.write(history[1:])
    assert list(store.read()) == history


def test_the_order_is_that_of_writing_not_of_time(store: Store) -> None:
    later, earlier = record(RecordKind.RUN_STARTED, 9), record(RecordKind.RUN_STARTED, 1)
    store.write([later, earlier])
    assert list(store.read()) == [later, earlier]


def test_a_journal_outlives_its_store(path: Path) -> None:
    for number in range(3):
        with closing(made(path)) as opened:
            opened.write(notes(2, start=2 * number))
    with closing(made(path)) as opened:
        assert [entry.text for entry in opened.read()] == list("012345")


def test_the_records_of_one_model(store: Store) -> None:
    mine, other = notes(2), notes(2, address="kore/b")
    bare = Record(kind=RecordKind.RUN_STARTED, at=mine[0].at, run="run-1")
    store.write([mine[0], other[0], bare, mine[1], other[1]])
    assert list(store.read("kore/a")) == mine
    assert list(store.read("kore/unheard-of")) == []


def test_reading_may_stop_half_way(store: Store) -> None:
    store.write(notes(10))
    assert next(iter(store.read())).text == "0"
    store.write(notes(1))
    assert len(list(store.read())) == 11


def test_a_new_journal_is_empty(store: Store) -> None:
    assert list(store.read()) == []


@settings(max_examples=15)
@given(history=histories)
def test_any_record_comes_out_as_it_went_in(tmp_path_factory: pytest.TempPathFactory, history: list[Record]) -> None:
    with closing(made(tmp_path_factory.mktemp("journal") / "journal.db")) as opened:
        opened.write([intent(Verb.DEPLOY), *history])
        assert list(opened.read())[1:] == history


@given(st.text(st.characters(categories=["Cs", "Ll", "Cc"]), max_size=5))
@settings(max_examples=15)
def test_no_words_of_a_platform_keep_a_record_from_the_disk(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    hostile, other = record(RecordKind.REFUSED, verb=Verb.DEPLOY, text=text), intent(Verb.UNDEPLOY)
    with closing(made(tmp_path_factory.mktemp("journal") / "journal.db")) as opened:
        opened.write([hostile, other])
        found, after = opened.read()
    assert after == other
    assert (found.kind, found.verb) == (RecordKind.REFUSED, Verb.DEPLOY)
    assert found.text == text.encode("utf-8", "replace").decode()


# Whose file it is.


def test_nobody_else_can_read_it(path: Path) -> None:
    umask = os.umask(0)
    try:
        made(path).close()
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_folders_are_made_as_deep_as_needed(tmp_path: Path) -> None:
    made(tmp_path / "one" / "two" / "journal.db").close()
    assert stat.S_IMODE((tmp_path / "one" / "two").stat().st_mode) == 0o700


def test_a_folder_that_was_there_keeps_its_mode(path: Path) -> None:
    path.parent.mkdir(mode=0o755)
    made(path).close()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666, 0o777])
def test_a_journal_that_others_can_write_is_refused(path: Path, mode: int) -> None:
    made(path).close()
    path.chmod(mode)
    assert refused(path) == f"journal {path} can be written by others: chmod 600 {path}"
    path.chmod(0o600)
    made(path).close()


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_a_journal_that_others_can_read_is_theirs_to_read(path: Path, mode: int) -> None:
    made(path).close()
    path.chmod(mode)
    made(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_symlink_is_refused(path: Path, tmp_path: Path) -> None:
    made(path).close()
    link = tmp_path / "link.db"
    link.symlink_to(path)
    assert str(link) in refused(link)


def test_a_symlink_to_nowhere_makes_nothing(tmp_path: Path) -> None:
    link, target = tmp_path / "link.db", tmp_path / "target.db"
    link.symlink_to(target)
    with pytest.raises(JournalError):
        made(link)
    assert not target.exists()


# What is not a journal.


def foreign(path: Path, *statements: str) -> bytes:
    """Another program's database; its bytes."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    path.chmod(0o600)
    return path.read_bytes()


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE users (name TEXT)"],
        ["CREATE TABLE records (seq INTEGER PRIMARY KEY, body TEXT)"],
        ["CREATE TABLE about (version TEXT)"],
        ["CREATE TABLE about (name TEXT, value TEXT)", "INSERT INTO about VALUES ('format', 'another/journal')"],
    ],
)
def test_the_database_of_another_program_is_refused_and_not_touched(tmp_path: Path, statements: list[str]) -> None:
    path = tmp_path / "other.db"
    before = foreign(path, *statements)
    assert str(path) in refused(path)
    assert path.read_bytes() == before


def test_a_foreign_database_is_called_one(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    foreign(path, "CREATE TABLE users (name TEXT)")
    assert refused(path) == f"{path} is a database, but not a journal of reconciler"


@pytest.mark.parametrize(
    "content",
    [b"x", b"version: 1\n" * 20, b"version: 1\n" * 100, bytes(range(256)) * 20, b"SQLite format 3\0" + b"\xff" * 200],
)
def test_what_is_no_database_is_refused_and_not_touched(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    path.chmod(0o600)
    assert str(path) in refused(path)
    assert path.read_bytes() == content


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert str(tmp_path) in refused(tmp_path)


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(JournalError, match="file/journal"):
        made(tmp_path / "file" / "journal.db")


def test_a_journal_cut_short_is_refused(path: Path) -> None:
    with closing(made(path)) as opened:
        opened.write(notes(500))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(JournalError, match="malformed"), closing(made(path)) as opened:
        list(opened.read())


@pytest.mark.parametrize("version", ["1.0", "3.0", "20.1", "0.9", ""])
def test_another_major_version_is_refused_and_not_touched(path: Path, version: str) -> None:
    made(path).close()
    altered(path, "UPDATE about SET value = ? WHERE name = 'format_version'", version)
    before = path.read_bytes()
    assert refused(path) == f"{path} is not a journal of this version of reconciler"
    assert path.read_bytes() == before


def test_another_minor_version_is_read_and_written(path: Path) -> None:
    with closing(made(path)) as opened:
        opened.write(notes(1))
    altered(path, "UPDATE about SET value = '2.9' WHERE name = 'format_version'")
    altered(path, "UPDATE records SET body = json_set(body, '$.of_a_later_version', 1)")
    with closing(made(path)) as opened:
        opened.write(notes(1))
        assert list(opened.read()) == notes(1) * 2


@pytest.mark.parametrize("body", ["", "{}", "[]", '{"kind": "whim", "at": "2026-02-02T14:00:00Z", "run": "r"}'])
def test_a_record_that_cannot_be_read_is_said(path: Path, body: str) -> None:
    with closing(made(path)) as opened:
        opened.write(notes(1))
        altered(path, "INSERT INTO records (run, address, body, checksum) VALUES ('r', 'kore/a', ?, 0)", body)
        with pytest.raises(JournalError, match="holds a record that cannot be read"):
            list(opened.read())


def test_a_record_that_is_not_what_was_written_is_said(path: Path) -> None:
    with closing(made(path)) as opened:
        opened.write(notes(3))
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE records SET body = replace(body, '\"1\"', '\"2\"')")
        with pytest.raises(JournalError, match="is damaged: a record is not what was written"):
            list(opened.read())


def test_a_journal_that_cannot_be_written_says_so(path: Path) -> None:
    with closing(made(path)) as opened:
        altered(path, "DROP TABLE records")
        with pytest.raises(JournalError, match=r"journal .* cannot be written: no such table"):
            opened.write(notes(1))
        with pytest.raises(JournalError, match=r"journal .* cannot be read: no such table"):
            list(opened.read())


# Made or not.


def test_where_nothing_is_and_nothing_may_be_made_there_is_none(path: Path) -> None:
    assert open_journal(str(path)) is None
    assert not path.parent.exists()


def test_an_empty_file_is_a_journal_that_was_cut_short(path: Path) -> None:
    path.parent.mkdir()
    path.touch(0o600)
    with pytest.raises(JournalError, match="is empty"):
        open_journal(str(path))
    assert path.stat().st_size == 0


def test_a_journal_that_is_there_opens_either_way(path: Path) -> None:
    with closing(made(path)) as opened:
        opened.write(notes(1))
    again = open_journal(str(path))
    assert again is not None
    with closing(again):
        assert list(again.read()) == notes(1)


@pytest.mark.parametrize(
    "name", ["with space.db", "what?.db", "a#b.db", "100%20.db", "ü.db", "x&mode=ro.db", ":memory:"]
)
def test_any_name_is_the_name_of_the_file(tmp_path: Path, name: str) -> None:
    with closing(made(tmp_path / name)) as opened:
        opened.write(notes(1))
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_database_address_will_do(tmp_path: Path) -> None:
    with closing(made(tmp_path / "shared.db")) as opened:
        opened.write(notes(1))
    again = open_journal(f"sqlite:///{tmp_path}/shared.db")
    assert again is not None
    with closing(again):
        assert list(again.read()) == notes(1)


@pytest.mark.parametrize(
    "address",
    [
        "nonsense://user:hunter2@host/db",
        "mysql://user:hunter2@host/db",
        "sqlite+nonsense:///hunter2",
        "://hunter2",
        "postgresql:/user:hunter2@host/db",
        "postgres:user:hunter2@host/db",
        "postgresql://user:pw@hunter2@host/db",
        "postgresql://user:hunter2@host:port/db",
    ],
)
def test_an_address_that_leads_nowhere_shows_no_password(address: str) -> None:
    with pytest.raises(JournalError) as caught:
        open_journal(address)
    assert "hunter2" not in str(caught.value)


# Several processes.


def test_reading_while_another_process_writes(path: Path) -> None:
    with Writer(str(path), "run-1", count=40, pause=0.01) as writer, closing(made(path)) as opened:
        writer.go()
        lengths = [0]
        while lengths[-1] < 40:
            texts = [entry.text for entry in opened.read()]
            assert texts == [f"run-1:{number}" for number in range(len(texts))]
            lengths.append(len(texts))
        assert lengths == sorted(lengths)
        assert len(set(lengths)) > 3


def test_several_processes_may_make_it_at_once(path: Path) -> None:
    runs = [f"run-{number}" for number in range(4)]
    with ExitStack() as stack:
        writers = [stack.enter_context(Writer(str(path), run, count=5)) for run in runs]
        for writer in writers:
            writer.go()
        told = [writer.rest() for writer in writers]
    assert told == [[f"{run}:{number}" for number in range(5)] for run in runs]
    with closing(made(path)) as opened:
        found = [entry.text or "" for entry in opened.read()]
    assert [[text for text in found if text.startswith(run)] for run in runs] == told
    assert len(found) == 20


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM records",
        "DELETE FROM records WHERE seq = 1",
        "DELETE FROM records WHERE seq = 2",
        "DELETE FROM records WHERE seq = (SELECT max(seq) FROM records)",
        "UPDATE records SET seq = seq + 100 WHERE seq > 1",
    ],
)
def test_records_that_are_missing_are_missed(path: Path, change: str) -> None:
    with closing(made(path)) as opened:
        opened.write(notes(2))
        opened.write(notes(2))
        altered(path, change)
        with pytest.raises(JournalError, match="is damaged: records are missing; put back a copy"):
            list(opened.read())
