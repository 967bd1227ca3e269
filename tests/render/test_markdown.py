"""What pages of Markdown promise: they fit a comment, hide no undeploy, and say what a name says as plain words."""

import re
from time import process_time

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from reconciler.core.drift import DriftCheck
from reconciler.core.job import Verb
from reconciler.core.live import Failure
from reconciler.core.report import OutcomeKind
from reconciler.render.markdown import drift_markdown, plan_markdown, report_markdown
from reconciler.render.safe import markdown

from . import samples
from .samples import DEMO, EMPTY, EVERYTHING, HOSTILE, HOSTILE_PLAN, NOW, SETTLED, blocked, large, outcome, undeploy

LIMIT = 60_000
PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

HOSTILE_REPORT = replace(
    samples.DONE,
    run_id="`" + "".join(HOSTILE),
    reasons=HOSTILE,
    outcomes=tuple(outcome(name, Verb.EXPORT, OutcomeKind.FAILED, job=name, error=name, note=name) for name in HOSTILE),
)
HOSTILE_DRIFTS = DriftCheck(
    drifts=tuple(replace(samples.DRIFTS[2], address=name, was=name, text=name, owner=name) for name in HOSTILE)
)


@pytest.mark.parametrize(
    ("undeploys", "deploys", "unchanged"),
    [(0, 5000, 0), (200, 4800, 0), (200, 100, 5000), (400, 10, 10), (1000, 0, 5000), (0, 0, 5000)],
)
def test_5000_models_fit_a_comment_with_every_undeploy(undeploys: int, deploys: int, unchanged: int) -> None:
    before = process_time()

    text = plan_markdown(large(undeploys, deploys, unchanged), now=NOW, next_command="reconciler apply")

    assert len(text) <= LIMIT
    assert process_time() - before < 1
    shown = set(re.findall(r"kore-eu/retired-model-\d{5}", text))
    assert len(shown) == undeploys
    assert "Digest `sha256:" in text


def test_unchanged_go_first_then_unmanaged_then_other_actions_and_undeploys_never() -> None:
    plan = large(50, 50, 200)
    last_of_each = ("stable-model-00200", r"alignment\_00050", "new-model-00050")
    seen = set()
    for limit in range(len(plan_markdown(plan, now=NOW)), 12_000, -500):
        text = plan_markdown(plan, now=NOW, limit=limit)
        seen.add(tuple(part in text for part in last_of_each))
        assert len(text) <= limit
        assert text.count("retired-model") == 50

    assert seen == {(True, True, True), (False, True, True), (False, False, True), (False, False, False)}


def test_what_is_left_out_is_counted() -> None:
    assert re.search(r"\nand [\d,]+ more", plan_markdown(large(0, 5000), now=NOW))


def test_undeploys_are_shown_even_where_they_alone_are_too_many() -> None:
    text = plan_markdown(large(5000), now=NOW)

    assert text.count("retired-model") == 5000


def test_full_length_is_counted_after_escaping() -> None:
    plan = replace(EMPTY, unchanged=tuple("_" * 40 + str(number) for number in range(2000)))

    assert len(plan_markdown(plan, now=NOW)) <= LIMIT


@pytest.mark.parametrize("marker", ["default", "prod", "--> <!-- x", "", "a\nb", "../x"])
def test_marker_is_hidden_and_harmless(marker: str) -> None:
    first = plan_markdown(DEMO, now=NOW, marker=marker).splitlines()[0]

    assert re.fullmatch(r"<!-- reconciler:plan:[A-Za-z0-9_.-]+ -->", first)
    assert "--" not in first[4:-3]


def test_no_two_environments_share_a_marker() -> None:
    names = ["prod eu", "prod-eu", "größe", "grüße", "prod/eu", "-prod-eu", "", "...", "a", "prod", "\ud800"]
    firsts = [plan_markdown(DEMO, now=NOW, marker=name).splitlines()[0] for name in names]

    assert len(set(firsts)) == len(names)
    assert firsts[0] == "<!-- reconciler:plan:prod-eu-b006d3 -->"
    assert firsts[1] == "<!-- reconciler:plan:prod-eu -->"


def test_an_advised_command_can_be_copied() -> None:
    text = plan_markdown(DEMO, now=NOW)
    code = "`reconciler adopt kore-eu/legacy-intents --as deployed`"

    assert f"say what it is: {code} |" in text
    assert code in drift_markdown(DEMO, samples.CHECK, now=NOW)
    assert code in report_markdown(replace(samples.DONE, blocked=DEMO.blocked))


