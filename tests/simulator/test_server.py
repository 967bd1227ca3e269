"""Starting, stopping, and serving in the foreground."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import httpx
import pytest

from reconciler.simulator import Fault, FaultKind, JobTime, SimulatedPlatforms, Urls, World, quickstart, serve_forever

from .conftest import client

FOREGROUND = """
from reconciler.simulator import serve_forever
serve_forever(ready=lambda urls: print(urls.kore, urls.nugen, urls.nugen_b, flush=True))
print("ended", flush=True)
"""


def best_of(times: int, work: Callable[[], float]) -> float:
    return min(work() for _ in range(times))


def test_it_starts_at_once() -> None:
    def start() -> float:
        before = time.monotonic()
        with SimulatedPlatforms(seed=quickstart) as platforms:
            assert (
                httpx.get(f"{platforms.kore_url}/_simulator/models", trust_env=False, verify=False).status_code == 200
            )
            return time.monotonic() - before

    assert best_of(3, start) < 0.3


def test_it_stops_at_once_even_with_open_connections_and_answers_under_way() -> None:
    def stop() -> float:
        platforms = SimulatedPlatforms(seed=quickstart).start()
        with client(platforms.kore_url) as kept:
            kept.get("/")  # stays open
            platforms.kore.fault(Fault(FaultKind.DELAY, seconds=60))
            ended: list[Exception] = []

            def wait() -> None:
                try:
                    httpx.get(platforms.kore_url, trust_env=False, verify=False)
                except httpx.TransportError as problem:
                    ended.append(problem)

            waiting = threading.Thread(target=wait)
            waiting.start()
            while len(platforms.kore.log) < 2:
                time.sleep(0.001)
            before = time.monotonic()
            platforms.stop()
            took = time.monotonic() - before
            waiting.join(timeout=1)
            assert len(ended) == 1  # cut off, not answered with an error
            with pytest.raises(httpx.TransportError):
                kept.get("/")
        return took

    assert best_of(3, stop) < 0.5


def test_stopping_twice_and_starting_again() -> None:
    platforms = SimulatedPlatforms()
    for _ in range(2):
        platforms.start()
        assert httpx.get(f"{platforms.nugen_url}/_simulator/log", trust_env=False, verify=False).status_code == 200
        platforms.stop()
        platforms.stop()


def test_leaving_the_context_frees_the_ports() -> None:
    port = free_ports()
    for _ in range(2):
        with SimulatedPlatforms(port=port):
            pass
    for index in range(3):
        with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
            probe.connect(("127.0.0.1", port + index))


def test_there_are_no_addresses_before_the_start() -> None:
    with pytest.raises(RuntimeError, match="not started"):
        _ = SimulatedPlatforms().kore_url


def test_the_ports_are_three_in_a_row_when_one_is_named() -> None:
    port = free_ports()
    with SimulatedPlatforms(port=port) as platforms:
        urls = platforms.urls
        assert (urls.kore, urls.nugen, urls.nugen_b) == tuple(f"http://127.0.0.1:{port + index}" for index in range(3))


def test_a_taken_port_is_an_error_and_the_others_are_freed() -> None:
    port = free_ports()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + 2))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            SimulatedPlatforms(port=port).start()
    with SimulatedPlatforms(port=port):
        pass


def free_ports() -> int:
    """Find a port that is free together with the two after it."""
    for port in range(20_000, 30_000, 3):
        probes = [socket.socket() for _ in range(3)]
        try:
            for index, probe in enumerate(probes):
                probe.bind(("127.0.0.1", port + index))
            return port
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
    raise AssertionError("no three free ports")


def test_a_reset_tells_the_story_again() -> None:
    with SimulatedPlatforms(seed=quickstart) as platforms:
        platforms.kore.remove("cm-20f1a")
        platforms.reset()
        assert platforms.kore.state("cm-20f1a") == "deployed"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_foreground_serves_until_a_signal(number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", FOREGROUND], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        urls = process.stdout.readline().split()
        for url in urls:
            assert len(httpx.get(f"{url}/_simulator/models", trust_env=False, verify=False).json()["models"]) == 3
        process.send_signal(number)
        out, err = process.communicate(timeout=5)
    assert len(urls) == 3
    assert (process.returncode, out, err) == (0, "ended\n", "")


def test_the_foreground_restores_the_signal_handlers() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    seen: list[Urls] = []

    def ready(urls: Urls) -> None:
        seen.append(urls)
        signal.raise_signal(signal.SIGTERM)

    port = free_ports()
    serve_forever(port=port, seed=None, ready=ready)
    assert [url.kore for url in seen] == [f"http://127.0.0.1:{port}"]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_the_story() -> None:
    with SimulatedPlatforms(seed=quickstart) as platforms:
        assert {id: platforms.kore.state(id) for id in platforms.kore.models} == {
            "cm-20f1a": "deployed",
            "cm-77b2c": "undeployed",
            "cm-9d04e": "deployed",
        }
        assert [model.name for model in platforms.kore.models.values()] == [
            "support-triage",
            "claims-reader",
            "night-batch",
        ]
        assert {id: platforms.nugen.state(id) for id in platforms.nugen.models} == {
            "alignment_01KXG82FJJ98NQ0": "undeployed",
            "alignment_01KX0619C87YR5S": "deploying",
            "alignment_01M3GF73KHT8N4TB": "deployed",
        }
        assert (platforms.kore.key, platforms.nugen.key) == ("kg-simulator-key", "nugen-0123456789abcdef")


def test_the_storys_deployment_takes_its_time_from_the_first_look() -> None:
    def brief(kore: World, nugen: World) -> None:
        quickstart(kore, nugen, deploying=JobTime(seconds=0.2, from_first_look=True))

    with SimulatedPlatforms(seed=brief) as platforms:
        reader = "alignment_01KX0619C87YR5S"
        time.sleep(0.25)
        with client(platforms.nugen_url, Authorization=f"Bearer {platforms.nugen.key}") as nugen:
            seen = {
                row["alignment_id"]: row for row in nugen.get("/api/v3/models/aligned").json()["domain_aligned_models"]
            }
            assert seen[reader]["status"] == "DEPLOYING"
            time.sleep(0.25)
            assert platforms.nugen.state(reader) == "deployed"


def test_ten_thousand_models() -> None:
    def seed(kore: World, nugen: World) -> None:
        for number in range(10_000):
            kore.add(f"cm-{number}")
            nugen.add(f"alignment_{number:05}", deployed=False)

    with SimulatedPlatforms(seed=seed) as platforms:
        with client(platforms.nugen_url, Authorization=f"Bearer {platforms.nugen.key}") as nugen:
            assert len(nugen.get("/api/v3/models/aligned").json()["domain_aligned_models"]) == 10_000
        with client(platforms.kore_url, **{"x-api-key": platforms.kore.key}) as kore:

            def rate(first: int) -> float:
                before = time.monotonic()
                for number in range(first, first + 100):
                    kore.post(f"/api/public/models/cm-{number}/undeploy")
                return (time.monotonic() - before) / 100

            assert min(rate(first) for first in range(0, 500, 100)) < 0.005  # seconds; 0.0006 measured


def test_a_bug_in_the_simulator_is_shown(
    platforms: SimulatedPlatforms, kore: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    platforms.kore.start = broken  # type: ignore[assignment, method-assign]
    answer = kore.post("/api/public/models/cm-up/undeploy")
    assert answer.status_code == 500
    assert "ZeroDivisionError" in answer.text
    assert "the simulator failed to answer" in caplog.text
