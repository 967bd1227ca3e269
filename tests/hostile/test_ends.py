"""Whatever goes wrong around a command ends it with one line and a documented code, and no traceback."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from .conftest import ROOT, Command
from .platform import Counting

GOOD = "version: 1\nmodels:\n  faq: {platform: nugen, id: faq, state: deployed}\n"
CODES = (0, 1, 2, 3, 4, 5, 6, 7, 64)
PATHS = {
    "inventory": ("plan", "AT"),
    "validate": ("validate", "AT"),
    "out": ("plan", "--out", "AT"),
    "guards": ("plan", "--guards", "AT"),
    "journal": ("plan", "--journal", "AT"),
    "report": ("plan", "--report", "json=AT"),
    "plan": ("apply", "--plan", "AT"),
    "exports": ("apply", "--yes", "--exports", "AT"),
    "apply-journal": ("apply", "--yes", "--journal", "AT"),
    "show": ("show", "AT"),
    "history": ("history", "--journal", "AT"),
    "lock": ("lock", "--journal", "AT"),
    "adopt": ("adopt", "nugen/faq", "--as", "deployed", "--journal", "AT"),
    "discover": ("discover", "nugen", "--out", "AT"),
    "init": ("init", "AT"),
    "check": ("platforms", "check", "AT"),
    "drift": ("drift", "--report", "markdown=AT"),
    "status": ("status", "--journal", "AT"),
}
PLACES = (
    "folder",
    "text",
    "bytes",
    "missing/x",
    "text/x",
    "loop",
    "empty",
    "\udcff",
    "a\nb",
    "x" * 300,
    ".",
    "..",
    "",
    "-",
)
ABSURD = (
    ("plan", "--expires", "999999d"),
    ("plan", "--expires", "0s"),
    ("plan", "--max-undeploys", "9" * 400),
    ("plan", "--only", "a=b=c=="),
    ("plan", "--only", ""),
    ("plan", "--exclude", "*"),
    ("plan", "--only", "[!"),
    ("apply", "--yes", "--lock-timeout", "999999d"),
    ("apply", "--yes", "--approve", ""),
    ("apply", "--plan", "x", "--yes", "--only", "x"),
    ("history", "\udcff"),
    ("history", ""),
    ("adopt", "\udcff", "--as", "deployed"),
    ("adopt", "", "--as", "deployed"),
    ("discover", "\udcff"),
    ("discover", "nugen", "--type", "\udcff"),
    ("platforms", "\udcff"),
    ("platforms", "check"),
    ("schema", "\udcff"),
    ("\udcff",),
    ("--nope",),
    (),
    ("plan", "a", "b"),
    ("--debug",),
    ("simulate", "--port", "0"),
)


def fine(code: int, printed: bytes) -> None:
    assert code in CODES, printed
    assert printed.strip(), "it ended without a word"
    assert b"Traceback" not in printed, printed.decode("utf-8", "replace")
    assert b"Internal error" not in printed, printed.decode("utf-8", "replace")
    assert len(printed) < 20_000


def furnish(folder: Path) -> None:
    (folder / "inventory.yaml").write_text(GOOD, "utf-8")
    (folder / "folder").mkdir()
    (folder / "text").write_text("hello\n", "utf-8")
    (folder / "bytes").write_bytes(bytes(range(256)) * 20)
    (folder / "empty").touch()
    (folder / "loop").symlink_to("loop")


@pytest.mark.parametrize("place", PLACES, ids=ascii)
def test_a_path_that_is_something_else(place: str, command: Command, platform: Counting, tmp_path: Path) -> None:
    furnish(tmp_path)
    for number, line in enumerate(PATHS.values()):
        for name in ("text", "empty"):
            (tmp_path / name).chmod(0o600)
        ran = command(*(part.replace("AT", place) for part in line))
        fine(ran.code, ran.out + ran.err)
        assert ran.cpu <= 1.0, (number, line)
    assert (tmp_path / "inventory.yaml").read_text("utf-8") == GOOD


@pytest.mark.parametrize("line", ABSURD, ids=ascii)
def test_an_absurd_command_line(line: tuple[str, ...], command: Command, platform: Counting, tmp_path: Path) -> None:
    furnish(tmp_path)

    ran = command(*line)

    fine(ran.code, ran.out + ran.err)


def test_a_pipe_and_a_device_stay_what_they_are(command: Command, platform: Counting, tmp_path: Path) -> None:
    (tmp_path / "inventory.yaml").write_text(GOOD, "utf-8")
    os.mkfifo(tmp_path / "pipe")
    device = tmp_path / "null" if os.geteuid() == 0 else Path("/dev/null")  # root could lose the one of the machine
    if os.geteuid() == 0:
        os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    reader = subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.DEVNULL)

    for line in (("plan", "--out", "pipe"), ("plan", "--out", str(device)), ("plan", "--report", f"json={device}")):
        ran = command(*line)
        fine(ran.code, ran.out + ran.err)

    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert stat.S_ISCHR(device.stat().st_mode)
    assert reader.wait(5) == 0


BYTES = {
    "key": {"RECONCILER_NUGEN_KEY": "key\udcff12345"},
    "plan-key": {"RECONCILER_PLAN_KEY": "key\udcff12345"},
    "other-key": {"RECONCILER_OTHER_KEY": "key\udcff12345"},
    "url": {"RECONCILER_NUGEN_URL": "http://127.0.0.1:9\udcff"},
    "key-file": {"RECONCILER_NUGEN_KEY": None, "RECONCILER_NUGEN_KEY_FILE": "\udcff"},
    "journal": {"RECONCILER_JOURNAL": "j\udcff.db"},
    "poll": {"RECONCILER_POLL_SECONDS": "\udcff"},
    "commit": {"GITHUB_SHA": "\udcff"},
    "user": {"USER": "\udcff\n::error::x", "GITHUB_ACTOR": ""},
    "no-home": {"HOME": None, "PATH": None},
    "home": {"HOME": "\udcff", "XDG_CONFIG_HOME": "\udcff"},
    "columns": {"COLUMNS": "\udcff", "TERM": "\udcff"},
    "colour": {"NO_COLOR": "\udcff", "FORCE_COLOR": "\udcff"},
    "zone": {"TZ": "\udcff"},
    "locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@pytest.mark.parametrize("env", BYTES.values(), ids=BYTES)
def test_an_environment_of_any_bytes(
    env: Mapping[str, str | None], command: Command, platform: Counting, tmp_path: Path
) -> None:
    (tmp_path / "inventory.yaml").write_text(GOOD, "utf-8")

    for line in (
        ("plan", "--out", "plan.json"),
        ("plan", "--format", "json"),
        ("show", "plan.json", "--format", "markdown"),
        ("adopt", "nugen/faq", "--as", "deployed"),
        ("history",),
        ("validate",),
    ):
        ran = command(*line, env=env)
        fine(ran.code, ran.out + ran.err)


def start(
    folder: Path, *arguments: str, shell: str = 'exec "$@"', env: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """A whole new process, begun by a shell that has prepared its surroundings."""
    laid = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **(env or {})}
    argv = ["bash", "-c", shell, "-", sys.executable, "-m", "reconciler", *arguments]
    done = subprocess.run(argv, cwd=folder, env=laid, capture_output=True, timeout=30, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("shell", "codes"),
    [
        ('rmdir "$PWD"; exec "$@"', (0, 1)),
        ('exec "$@" <&-', (0, 1, 64)),
        ('exec "$@" >&-', (0, 1)),
        ('exec "$@" 2>&-', (0, 1)),
        ('exec "$@" <&- >&- 2>&-', (0, 1)),
        ('exec "$@" >/dev/full', (1,)),
        ('exec "$@" 2>/dev/full', (0, 1)),
        ('LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 exec "$@"', (0, 1)),
        ('PYTHONIOENCODING=ascii exec "$@"', (0, 1)),
        ('unset HOME PATH; exec "$@"', (0, 1)),
        ('ulimit -n 24; exec "$@"', (0, 1)),
        ('ulimit -f 0; exec "$@"', (0, 1)),
    ],
    ids=ascii,
)
@pytest.mark.parametrize(
    "line", [("validate", "INVENTORY"), ("history",), ("plan", "INVENTORY", "--offline")], ids=lambda line: line[0]
)
def test_surroundings_that_are_broken(
    shell: str, codes: tuple[int, ...], line: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "inventory.yaml").write_text(GOOD, "utf-8")
    (tmp_path / "here").mkdir()

    code, printed = start(
        tmp_path / "here", *(part.replace("INVENTORY", str(tmp_path / "inventory.yaml")) for part in line), shell=shell
    )

    assert code in (*codes, -signal.SIGXFSZ, 128 + signal.SIGXFSZ), printed
    assert b"Traceback" not in printed, printed
    assert b"Internal error" not in printed, printed
