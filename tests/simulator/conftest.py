"""A simulator with its own clock, and clients that hold the right keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from reconciler.simulator import KORE_KEY, NUGEN_KEY, JobTime, SimulatedPlatforms

FAQ = "alignment_01KXG82FJJ98NQ0"
SETTINGS: dict[str, Any] = {
    "name": "support-triage",
    "isDeployedPreviously": True,
    "hyperParameters": {"temperature": 0.5, "maxTokens": 256, "topP": 1, "topK": 40},
    "scalingParameters": {"minReplicas": 1, "maxReplicas": 2},
    "deviceType": "g5.xlarge",
    "optimizationInfo": {"optimizationType": "", "quantizationType": ""},
}


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time

    def pass_by(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def platforms(clock: Clock) -> Iterator[SimulatedPlatforms]:
    """One Kore.ai model up, one down; one Nugen model down, one up. Jobs take 10 seconds of the test's clock."""
    with SimulatedPlatforms(job_time=JobTime(seconds=10), now=clock) as platforms:
        platforms.kore.add("cm-up", "up")
        platforms.kore.add("cm-down", "down", deployed=False)
        platforms.nugen.add(FAQ, "faq-bot", deployed=False)
        platforms.nugen.add("alignment_02", "pilot")
        yield platforms


def client(url: str, **headers: str) -> httpx.Client:
    # verify=False spares 15 ms per client for certificates that plain http has no use for
    return httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=5, verify=False)


@pytest.fixture
def kore(platforms: SimulatedPlatforms) -> Iterator[httpx.Client]:
    with client(platforms.kore_url, **{"x-api-key": KORE_KEY}) as made:
        yield made


@pytest.fixture
def nugen(platforms: SimulatedPlatforms) -> Iterator[httpx.Client]:
    with client(f"{platforms.nugen_url}/api/v3/models", Authorization=f"Bearer {NUGEN_KEY}") as made:
        yield made


@pytest.fixture
def nugen_b(platforms: SimulatedPlatforms) -> Iterator[httpx.Client]:
    with client(f"{platforms.nugen_b_url}/api/v3/models", Authorization=f"Bearer {NUGEN_KEY}") as made:
        yield made
