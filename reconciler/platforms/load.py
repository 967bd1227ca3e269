"""YAML text of a definition -> checked `Definition`. Opens no connection."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.core.capabilities import Capabilities, Manual, PlatformType
from reconciler.core.document import Document, read_document
from reconciler.core.duration import parse_duration
from reconciler.core.job import Verb
from reconciler.core.live import LiveState
from reconciler.core.pointer import letters
from reconciler.core.schema import check
from reconciler.errors import Complaint, DefinitionError
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
from reconciler.schemas import load_schema

_PLACES = re.compile(r"\{([^{}]*)\}")


def read_definition(text: str | bytes, file: str) -> Definition:
    """The definition in `text`; `file` names it in complaints. Raises `DefinitionError` with all complaints."""
    document, complaints = read_document(text, file)
    if document is not None and not complaints:
        complaints = check(document, load_schema("platform"))
    if document is None or complaints:
        raise DefinitionError(complaints)
    complaints = tuple(_cross_check(document, file))
    if complaints:
        raise DefinitionError(complaints)
    return _build(document.data)


def _build(data: Mapping[str, Any]) -> Definition:
    settings = data.get("settings") or {}
    return Definition(
        title=data["title"],
        type=PlatformType(
            name=data["name"],
            id_pattern=data["id"],
            capabilities=_capabilities(data),
            normalise=tuple(data.get("same", ())),
            settings_schema=settings.get("schema"),
            ascending=tuple((low, high) for low, high in settings.get("ascending", ())),
            probes="probe" in data["live"],
            needs_key=any("{key}" in value for value in data.get("auth", {}).values()),
            url=data.get("url"),
        ),
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
        defaults=settings.get("defaults", {}),
    )


def _capabilities(data: Mapping[str, Any]) -> Capabilities:
    actions = data["actions"]
    missing = f"{data['title']} offers no {{}}"
    return Capabilities(
        verbs={verb: actions[verb].get("unsupported") if verb in actions else missing.format(verb) for verb in Verb},
        reads_state="jobs" not in data["live"],
        reads_together="list" in data["live"],
        changes_by_itself=data.get("changes_by_itself", False),
        artifact_suffix=actions.get("export", {}).get("suffix", ""),
        concurrency=data.get("concurrency", 4),
        requests_per_minute=data.get("requests_per_minute"),
        poll=parse_duration(data.get("poll", "5s")),
        settle=parse_duration(data.get("settle", "60s")),
        timeouts={
            Verb(verb): parse_duration(action["timeout"]) for verb, action in actions.items() if "timeout" in action
        },
        manual=tuple(
            Manual(verb=Verb(verb), at=rule["at"], equals=rule["equals"], reason=rule["reason"])
            for verb, action in actions.items()
            for rule in action.get("manual", ())
        ),
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


# What a JSON Schema cannot say.


def _cross_check(document: Document, file: str) -> Iterable[Complaint]:
    def complain(path: tuple[str | int, ...], text: str) -> Complaint:
        line, column = document.at(path)
        return Complaint(file=file, line=line, column=column, text=text)

    data = document.data
    if sum(kind in data["live"] for kind in ("list", "get", "jobs")) != 1:
        yield complain(("live",), "live is read in exactly one of three ways: list, get or jobs")
    if "list" in data["live"] and "states" not in data["live"]:
        yield complain(("live",), "live.list needs states: which words mean deployed, undeployed, ...")
    for path, pattern in _patterns(data):
        try:
            re.compile(pattern)
        except re.error as error:
            yield complain(path, f"not a regular expression: {error}")
    for path, text in _templates(data):
        for place in _PLACES.findall(text):
            if place not in ("id", "job", "verb", "path", "key", "name", "settings") and not place.startswith(
                "settings/"
            ):
                known = "{id}, {job}, {verb}, {name}, {path}, {key}, {settings} and {settings/NAME}"
                yield complain(path, f"unknown place {{{place}}}: known are {known}")
    for path, states in _tables(data):
        for index, rule in enumerate(states["states"]):
            for name in rule.keys() - {"is", "note"} - states.get("words", {}).keys():
                yield complain((*path, "states", index), f"no word is called {name}: name it under words")


def _patterns(data: Mapping[str, Any]) -> Iterable[tuple[tuple[str | int, ...], str]]:
    yield ("id",), data["id"]
    if "no_job" in data.get("follow", {}):
        yield ("follow", "no_job"), data["follow"]["no_job"]
    for verb, action in data["actions"].items():
        if "refused_in" in action:
            yield ("actions", verb, "refused_in", "pattern"), action["refused_in"]["pattern"]


def _templates(data: Mapping[str, Any]) -> Iterable[tuple[tuple[str | int, ...], str]]:
    for verb, action in data["actions"].items():
        if "request" in action:
            yield ("actions", verb, "request"), action["request"]
    if "follow" in data:
        yield ("follow", "poll"), data["follow"]["poll"]
    for name in ("list", "get", "ask", "probe"):
        if name in data["live"]:
            yield ("live", name, "request"), data["live"][name]["request"]


def _tables(data: Mapping[str, Any]) -> Iterable[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
    if "states" in data["live"]:
        yield ("live",), data["live"]
    for name in ("get", "ask"):
        if name in data["live"]:
            yield ("live", name), data["live"][name]
