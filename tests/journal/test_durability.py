"""What was acknowledged is on disk, whenever the process is killed."""

import random
import time
from contextlib import closing
from pathlib import Path

from reconciler.journal.opening import open_journal

from .writers import Writer

KILLS = 20


def texts(path: Path) -> list[str]:
    """What stands in a journal; nothing where there is none yet."""
    store = open_journal(str(path))
    if store is None:
        return []
    with closing(store):
        return [entry.text or "" for entry in store.read()]


def killed(path: Path, run: str, chance: random.Random) -> list[str]:
    """What a process acknowledged that was killed after some records, anywhere in the next."""
    with Writer(str(path), run) as writer:
        writer.go()
        acknowledged = [writer.next() for _ in range(chance.randrange(8))]
        time.sleep(chance.uniform(0.0, 0.02))
        return acknowledged + writer.kill()


def test_every_acknowledged_record_survives_a_kill_at_any_time(tmp_path: Path) -> None:
    path, chance = tmp_path / "journal.db", random.Random(20)
    acknowledged: list[str] = []
    for number in range(KILLS):
        acknowledged += killed(path, f"run-{number}", chance)
        found = texts(path)
        assert [text for text in found if text in set(acknowledged)] == acknowledged
        # What was on its way may be there too, one record of each run.
        assert len(acknowledged) <= len(found) <= len(acknowledged) + number + 1
    assert len(acknowledged) > KILLS


def test_the_next_process_goes_on_where_a_kill_left_the_file(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    killed(path, "before", random.Random(1))
    before = texts(path)
    with Writer(str(path), "after", count=3) as writer:
        writer.go()
        assert writer.rest() == ["after:0", "after:1", "after:2"]
    assert texts(path) == [*before, "after:0", "after:1", "after:2"]


def test_a_kill_while_the_journal_is_made_leaves_none_or_a_whole_one(tmp_path: Path) -> None:
    chance = random.Random(7)
    for number in range(10):
        path = tmp_path / f"{number}" / "journal.db"
        with Writer(str(path), "run-1") as writer:
            writer.go()
            time.sleep(chance.uniform(0.0, 0.03))
            acknowledged = writer.kill()
        assert texts(path)[: len(acknowledged)] == acknowledged
