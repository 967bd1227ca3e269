"""A deploy with changed settings that was accepted and then left alone: sent once, and remembered for what it sent."""

import signal
import time
from pathlib import Path

import pytest

from .invariants import Invariants
from .processes import Starter
from .scenes import Scene, scene
from .trials import Applies, folder, verdict

BOTH = pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=lambda number: number.name)


def hit_while_it_runs(found: Scene, applies: Applies, number: signal.Signals) -> None:
    """An apply whose deploys are all accepted, ended by a signal."""
    process = applies.begin().process
    while process.err.read_text().count("running: IN_PROGRESS") < len(found.parts):
        assert not process.gone(0.01), process.said
    process.send(number)
    process.wait()


def sent_once(starter: Starter, number: signal.Signals, seconds: float) -> None:
    with folder() as place, scene(0, place, slowest=0.0, jobs=(2.0, 2.0), changed=True) as found:
        applies, rules = Applies(found, starter), Invariants(found)
        hit_while_it_runs(found, applies, number)
        time.sleep(seconds)
        applies.settle()
        rules.at_the_end(applies.sessions)
        verdict(rules, applies.sessions)


@BOTH
def test_changed_settings_are_followed_while_they_are_deployed(starter: Starter, number: signal.Signals) -> None:
    sent_once(starter, number, 0.0)


@BOTH
def test_changed_settings_are_not_sent_again_after_they_were_deployed(starter: Starter, number: signal.Signals) -> None:
    sent_once(starter, number, 2.5)


@BOTH
def test_settings_that_change_once_more_meanwhile_are_deployed_too(starter: Starter, number: signal.Signals) -> None:
    with folder() as place, scene(0, place, slowest=0.0, jobs=(2.0, 2.0), changed=True) as found:
        applies = Applies(found, starter)
        hit_while_it_runs(found, applies, number)
        inventory = Path(place / "inventory.yaml")
        inventory.write_text(inventory.read_text().replace("temperature: 0.2", "temperature: 0.7"))
        applies.settle()
        applies.settle()
        for part in found.parts:
            settings = found.platforms.kore.model(part.id).settings
            assert isinstance(settings, dict)
            assert settings["hyperParameters"]["temperature"] == 0.7, part.address
