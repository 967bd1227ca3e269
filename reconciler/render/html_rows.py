"""The lines of the HTML page: one table in sections, and behind folds what is left alone."""

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from reconciler.render.html_marks import command, mark, name
from reconciler.render.safe import html
from reconciler.render.sheet import GENERAL, Level, Line, Sheet
from reconciler.render.words import count, span, split_command

_GONE: Final = "Taken out of service"
_WRONG: Final = "Went wrong"

_ACTIONS: Final = frozenset({"undeploy", "deploy", "redeploy", "export", "adopt"})

_FOLDED: Final = {"unchanged": "As wanted, left alone", "unmanaged": "Not in the inventory, never touched"}


class Row(Struct, frozen=True):
    """A line and the id it is linked by."""

    line: Line
    anchor: str


def rows_html(sheet: Sheet, rows: Sequence[Row]) -> str:
    """All lines: first the table, by section, then the folds."""
    open_rows = [row for row in rows if row.line.rule not in _FOLDED]
    parts = [_table(sheet, open_rows)] if open_rows else []
    for rule, title in _FOLDED.items():
        if folded := [row for row in rows if row.line.rule == rule]:
            parts.append(_fold(rule, title, folded, opened=not open_rows and len(rows) <= 60))
    return "".join(parts) or '<p class="none">There is nothing to list.</p>'


def stops(line: Line) -> bool:
    """Whether this is a guard that lets nothing run."""
    return line.rule == "guard" and line.level is Level.ERROR


def _table(sheet: Sheet, rows: Sequence[Row]) -> str:
    titles, place = _sections(sheet)
    by_title: dict[str, list[Row]] = {title: [] for title in titles}
    for row in rows:
        by_title[place(row.line)].append(row)
    if gone := by_title.get(_GONE):
        first = {address: place for place, address in enumerate(dict.fromkeys(row.line.address for row in gone))}
        gone.sort(key=lambda row: first[row.line.address])
    placed = any(row.line.source for row in rows)
    timed = any(row.line.seconds is not None for row in rows)
    heads = [("kind", "What"), ("model", "Model"), ("", "Why, and what is known")]
    heads += [("place", "Where")] if placed else []
    heads += [("took", "Took")] if timed else []
    head = "".join(
        f'<th scope="col" class="{key}" data-sort="{key}">{title}</th>' if key else f'<th scope="col">{title}</th>'
        for key, title in heads
    )
    bodies = "".join(
        f'\n<tbody><tr class="group"><th scope="rowgroup" colspan="{len(heads)}">{title} '
        f'<span class="n">{_number(found)}</span></th></tr>'
        f"{_rows(found, placed=placed, timed=timed)}</tbody>"
        for title, found in by_title.items()
        if found
    )
    shape = f"lines{' placed' if placed else ''}{' timed' if timed else ''}"
    return f'<table class="{shape}"><thead><tr>{head}</tr></thead>{bodies}</table>'


def _number(rows: Sequence[Row]) -> str:
    """How many lines, or how many models where one has several lines."""
    models = len({row.line.address for row in rows})
    return f"{len(rows):,}" if models == len(rows) else f"{count(models, 'model')}, {count(len(rows), 'line')}"


def _sections(sheet: Sheet) -> tuple[tuple[str, ...], Callable[[Line], str]]:
    """The titles of the sections in order, and the title under which a line stands."""
    if sheet.kind == "plan":
        gone = {line.address for line in sheet.lines if line.destructive}

        def of_plan(line: Line) -> str:
            if line.rule == "error":
                return _WRONG
            if line.rule not in _ACTIONS:
                return "To be settled"
            return _GONE if line.address in gone else "Other actions"

        return (_WRONG, _GONE, "Other actions", "To be settled"), of_plan
    return (_REPORT, _of_report) if sheet.kind == "report" else (_DRIFT, _of_drift)


_REPORT: Final = (_WRONG, "Not finished", _GONE, "Done", "Blocked", "Could not be read")


