"""What must hold of a trial, whatever happened: read from the platforms' log, the journal and the reports."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from reconciler.core.job import Verb
from reconciler.core.memory import NOTHING
from reconciler.core.record import Record, RecordKind
from reconciler.journal.memory import fold

from . import journals
from .processes import Process
from .scenes import SETTLE, Part, Scene, Start

GRACE: Final = 0.25
"""Seconds that a request may be on its way on a busy machine."""

ANSWERS: Final[tuple[RecordKind, ...]] = (
    RecordKind.ACCEPTED,
    RecordKind.ADOPTED,
    RecordKind.REFUSED,
    RecordKind.UNCERTAIN,
)
BEGUN: Final[tuple[RecordKind, ...]] = (RecordKind.INTENT, *ANSWERS)


@dataclass(slots=True)
class Session:
    """One `reconciler apply` of a trial: its process, and its report where it wrote one."""

    process: Process
    report: Path

    @property
    def outcomes(self) -> list[dict[str, Any]] | None:
        if not self.report.exists():
            return None
        found: list[dict[str, Any]] = json.loads(self.report.read_text("utf-8"))["outcomes"]
        return found

    @property
    def run(self) -> str | None:
        return str(json.loads(self.report.read_text("utf-8"))["run_id"]) if self.report.exists() else None


@dataclass(slots=True)
class Tally:
    """What is counted. `undeploys_again`: sent once more since the first was never answered and had no effect;
    `exports_again`: likewise, and the first may have been taken; `left_to_a_person`: models that one had to speak of;
    `void`: trials in which the machine was slower than promised."""

    trials: int = 0
    kills: int = 0
    runs: int = 0
    starts: int = 0
    duplicates: int = 0
    undeploys_again: int = 0
    exports_again: int = 0
    left_to_a_person: int = 0
    trials_left_to_a_person: int = 0
    void: int = 0
    slowest_s_to_end: float = 0.0
    slowest_s_to_take_the_lock: float = 0.0

    def add(self, other: "Tally") -> None:
        for name in self.__dataclass_fields__:
            mine, theirs = getattr(self, name), getattr(other, name)
            setattr(self, name, max(mine, theirs) if name.startswith("slowest") else mine + theirs)

    def said(self) -> dict[str, float]:
        """What there is to say: all that is not zero, and that nothing was started twice."""
        return {name: value for name, value in asdict(self).items() if value or name == "duplicates"}


@dataclass(slots=True)
class Invariants:
    """The rules over one trial. `violations` are lines for people."""

    scene: Scene
    tally: Tally = field(default_factory=Tally)
    violations: list[str] = field(default_factory=list)

    def check(self, holds: object, text: str) -> None:
        if not holds:
            self.violations.append(text)

    def after_kill(self) -> None:
        """A process was killed a moment ago: the journal can be read, and holds all that was sent and that runs."""
        journals.wait_until_free(self.scene.journal)
        records = journals.records_in(self.scene.journal)
        starts = self.scene.starts
        self.intents(starts, records)
        memories = fold(records)
        for part in self.scene.parts:
            model = self.scene.world(part).model(part.id)
            sent = {start.verb for start in starts if start.address == part.address and start.effect}
            memory = next((m for (_, identity), m in memories.items() if _same(identity, part.id)), NOTHING)
            for job in tuple(model.running):
                verb = Verb(job.verb)
                exports = verb is Verb.EXPORT
                unanswered = memory.open_export if exports else memory.open
                known = unanswered is not None or (memory.export_job if exports else memory.running) is not None
                self.check(verb not in sent or known, f"{part.address}#{verb} runs, and the journal does not know")

    def at_the_end(self, sessions: Sequence[Session]) -> None:
        """The last run has ended and nothing is on its way any more."""
        records = journals.records_in(self.scene.journal)
        starts = self.scene.starts
        self.tally.runs, self.tally.starts = len(sessions), len(starts)
        self.intents(starts, records)
        for part in self.scene.parts:
            for verb in Verb:
                self._started(part, verb, [s for s in starts if (s.address, s.verb) == (part.address, verb)], records)
            self._reached(part, records)
        for session in sessions:
            self.reported(session, records)
        if journals.postgres() is None:
            mode = Path(self.scene.journal).stat().st_mode & 0o777
            self.check(mode == 0o600, f"the journal has mode {mode:o}")

    def intents(self, starts: Sequence[Start], records: Sequence[Record]) -> None:
        """Every request has an intent of its own, written before it came."""
        for address, verb in {(start.address, start.verb) for start in starts}:
            before = 0.0
            written = [r.at.timestamp() for r in _of(records, address, verb) if r.kind is RecordKind.INTENT]
            for start in (s for s in starts if (s.address, s.verb) == (address, verb)):
                own = [at for at in written if before < at <= start.at]
                self.check(own, f"{start}: came without an intent in the journal")
                before = start.at

    def _started(self, part: Part, verb: Verb, starts: list[Start], records: Sequence[Record]) -> None:
        history = _of(records, part.address, verb)
        self.check(verb in part.starts or not starts, f"{part.address}#{verb}: started, and nobody wants that")
        for start in starts:
            later = [r for r in history if r.at.timestamp() > start.at - GRACE and r.kind is not RecordKind.INTENT]
            spoken = [r for r in _about(records, part.address) if r.kind in (RecordKind.VERIFIED, RecordKind.DECLARED)]
            known = later or [r for r in spoken if r.at.timestamp() > start.at]
            self.check(known or not start.effect, f"{start}: taken, and the journal never says what became of it")
        for first, second in pairwise(starts):
            self._sent_again(part, first, second, history, records)

    def _sent_again(
        self, part: Part, first: Start, second: Start, history: Sequence[Record], records: Sequence[Record]
    ) -> None:
        """Why a second request to start the same was sent."""
        intents = [r for r in history if r.kind is RecordKind.INTENT and r.at.timestamp() <= second.at]
        until = intents[-1].at if intents else None
        between = [r for r in history if until and first.at - GRACE <= r.at.timestamp() and r.at <= until]
        answers = [r.kind for r in between if r.kind in ANSWERS]
        taken = RecordKind.ACCEPTED in answers or RecordKind.ADOPTED in answers
        self.check(not taken, f"{second}: sent again after its answer was in the journal")
        if RecordKind.REFUSED in answers and not first.effect:
            return
        said = [
            r
            for r in _about(records, part.address)
            if r.kind is RecordKind.DECLARED and until and first.at < r.at.timestamp() and r.at <= until
        ]
        if said and (not first.effect or part.before is not None):
            return
        if first.verb is Verb.DEPLOY:
            self.tally.duplicates += 1
            self.check(False, f"{second}: a deploy sent again after {first}, and nobody said so")
            return
        if first.effect and first.verb is Verb.UNDEPLOY:
            self.tally.duplicates += 1
            self.check(False, f"{second}: an undeploy sent again though the first was taken: {first}")
            return
        # No answer on record: open in the journal, settled, then sent again. Within one run that is said outright.
        self.tally.undeploys_again += first.verb is Verb.UNDEPLOY
        self.tally.exports_again += first.verb is Verb.EXPORT
        waited = second.at - first.at >= SETTLE
        self.check(waited, f"{second}: sent again {second.at - first.at:.2f} s after the first, before it had settled")

    def _reached(self, part: Part, records: Sequence[Record]) -> None:
        state = self.scene.state(part)
        self.check(state == part.wanted, f"{part.address}: wanted {part.wanted}, is {state}")
        if part.before is not None:
            sent = self.scene.world(part).model(part.id).settings
            self.check(sent is not None, f"{part.address}: its new settings were never sent")
        memory = next((m for (_, identity), m in fold(records).items() if _same(identity, part.id)), NOTHING)
        unanswered = memory.open or memory.open_export
        self.check(unanswered is None, f"{part.address}: still open in the journal at the end: {unanswered}")
        verified = [r.at for r in _about(records, part.address) if r.kind is RecordKind.VERIFIED]
        seen = memory.job is None or memory.job_ended or (verified and verified[-1] >= memory.job.since)
        self.check(seen, f"{part.address}: still running in the journal at the end: {memory.job}")
        if Verb.EXPORT in part.starts:
            made = [r.artifact for r in _of(records, part.address, Verb.EXPORT) if r.artifact is not None]
            files = [self.scene.folder / "exports" / artifact.path for artifact in made]
            good = files and files[-1].exists() and sha256(files[-1].read_bytes()).hexdigest() == made[-1].sha256
            self.check(good, f"{part.address}: its export is not there, or is not the one in the journal")

    def reported(self, session: Session, records: Sequence[Record]) -> None:
        """Exactly one outcome per action, in the report as in the journal; a start sent twice in one run says so."""
        outcomes = session.outcomes
        if outcomes is None:
            ended = session.process.killed or session.process.code in (7, 129, 130, 143, -1, -2, -15)
            self.check(ended, f"code {session.process.code} without a report: {session.process.said}")
            return
        mine = [r for r in records if r.run == session.run]
        ids = [outcome["id"] for outcome in outcomes]
        self.check(len(ids) == len(set(ids)), f"{session.run}: an action has two outcomes: {ids}")
        settled = [(f"{r.address}#{r.verb}", str(r.outcome)) for r in mine if r.kind is RecordKind.SETTLED]
        told = [(outcome["id"], outcome["outcome"]) for outcome in outcomes]
        self.check(sorted(settled) == sorted(told), f"{session.run}: reported {told}, recorded {settled}")
        begun = {f"{r.address}#{r.verb}" for r in mine if r.kind in BEGUN}
        self.check(begun <= set(ids), f"{session.run}: begun and not reported: {begun - set(ids)}")
        for name in begun:
            kinds = [r.kind for r in mine if f"{r.address}#{r.verb}" == name and r.kind in BEGUN]
            noted = kinds[-1] is not RecordKind.INTENT
            self.check(noted, f"{session.run} {name}: it lived on, and the answer to its last request is not on record")
        for outcome in outcomes:
            kinds = [r.kind for r in mine if f"{r.address}#{r.verb}" == outcome["id"]]
            unsure = RecordKind.UNCERTAIN in kinds
            again = unsure and RecordKind.INTENT in kinds[kinds.index(RecordKind.UNCERTAIN) :]
            said = "sent again" in (outcome.get("note") or "")
            self.check(said or not again, f"{session.run} {outcome['id']}: sent again in doubt, and nobody says so")
            good = outcome["outcome"] != "failed"
            self.check(good, f"{session.run} {outcome['id']}: failed, and no job did: {outcome['error']}")
            fine = outcome["outcome"] == "succeeded" or outcome["error"]
            self.check(fine, f"{session.run} {outcome['id']}: {outcome['outcome']}, and nobody says why")

    def slower_than_promised(self) -> bool:
        """Whether some request had its effect only after the settle time: then the machine, not the tool, was late."""
        worlds = (self.scene.platforms.kore, self.scene.platforms.nugen)
        jobs = [job for world in worlds for job in world._jobs.values()]
        by_id = {part.id: part.address for part in self.scene.parts}
        for start in (start for start in self.scene.starts if start.effect):
            begun = [
                job.started
                for job in jobs
                if (by_id.get(job.model), Verb(job.verb)) == (start.address, start.verb) and job.started is not None
            ]
            since = [at for at in begun if at >= start.at]
            if since and min(since) - start.at > SETTLE:
                return True
        return False


def _of(records: Sequence[Record], address: str, verb: Verb) -> list[Record]:
    return [r for r in records if (r.address, r.verb) == (address, verb)]


def _about(records: Sequence[Record], address: str) -> list[Record]:
    return [r for r in records if r.address == address]


def _same(identity: str, wanted: str) -> bool:
    return identity.lower().replace("_", "-") == wanted.lower().replace("_", "-")
