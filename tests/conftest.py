"""What tests of several folders share: a real PostgreSQL."""

import os
import secrets
from collections.abc import Iterator

import pytest

from . import postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server, one per test process."""
    if postgres.binaries() is None:
        reason = "no PostgreSQL server on this machine (Debian: apt-get install postgresql)"
        if os.environ.get("RECONCILER_NEEDS_POSTGRES"):
            pytest.fail(reason)
        pytest.skip(reason)
    with postgres.serving() as address:
        yield address


@pytest.fixture
def database(postgres_server: str) -> str:
    """The address of an empty database."""
    return postgres.make_database(postgres_server, f"journal-{secrets.token_hex(4)}")
