"""Files and folders: which are read, what they are called, and what may stand in two of them."""

import os
from contextlib import chdir
from pathlib import Path

import pytest

from reconciler.core.model import Inventory, Source
from reconciler.errors import InventoryError
from reconciler.inventory.load import load, load_text

from .kinds import BUILT_IN, find_type


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def model(name: str, more: str = "state: deployed") -> str:
    return f"  {name}: {{platform: oip, id: {name}, {more}}}\n"


def read(*paths: Path) -> Inventory:
    return load(list(paths), find_type, BUILT_IN)


def complaints(*paths: Path) -> list[str]:
    with pytest.raises(InventoryError) as caught:
        read(*paths)
    return [str(complaint) for complaint in caught.value.complaints]


def test_a_folder_is_merged_in_order_of_names(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "models/20-b.yaml": "version: 1\nmodels:\n" + model("b", "after: [a]"),
            "models/10-a.yml": "version: 1\nmodels:\n" + model("a"),
            "models/00-common.yaml": "version: 1\ndefaults: {owner: ml, state: undeployed}\n"
            "guards: {max_undeploys: 2}\n",
            "models/.hidden.yaml": "not: an inventory\n",
            "models/notes.txt": "none\n",
            "models/deeper/c.yaml": "not: read\n",
        },
    )
    with chdir(tmp_path):
        inventory = read(Path("models"))

    assert inventory.files == ("models/00-common.yaml", "models/10-a.yml", "models/20-b.yaml")
    assert inventory.directory == "models"
    assert inventory.limits.max_undeploys == 2
    assert [(one.address, one.owner, one.target.deployment) for one in inventory.models] == [
        ("oip/a", "ml", "deployed"),
        ("oip/b", "ml", "undeployed"),
    ]
    assert inventory.models[1].after == ("oip/a",)
    assert inventory.models[1].source == Source(file="models/20-b.yaml", line=3, column=3)


def test_names_are_as_a_person_would_write_them(tmp_path: Path) -> None:
    file = write(tmp_path, {"here/x/inventory.yaml": "version: 1\nmodels:\n" + model("a")}) / "here/x/inventory.yaml"
    (tmp_path / "elsewhere").mkdir()

    with chdir(tmp_path / "here"):
        assert read(file).files == ("x/inventory.yaml",)
        assert read(Path("./x/../x/inventory.yaml")).files == ("x/../x/inventory.yaml",)
        assert read(Path("x/inventory.yaml")).directory == "x"
    with chdir(tmp_path / "elsewhere"):
        assert read(file).files == (str(file),)
        assert read(Path("../here/x/inventory.yaml")).files == ("../here/x/inventory.yaml",)


def test_what_stands_in_two_files_is_refused_with_both_places(tmp_path: Path) -> None:
    section = "version: 1\nplatforms: {p: {type: oip}}\ndefaults: {owner: x}\nguards: {}\nmodels:\n" + model("a")
    write(tmp_path, {"a.yaml": section, "b.yaml": "# b\n" + section})

    with chdir(tmp_path):
        assert complaints(Path()) == [
            'b.yaml:3:13: "p" stands in two files: a.yaml:2 and b.yaml:3',
            'b.yaml:4:1: "defaults" stands in two files: a.yaml:3 and b.yaml:4',
            'b.yaml:5:1: "guards" stands in two files: a.yaml:4 and b.yaml:5',
            'b.yaml:7:3: "a" stands in two files: a.yaml:6 and b.yaml:7',
        ]


def test_all_complaints_of_all_files_in_order(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.yaml": "version: 1\nmodels:\n" + model("a", "state: on") + model("z", "after: [gone]"),
            "b.yaml": "version: 1\nmodels:\n" + model("b", "stat: deployed"),
            "c.yaml": "version: 1\nmodels: {'\n",
        },
    )

    with chdir(tmp_path):
        found = complaints(Path())

    assert [line.split(": ")[0] for line in found] == ["a.yaml:3:36", "a.yaml:4:3", "b.yaml:3:29", "c.yaml:2:10"]
    assert "gone" not in "".join(found)  # it may stand in c.yaml


