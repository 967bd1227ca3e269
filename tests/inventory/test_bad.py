"""Every file in `bad/` says in its first lines what is wrong with it: `# expect: LINE:COLUMN: words`."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.errors import Complaint, InventoryError
from reconciler.inventory.load import load

from .kinds import BUILT_IN, find_type

BAD = Path(__file__).parent / "bad"
FILES = sorted(BAD.glob("*.yaml"))
_EXPECT = re.compile(rb"# expect: (\d+):(\d+): (.*)")


def expected(path: Path) -> list[tuple[int, int, str]]:
    return [(int(m[1]), int(m[2]), m[3].decode()) for m in map(_EXPECT.fullmatch, path.read_bytes().split(b"\n")) if m]


def complaints_of(path: Path) -> tuple[Complaint, ...]:
    with pytest.raises(InventoryError) as caught:
        load(path, find_type, BUILT_IN)
    return caught.value.complaints


def test_the_corpus_is_there() -> None:
    assert len(FILES) >= 200
    assert all(expected(path) for path in FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_exactly_what_is_expected_is_complained_about(path: Path) -> None:
    found = complaints_of(path)
    wanted = expected(path)

    assert [(one.line, one.column) for one in found] == [(line, column) for line, column, _ in wanted], found
    for complaint, (_, _, words) in zip(found, wanted, strict=True):
        assert words in complaint.text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_complaint_is_one_printable_line_without_secrets(path: Path) -> None:
    for complaint in complaints_of(path):
        assert complaint.text.isprintable()
        assert len(complaint.text) < 300
        for secret in (
            "hunter2",
            "0123456789",
            "444455556666",
            "9aaaabbbbccc",
            "5ff8bccb9aaa",
            "GITHUB_TOKEN",
            "AWS_SECRET",
        ):
            assert secret not in complaint.text


def test_the_pure_parser_finds_the_same(tmp_path: Path) -> None:
    """Where PyYAML comes without its C library, only the place of an error in the YAML itself may differ."""
    script = (
        "import sys; sys.modules['yaml._yaml'] = None\n"
        "from reconciler.core.document import read_document\n"
        "import yaml; assert not yaml.__with_libyaml__\n"
        "for path in sys.argv[1:]:\n"
        "    complaints = read_document(open(path, 'rb').read(), 'x')[1]\n"
        "    print(path, sorted((c.line, c.column, c.text) for c in complaints if 'not YAML' not in c.text), sep='|')\n"
    )
    pure = subprocess.run(
        [sys.executable, "-c", script, *map(str, FILES)], capture_output=True, check=True, text=True, encoding="utf-8"
    )
    fast = script.replace("sys.modules['yaml._yaml'] = None", "").replace("assert not", "assert")
    quick = subprocess.run(
        [sys.executable, "-c", fast, *map(str, FILES)], capture_output=True, check=True, text=True, encoding="utf-8"
    )

    assert pure.stdout == quick.stdout
