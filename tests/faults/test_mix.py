"""Thirty in a hundred answers are faulty, in every way there is. To replay a seed:
`RECONCILER_SEED=123 pytest tests/faults`."""

import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from .mix import NAMES
from .runner import Runner
from .storm import SHAPES, SHARE, Story, told

MEMORY: Final = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
Note = Callable[[str, object], None]
ONE: Final = os.environ.get("RECONCILER_SEED")
AT_ONCE: Final = 6


def seeds(first: int, count: int, batch: int) -> list[range]:
    if ONE is not None:
        return [range(int(ONE), int(ONE) + 1)]
    return [range(start, min(start + batch, first + count)) for start in range(first, first + count, batch)]


def play(seed: int, runner: Runner, *, share: float = SHARE, storm_only: bool = False) -> Story:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        return Story(seed, share, Path(folder), runner).play(storm_only=storm_only)


def play_all(batch: range, runner: Runner, note: Note) -> list[Story]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        stories = list(pool.map(lambda seed: play(seed, runner), batch))
    failed = [
        f"RECONCILER_SEED={story.seed} pytest tests/faults\n  " + "\n  ".join(story.problems)
        for story in stories
        if story.problems
    ]
    print("\n".join(told(stories)))
    faulty, requests = sum(story.hits.total() for story in stories), sum(story.requests for story in stories)
    note("figure", f"{len(stories)} applies, {requests} requests, {faulty} faulty, {len(failed)} violations")
    assert not failed, "\n".join(failed)
    return stories


def name(batch: range) -> str:
    return f"{batch.start}-{batch.stop - 1}"


@pytest.mark.parametrize("batch", seeds(0, 24, 12), ids=name)
def test_three_faulty_answers_in_ten(runner: Runner, record_property: Note, batch: range) -> None:
    play_all(batch, runner, record_property)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("batch", seeds(1000, 500, 50), ids=name)
def test_hundreds(runner: Runner, record_property: Note, batch: range) -> None:
    stories = play_all(batch, runner, record_property)

    if ONE is None:
        missing = set(NAMES) - {hit for story in stories for hit in story.hits}
        assert not missing, "the mix lacks these"


@pytest.mark.parametrize("shape", range(len(SHAPES)))
def test_without_faults_nothing_is_left_to_do(runner: Runner, shape: int) -> None:
    story = play(shape, runner, share=0.0)

    assert (story.problems, story.rounds, set(story.outcomes)) == ([], 0, {"succeeded"})
