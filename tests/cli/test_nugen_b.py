"""The newer routes of Nugen: what is known of them works, what is not known is blocked with the reason."""

import json

import pytest

from reconciler.simulator import SimulatedPlatforms
from tests.cli.conftest import Reconciler, inventory, starts

FAQ = "faq: {platform: nugen-b, id: alignment_01KXG82FJJ98NQ0, state: deployed}"
PILOT = "pilot: {platform: nugen-b, id: alignment_01M3GF73KHT8N4TB, state: undeployed}"


def test_deploys_and_blocks_undeploys(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(FAQ, PILOT)

    planned = json.loads(reconciler("plan", "--format", "json").out)
    assert [action["id"] for action in planned["actions"]] == ["nugen-b/faq#deploy"]
    (blocked,) = planned["blocked"]
    assert (blocked["address"], blocked["code"]) == ("nugen-b/pilot", "unsupported")
    assert "no page and no public client shows how these routes undeploy" in blocked["text"]

    assert reconciler("apply", "--yes").code == 3
    assert reach.nugen.state("alignment_01KXG82FJJ98NQ0") == "deployed"
    assert reconciler("plan", "--only", "nugen-b/faq", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("shape", ["b-reverts", "deploy-fails"])
def test_a_deploy_that_goes_back_has_failed(reach: SimulatedPlatforms, reconciler: Reconciler, shape: str) -> None:
    inventory(FAQ)
    reach.nugen.shape(shape)

    applied = reconciler("apply", "--yes", "--format", "json")

    assert applied.code == 5
    (outcome,) = json.loads(applied.out)["outcomes"]
    assert outcome["outcome"] == "failed"
    assert len(starts_b(reach)) == 1


def test_an_unfinished_run_says_how_to_deploy_it_early(reach: SimulatedPlatforms, reconciler: Reconciler) -> None:
    inventory(FAQ)
    reach.nugen.shape("b-needs-early")

    applied = reconciler("apply", "--yes", "--format", "json")

    assert applied.code == 5
    assert "settings: {early: true}" in json.loads(applied.out)["outcomes"][0]["error"]
    inventory(FAQ.replace("state", "settings: {early: true}, state"))
    assert reconciler("apply", "--yes").code == 0


def starts_b(platforms: SimulatedPlatforms) -> list[str]:
    assert not starts(platforms)
    return [entry.path for entry in platforms.nugen.log.find(operation="b-deploy")]
