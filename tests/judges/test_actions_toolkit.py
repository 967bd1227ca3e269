"""GitHub's own toolkit, @actions/core, writes the same bytes for our annotations and outputs as we do."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.render.github import SHOWN, annotations, outputs
from reconciler.render.safe import ci
from reconciler.render.sheet import Line, Sheet
from reconciler.render.words import clip
from tests.render.sheets import SHEETS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PROGRAM: Final = """
import { readFileSync } from "node:fs";
import * as core from "@actions/core";

const told = JSON.parse(readFileSync(0, "utf-8"));
for (const { command, message, properties } of told.commands) core[command](message, properties);
for (const [name, value] of told.outputs) core.setOutput(name, value);
"""
DELIMITER: Final = "5d1f0c9a2b7e4836"
WORDS: Final = {"error": "error", "warning": "warning", "note": "notice"}


def annotation(sheet: Sheet, line: Line) -> dict[str, Any]:
    properties: dict[str, Any] = {"title": ci(f"{line.word} {line.address}")}
    if line.source is not None:
        place = sheet.place(line)
        properties |= {"file": ci(place.file), "startLine": place.line, "startColumn": place.column}
    message = "; ".join(filter(None, (line.summary, *line.details)))
    return {"command": WORDS[line.level], "message": ci(clip(message, 1_000)), "properties": properties}


def commands(sheet: Sheet) -> list[dict[str, Any]]:
    title = {"title": ci(f"reconciler {sheet.kind} {sheet.environment}".rstrip())}
    verdict = ci(clip(" ".join((sheet.verdict, *sheet.caveats)), 1_000))
    left = len(sheet.findings) - SHOWN
    last = [{"command": "notice", "message": f"and {left:,} more", "properties": title}] if left > 0 else []
    first = {"command": "notice", "message": verdict, "properties": title}
    return [first, *(annotation(sheet, line) for line in sheet.findings[:SHOWN]), *last]


def values(text: str) -> list[list[str]]:
    found = re.findall(rf"^(\w+)<<{DELIMITER}\n(.*?)\n{DELIMITER}$", text, re.MULTILINE | re.DOTALL)
    return [list(pair) for pair in found]


@pytest.mark.parametrize("sheet", [sheet for sheet, _ in SHEETS.values()], ids=SHEETS)
def test_the_toolkit_writes_the_same(node_tools: Path, tmp_path: Path, sheet: Sheet) -> None:
    node = shutil.which("node")
    assert node is not None
    program = node_tools.parents[1] / "toolkit.mjs"
    program.write_text(PROGRAM, encoding="utf-8")
    file = tmp_path / "outputs"
    file.touch()
    ours = outputs(sheet, digest="sha256:00", delimiter=DELIMITER)
    told = {"commands": commands(sheet), "outputs": values(ours)}
    ran = subprocess.run(
        [node, str(program)],
        input=json.dumps(told).encode(),
        env={"GITHUB_OUTPUT": str(file)},
        capture_output=True,
        check=True,
        timeout=60,
    )

    assert ran.stdout.decode() == annotations(sheet) + "\n"
    assert re.sub(r"ghadelimiter_[0-9a-f-]{36}", DELIMITER, file.read_text("utf-8")) == ours
