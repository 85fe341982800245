"""The ports by which delivery reports come in: capabilities, not duties.

Not every gateway reports. Who serves the requests asks `isinstance(p, ReportReader)`,
who polls asks for a `ReportAsker`, and who starts workers for a `ReportFeed`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from alertbridge.core.message import Reference
from alertbridge.core.report import Answer, DeliveryReport


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """A request that a gateway made to us, as it came in.

    `headers` have lower-case names; `query` and `headers` keep the last value of a
    name that came twice. `content_type` is without its parameters, "" if there is
    none. `body` is bounded by whoever read it.
    """

    method: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    content_type: str = ""


@runtime_checkable
class ReportReader(Protocol):
    """A provider whose gateway tells later what became of a message. Pure."""

    @property
    def reports_here(self) -> bool:
        """Whether it is asked to post its reports to us, and we can read them."""
        ...

    def read_reports(self, request: ReportRequest) -> tuple[DeliveryReport, ...]:
        """Read what *request* says, one report for each number it is about.

        Nothing here says that the sender is the gateway, unless its type documents a
        signature; the address it posts to must be secret.

        Raises:
            PayloadError: not this gateway's shape, or not signed by it.
        """
        ...


@runtime_checkable
class ReportAsker(Protocol):
    """A provider that can be asked what became of a message it took."""

    async def ask_reports(self, reference: Reference, provider_id: str) -> Answer:
        """Ask about the submission *reference*, which got *provider_id*.

        Never raises for what a network or a gateway can do. Returns within 12 seconds.
        """
        ...


Heard = Callable[[tuple[DeliveryReport, ...]], Awaitable[None]]
"""Takes reports that came in, and returns once they are written down.

Raises:
    StoreUnavailable: they are not; the gateway must be asked to send them again.
"""


@runtime_checkable
class ReportFeed(Protocol):
    """A provider whose reports come by a way of its own: a connection, a folder."""

    async def feed(self, heard: Heard) -> None:
        """Hand every report to *heard*, until cancelled.

        A report is confirmed to the gateway after *heard* has returned, never before.
        Never raises for what a network, a gateway or a full store can do. One feed runs
        at a time; after a reload the old one is cancelled and the new one started.
        """
        ...


@runtime_checkable
class DeliveryTeller(Protocol):
    """A provider that says whether its reports ever tell of a delivery.

    Where they tell of failures only, silence means nothing, and is not acted on. A
    provider that is not one of these tells of both.
    """

    @property
    def tells_deliveries(self) -> bool:
        """Whether a page of which nothing is heard has probably not arrived."""
        ...
