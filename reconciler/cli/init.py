"""`reconciler init`."""

import shlex
from pathlib import Path

import click

from reconciler.cli import reading, streams
from reconciler.errors import ConfigurationError
from reconciler.render.safe import ci

STARTER = """\
# yaml-language-server: $schema=inventory.schema.json
# What should be. Check it with: reconciler validate
# Keys and addresses stand in the environment, never here (see: reconciler platforms kore).
version: 1

models:
  faq-bot:                              # its address is nugen/faq-bot
    platform: nugen                     # reads RECONCILER_NUGEN_KEY
    id: alignment_01KXG82FJJ98NQ0       # the alignment id; reconciler discover nugen writes these for you
    state: deployed                     # deployed | undeployed

  support-triage:
    platform: kore                      # reads RECONCILER_KORE_URL and RECONCILER_KORE_KEY
    id: cm-20f1a
    state: undeployed
    export:
      before_undeploy: true             # no undeploy without an export on record
"""


@click.command(name="init")
@click.argument("inventory", required=False)
def command(inventory: str | None) -> None:
    """Write a starter inventory to INVENTORY (inventory.yaml; - is stdout). Nothing is overwritten."""
    if inventory == "-":
        streams.out(STARTER.rstrip("\n"))
        return
    path = Path(inventory or reading.DEFAULT)
    if path.exists():
        raise ConfigurationError(f"{path} is there already and is not overwritten")
    streams.save(str(path), STARTER.rstrip("\n"))
    command = f"reconciler validate {inventory or ''}".rstrip()
    streams.out(ci(f"{path}: a starter inventory. Change it to your models, then: {command}"))
    schema = shlex.quote(str(path.with_name("inventory.schema.json")))
    streams.out(ci(f"For your editor, once: reconciler schema inventory > {schema}"))
