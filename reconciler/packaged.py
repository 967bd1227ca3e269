"""Files that stand at the top of the checkout, where people look for them, and inside the package in a wheel."""

from pathlib import Path


def packaged_text(path: str) -> str:
    """The text of `schemas/...` or `examples/...`. Raises `FileNotFoundError` if there is no such file."""
    inside = Path(__file__).parent / path
    return (inside if inside.is_file() else Path(__file__).parents[1] / path).read_text("utf-8")
