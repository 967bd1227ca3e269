"""Keys that never print, and the one filter that takes them out of every text the tool writes."""

import base64
import json
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, quote_plus

MASK: Final = "•••"

# Seen in public code; used only to recognise what must not be shown.
_SHAPES = re.compile(
    r"\bkg-[0-9a-f]{6,}-[0-9a-f-]{16,}|\bnugen-[0-9a-f]{16}\b"
    r"|(?i:(?<=x-api-key: )|(?<=bearer )|(?<=basic ))(?!\{)[^\s'\",;]+"
    r"|(?i:(?<=[?&]sig=)|(?<=[?&]token=)|(?<=[?&]signature=)|(?<=[?&]x-amz-signature=))[^\s&'\"]+"
)


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
        forms = {form for secret in secrets for form in _forms(secret.reveal())}
        self._forms = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """`text` without secrets."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        return _SHAPES.sub(MASK, text)


def _forms(text: str) -> set[str]:
    """The ways in which a key may stand in a text. Parts shorter than 4 characters would mask ordinary words."""
    raw = text.encode()
    encoded = [base64.b64encode(raw), base64.urlsafe_b64encode(raw)]
    forms = {text, quote(text, safe=""), quote_plus(text), json.dumps(text)[1:-1]}
    forms |= {value.decode().rstrip("=") for value in encoded}
    return {form for form in forms if len(form) >= 4}
