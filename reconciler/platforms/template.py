"""Filling a definition's request template with a model's id, a job's id and settings. Pure."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from reconciler.core.model import Settings
from reconciler.core.pointer import MISSING, at
from reconciler.platforms.definition import Request

_PLACE = re.compile(r"\{([^{}]*)\}")


class Call(Struct, frozen=True, kw_only=True):
    """A request ready to be sent. `target` is the path and query, encoded; `template` names it in messages without
    ids; `body` is JSON data, `MISSING` for none."""

    method: str
    target: str
    template: str
    headers: Mapping[str, str]
    body: Any = MISSING

    def __str__(self) -> str:
        return f"{self.method} {self.template}"

    def encoded(self) -> tuple[bytes | None, dict[str, str]]:
        """The body as bytes, None for none, and the headers that go with it."""
        if self.body is MISSING:
            return None, dict(self.headers)
        return msgspec.json.encode(self.body), {**self.headers, "content-type": "application/json"}


def fill(request: Request, values: Mapping[str, str], settings: Settings | None = None) -> Call:
    """`request` with its places filled from `values` (`id`, `job`, ...) and `settings`.

    Ids are percent-encoded whole and `.` and `..` refused, so that none can leave its path segment. Settings that the
    query or a header takes are left out of `{settings}` in the body. Raises `ValueError` for an id that is no
    segment."""
    given = {} if settings is None else settings
    taken: set[str] = set()
    query = [(name, text) for name, value in request.query if (text := _text(value, values, given, taken)) is not None]
    headers = {
        name: text
        for name, value in request.headers.items()
        if (text := _text(value, values, given, taken)) is not None
    }
    rest = {name: value for name, value in given.items() if name not in taken}
    body = _body(request.body, values, given, rest) if request.body is not None else MISSING
    path = "/".join(_segment(part, values) for part in request.path.split("/"))
    return Call(
        method=request.method,
        target=path + ("?" + urlencode(query, quote_via=quote) if query else ""),
        template=request.path,
        headers=headers,
        body=body,
    )


def _segment(part: str, values: Mapping[str, str]) -> str:
    if part == "{path}":  # a whole path, checked where the inventory is read
        return "/" + quote(values["path"].lstrip("/"), safe="/")
    filled = _PLACE.sub(lambda place: quote(values[place[1]], safe=""), part)
    if filled in (".", "..") or (part and not filled):
        raise ValueError(f"{filled!r} cannot stand in a path")
    return filled


def _text(template: str, values: Mapping[str, str], settings: Settings, taken: set[str]) -> str | None:
    """The filled template, None where a setting it names is missing; notes the settings it takes."""
    missing = False

    def value(place: re.Match[str]) -> str:
        nonlocal missing
        name = place[1]
        if not name.startswith("settings/"):
            return values[name]
        taken.add(name.split("/")[1])
        found = at(settings, name.removeprefix("settings"))
        missing = missing or found is MISSING or found is None
        return str(found).lower() if isinstance(found, bool) else str(found)

    text = _PLACE.sub(value, template)
    return None if missing else text


def _body(template: Any, values: Mapping[str, str], settings: Settings, rest: Settings) -> Any:
    if isinstance(template, Mapping):
        filled = {name: _body(value, values, settings, rest) for name, value in template.items()}
        return {name: value for name, value in filled.items() if value is not MISSING}
    if isinstance(template, list):
        return [value for item in template if (value := _body(item, values, settings, rest)) is not MISSING]
    if template == "{settings}":
        return dict(rest)
    if isinstance(template, str):
        whole = _PLACE.fullmatch(template)
        if whole and whole[1].startswith("settings/"):  # keeps its JSON type
            return at(settings, whole[1].removeprefix("settings"))
        text = _text(template, values, settings, set())
        return MISSING if text is None else text
    return template


def layered(over: Settings, under: Settings) -> dict[str, Any]:
    """`over` laid on `under`, objects merged key by key."""
    merged = dict(under)
    for name, value in over.items():
        below = merged.get(name)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[name] = layered(value, below) if both else value  # type: ignore[arg-type]
    return merged
