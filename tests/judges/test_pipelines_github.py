"""The example pipelines for GitHub, every step run in bash against the simulator over many nights and pushes."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.cli.simulate import variables
from reconciler.simulator import NUGEN_KEY, JobTime, SimulatedPlatforms, quickstart

from .github_runner import EXAMPLES, GitHub
from .tools import ROOT, free_port

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not all(map(shutil.which, ("bash", "jq"))), reason="needs bash and jq"),
]

FAQ: Final = "alignment_01KXG82FJJ98NQ0"
PILOT: Final = "alignment_01M3GF73KHT8N4TB"
PLAN: Final = "<!-- reconciler:plan:production -->"
DRIFT: Final = "<!-- reconciler:drift:production -->"
KEYS: Final = {"NUGEN_READ_KEY": NUGEN_KEY, "KORE_READ_KEY": "unused"}
MANY: Final = [f"{'m' * 230}-{number:03}" for number in range(300)]


def inventory(folder: Path, faq: str = "deployed", pilot: str = "deployed", more: str = "") -> None:
    text = (
        f"version: 1\nmodels:\n  faq-bot: {{platform: nugen, id: {FAQ}, state: {faq}, owner: team-support}}\n"
        f"  old-pilot: {{platform: nugen, id: {PILOT}, state: {pilot}}}\n{more}"
    )
    (folder / "inventory.yaml").write_text(text, "utf-8")


@pytest.fixture
def simulated() -> Iterator[SimulatedPlatforms]:
    with SimulatedPlatforms(seed=quickstart, job_time=JobTime(seconds=0.2)) as running:
        running.nugen.set_state(FAQ, "deployed")
        yield running


@pytest.fixture
def github(simulated: SimulatedPlatforms, tmp_path: Path) -> GitHub:
    trees = {name: tmp_path / name for name in ("main", "refs/pull/7/merge")}
    for tree in trees.values():
        action = tree / ".github" / "actions" / "reconciler"
        action.mkdir(parents=True)
        shutil.copy(EXAMPLES / "action" / "action.yml", action)
        inventory(tree)
        (tree / "guards.yaml").write_text("max_undeploys: 1\n", "utf-8")
    (tmp_path / "hub").mkdir()
    led = variables(simulated.kore_url, simulated.nugen_url, simulated.nugen_b_url)
    led = {name: value for name, value in led.items() if not name.endswith("KEY")}
    return GitHub(
        folder=tmp_path / "hub",
        trees=trees,
        platforms={**led, "RECONCILER_POLL_SECONDS": "0.2", "RECONCILER_SETTLE_SECONDS": "1"},
        secrets={"": KEYS, "production": {"NUGEN_KEY": NUGEN_KEY, "KORE_KEY": "unused"}},
        vars={"KORE_URL": simulated.kore_url},
    )


def night(github: GitHub, **inputs: bool) -> dict[str, Any]:
    event = "workflow_dispatch" if inputs else "schedule"
    return github.run("drift", event, inputs=inputs)


def caches(github: GitHub) -> list[Path]:
    return list((github.folder / "caches").glob("*/*"))


def test_one_issue_follows_the_nights(github: GitHub, simulated: SimulatedPlatforms) -> None:
    theirs = {"number": 1, "user": {"login": "mallory"}, "state": "open", "body": f"{DRIFT}\nnot ours", "said": []}
    github.put(issues=[theirs, {**theirs, "number": 2, "body": None}])

    assert night(github, first=True)["drift"].result == "success"
    assert len(github.issues()) == 2

    simulated.nugen.set_state(FAQ, "undeployed")
    done = night(github)
    assert done["drift"].result == "failure", done["drift"].log
    assert done["issue"].result == "success", done["issue"].log
    (issue,) = github.issues()[2:]
    assert issue["title"] == "Nightly drift: production"
    assert issue["body"].startswith(DRIFT)
    assert issue["said"] == []

    done = night(github)
    assert done["drift"].result == "success", done["drift"].log
    (issue,) = github.issues()[2:]
    assert "seen 2 times" in issue["body"]
    assert issue["said"] == []

    simulated.nugen.set_state(PILOT, "undeployed")
    assert night(github)["drift"].result == "failure"
    (issue,) = github.issues()[2:]
    assert [("old-pilot" in said, "new: not seen before" in said) for said in issue["said"]] == [(True, True)]

    address = github.platforms["RECONCILER_NUGEN_URL"]
    github.platforms["RECONCILER_NUGEN_URL"] = f"http://127.0.0.1:{free_port()}"
    assert night(github)["drift"].result == "failure"
    (issue,) = github.issues()[2:]
    assert issue["state"] == "open", "what could not be read is not resolved"
    assert "Could not be read" in issue["body"]
    assert len(issue["said"]) == 1
    github.platforms["RECONCILER_NUGEN_URL"] = address

    for model in (FAQ, PILOT):
        simulated.nugen.set_state(model, "deployed")
    assert night(github)["drift"].result == "success"
    (issue,) = github.issues()[2:]
    assert issue["state"] == "closed"
    assert issue["said"][1:] == ["All is resolved."]

    before = len(github.asked())
    night(github)
    assert len(github.asked()) == before + 1, "a quiet night only looks for the issue"

    simulated.nugen.set_state(FAQ, "undeployed")
    night(github)
    assert [one["state"] for one in github.issues()[2:]] == ["closed", "open"]
    assert github.issues()[:2] == [theirs, {**theirs, "number": 2, "body": None}]
    assert len(caches(github)) == 8


def test_without_a_journal_nothing_is_done_and_no_empty_one_is_saved(github: GitHub) -> None:
    assert "No journal in the cache" in night(github)["drift"].log
    done = github.run("apply", "push")
    assert done["plan"].result == "failure"
    assert done["apply"].result == "skipped"
    assert caches(github) == []

    assert night(github, first=True)["drift"].result == "success"
    assert github.run("apply", "push")["apply"].result == "success"
    assert len(caches(github)) == 2


def test_what_was_agreed_to_is_applied_and_the_next_night_knows(github: GitHub, simulated: SimulatedPlatforms) -> None:
    night(github, first=True)
    inventory(github.trees["main"], pilot="undeployed")
    done = github.run("apply", "push")

    assert done["apply"].result == "success", done["apply"].log
    assert "1 undeploy" in done["plan"].summary
    assert "Applied" in done["apply"].summary
    assert simulated.nugen.state(PILOT) == "undeployed"
    assert "install --require-hashes -r tool/.ci/runtime.txt" in (github.folder / "desk" / "pip").read_text()
    assert night(github)["drift"].result == "success"
    assert github.issues() == []

    simulated.nugen.set_state(PILOT, "deployed")
    assert "changed outside reconciler" in night(github)["drift"].log
    assert len(github.issues()) == 1


def test_the_journal_of_a_failed_apply_is_kept(github: GitHub, simulated: SimulatedPlatforms) -> None:
    night(github, first=True)
    inventory(github.trees["main"], pilot="undeployed")
    simulated.nugen.fail_next(PILOT, "no device")
    done = github.run("apply", "push")

    assert done["apply"].result == "failure"
    assert len(caches(github)) == 2
    report = json.loads(next(github.folder.glob("artifacts/*/applied-1/report.json")).read_text("utf-8"))
    assert report["exit_code"] == 5


def test_another_plan_than_the_agreed_one_is_refused(github: GitHub, simulated: SimulatedPlatforms) -> None:
    night(github, first=True)
    inventory(github.trees["main"], faq="undeployed")
    other = github.folder / "other.json"
    plans = github.folder / "artifacts"
    github.between = lambda: (plans / str(github.runs) / "plan" / "plan.json").rename(other)
    assert github.run("apply", "push")["apply"].result == "failure", "its plan was taken away"

    inventory(github.trees["main"], pilot="undeployed")
    github.between = lambda: shutil.copy(other, plans / str(github.runs) / "plan" / "plan.json")
    done = github.run("apply", "push")
    assert done["apply"].result == "failure"
    assert "this is not the plan that was approved" in done["apply"].log
    assert {simulated.nugen.state(model) for model in (FAQ, PILOT)} == {"deployed"}


def propose(github: GitHub, repository: str = "acme/models", login: str = "anna") -> dict[str, Any]:
    request = {"head": {"repo": {"full_name": repository}}, "user": {"login": login}}
    return github.run("plan", "pull_request", "refs/pull/7/merge", number=7, pull_request=request)


def test_one_comment_follows_the_pull_request(github: GitHub) -> None:
    night(github, first=True)
    theirs = {"id": 1, "user": {"login": "mallory"}, "body": f"{PLAN}\nnot ours"}
    github.put(comments=[theirs, {**theirs, "id": 2}])
    proposed = github.trees["refs/pull/7/merge"]

    inventory(proposed, faq="undeployed")
    done = propose(github)
    assert done["plan"].result == done["comment"].result == "success", done["plan"].log + done["comment"].log
    first = github.comments()[2]
    assert first["body"].startswith(f"{PLAN}\n## Plan: 1 undeploy")
    assert "inventory.yaml:3" in first["body"]
    assert "proposed" not in first["body"]
    assert "1 undeploy" in done["plan"].summary

    inventory(proposed, pilot="undeployed")
    propose(github)
    (second,) = github.comments()[2:]
    assert second["id"] == first["id"]
    assert "old-pilot" in second["body"]

    # What the pull request says of the action, the tool and the guards counts for nothing.
    (proposed / ".github" / "actions" / "reconciler" / "action.yml").write_text("runs: {steps: [{run: exit 9}]}\n")
    (proposed / "guards.yaml").write_text("max_undeploys: 100\n", "utf-8")
    inventory(proposed, faq="undeployed", pilot="undeployed")
    done = propose(github)
    assert done["plan"].result == "failure"
    assert done["comment"].result == "success"
    (third,) = github.comments()[2:]
    assert "Guards" in third["body"]

    (proposed / "inventory.yaml").write_text("version: 1\nmodels: {a: {stat: deployed}}\n", "utf-8")
    done = propose(github)
    assert done["plan"].result == "failure"
    (fourth,) = github.comments()[2:]
    assert fourth["body"].startswith(f"{PLAN}\n## Failed: nothing was done")
    assert "did you mean" in fourth["body"]
    assert github.comments()[:2] == [theirs, {**theirs, "id": 2}]
    assert len(caches(github)) == 1, "a pull request saves no journal"


def test_where_not_even_the_tool_ran_the_comment_says_so(github: GitHub) -> None:
    done = propose(github)
    assert done["plan"].result == "failure"
    assert done["comment"].result == "success", done["comment"].log
    (comment,) = github.comments()
    assert comment["body"].startswith(f"{PLAN}\n## No plan could be made")
    assert "https://github.example/acme/models/actions/runs/101" in comment["body"]


def test_what_its_owner_acknowledged_closes_the_issue(github: GitHub, simulated: SimulatedPlatforms) -> None:
    night(github, first=True)
    simulated.nugen.set_state(FAQ, "undeployed")
    night(github)
    file = github.trees["main"] / "inventory.yaml"
    until = datetime.now(UTC).date() + timedelta(days=3)
    known = f"acknowledge: {{until: '{until}', reason: holidays}}"
    file.write_text(file.read_text("utf-8").replace("owner: team-support", f"owner: team-support, {known}"), "utf-8")
    done = night(github)
    assert done["drift"].result == "success", done["drift"].log
    assert "holidays" in github.issues()[0]["body"]
    assert github.issues()[0]["state"] == "closed"
    night(github)
    assert len(github.issues()) == 1


@pytest.mark.parametrize("drifted", [True, False])
def test_a_night_that_failed_says_so_in_the_issue_and_resolves_nothing(
    github: GitHub, simulated: SimulatedPlatforms, drifted: bool
) -> None:
    night(github, first=True)
    if drifted:
        simulated.nugen.set_state(FAQ, "undeployed")
    night(github)
    assert len(github.issues()) == drifted
    (github.trees["main"] / "inventory.yaml").write_text("version: 1\nmodels: {a: {stat: deployed}}\n", "utf-8")
    done = night(github)
    assert done["drift"].result == "failure"
    assert done["issue"].result == "success", done["issue"].log
    (issue,) = github.issues()
    assert issue["state"] == "open"
    assert issue["body"].startswith(DRIFT)
    assert "did you mean" in issue["body"]

    inventory(github.trees["main"])
    night(github)
    (issue,) = github.issues()
    assert issue["state"] == ("open" if drifted else "closed")


def test_what_comes_and_goes_keeps_the_issue_open(github: GitHub, simulated: SimulatedPlatforms) -> None:
    night(github, first=True)
    for _ in range(3):
        simulated.nugen.set_state(FAQ, "undeployed")
        night(github)
        simulated.nugen.set_state(FAQ, "deployed")
        assert night(github)["issue"].result == "success"
    assert [issue["state"] for issue in github.issues()] == ["closed", "closed", "open"]


def test_a_stopped_plan_is_applied_only_with_an_approval(github: GitHub, simulated: SimulatedPlatforms) -> None:
    night(github, first=True)
    inventory(github.trees["main"], faq="undeployed", pilot="undeployed")
    done = github.run("apply", "push")
    assert done["plan"].result == "failure"
    assert done["apply"].result == "skipped", "nobody is asked to agree to it"

    for wrong in ("*", "nugen/other", "--yes", "$(touch pwned)", "; touch pwned"):
        done = github.run("apply", "workflow_dispatch", inputs={"approve": wrong})
        assert done["apply"].result == "failure", done["apply"].log
    assert {simulated.nugen.state(model) for model in (FAQ, PILOT)} == {"deployed"}
    assert not list(github.folder.glob("**/pwned"))

    done = github.run("apply", "workflow_dispatch", inputs={"approve": " nugen/faq-bot  nugen/old-pilot "})
    assert done["apply"].result == "success", done["apply"].log
    assert {simulated.nugen.state(model) for model in (FAQ, PILOT)} == {"undeployed"}
    report = json.loads((github.folder / f"artifacts/{github.runs}/applied-1/report.json").read_text("utf-8"))
    assert report["approved"] == ["nugen/faq-bot", "nugen/old-pilot"]


def test_a_plan_too_long_for_a_comment_is_cut(github: GitHub, simulated: SimulatedPlatforms) -> None:
    for number in range(len(MANY)):
        simulated.nugen.add(f"alignment_{number:015}", f"model {number}", deployed=True)
    night(github, first=True)
    rows = (
        f"  {name}: {{platform: nugen, id: alignment_{number:015}, state: undeployed}}\n"
        for number, name in enumerate(MANY)
    )
    inventory(github.trees["refs/pull/7/merge"], more="".join(rows))
    done = propose(github)

    whole = next(github.folder.glob("artifacts/*/plan/plan.md")).read_text("utf-8")
    assert len(whole) > 65_536
    assert done["comment"].result == "success", done["comment"].log
    (comment,) = github.comments()
    assert comment["body"].startswith(f"{PLAN}\n## Plan: 300 undeploys")
    assert comment["body"][:58_000] == whole[:58_000]
    assert comment["body"].count(" | nugen/m") + comment["body"].count("mmm-") > 100, "the rows are there"
    assert "/actions/runs/" in comment["body"].splitlines()[-1]
    assert len(comment["body"]) < 60_000


@pytest.mark.parametrize(("repository", "login"), [("mallory/models", "mallory"), ("acme/models", "dependabot[bot]")])
def test_without_keys_the_plan_is_offline_and_says_so(github: GitHub, repository: str, login: str) -> None:
    night(github, first=True)
    inventory(github.trees["refs/pull/7/merge"], faq="undeployed")
    before = github.asked()
    done = propose(github, repository, login)

    assert done["plan"].result == "success", done["plan"].log
    assert done["comment"].result == "skipped"
    assert "Offline: nothing was read, nothing is verified" in done["plan"].summary
    assert "Offline" in next(github.folder.glob("artifacts/*/plan/plan.md")).read_text("utf-8")
    assert github.asked() == before


@pytest.mark.parametrize("path", ["own.yaml", "./own.yaml", "../proposed/own.yaml"])
def test_a_definition_comes_from_the_protected_branch_only(github: GitHub, path: str) -> None:
    night(github, first=True)
    main, proposed = github.trees["main"], github.trees["refs/pull/7/merge"]
    models = f"platforms:\n  own: {{definition: {path}}}\nmodels:\n  a: {{platform: own, id: x, state: deployed}}\n"
    (proposed / "inventory.yaml").write_text(f"version: 1\n{models}", "utf-8")
    own = (ROOT / "tests" / "platforms" / "definitions" / "triton.yaml").read_text("utf-8")
    for folder in (proposed, proposed / "definitions", main / "definitions"):
        done = propose(github, "mallory/models", "mallory")
        assert done["plan"].result == "failure", "what is proposed is not even read"
        folder.mkdir(exist_ok=True)
        (folder / "own.yaml").write_text(own, "utf-8")
    done = propose(github, "mallory/models", "mallory")
    assert done["plan"].result == ("failure" if ".." in path else "success"), done["plan"].log
    if ".." in path:
        assert "RECONCILER_DEFINITIONS" in done["plan"].log
