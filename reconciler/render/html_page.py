"""A sheet as one HTML page that needs nothing but itself: no request leaves it, and no text in it can run.

Everything is shown without scripts; a script adds a filter, an order and a choice of light or dark. The page's own
policy lets no other script or style run than those two, told by their hashes."""

from base64 import b64encode
from collections import Counter
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

from reconciler.render.html_marks import MARKS, anchors, command, mark
from reconciler.render.html_nights import nights
from reconciler.render.html_order import order
from reconciler.render.html_rows import Row, platforms, rows_html, stops
from reconciler.render.html_timeline import timeline
from reconciler.render.safe import html
from reconciler.render.sheet import RULES, Level, Sheet
from reconciler.render.words import stamp

MANY = 300
"""Lines from which on a browser draws only those in sight."""

_EARLY: Final = """(()=>{const root=document.documentElement;root.classList.add("js");try{
const theme=localStorage.getItem("reconciler-theme");if(theme==="dark"||theme==="light")root.dataset.theme=theme;
}catch{}})();"""
"""Runs before anything is drawn, so that a page in the dark does not flash."""


def html_page(sheet: Sheet) -> str:
    """The whole page."""
    rows = [Row(line, anchor) for line, anchor in zip(sheet.lines, anchors(sheet.lines), strict=True)]
    first = {row.line.address: row.anchor for row in reversed(rows)}
    many = "many" if len(rows) > MANY else ""
    style, script = _file("page.css"), _file("page.js")
    where = f" · {html(sheet.environment)}" if sheet.environment else ""
    return (
        f'<!DOCTYPE html>\n<html lang="en" data-kind="{html(sheet.kind)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
        f'<meta name="robots" content="noindex"><link rel="icon" href="data:,">'
        f"<title>{html(sheet.verdict)}{where}</title><style>{style}</style><script>{_EARLY}</script></head>\n"
        f'<body><a class="skip" href="#lines">Skip to the lines</a>\n{_header(sheet)}\n<main>{_facts(sheet)}'
        f"{_counts(sheet)}"
        f'<section id="lines" class="{many}" aria-label="Lines" tabindex="-1">{_tools(sheet)}\n'
        f"{rows_html(sheet, rows)}</section>\n"
        f"{timeline(sheet)}{order(sheet, first)}{nights(sheet)}</main>\n"
        f"<footer>reconciler {html(sheet.tool_version)} · {stamp(sheet.at)}</footer>"
        f"<script>{script}</script></body></html>\n"
    )


@cache
def _file(name: str) -> str:
    return files("reconciler.render").joinpath("page", name).read_text("utf-8")


@cache
def _policy(style: str, script: str) -> str:
    scripts = f"{_hash(_EARLY)} {_hash(script)}"
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {scripts}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _header(sheet: Sheet) -> str:
    where = f'<span class="where">{html(sheet.environment)}</span>' if sheet.environment else ""
    caveats = "".join(f"<li>{html(text)}</li>" for text in sheet.caveats)
    stopped = " stopped" if any(map(stops, sheet.lines)) else ""
    banner = f'<ul class="caveats{stopped}" aria-label="Know before you trust this">{caveats}</ul>' if caveats else ""
    return (
        f'<header class="{_worst(sheet)}"><p class="what"><span class="brand">reconciler {html(sheet.kind)}</span>'
        f'{where}<time datetime="{sheet.at.isoformat()}">{stamp(sheet.at)}</time>'
        f'<button id="theme" type="button" hidden>Dark</button></p><h1>{html(sheet.verdict)}</h1>{banner}</header>'
    )


def _worst(sheet: Sheet) -> Level:
    """What the dot beside the title says: it is not green where a run did not do all, or not everything was read."""
    levels = {line.level for line in sheet.lines}
    if Level.ERROR in levels:
        return Level.ERROR
    return Level.GOOD if sheet.ok and sheet.complete and Level.WARNING not in levels else Level.WARNING


def _facts(sheet: Sheet) -> str:
    items = "".join(
        f"<div><dt>{html(name)}</dt><dd>{html(text)}</dd></div>" for name, text in sheet.facts if name != "Next"
    )
    commands = "".join(
        f'<div class="next"><dt>Next</dt><dd>{command(text)}'
        f'<button class="copy" type="button" hidden>Copy</button></dd></div>'
        for name, text in sheet.facts
        if name == "Next"
    )
    return f'<dl class="facts">{items}{commands}</dl>' if sheet.facts else ""


def _counts(sheet: Sheet) -> str:
    """How many lines there are of each kind; a script makes them buttons that filter."""
    found = Counter(line.rule for line in sheet.lines) + Counter(tag for line in sheet.lines for tag in line.tags)
    words = {line.rule: line.word for line in sheet.lines}
    items = "".join(
        f'<li data-filter="{rule}"{_titled(rule)}><b>{found[rule]:,}</b> {mark(rule, words.get(rule, rule))}</li>'
        for rule in MARKS
        if found[rule]
    )
    return f'<ul class="counts" aria-label="Lines by kind">{items}</ul>' if items else ""


def _titled(rule: str) -> str:
    return f' title="{html(RULES[rule].title)}"' if rule in RULES else ""


def _tools(sheet: Sheet) -> str:
    """What filters the lines; hidden until a script stands behind it."""
    places = "".join(f'<option value="{html(name)}">{html(name)}</option>' for name in platforms(sheet))
    levels = "".join(f'<option value="{level}">{level}</option>' for level in reversed(Level))
    return (
        '<div id="tools" role="search" aria-label="Filter" hidden>'
        '<label class="find"><span>Find</span><input id="find" type="search" autocomplete="off" spellcheck="false" '
        'placeholder="model, reason, file, owner"></label>'
        f'<label><span>Level</span><select id="level"><option value="">all</option>{levels}</select></label>'
        f'<label><span>Platform</span><select id="platform"><option value="">all</option>{places}</select></label>'
        '<button id="clear" type="button" hidden>Clear</button>'
        '<p id="status" role="status"></p></div><p class="none" id="nothing" hidden>No line fits this filter.</p>'
    )
