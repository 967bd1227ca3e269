import pytest

from reconciler.core.model import Model
from reconciler.core.selection import matches, select

from .values import model

ALL = (
    model("faq-bot", labels={"env": "prod", "team": "support"}),
    model("triage", labels={"env": "test"}),
    model("faq-bot", platform="nugen", labels={"env": "prod"}),
    model("bare", platform="nugen"),
)


def chosen(*only: str, exclude: tuple[str, ...] = ()) -> list[str]:
    return [found.address for found in select(ALL, only, exclude)]


EVERYTHING = [found.address for found in ALL]


def test_no_pattern_is_everything_in_order() -> None:
    assert chosen() == EVERYTHING


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("kore/faq-bot", ["kore/faq-bot"]),
        ("kore/*", ["kore/faq-bot", "kore/triage"]),
        ("*/faq-bot", ["kore/faq-bot", "nugen/faq-bot"]),
        ("*", EVERYTHING),
        ("nugen/?are", ["nugen/bare"]),
        ("[kn]*/faq-*", ["kore/faq-bot", "nugen/faq-bot"]),
        ("faq-bot", []),
        ("KORE/*", []),
        ("kore", []),
        ("env=prod", ["kore/faq-bot", "nugen/faq-bot"]),
        ("env=*", ["kore/faq-bot", "kore/triage", "nugen/faq-bot"]),
        ("env=t?st", ["kore/triage"]),
        ("team=support", ["kore/faq-bot"]),
        ("owner=anyone", []),
        ("env=", []),
        ("=prod", []),
    ],
)
def test_a_pattern(pattern: str, expected: list[str]) -> None:
    assert chosen(pattern) == expected
    assert chosen(exclude=(pattern,)) == [address for address in EVERYTHING if address not in expected]


def test_any_of_several_patterns_is_enough() -> None:
    assert chosen("nugen/bare", "env=test") == ["kore/triage", "nugen/bare"]


def test_what_is_excluded_stays_out_whatever_selects_it() -> None:
    assert chosen("env=prod", "kore/faq-bot", exclude=("kore/*",)) == ["nugen/faq-bot"]


def test_a_value_may_hold_an_equals_sign() -> None:
    tagged = model("a", labels={"query": "x=1"})
    assert matches(tagged, "query=x=1")
    assert not matches(tagged, "query=x")


def test_of_no_models_none_are_selected() -> None:
    nobody: tuple[Model, ...] = ()
    assert select(nobody, ["*"], []) == ()
