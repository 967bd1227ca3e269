"""Whoever writes the inventory or a definition cannot have a key sent anywhere else than where the pipeline says."""

from pathlib import Path

import pytest

from .conftest import KEY, NUGEN_KEY, PLAN_KEY, PROBE_KEY, Command
from .platform import Counting, Reply
from .secrets import found_in

DEFINITION = """definition: 1
name: mine
title: Mine
url: https://evil.example
id: "^[a-z0-9]+$"
auth: {authorization: "Bearer {key}"}
live:
  list: {request: POST PATH, body: {}, rows: "", match: [/name]}
  words: {state: [/state]}
  states:
    - {is: deployed, state: [READY]}
follow: null
actions:
  deploy: {request: "POST /models/{id}/load"}
"""
WITHOUT_ADDRESSES = {"RECONCILER_KORE_URL": None, "RECONCILER_NUGEN_URL": None}


def inventory(folder: Path, platforms: str, platform: str = "mine", more: str = "") -> None:
    models = f"models:\n  m: {{platform: {platform}, id: m1, state: undeployed{more}}}\n"
    (folder / "inventory.yaml").write_text(f"version: 1\nplatforms: {platforms}\n{models}", "utf-8")


def define(folder: Path, path: str = "/list") -> None:
    (folder / "mine.yaml").write_text(DEFINITION.replace("PATH", f'"{path}"' if " " in path else path), "utf-8")


@pytest.mark.parametrize("name", ["mine", "kore", "nugen", "KORE", "Kore", "PLAN"])
def test_the_address_in_a_definition_gets_no_key(
    name: str, command: Command, platform: Counting, elsewhere: Counting, tmp_path: Path
) -> None:
    define(tmp_path)
    text = (tmp_path / "mine.yaml").read_text().replace("https://evil.example", "https://127.0.0.1:9")
    (tmp_path / "mine.yaml").write_text(text)
    inventory(tmp_path, f"{{{name}: {{definition: mine.yaml}}}}", name)

    ran = command("plan", env=WITHOUT_ADDRESSES)

    assert ran.code == 1, ran.lines
    assert not elsewhere.requests
    assert not platform.requests
    assert not found_in(ran.out + ran.err)


def test_a_platform_named_like_a_probe_gets_its_key_at_the_address_of_the_probe_and_nowhere_else(
    command: Command, platform: Counting, elsewhere: Counting, tmp_path: Path
) -> None:
    define(tmp_path)
    inventory(tmp_path, "{kore-probe: {definition: mine.yaml}}", "kore-probe")

    command("plan", env={"RECONCILER_KORE_URL": elsewhere.url})

    assert not elsewhere.requests
    assert KEY.encode() not in platform.everything


@pytest.mark.parametrize(
    ("name", "needed"), [("mine", "MINE"), ("kore-eu", "KORE_EU"), ("kore_eu", "KORE_EU"), ("k", "K"), ("ko", "KO")]
)
def test_a_platform_of_another_name_gets_no_key_of_a_known_one(
    name: str, needed: str, command: Command, platform: Counting, tmp_path: Path
) -> None:
    inventory(tmp_path, f"{{{name}: {{type: kore}}}}", name)

    ran = command("plan", env={f"RECONCILER_{needed}_URL": platform.url})

    assert ran.code == 1
    assert f"set RECONCILER_{needed}_KEY" in " ".join(ran.lines)
    assert not platform.requests


@pytest.mark.parametrize(
    "path", ["/x@HOST", "//HOST/x", "/@HOST", "/..//HOST", "/.HOST", "/x?u=http://HOST", "/%40HOST"]
)
def test_no_path_of_a_definition_leads_to_another_server(
    path: str, command: Command, platform: Counting, elsewhere: Counting, tmp_path: Path
) -> None:
    define(tmp_path, path.replace("HOST", f"127.0.0.1:{elsewhere.port}"))
    inventory(tmp_path, "{mine: {definition: mine.yaml}}")

    command("plan", env={"RECONCILER_MINE_URL": platform.url, "RECONCILER_MINE_KEY": KEY})

    assert not elsewhere.requests
    assert all(f"host: 127.0.0.1:{platform.port}".encode() in request.lower() for request in platform.requests)


