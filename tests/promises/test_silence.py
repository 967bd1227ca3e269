"""stderr is filtered like all else: no key in it, and nothing that steers a terminal or a CI log."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from reconciler.core.live import LiveState
from reconciler.core.record import Record, RecordKind
from reconciler.core.report import Artifact
from reconciler.render.status_text import history_text
from reconciler.simulator import SimulatedPlatforms
from tests.cli.conftest import Reconciler
from tests.core.values import NOW

Say = Callable[[str, object], None]


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "{}.yaml"),
        ("show", "{}.json"),
        ("apply", "--plan", "{}"),
        ("plan", "--guards", "{}"),
        ("platforms", "{}"),
        ("plan", "--only", "{}"),
        ("plan", "-v", "--journal", "{}/journal.db"),
        ("plan", "--{}"),
    ],
    ids=" ".join,
)
def test_an_error_that_repeats_a_key_is_printed_without_it(
    reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say, arguments: tuple[str, ...]
) -> None:
    ran = reconciler(*(argument.replace("{}", reach.nugen.key) for argument in arguments))
    assert ran.code != 0
    assert ran.err
    assert reach.nugen.key not in ran.out + ran.err
    record_property("figure", "1 errors with a key in them, 0 keys printed")


@pytest.mark.parametrize(
    "text", ["\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "a\rb", "\u202eb", "::error::", "##[error]"]
)
@pytest.mark.parametrize("arguments", [("plan", "{}"), ("show", "{}"), ("plan", "--guards", "{}"), ("platforms", "{}")])
def test_an_error_steers_nothing(reconciler: Reconciler, arguments: tuple[str, ...], text: str) -> None:
    ran = reconciler(*(argument.replace("{}", text) for argument in arguments))
    assert ran.code == 1
    assert ran.err
    for line in ran.err.splitlines():
        assert line.isprintable()
        assert not line.startswith(("::", "##["))
    assert "::error" not in ran.err
    assert "##[" not in ran.err


HOSTILE = "\x1b[2Jx\n::error::y"
RECORD = Record(kind=RecordKind.DECLARED, at=NOW, run="r-1", address="kore/a", live=LiveState.DEPLOYED)


@pytest.mark.parametrize(
    "record",
    [
        replace(RECORD, run=HOSTILE),
        replace(RECORD, address=HOSTILE),
        replace(RECORD, job=HOSTILE),
        replace(RECORD, text=HOSTILE),
        replace(RECORD, artifact=Artifact(path=HOSTILE, size=1, sha256="")),
    ],
    ids=["run", "address", "job", "text", "artifact"],
)
def test_no_column_of_the_history_steers_anything(record: Record) -> None:
    """The journal travels from runner to runner: what stands in it is no more to be trusted than a platform's words."""
    lines = history_text([record]).splitlines()
    assert all(line.isprintable() for line in lines)
    assert "::error" not in "".join(lines)
