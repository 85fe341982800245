"""Reads what the providers' accounts hold, and tells the admins in good time.

A task of its own that no page waits for: an account is asked once an hour.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from alertbridge.core.balance import (
    Balance,
    BalanceUnknown,
    Reading,
    Standing,
    days_left,
    keep_reading,
    standing,
)
from alertbridge.core.notification import ProviderName
from alertbridge.core.trouble_kinds import balance_low, low_balance
from alertbridge.engine.troubles import Teller
from alertbridge.ports import (
    BalanceReader,
    Clock,
    Notes,
    Provider,
    StoreUnavailable,
)

log = structlog.get_logger()

READ_EVERY = timedelta(hours=1)

TOO_SOON = READ_EVERY / 2
"""A reading this new is good enough: a crash loop does not ask at every start."""

LONGEST = 12.0
"""Seconds after which we stop waiting for a provider that breaks its promise."""

NOTE = "balance "


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of one provider's account, the newest reading last."""

    currency: str
    readings: tuple[Reading, ...]

    @property
    def balance(self) -> Balance:
        """What it held at the last reading."""
        return Balance(self.readings[-1].amount, self.currency)


class Balances:
    """Keeps the readings of a week, beyond the process's life."""

    def __init__(
        self,
        notes: Notes,
        teller: Teller,
        clock: Clock,
        providers: Callable[[], Mapping[ProviderName, Provider]],
        warnings: Callable[[], Mapping[ProviderName, float | None]],
    ) -> None:
        self._notes = notes
        self._teller = teller
        self._clock = clock
        self._providers = providers
        self._warnings = warnings
        self._accounts: dict[ProviderName, Account] = {}
        self._changed = asyncio.Event()

    def known(self) -> Mapping[ProviderName, tuple[Balance, float | None]]:
        """What each account in force holds, and for how many days that is enough."""
        return {
            name: (account.balance, days_left(account.readings))
            for name, account in self._accounts.items()
            if name in self._providers()
        }

    def look_again(self) -> None:
        """Ask the accounts that a changed config has brought."""
        self._changed.set()

    async def run(self) -> None:
        """Read once an hour, until cancelled."""
        await self._remember()
        while True:
            self._changed.clear()
            await self.read()
            with suppress(TimeoutError):
                async with asyncio.timeout(READ_EVERY.total_seconds()):
                    await self._changed.wait()

    async def read(self) -> None:
        """Ask every account that was not asked just now, one after the other."""
        for name, provider in self._providers().items():
            account, now = self._accounts.get(name), self._clock.now()
            if account is not None and self._is_new(account, now):
                continue
            if isinstance(provider, BalanceReader):
                match await _ask(provider):
                    case BalanceUnknown(detail=detail):
                        log.warning("balance.unknown", provider=name, reason=detail)
                    case Balance() as balance:
                        await self._take(name, balance, now)
        for name in self._accounts.keys() - self._providers().keys():
            await self._forget(name)
        for name, account in self._accounts.items():
            self._judge(name, account)

    async def _forget(self, name: ProviderName) -> None:
        """Let go of an account that the config no longer has."""
        del self._accounts[name]
        self._teller.is_over(low_balance(name))
        try:
            await self._notes.write(NOTE + name, None)
        except StoreUnavailable as exc:
            log.error("store.failed", reason=f"balance: {exc}")

    def _is_new(self, account: Account, now: datetime) -> bool:
        return timedelta(0) <= now - account.readings[-1].at < TOO_SOON

    async def _take(self, name: ProviderName, balance: Balance, now: datetime) -> None:
        known = self._accounts.get(name)
        readings: tuple[Reading, ...] = ()
        # In another currency it is another account, or another price list.
        if known is not None and known.currency == balance.currency:
            readings = known.readings
        account = Account(
            balance.currency, keep_reading(readings, Reading(now, balance.amount))
        )
        self._accounts[name] = account
        lasts = days_left(account.readings)
        log.info(
            "balance.read",
            provider=name,
            amount=balance.amount,
            currency=balance.currency,
            days_left=None if lasts is None else round(lasts, 1),
        )
        try:
            await self._notes.write(NOTE + name, _written(account))
        except StoreUnavailable as exc:
            log.error("store.failed", reason=f"balance: {exc}")

    def _judge(self, name: ProviderName, account: Account) -> None:
        match standing(account.readings, self._warnings().get(name)):
            case Standing.LOW:
                lasts = days_left(account.readings)
                self._teller.tell(balance_low(name, str(account.balance), lasts))
            case Standing.ENOUGH:
                self._teller.is_over(low_balance(name))
            case Standing.UNSURE:
                pass

    async def _remember(self) -> None:
        """Take over the readings of the process before us, if they can be had."""
        try:
            lines = await self._notes.read(NOTE)
        except StoreUnavailable as exc:
            # A week's burn begins anew; the balance itself is read all the same.
            log.error("store.failed", reason=f"balance: {exc}")
            return
        for name, line in lines.items():
            account = _read(line)
            if account is not None:
                self._accounts[ProviderName(name)] = account


async def _ask(reader: BalanceReader) -> Balance | BalanceUnknown:
    try:
        async with asyncio.timeout(LONGEST):
            return await reader.balance()
    except Exception as exc:  # noqa: BLE001
        # The bulkhead, as for a submission: a bug here must not end the process.
        return BalanceUnknown(f"{type(exc).__name__} in provider")


def _written(account: Account) -> str:
    rows = [[one.at.isoformat(), one.amount] for one in account.readings]
    return json.dumps({"currency": account.currency, "readings": rows})


def _read(line: str) -> Account | None:
    """Read a note of ours; None if it is not, or is empty."""
    try:
        document = json.loads(line)
        readings = tuple(
            Reading(datetime.fromisoformat(at), float(amount))
            for at, amount in document["readings"]
        )
        if not readings or any(one.at.tzinfo is None for one in readings):
            return None
        return Account(str(document["currency"]), readings)
    except (ValueError, TypeError, KeyError):
        return None
