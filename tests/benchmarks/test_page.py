"""The table, the counting of polls and of requests a minute, and the picture."""

from xml.etree import ElementTree

import pytest

from .curves import SIZES, picture
from .curves import table as curve_table
from .goals import GOALS, ideal_polls, most_within, polls
from .measure import ROOT, Spent
from .page import Row, between, goal_of, put, table


def row(name: str, *, held: bool | None = None, quick: bool = False) -> Row:
    return Row(name=name, what="w", measured=f"new {name}", wanted="x", held=held, quick=quick)


def test_a_line_of_another_goal_stays_and_one_of_the_same_goes() -> None:
    old = table([row("1"), row("5b at 50"), row("5z"), row("10a"), row("render text")], "")
    new = table([row("5a", held=False)], old.replace("new", "old"))
    cells = [line.split(" | ") for line in new.splitlines()[2:]]
    assert [(cell[0], cell[2]) for cell in cells] == [
        ("| 1", "old 1"),
        ("| 5a", "new 5a"),
        ("| 10a", "old 10a"),
        ("| render text", "old render text"),
    ]
    assert cells[1][-1] == "**no** |"


def test_a_sample_says_so() -> None:
    assert "| sample: new 1 |" in row("1", quick=True).line()


def test_a_page_keeps_what_stands_around_a_part() -> None:
    page = "before <!-- a: begin -->old<!-- a: end --> after"
    assert between(put(page, "a", "new"), "a") == "new"
    assert put(page, "a", "new").startswith("before ")
    assert put(page, "a", "new").endswith(" after")


def test_the_page_has_a_line_for_every_goal() -> None:
    text = (ROOT / "tests" / "benchmarks" / "README.md").read_text("utf-8")
    names = [line.split(" | ")[0].removeprefix("| ") for line in between(text, "benchmarks").splitlines()[2:]]
    assert {goal_of(name) for name in names} == set(GOALS)


@pytest.mark.parametrize(("length", "asked"), [(0.2, 1), (0.25, 1), (0.3, 2), (0.5, 2), (0.7, 3), (0.0, 0)])
def test_the_ideal_number_of_polls(length: float, asked: int) -> None:
    assert ideal_polls(length, first=0.25) == asked


def test_steps_of_the_ideal_end_at_twelve_times_the_first() -> None:
    assert ideal_polls(100, first=1) - ideal_polls(88, first=1) == 1


def test_requests_after_the_end_was_shown_are_told_apart() -> None:
    sent = [(1.2, "dock-status", "job-0"), (1.6, "dock-status", "job-0"), (1.7, "dock-status", "job-0")]
    others = [(1.6, "dock-status", "ds-1"), (1.0, "undeploy", "job-0")]
    assert polls({"sent": [*sent, *others], "jobs": {"job-0": (1.0, 1.5)}}) == (2, 1, 2)


def test_the_most_requests_in_any_window() -> None:
    assert most_within([0, 59, 60, 61, 200], 60) == 3
    assert most_within([], 60) == 0


def test_the_picture_is_an_svg_with_every_curve() -> None:
    curves = {
        name: {size: Spent(cpu=size * cost, wall=1, memory=50) for size in SIZES}
        for name, cost in (("A & B", 0.001), ("C", 0.0001))
    }
    root = ElementTree.fromstring(picture(curves))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"A & B", "C", "100,000", "100 s"} <= set(texts)
    assert "| A & B | 0.1 s, 50 MB | 1 s, 50 MB | 10 s, 50 MB | 100 s, 50 MB | 10.0 x, 10.0 x, 10.0 x |" in curve_table(
        curves
    )
