"""The public JSON Schemas, read from the package."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

NAMES = ("inventory", "platform", "plan", "report")
"""Every schema that `load_schema` knows."""


@cache
def schema_text(name: str) -> str:
    """The text of `schemas/NAME.schema.json`. Raises `KeyError` for a name that is not in `NAMES`."""
    if name not in NAMES:
        raise KeyError(name)
    file = f"{name}.schema.json"
    packaged = files("reconciler").joinpath("schemas", file)
    # In a checkout the schemas stand at the top, where people look for them; a wheel carries them inside the package.
    return (packaged if packaged.is_file() else Path(__file__).parents[1] / "schemas" / file).read_text("utf-8")


def load_schema(name: str) -> dict[str, Any]:
    """`schemas/NAME.schema.json` as JSON data. Raises `KeyError` for a name that is not in `NAMES`."""
    return dict(json.loads(schema_text(name)))
