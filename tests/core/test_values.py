"""What all values of the core have in common."""

import dataclasses
import importlib
import inspect
import pkgutil
from enum import Enum, StrEnum

import pytest
from msgspec import Struct
from msgspec.structs import fields

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
VALUES = [made for made in CLASSES if issubclass(made, Struct)]
ENUMS = [made for made in CLASSES if issubclass(made, Enum)]


def test_there_are_values() -> None:
    assert len(VALUES) > 30
    assert len(ENUMS) > 10


def test_every_class_that_holds_data_is_one_of_them() -> None:
    assert not [made for made in CLASSES if dataclasses.is_dataclass(made)]


@pytest.mark.parametrize("value", VALUES)
def test_a_value_is_frozen_and_made_by_keywords(value: type[Struct]) -> None:
    assert value.__struct_config__.frozen
    assert not value.__match_args__, "made by position"
    assert not value.__struct_config__.dict


@pytest.mark.parametrize("value", VALUES)
def test_no_value_holds_what_can_be_changed_in_place(value: type[Struct]) -> None:
    for field in fields(value):
        kind = value.__annotations__.get(field.name, "")
        assert not str(kind).startswith(("list", "dict", "set")), field.name


@pytest.mark.parametrize("kind", [kind for kind in ENUMS if not kind.__name__.startswith("_")])
def test_an_enum_is_the_words_of_the_json(kind: type[Enum]) -> None:
    assert issubclass(kind, StrEnum)
