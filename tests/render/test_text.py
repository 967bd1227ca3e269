"""What pages of text promise: the verdict first, nothing beyond the edge, nothing that steers, colour as a bonus."""

import re
from collections.abc import Callable
from datetime import timedelta
from time import process_time

import pytest
from msgspec.structs import replace

from reconciler.core.drift import DriftCheck
from reconciler.core.job import Verb
from reconciler.core.live import Evidence, EvidenceSource, Failure
from reconciler.core.plan import Finding, Level, Plan, Reason, ReasonCode, RunningJob
from reconciler.core.report import OutcomeKind, Report
from reconciler.render.style import visible_width
from reconciler.render.text import drift_text, history_text, plan_text, report_text, status_text

from . import samples
from .samples import (
    CHECK,
    DEMO,
    EMPTY,
    EVERYTHING,
    HOSTILE_PLAN,
    NOW,
    SETTLED,
    action,
    blocked,
    deploy,
    large,
    outcome,
    undeploy,
)

Page = Callable[[int, bool], str]

PAGES: dict[str, Page] = {
    "demo": lambda width, colour: plan_text(DEMO, now=NOW, width=width, colour=colour),
    "everything": lambda width, colour: plan_text(EVERYTHING, now=NOW, width=width, colour=colour),
    "hostile": lambda width, colour: plan_text(HOSTILE_PLAN, now=NOW, width=width, colour=colour),
    "done": lambda width, colour: report_text(samples.DONE, plan=DEMO, width=width, colour=colour),
    "broken": lambda width, colour: report_text(samples.BROKEN, plan=EVERYTHING, width=width, colour=colour),
    "drift": lambda width, colour: drift_text(DEMO, CHECK, now=NOW, width=width, colour=colour),
    "status": lambda width, colour: status_text(samples.ROWS, now=NOW, width=width, colour=colour),
    "history": lambda width, colour: history_text(samples.RECORDS, width=width, colour=colour),
}
every_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())


def plan_of(plan: Plan) -> str:
    return plan_text(plan, now=NOW)


def verdict(plan: Plan) -> str:
    return plan_of(plan).splitlines()[0]


@every_page
def test_no_line_is_wider_than_the_terminal(page: Page) -> None:
    assert max(map(visible_width, page(80, False).splitlines())) <= 80


@pytest.mark.parametrize("width", [20, 40, 60, 100, 300])
@pytest.mark.parametrize("name", ["demo", "everything", "hostile", "broken", "drift"])
def test_pages_fit_other_terminals(name: str, width: int) -> None:
    assert max(map(visible_width, PAGES[name](width, False).splitlines())) <= min(max(width, 40), 100)


@every_page
def test_colour_only_repeats_what_words_say(page: Page) -> None:
    coloured = page(80, True)

    assert "\x1b[" in coloured
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == page(80, False)


@every_page
def test_no_line_ends_with_blanks(page: Page) -> None:
    assert all(line == line.rstrip() for line in page(80, False).splitlines())


def test_hostile_names_steer_nothing() -> None:
    report = replace(
        samples.DONE,
        run_id=samples.HOSTILE[0],
        reasons=samples.HOSTILE,
        outcomes=tuple(
            outcome(name, Verb.EXPORT, OutcomeKind.FAILED, job=name, error=name, note=name) for name in samples.HOSTILE
        ),
    )
    drifts = tuple(replace(samples.DRIFTS[0], address=name, was=name, text=name) for name in samples.HOSTILE)
    for text in (
        plan_of(HOSTILE_PLAN),
        report_text(report),
        drift_text(HOSTILE_PLAN, DriftCheck(drifts=drifts), now=NOW),
    ):
        assert all(line.isprintable() for line in text.splitlines())
        assert not re.search(r"^\s*::|##\[|##vso|##teamcity", text, re.MULTILINE)


def test_a_hostile_name_forges_no_line_of_its_own() -> None:
    forged = undeploy("kore/a" + " " * 80 + "+ deploy    nugen/b\n- undeploy  nugen/c")

    heads = [line for line in plan_of(replace(EMPTY, actions=(forged,))).splitlines() if re.match("[-+] ", line)]

    assert len(heads) == 1


def test_demo_fits_a_screen() -> None:
    assert len(plan_text(DEMO, now=NOW, next_command="reconciler apply").splitlines()) <= 27


def test_models_taken_out_of_service_come_first_by_address() -> None:
    plan = replace(EMPTY, actions=(deploy("a/a"), undeploy("b/z"), undeploy("b/y"), deploy("a/b")))

    heads = re.findall(r"^([-+]) \w+ +(\S+)", plan_of(plan), re.MULTILINE)

    assert heads == [("-", "b/y"), ("-", "b/z"), ("+", "a/a"), ("+", "a/b")]


