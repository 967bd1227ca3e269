"""A saved plan is permission for one apply: used once, unaltered, in time, of this world; with a key or without."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.core.codec import plan_json, read_plan, with_digest
from reconciler.core.seal import seal
from reconciler.simulator import JobTime, SimulatedPlatforms, quickstart
from tests.cli.conftest import FAQ, PILOT, TRIAGE, Reconciler, inventory, starts

Say = Callable[[str, object], None]
KEY = "a key of the pipeline that only its jobs hold"


@pytest.fixture(params=[None, KEY], ids=["no-key", "plan-key"])
def plan_key(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str | None:
    key: str | None = request.param
    if key is not None:
        monkeypatch.setenv("RECONCILER_PLAN_KEY", key)
    return key


@pytest.fixture
def saved(reach: SimulatedPlatforms, reconciler: Reconciler, plan_key: str | None) -> dict[str, Any]:
    """The saved plan of three actions and an undeploy with its export."""
    inventory(TRIAGE, FAQ, PILOT)
    assert reconciler("plan", "--out", "plan.json").code == 0
    data: dict[str, Any] = json.loads(Path("plan.json").read_text())
    assert data["seal"].startswith("sha256:" if plan_key is None else "hmac-sha256:")
    return data


def written(data: object) -> str:
    Path("other.json").write_text(json.dumps(data))
    return "other.json"


def variants(value: Any) -> Iterator[tuple[str, Any]]:
    """`value` with one place of it changed in one way, for every place; each with the place's name."""
    if isinstance(value, dict):
        yield "more", {**value, "more": 1}
        for key, inner in value.items():
            rest = {name: kept for name, kept in value.items() if name != key}
            yield f"{key} gone", rest
            yield f"{key} renamed", {**rest, f"{key}_": inner}
            yield from ((f"{key}.{place}", {**value, key: other}) for place, other in variants(inner))
    elif isinstance(value, list):
        yield "one more", [*value, value[-1] if value else "x"]
        yield from ((f"{at} gone", value[:at] + value[at + 1 :]) for at in range(len(value)))
        if value != value[::-1]:
            yield "turned", value[::-1]
        for at, inner in enumerate(value):
            yield from ((f"{at}.{place}", [*value[:at], other, *value[at + 1 :]]) for place, other in variants(inner))
    elif isinstance(value, str):
        yield from (("longer", value + "x"), ("shorter", value[:-1] if value else "y"), ("null", None))
        if value.swapcase() != value:
            yield "other case", value.swapcase()
    elif isinstance(value, bool):
        yield from (("turned", not value), ("a number", int(value)))
    elif isinstance(value, int):
        yield from (("more", value + 1), ("a fraction", float(value)), ("text", str(value)))
    else:
        yield from (("text", "x"), ("false", False))


def test_no_field_can_be_changed(
    reach: SimulatedPlatforms, reconciler: Reconciler, saved: dict[str, Any], record_property: Say
) -> None:
    accepted, count = [], 0
    for place, data in variants(saved):
        count += 1
        if reconciler("apply", "--plan", written(data)).code != 4:
            accepted.append(place)

    assert accepted == []
    assert count > 300
    assert starts(reach) == []
    record_property("figure", f"{count} altered fields, {len(accepted)} accepted, {len(starts(reach))} starts")


def flipped(reach: SimulatedPlatforms, reconciler: Reconciler, say: Say, *, first: int, step: int) -> None:
    """Refused, whichever byte of the plan's file is another: every `step`th from `first` on."""
    text = Path("plan.json").read_bytes()
    whole = json.loads(text)
    accepted, count = [], 0
    for at in range(first, len(text), step):
        changed = text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :]
        try:
            if json.loads(changed) == whole:
                continue  # a blank between two tokens
        except ValueError:
            pass
        Path("other.json").write_bytes(changed)
        count += 1
        if reconciler("apply", "--plan", "other.json").code not in (1, 4):  # 1: no JSON any more
            accepted.append(at)

    assert accepted == []
    assert count
    assert starts(reach) == []
    say("figure", f"{count} altered bytes, {len(accepted)} accepted, {len(starts(reach))} starts")


