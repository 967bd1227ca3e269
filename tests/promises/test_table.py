"""The table of promises itself: complete, each line shown by tests that exist, and the page up to date with it."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from .figures import add_up, stated
from .page import BEGIN, END, Promise, Ran, asked, between, fits, put, row, rows, table
from .table import PROMISES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "tests" / "README.md"
OTHERS = {"secrets", "hostile text", "bad inputs", "saved plans", "downloads", "lock", "PostgreSQL"}


@cache
def collected() -> tuple[str, ...]:
    """The node ids of every test that a promise names."""
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--collect-only",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            *asked(PROMISES),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return tuple(line for line in ran.stdout.splitlines() if "::" in line)


def test_every_promise_is_there_once() -> None:
    names = [promise.name for promise in PROMISES]
    assert len(names) == len(set(names))
    assert set(names) == {f"R{number}" for number in range(1, 25)} | OTHERS


def test_every_pattern_of_every_promise_is_a_test_that_exists() -> None:
    gone = [
        f"{promise.name}: {pattern}"
        for promise in PROMISES
        for pattern in promise.shown_by
        if not any(fits(pattern, test) for test in collected())
    ]
    assert gone == []


def test_the_page_lists_every_promise_in_its_words_and_order() -> None:
    lines = rows(between(PAGE.read_text("utf-8")))
    assert list(lines) == [promise.name for promise in PROMISES], "regenerate it: python -m tests.promises"
    for promise in PROMISES:
        fresh = row(promise, {}).split(" | ")
        written = lines[promise.name].split(" | ")
        assert (written[1], written[-1]) == (fresh[1], fresh[-1]), (
            f"regenerate it: python -m tests.promises {promise.name}"
        )


def test_the_page_says_of_no_promise_that_it_failed() -> None:
    assert "failed**" not in between(PAGE.read_text("utf-8"))


# How figures are added up.


@pytest.mark.parametrize(
    ("figures", "total"),
    [
        (["25 kills, 0 duplicates", "25 kills, 1 duplicates"], "50 kills, 1 duplicates"),
        (["600 kills", "1,400 kills"], "2,000 kills"),
        (["slowest 1.5 s", "slowest 3.25 s", "slowest 2 s"], "slowest 3.2 s"),
        (["free after at most 2.5 s", "free after at most 0.25 s"], "free after at most 2.5 s"),
        (["fewest 3 reads", "fewest 2 reads"], "fewest 2 reads"),
        (["in order", "in order"], "in order"),
        (["3 plans", "0 starts"], "3 plans, 0 starts"),
        ([], ""),
    ],
)
def test_figures_are_added(figures: list[str], total: str) -> None:
    assert add_up(figures) == total


def test_a_dictionary_of_numbers_is_a_figure() -> None:
    properties = [
        ("kills", {"kills": 25, "sent_twice": 0, "slowest_s": 1.5, "word": "x"}),
        ("other", "9 lives"),
        ("runs", 7),
    ]
    assert stated(properties) == ["25 kills", "0 sent twice", "slowest 1.5 s", "7 runs"]


# How lines are made.

ONE = Promise(name="R0", words="It holds.", shown_by=("tests/a.py::test_one", "tests/b/"))


@pytest.mark.parametrize(
    ("test", "covered"),
    [
        ("tests/a.py::test_one", True),
        ("tests/a.py::test_one[x]", True),
        ("tests/a.py::test_one_more", False),
        ("tests/b/c.py::test", True),
        ("tests/bc.py::test", False),
    ],
)
def test_what_a_promise_is_shown_by(test: str, covered: bool) -> None:
    assert ONE.covers(test) is covered


def test_a_line_holds_what_was_measured_and_nothing_of_others() -> None:
    ran = {
        "tests/a.py::test_one[1]": Ran(outcome="passed", seconds=1.2, figures=("2 kills, 0 lost",)),
        "tests/a.py::test_one[2]": Ran(outcome="passed", seconds=1.7, figures=("3 kills, 0 lost",)),
        "tests/b/c.py::test": Ran(outcome="skipped", seconds=0.1),
        "tests/z.py::test": Ran(outcome="passed", seconds=9, figures=("7 kills",)),
    }
    assert row(ONE, ran) == "| R0 | It holds. | 5 kills, 0 lost; 2 tests (1 not run) | 3 | `a.py::test_one`<br>`b/` |"


def test_a_failure_shows_and_its_figure_does_not_count() -> None:
    ran = {"tests/b/c.py::test": Ran(outcome="failed", seconds=1, figures=("9 kills",))}
    assert "| **1 of 1 failed**; 0 tests |" in row(ONE, ran)


def test_a_quick_run_says_that_it_is_a_sample() -> None:
    assert "| sample: 0 tests |" in row(ONE, {}, quick=True)


def test_a_line_that_was_not_made_now_stays_and_one_that_never_was_says_so(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    two = Promise(name="R00", words="It holds too.", shown_by=("tests/b/",))
    put(page, table([ONE, two], {"R00": row(two, {})}, {}))
    assert rows(between(page.read_text())) == {
        "R0": "| R0 | It holds. | not run yet |  | `a.py::test_one`<br>`b/` |",
        "R00": "| R00 | It holds too. | 0 tests | 0 | `b/` |",
    }
    put(page, made := table([ONE, two], {"R0": row(ONE, {})}, rows(between(page.read_text()))))
    assert "not run yet" not in made
    assert page.read_text() == f"before\n{BEGIN}\n\n{made}\n\n{END}\nafter\n"


def test_nothing_is_asked_for_twice() -> None:
    other = Promise(name="R00", words="", shown_by=("tests/b/c.py", "tests/a.py::test_one"))
    assert asked([ONE, other]) == ["tests/a.py::test_one", "tests/b/"]


def test_no_date_stands_in_the_table() -> None:
    assert not re.search(r"\b20\d\d-\d\d", between(PAGE.read_text("utf-8")))
