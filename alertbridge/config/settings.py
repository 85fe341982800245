"""What the shell needs of a config: addresses, secrets, paths; nothing to decide by."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from alertbridge.config.address import Listen, parse_listen, sqlite_path
from alertbridge.config.model import ConfigFile
from alertbridge.config.model_border import ProviderHead, SourceEntry
from alertbridge.core.alert import SourceName
from alertbridge.core.notification import ProviderName
from alertbridge.core.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Where to listen. `max_body` is in bytes."""

    listen: Listen
    external_url: str | None
    max_body: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    """Where the store is, and how long it keeps what has ended.

    `warn_free` is in bytes.
    """

    url: str
    path: Path
    retention: timedelta
    warn_free: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicAuthSettings:
    """A user and its password."""

    username: str
    password: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class HmacSettings:
    """A signature to verify with any of `secrets`."""

    secrets: tuple[Secret, ...]
    header: str
    timestamp_header: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """A source, and what each of its posts must carry: all that is set.

    One of `tokens` is enough, after the word `scheme`. With nothing set, everybody who
    reaches us may post.
    """

    name: SourceName
    type: str
    scheme: str = "Bearer"
    tokens: tuple[Secret, ...] = ()
    basic: BasicAuthSettings | None = None
    hmac: HmacSettings | None = None

    @property
    def is_open(self) -> bool:
        """Whether a post needs to carry nothing."""
        return not self.tokens and self.basic is None and self.hmac is None


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """A provider; `options` is an instance of the model its type was given with.

    `balance_warning` is in the account's own currency.
    """

    name: ProviderName
    type: str
    options: BaseModel
    balance_warning: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatSettings:
    """A dead man's switch; without a URL there is none."""

    url: str | None
    every: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """How much to say, and in which form."""

    level: Literal["debug", "info", "warning", "error"]
    format: Literal["auto", "json", "logfmt", "color"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of it; immutable, swapped whole at reload."""

    server: ServerSettings
    storage: StorageSettings
    sources: tuple[SourceSettings, ...]
    providers: tuple[ProviderSettings, ...]
    api_tokens: tuple[Secret, ...] = field(repr=False)
    heartbeat: HeartbeatSettings
    log: LogSettings


def make_settings(config: ConfigFile) -> Settings:
    """Take the shell's part out of a config that has been checked."""
    return Settings(
        server=ServerSettings(
            listen=parse_listen(config.server.listen),
            external_url=config.server.external_url,
            max_body=config.server.max_body,
        ),
        storage=StorageSettings(
            url=config.storage.url,
            path=Path(sqlite_path(config.storage.url)),
            retention=config.storage.retention,
            warn_free=config.storage.warn_free,
        ),
        sources=tuple(_source(entry) for entry in config.sources),
        providers=tuple(_provider(entry) for entry in config.providers),
        api_tokens=config.api.tokens,
        heartbeat=HeartbeatSettings(
            url=config.heartbeat.url, every=config.heartbeat.every
        ),
        log=LogSettings(level=config.log.level, format=config.log.format),
    )


def _source(entry: SourceEntry) -> SourceSettings:
    authorization, basic, hmac = entry.authorization, entry.basic_auth, entry.hmac
    return SourceSettings(
        name=SourceName(entry.name),
        type=entry.type,
        scheme=authorization.type if authorization else "Bearer",
        tokens=authorization.credentials if authorization else (),
        basic=BasicAuthSettings(username=basic.username, password=basic.password)
        if basic
        else None,
        hmac=HmacSettings(
            secrets=hmac.secret,
            header=hmac.header,
            timestamp_header=hmac.timestamp_header,
        )
        if hmac
        else None,
    )


def _provider(entry: ProviderHead) -> ProviderSettings:
    return ProviderSettings(
        ProviderName(entry.name), entry.type, entry, entry.balance_warning
    )
