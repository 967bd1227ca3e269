"""Nobody reads what is printed: stdout or stderr is closed, full, or breaks half way. The journal and what is done stay
right, the exit code is a documented one, and there is at most one line about it."""

import os
import signal
import subprocess
import sys
import time

import pytest

from reconciler.core.record import RecordKind

from .bench import GOAL, ROOT, STARTS, Bench

APPLY = ("apply", "--yes")
COMMANDS = {
    "plan": ("plan",),
    "plan-json": ("plan", "--format", "json"),
    "history": ("history", "--format", "json"),
    "help": ("--help",),
    "schema": ("schema", "plan"),
}


def begin(bench: Bench, *arguments: str, shell: str = "") -> subprocess.Popen[str]:
    """`reconciler` in a process of its own, begun by a shell that does `shell` to its streams."""
    command = ["bash", "-c", f'exec "$@" {shell}', "bash", sys.executable, "-m", "reconciler", *arguments]
    return subprocess.Popen(
        command,
        cwd=bench.folder,
        env={**bench.environment, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code and what stands on stderr."""
    _, err = process.communicate(timeout=30)
    assert "Traceback" not in err
    assert "Internal error" not in err
    assert "Exception ignored" not in err
    return process.returncode, err


@pytest.fixture
def world(plain: Bench) -> Bench:
    plain.fresh()
    return plain


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("shell", [">/dev/full", ">&-", "| true"])
def test_a_product_that_nobody_gets_is_one_line_and_exit_1(world: Bench, shell: str, command: str) -> None:
    quiet = ("--quiet",) if command.startswith("plan") else ()
    if shell == "| true":
        process = begin(world, *COMMANDS[command], *quiet)
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
    else:
        process = begin(world, *COMMANDS[command], *quiet, shell=shell)
    code, err = ended(process)
    if command == "help" and shell == ">&-":
        assert code in (0, 1)  # click says nothing where there is no stdout
    else:
        assert code == 1, err
        assert err.count("\n") == (0 if shell == "| true" else 1), err
    assert world.starts() == []


def test_a_reader_that_has_seen_enough_is_no_fault(world: Bench) -> None:
    process = begin(world, "plan", "--quiet", shell="| head -1")
    out, err = process.communicate(timeout=30)
    assert out.startswith("Plan: ")
    assert out.count("\n") == 1
    assert err == ""


@pytest.mark.parametrize("shell", ["2>/dev/full", "2>&-"])
def test_a_plan_is_printed_though_nobody_gets_what_is_said_beside_it(world: Bench, shell: str) -> None:
    process = begin(world, "plan", shell=shell)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out.startswith("Plan: ")


@pytest.mark.parametrize("shell", ["2>/dev/full", "2>&-"])
def test_wrong_usage_is_64_though_nobody_is_told(world: Bench, shell: str) -> None:
    process = begin(world, "no-such-command", shell=shell)
    out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (64, "")


@pytest.mark.parametrize("shell", ["2>/dev/full", "2>&-"])
def test_an_apply_without_a_stderr_goes_on_to_its_end(world: Bench, shell: str) -> None:
    code, _ = ended(begin(world, *APPLY, "--format", "json", shell=shell))
    assert code == 0
    assert world.states() == GOAL


@pytest.mark.parametrize("shell", [">/dev/full", ">&-", ">/dev/full 2>&1", ">&- 2>&-"])
def test_an_apply_whose_plan_cannot_be_shown_starts_nothing(world: Bench, shell: str) -> None:
    code, err = ended(begin(world, *APPLY, "--quiet", shell=shell))
    assert code == 1
    assert err.count("\n") == ("2>" not in shell)
    assert world.starts() == []


@pytest.mark.parametrize("shell", [">/dev/full", ">&-"])
def test_an_apply_whose_report_cannot_be_printed_has_done_it_and_written_the_other_report(
    world: Bench, shell: str
) -> None:
    arguments = (*APPLY, "--quiet", "--format", "json", "--report", "json=report.json")
    code, err = ended(begin(world, *arguments, shell=shell))
    assert code == 1
    assert err.count("\n") == 1
    assert world.states() == GOAL
    assert world.left("report.json")
    assert not world.broken()
    assert world.records()[-1].kind is RecordKind.RUN_ENDED
    assert world.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("stream", ["stdout", "stderr", "both"])
def test_streams_that_break_in_the_middle_of_an_apply_do_not_end_it(world: Bench, stream: str) -> None:
    process = begin(world, *APPLY)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith("Plan: ")
    until = time.monotonic() + 20
    while not world.starts():
        assert time.monotonic() < until
        time.sleep(0.005)
    if stream in ("stdout", "both"):
        process.stdout.close()
    if stream in ("stderr", "both"):
        process.stderr.close()
    process.stdout, process.stderr = (None if pipe.closed else pipe for pipe in (process.stdout, process.stderr))
    process.communicate(timeout=30)
    assert process.returncode == (0 if stream == "stderr" else 1)
    assert world.states() == GOAL
    assert world.records()[-1].kind is RecordKind.RUN_ENDED
    assert len(world.starts()) == len(STARTS)


def test_a_hang_up_of_the_terminal_with_its_streams_ends_with_care(world: Bench) -> None:
    process = begin(world, *APPLY)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith("Plan: ")
    until = time.monotonic() + 20
    while not world.starts():
        assert time.monotonic() < until
        time.sleep(0.005)
    process.stdout.close()
    process.stderr.close()
    os.kill(process.pid, signal.SIGHUP)
    process.wait(timeout=30)
    assert process.returncode in (129, 1)
    assert world.records()[-1].kind is RecordKind.RUN_ENDED
    assert world.run(*APPLY).code in (0, 3)
