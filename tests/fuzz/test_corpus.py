"""Every input that ever broke a promise, the kept corpus, and some thousand changes to both, through the targets."""

from pathlib import Path

import pytest

from .golden import golden
from .mutations import mutated
from .seeds import seeds
from .targets import CORPUS, CRASHES, TARGETS, feed, kept

FOUND = [path for name in TARGETS for path in kept(CRASHES, name)]
CHANGES = {"wire": 150, "download": 100}
"""How many changed inputs a target gets, if not 400: requests are slow."""


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_once_broke_a_promise_keeps_it_now(path: Path) -> None:
    feed(path.parent.name, path.read_bytes())


def inputs(name: str) -> list[bytes]:
    """What keeps every promise: the corpus, crashes that are mended, and the seeds."""
    files = [path for path in FOUND if path.parent.name == name]
    return [*seeds(name), *(path.read_bytes() for path in (*kept(CORPUS, name), *files))]


@pytest.mark.parametrize("name", TARGETS)
def test_the_kept_corpus_breaks_no_promise(name: str) -> None:
    for data in inputs(name):
        feed(name, data)


@pytest.mark.parametrize("name", TARGETS)
def test_changed_inputs_break_no_promise(name: str) -> None:
    for data in mutated(name, inputs(name), CHANGES.get(name, 400)):
        feed(name, data)


@pytest.mark.parametrize("name", ["reply", "wire"])
def test_what_the_simulated_platforms_answer_breaks_no_promise(name: str) -> None:
    found = golden(name)

    assert len(found) > 150
    for data in found[:: 3 if name == "wire" else 1]:
        feed(name, data)


def test_the_corpus_is_there_and_small() -> None:
    sizes = {name: [path.stat().st_size for path in (*kept(CORPUS, name), *kept(CRASHES, name))] for name in TARGETS}

    assert all(len(found) >= 3 for found in sizes.values())
    assert sum(map(sum, sizes.values())) < 300_000
