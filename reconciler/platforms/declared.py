"""Platforms that are declared in a definition. What asks them is loaded when one is opened: most of a start-up's time
would go into it, and commands that only check an inventory need none of it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from reconciler.core.capabilities import PlatformType

if TYPE_CHECKING:
    from reconciler.platforms.base import Opening, Platform
    from reconciler.platforms.definition import Definition
    from reconciler.platforms.types import Declared


class RestFactory:
    """Opens platforms that one definition describes."""

    def __init__(self, type_: PlatformType, definition: "Callable[[], Definition]") -> None:
        self.type = type_
        """What the inventory must know of it."""
        self._definition = definition

    @property
    def definition(self) -> "Definition":
        """How the platform is asked."""
        return self._definition()

    def open(self, opening: "Opening") -> "Platform":
        """A platform ready to be asked; opens no connection yet."""
        from reconciler.platforms.rest import RestPlatform

        return RestPlatform(self.definition, opening)


def declared(found: "Declared") -> RestFactory:
    """What opens the platforms of a definition that was read."""

    def definition() -> "Definition":
        from reconciler.platforms.load import definition_of

        return definition_of(found)

    return RestFactory(found.type, definition)
