"""A folder, two simulated platforms, and commands in processes that die or fail where they are told to."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest

from reconciler.cli.simulate import variables
from reconciler.core.record import Record
from reconciler.journal.memory import fold
from reconciler.journal.opening import open_journal
from reconciler.simulator import JobTime, SimulatedPlatforms, World

ROOT: Final = Path(__file__).parents[2]
KORE, NUGEN = "cm-20f1a", "alignment_01KXG82FJJ98NQ0"
MODELS: Final = (
    f"triage: {{platform: kore, id: {KORE}, state: undeployed, export: {{before_undeploy: true}},"
    f" probe: {{path: /models/{KORE}/v2/chat/completions}}}}",
    f"faq: {{platform: nugen, id: {NUGEN}, state: deployed}}",
)
MODEL_OF: Final = {"kore/triage": KORE, "nugen/faq": NUGEN}
GOAL: Final = {"kore/triage": "undeployed", "nugen/faq": "deployed"}
APPLY: Final = ("apply", "--yes", "--no-progress", "--report", "json=report.json")
KILLED: Final = -9
DOCUMENTED: Final = frozenset({0, 1, 3, 5, 6})
STARTS: Final = ("deploy", "undeploy", "export")


def seed(kore: World, nugen: World) -> None:
    kore.add(KORE, "triage", deployed=True)
    nugen.add(NUGEN, "faq", deployed=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What one command came to; `point` is where something was done to it, None where nothing was."""

    code: int
    out: str
    err: str
    point: str | None
    seconds: float


@dataclass(slots=True)
class Forks:
    """The process that forks commands."""

    process: subprocess.Popen[str]

    def run(self, order: Mapping[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def forks(preload: Path | None = None) -> Iterator[Forks]:
    more = {"LD_PRELOAD": str(preload)} if preload else {}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **more}
    command = [sys.executable, "-m", "tests.crash.forks"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Forks(process)
        assert process.stdin is not None
        process.stdin.close()


@dataclass(slots=True, kw_only=True)
class Bench:
    """One world at a time: `fresh` begins it anew. `runs` counts commands."""

    forks: Forks
    platforms: SimulatedPlatforms
    base: Path
    folder: Path = field(init=False)
    runs: int = 0

    def fresh(self) -> None:
        """Platforms as at the beginning and an empty folder with the inventory."""
        self.platforms.reset()
        self.folder = self.base / "work"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        text = "version: 1\nmodels:\n" + "".join(f"  {model}\n" for model in MODELS)
        (self.folder / "inventory.yaml").write_text(text, "utf-8")

    @property
    def environment(self) -> dict[str, str]:
        urls = self.platforms.urls
        ours = {"RECONCILER_POLL_SECONDS": "0.01", "RECONCILER_SETTLE_SECONDS": "0.15", "HOME": str(self.base)}
        return {"PATH": os.environ.get("PATH", ""), **variables(urls.kore, urls.nugen, urls.nugen_b), **ours}

    def run(
        self,
        *arguments: str,
        crash: Mapping[str, Any] | None = None,
        uid: int | None = None,
        largest: int | None = None,
        seconds: int = 30,
    ) -> Ran:
        """Run one command. `largest` is the most bytes of any file it writes; after `seconds` SIGALRM ends it."""
        out, err = self.base / "out.txt", self.base / "err.txt"
        for file in (out, err):
            file.write_text("")
            file.chmod(0o666)
        order = {
            "arguments": arguments,
            "folder": str(self.folder),
            "environment": self.environment,
            "crash": crash,
            "uid": uid,
            "largest": largest,
            "seconds": seconds,
            "out": str(out),
            "err": str(err),
        }
        self.runs += 1
        answer = self.forks.run(order)
        return Ran(**answer, out=out.read_text("utf-8", "replace"), err=err.read_text("utf-8", "replace"))

    def open_to_others(self) -> None:
        """Let a command of another user come here: the folders of tests are closed to them."""
        if closed := [folder for folder in Path(__file__).absolute().parents if not folder.stat().st_mode & 0o001]:
            pytest.skip(f"other users cannot use this checkout: {closed[0]} is closed to them")
        for folder in self.base.parents:
            if "pytest" in folder.name or "popen" in folder.name:
                folder.chmod(folder.stat().st_mode | 0o011)
        self.base.chmod(0o711)
        self.folder.chmod(0o777)

    # What is true.

    @property
    def journal(self) -> Path:
        return self.folder / ".reconciler" / "journal.db"

    def records(self) -> list[Record]:
        """What the journal holds, read from a copy so that nothing is mended. Raises `JournalError`."""
        with TemporaryDirectory() as copy:
            if self.journal.parent.exists():
                shutil.copytree(self.journal.parent, copy, dirs_exist_ok=True)
            store = open_journal(str(Path(copy) / "journal.db"))
            if store is None:
                return []
            with closing(store):
                found = list(store.read())
            fold(found)
            return found

    def starts(self) -> list[str]:
        """`operation model` of every request that asked for a change."""
        entries = [*self.platforms.kore.log.entries, *self.platforms.nugen.log.entries]
        return [f"{entry.operation} {entry.model}" for entry in entries if entry.operation in STARTS]

    def effects(self) -> list[str]:
        """Of those, the ones that started a job."""
        entries = [*self.platforms.kore.log.effects(), *self.platforms.nugen.log.effects()]
        return [f"{entry.operation} {entry.model}" for entry in entries]

    def requests(self) -> int:
        """How many requests of any kind came."""
        return len(self.platforms.kore.log) + len(self.platforms.nugen.log)

    def states(self) -> dict[str, str]:
        return {"kore/triage": self.platforms.kore.state(KORE), "nugen/faq": self.platforms.nugen.state(NUGEN)}

    def left(self, *patterns: str) -> list[str]:
        """Files below the folder that fit a pattern."""
        return sorted(str(p.relative_to(self.folder)) for pattern in patterns for p in self.folder.rglob(pattern))

    def broken(self) -> list[str]:
        """Files that stand under their final name and are not whole."""
        wrong = []
        for file in [*self.folder.glob("*.json"), *self.folder.glob("exports/*.zip")]:
            try:
                if file.suffix == ".json":
                    json.loads(file.read_text("utf-8"))
                elif zipfile.ZipFile(file).testzip():
                    raise ValueError("damaged")
            except (ValueError, zipfile.BadZipFile) as error:
                wrong.append(f"{file.name} is not whole: {error}")
        return wrong


@contextmanager
def bench(base: Path, preload: Path | None = None) -> Iterator[Bench]:
    with SimulatedPlatforms(seed=seed, job_time=JobTime(seconds=0.03)) as platforms, forks(preload) as children:
        made = Bench(forks=children, platforms=platforms, base=base)
        made.fresh()
        made.run(*APPLY, crash={"by": "nothing"})
        made.fresh()
        yield made
