"""`python -m tests.fuzz.keep --work DIR`: the few inputs of a fuzzer's corpus that reach all lines the others reach.

Writes them to `tests/fuzz/corpus` and prints which share of each module's lines they run."""

import argparse
import dis
import hashlib
import inspect
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import reconciler

from .golden import golden
from .seeds import seeds
from .targets import CORPUS, CRASHES, TARGETS, feed, kept

Arc = tuple[str, int, int]
PACKAGE = str(Path(reconciler.__file__).parent)
LARGEST = 4096
RICHEST = 10
"""How many more are kept, the longest that led anywhere new: they change into more."""


def arcs(name: str, data: bytes) -> set[Arc]:
    """From which line to which line of the product an input leads."""
    found: set[Arc] = set()

    def tracer(frame: FrameType, _event: str, _arg: Any) -> Any:
        file = frame.f_code.co_filename
        if not file.startswith(PACKAGE):
            return None
        last = -frame.f_code.co_firstlineno

        def lines(frame: FrameType, event: str, _arg: Any) -> Any:
            nonlocal last
            if event == "line":
                found.add((file, last, frame.f_lineno))
                last = frame.f_lineno
            return lines

        return lines

    sys.settrace(tracer)
    try:
        feed(name, data, longest=30)
    except Exception as error:
        print(f"{name}: left out, it breaks a promise: {type(error).__name__}: {str(error)[:200]}")
        return set()
    finally:
        sys.settrace(None)
    return found


def chosen(name: str, inputs: list[bytes]) -> tuple[list[bytes], set[Arc]]:
    """The shortest inputs first, each that leads anywhere new; and all places reached, by the long ones too."""
    reached: set[Arc] = set()
    wanted: list[tuple[bytes, set[Arc]]] = []
    everything: set[Arc] = set()
    for data in sorted(set(inputs), key=lambda data: (len(data), data)):
        found = arcs(name, data)
        everything |= found
        if len(data) <= LARGEST and found - reached:
            reached |= found
            wanted.append((data, found))
    needed: list[bytes] = []
    covered: set[Arc] = set()
    for data, found in sorted(wanted, key=lambda pair: -len(pair[1])):  # what the richest reach needs no other
        if found - covered:
            covered |= found
            needed.append(data)
    needed += sorted((pair[0] for pair in wanted), key=len)[-RICHEST:]
    return list(dict.fromkeys(needed)), everything


def _executable(file: str) -> set[int]:
    waiting: list[CodeType] = [compile(Path(file).read_bytes(), file, "exec")]
    lines: set[int] = set()
    while waiting:
        code = waiting.pop()
        if code.co_flags & inspect.CO_OPTIMIZED:  # a function: what runs when a module is read was reached already
            lines |= {line for _, line in dis.findlinestarts(code) if line != code.co_firstlineno}
        waiting += [part for part in code.co_consts if isinstance(part, CodeType)]
    return lines


def main() -> None:
    """Choose for the targets named, or all."""
    options = argparse.ArgumentParser(prog="python -m tests.fuzz.keep", description=__doc__)
    options.add_argument("targets", nargs="*", metavar="TARGET")
    options.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "reconciler-fuzz")
    options.add_argument("--dry", action="store_true", help="write nothing")
    given = options.parse_args()
    lines: dict[str, set[int]] = defaultdict(set)
    for name in given.targets or TARGETS:
        files = [*kept(CORPUS, name), *kept(CRASHES, name), *sorted((given.work / name / "corpus").glob("*"))]
        inputs = [path.read_bytes() for path in files]
        first = seeds(name)
        few, reached = chosen(name, [*inputs, *first, *golden(name)])
        few += first if sum(map(len, first)) < LARGEST else []
        for file, _, line in reached:
            lines[file].add(line)
        print(f"{name}: {len(few)} of {len(inputs)} kept, {sum(map(len, few))} bytes, {len(reached)} arcs")
        if not given.dry:
            (CORPUS / name).mkdir(parents=True, exist_ok=True)
            for path in kept(CORPUS, name):
                path.unlink()
            for data in few:
                (CORPUS / name / hashlib.sha256(data).hexdigest()[:12]).write_bytes(data)
    for file in sorted(lines):
        whole = _executable(file)
        there = len(whole & lines[file])
        print(f"{file.removeprefix(PACKAGE)[1:]}: {there} of {len(whole)} lines, {100 * there // max(1, len(whole))} %")


if __name__ == "__main__":
    main()
