"""Kore.ai has no route that tells a state: it is what our last job did, unless the deployment itself is asked."""

import pytest

from reconciler.core.job import Job, Verb
from reconciler.core.live import EvidenceSource, LiveState
from reconciler.platforms.base import Platform
from reconciler.simulator import KORE_KEY, KORE_PROBE_KEY, Fault, FaultKind, SimulatedPlatforms
from reconciler.simulator import Verb as JobVerb

from .asking import EARLIER, NOW, job, model, observed, opened, unobserved
from .conftest import Time

pytestmark = pytest.mark.anyio

UP = model("cm-up")
PROBED = model("cm-up", probe_path="/models/cm-up/v2/chat/completions")


def run(simulated: SimulatedPlatforms, verb: Verb, *, before: str | None = None) -> Job:
    """A job that runs on `cm-up`, as our journal holds it."""
    started = simulated.kore.start(simulated.kore.model("cm-up"), JobVerb(verb))
    return job(verb, started.id, before=before)


def end(simulated: SimulatedPlatforms, time: Time, how: str) -> None:
    """Let the job that runs on `cm-up` go on, succeed or fail."""
    if how == "FAILED":
        simulated.kore.kill_job("cm-up")
    elif how == "SUCCESS":
        time.passes(10)


@pytest.mark.parametrize(
    ("verb", "how", "before", "state"),
    [
        (Verb.DEPLOY, "IN_PROGRESS", "undeployed", LiveState.DEPLOYING),
        (Verb.DEPLOY, "SUCCESS", "undeployed", LiveState.DEPLOYED),
        (Verb.DEPLOY, "FAILED", "undeployed", LiveState.UNDEPLOYED),
        (Verb.DEPLOY, "FAILED", "deployed", LiveState.DEPLOYED),
        (Verb.DEPLOY, "FAILED", None, LiveState.UNKNOWN),
        (Verb.UNDEPLOY, "IN_PROGRESS", "deployed", LiveState.UNDEPLOYING),
        (Verb.UNDEPLOY, "SUCCESS", "deployed", LiveState.UNDEPLOYED),
        (Verb.UNDEPLOY, "FAILED", "deployed", LiveState.DEPLOYED),
        (Verb.UNDEPLOY, "FAILED", None, LiveState.DEPLOYED),
        (Verb.EXPORT, "IN_PROGRESS", "deployed", LiveState.UNKNOWN),
        (Verb.EXPORT, "SUCCESS", "deployed", LiveState.UNKNOWN),
        (Verb.EXPORT, "FAILED", "deployed", LiveState.UNKNOWN),
    ],
)
async def test_the_last_job_tells_the_state(
    simulated: SimulatedPlatforms, time: Time, kore: Platform, verb: Verb, how: str, before: str, state: LiveState
) -> None:
    last = run(simulated, verb, before=before)
    end(simulated, time, how)

    found = await observed(kore, UP, last)

    assert found.state is state
    assert (found.evidence.source, found.evidence.raw, found.evidence.at) == (EvidenceSource.JOB, how, EARLIER)
    assert found.evidence.note == (f"its last {verb} failed" if how == "FAILED" else None)
    assert found.job == (last if how == "IN_PROGRESS" else None)


async def test_what_we_asked_for_counts_and_not_the_action_that_is_echoed(
    simulated: SimulatedPlatforms, time: Time, kore: Platform
) -> None:
    last = run(simulated, Verb.UNDEPLOY)
    time.passes(10)
    simulated.kore.shape("other-action")

    found = await observed(kore, UP, last)

    assert found.state is LiveState.UNDEPLOYED
    assert found.evidence.note == "the answer names the action IMPORT"


async def test_the_reason_of_a_failure_is_shown_where_there_is_one(
    simulated: SimulatedPlatforms, kore: Platform
) -> None:
    last = run(simulated, Verb.UNDEPLOY)
    body = f'{{"_id": "{last.id}", "status": "FAILED", "error": {{"code": "BUSY", "message": "in use"}}}}'
    simulated.kore.fault(Fault(FaultKind.REPLY, status=200, body=body))

    found = await observed(kore, UP, last)

    assert (found.state, found.evidence.note) == (LiveState.DEPLOYED, "its last undeploy failed: in use")


async def test_a_job_that_kore_no_longer_knows_says_nothing(simulated: SimulatedPlatforms, kore: Platform) -> None:
    found = await observed(kore, UP, job(Verb.DEPLOY, "ds-1", before="undeployed"))

    assert found.state is LiveState.UNKNOWN
    assert (found.evidence.raw, found.evidence.note) == ("404", "the platform no longer knows job ds-1")


