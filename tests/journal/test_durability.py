"""What was acknowledged is on disk, whenever the process is killed."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from reconciler.journal.store import Store

from .children import Child, child

KILLS = 20


@pytest.fixture(scope="module")
def children(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[Child]]]:
    """A journal, and processes that wait to append to it."""
    path = tmp_path_factory.mktemp("durable") / "journal.db"
    with ExitStack() as stack:
        yield path, [stack.enter_context(child("child_appends", str(path), f"run-{n}")) for n in range(KILLS)]


def texts(path: Path) -> list[str]:
    store = Store.open(str(path), create=False)
    if store is None:
        return []
    with closing(store):
        return [entry.text or "" for entry in store.read()]


def test_every_acknowledged_record_survives_a_kill_at_any_time(children: tuple[Path, list[Child]]) -> None:
    path, started = children
    chance, acknowledged = random.Random(20), set[str]()
    for victim in started:
        assert victim.line() == "ready"
        victim.go()
        time.sleep(chance.uniform(0.0, 0.08))
        acknowledged.update(victim.kill())
        found = texts(path)
        assert acknowledged <= set(found)
        assert len(found) == len(set(found))
    assert len(acknowledged) > KILLS


def test_the_next_process_goes_on_where_a_kill_left_the_file(children: tuple[Path, list[Child]]) -> None:
    path, _ = children
    before = texts(path)
    with child("child_appends", str(path), "after", "3") as writer:
        assert writer.line() == "ready"
        writer.go()
        assert writer.rest() == ["after:0", "after:1", "after:2"]
    assert texts(path) == [*before, "after:0", "after:1", "after:2"]


def test_a_kill_while_the_journal_is_made_leaves_none_or_a_whole_one(tmp_path: Path) -> None:
    chance = random.Random(7)
    with ExitStack() as stack:
        paths = [tmp_path / f"{number}" / "journal.db" for number in range(8)]
        started = [stack.enter_context(child("child_appends", str(path), "run-1")) for path in paths]
        for path, victim in zip(paths, started, strict=True):
            assert victim.line() == "ready"
            victim.go()
            time.sleep(chance.uniform(0.0, 0.02))
            acknowledged = victim.kill()
            assert texts(path)[: len(acknowledged)] == acknowledged
