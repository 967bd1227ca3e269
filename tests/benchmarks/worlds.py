"""Inventories, definitions and journals of any size. Run as a command, so that what makes them holds no memory of the
one who measures: `python -m tests.benchmarks.worlds FOLDER kore 1000 --origin http://127.0.0.1:9000`."""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from reconciler.core.job import Verb
from reconciler.core.live import LiveState
from reconciler.core.model import Deployment
from reconciler.core.record import Record, RecordKind
from reconciler.core.report import OutcomeKind
from reconciler.journal.opening import lock_journal

DEFINITIONS = Path(__file__).parents[2] / "reconciler" / "platforms" / "definitions"
PER_FILE = 3500  # a file of an inventory holds 1 MiB at most
KEY = "a-key-for-benchmarks"


def definition(kind: str, concurrency: int = 200) -> str:
    """The built-in definition of a platform, under another name and for as many requests at once as a test wants."""
    lines = (DEFINITIONS / f"{kind}.yaml").read_text("utf-8").splitlines()
    bounds = {"name:": f"name: {kind}-bench", "concurrency:": f"concurrency: {concurrency}"}
    return "\n".join(bounds.get(line.split(" ")[0], line) for line in lines if "$schema" not in line) + "\n"


def inventory(kind: str, models: int, *, concurrency: int, per_minute: int = 0) -> Iterator[str]:
    """The files of an inventory. Kore.ai's models are wanted undeployed, Nugen's deployed."""
    pace = f", requests_per_minute: {per_minute}" if per_minute else ""
    entry = f"  {kind}-bench: {{definition: ./{kind}-bench.yaml, concurrency: {concurrency}{pace}}}"
    wanted = "undeployed" if kind == "kore" else "deployed"
    for first in range(0, models, PER_FILE):
        lines = ["version: 1"]
        if first == 0:
            lines += ["platforms:", entry, "guards: {max_undeploy_percent: 100}"]
        lines.append("models:")
        for number in range(first, min(models, first + PER_FILE)):
            identity = f"cm-{number:06}" if kind == "kore" else f"alignment_{number:06}"
            lines += [
                f"  model-{number:06}:",
                f"    platform: {kind}-bench",
                f"    id: {identity}",
                f"    state: {wanted}",
                f"    owner: team-{number % 20}",
                "    labels: {env: prod}",
            ]
        yield "\n".join(lines) + "\n"


def memory(models: int, origin: str, *, every: int) -> Iterator[Record]:
    """What a journal holds of models with a job each: every `every`-th was deployed last, the others undeployed."""
    for number in range(models):
        deployed = bool(every) and number % every == 0
        about = {
            "at": datetime.now(UTC),
            "run": "r-0",
            "address": f"kore-bench/model-{number:06}",
            "origin": origin,
            "model_id": f"cm-{number:06}",
            "verb": Verb.DEPLOY if deployed else Verb.UNDEPLOY,
        }
        job = f"ds-{number:06}"
        yield Record(kind=RecordKind.INTENT, **about)  # type: ignore[arg-type]
        yield Record(kind=RecordKind.ACCEPTED, job=job, **about)  # type: ignore[arg-type]
        yield Record(
            kind=RecordKind.SETTLED,
            job=job,
            outcome=OutcomeKind.SUCCEEDED,
            live=LiveState.DEPLOYED if deployed else LiveState.UNDEPLOYED,
            target=Deployment.DEPLOYED if deployed else Deployment.UNDEPLOYED,
            **about,  # type: ignore[arg-type]
        )


def make(folder: Path, kind: str, models: int, origin: str, *, every: int, concurrency: int, per_minute: int) -> None:
    folder.mkdir(parents=True)
    (folder / f"{kind}-bench.yaml").write_text(definition(kind, max(concurrency, 200)), "utf-8")
    files = inventory(kind, models, concurrency=concurrency, per_minute=per_minute)
    for number, text in enumerate(files):
        (folder / f"inventory-{number:03}.yaml").write_text(text, "utf-8")
    if kind != "kore" or not origin:
        return
    with lock_journal(str(folder / ".reconciler" / "journal.db"), run="r-0") as store:
        records = memory(models, origin, every=every)
        while part := list(islice(records, 10_000)):
            store.write(part)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("kind", choices=("kore", "nugen"))
    parser.add_argument("models", type=int)
    parser.add_argument("--origin", default="", help="of the server; without it no journal is made")
    parser.add_argument("--every", type=int, default=0)
    parser.add_argument("--concurrency", type=int, default=50)
    parser.add_argument("--per-minute", type=int, default=0)
    make(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