@pytest.mark.parametrize("first", [0, 6])
def test_no_byte_can_be_changed(
    reach: SimulatedPlatforms, reconciler: Reconciler, saved: dict[str, Any], record_property: Say, first: int
) -> None:
    flipped(reach, reconciler, record_property, first=first, step=12)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(4))
def test_no_byte_at_all_can_be_changed(
    reach: SimulatedPlatforms, reconciler: Reconciler, saved: dict[str, Any], record_property: Say, first: int
) -> None:
    flipped(reach, reconciler, record_property, first=first, step=4)


def test_a_plan_is_used_once(
    reach: SimulatedPlatforms, reconciler: Reconciler, saved: dict[str, Any], record_property: Say
) -> None:
    assert reconciler("apply", "--plan", "plan.json").code == 0
    done = starts(reach)
    assert len(done) == 4

    # Everything is as it was before: only the journal knows that the plan was used.
    reach.nugen.set_state("alignment_01M3GF73KHT8N4TB", "deployed")
    reach.nugen.set_state("alignment_01KXG82FJJ98NQ0", "undeployed")
    for tries in range(10):
        again = reconciler("apply", "--plan", "plan.json", *(["--skip-stale"] if tries % 2 else []))
        assert again.code == 4
        assert "applied before" in again.err

    assert starts(reach) == done
    record_property("figure", f"10 repeated uses, {len(starts(reach)) - len(done)} starts")


def test_a_plan_that_ended_badly_is_used_up_too(
    reach: SimulatedPlatforms, reconciler: Reconciler, saved: dict[str, Any]
) -> None:
    reach.nugen.fail_next("alignment_01KXG82FJJ98NQ0", "no room")
    assert reconciler("apply", "--plan", "plan.json").code == 5
    done = starts(reach)

    assert reconciler("apply", "--plan", "plan.json").code == 4
    assert starts(reach) == done


def test_a_plan_expires(reach: SimulatedPlatforms, reconciler: Reconciler, plan_key: str | None) -> None:
    inventory(PILOT)
    assert reconciler("plan", "--out", "plan.json", "--expires", "1s").code == 0
    time.sleep(1.1)

    applied = reconciler("apply", "--plan", "plan.json")

    assert applied.code == 4
    assert "expired" in applied.err
    assert starts(reach) == []


def test_only_the_expected_digest_is_applied(
    reach: SimulatedPlatforms, reconciler: Reconciler, saved: dict[str, Any], record_property: Say
) -> None:
    value = saved["digest"].removeprefix("sha256:")
    other = ("0" if value[0] != "0" else "1") + value[1:]
    last = value[:-1] + ("0" if value[-1] != "0" else "1")
    wrong = [other, last, other[:16], value[:15], value[1:17], value + "0", saved["id"], saved["seal"], "sha256:", "x"]

    for expected in wrong:
        applied = reconciler("apply", "--plan", "plan.json", "--expect", expected)
        assert applied.code == 4, expected

    assert starts(reach) == []
    record_property("figure", f"{len(wrong)} unexpected digests, {len(starts(reach))} starts")
    assert reconciler("apply", "--plan", "plan.json", "--expect", value[:16]).code == 0


