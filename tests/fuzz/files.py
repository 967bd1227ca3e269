"""Targets that read what people write: inventories, definitions, YAML, schemas, addresses, durations; and the sinks."""

import ipaddress
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import yaml

from reconciler.core.capabilities import PlatformType
from reconciler.core.document import MAX_DEPTH, read_document
from reconciler.core.duration import format_duration, parse_duration
from reconciler.core.model import Inventory, PlatformEntry
from reconciler.core.schema import Checker, find_secrets, is_secret_field, schema_problem, shown, suggestion
from reconciler.errors import ConfigurationError, DefinitionError, InventoryError
from reconciler.inventory.load import load_text
from reconciler.inventory.models import export_fault, export_path
from reconciler.platforms.access import is_loopback, origin_of, usable_key, variable
from reconciler.platforms.addresses import is_public
from reconciler.platforms.definition import Request
from reconciler.platforms.load import read_definition
from reconciler.platforms.registry import find_factory, type_names
from reconciler.platforms.template import fill
from reconciler.render import safe
from reconciler.secret import SHORTEST, Redactor, Secret

from .oracles import as_text, complaints, demand, line, same

DEFINITIONS = Path(__file__).parents[1] / "platforms" / "definitions"


def characters(data: bytes) -> str:
    """Text with everything in it that text can hold, lone surrogates too."""
    return data.decode("utf-8", "surrogateescape")


