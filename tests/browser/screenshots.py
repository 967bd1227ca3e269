"""`python -m tests.browser.screenshots` makes the pictures of `examples/screenshots`, and with a folder as argument
many more, to look at."""

import re
import sys
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser
from rich.console import Console
from rich.text import Text

from reconciler.render.plan_text import plan_text
from tests.browser import pages
from tests.browser.chromium import running, saved
from tests.render import samples

SCREENSHOTS = Path(__file__).parents[2] / "examples" / "screenshots"

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 375, "height": 740}


def shoot(browser: Browser, address: str, file: Path, *, dark: bool = False, phone: bool = False, whole: bool) -> None:
    """A picture of the page at `address`."""
    context = browser.new_context(
        viewport=PHONE if phone else WIDE,  # type: ignore[arg-type]
        color_scheme="dark" if dark else "light",
        device_scale_factor=1 if whole else 2,  # very high pictures cannot be doubled
    )
    page = context.new_page()
    page.goto(address)
    page.screenshot(path=file, full_page=whole)
    context.close()
    small(file)


def small(file: Path) -> None:
    """Bring a picture down to the few colours that it has."""
    with Image.open(file) as picture:
        made = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    made.save(file, optimize=True)


def terminal_page(width: int = 100) -> str:
    """What the terminal shows of a plan, in colour, as a page."""
    plan = plan_text(samples.DEMO, now=samples.NOW, width=width, colour=True, next_command="reconciler apply")
    console = Console(record=True, width=width, file=StringIO(), force_terminal=True)
    console.print(Text.from_ansi(f"$ reconciler plan\n{plan}"))
    picture = console.export_svg(title="reconciler plan")
    return f"<!DOCTYPE html><body style='margin:0'>{re.sub(r'@font-face {.*?}', '', picture, flags=re.DOTALL)}</body>"


def main() -> None:
    """Make the pictures."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else SCREENSHOTS
    target.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as made, running() as browser:
        folder = Path(made)
        if len(sys.argv) > 1:
            for name, page in pages.ALL.items():
                address = saved(page, folder, name)
                for look, wanted in {"light": {}, "dark": {"dark": True}, "phone": {"phone": True}}.items():
                    shoot(browser, address, target / f"{name}-{look}.png", whole=True, **wanted)
        else:
            plan = saved(pages.plan_page(), folder, "plan")
            shoot(browser, plan, target / "plan.png", whole=True)
            shoot(browser, plan, target / "plan-phone.png", phone=True, whole=False)
            shoot(browser, saved(pages.report_page(), folder, "report"), target / "report.png", whole=True)
            shoot(browser, saved(pages.drift_page(), folder, "drift"), target / "drift.png", dark=True, whole=True)
        context = browser.new_context(device_scale_factor=1.0, viewport={"width": 1000, "height": 700})
        shown = context.new_page()
        shown.goto(saved(terminal_page(), folder, "terminal"))
        shown.locator("svg").first.screenshot(path=target / "terminal.png")
        small(target / "terminal.png")


if __name__ == "__main__":
    main()
