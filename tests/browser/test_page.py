"""The HTML page as a person meets it: in a real browser, with and without scripts, on a desk and on a phone."""

import re
import time
from datetime import timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from reconciler.render.safe import terminal
from tests.render import samples
from tests.render.samples import HOSTILE

from . import pages
from .chromium import saved
from .conftest import Open

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

LINES = "#lines [data-kind]"

CONTRAST = """() => {
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (c) => c.slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const below = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const node of document.body.querySelectorAll("*")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.checkVisibility() || node.closest("title, desc, script, style, .skip")) continue;
    const style = getComputedStyle(node);
    const drawn = node.closest("svg") !== null;
    const box = drawn && node.closest("g")?.querySelector(":scope > .box, :scope > .cell");
    const back = box ? parse(getComputedStyle(box).fill) : below(node);
    const [a, b] = [light(parse(drawn ? style.fill : style.color)), light(back)];
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), node.textContent.slice(0, 40)]);
  }
  return found;
}"""


def visible(page: "Page") -> list[str]:
    """The ids of the lines that are shown, in order."""
    script = "nodes => nodes.filter(node => !node.hidden).map(node => node.id)"
    ids: list[str] = page.locator(LINES).evaluate_all(script)
    return ids


def settle(page: "Page", script: str) -> None:
    """Wait until `script` holds. The page's policy forbids what playwright's own way of waiting does."""
    ends = time.monotonic() + 10
    while not page.evaluate(script):
        assert time.monotonic() < ends, script
        page.wait_for_timeout(10)


@pytest.mark.parametrize("name", pages.ALL)
def test_every_text_can_be_read(open_page: Open, name: str) -> None:
    page = open_page(pages.ALL[name], color_scheme="light")
    page.locator("details").evaluate_all("folds => folds.forEach(fold => { fold.open = true; })")
    light = page.evaluate(CONTRAST)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(CONTRAST)
    assert len(light) == len(dark) > 8
    assert light != dark
    assert [(ratio, text) for ratio, text in light + dark if ratio < 4.5] == []


@pytest.mark.parametrize("name", pages.ALL)
def test_nothing_is_wider_than_a_phone(open_page: Open, name: str) -> None:
    page = open_page(pages.ALL[name], width=375)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    outside = """nodes => nodes.filter(node => !node.closest('.scroll, svg'))
        .filter(node => node.getBoundingClientRect().right > 375).map(node => node.outerHTML.slice(0, 80))"""
    assert page.locator("body *").evaluate_all(outside) == []


@pytest.mark.parametrize(("name", "width"), [("plan", 1280), ("report", 375), ("drift", 1280), ("settled", 375)])
def test_axe_finds_no_barrier(open_page: Open, name: str, width: int) -> None:
    page = open_page(pages.ALL[name], width=width)
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in found] == []


@pytest.mark.parametrize("name", pages.ALL)
def test_without_scripts_everything_is_there_and_nothing_is_dead(open_page: Open, name: str) -> None:
    page = open_page(pages.ALL[name], java_script_enabled=False)
    rows = page.locator("#lines tr[data-kind]")
    assert rows.evaluate_all("rows => rows.every(row => row.checkVisibility())")
    assert page.locator("#lines").evaluate("node => node.checkVisibility()")
    dead = "nodes => nodes.filter(node => node.checkVisibility()).map(node => node.outerHTML)"
    assert page.locator("button, input, select, textarea, [role=search]").evaluate_all(dead) == []
    for fold in page.locator("#lines details").all():
        if not fold.evaluate("fold => fold.open"):
            fold.locator("summary").click()
        assert fold.locator("li").first.is_visible()


