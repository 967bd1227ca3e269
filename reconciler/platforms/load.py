"""A definition that was read -> how to ask the platform. Opens no connection."""

from collections.abc import Mapping
from typing import Any

from reconciler.core.job import Verb
from reconciler.core.live import LiveState
from reconciler.core.pointer import letters
from reconciler.platforms.definition import (
    Definition,
    Echo,
    Follow,
    GetRead,
    JobRead,
    ListRead,
    LiveRead,
    Pages,
    Probe,
    RefusedIn,
    Request,
    Rule,
    Start,
    States,
)
from reconciler.platforms.types import Declared, read_declared


def read_definition(text: str | bytes, file: str) -> Definition:
    """The definition in `text`; `file` names it in complaints. Raises `DefinitionError` with all complaints."""
    return definition_of(read_declared(text, file))


def definition_of(declared: Declared) -> Definition:
    """How to ask the platform, of a definition that was read."""
    data = declared.data
    return Definition(
        title=data["title"],
        type=declared.type,
        auth=data.get("auth", {}),
        live=_live(data["live"]),
        starts={
            Verb(verb): _start(action, data.get("follow"))
            for verb, action in data["actions"].items()
            if "request" in action
        },
        refusal=tuple(data.get("refusal", ())),
        retry_after_ms=tuple(data.get("retry_after_ms", ())),
        loose_keys=data.get("keys") == "loose",
        defaults=(data.get("settings") or {}).get("defaults", {}),
    )


def _request(line: str, **parts: Any) -> Request:
    method, target = line.split(" ", 1)
    path, _, query = target.partition("?")
    pairs = tuple((name, value) for name, _, value in (pair.partition("=") for pair in query.split("&") if pair))
    return Request(method=method, path=path, query=pairs, headers=parts.get("headers") or {}, body=parts.get("body"))


def _live(data: Mapping[str, Any]) -> LiveRead:
    jobs = data.get("jobs")
    return LiveRead(
        list=_list(data["list"]) if "list" in data else None,
        states=_states(data) if "list" in data else None,
        get=_get(data["get"]) if "get" in data else None,
        ask=_get(data["ask"]) if "ask" in data else None,
        jobs=None
        if jobs is None
        else JobRead(
            **{end: {Verb(verb): row[end] for verb, row in jobs.items()} for end in ("running", "succeeded", "failed")}
        ),
        probe=_probe(data["probe"]) if "probe" in data else None,
    )


def _list(data: Mapping[str, Any]) -> ListRead:
    pages = data.get("pages")
    return ListRead(
        request=_request(data["request"], headers=data.get("headers"), body=data.get("body")),
        rows=data["rows"],
        match=tuple(data["match"]),
        act_on=tuple(data.get("act_on", data["match"])),
        name=tuple(data.get("name", ())),
        absent=LiveState(data.get("absent", "absent")),
        pages=Pages(**pages) if pages else None,
    )


def _get(data: Mapping[str, Any]) -> GetRead:
    return GetRead(
        request=_request(data["request"], headers=data.get("headers"), body=data.get("body")),
        states=_states(data),
        absent=LiveState(data.get("absent", "unknown")),
    )


def _states(data: Mapping[str, Any]) -> States:
    return States(
        pointers={name: tuple(pointers) for name, pointers in data.get("words", {}).items()},
        rules=tuple(
            Rule(
                state=rule["is"],
                note=rule.get("note"),
                words={
                    name: frozenset(
                        {None} if words is None else {None if word is None else letters(word) for word in words}
                    )
                    for name, words in rule.items()
                    if name not in ("is", "note")
                },
            )
            for rule in data["states"]
        ),
    )


def _probe(data: Mapping[str, Any]) -> Probe:
    return Probe(
        request=_request(data["request"], headers=data.get("auth"), body=data.get("body")),
        deployed=frozenset(data["deployed"]),
        undeployed=frozenset(data["undeployed"]),
    )


def _follow(data: Mapping[str, Any]) -> Follow:
    words = {name: frozenset(map(letters, data.get(name, ()))) for name in ("running", "succeeded", "failed", "back")}
    echo = data.get("echo", {})
    return Follow(
        job=tuple(data["job"]),
        poll=_request(data["poll"]),
        word=tuple(data["word"]),
        **words,
        error=tuple(data.get("error", ())),
        progress=tuple(data.get("progress", ())),
        artifact=tuple(data.get("artifact", ())),
        no_job=data.get("no_job"),
        echo=Echo(**{name: tuple(pointers) for name, pointers in echo.items()}),
    )


def _start(data: Mapping[str, Any], common: Mapping[str, Any] | None) -> Start:
    follow = data.get("follow", common)
    refused_in = data.get("refused_in")
    return Start(
        request=_request(data["request"], headers=data.get("headers"), body=data.get("body")),
        follow=_follow(follow) if follow else None,
        recheck=frozenset(data.get("recheck", ())),
        refused_in=RefusedIn(**refused_in) if refused_in else None,
        advice={int(status): text for status, text in data.get("advice", {}).items()},
    )