@pytest.mark.parametrize(
    ("last", "note"),
    [
        (None, "no job of ours is on record"),
        (job(Verb.DEPLOY, None, before="undeployed"), "the platform gave no id for its last job"),
    ],
)
async def test_without_a_job_to_ask_for_the_state_is_unknown_and_nobody_is_asked(
    simulated: SimulatedPlatforms, kore: Platform, last: Job | None, note: str
) -> None:
    found = await observed(kore, UP, last)

    assert (found.state, found.ids, found.job) == (LiveState.UNKNOWN, (), None)
    assert (found.evidence.source, found.evidence.at, found.evidence.note) == (EvidenceSource.NONE, None, note)
    assert len(simulated.kore.log) == 0


@pytest.mark.parametrize(
    ("shape", "error"),
    [
        ("unauthorized", "GET /api/public/dock-status/{job} answered 401: Unauthorized; check RECONCILER_KORE_KEY"),
        (
            "forbidden",
            "GET /api/public/dock-status/{job} answered 403: The key's app lacks the scope; check RECONCILER_KORE_KEY",
        ),
        ("error-html", "GET /api/public/dock-status/{job} answered 502"),
        ("error-text", "GET /api/public/dock-status/{job} answered 500: Something went wrong"),
        ("error-object", "GET /api/public/dock-status/{job} answered 500: Something went wrong"),
        ("unavailable", "GET /api/public/dock-status/{job} answered 503"),
        ("other-job-id", "the answer carries another job's id"),
    ],
)
async def test_a_job_that_cannot_be_read_is_a_failure_of_that_model(
    simulated: SimulatedPlatforms, kore: Platform, shape: str, error: str
) -> None:
    last = run(simulated, Verb.DEPLOY)
    simulated.kore.shape(shape)

    failure = await unobserved(kore, UP, last)

    assert (failure.address, failure.error) == ("kore/cm-up", error)


async def test_one_unreadable_model_keeps_no_other_from_being_read(
    simulated: SimulatedPlatforms, time: Time, kore: Platform
) -> None:
    last = run(simulated, Verb.UNDEPLOY)
    time.passes(10)
    simulated.kore.shape("forbidden", model="cm-up")
    other = simulated.kore.start(simulated.kore.model("cm-down"), JobVerb.DEPLOY)
    down = model("cm-down")
    jobs = {UP.address: last, down.address: job(Verb.DEPLOY, other.id, address=down.address)}

    observation = await kore.observe([UP, down], jobs)

    assert [failure.address for failure in observation.failures] == ["kore/cm-up"]
    assert [(found.address, found.state) for found in observation.lives] == [("kore/cm-down", LiveState.DEPLOYING)]
    assert observation.unmanaged == ()


# The probe.


async def test_a_probe_that_is_answered_means_deployed(simulated: SimulatedPlatforms, kore: Platform) -> None:
    found = await observed(kore, PROBED)

    assert found.state is LiveState.DEPLOYED
    assert (found.evidence.source, found.evidence.raw) == (EvidenceSource.PROBE, "200")
    assert (found.evidence.at, found.evidence.note) == (NOW, None)


async def test_a_probe_that_finds_no_deployment_means_undeployed(simulated: SimulatedPlatforms, kore: Platform) -> None:
    simulated.kore.set_state("cm-up", "undeployed")

    found = await observed(kore, PROBED)

    assert found.state is LiveState.UNDEPLOYED
    assert (found.evidence.source, found.evidence.raw, found.evidence.note) == (EvidenceSource.PROBE, "404", None)


async def test_a_probe_beats_the_last_job_and_says_that_they_disagree(
    simulated: SimulatedPlatforms, time: Time, kore: Platform
) -> None:
    last = run(simulated, Verb.DEPLOY)
    time.passes(10)
    simulated.kore.set_state("cm-up", "undeployed")  # by hand, or by the platform itself

    found = await observed(kore, PROBED, last)

    assert (found.state, found.evidence.source) == (LiveState.UNDEPLOYED, EvidenceSource.PROBE)
    assert found.evidence.note == "its last job left it deployed"


