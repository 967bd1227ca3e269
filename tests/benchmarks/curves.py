"""How cost grows with the number of models: a table, and a picture with the straight lines of linear growth."""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from math import log10
from statistics import median
from typing import Final

from .goals import _inside
from .lab import Lab, World
from .measure import Spent

SIZES: Final = (100, 1_000, 10_000, 100_000)
COLOURS: Final = ("#1f6feb", "#1a7f37", "#cf222e", "#8250df")
Curve = Mapping[int, Spent]


def measured(lab: Lab) -> dict[str, Curve]:
    """CPU of whole commands, start-up taken off, which is what a run over one model costs."""
    found: dict[str, dict[int, Spent]] = {name: {} for name in ("A: plan, one read each", "B: plan by list")}
    found |= {"C: apply": {}, "load and validate": {}}
    sizes = SIZES[:3] if lab.quick else SIZES
    for models in sizes:
        rounds = range(700, 700 + (9 if models <= 1_000 else 1))  # a small cost is hard to tell from start-up
        for name, kind, every in (("A: plan, one read each", "kore", 2), ("B: plan by list", "nugen", 100)):
            runs = [lab.plan(kind, models, every=every, again=number).spent for number in rounds]
            found[name][models] = _middle(runs, [lab.plan(kind, 1, every=0, again=number).spent for number in rounds])
        runs = [lab.apply(models, every=2, latency=0.02, again=number).spent for number in rounds]
        found["C: apply"][models] = _middle(runs, [lab.apply(1, every=0, again=number).spent for number in rounds])
        with World("nugen", models, every=0) as world:
            cpu = median(_inside("load", str(world.folder)) for _ in rounds)
        found["load and validate"][models] = Spent(cpu=cpu, wall=cpu, memory=0)
    return dict(found)


def _middle(runs: Sequence[Spent], idle: Sequence[Spent]) -> Spent:
    return Spent(
        cpu=max(0.001, median(run.cpu for run in runs) - median(run.cpu for run in idle)),
        wall=median(run.wall for run in runs),
        memory=max(run.memory for run in runs),
    )


def table(curves: Mapping[str, Curve]) -> str:
    """CPU seconds by models, and how many times as much ten times the models cost."""
    sizes = sorted({size for curve in curves.values() for size in curve})
    lines = [
        "| CPU without start-up | " + " | ".join(f"{size:,} models" for size in sizes) + " | 10 x the models cost |",
        "|---|" + "---|" * (len(sizes) + 1),
    ]
    for name, curve in curves.items():
        cells = [_cell(curve[size]) if size in curve else "" for size in sizes]
        pairs = pairwise(sizes)
        growth = [f"{curve[b].cpu / curve[a].cpu:.1f} x" for a, b in pairs if a in curve and b in curve]
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {', '.join(growth)} |")
    return "\n".join(lines)


def _cell(spent: Spent) -> str:
    return f"{spent.cpu:.3g} s" + (f", {spent.memory:.0f} MB" if spent.memory else "")


def picture(curves: Mapping[str, Curve]) -> str:
    """An SVG: both axes logarithmic, dashed the straight line of linear growth that ends where each curve does."""
    width, height, left, top, right, bottom = 760, 460, 70, 56, 175, 50
    values = [spent.cpu for curve in curves.values() for spent in curve.values()]
    values += [curve[max(curve)].cpu * min(curve) / max(curve) for curve in curves.values()]
    low, high = 10.0 ** int(log10(min(values)) - 1), 10.0 ** int(log10(max(values)) + 1)
    first, last = (f(size for curve in curves.values() for size in curve) for f in (min, max))

    def x(models: float) -> float:
        return left + (width - left - right) * log10(models / first) / log10(last / first)

    def y(cpu: float) -> float:
        return height - bottom - (height - top - bottom) * log10(max(cpu, low) / low) / log10(high / low)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'font-family="system-ui, sans-serif" font-size="13" fill="#1f2328">',
        "<title>CPU by number of models</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{left}" y="24" font-size="16" font-weight="600">CPU by number of models, without start-up</text>',
        f'<text x="{left}" y="42" fill="#59636e">dashed: growth exactly in step with the '
        "models; a line that is steeper grows faster</text>",
    ]
    for power in range(round(log10(low)), round(log10(high)) + 1):
        at, shown = y(10.0**power), f"{10.0**power:g} s"
        parts.append(f'<path d="M{left} {at:.1f}H{width - right}" stroke="#d1d9e0"/>')
        parts.append(f'<text x="{left - 8}" y="{at + 4:.1f}" text-anchor="end" fill="#59636e">{shown}</text>')
    for power in range(round(log10(first)), round(log10(last)) + 1):
        at = x(10.0**power)
        parts.append(f'<path d="M{at:.1f} {top}V{height - bottom}" stroke="#d1d9e0"/>')
        text = f'<text x="{at:.1f}" y="{height - bottom + 20}" text-anchor="middle" fill="#59636e">{10**power:,}</text>'
        parts.append(text)
    middle = left + (width - left - right) / 2
    parts.append(f'<text x="{middle:.0f}" y="{height - 10}" text-anchor="middle" fill="#59636e">models</text>')
    labels: list[float] = []
    ends = sorted(zip(curves.items(), COLOURS, strict=False), key=lambda pair: y(pair[0][1][max(pair[0][1])].cpu))
    for (name, curve), colour in ends:
        points = [(x(size), y(spent.cpu)) for size, spent in sorted(curve.items())]
        start, size = min(curve), max(curve)
        straight = ((x(start), y(curve[size].cpu * start / size)), points[-1])
        for line, style in ((straight, 'stroke-dasharray="5 5" stroke-opacity="0.55"'), (points, 'stroke-width="2.5"')):
            path = "L".join(f"{a:.1f} {b:.1f}" for a, b in line)
            parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" {style}/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="4" fill="{colour}"/>' for a, b in points]
        at = max(points[-1][1] + 4, labels[-1] + 16 if labels else 0)
        labels.append(at)
        parts.append(f'<text x="{points[-1][0] + 12:.1f}" y="{at:.1f}" fill="{colour}">{escape(name)}</text>')
    return "\n".join((*parts, "</svg>")) + "\n"
