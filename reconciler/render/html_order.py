"""Who is acted on before whom, as a picture from left to right that needs no script."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from reconciler.render.html_marks import MARKS, cut, table, tone
from reconciler.render.sheet import Sheet

LIMIT = 150
"""Models that a picture shows, and that many times four arrows; nobody reads more."""

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _EDGE = 200, 42, 56, 12, 6
_RANK: Final = {"undeploy": 0, "redeploy": 1, "deploy": 2, "adopt": 3, "export": 4}

Place = tuple[int, int]
"""The upper left corner of a box."""


def order(sheet: Sheet, anchors: Mapping[str, str]) -> str:
    """The order of a plan as a figure, empty where nothing waits for anything; `anchors` are lines to link to."""
    nodes = tuple(dict.fromkeys(node for edge in sheet.edges for node in edge))
    if not nodes or sheet.kind != "plan":
        return ""
    shown = nodes[:LIMIT]
    known = set(shown)
    fitting = [edge for edge in sheet.edges if known.issuperset(edge)]
    edges = fitting[: 4 * LIMIT]
    places = _places(_layers(shown, edges))
    width = max(x for x, _ in places.values()) + _WIDTH + _EDGE
    height = max(y for _, y in places.values()) + _HEIGHT + _EDGE
    rules = _rules(sheet)
    more = f" The first {LIMIT} of {len(nodes):,} models are shown." if len(nodes) > LIMIT else ""
    more += f" {len(fitting) - len(edges):,} more arrows are left out." if len(fitting) > len(edges) else ""
    arrows = "".join(f'<path d="{_curve(places[first], places[then])}"/>' for first, then in edges)
    boxes = "".join(_box(node, places[node], rules.get(node, ""), anchors.get(node)) for node in shown)
    picture = (
        f'<svg class="order" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="group" '
        f'aria-labelledby="order-title order-desc"><title id="order-title">Order of {len(nodes):,} models</title>'
        f'<desc id="order-desc">An arrow leads from what is done first to what waits for it; the table below says '
        f'the same.</desc><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs><g class="arrows">{arrows}</g>{boxes}</svg>'
    )
    return (
        f'<section class="picture" id="order"><h2>Order</h2>'
        f'<p class="hint">What stands to the left is done first.{more}</p>'
        f'<figure class="scroll" role="region" tabindex="0" aria-label="Order">{picture}</figure>'
        f"{table('Who is acted on before whom', ('First', 'Then'), edges)}</section>"
    )


def _rules(sheet: Sheet) -> dict[str, str]:
    """What is done to each model; where that is several things, what matters more."""
    found: dict[str, str] = {}
    for line in sheet.lines:
        if line.rule in _RANK and _RANK[line.rule] < _RANK.get(found.get(line.address, ""), 9):
            found[line.address] = line.rule
    return found


def _layers(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Each model one column after the last that it waits for; a circle, which no plan has, holds nothing up."""
    after: dict[str, list[str]] = defaultdict(list)
    before: dict[str, list[str]] = defaultdict(list)
    for first, then in edges:
        after[first].append(then)
        before[then].append(first)
    missing = {node: len(before[node]) for node in nodes}
    column = dict.fromkeys(nodes, 0)
    ready = [node for node in nodes if not missing[node]]
    for node in ready:
        for then in after[node]:
            column[then] = max(column[then], column[node] + 1)
            missing[then] -= 1
            if not missing[then]:
                ready.append(then)
    layers: list[list[str]] = [[] for _ in range(max(column.values()) + 1)]
    for node in nodes:
        layers[column[node]].append(node)
    row: dict[str, float] = {}
    for layer in layers:
        layer.sort(key=lambda node: _mean([row[first] for first in before[node] if first in row]))
        row |= {node: index - len(layer) / 2 for index, node in enumerate(layer)}
    return [layer for layer in layers if layer]


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0


def _places(layers: Sequence[Sequence[str]]) -> dict[str, Place]:
    return {node: place for column, layer in enumerate(layers) for node, place in _column(column, layer, layers)}


def _column(column: int, layer: Sequence[str], layers: Sequence[Sequence[str]]) -> Iterator[tuple[str, Place]]:
    """Columns stand in the middle of the highest one."""
    highest = max(map(len, layers))
    top = _EDGE + (highest - len(layer)) * (_HEIGHT + _GAP_Y) // 2
    for row, node in enumerate(layer):
        yield node, (_EDGE + column * (_WIDTH + _GAP_X), top + row * (_HEIGHT + _GAP_Y))


def _curve(first: Place, then: Place) -> str:
    x1, y1 = first[0] + _WIDTH, first[1] + _HEIGHT // 2
    x2, y2 = then[0] - 2, then[1] + _HEIGHT // 2
    bend = max((x2 - x1) // 2, 30)
    return f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"


def _box(node: str, place: Place, rule: str, anchor: str | None) -> str:
    x, y = place
    platform, slash, rest = node.partition("/")
    box = (
        f'<g class="{tone(rule)}"><title>{cut(f"{node}: {rule}" if rule else node, 200)}</title>'
        f'<rect class="box" x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="5"/>'
        f'<rect class="edge" x="{x}" y="{y + 6}" width="3" height="{_HEIGHT - 12}"/>'
        f'<text class="strong" x="{x + 12}" y="{y + 18}">{cut(rest if slash else platform, 27)}</text>'
        f'<text class="tone" x="{x + 12}" y="{y + 33}">{MARKS[rule][0] if rule else ""} {rule}</text>'
        f'<text class="quiet end" x="{x + _WIDTH - 10}" y="{y + 33}">{cut(platform, 14) if slash else ""}</text></g>'
    )
    return f'<a href="#{anchor}">{box}</a>' if anchor else box
