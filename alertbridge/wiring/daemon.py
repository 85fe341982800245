"""Builds every part of the daemon from one config, and swaps what a reload changes."""

import asyncio
import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

import structlog
from aiohttp import ClientSession

from alertbridge.config import (
    ConfigError,
    Level,
    Loaded,
    Settings,
    SourceSettings,
    keep,
)
from alertbridge.core.alert import SourceName
from alertbridge.core.notification import ProviderName
from alertbridge.core.secret import Secret
from alertbridge.core.spend_payers import limits_in_force
from alertbridge.core.spend_report import spend_rows
from alertbridge.core.trouble_kinds import CONFIG_BROKEN, RELOAD_FAILED, reload_failed
from alertbridge.engine.balances import Balances
from alertbridge.engine.current import Current
from alertbridge.engine.dispatcher import Dispatcher
from alertbridge.engine.drills import Drills
from alertbridge.engine.inquirer import Inquirer
from alertbridge.engine.intake import Intake
from alertbridge.engine.receptions import Receptions
from alertbridge.engine.report_feeds import ReportFeeds
from alertbridge.engine.reporter import Reporter
from alertbridge.engine.troubles import Teller, Troubles
from alertbridge.engine.watchdogs import Watchdogs
from alertbridge.ports import (
    Clock,
    Closing,
    Provider,
    ReportReader,
    Store,
    StoreUnavailable,
)
from alertbridge.providers import PROVIDERS
from alertbridge.sources import SOURCES
from alertbridge.telemetry import Metrics, set_level
from alertbridge.web.doors import Doors, Reloaded, Signed, SourceDoor
from alertbridge.web.readiness import Readiness
from alertbridge.web.reports import paths_of
from alertbridge.wiring.holds import Holds
from alertbridge.wiring.loading import load, state_dir
from alertbridge.wiring.watch import StoreWatch

log = structlog.get_logger()

PAGE = SourceName("page")
"""The source of `alertbridge page`: always there, behind the API's tokens."""


