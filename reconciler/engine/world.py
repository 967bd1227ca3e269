"""What one run works with: the inventory, its platforms opened, the journal and what it remembers."""

import random
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from reconciler.clock import Clock
from reconciler.core.capabilities import PlatformType
from reconciler.core.memory import NOTHING, Key, Memory
from reconciler.core.model import Inventory, Model
from reconciler.core.record import Record, RecordKind
from reconciler.core.sightings import OF_DRIFT, Sightings, fold_sightings
from reconciler.journal.memory import fold, used_plans
from reconciler.journal.store import Store
from reconciler.platforms.base import Platform


class Account(Struct, frozen=True, kw_only=True):
    """One platform of the inventory, opened. `origin` is where it is asked, None offline."""

    name: str
    type: PlatformType
    origin: str | None
    platform: Platform | None


class Recollection(Struct, frozen=True, kw_only=True):
    """What the journal holds: memories by origin and id, what looks for drift saw, and the saved plans used up."""

    by_key: Mapping[Key, Memory]
    sightings: Sightings
    used: frozenset[str]

    @classmethod
    def of(cls, records: Iterable[Record]) -> "Recollection":
        """The fold over all records, in one pass: most are of models, three or more each, and none is kept."""
        others: list[Record] = []

        def passing() -> Iterator[Record]:
            for record in records:
                if record.kind in _NOT_OF_MODELS:
                    others.append(record)
                yield record

        by_key = fold(passing())
        return cls(by_key=by_key, sightings=fold_sightings(others), used=used_plans(others))


_NOT_OF_MODELS: Final = OF_DRIFT | {RecordKind.PLAN_USED}


class World(Struct, frozen=True, kw_only=True):
    """One run's surroundings. `store` is None where there is no journal yet and none is to be made."""

    inventory: Inventory
    accounts: Mapping[str, Account]
    store: Store | None
    recollection: Recollection
    clock: Clock
    chance: random.Random
    run: str
    tool_version: str

    def key(self, model: Model) -> Key:
        """What a model is to its platform: origin and id."""
        account = self.accounts[model.platform]
        return account.origin or "", account.type.same(model.id)

    def memories(self) -> dict[str, Memory]:
        """What is remembered of every model of the inventory, by address."""
        return {
            model.address: self.recollection.by_key.get(self.key(model), NOTHING) for model in self.inventory.models
        }

    def record(self, kind: RecordKind, model: Model, **fields: Any) -> Record:
        """A record about a model, with time, run and identity filled in; `fields` are the kind's own."""
        origin, identity = self.key(model)
        return Record(
            kind=kind,
            at=self.clock.now(),
            run=self.run,
            address=model.address,
            origin=origin,
            model_id=identity,
            **fields,
        )