def test_the_order_of_actions_does_not_matter() -> None:
    assert plan_of(replace(EVERYTHING, actions=tuple(reversed(EVERYTHING.actions)))) == plan_of(EVERYTHING)


def test_an_address_is_never_shortened() -> None:
    address = "kore-eu/" + "x" * 200

    text = plan_of(replace(EMPTY, actions=(undeploy(address),)))

    assert address in re.sub(r"\s", "", text)


def test_the_next_command_is_never_broken() -> None:
    command = "reconciler apply --plan " + "folder/" * 20 + "plan.json"

    assert command in plan_text(DEMO, now=NOW, next_command=command)


def test_an_expired_plan_says_so() -> None:
    assert "expired 3 d ago" in plan_text(DEMO, now=NOW + timedelta(days=4))


@pytest.mark.parametrize(
    ("plan", "line"),
    [
        (SETTLED, "No changes: 12 models are as the inventory wants them."),
        (replace(SETTLED, unchanged=("a/b",)), "No changes: 1 model is as the inventory wants it."),
        (replace(SETTLED, offline=True), "No changes by what is on record of 12 models."),
        (
            replace(SETTLED, failures=(Failure(address="kore", error="503"),)),
            "No changes among 12 models that could be read.",
        ),
        (replace(EMPTY, failures=(Failure(address="kore", error="503"),)), "No changes: nothing could be read."),
        (EMPTY, "No changes: there is nothing to compare."),
        (replace(SETTLED, blocked=(blocked("a/b", "why"),)), "Nothing can be done: 1 blocked."),
        (replace(EMPTY, actions=(undeploy("a/b"), undeploy("a/c"))), "Plan: 2 undeploys."),
    ],
)
def test_verdict(plan: Plan, line: str) -> None:
    assert verdict(plan).startswith(line)


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (replace(DEMO, partial=True), "Partial: only what --only/--exclude selected."),
        (replace(DEMO, offline=True), "Offline: nothing was read, nothing is verified."),
        (replace(DEMO, failures=(Failure(address="kore", error="503"),)), "Incomplete: kore could not be read."),
        (
            replace(DEMO, guards=(Finding(name="protect", level=Level.STOP, message="no", addresses=()),)),
            "Stopped by a guard: apply will run nothing.",
        ),
    ],
)
def test_what_makes_a_plan_less_than_it_seems_stands_in_the_first_two_lines(plan: Plan, sentence: str) -> None:
    assert sentence in " ".join(plan_of(plan).splitlines()[:2])


def test_a_guard_that_warns_stops_nothing() -> None:
    warned = replace(DEMO, guards=(Finding(name="protect", level=Level.WARN, message="mind", addresses=()),))

    assert "Stopped" not in plan_of(warned)
    assert "* guard" in plan_of(warned)


def test_what_is_waited_for_is_said() -> None:
    busy = action("kore/a", Verb.DEPLOY, "busy", "deployed", "wanted", follows=RunningJob(verb=None, job=None))
    others = tuple(f"kore/{number}#undeploy" for number in range(5))
    export = action(
        "kore/b", Verb.EXPORT, "not-exported", "exported", "old", adopts=RunningJob(verb=Verb.EXPORT, job="ds-1")
    )
    adopted = action(
        "kore/c",
        Verb.DEPLOY,
        "deploying",
        "deployed",
        "a deploy is already running",
        code=ReasonCode.RUNNING,
        adopts=RunningJob(verb=Verb.DEPLOY, job="ds-2"),
    )

    text = plan_of(replace(EMPTY, actions=(replace(busy, requires=others), export, adopted)))

    assert "starts after a run of the platform's own has ended" in text
    assert "after kore/0, kore/1, kore/2 and 2 more" in text
    assert "only waits for the running export ds-1" in text
    assert "a deploy is already running; job ds-2" in text


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (Evidence(source=EvidenceSource.LIST, raw="DEPLOYED", at=NOW), "the platform listed DEPLOYED, just now"),
        (Evidence(source=EvidenceSource.GET, raw="READY", at=NOW), "the platform said READY, just now"),
        (Evidence(source=EvidenceSource.JOB, at=NOW - timedelta(days=3)), "its last job left it so, 3 d ago"),
        (Evidence(source=EvidenceSource.JOURNAL), "the journal says so"),
        (Evidence(source=EvidenceSource.PROBE, raw="200", at=NOW), "a probe said 200, just now"),
        (Evidence(source=EvidenceSource.DECLARED, at=NOW - timedelta(hours=5)), "declared by hand, 5 h ago"),
        (Evidence(source=EvidenceSource.NONE, note="no job"), "live state not known (no job)"),
    ],
)
def test_how_a_live_state_is_known(evidence: Evidence, words: str) -> None:
    assert words in plan_of(replace(EMPTY, actions=(replace(undeploy("a/b"), evidence=evidence),)))


