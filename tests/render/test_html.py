"""The HTML page as text: well formed to the letter, of itself only, bounded, and quick."""

import re
import time
from base64 import b64encode
from collections import Counter
from hashlib import sha256
from itertools import pairwise
from typing import Any

import html5lib
import pytest
from msgspec.structs import replace

from reconciler.core.drift import DriftKind
from reconciler.render.html_marks import MARKS, anchors
from reconciler.render.html_page import html_page
from reconciler.render.plan_sheet import plan_sheet
from reconciler.render.report_sheet import report_sheet
from reconciler.render.sheet import RULES, Bar, Line, Sheet
from tests.browser import pages

from . import samples
from .golden import check
from .samples import NOW
from .sheets import SHEETS, reported

PAGE = pages.ALL["plan"]


def parsed(text: str) -> Any:
    """The tree of a page."""
    return html5lib.parse(text, namespaceHTMLElements=False)


@pytest.mark.parametrize("name", pages.ALL)
def test_a_strict_parser_finds_no_fault(name: str) -> None:
    html5lib.HTMLParser(strict=True).parse(pages.ALL[name])


@pytest.mark.parametrize("name", SHEETS)
def test_a_strict_parser_finds_no_fault_in_any_sheet(name: str) -> None:
    tree = parsed(html_page(SHEETS[name][0]))
    html5lib.HTMLParser(strict=True).parse(html_page(SHEETS[name][0]))
    used = Counter(element.tag for element in tree.iter())
    assert (used["script"], used["style"], used["link"], used["img"], used["iframe"]) == (2, 1, 1, 0, 0)


@pytest.mark.parametrize("kind", ["plan", "report", "drift"])
def test_the_page_is_as_it_was_looked_at(kind: str) -> None:
    page = html_page(SHEETS[f"{kind}-every-kind-hostile"][0])
    page = re.sub("(<(style|script)>).*?</", r"\1</", page, flags=re.DOTALL)
    check(f"every-{kind}.html", re.sub("'sha256-.{44}'", "'sha256-'", page))


@pytest.mark.parametrize("name", pages.ALL)
def test_nothing_is_asked_of_anybody(name: str) -> None:
    tree = parsed(pages.ALL[name])
    for element in tree.iter():
        for key, value in element.attrib.items():
            if key in ("src", "href", "srcset", "action", "data", "poster", "style"):
                assert value.startswith("#") or (element.tag, value) == ("link", "data:,")
    assert not re.search(r"@import|url\((?!#)", tree.find(".//style").text)


