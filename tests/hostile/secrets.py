"""The canaries, and every form in which one could have been let out."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

from .conftest import KEY, NUGEN_KEY, PLAN_KEY, PROBE_KEY

CANARIES = (KEY, NUGEN_KEY, PROBE_KEY, PLAN_KEY)


def forms(key: str) -> set[bytes]:
    """A key as it is, and as URLs, JSON, HTML, base64 and hex have it."""
    raw = key.encode()
    texts = {key, key.lower(), quote(key, safe=""), quote_plus(key), quote(key, safe="").lower()}
    texts |= {json.dumps(key)[1:-1], json.dumps(key)[1:-1].replace("/", "\\/"), html.escape(key), raw.hex()}
    texts |= {"".join(f"\\u{ord(sign):04x}" for sign in key), ascii(key)[1:-1]}
    found = {text.encode() for text in texts}
    for before in ("", "u", "us"):  # inside something longer, base64 begins at one of three bits
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            bits = 8 * len(before), 8 * (len(before) + len(raw))
            found.add(encode(before.encode() + raw)[-(-bits[0] // 6) : bits[1] // 6])
    return found


FORMS = tuple((form, form.lower()) for key in CANARIES for form in forms(key))


def found_in(content: bytes) -> set[bytes]:
    """The forms of canaries that stand somewhere in `content`, in letters of either case."""
    lower = content.lower()
    return {form for form, wanted in FORMS if wanted in lower}