@pytest.mark.parametrize("name", [name for name in pages.ALL if name.startswith("hostile")])
def test_no_name_becomes_markup(open_page: Open, name: str) -> None:
    page = open_page(pages.ALL[name])
    assert page.locator("img, iframe, object, embed, form, base, video, audio").count() == 0
    assert page.locator("script").count() == 2
    assert page.locator("style").count() == 1
    assert page.locator("link").count() == 1
    assert page.locator("a").evaluate_all("links => links.every(link => link.getAttribute('href')[0] === '#')")
    steered = """nodes => nodes.flatMap(node => [...node.attributes]).map(one => one.name)
        .filter(name => name.startsWith('on') || name === 'style' || name === 'src' || name === 'srcdoc')"""
    assert page.locator("*").evaluate_all(steered) == []
    ids: list[str] = page.locator("[id]").evaluate_all("nodes => nodes.map(node => node.id)")
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch("[a-z0-9-]+", one) for one in ids)
    shown = page.evaluate("document.body.textContent")
    for hostile in HOSTILE:
        assert terminal(hostile) in shown


def test_the_policy_stops_what_would_slip_in(browser: "Browser", tmp_path: "Path") -> None:
    slipped = (
        "<script>window.ran = 1</script><img src='https://evil.example/x.png' onerror='window.ran = 2'>"
        "<style>body { display: none }</style><p onclick='window.ran = 3' id='trap'>x</p>"
    )
    page = browser.new_page()
    page.goto(saved(pages.ALL["plan"].replace("<main>", f"<main>{slipped}"), tmp_path, "page"))
    page.locator("#trap").click()
    assert page.evaluate("[window.ran, getComputedStyle(document.body).display]") == [None, "block"]
    # What does run: the page's own script.
    assert page.locator("#tools").is_visible()
    page.close()


def test_the_strip_filters_by_kind(open_page: Open) -> None:
    page = open_page(pages.ALL["plan"])
    everything = visible(page)
    button = page.locator("[data-filter=undeploy] button")
    button.click()
    assert len(visible(page)) == int(button.locator("b").inner_text()) == 3
    assert {row.get_attribute("data-kind") for row in page.locator(f"{LINES}:visible").all()} == {"undeploy"}
    assert button.get_attribute("aria-pressed") == "true"
    assert page.locator("#status").inner_text() == f"3 of {len(everything)} lines"
    page.locator("[data-filter=unmanaged] button").click()
    assert len(visible(page)) == 5
    assert page.locator(".names li:visible").count() == 2  # its fold opened
    page.locator("#clear").click()
    assert visible(page) == everything
    assert page.locator(".names li:visible").count() == 0
    assert "#" not in page.url


def test_every_number_of_the_strip_is_what_its_button_shows(open_page: Open) -> None:
    for name in ("plan", "report", "drift"):
        page = open_page(pages.ALL[name])
        counted = page.locator("[data-filter] button").evaluate_all("""buttons => buttons.map(button => {
            button.click();
            const shown = document.querySelectorAll("#lines [data-kind]:not([hidden])").length;
            button.click();
            return [button.querySelector("b").textContent, String(shown)];
        })""")
        assert len(counted) > 5
        assert [said for said, _ in counted] == [shown for _, shown in counted]


def test_words_find_lines(open_page: Open) -> None:
    page = open_page(pages.ALL["plan"])
    page.fill("#find", "TRIAGE export")
    settle(page, "location.hash.includes('find')")
    found = page.locator(f"{LINES}:visible")
    assert [line.locator(".mark").inner_text().split()[-1] for line in found.all()] == ["export"]
    page.fill("#find", "triage")
    settle(page, "location.hash === '#find=triage'")
    expected = page.locator(LINES).evaluate_all("rows => rows.filter(row => /triage/i.test(row.textContent)).length")
    assert len(visible(page)) == expected > 2
    page.fill("#find", "no such thing at all")
    page.locator("#nothing").wait_for()
    assert visible(page) == []
    assert page.locator("#lines thead").is_hidden()


def test_levels_and_platforms_filter(open_page: Open) -> None:
    page = open_page(pages.ALL["report"])
    page.select_option("#platform", "nugen")
    assert {row.get_attribute("data-platform") for row in page.locator(f"{LINES}:visible").all()} == {"nugen"}
    both = len(visible(page))
    page.select_option("#level", "warning")
    assert 0 < len(visible(page)) < both
    assert {row.get_attribute("data-level") for row in page.locator(f"{LINES}:visible").all()} == {"warning"}


