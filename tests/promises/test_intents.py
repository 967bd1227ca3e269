"""The intent is on disk before the request leaves: a run killed while it waits for the answer has left its trace."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.journal.sqlite import connect
from reconciler.simulator import Fault, FaultKind, SimulatedPlatforms
from tests.cli.conftest import FAQ, PILOT, Reconciler, inventory, starts

Say = Callable[[str, object], None]
MODELS = {"undeploy": PILOT, "deploy": FAQ}


@pytest.mark.parametrize("verb", MODELS)
def test_a_request_that_was_sent_is_in_the_journal_although_its_answer_never_came(
    reach: SimulatedPlatforms, reconciler: Reconciler, record_property: Say, verb: str
) -> None:
    inventory(MODELS[verb])
    reach.nugen.fault(Fault(kind=FaultKind.DELAY, operation=verb, seconds=30))
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "apply", "--yes", "--quiet"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    ends = time.monotonic() + 60
    while not reach.nugen.log.effects(verb):
        assert time.monotonic() < ends
        time.sleep(0.005)
    process.kill()
    process.wait()

    records = json.loads(reconciler("history", "--format", "json").out)["records"]
    assert [(record["kind"], record.get("verb")) for record in records] == [("run-started", None), ("intent", verb)]
    assert reconciler("apply", "--yes").code == 0
    assert len(starts(reach)) == 1
    record_property("figure", "1 kills between request and answer, 0 requests without an intent, 0 sent twice")


def test_a_commit_of_the_journal_survives_a_power_cut(tmp_path: Path) -> None:
    """SQLite's own words for it: 3 is EXTRA, so the folder is synced too."""
    with closing(connect(tmp_path / "journal.db")) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (3,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
