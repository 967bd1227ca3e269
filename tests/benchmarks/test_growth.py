"""Four times the models cost about four times the CPU, and no more: ratios of work in one process, never seconds."""

import asyncio
import gc
import json
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from time import process_time
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from reconciler.cli import environment
from reconciler.cli.main import run
from reconciler.cli.reading import find_type, read_inventory
from reconciler.clock import SystemClock
from reconciler.core.codec import plan_json, read_plan, with_digest
from reconciler.core.drift import DriftKind
from reconciler.core.guards import judge
from reconciler.core.live import Evidence, EvidenceSource, Live, LiveState, Snapshot
from reconciler.core.memory import NOTHING
from reconciler.core.model import Deployment, PlatformEntry
from reconciler.core.planner import decide
from reconciler.core.record import Record, RecordKind
from reconciler.engine.looking import look
from reconciler.engine.planning import Planned, Wanted
from reconciler.engine.shared import Shared
from reconciler.engine.world import Account, Recollection, World
from reconciler.journal.opening import open_journal
from reconciler.journal.store import Store
from reconciler.platforms import registry
from reconciler.platforms.access import Access, Credentials
from reconciler.platforms.base import Opening
from reconciler.platforms.declared import RestFactory
from reconciler.platforms.lists import Rows, match_rows, read_rows
from reconciler.platforms.template import Call

from ..render.samples import EMPTY, NOW, large
from .in_memory import DEPLOYED, FACTORY
from .inside import forms
from .measure import Server, serving
from .worlds import KEY, make

FACTOR, MOST = 4, 1.45
"""At `MOST` times the factor a seventh of the smaller one's work would be quadratic."""

ORIGIN = "https://models.example"

Work = Callable[[int], Callable[[], object]]


def growth(work: Work, size: int, *, factor: int = FACTOR, rounds: int = 5) -> float:
    """CPU a model of `factor` times `size` over that of `size`: the least of several rounds in turn, so that a
    neighbour on the machine does not count."""
    both = {models: work(models) for models in (size, size * factor)}
    least = dict.fromkeys(both, float("inf"))
    for _ in range(rounds):
        for models, do in both.items():
            gc.collect()
            gc.disable()  # it comes when it wants, and more often to the smaller one
            began = process_time()
            do()
            least[models] = min(least[models], process_time() - began)
            gc.enable()
    return least[size * factor] / least[size] / factor


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Folders with an inventory of so many models, and for Kore.ai's a journal in which every other was deployed."""

    def made(kind: str, models: int, origin: str = "https://kore.example") -> Path:
        place = tmp_path / f"{kind}-{models}-{len(list(tmp_path.iterdir()))}"
        make(place, kind, models, origin, every=2, concurrency=8, per_minute=0)
        return place

    return made


def test_loading(folder: Callable[..., Path]) -> None:
    def work(models: int) -> Callable[[], object]:
        place = str(folder("nugen", models))
        return lambda: read_inventory(place)

    assert growth(work, 2_000, rounds=4) < MOST


def test_planning_from_a_snapshot(folder: Callable[..., Path]) -> None:
    def work(models: int) -> Callable[[], object]:
        inventory = read_inventory(str(folder("nugen", models)))
        (entry,) = inventory.platforms
        able = {entry.name: find_type(entry, Path(inventory.directory)).capabilities}
        evidence = Evidence(source=EvidenceSource.LIST, raw="seen", at=NOW)
        lives = {
            model.address: Live(address=model.address, state=state, evidence=evidence)
            for number, model in enumerate(inventory.models)
            for state in [LiveState.DEPLOYED if number % 2 else LiveState.UNDEPLOYED]
        }
        snapshot, memories = Snapshot(taken_at=NOW, lives=lives), dict.fromkeys(lives, NOTHING)

        def plan() -> None:
            found = decide(inventory.models, snapshot, memories, able, selected=frozenset(lives), now=NOW)
            assert len(found.actions) == models // 2
            guards = judge(found.actions, inventory.models, memories, inventory.limits, approved=frozenset())
            with_digest(replace(EMPTY, actions=found.actions, unchanged=found.unchanged, guards=guards))

        return plan

    assert growth(work, 4_000) < MOST