def test_columns_sort(open_page: Open) -> None:
    page = open_page(pages.ALL["report"])
    at_first = visible(page)
    took = page.locator("th[data-sort=took]")
    took.locator("button").click()
    assert took.get_attribute("aria-sort") == "ascending"
    section = page.locator("tbody", has_text="Done")
    seconds = section.locator("td.took").evaluate_all("cells => cells.map(cell => Number(cell.dataset.took))")
    assert seconds == sorted(seconds) == [12.4, 41.2]
    took.locator("button").press("Enter")
    assert took.get_attribute("aria-sort") == "descending"
    seconds = section.locator("td.took").evaluate_all("cells => cells.map(cell => Number(cell.dataset.took))")
    assert seconds == [41.2, 12.4]
    wrong = page.locator("tbody", has_text="Went wrong").locator("td.took").all_inner_texts()
    assert wrong == ["4 min", "95 s", "61 s"]
    took.locator("button").click()
    assert took.get_attribute("aria-sort") is None
    assert visible(page) == at_first
    page.locator("th[data-sort=model] button").click()
    names = page.locator("tbody", has_text="Went wrong").locator(".name").all_inner_texts()
    assert names == sorted(names)


def test_an_address_keeps_what_was_chosen(open_page: Open) -> None:
    first = open_page(pages.ALL["plan"])
    first.fill("#find", "kore")
    first.locator("[data-filter=undeploy] button").click()
    first.locator("[data-filter=export] button").click()
    first.select_option("#level", "warning")
    first.select_option("#platform", "kore-eu")
    first.locator("th[data-sort=model] button").click()
    first.locator("th[data-sort=model] button").click()
    settle(first, "location.hash.includes('sort=-model') && location.hash.includes('find=kore')")
    again = open_page(pages.ALL["plan"], "#" + first.url.split("#")[1])
    assert visible(again) == visible(first) != []
    assert len(visible(again)) < 5
    for control in ("#find", "#level", "#platform"):
        assert again.locator(control).input_value() == first.locator(control).input_value()
    assert again.locator("th[data-sort=model]").get_attribute("aria-sort") == "descending"
    again.evaluate("location.hash = 'kind=blocked'")
    settle(again, "document.getElementById('find').value === ''")
    assert len(visible(again)) == 1


@pytest.mark.parametrize("hash", ["#kind=%3Cimg%3E&sort=__proto__&level=x&platform=%27", "#=&=", "#nobody", "#%"])
def test_a_hostile_address_changes_nothing(open_page: Open, hash: str) -> None:
    page = open_page(pages.ALL["plan"], hash)
    assert visible(page) == visible(open_page(pages.ALL["plan"]))


def test_a_line_can_be_linked(open_page: Open) -> None:
    anchor = visible(open_page(pages.ALL["plan"]))[-1]
    page = open_page(pages.ALL["plan"], f"#{anchor}")
    line = page.locator(f"#{anchor}")
    assert line.is_visible()  # within its fold
    page.evaluate("location.hash = 'kind=deploy'")
    settle(page, "document.getElementById('status').textContent.startsWith('2 of')")
    assert line.is_hidden()
    page.evaluate(f"location.hash = '{anchor}'")
    settle(page, "!document.getElementById('status').textContent.includes('of')")
    assert line.is_visible()
    assert page.evaluate("document.querySelector(':target').id") == anchor
    assert page.evaluate(f"document.getElementById('{anchor}').getBoundingClientRect().top < innerHeight")


def test_light_and_dark(open_page: Open) -> None:
    page = open_page(pages.ALL["plan"], color_scheme="light")
    back = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(back)
    toggle = page.locator("#theme")
    assert toggle.inner_text() == "Dark"
    toggle.click()
    dark = page.evaluate(back)
    assert dark != light
    page.reload()
    assert page.evaluate(back) == dark  # remembered
    page.locator("#theme").click()
    assert page.evaluate(back) == light
    assert open_page(pages.ALL["plan"], color_scheme="dark").evaluate(back) == dark


