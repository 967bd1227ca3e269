"""An export lands below its folder or nowhere, whatever stands there."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.simulator import SimulatedPlatforms
from tests.cli.conftest import Reconciler, inventory

Say = Callable[[str, object], None]
MODEL = "triage: {{platform: kore, id: cm-20f1a, export: {{to: {}}}}}"


def outcome() -> dict[str, object]:
    (found,) = json.loads(Path("report.json").read_text())["outcomes"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("folder", ["kept", "kept/deep"])
def test_a_symlink_in_the_export_folder_leads_nowhere(
    reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say, folder: str
) -> None:
    Path("outside").mkdir()
    Path("exports").mkdir()
    Path("exports/kept").symlink_to(Path("outside").absolute())
    inventory(MODEL.format(f"{folder}/model.zip"))

    assert reconciler("apply", "--yes", "--report", "json=report.json").code == 5

    assert outcome()["outcome"] == "failed"
    assert "leads out of the export root" in str(outcome()["error"])
    assert list(Path("outside").iterdir()) == []
    record_property("figure", "1 ways out of the export folder, 0 files outside")


@pytest.mark.parametrize("to", ["../out.zip", "/tmp/out.zip", "a/../../out.zip", "C:/out.zip", "a\\..\\out.zip"])
def test_a_path_that_leads_out_is_refused_before_anything_is_asked(
    reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say, to: str
) -> None:
    inventory(MODEL.format(to))
    assert reconciler("apply", "--yes").code == 1
    assert reach.kore.log.entries == ()
    record_property("figure", "1 ways out of the export folder, 0 files outside")


@pytest.mark.parametrize("target", ["mine.txt", "nowhere"])
def test_a_name_that_is_a_symlink_is_taken(reach: SimulatedPlatforms, reconciler: Reconciler, target: str) -> None:
    Path("mine.txt").write_text("mine")
    Path("exports").mkdir()
    Path("exports/model.zip").symlink_to(Path(target).absolute())
    inventory(MODEL.format("model.zip"))

    assert reconciler("apply", "--yes").code == 0

    assert Path("exports/model.zip").is_symlink()
    assert Path("mine.txt").read_text() == "mine"
    assert not Path("nowhere").exists()
    assert len(list(Path("exports").iterdir())) == 2
