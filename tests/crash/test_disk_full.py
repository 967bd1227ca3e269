"""A disk that fills up: nothing is sent whose intent is not on disk, what is known is said, the rest comes later."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from reconciler.core.record import RecordKind
from reconciler.errors import JournalError

from .bench import APPLY, ROOT, Bench, Ran
from .verdict import Verdict, start_of

SMALLEST, STEP = 4096, 8192
ACTIONS = {"kore/triage#export", "kore/triage#undeploy", "nugen/faq#deploy"}


def judged(bench: Bench, ran: Ran) -> list[str]:
    """What is wrong about an apply that met a full disk, now and after the next one, which has room."""
    verdict = Verdict(bench=bench, first=ran)
    text = ran.out + ran.err
    try:
        records = bench.records()
    except JournalError:
        records = []  # the verdict says so
    known = {start_of(r) for r in records if r.kind in (RecordKind.ACCEPTED, RecordKind.ADOPTED)}
    if ran.code != 0:
        for job in jobs(bench):
            noted = any(record.job == job for record in records)
            verdict.check(noted or job in text, f"job {job} is neither on record nor on stderr")
    verdict.check(ran.code != 0 or len(known) == len(bench.starts()), "exit 0, and not all is on record")
    if ran.code == 1 and bench.starts():
        verdict.check("Traceback" not in text and "journal" in text, f"nothing is said of the journal: {text!r}")
    verdict.to_the_end()
    return verdict.wrong


def jobs(bench: Bench) -> list[str]:
    """The ids of all jobs that Kore.ai started and told of: those of Nugen are the models' own."""
    with bench.platforms.kore.lock:
        return [job.id for job in bench.platforms.kore._jobs.values()]


def limits(bench: Bench) -> Iterator[int]:
    """Sizes up to that of the journal after an untouched apply."""
    bench.fresh()
    assert bench.run(*APPLY).code == 0
    yield from range(SMALLEST, bench.journal.stat().st_size + 2 * STEP, STEP)


def test_no_file_may_grow_beyond_a_size(plain: Bench) -> None:
    wrong, codes = [], []
    for largest in (size + odd for size in list(limits(plain)) for odd in (0, 700, 2500)):
        plain.fresh()
        ran = plain.run(*APPLY, largest=largest)
        codes.append(ran.code)
        wrong += [f"at most {largest} bytes, exit {ran.code}: {text}" for text in judged(plain, ran)]
    assert not wrong, f"{len(codes)} sizes:\n" + "\n".join(wrong)
    assert {0, 1} <= set(codes) <= {0, 1, 5}


@pytest.mark.parametrize("room", range(9))
def test_a_journal_that_was_there_cannot_grow(plain: Bench, room: int) -> None:
    """The growth of a journal of many pages is cut at each page, and in the middle of pages."""
    plain.fresh()
    assert plain.run("adopt", "kore/triage", "--as", "deployed").code == 0
    size = plain.journal.stat().st_size
    ran = plain.run(*APPLY, largest=size + room * 1024)
    wrong = judged(plain, ran)
    assert not wrong, f"{size} and {room} KiB, exit {ran.code}:\n" + "\n".join(wrong)


def test_a_journal_that_fails_half_way_is_exit_1_with_a_whole_report(plain: Bench) -> None:
    """Every action has its outcome, and the reason is the journal."""
    at, seen, wrong = 1, 0, []
    while True:
        plain.fresh()
        ran = plain.run(*APPLY, crash={"by": "python", "what": "fail", "at": at, "only": "commit"})
        if ran.point is None:
            break
        if plain.starts():
            seen += 1
            wrong += [f"commit {at}, exit {ran.code}: {text}" for text in _not_whole(plain, ran)]
        at += 1
    assert not wrong, "\n".join(wrong)
    assert seen >= 5


def _not_whole(bench: Bench, ran: Ran) -> list[str]:
    file = bench.folder / "report.json"
    if not file.exists():
        return [f"no report: {ran.err!r}"]
    report = json.loads(file.read_text("utf-8"))
    ids = {outcome["id"] for outcome in report["outcomes"]}
    return [
        *([] if ran.code == report["exit_code"] == 1 else [f"the report says exit {report['exit_code']}"]),
        *([] if "journal" in report["reasons"] else [f"reasons {report['reasons']}"]),
        *([] if ids == ACTIONS else [f"outcomes of {ids}"]),
    ]


# A real file system without room.


def room_to_mount() -> bool:
    command = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    return shutil.which("unshare") is not None and subprocess.run(command, capture_output=True).returncode == 0


MOUNTS = room_to_mount()
SCRIPT = """
mount -t tmpfs -o size="$1",mode=700 none .reconciler || exit 99
shift
"$@"
code=$?
cp -a .reconciler/. ../kept/
exit $code
"""


def on_small_disk(bench: Bench, size: int) -> Ran:
    """An apply whose journal is on a file system of `size` bytes, and what that holds afterwards, in the folder."""
    kept = bench.folder.parent / "kept"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    bench.journal.parent.mkdir(mode=0o700)
    command = [sys.executable, "-m", "reconciler", *APPLY]
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", SCRIPT, "sh", str(size), *command],
        cwd=bench.folder,
        env={**bench.environment, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    shutil.rmtree(bench.journal.parent)
    shutil.copytree(kept, bench.journal.parent)
    os.chmod(bench.journal.parent, 0o700)
    return Ran(code=done.returncode, out=done.stdout, err=done.stderr, point=None, seconds=0.0)


@pytest.mark.skipif(not MOUNTS, reason="this user may not mount a small disk (unshare -rm mount -t tmpfs)")
@pytest.mark.parametrize("pages", range(1, 22, 2))
def test_a_small_disk(plain: Bench, pages: int) -> None:
    plain.fresh()
    ran = on_small_disk(plain, pages * 4096)
    wrong = judged(plain, ran)
    assert not wrong, f"{pages} pages, exit {ran.code}: {ran.err}\n" + "\n".join(wrong)
