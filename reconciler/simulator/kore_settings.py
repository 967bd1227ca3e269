"""The body and query of Kore.ai's deploy call, checked as the page "Deploy a Model API" says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_MODEL_TYPES = ("openSource", "fineTune")
_DEVICES = (
    "g4dn.xlarge",
    "g5.xlarge",
    "g5.2xlarge",
    "g6e.xlarge",
    "g4dn.12xlarge",
    "g5.12xlarge",
    "g5.48xlarge",
    "g4dn.metal",
)


_ABSENT = object()


@dataclass(frozen=True, slots=True)
class _Field:
    """One row of the page's table. The table lists leaf names; the samples show the nesting, written here with dots."""

    path: str
    type: type
    required: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    def complaint(self, body: Mapping[str, object]) -> str | None:
        """Say what is wrong with this field of a body, None for nothing."""
        value: object = body
        for step in self.path.split("."):
            if value is not None and not isinstance(value, Mapping):
                return f"{self.path.partition('.')[0]} must be a JSON object"
            if value is None and not self.required:
                return f"{self.path.partition('.')[0]} must not be null"
            value = value.get(step, _ABSENT) if value else _ABSENT
            if value is _ABSENT:
                break
        if value is _ABSENT or (value is None and self.required):
            return f"{self.path} is required" if self.required else None
        if not _is(value, self.type):
            return f"{self.path} must be of type {self.type.__name__}"
        if self.choices and value not in self.choices:
            return f"{self.path} must be one of {', '.join(filter(None, self.choices))}"
        if isinstance(value, int | float) and self.low is not None and self.high is not None:
            return None if self.low <= value <= self.high else f"{self.path} must be from {self.low:g} to {self.high:g}"
        return None


def _is(value: object, kind: type) -> bool:
    if isinstance(value, bool):
        return kind is bool
    if kind is int and isinstance(value, float):
        return value.is_integer()  # JSON has one kind of number: 40.0 is 40
    return isinstance(value, int | float) if kind is float else isinstance(value, kind)


# The samples send "" for both optimization types, which the list of values does not have.
_FIELDS = (
    _Field("name", str, required=True),
    _Field("isDeployedPreviously", bool),
    _Field("hyperParameters.temperature", float, required=True, low=0, high=2),
    _Field("hyperParameters.maxTokens", int, required=True, low=0, high=512),
    _Field("hyperParameters.topP", float, required=True, low=0, high=1),
    _Field("hyperParameters.topK", int, required=True, low=1, high=100),
    _Field("hyperParameters.stopSequence", list),
    _Field("scalingParameters.maxBatchSize", int, low=1, high=256),
    _Field("scalingParameters.minReplicas", int, low=1, high=10),
    _Field("scalingParameters.maxReplicas", int, low=1, high=50),
    _Field("scalingParameters.scaleUpDelay", int, low=1, high=1000),
    _Field("scalingParameters.scaleDownDelay", int, low=50, high=2000),
    _Field("deviceType", str, required=True, choices=_DEVICES),
    _Field("optimizationInfo.optimizationType", str, choices=("", "ctranslate2", "vllm")),
    _Field("optimizationInfo.quantizationType", str, choices=("", "no_quantization", "int8_float16")),
)


def complaint(query: Mapping[str, str], body: object) -> str | None:
    """Say the first thing that is wrong with a deploy call, None for nothing."""
    if query.get("modelType") not in _MODEL_TYPES:
        return f"modelType must be one of {', '.join(_MODEL_TYPES)}"
    if not isinstance(body, Mapping):
        return "the body must be a JSON object"
    return next((text for field in _FIELDS if (text := field.complaint(body))), None)
