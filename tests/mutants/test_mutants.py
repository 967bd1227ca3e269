"""The list of faults stays true: each can be put in, in one place only, and is still Python."""

import ast
from pathlib import Path

import pytest

from .mutants import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_fault_fits_exactly_one_place(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text("utf-8")
    assert text.count(mutant.old) == 1
    changed = text.replace(mutant.old, mutant.new)
    assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(text))


def test_there_are_many_with_names_of_their_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 25


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_tests_to_run_first_are_there(mutant: Mutant) -> None:
    assert mutant.near
    assert mutant.breaks
    for place in mutant.near:
        file, _, function = place.partition("::")
        assert f"def {function}" in (ROOT / file).read_text("utf-8"), place