def test_a_deploy_over_a_deployed_model_is_a_redeploy() -> None:
    again = replace(deploy("a/b"), before="deployed", reason=Reason(code=ReasonCode.SETTINGS, text="settings changed"))

    assert "~ redeploy  a/b" in plan_of(replace(EMPTY, actions=(again,)))


def test_five_unmanaged_models_are_named() -> None:
    text = plan_of(replace(SETTLED, unmanaged=tuple(f"nugen/u{number}" for number in range(1, 8))))

    assert "7, never touched: nugen/u1, nugen/u2, nugen/u3, nugen/u4, nugen/u5 and 2 more" in " ".join(text.split())


def test_5000_actions_are_shown_within_a_second() -> None:
    plan = large(2500, 2500)
    before = process_time()

    text = plan_text(plan, now=NOW, colour=True)

    assert process_time() - before < 1
    assert text.count("retired-model") == 2500


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (samples.DONE, "Applied: 3 succeeded."),
        (samples.BROKEN, "Incomplete: 3 succeeded, 1 failed, 1 timed out, 1 skipped, 1 in flight, 1"),
        (replace(samples.BROKEN, exit_code=143), "Interrupted: 3 succeeded, 1 failed,"),
        (replace(samples.DONE, outcomes=()), "Nothing to apply."),
        (replace(samples.DONE, outcomes=(), exit_code=3, reasons=("a guard stops it",)), "Nothing was applied."),
    ],
)
def test_report_verdict(report: Report, line: str) -> None:
    assert report_text(report).startswith(line)


def test_report_shows_what_went_wrong_first_and_one_advice_for_each_way() -> None:
    text = report_text(samples.BROKEN, plan=EVERYTHING)

    assert text.index("! failed") < text.index("! timed out") < text.index("  succeeded")
    assert text.count("nothing is started twice") == 1
    assert "the model is undeployed [inventory.yaml:55]" in text


def test_report_says_what_no_platform_could_confirm() -> None:
    verified = replace(samples.DONE, outcomes=tuple(replace(one, verified=True) for one in samples.DONE.outcomes))

    assert "Unverified: 1 action, as the platform cannot say." in report_text(samples.DONE)
    assert "nverified" not in report_text(verified)


def test_drift_verdicts() -> None:
    def first(plan: Plan, *kinds: int) -> str:
        return drift_text(plan, DriftCheck(drifts=tuple(samples.DRIFTS[kind] for kind in kinds)), now=NOW).splitlines()[
            0
        ]

    assert first(SETTLED) == "No drift: 12 models are as the inventory wants."
    assert first(replace(SETTLED, unchanged=("a/b",))) == "No drift: 1 model is as the inventory wants."
    assert first(EMPTY) == "No drift."
    assert first(SETTLED, 1) == "No drift: 12 models are as the inventory wants; 1 pending."
    assert first(SETTLED, 0, 1, 2) == "Drift: 1 model changed outside reconciler, 1 unknown, 1 pending."


def test_drift_tells_what_settles_an_unknown_and_since_when() -> None:
    text = drift_text(DEMO, CHECK, now=NOW)

    assert "reconciler adopt kore-eu/legacy-intents --as deployed" in text
    assert "last applied: run 01J9ZK4T, 3 d ago (2026-01-30);" in text
    assert "owner team-support" in text
    assert text.index("! drifted") < text.index("? unknown") < text.index("~ pending")


def test_drift_is_not_about_an_apply() -> None:
    assert "Stopped" not in drift_text(EVERYTHING, DriftCheck(drifts=samples.DRIFTS), now=NOW)


def test_drift_over_an_unread_platform_says_so() -> None:
    plan = replace(SETTLED, failures=(Failure(address="kore-eu", error="GET /models: 401"),))

    text = drift_text(plan, DriftCheck(drifts=()), now=NOW)

    assert text.startswith("No drift where it could be read: 12 models are as the inventory wants.\n")
    assert "Incomplete: kore-eu could not be read." in text.splitlines()[1]
    assert "GET /models: 401" in text


def test_empty_tables() -> None:
    assert status_text((), now=NOW) == "0 models."
    assert history_text(()) == "Nothing is on record."
