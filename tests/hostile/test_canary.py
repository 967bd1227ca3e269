"""No key is in anything that any command writes, whatever the platform says it back in."""

import base64
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from reconciler.cli.options import KINDS

from .conftest import KEY, NUGEN_KEY, PLAN_KEY, PROBE_KEY, Command, Ran
from .platform import Counting, Reply
from .secrets import CANARIES, found_in

ECHOES: dict[str, Callable[[str], str]] = {
    "plain": lambda key: key,
    "url": lambda key: quote(key, safe=""),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "basic": lambda key: base64.b64encode(f"us:{key}".encode()).decode(),
    "hex": lambda key: key.encode().hex(),
}


def every(name: str) -> tuple[str, ...]:
    """The options that write every kind of report, and the events."""
    return (*(part for kind in KINDS for part in ("--report", f"{kind}={name}.{kind}")), "--events", f"{name}.ndjson")


COMMANDS = (
    ("plan", "--out", "plan.json", "-v", *every("r1")),
    ("plan", "--format", "json"),
    ("plan", "--format", "markdown"),
    ("plan", "--offline", "--format", "json"),
    ("show", "plan.json"),
    ("show", "plan.json", "--format", "json"),
    ("show", "plan.json", "--format", "markdown"),
    ("apply", "--plan", "plan.json", *every("r2")),
    ("apply", "--yes", "-v", "--format", "json"),
    ("apply", "--yes", "--format", "markdown"),
    ("drift", "-v"),
    ("drift", "--format", "json", *every("r3")),
    ("show", "r3.json", *every("r4")[:-2]),
    ("status", "-v"),
    ("status", "--format", "json"),
    ("discover", "nugen"),
    ("discover", "nugen", "--out", "found.yaml"),
    ("discover", "kore"),
    ("adopt", "kore/triage", "--as", "undeployed"),
    ("history",),
    ("history", "--format", "json"),
    ("lock",),
    ("fmt", "--check"),
    ("validate",),
    ("platforms",),
    ("--debug", "plan"),
    ("--debug", "show", "inventory.yaml"),
)
INVENTORY = """version: 1
models:
  triage: {platform: kore, id: cm-1, state: undeployed, on_unknown: act, export: {before_undeploy: true}}
  asked: {platform: kore, id: cm-2, state: undeployed, probe: {path: /v2/x}}
  faq: {platform: nugen, id: faq, state: deployed}
  old: {platform: nugen, id: old, state: undeployed}
"""


