"""Builds every part of the daemon from one config, and swaps what a reload changes."""

import asyncio
import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
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
from alertbridge.engine.inquirer import Inquirer
from alertbridge.engine.intake import Intake
from alertbridge.engine.receptions import Receptions
from alertbridge.engine.troubles import Teller, Troubles
from alertbridge.engine.watchdogs import Watchdogs
from alertbridge.ports import Clock, Provider, Store, StoreUnavailable
from alertbridge.providers import PROVIDERS
from alertbridge.sources import SOURCES
from alertbridge.telemetry import Metrics, set_level
from alertbridge.web.doors import Doors, Reloaded, Signed, SourceDoor
from alertbridge.web.readiness import Readiness
from alertbridge.wiring.holds import Holds
from alertbridge.wiring.loading import load, state_dir

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
    ) -> None:
        self.loaded = loaded
        self.store = store
        self.clock = clock
        self._path = path
        self._environ = environ
        self._session = session
        self._metrics = metrics
        self.current = Current(loaded.rules)
        self.dispatcher = Dispatcher(
            store, self.current, make_providers(loaded, session), clock, jitter
        )
        self.inquirer = Inquirer(
            store, self.dispatcher.listers, clock, self.dispatcher.wake
        )
        self.dispatcher.on_uncertain = self.inquirer.wake
        self.intake = Intake(store, self.current, clock, self.dispatcher.wake)
        self.troubles = Troubles(store, self.current, clock, self.dispatcher.wake)
        self.teller = Teller(self.troubles)
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
        self.readiness = Readiness(store, clock)
        self.holds = Holds(store, self.current, clock, self.readiness)
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
            let_in=self.receptions.let_in,
            refused=self.receptions.refused,
            max_body=loaded.settings.server.max_body,
        )

    async def exposition(self, accept: str) -> tuple[bytes, str]:
        """What `/metrics` answers: counters as they are, gauges from the store."""
        now = self.clock.now()
        self._metrics.observe_silences(self.watchdogs.silences)
        self._metrics.observe_balances(self.balances.known())
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
        providers = make_providers(loaded, self._session)
        self.loaded = loaded
        self.current.rules = loaded.rules
        self.doors.sources = make_doors(new)
        self.doors.api_tokens = bearers(new.api_tokens)
        self.doors.max_body = new.server.max_body
        self.dispatcher.replace_providers(providers)
        self.watchdogs.look_again()
        self.balances.look_again()
        if new.heartbeat != old.heartbeat:
            self.heartbeat_changed.set()
        if new.log.level != old.log.level:
            set_level(new.log.level)
        self.readiness.degraded.pop("config", None)
        self.note_good()
        followed = await self.holds.follow()
        self.dispatcher.wake()
        return followed

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
    if old.log.format != new.log.format:
        yield "log.format"


def make_providers(
    loaded: Loaded, session: ClientSession
) -> dict[ProviderName, Provider]:
    """One provider per entry, in the order to try them."""
    return {
        ProviderName(entry.name): PROVIDERS[entry.type].make(
            ProviderName(entry.name), entry.options, session
        )
        for entry in loaded.settings.providers
    }


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
