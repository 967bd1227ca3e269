"""One seed's story: an apply while three in ten answers are faulty, then calm until nothing is left to do.

Seconds are ten times shorter than they seem: polls a second apart, a settle time of 12, requests of at most 6."""

import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from reconciler.cli.simulate import variables
from reconciler.core.record import Record, RecordKind
from reconciler.journal.opening import open_journal
from reconciler.simulator import JobTime, SimulatedPlatforms, World
from reconciler.simulator.log import Entry

from .mix import Mix, stir
from .runner import Ran, Runner

QUICK: Final = 10.0
SHARE: Final = 0.3
TRIES: Final = 3
"""How often a start that surely took no effect is tried in one apply."""

TIMEOUT: Final = 120.0
"""Seconds, as the commands feel them, that an action may take."""

VERBS: Final = {"deploy": "deploy", "b-deploy": "deploy", "undeploy": "undeploy", "export": "export"}
HEAD: Final = """version: 1
platforms: {kore: {request_timeout: 6s}, nugen: {request_timeout: 6s}, nugen-b: {request_timeout: 6s}}
defaults: {timeout: 2m}
models:
"""
SETTINGS: Final = (
    "{modelType: openSource, name: x, deviceType: g5.xlarge, "
    "hyperParameters: {temperature: 0, maxTokens: 1, topP: 1, topK: 1}}"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model as the inventory has it: `fields` is YAML."""

    platform: str
    id: str
    state: str
    fields: str = ""

    @property
    def name(self) -> str:
        return self.id.replace("_", "-")

    @property
    def address(self) -> str:
        return f"{self.platform}/{self.name}"

    @property
    def yaml(self) -> str:
        return f"  {self.name}: {{platform: {self.platform}, id: {self.id}, state: {self.state}{self.fields}}}\n"


def probe(id: str) -> str:
    return f", probe: {{path: /models/{id}/v2/chat/completions}}"


SHAPES: Final = (
    (
        Wanted("kore", "cm-1", "undeployed", ", on_unknown: act"),
        Wanted("kore", "cm-2", "deployed", f", on_unknown: act, settings: {SETTINGS}"),
        Wanted("kore", "cm-3", "undeployed", ", export: {before_undeploy: true}" + probe("cm-3")),
        Wanted("nugen", "alignment_1", "deployed"),
        Wanted("nugen", "alignment_2", "undeployed"),
        Wanted("nugen", "alignment_3", "undeployed"),
        Wanted("nugen-b", "alignment_4", "deployed"),
    ),
    (
        Wanted("kore", "cm-1", "undeployed", probe("cm-1")),
        Wanted("kore", "cm-2", "deployed", f", settings: {SETTINGS}" + probe("cm-2")),
        Wanted("kore", "cm-3", "undeployed", ", on_unknown: act, export: {max_age: 7d}"),
        Wanted("nugen", "alignment_1", "deployed"),
        Wanted("nugen", "alignment_2", "deployed"),
        Wanted("nugen", "alignment_3", "undeployed", ", after: [alignment-1]"),
    ),
    (
        Wanted("nugen", "alignment_1", "undeployed"),
        Wanted("nugen", "alignment_2", "deployed", ", timeout: 90s"),
        Wanted("nugen-b", "alignment_3", "deployed"),
        Wanted("nugen-b", "alignment_4", "deployed"),
        Wanted("kore", "cm-1", "undeployed", ", on_unknown: act, export: {before_undeploy: true}"),
    ),
)
"""The inventories."""

FAULT_FREE: Final = (50, 40, 29)
"""How many requests an apply of each takes where nothing goes wrong."""

EXTRA: Final = 8
"""How many requests more per model the faults may cost: a lost answer is looked after twice, a start refused for the
moment is sent up to five times, and each of those reads is tried up to three times. Seen in 300 seeds: 5.2."""


@dataclass(slots=True)
class Story:
    """One seed. `problems` is what must not be and was; the counts are of the apply in the storm."""

    seed: int
    share: float
    folder: Path
    runner: Runner
    problems: list[str] = field(default_factory=list)
    requests: int = 0
    seconds: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    rounds: int = 0

    @property
    def models(self) -> tuple[Wanted, ...]:
        return SHAPES[self.seed % len(SHAPES)]

    def check(self, holds: object, text: str) -> None:
        if not holds:
            self.problems.append(text)

    def play(self, *, storm_only: bool = False) -> "Story":
        with SimulatedPlatforms(job_time=JobTime(seconds=0.2)) as platforms:
            tale = _Tale(self, platforms)
            tale.storm()
            if not storm_only:
                tale.calm()
        return self


class _Tale:
    """The telling of a story on running platforms."""

    def __init__(self, story: Story, platforms: SimulatedPlatforms) -> None:
        self.story, self.platforms = story, platforms
        self.worlds = {"kore": platforms.kore, "nugen": platforms.nugen, "nugen-b": platforms.nugen}
        chance = random.Random(story.seed)
        head = HEAD if story.share else HEAD.replace("6s", "60s")  # then no busy machine adds a fault of its own
        for model in story.models:
            world = self.worlds[model.platform]
            world.add(model.id, deployed=model.state == "undeployed")
            world.set_job_time(JobTime(seconds=chance.choice((0.1, 0.4, 1.6))), model.id)
        (story.folder / "inventory.yaml").write_text(head + "".join(model.yaml for model in story.models))
        urls = platforms.urls
        reach = variables(urls.kore, urls.nugen, urls.nugen_b)
        self.variables = {**reach, "RECONCILER_POLL_SECONDS": "1", "RECONCILER_SETTLE_SECONDS": "12"}
        self.mixes: list[Mix] = []

    def run(self, *arguments: str) -> Ran:
        ran = self.story.runner.run(self.story.folder, self.variables, *arguments, quick=QUICK)
        said = ran.out + ran.err
        self.check("Traceback" not in said and "Internal error" not in said, f"{arguments}: {said[-600:]}")
        self.check(ran.seconds < 5 * TIMEOUT / QUICK, f"{arguments} took {ran.seconds:.0f} s")
        return ran

    def check(self, holds: object, text: str) -> None:
        self.story.check(holds, text)

    def true_state(self, model: Wanted) -> str:
        return self.worlds[model.platform].state(model.id)

    def records(self) -> list[Record]:
        store = open_journal(str(self.story.folder / ".reconciler" / "journal.db"))
        if store is None:
            return []
        try:
            return list(store.read())
        finally:
            store.close()

    @property
    def entries(self) -> list[Entry]:
        return [*self.platforms.kore.log.entries, *self.platforms.nugen.log.entries]

    def starts(self, model: Wanted) -> list[Entry]:
        return [entry for entry in self.entries if entry.model == model.id and entry.operation in VERBS]

    # The storm.

    def storm(self) -> None:
        story = self.story
        for number, world in enumerate((self.platforms.kore, self.platforms.nugen)):
            self.mixes.append(stir(world, 2 * story.seed + number, story.share))
        ran = self.run("apply", "--yes", "--report", "json=report.json")
        for mix in self.mixes:
            mix.share = 0.0
            story.hits.update(hit.name for hit in mix.hits)
        story.requests, story.seconds = len(self.entries), ran.seconds
        self.check(ran.code in (0, 3, 5, 6), f"exit {ran.code}: {ran.text[-600:]}")
        most = 1.1 * FAULT_FREE[story.seed % len(SHAPES)] + EXTRA * len(story.models)
        self.check(story.requests <= most, f"{story.requests} requests, at most {most:.0f} expected")
        report = json.loads((story.folder / "report.json").read_text())
        self._outcomes(report, ran)
        for model in story.models:
            self._sent(model)

    def _outcomes(self, report: Mapping[str, Any], ran: Ran) -> None:
        outcomes = report["outcomes"]
        settled = [r for r in self.records() if r.kind is RecordKind.SETTLED]
        named = [outcome["id"] for outcome in outcomes]
        self.check(len(set(named)) == len(named), f"two outcomes of one action: {named}")
        self.check(
            sorted(f"{r.address}#{r.verb}" for r in settled) == sorted(named), f"journal and report differ: {named}"
        )
        self.story.outcomes.update(outcome["outcome"] for outcome in outcomes)
        for model in self.story.models:
            of_model = [outcome for outcome in outcomes if outcome["address"] == model.address]
            errors = [o for o in of_model if o["outcome"] not in ("succeeded", "skipped")]
            per_verb = Counter(outcome["verb"] for outcome in errors)
            self.check(all(count == 1 for count in per_verb.values()), f"{model.address}: {errors}")
            for outcome in of_model:
                self._clear(outcome)
                self._earned(model, outcome)
            if not of_model:
                said = model.address in ran.text or f"{model.platform} answered" in ran.text
                self.check(
                    said or "could not be read" in ran.text or "unread" in report["reasons"],
                    f"{model.address}: not a word of it: {ran.text}",
                )

    def _clear(self, outcome: Mapping[str, Any]) -> None:
        error = outcome["error"]
        if outcome["outcome"] == "succeeded":
            return
        fits = isinstance(error, str) and error and "\n" not in error and len(error) < 500
        self.check(fits, f"{outcome['id']} {outcome['outcome']}: no clear line: {error!r}")

    def _earned(self, model: Wanted, outcome: Mapping[str, Any]) -> None:
        """Whoever says that it succeeded is right."""
        if outcome["outcome"] != "succeeded":
            return
        if outcome["verb"] == "export":
            file = self.story.folder / "exports" / outcome["artifact"]["path"]
            self.check(file.stat().st_size == outcome["artifact"]["size"], f"{outcome['id']}: another size")
            self.check(file.read_bytes().startswith(b"PK"), f"{outcome['id']}: that is no export")
        else:
            state = self.true_state(model)
            self.check(state == model.state, f"{outcome['id']} succeeded, and the model is {state}")

    def _sent(self, model: Wanted) -> None:
        """No start but after its own intent, no second one but after a word of the journal about the first."""
        records = [r for r in self.records() if r.address == model.address]
        starts = self.starts(model)
        for verb in ("deploy", "undeploy", "export"):
            sent = [entry for entry in starts if VERBS[entry.operation] == verb]
            sent = [entry for i, entry in enumerate(sent) if not i or sent[i - 1].status != 404]  # its other id
            of_verb = [r for r in records if r.verb == verb]
            intents = [r for r in of_verb if r.kind is RecordKind.INTENT]
            what = f"{model.address}#{verb}: sent {len(sent)}, intended {len(intents)}"
            self.check(len(sent) <= len(intents), what)
            self.check(len(intents) <= TRIES + 1, what)
            kinds = [r.kind for r in of_verb if r.kind in _ANSWERS]
            told = all(
                kind is RecordKind.INTENT or i % 2 for i, kind in enumerate(kinds)
            )  # each intent but the last is followed by its answer
            self.check(told, f"{what}: {[str(kind) for kind in kinds]}")
            doubts = kinds.count(RecordKind.UNCERTAIN)
            self.check(doubts <= (2 if verb == "undeploy" else 1), f"{what}, in doubt {doubts} times")
            effects = sum(entry.effect for entry in sent)
            self.check(effects <= 1, f"{what}, with effect {effects} times")

    # The calm after it.

    def calm(self) -> None:
        for _ in range(5):
            if self._planned() == 0:
                break
            self.story.rounds += 1
            self.run("apply", "--yes")
        else:
            left = self.run("plan").text
            self.check(False, f"not done after {self.story.rounds} calm applies: {left[-900:]}")
        for model in self.story.models:
            state = self.true_state(model)
            self.check(state == model.state, f"at the end {model.address} is {state}")
            for verb in ("deploy", "undeploy"):
                self._in_all(model, verb)

    def _in_all(self, model: Wanted, verb: str) -> None:
        """No deploy ever runs twice; an undeploy does only after a doubt or a failure that the journal holds."""
        effects = sum(entry.effect for entry in self.starts(model) if VERBS[entry.operation] == verb)
        records = [r for r in self.records() if r.address == model.address and r.verb == verb]
        doubts = [r for r in records if r.outcome in ("uncertain", "failed")]
        most = 1 + (len(doubts) if verb == "undeploy" else 0)
        told = [f"{r.kind} {r.outcome or ''} {r.text or ''}" for r in records]
        self.check(effects <= most, f"{model.address}: {verb} with effect {effects} times in all: {told}")

    def _planned(self) -> int:
        """Plan; say of every blocked model what it is, with the very command that the plan names."""
        self._wait()
        planned = self.run("plan", "--detailed-exitcode", "--format", "json")
        if planned.code not in (0, 2, 6):
            self.check(False, f"plan exit {planned.code}: {planned.text[-500:]}")
            return 0
        for blocked in json.loads(planned.out)["blocked"]:
            model = next(model for model in self.story.models if model.address == blocked["address"])
            if command := re.search(r"reconciler (adopt \S+ --as )", blocked["text"]):
                self.run(*command[1].split(), self.true_state(model))
            elif f"reconciler apply --only {model.address} --reissue-unknown" in blocked["text"]:
                self.run("apply", "--yes", "--reissue-unknown", "--only", model.address)
        return planned.code

    def _wait(self) -> None:
        """Until no job runs: a person looks at the platform when it is quiet."""
        worlds: tuple[World, ...] = (self.platforms.kore, self.platforms.nugen)
        while any(world.model(id).busy for world in worlds for id in list(world.models)):
            time.sleep(0.05)


_ANSWERS: Final = (RecordKind.INTENT, RecordKind.ACCEPTED, RecordKind.REFUSED, RecordKind.UNCERTAIN)


def told(stories: list[Story]) -> Iterator[str]:
    """What many stories came to, for people."""
    outcomes, hits = Counter[str](), Counter[str]()
    for story in stories:
        outcomes.update(story.outcomes)
        hits.update(story.hits)
    requests = sum(story.requests for story in stories)
    yield f"{len(stories)} seeds, {requests} requests, {sum(hits.values())} faulty, of {len(hits)} kinds"
    yield ", ".join(f"{count} {kind}" for kind, count in outcomes.most_common())
    yield f"slowest apply {max(story.seconds for story in stories):.1f} s"
    yield f"calm applies needed: {Counter(story.rounds for story in stories)}"
