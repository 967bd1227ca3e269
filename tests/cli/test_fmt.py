"""`reconciler fmt` and `validate` on files: what is written, what is left, what is said."""

import io
import os
import re
import sys
from pathlib import Path

import pytest
import yaml

from reconciler.cli import environment
from reconciler.cli.glance import COMMANDS
from tests.cli.conftest import Ran, Reconciler

ROOT = Path(__file__).parents[2]
MESSY = "version:   1\nmodels:\n    faq:   # ours\n        platform: nugen\n        id: a-1\n        state: deployed\n"
NEAT = "version: 1\n\nmodels:\n  faq:   # ours\n    platform: nugen\n    id: a-1\n    state: deployed\n"


def ran(done: Ran) -> tuple[int, str, str]:
    return done.code, done.out, done.err


def write(name: str, text: str | bytes = MESSY) -> Path:
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_default_file_is_laid_out_once(reconciler: Reconciler) -> None:
    path = write("inventory.yaml")

    assert ran(reconciler("fmt")) == (0, "inventory.yaml\n", "")
    assert path.read_text() == NEAT

    before = path.stat()
    assert ran(reconciler("fmt")) == (0, "", "")
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino), "it was touched"


def test_check_names_what_would_change_and_writes_nothing(reconciler: Reconciler) -> None:
    write("a.yaml")
    write("b.yaml", NEAT)
    write("c.yaml", MESSY.replace("\n", "\r\n"))
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in Path().iterdir()}

    assert ran(reconciler("fmt", "--check", "a.yaml", "b.yaml", "c.yaml")) == (2, "a.yaml\nc.yaml\n", "")
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in Path().iterdir()} == before
    assert ran(reconciler("fmt", "--check", "b.yaml")) == (0, "", "")


def test_a_folder_means_its_files_as_in_validate(reconciler: Reconciler) -> None:
    write("models/b.yaml")
    write("models/a.yml")
    write("models/.hidden.yaml")
    write("models/notes.txt")

    assert ran(reconciler("fmt", "models")) == (0, "models/a.yml\nmodels/b.yaml\n", "")
    assert Path("models/.hidden.yaml").read_text() == MESSY
    assert Path("models/notes.txt").read_text() == MESSY


def test_one_wrong_file_does_not_keep_the_others(reconciler: Reconciler) -> None:
    write("a.yaml", "a: &x 1\n")
    write("b.yaml")
    write("c.yaml", b"a: \xff\n")

    done = reconciler("fmt", "a.yaml", "b.yaml", "c.yaml", "missing.yaml")

    assert done.code == 1
    assert done.out == "b.yaml\n"
    assert "a.yaml:1:4: anchors are not allowed" in done.err
    assert "c.yaml:1:4: not UTF-8 text" in done.err
    assert "missing.yaml: no such file" in done.err
    assert Path("a.yaml").read_text() == "a: &x 1\n"
    assert Path("b.yaml").read_text() == NEAT


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755])
def test_a_file_keeps_its_mode(reconciler: Reconciler, mode: int) -> None:
    path = write("inventory.yaml")
    path.chmod(mode)

    assert reconciler("fmt").code == 0
    assert path.stat().st_mode & 0o777 == mode
    assert [file.name for file in Path().iterdir()] == ["inventory.yaml"]


def test_a_link_is_followed_and_stays_one(reconciler: Reconciler) -> None:
    write("real/models.yaml")
    Path("inventory.yaml").symlink_to("real/models.yaml")

    assert ran(reconciler("fmt")) == (0, "inventory.yaml\n", "")
    assert Path("inventory.yaml").is_symlink()
    assert Path("real/models.yaml").read_text() == NEAT
    assert os.listdir("real") == ["models.yaml"]


def test_a_read_only_file_is_left(reconciler: Reconciler) -> None:
    path = write("inventory.yaml")
    path.chmod(0o444)

    done = reconciler("fmt")

    assert (done.code, done.out) == (1, "")
    assert "inventory.yaml: cannot be written: it is read-only" in done.err
    assert path.read_text() == MESSY


def test_a_pipe_is_not_replaced_by_a_file(reconciler: Reconciler) -> None:
    read, written = os.pipe()
    os.write(written, MESSY.encode())
    os.close(written)

    done = reconciler("fmt", f"/proc/self/fd/{read}")

    os.close(read)
    assert done.code == 1
    assert "cannot be written: it is no file; for a stream: reconciler fmt -" in done.err


@pytest.mark.parametrize(("text", "expected"), [(MESSY, NEAT), (NEAT, NEAT), ("", ""), ("\n", ""), ("#a", "#a\n")])
def test_stdin_goes_to_stdout(
    reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch, text: str, expected: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert ran(reconciler("fmt", "-")) == (0, expected, "")

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert ran(reconciler("fmt", "--check", "-")) == (0 if text == expected else 2, "", "")


def test_stdin_stands_alone(reconciler: Reconciler) -> None:
    assert reconciler("fmt", "-", "a.yaml").code == 64


def test_a_file_with_a_key_in_it_is_not_written(reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_NUGEN_KEY", "kg-0123456789abcdef")
    environment.redactor.cache_clear()
    path = write("inventory.yaml", MESSY + "# kg-0123456789abcdef\n")

    done = reconciler("fmt")

    assert done.code == 1
    assert "inventory.yaml: holds the key in one of RECONCILER_*_KEY" in done.err
    assert "kg-0123456789abcdef" not in done.out + done.err
    assert "kg-0123456789abcdef" in path.read_text()


def test_names_of_files_steer_no_log(reconciler: Reconciler) -> None:
    write("::set-output name=x::y.yaml")
    done = reconciler("fmt", "::set-output name=x::y.yaml")
    assert done.code == 0
    assert not done.out.startswith("::")


# validate, of many files as pre-commit passes them.


def test_validate_checks_each_file_by_itself(reconciler: Reconciler) -> None:
    write("a.yaml")
    write("b.yaml", NEAT.replace("faq", "faq-too"))

    done = reconciler("validate", "a.yaml", "b.yaml")

    assert ran(done) == (
        0,
        "a.yaml: 1 model on nugen; nothing to complain about.\nb.yaml: 1 model on nugen; nothing to complain about.\n",
        "",
    )


def test_validate_names_all_that_is_wrong_in_all_files(reconciler: Reconciler) -> None:
    write("a.yaml", MESSY.replace("deployed", "deploid"))
    write("b.yaml", NEAT)
    write("c.yaml", "version: 2\n")

    done = reconciler("validate", "a.yaml", "missing.yaml", "b.yaml", "c.yaml")

    assert done.code == 1
    assert done.out == "b.yaml: 1 model on nugen; nothing to complain about.\n"
    assert [line.split(":")[0] for line in done.err.splitlines()[:3]] == ["a.yaml", "missing.yaml", "c.yaml"]
    assert "c.yaml:1:10: " in done.err
    assert "things are wrong; nothing was asked of any platform." in done.err


def test_the_hooks_are_commands_over_what_inventories_are_called() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert [hook["entry"].split() for hook in hooks] == [["reconciler", "validate"], ["reconciler", "fmt"]]
    for hook in hooks:
        assert hook["entry"].split()[1] in COMMANDS
        for name in ("inventory.yaml", "teams/a/inventory.yml", "search.models.yaml", "x/search.models.yml"):
            assert re.search(hook["files"], name), name
        for name in ("kore.yaml", "my-inventory.yaml", "models.yaml", "inventory.yaml.j2", "inventory.schema.json"):
            assert not re.search(hook["files"], name), name
