"""A plan, a report or a drift as one list of lines: what every form for machines, and the HTML page, is made from.

Nothing here escapes: all texts may be untrusted, and the form that shows them makes them harmless."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from posixpath import normpath
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.drift import Night
from reconciler.core.model import Source
from reconciler.render.words import owned, split_command


class Level(StrEnum):
    """How much a line matters: `good` is nothing to look at, `note` is worth reading, the others want somebody."""

    GOOD = "good"
    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


class Result(StrEnum):
    """What a line is to a list of tests: a model that is where it should be passes."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"


class Rule(Struct, frozen=True, kw_only=True):
    """What lines of one kind say: in a few words, and in a sentence that says what to do."""

    title: str
    help: str


RULES: Final[Mapping[str, Rule]] = {
    "undeploy": Rule(title="Would be taken out of service", help="See that nothing needs this model any more."),
    "deploy": Rule(title="Would be deployed", help="It costs money from then on."),
    "redeploy": Rule(title="Would be deployed again", help="Its settings changed, or it is broken."),
    "export": Rule(title="Would be exported", help="The file lands below the export folder."),
    "adopt": Rule(title="Waited for", help="A job that runs already is followed and not started again."),
    "blocked": Rule(title="Wanted, but blocked", help="The text ends with what settles it."),
    "unread": Rule(title="Could not be read", help="See whether address, key and service are right; then plan again."),
    "guard": Rule(title="A guard spoke", help="Do less at once, or approve single models with --approve."),
    "warning": Rule(title="Worth knowing", help="There is nothing to do for reconciler; a person may have to look."),
    "unmanaged": Rule(title="Not in the inventory", help="Never touched; reconciler discover writes it down."),
    "unchanged": Rule(title="As wanted", help="Nothing is to be done."),
    "succeeded": Rule(title="Done", help="Where the platform can show it, the state was read again."),
    "failed": Rule(title="Failed", help="Mend the cause, then apply again."),
    "timed-out": Rule(title="Timed out", help="Apply again to follow its job, with a longer timeout."),
    "skipped": Rule(title="Skipped", help="Its text says what it needs; plan again once that is so."),
    "in-flight": Rule(title="Still running", help="Apply again to follow its job; nothing is started twice."),
    "uncertain": Rule(title="Uncertain", help="The answer to its start was lost; its text says what settles it."),
    "error": Rule(title="The run could not be finished", help="Its text says what happened and what to type next."),
    "drifted": Rule(title="Changed outside reconciler", help="Apply to put it back, or change the inventory."),
    "pending": Rule(title="Wanted elsewhere", help="The inventory moved since the last apply: apply."),
    "unknown": Rule(title="Unknown", help="Its text says what settles it."),
    "resolved": Rule(title="Resolved", help="An earlier look had found drift here; this one did not."),
}
"""Every kind of line; the key is its stable name."""

GENERAL: Final = frozenset({"guard", "error"})
"""The kinds of lines that are about no platform."""


class Line(Struct, frozen=True, kw_only=True):
    """What is said of one model, or of a platform or guard. `rule` is a key of `RULES`; `word` says it to people;
    `summary` is from where to where, or the like; `details` are sentences, the one that matters most first; `source` is
    None where no file is to blame; `seconds` is how long it took, None where nothing was done. `destructive`: takes a
    model out of service. `tags` are further words to find it by: new, ongoing, flapping, acknowledged. `verb` is what
    is done or was tried, redeploy and adopt told apart, and of a drift what would be done; empty where nothing is.
    `before` and `after` are from where to where, empty where there is no way."""

    address: str
    rule: str
    level: Level
    result: Result
    word: str
    summary: str
    details: tuple[str, ...] = ()
    source: Source | None = None
    owner: str | None = None
    seconds: float | None = None
    destructive: bool = False
    tags: tuple[str, ...] = ()
    verb: str = ""
    before: str = ""
    after: str = ""

    @property
    def platform(self) -> str:
        """The platform that the line is about."""
        return self.address.split("/", 1)[0]

    @property
    def parts(self) -> tuple[str, ...]:
        """What is said of it, part by part: what ends in a command stands last, so that nothing follows a command."""
        plain = [text for text in self.details if not split_command(text)[1]]
        advice = [text for text in self.details if split_command(text)[1]]
        owner = owned(self.owner)
        return tuple(text for text in (self.summary, *plain, owner, *advice) if text)

    @property
    def text(self) -> str:
        """All of it in one sentence."""
        said = "; ".join(self.parts)
        return f"{self.address}: {self.word}: {said}" if said else f"{self.address}: {self.word}"


class Bar(Struct, frozen=True, kw_only=True):
    """How long one action took: `start` and `seconds` count from the beginning of the run."""

    address: str
    verb: str
    rule: str
    start: float
    seconds: float


class Sheet(Struct, frozen=True, kw_only=True):
    """A whole document. `kind` is plan, report or drift; `at` is when it was made; `seconds` how long the run took,
    None where nobody knows; `facts` are names and texts; `edges` say which address is acted on before which other;
    `ok`: the run did all it was to; `complete`: it came to its end, and everything asked for was read. `environment`
    tells documents of one inventory for several places apart, empty for one. `file` is where a line is shown that no
    file is to blame for; `platforms` names all that the document is about, empty where nobody knows."""

    kind: str
    verdict: str
    caveats: tuple[str, ...]
    lines: tuple[Line, ...]
    facts: tuple[tuple[str, str], ...]
    counts: Mapping[str, int]
    at: datetime
    tool_version: str
    partial: bool = False
    ok: bool = True
    environment: str = ""
    seconds: float | None = None
    edges: tuple[tuple[str, str], ...] = ()
    bars: tuple[Bar, ...] = ()
    nights: tuple[Night, ...] = field(default=())
    complete: bool = True
    file: str = "inventory.yaml"
    platforms: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Line, ...]:
        """The lines that are worth reading, the gravest first."""
        order = (Level.ERROR, Level.WARNING, Level.NOTE)
        return tuple(line for level in order for line in self.lines if line.level is level)

    @property
    def names(self) -> tuple[str, ...]:
        """The platforms, those included that only a line names."""
        told = {line.platform for line in self.lines if "/" in line.address and line.rule not in GENERAL}
        return tuple(sorted(told | set(self.platforms)))

    @property
    def top(self) -> Source:
        """The top of the inventory: where is shown what stands nowhere in it."""
        return _inside(Source(file=self.file, line=1))

    def place(self, line: Line) -> Source:
        """Where a line is shown, with a path that pipelines take for one inside their checkout."""
        return _inside(line.source) if line.source else self.top

    def fingerprints(self, lines: Iterable[Line]) -> tuple[str, ...]:
        """For each line what tells it from all others and stays the same when lines of the file move."""
        seen: Counter[str] = Counter()
        found = []
        for line in lines:
            verb = line.verb if self.kind == "report" else ""
            named = "\0".join((self.place(line).file, line.rule, verb, line.address))
            seen[named] += 1
            whole = f"{named}\0{seen[named]}" if seen[named] > 1 else named
            found.append(sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:32])
        return tuple(found)


def _inside(source: Source) -> Source:
    return replace(source, file=normpath(source.file).lstrip("/") or ".")


def from_root(sheet: Sheet, rename: Callable[[str], str]) -> Sheet:
    """The sheet with other names for its files."""
    lines = tuple(
        replace(line, source=replace(line.source, file=rename(line.source.file))) if line.source else line
        for line in sheet.lines
    )
    return replace(sheet, lines=lines, file=rename(sheet.file))
