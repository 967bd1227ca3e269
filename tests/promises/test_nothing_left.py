"""Plan, apply, plan again: nothing is left to do, for every example there is and for worlds at random."""

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.core.codec import read_plan
from reconciler.core.plan import Plan
from reconciler.simulator import JobTime, SimulatedPlatforms
from tests.cli.conftest import Reconciler, starts

Say = Callable[[str, object], None]
ROOT = Path(__file__).parents[2]

EXAMPLES = {
    str(file.relative_to(ROOT)): file.read_text("utf-8")
    for file in sorted(ROOT.glob("examples/**/*.yaml"))
    if "inventory.schema.json" in file.read_text("utf-8").splitlines()[0]
}
IN_README = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text("utf-8").replace("\n   ", "\n"), re.DOTALL)
EXAMPLES |= {
    f"README-{number}": text
    for number, text in enumerate(IN_README)
    if re.search(r"^version: 1$", text, re.MULTILINE) and re.search(r"^models:$", text, re.MULTILINE)
}


def applied(reconciler: Reconciler) -> None:
    """Bring `inventory.yaml` to where nothing is left; what nobody can know is declared the other way round first."""
    assert reconciler("plan", "--out", "first.json").code == 0
    first = reconciler("apply", "--plan", "first.json")
    assert first.code in (0, 3), first.out + first.err
    blocked = read_plan_of("first.json").blocked
    for entry in blocked:
        other = "undeployed" if entry.verb == "deploy" else "deployed"
        assert reconciler("adopt", entry.address, "--as", other).code == 0
    if blocked:
        second = reconciler("apply", "--yes")
        assert second.code == 0, second.out + second.err


def read_plan_of(file: str) -> Plan:
    return read_plan(json.loads(Path(file).read_text("utf-8")))


def nothing_is_left(reach: SimulatedPlatforms, reconciler: Reconciler) -> int:
    """The next plan is empty, and to apply it asks for nothing; how many changes were asked for before."""
    done = starts(reach)
    again = reconciler("plan", "--out", "empty.json", "--detailed-exitcode")
    assert again.code == 0, again.out + again.err
    assert read_plan_of("empty.json").actions == ()
    empty = reconciler("apply", "--plan", "empty.json")
    assert empty.code == 0, empty.out + empty.err
    assert reconciler("apply", "--yes").code == 0
    assert reconciler("drift").code == 0
    assert starts(reach) == done
    return len(done)


@pytest.mark.parametrize("example", EXAMPLES)
def test_nothing_is_left_of_an_example(
    reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say, example: str
) -> None:
    Path("inventory.yaml").write_text(EXAMPLES[example], "utf-8")
    applied(reconciler)
    nothing_is_left(reach, reconciler)
    record_property("figure", "1 examples, 0 changes left, 0 starts by an empty plan")


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 3


def world_at_random(reach: SimulatedPlatforms, chance: random.Random) -> str:
    """An account of up to nine models, and an inventory that wants any of them anywhere."""
    lines = ["version: 1", "models:"]
    for number in range(chance.randint(1, 9)):
        deployed, wanted = chance.choice((True, False)), chance.choice(("deployed", "undeployed"))
        after = f", after: [m{chance.randrange(number)}]" if number and chance.random() < 0.3 else ""
        if chance.random() < 0.6:
            reach.nugen.add(f"alignment_{number}", f"model {number}", deployed=deployed)
            lines.append(f"  m{number}: {{platform: nugen, id: alignment_{number}, state: {wanted}{after}}}")
        else:
            reach.kore.add(f"cm-{number}", deployed=deployed)
            export = ", export: {before_undeploy: true}" if chance.random() < 0.5 else ""
            settings = f", settings: {SETTINGS}, probe: {{path: /models/cm-{number}/v2/chat/completions}}"
            lines.append(f"  m{number}: {{platform: kore, id: cm-{number}, state: {wanted}{export}{settings}{after}}}")
    return "\n".join(lines) + "\n"


SETTINGS = (
    "{modelType: openSource, name: batch, deviceType: g5.xlarge,"
    " hyperParameters: {temperature: 0.5, maxTokens: 256, topP: 1, topK: 40},"
    " scalingParameters: {minReplicas: 1, maxReplicas: 2}}"
)


def nothing_is_left_at_random(reach: SimulatedPlatforms, reconciler: Reconciler, say: Say, seeds: range) -> None:
    started = 0
    for seed in seeds:
        for leftover in ("inventory.yaml", ".reconciler/journal.db"):
            Path(leftover).unlink(missing_ok=True)
        reach.reset()
        reach.nugen.set_job_time(JobTime(seconds=0.02))
        reach.kore.set_job_time(JobTime(seconds=0.02))
        Path("inventory.yaml").write_text(world_at_random(reach, random.Random(seed)), "utf-8")
        applied(reconciler)
        started += nothing_is_left(reach, reconciler)
    assert started
    say("figure", f"{len(seeds)} worlds at random, 0 changes left, 0 starts by an empty plan")


@pytest.mark.parametrize("seeds", [range(4), range(4, 8)], ids=str)
def test_nothing_is_left_of_a_world_at_random(
    reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say, seeds: range
) -> None:
    nothing_is_left_at_random(reach, reconciler, record_property, seeds)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seeds", [range(100, 150), range(150, 200)], ids=str)
def test_nothing_is_left_of_many_worlds(
    reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say, seeds: range
) -> None:
    nothing_is_left_at_random(reach, reconciler, record_property, seeds)
