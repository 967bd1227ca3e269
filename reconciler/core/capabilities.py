"""What a platform can do: a constant that its definition declares and the planner reads."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct, field

from reconciler.core.job import Verb
from reconciler.core.model import Model

HOUR: Final = 3600.0


class Manual(Struct, frozen=True, kw_only=True):
    """An action that must be done by hand where the setting at JSON Pointer `at` equals `equals`."""

    verb: Verb
    at: str
    equals: Any
    reason: str


class Capabilities(Struct, frozen=True, kw_only=True):
    """What one platform offers.

    `verbs`: every verb, with None where it can be started and the reason where it cannot. `reads_state`: a state can be
    read without a job. `reads_together`: one request answers for all models. `changes_by_itself`: a running state may
    be nobody's in the inventory. `artifact_suffix`: how an exported file's name ends. `lasting`: what a verb does
    that no later action takes back, for people. `requests_per_minute`: None where
    no limit is stated. Times are seconds: `poll` the first wait between two polls, `settle` how long the platform may
    take to show what it accepted, `timeouts` the longest a verb may take."""

    verbs: Mapping[Verb, str | None]
    reads_state: bool
    reads_together: bool
    changes_by_itself: bool = False
    artifact_suffix: str = ""
    concurrency: int = 4
    requests_per_minute: float | None = None
    poll: float = 5.0
    settle: float = 60.0
    timeouts: Mapping[Verb, float] = field(default_factory=dict)
    manual: tuple[Manual, ...] = ()
    lasting: Mapping[Verb, str] = field(default_factory=dict)

    def refusal(self, verb: Verb) -> str | None:
        """Why `verb` cannot be started here; None if it can."""
        return self.verbs.get(verb, f"this platform does not offer {verb}")

    def longest(self, verb: Verb) -> float:
        """The most seconds that `verb` may take; an hour where nobody says."""
        return self.timeouts.get(verb, HOUR)

    def limit(self, model: Model, verb: Verb) -> float:
        """The seconds after which `verb` on `model` is no longer waited for."""
        return model.timeout or self.longest(verb)


class PlatformType(Struct, frozen=True, kw_only=True):
    """What the inventory must know of a platform to check its models.

    `id_pattern` is a regular expression for a whole id; `normalise` names how ids are compared (`lower`, `dashes`: `_`
    is `-`); `settings_schema` is the JSON Schema of what a deploy sends, None where it takes nothing; `ascending` are
    pairs of JSON Pointers into the settings, of which the first may not exceed the second; `probes`: a model may be
    probed; `needs_key` and `url`: whether a key must be given, and the fixed public address if there is one; `digest`
    is over the definition's own text."""

    name: str
    id_pattern: str
    capabilities: Capabilities
    normalise: tuple[str, ...] = ()
    settings_schema: Mapping[str, Any] | None = None
    ascending: tuple[tuple[str, str], ...] = ()
    probes: bool = False
    needs_key: bool = True
    url: str | None = None
    digest: str = ""

    def same(self, identity: str) -> str:
        """The form in which two ids of this platform are compared."""
        text = identity.strip()
        if "lower" in self.normalise:
            text = text.lower()
        return text.replace("_", "-") if "dashes" in self.normalise else text
