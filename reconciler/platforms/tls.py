"""The one TLS context of the process: making one costs more than a request."""

import os
import ssl
from functools import cache


@cache
def ssl_context() -> ssl.SSLContext:
    """Trusts whom certifi trusts, or whom `SSL_CERT_FILE` or `SSL_CERT_DIR` say, as httpx does."""
    if file := os.environ.get("SSL_CERT_FILE"):
        return ssl.create_default_context(cafile=file)
    if folder := os.environ.get("SSL_CERT_DIR"):
        return ssl.create_default_context(capath=folder)
    import certifi

    return ssl.create_default_context(cafile=certifi.where())