class Daemon:
    """The parts of one running daemon, wired to each other."""

    def __init__(
        self,
        loaded: Loaded,
        *,
        path: Path,
        environ: Mapping[str, str],
        store: Store,
        session: ClientSession,
        clock: Clock,
        metrics: Metrics,
        jitter: Callable[[], float],
        report_key: Secret | None = None,
    ) -> None:
        self.loaded = loaded
        self.store = store
        self.clock = clock
        self._path = path
        self._environ = environ
        self._session = session
        self._metrics = metrics
        self._report_key = report_key
        self.current = Current(loaded.rules)
        self.dispatcher = Dispatcher(
            store,
            self.current,
            make_providers(loaded, session, report_key),
            clock,
            jitter,
        )
        self.inquirer = Inquirer(
            store, self.dispatcher.listers, clock, self.dispatcher.wake
        )
        self.dispatcher.on_uncertain = self.inquirer.wake
        self.troubles = Troubles(store, self.current, clock, self.dispatcher.wake)
        self.teller = Teller(self.troubles)
        self.reporter = Reporter(
            store,
            self.current,
            self.dispatcher.providers,
            clock,
            self.dispatcher.wake,
            self.dispatcher.distrust,
            self.teller.tell,
        )
        self.dispatcher.on_told = self.reporter.wake
        self.feeds = ReportFeeds(
            self.dispatcher.providers, partial(self.reporter.hear, vouched=True)
        )
        self.intake = Intake(store, self.current, clock, self.dispatcher.wake)
        # By a process before this one, at first; after that we know.
        self._maybe_told_broken = True
        self.watchdogs = Watchdogs(store.notes, self.current, self.teller)
        self.intake.on_stored = self.watchdogs.listen
        self.balances = Balances(
            store.notes,
            self.teller,
            clock,
            self.dispatcher.providers,
            lambda: {
                entry.name: entry.balance_warning
                for entry in self.loaded.settings.providers
            },
        )
        self.receptions = Receptions(store.notes, self.teller, clock)
        self.drills = Drills(
            store.notes,
            store,
            self.intake,
            self.current,
            self.teller,
            clock,
            self.dispatcher.wake,
        )
        self.readiness = Readiness(store, clock)
        self.holds = Holds(store, self.current, clock, self.readiness)
        self.watch = StoreWatch(store, self.troubles, clock, self.readiness)
        self.heartbeat_changed = asyncio.Event()
        self.doors = Doors(
            sources=make_doors(loaded.settings),
            api_tokens=bearers(loaded.settings.api_tokens),
            intake=self.intake,
            store=store,
            current=self.current,
            clock=clock,
            readiness=self.readiness,
            exposition=self.exposition,
            reload=self.reload,
            wake=self.dispatcher.wake,
            hear=self.reporter.hear,
            report_readers=self.report_readers,
            report_paths=make_report_paths(loaded.settings, report_key),
            let_in=self.receptions.let_in,
            refused=self.receptions.refused,
            max_body=loaded.settings.server.max_body,
        )

    def report_readers(self) -> Mapping[ProviderName, ReportReader]:
        """The providers in force whose gateways post reports."""
        return {
            name: provider
            for name, provider in self.dispatcher.providers().items()
            if isinstance(provider, ReportReader)
        }

    async def exposition(self, accept: str) -> tuple[bytes, str]:
        """What `/metrics` answers: counters as they are, gauges from the store."""
        now = self.clock.now()
        self._metrics.observe_silences(self.watchdogs.silences)
        self._metrics.observe_balances(self.balances.known())
        self._metrics.observe_room(self.store.room())
        with suppress(StoreUnavailable):
            self._metrics.observe_depth(await self.store.depth(now), now)
            rules = self.current.rules
            limits = limits_in_force(rules, now)
            spent = await self.store.spent([limit.period for limit in limits])
            self._metrics.observe_spend(spend_rows(spent, rules, now))
        return self._metrics.exposition(accept)

    async def reload(self) -> Reloaded:
        """Read the config again; a bad one changes nothing."""
        try:
            loaded = load(self._path, self._environ)
        except ConfigError as exc:
            log.error("config.reloaded", success=False, version="", problems=str(exc))
            self.readiness.degraded["config"] = "the last reload failed; see the log"
            errors = [one for one in exc.problems if one.level is Level.ERROR]
            self._maybe_told_broken = True
            self.teller.tell(reload_failed(len(errors)))
            return Reloaded(ok=False, message=str(exc))
        message = f"config {loaded.rules.version} is in force"
        if not await self.use(loaded):
            message += ", but the store is away: what is muted waits as before for now"
        return Reloaded(ok=True, message=message)

    async def use(self, loaded: Loaded) -> bool:
        """Put *loaded* in force: everything at once, between two decisions.

        False if the store could not take what it says of pages that wait already; that
        is tried again until it can.
        """
        old, new = self.loaded.settings, loaded.settings
        for key in unheeded(old, new):
            log.warning("config.needs_restart", key=key)
        providers = make_providers(loaded, self._session, self._report_key)
        replaced = self.dispatcher.providers()
        self.loaded = loaded
        self.current.rules = loaded.rules
        self.doors.sources = make_doors(new)
        self.doors.api_tokens = bearers(new.api_tokens)
        self.doors.max_body = new.server.max_body
        self.doors.report_paths = make_report_paths(new, self._report_key)
        self.dispatcher.replace_providers(providers)
        self.feeds.change()
        self.reporter.wake()
        self.watchdogs.look_again()
        self.drills.look_again()
        self.balances.look_again()
        if new.heartbeat != old.heartbeat:
            self.heartbeat_changed.set()
        if new.log.level != old.log.level:
            set_level(new.log.level)
        self.readiness.degraded.pop("config", None)
        self.note_good()
        await close_providers(replaced)
        followed = await self.holds.follow()
        self.dispatcher.wake()
        return followed

    async def close(self) -> None:
        """Let go of what providers hold open; nothing is submitted after it."""
        await close_providers(self.dispatcher.providers())

    def note_good(self) -> None:
        """Remember this config as the one to fall back on, and say that it is read."""
        if self._maybe_told_broken:
            self._maybe_told_broken = False
            for cause in (CONFIG_BROKEN, RELOAD_FAILED):
                self.teller.is_over(cause)
        self._metrics.know(
            sources=tuple(self.doors.sources), providers=self.loaded.rules.providers
        )
        log.info("config.reloaded", success=True, version=self.loaded.rules.version)
        for warning in self.loaded.warnings:
            log.warning("config.warning", problem=str(warning))
        try:
            keep(self.loaded.text, state_dir(self._environ))
        except OSError as exc:
            log.warning("config.not_kept", reason=exc.strerror)


