"""One apply at a time per journal, between real processes."""

import os
import signal
import socket
import stat
import time
from contextlib import suppress
from pathlib import Path

import pytest

from reconciler.errors import JournalError, LockHeld
from reconciler.journal.lock import Lock, describe, holder

from .holders import holding


@pytest.fixture
def journal(tmp_path: Path) -> str:
    return str(tmp_path / "deep" / ".reconciler" / "journal.db")


def taken(journal: str, within: float = 0.0) -> bool:
    """Whether this process gets the lock within so many seconds; it is freed at once."""
    ends = time.monotonic() + within
    while True:
        try:
            with Lock(journal, run="mine"):
                return True
        except LockHeld:
            if time.monotonic() >= ends:
                return False
            time.sleep(0.001)


def test_a_free_lock_is_taken_and_freed(journal: str) -> None:
    for _ in range(3):
        assert taken(journal)


def test_the_lock_stands_beside_the_journal_and_is_private(journal: str) -> None:
    umask = os.umask(0)
    try:
        assert taken(journal)
    finally:
        os.umask(umask)
    path = Path(f"{journal}.lock")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_it_is_freed_when_the_run_fails(journal: str) -> None:
    with suppress(ZeroDivisionError), Lock(journal, run="mine"):
        raise ZeroDivisionError
    assert taken(journal)


def test_the_same_process_cannot_take_it_twice(journal: str) -> None:
    with Lock(journal, run="mine"):
        assert not taken(journal)
    assert taken(journal)


def test_another_journal_has_another_lock(journal: str) -> None:
    with Lock(journal, run="mine"):
        assert taken(f"{journal}2")


def test_a_second_process_is_refused_and_told_who_holds_it(journal: str) -> None:
    with holding(journal, "run-of-another") as other:
        with pytest.raises(LockHeld) as caught, Lock(journal, run="mine"):
            pass
        message = str(caught.value)
        assert f"run run-of-another, process {other.pid} on {socket.gethostname()}, since 20" in message
        assert "--lock-timeout" in message
        assert caught.value.exit_code == 7
        with pytest.raises(LockHeld):
            Lock(journal, run="mine").__enter__()
        assert holder(journal) is not None


def test_a_refused_process_changes_nothing_about_the_holder(journal: str) -> None:
    with holding(journal, "run-of-another"):
        before = Path(f"{journal}.lock").read_bytes()
        assert not taken(journal)
        assert Path(f"{journal}.lock").read_bytes() == before


def test_it_is_free_at_once_when_its_process_is_killed(journal: str) -> None:
    with holding(journal, "run-of-another") as other:
        began = time.monotonic()
        os.kill(other.pid, signal.SIGKILL)
        assert taken(journal, within=5)
        assert time.monotonic() - began < 1
        assert holder(journal) is None


def test_it_is_not_inherited_by_what_its_process_starts(journal: str) -> None:
    with holding(journal, "run-of-another", "sleep", "60") as other:
        try:
            other.kill()
            os.kill(other.started, 0)  # it lives
            assert taken(journal)
        finally:
            os.kill(other.started, signal.SIGKILL)


# Who holds it.


def test_nobody_holds_what_was_never_locked(journal: str) -> None:
    assert holder(journal) is None
    assert not Path(journal).parent.exists()


def test_the_holder_is_named_while_it_holds(journal: str) -> None:
    with Lock(journal, run="mine"):
        named = holder(journal)
        assert named is not None
        assert named.startswith(f"run mine, process {os.getpid()} on {socket.gethostname()}, since ")
        assert named.endswith(" UTC")
    assert holder(journal) is None
    assert Path(f"{journal}.lock").read_bytes() == b""


def test_asking_who_holds_it_frees_nothing(journal: str) -> None:
    with Lock(journal, run="mine"):
        assert holder(journal) == holder(journal)
        assert not taken(journal)


def test_a_holder_that_left_only_its_name_holds_nothing(journal: str) -> None:
    with holding(journal, "run-of-another") as other:
        other.kill()
    assert b"run-of-another" in Path(f"{journal}.lock").read_bytes()
    assert holder(journal) is None


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"7", b"{}", b'{"run": 1, "pid": 2, "host": 3, "since": "x"}', b"\xff"]
)
def test_a_holder_that_wrote_nothing_readable_is_unknown(raw: bytes) -> None:
    assert describe(raw) == "holder unknown"


def test_a_holder_for_people() -> None:
    assert describe(b'{"run": "r", "pid": 7, "host": "h", "since": 0}') == (
        "run r, process 7 on h, since 1970-01-01 00:00:00 UTC"
    )


# What is no lock.


def test_a_symlink_is_refused(journal: str, tmp_path: Path) -> None:
    target = tmp_path / "target"
    Path(journal).parent.mkdir(parents=True)
    Path(f"{journal}.lock").symlink_to(target)
    with pytest.raises(JournalError, match=r"journal\.db\.lock"), Lock(journal, run="mine"):
        pass
    with pytest.raises(JournalError, match=r"journal\.db\.lock"):
        holder(journal)
    assert not target.exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(JournalError, match="lock"), Lock(str(tmp_path / "file" / "journal.db"), run="mine"):
        pass
