"""What becomes of a send whose answer nobody saw, once the provider's list is asked.

The list is asked by our own reference, after every request has either landed or died,
and twice, since a list may lag behind. Found: it is told. Not found twice: it was not
sent, and is sent again. A list that does not answer is waited for, but not for ever:
a page that might be lost is worse than one that might come twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from alertbridge.core.message import Reference
from alertbridge.core.notification import ProviderName
from alertbridge.core.severity import Severity

LOOKS = 2
"""How often a list must not have it before it counts as not sent."""

NEXT_LOOK = timedelta(seconds=10)
"""Between the looks: gateways have been seen to list a batch after 5 to 20 s."""

LIST_AGAIN = timedelta(seconds=5)
"""Until a list that did not answer is asked again."""

FAIL_OPEN: Mapping[Severity, timedelta] = {
    Severity.CRITICAL: timedelta(seconds=60),
    Severity.HIGH: timedelta(minutes=5),
    Severity.LOW: timedelta(minutes=30),
}
"""From the start of an uncertain attempt until it is sent again without a list."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The provider's list was read: the id under each reference that it has."""

    found: Mapping[Reference, str]


@dataclass(frozen=True, slots=True)
class NotListed:
    """The list could not be read, or not far enough back; *detail* says why."""

    detail: str


Listing = Listed | NotListed


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """One uncertain submission to look up; `looks` counts those that had it not."""

    reference: Reference
    provider: ProviderName
    began_at: datetime
    looks: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """The provider has it: it is told."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class NotThere:
    """It was not sent: it may be sent again now."""


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Not known yet: ask again at `at`; it was not there so many times."""

    at: datetime
    looks: int


Conclusion = Found | NotThere | LookAgain


def conclude(inquiry: Inquiry, listing: Listing, now: datetime) -> Conclusion:
    """Say what follows from a list for one uncertain submission."""
    if isinstance(listing, NotListed):
        return LookAgain(now + LIST_AGAIN, inquiry.looks)
    provider_id = listing.found.get(inquiry.reference)
    if provider_id is not None:
        return Found(provider_id)
    if inquiry.looks + 1 < LOOKS:
        return LookAgain(now + NEXT_LOOK, inquiry.looks + 1)
    return NotThere()
