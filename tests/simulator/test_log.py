from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from reconciler.simulator import KORE_KEY, NUGEN_KEY, Fault, FaultKind, SimulatedPlatforms

from .conftest import FAQ, SETTINGS, Clock


def test_an_entry_holds_the_whole_request(platforms: SimulatedPlatforms, kore: httpx.Client, clock: Clock) -> None:
    clock.pass_by(3)
    query = "?modelType=openSource&empty="
    kore.post(
        f"/api/public/models/cm%2Ddown/deploy{query}",
        json=SETTINGS,
        headers={"Idempotency-Key": "attempt-1", "X-Secret": "not kept"},
    )
    (entry,) = platforms.kore.log.entries
    assert (entry.number, entry.at, entry.site, entry.method) == (1, 1003.0, "kore", "POST")
    assert entry.path == "/api/public/models/cm%2Ddown/deploy"
    assert entry.query == {"modelType": "openSource", "empty": ""}
    assert (entry.operation, entry.model, entry.status, entry.effect) == ("deploy", "cm-down", 200, True)
    assert entry.fault is None
    assert entry.body == SETTINGS
    assert entry.headers["x-api-key"] == KORE_KEY
    assert entry.headers["idempotency-key"] == "attempt-1"
    assert entry.headers["content-type"] == "application/json"
    assert entry.headers["host"] == platforms.kore_url.removeprefix("http://")
    assert "authorization" not in entry.headers
    assert "x-secret" not in entry.headers


def test_a_refused_and_an_unrouted_request_are_logged_too(platforms: SimulatedPlatforms, kore: httpx.Client) -> None:
    kore.post("/api/public/models/cm-up/undeploy", headers={"x-api-key": "kg-wrong"})
    kore.get("/nowhere")
    refused, lost = platforms.kore.log.entries
    assert (refused.status, refused.effect, refused.headers["x-api-key"]) == (401, False, "kg-wrong")
    assert (lost.status, lost.operation, lost.model, lost.body) == (404, "", None, None)


def test_a_body_that_is_not_json_is_kept_as_text(platforms: SimulatedPlatforms, kore: httpx.Client) -> None:
    kore.post("/api/public/models/cm-up/undeploy", content=b"{not json")
    assert platforms.kore.log.entries[0].body == "{not json"


def test_a_poll_and_a_download_know_their_model(
    platforms: SimulatedPlatforms, kore: httpx.Client, clock: Clock
) -> None:
    job = kore.post("/api/public/models/cm-up/export").json()["_id"]
    clock.pass_by(10)
    kore.get(kore.get(f"/api/public/dock-status/{job}").json()["response"]["downloadUrl"])
    seen = [(entry.operation, entry.model, entry.effect) for entry in platforms.kore.log.entries]
    assert seen == [("export", "cm-up", True), ("dock-status", "cm-up", False), ("download", "cm-up", False)]


def test_both_generations_share_a_log(
    platforms: SimulatedPlatforms, nugen: httpx.Client, nugen_b: httpx.Client
) -> None:
    nugen.get("/aligned")
    nugen_b.post("/model_01kxg82fjj98nq0/deployment")
    first, second = platforms.nugen.log.entries
    assert (first.site, first.operation, first.model) == ("nugen", "list", None)
    assert (second.site, second.operation, second.model) == ("nugen-b", "b-deploy", FAQ)
    assert second.headers["authorization"] == f"Bearer {NUGEN_KEY}"
    assert len(platforms.kore.log) == 0


def test_the_log_can_be_searched_and_cleared(platforms: SimulatedPlatforms, kore: httpx.Client) -> None:
    for path in ("cm-up/undeploy", "cm-up/export", "cm-down/export", "cm-nobody/export"):
        kore.post(f"/api/public/models/{path}")
    kore.get("/")
    log = platforms.kore.log
    assert [entry.number for entry in log.find(method="GET")] == [5]
    assert [entry.number for entry in log.find(operation="export")] == [2, 3, 4]
    assert [entry.number for entry in log.find(operation="export", model="cm-up")] == [2]
    assert [entry.number for entry in log.effects()] == [1, 2, 3]
    assert [entry.number for entry in log.effects("export", "cm-down")] == [3]
    log.clear()
    assert len(log) == 0
    kore.get("/")
    assert [entry.number for entry in log.entries] == [1]


def test_an_answer_that_outlives_the_log_is_not_written_to_another_entry(
    platforms: SimulatedPlatforms, kore: httpx.Client
) -> None:
    platforms.kore.fault(Fault(FaultKind.DROP_LATE_EFFECT, seconds=0.05))
    with pytest.raises(httpx.RemoteProtocolError):
        kore.post("/api/public/models/cm-up/undeploy")
    platforms.kore.log.clear()
    kore.get("/nowhere")
    deadline = time.monotonic() + 3
    while platforms.kore.state("cm-up") == "deployed":
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert [(entry.status, entry.effect) for entry in platforms.kore.log.entries] == [(404, False)]


def test_a_monstrous_body_is_kept_as_text(platforms: SimulatedPlatforms, kore: httpx.Client) -> None:
    monster = "[" * 100_000
    assert kore.post("/api/public/models/cm-up/undeploy", content=monster).status_code == 200
    assert platforms.kore.log.entries[0].body == monster


def test_a_body_in_pieces_is_put_together(platforms: SimulatedPlatforms, kore: httpx.Client) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"a":'
        time.sleep(0.05)
        yield b" 1}"

    kore.post("/api/public/models/cm-up/undeploy", content=pieces())
    assert platforms.kore.log.entries[0].body == {"a": 1}