def test_a_command_that_would_end_its_cell_is_no_code() -> None:
    plan = replace(EMPTY, blocked=(blocked("a/b", "say: reconciler adopt a|b --as STATE"),))

    assert "say: reconciler adopt a&#124;b --as STATE" in plan_markdown(plan, now=NOW)


def test_each_kind_of_page_has_its_own_marker() -> None:
    assert plan_markdown(DEMO, now=NOW, marker="prod").startswith("<!-- reconciler:plan:prod -->\n")
    assert report_markdown(samples.DONE, marker="prod").startswith("<!-- reconciler:report:prod -->\n")
    assert drift_markdown(DEMO, DriftCheck(drifts=()), now=NOW, marker="prod").startswith(
        "<!-- reconciler:drift:prod -->\n"
    )


HOSTILE_PAGES = {
    "plan": plan_markdown(HOSTILE_PLAN, now=NOW, next_command="``` \n::x"),
    "report": report_markdown(HOSTILE_REPORT),
    "drift": drift_markdown(HOSTILE_PLAN, HOSTILE_DRIFTS, now=NOW),
}


@pytest.mark.parametrize("text", HOSTILE_PAGES.values(), ids=HOSTILE_PAGES.keys())
def test_hostile_names_are_plain_words(text: str) -> None:
    assert text.encode()
    allowed = {"text", "text_special", "html_inline", "strong_open", "strong_close", "code_inline", "softbreak"}
    for token in PARSER.parse(text):
        if token.type == "html_block":
            assert re.fullmatch(
                r"<!-- reconciler:\w+:default -->\n|</details>\n|<details><summary>[\w, ]+</summary>\n", token.content
            )
        for child in token.children or []:
            assert child.type in allowed
            if child.type == "html_inline":
                assert child.content == "<br>"
            if child.type in ("text", "text_special"):
                assert not re.search(r"@\w|#\d|gh-\d|://|\bwww\.", child.content, re.IGNORECASE)


@pytest.mark.parametrize("text", HOSTILE_PAGES.values(), ids=HOSTILE_PAGES.keys())
def test_hostile_names_keep_to_their_columns(text: str) -> None:
    html = PARSER.render(text)
    for table in re.findall(r"<table>.*?</table>", html, re.DOTALL):
        widths = {len(re.findall("<t[hd]>", row)) for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)}
        assert len(widths) == 1


def test_no_line_begins_with_a_name() -> None:
    ours = re.compile(r"|\||#|<|and \d|Models: |\*\*|Digest |```|reconciler |\d+ un")
    plan = replace(HOSTILE_PLAN, actions=tuple(undeploy("/close " + name) for name in HOSTILE), unchanged=("/close",))
    for line in plan_markdown(plan, now=NOW).splitlines():
        assert ours.match(line)


def test_every_address_of_an_undeploy_is_whole() -> None:
    address = "kore/" + "x_" * 400

    assert markdown(address) in plan_markdown(replace(EMPTY, actions=(undeploy(address),)), now=NOW)


def test_next_command_is_one_fenced_line() -> None:
    text = plan_markdown(DEMO, now=NOW, next_command="reconciler apply ```\nx")

    assert "````sh\nreconciler apply ```\\nx\n````" in text


def test_caveats_stand_under_the_verdict() -> None:
    third = plan_markdown(EVERYTHING, now=NOW).splitlines()[3]

    assert third.startswith(
        "**Stopped by a guard: apply will run nothing.** **Incomplete: nugen-eu could not be read.**"
    )


def test_settled_plan_is_short() -> None:
    text = plan_markdown(SETTLED, now=NOW)

    assert "## No changes: 12 models are as the inventory wants them." in text
    assert "|" not in text
    assert "Nothing was done" not in text


def test_large_reports_and_drifts_fit_too() -> None:
    report = replace(
        samples.DONE,
        outcomes=tuple(outcome(f"a/b{number}", Verb.DEPLOY, OutcomeKind.FAILED, error="no") for number in range(5000)),
    )
    drifts = tuple(replace(samples.DRIFTS[2], address=f"a/b{number}") for number in range(5000))

    assert len(report_markdown(report)) <= LIMIT
    assert len(drift_markdown(large(0, 0, 5000), DriftCheck(drifts=drifts), now=NOW)) <= LIMIT


def test_sections_without_room_are_counted() -> None:
    plan = replace(
        large(300),
        blocked=tuple(blocked(f"a/b{number}", "why") for number in range(40)),
        failures=(Failure(address="kore", error="503"),),
    )

    text = plan_markdown(plan, now=NOW, limit=6_500)

    assert "40, for which there is no room here" in text
    assert text.count("retired-model") == 300
