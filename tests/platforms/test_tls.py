"""Whom to trust: what the environment says about it, and what is said where that leads nowhere."""

from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest

from reconciler.errors import ConfigurationError
from reconciler.platforms.tls import ssl_context


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No variable that says whom to trust, and no context of before."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    ssl_context.cache_clear()
    yield
    ssl_context.cache_clear()


def test_certifi_is_trusted_where_nobody_says_more() -> None:
    assert len(ssl_context().get_ca_certs()) > 50


def test_a_file_of_certificates_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
    assert ssl_context().get_ca_certs()


@pytest.mark.parametrize(
    ("name", "path", "words"),
    [
        ("SSL_CERT_FILE", "missing.pem", "SSL_CERT_FILE: missing.pem: No such file or directory"),
        ("SSL_CERT_FILE", ".", "SSL_CERT_FILE: .: Is a directory"),
        ("SSL_CERT_FILE", "words.pem", "SSL_CERT_FILE: words.pem: holds no certificates"),
        ("SSL_CERT_DIR", "missing", "SSL_CERT_DIR: missing is no folder"),
    ],
)
def test_what_leads_nowhere_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, path: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "words.pem").write_text("no certificate")
    monkeypatch.setenv(name, path)
    with pytest.raises(ConfigurationError) as caught:
        ssl_context()
    assert str(caught.value) == words
