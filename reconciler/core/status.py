"""One row of `status`: a model, what is wanted of it, what is live and what was last done to it."""

from msgspec import Struct

from reconciler.core.live import Evidence
from reconciler.core.memory import LastAction
from reconciler.core.model import Model


class Status(Struct, frozen=True, kw_only=True):
    """`live` is a word of `LiveState`, or `unreadable` with `error` set where the model could not be read."""

    model: Model
    live: str
    evidence: Evidence
    last_action: LastAction | None = None
    error: str | None = None
