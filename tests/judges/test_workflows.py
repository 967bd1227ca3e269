"""The example pipelines: pinned, with the least rights, and only with options that our commands have."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import pytest
import yaml

from reconciler.cli.main import commands

from .tools import ROOT

FOLDER: Final = ROOT / "examples" / "pipelines"
WORKFLOWS: Final = [FOLDER / "github" / f"{name}.yml" for name in ("plan", "apply", "drift", "audit")]
ACTION: Final = FOLDER / "github" / "action" / "action.yml"
FILES: Final = [*WORKFLOWS, ACTION, FOLDER / "gitlab" / ".gitlab-ci.yml"]
SCRIPT: Final = FOLDER / "cron" / "nightly-drift.sh"
PINNED: Final = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def read(file: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(file.read_text("utf-8"))
    return found


PLAN, APPLY, DRIFT, AUDIT = map(read, WORKFLOWS)
GITHUB: Final = (PLAN, APPLY, DRIFT, AUDIT)
JOBS: Final = {f"{work['name']}/{name}": job for work in GITHUB for name, job in work["jobs"].items()}
GITLAB: Final = read(FILES[-1])


def scripts(node: object) -> Iterator[str]:
    """Every shell line in a workflow, wherever in it; continued ones in one."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("run", "script", "before_script"):
                yield from "\n".join([value] if isinstance(value, str) else value).replace("\\\n", " ").splitlines()
            else:
                yield from scripts(value)
    elif isinstance(node, list):
        for value in node:
            yield from scripts(value)


def lines_of(file: Path) -> list[str]:
    return SCRIPT.read_text("utf-8").splitlines() if file == SCRIPT else list(scripts(read(file)))


def calls(file: Path) -> list[str]:
    """Our own command lines: from the name to the end of the command."""
    return [m[1] for line in lines_of(file) if (m := re.search(r"(?:^|exec |; |\()(reconciler [^|;&)>]*)", line))]


CALLS: Final = [(file.name, call) for file in (*FILES, SCRIPT) for call in calls(file)]


def parse(call: str, folder: Path) -> click.Context:
    """Parse a command line as our program would, with the files it writes in `folder`, and run nothing."""
    said = (
        call.replace("../", "")
        .replace('"$@"', "--approve kore/a")
        .replace("$2", "numbers")
        .replace("${OFFLINE:+--offline}", "--offline")
    )
    words = [re.sub(r"^(markdown|html|json)=", rf"\1={folder}/", word) for word in shlex.split(said)[1:]]
    with click.Context(commands) as above:
        command = commands.get_command(above, words[0])
        assert command is not None, f"{words[0]} is no command"
        return command.make_context(words[0], words[1:], parent=above)


def uses(job: dict[str, Any], action: str) -> list[dict[str, Any]]:
    return [step for step in job["steps"] if step.get("uses", "").startswith(f"{action}@")]


def test_every_action_is_pinned_by_its_commit() -> None:
    texts = [file.read_text("utf-8") for file in (*WORKFLOWS, ACTION)]
    used = [line.strip().removeprefix("- ").split(" # z")[0] for text in texts for line in text.splitlines()]
    used = [re.sub(r" # no plan.*", "", line) for line in used if line.startswith("uses:")]
    ours = [line for line in used if line[6:] in ("./.github/actions/reconciler", "$/.github/actions/reconciler")]
    assert len(used) >= 20
    assert [line for line in used if not PINNED.match(line)] == ours
    pins = set(re.findall(r"uses: ([\w-]+/[\w-]+)\S*@([0-9a-f]+) # (\S+)", "\n".join(texts)))
    assert len({name for name, _, _ in pins}) == len(pins), "one commit for each action"


@pytest.mark.parametrize(("file", "call"), CALLS)
def test_every_command_line_is_one_of_ours(file: str, call: str, tmp_path: Path) -> None:
    assert parse(call, tmp_path).command.name


def test_there_are_command_lines_in_all() -> None:
    found = {(file, call.split()[1]) for file, call in CALLS}
    github = {("plan.yml", "plan"), ("apply.yml", "plan"), ("apply.yml", "apply"), ("drift.yml", "drift")}
    gitlab = {(".gitlab-ci.yml", verb) for verb in ("plan", "apply", "drift")}
    assert found == github | gitlab | {("nightly-drift.sh", "drift")}


@pytest.mark.parametrize("call", ["reconciler aply", "reconciler plan --outt x", "reconciler drift --report htm=x"])
def test_a_wrong_command_line_would_be_noticed(call: str, tmp_path: Path) -> None:
    with pytest.raises((click.UsageError, AssertionError)):
        parse(call, tmp_path)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_signals_reach_what_must_end_cleanly(file: Path) -> None:
    lines = [line.strip() for line in lines_of(file) if re.search("reconciler (apply|drift) ", line)]
    assert [line for line in lines if not line.startswith("exec reconciler ")] == []


def test_rights_are_the_least() -> None:
    assert [work["permissions"] for work in GITHUB] == [{"contents": "read"}] * 4
    asked = {name: job["permissions"] for name, job in JOBS.items() if "permissions" in job}
    assert asked == {"plan/comment": {"pull-requests": "write"}, "drift/issue": {"issues": "write"}}
    assert all("pull_request_target" not in work[True] for work in GITHUB)
    steps = [step for job in JOBS.values() for step in uses(job, "actions/checkout")]
    assert all(step["with"]["persist-credentials"] is False for step in steps)


@pytest.mark.parametrize("name", ["plan/comment", "drift/issue"])
def test_who_may_write_holds_no_key_and_runs_nothing_of_the_repository(name: str) -> None:
    job = JOBS[name]
    assert secrets(job) == set()
    used = [step["uses"].split("@")[0] for step in job["steps"] if "uses" in step]
    assert used == ["actions/download-artifact"]
    assert "environment" not in job


