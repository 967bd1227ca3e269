"""Faults in starting, following and asking: what makes two deployments of one, or believes too much."""

from typing import Final

from .mutant import ENGINE, PLATFORMS, Mutant

STARTING: Final = (
    Mutant(
        name="blind-resend",
        file=f"{ENGINE}/starting.py",
        old="again = await _unanswered(run, answer, may_reissue=not reissued)",
        new="again = live if not reissued else await _unanswered(run, answer, may_reissue=False)",
        breaks="a start whose answer was lost is sent again at once: two deployments",
        near=("tests/cli/test_failures.py::test_a_lost_answer_is_never_sent_again_blindly",),
    ),
    Mutant(
        name="ended-by-a-list",
        file=f"{ENGINE}/following.py",
        old="    # What a model at rest is shown as",
        new="    if shown is not None and shown.state == run.action.after:\n"
        "        return JobStatus(state=JobState.SUCCEEDED)\n    # What a model at rest is shown as",
        breaks="a list that lags, or shows what was there before, ends a job that fails: it counts as succeeded",
        near=("tests/cli/test_followed_together.py",),
    ),
    Mutant(
        name="deploy-reissued-unasked",
        file=f"{ENGINE}/starting.py",
        old="repeatable = run.action.verb is Verb.UNDEPLOY or run.means.reissue",
        new="repeatable = True",
        breaks="a lost deploy that shows no effect is sent again although nobody allowed it",
        near=("tests/cli/test_failures.py::test_a_lost_answer_without_any_effect_is_uncertain",),
    ),
    Mutant(
        name="no-settle-time",
        file=f"{ENGINE}/starting.py",
        old="await run.patience.sleep(max(0.0, run.capabilities.settle - sent_ago))",
        new="await run.patience.sleep(0.0)",
        breaks="a lost start is judged before it could take effect, and sent again",
        near=("tests/promises/test_lost_answers.py",),
    ),
    Mutant(
        name="no-second-read",
        file=f"{ENGINE}/starting.py",
        old="for look in range(2):",
        new="for look in range(1):",
        breaks="one glance at a platform that is a little behind decides whether to send again",
        near=("tests/promises/test_lost_answers.py",),
    ),
    Mutant(
        name="intent-after-the-request",
        file=f"{ENGINE}/starting.py",
        old="""    answer = await asyncio.shield(run.platform.start(run.action.verb, run.model, live, go))
""",
        new="""    async def nothing() -> None:
        run.attempts = before + 1

    answer = await asyncio.shield(run.platform.start(run.action.verb, run.model, live, nothing))
    await run.means.log(run.record(RecordKind.INTENT, attempt=run.attempts, before=str(live.state)))
""",
        breaks="a run killed during a request leaves no trace of it",
        near=("tests/promises/test_intents.py",),
    ),
    Mutant(
        name="no-read-before-the-start",
        file=f"{ENGINE}/starting.py",
        old="if live.state == run.action.before or (run.action.follows is not None and settled):",
        new="if settled or live.state:",
        breaks="a model that moved since the plan is acted on all the same",
        near=("tests/promises/test_fresh_read.py",),
    ),
    Mutant(
        name="started-after-the-signal",
        file=f"{ENGINE}/waiting.py",
        old="return self._event.is_set()",
        new="return self._event.is_set() and self.minded is None",
        breaks="after a signal more is started",
        near=("tests/promises/test_stop.py",),
    ),
    Mutant(
        name="two-jobs-on-one-model",
        file=f"{ENGINE}/applier.py",
        old="async with self._turns[action.address]:",
        new="async with asyncio.Lock():",
        breaks="an export and an undeploy of one model run at once",
        near=("tests/cli/test_failures.py::test_one_action_at_a_time_on_a_model",),
    ),
    Mutant(
        name="what-it-needs-failed",
        file=f"{ENGINE}/applier.py",
        old="if kind != OutcomeKind.SUCCEEDED:",
        new='if kind == "broken off":',
        breaks="a model is undeployed although its export failed",
        near=("tests/cli/test_failures.py::test_a_failed_export_skips_the_undeploy_that_needs_it",),
    ),
)

