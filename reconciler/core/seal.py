"""Canonical JSON, digests and seals."""

import hashlib
import hmac
from typing import Any

import msgspec


def canonical(data: Any) -> bytes:
    """The one spelling of JSON data: keys in order, no spaces, UTF-8."""
    return msgspec.json.encode(data, order="deterministic")


def digest(data: Any) -> str:
    """`sha256:…` over the canonical form of JSON data."""
    return f"sha256:{hashlib.sha256(canonical(data)).hexdigest()}"


def seal(data: Any, key: str | None) -> str:
    """What shows that JSON data was not altered: its digest, or with a key an HMAC that only its holders can make."""
    if key is None:
        return digest(data)
    secret = key.encode("utf-8", "surrogateescape")  # the environment may hold any bytes
    return f"hmac-sha256:{hmac.new(secret, canonical(data), hashlib.sha256).hexdigest()}"


def sealed(data: Any, claimed: str, key: str | None) -> bool:
    """Whether `claimed` is the seal of `data`."""
    try:
        own = seal(data, key)
    except (UnicodeEncodeError, RecursionError):  # what has no canonical form was never sealed
        return False
    return hmac.compare_digest(own.encode(), claimed.encode("utf-8", "surrogatepass"))
