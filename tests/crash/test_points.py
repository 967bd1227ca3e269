"""An apply, and a plan that is saved, killed or failed at every call that leaves the process, one after the other."""

from collections.abc import Callable

import pytest

from .bench import DOCUMENTED, KILLED, Bench
from .verdict import Tally, enumerate_points

SAMPLE = 8
"""In CI every so manieth point; the slow suite takes them all."""
SAVE = ("plan", "--out", "plan.json")
Note = Callable[[str, object], None]


def judged(tally: Tally, least: int, note: Note) -> None:
    note("figure", str(tally))
    note("hit", f"{dict(tally.hit)}; {dict(tally.codes)}")
    assert tally.points >= least, "the count of points shows that not all are seen"
    assert not tally.wrong, f"{tally}:\n" + "\n".join(tally.wrong)


@pytest.mark.parametrize("what", ["kill", "fail"])
def test_an_apply_disturbed_at_a_call_of_python_is_brought_to_its_end_by_the_next(
    plain: Bench, record_property: Note, what: str
) -> None:
    first = 1 if what == "kill" else 1 + SAMPLE // 2
    judged(enumerate_points(plain, "python", what, first=first, step=SAMPLE), 120 // SAMPLE, record_property)


@pytest.mark.parametrize("what", ["kill", "fail", "stay", "tear"])
def test_an_apply_disturbed_at_a_system_call_is_brought_to_its_end_by_the_next(
    shimmed: Bench, record_property: Note, what: str
) -> None:
    step = 8 * SAMPLE
    first = 1 + ["kill", "fail", "stay", "tear"].index(what) * step // 4
    judged(enumerate_points(shimmed, "shim", what, first=first, step=step), 150 // step, record_property)


@pytest.mark.parametrize("what", ["kill", "fail"])
def test_a_plan_is_saved_whole_or_not_at_all(plain: Bench, what: str) -> None:
    at, points = 1, 0
    while True:
        plain.fresh()
        ran = plain.run(*SAVE, crash={"by": "python", "what": what, "at": at})
        saved = plain.folder / "plan.json"
        where = f"{what} at {at} ({ran.point}), exit {ran.code}: {ran.err}"
        assert ran.code in DOCUMENTED | {KILLED}, where
        assert "Internal error" not in ran.err, where
        assert not plain.broken(), where
        assert ran.code == KILLED or " unlink " in f"{ran.point} " or not plain.left("*.part"), where
        assert plain.starts() == [], where
        if ran.code == 0:
            assert saved.exists(), where
        if ran.point is None:
            break
        at, points = at + 2, points + 1
    assert points > 10
    assert plain.run("apply", "--plan", "plan.json", "--no-progress").code == 0


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(8))
@pytest.mark.parametrize("what", ["kill", "fail"])
def test_every_call_of_python(plain: Bench, record_property: Note, what: str, part: int) -> None:
    judged(enumerate_points(plain, "python", what, first=1 + part, step=8), 120 // 8, record_property)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(8))
@pytest.mark.parametrize("what", ["kill", "fail", "stay", "tear"])
def test_every_system_call(shimmed: Bench, record_property: Note, what: str, part: int) -> None:
    judged(enumerate_points(shimmed, "shim", what, first=1 + part, step=8), 150 // 8, record_property)
