"""Actions that Kore.ai refuses, sends elsewhere, or never answers."""

import pytest

from reconciler.core.job import Refused, Verb
from reconciler.core.live import LiveState
from reconciler.platforms.base import Platform
from reconciler.simulator import KORE_KEY, Fault, FaultKind, SimulatedPlatforms

from .asking import model, opened, started
from .kore_answers import UNDEPLOY, accepted, only, refused, reply, uncertain
from .service import Say, Seen, Service

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("status", "recheck"), [(400, False), (404, False), (405, False), (409, True), (413, False), (422, False)]
)
async def test_a_refusal_is_final_and_only_a_conflict_is_looked_at_again(
    simulated: SimulatedPlatforms, kore: Platform, status: int, recheck: bool
) -> None:
    reply(simulated, status, {"success": False, "error": {"code": "X", "message": "cannot  be\nundeployed"}})

    answer = await refused(kore)

    assert answer == Refused(reason=f"{UNDEPLOY} answered {status}: cannot be undeployed", recheck=recheck)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"error": "text"}, ": text"),
        ({"error": {"code": "C", "message": "told"}}, ": told"),
        ({"message": "told"}, ": told"),
        ({"error": {"code": "C"}}, ': {"code": "C"}'),
        ({"error": {"message": "x" * 300}}, ": " + "x" * 199 + "…"),
        ({}, ""),
        ([], ""),
        ("<html>no</html>", ""),
        ("", ""),
    ],
)
async def test_the_reason_of_a_refusal_is_found_in_every_form_of_error(
    simulated: SimulatedPlatforms, kore: Platform, body: object, why: str
) -> None:
    reply(simulated, 400, body)

    assert (await refused(kore)).reason == f"{UNDEPLOY} answered 400{why}"


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_names_the_variable_it_is_set_in(
    simulated: SimulatedPlatforms, kore: Platform, status: int
) -> None:
    simulated.kore.shape("unauthorized" if status == 401 else "forbidden")

    answer = await refused(kore)

    why = "Unauthorized" if status == 401 else "The key's app lacks the scope"
    assert answer == Refused(reason=f"{UNDEPLOY} answered {status}: {why}; check RECONCILER_KORE_KEY")


async def test_the_variable_of_a_renamed_platform_is_its_own(simulated: SimulatedPlatforms) -> None:
    async with opened("kore", simulated.kore_url, key="wrong", name="kore-eu") as platform:
        answer = await refused(platform)

    assert answer.reason.endswith("answered 401: Invalid or missing API key; check RECONCILER_KORE_EU_KEY")


@pytest.mark.parametrize(
    ("headers", "body", "wait"),
    [
        ({"retry-after": "7"}, {}, 7.0),
        ({"retry-after": "Mon, 02 Feb 2026 14:00:09 GMT"}, {}, 9.0),
        ({"retry-after": "Mon, 02 Feb 2026 13:00:00 GMT"}, {}, 0.0),
        ({"retry-after": "soon"}, {}, None),
        ({}, {"retryAfterMs": 300}, 0.3),
        ({}, {"error": {"retryAfterMs": "1500"}}, 1.5),
        ({"retry-after": "7"}, {"retryAfterMs": 300}, 7.0),
        ({}, {"retryAfterMs": "soon"}, None),
        ({}, {"retryAfterMs": 10**400}, None),
        ({}, {}, None),
        ({}, "<html>", None),
    ],
)
async def test_too_many_requests_may_be_tried_again_after_the_time_asked_for(
    simulated: SimulatedPlatforms, kore: Platform, headers: dict[str, str], body: object, wait: float | None
) -> None:
    reply(simulated, 429, body, **headers)

    answer = await refused(kore)

    assert (answer.transient, answer.retry_after, answer.recheck) == (True, wait, False)
    assert len(simulated.kore.log) == 1


@pytest.mark.parametrize("shape", ["limited-seconds", "limited-date", "limited-ms", "limited"])
async def test_the_rate_limits_of_the_neighbours_are_read(
    simulated: SimulatedPlatforms, kore: Platform, shape: str
) -> None:
    simulated.kore.shape(shape)

    answer = await refused(kore)

    assert answer.transient
    assert answer.reason == f"{UNDEPLOY} answered 429: Rate limit for this API has been reached. Please try again later"
    assert (answer.retry_after is None) == (shape == "limited")


# Redirects and lost answers.


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_refused_and_the_key_goes_nowhere(
    simulated: SimulatedPlatforms, kore: Platform, status: int
) -> None:
    async with Service(lambda _: Say({})) as elsewhere:
        simulated.kore.fault(Fault(FaultKind.REDIRECT, url=f"{elsewhere.origin}/take?it=all", status=status))
        answer = await refused(kore)

    target = "http://127.0.0.1"
    said = f"{UNDEPLOY} answered {status}, a redirect to {target}: redirects are not followed"
    assert answer == Refused(reason=said)
    assert (len(simulated.kore.log), elsewhere.connections) == (1, 0)


@pytest.mark.parametrize("location", ["/elsewhere", "http://[bad", "//a[b/"])
async def test_a_redirect_to_nowhere_is_refused_all_the_same(
    simulated: SimulatedPlatforms, kore: Platform, location: str
) -> None:
    simulated.kore.fault(Fault(FaultKind.REDIRECT, url=location))

    assert (await refused(kore)).reason == f"{UNDEPLOY} answered 307, a redirect: redirects are not followed"


@pytest.mark.parametrize("kind", [FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.TRUNCATED])
@pytest.mark.parametrize("reset", [False, True])
async def test_a_lost_answer_is_uncertain_and_the_action_is_not_sent_again(
    simulated: SimulatedPlatforms, kore: Platform, kind: FaultKind, reset: bool
) -> None:
    simulated.kore.fault(Fault(kind, reset=reset))

    reason = (await uncertain(kore)).reason

    assert reason.startswith(f"{UNDEPLOY}: the connection to {simulated.kore_url} broke (")
    assert only(simulated).effect == (kind is not FaultKind.DROP_BEFORE)


async def test_a_service_that_is_not_there_took_nothing_and_may_be_asked_again() -> None:
    async with Service(lambda _: Say({})) as gone:
        pass
    async with opened("kore", gone.origin, key=KORE_KEY) as platform:
        answer = await refused(platform)

    assert answer == Refused(reason=f"{UNDEPLOY}: cannot connect to {gone.origin}: connection refused", transient=True)


async def test_an_id_that_would_leave_its_path_is_not_sent(simulated: SimulatedPlatforms, kore: Platform) -> None:
    answer = await started(kore, Verb.UNDEPLOY, model(".."), LiveState.DEPLOYED)

    assert answer == Refused(reason="'..' cannot stand in a path")
    assert len(simulated.kore.log) == 0


async def test_several_actions_go_out_on_a_connection_each() -> None:
    def answer(seen: Seen) -> Say:
        return Say({"dockStatusId": f"ds-{seen.connection}", "status": "IN_PROGRESS"})

    async with Service(answer) as service, opened("kore", service.origin, key=KORE_KEY) as platform:
        ids = [(await accepted(platform)).job.id for _ in range(3)]

    assert ids == ["ds-1", "ds-2", "ds-3"]
