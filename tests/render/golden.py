"""Pages as they were when somebody last looked at them."""

import difflib
import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"
UPDATE = "RECONCILER_UPDATE_GOLDEN"


def check(name: str, text: str) -> None:
    """Fail, with the difference, unless `text` is what the golden file `name` holds."""
    path = FOLDER / name
    if os.environ.get(UPDATE):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    golden = path.read_text(encoding="utf-8") if path.exists() else ""
    if text != golden:
        difference = "\n".join(
            difflib.unified_diff(golden.splitlines(), text.splitlines(), f"golden/{name}", "now", lineterm="")
        )
        raise AssertionError(
            f"{name} reads otherwise than its golden file. If that is meant, look at it and run\n"
            f"    {UPDATE}=1 pytest tests/render\n{difference}"
        )
