"""`reconciler simulate`."""

import math

import click

from reconciler.cli import streams
from reconciler.core.duration import format_duration
from reconciler.errors import ConfigurationError
from reconciler.platforms.access import variable


@click.command(name="simulate")
@click.option(
    "--port", type=click.IntRange(1, 65533), default=8940, show_default=True, help="The first of three ports in a row."
)
@click.option(
    "--job-seconds", type=click.FloatRange(0, 86400), default=2.0, show_default=True, help="What a job takes."
)
@click.option("--job-polls", type=click.IntRange(min=0), help="Instead: how often a job is polled until it is done.")
def command(port: int, job_seconds: float, job_polls: int | None) -> None:
    """Serve the simulated Kore.ai and Nugen on loopback until Ctrl-C, and print the variables that lead there.

    What they do can be changed while they run, under /_simulator/ of each (see the README)."""
    if math.isnan(job_seconds):
        raise click.BadParameter("nan is no number of seconds", param_hint="--job-seconds")
    try:
        from reconciler.simulator.models import JobTime
        from reconciler.simulator.server import serve_forever
    except ImportError as error:
        raise ConfigurationError("the simulator needs two more packages: pip install starlette uvicorn") from error
    job_time = JobTime(seconds=job_seconds) if job_polls is None else JobTime(polls=job_polls)
    try:
        serve_forever(port=port, job_time=job_time, ready=lambda urls: _ready(urls.kore, urls.nugen, urls.nugen_b))
    except OSError as error:
        raise ConfigurationError(f"port {port}: {error.strerror}; choose another with --port") from error


def _ready(kore: str, nugen: str, nugen_b: str) -> None:
    for name, value in variables(kore, nugen, nugen_b).items():
        click.echo(f"export {name}={value}")  # past the redactor: the simulator's keys are no secrets
    limit = format_duration(60)
    streams.err(f"Serving until Ctrl-C. In another terminal, set these (a real settle time would be {limit}), then:")
    streams.err("  reconciler plan examples/quickstart/inventory.yaml")


def variables(kore: str, nugen: str, nugen_b: str) -> dict[str, str]:
    """The environment that leads to simulated platforms at these addresses. The keys are the simulator's own."""
    from reconciler.simulator.server import KORE_KEY, KORE_PROBE_KEY, NUGEN_KEY

    return {
        variable("kore", "URL"): kore,
        variable("kore", "KEY"): KORE_KEY,
        variable("kore", "PROBE_URL"): kore,
        variable("kore", "PROBE_KEY"): KORE_PROBE_KEY,
        variable("nugen", "URL"): nugen,
        variable("nugen", "KEY"): NUGEN_KEY,
        variable("nugen-b", "URL"): nugen_b,
        variable("nugen-b", "KEY"): NUGEN_KEY,
        "RECONCILER_POLL_SECONDS": "0.3",
        "RECONCILER_SETTLE_SECONDS": "3",
    }
