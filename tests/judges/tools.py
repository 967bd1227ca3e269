"""Installs and starts the judges: programs nobody here wrote, in folders of their own."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def install_node_tools(folder: Path, lock: str = "npm") -> Path:
    """Install what `package-lock.json` in the folder `lock` names into `folder`; gives the folder of their commands."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are needed to run this judge")
    for file in (HERE / lock).iterdir():
        shutil.copy(file, folder)
    subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder,
        check=True,
        timeout=600,
        stdout=subprocess.DEVNULL,
    )
    return folder / "node_modules" / ".bin"


def install_python_tools(folder: Path, lock: str) -> Path:
    """Install what the file `lock` names into a virtual environment in `folder`; gives the folder of its commands."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=600)
    pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    subprocess.run([*pip, "-r", str(HERE / lock)], check=True, timeout=600)
    return folder / "bin"


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@contextmanager
def serving(command: list[str], port: int, log: Path) -> Iterator[None]:
    """Run a server until the end of the block, its output in `log`; begins once it listens on `port`."""
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output, cwd=log.parent) as process:
        try:
            deadline = time.monotonic() + 180
            while not _listens(port):
                assert process.poll() is None, log.read_text("utf-8")
                assert time.monotonic() < deadline, f"{command[0]} does not listen"
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _listens(port: int) -> bool:
    with socket.socket() as trying:
        trying.settimeout(1)
        return trying.connect_ex(("127.0.0.1", port)) == 0


def client(
    folder: Path, variables: Mapping[str, str], *arguments: str, expect: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run our client as a pipeline does, in `folder`; it must end with the code `expect`, if one is given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RECONCILER_", "GITHUB_", "CI"))}
    ran = subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **variables},
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert expect in (None, ran.returncode), f"{arguments}: {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
    return ran
