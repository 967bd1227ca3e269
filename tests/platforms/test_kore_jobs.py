"""How a job of Kore.ai stands: every spelling of status, progress and download address, and answers that are odd."""

import json

import pytest

from reconciler.core.job import Job, JobState, JobStatus, Verb
from reconciler.platforms.base import Platform
from reconciler.simulator import KORE_KEY, Fault, FaultKind, SimulatedPlatforms
from reconciler.simulator import Verb as JobVerb

from .asking import job, opened, polled, unpolled
from .conftest import Time
from .service import Say, Seen, Service

pytestmark = pytest.mark.anyio

DOCK = "GET /api/public/dock-status/{job}"
UNDEPLOY = job(Verb.UNDEPLOY, "ds-1")
EXPORT = job(Verb.EXPORT, "ds-1")


def run(simulated: SimulatedPlatforms, verb: Verb = Verb.UNDEPLOY) -> Job:
    """A job that runs on `cm-up`."""
    return job(verb, simulated.kore.start(simulated.kore.model("cm-up"), JobVerb(verb)).id)


def reply(simulated: SimulatedPlatforms, body: object, status: int = 200, times: int = 1) -> None:
    """Let the next reads be answered so."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    simulated.kore.fault(Fault(FaultKind.REPLY, status=status, body=content, headers=headers, times=times))


# Words.


@pytest.mark.parametrize(
    ("word", "state", "warning"),
    [
        ("SUCCESS", JobState.SUCCEEDED, None),
        ("success", JobState.SUCCEEDED, None),
        (" Success ", JobState.SUCCEEDED, None),
        ("FAILED", JobState.FAILED, None),
        ("failed", JobState.FAILED, None),
        ("IN_PROGRESS", JobState.RUNNING, None),
        ("in progress", JobState.RUNNING, None),
        ("IN_ PROGRESS", JobState.RUNNING, None),
        ("IN PROGRES S", JobState.RUNNING, None),
        ("DONE", JobState.RUNNING, "unknown word DONE"),
        ("SUCCESSFUL", JobState.RUNNING, "unknown word SUCCESSFUL"),
        ("CANCELLED", JobState.RUNNING, "unknown word CANCELLED"),
        (7, JobState.RUNNING, "unknown word 7"),
        ("", JobState.RUNNING, "the answer holds no state word"),
        (None, JobState.RUNNING, "the answer holds no state word"),
        (True, JobState.RUNNING, "the answer holds no state word"),
        (["SUCCESS"], JobState.RUNNING, "the answer holds no state word"),
    ],
)
async def test_a_word_that_no_page_has_is_still_running_and_never_success(
    simulated: SimulatedPlatforms, kore: Platform, word: object, state: JobState, warning: str | None
) -> None:
    reply(simulated, {"_id": "ds-1", "status": word})

    status = await polled(kore, UNDEPLOY)

    assert (status.state, status.warning) == (state, warning)


@pytest.mark.parametrize("shape", ["status-lower-case", "status-spaced", "status-split"])
async def test_the_spellings_of_the_pages_are_read(
    simulated: SimulatedPlatforms, time: Time, kore: Platform, shape: str
) -> None:
    running = run(simulated)
    simulated.kore.shape(shape)

    before = await polled(kore, running)
    time.passes(10)
    after = await polled(kore, running)

    assert (before.state, before.warning) == (JobState.RUNNING, None)
    assert (after.state, after.warning) == (JobState.SUCCEEDED, None)


async def test_an_unknown_word_is_shown_as_it_is(simulated: SimulatedPlatforms, time: Time, kore: Platform) -> None:
    running = run(simulated)
    time.passes(10)
    simulated.kore.shape("status-unknown")

    status = await polled(kore, running)

    assert status == JobStatus(state=JobState.RUNNING, raw="QUEUED", warning="unknown word QUEUED")


async def test_a_word_without_end_is_cut(simulated: SimulatedPlatforms, kore: Platform) -> None:
    reply(simulated, {"_id": "ds-1", "status": "x" * 1000})

    status = await polled(kore, UNDEPLOY)

    assert status.raw == "x" * 199 + "…"
    assert status.warning == f"unknown word {status.raw}"


# What else an answer may hold.


@pytest.mark.parametrize("shape", ["tool-id", "workflow-id", "dock-minimal", "other-model-id"])
async def test_the_subject_of_a_job_is_ours_whatever_it_is_called(
    simulated: SimulatedPlatforms, kore: Platform, shape: str
) -> None:
    running = run(simulated)
    simulated.kore.shape(shape)

    assert await polled(kore, running) == JobStatus(state=JobState.RUNNING, raw="IN_PROGRESS")


@pytest.mark.parametrize("echoed", ["UNDEPLOY", "undeploy", "Un-Deploy"])
async def test_the_action_we_asked_for_is_no_warning_in_any_spelling(
    simulated: SimulatedPlatforms, kore: Platform, echoed: str
) -> None:
    reply(simulated, {"_id": "ds-1", "action": echoed, "status": "SUCCESS"})

    assert await polled(kore, UNDEPLOY) == JobStatus(state=JobState.SUCCEEDED, raw="SUCCESS")


async def test_another_action_is_a_warning_and_decides_nothing(simulated: SimulatedPlatforms, kore: Platform) -> None:
    reply(simulated, {"_id": "ds-1", "action": "DEPLOY", "status": "SUCCESS"})

    status = await polled(kore, UNDEPLOY)

    assert (status.state, status.warning) == (JobState.SUCCEEDED, "the answer names the action DEPLOY")


@pytest.mark.parametrize("field", ["_id", "dockStatusId", "dock-statusId"])
async def test_another_jobs_answer_is_not_taken_for_ours(
    simulated: SimulatedPlatforms, kore: Platform, field: str
) -> None:
    reply(simulated, {field: "ds-2", "status": "SUCCESS"})

    assert (await unpolled(kore, UNDEPLOY)).error == "the answer carries another job's id"


async def test_an_answer_that_repeats_no_id_is_taken(simulated: SimulatedPlatforms, kore: Platform) -> None:
    reply(simulated, {"status": "SUCCESS"})

    assert (await polled(kore, UNDEPLOY)).state is JobState.SUCCEEDED


@pytest.mark.parametrize(
    ("told", "percent"),
    [
        (0, 0.0),
        (99.5, 99.5),
        ("42", 42.0),
        (" 42 ", 42.0),
        (250, 100.0),
        (-1, 0.0),
        ("half", None),
        (None, None),
        (True, None),
        ([50], None),
        (10**400, None),
        ("nan", 0.0),
    ],
)
async def test_progress_is_a_number_or_text_and_no_proof_of_an_end(
    simulated: SimulatedPlatforms, kore: Platform, told: object, percent: float | None
) -> None:
    reply(simulated, {"_id": "ds-1", "status": "IN_PROGRESS", "percentageComplete": told})

    status = await polled(kore, UNDEPLOY)

    assert (status.state, status.progress) == (JobState.RUNNING, percent)


@pytest.mark.parametrize("shape", ["progress-number", "progress-string", "progress-zero"])
async def test_progress_of_any_job_is_read(
    simulated: SimulatedPlatforms, time: Time, kore: Platform, shape: str
) -> None:
    ended = run(simulated, Verb.EXPORT)
    time.passes(10)
    simulated.kore.shape(shape)

    status = await polled(kore, ended)

    assert (status.state, status.progress) == (JobState.SUCCEEDED, 0.0 if shape == "progress-zero" else 100.0)


# The download address.


async def test_an_export_gives_its_address_only_at_its_end(
    simulated: SimulatedPlatforms, time: Time, kore: Platform
) -> None:
    export = run(simulated, Verb.EXPORT)

    before = await polled(kore, export)
    time.passes(10)
    after = await polled(kore, export)

    assert (before.state, before.artifact, before.progress) == (JobState.RUNNING, None, 0.0)
    assert (after.state, after.progress) == (JobState.SUCCEEDED, 100.0)
    assert after.artifact is not None
    assert after.artifact.startswith(f"{simulated.kore_url}/api/v1/account/")


@pytest.mark.parametrize("shape", ["url-flat", "url-flat-camel", "url-nested-upper", "url-spaced"])
async def test_every_spelling_of_the_address_is_read(
    simulated: SimulatedPlatforms, time: Time, kore: Platform, shape: str
) -> None:
    export = run(simulated, Verb.EXPORT)
    time.passes(10)
    plain = (await polled(kore, export)).artifact
    simulated.kore.shape(shape)

    assert plain is not None
    assert (await polled(kore, export)).artifact == plain


async def test_the_nested_address_comes_first(simulated: SimulatedPlatforms, kore: Platform) -> None:
    body = {"_id": "ds-1", "status": "SUCCESS", "downloadUrl": "https://b", "response": {"downloadURL": "https://a"}}
    reply(simulated, body)

    assert (await polled(kore, EXPORT)).artifact == "https://a"


@pytest.mark.parametrize("word", ["IN_PROGRESS", "FAILED", "QUEUED"])
async def test_an_address_before_the_end_is_not_taken(simulated: SimulatedPlatforms, kore: Platform, word: str) -> None:
    reply(simulated, {"_id": "ds-1", "status": word, "response": {"downloadUrl": "https://a"}})

    assert (await polled(kore, EXPORT)).artifact is None


async def test_a_finished_export_may_have_no_address(simulated: SimulatedPlatforms, time: Time, kore: Platform) -> None:
    export = run(simulated, Verb.EXPORT)
    time.passes(10)
    simulated.kore.shape("url-missing")

    status = await polled(kore, export)

    assert (status.state, status.artifact) == (JobState.SUCCEEDED, None)


# Failures of a job.


async def test_a_failure_without_a_reason_has_none(simulated: SimulatedPlatforms, kore: Platform) -> None:
    failed = run(simulated)
    simulated.kore.kill_job("cm-up", "kept to itself")

    assert await polled(kore, failed) == JobStatus(state=JobState.FAILED, raw="FAILED")


@pytest.mark.parametrize(
    "reason",
    [
        {"error": {"code": "C", "message": "no room"}},
        {"error": "no room"},
        {"failureReason": "no room"},
        {"message": "no \n room"},
    ],
)
async def test_a_reason_is_found_where_the_neighbours_have_it(
    simulated: SimulatedPlatforms, kore: Platform, reason: dict[str, object]
) -> None:
    reply(simulated, {"_id": "ds-1", "status": "FAILED", **reason})

    assert (await polled(kore, UNDEPLOY)).error == "no room"


async def test_a_text_beside_a_job_that_has_not_failed_is_no_error(
    simulated: SimulatedPlatforms, kore: Platform
) -> None:
    reply(simulated, {"_id": "ds-1", "status": "SUCCESS", "message": "all good"})

    assert (await polled(kore, UNDEPLOY)).error is None


# Answers that tell nothing.


async def test_a_job_that_is_not_found_is_absent(simulated: SimulatedPlatforms, kore: Platform) -> None:
    status = await polled(kore, UNDEPLOY)

    assert status == JobStatus(state=JobState.ABSENT, raw="404", error=f"{DOCK} answered 404: Dock status not found")


async def test_a_gateway_error_in_between_is_got_over(simulated: SimulatedPlatforms, kore: Platform) -> None:
    running = run(simulated)
    simulated.kore.shape("error-html", times=2)

    assert (await polled(kore, running)).state is JobState.RUNNING
    assert [entry.status for entry in simulated.kore.log.entries] == [502, 502, 200]


@pytest.mark.parametrize("shape", ["error-html", "error-text", "error-object", "unavailable", "limited"])
async def test_a_service_that_stays_broken_is_a_failure_to_read(
    simulated: SimulatedPlatforms, kore: Platform, shape: str
) -> None:
    running = run(simulated)
    simulated.kore.shape(shape)

    failure = await unpolled(kore, running)

    assert (failure.address, failure.error.split(" answered ")[0]) == ("kore/cm-up", DOCK)
    assert len(simulated.kore.log) == 3


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Sign in</html>",
        b'{"_id": "ds-1" "status": "SUCCESS"}',
        b'{"_id": "ds-1", "status": "SUCCESS", "status": "FAILED"}',
        b'{"_id": "ds-1", "status": "SUCCESS", "percentageComplete": NaN}',
        b'{"_id": "ds-1", "status": "\xff"}',
        b'{"_id": "ds-1", "status": "\\ud800"}',
        b'{"_id": "ds-1", "status": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"_id": "ds-1", "status": ' + b"9" * 5000 + b"}",
    ],
    ids=["html", "comma", "doubled", "nan", "latin", "surrogate", "nested", "number"],
)
async def test_what_is_not_json_is_a_failure_that_shows_its_beginning_only(
    simulated: SimulatedPlatforms, kore: Platform, body: bytes
) -> None:
    reply(simulated, body)

    error = (await unpolled(kore, UNDEPLOY)).error

    assert error.startswith(f"{DOCK}: status 200 with application/json, not the JSON expected: ")
    assert len(error) < 300
    assert len(simulated.kore.log) == 1


@pytest.mark.parametrize("body", [b"null", b"[]", b'"ok"', b"7", b"{}", b"", b"  "])
async def test_json_that_is_no_job_is_running_with_a_warning(
    simulated: SimulatedPlatforms, kore: Platform, body: bytes
) -> None:
    reply(simulated, body)

    status = await polled(kore, UNDEPLOY)

    assert status == JobStatus(state=JobState.RUNNING, warning="the answer holds no state word")


@pytest.mark.parametrize(
    "body", [b'\xef\xbb\xbf{"status": "SUCCESS"}', b'{"status": "SUCCESS", "x": "\\ud83d\\ude00"}']
)
async def test_a_byte_order_mark_and_escaped_characters_are_json_too(
    simulated: SimulatedPlatforms, kore: Platform, body: bytes
) -> None:
    reply(simulated, body)

    assert (await polled(kore, UNDEPLOY)).state is JobState.SUCCEEDED


async def test_a_job_without_an_id_cannot_be_followed(simulated: SimulatedPlatforms, kore: Platform) -> None:
    failure = await unpolled(kore, job(Verb.DEPLOY, None))

    assert failure.address == "kore/cm-up"
    assert failure.error.endswith("deploy without a job id cannot be followed")
    assert len(simulated.kore.log) == 0


@pytest.mark.parametrize(
    ("id", "sent"),
    [
        ("ds/../../admin", "ds%2F..%2F..%2Fadmin"),
        ("ds?x=1", "ds%3Fx%3D1"),
        ("ds#f", "ds%23f"),
        ("%2e%2e", "%252e%252e"),
        ("dś", "d%C5%9B"),
    ],
)
async def test_a_job_id_from_an_answer_stays_in_its_segment(
    simulated: SimulatedPlatforms, kore: Platform, id: str, sent: str
) -> None:
    await kore.poll([job(Verb.DEPLOY, id)])

    (entry,) = simulated.kore.log.entries
    assert entry.path == f"/api/public/dock-status/{sent}"


async def test_a_job_id_that_is_no_segment_is_not_asked_for(simulated: SimulatedPlatforms, kore: Platform) -> None:
    failure = await unpolled(kore, job(Verb.DEPLOY, ".."))

    assert failure.error == "'..' cannot stand in a path"
    assert len(simulated.kore.log) == 0


# Many at once.


async def test_many_jobs_are_asked_for_side_by_side_and_each_gets_its_own_answer() -> None:
    def answer(seen: Seen) -> Say:
        number = int(seen.target.rsplit("-", 1)[1])
        return Say({"status": ["IN_PROGRESS", "SUCCESS", "FAILED"][number % 3]})

    jobs = [job(Verb.DEPLOY, f"ds-{number}", address=f"kore/{number}") for number in range(20)]
    async with Service(answer) as service, opened("kore", service.origin, key=KORE_KEY) as platform:
        statuses = await platform.poll(jobs)

    found = [statuses[asked] for asked in jobs]
    states = [status.state for status in found if isinstance(status, JobStatus)]
    order = [JobState.RUNNING, JobState.SUCCEEDED, JobState.FAILED]
    assert states == [order[number % 3] for number in range(20)]
    assert len(service.seen) == 20
    assert service.connections <= 4


async def test_nothing_to_ask_for_is_nothing_asked(simulated: SimulatedPlatforms, kore: Platform) -> None:
    assert await kore.poll([]) == {}
    assert len(simulated.kore.log) == 0
