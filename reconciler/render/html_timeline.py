"""When each action of an apply ran, as a picture that needs no script and fits any width."""

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.render.html_marks import MARKS, cut, table, tone
from reconciler.render.sheet import Bar, Sheet
from reconciler.render.words import count, span

LIMIT = 150
"""Bars that a picture shows; nobody reads more."""

_STEPS: Final = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200, 86_400)
_ROW, _TOP = 36, 26

_PATTERNS: Final = {
    "failed": '<path d="M-2 2 2-2M0 8 8 0M6 10 10 6"/>',
    "timed-out": '<path d="M-2 2 2-2M0 8 8 0M6 10 10 6M-2 6 2 10M0 0 8 8M6-2 10 2"/>',
    "in-flight": '<path d="M4 0V8"/>',
    "uncertain": '<path d="M0 4H8"/>',
    "skipped": '<path d="M0 0 8 8"/>',
}
"""What tells bars apart where colours are not seen; a success is plain."""


def timeline(sheet: Sheet) -> str:
    """The bars of the run as a figure; empty where there are none."""
    if not sheet.bars:
        return ""
    bars = sorted(sheet.bars, key=lambda bar: (bar.start, bar.address, bar.verb))
    shown = bars[:LIMIT]
    total = max(sheet.seconds or 0, max(bar.start + bar.seconds for bar in bars), 1)
    height = _TOP + _ROW * len(shown) + 4
    summary = f"{count(len(bars), 'action')} over {span(total)}"
    more = f" The first {LIMIT} of {len(bars):,} are shown." if len(bars) > LIMIT else ""
    picture = (
        f'<svg class="timeline" width="100%" height="{height}" role="img" aria-labelledby="time-title time-desc">'
        f'<title id="time-title">Timeline of the apply: {summary}</title>'
        f'<desc id="time-desc">One bar per action, from its start to its end. The table below says the same.</desc>'
        f"<defs>{''.join(_pattern(rule, path) for rule, path in _PATTERNS.items())}</defs>"
        f"{''.join(_axis(total, height))}{''.join(_bars(shown, total))}</svg>"
    )
    rows = ((bar.address, bar.verb, _word(bar), span(bar.start), span(bar.seconds)) for bar in shown)
    alternative = table("Actions by start", ("Model", "Action", "Outcome", "Started after", "Took"), rows)
    return (
        f'<section class="picture" id="timeline"><h2>Timeline</h2><p class="hint">{summary}.{more}</p>'
        f"<figure>{picture}</figure>{alternative}</section>"
    )


def _pattern(rule: str, path: str) -> str:
    return f'<pattern id="bar-{rule}" width="8" height="8" patternUnits="userSpaceOnUse">{path}</pattern>'


def _axis(total: float, height: int) -> Iterator[str]:
    step = next((step for step in _STEPS if total / step <= 6), total / 5)
    at = 0.0
    while at <= total:
        percent = 100 * at / total
        yield f'<line class="grid" x1="{percent:.2f}%" x2="{percent:.2f}%" y1="18" y2="{height}"/>'
        if percent < 90:
            yield f'<text class="tick" x="{percent:.2f}%" y="12">{span(at) if at else "0"}</text>'
        at += step


def _bars(bars: Sequence[Bar], total: float) -> Iterator[str]:
    for row, bar in enumerate(bars):
        y = _TOP + row * _ROW
        width = min(max(100 * bar.seconds / total, 0.4), 100)
        place = f'x="{min(100 * bar.start / total, 99.6):.2f}%" y="{y + 17}" width="{width:.2f}%" height="8" rx="2"'
        sign = MARKS.get(bar.rule, ("·",))[0]
        hatch = f'<rect {place} fill="url(#bar-{bar.rule})"/>' if bar.rule in _PATTERNS else ""
        yield (
            f'<g class="{tone(bar.rule)}"><title>{cut(f"{bar.address} {bar.verb}: {_word(bar)}", 200)}</title>'
            f'<text x="0" y="{y + 12}"><tspan class="tone">{sign}</tspan> {cut(bar.address, 30)} '
            f'<tspan class="quiet">{cut(bar.verb, 10)}</tspan> '
            f'<tspan class="tone">{_word(bar)}</tspan> <tspan class="quiet">{span(bar.seconds)}</tspan></text>'
            f'<rect class="bar" {place}/>{hatch}</g>'
        )


def _word(bar: Bar) -> str:
    return bar.rule.replace("-", " ")
