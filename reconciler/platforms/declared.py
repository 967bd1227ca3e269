"""Platforms that are declared in a definition. What asks them is loaded when one is opened: most of a start-up's time
would go into it, and commands that only check an inventory need none of it."""

from reconciler.core.capabilities import PlatformType
from reconciler.platforms.base import Opening, Platform
from reconciler.platforms.definition import Definition


class RestFactory:
    """Opens platforms that one definition describes."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition

    @property
    def type(self) -> PlatformType:
        """What the inventory must know of it."""
        return self.definition.type

    def open(self, opening: Opening) -> Platform:
        """A platform ready to be asked; opens no connection yet."""
        from reconciler.platforms.rest import RestPlatform

        return RestPlatform(self.definition, opening)
