"""However a command ends: its reports are there, and its events begin with the version and end with a summary."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reconciler.cli.options import KINDS
from reconciler.journal.opening import lock_journal
from reconciler.schemas import load_schema
from reconciler.simulator import Fault, FaultKind, JobTime, SimulatedPlatforms
from tests.cli.conftest import BATCH, FAQ, PILOT, TRIAGE, Reconciler, inventory, starts
from tests.cli.test_signals import ROOT, begin, until_started

Json = dict[str, Any]
ASKED = ("--events", "events.ndjson", "--report", "json=report.json", "--report", "markdown=report.md")


def events(file: str = "events.ndjson") -> list[Json]:
    """The lines of a stream, each of which obeys the schema; the first is the version and the last a summary."""
    lines = [json.loads(line) for line in Path(file).read_text().splitlines()]
    checker = jsonschema.Draft202012Validator(load_schema("event"), format_checker=jsonschema.FormatChecker())
    for line in lines:
        checker.validate(line)
    kinds = [line["type"] for line in lines]
    assert (kinds[0], kinds[-1]) == ("version", "change_summary")
    assert kinds.count("version") == kinds.count("change_summary") == 1
    return lines


def ended(code: int, *reasons: str) -> Json:
    """The report of a run that ended so, and the last event, which say the same."""
    report: Json = json.loads(Path("report.json").read_text())
    last = events()[-1]
    assert (report["exit_code"], last["exit_code"]) == (code, code)
    assert report["reasons"] == last["reasons"] == list(reasons)
    jsonschema.validate(report, load_schema("report"))
    return report


def test_an_apply_tells_every_step_of_every_action(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(TRIAGE, FAQ)
    assert reconciler("apply", "--yes", *ASKED).code == 0
    lines = events()
    planned = [line["change"]["id"] for line in lines if line["type"] == "planned_change"]
    assert sorted(planned) == ["kore/triage#export", "kore/triage#undeploy", "nugen/faq#deploy"]
    for name in planned:
        steps = [line["type"] for line in lines if line.get("hook", {}).get("id") == name]
        assert (steps[0], steps[-1]) == ("apply_start", "apply_complete")
        assert steps.count("apply_complete") == 1
    last = lines[-1]
    assert last["changes"] == {"add": 1, "change": 1, "remove": 1, "operation": "apply"}
    assert last["summary"]["succeeded"] == 3
    ended(0)


def test_a_failed_action_is_an_error_among_the_events(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(FAQ)
    reach.nugen.fault(Fault(kind=FaultKind.REPLY, operation="deploy", status=403, body=b"{}", times=None))
    assert reconciler("apply", "--yes", *ASKED).code == 5
    assert [line["hook"]["outcome"] for line in events() if line["type"] == "apply_errored"] == ["failed"]
    ended(5, "unfinished")


@pytest.mark.parametrize("command", ["plan", "drift"])
def test_plan_and_drift_tell_what_they_found(
    reach: SimulatedPlatforms, reconciler: Reconciler, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory(FAQ, PILOT, BATCH)
    ran = reconciler(command, *ASKED)
    lines = events()
    assert lines[-1]["exit_code"] == ran.code
    assert lines[-1]["changes"] == {"add": 1, "change": 0, "remove": 1, "operation": command}
    assert [line["diagnostic"]["address"] for line in lines if line["type"] == "diagnostic"] == ["kore/batch"]
    assert ("resource_drift" in {line["type"] for line in lines}) == (command == "drift")


def test_events_on_stdout_are_all_that_stdout_gets(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(FAQ)
    Path("events.ndjson").write_text(reconciler("plan", "--events", "-").out)
    events()
    assert reconciler("plan", "--events", "-", "--out", "-").code == 64


def test_a_wrong_inventory(reconciler: Reconciler) -> None:
    Path("inventory.yaml").write_text("version: 1\nmodels:\n  a: {platform: nugen, id: x, stat: deployed}\n")
    for command in (["plan"], ["apply", "--yes"], ["drift"]):
        assert reconciler(*command, *ASKED).code == 1
        report = ended(1, "error")
        assert "inventory.yaml:3:" in report["error"]
        ranges = [line["diagnostic"].get("range") for line in events() if line["type"] == "diagnostic"]
        assert {"filename": "inventory.yaml", "start": {"line": 3, "column": 31}} in ranges
        kind = {"plan": "plan", "apply": "report", "drift": "drift"}[command[0]]
        assert Path("report.md").read_text().startswith(f"<!-- reconciler:{kind}:default -->\n## Failed")


def test_a_wrong_inventory_writes_every_kind_of_report(reconciler: Reconciler) -> None:
    Path("inventory.yaml").write_text("version: 1\nmodels: {a: {platform: nowhere, id: x, state: deployed}}\n")
    asked = [part for kind in KINDS for part in ("--report", f"{kind}={kind}.out")]
    assert reconciler("plan", *asked).code == 1
    for kind in KINDS:
        assert Path(f"{kind}.out").stat().st_size > 2, kind
    assert "file=inventory.yaml,line=2" in Path("github.out").read_text()


def test_a_missing_key(reconciler: Reconciler) -> None:
    inventory(FAQ)
    assert reconciler("plan", *ASKED).code == 1
    assert "RECONCILER_NUGEN_KEY" in ended(1, "error")["error"]


def test_a_held_lock(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(FAQ)
    Path(".reconciler").mkdir()
    with lock_journal(".reconciler/journal.db", run="r-other"):
        assert reconciler("apply", "--yes", *ASKED).code == 7
    assert "r-other" in ended(7, "locked")["error"]


def test_a_stale_plan(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(FAQ)
    assert reconciler("plan", "--out", "plan.json").code == 0
    reach.nugen.set_state("alignment_01KXG82FJJ98NQ0", "deployed")
    assert reconciler("apply", "--plan", "plan.json", *ASKED).code == 4
    assert "is deployed now" in ended(4, "stale")["error"]


def test_a_guard(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(PILOT)
    assert reconciler("apply", "--yes", "--max-undeploys", "0", *ASKED).code == 3
    (outcome,) = ended(3, "guard")["outcomes"]
    assert (outcome["outcome"], outcome["started_at"]) == ("skipped", None)
    assert starts(reach) == []


def test_a_full_disk_for_stdout_keeps_the_reports(reach: SimulatedPlatforms) -> None:
    inventory(FAQ)
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "reconciler", "plan", *ASKED],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
        )
    assert ran.returncode == 1
    assert json.loads(Path("report.json").read_text())["format"] == "reconciler/plan"
    assert events()[-1]["exit_code"] == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_during_an_apply(reach: SimulatedPlatforms, number: signal.Signals, code: int) -> None:
    reach.nugen.set_job_time(JobTime(seconds=20))
    inventory(FAQ)
    process = begin("--events", "events.ndjson", "--report", "markdown=report.md", ignoring=signal.SIGINT)
    until_started(reach)
    process.send_signal(number)
    process.communicate(timeout=10)
    assert process.returncode == code
    (outcome,) = ended(code, "interrupted", "unfinished")["outcomes"]
    assert outcome["outcome"] == "in-flight"


@pytest.mark.parametrize("command", ["plan", "drift"])
def test_a_signal_while_it_reads(reach: SimulatedPlatforms, command: str) -> None:
    inventory(FAQ)
    reach.nugen.fault(Fault(kind=FaultKind.DELAY, method="GET", seconds=30, times=None))
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", command, *ASKED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    ends = time.monotonic() + 15
    while not reach.nugen.log.entries:
        assert time.monotonic() < ends
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode == 143
    assert ended(143, "interrupted")["outcomes"] == []


def test_no_key_is_in_any_line(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = os.environ["RECONCILER_NUGEN_KEY"]
    inventory(FAQ)
    said = json.dumps({"detail": f"refused {key}"}).encode()
    reach.nugen.fault(Fault(kind=FaultKind.REPLY, operation="deploy", status=403, body=said, times=None))
    reconciler("apply", "--yes", *ASKED)
    assert "refused" in Path("events.ndjson").read_text()
    assert key not in Path("events.ndjson").read_text()


def test_events_are_private_and_a_link_is_not_followed(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(FAQ)
    reconciler("plan", *ASKED)
    assert Path("events.ndjson").stat().st_mode & 0o077 == 0
    Path("elsewhere").write_text("mine")
    Path("link").symlink_to("elsewhere")
    assert reconciler("plan", "--events", "link").code == 1
    assert Path("elsewhere").read_text() == "mine"


def test_events_that_cannot_be_written_cost_nothing_else(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(FAQ)
    ran = reconciler("apply", "--yes", "--events", "/dev/full")
    assert ran.code == 0
    assert "events: they can no longer be written" in ran.err


def test_a_report_that_nobody_gets_does_not_hide_what_ended_the_run(reconciler: Reconciler) -> None:
    Path("inventory.yaml").write_text("version: 1\nmodels: {a: {platform: nowhere, id: x, state: deployed}}\n")
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "reconciler", "plan", "--report", "json=-", "--report", "junit=r.xml"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
        )
    assert ran.returncode == 1
    assert 'there is no "nowhere"' in ran.stderr
    assert Path("r.xml").exists()
