"""`--only` and `--exclude`: whatever is printed or written says that it is partial."""

import json
import re
from pathlib import Path

import pytest

from reconciler.cli.options import KINDS
from reconciler.simulator import SimulatedPlatforms
from tests.cli.conftest import FAQ, PILOT, Reconciler, inventory

SILENT = {"gitlab"}
"""The form that has no place for it: three numbers alone."""

SAID = {
    "json": '"partial": true',
    "terraform": '"partial": true',
    "prometheus": r"^reconciler_run_partial\{.*\} 1$",
}
"""How the forms for machines say it; the others use the words that people read."""


def unescaped(text: str) -> str:
    return text.replace("\\-", "-").replace("&#47;", "/")


def said(command: str, kind: str) -> bool:
    text = unescaped(Path(f"{command}.{kind}").read_text())
    return re.search(SAID.get(kind, "Partial: only what"), text, re.MULTILINE) is not None


@pytest.fixture(params=[("--only", "nugen/f*"), ("--exclude", "env=test"), ("--only", "env=prod")])
def selection(request: pytest.FixtureRequest) -> tuple[str, str]:
    inventory(FAQ[:-1] + ", labels: {env: prod}}", PILOT[:-1] + ", labels: {env: test}}")
    chosen: tuple[str, str] = request.param
    return chosen


def forms(command: str) -> list[str]:
    return [part for kind in KINDS for part in ("--report", f"{kind}={command}.{kind}")]


@pytest.mark.parametrize("command", ["plan", "apply", "drift"])
def test_every_form_says_it(
    reach: SimulatedPlatforms, reconciler: Reconciler, selection: tuple[str, str], command: str
) -> None:
    yes = ["--yes"] if command == "apply" else []
    ran = reconciler(command, *yes, *selection, *forms(command))
    assert "Partial: only what --only/--exclude selected." in ran.out
    assert "pilot" not in ran.out
    for kind in sorted(set(KINDS) - SILENT):
        assert said(command, kind), kind
    assert json.loads(Path(f"{command}.json").read_text())["partial"] is True


@pytest.mark.parametrize("command", ["plan", "apply", "drift"])
def test_no_form_says_it_without_a_selection(reach: SimulatedPlatforms, reconciler: Reconciler, command: str) -> None:
    inventory(FAQ, PILOT)
    yes = ["--yes"] if command == "apply" else []
    ran = reconciler(command, *yes, *forms(command))
    assert "Partial" not in ran.out
    for kind in KINDS:
        assert not said(command, kind), kind
    assert json.loads(Path(f"{command}.json").read_text())["partial"] is False


def test_status_says_it(reach: SimulatedPlatforms, reconciler: Reconciler, selection: tuple[str, str]) -> None:
    assert "Partial: only what --only/--exclude selected." in reconciler("status", *selection).out
    assert json.loads(reconciler("status", *selection, "--format", "json").out)["partial"] is True
    assert "Partial" not in reconciler("status").out


def test_a_saved_partial_plan_stays_partial(
    reach: SimulatedPlatforms, reconciler: Reconciler, selection: tuple[str, str]
) -> None:
    reconciler("plan", *selection, "--out", "plan.json")
    assert "Partial" in reconciler("show", "plan.json").out
    assert "Partial" in reconciler("apply", "--plan", "plan.json").out
