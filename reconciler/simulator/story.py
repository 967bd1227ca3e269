"""The small believable account that the demo and the examples tell of. Its ids are fixed: examples name them."""

from __future__ import annotations

from reconciler.simulator.models import JobTime, Verb
from reconciler.simulator.world import World

DEPLOYING = JobTime(seconds=2.5, from_first_look=True)


def quickstart(kore: World, nugen: World, *, deploying: JobTime = DEPLOYING) -> None:
    """Fill two empty worlds: three models each, one of Nugen's being deployed right now by somebody else.

    `deploying` is how long that deployment still takes; by default 2.5 seconds from the moment somebody first reads it.
    """
    kore.add("cm-20f1a", "support-triage", deployed=True)
    kore.add("cm-77b2c", "claims-reader", deployed=False)
    kore.add("cm-9d04e", "night-batch", deployed=True)
    nugen.add("alignment_01KXG82FJJ98NQ0", "faq-bot", deployed=False)
    reader = nugen.add("alignment_01KX0619C87YR5S", "invoice-reader", deployed=False)
    nugen.start(reader, Verb.DEPLOY, job_time=deploying)
    nugen.add("alignment_01M3GF73KHT8N4TB", "old-pilot", deployed=True)
