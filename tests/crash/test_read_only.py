"""A folder or file that may not be written: said before the first request, with its path."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from .bench import APPLY, Bench

NOBODY = 65534
UID = NOBODY if os.geteuid() == 0 else None
"""Root may write everywhere, so that commands run as somebody else."""


def _journal_folder(folder: Path) -> None:
    (folder / ".reconciler").mkdir()
    (folder / ".reconciler").chmod(0o555)


def _whole_folder(folder: Path) -> None:
    folder.chmod(0o555)


def _used(bench: Bench) -> None:
    """A journal and its lock, of the user that the commands run as."""
    assert bench.run("adopt", "nugen/faq", "--as", "undeployed", uid=UID).code == 0
    bench.platforms.reset()


@pytest.fixture
def world(plain: Bench) -> Bench:
    plain.fresh()
    plain.open_to_others()
    return plain


def refused(bench: Bench, *command: str, word: str) -> None:
    ran = bench.run(*command, uid=UID)
    assert ran.code == 1, (ran.out, ran.err)
    errors = [line for line in ran.err.splitlines() if not line.startswith("No journal at ")]
    (line,) = errors
    assert line.startswith("Error: ")
    assert word in line
    assert bench.requests() == 0


@pytest.mark.parametrize(
    ("make", "word"), [(_journal_folder, "journal.db"), (_whole_folder, "exports")], ids=["journal", "all"]
)
def test_no_journal_can_be_made(world: Bench, make: Callable[[Path], None], word: str) -> None:
    make(world.folder)
    refused(world, *APPLY[:-2], word=word)


@pytest.mark.parametrize("place", ["folder", "journal", "lock"])
def test_the_journal_that_is_there_cannot_be_written(world: Bench, place: str) -> None:
    _used(world)
    where = {"folder": world.journal.parent, "journal": world.journal}.get(place, Path(f"{world.journal}.lock"))
    where.chmod(where.stat().st_mode & 0o555)
    try:
        refused(world, *APPLY[:-2], word=".reconciler")
    finally:
        world.journal.parent.chmod(0o700)


def test_exports_have_no_place(world: Bench) -> None:
    _used(world)
    (world.folder / "exports").mkdir(mode=0o555)
    refused(world, *APPLY[:-2], word="exports")


@pytest.mark.parametrize("command", [("plan", "--out", "sealed/plan.json"), (*APPLY[:-1], "json=sealed/report.json")])
def test_a_plan_or_report_has_no_place(world: Bench, command: tuple[str, ...]) -> None:
    _used(world)
    (world.folder / "sealed").mkdir(mode=0o555)
    ran = world.run(*command, uid=UID)
    assert ran.code in (1, 64)
    assert "sealed" in ran.err
    assert world.requests() == 0


def test_reading_needs_no_room(world: Bench) -> None:
    """What only looks works where nothing may be written."""
    world.folder.chmod(0o555)
    assert world.run("plan", "--quiet", uid=UID).code == 0
    assert world.starts() == []
