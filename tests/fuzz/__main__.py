"""`python -m tests.fuzz --minutes 60 [TARGET ...]`: looks for inputs that break a promise, guided by coverage.

Needs atheris (the extra `fuzz`). Each target runs in a process of its own; what is found is written below `--work`,
crashes once for each place they come from."""

import argparse
import hashlib
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

WEIGHTS = {
    "inventory": 14,
    "reply": 14,
    "wire": 8,
    "download": 3,
    "definition": 6,
    "schema": 4,
    "document": 5,
    "plan": 4,
    "words": 2,
    "journal": 2,
    "discovered": 2,
    "report": 1,
    "sinks": 1,
}
"""The shares of the time that the targets get."""


def main() -> int:
    """Run the targets named, or all, one after another."""
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    options.add_argument("targets", nargs="*", choices=[*WEIGHTS, []], metavar="TARGET")
    options.add_argument("--minutes", type=float, default=60, help="for all targets together")
    options.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "reconciler-fuzz")
    options.add_argument("--child", metavar="SECONDS", type=int, help=argparse.SUPPRESS)
    given = options.parse_args()
    names = given.targets or list(WEIGHTS)
    if given.child:
        _fuzz(names[0], given.work, given.child)
        return 0
    total = sum(WEIGHTS[name] for name in names)
    for name in names:
        _run(name, given.work, max(10, round(given.minutes * 60 * WEIGHTS[name] / total)))
    found = sorted(path for path in given.work.glob("*/crashes/*") if path.suffix != ".txt")
    print(f"{len(found)} crashes" + "".join(f"\n  {path}" for path in found))
    return 1 if found else 0


def _run(name: str, work: Path, seconds: int) -> None:
    """Fuzz one target in a process of its own, again where an input ended it, and say how far it came."""
    ends, runs, before = time.monotonic() + seconds, 0, _cpu()
    (work / name).mkdir(parents=True, exist_ok=True)
    with (work / name / "log").open("ab") as log:
        while (left := round(ends - time.monotonic())) >= 5 and runs < 20:
            runs += 1
            command = [sys.executable, "-m", "tests.fuzz", "--child", str(left), "--work", str(work), name]
            subprocess.run(command, stdout=log, stderr=log, check=False)
    text = (work / name / "log").read_text("utf-8", "replace")
    executed = sum(map(int, re.findall(r"stat::number_of_executed_units:\s+(\d+)", text)))
    edges = max(map(int, re.findall(r"cov: (\d+)", text)), default=0)
    crashes = len([*(work / name / "crashes").glob("*.txt")])
    used = f"{seconds} s ({_cpu() - before:.0f} of a processor)"
    print(f"{name}: {used}, {executed} executions, {edges} edges, {crashes} crashes", flush=True)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _fuzz(name: str, work: Path, seconds: int) -> None:
    import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]

    with atheris.instrument_imports(include=["reconciler"], enable_loader_override=False):
        from .golden import golden
        from .mutations import TOKENS
        from .seeds import seeds
        from .targets import CORPUS, CRASHES, feed, kept
        from .trees import changed_tree

    folder, crashes = work / name / "corpus", work / name / "crashes"
    for place in (folder, crashes):
        place.mkdir(parents=True, exist_ok=True)
    first = [
        *seeds(name),
        *golden(name),
        *(path.read_bytes() for kind in (CORPUS, CRASHES) for path in kept(kind, name)),
    ]
    for data in first:
        (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    words = work / "dictionary.txt"
    words.write_text("".join('"' + "".join(f"\\x{byte:02x}" for byte in token) + '"\n' for token in TOKENS), "ascii")

    def one_input(data: bytes) -> None:
        try:
            feed(name, data, longest=3)
        except Exception as error:
            _keep(crashes, data, error)

    def mutator(data: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)
        tree = changed_tree(name, data, chance) if chance.random() < 0.4 else None
        return tree[:most] if tree is not None else bytes(atheris.Mutate(data, most))

    flags = {
        "max_total_time": seconds, "max_len": 8192, "timeout": 30, "rss_limit_mb": 2048, "print_final_stats": 1,
        "dict": words, "artifact_prefix": f"{crashes}{os.sep}", "reload": 0, "verbosity": 1,
    }  # fmt: skip
    command = [sys.argv[0], str(folder), *(f"-{flag}={value}" for flag, value in flags.items())]
    atheris.Setup(command, one_input, custom_mutator=mutator)
    atheris.Fuzz()


def _keep(crashes: Path, data: bytes, error: Exception) -> None:
    """Keep the shortest input for each place that an error comes from."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "fuzz/oracles" not in frame.filename]
    place = "-".join(f"{Path(frame.filename).stem}.{frame.lineno}" for frame in frames[-2:])
    path = crashes / f"{type(error).__name__}-{place}"
    if not path.exists() or len(path.read_bytes()) > len(data):
        path.write_bytes(data)
        path.with_name(path.name + ".txt").write_text("".join(traceback.format_exception(error)), "utf-8", "replace")


if __name__ == "__main__":
    sys.exit(main())
