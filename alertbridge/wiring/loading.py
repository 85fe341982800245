"""Reading the config with everybody's part in it, and the last good one after it."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from alertbridge.config import ConfigError, Forgive, Loaded, fallback
from alertbridge.config import load as load_file
from alertbridge.providers import PROVIDERS
from alertbridge.sources import SOURCES

DEFAULT_CONFIG = Path("/etc/alertbridge/alertbridge.yaml")
DEFAULT_STATE = Path("/var/lib/alertbridge")


class Standing(StrEnum):
    """What kind of config a start found."""

    AS_WRITTEN = "as_written"
    WITHOUT_PROVIDER = "without_provider"
    LAST_GOOD = "last_good"


@dataclass(frozen=True, slots=True)
class ReadConfig:
    """A config to run on; `problem` says what is wrong if it is not as written."""

    loaded: Loaded
    standing: Standing = Standing.AS_WRITTEN
    problem: ConfigError | None = None


def load(
    path: Path,
    environ: Mapping[str, str],
    *,
    secrets_from: Path | None = None,
    forgive: Forgive = Forgive.NONE,
) -> Loaded:
    """Read a config file; *secrets_from* is where its relative secrets start.

    Raises:
        ConfigError: with every problem in it.
    """
    return load_file(
        path,
        provider_types={name: kind.options for name, kind in PROVIDERS.items()},
        source_types=frozenset(SOURCES),
        environ=environ,
        secrets_from=secrets_from,
        forgive=forgive,
    )


def state_dir(environ: Mapping[str, str]) -> Path:
    """Where the last good config is kept: systemd's state directory, or ours."""
    given = environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(given) if given else DEFAULT_STATE


def read_config(
    path: Path, environ: Mapping[str, str], *, strict: bool = False
) -> ReadConfig:
    """Read the config to start on; a typo and a reboot must not end paging.

    The file as it is; else the file without the provider secrets that cannot be read,
    so that webhooks are taken until they can; else the last good copy of it.

    Raises:
        ConfigError: the file is broken, and there is no copy or *strict* forbids it.
    """
    try:
        return ReadConfig(load(path, environ))
    except ConfigError as exc:
        if strict:
            raise
        problem = exc
    with suppress(ConfigError):
        loaded = load(path, environ, forgive=Forgive.PROVIDERS)
        return ReadConfig(loaded, Standing.WITHOUT_PROVIDER, problem)
    copy = fallback(state_dir(environ))
    if copy is not None:
        with suppress(ConfigError):
            loaded = load(
                copy, environ, secrets_from=path.parent, forgive=Forgive.PROVIDERS
            )
            return ReadConfig(loaded, Standing.LAST_GOOD, problem)
    raise problem
