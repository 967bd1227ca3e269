"""`reconciler demo`: the real commands, one after the other, on simulated platforms."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import click

from reconciler.cli import environment, streams
from reconciler.cli.simulate import variables
from reconciler.errors import ConfigurationError
from reconciler.packaged import packaged_text

JOB_SECONDS = 1.2


@click.command(name="demo")
def command() -> int:
    """The whole story on simulated platforms, offline: plan, apply, drift. Takes some ten seconds."""
    try:
        from reconciler.simulator import JobTime, SimulatedPlatforms, quickstart
    except ImportError as error:
        raise ConfigurationError("the demo needs two more packages: pip install starlette uvicorn") from error
    with (
        SimulatedPlatforms(seed=quickstart, job_time=JobTime(seconds=JOB_SECONDS)) as platforms,
        _set(variables(platforms.kore_url, platforms.nugen_url, platforms.nugen_b_url)),
        tempfile.TemporaryDirectory(prefix="reconciler-demo-") as folder,
        chdir(folder),
    ):
        Path("inventory.yaml").write_text(packaged_text("examples/quickstart/inventory.yaml"), "utf-8")
        _say("Four models on simulated Kore.ai and Nugen. Nothing leaves this machine.")
        codes = [
            _run("plan --out plan.json", "what is, against what should be"),
            _run("apply --plan plan.json", "exactly what was reviewed"),
            _run("adopt kore/night-batch --as undeployed", "what only a person can know"),
            _run("plan --detailed-exitcode", "again"),
        ]
        platforms.nugen.set_state("alignment_01KXG82FJJ98NQ0", "undeployed")
        _say("\nAt night, somebody undeploys faq-bot in Nugen's console.")
        codes.append(_run("drift", "the nightly check"))
    _say("\nYour own models: reconciler init, then reconciler plan.")
    return 0 if codes == [0, 3, 0, 0, 2] else 1


def _run(line: str, why: str) -> int:
    from reconciler.cli.main import run

    _say(f"\n$ reconciler {line}", f"   # {why}")
    code = run(line.split())
    if code == 2:  # a report says its own
        _say("", f"(exit code {code})")
    return code


def _say(text: str, aside: str = "") -> None:
    colour = streams.colour(refused=False)
    streams.out((f"\x1b[1m{text}\x1b[0m\x1b[2m{aside}\x1b[0m" if colour else text + aside).lstrip(" "))


@contextmanager
def _set(values: dict[str, str]) -> Iterator[None]:
    """Set environment variables, and put all of `RECONCILER_*` back to what it was after."""
    before = {name: value for name, value in os.environ.items() if name.startswith("RECONCILER_")}
    try:
        for name in before:
            del os.environ[name]
        os.environ.update(values)
        environment.redactor.cache_clear()
        yield
    finally:
        for name in [name for name in os.environ if name.startswith("RECONCILER_")]:
            del os.environ[name]
        os.environ.update(before)
        environment.redactor.cache_clear()