@pytest.mark.parametrize("path", ["/@HOST/x", "/x/@HOST", "/x:@HOST", "/x;@HOST"])
def test_no_path_of_a_probe_leads_to_another_server(
    path: str, command: Command, platform: Counting, elsewhere: Counting, tmp_path: Path
) -> None:
    inventory(tmp_path, "{}", "kore", f', probe: {{path: "{path.replace("HOST", f"127.0.0.1:{elsewhere.port}")}"}}')

    ran = command("status")

    assert ran.code in (0, 1, 6)
    assert not elsewhere.requests
    assert KEY.encode() not in platform.everything


@pytest.mark.parametrize("link", ["http://HOST/x", "//HOST/x", "http://OWN@HOST/", "\\\\HOST\\x", "http:/\\HOST/x"])
def test_no_next_page_is_asked_of_another_server(
    link: str, command: Command, platform: Counting, elsewhere: Counting, tmp_path: Path
) -> None:
    define(tmp_path)
    text = (tmp_path / "mine.yaml").read_text()
    text = text.replace('rows: ""', "rows: /rows").replace(
        "[/name]}", "[/name], pages: {by: link, next: /next, most: 3}}"
    )
    (tmp_path / "mine.yaml").write_text(text)
    inventory(tmp_path, "{mine: {definition: mine.yaml}}")
    where = link.replace("HOST", f"127.0.0.1:{elsewhere.port}").replace("OWN", f"127.0.0.1:{platform.port}")
    platform.replies = {"/": Reply({"rows": [{"name": "m1", "state": "READY"}], "next": where})}

    ran = command("plan", env={"RECONCILER_MINE_URL": platform.url, "RECONCILER_MINE_KEY": KEY})

    assert ran.code in (0, 6), ran.lines
    assert platform.requests
    assert not elsewhere.requests


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("line", [("plan",), ("apply", "--yes"), ("status",)], ids=lambda line: line[0])
def test_no_redirect_takes_a_key_along(
    status: int, line: tuple[str, ...], command: Command, platform: Counting, elsewhere: Counting, tmp_path: Path
) -> None:
    platform.replies = {"/": Reply({}, status=status, headers={"location": f"{elsewhere.url}/x"})}
    models = "\n  other: {platform: nugen, id: n1, state: deployed}"
    inventory(tmp_path, "{}", "kore", f", on_unknown: act, probe: {{path: /p}}}}{models[:-1]}")

    ran = command(*line)

    assert ran.code in (0, 3, 5, 6), ran.lines
    assert platform.requests
    assert not elsewhere.requests
    posts = [request for request in platform.requests if request.startswith(b"POST") and b"/p " not in request[:60]]
    assert len(posts) <= 1


def test_each_key_goes_to_its_own_platform_only(
    command: Command, platform: Counting, elsewhere: Counting, tmp_path: Path
) -> None:
    models = "\n  other: {platform: nugen, id: n1, state: deployed}"
    inventory(tmp_path, "{}", "kore", f", on_unknown: act, probe: {{path: /p}}}}{models[:-1]}")

    command("apply", "--yes", env={"RECONCILER_NUGEN_URL": elsewhere.url})

    assert KEY.encode() in platform.everything
    assert NUGEN_KEY.encode() not in platform.everything
    assert NUGEN_KEY.encode() in elsewhere.everything
    assert KEY.encode() not in elsewhere.everything
    assert PROBE_KEY.encode() not in elsewhere.everything
    assert PLAN_KEY.encode() not in platform.everything + elsewhere.everything


def test_no_proxy_stands_between_us_and_loopback(
    command: Command, platform: Counting, elsewhere: Counting, tmp_path: Path
) -> None:
    inventory(tmp_path, "{}", "nugen")
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"), elsewhere.url)

    assert command("plan", env=proxies).code in (0, 6)

    assert platform.requests
    assert not elsewhere.requests
