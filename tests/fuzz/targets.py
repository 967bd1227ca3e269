"""What is fuzzed: each target takes bytes, returns nothing, and raises where a promise does not hold."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from . import files, records, replies, wire
from .oracles import Fault

Feed = Callable[[bytes], None]

TARGETS: Final[Mapping[str, Feed]] = {
    "inventory": files.inventory,
    "document": files.document,
    "definition": files.definition,
    "schema": files.schema,
    "words": files.words,
    "sinks": files.sinks,
    "reply": replies.reply,
    "wire": wire.wire,
    "download": wire.download,
    "plan": records.plan,
    "report": records.report,
    "journal": records.journal,
    "discovered": records.discovered,
}
"""Every target by name."""

LONGEST: Final = 1.0
"""Seconds of processor time that one input may take."""

HERE: Final = Path(__file__).parent
CORPUS: Final = HERE / "corpus"
CRASHES: Final = HERE / "crashes"


def feed(name: str, data: bytes, *, longest: float = LONGEST) -> None:
    """Give `data` to a target. Raises whatever comes out of it that must not, and `Fault` where it took too long."""
    began = time.thread_time()
    TARGETS[name](data)
    took = time.thread_time() - began
    if took > longest:
        raise Fault(f"{took:.1f} s for {len(data)} bytes")


def kept(folder: Path, name: str) -> list[Path]:
    """The files that are kept for a target."""
    return sorted(path for path in (folder / name).glob("*") if path.is_file())
