"""Drift with memory: new, ongoing, resolved, acknowledged and flapping, told from what earlier looks had found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from reconciler.core.drift import Drift, DriftCheck, DriftKind, Novelty, holds
from reconciler.core.model import Acknowledgement, Model
from reconciler.core.record import Record, RecordKind
from reconciler.core.sightings import FLAPS, NIGHTS, QUIET, UNREAD, check_drift, fold_sightings

from .values import DEPLOYED, model

FIRST = datetime(2026, 2, 2, 3, 0, tzinfo=UTC)
NIGHT = timedelta(days=1)


def drift(name: str = "a", kind: DriftKind = DriftKind.DRIFTED, now: str = "undeployed") -> Drift:
    return Drift(address=f"kore/{name}", kind=kind, was="deployed", now=now, since=None, text="moved")


@dataclass
class Nights:
    """Looks, one after the other, whose records are folded anew each time as a journal's are."""

    models: tuple[Model, ...]
    records: list[Record] = field(default_factory=list)
    now: datetime = FIRST

    @property
    def keys(self) -> Mapping[str, tuple[str, str]]:
        return {model.address: ("https://kore", model.id) for model in self.models}

    def look(
        self, *drifts: Drift, unread: frozenset[str] = frozenset(), after: timedelta = NIGHT, quiet: bool = False
    ) -> DriftCheck:
        sightings = fold_sightings(self.records)
        check = check_drift(
            drifts, self.models, self.keys, sightings, unread=unread, now=self.now, remembered=bool(self.records)
        )
        self.records.append(Record(kind=RecordKind.LOOKED, at=self.now, run="r"))
        for model_ in self.models:
            found = next((one for one in drifts if one.address == model_.address), None)
            about = {"at": self.now, "run": "r", "origin": "https://kore", "model_id": model_.id}
            known = holds(model_.acknowledge, self.now) is not None
            if found is not None:
                about |= {"on": known, "text": QUIET if quiet else None}
                self.records.append(
                    Record(kind=RecordKind.SEEN, drift=found.kind, before=found.was, after=found.now, **about)  # type: ignore[arg-type]
                )
            elif model_.address in unread and self.keys[model_.address] in sightings.by_key:
                self.records.append(Record(kind=RecordKind.MISSED, **about))  # type: ignore[arg-type]
            elif model_.address not in unread and self.keys[model_.address] in sightings.by_key:
                self.records.append(Record(kind=RecordKind.CLEARED, **about))  # type: ignore[arg-type]
        self.now += after
        return check


@pytest.fixture
def nights() -> Nights:
    return Nights(models=(model("a", DEPLOYED), model("b", DEPLOYED)))


def test_the_first_time_is_new_and_the_second_ongoing_since_the_first(nights: Nights) -> None:
    (first,) = nights.look(drift()).drifts
    assert (first.novelty, first.times, first.first_seen) == (Novelty.NEW, 1, FIRST)
    (second,) = nights.look(drift()).drifts
    assert (second.novelty, second.times, second.first_seen) == (Novelty.ONGOING, 2, FIRST)
    (third,) = nights.look(drift()).drifts
    assert (third.novelty, third.times, third.alarming) == (Novelty.ONGOING, 3, False)


def test_what_is_no_longer_found_is_resolved_once(nights: Nights) -> None:
    nights.look(drift())
    nights.look(drift())
    (resolved,) = nights.look().resolved
    assert (resolved.address, resolved.times, resolved.first_seen, resolved.last_seen) == (
        "kore/a",
        2,
        FIRST,
        FIRST + NIGHT,
    )
    assert nights.look().resolved == ()


def test_what_could_not_be_looked_at_is_neither_resolved_nor_forgotten(nights: Nights) -> None:
    nights.look(drift())
    assert nights.look(unread=frozenset({"kore/a"})).resolved == ()
    (again,) = nights.look(drift()).drifts
    assert (again.novelty, again.times) == (Novelty.ONGOING, 2)


def test_another_state_or_kind_is_another_drift(nights: Nights) -> None:
    nights.look(drift())
    assert nights.look(drift(now="broken")).drifts[0].novelty is Novelty.NEW
    assert nights.look(drift(kind=DriftKind.UNKNOWN, now="broken")).drifts[0].novelty is Novelty.NEW


def test_a_model_under_another_name_is_the_same(nights: Nights) -> None:
    nights.look(drift())
    renamed = model("renamed", DEPLOYED, id=nights.models[0].id)
    nights.models = (renamed,)
    (found,) = nights.look(drift("renamed")).drifts
    assert (found.novelty, found.times) == (Novelty.ONGOING, 2)


