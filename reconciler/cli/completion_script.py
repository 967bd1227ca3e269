"""`reconciler completion`: the script that makes a shell ask at TAB what may stand there."""

import click

from reconciler.cli.glance import SHELLS, script


@click.command(name="completion", epilog='Once: eval "$(reconciler completion bash)"            # in ~/.bashrc')
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print the script that lets your shell complete commands, options, addresses and files at TAB."""
    from reconciler.cli import streams

    streams.out(script(shell))
