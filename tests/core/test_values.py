"""What all values of the core have in common."""

import dataclasses
import importlib
import inspect
import pkgutil
from enum import Enum, StrEnum

import pytest

import reconciler.core

MODULES = [
    importlib.import_module(f"reconciler.core.{found.name}") for found in pkgutil.iter_modules(reconciler.core.__path__)
]
CLASSES = [
    made
    for module in MODULES
    for _, made in inspect.getmembers(module, inspect.isclass)
    if made.__module__ == module.__name__
]
VALUES = [made for made in CLASSES if dataclasses.is_dataclass(made)]
ENUMS = [made for made in CLASSES if issubclass(made, Enum)]


def test_there_are_values() -> None:
    assert len(VALUES) > 30
    assert len(ENUMS) > 10


@pytest.mark.parametrize("value", VALUES)
def test_a_value_is_frozen_slotted_and_made_by_keywords(value: type) -> None:
    assert value.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert "__slots__" in vars(value)
    assert all(field.kw_only for field in dataclasses.fields(value))


@pytest.mark.parametrize("value", VALUES)
def test_no_value_holds_what_can_be_changed_in_place(value: type) -> None:
    for field in dataclasses.fields(value):
        assert not str(field.type).startswith(("list", "dict", "set")), field.name


@pytest.mark.parametrize("kind", [kind for kind in ENUMS if not kind.__name__.startswith("_")])
def test_an_enum_is_the_words_of_the_json(kind: type[Enum]) -> None:
    assert issubclass(kind, StrEnum)