def test_what_comes_and_goes_is_reported_once_and_is_then_neither_new_nor_resolved(nights: Nights) -> None:
    step = timedelta(hours=6)
    found, resolved = [], []
    for _ in range(FLAPS + 3):
        found.append(nights.look(drift(), after=step).drifts[0])
        resolved.append(nights.look(after=step).resolved)
    assert [one.alarming for one in found] == [True] * FLAPS + [False] * 3
    assert [one.flapping for one in found] == [False] * (FLAPS - 1) + [True] * 4
    assert [bool(one) for one in resolved] == [True] * (FLAPS - 1) + [False] * 4


def test_flapping_is_forgotten_after_a_week_of_rest(nights: Nights) -> None:
    for _ in range(FLAPS + 1):
        nights.look(drift(), after=timedelta(hours=6))
        nights.look(after=timedelta(hours=6))
    nights.now += timedelta(days=8)
    (found,) = nights.look(drift()).drifts
    assert (found.novelty, found.flapping) == (Novelty.NEW, False)


def test_an_acknowledged_drift_is_no_alarm_until_the_end_of_its_day(nights: Nights) -> None:
    known = Acknowledgement(until=date(2026, 2, 3), reason="a load test")
    nights.models = (model("a", DEPLOYED, acknowledge=known),)
    (first,) = nights.look(drift()).drifts
    assert (first.acknowledged, first.alarming) == (known, False)
    nights.now = datetime(2026, 2, 3, 23, 59, tzinfo=UTC)
    assert nights.look(drift(), after=timedelta(minutes=2)).drifts[0].acknowledged == known
    (late,) = nights.look(drift(now="broken")).drifts
    assert (late.acknowledged, late.alarming) == (None, True)


def test_the_nights_hold_what_the_last_look_of_each_day_found(nights: Nights) -> None:
    nights.look(drift("a"), drift("b"), after=timedelta(hours=1))
    nights.look(drift("b"))
    check = nights.look()
    assert [(night.day, dict(night.found)) for night in check.nights] == [
        (date(2026, 2, 2), {"kore/b": DriftKind.DRIFTED}),
        (date(2026, 2, 3), {}),
    ]


def test_no_more_nights_are_shown_than_a_picture_holds(nights: Nights) -> None:
    for _ in range(NIGHTS + 5):
        check = nights.look(drift())
    assert len(check.nights) == NIGHTS
    assert check.nights[-1].day == (nights.now - NIGHT).date()


def test_without_a_journal_all_is_new_and_there_are_no_nights(nights: Nights) -> None:
    check = nights.look(drift())
    assert not check.remembered
    assert check.nights == ()
    assert check.drifts[0].alarming


def test_an_acknowledgement_that_ends_makes_the_drift_new_again_once(nights: Nights) -> None:
    nights.models = (model("a", DEPLOYED, acknowledge=Acknowledgement(until=FIRST.date())),)
    assert nights.look(drift()).drifts[0].alarming is False
    (ended,) = nights.look(drift()).drifts
    assert (ended.alarming, ended.ended, ended.times) == (True, True, 2)
    assert nights.look(drift()).drifts[0].alarming is False


def test_what_was_noted_and_told_to_nobody_stays_new(nights: Nights) -> None:
    nights.look(drift(), quiet=True)
    (told,) = nights.look(drift()).drifts
    assert (told.novelty, told.times, told.first_seen) == (Novelty.NEW, 2, FIRST)
    assert nights.look(drift(), quiet=True).drifts[0].novelty is Novelty.ONGOING


def test_what_flaps_hides_no_other_drift_of_the_model(nights: Nights) -> None:
    for _ in range(FLAPS + 1):
        nights.look(drift(), after=timedelta(hours=6))
        nights.look(after=timedelta(hours=6))
    (worse,) = nights.look(drift(now="broken")).drifts
    assert (worse.novelty, worse.flapping) == (Novelty.NEW, False)


def test_what_flaps_and_is_away_is_paused(nights: Nights) -> None:
    for _ in range(FLAPS):
        nights.look(drift(), after=timedelta(hours=6))
        check = nights.look(after=timedelta(hours=6))
    assert [one.address for one in check.paused] == ["kore/a"]
    assert [one.address for one in nights.look().paused] == ["kore/a"]
    nights.now += timedelta(days=8)
    assert nights.look().paused == ()


def test_what_comes_back_says_when_it_was_last_seen(nights: Nights) -> None:
    nights.look(drift())
    nights.look()
    (back,) = nights.look(drift()).drifts
    assert (back.novelty, back.last_seen) == (Novelty.NEW, FIRST)


def test_a_night_that_could_not_be_looked_at_does_not_look_clean(nights: Nights) -> None:
    nights.look(drift())
    nights.look(unread=frozenset({"kore/a", "kore/b"}))
    check = nights.look(unread=frozenset({"kore/a"}))
    assert [dict(night.found) for night in check.nights] == [
        {"kore/a": "drifted"},
        {"kore/a": UNREAD},
        {"kore/a": UNREAD},
    ]
