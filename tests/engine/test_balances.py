"""Accounts that are read once an hour: what is told, kept, and asked."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
import structlog
from round_trip import States

from alertbridge.core.balance import Balance, BalanceUnknown
from alertbridge.core.message import Accepted, Outcomes, Submission
from alertbridge.core.notification import ProviderName
from alertbridge.core.rules import Rules
from alertbridge.engine.balances import Balances
from alertbridge.engine.current import Current
from alertbridge.engine.troubles import Teller, Troubles
from alertbridge.ports import Store

ONE = ProviderName("one")
HOUR = timedelta(hours=1)


class Clock:
    """Moves when it is told to."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The time."""
        return self.at


class Deaf:
    """A provider that cannot be asked what its account holds."""

    name = ONE
    requests_per_second = 30
    most_numbers = 1000

    async def submit(self, _: Submission) -> Outcomes:
        """Take it."""
        return Outcomes(Accepted())

    async def check(self) -> Sequence[str]:
        """Say nothing."""
        return ()


class Account(Deaf):
    """A provider whose account holds something."""

    def __init__(self, holds: float = 100) -> None:
        self.says: Balance | BalanceUnknown | None = Balance(holds, "SEK")
        self.asked = 0

    async def balance(self) -> Balance | BalanceUnknown:
        """Say it, or break every promise."""
        self.asked += 1
        if self.says is None:
            raise RuntimeError("a bug")
        return self.says


class Watched:
    """A daemon's part that reads accounts, on a clock of ours."""

    def __init__(self, store: Store, rules: Rules, clock: Clock) -> None:
        self.clock = clock
        self.account = Account()
        self.providers: dict[ProviderName, Deaf] = {ONE: self.account}
        self.warning: float | None = None
        current = Current(rules)
        self._store = store
        self._teller = Teller(Troubles(store, current, clock, lambda: None))
        self.balances = self._new()

    def _new(self) -> Balances:
        return Balances(
            self._store.notes,
            self._teller,
            self.clock,
            lambda: self.providers,
            lambda: {ONE: self.warning},
        )

    async def restart(self) -> None:
        """Another process on the same store."""
        self.balances = self._new()
        await self.balances._remember()

    async def hours(self, hours: int, burn: float = 0) -> None:
        """Let so many pass, with a reading at each, and so much spent in each."""
        for _ in range(hours):
            await self.balances.read()
            assert await self._teller.say()
            self.clock.at += HOUR
            if isinstance(self.account.says, Balance):
                held = self.account.says.amount - burn
                self.account.says = Balance(held, self.account.says.currency)


@pytest.fixture
def watched(store: Store, rules: Rules, start: datetime) -> Watched:
    """An account with 100 SEK."""
    return Watched(store, rules, Clock(start))


async def test_an_account_that_lasts_is_nobodys_trouble(
    watched: Watched, states: States
) -> None:
    """Ten days' worth, three days long."""
    watched.account.says = Balance(1000, "SEK")
    await watched.hours(72, burn=4)

    assert await states() == []


async def test_less_than_seven_days_is_told_once(
    watched: Watched, states: States
) -> None:
    """After the day that it takes to know how it burns; then hour after hour."""
    await watched.hours(24, burn=1)
    assert await states() == []
    await watched.hours(24, burn=1)

    assert await states() == [("BalanceLow", "firing", "waiting", "news")]


async def test_a_top_up_ends_it(watched: Watched, store: Store) -> None:
    """Whoever heard is told; nobody hears twice."""
    await watched.hours(48, burn=1)
    watched.account.says = Balance(5000, "SEK")
    await watched.hours(2)

    (row,) = await store.history()
    episode = await store.show(row.episode)
    assert episode is not None
    assert episode.ends_at is not None


async def test_below_the_configs_amount_is_told_at_once(
    watched: Watched, states: States
) -> None:
    """The first reading is enough."""
    watched.warning = 200
    await watched.hours(1)

    assert [row[0] for row in await states()] == ["BalanceLow"]


async def test_a_restart_knows_the_week(watched: Watched, states: States) -> None:
    """A daemon that is restarted each half day finds out as well."""
    for _ in range(4):
        await watched.hours(12, burn=1)
        await watched.restart()
    await watched.hours(1)

    assert [row[0] for row in await states()] == ["BalanceLow"]


async def test_a_crash_loop_does_not_ask_at_every_start(watched: Watched) -> None:
    """The account's requests are for pages."""
    await watched.balances.read()
    for _ in range(20):
        watched.clock.at += timedelta(minutes=1)
        await watched.restart()
        await watched.balances.read()

    assert watched.account.asked == 1


async def test_another_currency_is_another_account(watched: Watched) -> None:
    """100 SEK that become 9 EUR have not burned."""
    await watched.hours(25, burn=0.01)
    watched.account.says = Balance(9, "EUR")
    await watched.hours(2)

    ((balance, lasts),) = watched.balances.known().values()
    assert (str(balance), lasts) == ("9.00 EUR", None)


@pytest.mark.parametrize("says", [BalanceUnknown("HTTP 500"), None])
async def test_an_account_that_does_not_say_is_asked_again(
    watched: Watched, states: States, says: BalanceUnknown | None
) -> None:
    """No answer, or a bug, is logged; what was known before stays known."""
    await watched.hours(2)
    watched.account.says = says
    with structlog.testing.capture_logs() as logs:
        await watched.hours(3)

    assert [e["event"] for e in logs] == ["balance.unknown"] * 3
    assert list(watched.balances.known()) == [ONE]
    assert await states() == []


async def test_a_provider_that_cannot_say_is_not_asked(watched: Watched) -> None:
    """It has no gauge either."""
    watched.providers = {ONE: Deaf()}
    await watched.hours(3)

    assert watched.balances.known() == {}


async def test_an_account_that_is_gone_is_forgotten(
    watched: Watched, store: Store
) -> None:
    """With the page about it; the next one under its name begins anew."""
    watched.warning = 200
    await watched.hours(1)
    watched.providers = {}
    await watched.hours(1)

    (row,) = await store.history()
    episode = await store.show(row.episode)
    assert episode is not None
    assert episode.ends_at is not None
    assert await store.notes.read("balance ") == {}


@pytest.mark.parametrize(
    "line",
    ["", "[]", "{}", '{"currency": "SEK", "readings": [["yesterday", 1]]}'],
)
async def test_a_note_that_is_not_ours_is_no_reading(
    watched: Watched, store: Store, line: str
) -> None:
    """Of a damaged one nothing is believed."""
    await store.notes.write("balance one", line)
    await watched.restart()

    assert watched.balances.known() == {}
