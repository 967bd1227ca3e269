"""A plan, a report or a drift as one list of lines: what every form for machines, and the HTML page, is made from.

Nothing here escapes: all texts may be untrusted, and the form that shows them makes them harmless."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from reconciler.core.drift import Night
from reconciler.core.model import Source


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is said of one model, or of a platform or guard. `rule` is a key of `RULES`; `word` says it to people;
    `summary` is from where to where, or the like; `details` are sentences, the one that matters most first; `source` is
    None where no file is to blame; `seconds` is how long it took, None where nothing was done. `destructive`: takes a
    model out of service."""

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

    @property
    def platform(self) -> str:
        """The platform that the line is about."""
        return self.address.split("/", 1)[0]

    @property
    def text(self) -> str:
        """All of it in one sentence."""
        said = "; ".join((self.summary, *self.details)) if self.summary else "; ".join(self.details)
        return f"{self.address}: {self.word}: {said}" if said else f"{self.address}: {self.word}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """How long one action took: `start` and `seconds` count from the beginning of the run."""

    address: str
    verb: str
    rule: str
    start: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A whole document. `kind` is plan, report or drift; `at` is when it was made; `seconds` how long the run took, None
    where nobody knows; `facts` are names and texts; `edges` say which address is acted on before which other; `ok`: the
    run came to its end. `environment` tells documents of one inventory for several places apart, empty for one."""

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

    @property
    def findings(self) -> tuple[Line, ...]:
        """The lines that are worth reading, the gravest first."""
        order = (Level.ERROR, Level.WARNING, Level.NOTE)
        return tuple(line for level in order for line in self.lines if line.level is level)
