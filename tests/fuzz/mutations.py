"""Small changes to inputs, the same for the same seed: what a fuzzer does, without its guidance."""

import random
from collections.abc import Iterator, Sequence
from typing import Final

from .trees import changed_tree

TOKENS: Final = tuple(
    token.encode("utf-8", "surrogatepass")
    for token in (
        *"{}[]:,-?&*!|>'\"%@`#~\\/", "\n", ": ", "- ", "---", "<<", "!!str", "\ufeff", "\u202e", "\u2028", "\x1b",
        "\ud800", "null", "true", "yes", "0x1f", "1e5", "010", "12:30", "2024-02-24", ".inf", "NaN", "1e999", "9" * 20,
        "version", "models", "platforms", "defaults", "guards", "platform", "state", "deployed", "undeployed", "export",
        "before_undeploy", "max_age", "after", "protect", "settings", "probe", "path", "timeout", "owner", "labels",
        "kore", "nugen", "nugen-b", "definition", "concurrency", "type", "live", "list", "jobs", "states", "words",
        "follow", "actions", "request", "POST /", "GET /", "{id}", "{job}", "{settings}", "$ref", "$defs", "#/",
        "pattern", "status", "error", "message", "detail", "dockStatusId", "model_id", "SUCCESS", "FAILED",
        "IN_PROGRESS", "deployment_status", "alignment_id", "\r\n", "HTTP/1.1 ", "chunked", "https://", "\\ud83d",
        "\x85", "GMT", " +9999", "[::1]", "999999d",
    )
)  # fmt: skip
"""Words that mean something to a reader."""


def mutated(name: str, inputs: Sequence[bytes], count: int) -> Iterator[bytes]:
    """`count` changed copies of `inputs`, which are those of the target `name`."""
    chance = random.Random(name)
    for _ in range(count):
        data = chance.choice(inputs)
        for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
            data = changed(name, data, inputs, chance)
        yield data[:8192]


def changed(name: str, data: bytes, inputs: Sequence[bytes], chance: random.Random) -> bytes:
    """`data` with one change: to what it means where it can be read, else to its bytes."""
    tree = changed_tree(name, data, chance) if chance.random() < 0.6 else None
    if tree is not None:
        return tree
    parts = bytearray(data)
    _change(parts, inputs, chance)
    return bytes(parts)


def _change(data: bytearray, inputs: Sequence[bytes], chance: random.Random) -> None:
    at = chance.randint(0, len(data))
    end = min(len(data), at + chance.choice((0, 1, 1, 2, 4, 16, 64)))
    kind = chance.randrange(6)
    if kind == 0:
        del data[at:end]
    elif kind == 1:
        data[at:end] = chance.choice(TOKENS)
    elif kind == 2:
        data[at:end] = data[at:end] * chance.choice((2, 3, 50))
    elif kind == 3:
        data[at:end] = bytes(chance.randrange(256) for _ in range(end - at))
    elif kind == 4:
        other = chance.choice(inputs)
        start = chance.randint(0, len(other))
        data[at:end] = other[start : start + chance.choice((4, 32, 256))]
    else:
        start = chance.randint(0, len(data))
        data[at:at] = data[start : start + chance.choice((4, 32, 256))]
