"""What the HTTP side is given: the sources' doors, and everyone it calls."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from aiohttp import web

from alertbridge.core.alert import SourceName
from alertbridge.core.notification import ProviderName
from alertbridge.core.report import DeliveryReport
from alertbridge.core.secret import Secret
from alertbridge.engine.current import Current
from alertbridge.engine.intake import Intake
from alertbridge.ports import Clock, ReportReader, Source, Store
from alertbridge.web.guesses import Guesses
from alertbridge.web.readiness import Readiness
from alertbridge.web.share import Shares
from alertbridge.web.under_way import UnderWay


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A source signs its bodies: with one of these secrets, in this header."""

    secrets: tuple[Secret, ...]
    header: str
    timestamp_header: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDoor:
    """One source: how to read it, and what it must show to be let in.

    `authorizations` are whole `Authorization` values, any of which opens; several
    are live while a token is rotated. No authorization and no signature: open to this
    machine's own programs.
    """

    name: SourceName
    type: str
    parse: Source
    authorizations: tuple[Secret, ...] = ()
    signed: Signed | None = None


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What a reload came to."""

    ok: bool
    message: str


@dataclass(slots=True, kw_only=True)
class Doors:
    """Everyone the HTTP side calls; a reload changes `sources` and what stands beside.

    `api_tokens`, `max_body` (in bytes) and `report_paths` change with them.
    """

    sources: Mapping[str, SourceDoor]
    api_tokens: tuple[Secret, ...]
    intake: Intake
    store: Store
    current: Current
    clock: Clock
    readiness: Readiness
    exposition: Callable[[str], Awaitable[tuple[bytes, str]]]
    reload: Callable[[], Awaitable[Reloaded]]
    wake: Callable[[], None]
    hear: Callable[[ProviderName, Sequence[DeliveryReport]], Awaitable[None]]
    report_readers: Callable[[], Mapping[ProviderName, ReportReader]]
    report_paths: Mapping[str, ProviderName] = field(default_factory=dict, repr=False)
    max_body: int = 32 * 1024 * 1024
    page_time_to_live: timedelta = timedelta(hours=1)
    under_way: UnderWay = field(default_factory=UnderWay)
    guesses: Guesses = field(default_factory=Guesses)
    shares: Shares = field(default_factory=Shares)


DOORS = web.AppKey("DOORS", Doors)
