"""Which models a run is about: `--only` and `--exclude`. Pure."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from reconciler.core.model import Model


def select(models: Sequence[Model], only: Sequence[str], exclude: Sequence[str]) -> tuple[Model, ...]:
    """The models that match any of `only` (all where it is empty) and none of `exclude`. A pattern is a glob over the
    address, or `label=value` with a glob over the label's value."""
    return tuple(
        model
        for model in models
        if (not only or any(matches(model, pattern) for pattern in only))
        and not any(matches(model, pattern) for pattern in exclude)
    )


def matches(model: Model, pattern: str) -> bool:
    """Whether one pattern fits a model."""
    label, found, value = pattern.partition("=")
    if found:
        return label in model.labels and fnmatchcase(model.labels[label], value)
    return fnmatchcase(model.address, pattern)
