"""Which row of Nugen's list is which model of the inventory, and which id the routes take."""

import pytest

from reconciler.core.job import Accepted, Refused, Verb
from reconciler.core.live import EvidenceSource, Listed, LiveState
from reconciler.platforms.base import Platform
from reconciler.simulator import Fault, FaultKind, SimulatedPlatforms

from .asking import go, model, observed, started, unobserved
from .conftest import Time

pytestmark = pytest.mark.anyio

FAQ = "alignment_01KXG82FJJ98NQ0"
UNDEPLOYED_ID = "alignment-01kxg82fjj98nq0"
DEPLOYED_ID = f"faq-bot-{UNDEPLOYED_ID}"
MODEL_ID = "model_01kxg82fjj98nq0"


@pytest.mark.parametrize(
    "id",
    [
        FAQ,
        FAQ.lower(),
        FAQ.upper(),
        FAQ.replace("_", "-"),
        UNDEPLOYED_ID.upper().replace("-", "_"),
        f" {FAQ} ",
    ],
)
@pytest.mark.parametrize("deployed", [True, False])
async def test_the_alignment_id_matches_in_any_case_and_with_either_dash(
    simulated: SimulatedPlatforms, nugen: Platform, id: str, deployed: bool
) -> None:
    simulated.nugen.add("alignment_other", "other")
    simulated.nugen.add(FAQ, "faq-bot", deployed=deployed)

    found = await observed(nugen, model(id, "nugen"))

    assert found.state == ("deployed" if deployed else "undeployed")
    assert found.ids == (DEPLOYED_ID if deployed else UNDEPLOYED_ID, FAQ)


