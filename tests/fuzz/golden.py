"""What the simulated platforms answer, in every shape they know, as inputs of the targets `reply` and `wire`."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from reconciler.simulator import KORE_KEY, NUGEN_KEY, JobTime, SimulatedPlatforms, quickstart

from .replies import STATUSES

_OF_A_LENGTH = ("date", "content-length", "transfer-encoding")  # without them the body ends with the connection


def golden(name: str) -> list[bytes]:
    """Inputs for a target; none for those that read no answers."""
    if name == "reply":
        return [_as_reply(number, answer) for number, _, answer in _answers()]
    return [_as_wire(*found) for found in _answers()] if name == "wire" else []


def _as_reply(number: int, answer: httpx.Response) -> bytes:
    status = STATUSES.index(answer.status_code) if answer.status_code in STATUSES else 0
    head: str = answer.headers.get("retry-after", answer.headers.get("content-type", "application/json"))
    return bytes((number, status)) + head.encode() + b"\n" + bytes(answer.content)


def _as_wire(number: int, operation: int, answer: httpx.Response) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items() if name not in _OF_A_LENGTH)
    first = f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}\r\n{head}\r\n"
    return bytes((number, operation)) + first.encode() + answer.content


def _answers() -> Iterator[tuple[int, int, httpx.Response]]:
    """Every answer of every shape of the simulated platforms: definition, what was asked (as `wire` has it), answer."""
    with SimulatedPlatforms(seed=quickstart, job_time=JobTime(seconds=0)) as simulated, httpx.Client() as client:
        yield from _kore(client, simulated.kore_url)
        for number, url in ((1, simulated.nugen_url), (2, simulated.nugen_b_url)):
            yield from _nugen(client, url, number)


def _shapes(client: httpx.Client, url: str) -> list[str]:
    found = client.get(f"{url}/_simulator/shapes").json()
    rows = found.get("shapes", found) if isinstance(found, Mapping) else found
    return [row if isinstance(row, str) else row["name"] for row in rows]


def _kore(client: httpx.Client, url: str) -> Iterator[tuple[int, int, httpx.Response]]:
    headers = {"x-api-key": KORE_KEY}
    body = {"name": "n", "hyperParameters": {"temperature": 0, "maxTokens": 1, "topP": 1, "topK": 1}}
    for shape in _shapes(client, url):
        client.post(f"{url}/_simulator/reset")
        for number, verb in enumerate(("deploy", "export", "undeploy")):
            client.post(f"{url}/_simulator/shapes", json={"name": shape, "times": 2})
            path = f"{url}/api/public/models/cm-20f1a/{verb}?modelType=openSource"
            more = {"deviceType": "g5.xlarge", "isDeployedPreviously": True}
            answer = client.post(path, headers=headers, json={**body, **more} if verb == "deploy" else None)
            yield 0, 3 * number + 2, answer
            identity = next((v for v in _values(answer) if isinstance(v, str) and v.startswith("ds-")), "ds-none")
            yield 0, 1, client.get(f"{url}/api/public/dock-status/{identity}", headers=headers)


def _nugen(client: httpx.Client, url: str, number: int) -> Iterator[tuple[int, int, httpx.Response]]:
    headers = {"authorization": f"Bearer {NUGEN_KEY}"}
    id = "alignment_01KXG82FJJ98NQ0"
    v3 = f"{url}/api/v3/models"
    calls = {
        1: (
            (2, "POST", f"deploy-model/{id}"),
            (5, "DELETE", f"undeploy-model/{id}"),
            (0, "GET", "aligned"),
            (1, "GET", f"deploy-model/{id}/status"),
            (4, "GET", f"undeploy-model/{id}/status"),
        ),
        2: ((2, "POST", f"{id}/deployment"), (1, "GET", f"{id}/deployment/status"), (0, "GET", "aligned")),
    }
    for shape in _shapes(client, url):
        client.post(f"{url}/_simulator/reset")
        for operation, method, path in calls[number]:
            client.post(f"{url}/_simulator/shapes", json={"name": shape, "times": 1})
            yield number, operation, client.request(method, f"{v3}/{path}", headers=headers)


def _values(answer: httpx.Response) -> list[Any]:
    try:
        data = answer.json()
    except ValueError:
        return []
    return list(data.values()) if isinstance(data, dict) else []
