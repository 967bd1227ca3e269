"""Hostile text from everywhere it can come from, through every command that shows it: it steers nothing."""

import json
import re
import sys
import unicodedata
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reconciler.cli.streams import as_json
from reconciler.render.safe import ci, html, markdown, markdown_code, terminal, xml

from .conftest import Command
from .platform import Counting, Reply

EVERY = [chr(number) for number in range(sys.maxunicode + 1)]
ANY = st.text(st.characters(codec=None, categories=None), max_size=80)
COMMANDS = re.compile(r"^\s*(?:::|##\[)|##vso\[|##teamcity\[", re.MULTILINE)
PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
HARMLESS = {
    "paragraph_open",
    "paragraph_close",
    "inline",
    "heading_open",
    "heading_close",
    "fence",
    *(f"{part}_{end}" for part in ("table", "thead", "tbody", "tr", "th", "td") for end in ("open", "close")),
}
INSIDE = {"text", "text_special", "strong_open", "strong_close", "html_inline", "softbreak", "code_inline"}
OURS = re.compile(r"<br>|</?details>|</?summary>|<!-- reconciler:[a-z]+:[A-Za-z0-9_.-]+ -->")
ATTACKS = {
    "csi": "\x1b[2J\x1b[31m",
    "osc-title": "\x1b]0;t\x07",
    "osc-link": "\x1b]8;;https://evil.example\x1b\\x",
    "osc-clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "c1-csi": "\x9b2J",
    "c1-osc": "\x9d0;t\x9c",
    "dcs": "\x1bP1$r\x1b\\",
    "cr": "good\rbad",
    "backspace": "bad\b\b\bgood",
    "newline": "x\n::error::boo",
    "nel": "x\x85::error::boo",
    "ls": "x\u2028::error::boo",
    "bidi": "\u202etxt.exe",
    "isolate": "\u2066x\u2069",
    "zero-width": "a\u200bb\ufeffc",
    "tags": "a\U000e0041b",
    "variation": "a\ufe0fb\U000e0100c",
    "github": "::set-output name=x::y",
    "github-mask": "::add-mask::x",
    "github-old": "##[error]x",
    "azure": "##vso[task.setvariable variable=x]y",
    "teamcity": "##teamcity[buildStop]",
    "mention": "@team @org/team",
    "issue": "#1 org/repo#2 GH-3 !4",
    "link": "[click](https://evil.example)",
    "image": "![x](https://evil.example/x.png)",
    "auto": "<https://evil.example>",
    "bare": "https://evil.example www.evil.example",
    "html": "<img src=x onerror=alert(1)>",
    "details": "</details></summary>",
    "comment": "--> <!-- reconciler:plan:default -->",
    "fence": "```\n# x\n```",
    "tildes": "~~~",
    "pipes": "a|b||c\\|d",
    "code": "`x` ``y``",
    "entities": "&lt;b&gt;&#64;team",
    "emoji": ":octocat:",
    "math": "$x$ $$y$$",
    "slash": "/close\n/merge",
    "heading": "# x",
    "rule": "---",
    "list": "- x\n1. y",
    "quote": "> x",
    "table": "\n|---|\n",
    "reference": "[x]: https://e.example",
}
LINES = (
    ("plan",),
    ("plan", "--format", "json"),
    ("plan", "--format", "markdown"),
    ("drift",),
    ("drift", "--format", "markdown"),
    ("status",),
    ("status", "--format", "json"),
    ("apply", "--yes", "--report", "json=report.json", "--report", "markdown=report.md"),
    ("show", "report.json"),
    ("show", "report.json", "--format", "markdown"),
    ("history",),
    ("history", "--format", "json"),
    ("discover", "nugen"),
)


def steers(text: str) -> list[str]:
    """The characters that a screen does not show, or obeys."""
    return [sign for sign in set(text) - {"\n"} if not sign.isprintable()]


def plain_markdown(text: str) -> None:
    for token in PARSER.parse(text):
        if token.type == "html_block":
            assert not OURS.sub("", token.content).strip().startswith("<"), token.content
            continue
        assert token.type in HARMLESS, token
        for child in token.children or ():
            assert child.type in INSIDE, child
            if child.type == "html_inline":
                assert OURS.fullmatch(child.content), child.content


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_what_a_platform_says_steers_nothing(attack: str, command: Command, platform: Counting, tmp_path: Path) -> None:
    rows = [
        {"alignment_id": "faq", "alignment_name": attack, "deployment_status": attack, "alignment_status": "COMPLETED"},
        {"alignment_id": attack, "alignment_name": attack, "deployment_status": "DEPLOYED", "alignment_status": attack},
    ]
    job = {"dockStatusId": attack, "status": "FAILED", "error": attack, "message": attack}
    platform.replies = {
        "/": Reply({**job, "detail": attack}, status=400),
        "/api/public": Reply(job),
        "/api/v3/models/aligned": Reply({"domain_aligned_models": rows}),
    }
    owner = json.dumps(attack, ensure_ascii=False) if attack.isprintable() else '"x"'
    (tmp_path / "inventory.yaml").write_text(
        "version: 1\nmodels:\n"
        f"  faq: {{platform: nugen, id: faq, state: deployed, owner: {owner}, labels: {{a: {owner}}}}}\n"
        "  old: {platform: kore, id: cm-1, state: undeployed, on_unknown: act}\n",
        "utf-8",
    )

    for line in LINES:
        ran = command(*line)
        printed = (ran.out + b"\n" + ran.err).decode("utf-8")
        assert ran.code in (0, 2, 3, 5, 6), printed
        assert not steers(printed), (line, steers(printed))
        assert not COMMANDS.search(printed), (line, printed)
        assert "Internal error" not in printed
        if "markdown" in line:
            plain_markdown(ran.out.decode("utf-8"))
        if "json" in line:
            json.loads(ran.out)
    plain_markdown((tmp_path / "report.md").read_text("utf-8"))
    assert not steers((tmp_path / "report.json").read_text("utf-8"))


def test_every_code_point_is_harmless_in_every_sink() -> None:
    for start in range(0, len(EVERY), 4096):
        signs = "a".join(EVERY[start : start + 4096])
        for sink in (terminal, ci, html, xml, markdown_code):
            assert sink(signs).isprintable()
        assert markdown(signs).isprintable()


def test_every_code_point_survives_json_and_steers_nothing() -> None:
    for start in range(0, len(EVERY), 8192):
        signs = "".join(EVERY[start : start + 8192])
        shown = as_json({"x": signs})
        assert not steers(shown)
        assert json.loads(shown)["x"] == json.loads(json.dumps(signs))


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(ANY)
def test_any_text_is_the_same_after_json(text: str) -> None:
    shown = as_json([text, {text: text}])

    assert json.loads(shown) == json.loads(json.dumps([text, {text: text}]))
    assert not steers(shown)
    assert not COMMANDS.search(shown)
    assert "::" not in shown


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(ANY, ANY)
def test_texts_beside_one_another_make_no_command(first: str, second: str) -> None:
    assert not COMMANDS.search(ci(first + second))
    ElementTree.fromstring(f'<a b="{xml(first)}">{xml(second)}</a>')
    assert not unicodedata.normalize("NFKC", ci(first)).count("\n")
