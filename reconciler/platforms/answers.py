"""Reading the answers of a service as its definition says. Pure: bytes in, values out."""

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from reconciler.clock import Clock
from reconciler.core.job import Accepted, Answer, Job, JobState, JobStatus, Refused, Uncertain, Verb
from reconciler.core.live import LiveState
from reconciler.core.pointer import MISSING, at, letters
from reconciler.platforms.definition import ASK, Definition, Follow, Start, States
from reconciler.platforms.replies import Reply
from reconciler.platforms.words import explain, first, first_text, shorten

_HALF = re.compile(rb"(?i)\\ud[89a-f]")


class Unreadable(Exception):
    """An answer that is not what its page says. The text is one line and shows at most 80 characters of it."""


class Reading(Struct, frozen=True, kw_only=True):
    """What words of an answer say: a word of `LiveState` or `ask`, the platform's own words, and a note for people."""

    state: str
    raw: str | None
    note: str | None = None


def decode(reply: Reply) -> Any:
    """The JSON data of an answer, None for an empty body. Raises `Unreadable` for anything else: HTML, doubled keys,
    NaN, halves of characters, numbers or nesting beyond reason."""
    if not reply.body.strip():
        return None
    try:
        data = json.loads(reply.body.decode("utf-8-sig"), object_pairs_hook=_object, parse_constant=_constant)
        if _HALF.search(reply.body):  # perhaps half a character alone, which no file of ours could hold
            json.dumps(data, ensure_ascii=False).encode()
        return data
    except (ValueError, RecursionError) as error:
        kind = shorten(reply.headers.get("content-type", "no type").split(";")[0])
        start = shorten(reply.body[:80].decode("utf-8", "replace"))
        raise Unreadable(f"status {reply.status} with {kind}, not the JSON expected: {start!r}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a key stands twice")
    return data


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def states_reader(states: States, *, loose: bool = False) -> Callable[[Any], Reading]:
    """What tells the live state that the words of an answer, or of a row of a list, mean. A word that no line of the
    table knows is shown in the note."""
    pointers = tuple(states.pointers.values())

    @lru_cache(maxsize=256)  # a long list says the same few words again and again
    def meaning(*words: str | None) -> Reading:
        return _meaning(states, dict(zip(states.pointers, words, strict=True)))

    return lambda data: meaning(*[first_text(data, places, loose=loose) for places in pointers])


def read_states(states: States, data: Any, *, loose: bool = False) -> Reading:
    """The live state that the words of one answer mean."""
    return _meaning(states, {name: first_text(data, places, loose=loose) for name, places in states.pointers.items()})


def _meaning(states: States, said: Mapping[str, str | None]) -> Reading:
    folded = {name: None if word is None else letters(word) for name, word in said.items()}
    raw = shorten("/".join(dict.fromkeys(word for word in said.values() if word))) or None
    odd = [shorten(word) for name, word in said.items() if word and not _known(states, name, letters(word))]
    note = f"unknown word {', '.join(odd)}" if odd else None
    for rule in states.rules:
        if all(folded[name] in words for name, words in rule.words.items()):
            return Reading(state=rule.state, raw=raw, note="; ".join(filter(None, (rule.note, note))) or None)
    return Reading(state=LiveState.UNKNOWN, raw=raw, note=note or "no line of the definition's table fits")


def _known(states: States, name: str, word: str) -> bool:
    return any(word in rule.words.get(name, ()) for rule in states.rules)


def read_job(follow: Follow, job: Job, data: Any, *, loose: bool) -> JobStatus:
    """What an answer about `job` says of it. Raises `Unreadable` if it carries another job's id."""
    echoed = first_text(data, follow.echo.job, loose=loose)
    if echoed is not None and echoed != job.id:
        raise Unreadable("the answer carries another job's id")
    word = first_text(data, follow.word, loose=loose)
    error = explain(data, follow.error, loose=loose)
    state, warning = _job_state(follow, word, error)
    action = first_text(data, follow.echo.action, loose=loose)
    if action is not None and letters(action) != letters(job.verb):
        warning = warning or f"the answer names the action {shorten(action)}"
    failed = state in (JobState.FAILED, JobState.ABSENT)
    return JobStatus(
        state=state,
        raw=None if word is None else shorten(word),
        error=error if failed else None,
        progress=_percent(first(data, follow.progress, loose=loose)),
        artifact=first_text(data, follow.artifact, loose=loose) if state is JobState.SUCCEEDED else None,
        warning=warning,
    )


def _job_state(follow: Follow, word: str | None, error: str | None) -> tuple[JobState, str | None]:
    if word is None:
        return JobState.RUNNING, "the answer holds no state word"
    folded = letters(word)
    if folded in follow.succeeded:
        return JobState.SUCCEEDED, None
    if folded in follow.failed:
        nothing = follow.no_job is not None and re.search(follow.no_job, error or "") is not None
        return (JobState.ABSENT if nothing else JobState.FAILED), None
    if folded in follow.back:
        return (JobState.FAILED if error else JobState.ABSENT), None
    return JobState.RUNNING, None if folded in follow.running else f"unknown word {shorten(word)}"


