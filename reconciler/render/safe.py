"""Untrusted text made harmless for one sink, on one line. Nothing here lays out or decides.

Names, words and errors come from pull requests and from platforms. Whatever they hold, they may neither steer a
terminal, run a command of a CI log, link or mention anything in a comment, nor break a document."""

import re
from html import escape

_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""What Unicode lets a screen ignore although `str.isprintable` takes it for printable."""

_BLANKS = re.compile("(?<= ) ")
"""Blanks after a blank: with enough of them a name could draw a column or push text out of sight."""

_LOG_COMMAND = re.compile("(?<=:):|(?<=#)#")
"""The second half of `::` (GitHub) and of `##[`, `##vso[`, `##teamcity[` (GitHub, Azure, TeamCity)."""

_REFERENCE = re.compile(r"[@#]|:(?=//)|:(?=[\w+-]+:)|www(?=\.)|\bgh(?=-\d)", re.IGNORECASE)
"""The start of what GitHub and GitLab turn into a mention, an issue, a link or an emoji."""

_BREAK = "\u200b"
"""An invisible break. `terminal` lets none through, so each that is seen later is ours."""

_MARKDOWN = str.maketrans(
    {
        **{sign: "\\" + sign for sign in "\\`*_[]()!#~@$^"},
        "<": "&lt;",
        ">": "&gt;",
        "&": "&amp;",
        "|": "&#124;",  # renderers differ in how they count the backslashes before it
        _BREAK: "&#8203;",
    }
)


def terminal(text: str) -> str:
    """`text` for a terminal: what does not show, or steers, becomes a visible escape such as `\\x1b` or `\\u202e`.

    That is all of Unicode's categories Other (control, format, surrogate, private, unassigned) and Separator but a
    single plain blank, and the few letters and marks that are blank by design."""
    if text.isprintable() and "  " not in text and (text.isascii() or not _INVISIBLE.search(text)):
        return text
    shown = "".join(sign if sign.isprintable() and not _INVISIBLE.match(sign) else _escaped(sign) for sign in text)
    return _BLANKS.sub(r"\\x20", shown)


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")


def ci(text: str) -> str:
    """`text` for a terminal that may be the log of a CI job: no log command is left in it, wherever a line begins."""
    shown = terminal(text)
    if "::" not in shown and "##" not in shown:
        return shown
    return _LOG_COMMAND.sub(lambda match: f"\\x{ord(match[0]):02x}", shown)


def markdown(text: str) -> str:
    """`text` as plain words inside a line of Markdown, also of a table: no markup, link, image, mention or emoji.

    It never begins a line by itself: lists, headings and GitLab's `/commands` are told by how a line begins."""
    return _REFERENCE.sub(rf"\g<0>{_BREAK}", terminal(text)).translate(_MARKDOWN)


def markdown_code(text: str) -> str:
    """`text`, exact and copyable, as a code span of Markdown; not for tables, where a `|` would still divide."""
    shown = terminal(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    gap = " " if shown.startswith("`") or shown.endswith("`") or not shown.strip() else ""
    return f"{fence}{gap}{shown}{gap}{fence}"


def html(text: str) -> str:
    """`text` for the content or a quoted attribute of HTML."""
    return escape(terminal(text), quote=True)


def xml(text: str) -> str:
    """`text` for the content or a quoted attribute of XML 1.0, free of the characters that XML forbids."""
    return html(text)
