"""Long lists by page, cursor and link: where each goes on, where it ends, and which links are not followed."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from reconciler.core.live import LiveState, Observation

from .asking import model
from .neighbours import KEY, at
from .service import Say, Seen, Service

pytestmark = pytest.mark.anyio

START = "/v1/deployments?mine=true"


def rows(*ids: str, key: str = "id") -> list[dict[str, str]]:
    return [{key: id, "status": "RUNNING"} for id in ids]


async def read(name: str, service: Service, *ids: str) -> Observation:
    async with at(name, service) as platform:
        return await platform.observe([model(id, name) for id in ids], {})


def found(observation: Observation) -> dict[str, LiveState]:
    return {live.address.split("/")[1]: live.state for live in observation.lives}


# By number.


def numbered(*pages: list[str]) -> Callable[[Seen], Say]:
    """A service with these pages, the first being number 1; 404 beyond them."""

    def answer(seen: Seen) -> Say:
        number = int(parse_qs(urlsplit(seen.target).query)["page_no"][0])
        if number > len(pages):
            return Say({"code": "InvalidPage", "message": "no such page"}, status=404)
        return Say({"output": {"deployments": rows(*pages[number - 1], key="deployed_model")}})

    return answer


async def test_pages_are_numbered_from_one_and_the_short_one_is_the_last() -> None:
    async with Service(numbered(["a", "b"], ["c", "d"], ["e"])) as service:
        observation = await read("alibaba", service, "a", "d", "e", "f")

    assert found(observation) == {
        "a": LiveState.DEPLOYED,
        "d": LiveState.DEPLOYED,
        "e": LiveState.DEPLOYED,
        "f": LiveState.ABSENT,
    }
    assert service.lines == [f"GET {START}&page_size=2&page_no={number}" for number in (1, 2, 3)]


async def test_no_page_is_asked_for_beyond_a_short_first_one() -> None:
    async with Service(numbered(["a"])) as service:
        observation = await read("alibaba", service, "a")

    assert found(observation) == {"a": LiveState.DEPLOYED}
    assert len(service.seen) == 1


async def test_a_row_that_two_pages_show_does_not_shift_the_numbers() -> None:
    async with Service(numbered(["a", "b"], ["b", "c"], ["c", "d"], ["e"])) as service:
        observation = await read("alibaba", service, *"abcde")

    assert set(found(observation).values()) == {LiveState.DEPLOYED}
    assert len(service.seen) == 4


# By cursor.


def chained(*pages: tuple[list[str], str | None]) -> Callable[[Seen], Say]:
    """A service with these pages, each with the cursor of the next; a cursor is the number of its page."""

    def answer(seen: Seen) -> Say:
        query = parse_qs(urlsplit(seen.target).query)
        ids, after = pages[int(query.get("after", ["0"])[0])]
        return Say({"data": rows(*ids), "next": after, "has_more": after is not None})

    return answer


async def test_a_cursor_is_followed_until_there_is_none() -> None:
    async with Service(chained((["a", "b"], "1"), (["c"], "2"), (["d", "e"], None))) as service:
        observation = await read("veri", service, "a", "c", "e", "f")

    assert found(observation) == {
        "a": LiveState.DEPLOYED,
        "c": LiveState.DEPLOYED,
        "e": LiveState.DEPLOYED,
        "f": LiveState.ABSENT,
    }
    assert service.lines == [f"GET {START}&limit=2", f"GET {START}&limit=2&after=1", f"GET {START}&limit=2&after=2"]


async def test_an_empty_page_with_a_cursor_is_not_the_end() -> None:
    async with Service(chained((["a"], "1"), ([], "2"), (["b"], ""))) as service:
        observation = await read("veri", service, "b")

    assert found(observation) == {"b": LiveState.DEPLOYED}


async def test_a_cursor_is_sent_encoded() -> None:
    pages = iter([{"data": rows("a"), "next": "a b/=&limit=9#x"}, {"data": []}])
    async with Service(lambda _: Say(next(pages))) as service:
        await read("veri", service, "a")

    assert service.lines[1] == f"GET {START}&limit=2&after=a%20b%2F%3D%26limit%3D9%23x"


async def test_a_cursor_that_leads_back_ends_the_reading_without_an_end_of_the_list() -> None:
    async with Service(chained((["a", "b"], "1"), (["c"], "1"))) as service:
        observation = await read("veri", service, "c", "z")

    assert found(observation) == {"c": LiveState.DEPLOYED, "z": LiveState.UNKNOWN}
    assert len(service.seen) == 2


async def test_an_empty_page_that_repeats_its_cursor_is_the_end() -> None:
    async with Service(chained((["a"], "1"), ([], "1"))) as service:
        observation = await read("veri", service, "a", "z")

    assert found(observation) == {"a": LiveState.DEPLOYED, "z": LiveState.ABSENT}
    assert len(service.seen) == 2


async def test_cursors_without_end_are_followed_to_the_most_pages() -> None:
    def answer(seen: Seen) -> Say:
        number = int(parse_qs(urlsplit(seen.target).query).get("after", ["0"])[0])
        return Say({"data": rows(f"m{number}"), "next": number + 1})

    async with Service(answer) as service:
        observation = await read("veri", service, "m4", "m5")

    assert found(observation) == {"m4": LiveState.DEPLOYED, "m5": LiveState.UNKNOWN}
    assert len(service.seen) == 5


# By link.


def linked(first: str, service: list[Service]) -> Callable[[Seen], Say]:
    """A service whose first page names `first` (with ORIGIN for its own origin) as the next, which is the last."""

    def answer(seen: Seen) -> Say:
        if seen.target != START:
            return Say({"items": rows("b")})
        return Say({"items": rows("a"), "links": {"next": first.replace("ORIGIN", service[0].origin)}})

    return answer


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("ORIGIN/v1/deployments?mine=true&token=x%2Fy", "/v1/deployments?mine=true&token=x%2Fy"),
        ("/v1/more?page=2", "/v1/more?page=2"),
        ("?page=2", "/v1/deployments?page=2"),
        ("more", "/v1/more"),
        ("../v2/more", "/v2/more"),
        ("ORIGIN", "/"),
        ("/v1/more?page=2#top", "/v1/more?page=2"),
        ("ORIGIN//elsewhere.example/x", "//elsewhere.example/x"),
    ],
)
async def test_a_link_on_the_same_origin_is_followed(link: str, target: str) -> None:
    known: list[Service] = []
    async with Service(linked(link, known)) as service:
        known.append(service)
        observation = await read("linked", service, "a", "b", "c")

    assert found(observation) == {"a": LiveState.DEPLOYED, "b": LiveState.DEPLOYED, "c": LiveState.ABSENT}
    assert service.lines == [f"GET {START}", f"GET {target}"]
    assert {seen.headers["authorization"] for seen in service.seen} == {f"Bearer {KEY}"}


@pytest.mark.parametrize(
    "link",
    [
        "ELSEWHERE/v1/deployments",
        "//ELSEHOST/v1/deployments",
        "http://localhost:1/",
        "https://HOST/v1/deployments",
        "http://user:pw@HOST/v1/deployments",
        "http://HOST@evil.example/",
        "http://HOST.evil.example/",
        "http://evil.example\\@HOST/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://[::1",
        "http://127.0.0.1:99999/",
    ],
)
async def test_a_link_to_anywhere_else_is_not_followed_and_the_key_stays(link: str) -> None:
    known: list[Service] = []
    async with Service(lambda _: Say({"items": rows("b")})) as elsewhere:
        target = link.replace("ELSEWHERE", elsewhere.origin).replace("ELSEHOST", elsewhere.origin[7:])

        def answer(seen: Seen) -> Say:
            link = target.replace("HOST", known[0].origin[7:])
            return Say({"items": rows("a"), "links": {"next": link}})

        async with Service(answer) as service:
            known.append(service)
            observation = await read("linked", service, "a")

    assert observation.lives == ()
    (failure,) = observation.failures
    assert (failure.address, failure.error) == ("linked", "the next page of the list is not at the same origin")
    assert (len(service.seen), elsewhere.connections) == (1, 0)


async def test_no_link_is_the_end() -> None:
    async with Service(lambda _: Say({"items": rows("a"), "links": {"next": None}})) as service:
        observation = await read("linked", service, "a", "z")

    assert found(observation) == {"a": LiveState.DEPLOYED, "z": LiveState.ABSENT}
    assert len(service.seen) == 1


async def test_links_in_a_circle_do_not_make_a_whole_list() -> None:
    answer = Say({"items": rows("a"), "links": {"next": START}})
    async with Service(lambda _: answer) as service:
        observation = await read("linked", service, "a", "z")

    assert found(observation) == {"a": LiveState.DEPLOYED, "z": LiveState.UNKNOWN}
    assert len(service.seen) == 1
