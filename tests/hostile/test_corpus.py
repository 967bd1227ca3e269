"""Every case of the corpus in a process of its own: the code, the line, the time, the memory, the requests, no key."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from .cases import Case, load_cases, replies, spoil, write
from .conftest import Command, Ran
from .platform import Counting
from .secrets import found_in

ROOT = Path(__file__).parents[1]
CASES = load_cases()
STEERS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
COMMANDS = re.compile(r"^\s*(?:::|##\[)|##vso\[|##teamcity\[", re.MULTILINE)
SECONDS, MEGABYTES = 1.0, 100.0


def harmless(ran: Ran) -> None:
    """What must be true of whatever a command printed."""
    text = (ran.out + b"\n" + ran.err).decode("utf-8")
    assert "Traceback" not in text, text
    assert "Internal error" not in text, text
    assert not STEERS.search(text), ascii(text)
    assert not COMMANDS.search(text), text


def within_bounds(ran: Ran) -> None:
    assert ran.cpu <= SECONDS
    assert ran.megabytes <= MEGABYTES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case(
    case: Case,
    command: Command,
    platform: Counting,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    platform.replies = replies(case)
    write(case, tmp_path)
    for line in case.before:
        made = command(*line, env=_env(case, platform))
        assert made.code in (0, 2, 3, 6), made.lines
    spoil(case, tmp_path)
    platform.requests.clear()

    ran = command(*case.run, env=_env(case, platform), stdin=str(tmp_path / case.stdin) if case.stdin else "/dev/null")

    said = (ran.out + ran.err).decode("utf-8")
    assert ran.code == case.exit, said
    for words in case.says:
        assert words in " ".join(said.split())
    for words in case.never:
        assert words not in said
    if case.requests >= 0:
        assert len(platform.requests) == case.requests
    harmless(ran)
    record_property("figure", f"1 cases of the corpus, slowest {ran.cpu:.2f} s of CPU, most {ran.megabytes:.0f} MB")
    within_bounds(ran)
    assert not found_in(ran.out + ran.err)
    assert not found_in(written(tmp_path, case))


def _env(case: Case, platform: Counting) -> dict[str, str | None]:
    here = {name: value.replace("HERE", platform.url) for name, value in case.env.items()}
    return {**here, **dict.fromkeys(case.unset)}


def written(folder: Path, case: Case) -> bytes:
    """Names and bytes of all files that are there now, but those that the case itself put there."""
    given = {*case.files, *case.hex, *case.grown, *case.links}
    files = (path for path in folder.rglob("*") if path.is_file() and str(path.relative_to(folder)) not in given)
    return b"\n".join(bytes(path) + b"\n" + path.read_bytes() for path in files)