def unheeded(old: Settings, new: Settings) -> Iterator[str]:
    """Name the keys that differ, and that only a restart takes up."""
    if old.server.listen != new.server.listen:
        yield "server.listen"
    if old.storage.url != new.storage.url:
        yield "storage.url"
    if old.storage.min_free != new.storage.min_free:
        yield "storage.min_free"
    if old.storage.ballast != new.storage.ballast:
        yield "storage.ballast"
    if old.log.format != new.log.format:
        yield "log.format"


def make_providers(
    loaded: Loaded, session: ClientSession, report_key: Secret | None = None
) -> dict[ProviderName, Provider]:
    """One provider per entry, in the order to try them.

    Their gateways are told where to post reports if there is an address that the world
    reaches, and *report_key* to make it secret.
    """
    settings = loaded.settings
    addresses = {
        name: f"{str(settings.server.external_url).rstrip('/')}{path}"
        for path, name in make_report_paths(settings, report_key).items()
    }
    return {
        ProviderName(entry.name): PROVIDERS[entry.type].make(
            ProviderName(entry.name),
            entry.options,
            session,
            report_url=addresses.get(ProviderName(entry.name)),
        )
        for entry in settings.providers
    }


def make_report_paths(
    settings: Settings, report_key: Secret | None
) -> dict[str, ProviderName]:
    """Where each provider's gateway posts its reports; nowhere without a key."""
    if report_key is None or settings.server.external_url is None:
        return {}
    return paths_of(
        [ProviderName(entry.name) for entry in settings.providers], report_key
    )


async def close_providers(providers: Mapping[ProviderName, Provider]) -> None:
    """Let those that hold something open let go of it, all at once."""
    async with asyncio.TaskGroup() as group:
        for name, provider in providers.items():
            if isinstance(provider, Closing):
                group.create_task(provider.close(), name=f"close {name}")


def make_doors(settings: Settings) -> dict[str, SourceDoor]:
    """One door per source, and the one of `alertbridge page`."""
    doors: dict[str, SourceDoor] = {
        source.name: SourceDoor(
            name=SourceName(source.name),
            type=source.type,
            parse=SOURCES[source.type],
            authorizations=authorizations(source),
            signed=None
            if source.hmac is None
            else Signed(
                secrets=source.hmac.secrets,
                header=source.hmac.header,
                timestamp_header=source.hmac.timestamp_header,
            ),
        )
        for source in settings.sources
    }
    doors.setdefault(
        PAGE,
        SourceDoor(
            name=PAGE,
            type="page",
            parse=SOURCES["page"],
            authorizations=bearers(settings.api_tokens),
        ),
    )
    return doors


def authorizations(source: SourceSettings) -> tuple[Secret, ...]:
    """Every `Authorization` value that opens a source."""
    values = tuple(
        Secret(f"{source.scheme} {token.reveal()}") for token in source.tokens
    )
    if source.basic is not None:
        pair = f"{source.basic.username}:{source.basic.password.reveal()}"
        encoded = base64.b64encode(pair.encode()).decode()
        values += (Secret(f"Basic {encoded}"),)
    return values


def bearers(tokens: tuple[Secret, ...]) -> tuple[Secret, ...]:
    """Tokens as the `Authorization` values that carry them."""
    return tuple(Secret(f"Bearer {token.reveal()}") for token in tokens)