def secrets(node: object) -> set[str]:
    return set(re.findall(r"secrets\.(\w+)", str(node)))


def test_keys_are_only_where_they_are_needed() -> None:
    reading, changing = {"KORE_READ_KEY", "NUGEN_READ_KEY"}, {"KORE_KEY", "NUGEN_KEY"}
    found = {name: secrets(job) for name, job in JOBS.items() if secrets(job)}
    assert found == {"plan/plan": reading, "apply/plan": reading, "apply/apply": changing, "drift/drift": reading}
    assert JOBS["apply/apply"]["environment"] == "production"
    assert all(secrets({key: value for key, value in work.items() if key != "jobs"}) == set() for work in GITHUB)
    assert all(secrets(step) == set() for job in JOBS.values() for step in job["steps"] if "run" not in step)
    assert secrets(read(ACTION)) == set()


@pytest.mark.parametrize("file", [*WORKFLOWS, ACTION], ids=lambda file: file.name)
def test_nothing_a_stranger_writes_is_pasted_into_a_shell_line(file: Path) -> None:
    assert [line for line in lines_of(file) if "${{" in line] == []


def test_who_approves_is_asked_for_addresses_and_they_reach_the_shell_only_by_the_environment() -> None:
    (step,) = (step for step in JOBS["apply/apply"]["steps"] if "reconciler apply" in step.get("run", ""))
    assert step["env"]["APPROVE"] == "${{ inputs.approve }}"
    for lines in (step["run"], "\n".join(GITLAB["apply"]["script"])):
        assert 'for address in $APPROVE; do set -- "$@" --approve="$address"; done' in lines
        assert lines.index("set -f") < lines.index("$APPROVE")


def test_definitions_come_from_a_folder_that_no_pull_request_can_write_to() -> None:
    (plan,) = (step["env"] for step in JOBS["plan/plan"]["steps"] if "reconciler plan" in step.get("run", ""))
    assert plan["RECONCILER_DEFINITIONS"] == "../definitions", "beside the proposed files, not above them"
    assert [work["env"]["RECONCILER_DEFINITIONS"] for work in (APPLY, DRIFT)] == ["definitions"] * 2
    assert GITLAB["variables"]["RECONCILER_DEFINITIONS"] == ".trusted/definitions"


def test_production_installs_the_lock_of_the_runtime_and_pip_gets_no_key() -> None:
    installs = [line for file in FILES for line in lines_of(file) if "-r " in line]
    assert len(installs) == 4
    assert all(line.endswith("tool/.ci/runtime.txt") and "--require-hashes" in line for line in installs)
    lines = GITLAB["default"]["before_script"]
    assert [line.split()[0] for line in lines if "pip install" in line] == ["keyless"] * 2
    (keyless,) = (line for line in lines if line.startswith("keyless()"))
    assert {"RECONCILER_KORE_KEY", "RECONCILER_NUGEN_KEY", "RECONCILER_JOURNAL"} <= set(keyless.split())


def test_what_a_pull_request_may_not_change_is_taken_from_the_protected_branch() -> None:
    trusted, proposed = uses(JOBS["plan/plan"], "actions/checkout")
    assert trusted["with"]["ref"] == "${{ github.base_ref }}"
    assert "path" not in trusted["with"]
    assert proposed["with"]["path"] == "proposed"
    assert "--guards ../guards.yaml" in dict(CALLS)["plan.yml"]
    assert all(
        "--guards .trusted/" in call for file, call in CALLS if file == ".gitlab-ci.yml" and " drift " not in call
    )


def test_who_writes_the_journal_is_alone_and_never_cut_short() -> None:
    alone = {"group": "journal-production", "queue": "max"}
    assert [JOBS[name]["concurrency"] for name in ("apply/apply", "drift/drift")] == [alone, alone]
    assert not any(node.get("concurrency", {}).get("cancel-in-progress") for node in (*GITHUB, *JOBS.values()))
    assert GITLAB["apply"]["resource_group"]
    assert GITLAB["default"]["interruptible"] is False


def test_the_journal_is_kept_by_who_had_it_and_by_nobody_else() -> None:
    keeping = {name: uses(job, "actions/cache/save") for name, job in JOBS.items() if uses(job, "actions/cache/save")}
    assert set(keeping) == {"apply/apply", "drift/drift"}
    restore = next(step for step in read(ACTION)["runs"]["steps"] if "cache/restore@" in step.get("uses", ""))["with"]
    for (step,) in keeping.values():
        assert step["if"] == "always() && steps.ready.outcome == 'success'"
        assert step["with"] == {name: restore[name] for name in ("path", "key")}
    assert restore["key"].startswith(restore["restore-keys"])
    assert not any("actions/cache@" in file.read_text("utf-8") for file in FILES)


def test_only_what_was_approved_is_applied() -> None:
    applies = [call for _, call in CALLS if call.startswith("reconciler apply")]
    assert len(applies) == 2
    assert all("--plan plan.json" in call and '--expect "$DIGEST"' in call for call in applies)


def test_the_widgets_of_a_merge_request_get_their_files() -> None:
    call = next(call for file, call in CALLS if file == ".gitlab-ci.yml" and " plan " in call)
    written = dict(re.findall(r"--report (\w+)=(\S+)", call))
    reports = GITLAB["plan"]["artifacts"]["reports"]
    assert (reports["terraform"], reports["codequality"], reports["junit"]) == (
        written["gitlab"],
        written["codequality"],
        written["junit"],
    )
