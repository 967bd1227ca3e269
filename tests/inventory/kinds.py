"""Platform types that resemble the built-in ones, and a way to find them."""

from pathlib import Path
from typing import Any, Final

from reconciler.core.capabilities import Capabilities, PlatformType
from reconciler.core.job import Verb
from reconciler.core.model import PlatformEntry
from reconciler.errors import Complaint, ConfigurationError, DefinitionError

BUILT_IN: Final = ("kore", "nugen", "oip")

_ALL: Final = dict.fromkeys(Verb)

KORE_SETTINGS: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["modelType", "name", "hyperParameters", "deviceType"],
    "properties": {
        "modelType": {"enum": ["openSource", "fineTune"]},
        "name": {"type": "string", "minLength": 1, "maxLength": 256},
        "isDeployedPreviously": {"type": "boolean"},
        "deviceType": {"enum": ["g4dn.xlarge", "g5.xlarge"]},
        "hyperParameters": {
            "type": "object",
            "additionalProperties": False,
            "required": ["temperature", "maxTokens", "topP", "topK"],
            "properties": {
                "temperature": {"type": "number", "minimum": 0, "maximum": 2},
                "maxTokens": {"type": "integer", "minimum": 0, "maximum": 512},
                "topP": {"type": "number", "minimum": 0, "maximum": 1},
                "topK": {"type": "integer", "minimum": 1, "maximum": 100},
                "stopSequence": {"type": "array", "items": {"type": "string"}},
            },
        },
        "scalingParameters": {
            "type": "object",
            "properties": {"minReplicas": {"type": "integer"}, "maxReplicas": {"type": "integer"}},
        },
    },
}

KINDS: Final = {
    "kore": PlatformType(
        name="kore",
        id_pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$",
        capabilities=Capabilities(verbs=_ALL, reads_state=False, reads_together=False, artifact_suffix=".zip"),
        settings_schema=KORE_SETTINGS,
        ascending=(("/scalingParameters/minReplicas", "/scalingParameters/maxReplicas"),),
        probes=True,
    ),
    "nugen": PlatformType(
        name="nugen",
        id_pattern="^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,254}$",
        capabilities=Capabilities(verbs={**_ALL, Verb.EXPORT: "no route"}, reads_state=True, reads_together=True),
        normalise=("lower", "dashes"),
        settings_schema={"type": "object", "additionalProperties": False, "properties": {"early": {"type": "boolean"}}},
    ),
    "oip": PlatformType(
        name="oip",
        id_pattern="^.*$",
        capabilities=Capabilities(verbs=_ALL, reads_state=True, reads_together=True),
        needs_key=False,
    ),
}


def find_type(entry: PlatformEntry, folder: Path) -> PlatformType:
    """A built-in by name; a definition is a file that holds the name of one."""
    if entry.definition is None:
        return KINDS[entry.type]
    file = folder / entry.definition
    if file.suffix != ".yaml":
        raise ConfigurationError(f"{entry.definition}: this cannot be had")
    if not file.is_file():
        raise DefinitionError([Complaint(file=entry.definition, line=0, column=0, text="no such file")])
    kind = KINDS.get(file.read_text().split()[1])
    if kind is None:
        raise DefinitionError([Complaint(file=entry.definition, line=1, column=1, text="like nothing that is known")])
    return kind
