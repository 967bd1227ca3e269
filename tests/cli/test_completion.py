"""TAB in a shell: what is offered, how fast, and that nothing is ever said about what is wrong."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time

import click
import pytest
import yaml
from click.shell_completion import CompletionItem

from reconciler.cli.addresses import addresses
from reconciler.cli.completion import FORMS, candidates, completions
from reconciler.cli.glance import COMMANDS, COMPLETE, COMPLETIONS
from tests.cli.completions import CLICK, command_called, files, in_click
from tests.cli.conftest import BATCH, FAQ, READER, Reconciler, inventory
from tests.render.golden import UPDATE

ROOT = Path(__file__).parents[2]
HEAVY = ["click", "httpx", "jsonschema", "asyncio", "sqlalchemy", "rich", "msgspec", "pathlib", "dataclasses"]
UPDATES = bool(os.environ.get(UPDATE))
"""Looked up now: the tests here run without what stands in the environment."""


@pytest.fixture(autouse=True)
def on_the_path(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """`reconciler` as a shell finds it: this checkout, with this Python."""
    folder = tmp_path_factory.mktemp("bin")
    program = folder / "reconciler"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m reconciler "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def in_shell(*command: str, **variables: str) -> tuple[str, str]:
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, **variables})
    return ran.stdout, ran.stderr


def asked(line: str) -> list[str]:
    """What bash's own completion function offers at the end of `line`."""
    words = line.split(" ")
    script = (
        'eval "$(reconciler completion bash)"\n'
        f"COMP_WORDS=({' '.join(repr(word) for word in words)}) COMP_CWORD={len(words) - 1}\n"
        "compopt() { echo files $2; }\n"
        '_reconciler_completion reconciler; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    out, err = in_shell("bash", "--norc", "-c", script)
    assert err == ""
    return [word for word in out.splitlines() if word]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("reconciler pl", ["plan", "platforms"]),
        ("reconciler --v", ["--version"]),
        ("reconciler plan --o", ["--only", "--out", "--offline"]),
        ("reconciler plan --format ", ["text", "json", "markdown"]),
        ("reconciler plan --only n", ["nugen/faq", "nugen/reader"]),
        ("reconciler apply --approve kore/", ["kore/batch"]),
        ("reconciler adopt ", ["kore/batch", "nugen/faq", "nugen/reader"]),
        ("reconciler adopt kore/batch --as u", ["undeployed"]),
        ("reconciler adopt --journal --as kore/batch ", ["files default"]),
        ("reconciler history nugen/f", ["nugen/faq"]),
        ("reconciler discover ", ["kore", "nugen", "nugen-b"]),
        ("reconciler platforms c", ["check"]),
        ("reconciler schema in", ["inventory"]),
        ("reconciler completion ", ["bash", "zsh", "fish"]),
        ("reconciler plan inv", ["files default"]),
        ("reconciler validate a.yaml b", ["files default"]),
        ("reconciler apply --plan ", ["files default"]),
        ("reconciler history nugen/faq --journal ", ["files default"]),
        ("reconciler schema plan ", []),
        ("reconciler nonsense ", []),
    ],
)
def test_bash_offers(line: str, offered: list[str]) -> None:
    inventory(FAQ, READER, BATCH)
    assert asked(line) == offered


def test_every_command_is_offered() -> None:
    assert asked("reconciler ") == list(COMMANDS)


def test_the_inventory_that_the_command_names_counts() -> None:
    inventory(FAQ)
    Path("inventory.yaml").rename("other.yaml")
    inventory(BATCH)
    assert asked("reconciler plan other.yaml --only ") == ["nugen/faq"]
    assert asked("reconciler plan --quiet --only kore/batch --exclude ") == ["kore/batch"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "models: [",
        "- models",
        "? [a]\n: b",
        "a: 1\n---\nb: 2",
        "\0",
        "[" * 99_999,
        "models: {a: 1, 'x y': {platform: kore}, '$(boo)': {platform: k}}",
        "version: 1\nmodels: no\n",
    ],
)
def test_a_broken_inventory_is_no_reason_to_speak(text: str) -> None:
    Path("inventory.yaml").write_text(text)
    assert [word for word in asked("reconciler plan --only ") if word != "None/a"] == []