def _percent(value: Any) -> float | None:
    try:
        return min(100.0, max(0.0, float(value))) if value is not None and not isinstance(value, bool) else None
    except (TypeError, ValueError, OverflowError):
        return None


def read_accepted(follow: Follow | None, reply: Reply, job: Job, sent: str, *, loose: bool) -> Answer:
    """What a 2xx answer to a start says. `job` lacks only its id; `sent` is the model id the request named."""
    try:
        data = decode(reply)
    except Unreadable as error:
        # A proxy's page says nothing of what the service behind it did.
        return Uncertain(reason=str(error)) if follow else _done(job)
    if follow is None:
        return _done(job)
    found = Job(
        address=job.address,
        verb=job.verb,
        id=_job_id(follow, reply, data, sent, loose),
        since=job.since,
        before=job.before,
    )
    if first_text(data, follow.word, loose=loose) is None:
        status = JobStatus(state=JobState.RUNNING)
    else:
        # The start's own answer may carry any id under the name of the job's: here it is what the id is taken from.
        status = read_job(replace(follow, echo=replace(follow.echo, job=())), found, data, loose=loose)
    model = first_text(data, follow.echo.model, loose=loose)
    if found.id is None:
        status = replace(status, warning=status.warning or "the answer holds no job id")
    elif model is not None and model != sent:
        status = replace(status, warning=status.warning or "the answer names another model")
    return Accepted(job=found, status=status)


def _done(job: Job) -> Accepted:
    return Accepted(job=job, status=JobStatus(state=JobState.SUCCEEDED))


def _job_id(follow: Follow, reply: Reply, data: Any, sent: str, loose: bool) -> str | None:
    for place in follow.job:
        if place == "$sent":
            found: Any = sent
        elif place == "$body":
            found = data
        elif place.startswith("$header."):
            found = reply.headers.get(place.removeprefix("$header.").lower())
        else:
            found = at(data, place, loose=loose)
        if isinstance(found, int) and not isinstance(found, bool):
            found = str(found)
        if found is not MISSING and isinstance(found, str) and 0 < len(found.strip()) <= 512:
            return found.strip()
    return None


def read_refused(definition: Definition, start: Start, reply: Reply, name: str, clock: Clock) -> Answer:
    """What an answer other than 2xx to a start says; `name` is the request's, for people."""
    if 300 <= reply.status < 400:
        where = _redirected_to(reply.headers.get("location", ""))
        return Refused(reason=f"{name} answered {reply.status}, a redirect{where}: redirects are not followed")
    reason = refusal_text(definition, reply, name)
    if reply.status >= 500 or reply.status == 408:
        return Uncertain(reason=reason)
    if reply.status == 429:
        return Refused(reason=reason, transient=True, retry_after=_wait(definition, reply, clock))
    if advice := start.advice.get(reply.status):
        reason = f"{reason}; {advice}"
    return Refused(
        reason=reason,
        recheck=reply.status in start.recheck,
        state=_refused_state(definition, start, reason),
    )


def refusal_text(definition: Definition, reply: Reply, name: str) -> str:
    """One line about an answer that is not 2xx: what was asked, the status and the service's own short reason."""
    try:
        why = explain(decode(reply), definition.refusal, loose=definition.loose_keys)
    except Unreadable:
        why = None
    return f"{name} answered {reply.status}" + (f": {why}" if why else "")


def _redirected_to(location: str) -> str:
    try:
        target = urlsplit(location)
    except ValueError:
        return ""
    return " to " + shorten(f"{target.scheme}://{target.hostname}") if target.hostname else ""


def _wait(definition: Definition, reply: Reply, clock: Clock) -> float | None:
    asked = reply.retry_after(clock)
    if asked is not None:
        return asked
    try:
        value = first(decode(reply), definition.retry_after_ms, loose=definition.loose_keys)
        return max(0.0, float(value) / 1000) if value is not None else None
    except (Unreadable, TypeError, ValueError, OverflowError):
        return None


def _refused_state(definition: Definition, start: Start, reason: str) -> str | None:
    if start.refused_in is None or definition.live.states is None:
        return None
    found = re.search(start.refused_in.pattern, reason)
    if found is None:
        return None
    said = {start.refused_in.word: letters(found[1])}
    for rule in definition.live.states.rules:
        if all(said.get(name) in words for name, words in rule.words.items()) and rule.state != ASK:
            return rule.state
    return None


def new_job(address: str, verb: Verb, live: LiveState, clock: Clock) -> Job:
    """A job about to exist: `before` is what the model is now, None where that is not a settled state."""
    settled = live in (LiveState.DEPLOYED, LiveState.UNDEPLOYED)
    return Job(address=address, verb=verb, id=None, since=clock.now(), before=str(live) if settled else None)
