"""The control routes, as somebody with curl in another process uses them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from reconciler.simulator import SimulatedPlatforms
from reconciler.simulator.faults import FaultKind
from reconciler.simulator.kore_shapes import SHAPES as KORE_SHAPES
from reconciler.simulator.nugen_shapes import SHAPES as NUGEN_SHAPES

from .conftest import FAQ, Clock

UNDEPLOY = "/api/public/models/cm-up/undeploy"


def tell(site: httpx.Client, path: str, body: object = None) -> httpx.Response:
    """POST to a control route, without any key."""
    return httpx.post(f"{_origin(site)}/_simulator/{path}", json=body, trust_env=False, verify=False)


def ask(site: httpx.Client, path: str) -> Any:
    return httpx.get(f"{_origin(site)}/_simulator/{path}", trust_env=False, verify=False).json()


def _origin(site: httpx.Client) -> str:
    return f"http://{site.base_url.netloc.decode()}"


def test_the_log(platforms: SimulatedPlatforms, kore: httpx.Client, nugen: httpx.Client) -> None:
    kore.post(UNDEPLOY)
    kore.get("/nowhere")
    log = ask(kore, "log")["log"]
    assert [(entry["number"], entry["method"], entry["status"]) for entry in log] == [(1, "POST", 200), (2, "GET", 404)]
    assert log[0]["headers"]["x-api-key"] == platforms.kore.key
    assert [entry["number"] for entry in ask(kore, "log?method=GET")["log"]] == [2]
    assert [entry["number"] for entry in ask(kore, "log?operation=undeploy&model=cm-up")["log"]] == [1]
    assert ask(nugen, "log") == {"log": []}


def test_the_models(platforms: SimulatedPlatforms, kore: httpx.Client, nugen_b: httpx.Client) -> None:
    kore.post(UNDEPLOY)
    assert ask(kore, "models") == {
        "models": [
            {"id": "cm-up", "name": "up", "state": "undeploying"},
            {"id": "cm-down", "name": "down", "state": "undeployed"},
        ]
    }
    assert [model["id"] for model in ask(nugen_b, "models")["models"]] == [FAQ, "alignment_02"]


def test_a_state_is_set_by_hand(platforms: SimulatedPlatforms, kore: httpx.Client, nugen: httpx.Client) -> None:
    assert tell(kore, "models/cm-up/state", {"state": "undeployed"}).status_code == 204
    assert platforms.kore.state("cm-up") == "undeployed"
    assert tell(nugen, f"models/{FAQ}/state", {"state": "EVALUATING"}).status_code == 204
    assert platforms.nugen.state(FAQ) == "EVALUATING"


def test_a_job_is_killed(platforms: SimulatedPlatforms, kore: httpx.Client) -> None:
    job = kore.post(UNDEPLOY).json()["dock-statusId"]
    answer = tell(kore, "models/cm-up/kill-job", {"error": "killed"})
    assert answer.json() == {"job": job, "verb": "undeploy", "state": "failed"}
    assert kore.get(f"/api/public/dock-status/{job}").json()["status"] == "FAILED"


def test_the_next_job_is_doomed(platforms: SimulatedPlatforms, nugen: httpx.Client, clock: Clock) -> None:
    assert tell(nugen, f"models/{FAQ}/fail-next", {"error": "no room"}).status_code == 204
    id = "alignment-01kxg82fjj98nq0"
    nugen.post(f"/deploy-model/{id}")
    clock.pass_by(10)
    assert nugen.get(f"/deploy-model/{id}/status").json()["result"] == {"error": "no room"}


def test_shapes(platforms: SimulatedPlatforms, kore: httpx.Client, nugen: httpx.Client) -> None:
    assert ask(kore, "shapes") == {name: shape.about for name, shape in KORE_SHAPES.items()}
    assert ask(nugen, "shapes") == {name: shape.about for name, shape in NUGEN_SHAPES.items()}
    tell(kore, "shapes", {"name": "limited", "model": "cm-up", "operation": "undeploy", "times": 1})
    assert [kore.post(UNDEPLOY).status_code for _ in range(2)] == [429, 200]


def test_faults(platforms: SimulatedPlatforms, kore: httpx.Client) -> None:
    assert set(ask(kore, "faults")) == set(FaultKind)
    tell(kore, "faults", {"kind": "reply", "path": "*/undeploy", "status": 503, "body": "later", "times": 1})
    answer = kore.post(UNDEPLOY)
    assert (answer.status_code, answer.text) == (503, "later")
    assert kore.post(UNDEPLOY).status_code == 200


def test_job_times(platforms: SimulatedPlatforms, kore: httpx.Client) -> None:
    tell(kore, "job-time", {"seconds": 0})
    tell(kore, "job-time", {"polls": 2, "model": "cm-down"})
    assert kore.post(UNDEPLOY).json()["status"] == "SUCCESS"
    job = kore.post("/api/public/models/cm-down/undeploy").json()["dock-statusId"]
    seen = [kore.get(f"/api/public/dock-status/{job}").json()["status"] for _ in range(2)]
    assert seen == ["IN_PROGRESS", "SUCCESS"]


def test_a_reset_empties_both_accounts_that_have_no_story(
    platforms: SimulatedPlatforms, kore: httpx.Client, nugen: httpx.Client
) -> None:
    kore.post(UNDEPLOY)
    assert tell(nugen, "reset").status_code == 204
    assert ask(kore, "models") == ask(nugen, "models") == {"models": []}
    assert ask(kore, "log") == {"log": []}


def test_control_is_not_logged(platforms: SimulatedPlatforms, kore: httpx.Client) -> None:
    ask(kore, "models")
    tell(kore, "job-time", {"seconds": 1})
    assert len(platforms.kore.log) == 0


@pytest.mark.parametrize(
    ("path", "body", "complaint"),
    [
        ("models/cm-nobody/state", {"state": "deployed"}, "no such model: cm-nobody"),
        ("models/cm-up/state", {}, "state must be text"),
        ("models/cm-up/kill-job", None, "no job runs on cm-up"),
        ("models/cm-nobody/fail-next", None, "no such model: cm-nobody"),
        ("shapes", {"name": "nothing"}, "no such shape: nothing"),
        ("shapes", {"name": "limited", "often": 2}, "often"),
        ("faults", {"kind": "nothing"}, "nothing"),
        ("faults", {}, "kind"),
        ("faults", {"kind": "redirect"}, "url"),
        ("job-time", {"seconds": -1}, "negative"),
        ("job-time", {"minutes": 1}, "minutes"),
        ("job-time", [1], "must be a JSON object"),
    ],
)
def test_nonsense_is_refused(
    platforms: SimulatedPlatforms, kore: httpx.Client, path: str, body: object, complaint: str
) -> None:
    answer = tell(kore, path, body)
    assert answer.status_code == 400
    assert complaint in answer.json()["error"]


def test_what_is_not_a_control_route_is_not_found(platforms: SimulatedPlatforms, kore: httpx.Client) -> None:
    assert tell(kore, "nothing").status_code == 404
