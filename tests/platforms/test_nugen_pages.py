"""Long lists of Nugen's newer routes: `limit` and `offset`, of which neither the greatest nor the end is documented."""

import pytest
from msgspec.structs import replace

from reconciler.core.live import LiveState, Observation
from reconciler.platforms.base import Platform
from reconciler.platforms.declared import RestFactory
from reconciler.platforms.registry import find_type
from reconciler.simulator import NUGEN_KEY, SimulatedPlatforms

from .asking import model, opened
from .service import Say, Seen, Service

pytestmark = pytest.mark.anyio


def fill(simulated: SimulatedPlatforms, count: int) -> None:
    for number in range(count):
        simulated.nugen.add(f"alignment_{number}", deployed=True)


async def read(platform: Platform, *numbers: int) -> Observation:
    return await platform.observe([model(f"alignment_{number}", "nugen-b") for number in numbers], {})


def asked(simulated: SimulatedPlatforms) -> list[tuple[str, str]]:
    """Limit and offset of every page that was asked for."""
    return [(entry.query["limit"], entry.query["offset"]) for entry in simulated.nugen.log.find(operation="b-list")]


def at_most(pages: int) -> RestFactory:
    """The newer routes, with a limit to the pages that is soon reached."""
    factory = find_type("nugen-b")
    assert isinstance(factory, RestFactory)
    known = factory.definition
    source = known.live.list
    assert source is not None
    assert source.pages is not None
    short = replace(source, pages=replace(source.pages, most=pages))
    known = replace(known, live=replace(known.live, list=short))
    return RestFactory(known.type, lambda: known)


async def test_all_pages_are_read(simulated: SimulatedPlatforms, nugen_b: Platform) -> None:
    fill(simulated, 150)

    observation = await read(nugen_b, 0, 99, 100, 149)

    assert [live.state for live in observation.lives] == [LiveState.DEPLOYED] * 4
    assert len(observation.unmanaged) == 146
    assert asked(simulated) == [("100", "0"), ("100", "100")]


async def test_a_full_last_page_is_followed_by_an_empty_one(simulated: SimulatedPlatforms, nugen_b: Platform) -> None:
    fill(simulated, 200)

    observation = await read(nugen_b, 199, 200)

    assert [live.state for live in observation.lives] == [LiveState.DEPLOYED, LiveState.ABSENT]
    assert asked(simulated) == [("100", "0"), ("100", "100"), ("100", "200")]


async def test_a_page_that_is_shorter_than_asked_for_is_not_yet_the_end(
    simulated: SimulatedPlatforms, nugen_b: Platform
) -> None:
    fill(simulated, 5)
    simulated.nugen.shape("b-two-pages")  # three rows a page, whatever `limit` says

    observation = await read(nugen_b, *range(6))

    assert [live.state for live in observation.lives] == [LiveState.DEPLOYED] * 5 + [LiveState.ABSENT]
    assert asked(simulated) == [("100", "0"), ("100", "3")]


@pytest.mark.parametrize("count", [0, 3])
async def test_a_short_list_is_read_to_its_end(simulated: SimulatedPlatforms, nugen_b: Platform, count: int) -> None:
    fill(simulated, count)

    observation = await read(nugen_b, 7)

    assert [live.state for live in observation.lives] == [LiveState.ABSENT]
    assert len(observation.unmanaged) == count
    assert asked(simulated) == ([("100", "0"), ("100", "3")] if count else [("100", "0")])


async def test_a_page_that_repeats_the_one_before_is_the_end(simulated: SimulatedPlatforms, nugen_b: Platform) -> None:
    fill(simulated, 5)
    simulated.nugen.shape("b-ignores-offset")

    observation = await read(nugen_b, 0, 7)

    assert [live.state for live in observation.lives] == [LiveState.DEPLOYED, LiveState.ABSENT]
    assert len(observation.unmanaged) == 4  # each once
    assert len(asked(simulated)) == 2


async def test_a_row_that_moved_to_the_next_page_is_not_two_models() -> None:
    pages = {"0": ["a", "b", "c"], "3": ["c", "d", "e"], "5": []}

    def answer(seen: Seen) -> Say:
        names = pages[seen.target.rsplit("=", 1)[1]]
        rows = [{"alignment_id": name, "deployment_status": "DEPLOYED"} for name in names]
        return Say({"domain_aligned_models": rows})

    async with Service(answer) as service, opened("nugen-b", service.origin, key=NUGEN_KEY) as platform:
        observation = await platform.observe([model(name, "nugen-b") for name in "abcde"], {})

    assert [live.state for live in observation.lives] == [LiveState.DEPLOYED] * 5
    assert (observation.failures, observation.unmanaged) == ((), ())


async def test_a_list_beyond_the_most_pages_leaves_what_was_not_seen_unknown(simulated: SimulatedPlatforms) -> None:
    fill(simulated, 250)

    async with opened(at_most(2), simulated.nugen_b_url, key=NUGEN_KEY) as platform:
        observation = await read(platform, 199, 200)

    found, missing = observation.lives
    assert (found.state, missing.state) == (LiveState.DEPLOYED, LiveState.UNKNOWN)
    assert missing.evidence.note == "the list was not read to its end"
    assert len(asked(simulated)) == 2


async def test_a_page_that_cannot_be_read_spoils_the_whole_list() -> None:
    def answer(seen: Seen) -> Say:
        if seen.target.endswith("offset=0"):
            return Say({"domain_aligned_models": [{"alignment_id": "a", "deployment_status": "DEPLOYED"}]})
        return Say({"detail": "no more"}, status=422)

    async with Service(answer) as service, opened("nugen-b", service.origin, key=NUGEN_KEY) as platform:
        observation = await platform.observe([model("a", "nugen-b")], {})

    assert observation.lives == ()
    assert [(failure.address, failure.error) for failure in observation.failures] == [
        ("nugen-b", "GET /api/v3/models/aligned answered 422: no more")
    ]


async def test_the_documented_routes_have_no_pages(simulated: SimulatedPlatforms, nugen: Platform) -> None:
    fill(simulated, 150)

    observation = await nugen.observe([model("alignment_149", "nugen")], {})

    assert [live.state for live in observation.lives] == [LiveState.DEPLOYED]
    (entry,) = simulated.nugen.log.entries
    assert (entry.path, entry.query) == ("/api/v3/models/aligned", {})
