"""One model of fifty on which everything goes wrong, always: the other forty-nine reach their target."""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from reconciler.cli.simulate import variables
from reconciler.simulator import JobTime, SimulatedPlatforms

from .mix import HARMLESS, NAMES, stir
from .runner import Runner
from .storm import QUICK, SETTINGS, VERBS, Wanted

MEMORY: Final = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
Case = tuple[str, str]
"""The bad model and its fault."""

BAD: Final = ("cm-7", "cm-8", "alignment_7", "alignment_8")
CASES: Final = tuple((bad, name) for name in NAMES for bad in BAD)
SOME: Final = tuple(zip(BAD, ("twice", "html", "429-date", "flip"), strict=True))
HEAD: Final = """version: 1
platforms: {kore: {request_timeout: 50s}, nugen: {request_timeout: 50s}}
guards: {max_undeploy_percent: 100}
defaults: {timeout: 30m}
models:
"""


def fifty(bad: str) -> Iterator[Wanted]:
    """The others have all the time that a busy machine may need."""
    for number in range(25):
        state = "deployed" if number % 2 else "undeployed"
        settings = f", settings: {SETTINGS}" if number % 2 else ""
        for platform, id, fields in (
            ("kore", f"cm-{number}", f", on_unknown: act{settings}"),
            ("nugen", f"alignment_{number}", ""),
        ):
            yield Wanted(platform, id, state, fields + (", timeout: 40s" if id == bad else ""))


def apply(bad: str, fault: str, runner: Runner) -> list[str]:
    """What is wrong after an apply."""
    models = list(fifty(bad))
    with tempfile.TemporaryDirectory(dir=MEMORY) as place, SimulatedPlatforms() as platforms:
        folder = Path(place)
        worlds = {"kore": platforms.kore, "nugen": platforms.nugen}
        for model in models:
            worlds[model.platform].add(model.id, deployed=model.state == "undeployed")
        for world in worlds.values():
            world.set_job_time(JobTime(seconds=0.3))
            stir(world, 0, 0.0, only=(bad, fault), slow=8.0)
        (folder / "inventory.yaml").write_text(HEAD + "".join(model.yaml for model in models))
        reach = variables(platforms.kore_url, platforms.nugen_url, platforms.nugen_b_url)
        reach |= {"RECONCILER_POLL_SECONDS": "1", "RECONCILER_SETTLE_SECONDS": "25"}
        ran = runner.run(folder, reach, "apply", "--yes", "--report", "json=report.json", quick=QUICK)
        found = json.loads((folder / "report.json").read_text())["outcomes"]
        states = {model.id: worlds[model.platform].state(model.id) for model in models}
        starts = [e for w in worlds.values() for e in w.log.find(model=bad) if e.operation in VERBS]
    outcomes = {outcome["address"]: outcome for outcome in found}
    theirs = next(outcomes.pop(model.address) for model in models if model.id == bad)
    converged = [model for model in models if model.id != bad and states[model.id] == model.state]
    error, succeeded = theirs["error"], theirs["outcome"] == "succeeded"
    wrong = {
        f"{len(converged)} of 49 others converged": len(converged) == 49,
        f"outcomes of others: {[o for o in outcomes.values() if o['outcome'] != 'succeeded']}": (
            len(found) == 50 and all(o["outcome"] == "succeeded" for o in outcomes.values())
        ),
        f"exit {ran.code}, its outcome {theirs}": ran.code == (0 if succeeded else 5),
        f"harmless, and {theirs}": succeeded or fault not in HARMLESS,
        f"harmful, and yet {theirs}": not succeeded or fault in HARMLESS or bad.startswith("alignment"),
        f"no clear line: {error!r}": succeeded or (20 < len(error or "") < 400 and "\n" not in error),
        f"started {len(starts)} times": len(starts) <= 5,
        f"{sum(e.effect for e in starts)} effects": sum(e.effect for e in starts) <= 1,
        ran.err[-500:]: "Traceback" not in ran.err,
        f"took {ran.seconds:.1f} s": ran.seconds < 100,
    }
    return [f"{bad} {fault}: {text}" for text, holds in wrong.items() if not holds]


def apply_all(cases: Sequence[Case], runner: Runner) -> None:
    with ThreadPoolExecutor(3) as pool:
        wrong = [line for lines in pool.map(lambda case: apply(case[0], case[1], runner), cases) for line in lines]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("cases", [SOME[:2], SOME[2:]], ids=["kore", "nugen"])
def test_forty_nine_of_forty_nine_others_converge(runner: Runner, cases: Sequence[Case]) -> None:
    apply_all(cases, runner)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("bad", BAD)
def test_every_kind_of_fault_in_turn(runner: Runner, bad: str) -> None:
    apply_all([case for case in CASES if case[0] == bad], runner)
