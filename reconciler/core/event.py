"""What happens during an apply, as it happens: for progress and for the event stream."""

from enum import StrEnum

from msgspec import Struct

from reconciler.core.job import Verb


class Phase(StrEnum):
    """Where an action stands. `ended` comes exactly once per action, last."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    SETTLING = "settling"
    FETCHING = "fetching"
    CONFIRMING = "confirming"
    ENDED = "ended"


class Event(Struct, frozen=True, kw_only=True):
    """One change of state of one action. `text` is a line for people (what is waited for, the platform's word);
    `percent` is None where the platform names none; `outcome` is the outcome's kind once the phase is `ended`."""

    address: str
    verb: Verb
    phase: Phase
    text: str = ""
    percent: float | None = None
    outcome: str | None = None
