"""A stand-in for GitHub's command line: it answers from a file in `$DESK`, changes that file, and records each call."""

import json
import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

LONGEST = 65_536
BOT = {"login": "github-actions[bot]"}
DESK = Path(os.environ["DESK"])


def body_of(file: str) -> str:
    text = Path(file).read_text("utf-8")
    if len(text) > LONGEST:
        sys.exit("HTTP 422: Body is too long (maximum is 65536 characters)")
    return text


def api(desk: dict[str, Any], arguments: list[str]) -> None:
    parser = ArgumentParser()
    parser.add_argument("route")
    parser.add_argument("--method", default="GET")
    parser.add_argument("--field")
    parser.add_argument("--paginate", action="store_true")
    parser.add_argument("--silent", action="store_true")
    given = parser.parse_args(arguments)
    kind = "comments" if "/comments" in given.route else "issues"
    if given.method == "GET":
        assert given.paginate
        shown = [one for one in desk[kind] if one.get("state", "open") == "open"]
        # One array a page, as it prints them.
        print(json.dumps(shown[:1]) + json.dumps(shown[1:]))
        return
    name, _, file = given.field.partition("=@")
    assert name == "body"
    if given.method == "POST":
        desk[kind].append({"id": 500 + len(desk[kind]), "user": BOT, "body": body_of(file)})
    else:
        (one,) = (one for one in desk[kind] if str(one["id"]) == given.route.rsplit("/", 1)[1])
        one["body"] = body_of(file)


def issue(desk: dict[str, Any], verb: str, arguments: list[str]) -> None:
    assert os.environ["GH_REPO"]
    parser = ArgumentParser()
    if verb != "create":
        parser.add_argument("number", type=int)
    parser.add_argument("--title")
    parser.add_argument("--comment")
    parser.add_argument("--body-file")
    given = parser.parse_args(arguments)
    if verb == "create":
        number = 1 + max((one["number"] for one in desk["issues"]), default=0)
        made = {"number": number, "user": BOT, "state": "open", "title": given.title, "said": []}
        desk["issues"].append({**made, "body": body_of(given.body_file)})
        return
    (one,) = (one for one in desk["issues"] if one["number"] == given.number and one["state"] == "open")
    if verb == "edit":
        one["body"] = body_of(given.body_file)
    elif verb == "comment":
        one["said"].append(body_of(given.body_file))
    else:
        assert verb == "close"
        one["state"] = "closed"
        one["said"].append(given.comment)


def main() -> None:
    assert os.environ["GH_TOKEN"]
    with (DESK / "calls").open("a", encoding="utf-8") as calls:
        calls.write(json.dumps(sys.argv[1:]) + "\n")
    state = DESK / "state.json"
    desk = {"issues": [], "comments": [], **(json.loads(state.read_text("utf-8")) if state.exists() else {})}
    if sys.argv[1] == "api":
        api(desk, sys.argv[2:])
    else:
        assert sys.argv[1] == "issue"
        issue(desk, sys.argv[2], sys.argv[3:])
    state.write_text(json.dumps(desk), "utf-8")


if __name__ == "__main__":
    main()
