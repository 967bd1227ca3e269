"""A real Chromium without a window, the machine's own."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def program() -> str | None:
    """Where Chromium is, None where there is none, or nothing to drive it with."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return found if find_spec("playwright") else None


@contextmanager
def running() -> Iterator["Browser"]:
    """The browser, until the end of the block."""
    from playwright.sync_api import sync_playwright

    # As root, as in most containers, Chromium does not start with its sandbox.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program(), args=[*arguments, "--disable-dev-shm-usage"])
        yield browser
        browser.close()


def saved(page: str, folder: Path, name: str) -> str:
    """The address of `page` in a file."""
    file = folder / f"{name}.html"
    file.write_text(page, "utf-8")
    return file.as_uri()
