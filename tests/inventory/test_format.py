"""The layout of inventories: one, whatever a file looked like; nothing said in it, and no comment, is ever lost."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from reconciler.core.document import read_document
from reconciler.errors import InventoryError
from reconciler.inventory.format import format_text

ROOT = Path(__file__).parents[2]


def formatted(text: str | bytes) -> str:
    """`text` formatted, and checked for what always holds."""
    result = format_text(text, "inventory.yaml")
    assert format_text(result, "inventory.yaml") == result, "not idempotent"
    assert result == "" or result.endswith("\n")
    assert "\r" not in result
    return result


# The layout, by example.

MESSY = """

# head
version:   1   # v
models:

    # first
    a:   # the a
        platform :    kore
        id: "x"
        after:
        - b
        -   c
        # end of a
    # about b
    b:
        id:  'it''s'
        settings: {a: 1,
          # deep
          b: [1,
        2]}   # close
        text: |   # t
            one
              two

        long: "a
            b \x20


            c"
        # settings: x
    c: {id: 1}
    d: {id: 2}
#outcommented:
guards:
    max: 1


"""

NEAT = """\
# head
version: 1   # v

models:
  # first
  a:   # the a
    platform: kore
    id: "x"
    after:
      - b
      - c
      # end of a

  # about b
  b:
    id: 'it''s'
    settings: {a: 1,
        # deep
        b: [1,
          2]}   # close
    text: |   # t
      one
        two

    long: "a
      b


      c"
    # settings: x

  c: {id: 1}
  d: {id: 2}

#outcommented:
guards:
  max: 1
