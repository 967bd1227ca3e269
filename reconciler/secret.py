"""Keys that never print, and the one filter that takes them out of every text the tool writes."""

import base64
import json
import re
from collections.abc import Callable, Iterable
from typing import Final

MASK: Final = "•••"

SHORTEST: Final = 8
"""A key of fewer characters, as of a server for trials, is not filtered: it may be part of any id or word."""

# Seen in public code; used only to recognise what must not be shown.
_SHAPES = re.compile(
    r"\bkg-[0-9a-f]{6,}-[0-9a-f-]{16,}|\bnugen-[0-9a-f]{16}\b"
    r"|(?i:(?<=x-api-key: )|(?<=bearer )|(?<=basic ))(?!\{)[^\s'\",;]+"
    r"|(?i:(?<=[?&]sig=)|(?<=[?&]token=)|(?<=[?&]signature=)|(?<=[?&]x-amz-signature=))[^\s&'\"]+"
)

_SIGNS: Final = ("kg-", "nugen-", "x-api-key: ", "bearer ", "basic ", "sig=", "token=", "signature=")
"""What stands in every line that one of these shapes is in: to look for it is fifty times quicker."""


class Secret:
    """A key. Its text shows only through `reveal`; printing, formatting or comparing it shows nothing."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The key itself: only for the header it is sent in, and for the filter that removes it."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not to be copied out of the process")


class Redactor:
    """Takes every known key, plain or escaped, and whatever looks like one, out of a text."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        known = [secret.reveal() for secret in secrets]
        longest_first = sorted({form for text in known for form in _forms(text)}, key=len, reverse=True)
        # Hosts and escapes come back in other letters, so letters of either case are taken for the same.
        self._forms = [(form.lower(), re.compile(re.escape(form), re.IGNORECASE)) for form in longest_first]
        self._mixed = [_mixed(text) for text in sorted(known, key=len, reverse=True) if len(text) >= SHORTEST]

    def __call__(self, text: str) -> str:
        """`text` without secrets."""
        text = self._without_keys(text, MASK)
        if not _suspect(text):
            return text
        return "\n".join(_SHAPES.sub(MASK, line) if _suspect(line) else line for line in text.split("\n"))

    def clean(self, body: bytes) -> bytes:
        """The body of an answer without the known keys. Its addresses and signatures stay: they are to be used."""
        return self._without_keys(body.decode("latin-1"), MASK.encode().decode("latin-1")).encode("latin-1")

    def _without_keys(self, text: str, mask: str) -> str:
        if self._mixed and _ESCAPE.search(text):  # first: of a key that is escaped in part no backslash stays
            for pattern in self._mixed:
                text = pattern.sub(mask, text)
        lower = text.lower()
        for form, pattern in self._forms:
            if form in lower:
                text = pattern.sub(mask, text)
        return text


def _suspect(text: str) -> bool:
    folded = text.casefold()
    return any(sign in folded for sign in _SIGNS)


_ESCAPE = re.compile(r"[%&\\]")

_BREAK = "(?:\u200b|&\\#8203;)?"
"""What this tool itself puts between the letters of what could be a link or a mention."""


def _mixed(text: str) -> re.Pattern[str]:
    """The key with any of its characters escaped in any way: for a URL, for JSON, HTML, Markdown or a terminal."""
    return re.compile(_BREAK.join(map(_any_way, text)), re.IGNORECASE)


def _any_way(sign: str) -> str:
    from html import escape  # with a table of all entities

    raw, units = sign.encode("utf-8", "surrogateescape"), sign.encode("utf-16-be", "surrogatepass")
    ways = [
        rf"\\*{re.escape(sign)}",
        "".join(f"%{byte:02x}" for byte in raw),
        "".join(rf"\\+u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)),
        rf"\\+x{ord(sign):02x}",
        rf"&\#0*{ord(sign)};?",
        rf"&\#x0*{ord(sign):x};?",
        *(re.escape(form) for form in {escape(sign), json.dumps(sign)[1:-1]} - {sign}),
    ]
    return f"(?:{'|'.join(ways)})"


def _forms(text: str) -> set[str]:
    """The key as it is, and encoded as a whole; none of one so short that it is part of ordinary words."""
    if len(text) < SHORTEST:
        return set()
    raw = text.encode("utf-8", "surrogateescape")  # the environment may hold any bytes
    encoded = {form for encode in (base64.b64encode, base64.urlsafe_b64encode) for form in _base64(raw, encode)}
    return {text, raw.hex(), *encoded}


def _base64(raw: bytes, encode: Callable[[bytes], bytes]) -> Iterable[str]:
    """The key alone, and what shows of it inside something longer, as in `user:KEY`, wherever it begins there."""
    yield encode(raw).decode().rstrip("=")
    for before in range(3):
        bits = 8 * before, 8 * (before + len(raw))
        yield encode(b"\0" * before + raw).decode()[-(-bits[0] // 6) : bits[1] // 6]
