"""YAML text of a definition -> checked `Definition`. Opens no connection."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any
from warnings import catch_warnings, simplefilter

from reconciler.core.capabilities import Capabilities, Manual, PlatformType
from reconciler.core.document import Document, read_document
from reconciler.core.duration import parse_duration
from reconciler.core.job import Verb
from reconciler.core.live import LiveState
from reconciler.core.pointer import letters
from reconciler.core.schema import Checker, check, schema_problem
from reconciler.errors import Complaint, DefinitionError
from reconciler.platforms.definition import (
    ASK,
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
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_OURS = re.compile(
    r"(?i)host|(?:x-)?forwarded(?:-.*)?|x-(?:original|rewrite)-.*|content-length|transfer-encoding|connection|keep-alive"
    r"|te|trailer|upgrade|expect|proxy-.*|cookie"
)
"""Headers that say where a request goes or how it is framed: the key is sent to one origin, and that is no choice of a
definition."""


def read_definition(text: str | bytes, file: str, *, checked: bool = False) -> Definition:
    """The definition in `text`; `file` names it in complaints. Raises `DefinitionError` with all complaints.

    `checked`: it is part of this program, whose tests have checked it."""
    document, complaints = read_document(text, file)
    if document is not None and not complaints and not checked:
        complaints = check(document, Checker(load_schema("platform")))
    if document is None or complaints:
        raise DefinitionError(complaints)
    complaints = () if checked else tuple(sorted(_cross_check(document), key=attrgetter("line", "column")))
    if complaints:
        raise DefinitionError(complaints)
    raw = text.encode() if isinstance(text, str) else text
    return _build(document.data, f"sha256:{hashlib.sha256(raw).hexdigest()}")


def _build(data: Mapping[str, Any], digest: str) -> Definition:
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
            digest=digest,
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
    missing = f"{data['title']} offers no"
    return Capabilities(
        verbs={verb: actions[verb].get("unsupported") if verb in actions else f"{missing} {verb}" for verb in Verb},
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
        lasting={Verb(verb): action["lasting"] for verb, action in actions.items() if "lasting" in action},
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

Path = tuple[str | int, ...]

_ASKED = ("list", "get", "ask", "probe")
_OF_MODEL = ("id", "verb", "name")
_SETTING = "settings/NAME"


def _cross_check(document: Document) -> Iterable[Complaint]:
    for path, text in (*_live_problems(document.data["live"]), *_pattern_problems(document.data)):
        yield document.complaint(path, text)
    yield from (document.complaint(path, text, on_key=True) for path, text in _header_problems(document.data))
    for path, template, known in _templates(document.data):
        for place in _PLACES.findall(template):
            setting = place.startswith("settings/") and _SETTING in known
            if not setting and (place not in known or (place == "settings" and template != "{settings}")):
                names = ", ".join(f"{{{name}}}" for name in known)
                yield document.complaint(path, f"unknown place {{{place}}}: known here are {names or 'none'}")
    schema = document.data.get("settings", {}).get("schema", {})
    if (problem := schema_problem(schema)) is not None:
        yield document.complaint(("settings", "schema"), f"not a JSON Schema: {problem}")


def _header_problems(data: Mapping[str, Any]) -> Iterable[tuple[Path, str]]:
    holders: list[tuple[Path, Any]] = [((), data), *((("live", name), data["live"].get(name)) for name in _ASKED)]
    holders += [(("actions", verb), action) for verb, action in data["actions"].items()]
    for path, holder in holders:
        for kind in ("auth", "headers"):
            headers = (holder or {}).get(kind) or {}
            for name, value in headers.items():
                if not _HEADER.fullmatch(name):
                    yield (*path, kind, name), "this is no name of a header"
                elif _OURS.fullmatch(name):
                    yield (*path, kind, name), "this header is set by reconciler itself, or not at all"
                elif not value.isascii() or not value.isprintable():
                    yield (*path, kind, name), "a header holds printable ASCII only"


def _live_problems(live: Mapping[str, Any]) -> Iterable[tuple[Path, str]]:
    if sum(kind in live for kind in ("list", "get", "jobs")) != 1:
        yield ("live",), "live is read in exactly one of three ways: list, get or jobs"
    if "list" in live and "states" not in live:
        yield ("live",), "live.list needs states: which words mean deployed, undeployed, ..."
    if "probe" in live and "jobs" not in live:
        yield ("live", "probe"), "live.probe needs live.jobs: where the platform tells the state, nothing is probed"
    for path, states in _tables(live):
        for index, rule in enumerate(states["states"]):
            for name in sorted(rule.keys() - {"is", "note"} - states.get("words", {}).keys()):
                yield (*path, "states", index), f"no word is called {name}: name it under words"
    for index, rule in enumerate(live.get("states", ())):
        if rule["is"] == ASK and "ask" not in live:
            yield ("live", "states", index), "is: ask needs live.ask, the route to ask"
    pages = live.get("list", {}).get("pages")
    if pages is not None:
        needed = {"cursor": ("from_as", "next"), "link": ("next",)}.get(pages["by"], ("from_as",))
        for name in needed:
            if name not in pages:
                yield ("live", "list", "pages"), f"pages by {pages['by']} need {name}"


def _tables(live: Mapping[str, Any]) -> Iterable[tuple[Path, Mapping[str, Any]]]:
    if "states" in live:
        yield ("live",), live
    for name in ("get", "ask"):
        if name in live:
            yield ("live", name), live[name]


def _pattern_problems(data: Mapping[str, Any]) -> Iterable[tuple[Path, str]]:
    for path, pattern in _patterns(data):
        try:
            with catch_warnings():
                simplefilter("error", FutureWarning)  # what other versions of Python may read otherwise
                groups = re.compile(pattern).groups
        except (re.error, OverflowError, RecursionError, FutureWarning) as error:
            yield path, f"not a regular expression: {error}"
        else:
            if "refused_in" in path and not groups:
                yield path, "the pattern needs a group, (...), around the word"


def _patterns(data: Mapping[str, Any]) -> Iterable[tuple[Path, str]]:
    yield ("id",), data["id"]
    for path, follow in _follows(data):
        if "no_job" in follow:
            yield (*path, "no_job"), follow["no_job"]
    for verb, action in data["actions"].items():
        if "refused_in" in action:
            yield ("actions", verb, "refused_in", "pattern"), action["refused_in"]["pattern"]


def _follows(data: Mapping[str, Any]) -> Iterable[tuple[Path, Mapping[str, Any]]]:
    if data.get("follow") is not None:
        yield ("follow",), data["follow"]
    for verb, action in data["actions"].items():
        if action.get("follow") is not None:
            yield ("actions", verb, "follow"), action["follow"]


def _templates(data: Mapping[str, Any]) -> Iterable[tuple[Path, str, tuple[str, ...]]]:
    """Every text with places: where it stands, and what may be named there."""
    yield from _texts(("auth",), data.get("auth"), ("key",))
    for verb, action in data["actions"].items():
        if "request" in action:
            yield from _request_texts(("actions", verb), action, _OF_MODEL, settings=True)
    for path, follow in _follows(data):
        yield (*path, "poll"), follow["poll"], ("job", "id", "verb")
    for name, known in (("list", ()), ("get", ("id", "name")), ("ask", ("id", "name")), ("probe", ("path", "name"))):
        if name in data["live"]:
            yield from _request_texts(("live", name), data["live"][name], known)
    yield from _texts(("live", "probe", "auth"), data["live"].get("probe", {}).get("auth"), ("key",))


def _request_texts(
    path: Path, data: Mapping[str, Any], known: tuple[str, ...], *, settings: bool = False
) -> Iterable[tuple[Path, str, tuple[str, ...]]]:
    """The texts of a request. A setting may stand anywhere but in the path, which it could not be left out of."""
    target, _, query = data["request"].partition("?")
    more = (*known, _SETTING) if settings else known
    yield (*path, "request"), target, known
    yield (*path, "request"), query, more
    yield from _texts((*path, "headers"), data.get("headers"), more)
    yield from _texts((*path, "body"), data.get("body"), (*more, "settings") if settings else more)


def _texts(path: Path, data: Any, known: tuple[str, ...]) -> Iterable[tuple[Path, str, tuple[str, ...]]]:
    if isinstance(data, str):
        yield path, data, known
    elif isinstance(data, Mapping | list):
        for step, part in data.items() if isinstance(data, Mapping) else enumerate(data):
            yield from _texts((*path, step), part, known)