def test_the_command_is_copied_exactly(open_page: Open) -> None:
    page = open_page(pages.ALL["plan"], permissions=["clipboard-read", "clipboard-write"])
    page.locator(".copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == pages.NEXT


def test_the_keyboard_is_enough(open_page: Open) -> None:
    page = open_page(pages.ALL["plan"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "lines"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.type("router")
    settle(page, "location.hash.includes('router')")
    assert len(visible(page)) == 1


def test_a_reader_hears_a_table(open_page: Open) -> None:
    page = open_page(pages.ALL["report"])
    table = page.get_by_role("table").first
    assert [head.inner_text() for head in table.get_by_role("columnheader").all()][:2] == ["What", "Model"]
    assert table.get_by_role("row", name=re.compile("failed.*router")).count() == 1
    for landmark in ("banner", "main", "contentinfo", "search"):
        assert page.get_by_role(landmark).count() == 1
    assert page.get_by_role("heading", level=1).count() == 1


def test_paper_shows_the_lines_and_no_controls(open_page: Open) -> None:
    page = open_page(pages.ALL["plan"], color_scheme="dark")
    page.emulate_media(media="print")
    assert page.locator("#tools").is_hidden()
    assert page.locator("#theme").is_hidden()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(28, 32, 36)"
    assert len(page.pdf()) > 10_000


PICTURES: dict[str, Any] = {
    "plan": ("#order", ["support-triage", "faq-bot", "router"]),
    "report": ("#timeline", ["failed", "timed out", "in flight", "uncertain"]),
    "drift": ("#history", ["nugen/old-search", "D", "P", "U"]),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_say_in_words_what_they_show(open_page: Open, name: str) -> None:
    section, words = PICTURES[name]
    page = open_page(pages.ALL[name], java_script_enabled=False)
    picture = page.locator(f"{section} svg[aria-labelledby]")
    drawn = picture.evaluate("node => node.textContent")
    assert all(word in drawn for word in words)
    assert picture.evaluate("node => node.getBoundingClientRect().height") > 60
    said = picture.evaluate(
        "node => node.getAttribute('aria-labelledby').split(' ').map(id => document.getElementById(id).textContent)"
    )
    assert len(said) == 2
    assert all(said)
    page.locator(f"{section} summary").click()
    assert page.locator(f"{section} td").first.is_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_many_nights_on_a_phone_begin_at_today(open_page: Open, scripts: bool) -> None:
    night = pages.NIGHTS[-1]
    nights = tuple(replace(night, day=night.day - timedelta(days=back)) for back in reversed(range(60)))
    page = open_page(pages.drift_page(replace(pages.CHECK, nights=nights)), width=375, java_script_enabled=scripts)
    today = page.locator("#history .nights .strong")
    pane = page.locator("#history .scroll").first
    assert pane.evaluate("node => node.scrollWidth > 3 * node.clientWidth")
    inside = """node => {
        const box = node.getBoundingClientRect(), pane = node.closest('.scroll').getBoundingClientRect();
        return pane.left < box.left && box.right <= pane.right && box.right <= 375; }"""
    assert today.evaluate(inside)
    first = page.locator("#history .nights .mid").first
    assert not first.evaluate(inside)
    pane.evaluate("node => { node.scrollLeft = -node.scrollWidth; }")
    assert first.evaluate(inside)  # and the others can be reached


def test_five_thousand_lines_stay_usable(open_page: Open) -> None:
    text = pages.plan_page(samples.large(2000, 1500, 1450))
    began = time.monotonic()
    page = open_page(text)
    assert page.locator("#status").inner_text() == "5,000 lines"
    opened = time.monotonic() - began
    assert len(visible(page)) == 5000
    spent = page.evaluate("""() => {
      const began = performance.now();
      document.querySelector("[data-filter=deploy] button").click();
      document.querySelector("th[data-sort=model] button").click();
      document.body.getBoundingClientRect();
      return performance.now() - began;
    }""")
    assert len(visible(page)) == 1500
    page.fill("#find", "01499")
    settle(page, "document.getElementById('status').textContent.startsWith('1 of')")
    assert page.locator(f"{LINES}:visible .name").text_content() == "nugen/new-model-01499"
    assert opened < 15
    assert spent < 3000
