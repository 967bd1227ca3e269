"""What must never happen, checked the moment a start leaves and after every session. Reads truth, log and journal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import takewhile
from pathlib import Path
from typing import Final

from reconciler.core.event import Event, Phase
from reconciler.core.job import Verb
from reconciler.core.memory import NOTHING
from reconciler.core.model import Deployment, Model, OnUnknown
from reconciler.core.plan import Action, Plan
from reconciler.core.record import Record, RecordKind
from reconciler.core.report import Outcome, OutcomeKind, Report
from reconciler.journal.memory import fold

from .world import GOAL, TIMEOUTS, Request, Service

ANSWERS: Final = (RecordKind.INTENT, RecordKind.ACCEPTED, RecordKind.REFUSED, RecordKind.UNCERTAIN, RecordKind.SETTLED)
LAST_SECONDS: Final = 5.0
SLACK: Final = 10.0
"""Seconds between a read and the outcome that was made of it."""


class Violation(AssertionError):
    """Something happened that must never happen."""


@dataclass(slots=True, kw_only=True)
class Session:
    """One life of the engine. `stopped_at` is when it was told to stop; `report` None where it was killed or only
    looked."""

    run: str
    models: Mapping[str, Model]
    history: list[Record]
    approved: frozenset[str] = frozenset()
    actions: tuple[Action, ...] = ()
    stuck: frozenset[str] = frozenset()
    began: float = 0.0
    stopped_at: float | None = None
    requests: list[Request] = field(default_factory=list)
    ended: dict[str, bool] = field(default_factory=dict)
    report: Report | None = None

    def records(self, address: str, verb: Verb | None = None) -> list[Record]:
        """Of this session, about one model."""
        return [r for r in self.history if (r.run, r.address) == (self.run, address) and verb in (None, r.verb)]

    def action(self, address: str, verb: Verb) -> Action | None:
        return next((a for a in self.actions if (a.address, a.verb) == (address, verb)), None)


@dataclass(slots=True, kw_only=True)
class Invariants:
    """The rules. `late`: requests may take effect after the settle time; `flips`: reads may go back in time; `blind`:
    the wall clock was set forward, so that the age of an unanswered start is not known."""

    services: Mapping[str, Service]
    exports: Path
    late: bool
    flips: bool
    blind: bool = False
    violations: list[str] = field(default_factory=list)

    def check(self, holds: object, text: str) -> None:
        if not holds:
            self.violations.append(text)

    # The moment a start leaves.

    def sent(self, session: Session, request: Request) -> None:
        what = f"{request.run} {request.address}#{request.verb} at {request.at:.2f}"
        session.requests.append(request)
        answers = [r for r in session.records(request.address, request.verb) if r.kind in ANSWERS]
        same = [r for r in session.requests if (r.address, r.verb) == (request.address, request.verb)]
        intents = [r for r in answers if r.kind is RecordKind.INTENT]
        self.check(answers and answers[-1].kind is RecordKind.INTENT, f"{what}: sent without an intent on disk")
        self.check(len(intents) == len(same), f"{what}: sent {len(same)} times for {len(intents)} intents")
        self.check(not any(r.kind is RecordKind.ACCEPTED for r in answers), f"{what}: sent again after it was accepted")
        self.check(session.stopped_at is None or request.asked <= session.stopped_at, f"{what}: sent after the stop")
        action, model = session.action(request.address, request.verb), session.models.get(request.address)
        if action is None or model is None:
            self.check(False, f"{what}: sent, and no plan holds it")
            return
        self.check(action.adopts is None, f"{what}: sent, though it only waits for a job that runs")
        self._wanted(session, request, model, action, what)
        self._alone(session, request, model, what)
        self._after(session, model, what)

    def _wanted(self, session: Session, request: Request, model: Model, action: Action, what: str) -> None:
        self.check(action.before != "unknown" or model.on_unknown is OnUnknown.ACT, f"{what}: its state is unknown")
        if request.verb is not Verb.EXPORT:
            self.check(str(model.target.deployment) == GOAL[request.verb], f"{what}: nobody wants it so")
        if request.verb is not Verb.UNDEPLOY:
            return
        before = [r for r in session.history if r.run != session.run and r.model_id == model.id]
        protections = [r.on for r in before if r.kind is RecordKind.PROTECTED]
        protected = model.protect or (protections and protections[-1])
        self.check(not protected or model.address in session.approved, f"{what}: it is protected")
        if model.target.export is not None and model.target.export.before_undeploy:
            self.check(self._exported(session, model), f"{what}: not exported before")

    def _exported(self, session: Session, model: Model) -> bool:
        made = [r for r in session.history if r.model_id == model.id and r.artifact is not None]
        if not made or made[-1].artifact is None or model.target.export is None:
            return False
        path = self.exports / made[-1].artifact.path
        age = (session.history[-1].at - made[-1].at).total_seconds()
        fresh = self.blind or age <= (model.target.export.max_age or age) + 2 * 86400
        return fresh and path.is_file() and sha256(path.read_bytes()).hexdigest() == made[-1].artifact.sha256

    def _alone(self, session: Session, request: Request, model: Model, what: str) -> None:
        """Nothing that we sent before may still be on its way or running."""
        service = self.services[model.platform]
        if request.verb is Verb.EXPORT:
            known = {r.job for r in session.history if r.kind is RecordKind.ACCEPTED and r.verb is Verb.EXPORT}
            works = (r.work for r in service.requests if r.identity == model.id and r.verb is Verb.EXPORT)
            running = [work.id for work in works if work and not work.ended and work.vanishes > service.now]
            self.check(not known.intersection(running), f"{what}: an export of it runs already")
            return
        others = [r for r in self._under_way(model) if r is not request]
        excused = self.late or self.blind or (model.on_unknown is OnUnknown.ACT and not service.by_model)
        text = ", ".join(f"{r.verb} sent at {r.at:.2f} ({r.fault or 'no fault'})" for r in others)
        self.check(excused or not others, f"{what}: sent while {text} is under way")

    def _under_way(self, model: Model) -> list[Request]:
        """What of ours still runs; where only a probe tells, a job that takes longer than any may is given up."""
        service = self.services[model.platform]
        found = service.pending(model.id)
        return [r for r in found if model.probe_path is None or service.now - r.at < TIMEOUTS[r.verb]]

    def _after(self, session: Session, model: Model, what: str) -> None:
        for before in model.after:
            self.check(before not in session.stuck, f"{what}: {before}, which it comes after, is blocked")
            for needed in (a for a in session.actions if a.address == before):
                settled = [r for r in session.records(before, needed.verb) if r.kind is RecordKind.SETTLED]
                done = [r.outcome for r in settled] == [OutcomeKind.SUCCEEDED]
                self.check(done, f"{what}: {needed.id}, which it comes after, has not succeeded")

    # What the engine tells.

    def told(self, session: Session, event: Event) -> None:
        name = f"{event.address}#{event.verb}"
        self.check(name not in session.ended, f"{session.run} {name}: {event.phase} after it ended")
        if event.phase is Phase.ENDED:
            session.ended[name] = self._true(session, event)

    def _true(self, session: Session, event: Event) -> bool:
        """Whether the model was a moment ago what the action should make of it."""
        model = session.models[event.address]
        service = self.services[model.platform]
        thing = service.things.get(model.id)
        if event.verb is Verb.EXPORT or thing is None:
            return event.verb is not Verb.DEPLOY  # what is not there serves nothing, and a probe can say no more
        return thing.was(GOAL[event.verb], service.now - service.lag - SLACK)

    # The end of a session.

    def reported(self, session: Session, report: Report, now: float) -> None:
        session.report = report
        names = [action.id for action in session.actions]
        self.check([o.id for o in report.outcomes] == names, f"{session.run}: not one outcome for each action")
        self.check(session.stopped_at is None or now <= session.stopped_at + LAST_SECONDS, f"{session.run}: stops late")
        self.check(now - session.began <= self._longest(session), f"{session.run}: took {now - session.began:.0f} s")
        for request in session.requests:
            kinds = {record.kind for record in session.records(request.address, request.verb)}
            noted = session.stopped_at is not None or not request.taken or RecordKind.ACCEPTED in kinds
            self.check(noted, f"{session.run} {request.address}#{request.verb}: accepted, and that is not on record")
        for outcome in report.outcomes:
            settled = [r for r in session.records(outcome.address, outcome.verb) if r.kind is RecordKind.SETTLED]
            ends = [record.outcome for record in settled]
            self.check(ends == [outcome.kind], f"{session.run} {outcome.id}: {outcome.kind}, and recorded as {ends}")
            self.check(outcome.id in session.ended, f"{session.run} {outcome.id}: its end was never told")
            answers = [r.kind for r in session.records(outcome.address, outcome.verb)]
            again = (
                RecordKind.UNCERTAIN in answers and RecordKind.INTENT in answers[answers.index(RecordKind.UNCERTAIN) :]
            )
            said = "sent again" in (outcome.note or "")
            self.check(said or not again, f"{session.run} {outcome.id}: sent again in doubt, and nobody says so")
            if outcome.kind is OutcomeKind.SUCCEEDED:
                self._earned(session, outcome)
            else:
                self.check(outcome.error, f"{session.run} {outcome.id}: {outcome.kind}, and nobody says why")

    def _earned(self, session: Session, outcome: Outcome) -> None:
        what = f"{session.run} {outcome.id}: succeeded"
        if outcome.verified:
            self.check(session.ended[outcome.id], f"{what} and verified, but it is not so")
        works = [r.work for r in session.requests if (r.address, r.verb) == (outcome.address, outcome.verb) and r.work]
        if works and not outcome.verified:
            self.check(works[-1].ended and not works[-1].fails, f"{what}, but its job did not")
        if outcome.verb is Verb.EXPORT:
            self.check(outcome.artifact, f"{what}, but there is no file")

    def _longest(self, session: Session) -> float:
        """The most seconds that the longest chain of actions may take."""
        spent: dict[str, float] = {}
        by_id = {action.id: action for action in session.actions}
        of_model: dict[str, list[Action]] = {}
        for action in session.actions:
            of_model.setdefault(action.address, []).append(action)

        def ends(action: Action) -> float:
            if action.id not in spent:
                model = session.models[action.address]
                before = [by_id[needed] for needed in action.requires if needed in by_id]
                # A model has one job at a time, whether its actions require each other or not.
                before += takewhile(lambda one: one is not action, of_model[action.address])
                spent[action.id] = max(map(ends, before), default=0.0) + (model.timeout or 3600.0) + 120.0 * len(by_id)
            return spent[action.id]

        return max((ends(action) for action in session.actions), default=0.0) + 600.0

    def remembered(self, session: Session) -> None:
        """Everything of ours that still runs is in the journal as such."""
        if self.late or self.flips:
            return
        memories = fold(session.history)
        for model in session.models.values():
            memory = memories.get((self.services[model.platform].origin, model.id), NOTHING)
            known = memory.open is not None or (memory.job is not None and not memory.job_ended)
            for request in self._under_way(model):
                what = f"{request.run} {request.address}#{request.verb} sent at {request.at:.2f}"
                self.check(known, f"after {session.run}: {what} runs, and the journal does not know")

    def converged(self, session: Session, plan: Plan, failing: Sequence[str]) -> None:
        """With all faults gone: every model is what it should be, or the plan says why not, or it fails each time for
        a good reason; `failing` are the ids of such actions."""
        excused = {a for a, model in session.models.items() if self._hopeless(model)}
        while more := {a for a, m in session.models.items() if a not in excused and excused.intersection(m.after)}:
            excused |= more
        for name in failing:
            self.check(name.split("#")[0] in excused, f"{name}: fails each time, with no fault left")
        blocked = {entry.address for entry in plan.blocked}
        for model in session.models.values():
            thing = self.services[model.platform].things.get(model.id)
            wanted = model.target.deployment
            there = wanted is Deployment.UNMANAGED or (thing is not None and thing.state == str(wanted))
            rests = wanted is Deployment.UNDEPLOYED and thing is not None and thing.state in ("broken", "not-ready")
            fine = there or rests or plan.stopped or model.address in blocked | excused
            state = thing.state if thing else "absent"
            self.check(fine, f"{model.address}: wanted {wanted}, is {state}, and no plan says why")

    def _hopeless(self, model: Model) -> bool:
        """Whether it is not there, or someone changed it where nobody can see that."""
        service = self.services[model.platform]
        thing = service.things.get(model.id)
        return thing is None or (thing.touched and not service.by_model and model.probe_path is None)
