"""What the fuzzer begins with: the files of other tests, the examples, and values made by hand."""

import json
import re
from pathlib import Path
from textwrap import dedent
from typing import Any

from reconciler.core.codec import plan_json, report_json, with_digest
from reconciler.journal.rows import encode
from tests.core.values import action, everything, plan, report
from tests.inventory.test_load import CONTRACT
from tests.journal.records import accepted, intent, record, settled
from tests.render.samples import HOSTILE

from .replies import BUILT_IN

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"


def seeds(name: str) -> list[bytes]:
    """The first inputs of a target."""
    return list(dict.fromkeys(_SEEDS[name]()))


def _files(*patterns: str) -> list[bytes]:
    return [path.read_bytes() for pattern in patterns for path in sorted(ROOT.glob(pattern))]


def _inventories() -> list[bytes]:
    readme = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    texts = [dedent(text).encode() for text in readme]
    return [*_files("tests/inventory/bad/*.yaml", "examples/**/*.yaml"), *texts, CONTRACT.encode(), _OWN.encode()]


_OWN = """version: 1
platforms:
  mine: {definition: ./ollama.yaml, concurrency: 2, poll: 1s}
  kore-eu: {type: kore, requests_per_minute: 0.5, settle: 9m}
defaults: {owner: a, labels: {b: c}, settings: {early: true}, export: {max_age: 7d}}
guards: {max_undeploy_percent: 12.5, max_undeploys: null}
models:
  m.1: {platform: mine, id: "m-1", state: deployed, after: [kore-eu/x, y]}
  x: {platform: kore-eu, id: cm-1, state: undeployed, export: {before_undeploy: true, to: a/b.zip}, protect: true}
  y: {platform: nugen, id: -a.b, state: deployed, timeout: 90s, on_unknown: act, on_broken: redeploy}
"""


def _documents() -> list[bytes]:
    words = (
        "yes", "No", "on", "OFF", "y", "N", "~", "null", "Null", "true", "TRUE", "0", "-0", "00", "010", "0o17", "0x1f",
        "0b11", "1_000", "12:30", "1:30.5", "1.5", "1.", ".5", "+1", "1e3", "1.5e3", "1.5e+3", ".inf", "-.INF", ".nan",
        "2024-02-24", "2024-2-4", "2024-02-24 10:00:00", "2024-02-24T10:00:00Z", "=", "<<", "9" * 20, "0.0000001",
        "1" + "0" * 14, "é", "'a'", '"\\u00e9"', "[a, {b: c}]", "|\n b\n c", ">-\n b\n c", "a #b", "-", "?", "a:b",
    )  # fmt: skip
    return [*_inventories(), *(f"{prefix}{word}\n".encode() for word in words for prefix in ("a: ", "- "))]


def _definitions() -> list[bytes]:
    return _files("reconciler/platforms/definitions/*.yaml", "tests/platforms/definitions/*.yaml") + _files(
        "tests/platforms/wrong/*.yaml"
    )


