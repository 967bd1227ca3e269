"""The same inputs give the same plan, byte for byte, but for id, times and seal: fresh processes, real files."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.simulator import JobTime, SimulatedPlatforms, Verb, World

Say = Callable[[str, object], None]
ROOT = Path(__file__).parents[2]
ZONES: Final = ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata", "XXX-14", "XXX+12")
WORDS: Final = ("deployed", "undeployed", "DEPLOYING", "EVALUATING", "QUEUED", "UNDEPLOYING")


def a_rich_account(reach: SimulatedPlatforms) -> None:
    """Forty models in every state, and an inventory that wants half of them, in an order that is not the platform's."""
    lines = ["version: 1", "guards: {max_undeploys: 3}", "models:"]
    for number in range(40):
        identity = f"alignment_{number:02}"
        reach.nugen.add(identity, f"model {number}", deployed=number % 2 == 0)
        word = WORDS[number % len(WORDS)]
        reach.nugen.set_state(identity, word)
        if number % 7 == 0 and word in ("deployed", "undeployed"):
            verb = Verb.UNDEPLOY if word == "deployed" else Verb.DEPLOY
            reach.nugen.start(reach.nugen.model(identity), verb, job_time=JobTime(seconds=3600))
        if number % 2:
            wanted = "undeployed" if number % 3 else "deployed"
            after = f", after: [m{(number + 20) % 40 | 1:02}]" if number in (3, 9) else ""
            lines.insert(3, f"  m{number:02}: {{platform: nugen, id: {identity}, state: {wanted}{after}}}")
    for number in range(3):
        reach.kore.add(f"cm-{number}", deployed=number != 1)
        probe = f"probe: {{path: /models/cm-{number}/v2/chat/completions}}, " if number < 2 else ""
        lines.append(
            f"  k{number}: {{platform: kore, id: cm-{number}, {probe}state: undeployed, export: {{max_age: 7d}}}}"
        )
    Path("inventory.yaml").write_text("\n".join(lines) + "\n", "utf-8")


def shuffled(world: World, chance: random.Random) -> None:
    """The platform lists the same models in another order."""
    with world.lock:
        models = list(world.models.items())
        chance.shuffle(models)
        world.models.clear()
        world.models.update(models)


def fresh_plan(number: int, **environment: str) -> bytes:
    """The bytes of a plan that a process of its own saves, without what may differ."""
    file = f"plan-{number}.json"
    ran = subprocess.run(
        [sys.executable, "-m", "reconciler", "plan", "--out", file],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )
    assert ran.returncode == 0, ran.stderr
    return same(Path(file).read_text("utf-8"))


def same(text: str) -> bytes:
    data: dict[str, Any] = json.loads(text)
    for name in ("id", "created_at", "expires_at", "seal"):
        text = text.replace(json.dumps(data.pop(name)), '"…"')
    for time in {action["evidence"]["at"] for action in data["actions"]} - {None}:
        text = text.replace(json.dumps(time), '"…"')
    return text.encode()


def one_plan(reach: SimulatedPlatforms, say: Say, runs: int) -> None:
    """Hash seeds, the platform's order and nothing else differ between `runs` processes."""
    a_rich_account(reach)
    chance = random.Random(runs)
    plans = []
    for number in range(runs):
        shuffled(reach.nugen, chance)
        shuffled(reach.kore, chance)
        plans.append(fresh_plan(number, PYTHONHASHSEED=str(chance.randrange(1, 2**32 - 1))))

    assert len(json.loads(Path("plan-0.json").read_text("utf-8"))["actions"]) > 5
    different = sum(plan != plans[0] for plan in plans)
    assert different == 0
    say("figure", f"{runs} plans, {different} different")


def test_hash_seeds_and_the_order_of_a_list_change_no_byte(reach: SimulatedPlatforms, record_property: Say) -> None:
    one_plan(reach, record_property, 8)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_hundred_plans_are_one(reach: SimulatedPlatforms, record_property: Say) -> None:
    one_plan(reach, record_property, 100)


def test_another_world_is_another_plan(reach: SimulatedPlatforms) -> None:
    """The comparison above can fail."""
    a_rich_account(reach)
    before = fresh_plan(0)
    reach.nugen.set_state("alignment_01", "deployed" if reach.nugen.state("alignment_01") != "deployed" else "QUEUED")
    assert fresh_plan(1) != before


def test_the_time_zone_changes_no_byte(reach: SimulatedPlatforms, record_property: Say) -> None:
    a_rich_account(reach)
    plans = [fresh_plan(number, TZ=zone) for number, zone in enumerate(ZONES)]

    different = sum(plan != plans[0] for plan in plans)
    assert different == 0
    times = {json.loads(Path(f"plan-{number}.json").read_text())["created_at"][-1] for number in range(len(ZONES))}
    assert times == {"Z"}
    record_property("figure", f"{len(ZONES)} time zones, {different} different plans")


def test_a_plan_applies_in_another_time_zone(reach: SimulatedPlatforms, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither expired nor from the future: 14 hours east, 12 hours west."""
    Path("inventory.yaml").write_text(
        "version: 1\nmodels:\n  pilot: {platform: nugen, id: alignment_01M3GF73KHT8N4TB, state: undeployed}\n"
    )
    for made, applied in (("XXX-14", "XXX+12"), ("XXX+12", "XXX-14")):
        reach.nugen.set_state("alignment_01M3GF73KHT8N4TB", "deployed")
        for zone, arguments in ((made, ["plan", "--expires", "1h", "--out", "p.json"]), (applied, ["apply", "--plan"])):
            ran = subprocess.run(
                [sys.executable, "-m", "reconciler", *arguments, *(["p.json"] if arguments[0] == "apply" else [])],
                capture_output=True,
                text=True,
                env={**os.environ, "PYTHONPATH": str(ROOT), "TZ": zone},
            )
            assert ran.returncode == 0, ran.stderr
