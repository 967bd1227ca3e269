"""Good inventories, and what becomes of them."""

import os
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import pytest

from reconciler.core.model import (
    Deployment,
    Export,
    Inventory,
    Limits,
    Model,
    OnBroken,
    OnUnknown,
    PlatformEntry,
    Source,
    Target,
)
from reconciler.core.schema import MORE
from reconciler.errors import InventoryError
from reconciler.inventory.load import load, load_text

from .kinds import BUILT_IN, find_type

CONTRACT = """\
# yaml-language-server: $schema=../../schemas/inventory.schema.json
version: 1

platforms:                 # optional: a built-in platform used under its own name needs no entry
  kore-eu:
    type: kore             # name of a built-in definition; default: the key itself
    concurrency: 4         # requests in flight; below the definition's own limit
    requests_per_minute: 600
    poll: 5s
    settle: 60s
    request_timeout: 30s
  mine:
    definition: ./my-platform.yaml   # relative to this file

defaults:
  owner: ml-platform

guards:
  max_undeploy_percent: 30
  max_undeploys: null

models:
  support-triage:
    platform: kore-eu
    id: cm-20f1a
    state: undeployed
    export:
      before_undeploy: true
      max_age: 7d
      to: support-triage.zip
    probe: {path: /v2/chat/completions}
  faq-bot:
    platform: nugen
    id: alignment_01KXG82FJJ98NQ0
    state: deployed
    after: [support-triage]
    protect: true
    on_unknown: block
    on_broken: report
    settings: {}
    timeout: 45m
    owner: team-support
    labels: {env: prod}
"""

ONE = "version: 1\nmodels:\n  a: {platform: nugen, id: x, state: deployed}\n"


def read(text: str | bytes, folder: Path = Path()) -> Inventory:
    return load_text(text, "-", folder, find_type, BUILT_IN)


def complaints(text: str | bytes) -> list[str]:
    with pytest.raises(InventoryError) as caught:
        read(text)
    return [str(complaint) for complaint in caught.value.complaints]


def only(inventory: Inventory) -> Model:
    (model,) = inventory.models
    return model


def test_the_contracts_example(tmp_path: Path) -> None:
    (tmp_path / "my-platform.yaml").write_text("like: oip\n")
    (tmp_path / "inventory.yaml").write_text(CONTRACT)
    with chdir(tmp_path):
        inventory = load(Path("inventory.yaml"), find_type, BUILT_IN)

    assert inventory.files == ("inventory.yaml",)
    assert inventory.directory == "."
    assert inventory.limits == Limits()
    assert inventory.platforms == (
        PlatformEntry(
            name="kore-eu", type="kore", concurrency=4, requests_per_minute=600, poll=5, settle=60, request_timeout=30
        ),
        PlatformEntry(name="mine", type="mine", definition="./my-platform.yaml"),
        PlatformEntry(name="nugen", type="nugen"),
    )
    assert inventory.models == (
        Model(
            platform="kore-eu",
            name="support-triage",
            id="cm-20f1a",
            target=Target(
                deployment=Deployment.UNDEPLOYED,
                export=Export(before_undeploy=True, max_age=7 * 86400, to="support-triage.zip"),
            ),
            source=Source(file="inventory.yaml", line=23, column=3),
            probe_path="/v2/chat/completions",
            owner="ml-platform",
        ),
        Model(
            platform="nugen",
            name="faq-bot",
            id="alignment_01KXG82FJJ98NQ0",
            target=Target(deployment=Deployment.DEPLOYED),
            source=Source(file="inventory.yaml", line=32, column=3),
            after=("kore-eu/support-triage",),
            protect=True,
            on_unknown=OnUnknown.BLOCK,
            on_broken=OnBroken.REPORT,
            timeout=2700,
            owner="team-support",
            labels={"env": "prod"},
        ),
    )


def test_the_least_there_can_be() -> None:
    assert only(read(ONE)) == Model(
        platform="nugen",
        name="a",
        id="x",
        target=Target(deployment=Deployment.DEPLOYED),
        source=Source(file="-", line=3, column=3),
    )


@pytest.mark.parametrize(
    "text",
    [
        ONE.encode(),
        b"\xef\xbb\xbf" + ONE.encode(),
        "\ufeff" + ONE,
        ONE.replace("\n", "\r\n"),
        "---\n" + ONE + "...\n",
        '{"version": 1, "models": {"a": {"platform": "nugen", "id": "x", "state": "deployed"}}}',
    ],
    ids=["bytes", "mark", "mark in text", "windows", "document marks", "json"],
)
def test_other_spellings_of_the_same(text: str | bytes) -> None:
    assert only(read(text)).id == "x"


@pytest.mark.parametrize("id", ["-ak-14-july-alignment-01kxg82fjj98nq0", "alignment-{id}".format(id="01m3"), '"010"'])
def test_ids_that_look_odd(id: str) -> None:
    assert only(read(ONE.replace("id: x", f"id: {id}"))).id == id.strip('"')


