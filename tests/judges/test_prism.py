"""Our client and the simulator through Prism, a proxy that checks every request and answer against the pages."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from reconciler.cli.simulate import variables
from reconciler.simulator import KORE_KEY, JobTime, SimulatedPlatforms, quickstart

from .tools import HERE, client, free_port, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

Record = Callable[[str, object], None]

FAQ: Final = "faq: {platform: PLATFORM, id: alignment_01KXG82FJJ98NQ0, state: deployed}"
READER: Final = "reader: {platform: PLATFORM, id: alignment_01KX0619C87YR5S, state: deployed}"
PILOT: Final = "pilot: {platform: PLATFORM, id: alignment_01M3GF73KHT8N4TB, state: undeployed}"
CLAIMS: Final = """claims:
    platform: kore
    id: cm-77b2c
    state: deployed
    settings:
      modelType: openSource
      name: claims
      deviceType: g5.xlarge
      hyperParameters: {temperature: 0.2, maxTokens: 512, topP: 1, topK: 40}
      scalingParameters: {minReplicas: 1, maxReplicas: 2}"""
BODY: Final[dict[str, Any]] = {
    "name": "claims",
    "deviceType": "g5.xlarge",
    "hyperParameters": {"temperature": 0.2, "maxTokens": 512, "topP": 1, "topK": 40},
}
TRIAGE: Final = "triage: {platform: kore, id: cm-20f1a, state: undeployed}"


@dataclass(frozen=True, slots=True)
class Court:
    """The simulator, the proxies before it, and the variables that lead our client to the proxies."""

    simulated: SimulatedPlatforms
    variables: dict[str, str]
    log: Path

    def seen(self) -> str:
        return self.log.read_text("utf-8")

    def forwarded(self) -> int:
        return len(re.findall(r"> Forwarding ", self.seen()))

    def complaints(self) -> list[str]:
        """What the proxy complained about, request or answer, and every answer that it made itself. It writes its log
        a moment after it answered."""
        time.sleep(2)
        return [line for line in self.seen().splitlines() if re.search(r"iolat|✖|⚠|terminated|warning|error", line)]


@contextmanager
def proxied(platform: str, tools: Path, folder: Path) -> Iterator[Court]:
    with ExitStack() as stack:
        simulated = stack.enter_context(SimulatedPlatforms(seed=quickstart, job_time=JobTime(seconds=0.3)))
        urls = {"kore": simulated.kore_url, "nugen": simulated.nugen_url, "nugen-b": simulated.nugen_b_url}
        port, log = free_port(), folder / "prism.log"
        document = HERE / f"{platform}.openapi.yaml"
        command = [str(tools / "prism"), "proxy", str(document), urls[platform], "--errors", "-p", str(port)]
        stack.enter_context(serving([*command, "-h", "127.0.0.1"], port, log))
        led = variables(**{name.replace("-", "_"): url for name, url in urls.items()})
        led[f"RECONCILER_{platform.upper().replace('-', '_')}_URL"] = f"http://127.0.0.1:{port}"
        yield Court(simulated, {**led, "RECONCILER_POLL_SECONDS": "0.2", "RECONCILER_SETTLE_SECONDS": "1"}, log)


def write(folder: Path, platform: str, *models: str) -> None:
    text = "".join(f"  {model}\n" for model in models).replace("PLATFORM", platform)
    (folder / "inventory.yaml").write_text(f"version: 1\nmodels:\n{text}", "utf-8")


def judged(court: Court, record: Record, *, least: int) -> None:
    record("runs", court.forwarded())
    record("violations", len(court.complaints()))
    assert court.complaints() == []
    assert court.forwarded() >= least


def test_nugen_plan_apply_and_drift(node_tools: Path, tmp_path: Path, record_property: Record) -> None:
    with proxied("nugen", node_tools, tmp_path) as court:
        write(tmp_path, "nugen", FAQ, READER, PILOT)
        client(tmp_path, court.variables, "plan", "--out", "plan.json", "--detailed-exitcode", expect=2)
        client(tmp_path, court.variables, "apply", "--plan", "plan.json", expect=0)
        client(tmp_path, court.variables, "drift", expect=0)
        court.simulated.nugen.set_state("alignment_01KXG82FJJ98NQ0", "undeployed")
        client(tmp_path, court.variables, "drift", expect=2)
        court.simulated.nugen.fail_next("alignment_01KXG82FJJ98NQ0", "no device")
        client(tmp_path, court.variables, "apply", "--yes", expect=5)
        client(tmp_path, court.variables, "apply", "--yes", expect=0)
        judged(court, record_property, least=15)


def test_nugen_b_plan_apply_and_drift(node_tools: Path, tmp_path: Path, record_property: Record) -> None:
    with proxied("nugen-b", node_tools, tmp_path) as court:
        write(tmp_path, "nugen-b", FAQ, READER)
        client(tmp_path, court.variables, "plan", "--out", "plan.json", "--detailed-exitcode", expect=2)
        client(tmp_path, court.variables, "apply", "--plan", "plan.json", expect=0)
        client(tmp_path, court.variables, "drift", expect=0)
        court.simulated.nugen.set_state("alignment_01KXG82FJJ98NQ0", "undeployed")
        client(tmp_path, court.variables, "drift", expect=2)
        court.simulated.nugen.fail_next("alignment_01KXG82FJJ98NQ0", "no device")
        client(tmp_path, court.variables, "apply", "--yes", expect=5)
        judged(court, record_property, least=12)


def test_kore_adopt_apply_and_drift(node_tools: Path, tmp_path: Path, record_property: Record) -> None:
    with proxied("kore", node_tools, tmp_path) as court:
        write(tmp_path, "kore", CLAIMS, TRIAGE)
        client(tmp_path, court.variables, "adopt", "kore/claims", "--as", "undeployed", expect=0)
        client(tmp_path, court.variables, "adopt", "kore/triage", "--as", "deployed", expect=0)
        client(tmp_path, court.variables, "plan", "--out", "plan.json", "--detailed-exitcode", expect=2)
        client(tmp_path, court.variables, "apply", "--plan", "plan.json", expect=0)
        client(tmp_path, court.variables, "drift", expect=0)
        judged(court, record_property, least=4)


@pytest.mark.parametrize("shape", ["answer-other", "task-lower-case", "list-mixed-case", "error-html", "naive-times"])
def test_an_answer_that_no_page_has_is_noticed(node_tools: Path, tmp_path: Path, shape: str) -> None:
    with proxied("nugen", node_tools, tmp_path) as court:
        write(tmp_path, "nugen", FAQ)
        court.simulated.nugen.shape(shape)
        client(tmp_path, court.variables, "apply", "--yes")
        assert court.complaints()


@pytest.mark.parametrize(
    ("path", "body", "key"),
    [
        ("deploy?modelType=openSource", {"name": "claims"}, KORE_KEY),
        ("deploy?modelType=openSource", {**BODY, "isDeployedPreviouly": True}, KORE_KEY),
        ("deploy", BODY, KORE_KEY),
        ("undeploy", None, None),
    ],
)
def test_a_request_that_no_page_has_is_noticed(
    node_tools: Path, tmp_path: Path, path: str, body: dict[str, Any] | None, key: str | None
) -> None:
    with proxied("kore", node_tools, tmp_path) as court:
        headers = {"content-type": "application/json"} | ({"x-api-key": key} if key else {})
        url = f"{court.variables['RECONCILER_KORE_URL']}/api/public/models/cm-77b2c/{path}"
        with pytest.raises(HTTPError):
            urlopen(Request(url, json.dumps(body).encode() if body else None, headers, method="POST"), timeout=30)
        assert court.complaints()
        assert court.forwarded() == 0
