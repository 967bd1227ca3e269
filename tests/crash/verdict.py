"""What must hold after a command was killed or failed at one point, and after the commands that follow it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.core.record import Record, RecordKind
from reconciler.core.report import OutcomeKind
from reconciler.errors import JournalError

from .bench import APPLY, DOCUMENTED, GOAL, KILLED, MODEL_OF, Bench, Ran

MOST: Final = 4
"""Applies within which all must be as wanted."""


@dataclass(slots=True, kw_only=True)
class Verdict:
    """One trial. `wrong` is what must not be; `codes` are the exit codes, the first that of the disturbed command;
    `cleans`: it could take away what it had begun."""

    bench: Bench
    first: Ran
    cleans: bool = True
    wrong: list[str] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    def check(self, holds: object, text: str) -> None:
        if not holds:
            self.wrong.append(text)

    def after(self, ran: Ran) -> list[Record]:
        """What holds after any command."""
        self.codes.append(ran.code)
        self.check(ran.code in DOCUMENTED or (ran is self.first and ran.code == KILLED), f"exit code {ran.code}")
        for words in ("Traceback", "Internal error", "Exception ignored", "never retrieved"):
            self.check(words not in ran.out + ran.err, f"{words} in the output: {(ran.err or ran.out)[-300:]!r}")
        self.check(ran.code != 1 or ran.err or ran.out, "exit 1 without a word")
        self.wrong += self.bench.broken()
        if self.cleans and self.first.code != KILLED and " unlink " not in f"{self.first.point} ":
            for file in self.bench.left("*.part", "*-journal"):
                self.wrong.append(f"{file} is left behind")
        try:
            records = self.bench.records()
        except JournalError as error:
            self.wrong.append(f"the journal does not read: {error}")
            return []
        intents = Counter(start_of(r) for r in records if r.kind is RecordKind.INTENT)
        for start, count in Counter(self.bench.starts()).items():
            self.check(count <= intents[start], f"{start} was sent {count} times, {intents[start]} intents are on disk")
        return records

    def to_the_end(self) -> None:
        """Apply until all is as wanted, with a person who says what a blocked model is, and that a lost export may be
        sent once more; nothing starts twice."""
        records = self.after(self.first)
        failed = {start_of(r) for r in records if r.outcome is OutcomeKind.FAILED}
        accepted = {start_of(r) for r in records if r.kind is RecordKind.ACCEPTED} - failed
        sent = Counter(self.bench.starts())
        if self.first.point is None and self.first.code == 0:
            self.check(
                accepted == set(sent), f"untouched, and of {set(sent)} only {accepted} are on record as accepted"
            )
        while not self.codes[1:] or (self.codes[-1] != 0 and len(self.codes) <= MOST):
            asked = bool(self.codes[1:])
            if asked:
                self._say_what_is()
            self.after(self.bench.run(*APPLY, *["--reissue-unknown"] if asked else []))
        self.check(self.codes[-1] == 0, f"not at the end after {self.codes}")
        self.check(self.bench.states() == GOAL, f"ended in {self.bench.states()}")
        again, effects = Counter(self.bench.starts()), Counter(self.bench.effects())
        for start in accepted:
            self.check(again[start] == sent[start], f"{start} was accepted and on record, and sent again")
        for start, count in effects.items():
            most = 2 if start.startswith("export") and start not in accepted else 1
            self.check(count <= most, f"{start} was started {count} times")
        if self.first.code == 0:
            self.check(sum(again.values()) == sum(sent.values()), "the first ended with 0, and the second started more")

    def _say_what_is(self) -> None:
        for address, state in self.bench.states().items():
            if state in ("deployed", "undeployed"):
                self.bench.run("adopt", address, "--as", state)


def start_of(record: Record) -> str:
    """The request that a record speaks of, as the bench names it."""
    return f"{record.verb} {MODEL_OF.get(record.address or '')}"


def trial(bench: Bench, crash: Mapping[str, Any], command: tuple[str, ...] = APPLY) -> Verdict:
    """One world in which `command` is disturbed as `crash` says, and what became of it."""
    bench.fresh()
    verdict = Verdict(bench=bench, first=bench.run(*command, crash=crash), cleans=crash["what"] != "stay")
    verdict.to_the_end()
    return verdict


@dataclass(slots=True, kw_only=True)
class Tally:
    """All trials of one kind."""

    points: int = 0
    runs: int = 0
    hit: Counter[str] = field(default_factory=Counter)
    codes: Counter[tuple[int, ...]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.points} points, {self.runs} commands, {len(self.wrong)} violations"


def enumerate_points(
    bench: Bench, by: str, what: str, *, first: int = 1, step: int = 1, command: tuple[str, ...] = APPLY
) -> Tally:
    """A trial at the point `first`, `first + step` and so on, until a command passes untouched."""
    tally, at, before = Tally(), first, bench.runs
    while True:
        crash = {"by": by, "what": what, "at": at}
        verdict = trial(bench, crash, command)
        tally.wrong += [f"{what} at {at} ({verdict.first.point}) {verdict.codes}: {text}" for text in verdict.wrong]
        if verdict.first.point is None:
            tally.runs = bench.runs - before
            return tally
        tally.points += 1
        tally.hit[" ".join(verdict.first.point.split(" ")[:2])] += 1
        tally.codes[tuple(verdict.codes)] += 1
        at += step