def test_the_same_model_in_two_files(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": "version: 1\nmodels:\n" + model("a")})
    write(tmp_path, {"b.yaml": "version: 1\nmodels:\n" + model("b").replace("id: b", "id: a")})

    with chdir(tmp_path):
        assert complaints(Path()) == ['b.yaml:3:26: id: "a" is also the id of "a" (a.yaml:3); a model stands once']


def test_a_definition_in_the_folder_is_no_inventory(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "inventory.yaml": "version: 1\nplatforms: {mine: {definition: ./mine.yaml}}\nmodels:\n"
            + model("a").replace("oip", "mine"),
            "mine.yaml": "like: oip\n",
        },
    )

    with chdir(tmp_path):
        assert read(Path()).files == ("inventory.yaml",)
        assert [platform.definition for platform in read(Path()).platforms] == ["./mine.yaml"]


def test_an_inventory_that_is_named_as_a_definition_is_still_read(tmp_path: Path) -> None:
    text = "like: oip\nversion: 1\nplatforms: {p: {definition: a.yaml}}\nmodels:\n" + model("a")
    write(tmp_path, {"a.yaml": text, "b.yaml": "platforms: {q: {definition: b.yaml}}\nmodels: {}\n"})

    with chdir(tmp_path):
        assert complaints(Path()) == [
            'a.yaml:1:1: unknown field "like" (allowed: version, platforms, defaults, guards, models)'
        ]
        (tmp_path / "a.yaml").unlink()
        assert complaints(Path())[0] == 'b.yaml:1:1: "version" is missing'


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("inventory.yaml", "inventory.yaml: no such file; reconciler init writes one"),
        ("empty", "empty: no *.yaml file in this folder; reconciler init writes one"),
        ("no/such", "no/such: no such file; reconciler init writes one"),
        ("file/x", "file/x: Not a directory"),
        ("a\0b", "a\0b: embedded null byte"),
    ],
)
def test_a_path_that_cannot_be_read(tmp_path: Path, path: str, words: str) -> None:
    write(tmp_path, {"file": "x"})
    (tmp_path / "empty").mkdir()

    with chdir(tmp_path):
        assert complaints(Path(path)) == [words]


def test_every_path_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/broken.yaml").symlink_to("nowhere")

    with chdir(tmp_path):
        assert complaints(Path("x.yaml"), Path("folder")) == [
            "x.yaml: no such file; reconciler init writes one",
            "folder/broken.yaml: no such file; reconciler init writes one",
        ]


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    assert complaints(Path("/dev/zero")) == [
        "/dev/zero:1:1: larger than 1 MiB; split it: a folder of files is one inventory"
    ]


def test_several_files_as_a_plan_names_them(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": "version: 1\nmodels:\n" + model("a"), "b.yaml": "version: 1\nmodels:\n" + model("b")})

    with chdir(tmp_path):
        whole = read(Path())
        assert read(*map(Path, whole.files)).digest == whole.digest


def test_the_digest_is_over_names_and_bytes_and_not_over_the_folder(tmp_path: Path) -> None:
    files = {"a.yaml": "version: 1\nmodels:\n" + model("a"), "b.yaml": "version: 1\nmodels:\n" + model("b")}
    first = read(write(tmp_path / "one", files)).digest

    assert first.startswith("sha256:")
    assert len(first) == 71
    assert read(write(tmp_path / "two", files)).digest == first
    assert read(write(tmp_path / "three", {**files, "b.yaml": files["b.yaml"] + "# more\n"})).digest != first
    assert read(write(tmp_path / "four", {"a.yaml": files["a.yaml"], "c.yaml": files["b.yaml"]})).digest != first


def test_text_from_elsewhere_has_a_name_and_a_folder(tmp_path: Path) -> None:
    write(tmp_path, {"mine.yaml": "like: oip\n"})
    text = "version: 1\nplatforms: {mine: {definition: mine.yaml}}\nmodels:\n" + model("a").replace("oip", "mine")
    inventory = load_text(text, "-", tmp_path, find_type, BUILT_IN)

    assert (inventory.files, inventory.directory) == (("-",), str(tmp_path))
    assert inventory.models[0].source == Source(file="-", line=4, column=3)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": "version: 1\n"})
    (tmp_path / "a.yaml").chmod(0)

    assert complaints(tmp_path)[0].endswith("a.yaml: Permission denied")
