"""The simulator and the commands, as the tests of the command line have them."""

from tests.cli.conftest import platforms, reach, reconciler, surroundings

__all__ = ["platforms", "reach", "reconciler", "surroundings"]
