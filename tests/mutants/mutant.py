"""What a fault made by hand is."""

from dataclasses import dataclass

ENGINE, JOURNAL, PLATFORMS = "reconciler/engine", "reconciler/journal", "reconciler/platforms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One fault. `breaks` says what a user would suffer; `needs` what the machine must have for it to be caught."""

    name: str
    file: str
    old: str
    new: str
    breaks: str
    near: tuple[str, ...]
    needs: str = ""
