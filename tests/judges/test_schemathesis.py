"""The simulator against Schemathesis: thousands of requests, right and wrong, made from the OpenAPI documents."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
import yaml

from reconciler.simulator import KORE_KEY, NUGEN_KEY, JobTime, SimulatedPlatforms, quickstart

from .tools import HERE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

KEYS: Final = {
    "kore": f"x-api-key: {KORE_KEY}",
    "nugen": f"Authorization: Bearer {NUGEN_KEY}",
    "nugen-b": f"Authorization: Bearer {NUGEN_KEY}",
}
"""Header names as the documents write them: the judge leaves them out by name when it tries a call without a key."""

NOT_ASKED: Final = {
    "kore": (),
    "nugen": ("positive_data_acceptance",),  # 400 says that a model's state forbids a right request: documented
    "nugen-b": ("positive_data_acceptance",),
}


def document(platform: str, folder: Path) -> Path:
    """The platform's document, without the one thing that it asks of a client and the pages do not say of a server:
    that a deployment with a field of another name is refused."""
    text = yaml.safe_load((HERE / f"{platform}.openapi.yaml").read_text("utf-8"))
    pending = [text["components"]["schemas"].get("Deployment", {})]
    while pending:
        schema = pending.pop()
        schema.pop("additionalProperties", None)
        pending.extend(schema.get("properties", {}).values())
    file = folder / "openapi.yaml"
    file.write_text(yaml.safe_dump(text), "utf-8")
    return file


def judge(program: Path, platform: str, simulated: SimulatedPlatforms, folder: Path) -> str:
    url = {"kore": simulated.kore_url, "nugen": simulated.nugen_url, "nugen-b": simulated.nugen_b_url}[platform]
    command = [str(program), "--no-color", "run", str(document(platform, folder)), "--url", url, "-H", KEYS[platform]]
    command += ["--checks", "all", "--max-examples", "150", "--seed", "1", "--suppress-health-check", "all"]
    command += [part for check in NOT_ASKED[platform] for part in ("--exclude-checks", check)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=800).stdout


def cases(said: str) -> int:
    found = re.search(r"(\d+) generated", said)
    return int(found[1]) if found else 0


@pytest.mark.parametrize("platform", ["nugen", "nugen-b", "kore"])
def test_every_answer_is_one_the_pages_have(
    schemathesis: Path, platform: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with SimulatedPlatforms(seed=quickstart, job_time=JobTime(seconds=0.05)) as simulated:
        said = judge(schemathesis, platform, simulated, tmp_path)
    record_property("runs", cases(said))
    record_property("violations", len(re.findall(r"^- ST\d+", said, re.MULTILINE)))
    assert "No issues found" in said, said
    assert cases(said) > 300


@pytest.mark.parametrize(
    ("platform", "shape"), [("nugen", "error-500"), ("nugen", "answer-empty"), ("nugen-b", "warming")]
)
def test_an_answer_that_no_page_has_is_noticed(schemathesis: Path, platform: str, shape: str, tmp_path: Path) -> None:
    with SimulatedPlatforms(seed=quickstart, job_time=JobTime(seconds=0.05)) as simulated:
        simulated.nugen.shape(shape)
        said = judge(schemathesis, platform, simulated, tmp_path)
    assert re.search(r"^- ST\d+", said, re.MULTILINE), said