async def test_the_present_id_matches_too(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    simulated.nugen.add(FAQ, "faq-bot")

    assert (await observed(nugen, model(DEPLOYED_ID, "nugen"))).state is LiveState.DEPLOYED


async def test_generation_b_matches_by_alignment_id_and_by_model_id(
    simulated: SimulatedPlatforms, nugen_b: Platform
) -> None:
    simulated.nugen.add(FAQ, "faq-bot")

    for id in (FAQ, FAQ.lower().replace("_", "-"), MODEL_ID, MODEL_ID.upper()):
        found = await observed(nugen_b, model(id, "nugen-b"))
        assert (found.state, found.ids) == (LiveState.DEPLOYED, (MODEL_ID, FAQ))


async def test_a_row_without_an_alignment_id_is_matched_by_its_id(
    simulated: SimulatedPlatforms, nugen: Platform
) -> None:
    simulated.nugen.add(FAQ, "faq-bot")
    simulated.nugen.shape("no-alignment-id")

    assert (await observed(nugen, model(DEPLOYED_ID, "nugen"))).ids == (DEPLOYED_ID,)


async def test_an_alignment_id_counts_before_anothers_id(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    simulated.nugen.add("alignment_first", deployed=False, facts={"id": "alignment-second"})
    simulated.nugen.add("alignment_second", deployed=True, facts={"id": "third"})

    found = await observed(nugen, model("alignment_second", "nugen"))

    assert (found.state, found.ids) == (LiveState.DEPLOYED, ("third", "alignment_second"))


async def test_a_name_is_no_identity(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    simulated.nugen.add(FAQ, "faq-bot")

    assert (await observed(nugen, model("faq-bot", "nugen"))).state is LiveState.ABSENT


async def test_two_rows_of_one_identity_are_a_failure_that_names_them(
    simulated: SimulatedPlatforms, nugen: Platform
) -> None:
    simulated.nugen.add(FAQ, "faq-bot", deployed=False, facts={"id": "one"})
    simulated.nugen.add("alignment_2", "faq-bot", deployed=True, facts={"id": "two", "alignment_id": FAQ.lower()})

    observation = await nugen.observe([model(FAQ, "nugen")], {})

    (failure,) = observation.failures
    assert failure.address == f"nugen/{FAQ}"
    assert failure.error == f"2 listed models have the id {FAQ}: one, two"
    assert (observation.lives, observation.unmanaged) == ((), ())


async def test_one_row_listed_twice_is_not_guessed_about(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    simulated.nugen.add(FAQ, "faq-bot")
    simulated.nugen.shape("row-twice")

    failure = await unobserved(nugen, model(FAQ, "nugen"))

    assert failure.error == f"2 listed models have the id {FAQ}: {DEPLOYED_ID}, {DEPLOYED_ID}"


async def test_many_rows_of_one_identity_are_not_all_named(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    for number in range(9):
        simulated.nugen.add(f"alignment_{number}", facts={"id": f"row{number}", "alignment_id": FAQ})

    failure = await unobserved(nugen, model(FAQ, "nugen"))

    assert failure.error == f"9 listed models have the id {FAQ}: row0, row1, row2, row3, row4"


async def test_an_ambiguous_model_spoils_no_other(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    simulated.nugen.add(FAQ)
    simulated.nugen.add("alignment_2")
    simulated.nugen.shape("row-twice", model=FAQ)

    observation = await nugen.observe([model(FAQ, "nugen"), model("alignment_2", "nugen")], {})

    assert [failure.address for failure in observation.failures] == [f"nugen/{FAQ}"]
    assert [live.address for live in observation.lives] == ["nugen/alignment_2"]


async def test_models_of_the_same_name_are_different_models(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    simulated.nugen.add(FAQ, "faq-bot")
    simulated.nugen.shape("duplicate-name")

    observation = await nugen.observe([model(FAQ, "nugen")], {})

    assert [live.state for live in observation.lives] == [LiveState.DEPLOYED]
    assert [(listed.id, listed.name) for listed in observation.unmanaged] == [(f"{FAQ}-2", "faq-bot")]


# Absent, unmanaged, private.


@pytest.mark.parametrize("generation", ["nugen", "nugen-b"])
async def test_what_a_whole_list_does_not_hold_is_absent(
    simulated: SimulatedPlatforms, nugen: Platform, nugen_b: Platform, generation: str
) -> None:
    simulated.nugen.add("alignment_other")
    simulated.nugen.add(FAQ)
    simulated.nugen.shape("row-missing", model=FAQ)

    found = await observed(nugen if generation == "nugen" else nugen_b, model(FAQ, generation))

    assert (found.state, found.ids) == (LiveState.ABSENT, ())
    assert (found.evidence.source, found.evidence.raw) == (EvidenceSource.LIST, None)
    assert found.evidence.note == "not in the list"


@pytest.mark.parametrize(
    ("shape", "error"),
    [
        ("list-error", "answered 500: Internal Server Error"),
        ("error-html", "answered 502"),
        ("unavailable", "answered 503"),
        ("error-422", "answered 422: path.model_id: field required"),
        ("unauthorized", "answered 401: Not authenticated; check RECONCILER_NUGEN_KEY"),
        ("forbidden", "answered 403: Not authenticated; check RECONCILER_NUGEN_KEY"),
    ],
)
async def test_a_list_that_cannot_be_read_is_a_failure_of_the_platform(
    simulated: SimulatedPlatforms, nugen: Platform, shape: str, error: str
) -> None:
    simulated.nugen.add(FAQ)
    simulated.nugen.shape(shape)

    failure = await unobserved(nugen, model(FAQ, "nugen"))

    assert (failure.address, failure.error) == ("nugen", f"GET /api/v3/models/aligned {error}")


@pytest.mark.parametrize("body", ["[]", '{"domain_aligned_models": {}}', "null", "{}", '{"models": []}'])
async def test_an_answer_without_a_list_is_no_empty_list(
    simulated: SimulatedPlatforms, nugen: Platform, body: str
) -> None:
    simulated.nugen.fault(Fault(FaultKind.REPLY, status=200, body=body))

    failure = await unobserved(nugen, model(FAQ, "nugen"))

    assert failure.error == "the answer holds no list at /domain_aligned_models"


async def test_rows_that_are_no_rows_are_passed_over(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    body = f'{{"domain_aligned_models": [null, 7, "x", [], {{}}, {{"alignment_id": "{FAQ}", "status": "DEPLOYED"}}]}}'
    simulated.nugen.fault(Fault(FaultKind.REPLY, status=200, body=body))

    observation = await nugen.observe([model(FAQ, "nugen")], {})

    assert [(live.state, live.ids) for live in observation.lives] == [(LiveState.DEPLOYED, (FAQ,))]
    assert (observation.unmanaged, observation.failures) == ((), ())


async def test_what_is_not_in_the_inventory_is_listed_as_unmanaged(
    simulated: SimulatedPlatforms, nugen: Platform
) -> None:
    simulated.nugen.add(FAQ, "faq-bot")
    simulated.nugen.add("alignment_2", "old-pilot", deployed=True)
    simulated.nugen.add("alignment_3", "new-pilot", word="QUEUED")

    observation = await nugen.observe([model(FAQ, "nugen")], {})

    assert observation.unmanaged == (
        Listed(platform="nugen", id="alignment_2", name="old-pilot", state=LiveState.DEPLOYED),
        Listed(platform="nugen", id="alignment_3", name="new-pilot", state=LiveState.NOT_READY),
    )


@pytest.mark.parametrize("asked", [True, False])
async def test_who_made_a_model_appears_nowhere(simulated: SimulatedPlatforms, nugen: Platform, asked: bool) -> None:
    simulated.nugen.add(FAQ, "faq-bot", facts={"creator": "jane.doe@example.com"})

    observation = await nugen.observe([model(FAQ, "nugen")] if asked else [], {})

    assert len(observation.lives if asked else observation.unmanaged) == 1
    assert "jane" not in repr(observation)


async def test_every_model_comes_back_once_from_one_request(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    for number in range(50):
        simulated.nugen.add(f"alignment_{number}", deployed=number % 2 == 0)

    observation = await nugen.observe([model(f"alignment_{number}", "nugen") for number in range(40)], {})

    assert [live.address for live in observation.lives] == [f"nugen/alignment_{number}" for number in range(40)]
    assert [live.state for live in observation.lives] == [LiveState.DEPLOYED, LiveState.UNDEPLOYED] * 20
    assert len(observation.unmanaged) == 10
    assert len(simulated.nugen.log) == 1


# Ids that the routes take.


async def test_the_id_changes_with_the_state_and_the_present_one_is_acted_on(
    simulated: SimulatedPlatforms, time: Time, nugen: Platform
) -> None:
    simulated.nugen.add(FAQ, "faq-bot", deployed=True)
    asked = model(FAQ, "nugen")

    up = await observed(nugen, asked)
    await nugen.start(Verb.UNDEPLOY, asked, up, go)
    time.passes(10)
    down = await observed(nugen, asked)
    answer = await nugen.start(Verb.DEPLOY, asked, down, go)

    assert (up.ids[0], down.ids[0]) == (DEPLOYED_ID, UNDEPLOYED_ID)
    assert isinstance(answer, Accepted)
    actions = [entry.path.rsplit("/", 1)[1] for entry in simulated.nugen.log.entries if entry.method != "GET"]
    assert actions == [DEPLOYED_ID, UNDEPLOYED_ID]


async def test_an_id_that_begins_with_a_hyphen_is_sent_as_it_is(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    simulated.nugen.add(FAQ, "ak 14 july", deployed=True)
    simulated.nugen.shape("hyphen-id")
    asked = model(FAQ, "nugen")

    found = await observed(nugen, asked)
    answer = await nugen.start(Verb.UNDEPLOY, asked, found, go)

    assert found.ids[0] == f"-ak-14-july-{UNDEPLOYED_ID}"
    assert isinstance(answer, Accepted)
    assert answer.job.id == f"-{UNDEPLOYED_ID}"
    (entry,) = simulated.nugen.log.find(operation="undeploy")
    assert entry.path == f"/api/v3/models/undeploy-model/-ak-14-july-{UNDEPLOYED_ID}"


async def test_where_the_first_id_is_not_known_the_rows_second_is_tried(
    simulated: SimulatedPlatforms, nugen: Platform
) -> None:
    simulated.nugen.add("alignment-zz1", "faq-bot", deployed=False)  # its id while undeployed is its alignment id
    asked = model("alignment-zz1", "nugen")

    answer = await started(nugen, Verb.DEPLOY, asked, LiveState.UNDEPLOYED, "faq-bot-alignment-zz1", "alignment-zz1")

    assert isinstance(answer, Accepted)
    assert answer.job.id == "faq-bot-alignment-zz1"
    sent = [(entry.path.rsplit("/", 1)[1], entry.status) for entry in simulated.nugen.log.entries]
    assert sent == [("faq-bot-alignment-zz1", 404), ("alignment-zz1", 200)]


async def test_no_third_id_is_tried(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    answer = await started(nugen, Verb.DEPLOY, model(FAQ, "nugen"), LiveState.UNDEPLOYED, "one", "two", "three")

    assert answer == Refused(reason="POST /api/v3/models/deploy-model/{id} answered 404: Model not found")
    assert [entry.path.rsplit("/", 1)[1] for entry in simulated.nugen.log.entries] == ["one", "two"]


@pytest.mark.parametrize("status", [400, 401, 403, 409, 422, 429, 500, 502, 503])
async def test_only_a_404_is_an_answer_about_the_id(
    simulated: SimulatedPlatforms, nugen: Platform, status: int
) -> None:
    simulated.nugen.fault(Fault(FaultKind.REPLY, status=status, times=None))

    await started(nugen, Verb.DEPLOY, model(FAQ, "nugen"), LiveState.UNDEPLOYED, "one", "two")

    assert len(simulated.nugen.log) == 1


async def test_a_lost_answer_is_not_repeated_with_the_second_id(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    simulated.nugen.fault(Fault(FaultKind.DROP_AFTER, times=None))

    await started(nugen, Verb.DEPLOY, model(FAQ, "nugen"), LiveState.UNDEPLOYED, "one", "two")

    assert len(simulated.nugen.log) == 1


async def test_without_a_row_the_inventorys_id_is_acted_on(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    await started(nugen, Verb.DEPLOY, model(FAQ, "nugen"))

    (entry,) = simulated.nugen.log.entries
    assert entry.path == f"/api/v3/models/deploy-model/{FAQ}"


async def test_ids_may_be_numbers(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    simulated.nugen.add(FAQ, facts={"id": 4711})

    assert (await observed(nugen, model("4711", "nugen"))).ids == ("4711", FAQ)
