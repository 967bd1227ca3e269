"""Exported files, from the platform's word to the disk: nothing is told to the server, nothing else is written."""

import hashlib
import json
import sqlite3
from pathlib import Path

import pytest

from .conftest import Command, Ran
from .platform import Counting, Reply
from .secrets import found_in

CONTENT = b"PK\x03\x04" + bytes(range(256)) * 40
INVENTORY = "version: 1\nmodels:\n  m: {platform: kore, id: m1, export: {to: TO}}\n"


def export(
    command: Command, platform: Counting, url: str, folder: Path, to: str = "m.zip", *more: str
) -> tuple[Ran, dict[str, dict[str, object]]]:
    """Apply an inventory of one export, which has its file at `url`."""
    (folder / "inventory.yaml").write_text(INVENTORY.replace("TO", to), "utf-8")
    done = {"dockStatusId": "j1", "_id": "j1", "status": "SUCCESS", "fileId": "f"}
    platform.replies = {
        "/": Reply({**done, "downloadUrl": url}),
        "/good": Reply(CONTENT, headers={"content-type": "application/zip"}),
        "/named": Reply(CONTENT, headers={"content-disposition": 'attachment; filename="../../evil.sh"'}),
        "/baked": Reply(CONTENT, headers={"set-cookie": "a=b"}),
        "/empty": Reply(b""),
    }
    ran = command("apply", "--yes", "--report", "json=report.json", *more)
    report = json.loads((folder / "report.json").read_text()) if (folder / "report.json").exists() else {"outcomes": []}
    return ran, {outcome["address"]: outcome for outcome in report["outcomes"]}


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def fetches(platform: Counting) -> list[bytes]:
    wanted = (b"/good", b"/named", b"/baked", b"/empty")
    return [request for request in platform.requests if any(name in request.split(b"\n")[0] for name in wanted)]


@pytest.mark.parametrize("path", ["/good", "/named", "/baked"])
def test_a_file_is_fetched_by_nobody_in_particular(
    path: str, command: Command, platform: Counting, tmp_path: Path
) -> None:
    _, outcomes = export(command, platform, platform.url + path, tmp_path)

    assert outcomes["kore/m"]["outcome"] == "succeeded", outcomes
    (request,) = fetches(platform)
    assert not found_in(request)
    for word in (b"authorization", b"x-api-key", b"cookie"):
        assert word not in request.lower()
    assert files(tmp_path / "exports") == ["m.zip"]
    assert (tmp_path / "exports" / "m.zip").read_bytes() == CONTENT
    assert (tmp_path / "exports" / "m.zip").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "exports").stat().st_mode & 0o777 == 0o700


def test_the_sum_of_a_file_is_in_journal_and_report(command: Command, platform: Counting, tmp_path: Path) -> None:
    _, outcomes = export(command, platform, f"{platform.url}/good", tmp_path)

    digest = hashlib.sha256(CONTENT).hexdigest()
    artifact = outcomes["kore/m"]["artifact"]
    assert isinstance(artifact, dict)
    assert artifact["sha256"] == digest
    with sqlite3.connect(tmp_path / ".reconciler" / "journal.db") as journal:
        bodies = [body for (body,) in journal.execute("select body from records")]
    assert any(digest in body for body in bodies)


def test_a_file_that_is_there_is_left_as_it_is(command: Command, platform: Counting, tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "m.zip").write_bytes(b"mine")

    _, outcomes = export(command, platform, f"{platform.url}/good", tmp_path)

    assert outcomes["kore/m"]["outcome"] == "succeeded"
    assert (tmp_path / "exports" / "m.zip").read_bytes() == b"mine"
    assert len(files(tmp_path / "exports")) == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/",
        "https://10.0.0.1/x",
        "https://192.168.1.1/x",
        "https://[fd00::1]/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://[64:ff9b::a00:1]/x",
        "https://0xa9fea9fe/",
        "https://2852039166/",
        "https://0251.0376.0251.0376/",
        "https://10.1/x",
        "https://0/x",
        "http://example.org/x",
        "http://10.0.0.1/x",
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "ftp://127.0.0.1/x",
        "gopher://127.0.0.1/x",
        "data:text/plain,x",
        "javascript:alert(1)",
        "//127.0.0.1/x",
        "/etc/passwd",
        "https://user:pw@127.0.0.1/x",
        "https://",
        "https://[::1",
        "https://127.0.0.1:99999/x",
        "https://h\x00/x",
        "https://xn--/x",
        "https://" + "a" * 300 + "/x",
        "http://127.0.0.1:PORT/good\r\nx-evil: 1",
        "https://metadata.google.internal./x",
    ],
    ids=ascii,
)
def test_an_address_that_is_not_one_of_the_open_internet_is_not_fetched(
    url: str, command: Command, platform: Counting, tmp_path: Path
) -> None:
    ran, outcomes = export(command, platform, url.replace("PORT", str(platform.port)), tmp_path)

    assert ran.code == 5, ran.lines
    assert outcomes["kore/m"]["outcome"] == "failed"
    assert b"Internal error" not in ran.err
    assert not fetches(platform)
    assert not files(tmp_path / "exports") if (tmp_path / "exports").exists() else True


def test_an_empty_file_is_no_export(command: Command, platform: Counting, tmp_path: Path) -> None:
    ran, _ = export(command, platform, f"{platform.url}/empty", tmp_path)

    assert ran.code == 5
    assert files(tmp_path / "exports") == []


def test_a_link_out_of_the_folder_is_not_followed(command: Command, platform: Counting, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "sub").symlink_to(outside)

    ran, _ = export(command, platform, f"{platform.url}/good", tmp_path, "sub/m.zip")

    assert ran.code == 5
    assert list(outside.iterdir()) == []


def test_a_link_out_of_the_folder_has_no_folders_made_behind_it(
    command: Command, platform: Counting, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "sub").symlink_to(outside)

    export(command, platform, f"{platform.url}/good", tmp_path, "sub/new/m.zip")

    assert list(outside.iterdir()) == []


def test_a_link_in_place_of_the_file_is_left_as_it_is(command: Command, platform: Counting, tmp_path: Path) -> None:
    target = tmp_path / "target"
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "m.zip").symlink_to(target)

    export(command, platform, f"{platform.url}/good", tmp_path)

    assert not target.exists()


def test_a_folder_that_came_as_a_link_must_be_named(command: Command, platform: Counting, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "exports").symlink_to(outside)

    ran, _ = export(command, platform, f"{platform.url}/good", tmp_path)

    assert ran.code == 1
    assert not platform.requests
    assert list(outside.iterdir()) == []
    _, outcomes = export(command, platform, f"{platform.url}/good", tmp_path, "m.zip", "--exports", "exports")
    assert outcomes["kore/m"]["outcome"] == "succeeded"
