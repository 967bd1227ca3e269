"""A real PostgreSQL for tests, on loopback, started from the binaries of the machine and gone after."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg

USER = "reconciler"
PASSWORD = "canary-of-the-database"


def binaries() -> Path | None:
    """Where the server's programs are, None where there are none. Debian keeps them out of the PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "postgres").exists()), None)


@contextmanager
def serving(port: int | None = None) -> Iterator[str]:
    """A server; its address, without a database. It speaks TCP only, with a password."""
    programs = binaries()
    assert programs is not None
    port = port or _free_port()
    # The server refuses to run as root.
    user = "nobody" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        (folder / "password").write_text(PASSWORD)
        for path in (folder, folder / "password"):
            if user:
                shutil.chown(path, user)
        arguments = ["-D", str(folder / "data"), "-U", USER, "-A", "scram-sha-256", "--no-sync", "-E", "UTF8"]
        subprocess.run(
            [programs / "initdb", *arguments, "--locale=C", f"--pwfile={folder / 'password'}"],
            user=user,
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"]
        server = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", *(word for one in settings for word in ("-c", one))],
            user=user,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            url = f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{port}"
            _wait(server, url)
            yield url
        finally:
            server.terminate()  # it ends when the last connection is closed
            try:
                server.wait(2)
            except subprocess.TimeoutExpired:
                server.send_signal(3)  # at once, without the wait
                server.wait()


def make_database(server: str, name: str) -> str:
    """A new, empty database; its address."""
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"{server}/{name}"


def _wait(server: "subprocess.Popen[bytes]", url: str) -> None:
    ends = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(f"{url}/postgres", connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > ends:
                raise
            time.sleep(0.05)


def _free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


if __name__ == "__main__":
    with serving() as address:
        print(make_database(address, "journal"), flush=True)
        sys.stdin.read()