async def test_a_probe_that_agrees_with_the_last_job_notes_nothing(
    simulated: SimulatedPlatforms, time: Time, kore: Platform
) -> None:
    last = run(simulated, Verb.UNDEPLOY)
    time.passes(10)

    found = await observed(kore, PROBED, last)

    assert (found.state, found.evidence.source, found.evidence.note) == (
        LiveState.UNDEPLOYED,
        EvidenceSource.PROBE,
        None,
    )


# A probe that does not say it: unknown, so that a broken probe never looks as if all were well.


@pytest.mark.parametrize("status", [400, 401, 403, 410, 429, 500, 503])
async def test_any_other_answer_to_a_probe_leaves_the_state_unknown(
    simulated: SimulatedPlatforms, time: Time, kore: Platform, status: int
) -> None:
    last = run(simulated, Verb.UNDEPLOY)
    time.passes(10)
    simulated.kore.fault(Fault(FaultKind.REPLY, operation="probe", status=status))

    found = await observed(kore, PROBED, last)

    assert (found.state, found.job) == (LiveState.UNKNOWN, None)
    assert (found.evidence.source, found.evidence.raw) == (EvidenceSource.PROBE, str(status))
    note = f"its probe answered {status}, which says neither; its last job left it undeployed"
    assert (found.evidence.note, found.evidence.at) == (note, None)
    assert len(simulated.kore.log.find(operation="probe")) == 1  # each is billed


async def test_a_wrong_probe_key_leaves_the_state_unknown(simulated: SimulatedPlatforms) -> None:
    async with opened("kore", simulated.kore_url, key=KORE_KEY, probe=(simulated.kore_url, "wrong")) as platform:
        found = await observed(platform, PROBED)

    assert found.state is LiveState.UNKNOWN
    assert found.evidence.note == "its probe answered 401, which says neither"


async def test_a_probe_whose_answer_is_lost_leaves_the_state_unknown(
    simulated: SimulatedPlatforms, time: Time, kore: Platform
) -> None:
    last = run(simulated, Verb.DEPLOY)
    time.passes(10)
    simulated.kore.fault(Fault(FaultKind.DROP_BEFORE, operation="probe", times=None))

    found = await observed(kore, PROBED, last)

    assert (found.state, found.evidence.source) == (LiveState.UNKNOWN, EvidenceSource.PROBE)
    assert found.evidence.raw is None
    assert found.evidence.note is not None
    assert found.evidence.note.startswith("its probe got no answer: POST {path}: the connection to ")
    assert found.evidence.note.endswith("; its last job left it deployed")
    assert len(simulated.kore.log.find(operation="probe")) == 1


@pytest.mark.parametrize("known", [True, False])
async def test_a_probe_without_an_address_names_the_variables_to_set(
    simulated: SimulatedPlatforms, time: Time, known: bool
) -> None:
    last = run(simulated, Verb.DEPLOY)
    time.passes(10)
    async with opened("kore", simulated.kore_url, key=KORE_KEY) as platform:
        found = await observed(platform, PROBED, last if known else None)

    wanted = "its probe cannot be sent: set RECONCILER_KORE_PROBE_URL and RECONCILER_KORE_PROBE_KEY"
    assert found.state is LiveState.UNKNOWN
    assert found.evidence.note == (f"{wanted}; its last job left it deployed" if known else wanted)
    assert simulated.kore.log.find(operation="probe") == ()


async def test_a_model_without_a_probe_path_is_not_probed(simulated: SimulatedPlatforms, kore: Platform) -> None:
    found = await observed(kore, UP)

    assert found.state is LiveState.UNKNOWN
    assert len(simulated.kore.log) == 0


@pytest.mark.parametrize("verb", [Verb.DEPLOY, Verb.UNDEPLOY])
async def test_nothing_is_probed_while_a_job_runs(simulated: SimulatedPlatforms, kore: Platform, verb: Verb) -> None:
    last = run(simulated, verb)

    found = await observed(kore, PROBED, last)

    assert found.state == f"{verb}ing"
    assert [entry.operation for entry in simulated.kore.log.entries] == ["dock-status"]


async def test_a_probe_is_one_token_with_the_deployments_own_key_at_its_own_path(
    simulated: SimulatedPlatforms, kore: Platform
) -> None:
    await observed(kore, PROBED)

    (entry,) = simulated.kore.log.entries
    assert (entry.method, entry.path, entry.query) == ("POST", "/models/cm-up/v2/chat/completions", {})
    assert entry.body == {"messages": [{"role": "user", "content": "ping"}], "max_tokens": 1}
    assert entry.headers["x-api-key"] == KORE_PROBE_KEY
    assert "authorization" not in entry.headers
