"""Hundreds of seeded stories on virtual time. To replay one: `RECONCILER_SEED=123 pytest tests/world`."""

import os
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from .runs import Story

BATCH: Final = 25
MEMORY: Final = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
Note = Callable[[str, object], None]
ONE: Final = os.environ.get("RECONCILER_SEED")


def seeds(first: int, count: int, batch: int = BATCH) -> list[range]:
    """Batches of seeds: many small tests, so that several workers share them."""
    if ONE is not None:
        return [range(int(ONE), int(ONE) + 1)]
    return [range(start, min(start + batch, first + count)) for start in range(first, first + count, batch)]


def play(seed: int, *, late: bool = False) -> str:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        return Story(seed, Path(folder), late=late).play()


def play_all(batch: range, note: Note, *, late: bool = False) -> None:
    failed = []
    for seed in batch:
        try:
            play(seed, late=late)
        except Exception:
            failed.append(f"seed {seed}: RECONCILER_SEED={seed} pytest tests/world\n{traceback.format_exc(limit=-6)}")
    note("figure", f"{len(batch)} stories, {len(failed)} violations")
    assert not failed, "\n".join(failed)


def name(batch: range) -> str:
    return f"{batch.start}-{batch.stop - 1}"


@pytest.mark.parametrize("batch", seeds(0, 450), ids=name)
def test_nothing_that_must_never_happen_happens(batch: range, record_property: Note) -> None:
    play_all(batch, record_property)


@pytest.mark.parametrize("batch", seeds(0, 50), ids=name)
def test_requests_that_take_effect_after_the_settle_time(batch: range, record_property: Note) -> None:
    play_all(batch, record_property, late=True)


@pytest.mark.parametrize("batch", seeds(1000, 10), ids=name)
def test_the_same_seed_is_the_same_story(batch: range) -> None:
    for seed in batch:
        assert play(seed) == play(seed), seed


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("batch", seeds(10_000, 9_000, 250), ids=name)
def test_thousands(batch: range, record_property: Note) -> None:
    play_all(batch, record_property)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("batch", seeds(10_000, 1_000, 250), ids=name)
def test_thousands_late(batch: range, record_property: Note) -> None:
    play_all(batch, record_property, late=True)