@pytest.mark.parametrize("name", pages.ALL)
def test_the_policy_names_what_is_there_and_nothing_else(name: str) -> None:
    tree = parsed(pages.ALL[name])
    policy = tree.find(".//meta[@http-equiv='Content-Security-Policy']").attrib["content"]

    def hashes(tag: str) -> str:
        found = (sha256(element.text.encode()).digest() for element in tree.iter(tag))
        return " ".join(f"'sha256-{b64encode(digest).decode()}'" for digest in found)

    assert dict(part.strip().split(" ", 1) for part in policy.split(";")) == {
        "default-src": "'none'",
        "style-src": hashes("style"),
        "script-src": hashes("script"),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_verdict_leads_and_caveats_follow() -> None:
    tree = parsed(PAGE)
    assert tree.find(".//h1").text == "Plan: 3 undeploys, 3 deploys, 2 exports, 1 to adopt; 1 blocked."
    caveats = [item.text for item in tree.find(".//ul[@class='caveats stopped']")]
    assert caveats[0] == "Stopped by a guard: apply will run nothing."
    assert any(text.startswith("Partial") for text in caveats)


def test_what_is_destructive_stands_first_by_name() -> None:
    rows = re.findall('data-kind="([a-z]+)"[^>]*data-level="[a-z]+" data-platform="([a-z-]+)"', PAGE)
    kinds = [kind for kind, _ in rows]
    assert kinds[:4] == ["export", "undeploy", "undeploy", "undeploy"]  # what is done before an undeploy stands with it
    assert rows[0] == ("export", "kore-eu")
    assert "undeploy" not in kinds[4:]
    assert kinds.index("unread") > kinds.index("deploy")
    assert kinds.index("unchanged") > kinds.index("warning")


def test_every_line_and_fact_is_there() -> None:
    sheet = plan_sheet(pages.EVERYTHING, now=NOW, environment="production", next_command=pages.NEXT)
    tree = parsed(html_page(sheet))
    assert len(tree.findall(".//*[@data-kind]")) == len(sheet.lines)
    text = " ".join("".join(tree.itertext()).split())
    for line in sheet.lines:
        for part in (*line.details, *([str(line.source)] if line.source else [])):
            assert part in text
    for _, fact in sheet.facts:
        assert fact in text


def test_all_kinds_have_a_sign() -> None:
    assert set(RULES) <= set(MARKS)


def test_ids_are_steady_and_single() -> None:
    def line(address: str, rule: str = "deploy") -> Line:
        return replace(plan_sheet(pages.EVERYTHING, now=NOW).lines[0], address=address, rule=rule)

    lines = [line("a/b"), line("a-b"), line("a/B"), line("a/b", "export"), line("a/b"), line("\ud800<x y='")]
    found = anchors(lines)
    assert len(set(found)) == len(lines)
    assert found[0] == anchors([line("a/b")])[0]
    assert found[4] == f"{found[0]}-2"
    assert all(re.fullmatch("[a-z][a-z0-9-]+", anchor) for anchor in found)


def _large(count: int) -> Sheet:
    sheet = plan_sheet(samples.large(count * 6 // 10, count * 3 // 10, count // 10 - 50), now=NOW)
    names = [line.address for line in sheet.lines]
    return replace(
        sheet,
        edges=tuple(pairwise(names)),
        bars=tuple(Bar(address=name, verb="deploy", rule="succeeded", start=1, seconds=2) for name in names),
        nights=tuple(replace(night, found=dict.fromkeys(names, DriftKind.DRIFTED)) for night in pages.NIGHTS),
    )


def test_ten_thousand_lines_take_a_second_at_most_and_few_bytes_each() -> None:
    sheet, small = _large(10_000), html_page(_large(1000))
    began = time.process_time()
    page = html_page(sheet)
    spent = time.process_time() - began
    assert len(sheet.lines) == 10_000
    assert (len(page) - len(small)) / 9000 < 700
    assert spent < 2  # 0.3 s where nothing else runs
    assert page.count("The first 150 of 10,000") == 2
    assert page.count("The first 150 models") == 1
    html5lib.HTMLParser(strict=True).parse(small)


def test_quiet_nights_are_a_picture_too() -> None:
    quiet = tuple(replace(night, found={}) for night in pages.NIGHTS[:14])
    page = pages.drift_page(replace(pages.CHECK, nights=quiet))
    assert "0 models over 14 nights; 14 nights with nothing to report" in page
    assert "1 model over 1 night" in pages.drift_page(replace(pages.CHECK, nights=pages.NIGHTS[2:3]))
    assert 'id="history"' not in pages.drift_page(replace(pages.CHECK, nights=()))


def test_a_night_without_a_look_is_told_from_a_quiet_one() -> None:
    page = pages.drift_page()
    assert page.count('<g class="grey unseen">') == 3
    assert '<li class="grey unseen"><b class="key">?</b> could not be looked at</li>' in page
    assert "kore-eu/legacy-intents could not be looked at" in page
    newer = replace(pages.NIGHTS[-1], found={"kore-eu/router": "a-word-of-tomorrow"})
    assert "kore-eu/router a-word-of-tomorrow" in pages.drift_page(replace(pages.CHECK, nights=(newer,)))


def test_a_plan_names_owners() -> None:
    assert '<span class="owner">owner team-support</span>' in PAGE


@pytest.mark.parametrize(
    ("sheet", "level"),
    [
        (SHEETS["report-done"][0], "good"),
        (replace(SHEETS["report-done"][0], ok=False), "warning"),
        (replace(SHEETS["report-done"][0], complete=False), "warning"),
        (reported(replace(samples.DONE, exit_code=3, blocked=samples.DEMO.blocked)), "warning"),
        (SHEETS["report-failed"][0], "error"),
        (SHEETS["plan-settled"][0], "good"),
        (SHEETS["drift-check"][0], "error"),
    ],
)
def test_the_dot_is_green_only_where_all_is_well(sheet: Sheet, level: str) -> None:
    assert f'<header class="{level}">' in html_page(sheet)


@pytest.mark.parametrize("kind", ["plan", "drift", "report"])
def test_a_run_that_failed_says_what_went_wrong(kind: str) -> None:
    page = html_page(report_sheet(samples.FAILED, tool_version="0.1.0", kind=kind))
    assert re.findall('<th scope="rowgroup" colspan="3">([A-Za-z ]+)', page) == ["Went wrong "]
    assert f"reconciler {kind}" in page


def test_what_an_apply_left_blocked_has_its_place() -> None:
    page = html_page(reported(replace(samples.DONE, exit_code=3, blocked=samples.DEMO.blocked)))
    assert re.findall('<th scope="rowgroup" colspan="4">([A-Za-z ]+)', page)[-1] == "Blocked "


def test_a_picture_holds_so_many_arrows() -> None:
    names = [f"kore/{number}" for number in range(60)]
    edges = tuple((first, then) for first in names for then in names if first < then)
    page = html_page(replace(plan_sheet(pages.EVERYTHING, now=NOW), edges=edges))
    assert page.count('<path d="M') - page.count("<marker") == 600
    assert f"{len(edges) - 600:,} more arrows are left out." in page


def test_a_circle_does_not_hold_up_the_picture() -> None:
    sheet = plan_sheet(pages.EVERYTHING, now=NOW)
    page = html_page(replace(sheet, edges=(("a/1", "a/2"), ("a/2", "a/1"), ("a/2", "a/3"), ("a/0", "a/1"))))
    assert page.count('class="box"') == 4


def test_the_same_sheet_gives_the_same_page() -> None:
    assert pages.plan_page() == pages.plan_page()
