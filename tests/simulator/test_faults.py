"""Every fault: what a client sees, and what became of the request."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

import httpx
import pytest

from reconciler.simulator import Fault, FaultKind, JobTime, SimulatedPlatforms
from reconciler.simulator.faults import ABOUT

from .conftest import SETTINGS, Clock

UNDEPLOY = "/api/public/models/cm-up/undeploy"
TRIED: set[FaultKind] = set()


@pytest.fixture
def hit(platforms: SimulatedPlatforms) -> Callable[[Fault], None]:
    """Put a fault in force and remember that its kind is tested."""

    def put(fault: Fault) -> None:
        TRIED.add(fault.kind)
        platforms.kore.fault(fault)

    return put


Hit = Callable[[Fault], None]


def effects(platforms: SimulatedPlatforms) -> list[bool]:
    return [entry.effect for entry in platforms.kore.log.entries]


def statuses(platforms: SimulatedPlatforms) -> list[int | None]:
    return [entry.status for entry in platforms.kore.log.entries]


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 3
    while not true():
        assert time.monotonic() < deadline, "never came true"
        time.sleep(0.005)


@pytest.mark.parametrize(("reset", "error"), [(False, httpx.RemoteProtocolError), (True, httpx.ReadError)])
@pytest.mark.parametrize("kind", ["drop-before", "drop-after"])
def test_a_dropped_connection(
    platforms: SimulatedPlatforms, kore: httpx.Client, hit: Hit, kind: str, reset: bool, error: type[Exception]
) -> None:
    hit(Fault(FaultKind(kind), reset=reset))
    with pytest.raises(error):
        kore.post(UNDEPLOY)
    happened = kind == "drop-after"
    assert platforms.kore.state("cm-up") == ("undeploying" if happened else "deployed")
    assert effects(platforms) == [happened]
    assert statuses(platforms) == [None]
    assert platforms.kore.log.entries[0].fault == kind
    assert kore.post(UNDEPLOY).status_code == 200  # once only


def test_a_late_answer(platforms: SimulatedPlatforms, kore: httpx.Client, hit: Hit) -> None:
    hit(Fault(FaultKind.DELAY, seconds=0.2))
    with pytest.raises(httpx.ReadTimeout):
        kore.post(UNDEPLOY, timeout=0.05)
    assert effects(platforms) == [True]  # at once, though nobody has the answer
    hit(Fault(FaultKind.DELAY, seconds=0.1))
    before = time.monotonic()
    assert kore.post(UNDEPLOY).status_code == 200
    assert time.monotonic() - before >= 0.1


def test_a_late_effect(platforms: SimulatedPlatforms, kore: httpx.Client, hit: Hit) -> None:
    hit(Fault(FaultKind.LATE_EFFECT, seconds=0.2))
    with pytest.raises(httpx.ReadTimeout):
        kore.post(UNDEPLOY, timeout=0.05)
    assert effects(platforms) == [False]
    assert platforms.kore.state("cm-up") == "deployed"
    until(lambda: effects(platforms) == [True])
    assert platforms.kore.state("cm-up") == "undeploying"


@pytest.mark.parametrize(("removed", "status"), [(False, 400), (True, 404)])
def test_a_late_effect_meets_the_world_as_it_is_then(
    platforms: SimulatedPlatforms, nugen: httpx.Client, clock: Clock, removed: bool, status: int
) -> None:
    nugen.delete("/undeploy-model/pilot-alignment-02")
    platforms.nugen.shape("same-id")
    platforms.nugen.fault(Fault(FaultKind.LATE_EFFECT, seconds=0.1))
    answers: list[httpx.Response] = []
    late = threading.Thread(target=lambda: answers.append(nugen.delete("/undeploy-model/pilot-alignment-02")))
    late.start()
    until(lambda: len(platforms.nugen.log) == 2)
    clock.pass_by(10)  # the first undeployment ends
    if removed:
        platforms.nugen.remove("alignment_02")
    late.join()
    assert answers[0].status_code == status
    assert answers[0].json()["detail"] == ("Model not found" if removed else "Model is already undeployed")


def test_a_late_effect_is_answered_to_who_waits(platforms: SimulatedPlatforms, kore: httpx.Client, hit: Hit) -> None:
    hit(Fault(FaultKind.LATE_EFFECT, seconds=0.05))
    assert kore.post(UNDEPLOY).json()["status"] == "IN_PROGRESS"
    assert statuses(platforms) == [200]


def test_a_late_effect_after_a_drop(platforms: SimulatedPlatforms, kore: httpx.Client, hit: Hit) -> None:
    hit(Fault(FaultKind.DROP_LATE_EFFECT, seconds=0.15))
    before = time.monotonic()
    with pytest.raises(httpx.RemoteProtocolError):
        kore.post(UNDEPLOY)
    assert time.monotonic() - before < 0.1
    assert effects(platforms) == [False]
    until(lambda: effects(platforms) == [True])
    assert platforms.kore.state("cm-up") == "undeploying"
    assert statuses(platforms) == [None]


@pytest.mark.parametrize("effect", [False, True])
def test_any_reply(platforms: SimulatedPlatforms, kore: httpx.Client, hit: Hit, effect: bool) -> None:
    headers = {"content-type": "application/json", "x-odd": "1"}
    hit(Fault(FaultKind.REPLY, status=418, body='{"a": NaN, "a": 2}', headers=headers, effect=effect))
    answer = kore.post(UNDEPLOY)
    assert (answer.status_code, answer.content) == (418, b'{"a": NaN, "a": 2}')
    assert (answer.headers["content-type"], answer.headers["x-odd"]) == ("application/json", "1")
    assert effects(platforms) == [effect]
    assert statuses(platforms) == [418]


def test_a_reply_is_a_bad_gateway_unless_told(kore: httpx.Client, hit: Hit) -> None:
    hit(Fault(FaultKind.REPLY, body=b"\xef\xbb\xbf{}"))
    answer = kore.get("/")
    assert (answer.status_code, answer.content) == (502, b"\xef\xbb\xbf{}")


@pytest.mark.parametrize(("reset", "error"), [(False, httpx.RemoteProtocolError), (True, httpx.ReadError)])
def test_a_body_that_ends_too_early(
    platforms: SimulatedPlatforms, kore: httpx.Client, hit: Hit, reset: bool, error: type[Exception]
) -> None:
    hit(Fault(FaultKind.TRUNCATED, reset=reset))
    with kore.stream("POST", UNDEPLOY) as answer:
        assert answer.status_code == 200
        pieces = answer.iter_raw()
        assert next(pieces).startswith(b'{"dock-statusId":')
        with pytest.raises(error):
            next(pieces)
    assert effects(platforms) == [True]


def test_a_body_in_drips(platforms: SimulatedPlatforms, kore: httpx.Client, hit: Hit) -> None:
    hit(Fault(FaultKind.DRIP, seconds=0.001))
    with kore.stream("POST", UNDEPLOY) as answer:
        pieces = list(answer.iter_raw())
    assert json.loads(b"".join(pieces))["status"] == "IN_PROGRESS"
    assert len(pieces) > 50
    assert effects(platforms) == [True]


def test_nobody_need_wait_for_the_drips(platforms: SimulatedPlatforms, kore: httpx.Client, hit: Hit) -> None:
    hit(Fault(FaultKind.DRIP, seconds=0.01))
    with kore.stream("POST", UNDEPLOY) as answer:
        next(answer.iter_raw())
    assert kore.post(UNDEPLOY).status_code == 200


def test_a_gzip_bomb(platforms: SimulatedPlatforms, kore: httpx.Client, hit: Hit) -> None:
    hit(Fault(FaultKind.GZIP_BOMB, size=2_000_000))
    with kore.stream("POST", UNDEPLOY) as answer:
        raw = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == "gzip"
    assert len(raw) < 10_000
    hit(Fault(FaultKind.GZIP_BOMB, size=2_000_000))
    assert len(kore.post(UNDEPLOY).content) == 2_000_000
    assert effects(platforms) == [True, True]


def test_an_oversize_body(platforms: SimulatedPlatforms, kore: httpx.Client, hit: Hit) -> None:
    hit(Fault(FaultKind.OVERSIZE, size=3_000_000))
    answer = kore.post(UNDEPLOY)
    assert len(answer.content) == 3_000_000
    assert list(answer.json()) == ["padding"]
    assert effects(platforms) == [True]


def test_an_oversize_body_may_be_left(kore: httpx.Client, hit: Hit) -> None:
    hit(Fault(FaultKind.OVERSIZE, size=500_000_000))
    before = time.monotonic()
    with kore.stream("POST", UNDEPLOY) as answer:
        next(answer.iter_raw())
    assert kore.post(UNDEPLOY).status_code == 200
    assert time.monotonic() - before < 2


@pytest.mark.parametrize("status", [None, 302])
def test_a_redirect(platforms: SimulatedPlatforms, kore: httpx.Client, hit: Hit, status: int | None) -> None:
    hit(Fault(FaultKind.REDIRECT, url="http://127.0.0.1:9/elsewhere", status=status))
    answer = kore.post(UNDEPLOY)
    assert answer.status_code == (status or 307)
    assert answer.headers["location"] == "http://127.0.0.1:9/elsewhere"
    assert effects(platforms) == [False]


def test_every_kind_was_tried() -> None:
    """Runs last in this module: a kind without a test shows here."""
    if len(TRIED) > 1:  # not when a single test was picked
        assert set(FaultKind) == TRIED
    assert set(FaultKind) == set(ABOUT)


def test_the_names_of_the_kinds() -> None:
    names = "drop-before drop-after delay late-effect drop-late-effect reply truncated drip gzip-bomb oversize redirect"
    assert [str(kind) for kind in FaultKind] == names.split()


@pytest.mark.parametrize(
    ("fault", "hits"),
    [
        (Fault(FaultKind.REPLY, times=None), [True, True, True, True]),
        (Fault(FaultKind.REPLY, times=2), [True, True, False, False]),
        (Fault(FaultKind.REPLY, model="cm-down"), [False, True, False, False]),
        (Fault(FaultKind.REPLY, operation="export", times=None), [False, False, True, False]),
        (Fault(FaultKind.REPLY, method="GET"), [False, False, False, True]),
        (Fault(FaultKind.REPLY, path="/api/public/models/*/undeploy", times=None), [True, True, False, False]),
        (Fault(FaultKind.REPLY, model="cm-up", operation="export"), [False, False, True, False]),
        (Fault(FaultKind.REPLY, model="cm-nobody", times=None), [False, False, False, True]),
    ],
)
def test_which_requests_are_hit(
    platforms: SimulatedPlatforms, kore: httpx.Client, fault: Fault, hits: list[bool]
) -> None:
    platforms.kore.fault(fault)
    lines = [
        ("POST", UNDEPLOY),
        ("POST", "/api/public/models/cm-down/undeploy"),
        ("POST", "/api/public/models/cm-up/export"),
        ("GET", "/models/cm-nobody/v2/chat/completions"),
    ]
    answers = [kore.request(method, path).status_code == 502 for method, path in lines]
    if fault.model == "cm-nobody":
        answers[3] = kore.post("/api/public/models/cm-nobody/export").status_code == 502
    assert answers == hits


def test_a_model_is_hit_under_any_of_its_ids(platforms: SimulatedPlatforms, nugen: httpx.Client) -> None:
    platforms.nugen.fault(Fault(FaultKind.REPLY, model="alignment_02"))
    assert nugen.delete("/undeploy-model/pilot-alignment-02").status_code == 502


def test_faults_come_one_after_the_other(platforms: SimulatedPlatforms, kore: httpx.Client) -> None:
    for status in (500, 503):
        platforms.kore.fault(Fault(FaultKind.REPLY, status=status))
    assert [kore.post(UNDEPLOY).status_code for _ in range(3)] == [500, 503, 200]


def test_a_share_of_the_requests(platforms: SimulatedPlatforms, kore: httpx.Client) -> None:
    platforms.kore.fault(Fault(FaultKind.REPLY, chance=0.3, times=None))
    hits = sum(kore.get("/").status_code == 502 for _ in range(200))
    assert 35 <= hits <= 85


def test_faults_can_be_cleared(platforms: SimulatedPlatforms, kore: httpx.Client) -> None:
    platforms.kore.fault(Fault(FaultKind.REPLY, times=None))
    platforms.kore.faults.clear()
    assert kore.post(UNDEPLOY).status_code == 200


def test_a_fault_hits_before_the_key_is_asked_for(platforms: SimulatedPlatforms) -> None:
    platforms.kore.fault(Fault(FaultKind.REPLY))
    assert httpx.post(platforms.kore_url + UNDEPLOY, trust_env=False, verify=False).status_code == 502


def test_a_fault_that_makes_no_sense_is_an_error() -> None:
    with pytest.raises(ValueError, match="a redirect needs a url"):
        Fault(FaultKind.REDIRECT)


def test_faults_make_no_noise(
    platforms: SimulatedPlatforms, kore: httpx.Client, capfd: pytest.CaptureFixture[str]
) -> None:
    for kind in FaultKind:
        platforms.kore.fault(Fault(kind, size=1000, url="http://127.0.0.1:9/"))
        try:
            kore.post(UNDEPLOY)
        except httpx.TransportError:
            continue
    assert capfd.readouterr() == ("", "")


def test_drops_under_load_lose_nothing(platforms: SimulatedPlatforms) -> None:
    """Answers are lost at random while several clients work; what the log says happened is what happened."""
    platforms.kore.set_job_time(JobTime())
    platforms.kore.fault(Fault(FaultKind.DROP_AFTER, chance=0.3, times=None))
    headers = {"x-api-key": platforms.kore.key}
    sent = [0] * 4

    def work(index: int) -> None:
        with httpx.Client(base_url=platforms.kore_url, headers=headers, trust_env=False, verify=False) as client:
            for _ in range(50):
                sent[index] += 1
                try:
                    client.post("/api/public/models/cm-down/deploy?modelType=openSource", json=SETTINGS)
                except httpx.RemoteProtocolError:
                    continue

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = platforms.kore.log.entries
    assert len(entries) == sum(sent) == 200
    assert all(entry.effect for entry in entries)
    assert [entry.number for entry in entries] == list(range(1, 201))
    assert 0 < sum(entry.status is None for entry in entries) < 200
