"""Real HTTP servers that behave as the public pages of Kore.ai and Nugen say.

Imports nothing else of `reconciler`: it is written from the vendors' pages alone, so that what is tested against it is
tested against the pages and not against our own reading of them elsewhere.
"""

from reconciler.simulator.faults import Fault, FaultKind
from reconciler.simulator.models import Job, JobTime, Model, Verb
from reconciler.simulator.server import KORE_KEY, KORE_PROBE_KEY, NUGEN_KEY, SimulatedPlatforms, Urls, serve_forever
from reconciler.simulator.story import quickstart
from reconciler.simulator.world import World

__all__ = [
    "KORE_KEY",
    "KORE_PROBE_KEY",
    "NUGEN_KEY",
    "Fault",
    "FaultKind",
    "Job",
    "JobTime",
    "Model",
    "SimulatedPlatforms",
    "Urls",
    "Verb",
    "World",
    "quickstart",
    "serve_forever",
]
