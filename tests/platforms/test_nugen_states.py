"""Nugen's state tables: which words of a row mean what, in the order of the page, for both generations."""

import pytest

from reconciler.core.live import EvidenceSource, LiveState
from reconciler.platforms.base import Platform
from reconciler.simulator import SimulatedPlatforms

from .asking import NOW, model, observed, unobserved

pytestmark = pytest.mark.anyio

FAQ = "alignment_01KXG82FJJ98NQ0"
A = model(FAQ, "nugen")
B = model(FAQ, "nugen-b")
CONFLICT = "the two words contradict each other"
NO_LINE = "no line of the definition's table fits"


@pytest.mark.parametrize(
    ("status", "deployment", "state", "note"),
    [
        # in motion: whatever the other word says
        ("DEPLOYING", "UNDEPLOYED", LiveState.DEPLOYING, None),
        ("DEPLOYING", "DEPLOYED", LiveState.DEPLOYING, None),
        ("DEPLOYING", None, LiveState.DEPLOYING, None),
        ("UNDEPLOYED", "DEPLOYING", LiveState.DEPLOYING, None),
        ("UNDEPLOYING", "DEPLOYED", LiveState.UNDEPLOYING, None),
        ("UNDEPLOYING", None, LiveState.UNDEPLOYING, None),
        ("DEPLOYED", "UNDEPLOYING", LiveState.UNDEPLOYING, None),
        # the platform's own run
        ("EVALUATING", "DEPLOYED", LiveState.BUSY, None),
        ("EVALUATING", "UNDEPLOYED", LiveState.BUSY, None),
        ("EVALUATING", None, LiveState.BUSY, None),
        # not trained yet
        ("QUEUED", "UNDEPLOYED", LiveState.NOT_READY, None),
        ("PROCESSING", None, LiveState.NOT_READY, None),
        ("PENDING", "UNDEPLOYED", LiveState.NOT_READY, None),
        # deployment_status says it
        ("DEPLOYED", "DEPLOYED", LiveState.DEPLOYED, None),
        ("READY", "DEPLOYED", LiveState.DEPLOYED, None),
        (None, "DEPLOYED", LiveState.DEPLOYED, None),
        ("UNDEPLOYED", "UNDEPLOYED", LiveState.UNDEPLOYED, None),
        ("EVALUATED", "UNDEPLOYED", LiveState.UNDEPLOYED, None),
        ("READY", "UNDEPLOYED", LiveState.UNDEPLOYED, None),
        (None, "UNDEPLOYED", LiveState.UNDEPLOYED, None),
        # only status is there
        ("DEPLOYED", None, LiveState.DEPLOYED, None),
        ("UNDEPLOYED", None, LiveState.UNDEPLOYED, None),
        ("EVALUATED", None, LiveState.UNDEPLOYED, None),
        ("READY", None, LiveState.UNDEPLOYED, None),
        ("COMPLETED", None, LiveState.UNDEPLOYED, None),
        # broken
        ("FAILED", None, LiveState.BROKEN, None),
        ("STOPPED", None, LiveState.BROKEN, None),
        # contradictions
        ("DEPLOYED", "UNDEPLOYED", LiveState.UNKNOWN, CONFLICT),
        ("UNDEPLOYED", "DEPLOYED", LiveState.UNKNOWN, CONFLICT),
        # words that no page has
        ("WARMING", "DEPLOYED", LiveState.DEPLOYED, "unknown word WARMING"),
        ("WARMING", "UNDEPLOYED", LiveState.UNDEPLOYED, "unknown word WARMING"),
        ("WARMING", None, LiveState.UNKNOWN, "unknown word WARMING"),
        ("DEPLOYED", "WARMING", LiveState.UNKNOWN, "unknown word WARMING"),
        ("HOT", "WARMING", LiveState.UNKNOWN, "unknown word HOT, WARMING"),
        # nothing is said
        (None, None, LiveState.UNKNOWN, NO_LINE),
        ("", "", LiveState.UNKNOWN, NO_LINE),
        (["DEPLOYED"], {"is": "DEPLOYED"}, LiveState.UNKNOWN, NO_LINE),
        # any letter case
        ("Evaluated", "Undeployed", LiveState.UNDEPLOYED, None),
        ("deployed", "deployed", LiveState.DEPLOYED, None),
        (" DEPLOYED ", "Deployed", LiveState.DEPLOYED, None),
    ],
)
async def test_the_words_of_a_row_decide(
    simulated: SimulatedPlatforms, nugen: Platform, status: object, deployment: object, state: str, note: str | None
) -> None:
    simulated.nugen.add(FAQ, facts={"status": status, "deployment_status": deployment})

    found = await observed(nugen, A)

    assert (found.state, found.evidence.note) == (state, note)
    assert (found.evidence.source, found.evidence.at) == (EvidenceSource.LIST, NOW)


@pytest.mark.parametrize(
    ("status", "deployment", "raw"),
    [
        ("EVALUATED", "UNDEPLOYED", "EVALUATED/UNDEPLOYED"),
        ("DEPLOYED", "DEPLOYED", "DEPLOYED"),
        ("WARMING", None, "WARMING"),
        (None, None, None),
    ],
)
async def test_the_platforms_own_words_are_kept(
    simulated: SimulatedPlatforms, nugen: Platform, status: str | None, deployment: str | None, raw: str | None
) -> None:
    simulated.nugen.add(FAQ, facts={"status": status, "deployment_status": deployment})

    assert (await observed(nugen, A)).evidence.raw == raw


