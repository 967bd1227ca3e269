"""Finding a platform type: built in, in a user's own file, or in an installed package."""

from pathlib import Path

import pytest

from reconciler.core.model import PlatformEntry
from reconciler.errors import ConfigurationError, DefinitionError
from reconciler.platforms.registry import definition_text, find_factory, find_type, type_names

from .neighbours import DEFINITIONS


def own(path: str) -> PlatformEntry:
    return PlatformEntry(name="mine", type="mine", definition=path)


def test_the_built_in_types_are_named_in_order() -> None:
    assert list(type_names())[:3] == ["kore", "nugen", "nugen-b"]
    assert ("kore" in type_names(), "nowhere" in type_names(), len(type_names())) == (True, False, 3)


@pytest.mark.parametrize("name", ["kore", "nugen", "nugen-b"])
def test_a_built_in_type_is_found_by_name_and_read_once(name: str) -> None:
    found = find_type(name)

    assert found.type.name == name
    assert find_type(name) is found
    assert definition_text(name).startswith("# yaml-language-server: ")


@pytest.mark.parametrize("name", ["korea", "", "../definitions/kore", "kore.yaml", "KORE"])
def test_an_unknown_type_names_those_there_are(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        find_type(name)

    assert str(caught.value) == f"there is no definition called {name}; there are: {', '.join(type_names())}"


def test_an_entry_without_a_file_is_of_its_type(tmp_path: Path) -> None:
    assert find_factory(PlatformEntry(name="kore-eu", type="kore"), tmp_path) is find_type("kore")


def test_a_users_own_file_is_relative_to_the_inventory() -> None:
    directory = DEFINITIONS[0].parent

    found = find_factory(own("../definitions/ollama.yaml"), directory)

    assert (found.type.name, found.type.needs_key) == ("ollama", False)


def test_a_users_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        find_factory(own("./nowhere.yaml"), tmp_path)

    path = tmp_path / "nowhere.yaml"
    assert str(caught.value) == f"{path}: No such file or directory: the definition of platform mine"


def test_a_users_file_that_is_wrong_is_complained_about_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("definition: 2\n")

    with pytest.raises(DefinitionError) as caught:
        find_factory(own("mine.yaml"), tmp_path)

    assert {complaint.file for complaint in caught.value.complaints} == {str(tmp_path / "mine.yaml")}


def test_an_installed_package_may_bring_a_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = next(path for path in DEFINITIONS if path.stem == "triton").read_text()
    (tmp_path / "acme_platform.py").write_text(
        "from reconciler.platforms.declared import declared\n"
        "from reconciler.platforms.types import read_declared\n"
        f"factory = declared(read_declared({text!r}, 'acme'))\n"
    )
    facts = tmp_path / "acme_platform-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-platform\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[reconciler.platforms]\nacme-triton = acme_platform:factory\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    assert find_type("acme-triton").type.name == "triton"
