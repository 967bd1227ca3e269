import pytest

from reconciler.core.job import Verb
from reconciler.core.live import Failure
from reconciler.core.plan import Action, BlockedCode, Finding, Level, Plan, RunningJob, action_id
from reconciler.core.report import Outcome, OutcomeKind

from .values import action, blocked, plan, report

STOP = Finding(name="protect", level=Level.STOP, message="stop", addresses=())
WARN = Finding(name="protect", level=Level.WARN, message="well", addresses=())
FAILED = Failure(address="kore/x", error="401")
JOB = RunningJob(verb=Verb.DEPLOY, job=None)


def test_an_id_is_address_and_verb() -> None:
    assert action("a", Verb.EXPORT).id == "kore/a#export" == action_id("kore/a", Verb.EXPORT)


@pytest.mark.parametrize("verb", list(Verb))
def test_only_an_undeploy_takes_a_model_out_of_service(verb: Verb) -> None:
    assert action("a", verb).destructive is (verb is Verb.UNDEPLOY)


@pytest.mark.parametrize(
    ("made", "complete"),
    [
        (plan(), True),
        (plan(failures=(FAILED,)), False),
        (plan(offline=True), False),
        (plan(blocked=(blocked("a"),), partial=True), True),
    ],
)
def test_complete_is_everything_asked_for_was_read(made: Plan, complete: bool) -> None:
    assert made.complete is complete


@pytest.mark.parametrize(("guards", "stopped"), [((), False), ((WARN,), False), ((STOP,), True), ((WARN, STOP), True)])
def test_a_guard_that_says_stop_stops(guards: tuple[Finding, ...], stopped: bool) -> None:
    assert plan(guards=guards).stopped is stopped


@pytest.mark.parametrize(
    ("made", "applyable"),
    [
        (plan(), False),
        (plan(action("a")), True),
        (plan(action("a", adopts=JOB)), True),
        (plan(action("a"), guards=(WARN,)), True),
        (plan(action("a"), guards=(STOP,)), False),
        (plan(action("a"), offline=True), False),
        (plan(action("a"), failures=(FAILED,), blocked=(blocked("b"),)), True),
        (plan(blocked=(blocked("b"),)), False),
    ],
)
def test_applyable_is_an_apply_would_do_something(made: Plan, applyable: bool) -> None:
    assert made.applyable is applyable


def test_the_summary_of_nothing_names_every_count() -> None:
    assert plan().summary == dict.fromkeys(
        ("deploy", "undeploy", "export", "adopt", "unchanged", "blocked", "unknown", "unmanaged", "failures"), 0
    )


def test_the_summary_counts_what_only_waits_once() -> None:
    made = plan(
        action("a", Verb.DEPLOY),
        action("b", Verb.DEPLOY, adopts=JOB),
        action("c", Verb.UNDEPLOY),
        action("d", Verb.UNDEPLOY),
        action("e", Verb.EXPORT, adopts=JOB),
        blocked=(blocked("f"), blocked("g", BlockedCode.BROKEN), blocked("h")),
        unchanged=("kore/i",),
        unmanaged=("kore/j", "kore/k"),
        failures=(FAILED,),
    )
    assert made.summary == {
        "deploy": 1,
        "undeploy": 2,
        "export": 0,
        "adopt": 2,
        "unchanged": 1,
        "blocked": 3,
        "unknown": 2,
        "unmanaged": 2,
        "failures": 1,
    }


def test_an_action_is_a_value() -> None:
    one: Action = action("a")
    assert one == action("a")
    with pytest.raises(AttributeError):
        one.before = "unknown"  # type: ignore[misc]


# The report.


def test_an_outcome_has_the_id_of_its_action() -> None:
    assert Outcome(address="kore/a", verb=Verb.DEPLOY, kind=OutcomeKind.FAILED).id == action("a", Verb.DEPLOY).id


def test_the_summary_of_a_report_names_every_end() -> None:
    assert report().summary == {
        "succeeded": 1,
        "failed": 1,
        "timed_out": 1,
        "skipped": 1,
        "in_flight": 1,
        "uncertain": 1,
    }
