"""What the environment says: keys, addresses and the few settings that pipelines set. The only reader of
`os.environ`."""

import os
import re
import stat
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from reconciler.core.capabilities import PlatformType
from reconciler.errors import ConfigurationError
from reconciler.platforms.access import Access, Credentials, origin_of, usable_key, variable
from reconciler.secret import Redactor, Secret


def credentials(types: Mapping[str, PlatformType]) -> dict[str, Credentials]:
    """How to reach each platform of `types` (by the inventory's name). Raises `ConfigurationError` that names every
    variable which is missing or unusable."""
    found: dict[str, Credentials] = {}
    wrong: list[str] = []
    for name, type_ in types.items():
        try:
            found[name] = _credentials(name, type_)
        except ConfigurationError as error:
            wrong.append(str(error))
    if wrong:
        raise ConfigurationError("\n".join(wrong))
    return found


def origins(types: Mapping[str, PlatformType]) -> dict[str, Credentials]:
    """Where each platform is, without keys, as far as it is known: enough for a run that asks nobody."""
    found = {}
    for name, type_ in types.items():
        url = os.environ.get(variable(name, "URL")) or type_.url
        if url:
            found[name] = Credentials(api=Access(origin=origin_of(url, variable(name, "URL")), key=None))
    return found


def _credentials(name: str, type_: PlatformType) -> Credentials:
    url = os.environ.get(variable(name, "URL")) or type_.url
    key = _key(name, "KEY")
    missing = [
        *([f"{variable(name, 'URL')} (like https://HOST)"] if not url else []),
        *([f"{variable(name, 'KEY')} (or {variable(name, 'KEY_FILE')})"] if key is None and type_.needs_key else []),
    ]
    if missing or not url:
        raise ConfigurationError(f"platform {name}: set {' and '.join(missing)}")
    api = Access(origin=origin_of(url, variable(name, "URL")), key=key)
    probe_url = os.environ.get(variable(name, "PROBE_URL"))
    if not probe_url or not type_.probes:
        return Credentials(api=api)
    origin = origin_of(probe_url, variable(name, "PROBE_URL"))
    return Credentials(api=api, probe=Access(origin=origin, key=_key(name, "PROBE_KEY")))


def _key(name: str, suffix: str) -> Secret | None:
    text, at = os.environ.get(variable(name, suffix)), variable(name, suffix)
    if text is None and (path := os.environ.get(variable(name, f"{suffix}_FILE"))):
        text, at = _read_key(Path(path), variable(name, f"{suffix}_FILE")), path
    return None if text is None else usable_key(text, at)


def _read_key(path: Path, name: str) -> str:
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigurationError(f"{name}: others can read {path}: chmod 600 {path}")
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{name}: the key in {path} cannot be read") from error


def seconds(name: str) -> float | None:
    """The number in `RECONCILER_<NAME>_SECONDS`, None where it isn't set. Raises `ConfigurationError`."""
    text = os.environ.get(f"RECONCILER_{name}_SECONDS")
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 86400:
        raise ConfigurationError(f"RECONCILER_{name}_SECONDS: {text!r} is not a number of seconds above 0")
    return value


def plan_key() -> str | None:
    """The key that plans are sealed with, None for none."""
    return os.environ.get("RECONCILER_PLAN_KEY") or None


def journal() -> str | None:
    """Where the journal is, None for the default. Raises `ConfigurationError` where it is set to nothing, as by a
    secret that is missing: to go on with a file, and without the shared lock, would be worse."""
    where = os.environ.get("RECONCILER_JOURNAL")
    if where is not None and not where.strip():
        raise ConfigurationError(
            "RECONCILER_JOURNAL is set and empty; set it to a path or postgresql:// URL, or unset it"
        )
    return where


def commit() -> str | None:
    """The git commit that a pipeline says it runs for."""
    said = os.environ.get("GITHUB_SHA") or os.environ.get("CI_COMMIT_SHA") or ""
    return said if re.fullmatch(r"[0-9a-fA-F]{7,64}", said) else None


def definitions() -> str | None:
    """The folder that definitions of the user's own must be in, None for beside the inventory that names them."""
    return os.environ.get("RECONCILER_DEFINITIONS") or None


def step_summary() -> str | None:
    """The file of GitHub's summary of a step, None elsewhere."""
    return os.environ.get("GITHUB_STEP_SUMMARY") or None


def step_output() -> str | None:
    """The file of GitHub's outputs of a step, None elsewhere."""
    return os.environ.get("GITHUB_OUTPUT") or None


def workspace() -> str | None:
    """The top of the checkout, as a pipeline names it; None elsewhere."""
    return os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR") or None


def who() -> str:
    """The person or pipeline behind this run, for the journal."""
    names = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "LOGNAME")
    return next((os.environ[name] for name in names if os.environ.get(name)), f"user {os.getuid()}")


@cache
def redactor() -> Redactor:
    """The filter over all that is written: it knows every key in the environment, whether this run uses it or not."""
    return Redactor(_secrets(os.environ.items()))


def _secrets(variables: Iterable[tuple[str, str]]) -> Iterable[Secret]:
    for name, value in variables:
        if name.startswith("RECONCILER_") and name.endswith("_KEY") and value.strip():
            yield Secret(value.strip())
        if name == "RECONCILER_JOURNAL":
            yield from map(Secret, _passwords(value))
        if name.startswith("RECONCILER_") and name.endswith("_KEY_FILE"):
            try:
                yield Secret(Path(value).read_text("ascii").strip())
            except (OSError, UnicodeDecodeError):
                continue


def _passwords(url: str) -> Iterable[str]:
    """The passwords in the address of a database, as they stand there and as they are meant."""
    try:
        parts = urlsplit(url)
        found = [parts.password or "", *parse_qs(parts.query).get("password", ())]
    except ValueError:
        return []
    return [form for text in found if text for form in {text, unquote(text)}]


def wants_colour(stream_is_terminal: bool, *, refused: bool) -> bool:
    """Whether to colour: the option, then NO_COLOR, FORCE_COLOR, CLICOLOR, TERM, then whether it is a terminal."""
    env = os.environ
    if refused or env.get("NO_COLOR"):
        return False
    if any(env.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return env.get("CLICOLOR") != "0" and env.get("TERM") != "dumb" and stream_is_terminal


def in_pipeline() -> bool:
    """Whether a CI system runs this, so that no bar is drawn even on something like a terminal."""
    return any(os.environ.get(name) for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "BUILDKITE"))
