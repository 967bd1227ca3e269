"""Models by nights: when which model was found away from where it should be, as a picture that needs no script."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from reconciler.core.drift import Night
from reconciler.render.html_marks import cut, table, tone
from reconciler.render.sheet import Sheet
from reconciler.render.words import count

ROWS, NIGHTS = 150, 60
"""Models and nights that a picture shows; nobody reads more."""

_CELL, _TOP = 24, 44
_ABOVE: Final = "models that night"
_UNREAD: Final = "unread"
_LETTERS: Final[Mapping[str, str]] = {"drifted": "D", "pending": "P", "unknown": "U", _UNREAD: "?"}


def nights(sheet: Sheet) -> str:
    """The history of drift as a figure, empty where no night is on record. What drifts tonight stands first."""
    if not sheet.nights:
        return ""
    shown_nights = sheet.nights[-NIGHTS:]
    times = Counter(address for night in shown_nights for address in night.found)
    tonight = shown_nights[-1].found
    models = sorted(times, key=lambda address: (address not in tonight, -times[address], address))
    shown = models[:ROWS]
    height = _TOP + _CELL * len(shown) + 4
    quiet = sum(not night.found for night in shown_nights)
    summary = f"{count(len(models), 'model')} over {count(len(shown_nights), 'night')}"
    summary += f"; {count(quiet, 'night')} with nothing to report" if quiet else ""
    more = f" The first {ROWS} models are shown." if len(models) > ROWS else ""
    width, beside = _CELL * len(shown_nights), min(max(map(len, (*shown, _ABOVE))) * 7 + 8, 300)
    labels = "".join(
        f'<text x="0" y="{_TOP + row * _CELL + 16}"><title>{cut(address, 200)}</title>{cut(address, 44)}</text>'
        for row, address in enumerate(shown)
    )
    picture = (
        f'<svg class="nights" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-labelledby="nights-title nights-desc"><title id="nights-title">Drift history: {summary}</title>'
        f'<desc id="nights-desc">A row per model, a column per night, the last one today. D drifted, P pending, '
        f"U unknown, ? could not be looked at. The table below says the same.</desc>"
        f"{''.join(_heads(shown_nights))}{''.join(_cells(shown, shown_nights))}</svg>"
    )
    legend = "".join(
        f'<li class="{_look(kind)}"><b class="key">{letter}</b> {_told_of(kind)}</li>'
        for kind, letter in _LETTERS.items()
    )
    return (
        f'<section class="picture" id="history"><h2>History</h2><p class="hint">{summary}.{more}</p>'
        f'<ul class="legend">{legend}<li><b class="key">·</b> nothing found</li></ul><figure class="panes">'
        f'<svg class="labels" width="{beside}" height="{height}" aria-hidden="true">'
        f'<text class="quiet" x="0" y="36">{_ABOVE}</text>{labels}</svg>'
        f'<div class="scroll" role="region" tabindex="0" aria-label="Nights">{picture}</div></figure>'
        f"{table('What each night found', ('Night', 'Found'), map(_told, reversed(shown_nights)))}</section>"
    )


def _look(kind: str) -> str:
    """The classes of what was found; a model that could not be looked at has a broken line, too."""
    return "grey unseen" if kind == _UNREAD else tone(kind)


def _told_of(kind: str) -> str:
    return "could not be looked at" if kind == _UNREAD else kind


def _told(night: Night) -> tuple[str, str]:
    found = sorted(night.found.items())
    told = ", ".join(f"{address} {_told_of(kind)}" for address, kind in found[:ROWS])
    return f"{night.day}", f"{told}, …" if len(found) > ROWS else told or "nothing"


def _heads(shown: Sequence[Night]) -> Iterator[str]:
    month = 0
    for column, night in enumerate(shown):
        middle = column * _CELL + _CELL // 2
        if night.day.month != month and column < len(shown) - 1:
            month = night.day.month
            yield f'<text class="quiet" x="{column * _CELL + 4}" y="9">{night.day:%b}</text>'
        last = " strong" if column == len(shown) - 1 else ""
        yield f'<text class="mid{last}" x="{middle}" y="22">{night.day.day}</text>'
        yield f'<text class="mid quiet" x="{middle}" y="36">{len(night.found) or "·"}</text>'


def _cells(models: Sequence[str], shown: Sequence[Night]) -> Iterator[str]:
    for row, address in enumerate(models):
        y = _TOP + row * _CELL
        yield f"<g><title>{cut(address, 200)}</title>"
        for column, night in enumerate(shown):
            kind = night.found.get(address)
            x = column * _CELL
            if kind is None:
                yield f'<circle class="dot" cx="{x + _CELL // 2}" cy="{y + _CELL // 2}" r="1.5"/>'
                continue
            yield (
                f'<g class="{_look(kind)}"><rect class="cell" x="{x + 1}" y="{y + 1}" width="{_CELL - 2}" '
                f'height="{_CELL - 2}" rx="3"/><text class="mid on" x="{x + _CELL // 2}" y="{y + 16}">'
                f"{_LETTERS.get(kind, '')}</text></g>"
            )
        yield "</g>"
