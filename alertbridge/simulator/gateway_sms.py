"""A batch that was taken, its messages, and what becomes of them over time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alertbridge.core.message import Text
from alertbridge.core.recipient import Msisdn
from alertbridge.simulator.gateway_batches import BatchRequest

ACCEPTED, DELIVERED_TO_CARRIER, DELIVERED, EXPIRED = 101, 112, 201, 202
"""The message statuses that this gateway gives."""

TO_CARRIER = timedelta(seconds=1)
TO_HANDSET = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Fate:
    """How an SMS ends: with which status, how long after it was taken (None: never)."""

    code: int = DELIVERED
    after: timedelta | None = TO_HANDSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """One SMS to one phone: `number` with its `+`, `reference` "" if none was given."""

    id: str
    batch_id: str
    at: datetime
    number: Msisdn
    sender: str
    text: Text
    reference: str
    priority: int
    closes: datetime | None
    fate: Fate = Fate()

    def statuses(self, now: datetime) -> tuple[tuple[datetime, int], ...]:
        """Every status so far, oldest first: when, and which."""
        steps = self.all_statuses()
        # The first stands even if the clock was set back since.
        return (steps[0], *(step for step in steps[1:] if step[0] <= now))

    def all_statuses(self) -> tuple[tuple[datetime, int], ...]:
        """Every status it will ever have, oldest first."""
        steps = [(self.at, ACCEPTED), (self.at + TO_CARRIER, DELIVERED_TO_CARRIER)]
        if self.fate.after is not None:
            ends_at = self.at + self.fate.after
            steps = [step for step in steps if step[0] <= ends_at]
            steps.append((ends_at, self.fate.code))
        if self.closes is not None and self.closes < steps[-1][0]:
            steps = [step for step in steps if step[0] < self.closes]
            steps.append((max(self.closes, self.at), EXPIRED))
        return tuple(steps)

    def latest(self, now: datetime) -> int:
        """The code of the latest status."""
        return self.statuses(now)[-1][1]


@dataclass(frozen=True, slots=True)
class Batch:
    """One request that was taken, with its messages."""

    id: str
    at: datetime
    request: BatchRequest
    messages: tuple[Sms, ...]
