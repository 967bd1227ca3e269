"""The fold: what records come to."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.core.job import Job, Verb
from reconciler.core.live import EvidenceSource, LiveState
from reconciler.core.memory import Applied, Believed, Exported, Intent, LastAction, Memory
from reconciler.core.model import Deployment
from reconciler.core.record import Record, RecordKind
from reconciler.core.report import OutcomeKind
from reconciler.journal.memory import fold, used_plans

from .records import ARTIFACT, KEY, OF_A_RUN, ORIGIN, accepted, at, histories, intent, record, records, settled

ENDED = (OutcomeKind.SUCCEEDED, OutcomeKind.FAILED)
NOT_ENDED = (OutcomeKind.TIMED_OUT, OutcomeKind.IN_FLIGHT, OutcomeKind.UNCERTAIN)
DEPLOY, UNDEPLOY, EXPORT = Verb.DEPLOY, Verb.UNDEPLOY, Verb.EXPORT


def memory(*history: Record) -> Memory:
    """What is remembered of the one model that `history` is about."""
    memories = fold(history)
    assert set(memories) <= {KEY}
    return memories.get(KEY, Memory())


def job(verb: Verb, identity: str | None, minute: int = 0, before: str | None = None) -> Job:
    return Job(address="kore/a", verb=verb, id=identity, since=at(minute), before=before)


# Each kind.


def test_no_record_no_memory() -> None:
    assert fold([]) == {}


@pytest.mark.parametrize("kind", sorted(OF_A_RUN))
def test_the_brackets_of_a_run_speak_of_no_model(kind: RecordKind) -> None:
    assert fold([Record(kind=kind, at=at(0), run="run-1", plan="p-1", text="x")]) == {}


def unanswered(verb: Verb) -> Memory:
    """What is remembered of a model after the first intent, where no answer came."""
    start = Intent(verb=verb, at=at(0), run="run-1")
    return Memory(open_export=start) if verb is EXPORT else Memory(open=start)


@pytest.mark.parametrize("verb", list(Verb))
def test_an_intent_is_open(verb: Verb) -> None:
    assert memory(intent(verb)) == unanswered(verb)


@pytest.mark.parametrize("verb", [DEPLOY, UNDEPLOY])
def test_an_accepted_start_is_a_running_job(verb: Verb) -> None:
    found = memory(intent(verb), accepted(verb, "j-1", 1, before="broken"))
    assert found == Memory(job=job(verb, "j-1", 1, before="broken"), job_ended=False)


def test_a_job_may_have_no_id() -> None:
    assert memory(accepted(DEPLOY, None)) == Memory(job=job(DEPLOY, None))


def test_an_accepted_export_is_a_job_beside_the_deployments() -> None:
    found = memory(accepted(DEPLOY, "j-1"), intent(EXPORT, 1), accepted(EXPORT, "j-2", 2))
    assert found == Memory(job=job(DEPLOY, "j-1"), export_job=job(EXPORT, "j-2", 2))


@pytest.mark.parametrize("verb", list(Verb))
def test_an_adopted_job_is_ours_from_there_on(verb: Verb) -> None:
    found = memory(intent(verb), record(RecordKind.ADOPTED, 1, verb=verb, job="j-9"))
    adopted = job(verb, "j-9", 1)
    assert found == (Memory(export_job=adopted) if verb is EXPORT else Memory(job=adopted))


@pytest.mark.parametrize("verb", list(Verb))
def test_a_refusal_answers_an_intent(verb: Verb) -> None:
    assert memory(intent(verb), record(RecordKind.REFUSED, 1, verb=verb)) == Memory()


@pytest.mark.parametrize("verb", list(Verb))
def test_an_uncertain_answer_is_none(verb: Verb) -> None:
    assert memory(intent(verb), record(RecordKind.UNCERTAIN, 1, verb=verb)) == unanswered(verb)


def test_a_model_found_in_its_target_was_applied() -> None:
    verified = record(RecordKind.VERIFIED, target=Deployment.DEPLOYED, settings={"size": 1}, live=LiveState.DEPLOYED)
    applied = Applied(deployment=Deployment.DEPLOYED, settings={"size": 1}, run="run-1", at=at(0))
    believed = Believed(state=LiveState.DEPLOYED, source=EvidenceSource.JOURNAL, at=at(0))
    assert memory(verified) == Memory(applied=applied, believed=believed)


def test_a_job_whose_target_was_found_has_ended() -> None:
    verified = record(RecordKind.VERIFIED, 1, target=Deployment.DEPLOYED, live=LiveState.DEPLOYED)
    assert memory(accepted(DEPLOY, "j-1"), verified).job_ended
    assert not memory(accepted(UNDEPLOY, "j-1"), verified).job_ended


def test_what_a_person_said_is_not_replaced_by_finding_the_same() -> None:
    declared = record(RecordKind.DECLARED, live=LiveState.DEPLOYED)
    verified = record(RecordKind.VERIFIED, 1, target=Deployment.DEPLOYED, live=LiveState.DEPLOYED)
    found = memory(declared, verified).believed
    assert found == Believed(state=LiveState.DEPLOYED, source=EvidenceSource.DECLARED, at=at(0))


# The settings that an unfinished deploy was started with.


def test_a_deploy_is_remembered_with_what_it_sent() -> None:
    sent = {"size": 2}
    started = accepted(DEPLOY, "j-1", settings=sent)
    assert memory(started).sent == sent
    assert memory(started, record(RecordKind.ADOPTED, 1, verb=DEPLOY, job="j-1")).sent == sent
    assert memory(started, intent(EXPORT, 1), accepted(EXPORT, "j-2", 2)).sent == sent


def test_of_the_deploy_of_another_nobody_knows_what_it_sent() -> None:
    started = accepted(DEPLOY, "j-1", settings={"size": 2})
    assert memory(started, record(RecordKind.ADOPTED, 1, verb=DEPLOY, job="j-9")).sent is None
    assert memory(started, accepted(UNDEPLOY, "j-3", 1)).sent is None
    ended = settled(DEPLOY, OutcomeKind.SUCCEEDED, 1, job="j-1")
    assert memory(started, ended, record(RecordKind.ADOPTED, 2, verb=DEPLOY, job="j-1")).sent is None


@pytest.mark.parametrize("state", [LiveState.DEPLOYED, LiveState.UNDEPLOYED])
def test_what_a_person_says_is_believed_and_ends_all_doubt(state: LiveState) -> None:
    found = memory(accepted(DEPLOY, "j-1"), intent(UNDEPLOY, 1), record(RecordKind.DECLARED, 2, live=state))
    believed = Believed(state=state, source=EvidenceSource.DECLARED, at=at(2))
    assert found == Memory(believed=believed, job_ended=True)


def test_what_a_person_says_of_a_model_says_nothing_of_its_export() -> None:
    found = memory(accepted(EXPORT, "j-2"), record(RecordKind.DECLARED, 1, live=LiveState.DEPLOYED))
    assert found.export_job == job(EXPORT, "j-2")


@pytest.mark.parametrize(("words", "protected"), [([True], True), ([True, False], False), ([False, True], True)])
def test_the_last_word_on_protection_holds(words: list[bool], protected: bool) -> None:
    assert memory(*(record(RecordKind.PROTECTED, on=on) for on in words)).protected is protected


def test_a_plan_is_used_up_by_its_id() -> None:
    used = [Record(kind=RecordKind.PLAN_USED, at=at(0), run="run-1", plan=plan) for plan in ("p-1", "p-2", "p-1")]
    assert used_plans(used) == {"p-1", "p-2"}
    assert used_plans([record(RecordKind.INTENT, verb=DEPLOY, plan="p-3")]) == frozenset()


# Settled.


@pytest.mark.parametrize(("verb", "target"), [(DEPLOY, Deployment.DEPLOYED), (UNDEPLOY, Deployment.UNDEPLOYED)])
def test_a_success_is_believed_and_applied(verb: Verb, target: Deployment) -> None:
    state = LiveState(target)
    found = memory(
        intent(verb),
        accepted(verb, "j-1", 1),
        settled(verb, OutcomeKind.SUCCEEDED, 2, job="j-1", live=state, target=target, settings={"size": 1}),
    )
    assert found == Memory(
        job=job(verb, "j-1", 1),
        job_ended=True,
        believed=Believed(state=state, source=EvidenceSource.JOURNAL, at=at(2)),
        applied=Applied(deployment=target, settings={"size": 1}, run="run-1", at=at(2)),
        last_action=LastAction(verb=verb, outcome="succeeded", run="run-1", at=at(2)),
    )


def test_a_failure_ends_the_job_and_applies_nothing() -> None:
    found = memory(
        intent(DEPLOY),
        accepted(DEPLOY, "j-1", 1),
        settled(DEPLOY, OutcomeKind.FAILED, 2, job="j-1", live=LiveState.BROKEN),
    )
    assert found == Memory(
        job=job(DEPLOY, "j-1", 1),
        job_ended=True,
        believed=Believed(state=LiveState.BROKEN, source=EvidenceSource.JOURNAL, at=at(2)),
        last_action=LastAction(verb=DEPLOY, outcome="failed", run="run-1", at=at(2)),
    )


def test_only_a_success_with_a_target_is_applied() -> None:
    for outcome, target in ((OutcomeKind.FAILED, Deployment.DEPLOYED), (OutcomeKind.SUCCEEDED, None)):
        assert memory(settled(DEPLOY, outcome, target=target)).applied is None


@pytest.mark.parametrize("state", [None, LiveState.UNKNOWN])
def test_an_end_that_nobody_saw_leaves_what_was_believed(state: LiveState | None) -> None:
    found = memory(
        record(RecordKind.DECLARED, live=LiveState.DEPLOYED),
        accepted(UNDEPLOY, "j-1", 1),
        settled(UNDEPLOY, OutcomeKind.FAILED, 2, job="j-1", live=state),
    )
    assert found.believed == Believed(state=LiveState.DEPLOYED, source=EvidenceSource.DECLARED, at=at(0))
    assert found.job_ended


@pytest.mark.parametrize("outcome", NOT_ENDED)
def test_what_has_not_ended_keeps_its_job(outcome: OutcomeKind) -> None:
    found = memory(
        accepted(DEPLOY, "j-1"),
        settled(DEPLOY, outcome, 1, job="j-1", live=LiveState.DEPLOYED, target=Deployment.DEPLOYED),
    )
    last = LastAction(verb=DEPLOY, outcome=outcome, run="run-1", at=at(1))
    assert found == Memory(job=job(DEPLOY, "j-1"), job_ended=False, last_action=last)


@pytest.mark.parametrize("outcome", NOT_ENDED)
def test_an_export_that_has_not_ended_keeps_its_job(outcome: OutcomeKind) -> None:
    found = memory(accepted(EXPORT, "j-1"), settled(EXPORT, outcome, 1, job="j-1"))
    assert found.export_job == job(EXPORT, "j-1")


@pytest.mark.parametrize("outcome", NOT_ENDED)
def test_what_has_not_ended_keeps_its_intent_open(outcome: OutcomeKind) -> None:
    found = memory(intent(DEPLOY), settled(DEPLOY, outcome, 1))
    assert found.open == Intent(verb=DEPLOY, at=at(0), run="run-1")


def test_what_was_skipped_was_not_done() -> None:
    before = (accepted(DEPLOY, "j-1"), intent(UNDEPLOY, 1))
    assert memory(*before, settled(UNDEPLOY, OutcomeKind.SKIPPED, 2)) == memory(*before)


def test_a_fetched_export_is_on_record() -> None:
    found = memory(
        intent(EXPORT), accepted(EXPORT, "j-1", 1), settled(EXPORT, OutcomeKind.SUCCEEDED, 2, artifact=ARTIFACT)
    )
    assert found == Memory(
        exported=Exported(path="a.zip", sha256="0" * 64, at=at(2)),
        last_action=LastAction(verb=EXPORT, outcome="succeeded", run="run-1", at=at(2)),
    )


def test_a_failed_export_leaves_the_one_before() -> None:
    made = settled(EXPORT, OutcomeKind.SUCCEEDED, artifact=ARTIFACT)
    found = memory(made, accepted(EXPORT, "j-2", 1), settled(EXPORT, OutcomeKind.FAILED, 2, artifact=None))
    assert found.exported == Exported(path="a.zip", sha256="0" * 64, at=at(0))
    assert found.export_job is None


def test_a_newer_export_takes_the_place_of_the_older() -> None:
    newer = replace(ARTIFACT, path="b.zip")
    found = memory(
        settled(EXPORT, OutcomeKind.SUCCEEDED, artifact=ARTIFACT),
        settled(EXPORT, OutcomeKind.SUCCEEDED, 1, artifact=newer),
    )
    assert found.exported == Exported(path="b.zip", sha256="0" * 64, at=at(1))


# Sequences over several runs.


def test_a_later_start_takes_the_place_of_an_ended_job() -> None:
    found = memory(
        accepted(DEPLOY, "j-1"),
        settled(DEPLOY, OutcomeKind.SUCCEEDED, 1, job="j-1", live=LiveState.DEPLOYED, target=Deployment.DEPLOYED),
        intent(UNDEPLOY, 2, run="run-2"),
        accepted(UNDEPLOY, "j-2", 3, run="run-2"),
    )
    assert (found.job, found.job_ended) == (job(UNDEPLOY, "j-2", 3), False)
    assert found.applied is not None
    assert (found.applied.deployment, found.applied.run) == (Deployment.DEPLOYED, "run-1")


def test_a_job_that_timed_out_is_ended_by_the_run_that_adopts_it() -> None:
    found = memory(
        accepted(DEPLOY, "j-1"),
        settled(DEPLOY, OutcomeKind.TIMED_OUT, 1, job="j-1"),
        record(RecordKind.ADOPTED, 2, run="run-2", verb=DEPLOY, job="j-1"),
        settled(
            DEPLOY,
            OutcomeKind.SUCCEEDED,
            3,
            run="run-2",
            job="j-1",
            live=LiveState.DEPLOYED,
            target=Deployment.DEPLOYED,
        ),
    )
    assert found.job_ended


def test_an_uncertain_start_that_is_found_done_is_no_longer_open() -> None:
    found = memory(
        intent(UNDEPLOY),
        record(RecordKind.UNCERTAIN, verb=UNDEPLOY),
        settled(UNDEPLOY, OutcomeKind.UNCERTAIN, 1),
        settled(UNDEPLOY, OutcomeKind.SUCCEEDED, 2, run="run-2", live=LiveState.UNDEPLOYED),
    )
    assert found.open is None


def test_a_failure_before_the_start_ends_no_job_of_another_run() -> None:
    running = accepted(DEPLOY, "j-1")
    for verb in (DEPLOY, UNDEPLOY):
        found = memory(running, settled(verb, OutcomeKind.FAILED, 1, run="run-2", job=None))
        assert (found.job, found.job_ended) == (job(DEPLOY, "j-1"), False)


def test_a_failure_before_the_start_answers_no_start_of_another_run() -> None:
    found = memory(intent(DEPLOY), settled(DEPLOY, OutcomeKind.FAILED, 1, run="run-2"))
    assert found.open == Intent(verb=DEPLOY, at=at(0), run="run-1")


def test_a_refusal_answers_its_own_start_and_none_before_it() -> None:
    found = memory(
        intent(DEPLOY),
        intent(UNDEPLOY, 1, run="run-2"),
        record(RecordKind.REFUSED, 2, run="run-2", verb=UNDEPLOY),
        settled(UNDEPLOY, OutcomeKind.FAILED, 3, run="run-2"),
    )
    assert found.open == Intent(verb=DEPLOY, at=at(0), run="run-1")


def test_an_acceptance_ends_every_doubt_before_it() -> None:
    found = memory(intent(DEPLOY), intent(UNDEPLOY, 1, run="run-2"), accepted(UNDEPLOY, "j-1", 2, run="run-2"))
    assert found.open is None


def test_of_several_unanswered_starts_two_are_known() -> None:
    found = memory(*(intent(DEPLOY, minute, run=f"run-{minute}") for minute in (1, 2, 3)))
    before = Intent(verb=DEPLOY, at=at(2), run="run-2")
    assert found.open == Intent(verb=DEPLOY, at=at(3), run="run-3", over=before)


@pytest.mark.parametrize(
    ("verb", "target", "answered"),
    [
        (DEPLOY, Deployment.DEPLOYED, True),
        (UNDEPLOY, Deployment.UNDEPLOYED, True),
        (DEPLOY, Deployment.UNDEPLOYED, False),
        (UNDEPLOY, Deployment.DEPLOYED, False),
        (EXPORT, Deployment.DEPLOYED, False),
    ],
)
def test_a_model_found_where_an_unanswered_start_would_bring_it_answers_that(
    verb: Verb, target: Deployment, answered: bool
) -> None:
    found = memory(intent(verb), record(RecordKind.VERIFIED, 1, target=target))
    assert ((found.open_export if verb is EXPORT else found.open) is None) is answered


@pytest.mark.parametrize(("started", "ended"), [(True, True), (None, True), (False, False)])
def test_a_failure_ends_a_job_without_an_id_only_if_it_was_started(started: bool | None, ended: bool) -> None:
    found = memory(accepted(DEPLOY, None), settled(DEPLOY, OutcomeKind.FAILED, 1, started=started))
    assert found.job_ended is ended


def test_a_failure_in_the_same_run_answers_its_start() -> None:
    """Its refusal may be what could not be written."""
    assert memory(intent(DEPLOY), settled(DEPLOY, OutcomeKind.FAILED, 1)).open is None


@pytest.mark.parametrize("verb", [DEPLOY, UNDEPLOY])
def test_an_export_never_hides_an_unanswered_deploy_or_undeploy(verb: Verb) -> None:
    """Else the next plan would believe the state from before it, and send it a second time."""
    unanswered = Intent(verb=verb, at=at(0), run="run-1")
    history = [
        intent(verb),
        intent(EXPORT, 1),
        accepted(EXPORT, "j-2", 2),
        settled(EXPORT, OutcomeKind.SUCCEEDED, 3, artifact=ARTIFACT),
        intent(EXPORT, 4),
        record(RecordKind.REFUSED, 5, verb=EXPORT),
        settled(EXPORT, OutcomeKind.FAILED, 6),
    ]
    for length in range(1, len(history) + 1):
        assert memory(*history[:length]).open == unanswered


def test_an_answered_deploy_leaves_an_export_open() -> None:
    found = memory(intent(EXPORT), accepted(DEPLOY, "j-1", 1))
    assert found.open_export == Intent(verb=EXPORT, at=at(0), run="run-1")


# Which model.


@pytest.mark.parametrize("change", [{"origin": "https://other.example"}, {"model_id": "cm-2"}])
def test_another_origin_or_id_is_another_model(change: dict[str, str]) -> None:
    memories = fold([intent(DEPLOY), intent(UNDEPLOY, 1, **change)])
    assert {key: found.open and found.open.verb for key, found in memories.items()} == {
        KEY: DEPLOY,
        (change.get("origin", ORIGIN), change.get("model_id", "cm-1")): UNDEPLOY,
    }


@pytest.mark.parametrize("change", [{"origin": None}, {"model_id": None}])
def test_what_names_no_model_is_remembered_of_none(change: dict[str, Any]) -> None:
    assert fold([intent(DEPLOY, **change)]) == {}


def test_another_name_of_the_same_model_is_the_same_model() -> None:
    found = memory(record(RecordKind.PROTECTED, on=True), intent(DEPLOY, 1, address="kore/renamed"))
    assert found.protected
    assert found.open is not None


# Whatever the records.


@given(histories)
def test_no_prefix_of_a_history_raises(history: list[Record]) -> None:
    for length in range(len(history) + 1):
        fold(history[:length])
        used_plans(history[:length])


@given(histories)
def test_the_records_of_one_model_say_nothing_of_another(history: list[Record]) -> None:
    for key, found in fold(history).items():
        own = [entry for entry in history if (entry.origin, entry.model_id) == key]
        assert fold(own) == {key: found}


@given(histories, records())
def test_memory_grows_record_by_record(history: list[Record], last: Record) -> None:
    before, after = fold(history), fold([*history, last])
    others = {key for key in after if key != (last.origin, last.model_id)}
    assert all(after[key] == before[key] for key in others)
    assert set(before) <= set(after)


@given(histories, records().filter(lambda entry: entry.verb is EXPORT))
def test_an_export_changes_nothing_of_the_deployment(history: list[Record], last: Record) -> None:
    key = (last.origin or "", last.model_id or "")
    before, after = fold(history).get(key, Memory()), fold([*history, last]).get(key, Memory())
    assert (
        replace(
            after,
            export_job=before.export_job,
            exported=before.exported,
            last_action=before.last_action,
            open_export=before.open_export,
        )
        == before
    )


@given(histories, records().filter(lambda entry: entry.verb is not EXPORT))
def test_nothing_but_an_export_changes_anything_of_the_export(history: list[Record], last: Record) -> None:
    key = (last.origin or "", last.model_id or "")
    before, after = fold(history).get(key, Memory()), fold([*history, last]).get(key, Memory())
    exports = after.export_job, after.exported, after.open_export
    assert exports == (before.export_job, before.exported, before.open_export)


@given(st.lists(records().filter(lambda entry: entry.kind is not RecordKind.PROTECTED), max_size=15))
def test_only_its_own_record_changes_protection(history: list[Record]) -> None:
    protected = record(RecordKind.PROTECTED, on=True)
    assert fold([protected, *history])[KEY].protected
    assert not any(found.protected for found in fold(history).values())