FOLLOWING: Final = (
    Mutant(
        name="success-believed",
        file=f"{ENGINE}/following.py",
        old="return await (_fetch(run, status) if run.action.verb is Verb.EXPORT else _confirm(run))",
        new="return await _fetch(run, status) if run.action.verb is Verb.EXPORT else "
        "run.outcome(OutcomeKind.SUCCEEDED, live=LiveState(run.action.after), verified=True)",
        breaks="a job that says it succeeded is believed, though the model is not there",
        near=("tests/promises/test_success.py",),
    ),
    Mutant(
        name="unknown-word-is-success",
        file=f"{PLATFORMS}/answers.py",
        old='return JobState.RUNNING, None if folded in follow.running else f"unknown word {shorten(word)}"',
        new="return (JobState.RUNNING if folded in follow.running else JobState.SUCCEEDED), None",
        breaks="a word that no page has counts as success",
        near=("tests/platforms/test_kore_jobs.py",),
    ),
    Mutant(
        name="another-jobs-answer",
        file=f"{PLATFORMS}/answers.py",
        old="if echoed is not None and echoed != job.id:",
        new='if echoed == "":',
        breaks="the answer about another model's job ends this one",
        near=("tests/platforms/test_kore_jobs.py",),
    ),
    Mutant(
        name="probe-taken-for-all-clear",
        file=f"{PLATFORMS}/rest.py",
        old="return replace(believed, state=LiveState.UNKNOWN, evidence=evidence, job=None)",
        new="return believed",
        breaks="a broken probe looks like all is well",
        near=("tests/cli/test_failures.py::test_a_probe_that_says_nothing_is_never_an_all_clear",),
    ),
)

HTTP: Final = (
    Mutant(
        name="key-to-another-origin",
        file=f"{PLATFORMS}/http.py",
        old="if _place(request.url) != _place(self._origin):",
        new='if request.url.scheme == "":',
        breaks="a target that leads elsewhere gets the key",
        near=("tests/platforms/test_keys.py",),
    ),
    Mutant(
        name="redirect-followed",
        file=f"{PLATFORMS}/http.py",
        old="follow_redirects=False,\n                auth",
        new="follow_redirects=True,\n                auth",
        breaks="a redirect repeats a request elsewhere",
        near=("tests/platforms/test_http_actions.py",),
    ),
    Mutant(
        name="read-redirect-followed",
        file=f"{PLATFORMS}/reader.py",
        old="allow_redirects=False",
        new="allow_redirects=True",
        breaks="a read is led elsewhere, and the key with it",
        near=("tests/platforms/test_http_reads.py", "tests/platforms/test_keys.py"),
    ),
    Mutant(
        name="read-tried-in-secret",
        file=f"{PLATFORMS}/reader.py",
        old="_retry_connection = False",
        new="_retry_connection = True",
        breaks="a read is tried more often than anybody counts",
        near=("tests/platforms/test_http_reads.py",),
    ),
    Mutant(
        name="download-redirect-followed",
        file=f"{PLATFORMS}/http.py",
        old="timeout=None, follow_redirects=False, trust_env=False",
        new="timeout=None, follow_redirects=True, trust_env=False",
        breaks="a download is led to an address that nobody checked",
        near=("tests/platforms/test_downloader.py",),
    ),
    Mutant(
        name="download-from-this-network",
        file=f"{PLATFORMS}/addresses.py",
        old="return address.is_global and not address.is_multicast and not address.is_reserved",
        new="return True",
        breaks="a platform's answer makes the runner read its own network",
        near=("tests/platforms/test_access.py",),
    ),
    Mutant(
        name="actions-repeated",
        file=f"{PLATFORMS}/channel.py",
        old="return await self._send(self._actor, call, REPLY_LIMIT)",
        new="pass\n        return await self.read(call)",
        breaks="a start that is answered 503 is sent three times",
        near=("tests/platforms/test_http_actions.py",),
    ),
    Mutant(
        name="no-size-limit",
        file=f"{PLATFORMS}/replies.py",
        old="if len(body) > limit:",
        new="if limit < 0:",
        breaks="an endless answer fills the memory",
        near=("tests/platforms/test_http_reads.py",),
    ),
    Mutant(
        name="no-size-limit-of-downloads",
        file=f"{PLATFORMS}/http.py",
        old="if size > self._limit:",
        new="if self._limit < 0:",
        breaks="an endless download fills the disk",
        near=("tests/platforms/test_downloader.py",),
    ),
    Mutant(
        name="no-deadline-of-a-request",
        file=f"{PLATFORMS}/channel.py",
        old="async with asyncio.timeout(self._timeout):",
        new="async with asyncio.timeout(None):",
        breaks="an answer in drips holds a run for ever",
        near=("tests/platforms/test_http_reads.py",),
    ),
)
