"""What GitHub's runner reads: commands that only we wrote, few enough to be shown, and outputs that end themselves."""

import re
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from reconciler.render.github import SHOWN, annotations, outputs
from reconciler.render.safe import ci
from reconciler.render.sheet import Sheet
from reconciler.render.words import clip

from . import samples
from .samples import HOSTILE, large
from .sheets import SHEETS, drifted, planned, reported

DELIMITER = "5d1f0c9a2b7e4836"

every_sheet = pytest.mark.parametrize("sheet", [sheet for sheet, _ in SHEETS.values()], ids=SHEETS)


@dataclass(frozen=True)
class Command:
    name: str
    properties: dict[str, str]
    data: str


def command(line: str) -> Command:
    """A line as the runner's documentation and source say that it is read."""
    assert line.startswith("::")
    end = line.index("::", 2)
    name, _, told = line[2:end].partition(" ")
    pairs = [pair.partition("=") for pair in told.split(",") if pair]
    properties = {
        key: value.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",").replace("%25", "%")
        for key, _, value in pairs
    }
    return Command(name, properties, line[end + 2 :].replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%"))


def commands(sheet: Sheet) -> list[Command]:
    return [command(line) for line in annotations(sheet).split("\n")]


def read(text: str) -> dict[str, str]:
    """A step's outputs as the runner reads their file."""
    found = {}
    lines = iter(text.split("\n")[:-1])
    for line in lines:
        name, arrows, delimiter = line.partition("<<")
        assert arrows
        value = []
        while (part := next(lines)) != delimiter:
            value.append(part)
        assert name not in found
        found[name] = "\n".join(value)
    assert text.endswith("\n")
    return found


def told(sheet: Sheet) -> dict[str, str]:
    return read(outputs(sheet, digest="sha256:00", delimiter=DELIMITER))


@every_sheet
def test_every_line_is_a_command_of_ours_and_of_no_other_log(sheet: Sheet) -> None:
    text = annotations(sheet)

    assert text.encode()
    assert all(line.isprintable() for line in text.split("\n"))
    assert {found.name for found in commands(sheet)} <= {"error", "warning", "notice"}
    assert not re.search(r"##\[|##vso|##teamcity", text)
    assert len(re.findall("::", text)) == 2 * len(commands(sheet))


@every_sheet
def test_what_the_runner_reads_is_what_the_sheet_says(sheet: Sheet) -> None:
    first, *others = commands(sheet)

    assert (first.name, first.data) == ("notice", ci(clip(" ".join((sheet.verdict, *sheet.caveats)), 1_000)))
    for line, found in zip(sheet.findings[:SHOWN], others, strict=False):
        assert found.name == {"note": "notice"}.get(line.level, line.level)
        assert found.properties["title"] == ci(f"{line.word} {line.address}")
        assert ci(clip("; ".join(line.parts), 1_000)) == found.data
        if line.source is None:
            assert "file" not in found.properties
        else:
            assert found.properties["file"] == ci(sheet.place(line).file)
            assert found.properties["line"] == str(line.source.line)


@every_sheet
def test_no_annotation_is_dropped_without_a_word(sheet: Sheet) -> None:
    found = commands(sheet)
    left = len(sheet.findings) - SHOWN

    assert max([found.name for found in found].count(name) for name in ("error", "warning")) <= 10
    assert len(found) == 1 + min(len(sheet.findings), SHOWN) + (left > 0)
    assert (found[-1].data == f"and {left:,} more") is (left > 0)


def test_the_gravest_come_first() -> None:
    found = [command.name for command in commands(planned(replace(samples.EVERYTHING, warnings=())))[1:-1]]

    assert found == ["error"] * 2 + ["warning"] * 5 + ["notice"] * 2


def test_many_findings_are_still_a_screen() -> None:
    found = commands(planned(large(5000)))

    assert len(found) == 11
    assert found[-1].data == "and 4,991 more"


@pytest.mark.parametrize("name", [*HOSTILE, "%0A::error::boo", "a,file=x.py,line=1", "100%25"])
def test_a_name_stays_in_its_place(name: str) -> None:
    plan = replace(samples.EMPTY, actions=(samples.undeploy(f"a/{name}"),))
    found = commands(planned(plan, environment=name))

    assert len(found) == 2
    assert found[0].properties == {"title": ci(f"reconciler plan {name}".rstrip())}
    assert found[1].properties == {"title": ci(f"undeploy a/{name}"), "file": "inventory.yaml", "line": "1", "col": "1"}


def test_escapes_are_those_of_the_runner() -> None:
    plan = replace(samples.EMPTY, actions=(samples.undeploy("a/50%:b,c"),))
    line = annotations(planned(plan)).split("\n")[1]

    assert line.startswith("::warning title=undeploy a/50%25%3Ab%2Cc,file=inventory.yaml,line=1,col=1::deployed -> ")


@every_sheet
def test_outputs_come_back_as_they_are(sheet: Sheet) -> None:
    found = told(sheet)

    assert found["verdict"] == ci(sheet.verdict)
    assert found["caveats"].split("\n") == ([ci(caveat) for caveat in sheet.caveats] or [""])
    assert found["digest"] == "sha256:00"
    assert {found[name] for name in ("changes", "stopped", "complete", "partial")} <= {"true", "false"}
    assert all(re.fullmatch("[a-z_]+", name) for name in found)


def test_outputs_of_a_plan() -> None:
    found = told(planned(samples.EVERYTHING))

    assert (found["undeploys"], found["deploys"], found["exports"], found["adopts"]) == ("3", "3", "2", "1")
    assert (found["changes"], found["stopped"], found["complete"], found["partial"]) == (
        "true",
        "true",
        "false",
        "true",
    )


@pytest.mark.parametrize(
    ("sheet", "changes", "complete"),
    [
        (planned(samples.EMPTY), "false", "true"),
        (planned(samples.DEMO), "true", "true"),
        (planned(replace(samples.DEMO, offline=True)), "true", "false"),
        (reported(samples.DONE), "true", "true"),
        (reported(samples.FAILED), "false", "false"),
        (drifted(samples.DEMO, samples.CHECK), "true", "true"),
        (drifted(samples.DEMO, replace(samples.CHECK, drifts=(samples.ACKNOWLEDGED,))), "false", "true"),
    ],
)
def test_flags(sheet: Sheet, changes: str, complete: str) -> None:
    found = told(sheet)

    assert (found["changes"], found["complete"]) == (changes, complete)


def test_no_text_ends_its_own_value() -> None:
    sheet = replace(planned(samples.DEMO), verdict=f"x\n{DELIMITER}\ndigest<<{DELIMITER}\nforged")

    with pytest.raises(ValueError, match="delimiter"):
        outputs(sheet, digest="sha256:00", delimiter=DELIMITER)
    assert told(replace(sheet, verdict="x\nEOF\ndigest<<EOF\nforged"))["digest"] == "sha256:00"
