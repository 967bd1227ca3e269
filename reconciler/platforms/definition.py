"""The values of a platform definition: how one service speaks, as data. It runs nothing."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from reconciler.core.capabilities import PlatformType
from reconciler.core.job import Verb
from reconciler.core.live import LiveState

ASK = "ask"
"""What a state rule says where the words are ambiguous: ask the model's own route."""

BEFORE = "before"
"""What a failed job leaves a model in: the state believed before it."""


class Request(Struct, frozen=True, kw_only=True):
    """A request as a template: `{id}`, `{job}`, `{verb}`, `{path}`, `{key}` and `{settings/POINTER}` are filled in when
    it is made. `path` begins with `/`; a query parameter, header or body field of which a setting is missing is left
    out; `body` is JSON data, None for none."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Rule(Struct, frozen=True, kw_only=True):
    """One line of a state table: where every named word is one of those given (None among them: not said), the model is
    `state` (a word of `LiveState`, or `ask`)."""

    state: str
    words: Mapping[str, frozenset[str | None]]
    note: str | None = None


class States(Struct, frozen=True, kw_only=True):
    """How words of an answer become a live state: `pointers` name where each word stands (the first that is there),
    then the first of `rules` that fits decides. No rule: unknown."""

    pointers: Mapping[str, tuple[str, ...]]
    rules: tuple[Rule, ...]


class Pages(Struct, frozen=True, kw_only=True):
    """How a long list is asked for. `by`: offset, page, cursor or link. `size_as` and `from_as` are query parameters;
    `next` the pointer to a cursor or link; `first` the first page's number; `most` the most pages ever asked for."""

    by: str
    size: int | None = None
    size_as: str | None = None
    from_as: str | None = None
    next: str | None = None
    first: int = 1
    most: int = 1000


class ListRead(Struct, frozen=True, kw_only=True):
    """One list that answers for all models. `match` are the pointers whose value may be a model's id in the inventory,
    the stable one first; `act_on` those that the routes take, the best first."""

    request: Request
    rows: str
    match: tuple[str, ...]
    act_on: tuple[str, ...]
    name: tuple[str, ...] = ()
    absent: LiveState = LiveState.ABSENT
    pages: Pages | None = None


class GetRead(Struct, frozen=True, kw_only=True):
    """One read per model, with its own state table. `absent` is what a 404 means."""

    request: Request
    states: States
    absent: LiveState = LiveState.UNKNOWN


class JobRead(Struct, frozen=True, kw_only=True):
    """No route reads a state: it is what the last job did. Per verb, what its running, its success and its failure
    leave the model in (a word of `LiveState`, or `before`)."""

    running: Mapping[Verb, str]
    succeeded: Mapping[Verb, str]
    failed: Mapping[Verb, str]


class Probe(Struct, frozen=True, kw_only=True):
    """Asking the deployment itself. Statuses of the answer that mean deployed or undeployed; all others say nothing."""

    request: Request
    deployed: frozenset[int]
    undeployed: frozenset[int]


class LiveRead(Struct, frozen=True, kw_only=True):
    """How a live state is read: exactly one of `list`, `get` and `jobs`; `states` belongs to `list`; `ask` settles a
    word that `list` leaves open; `probe` overrules what `jobs` says."""

    list: ListRead | None = None
    states: States | None = None
    get: GetRead | None = None
    jobs: JobRead | None = None
    ask: GetRead | None = None
    probe: Probe | None = None


class Echo(Struct, frozen=True, kw_only=True):
    """Where an answer repeats what was asked. Another job's id is an error; another model or action only a warning."""

    job: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    action: tuple[str, ...] = ()


class Follow(Struct, frozen=True, kw_only=True):
    """How an accepted action is followed to its end.

    `job`: where the job's id stands in the answer to the start, tried in order: a JSON Pointer, `$body` (the whole
    answer is the id), `$header.NAME`, `$sent` (the id the request was sent with). `poll` asks how it stands. The
    word at `word` is running, succeeded, failed, or `back` (where the model was before); any other word counts as
    running. `no_job` is a regular expression: a failure whose text matches means that there was no job."""

    job: tuple[str, ...]
    poll: Request
    word: tuple[str, ...]
    running: frozenset[str]
    succeeded: frozenset[str]
    failed: frozenset[str]
    back: frozenset[str] = frozenset()
    error: tuple[str, ...] = ()
    progress: tuple[str, ...] = ()
    artifact: tuple[str, ...] = ()
    no_job: str | None = None
    echo: Echo = Echo()


class RefusedIn(Struct, frozen=True, kw_only=True):
    """A refusal whose text names the live state: the first group of `pattern` is a word, read as the word `word`."""

    pattern: str
    word: str


class Start(Struct, frozen=True, kw_only=True):
    """How a verb is started. `follow` None: the answer is the end of it. `recheck`: statuses of a refusal that may mean
    that the target holds already. `advice`: what to do about a status, for people."""

    request: Request
    follow: Follow | None
    recheck: frozenset[int] = frozenset()
    refused_in: RefusedIn | None = None
    advice: Mapping[int, str] = field(default_factory=dict)


class Definition(Struct, frozen=True, kw_only=True):
    """How one service speaks. `loose_keys`: keys of answers compare by their letters alone. `refusal`: where a refusal
    says why. `defaults` stand under every model's settings."""

    title: str
    type: PlatformType
    auth: Mapping[str, str]
    live: LiveRead
    starts: Mapping[Verb, Start]
    refusal: tuple[str, ...] = ()
    retry_after_ms: tuple[str, ...] = ()
    loose_keys: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)
