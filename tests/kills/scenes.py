"""What a trial takes place in: simulated platforms with models, slow and faulty answers, an inventory; all from a
seed."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from reconciler.cli.simulate import variables
from reconciler.core.job import Verb
from reconciler.core.live import LiveState
from reconciler.core.model import Deployment
from reconciler.core.record import Record, RecordKind
from reconciler.simulator import Fault, FaultKind, JobTime, SimulatedPlatforms, World
from reconciler.simulator import Verb as Does
from reconciler.simulator.log import Entry

from . import journals

POLL: Final = 0.05
SETTLE: Final = 0.5
SLOWEST: Final = 0.9 * SETTLE
"""Seconds that a platform takes at most from a request's arrival to its effect."""

STARTS: Final = {"deploy": Verb.DEPLOY, "undeploy": Verb.UNDEPLOY, "export": Verb.EXPORT, "b-deploy": Verb.DEPLOY}
SETTINGS: Final = (
    "settings: {modelType: openSource, name: m, deviceType: g5.xlarge,"
    " hyperParameters: {temperature: 0.2, maxTokens: 512, topP: 1, topK: 40}}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One model: where it is, what is wanted of it, and what is to be started for that. `runs`: somebody deploys it
    already; `declared`: a person has said what it is; `before`: a setting it was deployed with, which has changed."""

    name: str
    platform: str
    id: str
    wanted: str
    starts: tuple[Verb, ...]
    says: str = ""
    deployed: bool = False
    runs: bool = False
    declared: bool = False
    before: float | None = None

    @property
    def address(self) -> str:
        return f"{self.platform}/{self.name}"

    @property
    def line(self) -> str:
        more = f", {self.says}" if self.says else ""
        return f"  {self.name}: {{platform: {self.platform}, id: {self.id}, state: {self.wanted}{more}}}\n"


@dataclass(frozen=True, slots=True)
class Start:
    """A request to start something, as the platform's log has it. `effect`: it was taken."""

    at: float
    address: str
    verb: Verb
    effect: bool
    fault: str | None

    def __str__(self) -> str:
        return f"{self.address}#{self.verb} at {self.at % 1000:.3f} ({self.fault or 'no fault'})"


def _probe(identity: str) -> str:
    return f"probe: {{path: /models/{identity}/v2/chat/completions}}"


def kore_parts() -> list[Part]:
    exported = "export: {before_undeploy: true}"
    both, on, off = (Verb.EXPORT, Verb.UNDEPLOY), (Verb.DEPLOY,), (Verb.UNDEPLOY,)
    return [
        Part(name="triage", platform="kore", id="cm-a", wanted="undeployed", starts=both, deployed=True,
             says=f"{exported}, {_probe('cm-a')}"),
        Part(name="batch", platform="kore", id="cm-b", wanted="undeployed", starts=off, deployed=True, declared=True),
        Part(name="claims", platform="kore", id="cm-c", wanted="deployed", starts=on,
             says=f"{SETTINGS}, {_probe('cm-c')}"),
        Part(name="letters", platform="kore", id="cm-d", wanted="deployed", starts=on, declared=True, says=SETTINGS),
        Part(name="archive", platform="kore", id="cm-e", wanted="deployed", starts=(Verb.EXPORT,), deployed=True,
             says=f"export: {{}}, {SETTINGS}, {_probe('cm-e')}"),
        Part(name="renewal", platform="kore", id="cm-f", wanted="deployed", starts=on, deployed=True, before=0.9,
             says=f"{SETTINGS}, {_probe('cm-f')}"),
        Part(name="revised", platform="kore", id="cm-g", wanted="deployed", starts=on, deployed=True, before=0.9,
             declared=True, says=SETTINGS),
    ]  # fmt: skip


def nugen_parts() -> list[Part]:
    on, off = (Verb.DEPLOY,), (Verb.UNDEPLOY,)
    return [
        Part(name="pilot", platform="nugen", id="alignment_01A", wanted="undeployed", starts=off, deployed=True),
        Part(name="faq", platform="nugen", id="alignment_01B", wanted="deployed", starts=on),
        Part(name="reader", platform="nugen", id="alignment_01C", wanted="deployed", starts=(), runs=True),
        Part(name="intake", platform="nugen", id="alignment_01D", wanted="undeployed", starts=off, runs=True),
        Part(name="newer", platform="nugen-b", id="alignment_01E", wanted="deployed", starts=on),
        Part(name="older", platform="nugen", id="alignment_01F", wanted="undeployed", starts=off, deployed=True),
    ]


@dataclass(slots=True)
class Scene:
    """One seed's platforms and folder."""

    seed: int
    folder: Path
    platforms: SimulatedPlatforms
    parts: list[Part]
    chance: random.Random
    journal: str
    env: dict[str, str] = field(default_factory=dict)

    def world(self, part: Part) -> World:
        return self.platforms.kore if part.platform == "kore" else self.platforms.nugen

    def state(self, part: Part) -> str:
        return self.world(part).state(part.id)

    @property
    def entries(self) -> list[Entry]:
        return sorted([*self.platforms.kore.log.entries, *self.platforms.nugen.log.entries], key=lambda e: e.at)

    @property
    def starts(self) -> list[Start]:
        """Every request so far that asked for a change, in order of arrival."""
        by_id = {part.id: part.address for part in self.parts}
        return [
            Start(e.at, by_id.get(e.model or "", e.path), STARTS[e.operation], e.effect, e.fault)
            for e in self.entries
            if e.operation in STARTS
        ]

    @property
    def asked(self) -> int:
        """How many requests came so far."""
        return len(self.platforms.kore.log) + len(self.platforms.nugen.log)

    def said(self, part: Part) -> Iterator[Record]:
        """What the journal holds of a part from before the trial."""
        known: dict[str, Any] = {
            "at": datetime.now(UTC),
            "run": "r-before",
            "address": part.address,
            "origin": self.platforms.kore_url,
            "model_id": part.id,
            "live": LiveState.DEPLOYED if part.deployed else LiveState.UNDEPLOYED,
        }
        if part.declared:
            yield Record(kind=RecordKind.DECLARED, text="declared by a test", **known)
        if part.before is not None:
            settings = {"temperature": part.before}
            yield Record(kind=RecordKind.VERIFIED, target=Deployment.DEPLOYED, settings=settings, **known)


@contextmanager
def scene(
    seed: int,
    folder: Path,
    *,
    faulty: bool = False,
    only: str = "",
    jobs: tuple[float, float] = (0.0, 0.4),
    slowest: float = SLOWEST,
    late: float = 0.0,
    changed: bool = False,
) -> Iterator[Scene]:
    """The scene of a seed.

    `only` platforms whose name begins so; `jobs`: the least and most seconds they take; requests have effect after at
    most `slowest` seconds; `faulty`: answers may get lost too; or all come `late`; `changed`: only models with changed
    settings."""
    chance = random.Random(f"kills {seed}")
    parts = [part for part in (*kore_parts(), *nugen_parts()) if part.platform.startswith(only)]
    parts = [part for part in parts if (part.before is not None) is changed]
    parts = sorted(chance.sample(parts, chance.randint(min(4, len(parts)), min(8, len(parts)))), key=lambda p: p.name)
    with SimulatedPlatforms(job_time=JobTime(seconds=0.1), now=time.time) as platforms:
        found = Scene(seed, folder, platforms, parts, chance, journals.journal_at(folder))
        for part in parts:
            _add(found, part, jobs)
            for verb in part.starts:
                if late:
                    found.world(part).fault(
                        Fault(
                            kind=FaultKind.DELAY,
                            model=part.id,
                            seconds=late,
                            times=None,
                            operation=operation(part, verb),
                        )
                    )
                for fault in _faults(found, part, verb, slowest, faulty):
                    found.world(part).fault(fault)
        slow = Fault(kind=FaultKind.DELAY, method="GET", chance=0.1, seconds=0.1 * SETTLE, times=None)
        platforms.kore.fault(slow)
        platforms.nugen.fault(slow)
        found.env = {
            **variables(platforms.kore_url, platforms.nugen_url, platforms.nugen_b_url),
            "RECONCILER_POLL_SECONDS": str(POLL),
            "RECONCILER_SETTLE_SECONDS": str(SETTLE),
        }
        _write(found)
        try:
            yield found
        finally:
            journals.forget(folder)


def _add(found: Scene, part: Part, jobs: tuple[float, float]) -> None:
    world = found.world(part)
    model = world.add(part.id, part.name, deployed=part.deployed)
    if part.runs:
        world.start(model, Does.DEPLOY, job_time=JobTime(seconds=found.chance.uniform(0.3, 0.8 + jobs[1])))
    world.set_job_time(JobTime(seconds=found.chance.uniform(*jobs)), part.id)


def operation(part: Part, verb: Verb) -> str:
    """What the log and the faults of the simulator call it."""
    return "b-deploy" if part.platform == "nugen-b" else str(verb)


def _faults(found: Scene, part: Part, verb: Verb, slowest: float, faulty: bool) -> Iterator[Fault]:
    """What befalls the first, second ... request to start it; those after that are answered at once."""
    chance = found.chance
    lost = (FaultKind.DROP_LATE_EFFECT, FaultKind.DROP_AFTER, FaultKind.DROP_BEFORE, FaultKind.REPLY)
    for attempt in range(3):
        kind = chance.choices((FaultKind.LATE_EFFECT, FaultKind.DELAY), (3, 1))[0]
        seconds = chance.uniform(0, slowest) if chance.random() < 0.8 else 0.0
        if faulty and attempt < 2 and chance.random() < 0.15:
            kind = chance.choice(lost)
        yield Fault(
            kind=kind, operation=operation(part, verb), model=part.id, seconds=seconds, effect=chance.random() < 0.5,
            reset=chance.random() < 0.5,
        )  # fmt: skip


def _write(found: Scene) -> None:
    lines = [part.line for part in found.parts]
    if found.chance.random() < 0.5 and len(lines) > 2:  # a chain: some starts come only late in the run
        first, last = found.parts[0].name, found.parts[-1].name
        lines[-1] = lines[-1].replace("state:", f"after: [{first}], state:")
        assert first != last
    text = "version: 1\nguards: {max_undeploy_percent: 100}\nmodels:\n" + "".join(lines)
    (found.folder / "inventory.yaml").write_text(text, "utf-8")
    said = tuple(record for part in found.parts for record in found.said(part))
    if said:
        journals.declare(found.journal, said)