@pytest.mark.parametrize(
    "name", ["kg-embeddings-v2-2024-large", "sk-learn-churn-2024-10", "nugen-flash-instruct", "a.b_c-d"]
)
def test_names_that_only_look_like_keys(name: str) -> None:
    text = ONE.replace("  a:", f"  {name}:") + f"  b: {{platform: nugen, id: z, state: deployed, after: [{name}]}}\n"

    assert {model.after for model in read(text).models} == {(), (f"nugen/{name}",)}


def test_text_in_other_scripts_is_data() -> None:
    assert only(read(ONE.replace("state:", "owner: équipe 支援 🤖, state:"))).owner == "équipe 支援 🤖"


def test_only_an_export_leaves_the_deployment_alone() -> None:
    model = only(read("version: 1\nmodels:\n  a: {platform: kore, id: x, export: {}}\n"))

    assert model.target == Target(deployment=Deployment.UNMANAGED, export=Export())


def test_settings_stay_as_they_are_written() -> None:
    settings = (
        "{modelType: fineTune, name: x, deviceType: g5.xlarge, isDeployedPreviously: false,"
        " hyperParameters: {temperature: 0.70, maxTokens: 256, topP: 1, topK: 40, stopSequence: ['010', \"\\n\"]},"
        " scalingParameters: {minReplicas: 2, maxReplicas: 2}}"
    )
    model = only(read(f"version: 1\nmodels:\n  a: {{platform: kore, id: x, state: deployed, settings: {settings}}}\n"))

    assert model.settings == {
        "modelType": "fineTune",
        "name": "x",
        "deviceType": "g5.xlarge",
        "isDeployedPreviously": False,
        "hyperParameters": {"temperature": 0.7, "maxTokens": 256, "topP": 1, "topK": 40, "stopSequence": ["010", "\n"]},
        "scalingParameters": {"minReplicas": 2, "maxReplicas": 2},
    }


def test_settings_of_a_model_that_is_not_deployed_may_be_incomplete() -> None:
    text = "version: 1\nmodels:\n  a: {platform: kore, id: x, state: undeployed, settings: {deviceType: g5.xlarge}}\n"

    assert only(read(text)).settings == {"deviceType": "g5.xlarge"}


def test_after_is_resolved_to_addresses_in_the_order_given() -> None:
    text = "".join(
        f"  {name}: {{platform: oip, id: {name}, state: deployed{more}}}\n"
        for name, more in [
            ("b", ""),
            ("c", ""),
            ("a", ", after: [oip/c, b]"),
        ]
    )

    assert read(f"version: 1\nmodels:\n{text}").models[0].after == ("oip/c", "oip/b")


def test_guards() -> None:
    inventory = read("guards: {max_undeploy_percent: 12.5, max_undeploys: 3}\n" + ONE)

    assert inventory.limits == Limits(max_undeploy_percent=12.5, max_undeploys=3)


def test_defaults_are_merged_under_every_model_and_the_model_wins() -> None:
    inventory = read("""\
version: 1
defaults:
  platform: kore
  state: deployed
  timeout: 10m
  labels: {env: prod, team: ml}
  export: {before_undeploy: true, max_age: 7d}
  settings:
    modelType: openSource
    deviceType: g5.xlarge
    hyperParameters: {temperature: 0.5, maxTokens: 256, topP: 1, topK: 40, stopSequence: [a, b]}
models:
  a:
    id: one
    settings: {name: a}
  b:
    id: two
    state: undeployed
    timeout: 5m
    labels: {env: test}
    export: {max_age: 1d}
    settings: {name: b, hyperParameters: {topK: 1, stopSequence: [c]}}
""")
    first, second = inventory.models

    assert first.target == Target(
        deployment=Deployment.DEPLOYED, export=Export(before_undeploy=True, max_age=7 * 86400)
    )
    assert (first.labels, first.timeout) == ({"env": "prod", "team": "ml"}, 600)
    assert first.settings["hyperParameters"]["topK"] == 40
    assert second.target == Target(deployment=Deployment.UNDEPLOYED, export=Export(before_undeploy=True, max_age=86400))
    assert (second.labels, second.timeout) == ({"env": "test", "team": "ml"}, 300)
    assert second.settings["hyperParameters"] == {
        "temperature": 0.5,
        "maxTokens": 256,
        "topP": 1,
        "topK": 1,
        "stopSequence": ["c"],
    }


def test_a_fault_in_the_defaults_is_told_once_and_where_it_stands() -> None:
    models = "".join(f"  m{i}: {{id: m{i}, state: undeployed}}\n" for i in range(50))
    text = f"version: 1\ndefaults:\n  platform: oip\n  settings: {{a: 1}}\nmodels:\n{models}"

    assert complaints(text) == ["-:4:3: settings: a deploy on oip sends none"]


