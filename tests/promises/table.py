"""Every promise in our own words, and the tests that show it. A new promise begins here.

A folder ends with `/`; a file or function stands as pytest names it. What a test measured it states itself: see
`figures.py`."""

from typing import Final

from .page import Promise


def _promise(name: str, words: str, *shown_by: str) -> Promise:
    return Promise(name=name, words=words, shown_by=tuple(f"tests/{pattern}" for pattern in shown_by))


PROMISES: Final = (
    _promise(
        "R1",
        "An apply that is killed at any instant is finished by the next one: every model ends where it should.",
        "kills/test_kills.py",
        "cli/test_signals.py::test_after_sigkill_the_next_apply_only_follows",
    ),
    _promise(
        "R2",
        "After a kill nothing is asked for again whose answer the journal held.",
        "kills/test_kills.py",
        "kills/test_settings.py",
    ),
    _promise(
        "R3",
        "Nothing takes effect twice, also where an answer was lost, as long as the platform is quicker than "
        "its settle time; what is sent again is on record and in the report, a deploy only where a person "
        "allowed it.",
        "kills/test_kills.py",
        "promises/test_lost_answers.py",
        "faults/test_decision_table.py",
        "cli/test_failures.py::test_a_lost_answer_is_never_sent_again_blindly",
        "cli/test_failures.py::test_a_lost_answer_without_any_effect_is_uncertain",
        "cli/test_failures.py::test_reissue_unknown_sends_a_lost_deploy_once_more",
        "world/test_world.py::test_requests_that_take_effect_after_the_settle_time",
    ),
    _promise(
        "R4",
        "Every request that asks for a change is in the journal, on disk, before it leaves; after a kill "
        "every accepted job is accounted for.",
        "kills/test_kills.py",
        "promises/test_intents.py",
        "journal/test_durability.py",
        "journal/test_committer.py",
    ),
    _promise(
        "R5",
        "A runner without the journal follows what the platform shows to be running, and starts nothing twice.",
        "kills/test_no_journal.py",
        "promises/test_fresh_read.py::test_another_runner_without_the_journal_follows_what_runs_and_starts_nothing",
    ),
    _promise(
        "R6",
        "Whichever file operation or request fails or is the last: a clear exit code, no traceback, a journal "
        "that can be read, and a next apply that brings it to its end.",
        "crash/test_points.py",
    ),
    _promise(
        "R7",
        "With three faulty answers in ten, of every kind, all converges or says in one line why not; nothing "
        "is tried more than three times.",
        "faults/test_mix.py",
        "faults/test_not_sent.py",
        "faults/test_limits.py",
    ),
    _promise(
        "R8",
        "One broken model or platform never stops the others.",
        "faults/test_one_bad_model.py",
        "cli/test_failures.py::test_a_killed_job_fails_its_action_and_no_other",
        "cli/test_failures.py::test_a_refused_key_is_one_line_and_the_rest_goes_on",
        "cli/test_failures.py::test_a_stopped_server_is_one_line_per_platform",
    ),
    _promise(
        "R9",
        "Of two applies over one journal one works; the other says who holds the lock, and ends with 7.",
        "kills/test_locks.py",
        "cli/test_signals.py::test_the_lock_names_its_holder",
    ),
    _promise(
        "R10",
        "The lock is free the moment its process is gone, and is not inherited.",
        "kills/test_locks.py",
        "journal/test_lock.py::test_it_is_free_at_once_when_its_process_is_killed",
        "journal/test_lock.py::test_it_is_not_inherited_by_what_its_process_starts",
    ),
    _promise(
        "R11",
        "Right before each start the state is read again; between machines without a shared journal no more "
        "is promised.",
        "promises/test_fresh_read.py",
    ),
    _promise(
        "R12",
        "On a full disk nothing is started whose intent is not on disk, and what cannot be recorded is printed.",
        "crash/test_disk_full.py",
    ),
    _promise(
        "R13",
        "Where nothing can be written it fails before the first request, and names the path.",
        "crash/test_read_only.py",
    ),
    _promise(
        "R14",
        "A damaged journal is read whole or refused, never taken for less than it was.",
        "crash/test_damage.py",
        "crash/test_foreign.py",
    ),
    _promise(
        "R15",
        "A plan whose world has moved is refused with 4, each moved model named with old and new state, and "
        "nothing is started; `--skip-stale` leaves out the moved ones only.",
        "promises/test_stale.py",
        "core/test_saved.py",
    ),
    _promise(
        "R16",
        "A saved plan is used once.",
        "promises/test_saved_plans.py::test_a_plan_is_used_once",
        "promises/test_saved_plans.py::test_a_plan_that_ended_badly_is_used_up_too",
    ),
    _promise(
        "R17",
        "After plan and apply the next plan is empty, and applying an empty plan asks for nothing; success is "
        "read, not believed.",
        "promises/test_nothing_left.py",
        "promises/test_success.py",
        "cli/test_story.py::test_a_second_apply_does_nothing",
    ),
    _promise(
        "R18",
        "Clocks that jump and other time zones change nothing.",
        "promises/test_same_plan.py::test_the_time_zone_changes_no_byte",
        "promises/test_same_plan.py::test_a_plan_applies_in_another_time_zone",
        "faults/test_times.py",
    ),
    _promise(
        "R19",
        "The first INT, TERM or HUP starts nothing more and ends within 5 seconds with its code; the second at once.",
        "kills/test_signals.py",
        "promises/test_stop.py",
        "cli/test_signals.py",
    ),
    _promise(
        "R20",
        "More than 30 % undeploys of 10 or more managed models, or more than the limit given, are refused "
        "with 3, and nothing is started; an inventory without models undeploys none.",
        "promises/test_limits.py",
        "core/test_guards.py",
    ),
    _promise(
        "R21",
        "An action ends when its time is up; its job is left in flight, and the next apply follows it without a start.",
        "faults/test_times.py",
    ),
    _promise(
        "R22",
        "A stdout or stderr that is closed or full costs neither the journal nor the work; it is one line and exit 1.",
        "crash/test_streams.py",
    ),
    _promise(
        "R23",
        "The same inputs give the same plan, byte for byte, whatever the hash seed and the order of the "
        "platform's list.",
        "promises/test_same_plan.py::test_hash_seeds_and_the_order_of_a_list_change_no_byte",
        "promises/test_same_plan.py::test_a_hundred_plans_are_one",
        "promises/test_same_plan.py::test_another_world_is_another_plan",
        "core/test_digest.py",
    ),
    _promise(
        "R24",
        "Thousands of seeded stories on virtual time break none of these rules.",
        "world/",
    ),
    _promise(
        "secrets",
        "A key is sent to its own origin and nowhere else, and stands in no output, file or journal.",
        "platforms/test_keys.py",
        "platforms/test_secret.py",
        "platforms/test_access.py",
        "promises/test_silence.py",
        "cli/test_failures.py::test_a_key_that_a_platform_repeats_is_kept_nowhere",
    ),
    _promise(
        "hostile text",
        "No name, word or error from an inventory or a platform steers a terminal, a CI log or a comment.",
        "render/test_safe.py",
        "render/test_markdown.py",
        "promises/test_silence.py::test_an_error_steers_nothing",
        "promises/test_silence.py::test_no_column_of_the_history_steers_anything",
    ),
    _promise(
        "bad inputs",
        "Every bad inventory, answer or file is refused in one clear line, with its place, quickly and "
        "without a traceback.",
        "hostile/",
        "inventory/",
        "fuzz/",
    ),
    _promise(
        "saved plans",
        "A plan that was altered in any field or byte, has expired, or is of another digest, address, "
        "inventory or key is refused, and nothing is started.",
        "promises/test_saved_plans.py",
        "core/test_codec.py",
        "core/test_seal.py",
    ),
    _promise(
        "downloads",
        "An export is fetched without the key, from public addresses only, within its limits, below its "
        "folder, and never over a file.",
        "platforms/test_downloader.py",
        "promises/test_exports.py",
        "cli/test_story.py::test_export_is_on_disk_private_and_as_reported",
        "cli/test_story.py::test_export_never_replaces_a_file",
        "cli/test_failures.py::test_what_is_no_export_does_not_pass_for_one",
    ),
    _promise(
        "lock",
        "The lock stands beside the journal, is private, names its holder, and is never broken by asking.",
        "journal/test_lock.py",
    ),
    _promise(
        "PostgreSQL",
        "A journal in PostgreSQL is as durable; its lock is the database's, and a run that lost it can write, "
        "and so start, nothing more.",
        "journal/test_postgresql.py",
    ),
)
