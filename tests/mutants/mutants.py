"""Faults made by hand in the dangerous places: each a line of the product replaced, and what that breaks.

`old` occurs exactly once in its file (a test in CI holds it to that). `near` are the tests that are run first; where
they let a fault through, the whole of CI's tests are run."""

from typing import Final

from .acting import FOLLOWING, HTTP, STARTING
from .deciding import FILES, OUTPUT, PLANS
from .mutant import Mutant

__all__ = ["MUTANTS", "Mutant"]

MUTANTS: Final = (*STARTING, *FOLLOWING, *HTTP, *PLANS, *OUTPUT, *FILES)
