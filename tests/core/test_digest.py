"""The digest: the same world gives the same, another world another."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import reconciler
from reconciler.core.codec import with_digest
from reconciler.core.job import Verb
from reconciler.core.live import Evidence, EvidenceSource, Failure
from reconciler.core.plan import Action, BlockedCode, Finding, Level, Plan, PlannedInventory, RunningJob, Warned
from reconciler.core.planner import decide

from . import worlds
from .cases import NOW, Case
from .values import action, blocked, everything, plan

ROOT = Path(reconciler.__file__).parents[1]


def digest(made: Plan) -> str:
    return with_digest(made).digest


def first(made: Plan, **change: Any) -> Plan:
    """A plan whose first action is another."""
    head, *rest = made.actions
    return replace(made, actions=(replace(head, **change), *rest))


BASE = plan(action("a", Verb.DEPLOY), action("b"), blocked=(blocked("c"),), unchanged=("kore/d",))

Change = Callable[[Plan], Plan]

WORDS_AND_TIMES: dict[str, Change] = {
    "id": lambda made: replace(made, id="p-2"),
    "times": lambda made: replace(made, created_at=NOW, expires_at=NOW + timedelta(days=1)),
    "tool": lambda made: replace(made, tool_version="0.2.0"),
    "digest": lambda made: replace(made, digest="sha256:00"),
    "commit": lambda made: replace(made, inventory=PlannedInventory(files=("x.yaml",), digest="", commit="1" * 40)),
    "reason": lambda made: first(made, reason=replace(made.actions[0].reason, text="other words")),
    "evidence": lambda made: first(made, evidence=Evidence(source=EvidenceSource.GET, raw="X", at=None, note="n")),
    "line": lambda made: first(made, source=replace(made.actions[0].source, line=99, file="other.yaml")),
    "why blocked": lambda made: replace(made, blocked=(replace(made.blocked[0], text="other words"),)),
    "warning": lambda made: replace(made, warnings=(Warned(address="kore/x", text="w"),)),
    "unmanaged": lambda made: replace(made, unmanaged=("kore/unheard-of",)),
}


@pytest.mark.parametrize("change", WORDS_AND_TIMES.values(), ids=list(WORDS_AND_TIMES))
def test_words_times_and_ids_of_plans_do_not_count(change: Change) -> None:
    assert change(BASE) != with_digest(BASE)
    assert digest(change(BASE)) == digest(BASE)


def _failures(address: str, error: str) -> Change:
    return lambda made: replace(made, failures=(Failure(address=address, error=error),))


def _guard(level: Level, address: str) -> Change:
    finding = Finding(name="protect", level=level, message="", addresses=(address,))
    return lambda made: replace(made, guards=(finding,))


DEEDS: dict[str, Change] = {
    "other settings": lambda made: first(made, settings={"size": 1}),
    "another number": lambda made: first(made, settings={"size": 2}),
    "other id": lambda made: first(made, model_id="id-z"),
    "other verb": lambda made: first(made, verb=Verb.EXPORT),
    "other address": lambda made: first(made, address="kore/z"),
    "other before": lambda made: first(made, before="broken"),
    "other after": lambda made: first(made, after="undeployed"),
    "adopts": lambda made: first(made, adopts=RunningJob(verb=Verb.DEPLOY, job="j-1")),
    "adopts another": lambda made: first(made, adopts=RunningJob(verb=Verb.DEPLOY, job="j-2")),
    "follows": lambda made: first(made, follows=RunningJob(verb=Verb.DEPLOY, job="j-1")),
    "requires": lambda made: first(made, requires=("kore/b#undeploy",)),
    "artifact": lambda made: first(made, artifact="a.zip"),
    "an action less": lambda made: replace(made, actions=made.actions[1:]),
    "other origin": lambda made: replace(made, platforms=(replace(made.platforms[0], url="https://evil.example"),)),
    "no origin": lambda made: replace(made, platforms=(replace(made.platforms[0], url=None),)),
    "other definition": lambda made: replace(made, platforms=(replace(made.platforms[0], definition="sha256:1"),)),
    "other blocked": lambda made: replace(made, blocked=(blocked("c", BlockedCode.ABSENT),)),
    "nothing blocked": lambda made: replace(made, blocked=()),
    "other unchanged": lambda made: replace(made, unchanged=("kore/e",)),
    "unread": _failures("kore/x", "401"),
    "a guard warns": _guard(Level.WARN, "kore/b"),
    "a guard stops": _guard(Level.STOP, "kore/b"),
    "a guard stops another": _guard(Level.STOP, "kore/a"),
}


def test_every_other_world_or_deed_has_a_digest_of_its_own() -> None:
    digests = {digest(BASE), *(digest(change(BASE)) for change in DEEDS.values())}
    assert len(digests) == len(DEEDS) + 1


def test_what_was_said_of_a_failure_does_not_count() -> None:
    assert digest(_failures("kore/x", "401")(BASE)) == digest(_failures("kore/x", "timeout")(BASE))


def test_the_order_of_settings_does_not_count() -> None:
    assert digest(first(BASE, settings={"a": 1, "b": 2})) == digest(first(BASE, settings={"b": 2, "a": 1}))


def test_a_digest_is_named_after_its_kind() -> None:
    prefix, _, value = digest(plan()).partition(":")
    assert (prefix, len(value)) == ("sha256", 64)


def decided(case: Case, actions: tuple[Action, ...] | None = None) -> str:
    found = case.decide()
    made = plan(*(actions or found.actions), blocked=found.blocked, unchanged=found.unchanged)
    return digest(made)


@given(worlds.cases(), st.randoms(use_true_random=False))
def test_the_order_in_which_a_world_is_handed_over_does_not_count(case: Case, chance: Any) -> None:
    models, lives = list(case.models), list(case.snapshot.lives.items())
    chance.shuffle(models)
    chance.shuffle(lives)
    shuffled = replace(case, models=tuple(models), snapshot=replace(case.snapshot, lives=dict(lives)))
    assert decided(shuffled) == decided(case)


@given(worlds.cases(), st.integers(0, 3600))
def test_a_later_look_at_the_same_world_is_the_same(case: Case, seconds: int) -> None:
    found = decide(
        case.models,
        replace(case.snapshot, taken_at=NOW + timedelta(seconds=seconds)),
        case.memories,
        case.capabilities,
        selected=case.selected,
        now=NOW,
    )
    assert found == case.decide()


SCRIPT = """
from reconciler.core.codec import plan_json, with_digest
from reconciler.core.seal import canonical
from tests.core.cases import files, load
from tests.core.values import everything, plan
for file in files():
    found = load(file).decide()
    made = plan(*found.actions, blocked=found.blocked, unchanged=found.unchanged, warnings=found.warnings)
    print(file.stem, with_digest(made).digest, plan_json(with_digest(made))["seal"])
print(canonical(plan_json(with_digest(everything()))).hex())
"""


def test_no_digest_and_no_byte_hangs_on_the_seed_of_hashes() -> None:
    runs = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("0", "1", "4294967295")
    ]
    assert len(runs[0].splitlines()) > 100
    assert runs[0] == runs[1] == runs[2]


def test_everything_has_a_digest() -> None:
    assert digest(everything()) != digest(plan())
