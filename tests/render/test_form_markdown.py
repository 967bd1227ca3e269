"""A comment on very many models: every undeploy is in it, however short it has to be said."""

import re

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from reconciler.core.plan import Plan
from reconciler.render.markdown_page import LIMIT
from reconciler.render.plan_markdown import plan_markdown
from reconciler.render.safe import terminal

from .samples import EMPTY, HOSTILE, NOW, deploy, undeploy

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
FITS = 1_750
"""Undeploys of which a comment can name every one, with addresses of 40 characters."""


def address(platform: str, name: str, number: int) -> str:
    return f"{platform}/{name}_{number:05}".ljust(40, "x")


def very_large(undeploys: int) -> Plan:
    """5,000 models with addresses of 40 characters."""
    stays = max(5_000 - undeploys - 1_600, 0)
    return replace(
        EMPTY,
        actions=(
            *(undeploy(address("kore-eu", "retired-support-agent", number), number) for number in range(undeploys)),
            *(deploy(address("nugen", "new-support-agent", number), number) for number in range(1_600)),
        ),
        unchanged=tuple(address("nugen", "stable-support-agent", number) for number in range(stays)),
    )


def said(text: str) -> set[str]:
    """Every address that a reader finds under the models of a platform."""
    found = set()
    for token in PARSER.parse(text):
        spans = [child.content for child in token.children or [] if child.type == "code_inline"]
        if token.content.startswith("Models of "):
            found |= {spans[0] + name for name in spans[1].split(", ")}
    return found


@pytest.mark.parametrize("undeploys", [1_400, FITS])
def test_a_comment_on_5000_models_names_every_undeploy(undeploys: int) -> None:
    plan = very_large(undeploys)
    text = plan_markdown(plan, now=NOW, next_command="reconciler apply --plan plan.json")

    assert len(text) <= LIMIT == 60_000
    assert said(text) == {action.address for action in plan.actions if action.destructive}
    assert "1,600" in text
    assert "Digest `sha256:" in text


def test_beyond_that_it_is_too_long_rather_than_silent() -> None:
    plan = very_large(FITS + 50)
    text = plan_markdown(plan, now=NOW)

    assert len(text) > LIMIT
    assert len(said(text)) == FITS + 50


def test_the_shortest_form_is_not_used_where_another_fits() -> None:
    assert "Models of" not in plan_markdown(very_large(400), now=NOW)
    assert "Models of" in plan_markdown(very_large(1_400), now=NOW)


def test_the_shortest_form_keeps_hostile_names_in_their_place() -> None:
    plan = replace(EMPTY, actions=tuple(undeploy(f"kore/{name}/close") for name in HOSTILE))
    text = plan_markdown(plan, now=NOW, limit=1)
    tokens = [token for token in PARSER.parse(text) if token.content.startswith("Models of ")]

    assert [len(token.children or []) for token in tokens] == [4]  # two texts of ours and two code spans
    spans = [child.content for child in tokens[0].children or [] if child.type == "code_inline"]
    assert spans == ["kore/", ", ".join(terminal(name) + "/close" for name in sorted(HOSTILE))]
    assert all(re.match(r"[#<|]|Models of |Digest |\*\*|reconciler |and |$", line) for line in text.splitlines())