def test_a_plan_of_another_address_is_refused(
    reach: SimulatedPlatforms, reconciler: Reconciler, saved: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with SimulatedPlatforms(seed=quickstart, job_time=JobTime(seconds=0.1)) as others:
        monkeypatch.setenv("RECONCILER_NUGEN_URL", others.nugen_url)
        applied = reconciler("apply", "--plan", "plan.json")

        assert applied.code == 4
        assert f"was at {reach.nugen_url} when planned, is at {others.nugen_url} now" in applied.err
        assert starts(reach) == starts(others) == []


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ((TRIAGE, FAQ), "nugen/pilot#undeploy: is no longer in the inventory"),
        ((TRIAGE, FAQ, PILOT.replace("undeployed", "deployed")), "nugen/pilot#undeploy: is no longer wanted"),
        (
            (TRIAGE, FAQ, PILOT.replace("alignment_01M3GF73KHT8N4TB", "alignment_01KX0619C87YR5S")),
            "nugen/pilot#undeploy:",
        ),
        ((FAQ,), "kore/triage#undeploy: is no longer in the inventory"),
    ],
    ids=["entry-gone", "other-target", "other-model", "other-inventory"],
)
def test_a_plan_of_another_inventory_is_refused(
    reach: SimulatedPlatforms, reconciler: Reconciler, saved: dict[str, Any], models: tuple[str, ...], said: str
) -> None:
    inventory(*models)
    applied = reconciler("apply", "--plan", "plan.json", "inventory.yaml")

    assert applied.code == 4
    assert said in applied.err
    assert starts(reach) == []


def resealed(data: dict[str, Any], key: str | None) -> str:
    """The data under a seal that fits it, as whoever can write the file can make without the pipeline's key."""
    body = {name: value for name, value in data.items() if name != "seal"}
    return written({**body, "seal": seal(body, key)})


@pytest.mark.parametrize("forger", [None, "another key"], ids=["no-key", "other-key"])
def test_where_there_is_a_plan_key_only_its_holders_make_plans(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch, forger: str | None
) -> None:
    inventory(PILOT)
    if forger is not None:
        monkeypatch.setenv("RECONCILER_PLAN_KEY", forger)
    assert reconciler("plan", "--out", "plan.json").code == 0
    monkeypatch.setenv("RECONCILER_PLAN_KEY", KEY)

    assert reconciler("apply", "--plan", "plan.json").code == 4
    assert reconciler("apply", "--plan", resealed(json.loads(Path("plan.json").read_text()), forger)).code == 4
    assert starts(reach) == []


def test_a_plan_sealed_with_a_key_does_not_apply_without_it(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory(PILOT)
    monkeypatch.setenv("RECONCILER_PLAN_KEY", KEY)
    assert reconciler("plan", "--out", "plan.json").code == 0
    monkeypatch.delenv("RECONCILER_PLAN_KEY")

    applied = reconciler("apply", "--plan", "plan.json")
    assert applied.code == 4
    assert "set RECONCILER_PLAN_KEY" in applied.err
    assert starts(reach) == []


def test_a_forged_action_that_the_inventory_does_not_want_is_not_done(
    reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say
) -> None:
    """Even sealed and under a digest that fits: a plan permits, only the inventory asks."""
    inventory(PILOT)
    assert reconciler("plan", "--out", "plan.json").code == 0
    (forged,) = read_plan(json.loads(Path("plan.json").read_text())).actions
    inventory(FAQ, PILOT.replace("undeployed", "deployed"))
    assert reconciler("plan", "--out", "plan.json").code == 0
    plan = read_plan(json.loads(Path("plan.json").read_text()))
    plan = with_digest(replace(plan, actions=(*plan.actions, forged), unchanged=()))

    assert reconciler("apply", "--plan", written(plan_json(plan))).code == 4
    assert starts(reach) == []
    applied = reconciler("apply", "--plan", written(plan_json(plan)), "--skip-stale")

    assert applied.code == 5
    assert starts(reach) == [("deploy", "alignment_01KXG82FJJ98NQ0")]
    record_property("figure", "1 forged actions, 0 done")


def test_what_the_plan_does_not_hold_is_not_done(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(FAQ)
    assert reconciler("plan", "--out", "plan.json").code == 0
    inventory(FAQ, PILOT)

    applied = reconciler("apply", "--plan", "plan.json")

    assert applied.code == 0
    assert "not in this plan, so not done: nugen/pilot#undeploy" in applied.err
    assert starts(reach) == [("deploy", "alignment_01KXG82FJJ98NQ0")]
