"""A small stand-in for GitHub: it runs the jobs of a workflow in bash, and keeps caches, artifacts, comments and issues
in folders. What it knows of GitHub is what the example pipelines use; anything else is an error."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from .tools import HERE, ROOT

EXAMPLES: Final = ROOT / "examples" / "pipelines" / "github"

_TOKEN: Final = re.compile(r"'[^']*'|[A-Za-z_][\w.-]*(?:\(\))?|&&|\|\||!=|==|!|[()]|\s+|(?P<else>.)")
_SAID: Final = {
    "&&": "and",
    "||": "or",
    "!": "not ",
    "==": "==",
    "!=": "!=",
    "(": "(",
    ")": ")",
    "always()": "True",
    "cancelled()": "False",
    "true": "True",
    "false": "False",
}


def evaluate(text: str, contexts: Mapping[str, Any]) -> Any:
    """The value of an expression. What is missing is empty, as on GitHub."""

    def look(name: str) -> Any:
        found: Any = contexts
        for part in name.split("."):
            found = found.get(part, "") if isinstance(found, Mapping) else ""
        return found

    said = []
    for token in _TOKEN.finditer(text):
        assert token["else"] is None, f"{text}: not understood"
        word = token[0]
        quoted = word.startswith("'") or not word.strip()
        said.append(word if quoted else _SAID.get(word) or f"look({word!r})")
    return eval("".join(said), {"__builtins__": {}}, {"look": look})


def filled(value: Any, contexts: Mapping[str, Any]) -> str:
    """A text with its expressions replaced."""

    def shown(match: re.Match[str]) -> str:
        found = evaluate(match[1].strip(), contexts)
        return str(found).lower() if isinstance(found, bool) else str(found)

    return re.sub(r"\$\{\{(.*?)\}\}", shown, str(value).lower() if isinstance(value, bool) else str(value))


@dataclass(kw_only=True)
class Job:
    """How a job ended: `result`, `outputs`, what its steps printed, and the summary."""

    result: str
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""
    summary: str = ""


@dataclass(kw_only=True)
class GitHub:
    """One repository. `trees` are the checkouts by ref; `platforms` are the variables that lead to the platforms,
    without keys; `secrets` are those of the repository and of its environments."""

    folder: Path
    trees: dict[str, Path]
    platforms: dict[str, str]
    secrets: dict[str, dict[str, str]]
    vars: dict[str, str]
    runs: int = 100
    between: Callable[[], object] = lambda: None  # what happens while the second job waits

    def __post_init__(self) -> None:
        for name in ("caches", "artifacts", "desk", "bin"):
            (self.folder / name).mkdir()
        _command(self.folder / "bin" / "gh", HERE / "fake_gh.py")
        _command(self.folder / "bin" / "reconciler", "-m", "reconciler")
        (self.folder / "bin" / "pip").write_text(f'#!/bin/sh\necho "$@" >> {self.folder}/desk/pip\n')
        (self.folder / "bin" / "pip").chmod(0o755)

    def run(self, name: str, event: str, ref: str = "refs/heads/main", **about: Any) -> dict[str, Job]:
        """Run a workflow for an event; `about` is the event's body, `inputs` in it what a person chose."""
        self.runs += 1
        workflow = yaml.safe_load((EXAMPLES / f"{name}.yml").read_text("utf-8"))
        github = {
            "event_name": event,
            "event": about,
            "ref": ref,
            "base_ref": "main" if event == "pull_request" else "",
            "repository": "acme/models",
            "run_id": str(self.runs),
            "run_attempt": "1",
            "token": "a-token-of-the-run",
        }
        contexts = {"github": github, "vars": self.vars, "inputs": about.get("inputs", {}), "needs": {}}
        done: dict[str, Job] = {}
        for job_name, job in workflow["jobs"].items():
            if done:
                self.between()
            needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            contexts["needs"] = {need: {"result": done[need].result, "outputs": done[need].outputs} for need in needs}
            if not _wanted(job.get("if"), contexts, all(done[need].result == "success" for need in needs)):
                done[job_name] = Job(result="skipped")
                continue
            place = job.get("environment", "")
            trusted = event != "pull_request" or about["pull_request"]["head"]["repo"]["full_name"] == "acme/models"
            held = {**self.secrets[""], **self.secrets.get(place, {})} if trusted else {}
            done[job_name] = _Running(self, workflow, job, {**contexts, "secrets": held}).run()
        return done

    def issues(self) -> list[dict[str, Any]]:
        """All issues, with their comments."""
        return self._desk()["issues"]

    def comments(self) -> list[dict[str, Any]]:
        """The comments of the pull request."""
        return self._desk()["comments"]

    def asked(self) -> list[list[str]]:
        """The arguments of every call of `gh`."""
        file = self.folder / "desk" / "calls"
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []

    def put(self, **desk: Any) -> None:
        """Change what is on GitHub's desk."""
        (self.folder / "desk" / "state.json").write_text(json.dumps({**self._desk(), **desk}), "utf-8")

    def _desk(self) -> dict[str, list[dict[str, Any]]]:
        file = self.folder / "desk" / "state.json"
        found: dict[str, list[dict[str, Any]]] = json.loads(file.read_text("utf-8")) if file.exists() else {}
        return {"issues": [], "comments": [], **found}


