"""Reading the config with everybody's part in it, and the last good one after it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alertbridge.config import ConfigError, Loaded, fallback
from alertbridge.config import load as load_file
from alertbridge.providers import PROVIDERS
from alertbridge.sources import SOURCES

DEFAULT_CONFIG = Path("/etc/alertbridge/alertbridge.yaml")
DEFAULT_STATE = Path("/var/lib/alertbridge")


@dataclass(frozen=True, slots=True)
class ReadConfig:
    """A config to run on; `problem` says why it is the last good one, if it is."""

    loaded: Loaded
    problem: ConfigError | None = None


def load(
    path: Path, environ: Mapping[str, str], secrets_from: Path | None = None
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
    )


def state_dir(environ: Mapping[str, str]) -> Path:
    """Where the last good config is kept: systemd's state directory, or ours."""
    given = environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(given) if given else DEFAULT_STATE


def read_config(
    path: Path, environ: Mapping[str, str], *, strict: bool = False
) -> ReadConfig:
    """Read the config to start on: the file, or the last good copy if it is broken.

    A typo and a reboot must not end paging.

    Raises:
        ConfigError: the file is broken, and there is no copy or *strict* forbids it.
    """
    try:
        return ReadConfig(load(path, environ))
    except ConfigError as exc:
        copy = None if strict else fallback(state_dir(environ))
        if copy is None:
            raise
        try:
            return ReadConfig(load(copy, environ, path.parent), exc)
        except ConfigError:
            raise exc from None