def test_a_platform_that_no_model_uses_is_there_and_a_built_in_nobody_names_is_not() -> None:
    inventory = read("platforms: {oip: {poll: 1s}}\n" + ONE)

    assert [platform.name for platform in inventory.platforms] == ["nugen", "oip"]


def test_faults_of_a_definition_come_after_those_of_the_inventory() -> None:
    text = ONE.replace("models:", "platforms: {mine: {definition: gone.yaml}}\nmodels:").replace("state", "stat")

    assert complaints(text) == ['-:4:31: unknown field "stat"; did you mean "state"?', "gone.yaml: no such file"]


def test_a_definition_that_cannot_be_had_is_told_where_it_is_named() -> None:
    text = ONE.replace("models:", "platforms: {mine: {definition: gone.txt}}\nmodels:").replace("state", "stat")

    assert complaints(text)[0] == "-:2:32: gone.txt: this cannot be had"
    assert len(complaints(text)) == 2


def test_a_model_that_cannot_be_read_hides_no_fault_of_another() -> None:
    text = "version: 1\nmodels:\n  a: {platform: oip, id: x, state: on}\n"
    text += "  b: {platform: oip, id: x, state: 7, after: [a, c]}\n"

    assert [line.split(": ")[0] for line in complaints(text)] == ["-:3:36", "-:4:36"]


def test_a_very_long_name() -> None:
    assert "too long a name" in complaints(f"version: 1\nmodels:\n  {'n' * 900_000}: {{}}\n")[0]
    assert "larger than 1 MiB" in complaints(f"version: 1\nmodels:\n  {'n' * 1_100_000}: {{}}\n")[0]


def many(line: str, models: int = 3000) -> str:
    return "version: 1\nmodels:\n" + "".join(line.replace("#", str(number)) for number in range(models))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("  m#: {platform: nugen, id: x#, state: deployed, lables: {a: b}}\n", 'unknown field "lables"'),
        ("  m#: {platform: nugen, id: x#, state: deplyed}\n", 'state: "deplyed" is not allowed'),
        ("  m#: {platform: nowhere, id: x#, state: deployed}\n", 'there is no "nowhere"'),
        ("  m#: {platform: nugen, id: x#, state: deployed, after: [z]}\n", 'there is no model "z"'),
        ("  m#: {platform: nugen, id: x#, state: deployed, settings: {a: 1}}\n", 'unknown field "a"'),
        ("  m#: {platform: nugen, id: x#}\n", "state is missing"),
        ("  M #: {platform: nugen, id: x#, state: deployed}\n", '"M '),
    ],
)
def test_of_too_many_complaints_the_first_are_told_and_the_last_says_so(line: str, words: str) -> None:
    with pytest.raises(InventoryError) as caught:
        read(many(line))
    *told, last = caught.value.complaints
    assert [one.line for one in told] == list(range(3, 1002))
    assert all(words in one.text for one in told)
    assert (last.line, last.text) == (1002, MORE)


def test_a_thousand_complaints_are_told_in_full() -> None:
    with pytest.raises(InventoryError) as caught:
        read(many("  m#: {platform: nugen, id: x#, state: deployed, lables: {a: b}}\n", 1000))
    assert len(caught.value.complaints) == 1000
    assert MORE not in {one.text for one in caught.value.complaints}


def test_what_stands_first_is_told_first_whatever_its_kind() -> None:
    wrong = "".join(f"  m{number}: {{platform: nugen, id: 1, state: deployed}}\n" for number in range(600))
    with pytest.raises(InventoryError) as caught:
        read(f"version: 1\nmodels:\n{wrong}" + "".join(f"x{number}: 1\n" for number in range(600)))
    *told, last = caught.value.complaints
    assert [one.line for one in told] == list(range(3, 1002))
    assert (last.line, last.text) == (1002, MORE)


def test_many_files_are_cut_as_one(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(many(f"  {name}#: {{platform: nugen, id: {name}#, x: 1}}\n", 1200))
    with pytest.raises(InventoryError) as caught:
        load(tmp_path, find_type, BUILT_IN)
    *told, last = caught.value.complaints
    assert (len(told), last.text) == (999, MORE)
    assert {Path(one.file).name for one in caught.value.complaints} == {"a.yaml"}


def test_the_same_is_told_in_every_run(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(many("  m#: {platform: nugen, id: x#, lables: 1, ownr: 2, stat: 3}\n", 1500))
    script = (
        "import sys, pathlib; from tests.inventory.kinds import BUILT_IN, find_type\n"
        "from reconciler.inventory.load import load\n"
        "try: load(pathlib.Path(sys.argv[1]), find_type, BUILT_IN)\n"
        "except Exception as error: print(error)\n"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", script, str(file)],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
        ).stdout
        for seed in "123"
    }
    assert len(told) == 1
    assert told.pop().count(b"\n") == 1000
