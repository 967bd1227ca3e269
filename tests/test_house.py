"""The house itself: imports point down, heavy libraries stay in their room, every public name says what it is."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.journal.opening import lock_journal

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "reconciler"

FLOORS = {"core": 1, "platforms": 4, "journal": 4, "inventory": 4, "render": 4, "engine": 5, "cli": 6}
"""Rooms by floor; modules beside the rooms stand on floor 0, and the simulator stands apart."""

ONLY_IN = {
    "httpx": "reconciler.platforms.http",
    "click": "reconciler.cli",
    "sqlalchemy": "reconciler.journal.postgresql",
    "deepdiff": "reconciler.core.differences",
    "jsonschema": "reconciler.core.schema",
    "rich": "reconciler.cli.progress",
    "starlette": "reconciler.simulator",
    "uvicorn": "reconciler.simulator",
}
ASYNC = ("cli", "engine", "platforms", "journal", "simulator")


def modules() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        yield name, ast.parse(file.read_text("utf-8"))


MODULES = dict(modules())


def imports(tree: ast.Module) -> set[str]:
    """Every module that `tree` imports, wherever in it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide where they lead"
            found.add(node.module or "")
    return found


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and (PACKAGE / parts[1]).is_dir() else ""


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module: str) -> None:
    here = room(module)
    for imported in imports(MODULES[module]):
        if not imported.startswith("reconciler."):
            continue
        there = room(imported)
        if here == there or not there or module == "reconciler.__main__":
            continue
        if there == "simulator":
            assert here == "cli", f"{module} imports the simulator"
            continue
        assert here != "simulator", f"the simulator imports {imported}"
        assert FLOORS.get(here, 0) > FLOORS[there], f"{module} imports {imported}, which is not below it"


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_has_one_room(library: str) -> None:
    users = {name for name, tree in MODULES.items() if any(i.split(".")[0] == library for i in imports(tree))}
    strangers = {user for user in users if not user.startswith(ONLY_IN[library])}
    assert users
    assert not strangers


def test_async_stays_in_the_outer_rooms() -> None:
    for name, tree in MODULES.items():
        waits = any(isinstance(node, ast.AsyncFunctionDef | ast.Await) for node in ast.walk(tree))
        assert not waits or room(name) in ASYNC, name


def test_only_streams_print() -> None:
    printers = {
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert not printers


def test_one_asyncio_run() -> None:
    runners = [
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "asyncio.run"
    ]
    assert [name for name in runners if not name.startswith("reconciler.simulator")] == ["reconciler.cli.signals"]


def test_every_public_name_says_what_it_is() -> None:
    silent = []
    for name, tree in MODULES.items():
        if not ast.get_docstring(tree):
            silent.append(name)
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                nested = name + "." + node.name
                if not node.name.startswith("_") and not ast.get_docstring(node) and node in _public(tree):
                    silent.append(nested)
    assert not silent


def _public(tree: ast.Module) -> set[ast.AST]:
    """Top-level definitions, and the methods of public classes; not functions within functions."""
    found: set[ast.AST] = set(tree.body)
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            found |= set(node.body)
    return found


def test_sizes_stay_below_the_alarms() -> None:
    sizes = {file: file.read_text("utf-8").count("\n") for file in PACKAGE.rglob("*.py")}
    assert max(sizes.values()) <= 400
    assert sorted(sizes.values())[len(sizes) // 2] < 200
    long = {
        f"{name}.{node.name}"
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno >= 50
    }
    assert not long


def test_no_import_cycles() -> None:
    graph = {
        name: {found for found in _loaded(tree) if found in MODULES and found != name} for name, tree in MODULES.items()
    }
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path, name))
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def _loaded(tree: ast.Module) -> set[str]:
    """What is imported when a module is loaded: not inside functions."""
    found = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_it_answers_at_once(option: str) -> None:
    heavy = ["httpx", "yaml", "jsonschema", "deepdiff", "asyncio", "sqlalchemy", "rich"]
    code = (
        "import sys\n"
        "from reconciler.cli.main import run\n"
        f"code = run(['{option}'])\n"
        f"print([name for name in {heavy} if name in sys.modules])\n"
        "sys.exit(code)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_a_journal_in_a_file_is_read_without_what_only_a_database_needs(tmp_path: Path) -> None:
    inventory, journal = tmp_path / "inventory.yaml", tmp_path / "journal.db"
    inventory.write_text("version: 1\nmodels:\n  a: {platform: kore, id: a, state: undeployed}\n")
    with lock_journal(str(journal), run="r-1"):
        pass
    plan = ["plan", "--offline", str(inventory), "--journal", str(journal)]
    command = [sys.executable, "-X", "importtime", "-m", "reconciler", *plan]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    loaded = {line.rsplit("|", 1)[1].strip() for line in ran.stderr.splitlines() if line.startswith("import time:")}
    assert "reconciler.journal.sqlite" in loaded
    assert not {name for name in loaded if name.split(".")[0] in ("sqlalchemy", "psycopg")}