def json_of(data: bytes) -> Any:
    """JSON data; None for what is none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


# YAML.


def document(data: bytes) -> None:
    """Anything as YAML: data or complaints; what has no complaint is read by others just so, and when written again."""
    found, wrong = read_document(data, "f")
    complaints(wrong, file="f", least=0 if found is not None else 1, most=250)
    if found is None:
        return
    demand(_depth(found.data) <= MAX_DEPTH, "deeper than allowed")
    for secret in find_secrets(found.data):
        line(secret.text)
    if wrong:
        return
    for text in _texts(found.data):
        demand(not set(text) & _INVISIBLE, "what nobody sees was let in", text)
    again, wrong = read_document(as_text(found.data), "f")
    demand(not wrong, "what was read and written again is refused", wrong, found.data)
    demand(again is not None and same(again.data, found.data), "written and read again differs", found.data)
    try:
        other = yaml.safe_load(data.decode("utf-8-sig"))
    except (yaml.YAMLError, ValueError):
        return
    demand(same(other, found.data), "another reader reads something else", other, found.data)


_INVISIBLE = frozenset(map(chr, (*range(9), *range(11, 32), *range(127, 160), 0x200B, 0x202E, 0x2028, 0xFEFF)))


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    for part in [*data, *data.values()] if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from _texts(part)


def _depth(data: Any) -> int:
    inner = data.values() if isinstance(data, dict) else data if isinstance(data, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


# Inventories.


def _find_type(entry: PlatformEntry, _folder: Path) -> PlatformType:
    if entry.definition is not None and Path(entry.definition).name not in _KNOWN:
        raise ConfigurationError(f"{entry.definition[:100]}: not among the files of this test")
    known = None if entry.definition is None else Path(entry.definition).name
    return find_factory(PlatformEntry(name=entry.name, type=entry.type, definition=known), DEFINITIONS).type


_KNOWN = frozenset(path.name for path in DEFINITIONS.glob("*.yaml"))


def inventory(data: bytes) -> None:
    """Anything as an inventory: checked through and through, or complained about; stable when written again."""
    try:
        found = load_text(data, "f", DEFINITIONS, _find_type, type_names())
    except InventoryError as error:
        complaints(error.complaints, file="f")
        return
    _accepted(found)
    source, _ = read_document(data, "f")
    assert source is not None
    try:
        again = load_text(as_text(source.data), "f", DEFINITIONS, _find_type, type_names())
    except InventoryError as error:
        demand(False, "written again it is refused", error.complaints)
    demand(_essence(again) == _essence(found), "written and read again differs", found.models)


def _essence(found: Inventory) -> list[object]:
    models = [{name: getattr(m, name) for name in m.__struct_fields__ if name != "source"} for m in found.models]
    return [models, found.platforms, found.limits]


def _accepted(found: Inventory) -> None:
    entries = {entry.name: entry for entry in found.platforms}
    addresses = [model.address for model in found.models]
    demand(addresses == sorted(set(addresses)), "addresses are not in order, or twice", addresses)
    for model in found.models:
        kind = _find_type(entries[model.platform], DEFINITIONS)
        demand(re.fullmatch(kind.id_pattern, model.id) is not None, "id outside its pattern", model.id)
        demand(model.address.isprintable() and model.address.isascii(), "address", model.address)
        demand(set(model.after) <= set(addresses) - {model.address}, "after names what is not there", model.after)
        demand(model.timeout is None or 0 < model.timeout < 1e11, "timeout", model.timeout)
        demand(model.source.line >= 1 and model.source.column >= 1, "place", model.source)
        if model.target.export is not None:
            demand(export_fault(export_path(model, kind)) is None, "export path", model.target.export)


# Definitions and the schemas in them.


def definition(data: bytes) -> None:
    """Anything as a definition: one that can be used at once, or complaints."""
    from .replies import use_definition

    try:
        found = read_definition(data, "f")
    except DefinitionError as error:
        complaints(error.complaints, file="f")
    else:
        use_definition(found, b'{"status": "RUNNING", "id": "m-1", "data": [{"id": "m-1", "state": "READY"}]}')


def schema(data: bytes) -> None:
    """`{"schema": ..., "data": ...}`: a schema that is found to be one can check anything, in our words."""
    both = json_of(data)
    if not isinstance(both, dict) or not isinstance(both.get("schema"), dict) or _depth(both) > MAX_DEPTH:
        return
    problem = schema_problem(both["schema"])
    line(problem)
    if problem is not None:
        return
    checker = Checker(both["schema"])
    found = checker.problems(both.get("data"))
    demand(bool(found) is not checker.valid(both.get("data")), "valid and problems disagree", found)
    for one in found:
        line(one.text)
        demand(one.text.isprintable(), "not printable", one.text)


# Words.


def words(data: bytes) -> None:
    """Addresses, keys, durations, names: the first byte says as what the rest is read."""
    kind, text = data[:1], characters(data[1:])
    for address in (text, f"https://{text}") if kind < b"\x80" else ():
        _address(address)
    if kind >= b"\x80":
        _key(text)
    is_loopback(text)
    variable(text, "KEY")
    _segment(text)
    _public(text)
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        line(str(error))
        demand(str(error).isprintable(), "not printable", str(error))
    else:
        demand(0 <= seconds < 1e11, "seconds", seconds)
        format_duration(seconds)
    shown(text)
    suggestion(text[:100], ("deployed", "undeployed", text[1:50]))
    is_secret_field(text)
    if export_fault(text) is None:
        demand(not Path(text).is_absolute() and ".." not in Path(text).parts, "leaves the folder", text)
        demand(text.isprintable(), "not printable", text)


def _public(text: str) -> None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return
    demand(not is_public(address) or not (address.is_private or address.is_loopback), "public", text)


def _segment(text: str) -> None:
    """That an id never leaves its part of a path, nor is anything but itself there."""
    try:
        target = fill(_STATUS, {"id": text}).target
    except ValueError as error:
        line(str(error)[:2000])
        return
    before, part, after = target[1:].split("/")
    demand((before, after) == ("v1", "status") and unquote(part) == text, "not the same id", target)
    demand(httpx.URL(f"https://api.example{target}").raw_path == target.encode(), "changed on its way", target)


_STATUS = Request(method="GET", path="/v1/{id}/status")


def _address(text: str) -> None:
    from reconciler.platforms.access import Access
    from reconciler.platforms.http import _KeyFor

    try:
        origin = origin_of(text, "URL")
    except ConfigurationError as error:
        line(str(error)[:2000])
        return
    demand(origin_of(origin, "URL") == origin, "not settled", origin)
    demand(re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+", origin) is not None, "odd origin", origin)
    _KeyFor(Access(origin=origin, key=None), {})._origin.raw_host  # noqa: B018  # what every request to it does


def _key(text: str) -> None:
    try:
        key = usable_key(text, "KEY")
    except ConfigurationError as error:
        line(str(error))
        return
    if len(key.reveal()) >= SHORTEST:
        demand(key.reveal() not in Redactor([key])(f"x {key.reveal()} y {text}"), "a key is left")


# Sinks.


def sinks(data: bytes) -> None:
    """Any text is harmless for every sink."""
    text = characters(data)
    shown = safe.terminal(text)
    demand(len(shown.splitlines()) <= 1 and shown.isprintable(), "terminal", shown)
    demand("  " not in shown and safe.terminal(shown) == shown, "not settled", shown)
    log = safe.ci(text)
    demand("::" not in log and "##" not in log and log.isprintable() and safe.ci(log) == log, "ci", log)
    code = safe.markdown_code(text)
    demand(len(code.splitlines()) <= 1, "markdown_code", code)
    cell = safe.markdown(text)
    demand(len(cell.splitlines()) <= 1 and "<" not in cell and "|" not in cell, "markdown", cell)
    demand(re.search(r"(?<!\\)[`*_\[\]()!#~@$^]", re.sub(r"\\\\|&#?\w+;", "", cell)) is None, "markdown", cell)
    for escaped in (safe.html(text), safe.xml(text)):
        demand(not set("<>\"'") & set(escaped) and unescape(escaped) == shown, "html", escaped)
    redacted = Redactor([Secret("kore-secret-1"), Secret("p\u00e4ss \x07w")])(text)
    demand("kore-secret-1" not in redacted, "a key is left")
