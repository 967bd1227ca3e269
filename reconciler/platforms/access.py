"""Where a platform is and by what key: bound together, outside the inventory. Checks addresses; opens nothing."""

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from reconciler.errors import ConfigurationError
from reconciler.secret import Secret

_LONGEST_KEY: Final = 8192  # more no server takes in a header
_FOUR_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
_HOST = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f:.]+\]"
)


class Access(Struct, frozen=True, kw_only=True):
    """One origin (`scheme://host:port`) and the key that is sent there and nowhere else, None for none."""

    origin: str
    key: Secret | None


class Credentials(Struct, frozen=True, kw_only=True):
    """All that reaches one platform: its API, and the inference address that probes are sent to, None for none."""

    api: Access
    probe: Access | None = None


def origin_of(url: str, name: str) -> str:
    """The origin of an address a person set; `name` is the variable it stands in, for messages.

    The pages show hosts with and without a scheme or a closing slash, so both are taken. Raises `ConfigurationError`
    for anything that is not a plain https address (http only on loopback), without repeating a password."""
    text = url.strip()
    if "@" in text:
        raise ConfigurationError(f"{name}: an address holds no user or password; set the key in its own variable")
    if any(char.isspace() for char in text):
        raise ConfigurationError(f"{name}: an address holds no spaces and no line ends")
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
    except ValueError:
        raise ConfigurationError(f"{name}: that is not an address; use https://HOST") from None
    try:
        port = parts.port
    except ValueError:
        raise ConfigurationError(f"{name}: {parts.netloc!r} has no usable port") from None
    host = parts.hostname or ""
    if parts.scheme not in ("https", "http"):
        raise ConfigurationError(f"{name}: {parts.scheme}:// is not spoken here; use https://HOST")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ConfigurationError(
            f"{name}: only scheme, host and port, like https://HOST; the paths are the definition's"
        )
    bracketed = f"[{host}]" if ":" in host else host
    numbers = _FOUR_NUMBERS.fullmatch(host) and not _is_address(host)
    if not _HOST.fullmatch(bracketed) or len(host) > 253 or numbers or not _is_readable(host):
        raise ConfigurationError(f"{name}: {host!r} is not a host name")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(f"{name}: plain http is refused but for loopback; use https://{bracketed}")
    default = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{bracketed}" + (f":{port}" if port not in (None, default) else "")


def _is_readable(host: str) -> bool:
    """Whether a name that stands for one in other letters (`xn--...`) stands for any."""
    try:
        host.encode("ascii").decode("idna")
    except UnicodeError:
        return "xn--" not in host.lower()
    return True


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def usable_key(text: str, name: str) -> Secret:
    """The key in `text`, its line end stripped. Raises `ConfigurationError`, without the value, if it can't be a
    key."""
    key = text.strip()
    if not key:
        raise ConfigurationError(f"{name} is empty")
    if len(key) > _LONGEST_KEY:
        raise ConfigurationError(f"{name} is longer than any key ({_LONGEST_KEY} characters): is it another file?")
    if key[0] in "'\"":
        raise ConfigurationError(f"{name} begins with a quote character; set the key without quotes")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigurationError(f"{name} holds characters that no key has (spaces, line ends or non-ASCII)")
    return Secret(key)


def variable(platform: str, suffix: str) -> str:
    """The environment variable of a platform: `RECONCILER_<PLATFORM>_<SUFFIX>`."""
    return f"RECONCILER_{platform.upper().replace('-', '_').replace('.', '_')}_{suffix}"
