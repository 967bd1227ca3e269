"""A provider for octoDNS whose records are one JSON list, as an API would give them."""

import json
import logging
from pathlib import Path
from typing import Any

from octodns.provider.base import BaseProvider  # type: ignore[import-not-found]
from octodns.record import Record  # type: ignore[import-not-found]


class JsonList(BaseProvider):  # type: ignore[misc]
    SUPPORTS = frozenset({"A"})
    SUPPORTS_GEO = False

    def __init__(self, id: str, file: str) -> None:
        self.log = logging.getLogger(id)
        super().__init__(id)
        self._file = Path(file)

    def populate(self, zone: Any, target: bool = False, lenient: bool = False) -> bool:
        for row in json.loads(self._file.read_text()):
            data = {"type": "A", "ttl": row["ttl"], "value": row["value"]}
            zone.add_record(Record.new(zone, row["name"], data, source=self, lenient=lenient), lenient=lenient)
        return True

    def _apply(self, plan: object) -> None:
        raise NotImplementedError