async def test_words_without_end_are_cut(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    simulated.nugen.add(FAQ, facts={"status": "w" * 5000, "deployment_status": "DEPLOYED"})

    evidence = (await observed(nugen, A)).evidence

    assert evidence.raw == "w" * 199 + "…"
    assert evidence.note == f"unknown word {evidence.raw}"


@pytest.mark.parametrize(
    ("shape", "deployed", "state"),
    [
        ("list-mixed-case", True, LiveState.DEPLOYED),
        ("list-mixed-case", False, LiveState.UNDEPLOYED),
        ("list-naive-times", True, LiveState.DEPLOYED),
        ("no-deployment-status", True, LiveState.DEPLOYED),
        ("no-deployment-status", False, LiveState.UNDEPLOYED),
        ("contradiction", True, LiveState.UNKNOWN),
        ("evaluating", True, LiveState.BUSY),
        ("evaluating", False, LiveState.BUSY),
        ("warming", True, LiveState.DEPLOYED),
        ("ready", False, LiveState.UNDEPLOYED),
        ("duplicate-name", True, LiveState.DEPLOYED),
    ],
)
async def test_the_simulators_odd_rows(
    simulated: SimulatedPlatforms, nugen: Platform, shape: str, deployed: bool, state: LiveState
) -> None:
    simulated.nugen.add(FAQ, "faq-bot", deployed=deployed)
    simulated.nugen.shape(shape)

    assert (await observed(nugen, A)).state is state


# Generation B: one word, and a route to ask where it is ambiguous.


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("DEPLOYED", LiveState.DEPLOYED),
        ("Deployed", LiveState.DEPLOYED),
        ("DEPLOYING", LiveState.DEPLOYING),
        ("UNDEPLOYING", LiveState.UNDEPLOYING),
        ("EVALUATING", LiveState.BUSY),
        ("QUEUED", LiveState.NOT_READY),
        ("PROCESSING", LiveState.NOT_READY),
        ("PENDING", LiveState.NOT_READY),
        ("UNDEPLOYED", LiveState.UNDEPLOYED),
        ("EVALUATED", LiveState.UNDEPLOYED),
        ("COMPLETED", LiveState.UNDEPLOYED),
        ("FAILED", LiveState.BROKEN),
        ("STOPPED", LiveState.BROKEN),
        ("WARMING", LiveState.UNKNOWN),
        (None, LiveState.UNKNOWN),
    ],
)
async def test_generation_b_has_one_word(
    simulated: SimulatedPlatforms, nugen_b: Platform, word: str | None, state: LiveState
) -> None:
    simulated.nugen.add(FAQ, facts={"deployment_status": word})

    found = await observed(nugen_b, B)

    assert (found.state, found.evidence.raw, found.evidence.source) == (state, word, EvidenceSource.LIST)
    assert {entry.operation for entry in simulated.nugen.log.entries} == {"b-list"}


@pytest.mark.parametrize(
    ("word", "said", "state"),
    [
        (None, "DEPLOYED", LiveState.DEPLOYED),
        ("UNDEPLOYED", "UNDEPLOYED", LiveState.UNDEPLOYED),
        ("READY", "READY", LiveState.UNDEPLOYED),
        ("DEPLOYING", "DEPLOYING", LiveState.DEPLOYING),
        ("UNDEPLOYING", "UNDEPLOYING", LiveState.UNDEPLOYING),
        ("WARMING", "WARMING", LiveState.UNKNOWN),
    ],
)
async def test_ready_in_the_list_is_asked_at_the_models_own_route(
    simulated: SimulatedPlatforms, nugen_b: Platform, word: str | None, said: str, state: LiveState
) -> None:
    simulated.nugen.add(FAQ, word=word, facts={"deployment_status": "READY"})

    found = await observed(nugen_b, B)

    assert found.state is state
    assert (found.evidence.source, found.evidence.raw) == (EvidenceSource.GET, said)
    assert found.evidence.note == f"READY in the list, {said} asked"
    assert found.ids == ("model_01kxg82fjj98nq0", FAQ)
    (asked,) = simulated.nugen.log.find(operation="b-status")
    assert asked.path == "/api/v3/models/model_01kxg82fjj98nq0/deployment/status"


async def test_ready_stays_unknown_where_the_route_knows_no_such_model(
    simulated: SimulatedPlatforms, nugen_b: Platform
) -> None:
    simulated.nugen.add(FAQ, facts={"deployment_status": "READY"})
    simulated.nugen.shape("task-404")

    found = await observed(nugen_b, B)

    assert (found.state, found.evidence.raw) == (LiveState.UNKNOWN, "404")
    assert found.evidence.note == "READY in the list, 404 asked"


async def test_ready_is_a_failure_of_that_model_where_the_route_is_broken(
    simulated: SimulatedPlatforms, nugen_b: Platform
) -> None:
    simulated.nugen.add(FAQ, facts={"deployment_status": "READY"})
    simulated.nugen.shape("error-html", operation="b-status")

    failure = await unobserved(nugen_b, B)

    assert (failure.address, failure.error) == (
        B.address,
        "GET /api/v3/models/{id}/deployment/status answered 502",
    )


async def test_nobody_asks_about_models_that_are_not_ours(simulated: SimulatedPlatforms, nugen_b: Platform) -> None:
    simulated.nugen.add("alignment_other", facts={"deployment_status": "READY"})

    observation = await nugen_b.observe([], {})

    assert [(listed.id, listed.state) for listed in observation.unmanaged] == [("alignment_other", LiveState.UNKNOWN)]
    assert simulated.nugen.log.find(operation="b-status") == ()
