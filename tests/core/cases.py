"""A planner case: one YAML file of what should be, what is and what is remembered -> values; and
decisions -> plain data."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import yaml
from msgspec import Struct

from reconciler.core.capabilities import Capabilities, Manual
from reconciler.core.duration import parse_duration
from reconciler.core.job import Job, Verb
from reconciler.core.live import Evidence, EvidenceSource, Failure, Live, LiveState, Snapshot
from reconciler.core.memory import Applied, Believed, Exported, Intent, Memory
from reconciler.core.model import Deployment, Export, Model, OnBroken, OnUnknown, Source, Target
from reconciler.core.plan import Action, Blocked, RunningJob
from reconciler.core.planner import Decisions, decide

FOLDER: Final = Path(__file__).parent / "planner"
NOW: Final = datetime(2026, 2, 2, 14, 0, tzinfo=UTC)
EARLIER: Final = NOW - timedelta(days=10)

Json = dict[str, Any]

_CASE = frozenset({"models", "selection", "capabilities", "inventory", "reissue", "expect"})
_MODEL = frozenset(
    {"platform", "state", "export", "after", "on_unknown", "on_broken", "settings", "protect", "live", "memory"}
)
_MEMORY = frozenset(
    {"applied", "exported", "exporting", "export-unanswered", "job", "sent", "believed", "open", "protected"}
)
_EXPECT = frozenset({"actions", "blocked", "unchanged", "warnings"})


class Case(Struct, frozen=True, kw_only=True):
    """What `decide` is given, and what it is to say."""

    models: tuple[Model, ...]
    snapshot: Snapshot
    memories: Mapping[str, Memory]
    capabilities: Mapping[str, Capabilities]
    selected: frozenset[str]
    expect: Json
    where: str | None = None
    reissue: bool = False

    def decide(self) -> Decisions:
        return decide(
            self.models,
            self.snapshot,
            self.memories,
            self.capabilities,
            selected=self.selected,
            now=NOW,
            where=self.where,
            reissue=self.reissue,
        )


def files() -> list[Path]:
    return sorted(FOLDER.glob("*.yaml"))


def load(file: Path) -> Case:
    data = _only(yaml.safe_load(file.read_text("utf-8")), _CASE)
    entries = {name: _only(entry or {}, _MODEL) for name, entry in data["models"].items()}
    models = tuple(_model(name, entry) for name, entry in entries.items())
    addresses = {model.name: model.address for model in models}
    lives = {model.address: _live(model.address, entries[model.name]["live"]) for model in models}
    return Case(
        models=models,
        snapshot=Snapshot(
            taken_at=NOW,
            lives={address: live for address, live in lives.items() if live is not None},
            failures=tuple(Failure(address=address, error="401") for address, live in lives.items() if live is None),
        ),
        memories={
            addresses[name]: _memory(addresses[name], _only(entry["memory"], _MEMORY))
            for name, entry in entries.items()
            if "memory" in entry
        },
        capabilities={
            model.platform: _capabilities(data.get("capabilities", {}).get(model.platform, {})) for model in models
        },
        selected=frozenset(data.get("selection", addresses.values())),
        expect=_only(data["expect"], _EXPECT),
        where=data.get("inventory"),
        reissue=data.get("reissue", False),
    )


def _only(data: Json, known: frozenset[str]) -> Json:
    assert data.keys() <= known, f"a case has no {data.keys() - known}"
    return data


def _model(name: str, entry: Json) -> Model:
    export = entry.get("export")
    return Model(
        platform=entry.get("platform", "kore"),
        name=name,
        id=f"id-{name}",
        target=Target(
            deployment=Deployment(entry.get("state", Deployment.UNMANAGED)),
            export=None if export is None else _export(export),
        ),
        source=Source(file="inventory.yaml", line=14),
        after=tuple(entry.get("after", ())),
        protect=entry.get("protect"),
        on_unknown=OnUnknown(entry.get("on_unknown", OnUnknown.BLOCK)),
        on_broken=OnBroken(entry.get("on_broken", OnBroken.REPORT)),
        settings=entry.get("settings", {}),
    )


def _export(data: Json) -> Export:
    return Export(
        before_undeploy=data.get("before_undeploy", False),
        max_age=parse_duration(data["max_age"]) if "max_age" in data else None,
        to=data.get("to"),
    )


def _live(address: str, data: str | Json) -> Live | None:
    """`unread`: nothing, which is a failure of the snapshot."""
    if data == "unread":
        return None
    data = {"state": data} if isinstance(data, str) else data
    job = data.get("job")
    evidence = Evidence(
        source=EvidenceSource(data.get("source", "list")), raw=data.get("raw"), at=EARLIER, note=data.get("note")
    )
    return Live(
        address=address,
        state=LiveState(data["state"]),
        evidence=evidence,
        job=None if job is None else Job(address=address, verb=Verb(job["verb"]), id=job["id"], since=EARLIER),
    )


def _memory(address: str, data: Json) -> Memory:
    return Memory(
        applied=_applied(data["applied"]) if "applied" in data else None,
        exported=_exported(data["exported"]) if "exported" in data else None,
        export_job=_job(address, Verb.EXPORT, data["exporting"]) if "exporting" in data else None,
        job=_job(address, Verb(data["job"]["verb"]), data["job"]["id"]) if "job" in data else None,
        believed=_believed(data["believed"]) if "believed" in data else None,
        open=Intent(verb=Verb(data["open"]), at=EARLIER, run="run-1") if "open" in data else None,
        open_export=Intent(verb=Verb.EXPORT, at=EARLIER, run="run-1") if "export-unanswered" in data else None,
        sent=data.get("sent"),
        protected=data.get("protected", False),
    )


def _job(address: str, verb: Verb, identity: str | None) -> Job:
    return Job(address=address, verb=verb, id=identity, since=EARLIER)


def _applied(data: str | Json) -> Applied:
    data = {"state": data} if isinstance(data, str) else data
    return Applied(deployment=Deployment(data["state"]), settings=data.get("settings"), run="run-1", at=EARLIER)


def _believed(state: str) -> Believed:
    return Believed(state=LiveState(state), source=EvidenceSource.JOURNAL, at=EARLIER)


def _exported(age: str) -> Exported:
    return Exported(path="a.zip", sha256="0" * 64, at=NOW - timedelta(seconds=parse_duration(age)))


def _capabilities(data: Json) -> Capabilities:
    return Capabilities(
        verbs={verb: data.get("refuses", {}).get(verb) for verb in Verb if verb not in data.get("lacks", ())},
        reads_state=data.get("reads_state", True),
        reads_together=True,
        artifact_suffix=data.get("artifact_suffix", ""),
        manual=tuple(Manual(**{**rule, "verb": Verb(rule["verb"])}) for rule in data.get("manual", ())),
    )


def said(decisions: Decisions) -> Json:
    """Decisions as a case spells them: what is empty is left out."""
    found = {
        "actions": [_action(action) for action in decisions.actions],
        "blocked": [_blocked(entry) for entry in decisions.blocked],
        "unchanged": list(decisions.unchanged),
        "warnings": [{"of": warned.address, "text": warned.text} for warned in decisions.warnings],
    }
    return {name: entries for name, entries in found.items() if entries}


def _action(action: Action) -> Json:
    rest = {
        "adopts": _running(action.adopts),
        "follows": _running(action.follows),
        "requires": list(action.requires),
        "artifact": action.artifact,
    }
    return {
        "do": action.id,
        "from": action.before,
        "to": action.after,
        "reason": str(action.reason.code),
        "text": action.reason.text,
        **{name: value for name, value in rest.items() if value},
    }


def _running(job: RunningJob | None) -> Json | None:
    return None if job is None else {"verb": job.verb and str(job.verb), "job": job.job}


def _blocked(entry: Blocked) -> Json:
    return {"of": f"{entry.address}#{entry.verb}", "code": str(entry.code), "text": entry.text, "live": entry.live}


def expected(wanted: Json, found: Json) -> Json:
    """What a case lists, each `text` completed to the whole sentence found where it is a part of it. A case may leave
    out `text`, and `live` of what is blocked."""
    return {
        name: [
            _completed(entry, found.get(name, [])[number : number + 1]) if isinstance(entry, dict) else entry
            for number, entry in enumerate(entries)
        ]
        for name, entries in wanted.items()
    }


def _completed(wanted: Json, found: list[Json]) -> Json:
    if not found:
        return wanted
    whole: Json = {name: found[0][name] for name in ("text", "live") if name in found[0]}
    if "text" in wanted and wanted["text"] not in whole["text"]:
        return wanted
    return {**whole, **wanted, "text": whole["text"]}
