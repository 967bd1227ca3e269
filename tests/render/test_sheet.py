"""What lines promise: nothing follows a command, and everybody reads whom to ask."""

import pytest
from msgspec.structs import replace

from reconciler.render.github import annotations
from reconciler.render.gitlab import code_quality
from reconciler.render.junit import junit
from reconciler.render.safe import xml
from reconciler.render.sarif import sarif
from reconciler.render.sheet import Line, Sheet

from . import samples
from .sheets import drifted, planned, reported

SETTLED = "say what it is: reconciler adopt kore-eu/legacy-intents --as deployed"


def line(*details: str, owner: str | None = None) -> Line:
    return replace(planned(samples.DEMO).lines[0], address="a/b", word="x", summary="y", details=details, owner=owner)


@pytest.mark.parametrize(
    ("details", "owner", "text"),
    [
        (("why", "more"), None, "a/b: x: y; why; more"),
        (("why", "more"), "team", "a/b: x: y; why; more; owner team"),
        (("do: reconciler adopt a/b", "more"), None, "a/b: x: y; more; do: reconciler adopt a/b"),
        (("do: reconciler adopt a/b", "more"), "team", "a/b: x: y; more; owner team; do: reconciler adopt a/b"),
        ((), None, "a/b: x: y"),
    ],
)
def test_a_command_stands_last_and_the_owner_before_it(details: tuple[str, ...], owner: str | None, text: str) -> None:
    assert line(*details, owner=owner).text == text


FAILED_APPLY = replace(samples.DONE, exit_code=3, blocked=samples.DEMO.blocked)


@pytest.mark.parametrize(
    "sheet",
    [planned(samples.DEMO), drifted(samples.DEMO, samples.CHECK), reported(FAILED_APPLY)],
    ids=["plan", "drift", "report"],
)
def test_every_form_names_the_owner_and_ends_with_what_to_type(sheet: Sheet) -> None:
    texts = [line.text for line in sheet.findings if line.address == "kore-eu/legacy-intents"]
    [text] = texts

    assert "; owner ml-platform; " in text
    assert text.endswith(SETTLED)
    assert text in [result["message"]["text"] for result in sarif(sheet)["runs"][0]["results"]]
    assert text in [issue["description"] for issue in code_quality(sheet)]
    assert f'message="{xml(text)}"' in junit(sheet)
    assert [one for one in annotations(sheet).splitlines() if one.endswith(SETTLED) and "owner ml-platform" in one]


def test_what_an_apply_left_blocked_or_unread_is_shown_by_every_form() -> None:
    sheet = reported(replace(FAILED_APPLY, failures=samples.EVERYTHING.failures))
    rules = {"blocked", "unread"}

    assert rules <= {result["ruleId"] for result in sarif(sheet)["runs"][0]["results"]}
    assert {f"reconciler/{rule}" for rule in rules} <= {issue["check_name"] for issue in code_quality(sheet)}
    assert all(f'type="{rule}"' in junit(sheet) for rule in rules)
    assert all(f"title={rule} " in annotations(sheet) for rule in rules)
