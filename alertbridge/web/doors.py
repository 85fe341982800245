"""What the HTTP side is given: the sources' doors, and everyone it calls."""

import asyncio
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

ANSWER_WITHIN = 4.5
"""Seconds in which a post is stored, or answered 503. Longer is no help: a sender
gives up after 10 s or so, and the next Alertmanager of a cluster posts after 15."""


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


def nobody_notes(_: SourceName) -> None:
    """Nobody wants to know who was let in, and who was not."""


@dataclass(slots=True, kw_only=True)
class Doors:
    """Everyone the HTTP side calls; a reload changes `sources` and what stands beside.

    `api_tokens`, `max_body` (in bytes) and `report_paths` change with them. `let_in`
    and `refused` are told of every post to a source, by what it showed. `late` are
    posts that were answered before the disk was done with them.
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
    let_in: Callable[[SourceName], None] = nobody_notes
    refused: Callable[[SourceName], None] = nobody_notes
    max_body: int = 32 * 1024 * 1024
    page_time_to_live: timedelta = timedelta(hours=1)
    answer_within: float = ANSWER_WITHIN
    late: set[asyncio.Task[web.Response]] = field(default_factory=set)
    under_way: UnderWay = field(default_factory=UnderWay)
    guesses: Guesses = field(default_factory=Guesses)
    shares: Shares = field(default_factory=Shares)


DOORS = web.AppKey("DOORS", Doors)
