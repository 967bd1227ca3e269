"""Folders that something is to be written to."""

import os
from pathlib import Path


def is_writable(folder: Path) -> bool:
    """Whether files can be made in `folder`, by whoever this process acts as."""
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids)
