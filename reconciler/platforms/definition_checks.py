"""What is wrong in a definition that its JSON Schema cannot say."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from warnings import catch_warnings, simplefilter

from reconciler.core.document import Document, Path
from reconciler.core.schema import schema_problem
from reconciler.errors import Complaint
from reconciler.platforms.definition import ASK

_PLACES = re.compile(r"\{([^{}]*)\}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_OURS = re.compile(
    r"(?i)host|(?:x-)?forwarded(?:-.*)?|x-(?:original|rewrite)-.*|content-length|transfer-encoding|connection|keep-alive"
    r"|te|trailer|upgrade|expect|proxy-.*|cookie"
)
"""Headers that say where a request goes or how it is framed: the key is sent to one origin, and that is no choice of a
definition."""

_ASKED = ("list", "get", "ask", "probe")
_OF_MODEL = ("id", "verb", "name")
_SETTING = "settings/NAME"


def cross_check(document: Document) -> Iterable[Complaint]:
    """Every complaint about a definition that fits its schema."""
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
