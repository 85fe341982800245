"""The port of an SMS gateway: what we ask of it, and what it never does."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from alertbridge.core.balance import Balance, BalanceUnknown
from alertbridge.core.inquiry import Listing
from alertbridge.core.message import Outcomes, Reference, Submission
from alertbridge.core.notification import (
    ProviderName,
)

SHARE = 0.9
"""How much of an account's limit is used for sending, paced by whoever calls `submit`.
The rest is for what only asks, paced by the provider itself."""


class Provider(Protocol):
    """An SMS gateway we submit to."""

    @property
    def name(self) -> ProviderName:
        """The configured name."""
        ...

    @property
    def requests_per_second(self) -> int:
        """What the account allows in any one-second window; we stay below it."""
        ...

    @property
    def most_numbers(self) -> int:
        """How many numbers one request may carry; more are several requests."""
        ...

    async def submit(self, submission: Submission) -> Outcomes:
        """Hand *submission* over, and say what became of it for each number.

        Never raises for what a network or a gateway can do; never says Deferred
        unless surely nothing was sent. Returns within 12 seconds.
        """
        ...

    async def check(self) -> Sequence[str]:
        """Ask the gateway about token, sender and balance; one line per finding.

        Raises:
            ProviderCheckFailed: with one line that says what is wrong.
        """
        ...


@runtime_checkable
class Lister(Protocol):
    """A provider that can be asked what it has taken, by our references."""

    async def list_sent(
        self, references: Collection[Reference], since: datetime
    ) -> Listing:
        """Look for *references* among what was taken after *since*.

        Never raises for what a network or a gateway can do. A reference that is not in
        a `Listed` was not taken; where that cannot be said, it is a `NotListed`.
        Returns within 12 seconds.
        """
        ...


@runtime_checkable
class BalanceReader(Protocol):
    """A provider whose account says what it holds."""

    async def balance(self) -> Balance | BalanceUnknown:
        """Ask what the account holds; no SMS leaves.

        Never raises for what a network or a gateway can do. Returns within 12 seconds.
        """
        ...


class ProviderCheckFailed(Exception):
    """`check-config --online` got a no; the message is one line for the operator."""