def _command(file: Path, *arguments: object) -> None:
    file.write_text(f'#!/bin/sh\nexec {sys.executable} {" ".join(map(str, arguments))} "$@"\n')
    file.chmod(0o755)


def _wanted(condition: Any, contexts: Mapping[str, Any], success: bool) -> bool:
    text = str(condition) if condition is not None else "success()"
    if not any(word in text for word in ("always()", "cancelled()", "success()")):
        return success and bool(evaluate(text, contexts))
    return success if text == "success()" else bool(evaluate(text, contexts))


class _Running:
    """One job on a fresh runner."""

    def __init__(self, hub: GitHub, workflow: dict[str, Any], job: dict[str, Any], contexts: dict[str, Any]) -> None:
        self.hub, self.job = hub, job
        self.home = hub.folder / f"runner-{hub.runs}-{len(list(hub.folder.glob('runner-*')))}"
        self.workspace = self.home / "work"
        self.workspace.mkdir(parents=True)
        env = {
            name: filled(value, contexts) for name, value in {**workflow.get("env", {}), **job.get("env", {})}.items()
        }
        self.contexts = {**contexts, "env": env, "steps": {}}
        self.done = Job(result="success")

    def run(self) -> Job:
        self._steps(self.job["steps"], self.contexts)
        for name, value in self.job.get("outputs", {}).items():
            self.done.outputs[name] = filled(value, self.contexts)
        if (summary := self.home / "summary").exists():
            self.done.summary = summary.read_text("utf-8")
        return self.done

    def _steps(self, steps: list[dict[str, Any]], contexts: dict[str, Any]) -> bool:
        good = True
        for step in steps:
            if not _wanted(step.get("if"), contexts, good and self.done.result == "success"):
                continue
            outputs: dict[str, str] = {}
            ended = self._run(step, contexts, outputs) if "run" in step else self._use(step, contexts, outputs)
            if "id" in step:
                contexts["steps"][step["id"]] = {"outcome": "success" if ended else "failure", "outputs": outputs}
            if not ended and not step.get("continue-on-error"):
                good, self.done.result = False, "failure"
        return good

    def _run(self, step: dict[str, Any], contexts: dict[str, Any], outputs: dict[str, str]) -> bool:
        output = self.home / "output"
        output.write_text("")
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RECONCILER_", "GITHUB_", "CI", "NO_COLOR", "FORCE_COLOR"))
        }
        github = contexts["github"]
        variables = {
            **kept,
            **self.hub.platforms,
            "PATH": f"{self.hub.folder / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "DESK": str(self.hub.folder / "desk"),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_REPOSITORY": github["repository"],
            "GITHUB_RUN_ID": github["run_id"],
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.home / "summary"),
            **contexts["env"],
            **{name: filled(value, contexts) for name, value in step.get("env", {}).items()},
        }
        assert "${{" not in step["run"]
        shell = ["--noprofile", "--norc", "-eo", "pipefail"] if step.get("shell") == "bash" else ["-e"]
        ran = subprocess.run(
            ["bash", *shell, "-c", step["run"]],
            cwd=self.workspace / step.get("working-directory", "."),
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
        )
        self.done.log += f"$ {step.get('name', '')}\n{ran.stdout}\nended with {ran.returncode}\n"
        for match in re.finditer(r"^([\w-]+)<<(\S+)\n(.*?)\n\2$", output.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            outputs[match[1]] = match[3]
        return ran.returncode == 0

    def _use(self, step: dict[str, Any], contexts: dict[str, Any], outputs: dict[str, str]) -> bool:
        given = {name: filled(value, contexts) for name, value in step.get("with", {}).items()}
        action = step["uses"].split("@")[0]
        if action.startswith("./"):
            return self._composite(self.workspace / action, given, contexts)
        if action.startswith("$/"):
            return self._composite(self._tree() / action[2:], given, contexts)
        known = {
            "actions/checkout": self._checkout,
            "actions/setup-python": lambda _given, _outputs: True,
            "actions/cache/restore": self._restore,
            "actions/cache/save": self._save,
            "actions/upload-artifact": self._upload,
            "actions/download-artifact": self._download,
        }
        return known[action](given, outputs)

    def _tree(self, ref: str = "") -> Path:
        return self.hub.trees[ref or self.contexts["github"]["ref"].removeprefix("refs/heads/")]

    def _composite(self, action: Path, given: dict[str, str], contexts: dict[str, Any]) -> bool:
        about = yaml.safe_load((action / "action.yml").read_text("utf-8"))
        inputs = {name: given.get(name, one.get("default", "")) for name, one in about["inputs"].items()}
        return self._steps(about["runs"]["steps"], {**contexts, "inputs": inputs, "steps": {}, "secrets": {}})

    def _checkout(self, given: dict[str, str], _outputs: dict[str, str]) -> bool:
        shutil.copytree(self._tree(given.get("ref", "")), self.workspace / given.get("path", "."), dirs_exist_ok=True)
        return True

    def _restore(self, given: dict[str, str], outputs: dict[str, str]) -> bool:
        for scope in (self.contexts["github"]["ref"], "refs/heads/main"):
            saved = sorted(
                (self.hub.folder / "caches" / scope.replace("/", "+")).glob("*"), key=lambda one: one.stat().st_mtime_ns
            )
            fit = [one for one in saved if one.name == given["key"]] or [
                one for one in saved if one.name.startswith(given["restore-keys"])
            ]
            if fit:
                shutil.copytree(fit[-1] / "content", self.workspace / given["path"])
                outputs["cache-matched-key"] = fit[-1].name
                return True
        return True

    def _save(self, given: dict[str, str], _outputs: dict[str, str]) -> bool:
        target = self.hub.folder / "caches" / self.contexts["github"]["ref"].replace("/", "+") / given["key"]
        if (self.workspace / given["path"]).exists() and not target.exists():
            shutil.copytree(self.workspace / given["path"], target / "content")
        return True

    def _upload(self, given: dict[str, str], _outputs: dict[str, str]) -> bool:
        target = self.hub.folder / "artifacts" / self.contexts["github"]["run_id"] / given["name"]
        for pattern in given["path"].split():
            for file in self.workspace.glob(pattern):
                target.mkdir(parents=True, exist_ok=True)
                (shutil.copytree if file.is_dir() else shutil.copy)(file, target / file.name)
        return True

    def _download(self, given: dict[str, str], _outputs: dict[str, str]) -> bool:
        source = self.hub.folder / "artifacts" / self.contexts["github"]["run_id"] / given["name"]
        if not source.exists():
            return False
        shutil.copytree(source, self.workspace, dirs_exist_ok=True)
        return True
