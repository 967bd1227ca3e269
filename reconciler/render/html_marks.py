"""What all parts of the HTML page share: signs, tones, anchors and names. The one place where a name becomes markup."""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from reconciler.render.safe import html
from reconciler.render.sheet import Line

MARKS: Final = {
    "undeploy": ("-", "red"),
    "redeploy": ("±", "blue"),
    "deploy": ("+", "green"),
    "export": ("↓", "violet"),
    "adopt": (">", "violet"),
    "error": ("✕", "red"),
    "failed": ("✕", "red"),
    "timed-out": ("✕", "red"),
    "uncertain": ("?", "amber"),
    "in-flight": ("…", "blue"),
    "skipped": ("/", "grey"),
    "succeeded": ("✓", "green"),
    "drifted": ("≠", "red"),
    "unknown": ("?", "amber"),
    "pending": ("»", "blue"),
    "blocked": ("!", "amber"),
    "unread": ("?", "red"),
    "guard": ("!", "amber"),
    "warning": ("!", "amber"),
    "resolved": ("✓", "green"),
    "unmanaged": ("·", "grey"),
    "unchanged": ("=", "grey"),
    "new": ("*", "red"),
    "ongoing": ("~", "grey"),
    "flapping": ("≈", "amber"),
    "acknowledged": ("✓", "grey"),
}
"""A sign and a tone for every kind of line and every tag; the word always stands beside them."""

_NOT_SLUG = re.compile("[^a-z0-9]+")


def tone(rule: str) -> str:
    """The class that colours a kind of line."""
    return MARKS.get(rule, ("", "grey"))[1]


def mark(rule: str, word: str, *, colour: str = "") -> str:
    """A kind of line: its sign, and its word; `colour` where a line is graver than others of its kind."""
    sign, usual = MARKS.get(rule, ("·", "grey"))
    return f'<span class="mark {colour or usual}"><i aria-hidden="true">{sign}</i>{html(word)}</span>'


def name(address: str) -> str:
    """An address, its platform told apart from its name; a line may break between them."""
    platform, slash, rest = address.partition("/")
    return f'<span class="pf">{html(platform)}/</span><wbr>{html(rest)}' if slash else html(address)


def command(text: str) -> str:
    """A command; it breaks between its words and not at a hyphen."""
    return "<code>" + " ".join(f"<span>{word}</span>" for word in html(text).split(" ")) + "</code>"


def cut(text: str, limit: int) -> str:
    """`text` as one line of a picture, harmless and with its end cut off; the whole stands in the picture's table."""
    return html(text if len(text) <= limit else f"{text[: limit - 1]}…")


def anchors(lines: Iterable[Line]) -> list[str]:
    """One id per line, made of its address and kind: the same on every page, and free of anything but a-z, 0-9, -."""
    taken: dict[str, int] = {}
    found = []
    for line in lines:
        slug = _NOT_SLUG.sub("-", line.address.lower())[:40].strip("-")
        exact = f"{line.address}\0{line.rule}".encode("utf-8", "surrogatepass")
        anchor = f"at-{slug}-{sha256(exact).hexdigest()[:8]}"
        taken[anchor] = taken.get(anchor, 0) + 1
        found.append(anchor if taken[anchor] == 1 else f"{anchor}-{taken[anchor]}")
    return found


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """What a picture shows, as a table behind a fold; takes plain texts."""
    head = "".join(f'<th scope="col">{html(text)}</th>' for text in heads)
    body = "".join(f"<tr>{''.join(f'<td>{html(text)}</td>' for text in row)}</tr>" for row in rows)
    return (
        f'<details class="alt"><summary>The same as a table</summary><div class="scroll" role="region" tabindex="0" '
        f'aria-label="{html(caption)}"><table><caption>{html(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></details>"
    )
