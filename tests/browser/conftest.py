"""Pages opened in Chromium; each must end without a word on the console and without a request but for itself."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from . import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """One browser per module: as long as it runs, no other test of its process may start an event loop."""
    if chromium.program() is None:
        reason = "no Chromium on this machine, or no playwright (Debian: apt-get install chromium)"
        if os.environ.get("RECONCILER_NEEDS_CHROMIUM"):
            pytest.fail(reason)
        pytest.skip(reason)
    with chromium.running() as running:
        yield running


@pytest.fixture
def open_page(browser: "Browser", tmp_path: Path) -> Iterator[Open]:
    """Opens a page; at the end nothing may have gone wrong in any of them."""
    said: list[str] = []
    asked: list[str] = []
    contexts: list[BrowserContext] = []

    def opened(text: str, hash: str = "", *, width: int = 1280, **options: Any) -> "Page":
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        context.on("request", lambda request: asked.append(request.url))
        context.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        context.on("weberror", lambda error: said.append(str(error.error)))
        context.on("dialog", lambda dialog: said.append(dialog.message))
        page = context.new_page()
        page.goto(chromium.saved(text, tmp_path, "page") + hash)
        return page

    yield opened
    for context in contexts:
        context.close()
    files = {url.split("#")[0] for url in asked}
    assert files == ({(tmp_path / "page.html").as_uri()} if asked else set())
    assert said == []
