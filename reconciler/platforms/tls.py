"""The one TLS context of the process: making one costs more than a request."""

import os
import ssl
from functools import cache

from reconciler.errors import ConfigurationError


@cache
def ssl_context() -> ssl.SSLContext:
    """Trusts whom certifi trusts, or whom `SSL_CERT_FILE` or `SSL_CERT_DIR` say, as httpx does.

    Raises `ConfigurationError` where these lead to no certificates."""
    name = next((name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)), None)
    if name is None:
        import certifi

        return ssl.create_default_context(cafile=certifi.where())
    path = os.environ[name]
    if name == "SSL_CERT_DIR" and not os.path.isdir(path):
        raise ConfigurationError(f"{name}: {path} is no folder")
    try:
        folder = name == "SSL_CERT_DIR"
        return ssl.create_default_context(cafile=None if folder else path, capath=path if folder else None)
    except OSError as error:  # a file of something else raises one of its kind too
        why = "holds no certificates" if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigurationError(f"{name}: {path}: {why}") from error
