"""Requests from templates: what is filled in where, and that no id leaves its path segment."""

from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.pointer import MISSING
from reconciler.platforms.definition import Request
from reconciler.platforms.template import fill, layered

PATH = "/api/v3/models/{id}/deployment"
SHAPES = [PATH, "/models/{id}", "/{verb}-model/{id}/status", "/{id}"]
VALUES = {"verb": "deploy", "name": "n"}
ESCAPES = [
    *("", "..", ".", "a/b", "a?x", "a#b", "%2e%2e", "%2E", "..%2f..", "../../admin"),
    *("\\..\\", "//evil", "@evil", ":", "a\n", "\0"),
]


@settings(deadline=None)
@given(st.text(max_size=40) | st.from_regex(r"[./\\%?#@:2eEfF]{1,8}", fullmatch=True), st.sampled_from(SHAPES))
def test_an_id_stays_in_its_segment_or_is_refused(id: str, path: str) -> None:
    stays_or_refused(id, path)


@pytest.mark.parametrize("id", ESCAPES)
@pytest.mark.parametrize("path", SHAPES)
def test_known_ways_out_are_closed(id: str, path: str) -> None:
    stays_or_refused(id, path)


def stays_or_refused(id: str, path: str) -> None:
    """The id, decoded, is exactly one segment of what httpx sends; or there is nothing to send."""
    try:
        target = fill(Request(method="POST", path=path), {**VALUES, "id": id}).target
    except ValueError:
        assert id in ("", ".", "..") or not _encodable(id)
        return
    url = httpx.URL("https://api.example" + target)
    expected = [part.replace("{id}", id).replace("{verb}", "deploy") for part in path.split("/")]
    assert (url.scheme, url.host, url.port, url.query, url.fragment) == ("https", "api.example", None, b"", "")
    assert [unquote(part) for part in url.raw_path.decode("ascii").split("/")] == expected


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize("id", ["", ".", ".."])
def test_what_is_no_segment_is_refused_by_name(id: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a path"):
        fill(Request(method="POST", path=PATH), {"id": id})


@settings(deadline=None)
@given(st.text(max_size=30))
def test_a_value_in_a_query_is_one_value(text: str) -> None:
    request = Request(method="GET", path="/x", query=(("a", "{settings/a}"), ("b", "1")))
    if not _encodable(text):
        return
    parts = urlsplit(fill(request, {}, {"a": text}).target)
    assert parts.path == "/x"
    assert [unquote(pair.partition("=")[2]) for pair in parts.query.split("&")] == [text, "1"]


def test_places_are_filled_and_constants_kept() -> None:
    request = Request(
        method="PUT",
        path="/v1/{verb}/{id}",
        query=(("name", "{name}"), ("fixed", "a b")),
        headers={"x-model": "m:{id}", "x-fixed": "1"},
        body={"id": "{id}", "list": ["{name}", 1, None, True], "text": "is {id} {verb}"},
    )

    call = fill(request, {"id": "m/1", "verb": "deploy", "name": "é"})

    assert (call.method, call.target) == ("PUT", "/v1/deploy/m%2F1?name=%C3%A9&fixed=a%20b")
    assert call.headers == {"x-model": "m:m/1", "x-fixed": "1"}
    assert call.body == {"id": "m/1", "list": ["é", 1, None, True], "text": "is m/1 deploy"}
    assert str(call) == "PUT /v1/{verb}/{id}"  # a message never holds an id


def test_a_request_without_a_body_has_none() -> None:
    assert fill(Request(method="GET", path="/"), {}).body is MISSING


@pytest.mark.parametrize("settings", [None, {}, {"a": None}])
def test_a_setting_that_is_missing_leaves_out_what_names_it(settings: dict[str, Any] | None) -> None:
    request = Request(
        method="POST",
        path="/x",
        query=(("a", "{settings/a}"),),
        headers={"x-a": "v{settings/a}"},
        body={"a": "{settings/a/b}", "text": "v{settings/a}", "list": ["{settings/z}"], "kept": 1},
    )

    call = fill(request, {}, settings)

    assert (call.target, call.headers, call.body) == ("/x", {}, {"list": [], "kept": 1})


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (False, "false"), (0, "0"), (1.5, "1.5"), ("", "")])
def test_settings_become_text_in_queries_and_headers(value: object, text: str) -> None:
    request = Request(method="POST", path="/x", query=(("a", "{settings/a}"),), headers={"x-a": "{settings/a}"})

    call = fill(request, {}, {"a": value})

    assert (call.target, call.headers) == (f"/x?a={text}", {"x-a": text})


@pytest.mark.parametrize("value", [True, 0, 1.5, "", [1], {"b": None}])
def test_a_setting_that_stands_alone_in_a_body_keeps_its_type(value: object) -> None:
    request = Request(method="POST", path="/x", body={"deep": [{"a": "{settings/a}"}]})

    assert fill(request, {}, {"a": value}).body == {"deep": [{"a": value}]}


def test_all_settings_are_those_that_nothing_else_takes() -> None:
    request = Request(
        method="POST",
        path="/x",
        query=(("type", "{settings/type}"),),
        headers={"x-p": "{settings/p/q}"},
        body="{settings}",
    )

    call = fill(request, {}, {"type": "t", "p": {"q": 1, "r": 2}, "rest": {"type": "kept"}})

    assert (call.target, call.headers, call.body) == ("/x?type=t", {"x-p": "1"}, {"rest": {"type": "kept"}})


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/v2/chat/completions", "/v2/chat/completions"),
        ("v1/completions", "/v1/completions"),
        ("//evil.example/x", "/evil.example/x"),
        ("/a b?c#d", "/a%20b%3Fc%23d"),
    ],
)
def test_a_whole_path_stays_a_path(path: str, target: str) -> None:
    assert fill(Request(method="POST", path="{path}"), {"path": path}).target == target


def test_layers_are_merged_key_by_key_and_the_upper_wins() -> None:
    under = {"a": 1, "deep": {"x": 1, "y": {"z": 1}}, "list": [1, 2], "kept": {"k": 1}}
    over = {"a": 2, "deep": {"y": {"w": 2}}, "list": [3], "kept": None, "new": {}}

    merged = layered(over, under)

    assert merged == {"a": 2, "deep": {"x": 1, "y": {"z": 1, "w": 2}}, "list": [3], "kept": None, "new": {}}
    assert under["deep"] == {"x": 1, "y": {"z": 1}}