def test_without_an_inventory_nothing_is_said() -> None:
    assert asked("reconciler plan --only ") == []


@pytest.mark.parametrize(
    "variables",
    [
        {"_RECONCILER_COMPLETE": "bash_complete"},
        {"_RECONCILER_COMPLETE": "tcsh_complete", "COMP_WORDS": "reconciler ", "COMP_CWORD": "1"},
        {"_RECONCILER_COMPLETE": "bash_complete", "COMP_WORDS": "reconciler 'pl", "COMP_CWORD": "x"},
    ],
)
def test_a_shell_that_asks_badly_gets_silence(variables: dict[str, str]) -> None:
    assert in_shell("reconciler", **variables) == ("", "")


def in_environment(shell: str, line: str) -> dict[str, str]:
    """What the script of `shell` sets when TAB is pressed at the end of `line`."""
    words = line.split(" ")
    at = words[-1] if shell == "fish" else str(len(words) - 1)
    return {COMPLETE: f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": at}


@pytest.mark.parametrize("name", files())
def test_what_is_packaged_is_what_the_commands_say(name: str) -> None:
    text, file = files()[name], Path(COMPLETIONS, name)
    if UPDATES:
        file.write_text(text, "utf-8")
    assert file.read_text("utf-8") == text, f"run {UPDATE}=1 pytest {Path(__file__).relative_to(ROOT)}"


def test_no_help_breaks_out_of_its_line() -> None:
    said = [text for name in COMMANDS for _, _, text in candidates([name], "-")]
    assert len(said) > 80
    assert all(text.isprintable() for text in said)


def known_to_click() -> Iterator[str]:
    """Command lines that end with an option, or where one of a few words is due: click knows the answer as well."""
    for name in COMMANDS:
        for param in command_called(name).params:
            ends = param.opts if isinstance(param, click.Option) else [""]
            few = isinstance(param.type, click.Choice)
            yield from (f"reconciler {name} {end}" for end in ends if end or few)
            yield from (f"reconciler {name} {end} " for end in ends if end and few)


@pytest.mark.parametrize("shell", CLICK)
def test_options_and_choices_are_those_that_click_offers(monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    lines = list(known_to_click())
    assert len(lines) > 80
    for line in lines:
        for name, value in in_environment(shell, line).items():
            monkeypatch.setenv(name, value)
        offered = in_click(shell).complete()
        assert offered, line
        assert completions(shell, os.environ) == offered, line


@pytest.mark.parametrize(
    "line",
    [
        "reconciler",
        "reconciler ",
        "reconciler -",
        "reconciler pl",
        "reconciler 'pl",
        "reconciler --debug apply --",
        "reconciler plan a:b",
        "reconciler plan 'a b.yaml' --only ",
        "reconciler plan 'a b",
        'reconciler plan "a b',
        "reconciler plan a\\ b",
        "reconciler plan a\\",
        'reconciler plan "it\'s" --o',
        "reconciler plan #a",
        "reconciler plan übung",
        "reconciler plan a\tb --o",
        "reconciler plan x\u00a0y",
        "reconciler plan --format=",
        "reconciler plan --only --only",
        "reconciler apply --exports 'my folder",
        "reconciler platforms ",
        "reconciler adopt ",
        "reconciler nonsense ",
    ],
)
@pytest.mark.parametrize("shell", CLICK)
def test_words_are_told_apart_and_written_as_click_does_it(
    monkeypatch: pytest.MonkeyPatch, shell: str, line: str
) -> None:
    inventory(FAQ, READER)
    Path("inventory.yaml").rename("a b.yaml")
    inventory(BATCH)
    for name, value in in_environment(shell, line).items():
        monkeypatch.setenv(name, value)
    clicks = in_click(shell)
    items = [CompletionItem(word, kind, text or None) for kind, word, text in candidates(*clicks.get_completion_args())]
    assert completions(shell, os.environ) == "\n".join(map(clicks.format_completion, items))


@pytest.mark.parametrize("kind", ["plain", "file", "dir"])
@pytest.mark.parametrize("word", ["", "--only", "a:b", "a,b", "ü"])
@pytest.mark.parametrize("text", ["", "Only: this, or that."])
@pytest.mark.parametrize("shell", CLICK)
def test_an_item_is_written_as_click_does_it(shell: str, kind: str, word: str, text: str) -> None:
    assert FORMS[shell](kind, word, text) == in_click(shell).format_completion(CompletionItem(word, kind, text or None))


@pytest.mark.parametrize(
    ("line", "offered", "heavy"),
    [
        ("reconciler pl", "plain,plan\nplain,platforms\n", [*HEAVY, "json", "yaml"]),
        ("reconciler plan --fo", "plain,--format\n", [*HEAVY, "yaml"]),
        ("reconciler plan --only ", "plain,nugen/faq\n", HEAVY),
    ],
)
def test_nothing_is_loaded_that_the_answer_does_not_need(line: str, offered: str, heavy: list[str]) -> None:
    inventory(FAQ)
    code = (
        "import sys\n"
        "from reconciler.__main__ import main\n"
        "try: main()\n"
        f"finally: print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    out, err = in_shell(sys.executable, "-c", code, PYTHONPATH=str(ROOT), **in_environment("bash", line))
    assert (out, err) == (offered, "[]\n")


@pytest.mark.parametrize(("stdout", "code"), [(">/dev/null", 0), (">/dev/full", 1), (">&-", 1)])
def test_an_answer_that_nobody_takes_is_no_reason_to_speak(stdout: str, code: int) -> None:
    out, err = in_shell("sh", "-c", f"reconciler {stdout}; echo $?", **in_environment("bash", "reconciler plan --o"))
    assert (out, err) == (f"{code}\n", "")


def test_an_inventory_from_elsewhere_gives_a_shell_no_more_than_words() -> None:
    models = (
        r'faq: {platform: nugen, state: "x\nplain\n$(boo)\n_"}',
        r'"$(boo)": {platform: nugen}',
        r'boo: {platform: "nugen\nplain\n$(boo)\n_"}',
        "all: &all {platform: *all}",
    )
    inventory(*models)
    assert completions("zsh", in_environment("zsh", "reconciler plan --only ")) == "plain\nnugen/faq\n_"


def test_a_folder_is_an_inventory_and_what_is_broken_in_it_is_passed_over() -> None:
    Path("all").mkdir()
    inventory("faq: {state: deployed}", "batch: {platform: kore}", "reader:", head="defaults: {platform: nugen}\n")
    Path("inventory.yaml").rename("all/a.yml")
    Path("all/b.yaml").write_text("models: [")
    Path("all/c.txt").write_text("models: {c: {platform: kore}}")
    Path("all/.d.yaml").write_text("models: {d: {platform: kore}}")
    assert candidates(["status", "all", "--only"], "") == [
        ("plain", "kore/batch", ""),
        ("plain", "nugen/faq", "wanted deployed"),
        ("plain", "nugen/reader", ""),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "models:\n  " + "- " * 300_000 + "a\n",
        "[" * 500_000,
        "{a: " * 200_000,
        "? " * 300_000,
        "[" * 100_000 + "]" * 100_000,
        "models: {faq: {platform: nugen, config: " + "[" * 40 + "]" * 40 + "}}",
        "".join(f"%TAG !{number}! x\n" for number in range(70_000)) + "--- a\n",
        "models: {faq: {platform: nugen}}\n---\na: b\n",
    ],
    ids=["lists", "brackets", "mappings", "names", "closed", "a little too deep", "directives", "two documents"],
)
def test_a_file_that_would_exhaust_the_parser_is_passed_over(text: str) -> None:
    Path("all").mkdir()
    Path("all/a.yaml").write_text(text)
    Path("all/b.yaml").write_text("models: {reader: {platform: nugen}}")
    script = 'timeout 4 reconciler; echo "$?"'
    out, err = in_shell("sh", "-c", script, **in_environment("bash", "reconciler plan all --only "))
    assert (out, err) == ("plain,nugen/reader\n0\n", "")


def test_only_what_is_said_of_a_model_itself_counts() -> None:
    inventory(
        "a: {state: deployed, config: {platform: kore, x: [{state: y}]}, platform: nugen}",
        "b: [{platform: kore}]",
        "c: {platform: {platform: kore}}",
        "d: &d {platform: kore, state: [e]}",
        "e: *d",
        "? [platform, kore]\n  : {platform: kore}",
        "f: {<<: *d}",
        "'': {platform: kore}",
        "g: x\n  g: {platform: kore, platform: python}",
        head="defaults: {state: undeployed, platform: nugen, config: {platform: kore}}\nmore: {h: {platform: kore}}\n",
    )
    assert [(word, text) for _, word, text in candidates(["status", "inventory.yaml", "--only"], "")] == [
        ("kore/d", ""),
        ("nugen/a", "wanted deployed"),
        ("nugen/b", "wanted undeployed"),
        ("nugen/e", "wanted undeployed"),
        ("nugen/f", "wanted undeployed"),
        ("python/g", "wanted undeployed"),
    ]


@pytest.mark.parametrize("make", ["mkfifo inventory.yaml", "ln -s /dev/stdin inventory.yaml"])
def test_only_files_are_read(make: str) -> None:
    script = f'{make}; mkfifo silent; timeout 4 reconciler <>silent; echo "$?"'
    out, err = in_shell("sh", "-c", script, **in_environment("bash", "reconciler plan --only "))
    assert (out, err) == ("\n0\n", "")


@pytest.mark.timeout(10)
@pytest.mark.parametrize("flags", [os.O_RDONLY | os.O_NONBLOCK, os.O_RDWR])
def test_a_file_that_becomes_a_pipe_hangs_nobody(monkeypatch: pytest.MonkeyPatch, flags: int) -> None:
    os.mkfifo("inventory.yaml")
    monkeypatch.setattr(os.path, "isfile", lambda path: True)
    other_end = os.open("inventory.yaml", flags)
    try:
        assert addresses("inventory.yaml") == {}
    finally:
        os.close(other_end)


def test_many_models_are_read_in_much_less_time_than_it_takes_to_compose_them() -> None:
    model = "m{}:\n    platform: nugen\n    state: deployed\n    config:\n      a: b\n      c: 1\n      d: e f"
    text = inventory(*(model.format(number) for number in range(2_000)))

    def seconds(call: Callable[[], object]) -> float:
        times = []
        for _ in range(3):
            begun = process_time()
            call()
            times.append(process_time() - begun)
        return min(times)

    assert len(addresses("inventory.yaml")) == 2_000
    composed = seconds(lambda: yaml.compose(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)))
    assert seconds(lambda: addresses("inventory.yaml")) < composed * 0.8


def test_zsh_offers() -> None:
    if shutil.which("zsh") is None:
        pytest.skip("no zsh on this machine")
    script = (
        "compdef() { :; }; compadd() { shift 4; print -l ${(P)1}; }; _describe() { print -l ${(P)3}; }\n"
        'eval "$(reconciler completion zsh)"\nwords=(reconciler pl) CURRENT=2\n_reconciler_completion'
    )
    out, err = in_shell("zsh", "-f", "-c", script)
    assert err == ""
    assert out.splitlines() == [f"{name}:{COMMANDS[name][1]}" for name in ("plan", "platforms")]


def test_fish_offers() -> None:
    if shutil.which("fish") is None:
        pytest.skip("no fish on this machine")
    inventory(FAQ, READER)
    script = 'reconciler completion fish | source; complete -C "reconciler pl"; complete -C "reconciler adopt nugen/f"'
    out, err = in_shell("fish", "--no-config", "-c", script)
    assert err == ""
    assert [line.split("\t")[0] for line in out.splitlines()] == ["plan", "platforms", "nugen/faq"]


def test_fish_shows_a_help_with_commas_whole() -> None:
    assert 'string split -m 1 "," $completion' in Path(COMPLETIONS, "completion.fish").read_text("utf-8")
    if shutil.which("fish") is None:
        pytest.skip("no fish on this machine")
    name, text = next((name, text) for name, (_, text) in COMMANDS.items() if text.count(",") > 1)
    out, err = in_shell(
        "fish", "--no-config", "-c", f'reconciler completion fish | source; complete -C "reconciler {name}"'
    )
    assert (out, err) == (f"{name}\t{text}\n", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_says_how_it_is_loaded(reconciler: Reconciler, shell: str) -> None:
    done = reconciler("completion", shell)
    assert (done.code, done.err) == (0, "")
    assert f"reconciler completion {shell}" in done.out