def everything(folder: Path) -> bytes:
    """The names and bytes of all that is there, links not followed."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "inventory.yaml"]
    return b"\n".join(bytes(path.relative_to(folder)) + b"\n" + path.read_bytes() for path in files)


def run_all(command: Command, folder: Path, env: dict[str, str | None] | None = None) -> bytes:
    """Run every command; all that was printed and written."""
    (folder / "inventory.yaml").write_text(INVENTORY, "utf-8")
    ran = [command(*line, env=env) for line in COMMANDS]
    assert all(one.code in (0, 1, 2, 3, 4, 5, 6) for one in ran)
    printed = b"\n".join(one.out + b"\n" + one.err for one in ran)
    assert b"Internal error" not in printed
    return printed + everything(folder)


def echoing(way: Callable[[str], str]) -> dict[str, Reply]:
    """Platforms that say their key back wherever a text may stand: names, words, job ids, errors, addresses."""
    kore, nugen = way(KEY), way(NUGEN_KEY)
    row = {"alignment_name": f"n {nugen}", "alignment_status": "COMPLETED", "deployment_status": "UNDEPLOYED"}
    rows = [
        {**row, "alignment_id": "faq"},
        {**row, "alignment_id": "old", "deployment_status": f"W {nugen}"},
        {**row, "alignment_id": f"id-{nugen}"},
    ]
    job = {"dockStatusId": f"j {kore}", "_id": f"j {kore}", "status": "FAILED", "error": f"no: {kore}"}
    return {
        "/": Reply({**job, "detail": f"key {kore} is wrong", "errors": [{"msg": kore}]}, status=400),
        "/api/public": Reply({**job, "downloadUrl": f"http://127.0.0.1:9/x?k={kore}"}),
        "/api/v3": Reply({"detail": f"no {nugen}", "message": nugen}, status=400),
        "/api/v3/models/aligned": Reply({"domain_aligned_models": rows}),
    }


@pytest.mark.parametrize("way", ECHOES)
def test_a_key_that_a_platform_says_back_is_nowhere(
    way: str, command: Command, platform: Counting, tmp_path: Path
) -> None:
    platform.replies = echoing(ECHOES[way])

    assert not found_in(run_all(command, tmp_path))
    assert platform.requests


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500])
def test_a_refusal_that_repeats_the_key_shows_none(
    status: int, command: Command, platform: Counting, tmp_path: Path
) -> None:
    kore, nugen = (
        Reply({"detail": key, "message": key, "errors": [{"msg": key}]}, status=status) for key in (KEY, NUGEN_KEY)
    )
    platform.replies = {"/": kore, "/api/v3": nugen}

    assert not found_in(run_all(command, tmp_path))


def test_a_platform_that_says_nothing_of_keys_leaves_none_either(
    command: Command, platform: Counting, tmp_path: Path
) -> None:
    written = run_all(command, tmp_path)

    assert not found_in(written)
    assert KEY.encode() in platform.everything  # they were used, all the same
    assert NUGEN_KEY.encode() in platform.everything


def test_the_search_finds_each_form(tmp_path: Path) -> None:
    for way in ECHOES.values():
        for key in CANARIES:
            assert found_in(f"before {way(key)} after".encode())
            (tmp_path / "x").write_text(json.dumps(f"x{way(key)}x"))
            assert found_in(everything(tmp_path))
    assert not found_in(b"nothing here")


def test_no_password_of_a_proxy_or_a_database_is_shown(command: Command, tmp_path: Path) -> None:
    (tmp_path / "inventory.yaml").write_text(INVENTORY, "utf-8")
    proxy = "http://user:pw-canary-1@127.0.0.1:9"
    env = {"HTTPS_PROXY": proxy, "ALL_PROXY": proxy, "RECONCILER_NUGEN_URL": None}
    ran = [
        command(*line, env=env) for line in (("plan", "-v"), ("status",), ("--debug", "drift"), ("discover", "nugen"))
    ]
    for url in (
        "postgresql://u:pw-canary-2@127.0.0.1:9/db",
        "mysql://u:pw-canary-2@h/db",
        "postgresql://u:pw-canary-2@[",
    ):
        for line in (("history",), ("plan", "-v"), ("lock",), ("status",), ("--debug", "history")):
            ran.append(command(*line, env={"RECONCILER_JOURNAL": url}))

    printed = b"".join(one.out + one.err for one in ran)
    assert b"pw-canary" not in printed + everything(tmp_path)


def test_a_traceback_that_was_asked_for_shows_no_key(command: Command, platform: Counting, tmp_path: Path) -> None:
    (tmp_path / "inventory.yaml").write_text(INVENTORY, "utf-8")
    broken = {"HTTPS_PROXY": f"nonsense://{quote(KEY, safe='')}:x@h", "RECONCILER_NUGEN_URL": None}

    ran = command("--debug", "plan", env=broken)

    assert ran.code in (1, 6)
    assert not found_in(ran.out + ran.err)


@pytest.mark.parametrize("format_", ["text", "json", "markdown"])
def test_a_saved_plan_holds_its_seal_and_not_the_key_of_it(
    format_: str, command: Command, platform: Counting, tmp_path: Path
) -> None:
    (tmp_path / "inventory.yaml").write_text(INVENTORY, "utf-8")
    saved = command("plan", "--out", "plan.json", "--format", format_)

    assert json.loads((tmp_path / "plan.json").read_bytes())["seal"].startswith("hmac-sha256:")
    assert PLAN_KEY.encode() not in saved.out + saved.err + everything(tmp_path)
    assert command("show", "plan.json", env={"RECONCILER_PLAN_KEY": PROBE_KEY}).code == 4


def test_the_journal_is_a_database_that_was_searched(command: Command, tmp_path: Path) -> None:
    run_all(command, tmp_path)

    with sqlite3.connect(tmp_path / ".reconciler" / "journal.db") as journal:
        assert journal.execute("select count(*) from records").fetchone()[0] > 0
    assert b"SQLite format 3" in everything(tmp_path)


def test_no_log_of_the_libraries_is_turned_on(command: Command, platform: Counting, tmp_path: Path) -> None:
    (tmp_path / "inventory.yaml").write_text(INVENTORY, "utf-8")
    ran: Ran = command("plan", "-v", env={"HTTPX_LOG_LEVEL": "trace", "PYTHONDEVMODE": "1"})

    assert b"httpx" not in ran.err
    assert b"HTTP Request" not in ran.err
    assert not found_in(ran.out + ran.err)


def test_a_process_that_dies_leaves_no_memory_with_keys_behind(command: Command, tmp_path: Path) -> None:
    """No core file is written below the folder of a run, whatever ends it."""
    run_all(command, tmp_path)

    assert not [path for path in tmp_path.rglob("*") if path.name.startswith("core")]