"""


def test_the_layout_is_one() -> None:
    assert formatted(MESSY) == NEAT
    assert formatted(MESSY.replace("\n", "\r\n").encode()) == NEAT
    assert formatted(b"\xef\xbb\xbf" + MESSY.encode()) == NEAT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("\n\n", ""),
        ("\n# only this\n\n\n# and this", "# only this\n\n# and this\n"),
        ("version: 1", "version: 1\n"),
        ("{version: 1}", "{version: 1}\n"),
        ("---\nversion: 1\n...\n", "---\nversion: 1\n...\n"),
        ("a: 1\t\nb: 2   \n", "a: 1\nb: 2\n"),
        ("a: 1 # one\n", "a: 1  # one\n"),
        ("a: 1\t# tab\n", "a: 1  # tab\n"),
        ("a: 1      # alone\n", "a: 1      # alone\n"),
        ("a:   # x\n   b: 1    # y\n   c: 22   # z\n", "a:   # x\n  b: 1     # y\n  c: 22    # z\n"),
        ("a: '#no' #yes\n", "a: '#no'  #yes\n"),
        ("a: b#no\n", "a: b#no\n"),
        ("? a\n:   b\n", "? a\n: b\n"),
        ("? a\n:\n   b: 1\n", "? a\n:\n  b: 1\n"),
        ("a:\n- b: 1\n  c: 2\n- - 1\n  - 2\n", "a:\n  - b: 1\n    c: 2\n  - - 1\n    - 2\n"),
        ("a:\n-\n  b: 1\n", "a:\n  -\n    b: 1\n"),
        ("a:\n     b\n     c\n", "a:\n  b\n  c\n"),
        ("a: [\n1,\n2\n]\n", "a: [\n    1,\n    2\n  ]\n"),
        ("{\n\"a\": [\n{}\n]}\n", "{\n  \"a\": [\n    {}\n]}\n"),
        ("a: |+\n     x\n\n\nb: |-\n y\n\n\n# e", "a: |+\n  x\n\n\nb: |-\n  y\n\n# e\n"),
        ("a: |2\n     x\n    y\n", "a: |2\n     x\n    y\n"),
        ("m:\n    a: >1\n       x\n      y\n", "m:\n  a: >1\n     x\n    y\n"),
        ("a: |\n  x", "a: |-\n  x\n"),
        ("a: >+ # c\n  x", "a: >-  # c\n  x\n"),
        ("a: |\n  x  \n", "a: |\n  x  \n"),
        ('a: "b \\\n    c"\n', 'a: "b \\\n  c"\n'),
        ('a: "b\\ \n    c"\n', 'a: "b\\ \n  c"\n'),
        ("é:   ünï 🦜   # 漢字 🦜\n", "é: ünï 🦜   # 漢字 🦜\n"),
        ("a: " + "word " * 100 + "end\n", "a: " + "word " * 100 + "end\n"),
    ],
)  # fmt: skip
def test_each_rule(text: str, expected: str) -> None:
    assert formatted(text) == expected


def test_comments_that_share_a_column_stay_together() -> None:
    text = "models:\n    a:            # x\n        state: d  # y\n"
    assert formatted(text) == "models:\n  a:              # x\n    state: d      # y\n"
    assert formatted("a: 1 # x\nb: 2 # y\n") == "a: 1  # x\nb: 2  # y\n"


@pytest.mark.parametrize("place", ["    # of the model\n", "  # of the models\n", "# of the file\n"])
def test_a_comment_behind_a_model_stays_at_its_level(place: str) -> None:
    text = f"version: 1\n\nmodels:\n  a:\n    id: x\n{place}"
    assert formatted(text) == text
    wide = "".join(" " * (len(line) - len(line.lstrip())) + line + "\n" for line in text.splitlines())
    assert formatted(wide) == text


def test_models_are_parted_and_one_liners_left_together() -> None:
    text = (
        "version: 1\nmodels:\n  a: {id: x}\n  b: {id: k}\n  # c's\n  c:\n    id: z\n  d: {id: v}\n\n\n\n  e: {id: w}\n"
    )
    assert formatted(text) == (
        "version: 1\n\nmodels:\n  a: {id: x}\n  b: {id: k}\n\n"
        "  # c's\n  c:\n    id: z\n\n  d: {id: v}\n\n  e: {id: w}\n"
    )  # fmt: skip


@pytest.mark.parametrize("file", [*ROOT.glob("examples/**/*.yaml"), *ROOT.glob("reconciler/**/*.yaml")], ids=str)
def test_our_own_files_have_the_layout(file: Path) -> None:
    text = file.read_text("utf-8")
    assert formatted(text) == text


# What is refused.


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: &x 1\n", "anchors are not allowed"),
        ("a: !!str 1\n", "tags are not allowed"),
        ("a: 1\na: 2\n", "stands twice"),
        ("a: 1\n---\nb: 2\n", "second document"),
        ("a:\n\t- b\n", "a tab stands here"),
        ("a: [1\n", "not YAML"),
        ("a: no\n", "quote this value"),
        (b"a: \xff\n", "not UTF-8 text"),
        ("a: 1\rb: 2\n", "is not allowed"),
        ("a: x\u202ey\n", "is not allowed"),
        ("# " + "x" * (1 << 20), "larger than 1 MiB"),
        ("[" * 2000, "nested deeper"),
    ],
)
def test_what_is_no_yaml_of_ours_is_refused_in_its_words(text: str | bytes, why: str) -> None:
    with pytest.raises(InventoryError) as refused:
        format_text(text, "some.yaml")
    assert why in str(refused.value)
    assert all(complaint.file == "some.yaml" for complaint in refused.value.complaints)


# Any inventory, in any layout, with comments wherever one may stand.

WORDS = st.text("abcdefg-_.#: 'é漢🦜\"{}[]|>&*!%@`?,", min_size=1, max_size=12)
SCALARS = st.one_of(WORDS, st.integers(-9, 99), st.booleans(), st.none(), st.text("ab \n", max_size=12))
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=10,
)
INVENTORIES = st.fixed_dictionaries(
    {"version": st.just(1), "models": st.dictionaries(WORDS, st.dictionaries(WORDS, DATA, max_size=4), max_size=4)},
    optional={"platforms": st.dictionaries(WORDS, DATA, max_size=2), "guards": DATA},
)


class Messy:
    """Writes data as YAML in a layout that is drawn, and keeps the comments that it wrote."""

    def __init__(self, draw: Any) -> None:
        self.draw, self.comments, self.lines = draw, Counter[str](), list[str]()

    def chance(self) -> bool:
        return bool(self.draw(st.integers(0, 3)) == 0)

    def remark(self) -> str:
        text = "#" + str(self.draw(st.text("x #:-'\"{[é|", max_size=5))).rstrip()
        self.comments[text] += 1
        return text

    def end(self) -> str:
        """What may stand behind a value."""
        return str(self.draw(st.sampled_from([" ", "   ", "\t"]))) + self.remark() if self.chance() else ""

    def between(self, column: int) -> None:
        """What may stand between two lines; text must not follow as a tab or deeper than what is open."""
        for _ in range(self.draw(st.integers(0, 3)) if self.chance() else 0):
            blank = self.draw(st.sampled_from(["", "  ", "     "]))
            self.lines.append(" " * self.draw(st.integers(0, column + 3)) + self.remark() if self.chance() else blank)

    def scalar(self, value: Any, *, flow: bool) -> str:
        if value is None:
            return str(self.draw(st.sampled_from(["null", "~"])))
        if not isinstance(value, str):
            return str(value).lower()
        style = self.draw(st.sampled_from([None, "'", '"']))
        text = str(yaml.dump(value, default_style=style, allow_unicode=True, width=10**6)).removesuffix("...\n")
        read = read_document(f"[{text}]" if flow else f"k: {text}", "")
        meant = [value] if flow else {"k": value}
        plain = "\n" not in text.strip() and read[0] is not None and not read[1] and read[0].data == meant
        return str(text.strip("\n") if plain else yaml.dump(value, default_style='"', width=10**6).strip())

    def key(self, name: str) -> str:
        return str(yaml.dump(name, default_style='"', allow_unicode=True, width=10**6)).strip()

    def flow(self, value: Any, column: int) -> str:
        def gap() -> str:
            if not self.chance():
                return str(self.draw(st.sampled_from(["", " ", "  "])))
            remark = " " + self.remark() if self.chance() else ""
            return remark + "\n" + " " * (column + 1 + int(self.draw(st.integers(0, 4))))

        if isinstance(value, dict):
            inner = [f"{self.key(name)}: {self.flow(part, column)}" for name, part in value.items()]
        elif isinstance(value, list):
            inner = [self.flow(part, column) for part in value]
        else:
            return self.scalar(value, flow=True)
        inside = gap() + ("," + " ").join(part + gap() for part in inner)
        return f"{{{inside}}}" if isinstance(value, dict) else f"[{inside}]"

    def block(self, value: Any, column: int) -> None:
        """The parts of a mapping or list that is not empty, each on lines of its own, at `column`."""
        parts = value.items() if isinstance(value, dict) else [(None, part) for part in value]
        for name, part in parts:
            self.between(column)
            head = " " * column
            head += "-" if name is None else self.key(name) + self.draw(st.sampled_from(["", " "])) + ":"
            self.part(part, head, column, is_list=name is None)

    def part(self, part: Any, head: str, column: int, *, is_list: bool) -> None:
        space = self.draw(st.sampled_from([" ", "  ", "    "]))
        if part and isinstance(part, dict | list) and not self.chance():
            self.lines.append(head + self.end())
            same = isinstance(part, list) and not is_list and self.chance()
            self.block(part, column if same else column + self.draw(st.integers(1, 6)))
        elif isinstance(part, str) and re.fullmatch(r"[ab](?:[ab \n]*[ab])?\n?", part) and self.chance():
            header = self.draw(st.sampled_from(["|", ">", "|+", ">-", "|1"]))
            self.lines.append(head + space + header + self.end())
            # what it means is not what was drawn, and does not matter: the same before and after
            inner = " " * (column + (1 if header == "|1" else self.draw(st.integers(1, 5))))
            self.lines += [inner + line if line.strip() else line for line in part.rstrip("\n").split("\n")]
        else:
            text = self.flow(part, column)
            self.lines += (head + space + text + self.end()).split("\n")


@st.composite
def messy(draw: st.DrawFn) -> tuple[str, Counter[str]]:
    """A text that is YAML, and its comments."""
    writer = Messy(draw)
    writer.block(draw(INVENTORIES), 0)
    writer.between(0)
    text = draw(st.sampled_from(["\n", "\r\n"])).join(writer.lines)
    return text + draw(st.sampled_from(["", "\n", "\n\n"])), writer.comments


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(messy())
def test_any_layout_is_put_right_and_says_the_same(drawn: tuple[str, Counter[str]]) -> None:
    text, comments = drawn
    before, complaints = read_document(text, "")
    if before is None or complaints:
        event("refused as YAML")
        return
    event("formatted")

    result = formatted(text)

    after, complaints = read_document(result, "")
    assert after is not None
    assert not complaints
    assert repr(after.data) == repr(before.data)
    assert not comments - Counter(part for line in result.splitlines() for part in tails(line)), "a comment is lost"


def tails(line: str) -> list[str]:
    """Everything that could be the comment of a line."""
    return [line[at:] for at, char in enumerate(line) if char == "#"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 600), st.sampled_from([*"\n\t #:-'\"{}[],|>x1", "  ", "\r\n", "# c\n"]))))
@example([(0, "#")])
def test_a_damaged_file_is_refused_or_put_right(damage: list[tuple[int, str]]) -> None:
    text = MESSY
    for at, what in damage:
        at %= len(text) + 1
        text = text[:at] + what + text[at:]
    before, complaints = read_document(text, "")
    if before is None or complaints:
        with pytest.raises(InventoryError) as refused:
            format_text(text, "")
        assert refused.value.complaints == complaints
        return
    after, _ = read_document(formatted(text), "")
    assert after is not None
    assert repr(after.data) == repr(before.data)
