"""Starting actions on the simulated Kore.ai, and having them answered in any way."""

import json
from typing import Any

from reconciler.core.job import Accepted, Refused, Uncertain, Verb
from reconciler.core.live import LiveState
from reconciler.platforms.base import Platform
from reconciler.simulator import Fault, FaultKind, SimulatedPlatforms
from reconciler.simulator.log import Entry

from .asking import model, started

SETTINGS: dict[str, Any] = {
    "modelType": "openSource",
    "name": "support-triage",
    "hyperParameters": {"temperature": 0.5, "maxTokens": 256, "topP": 1, "topK": 40, "stopSequence": ["END"]},
    "scalingParameters": {"minReplicas": 1, "maxReplicas": 2},
    "deviceType": "g5.xlarge",
    "optimizationInfo": {"optimizationType": "", "quantizationType": ""},
}
UP = model("cm-up", settings=SETTINGS)
DOWN = model("cm-down", settings=SETTINGS)
UNDEPLOY = "POST /api/public/models/{id}/undeploy"


def only(simulated: SimulatedPlatforms) -> Entry:
    """The one request that was made."""
    (entry,) = simulated.kore.log.entries
    return entry


def reply(simulated: SimulatedPlatforms, status: int, body: object, **headers: str) -> None:
    """Let the next request be answered so; it starts a job where the status says that it did."""
    text = body if isinstance(body, str) else json.dumps(body)
    fault = Fault(FaultKind.REPLY, status=status, body=text, headers=headers, effect=status < 300)
    simulated.kore.fault(fault)


async def accepted(platform: Platform, verb: Verb = Verb.UNDEPLOY) -> Accepted:
    answer = await started(platform, verb, UP, LiveState.DEPLOYED)
    assert isinstance(answer, Accepted), answer
    return answer


async def refused(platform: Platform) -> Refused:
    answer = await started(platform, Verb.UNDEPLOY, UP, LiveState.DEPLOYED)
    assert isinstance(answer, Refused), answer
    return answer


async def uncertain(platform: Platform) -> Uncertain:
    answer = await started(platform, Verb.UNDEPLOY, UP, LiveState.DEPLOYED)
    assert isinstance(answer, Uncertain), answer
    return answer