def _schemas() -> list[bytes]:
    from reconciler.platforms.registry import find_type

    found = [find_type(name).type.settings_schema for name in BUILT_IN]
    pairs: list[tuple[Any, Any]] = [(schema, {"modelType": "x", "hyperParameters": {"topP": 2}}) for schema in found]
    pairs += [
        ({"type": "object", "required": ["a"]}, {}),
        ({"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 3}]}, 1),
        ({"oneOf": [{"const": 1}, {"enum": ["a", 2]}], "not": {"type": "null"}}, "b"),
        ({"propertyNames": {"pattern": "^a$"}, "patternProperties": {"b": False}}, {"b": 1}),
        ({"$defs": {"a": {"type": "array", "items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}, [[[1]]]),
        ({"if": {"minLength": 2}, "then": {"maxLength": 3}, "else": {"format": "date"}}, "abcd"),
        ({"multipleOf": 0.1, "exclusiveMaximum": 3}, 1e15),
        ({"uniqueItems": True, "contains": {"const": 2}, "minContains": 2, "prefixItems": [True]}, [1, 1]),
        ({"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"a": False}}, {"a": 1}),
        ({"unevaluatedProperties": False, "unevaluatedItems": False, "minProperties": 2}, {"a": 1}),
        ({"$anchor": "x", "$dynamicAnchor": "y", "$dynamicRef": "#y", "$id": "urn:a", "$ref": "#x"}, None),
    ]
    return [json.dumps({"schema": schema, "data": data}).encode() for schema, data in pairs]


def _words() -> list[bytes]:
    words = (
        "https://api.example", "api.example:8443/", "http://127.0.0.1:80", "https://[::1]:1", "https://10.0.0.1",
        "https://1.2.3.256", "http://localhost", "https://a@b", "https://h:99999",
        "kg-0a1b2c3d-5ee3", '"quoted"', "90s", "15m", "999999d", "1h30m", "a/../b.zip", "con.txt", "x/y.zip", "C:x",
        "..", ".", "%2e%2e", "a%2fb", "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::a00:1", "fe80::1%eth0",
    )  # fmt: skip
    return [prefix + word.encode() for word in words for prefix in (b"\0", b"\xff")]


def _sinks() -> list[bytes]:
    return [text.encode("utf-8", "surrogatepass") for text in HOSTILE]


def _plans() -> list[bytes]:
    made = [plan(), plan(action("a", settings={"size": 1})), everything(), plan(offline=True)]
    return [json.dumps(plan_json(with_digest(one))).encode() for one in made]


def _reports() -> list[bytes]:
    full = report_json(report())
    return [
        json.dumps(one).encode()
        for one in (full, {**full, "outcomes": []}, {**full, "outcomes": [{}]}, {**full, "started_at": "\ud800"})
    ]


def _journals() -> list[bytes]:
    from reconciler.core.job import Verb
    from reconciler.core.live import LiveState
    from reconciler.core.model import Deployment
    from reconciler.core.record import RecordKind
    from reconciler.core.report import OutcomeKind

    records = [
        intent(Verb.DEPLOY, attempt=1),
        accepted(Verb.DEPLOY, "j-1", 1, before="undeployed"),
        settled(
            Verb.DEPLOY, OutcomeKind.SUCCEEDED, 2, target=Deployment.DEPLOYED, live=LiveState.DEPLOYED, settings={}
        ),
        record(RecordKind.UNCERTAIN, 3, verb=Verb.UNDEPLOY, text="lost"),
        record(RecordKind.REFUSED, 3, verb=Verb.UNDEPLOY, text="no"),
        record(RecordKind.ADOPTED, 4, verb=Verb.EXPORT, job="e-1"),
        settled(Verb.EXPORT, OutcomeKind.FAILED, 5, started=False),
        record(RecordKind.VERIFIED, 6, target=Deployment.UNDEPLOYED),
        record(RecordKind.DECLARED, 7, live=LiveState.BROKEN),
        record(RecordKind.PROTECTED, 8, on=True),
        record(RecordKind.PLAN_USED, 9, plan="p-1"),
    ]
    lines = [encode(one) for one in records]
    return [*lines, b"\n".join(lines)]


def _lists() -> list[bytes]:
    return [
        b"dep alignment_01KXG82FJJ98NQ0 faq bot\nunde m-1 \ndep 010 yes\ndep no on\n",
        b"d 1e3 12:30\nde 0x1f null\ndep 2024-02-24 ~\nd y n\n",
    ]


def _replies() -> list[bytes]:
    links = ("/v1/deployments?page=2", "https://[", "https://other.example/", "//api.example:9x/", "?\ud800", "", "..")
    found = []
    for link in links:
        row = [{"id": "m-1", "name": "m-1", "state": "READY", "status": "RUNNING"}]
        lists = {"data": row, "models": row, "items": row, "output": {"deployments": row}, "next": link}
        body = json.dumps({**lists, "links": {"next": link}}).encode()
        found += [bytes((number, 0)) + b"application/json\n" + body for number in range(12)]
    for progress in (b"250", b"-5", b'"1e999"', b'"NaN"'):
        found.append(b'\0\0x\n{"status": "IN_PROGRESS", "dockStatusId": "ds-1", "percentageComplete": %b}' % progress)
    found += [b"\0\x0c" + b"Mon, 02 Feb 2026 14:00:30 GMT\n{}", b"\1\4https://other.example/x\n"]
    return found


def _wires() -> list[bytes]:
    chunked = b"\0\1HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    old = b"\0\1HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\n" + b'{"status": "SUCCESS"}'
    return [chunked, old, b"\1\0HTTP/1.1 200 OK\r\n\r\n{}", b"\2\2HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"]


def _downloads() -> list[bytes]:
    moved = (
        b"/b",
        b"?c=1",
        b"http://127.0.0.1:1/",
        b"http://127.0.0.1:99999/",
        b"//[g]/",
        b"\x85",
    )
    return [
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nzip",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n\x1f\x8b",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000,
        b"HTTP/1.1 403 No\r\n\r\n<Error/>",
        *(b"HTTP/1.1 302 Found\r\nlocation: %b\r\ncontent-length: 0\r\n\r\n" % where for where in moved),
    ]


_SEEDS = {
    "inventory": _inventories,
    "document": _documents,
    "definition": _definitions,
    "schema": _schemas,
    "words": _words,
    "sinks": _sinks,
    "reply": _replies,
    "wire": _wires,
    "download": _downloads,
    "plan": _plans,
    "report": _reports,
    "journal": _journals,
    "discovered": _lists,
}
