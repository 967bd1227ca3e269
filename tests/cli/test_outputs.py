"""What commands write: nothing over what is read, nothing twice, and one failure costs no other file."""

import json
from pathlib import Path

import pytest

from reconciler.simulator import SimulatedPlatforms
from tests.cli.conftest import BATCH, FAQ, PILOT, Reconciler, inventory, starts


@pytest.mark.parametrize(
    "arguments",
    [
        ("--out", "inventory.yaml"),
        ("--report", "html=inventory.yaml"),
        ("--report", "html=a.html", "--report", "markdown=a.html"),
        ("--report", "html=a.html", "--report", "markdown=./a.html"),
        ("--out", "p.json", "--report", "json=p.json"),
        ("--events", "p.json", "--report", "json=p.json"),
        ("--report", "html=."),
        ("--format", "json", "--report", "github=-"),
        ("--report", "json=-", "--out", "-"),
    ],
)
def test_a_plan_that_would_write_over_something_is_wrong_usage(
    reach: SimulatedPlatforms, reconciler: Reconciler, arguments: tuple[str, ...]
) -> None:
    before = inventory(FAQ)
    assert reconciler("plan", *arguments).code == 64
    assert Path("inventory.yaml").read_text() == before


def test_an_apply_does_not_write_over_its_plan_and_starts_nothing(
    reach: SimulatedPlatforms, reconciler: Reconciler
) -> None:
    inventory(FAQ)
    assert reconciler("plan", "--out", "plan.json").code == 0
    assert reconciler("apply", "--plan", "plan.json", "--report", "json=plan.json").code == 64
    assert starts(reach) == []


def test_one_report_that_cannot_be_written_costs_no_other(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(FAQ)
    ran = reconciler(
        "apply", "--yes", "--report", "html=/dev/full", "--report", "json=r.json", "--report", "junit=r.xml"
    )
    assert ran.code == 1
    assert "/dev/full: cannot be written" in ran.err
    assert json.loads(Path("r.json").read_text())["summary"]["succeeded"] == 1
    assert Path("r.xml").exists()


def test_annotations_stand_beside_the_text(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(FAQ)
    out = reconciler("plan", "--report", "github=-").out
    assert out.startswith("Plan: 1 deploy.")
    assert "::notice title=reconciler plan::Plan: 1 deploy." in out


def test_a_plan_that_a_guard_stopped_stays_stopped(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(PILOT)
    assert "Stopped by a guard" in reconciler("plan", "--max-undeploys", "0", "--out", "plan.json").out
    ran = reconciler("apply", "--plan", "plan.json")
    assert ran.code == 3
    assert ran.out.startswith("Stopped by a guard: nothing was done")
    assert starts(reach) == []
    assert reconciler("apply", "--plan", "plan.json", "--approve", "nugen/pilot").code == 0


def test_an_approval_is_in_the_report_and_on_record(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(PILOT[:-1] + ", protect: true}")
    ran = reconciler("apply", "--yes", "--approve", "nugen/pilot", "--report", "json=r.json")
    assert ran.code == 0
    assert "Approved nugen/pilot" in " ".join(ran.out.split())
    assert json.loads(Path("r.json").read_text())["approved"] == ["nugen/pilot"]
    assert "approved" in reconciler("history", "nugen/pilot").out


def test_entries_that_left_the_inventory_do_not_make_it_small(
    reach: SimulatedPlatforms, reconciler: Reconciler
) -> None:
    ids = [f"alignment_{number:015}" for number in range(12)]
    for identity in ids:
        reach.nugen.add(identity)
    models = [f"m{number}: {{platform: nugen, id: {identity}, state: deployed}}" for number, identity in enumerate(ids)]
    inventory(*models)
    assert reconciler("apply", "--yes").code == 0
    inventory(*(model.replace("state: deployed", "state: undeployed") for model in models[:9]))
    assert reconciler("apply", "--yes").code == 3
    assert starts(reach) == []


def test_what_is_blocked_is_said_in_every_form_of_a_report(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(FAQ, BATCH)
    kinds = ("markdown", "json", "html", "junit", "sarif", "github")
    asked = [part for kind in kinds for part in ("--report", f"{kind}=r.{kind}")]
    ran = reconciler("apply", "--yes", *asked)
    assert ran.code == 3
    assert "Applied: 1 succeeded; 1 blocked." in ran.out
    for kind in kinds:
        assert "kore/batch" in Path(f"r.{kind}").read_text(), kind


def test_a_definition_of_ones_own_must_be_in_the_trusted_folder(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("mine.yaml").write_text("definition: 1\n")
    Path("trusted").mkdir()
    head = "platforms: {mine: {definition: %s}}\n"
    monkeypatch.setenv("RECONCILER_DEFINITIONS", "trusted")
    for path in ("./mine.yaml", "../mine.yaml"):
        inventory("a: {platform: mine, id: x, state: deployed}", head=head % path)
        ran = reconciler("validate")
        assert ran.code == 1
        assert "definition 1" not in ran.err
    Path("trusted/mine.yaml").write_text("definition: 1\n")
    inventory("a: {platform: mine, id: x, state: deployed}", head=head % "./mine.yaml")
    assert "trusted/mine.yaml:1:1" in reconciler("validate").err


def test_findings_name_files_from_the_top_of_the_checkout(
    reach: SimulatedPlatforms, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = Path.cwd()
    Path("sub").mkdir()
    monkeypatch.chdir("sub")
    inventory(FAQ)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(top))
    reconciler("plan", "--report", "github=a.txt", "--report", "sarif=a.sarif", "--report", "codequality=a.json")
    assert "file=sub/inventory.yaml" in Path("a.txt").read_text()
    assert '"sub/inventory.yaml"' in Path("a.sarif").read_text()
    assert '"sub/inventory.yaml"' in Path("a.json").read_text()