def test_finding_models_in_a_list(folder: Callable[..., Path]) -> None:
    factory = registry.find_type("nugen")
    assert isinstance(factory, RestFactory)

    def work(models: int) -> Callable[[], object]:
        inventory = read_inventory(str(folder("nugen", models)))
        shown = ({"alignment_id": model.id, "status": "DEPLOYED"} for model in reversed(inventory.models))
        listed = Rows(rows=[*shown, *({"alignment_id": f"other-{n}"} for n in range(models))], complete=True)

        def match() -> None:
            found = match_rows(factory.definition, "nugen", inventory.models, listed, NOW)
            assert (len(found.lives), len(found.unmanaged)) == (models, models)

        return match

    assert growth(work, 2_000) < MOST


def looks(identities: Iterable[str]) -> Iterator[Record]:
    """Records of models that were all found in their target, and of two looks, at which some had drifted."""
    about: list[dict[str, Any]] = [{"run": "r-0", "origin": ORIGIN, "model_id": one} for one in identities]
    for one in about:
        yield Record(kind=RecordKind.VERIFIED, at=NOW - timedelta(days=3), target=Deployment.DEPLOYED, **one)
    drift: dict[str, Any] = {"drift": DriftKind.DRIFTED, "before": "deployed", "after": "undeployed"}
    for days, every in ((2, 3), (1, 4)):
        at = NOW - timedelta(days=days)
        yield Record(kind=RecordKind.LOOKED, at=at, run="r-0")
        for one in about[::every]:
            yield Record(kind=RecordKind.SEEN, at=at, **one, **drift)


