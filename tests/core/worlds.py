"""Random inventories with random live states and memories."""

from datetime import timedelta
from typing import Final

from hypothesis import strategies as st

from reconciler.core.capabilities import Capabilities
from reconciler.core.job import Job, Verb
from reconciler.core.live import Evidence, EvidenceSource, Live, LiveState, Snapshot
from reconciler.core.memory import Applied, Exported, Memory
from reconciler.core.model import Deployment, Export, Model, OnBroken, OnUnknown, Source, Target

from .cases import EARLIER, NOW, Case

NAMES: Final = ("a", "b", "c", "d", "e")

_settings = st.sampled_from(({}, {"size": 1}, {"size": 2}))
_exports = st.none() | st.builds(
    Export, before_undeploy=st.booleans(), max_age=st.sampled_from((None, 3600.0, 86400.0 * 30))
)


@st.composite
def models(draw: st.DrawFn) -> tuple[Model, ...]:
    """Up to five models; each may come after ones before it, so there are no circles."""
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    return tuple(draw(_model(name, names[:number])) for number, name in enumerate(names))


@st.composite
def _model(draw: st.DrawFn, name: str, earlier: tuple[str, ...]) -> Model:
    after = draw(st.sets(st.sampled_from(earlier))) if earlier else set()
    return Model(
        platform="kore",
        name=name,
        id=f"id-{name}",
        target=Target(deployment=draw(st.sampled_from(Deployment)), export=draw(_exports)),
        source=Source(file="inventory.yaml", line=1),
        after=tuple(f"kore/{before}" for before in sorted(after)),
        on_unknown=draw(st.sampled_from(OnUnknown)),
        on_broken=draw(st.sampled_from(OnBroken)),
        settings=draw(_settings),
    )


@st.composite
def memories(draw: st.DrawFn) -> Memory:
    applied = st.builds(
        Applied,
        deployment=st.sampled_from((Deployment.DEPLOYED, Deployment.UNDEPLOYED)),
        settings=st.none() | _settings,
        run=st.just("run-1"),
        at=st.just(EARLIER),
    )
    age = draw(st.none() | st.integers(0, 60))
    exported = None if age is None else Exported(path="a.zip", sha256="0" * 64, at=NOW - timedelta(days=age))
    job = st.builds(
        Job, address=st.just("a"), verb=st.just(Verb.EXPORT), id=st.sampled_from((None, "j-9")), since=st.just(EARLIER)
    )
    return Memory(applied=draw(st.none() | applied), exported=exported, export_job=draw(st.none() | job))


def _live(address: str, state: LiveState) -> Live:
    return Live(address=address, state=state, evidence=Evidence(source=EvidenceSource.LIST))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any world of one platform; some models could not be read, some are not selected."""
    made = draw(models())
    states = {model.address: draw(st.none() | st.sampled_from(LiveState)) for model in made}
    refused = {verb: draw(st.sampled_from((None, None, None, "no route"))) for verb in Verb}
    return Case(
        models=made,
        snapshot=Snapshot(taken_at=NOW, lives={name: _live(name, state) for name, state in states.items() if state}),
        memories={model.address: draw(memories()) for model in made if draw(st.booleans())},
        capabilities={"kore": Capabilities(verbs=refused, reads_state=draw(st.booleans()), reads_together=True)},
        selected=frozenset(draw(st.sets(st.sampled_from([model.address for model in made]), min_size=1))),
        expect={},
    )
