"""One kill trial: apply, SIGKILL at a random instant once or twice, apply until it ends, then look at all of it."""

import json
import os
import random
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .invariants import Invariants, Session, Tally
from .processes import Process, Starter
from .scenes import SETTLE, Part, Scene, scene

AT_ONCE: Final = 6
"""Trials that run at the same time in one test: most of a trial is waiting."""

TRIES: Final = 6
ROUNDS: Final = 8
"""So many applies after the last kill are enough for anything."""

MEMORY: Final = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
ONE: Final = os.environ.get("RECONCILER_SEED")


class Missed(Exception):
    """The process ended before the instant at which it was to be hit."""


def seeds(first: int, count: int, batch: int = 25) -> list[range]:
    """Batches of seeds: many tests, so that several workers share them."""
    if ONE is not None:
        return [range(int(ONE), int(ONE) + 1)]
    return [range(start, min(start + batch, first + count)) for start in range(first, first + count, batch)]


def name(batch: range) -> str:
    return f"{batch.start}-{batch.stop - 1}"


def play_all(play: Callable[[int], Tally], batch: range, at_once: int = AT_ONCE) -> Tally:
    """Play every seed of a batch; fails with the seed of each that failed, and how to play it again."""
    failed, total = [], Tally()

    def one(seed: int) -> tuple[Tally | None, str]:
        try:
            return play(seed), ""
        except Exception:
            return None, f"seed {seed}: RECONCILER_SEED={seed} pytest tests/kills\n{traceback.format_exc(limit=-5)}"

    with ThreadPoolExecutor(1 if ONE else at_once) as pool:
        for tally, problem in pool.map(one, batch):
            total.add(tally or Tally(trials=1))
            failed += [problem] if problem else []
    assert not failed, f"{len(failed)} of {len(batch)} failed\n" + "\n".join(failed)
    return total


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix="kills-") as made:
        yield Path(made)


@dataclass(slots=True)
class Applies:
    """The applies of one trial, one after the other."""

    scene: Scene
    starter: Starter
    fresh: bool = False
    sessions: list[Session] = field(default_factory=list)

    def begin(self, *more: str, ignoring: tuple[int, ...] = ()) -> Session:
        report = self.scene.folder / f"report-{len(self.sessions)}.json"
        session = Session(self.run("apply", "--yes", "--report", f"json={report}", *more, ignoring=ignoring), report)
        self.sessions.append(session)
        return session

    def run(self, *arguments: str, ignoring: tuple[int, ...] = ()) -> Process:
        given = [arguments[0], *arguments[1:], "--journal", self.scene.journal]
        return self.starter.start(self.scene.folder, self.scene.env, given, fresh=self.fresh, ignoring=ignoring)

    def until_asked(self, process: Process, count: int, *, starts: bool = False) -> None:
        """Wait until the platforms got so many requests (or starts) in all. Raises `Missed` where it ends before."""
        while (len(self.scene.starts) if starts else self.scene.asked) < count:
            if process.gone(0.002):
                raise Missed

    def settle(self) -> int:
        """Apply until all is done; a person says of what is blocked for good what it is. How many models that took."""
        spoken, exports = 0, set[str]()
        for _ in range(ROUNDS):
            again = [word for address in sorted(exports) for word in ("--only", address)]
            session = self.begin(*["--reissue-unknown", *again] if exports else [])
            code = session.process.wait()
            assert code in (0, 3, 5), f"code {code}: {session.process.said}"
            if code == 0 and not exports:
                return spoken
            exports = set()
            if code == 3:
                count, exports = self._speak()
                spoken += count
        raise AssertionError(f"not done after {ROUNDS} applies: {self.sessions[-1].process.said}")

    def _speak(self) -> tuple[int, set[str]]:
        """How many models a person spoke of, and of which an export is to be sent once more."""
        plan = self.run("plan", "--format", "json", "--quiet")
        plan.wait()
        entries = json.loads(plan.out.read_text("utf-8"))["blocked"]
        doubts = {(entry["address"], entry["verb"]) for entry in entries if entry["code"] == "unknown"}
        exports = {address for address, verb in doubts if verb == "export"}
        states = {address for address, verb in doubts if verb != "export"}
        unknown = [part for part in self.scene.parts if part.address in states]
        for part in unknown:
            adopted = self.run("adopt", part.address, "--as", self._at_rest(part))
            assert adopted.wait() == 0, adopted.said
        return len(states | exports), exports

    def _at_rest(self, part: Part) -> str:
        """What the platform's own console shows a person who takes the time to look."""
        time.sleep(SETTLE)
        while (state := self.scene.state(part)) not in ("deployed", "undeployed"):
            time.sleep(0.01)
        return state


def instant(applies: Applies, process: Process, chance: random.Random, share: float) -> None:
    """Wait for the random instant at which the process is hit: some time after its first request, or right after one
    of its starts came in. `share` brings it nearer. Raises `Missed`."""
    before, begun = applies.scene.asked, len(applies.scene.starts)
    if chance.random() < 0.5:
        wanted = sum(len(part.starts) for part in applies.scene.parts)
        applies.until_asked(process, begun + chance.randint(1, max(1, int(wanted * share))), starts=True)
        rest = chance.expovariate(1 / 0.03)
    else:
        applies.until_asked(process, before + 1)
        rest = chance.uniform(0, 1.6 * share)
    if process.gone(rest):
        raise Missed


def kill_trial(seed: int, starter: Starter, *, fresh: bool = False) -> Tally:
    """Play one seed; raises where something happened that must not."""
    for attempt in range(TRIES):
        try:
            return _trial(seed, starter, fresh, 0.7**attempt)
        except Missed:
            continue
    raise AssertionError(f"seed {seed}: it always ended before it was killed")


def _trial(seed: int, starter: Starter, fresh: bool, share: float) -> Tally:
    chance = random.Random(f"instants {seed} {share}")
    with folder() as place, scene(seed, place, faulty=bool(seed % 2)) as found:
        applies, rules = Applies(found, starter, fresh), Invariants(found)
        tally = rules.tally
        for number in range(chance.choice((1, 2))):
            process = applies.begin().process
            try:
                instant(applies, process, chance, share)
            except Missed:
                if number:
                    break
                raise
            process.send(signal.SIGKILL)
            process.wait()
            tally.kills += process.code == -signal.SIGKILL
            rules.after_kill()
        tally.left_to_a_person = applies.settle()
        time.sleep(max(0.0, max([start.at for start in found.starts], default=0.0) + SETTLE - time.time()))
        rules.at_the_end(applies.sessions)
        tally.trials, tally.trials_left_to_a_person = 1, int(tally.left_to_a_person > 0)
        if rules.violations and rules.slower_than_promised():
            return Tally(trials=1, void=1)
        verdict(rules, applies.sessions)
        return tally


def verdict(rules: Invariants, sessions: Sequence[Session]) -> None:
    """Raise where a rule was broken, with what every process said."""
    if rules.violations:
        said = [f"--- code {s.process.code}{' killed' if s.process.killed else ''}\n{s.process.said}" for s in sessions]
        raise AssertionError("\n".join([*rules.violations, *map(str, rules.scene.starts), *said]))
