"""The public JSON Schemas, read from the package."""

import json
from functools import cache
from typing import Any

from reconciler.packaged import packaged_text

NAMES = ("inventory", "platform", "plan", "report", "event")
"""Every schema that `load_schema` knows."""


@cache
def schema_text(name: str) -> str:
    """The text of `schemas/NAME.schema.json`. Raises `KeyError` for a name that is not in `NAMES`."""
    if name not in NAMES:
        raise KeyError(name)
    return packaged_text(f"schemas/{name}.schema.json")


def load_schema(name: str) -> dict[str, Any]:
    """`schemas/NAME.schema.json` as JSON data. Raises `KeyError` for a name that is not in `NAMES`."""
    return dict(json.loads(schema_text(name)))
