"""What an account holds, how fast that burns, and when it is time to say so.

The burn is what left the account between one reading and the next, over seven days: no
price list is needed, and what other hands spend of the same account counts as well.
Money that comes in is no burn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import pairwise

WINDOW = timedelta(days=7)
"""How far back the burn is counted: nights and weekends are in it."""

LEAST_WINDOW = timedelta(days=1)
"""Readings over less say nothing about a week."""

LOW_BELOW = 7.0
"""Days that the account must last; it takes some to have an invoice paid."""

ENOUGH_ABOVE = 8.0
"""Days from which it is over: about the limit each reading would begin or end it."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account holds; `currency` is three letters, '' if nobody says."""

    amount: float
    currency: str = ""

    def __str__(self) -> str:
        return f"{self.amount:.2f} {self.currency or 'units'}"


@dataclass(frozen=True, slots=True)
class BalanceUnknown:
    """Why it cannot be said what an account holds, in one line."""

    detail: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What an account held at a time."""

    at: datetime
    amount: float


class Standing(Enum):
    """What there is to say about an account."""

    ENOUGH = "enough"
    LOW = "low"
    UNSURE = "unsure"


def keep_reading(readings: Sequence[Reading], new: Reading) -> tuple[Reading, ...]:
    """Add a reading, and forget those that count no more.

    What seems to come from the future was read before the clock was set back.
    """
    kept = [one for one in readings if timedelta(0) < new.at - one.at <= WINDOW]
    return (*sorted(kept, key=lambda one: one.at), new)


def days_left(readings: Sequence[Reading]) -> float | None:
    """How long the account lasts as it burned of late; None: nobody can say.

    Not before a day has been seen, and not if nothing was spent in it.
    """
    if len(readings) < 2 or readings[-1].at - readings[0].at < LEAST_WINDOW:
        return None
    burned = sum(
        max(0.0, before.amount - after.amount) for before, after in pairwise(readings)
    )
    if burned <= 0:
        return None
    days = (readings[-1].at - readings[0].at) / timedelta(days=1)
    return max(0.0, readings[-1].amount) / (burned / days)


def standing(readings: Sequence[Reading], warning: float | None) -> Standing:
    """Say whether an account must be topped up; *warning* is the config's amount.

    One that never held anything is paid by invoice: its figures say nothing, unless
    the config names an amount.
    """
    if not readings:
        return Standing.UNSURE
    amount = readings[-1].amount
    if warning is not None and amount < warning:
        return Standing.LOW
    if all(one.amount <= 0 for one in readings):
        return Standing.UNSURE if warning is None else Standing.ENOUGH
    lasts = days_left(readings)
    if lasts is None:
        return Standing.LOW if amount <= 0 else Standing.ENOUGH
    if lasts < LOW_BELOW:
        return Standing.LOW
    return Standing.ENOUGH if lasts >= ENOUGH_ABOVE else Standing.UNSURE
