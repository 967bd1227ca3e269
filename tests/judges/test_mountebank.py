"""Mountebank plays Kore.ai by a script of faults: lost, late, broken and wrong answers, and our client before it."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

import pytest

from .tools import client, free_port, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

Answer = dict[str, Any]

RESET: Final[Answer] = {"fault": "CONNECTION_RESET_BY_PEER"}
GARBAGE: Final[Answer] = {"fault": "RANDOM_DATA_THEN_CLOSE"}


def answer(status: int = 200, body: object = "", *, wait: int = 0) -> Answer:
    said: Answer = {
        "is": {"statusCode": status, "headers": {"retry-after": "1"} if status == 429 else {}, "body": body}
    }
    return {**said, "behaviors": [{"wait": wait}]} if wait else said


def job(name: str, word: str = "IN_PROGRESS", *, wait: int = 0) -> Answer:
    body = {"dockStatusId": f"ds-{name}", "modelId": f"cm-{name}", "action": "UNDEPLOY", "status": word}
    return answer(body=body, wait=wait)


HTML: Final = answer(502, "<html>Bad Gateway</html>")

SCRIPT: Final[dict[str, tuple[list[Answer], list[Answer], str]]] = {
    # name: answers to the start, answers to the question how the job stands, the outcome; a last answer stays
    "reset": ([RESET], [], "uncertain"),
    "garbage": ([GARBAGE], [], "uncertain"),
    "too-late": ([job("too-late", wait=5000)], [], "uncertain"),
    "gateway": ([HTML], [], "uncertain"),
    "crash": ([answer(500, {"error": "oops"})], [], "uncertain"),
    "no-job": ([answer(200, {"message": "ok"})], [], "uncertain"),
    "not-json": ([answer(200, "<html>Sign in</html>")], [], "uncertain"),
    "forbidden": ([answer(403, {"error": {"message": "no scope"}})], [], "failed"),
    "gone": ([answer(404, {"error": {"message": "no such model"}})], [], "failed"),
    "teapot": ([answer(418, "")], [], "failed"),
    "late": ([job("late", wait=700)], [job("late", "SUCCESS")], "succeeded"),
    "storm": (
        [job("storm")],
        [
            RESET,
            HTML,
            GARBAGE,
            answer(429),
            job("storm", wait=300),
            job("storm", "SUCCESS"),
        ],
        "succeeded",
    ),
    "at-once": ([job("at-once", "SUCCESS")], [job("at-once", "SUCCESS")], "succeeded"),
    "fails": ([job("fails")], [job("fails"), job("fails", "FAILED")], "failed"),
    "endless": ([job("endless")], [job("endless")], "timed-out"),
}
SUCCEEDED: Final = [name for name, script in SCRIPT.items() if script[2] == "succeeded"]
UNCERTAIN: Final = [name for name, script in SCRIPT.items() if script[2] == "uncertain"]
LINE: Final = re.compile(r"^[! ] (succeeded|failed|timed out|uncertain) +kore/(\S+) +undeploy ", re.MULTILINE)


def stub(method: str, path: str, answers: list[Answer]) -> dict[str, object]:
    *first, last = answers
    return {
        "predicates": [{"equals": {"method": method, "path": path}}],
        "responses": [*first, {**last, "repeat": 100_000}],
    }


class Imposter:
    """Kore.ai as the script wants it."""

    def __init__(self, control: str, port: int) -> None:
        self._control = control
        self.port = port
        stubs = []
        for name, (start, poll, _) in SCRIPT.items():
            stubs.append(stub("POST", f"/api/public/models/cm-{name}/undeploy", start))
            if poll:
                stubs.append(stub("GET", f"/api/public/dock-status/ds-{name}", poll))
        imposter = {"port": port, "protocol": "http", "recordRequests": True, "stubs": stubs}
        self._ask("/imposters", {**imposter, "defaultResponse": {"statusCode": 404}})

    def _ask(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self._control + path, data, {"content-type": "application/json"}), timeout=20) as said:
            return json.load(said)

    def starts(self) -> Counter[str]:
        """How often each model was asked to change."""
        seen = self._ask(f"/imposters/{self.port}")["requests"]
        starts = (request["path"].split("/")[4] for request in seen if request["method"] == "POST")
        return Counter(start.removeprefix("cm-") for start in starts)

    def requests(self) -> int:
        return len(self._ask(f"/imposters/{self.port}")["requests"])


@pytest.fixture
def imposter(node_tools: Path, tmp_path: Path) -> Iterator[Imposter]:
    port = free_port()
    command = [str(node_tools / "mb"), "start", "--port", str(port), "--localOnly", "--nologfile"]
    with serving(command, port, tmp_path / "mb.log"):
        yield Imposter(f"http://127.0.0.1:{port}", free_port())


def prepare(folder: Path, imposter: Imposter, names: list[str]) -> dict[str, str]:
    """An inventory that wants every model undeployed, whatever it is; the variables that lead to the imposter."""
    rest = "state: undeployed, on_unknown: act"
    models = "".join(
        f"  {name}: {{platform: kore, id: cm-{name}, {rest}, timeout: {'8s' if name == 'endless' else '60s'}}}\n"
        for name in names
    )
    head = "version: 1\nplatforms:\n  kore: {type: kore, request_timeout: 2s}\nguards: {max_undeploy_percent: 100}\n"
    (folder / "inventory.yaml").write_text(f"{head}models:\n{models}", "utf-8")
    return {
        "RECONCILER_KORE_URL": f"http://127.0.0.1:{imposter.port}",
        "RECONCILER_KORE_KEY": "kg-imposter-key",
        "RECONCILER_POLL_SECONDS": "0.1",
        "RECONCILER_SETTLE_SECONDS": "1",
    }


def outcomes(folder: Path) -> dict[str, str]:
    report = json.loads((folder / "report.json").read_text("utf-8"))
    return {entry["address"].removeprefix("kore/"): entry["outcome"] for entry in report["outcomes"]}


def test_every_fault_ends_in_one_clear_line_and_no_second_start(
    imposter: Imposter, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    variables = prepare(tmp_path, imposter, list(SCRIPT))
    wanted = {name: outcome for name, (_, _, outcome) in SCRIPT.items()}
    ran = client(tmp_path, variables, "apply", "--yes", "--report", "json=report.json", expect=5)
    record_property("runs", imposter.requests())
    record_property("violations", sum(imposter.starts().values()) - len(SCRIPT))
    assert outcomes(tmp_path) == wanted
    assert sorted((name, word.replace(" ", "-")) for word, name in LINE.findall(ran.stdout)) == sorted(wanted.items())
    assert "Traceback" not in ran.stdout + ran.stderr
    assert imposter.starts() == Counter(list(SCRIPT))


def test_answers_that_are_only_late_or_broken_on_the_way_end_well(imposter: Imposter, tmp_path: Path) -> None:
    variables = prepare(tmp_path, imposter, SUCCEEDED)
    client(tmp_path, variables, "apply", "--yes", expect=0)
    client(tmp_path, variables, "apply", "--yes", expect=0)
    assert imposter.starts() == Counter(SUCCEEDED)


def test_what_is_uncertain_is_not_sent_again_by_the_next_apply(imposter: Imposter, tmp_path: Path) -> None:
    variables = prepare(tmp_path, imposter, UNCERTAIN)
    inventory = tmp_path / "inventory.yaml"
    client(tmp_path, variables, "apply", "--yes", expect=5)
    inventory.write_text(inventory.read_text("utf-8").replace("on_unknown: act, ", ""), "utf-8")
    client(tmp_path, variables, "apply", "--yes", expect=3)
    assert imposter.starts() == Counter(UNCERTAIN)