def test_looking_for_drift(folder: Callable[..., Path]) -> None:
    def work(models: int) -> Callable[[], object]:
        inventory = read_inventory(str(folder("nugen", models)))
        (entry,) = inventory.platforms
        kind = find_type(entry, Path(inventory.directory))
        evidence = Evidence(source=EvidenceSource.LIST, raw="seen", at=NOW)
        lives = {
            model.address: Live(address=model.address, state=state, evidence=evidence)
            for number, model in enumerate(inventory.models)
            for state in [LiveState.DEPLOYED if number % 2 else LiveState.UNDEPLOYED]
        }
        planned = Planned(plan=EMPTY, snapshot=Snapshot(taken_at=NOW, lives=lives))
        wanted = Wanted(selected=frozenset(lives), partial=False, limits=inventory.limits)
        records = tuple(looks(kind.same(model.id) for model in inventory.models))

        def find() -> None:
            world = World(
                inventory=inventory,
                accounts={entry.name: Account(name=entry.name, type=kind, origin=ORIGIN, platform=None)},
                store=cast("Store", ...),  # there is one, and it is not asked
                recollection=Recollection.of(records),
                clock=SystemClock(),
                chance=Random(),
                run="r-1",
                tool_version="1",
            )
            check, seen = look(world, planned, wanted)
            assert (len(check.drifts), len(check.nights)) == (models // 2, 3)
            assert models // 2 < len(seen) < models
            assert len(check.resolved) > models // 8

        return find

    assert growth(work, 3_000) < MOST


def test_reading_a_list_of_many_pages() -> None:
    factory = registry.find_type("nugen-b")
    assert isinstance(factory, RestFactory)
    source = factory.definition.live.list
    assert source is not None
    assert source.pages is not None
    size = source.pages.size
    assert size is not None

    def work(pages: int) -> Callable[[], object]:
        listed = [{"alignment_id": f"a-{number}", "model_id": f"m-{number}"} for number in range(pages * size)]

        async def fetch(call: Call) -> object:
            first = int(parse_qs(urlsplit(call.target).query)["offset"][0])
            return {"domain_aligned_models": listed[first : first + size]}

        def read() -> None:
            found = asyncio.run(read_rows(source, fetch, origin=ORIGIN))
            assert (len(found.rows), found.complete) == (len(listed), True)

        return read

    assert growth(work, 40) < MOST


def test_many_who_share_a_look(folder: Callable[..., Path]) -> None:
    def work(models: int) -> Callable[[], object]:
        wanted = read_inventory(str(folder("nugen", models))).models
        opening = Opening(
            entry=PlatformEntry(name="m", type="m"),
            credentials=Credentials(api=Access(origin="https://m.example", key=None)),
            clock=SystemClock(),
            chance=Random(),
        )

        async def ask() -> None:
            shared = Shared(FACTORY.open(opening))
            found = await asyncio.gather(*(shared.ask(model, {}) for model in wanted))
            assert [live.address for live in found] == [model.address for model in wanted]

        return lambda: asyncio.run(ask())

    assert growth(work, 1_000) < MOST


def test_saving_a_plan_and_reading_it() -> None:
    def work(models: int) -> Callable[[], object]:
        plan = with_digest(large(models, models))
        return lambda: read_plan(json.loads(json.dumps(plan_json(plan))))

    assert growth(work, 1_000, rounds=4) < MOST


@pytest.mark.parametrize("form", sorted(forms(EMPTY, NOW)))
def test_rendering(form: str) -> None:
    def work(changes: int) -> Callable[[], object]:
        plan = large(changes // 2, changes - changes // 2)
        return lambda: forms(plan, NOW)[form]()

    assert growth(work, 1_000, rounds=4) < MOST


def test_reading_the_journal(folder: Callable[..., Path]) -> None:
    def work(models: int) -> Callable[[], object]:
        where = str(folder("kore", models) / ".reconciler" / "journal.db")

        def read() -> None:
            store = open_journal(where)
            assert store is not None
            try:
                assert len(Recollection.of(tuple(store.read())).by_key) == models
            finally:
                store.close()

        return read

    assert growth(work, 2_000) < MOST


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server of its own process, and the variables that lead to it."""
    for name in [name for name in os.environ if name.startswith(("RECONCILER_", "GITHUB_", "CI"))]:
        monkeypatch.delenv(name)
    with serving(latency=0, shortest=0.02, longest=0.02) as found:
        for variable, value in (("KORE_BENCH_URL", found.origin), ("KORE_BENCH_KEY", KEY), ("POLL_SECONDS", "0.05")):
            monkeypatch.setenv(f"RECONCILER_{variable}", value)
        environment.redactor.cache_clear()
        yield found
        environment.redactor.cache_clear()


def test_planning_by_one_read_each(
    folder: Callable[..., Path], server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(models: int) -> Callable[[], object]:
        place = str(folder("kore", models, server.origin))
        return lambda: run(["plan", "--quiet", place])

    assert growth(work, 200, factor=10, rounds=2) < MOST
    assert "Unchanged" in capsys.readouterr().out


@pytest.fixture
def in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A distribution that brings the platform of `in_memory.py`, as pip would leave it."""
    about = tmp_path / "site" / "in_memory-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: in-memory\nVersion: 1.0\n")
    point = f"[reconciler.platforms]\nin-memory = {FACTORY.__module__}:FACTORY\n"
    (about / "entry_points.txt").write_text(point)
    monkeypatch.syspath_prepend(str(about.parent))
    monkeypatch.setenv("RECONCILER_IN_MEMORY_URL", "https://models.example")
    registry.find_type.cache_clear()
    yield
    registry.find_type.cache_clear()


@pytest.mark.usefixtures("in_memory")
def test_applying(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def work(models: int) -> Callable[[], object]:
        file = tmp_path / f"{models}.yaml"
        lines = (f"  m{n}: {{platform: in-memory, id: m-{n}, state: deployed}}\n" for n in range(models))
        file.write_text("version: 1\nmodels:\n" + "".join(lines), "utf-8")
        journals = (tmp_path / f"{models}-{number}.db" for number in count())

        def apply() -> None:
            DEPLOYED.clear()
            assert run(["apply", "--yes", "--quiet", str(file), "--journal", str(next(journals))]) == 0
            assert len(DEPLOYED) == models

        return apply

    assert growth(work, 250, factor=10, rounds=2) < MOST
    assert "succeeded" in capsys.readouterr().out


def test_applying_over_http(folder: Callable[..., Path], server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    def work(models: int) -> Callable[[], object]:
        places = [str(folder("kore", models, server.origin)) for _ in range(2)]

        def apply() -> None:
            assert run(["apply", "--yes", "--quiet", places.pop()]) == 0

        return apply

    assert growth(work, 100, rounds=2) < MOST
    assert "succeeded" in capsys.readouterr().out