def _of_report(line: Line) -> str:
    if title := {"unread": "Could not be read", "blocked": "Blocked"}.get(line.rule):
        return title
    if line.level in (Level.ERROR, Level.WARNING):
        return _WRONG if line.level is Level.ERROR else "Not finished"
    return _GONE if line.destructive else "Done"


_DRIFT: Final = (_WRONG, "New", "Drift", "Ongoing", "Could not be read", "Acknowledged", "Resolved")


def _of_drift(line: Line) -> str:
    fixed = {"error": _WRONG, "unread": "Could not be read", "resolved": "Resolved"}
    return fixed.get(line.rule) or (line.tags[0].capitalize() if line.tags else "Drift")


def _rows(rows: Sequence[Row], *, placed: bool, timed: bool) -> str:
    before = (None, *(row.line.address for row in rows))
    return "".join(
        _row(row, placed=placed, timed=timed, step=row.line.address == above)
        for row, above in zip(rows, before, strict=False)
    )


def _row(row: Row, *, placed: bool, timed: bool, step: bool) -> str:
    line = row.line
    cells = [
        f'<td class="kind">{mark(line.rule, line.word, colour="red" if stops(line) else "")}</td>',
        f'<td class="model">{_model(row)}</td>',
        f'<td class="why">{_why(line)}</td>',
    ]
    if placed:
        source = f"{html(line.source.file)}:<wbr>{line.source.line}" if line.source else ""
        cells.append(f'<td class="place">{source}</td>')
    if timed:
        took = f' data-took="{line.seconds:.1f}">{span(line.seconds)}' if line.seconds is not None else ">"
        cells.append(f'<td class="took"{took}</td>')
    look = ' class="step"' if step else ""
    return f"\n<tr{look} {_data(row)}>{''.join(cells)}</tr>"


def _data(row: Row) -> str:
    line = row.line
    kinds = " ".join((line.rule, *line.tags))
    return (
        f'id="{row.anchor}" data-kind="{html(kinds)}" data-level="{line.level}" data-platform="{html(_platform(line))}"'
    )


def _platform(line: Line) -> str:
    return "" if line.rule in GENERAL else line.platform


def platforms(sheet: Sheet) -> list[str]:
    """What can be chosen as a platform."""
    return sorted({_platform(line) for line in sheet.lines} - {""})


def _model(row: Row) -> str:
    line = row.line
    before, arrow, after = line.summary.partition(" -> ")
    moved = f'{html(before)} <span class="to">→</span> {html(after)}' if arrow else html(line.summary)
    tags = "".join(f" {mark(tag, tag)}" for tag in line.tags)
    return (
        f'<a class="name" href="#{row.anchor}">{name(line.address)}</a>'
        + (f'<span class="moved">{moved}</span>' if moved else "")
        + (f'<span class="owner">owner {html(line.owner)}</span>' if line.owner else "")
        + (f'<span class="tags">{tags}</span>' if tags else "")
    )


def _why(line: Line) -> str:
    first, *others = (_sentence(text) for text in line.details or ("",))
    more = "".join(f"<li>{text}</li>" for text in others)
    return (f"<p>{first}</p>" if first else "") + (f'<ul class="more">{more}</ul>' if more else "")


def _sentence(text: str) -> str:
    """A sentence; the command that it ends with can be told from it."""
    told, advised = split_command(text)
    if advised:
        return f"{html(told)}: {command(advised)}"
    return f'<strong class="last">{html(text)}</strong>' if text.startswith("can't be undone") else html(text)


def _fold(rule: str, title: str, rows: Sequence[Row], *, opened: bool) -> str:
    items = "".join(f'\n<li {_data(row)}><a href="#{row.anchor}">{name(row.line.address)}</a></li>' for row in rows)
    return (
        f'\n<details class="fold"{" open" if opened else ""}><summary>{mark(rule, title)} '
        f'<span class="n">{len(rows):,}</span></summary><ul class="names">{items}</ul></details>'
    )
