"""The truth about one simulated account: its models, its jobs, and what is to go wrong on it.

It knows no HTTP. Time is lazy: nothing runs in the background, a job that has run its time takes effect at the next
look, so whoever reads always reads what would be true at that moment.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping

from reconciler.simulator.faults import Fault, Faults
from reconciler.simulator.log import Log
from reconciler.simulator.models import Job, JobState, JobTime, Model, Verb
from reconciler.simulator.shapes import Shape, Shapes

DEFAULT_JOB_TIME = JobTime(seconds=0.1)
_STATES = frozenset({"deployed", "undeployed"})


def _no_other_names(_model: Model) -> Iterable[str]:
    return ()


class World:
    """One account. Every method may be called from any thread; hold `lock` to do several things as one.

    `aliases` gives the further ids a model is known by. `now` is a monotonic clock in seconds. `key` is what the
    management API asks for, `probe_key` what an inference endpoint does.
    """

    def __init__(
        self,
        *,
        key: str,
        probe_key: str = "",
        shapes: Mapping[str, Shape] | None = None,
        aliases: Callable[[Model], Iterable[str]] = _no_other_names,
        job_time: JobTime = DEFAULT_JOB_TIME,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.key = key
        self.probe_key = probe_key
        self.now = now
        self.lock = threading.RLock()
        self.shapes = Shapes(shapes or {})
        self.faults = Faults()
        self.log = Log()
        self.models: dict[str, Model] = {}
        self._aliases = aliases
        self._names: dict[str, Model] = {}
        self._jobs: dict[str, Job] = {}
        self._started = 0
        self._default_job_time = job_time
        self._job_time = job_time
        self._job_times: dict[str, JobTime] = {}

    # What a test or a story sets up

    def add(
        self,
        id: str,
        name: str | None = None,
        *,
        deployed: bool = True,
        word: str | None = None,
        deployed_before: bool = True,
        facts: Mapping[str, object] | None = None,
    ) -> Model:
        """Add a model (or replace the one with this id); see `Model` for the meaning of the arguments."""
        with self.lock:
            self.remove(id)
            model = Model(
                id=id,
                name=id if name is None else name,
                deployed=deployed,
                word=word,
                deployed_before=deployed_before,
                facts=facts or {},
            )
            self.models[id] = model
            for known in (id, *self._aliases(model)):
                self._names[known] = model
            return model

    def remove(self, id: str) -> None:
        """Delete a model as by hand; its jobs go with it. Nothing happens where there is none."""
        with self.lock:
            model = self.models.pop(id, None)
            if model:
                for known in (id, *self._aliases(model)):
                    self._names.pop(known, None)
                for job in model.running:
                    del self._jobs[job.id]

    def set_state(self, id: str, state: str) -> None:
        """Change a model by hand: deployed, undeployed, or a status word to be shown. Running jobs go on."""
        with self.lock:
            model = self.model(id)
            if state in _STATES:
                model.deployed, model.word = state == "deployed", None
            else:
                model.word = state

    def set_job_time(self, job_time: JobTime, model: str | None = None) -> None:
        """Set how long jobs run that are started from now on: on one model, or (None) on all without their own."""
        with self.lock:
            if model is None:
                self._job_time = job_time
            else:
                self._job_times[self.model(model).id] = job_time

    def shape(
        self, name: str, *, model: str | None = None, operation: str | None = None, times: int | None = None
    ) -> None:
        """Put a shape of the catalogue in force: on one model or (None) all, `times` requests or (None) always."""
        with self.lock:
            identity = None if model is None else self.model(model).id
            self.shapes.use(name, model=identity, operation=operation, times=times)

    def fault(self, fault: Fault) -> None:
        """Put a fault in force."""
        self.faults.add(fault)

    def fail_next(self, id: str, error: str = "") -> None:
        """Let the next job started on a model run its time and then fail, with `error` where the platform shows one."""
        with self.lock:
            self.model(id).doom = error

    def kill_job(self, id: str, error: str = "") -> Job:
        """Let the newest running job of a model fail now; gives the job. Raises ValueError where none runs."""
        with self.lock:
            running = self.model(id).running
            if not running:
                raise ValueError(f"no job runs on {id}")
            job = running[-1]
            job.doom = error
            self._end(job)
            return job

    def reset(self) -> None:
        """Forget models, jobs, job times, shapes, faults and the log. Job ids are never given twice."""
        with self.lock:
            for forgotten in (self.models, self._names, self._jobs, self._job_times):
                forgotten.clear()
            self._job_time = self._default_job_time
            self.shapes.clear()
            self.faults.clear()
            self.log.clear()

    # What is read

    def find(self, id: str) -> Model | None:
        """Give the model known by any of its ids, settled to this moment; None where there is none."""
        with self.lock:
            model = self._names.get(id)
            if model and model.running:
                self._settle(model)
            return model

    def model(self, id: str) -> Model:
        """Give the model known by any of its ids, settled to this moment. Raises ValueError where there is none."""
        if (model := self.find(id)) is None:
            raise ValueError(f"no such model: {id}")
        return model

    def state(self, id: str) -> str:
        """Give a model's state at this moment: deployed, undeployed, deploying, undeploying, or its word."""
        with self.lock:
            return self.model(id).state

    def ids(self, model: Model) -> frozenset[str]:
        """Give every id a model is known by."""
        return frozenset((model.id, *self._aliases(model)))

    def job(self, id: str) -> Job | None:
        """Give a job by its id, settled to this moment; None where there is none."""
        with self.lock:
            job = self._jobs.get(id)
            if job:
                self.find(job.model)
            return job

    # What requests do

    def start(self, model: Model, verb: Verb, *, settings: object = None, job_time: JobTime | None = None) -> Job:
        """Start a job on a model; `job_time` None means what was set. One of no length is over at once."""
        with self.lock:
            self._started += 1
            length = job_time or self._job_times.get(model.id, self._job_time)
            job = Job(
                id=f"ds-{uuid.uuid5(uuid.NAMESPACE_URL, str(self._started))}",
                model=model.id,
                verb=verb,
                time=length,
                started=None if length.from_first_look else self.now(),
                doom=model.doom,
            )
            model.doom = None
            if verb is Verb.DEPLOY:
                model.error = None
                model.settings = settings
            model.running.append(job)
            model.last[verb] = job
            self._jobs[job.id] = job
            self._settle(model)
            return job

    def look(self, job: Job) -> None:
        """Count a read of a job that is shown to somebody, then bring it to this moment."""
        with self.lock:
            if job.state is JobState.RUNNING:
                job.polls += 1
                if job.started is None:
                    job.started = self.now()
                self.find(job.model)

    def look_at(self, model: Model) -> None:
        """Count a read of a model's state: one of every running job that changes it."""
        with self.lock:
            for job in tuple(model.running):
                if job.verb is not Verb.EXPORT:
                    self.look(job)

    def _settle(self, model: Model) -> None:
        now = self.now()
        for job in sorted((job for job in model.running if job.due(now)), key=lambda job: job.end(now)):
            self._end(job)

    def _end(self, job: Job) -> None:
        model = self.models[job.model]
        model.running.remove(job)
        if job.doom is not None:
            job.state, job.error = JobState.FAILED, job.doom
            if job.verb is Verb.DEPLOY:
                model.error = job.error
            return
        job.state = JobState.SUCCEEDED
        if job.verb is not Verb.EXPORT:
            model.deployed, model.word = job.verb is Verb.DEPLOY, None
