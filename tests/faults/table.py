"""Plays rows of the decision table: one apply with a model for each, so that they all meet their faults at once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from reconciler.cli.simulate import variables
from reconciler.core.record import Record
from reconciler.journal.opening import open_journal
from reconciler.simulator import JobTime, SimulatedPlatforms, World
from reconciler.simulator.log import Entry

from .rows import REQUEST, SETTLE, Row
from .runner import Ran, Runner

POLL: Final = 0.1
_STARTS: Final = ("deploy", "undeploy", "export")
_BRACKETS: Final = ("run-started", "run-ended", "verified")


@dataclass(slots=True)
class Table:
    """Rows on running platforms."""

    rows: Sequence[Row]
    folder: Path
    runner: Runner
    platforms: SimulatedPlatforms
    settle: float = SETTLE
    reach: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        limit = f"request_timeout: {REQUEST:g}s"
        head = f"version: 1\nplatforms: {{kore: {{{limit}}}, nugen: {{{limit}}}}}\n"
        head += "guards: {max_undeploy_percent: 100}\ndefaults: {timeout: 60s}\nmodels:\n"
        (self.folder / "inventory.yaml").write_text(head + "".join(row.yaml for row in self.rows))
        urls = self.platforms.urls
        times = {"RECONCILER_POLL_SECONDS": str(POLL), "RECONCILER_SETTLE_SECONDS": str(self.settle)}
        self.reach = {**variables(urls.kore, urls.nugen, urls.nugen_b), **times, **self.reach}
        for row in self.rows:
            world = self.world(row)
            world.add(row.id, deployed=row.state != "deployed")
            world.set_job_time(JobTime(seconds=row.job_seconds), row.id)
            if row.fault:
                world.fault(replace(row.fault, operation=row.verb, model=row.id))
            if row.shape:
                world.shape(row.shape, model=row.id, operation=row.verb, times=1)

    def world(self, row: Row) -> World:
        return self.platforms.kore if row.platform == "kore" else self.platforms.nugen

    def run(self, *arguments: str, lookups: str = "", quick: float = 1.0) -> Ran:
        return self.runner.run(self.folder, self.reach, *arguments, lookups=lookups, quick=quick)

    def apply(self, *more: str, lookups: str = "", quick: float = 1.0) -> Ran:
        ran = self.run("apply", "--yes", "--report", "json=report.json", *more, lookups=lookups, quick=quick)
        assert "Traceback" not in ran.err, ran.err
        return ran

    @property
    def outcomes(self) -> dict[str, dict[str, Any]]:
        found = json.loads((self.folder / "report.json").read_text())["outcomes"]
        return {outcome["address"]: outcome for outcome in found}

    @property
    def records(self) -> list[Record]:
        store = open_journal(str(self.folder / ".reconciler" / "journal.db"))
        assert store is not None
        try:
            return list(store.read())
        finally:
            store.close()

    def journal(self, row: Row) -> list[str]:
        """The kinds of the records about a row's model, in order."""
        return [str(r.kind) for r in self.records if r.address == row.address and r.kind not in _BRACKETS]

    def starts(self, row: Row) -> list[Entry]:
        """The requests that asked for a change of a row's model."""
        return [entry for entry in self.world(row).log.find(model=row.id) if entry.operation in _STARTS]
