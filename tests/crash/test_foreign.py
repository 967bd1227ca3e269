"""What stands in the place of the journal and is none, or no longer a sound one: one line, exit 1, and nobody is asked
anything."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.core.record import NEEDS, RecordKind
from tests.journal import files

from .bench import APPLY, Bench

COMMANDS = {"plan": ("plan",), "apply": APPLY, "history": ("history",)}
NOBODY = 65534


def refused(bench: Bench, command: str, *, word: str, uid: int | None = None) -> None:
    """The command ends with one line that holds `word`, and nobody was asked anything."""
    before = bench.requests()
    ran = bench.run(*COMMANDS[command], seconds=5, uid=uid)
    assert ran.code == 1, (ran.code, ran.out, ran.err)
    (line,) = ran.err.splitlines()
    assert line.startswith("Error: ")
    assert word in line
    assert ran.out == ""
    assert bench.requests() == before


@pytest.fixture
def used(plain: Bench) -> Bench:
    """A world with a journal."""
    plain.fresh()
    assert plain.run("adopt", "nugen/faq", "--as", "undeployed").code == 0
    plain.platforms.reset()
    return plain


def altered(bench: Bench, statement: str) -> None:
    files.altered(bench.journal, statement)


def instead(make: Callable[[Path], object]) -> Callable[[Bench], None]:
    def change(bench: Bench) -> None:
        bench.journal.unlink()
        make(bench.journal)

    return change


def _other_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE users (name TEXT)")
    path.chmod(0o600)


def _text(path: Path) -> None:
    path.write_text("version: 1\n")
    path.chmod(0o600)


def _symlink(path: Path) -> None:
    target = path.with_name("elsewhere.db")
    target.write_bytes(b"")
    target.chmod(0o600)
    path.symlink_to(target)


PLACES: dict[str, tuple[Callable[[Bench], object], str]] = {
    "mode-0666": (lambda bench: bench.journal.chmod(0o666), "chmod 600"),
    "symlink": (instead(_symlink), "journal.db"),
    "symlink-to-nowhere": (instead(lambda path: path.symlink_to("nowhere")), "journal.db"),
    "folder": (instead(Path.mkdir), "directory"),
    "named-pipe": (instead(os.mkfifo), "not a file"),
    "other-program": (instead(_other_program), "not a journal"),
    "text": (instead(_text), "not a journal"),
    "newer-version": (
        lambda bench: altered(bench, "UPDATE about SET value = '3.0' WHERE name = 'format_version'"),
        "this version",
    ),
    "not-json": (lambda bench: altered(bench, "UPDATE records SET body = '{\"kind\": '"), "cannot be read"),
    "not-text": (lambda bench: altered(bench, "UPDATE records SET body = x'00ff00'"), "cannot be read"),
    "a-list": (lambda bench: altered(bench, "UPDATE records SET body = '[]'"), "cannot be read"),
    "a-number": (lambda bench: altered(bench, "UPDATE records SET body = 7"), "cannot be read"),
    "unknown-kind": (
        lambda bench: altered(bench, "UPDATE records SET body = replace(body, 'declared', 'nonsense')"),
        "cannot be read",
    ),
    "no-live": (
        lambda bench: altered(bench, "UPDATE records SET body = json_remove(body, '$.live')"),
        "declared without live",
    ),
    "no-table": (lambda bench: altered(bench, "DROP TABLE records"), "journal"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("place", PLACES)
def test_what_is_no_sound_journal_is_refused_in_one_line(used: Bench, place: str, command: str) -> None:
    change, word = PLACES[place]
    change(used)
    refused(used, command, word=word)


@pytest.mark.parametrize(("kind", "field"), [(kind, field) for kind in NEEDS for field in NEEDS[kind]])
def test_a_record_without_a_field_that_its_kind_needs_is_refused(used: Bench, kind: RecordKind, field: str) -> None:
    values = {"verb": "deploy", "outcome": "succeeded", "target": "deployed", "live": "deployed", "plan": "p-1"}
    values |= {"drift": "drifted", "before": "deployed", "after": "undeployed"}
    pairs = [f"'$.{name}', '{value}'" for name, value in values.items()]
    whole = f"json_set(body, '$.kind', '{kind}', '$.on', json('true'), {', '.join(pairs)})"
    altered(used, f"UPDATE records SET body = {whole}")
    assert used.run("plan", "--offline").code == 0
    altered(used, f"UPDATE records SET body = json_remove(body, '$.{field}')")
    refused(used, "plan", word=f"{kind} without {field}")


@pytest.mark.parametrize("kind", ["folder", "named-pipe", "symlink"])
def test_what_stands_in_the_place_of_the_lock_does_not_hold_an_apply(used: Bench, kind: str) -> None:
    lock = used.journal.with_name("journal.db.lock")
    lock.unlink(missing_ok=True)
    make: dict[str, Callable[[Path], object]] = {
        "folder": Path.mkdir,
        "named-pipe": os.mkfifo,
        "symlink": lambda path: path.symlink_to("x"),
    }
    make[kind](lock)
    refused(used, "apply", word="journal.db.lock")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_the_journal_of_another_user_is_refused(used: Bench) -> None:
    used.open_to_others()
    used.journal.parent.chmod(0o777)
    os.chown(used.journal, NOBODY - 1, -1)
    used.journal.chmod(0o644)
    refused(used, "plan", word="journal.db", uid=NOBODY)
