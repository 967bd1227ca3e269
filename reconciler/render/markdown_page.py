"""The one form of every page of Markdown: a hidden marker, a verdict, sections that fit a comment, a foot.

What counts most claims its room first; what no room is left for is counted. Only what must be shown may go beyond."""

import re
from collections.abc import Sequence
from hashlib import sha256

from msgspec import Struct

from reconciler.render.safe import markdown, markdown_code
from reconciler.render.words import clip, split_command

LIMIT = 60_000
"""Characters of a comment. GitHub takes 65,536 and refuses what is longer."""

_MORE = 40
"""Room kept for the line that counts what is left out."""


class Form(Struct, frozen=True, kw_only=True):
    """Entries with what stands before, between and after them; `none` is shown instead where no entry fits."""

    before: str
    entries: tuple[str, ...]
    none: str
    between: str = "\n"
    after: str = ""

    @property
    def whole(self) -> str:
        """The form with all its entries."""
        return f"{self.before}{self.between.join(self.entries)}{self.after}"

    def cut(self, room: int) -> str:
        """The form with as many entries as fit, and the number of the others."""
        room -= len(self.before) + len(self.after) + _MORE
        shown: list[str] = []
        for entry in self.entries:
            room -= len(entry) + len(self.between)
            if room < 0:
                break
            shown.append(entry)
        if not shown:
            return self.none
        left = len(self.entries) - len(shown)
        return f"{self.before}{self.between.join(shown)}\n\nand {left:,} more{self.after}"


class Section(Struct, frozen=True, kw_only=True):
    """A part of a page, shown where it stands. A lower `rank` claims its room earlier. `forms` go from the richest to
    the poorest. Of a section that is `kept` every entry is shown, whatever room that takes."""

    rank: int
    forms: tuple[Form, ...]
    kept: bool = False

    @property
    def least(self) -> int:
        """The room to keep for it while others claim theirs."""
        return max(len(self.forms[-1].whole), _MORE) if self.kept else len(self.forms[-1].none)

    def within(self, room: int) -> str:
        """The section in so many characters."""
        whole = next((form.whole for form in self.forms if len(form.whole) <= room), None)
        if whole is not None:
            return whole
        return self.forms[-1].whole if self.kept else self.forms[-1].cut(room)


def page(kind: str, marker: str, head: str, sections: Sequence[Section], foot: str, *, limit: int) -> str:
    """A page of at most `limit` characters, unless what is kept alone takes more. `marker` tells one comment from
    another, so that each is kept up to date instead of posted again."""
    top = f"<!-- reconciler:{kind}:{_name(marker)} -->\n{head}"
    gap = "\n\n"
    room = limit - len(top) - len(foot) - len(gap) * (len(sections) + 1) - 1
    room -= sum(section.least for section in sections)
    texts: dict[int, str] = {}
    for index in sorted(range(len(sections)), key=lambda index: sections[index].rank):
        room += sections[index].least
        texts[index] = sections[index].within(room)
        room -= len(texts[index])
    return gap.join((top, *(texts[index] for index in range(len(sections))), foot)) + "\n"


def _name(marker: str) -> str:
    """`marker` in few plain letters. Where that is another text, a digest keeps apart what now reads the same."""
    name = re.sub(r"[^A-Za-z0-9_.]+", "-", marker).strip("-")
    digest = sha256(marker.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return (name if name == marker else f"{name or 'default'}-{digest}") or "default"


def heading(verdict: str, caveats: Sequence[str]) -> str:
    """The verdict as a heading, and what must be known with it."""
    notes = " ".join(f"**{markdown(clip(caveat))}**" for caveat in caveats)
    return f"## {markdown(verdict)}\n\n{notes}" if notes else f"## {markdown(verdict)}"


def cell(*lines: str, strong: bool = False) -> str:
    """Untrusted lines as one cell of a table; a command that a line ends with can be copied."""
    shown = "<br>".join(_said(clip(line)) for line in lines if line)
    return f"**{shown}**" if strong and shown else shown


def _said(line: str) -> str:
    told, command = split_command(line)
    whole = command and "|" not in command and not command.endswith("…")
    return f"{markdown(told)}: {markdown_code(command)}" if whole else markdown(line)


def address_cell(address: str) -> str:
    """An address as a cell: whole, however long."""
    return f"**{markdown(address)}**"


def row(*cells: str) -> str:
    """One row of a table."""
    return f"| {' | '.join(cells)} |"


def table(title: str, columns: Sequence[str], rows: Sequence[str]) -> Form:
    """Rows under a title."""
    top = f"### {title}\n\n{row(*columns)}\n{row(*['---'] * len(columns))}\n"
    return Form(before=top, entries=tuple(rows), none=f"### {title}\n\n{len(rows):,}, for which there is no room here")


def listing(title: str, addresses: Sequence[str]) -> Form:
    """Names under a title. No line begins with one: GitLab takes a `/close` that begins a line for an order."""
    return Form(
        before=f"### {title}\n\nModels: ",
        entries=tuple(markdown(address) for address in addresses),
        none=f"### {title}\n\n{len(addresses):,}, for which there is no room here",
        between=", ",
    )


def grouped(title: str, addresses: Sequence[str]) -> Form:
    """Names under a title, as short as they can be said: no platform is named twice, and nothing needs an escape."""
    by_platform: dict[str, list[str]] = {}
    for address in addresses:
        platform, slash, name = address.partition("/")
        by_platform.setdefault(platform + slash, []).append(name)
    return Form(
        before=f"### {title}\n\n",
        entries=tuple(
            f"Models of {markdown_code(platform)}: {markdown_code(', '.join(found))}"
            for platform, found in by_platform.items()
        ),
        none=f"### {title}\n\n{len(addresses):,}, for which there is no room here",
        between="\n\n",
    )


def folded(title: str, addresses: Sequence[str]) -> Form:
    """Names under a title that opens when asked to."""
    return Form(
        before=f"<details><summary>{title}</summary>\n\nModels: ",
        entries=tuple(markdown(address) for address in addresses),
        none=title,
        between=", ",
        after="\n\n</details>",
    )


def fenced(text: str) -> str:
    """A block to copy from. `text` is one line."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sh\n{text}\n{fence}"
