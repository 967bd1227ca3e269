"""Installs the peers, each in an environment of its own below a scratch folder, and runs them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .measure import Spent, spend

PINS = {"octodns": "octodns==1.22.0", "ansible-core": "ansible-core==2.19.14", "aiohttp": "aiohttp==3.14.5"}
HERE = Path(__file__).parent / "peers"


class Missing(Exception):
    """A peer is not on this machine and cannot be put there."""


def scratch() -> Path:
    """The folder for all that is made; RECONCILER_BENCHMARKS names another."""
    import tempfile

    return Path(os.environ.get("RECONCILER_BENCHMARKS", Path(tempfile.gettempdir()) / "reconciler-benchmarks"))


def _bin(package: str) -> Path:
    """The folder of a peer's commands, installed where it is not there yet."""
    folder = scratch() / "peers" / PINS[package]
    done = folder / "installed"
    if not done.exists():
        print(f"installing {PINS[package]}", file=sys.stderr)
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True, timeout=300)
            pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", PINS[package]]
            subprocess.run(pip, check=True, timeout=600, capture_output=True)
        except subprocess.SubprocessError as error:
            raise Missing(f"{PINS[package]} could not be installed") from error
        done.touch()
    return folder / "bin"


def command(name: str) -> str:
    """A program of the machine."""
    found = shutil.which(name)
    if found is None:
        raise Missing(f"{name} is not here")
    return found


def model_list(file: Path, models: int) -> Path:
    """What the scripts read: model, its last job, whether it differs; every other does."""
    lines = (f"cm-{n:06} ds-{n:06} {'no' if n % 2 else 'yes'}" for n in range(models))
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file


def hand_written(origin: str, models: Path, flying: int, *, hold: bool = False) -> Spent:
    """Fifty lines of asyncio and aiohttp."""
    more = ["--hold"] if hold else []
    return spend([_bin("aiohttp") / "python", HERE / "aio.py", origin, models, str(flying), *more])


def shell(origin: str, models: Path, flying: int) -> Spent:
    """bash, curl and xargs."""
    command("curl")
    return spend([command("bash"), HERE / "apply.sh", origin, models, str(flying)])


def ansible(origin: str, models: Path) -> Spent:
    """The naive playbook."""
    binary = _bin("ansible-core") / "ansible-playbook"
    extra = ["-e", f"url={origin}", "-e", f"list={models}"]
    return spend([binary, HERE / "playbook.yaml", *extra], env={"ANSIBLE_LOCALHOST_WARNING": "False"})


class Terraform:
    """A folder of Terraform's in which every other of so many models is to be changed."""

    def __init__(self, folder: Path, models: int) -> None:
        self._terraform, self._folder = command("terraform"), folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("main.tf", "start.sh"):
            shutil.copy(HERE / name, folder)
        self._write({f"cm-{n:06}": "deployed" for n in range(models)})
        self._run("init", "-input=false", url=None)
        self._run("apply", "-auto-approve", "-parallelism=50", url="none")
        self._write({f"cm-{n:06}": "deployed" if n % 2 else "undeployed" for n in range(models)})

    def _write(self, models: dict[str, str]) -> None:
        (self._folder / "models.json").write_text(json.dumps(models), "utf-8")

    def _run(self, *words: str, url: str | None, folder: Path | None = None) -> Spent:
        variables = [] if url is None else [f"-var=url={url}"]
        env = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
        return spend([self._terraform, *words, "-no-color", *variables], cwd=folder or self._folder, env=env)

    def apply(self, origin: str, flying: int) -> Spent:
        """Plan and apply, in a copy of the folder."""
        copy = self._folder.with_name(f"{self._folder.name}-copy")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self._folder, copy, symlinks=True)
        return self._run("apply", "-auto-approve", f"-parallelism={flying}", url=origin, folder=copy)


class OctoDns:
    """A zone of so many records, of which the service shows every hundredth with another value."""

    def __init__(self, folder: Path, records: int) -> None:
        self._sync, self._folder = _bin("octodns") / "octodns-sync", folder
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "zones").mkdir(parents=True)
        values = {f"model-{n:06}": f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(records)}
        zone = "".join(f"{name}:\n  ttl: 300\n  type: A\n  value: {value}\n" for name, value in values.items())
        (folder / "zones" / "example.com.yaml").write_text(f"---\n{zone}", "utf-8")
        rows = [
            {"name": name, "ttl": 300, "value": value if n % 100 else "192.0.2.1"}
            for n, (name, value) in enumerate(values.items())
        ]
        (folder / "list.json").write_text(json.dumps(rows), "utf-8")
        (folder / "config.yaml").write_text(
            "providers:\n"
            f"  config: {{class: octodns.provider.yaml.YamlProvider, directory: {folder / 'zones'}}}\n"
            f"  service: {{class: octodns_list.JsonList, file: {folder / 'list.json'}}}\n"
            "zones:\n  example.com.: {sources: [config], targets: [service]}\n",
            "utf-8",
        )

    def plan(self) -> Spent:
        words = ["--config-file", str(self._folder / "config.yaml"), "--quiet"]
        return spend([self._sync, *words], env={"PYTHONPATH": str(HERE)})
