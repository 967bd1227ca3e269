"""A key that never prints, and the filter that takes keys out of texts."""

import base64
import copy
import json
import pickle
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler import secret as keys
from reconciler.secret import MASK, Redactor, Secret

TEXT = "kg-p@ss/wörd+\"q'\\=="


def test_a_secret_shows_only_through_reveal() -> None:
    secret = Secret(TEXT)

    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!s:>20}",
        format(secret),
        repr([secret]),
        repr({"k": secret}),
    ]
    assert all("p@ss" not in text and MASK in text for text in shown)
    assert secret.reveal() == TEXT


def test_a_secret_has_no_other_way_out() -> None:
    secret = Secret(TEXT)

    with pytest.raises(TypeError):
        format(secret, ">20")
    with pytest.raises(TypeError):
        vars(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)
    assert secret != Secret(TEXT)  # comparing tells nothing


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_is_not_pickled(protocol: int) -> None:
    with pytest.raises(TypeError, match="not to be copied out of the process"):
        pickle.dumps(Secret(TEXT), protocol)


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy])
def test_a_secret_is_not_copied(way: object) -> None:
    assert callable(way)
    with pytest.raises(TypeError):
        way(Secret(TEXT))


@pytest.mark.parametrize(
    "form",
    [
        TEXT,
        quote(TEXT, safe=""),
        quote_plus(TEXT),
        base64.b64encode(TEXT.encode()).decode(),
        base64.b64encode(TEXT.encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(TEXT.encode()).decode(),
        json.dumps(TEXT),
    ],
)
def test_every_form_of_a_key_is_taken_out(form: str) -> None:
    redacted = Redactor([Secret(TEXT)])(f"before {form} between {form} after")

    assert redacted.startswith("before ")
    assert redacted.endswith(" after")
    assert redacted.count(MASK) == 2
    assert form.strip('"') not in redacted


@settings(deadline=None)
@given(st.text(min_size=8, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_key_survives_whatever_stands_around_it(key: str, before: str, after: str) -> None:
    redactor = Redactor([Secret(key)])

    for form in (key, quote(key, safe=""), json.dumps(key)[1:-1]):
        left = redactor(f"{before}{form}{after}").split(MASK)
        assert len(left) > 1
        assert all(form not in part for part in left)


def test_a_key_that_holds_another_is_taken_out_whole() -> None:
    redactor = Redactor([Secret("abcdefgh"), Secret("abcdefghijkl")])

    assert redactor("x abcdefghijkl y abcdefgh z") == f"x {MASK} y {MASK} z"


def test_a_key_too_short_to_tell_from_words_is_left() -> None:
    assert Redactor([Secret("the")])("over the fence") == "over the fence"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("key kg-0a1b2c3d-4e5f-4a6b-8c7d-0123456789ab here", f"key {MASK} here"),
        ("nugen-0123456789abcdef.", f"{MASK}."),
        ("x-api-key: hunter2, next", f"x-api-key: {MASK}, next"),
        ("X-API-KEY: hunter2", f"X-API-KEY: {MASK}"),
        ("Authorization: Bearer hunter2", f"Authorization: Bearer {MASK}"),
        ("authorization: basic aHVudGVyMg==", f"authorization: basic {MASK}"),
        ("https://f.example/x?a=1&sig=hunter2&b=2", f"https://f.example/x?a=1&sig={MASK}&b=2"),
        ("https://f.example/x?X-Amz-Signature=hunter2", f"https://f.example/x?X-Amz-Signature={MASK}"),
        ("https://f.example/x?token=hunter2'", f"https://f.example/x?token={MASK}'"),
    ],
)
def test_what_looks_like_a_key_is_taken_out_without_being_known(text: str, redacted: str) -> None:
    assert Redactor()(text) == redacted


@pytest.mark.parametrize(
    "text", ["kore-eu/support-triage", "cm-20f1a", "alignment_01KXG82FJJ98NQ0", "ds-4f5e", "kg-1", "nugen-b/faq-bot"]
)
def test_ordinary_words_are_left(text: str) -> None:
    assert Redactor([Secret(TEXT)])(text) == text


@given(st.data())
def test_a_key_is_taken_out_however_its_characters_are_escaped(data: st.DataObject) -> None:
    key = "tok_live-1a+b/9"
    ways = (
        lambda c: c,
        lambda c: f"%{ord(c):02X}",
        lambda c: f"\\u{ord(c):04x}",
        lambda c: f"\\\\u{ord(c):04X}",
        lambda c: f"\\x{ord(c):02x}",
        lambda c: f"&#{ord(c)};",
        lambda c: f"&#x{ord(c):X};",
        lambda c: f"\\{c}",
    )
    escaped = "".join(data.draw(st.sampled_from(ways))(sign) for sign in key)

    assert Redactor([Secret(key)])(f"before {escaped} after") == f"before {MASK} after"
    assert Redactor([Secret(key)]).clean(f"<{escaped}>".encode()) == f"<{MASK}>".encode()


def test_long_texts_with_escapes_are_filtered_quickly() -> None:
    redactor = Redactor([Secret("tok_live-1a+b/9"), Secret("another-key-0123456789")])
    began = time.process_time()
    redactor('{"name": "caf\\u00e9 100%"}' * 40_000)
    assert time.process_time() - began < 3


SHAPED = (
    "kg-0a1b2c3d-0123456789abcdef0",
    "nugen-0123456789abcdef",
    "X-API-Key: abc",
    "Authorization: BEARER abc.def",
    "basic dXNlcjprZXk=",
    "https://host/file?sig=abc",
    "https://host/file?a=1&Token=abc",
    "https://host/file?signature=abc",
    "https://host/file?X-Amz-Signature=abc",
)


@given(st.lists(st.sampled_from((*SHAPED, "", "plain", "ba\u017fic x", "nugen-1", "kg-", "token=")), max_size=6))
def test_what_looks_like_a_key_is_found_in_each_line_as_in_all_of_them(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert Redactor()(text) == keys._SHAPES.sub(MASK, text)


@pytest.mark.parametrize("line", SHAPED)
def test_every_shape_is_found(line: str) -> None:
    assert MASK in Redactor()(f"first\n{line}\nlast")
